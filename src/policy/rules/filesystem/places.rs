//! What places of the host are worth to whoever can write, or read, them. Paths are those of
//! [`Mount::host_path`](crate::policy::facts::Mount::host_path).

use crate::diagnostic::Severity::{self, Error, Info, Warning};

/// A place of the host.
pub(super) struct Place {
    path: &'static str,
    /// How bad it is that a container may write there.
    pub(super) writable: Option<Severity>,
    /// How bad it is that it may read there.
    pub(super) readable: Option<Severity>,
    /// What is there.
    pub(super) what: &'static str,
}

const fn place(
    path: &'static str,
    writable: Option<Severity>,
    readable: Option<Severity>,
    what: &'static str,
) -> Place {
    Place { path, writable, readable, what }
}

/// These directories themselves; what is beneath them is somebody's. CIS 5.6 names /, /boot, /dev, /etc, /lib, /proc,
/// /sys and /usr. In the order of the paths.
const THEMSELVES: &[Place] = &[
    place("/", Some(Error), Some(Error), "everything on the host, its passwords and sockets included"),
    place("/bin", Some(Error), Some(Info), PROGRAMS),
    place("/dev", Some(Error), Some(Warning), "every device"),
    place("/etc", Some(Error), Some(Warning), "passwords, keys and the configuration of every service"),
    place("/etc/containers", Some(Error), None, UNITS),
    place("/etc/containers/systemd", Some(Error), None, UNITS),
    place("/home", Some(Error), Some(Warning), "the keys and files of every user"),
    place("/lib", Some(Error), Some(Info), PROGRAMS),
    place("/lib64", Some(Error), Some(Info), PROGRAMS),
    place("/opt", Some(Warning), None, "programs that the host runs"),
    place("/proc", Some(Error), Some(Warning), "every process and parameter of the kernel"),
    place("/run", Some(Error), Some(Error), "the sockets of every service, podman's and systemd's among them"),
    place("/run/user", Some(Error), Some(Warning), "the sockets of every user"),
    place("/run/user/%U", Some(Warning), Some(Warning), "the sockets of a user, podman's and systemd's among them"),
    place("/sbin", Some(Error), Some(Info), PROGRAMS),
    place("/sys", Some(Error), Some(Info), "the devices and parameters of the kernel"),
    place("/sys/fs/cgroup", Some(Warning), None, "the limits of every service"),
    place("/tmp", Some(Warning), Some(Info), "temporary files and sockets of every user"),
    place("/usr", Some(Error), Some(Info), PROGRAMS),
    place("/var", Some(Error), Some(Warning), "the data of every service, and of podman"),
    place("/var/lib", Some(Error), Some(Warning), "the data of every service, and of podman"),
    place("/var/lib/containers", Some(Error), Some(Warning), STORE),
    place("/var/log", Some(Warning), Some(Info), "the logs of the host"),
    place("/var/tmp", Some(Warning), Some(Info), "temporary files of every user"),
    place("~", Some(Error), Some(Warning), "keys, shell profile and units of a user"),
    place("~/.config", Some(Error), Some(Warning), "the units of a user, and the settings of all his programs"),
    place("~/.config/containers", Some(Error), None, UNITS),
    place("~/.config/containers/systemd", Some(Error), None, UNITS),
];

/// These and all beneath them; the longest counts. In the order of the paths.
const BENEATH: &[Place] = &[
    place("/bin", Some(Error), None, PROGRAMS),
    place("/boot", Some(Error), Some(Warning), "the kernel and how it is started"),
    place("/dev/shm", Some(Warning), Some(Info), "the shared memory of the host's processes"),
    place("/etc/containers/policy.json", Some(Error), None, "whose images podman trusts"),
    place("/etc/containers/registries.conf", Some(Error), None, "where podman's images come from"),
    place("/etc/containers/registries.conf.d", Some(Error), None, "where podman's images come from"),
    place("/etc/containers/systemd", Some(Warning), None, UNITS),
    place("/etc/cron.d", Some(Error), None, COMMANDS),
    place("/etc/cron.daily", Some(Error), None, COMMANDS),
    place("/etc/cron.hourly", Some(Error), None, COMMANDS),
    place("/etc/crontab", Some(Error), None, COMMANDS),
    place("/etc/group", Some(Error), None, "the groups of the host"),
    place("/etc/gshadow", Some(Error), Some(Warning), "the passwords of the host"),
    place("/etc/ld.so.preload", Some(Error), None, COMMANDS),
    place("/etc/pam.d", Some(Error), None, "who may log in to the host"),
    place("/etc/passwd", Some(Error), None, "the users of the host"),
    place("/etc/profile.d", Some(Error), None, COMMANDS),
    place("/etc/shadow", Some(Error), Some(Warning), "the passwords of the host"),
    place("/etc/ssh", Some(Error), Some(Warning), "the host's own keys"),
    place("/etc/sudoers", Some(Error), Some(Warning), "who may become root"),
    place("/etc/sudoers.d", Some(Error), Some(Warning), "who may become root"),
    place("/etc/systemd", Some(Error), None, "the services of the host"),
    place("/etc/udev", Some(Error), None, COMMANDS),
    place("/lib", Some(Error), None, PROGRAMS),
    place("/lib64", Some(Error), None, PROGRAMS),
    place("/proc", Some(Warning), Some(Info), "processes and parameters of the kernel"),
    place("/proc/sys", Some(Error), Some(Info), "the parameters of the kernel"),
    place("/proc/sysrq-trigger", Some(Error), Some(Error), "a switch that reboots the host"),
    place("/run/systemd", Some(Error), None, "what systemd runs by"),
    place("/run/udev", Some(Warning), None, "what udev knows of devices"),
    place("/sbin", Some(Error), None, PROGRAMS),
    place("/sys", Some(Warning), None, "devices and parameters of the kernel"),
    place("/sys/firmware", Some(Error), Some(Warning), "the firmware of the machine"),
    place("/sys/kernel", Some(Error), Some(Info), "parameters of the kernel"),
    place("/sys/kernel/debug", Some(Error), Some(Warning), "the insides of the kernel"),
    place("/sys/kernel/tracing", Some(Error), Some(Warning), "the insides of the kernel"),
    place("/usr/bin", Some(Error), None, PROGRAMS),
    place("/usr/lib", Some(Error), None, PROGRAMS),
    place("/usr/lib64", Some(Error), None, PROGRAMS),
    place("/usr/local/bin", Some(Error), None, PROGRAMS),
    place("/usr/local/sbin", Some(Error), None, PROGRAMS),
    place("/usr/sbin", Some(Error), None, PROGRAMS),
    place("/var/lib/containers/storage", Some(Error), Some(Warning), STORE),
    place("/var/lib/docker", Some(Error), Some(Warning), STORE),
    place("/var/lib/systemd", Some(Error), Some(Info), "the state of systemd"),
    place("/var/spool/cron", Some(Error), None, COMMANDS),
    place("~/.bashrc", Some(Error), None, COMMANDS),
    place("~/.config/containers/systemd", Some(Warning), None, UNITS),
    place("~/.config/systemd", Some(Error), None, "the services of a user"),
    place("~/.gnupg", Some(Warning), Some(Warning), "the keys of a user"),
    place("~/.local/share/containers/storage", Some(Warning), Some(Warning), STORE),
    place("~/.profile", Some(Error), None, COMMANDS),
    place("~/.ssh", Some(Error), Some(Warning), "the keys of a user, and who may log in as him"),
];

const COMMANDS: &str = "commands that the host runs by itself";
const PROGRAMS: &str = "the programs that the host runs";
const STORE: &str = "the images and volumes of every container";
const UNITS: &str = "a unit that is put there is a service after the next reload";

/// What a path is worth, where it is worth something.
pub(super) fn place_of(path: &str) -> Option<&'static Place> {
    if let Ok(at) = THEMSELVES.binary_search_by(|place| place.path.cmp(path)) {
        return Some(&THEMSELVES[at]);
    }
    BENEATH.iter().filter(|place| is_beneath(path, place.path)).max_by_key(|place| place.path.len())
}

/// Whether a path is a directory, or beneath it.
pub(super) fn is_beneath(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || dir == "/")
}

/// A socket that commands whoever listens on it.
pub(super) struct Socket {
    /// Who listens, and what he does for whoever asks.
    pub(super) what: &'static str,
    /// Whether whoever reaches it is root of the host.
    pub(super) is_root: bool,
}

/// Sockets of container engines, wherever they are.
const ENGINES: &[(&str, &str)] = &[
    ("buildkitd.sock", "BuildKit"),
    ("containerd.sock", "containerd"),
    ("crio.sock", "CRI-O"),
    ("docker.sock", "Docker"),
    ("podman.sock", "podman"),
];

/// Directories that hold one.
const ENGINE_DIRS: &[(&str, &str)] =
    &[("/run/containerd", "containerd"), ("/run/crio", "CRI-O"), ("/run/docker", "Docker"), ("/run/podman", "podman")];

/// Sockets of D-Bus and systemd: systemd starts any service for whoever may ask.
const BUSES: &[(&str, &str, bool)] = &[
    ("/run/dbus", "the system bus", false),
    ("/run/dbus/system_bus_socket", "the system bus", false),
    ("/run/systemd/private", "systemd", true),
];

/// What listens at a path, where it commands the host.
pub(super) fn socket(path: &str) -> Option<Socket> {
    let of_user = path.strip_prefix("/run/user/").and_then(|rest| rest.split_once('/')).map(|(_, rest)| rest);
    let name = path.rsplit('/').next().unwrap_or_default();
    let engine = ENGINES.iter().find(|(file, _)| *file == name).map(|(_, what)| *what);
    let engine = engine.or_else(|| ENGINE_DIRS.iter().find(|(dir, _)| *dir == path).map(|(_, what)| *what));
    if let Some(what) = engine.or_else(|| (of_user == Some("podman")).then_some("podman")) {
        return Some(Socket { what, is_root: of_user.is_none() && !path.starts_with('~') });
    }
    if matches!(of_user, Some("bus" | "systemd" | "systemd/private")) {
        return Some(Socket { what: "the user's systemd", is_root: false });
    }
    let bus = BUSES.iter().find(|(bus, ..)| *bus == path)?;
    Some(Socket { what: bus.1, is_root: bus.2 })
}

/// Whether a path looks like a socket or a device: nothing that holds files.
pub(super) fn is_special(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.ends_with(".sock") || name.ends_with(".socket") || path.starts_with("/dev/") || socket(path).is_some()
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
        assert!(THEMSELVES.is_sorted_by_key(|place| place.path));
        assert!(BENEATH.is_sorted_by_key(|place| place.path));
        assert!(NEVER_LABELLED.is_sorted());
        assert!(OF_THE_SYSTEM.is_sorted());
    }

    #[test]
    fn the_narrowest_place_counts() {
        let what = |path| place_of(path).map(|place| place.what);
        assert_eq!(what("/etc/systemd/system"), Some("the services of the host"));
        assert_eq!(what("/proc/sys/net"), Some("the parameters of the kernel"));
        assert_eq!(what("/run/user/%U"), Some("the sockets of a user, podman's and systemd's among them"));
        for path in [
            "/etc/localtime",
            "/etc/traefik",
            "/srv/data",
            "/home",
            "~/data",
            "~/.config/containers/volumes/web",
            "/etc/containers/web",
            "/bootleg",
            "/usr/share/zoneinfo",
        ] {
            assert_eq!(what(path), (path == "/home").then_some("the keys and files of every user"), "{path}");
        }
    }

    #[test]
    fn sockets_are_known_by_their_names_and_directories() {
        let is_root = |path| socket(path).map(|socket| socket.is_root);
        for (path, expected) in [
            ("/run/docker.sock", Some(true)),
            ("/run/podman", Some(true)),
            ("/run/user/1000/podman/podman.sock", Some(false)),
            ("/run/user/%U/podman", Some(false)),
            ("/run/user/1000/bus", Some(false)),
            ("~/.docker/run/docker.sock", Some(false)),
            ("/run/dbus/system_bus_socket", Some(false)),
            ("/run/systemd/private", Some(true)),
            ("/run/postgresql", None),
            ("/run/user", None),
        ] {
            assert_eq!(is_root(path), expected, "{path}");
        }
    }
}
