//! Paths of the host inside the container: which, and what can be done with them.

use crate::policy::{
    facts::{Container, Mount, MountKind, host_path},
    quadlet::Tree,
};

/// What a path of the host gives away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Danger {
    /// Everything.
    Root,
    /// The engine, which starts containers with any rights.
    EngineSocket,
    /// The service manager, which starts programs.
    ManagerSocket,
    /// Disks and memory, beneath all file systems.
    Disk,
    /// Settings of the kernel.
    Kernel,
    /// What others run and who may log in.
    Programs,
    /// The images and layers that containers run from.
    EngineStore,
}

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
        let sockets = [Danger::EngineSocket, Danger::ManagerSocket];
        self.danger.filter(|danger| self.writable || sockets.contains(danger))
    }
}

/// What is dangerous to reach, by severity. A mount reaches a path that lies beneath it or above it; `*` stands for any
/// name, or its end. Paths are told as [`Mount::host_path`] does: homes are `~`, /var/run is /run.
#[rustfmt::skip] // several paths a line
const REACHES: &[(Danger, &[&str])] = &[
    (Danger::EngineSocket, &[
        "/run/podman", "/run/docker", "/run/docker.sock", "/run/containerd", "/run/crio", "/run/buildkit",
        "/run/k3s/containerd", "/run/user/*/podman", "/run/user/*/docker.sock",
    ]),
    (Danger::Disk, &[
        "/dev/sd*", "/dev/nvme*", "/dev/vd*", "/dev/xvd*", "/dev/mmcblk*", "/dev/dm-*", "/dev/md*", "/dev/zd*",
        "/dev/nbd*", "/dev/mapper", "/dev/disk", "/dev/mem", "/dev/kmem", "/dev/port",
    ]),
    (Danger::Kernel, &[
        "/proc/sys", "/proc/sysrq-trigger", "/sys/kernel", "/sys/module", "/sys/firmware", "/sys/power",
        "/sys/fs/cgroup", "/sys/fs/bpf",
    ]),
    (Danger::Programs, &[
        "/bin", "/sbin", "/lib", "/lib64", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/libexec",
        "/usr/local/bin", "/usr/local/sbin", "/usr/local/lib", "/boot", "/efi",
        "/etc/passwd", "/etc/shadow", "/etc/sudoers", "/etc/sudoers.d", "/etc/pam.d", "/etc/ssh", "/etc/systemd",
        "/etc/containers", "/etc/crontab", "/etc/cron.d", "/etc/profile.d", "/etc/ld.so.preload",
        "/etc/modprobe.d", "/etc/udev", "/run/systemd/system", "/var/lib/systemd", "/var/spool/cron",
        "/home", "~/.ssh", "~/.bashrc", "~/.config/systemd", "~/.config/containers",
    ]),
    (Danger::EngineStore, &[
        "/var/lib/containers/storage/overlay", "/var/lib/docker/overlay2", "/var/lib/containerd", "/var/lib/kubelet",
        "~/.local/share/containers/storage/overlay",
    ]),
    (Danger::ManagerSocket, &[
        "/run/dbus", "/run/systemd/private", "/run/user/*/bus", "/run/user/*/systemd/private",
    ]),
];

/// Engine sockets wherever they stand.
const SOCKETS: &[&str] = &["docker.sock", "podman.sock", "containerd.sock", "crio.sock", "buildkitd.sock"];

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
pub(super) fn of(container: &Container<'_>, tree: &Tree<'_>, read_only: bool) -> Vec<HostPath> {
    let mounts = container.mounts.iter().filter_map(|mount| Some((source(mount, tree)?, mount.is_writable())));
    let rootfs = container.unit.last("Container", "Rootfs").map(|value| {
        let (path, options) = value.unquoted().split_once(':').map_or((value.unquoted(), ""), |parts| parts);
        (path.to_owned(), !read_only && !options.split(',').any(|option| option == "O"))
    });
    mounts.chain(rootfs).map(|(path, writable)| weighed(&parts(&path, container), writable)).collect()
}

/// Whether a device of the host (`/dev/sda`) is a disk, or memory.
pub(super) fn is_disk(path: &str, container: &Container<'_>) -> bool {
    weighed(&parts(path, container), true).danger.is_some()
}

/// The path of the host behind a mount: its own, or that of a volume which is a bind mount in disguise.
fn source(mount: &Mount<'_>, tree: &Tree<'_>) -> Option<String> {
    match mount.kind {
        MountKind::Bind => Some(mount.source.clone().into_owned()),
        MountKind::Volume => {
            let option = mount.options().find_map(|option| option.strip_prefix("volume-opt=device="));
            let unit = || {
                let unit = &tree.unit(&mount.source)?.unit;
                Some(unit.last("Volume", "Device")?.unquoted().to_owned())
            };
            // A volume with a file system of its own on a device is no path.
            option.map(str::to_owned).or_else(unit).filter(|path| path.starts_with('/') && !path.starts_with("/dev/"))
        }
        MountKind::Tmpfs | MountKind::Other => None,
    }
}

/// A path of the host by what it reaches.
fn weighed(parts: &[String], writable: bool) -> HostPath {
    let is_socket = parts.last().is_some_and(|name| SOCKETS.contains(&name.as_str()));
    let reached = || REACHES.iter().find(|(_, paths)| paths.iter().any(|path| reaches(parts, path)));
    let danger = match parts {
        // Read-only it still shows the sockets.
        [] if writable => Some(Danger::Root),
        _ if is_socket => Some(Danger::EngineSocket),
        _ => reached().map(|(danger, _)| *danger),
    };
    let beneath = |dirs: &[&str]| dirs.iter().any(|dir| is_beneath(parts, dir));
    let system = parts.is_empty() || (beneath(SYSTEM) && (writable || !beneath(HARMLESS)));
    let root = if parts.first().is_some_and(|name| name == "~") { "" } else { "/" };
    HostPath { path: format!("{root}{}", parts.join("/")), writable, danger, system }
}

/// Whether one of both lies within the other.
fn reaches(parts: &[String], pattern: &str) -> bool {
    parts.iter().zip(names(pattern)).all(|(name, pattern)| matches(name, pattern))
}

fn is_beneath(parts: &[String], dir: &str) -> bool {
    parts.len() >= names(dir).count() && reaches(parts, dir)
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

fn matches(name: &str, pattern: &str) -> bool {
    pattern.strip_suffix('*').map_or(name == pattern, |start| name.starts_with(start))
}

/// The names of a path from the root on, or from a home (`~`). A pattern of `type=glob` ends where it begins to match,
/// and /proc/1/root is the root. A path that only the host knows keeps its words.
fn parts(path: &str, container: &Container<'_>) -> Vec<String> {
    let absolute = if path.starts_with('.') {
        // Quadlet takes it from the directory of the unit.
        let dir = container.unit.file().dir();
        let dir = if dir.is_empty() { "etc/containers/systemd" } else { dir };
        format!("/{dir}/{path}")
    } else {
        path.to_owned()
    };
    let told = host_path(&absolute, container.profile).unwrap_or(absolute);
    let parts: Vec<&str> = names(&told).take_while(|name| !name.contains(['*', '?', '['])).collect();
    let mut rest = parts.as_slice();
    while let ["proc", _, "root", inside @ ..] = rest {
        rest = inside;
    }
    let inside = || host_path(&format!("/{}", rest.join("/")), container.profile);
    let told = if rest.len() < parts.len() { inside().unwrap_or_default() } else { parts.join("/") };
    names(&told).map(str::to_owned).collect()
}
