//! The user namespace of a container: whether its root is somebody on the host.

use super::Run;
use crate::diagnostic::Span;

/// The user namespace of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserNamespace {
    /// That of whoever starts it: nothing was said, or `host`.
    Host(Option<Span>),
    /// A range of its own, chosen by podman: `auto`, with its options (`size=65536`).
    Auto(Vec<String>, Span),
    /// The user of the host keeps his id: `keep-id`, with its options.
    KeepId(Vec<String>, Span),
    /// The user of the host is not mapped: `nomap`.
    NoMap(Span),
    /// Ranges that the unit names: the words of `UIDMap=`, or none where `SubUIDMap=` takes them from /etc/subuid.
    Mapped(Vec<(String, Span)>, Span),
    /// That of another container, or one that somebody else made: `container:web`, `ns:/run/x`.
    Other(String, Span),
    /// Something that podman refuses.
    Unknown(String, Span),
}

impl UserNamespace {
    pub(super) fn of(run: &Run<'_>) -> Self {
        let maps: Vec<_> = run.all("uidmap").map(|arg| (arg.value.clone().into_owned(), arg.at)).collect();
        let mapped = maps.first().map(|(_, at)| *at).or_else(|| run.last("subuidname").map(|arg| arg.at));
        let Some(arg) = run.last("userns").filter(|arg| !arg.value.is_empty()) else {
            return mapped.map_or(Self::Host(None), |at| Self::Mapped(maps, at));
        };
        let (mode, rest) = arg.value.split_once(':').unwrap_or((&arg.value, ""));
        let options = || rest.split(',').filter(|option| !option.is_empty()).map(str::to_owned).collect();
        match mode {
            "host" => Self::Host(Some(arg.at)),
            "auto" => Self::Auto(options(), arg.at),
            "keep-id" => Self::KeepId(options(), arg.at),
            "nomap" => Self::NoMap(arg.at),
            // `private` alone maps nothing: the ranges come from UIDMap= and SubUIDMap=.
            "private" | "manual" => mapped.map_or(Self::Host(Some(arg.at)), |at| Self::Mapped(maps, at)),
            "container" | "ns" => Self::Other(arg.value.clone().into_owned(), arg.at),
            _ => Self::Unknown(arg.value.clone().into_owned(), arg.at),
        }
    }

    /// Whether the container has ids of its own, apart from those of whoever starts it.
    pub fn is_private(&self) -> bool {
        matches!(self, Self::Auto(..) | Self::KeepId(..) | Self::NoMap(_) | Self::Mapped(..))
    }

    /// Where it is chosen.
    pub fn at(&self) -> Option<Span> {
        match self {
            Self::Host(at) => *at,
            Self::Auto(_, at)
            | Self::KeepId(_, at)
            | Self::NoMap(at)
            | Self::Mapped(_, at)
            | Self::Other(_, at)
            | Self::Unknown(_, at) => Some(*at),
        }
    }

    /// An option of `auto` or `keep-id`: `size`.
    pub fn option(&self, name: &str) -> Option<&str> {
        match self {
            Self::Auto(options, _) | Self::KeepId(options, _) => {
                options.iter().rev().find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
            }
            _ => None,
        }
    }
}
