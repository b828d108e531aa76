//! Directories and files of the host.

use super::{
    Danger::{self, EngineStore, Kernel, Programs},
    is_beneath, names, reaches,
};
use crate::diagnostic::Severity::{self, Error, Info, Warning};

/// A place of the host.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) struct Place {
    pub(super) path: &'static str,
    /// Whether all beneath it is worth the same.
    pub(super) is_deep: bool,
    /// How bad it is that a container may write there.
    pub(in crate::policy) writable: Option<Severity>,
    /// How bad it is that it may read there.
    pub(in crate::policy) readable: Option<Severity>,
    /// What writing there gives away.
    pub(super) danger: Option<Danger>,
    /// What is there.
    pub(in crate::policy) what: &'static str,
}

impl Place {
    /// How bad it is that a container sees it.
    pub(super) fn severity(&self, is_writable: bool) -> Option<Severity> {
        if is_writable { self.writable } else { self.readable }
    }
}

/// A place itself; what is beneath it is somebody's.
const fn itself(
    path: &'static str,
    writable: Option<Severity>,
    readable: Option<Severity>,
    danger: Option<Danger>,
    what: &'static str,
) -> Place {
    Place { path, is_deep: false, writable, readable, danger, what }
}

/// A place and all beneath it.
const fn beneath(
    path: &'static str,
    writable: Option<Severity>,
    readable: Option<Severity>,
    danger: Option<Danger>,
    what: &'static str,
) -> Place {
    Place { is_deep: true, ..itself(path, writable, readable, danger, what) }
}

/// Every place, in the order of the paths. CIS 5.6 names /, /boot, /dev, /etc, /lib, /proc, /sys and /usr.
#[rustfmt::skip] // a row: path; writable, readable; what writing there gives away; what is there
pub(super) const PLACES: &[Place] = &[
    itself("/", Some(Error), Some(Error), None, "everything on the host, its passwords and sockets included"),
    beneath("/bin", Some(Error), None, Some(Programs), PROGRAMS),
    itself("/bin", Some(Error), Some(Info), None, PROGRAMS),
    beneath("/boot", Some(Error), Some(Warning), Some(Programs), "the kernel and how it is started"),
    itself("/dev", Some(Error), Some(Warning), None, "every device"),
    beneath("/dev/shm", Some(Warning), Some(Info), None, "the shared memory of the host's processes"),
    beneath("/efi", Some(Error), Some(Warning), Some(Programs), "the kernel and how it is started"),
    itself("/etc", Some(Error), Some(Warning), None, "passwords, keys and the configuration of every service"),
    itself("/etc/containers", Some(Error), None, None, UNITS),
    beneath("/etc/containers/containers.conf", Some(Error), None, Some(Programs), ENGINE),
    beneath("/etc/containers/containers.conf.d", Some(Error), None, Some(Programs), ENGINE),
    beneath("/etc/containers/policy.json", Some(Error), None, Some(Programs), "whose images podman trusts"),
    beneath("/etc/containers/registries.conf", Some(Error), None, Some(Programs), "where podman's images come from"),
    beneath("/etc/containers/registries.conf.d", Some(Error), None, Some(Programs), "where podman's images come from"),
    beneath("/etc/containers/storage.conf", Some(Error), None, Some(Programs), ENGINE),
    beneath("/etc/containers/systemd", Some(Warning), None, Some(Programs), UNITS),
    itself("/etc/containers/systemd", Some(Error), None, None, UNITS),
    beneath("/etc/cron.d", Some(Error), None, Some(Programs), COMMANDS),
    beneath("/etc/cron.daily", Some(Error), None, Some(Programs), COMMANDS),
    beneath("/etc/cron.hourly", Some(Error), None, Some(Programs), COMMANDS),
    beneath("/etc/crontab", Some(Error), None, Some(Programs), COMMANDS),
    beneath("/etc/group", Some(Error), None, Some(Programs), "the groups of the host"),
    beneath("/etc/gshadow", Some(Error), Some(Warning), Some(Programs), "the passwords of the host"),
    beneath("/etc/ld.so.preload", Some(Error), None, Some(Programs), COMMANDS),
    beneath("/etc/modprobe.d", Some(Error), None, Some(Programs), COMMANDS),
    beneath("/etc/pam.d", Some(Error), None, Some(Programs), "who may log in to the host"),
    beneath("/etc/passwd", Some(Error), None, Some(Programs), "the users of the host"),
    beneath("/etc/profile.d", Some(Error), None, Some(Programs), COMMANDS),
    beneath("/etc/shadow", Some(Error), Some(Warning), Some(Programs), "the passwords of the host"),
    beneath("/etc/ssh", Some(Error), Some(Warning), Some(Programs), "the host's own keys"),
    beneath("/etc/sudoers", Some(Error), Some(Warning), Some(Programs), "who may become root"),
    beneath("/etc/sudoers.d", Some(Error), Some(Warning), Some(Programs), "who may become root"),
    beneath("/etc/systemd", Some(Error), None, Some(Programs), "the services of the host"),
    beneath("/etc/udev", Some(Error), None, Some(Programs), COMMANDS),
    itself("/home", Some(Error), Some(Warning), Some(Programs), "the keys and files of every user"),
    beneath("/lib", Some(Error), None, Some(Programs), PROGRAMS),
    itself("/lib", Some(Error), Some(Info), None, PROGRAMS),
    beneath("/lib64", Some(Error), None, Some(Programs), PROGRAMS),
    itself("/lib64", Some(Error), Some(Info), None, PROGRAMS),
    itself("/opt", Some(Warning), None, None, "programs that the host runs"),
    beneath("/proc", Some(Warning), Some(Info), None, "processes and parameters of the kernel"),
    itself("/proc", Some(Error), Some(Warning), None, "every process and parameter of the kernel"),
    beneath("/proc/sys", Some(Error), Some(Info), Some(Kernel), "the parameters of the kernel"),
    beneath("/proc/sysrq-trigger", Some(Error), Some(Error), Some(Kernel), "a switch that reboots the host"),
    itself("/run", Some(Error), Some(Error), None, "the sockets of every service, podman's and systemd's among them"),
    beneath("/run/systemd", Some(Error), None, None, "what systemd runs by"),
    beneath("/run/systemd/system", Some(Error), None, Some(Programs), "the services of the host"),
    beneath("/run/udev", Some(Warning), None, None, "what udev knows of devices"),
    itself("/run/user", Some(Error), Some(Error), None, "the sockets of every user"),
    itself("/run/user/*", Some(Error), Some(Error), None, "the sockets of a user, podman's and systemd's among them"),
    beneath("/sbin", Some(Error), None, Some(Programs), PROGRAMS),
    itself("/sbin", Some(Error), Some(Info), None, PROGRAMS),
    beneath("/sys", Some(Warning), None, None, "devices and parameters of the kernel"),
    itself("/sys", Some(Error), Some(Info), None, "the devices and parameters of the kernel"),
    beneath("/sys/firmware", Some(Error), Some(Warning), Some(Kernel), "the firmware of the machine"),
    beneath("/sys/fs/bpf", Some(Error), Some(Warning), Some(Kernel), "programs in the kernel"),
    beneath("/sys/fs/cgroup", Some(Error), None, Some(Kernel), "the limits of every service"),
    beneath("/sys/kernel", Some(Error), Some(Info), Some(Kernel), "parameters of the kernel"),
    beneath("/sys/kernel/debug", Some(Error), Some(Warning), Some(Kernel), "the insides of the kernel"),
    beneath("/sys/kernel/tracing", Some(Error), Some(Warning), Some(Kernel), "the insides of the kernel"),
    beneath("/sys/module", Some(Error), None, Some(Kernel), "parameters of the kernel's modules"),
    beneath("/sys/power", Some(Error), None, Some(Kernel), "what puts the host to sleep"),
    itself("/tmp", Some(Warning), Some(Info), None, "temporary files and sockets of every user"),
    itself("/usr", Some(Error), Some(Info), None, PROGRAMS),
    beneath("/usr/bin", Some(Error), None, Some(Programs), PROGRAMS),
    beneath("/usr/lib", Some(Error), None, Some(Programs), PROGRAMS),
    beneath("/usr/lib64", Some(Error), None, Some(Programs), PROGRAMS),
    beneath("/usr/libexec", Some(Error), None, Some(Programs), PROGRAMS),
    beneath("/usr/local/bin", Some(Error), None, Some(Programs), PROGRAMS),
    beneath("/usr/local/lib", Some(Error), None, Some(Programs), PROGRAMS),
    beneath("/usr/local/sbin", Some(Error), None, Some(Programs), PROGRAMS),
    beneath("/usr/sbin", Some(Error), None, Some(Programs), PROGRAMS),
    itself("/var", Some(Error), Some(Warning), None, "the data of every service, and of podman"),
    itself("/var/home", Some(Error), Some(Warning), Some(Programs), "the keys and files of every user"),
    itself("/var/lib", Some(Error), Some(Warning), None, "the data of every service, and of podman"),
    beneath("/var/lib/containerd", Some(Error), Some(Warning), Some(EngineStore), STORE),
    itself("/var/lib/containers", Some(Error), Some(Warning), None, STORE),
    beneath("/var/lib/containers/storage", Some(Error), Some(Warning), None, STORE),
    beneath("/var/lib/containers/storage/overlay", Some(Error), Some(Warning), Some(EngineStore), STORE),
    beneath("/var/lib/docker", Some(Error), Some(Warning), None, STORE),
    beneath("/var/lib/docker/overlay2", Some(Error), Some(Warning), Some(EngineStore), STORE),
    beneath("/var/lib/kubelet", Some(Error), Some(Warning), Some(EngineStore), "the volumes, secrets and keys of every pod"),
    beneath("/var/lib/systemd", Some(Error), Some(Info), Some(Programs), "the state of systemd"),
    itself("/var/log", Some(Warning), Some(Info), None, "the logs of the host"),
    beneath("/var/spool/cron", Some(Error), None, Some(Programs), COMMANDS),
    itself("/var/tmp", Some(Warning), Some(Info), None, "temporary files of every user"),
    itself("~", Some(Error), Some(Warning), None, "keys, shell profile and units of a user"),
    beneath("~/.bashrc", Some(Error), None, Some(Programs), COMMANDS),
    itself("~/.config", Some(Error), Some(Warning), None, "the units of a user, and the settings of all his programs"),
    itself("~/.config/containers", Some(Error), None, None, UNITS),
    beneath("~/.config/containers/containers.conf", Some(Error), None, Some(Programs), ENGINE),
    beneath("~/.config/containers/containers.conf.d", Some(Error), None, Some(Programs), ENGINE),
    beneath("~/.config/containers/systemd", Some(Warning), None, Some(Programs), UNITS),
    itself("~/.config/containers/systemd", Some(Error), None, None, UNITS),
    beneath("~/.config/systemd", Some(Error), None, Some(Programs), "the services of a user"),
    beneath("~/.gnupg", Some(Warning), Some(Warning), None, "the keys of a user"),
    beneath("~/.local/share/containers/storage", Some(Warning), Some(Warning), None, STORE),
    beneath("~/.local/share/containers/storage/overlay", Some(Error), Some(Warning), Some(EngineStore), STORE),
    beneath("~/.profile", Some(Error), None, Some(Programs), COMMANDS),
    beneath("~/.ssh", Some(Error), Some(Warning), Some(Programs), "the keys of a user, and who may log in as him"),
];

const COMMANDS: &str = "commands that the host runs by itself";
const PROGRAMS: &str = "the programs that the host runs";
const STORE: &str = "the images and volumes of every container";
const UNITS: &str = "a unit that is put there is a service after the next reload";
const ENGINE: &str = "how podman runs containers, and with which programs";

/// What a path is worth, where it is worth something: the place itself, else the narrowest that it is beneath.
pub(in crate::policy) fn of(path: &str) -> Option<&'static Place> {
    let depth = names(path).count();
    let at = |place: &&Place| is_beneath(path, place.path) && (place.is_deep || names(place.path).count() == depth);
    near(path).filter(at).max_by_key(|place| (!place.is_deep, names(place.path).count()))
}

/// The places that a path lies in, and those that lie beneath it.
pub(super) fn reached(path: &str) -> impl Iterator<Item = &'static Place> {
    let depth = names(path).count();
    near(path).filter(move |place| reaches(path, place.path) && (place.is_deep || depth <= names(place.path).count()))
}

/// The places that begin like a path: most paths begin like none.
fn near(path: &str) -> impl Iterator<Item = &'static Place> {
    let first = names(path).next().unwrap_or_default();
    let begins = |place: &Place| names(place.path).next().unwrap_or_default();
    let from = if first.is_empty() { 0 } else { PLACES.partition_point(|place| begins(place) < first) };
    PLACES[from..].iter().take_while(move |place| first.is_empty() || begins(place) == first)
}
