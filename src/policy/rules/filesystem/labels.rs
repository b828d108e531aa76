//! Paths of the host that are no plain data: sockets and devices, and what must not get a label of a container.

use crate::policy::reach::{is_beneath, sockets};

/// Whether a path looks like a socket or a device: nothing that holds files.
pub(super) fn is_special(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.ends_with(".sock") || name.ends_with(".socket") || path.starts_with("/dev/") || sockets::at(path).is_some()
}

/// What podman itself refuses to relabel (`excludePaths` of github.com/opencontainers/selinux 1.11, beside the home of
/// who starts it).
const NEVER_LABELLED: &[&str] = &[
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/etc/passwd",
    "/etc/pki",
    "/etc/shadow",
    "/home",
    "/lib",
    "/lib64",
    "/media",
    "/opt",
    "/proc",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/var",
    "/var/lib",
    "/var/log",
    "~",
];

/// What services of the host read, by labels of their own.
const OF_THE_SYSTEM: &[&str] = &[
    "/bin",
    "/boot",
    "/dev",
    "/etc/ca-certificates",
    "/etc/group",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/machine-id",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pki",
    "/etc/resolv.conf",
    "/etc/shadow",
    "/etc/ssh",
    "/etc/ssl/certs",
    "/etc/systemd",
    "/etc/timezone",
    "/lib",
    "/lib64",
    "/proc",
    "/run/dbus",
    "/run/lock",
    "/run/systemd",
    "/run/udev",
    "/sbin",
    "/sys",
    "/usr",
    "/var/log/journal",
    "~/.ssh",
];

/// Whether podman refuses to relabel it where SELinux is on.
pub(super) fn is_never_labelled(path: &str) -> bool {
    NEVER_LABELLED.binary_search(&path).is_ok()
}

/// Whether the host's own services read it, so that another label than its own breaks them.
pub(super) fn is_of_the_system(path: &str) -> bool {
    OF_THE_SYSTEM.iter().any(|dir| is_beneath(path, dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_order() {
        assert!(NEVER_LABELLED.is_sorted());
        assert!(OF_THE_SYSTEM.is_sorted());
    }
}
