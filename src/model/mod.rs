//! The nouns of a catalog, valid by construction: whoever holds a [`Memory`] or an [`ImageRef`] need not look again.
//!
//! Nothing here knows TOML or unit files. A noun that cannot be made says why in an [`Invalid`]: a phrase and what to
//! write instead; the place is added by whoever read it. Two nouns are of a host and not of a catalog: what is mounted,
//! and who may use which ids.

pub mod accounts;
mod catalog;
mod host;
mod image;
mod limits;
pub mod mountinfo;
mod name;
mod network;
mod path;
mod service;
pub mod subids;
mod time;
mod version;

pub use catalog::{Catalog, Companion, FleetSlice, Network, Policy, Profile, Stack, Target, Volume};
pub use host::{CleanedDirectory, HostSettings, IdRange, SignedRegistry};
pub use image::{Image, ImageRef};
pub use limits::{Cpus, Limits, Memory, MemoryPolicy, Pids};
pub use name::{Name, env_name, secret_name};
pub use network::{Mac, NETWORK_MODES, PortRange, Protocol, PublishedPort};
pub use path::{AbsPath, HostPath, is_beneath};
pub use service::{
    Access, Account, AllowEntry, Attachment, Dependency, DependencyKind, Mount, MountSource, NetworkRef, Restart,
    RestartPolicy, Secret, SecretKind, Service, Setting, SettingValue, Text, Timeouts, Tmpfs, Verbatim, Waiver,
    is_of_the_host,
};
pub use time::{TimeSpan, go_duration};
pub use version::PodmanVersion;

/// Why a text is not the noun it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// A phrase in lower case.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// A character for a message.
fn shown(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        '"' | '\'' => format!("`{c}`"),
        _ => format!("`{}`", c.escape_debug()),
    }
}

impl Invalid {
    /// A phrase and what to write instead.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}
