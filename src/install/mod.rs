//! The only writer: whatever Plimsoll changes on a disk, it changes here.
//!
//! - [`tree`] brings a folder to hold a bundle: the rendered tree, before anything is installed.
//! - [`survey`] looks at a host; [`transaction`] changes its files, all or none; [`generations`] keeps what was installed.
//! - [`generated`] hands units to systemd at boot, where nothing is installed.
//! - [`installer`] is the way from beginning to end; [`carry_out`] has systemd and podman do what follows from it.
//! - [`file_system`] is all that is ever done with a disk, and [`disk`] the real one.

pub mod carry_out;
mod directories;
pub mod disk;
mod error;
pub mod file_system;
pub mod generated;
pub mod generations;
pub mod installer;
pub mod kept;
mod singles;
mod stage;
pub mod survey;
mod tools;
pub mod transaction;
pub mod tree;

pub use error::InstallError;
