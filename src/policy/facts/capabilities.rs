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

/// Every capability there is (capabilities(7), Linux 5.9 and later).
const KNOWN: &[&str] = &[
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

impl Capability {
    /// Whether the kernel knows it; podman refuses every other name but `ALL`.
    pub fn is_known(&self) -> bool {
        self.name == "ALL" || KNOWN.binary_search(&self.name.as_str()).is_ok()
    }
}

impl Capabilities {
    pub(super) fn of(run: &Run<'_>) -> Self {
        let read = |flag| run.all(flag).flat_map(|arg| arg.value.split(',').map(|name| (name, arg.at)));
        let read = |flag| read(flag).filter(|(name, _)| !name.trim().is_empty()).map(capability).collect::<Vec<_>>();
        let mut dropped = read("cap-drop");
        let all_dropped = dropped.iter().find(|c| c.name == "ALL").map(|c| c.at);
        dropped.retain(|c| c.name != "ALL");
        let mut added = read("cap-add");
        dropped.shrink_to_fit();
        added.shrink_to_fit();
        Self { all_dropped, dropped, added }
    }

    /// Those of podman's default that nothing drops.
    pub fn kept(&self) -> Vec<&'static str> {
        let dropped = |name: &str| self.all_dropped.is_some() || self.dropped.iter().any(|c| c.name == name);
        DEFAULT.iter().copied().filter(|name| !dropped(name)).collect()
    }

    /// Those added that podman's default has not, or has lost.
    pub fn beyond_default(&self) -> impl Iterator<Item = &Capability> {
        let kept = self.kept();
        self.added.iter().filter(move |added| !kept.contains(&added.name.as_str()))
    }

    /// The names that are left: podman's default less what is dropped, and what is added.
    pub fn effective(&self) -> Vec<&str> {
        let added = self.added.iter().map(|c| c.name.as_str());
        let mut names: Vec<&str> = self.kept().into_iter().chain(added).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn capability((name, at): (&str, Span)) -> Capability {
    let name = name.trim().to_ascii_uppercase();
    Capability { name: name.strip_prefix("CAP_").map_or_else(|| name.clone(), str::to_owned), at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::facts::tests::container;

    #[test]
    fn all_words_of_a_key_and_all_ways_to_say_it_count() {
        container("AddCapability=CAP_NET_RAW sys_time\nPodmanArgs=--cap-add chown,KILL --cap-drop=all", |container| {
            let capabilities = &container.capabilities;
            let added: Vec<&str> = capabilities.added.iter().map(|c| c.name.as_str()).collect();
            assert_eq!(added, ["NET_RAW", "SYS_TIME", "CHOWN", "KILL"]);
            assert!(capabilities.all_dropped.is_some());
            assert!(capabilities.kept().is_empty());
            assert_eq!(capabilities.effective(), ["CHOWN", "KILL", "NET_RAW", "SYS_TIME"]);
        });
    }

    #[test]
    fn what_is_dropped_by_name_leaves_the_rest() {
        container("DropCapability=chown CAP_KILL\nAddCapability=SETUID MKNOD CHOWN", |container| {
            let capabilities = &container.capabilities;
            assert_eq!(capabilities.kept().len(), DEFAULT.len() - 2);
            let beyond: Vec<&str> = capabilities.beyond_default().map(|c| c.name.as_str()).collect();
            assert_eq!(beyond, ["MKNOD", "CHOWN"]);
        });
    }

    #[test]
    fn the_known_ones_are_in_order_and_hold_the_default() {
        assert!(KNOWN.is_sorted());
        assert!(DEFAULT.iter().all(|name| KNOWN.contains(name)));
        container("AddCapability=all NET_BIND", |container| {
            let known: Vec<bool> = container.capabilities.added.iter().map(Capability::is_known).collect();
            assert_eq!(known, [true, false]);
        });
    }
}
