//! What a catalog asks of its host: the files that `host render` writes.

use super::{HostPath, Text, TimeSpan};
use crate::diagnostic::{Origin, Sourced};

/// `[host]` of a catalog: each switch is a file, or a few that are of use only together.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct HostSettings {
    /// Where it was written.
    pub origin: Origin,
    /// Podman's runtime and its defaults for containers of no catalog.
    pub engine: bool,
    /// The range that `UserNS=auto` takes its ids from; none where somebody else sees to it.
    pub ids: Option<IdRange>,
    /// Kernel modules that the catalog's networks need.
    pub modules: bool,
    /// Images from trusted registries alone.
    pub signatures: bool,
    /// Registries whose images must be signed.
    pub signed: Vec<SignedRegistry>,
    /// No image by a short name.
    pub registries: bool,
    /// Rules for the kernel's audit.
    pub audit: bool,
    /// Directories of the host in which every write is recorded.
    pub watch: Vec<Sourced<HostPath>>,
    /// A sample of a firewall that denies by default.
    pub firewall: bool,
    /// Controllers for the managers of users.
    pub delegation: bool,
    /// Images that nobody uses go.
    pub prune: bool,
    /// Directories whose old files go.
    pub clean: Vec<CleanedDirectory>,
    /// Failed services and memory that ran out are told.
    pub notify: Option<Sourced<bool>>,
    /// Who is told beside the journal: a command, word by word.
    pub notify_command: Vec<Sourced<Text>>,
    /// Whether the timer of `podman auto-update` runs; where nothing is said, it does if a service asks for updates.
    pub auto_update: Option<bool>,
}

impl HostSettings {
    /// Whether the services name a unit that is started when they fail.
    pub fn is_told(&self) -> bool {
        self.notify.as_ref().is_some_and(|notify| notify.value)
    }
}

/// A range of ids that belong to nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange {
    /// The first.
    pub first: u32,
    /// How many.
    pub count: u32,
}

impl IdRange {
    /// What is given out unless a catalog says otherwise: 8192 times 65536 ids, within those that systemd leaves to
    /// containers and beneath 2^31, above which much software takes them for negative (systemd's UIDS-GIDS.md).
    pub const DEFAULT: Self = Self { first: 0x4000_0000, count: 0x2000_0000 };

    /// The last.
    pub fn last(self) -> u64 {
        u64::from(self.first) + u64::from(self.count).saturating_sub(1)
    }
}

/// A registry, or a path in one, whose images must be signed by a key.
#[derive(Clone, Debug)]
pub struct SignedRegistry {
    /// The registry.
    pub registry: Sourced<String>,
    /// The public key, on the host.
    pub key: Sourced<HostPath>,
}

/// A directory whose old files go.
#[derive(Clone, Debug)]
pub struct CleanedDirectory {
    /// The directory.
    pub path: Sourced<HostPath>,
    /// How old.
    pub age: Sourced<TimeSpan>,
}
