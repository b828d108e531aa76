//! Capabilities beside those of podman's default.

use super::Run;
use crate::diagnostic::Span;

/// A capability and where it is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// In capitals, without `CAP_`: `NET_ADMIN`, `ALL`.
    pub name: String,
    /// Where.
    pub at: Span,
}

/// What a container may do beside, and instead of, podman's default.
#[derive(Clone, Debug, Default)]
pub struct Capabilities {
    /// Where all of them are dropped.
    pub all_dropped: Option<Span>,
    /// Those dropped one by one.
    pub dropped: Vec<Capability>,
    /// Those added.
    pub added: Vec<Capability>,
}

/// podman's default set (containers.conf(5), `default_capabilities`, Podman 5.4).
pub const DEFAULT: &[&str] = &[
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

impl Capabilities {
    pub(super) fn of(run: &Run<'_>) -> Self {
        let read = |flag| run.all(flag).flat_map(|arg| arg.value.split(',').map(|name| (name, arg.at)));
        let read = |flag| read(flag).filter(|(name, _)| !name.trim().is_empty()).map(capability).collect::<Vec<_>>();
        let mut dropped = read("cap-drop");
        let all_dropped = dropped.iter().find(|c| c.name == "ALL").map(|c| c.at);
        dropped.retain(|c| c.name != "ALL");
        Self { all_dropped, dropped, added: read("cap-add") }
    }

    /// The names that are left: podman's default less what is dropped, and what is added.
    pub fn effective(&self) -> Vec<&str> {
        let dropped = |name: &str| self.all_dropped.is_some() || self.dropped.iter().any(|c| c.name == name);
        let default = DEFAULT.iter().copied().filter(|name| !dropped(name));
        let mut names: Vec<&str> = default.chain(self.added.iter().map(|c| c.name.as_str())).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn capability((name, at): (&str, Span)) -> Capability {
    let name = name.trim().to_ascii_uppercase();
    Capability { name: name.strip_prefix("CAP_").map_or_else(|| name.clone(), str::to_owned), at }
}
