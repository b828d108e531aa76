//! Paths of the host inside the container: which, and what can be done with them.

use crate::policy::{
    facts::Container,
    quadlet::Tree,
    reach::{self, Danger, seen},
};

/// A path of the host that a container sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostPath {
    /// The path, without links that are known and without detours.
    pub(super) path: String,
    /// Whether the container may write there.
    pub(super) writable: bool,
    /// What it would give away if it were writable; a socket does in any case.
    pub(super) danger: Option<Danger>,
    /// Whether it belongs to the system and not to somebody's data.
    pub(super) system: bool,
}

impl HostPath {
    /// What it gives away as it is mounted. A read-only mount of a socket can be talked to.
    pub(super) fn gives(&self) -> Option<Danger> {
        self.danger.filter(|danger| self.writable || danger.is_socket())
    }
}

/// Where the system keeps its own.
#[rustfmt::skip] // several paths a line
const SYSTEM: &[&str] = &[
    "/bin", "/boot", "/dev", "/efi", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys",
    "/usr", "/var/lib/containers", "/var/lib/docker", "/var/lib/systemd", "/var/log",
];

/// What of it tells nobody anything, read-only.
#[rustfmt::skip] // several paths a line
const HARMLESS: &[&str] = &[
    "/etc/hosts", "/etc/localtime", "/etc/machine-id", "/etc/pki", "/etc/resolv.conf", "/etc/ssl/certs",
    "/etc/timezone", "/usr/share/ca-certificates", "/usr/share/zoneinfo",
];

/// The paths of the host that a container sees, in the order of its mounts.
pub(super) fn of(container: &Container<'_>, tree: &Tree<'_>) -> Vec<HostPath> {
    seen::of(container, tree).into_iter().map(|seen| weighed(seen.path, seen.is_writable)).collect()
}

/// Whether a device of the host (`/dev/sda`) is a disk, or memory.
pub(super) fn is_disk(source: &str, container: &Container<'_>) -> bool {
    reach::devices::gives(&seen::path(source, container))
}

/// A path of the host by what it reaches.
fn weighed(path: String, writable: bool) -> HostPath {
    let danger = match reach::danger(&path) {
        // Read-only it still shows the sockets.
        Some(Danger::Root) if !writable => Some(Danger::EngineSocket),
        danger => danger,
    };
    let beneath = |dirs: &[&str]| dirs.iter().any(|dir| reach::is_beneath(&path, dir));
    let system = path == "/" || (beneath(SYSTEM) && (writable || !beneath(HARMLESS)));
    HostPath { path, writable, danger, system }
}
