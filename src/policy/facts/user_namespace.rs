//! The user namespace of a container: whether its root is somebody on the host.

use super::{Container, Run};
use crate::{diagnostic::Span, model::Profile};

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
        let words = |flag| run.all(flag).map(|arg| (arg.value.clone().into_owned(), arg.at)).collect::<Vec<_>>();
        let mut maps = words("uidmap");
        if maps.is_empty() {
            // podman takes the one for the other where only one is said; so with the names in /etc/subuid and subgid.
            maps = words("gidmap");
        }
        let names = ["subuidname", "subgidname"].into_iter().find_map(|flag| run.last(flag).map(|arg| arg.at));
        let mapped = maps.first().map(|(_, at)| *at).or(names);
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

/// A range of ids: `INSIDE:OUTSIDE[:COUNT]` of podman-run(1) `--uidmap`, its flags left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange {
    /// The first id in the container.
    pub inside: u64,
    /// The first id outside: of the host for root, else of the user's own range (`0` is the user).
    pub outside: u64,
    /// How many.
    pub count: u64,
}

impl IdRange {
    /// Reads a range; `None` is one that podman refuses, or that names an id of the host with `@`, which only somebody
    /// other than root needs.
    pub fn of(text: &str) -> Option<Self> {
        let mut parts = text.trim_start_matches(['u', 'g', '+']).split(':');
        let (inside, outside) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let count = parts.next().map_or(Some(1), |count| count.parse().ok())?;
        parts.next().is_none().then_some(Self { inside, outside, count })
    }
}

impl Container<'_> {
    /// Whether the container's root is, to the kernel, root of the host.
    pub fn is_root_on_host(&self) -> bool {
        use UserNamespace::{Auto, Host, KeepId, Mapped, NoMap, Other, Unknown};
        self.profile == Profile::Rootful
            && match self.user_namespace {
                // What root keeps as his id is root's.
                Host(_) | KeepId(..) => true,
                // podman refuses the second and fourth; the third was made by somebody else.
                Auto(..) | Mapped(..) | NoMap(_) | Other(..) | Unknown(..) => false,
            }
    }

    /// Who runs the image's command, without his group, and where it is said. Nobody said so where the image decides.
    pub fn user(&self) -> Option<(&str, Span)> {
        let arg = self.run.last("user")?;
        let user = arg.value.split(':').next().unwrap_or_default();
        (!user.is_empty()).then_some((user, arg.at))
    }

    /// Whether the unit names somebody else than root.
    pub fn is_ordinary_user(&self) -> bool {
        self.user().is_some_and(|(user, _)| !is_root(user))
    }
}

/// Whether a name, or a number, is root's.
pub(in crate::policy) fn is_root(user: &str) -> bool {
    user == "root" || (!user.is_empty() && user.bytes().all(|byte| byte == b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::facts::tests::container;

    #[test]
    fn ranges_are_read_with_their_flags() {
        let range = |inside, outside, count| Some(IdRange { inside, outside, count });
        assert_eq!(IdRange::of("0:100000:65536"), range(0, 100_000, 65536));
        assert_eq!(IdRange::of("+u5:7"), range(5, 7, 1));
        assert_eq!(IdRange::of("0:@1000:1"), None);
        assert_eq!(IdRange::of("0"), None);
        assert_eq!(IdRange::of("0:1:2:3"), None);
        assert_eq!(IdRange::of("é:1"), None);
    }

    #[test]
    fn root_is_roots_own_unless_it_is_mapped() {
        for (lines, is) in [
            ("", true),
            ("UserNS=host", true),
            ("UserNS=keep-id", true),
            ("UserNS=auto", false),
            ("UserNS=auto:size=1024", false),
            ("GIDMap=0:100000:65536", false),
            ("SubUIDMap=web", false),
            ("SubGIDMap=web", false),
            ("UserNS=auto\nPodmanArgs=--userns=host", true),
            ("PodmanArgs=--uidmap 0:100000:65536", false),
        ] {
            container(lines, |container| assert_eq!(container.is_root_on_host(), is, "{lines}"));
        }
    }

    #[test]
    fn the_last_user_counts() {
        container("User=1000\nGroup=1000\nPodmanArgs=-u 0:0", |container| {
            assert_eq!(container.user().map(|(user, _)| user), Some("0"));
            assert!(!container.is_ordinary_user());
        });
        container("User=app", |container| assert!(container.is_ordinary_user()));
        container("", |container| assert!(container.user().is_none() && !container.is_ordinary_user()));
    }
}
