//! What paths of the host are worth to a container that sees them: the rules and the score ask here, so that both say
//! the same of a mount. [`places`], [`devices`] and [`sockets`] are the tables, [`seen`] finds the paths.
//!
//! Paths are told as [`Mount::host_path`](super::facts::Mount::host_path) does: homes are `~`, /var/run is /run. In a
//! table `*` stands for any name, or the end of one.

pub(super) mod devices;
pub(super) mod places;
pub(super) mod seen;
pub(super) mod sockets;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::diagnostic::Severity;

/// What a path of the host gives away, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Danger {
    /// Everything.
    Root,
    /// The engine, which starts containers with any rights.
    EngineSocket,
    /// Disks and memory, beneath all file systems.
    Disk,
    /// Settings of the kernel.
    Kernel,
    /// What others run and who may log in.
    Programs,
    /// The images and layers that containers run from.
    EngineStore,
    /// The service manager, which starts programs.
    ManagerSocket,
}

impl Danger {
    /// Whether it is there read-only too: a socket is not written to as a file is.
    pub(super) fn is_socket(self) -> bool {
        matches!(self, Self::EngineSocket | Self::ManagerSocket)
    }
}

/// What a path gives away that may be written to: what it is, what it stands in, and what is beneath it.
pub(super) fn danger(path: &str) -> Option<Danger> {
    if path == "/" {
        return Some(Danger::Root);
    }
    let of_sockets = sockets::at(path).into_iter().chain(sockets::beneath(path)).map(sockets::Socket::danger);
    let of_devices = devices::gives(path).then_some(Danger::Disk);
    let of_places = places::reached(path).filter_map(|place| place.danger);
    of_sockets.chain(of_devices).chain(of_places).min()
}

/// How bad it is that a container sees a path, and what is there or beneath it. Sockets and devices themselves are told
/// by [`sockets::at`] and [`devices::kind`].
pub(super) fn weight(path: &str, is_writable: bool) -> Option<(Severity, Cow<'static, str>)> {
    let own = places::of(path).and_then(|place| Some((place.severity(is_writable)?, place.what.into())));
    // What is beneath it counts as if it were mounted alone.
    let of_places = places::reached(path)
        .filter(|place| is_writable && place.danger.is_some() && names(place.path).count() > names(path).count())
        .filter_map(|place| Some((place.writable?, format!("`{}` is in it, {}", place.path, place.what).into())));
    let of_sockets = sockets::beneath(path).map(|socket| {
        let severity = if socket.is_engine || socket.is_root { Severity::Error } else { Severity::Warning };
        (severity, format!("`{}` is in it, which commands {}", socket.path, socket.what).into())
    });
    own.into_iter().chain(of_sockets).chain(of_places).min_by_key(|(severity, _)| *severity)
}

/// Whether one of both lies within the other.
pub(super) fn reaches(path: &str, pattern: &str) -> bool {
    names(path).zip(names(pattern)).all(|(name, pattern)| matches(name, pattern))
}

/// Whether a path is what a pattern names, or beneath it.
pub(super) fn is_beneath(path: &str, pattern: &str) -> bool {
    let mut names_of = names(path);
    names(pattern).all(|pattern| names_of.next().is_some_and(|name| matches(name, pattern)))
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

fn matches(name: &str, pattern: &str) -> bool {
    pattern.strip_suffix('*').map_or(name == pattern, |start| name.starts_with(start))
}
