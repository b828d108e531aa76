//! Sockets that command whoever listens on them.

use super::{Danger, is_beneath, names, reaches};

/// A socket that commands whoever listens on it, or a directory that holds one.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) struct Socket {
    /// Where it is; empty where its name alone tells.
    pub(in crate::policy) path: &'static str,
    /// Who listens, and does what he is asked for.
    pub(in crate::policy) what: &'static str,
    /// Whether containers can be started over it.
    pub(in crate::policy) is_engine: bool,
    /// Whether whoever reaches it is root of the host.
    pub(in crate::policy) is_root: bool,
}

impl Socket {
    pub(super) fn danger(self) -> Danger {
        if self.is_engine { Danger::EngineSocket } else { Danger::ManagerSocket }
    }
}

/// Sockets of container engines, wherever they are.
pub(super) const ENGINES: &[(&str, &str)] = &[
    ("buildkitd.sock", "BuildKit"),
    ("containerd.sock", "containerd"),
    ("crio.sock", "CRI-O"),
    ("docker.sock", "Docker"),
    ("podman.sock", "podman"),
];

const fn engine(path: &'static str, what: &'static str, is_root: bool) -> Socket {
    Socket { path, what, is_engine: true, is_root }
}

/// D-Bus and systemd: systemd starts any service for whoever may ask.
const fn manager(path: &'static str, what: &'static str, is_root: bool) -> Socket {
    Socket { path, what, is_engine: false, is_root }
}

/// Where they are.
pub(super) const SOCKETS: &[Socket] = &[
    engine("/run/buildkit", "BuildKit", true),
    engine("/run/containerd", "containerd", true),
    engine("/run/crio", "CRI-O", true),
    engine("/run/docker", "Docker", true),
    engine("/run/docker.sock", "Docker", true),
    engine("/run/k3s/containerd", "containerd", true),
    engine("/run/podman", "podman", true),
    engine("/run/user/*/docker.sock", "Docker", false),
    engine("/run/user/*/podman", "podman", false),
    manager("/run/dbus", "the system bus", false),
    manager("/run/systemd/private", "systemd", true),
    manager("/run/user/*/bus", "the user's systemd", false),
    manager("/run/user/*/systemd/private", "the user's systemd", false),
];

/// What listens at a path, or beneath a directory that holds nothing else.
pub(in crate::policy) fn at(path: &str) -> Option<Socket> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let by_name = ENGINES.iter().find(|(file, _)| *file == name).map(|(_, what)| {
        let is_root = !path.starts_with("/run/user/") && !path.starts_with('~');
        engine("", what, is_root)
    });
    by_name.or_else(|| of_run(path).find(|socket| is_beneath(path, socket.path)))
}

/// The sockets that a directory holds among other things.
pub(super) fn beneath(path: &str) -> impl Iterator<Item = Socket> {
    let count = names(path).count();
    of_run(path).filter(move |socket| count < names(socket.path).count() && reaches(path, socket.path))
}

/// Most paths are nowhere near one: all but those by name are in /run.
fn of_run(path: &str) -> impl Iterator<Item = Socket> {
    let is_near = path == "/" || is_beneath(path, "/run");
    SOCKETS.iter().filter(move |_| is_near).copied()
}
