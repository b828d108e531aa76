//! The running host: systemd and podman are asked by their own programs, which work without a bus of ours, and the
//! kernel by its files.

pub mod cgroups;
mod command;
pub mod kernel;
pub mod kernel_log;
pub mod overrides;
pub mod payload;
pub mod podman;
pub mod process;
pub mod promises;
pub mod quadlet;
pub mod site;
pub mod systemd;

pub use command::CommandError;

/// Whose systemd and podman are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The system's.
    System,
    /// One's own.
    Own,
    /// Another user's, by number: for root.
    User(u32),
}
