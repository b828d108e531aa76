//! How bad the capabilities are that a container has.

use super::{
    facets::{Badness, GOOD, PRIVILEGED, bad},
    facts::Facts,
    network::Network,
    weights::{FACETS, Facet, Measure},
};

/// Capabilities in a user namespace count only against what belongs to it, so an escape needs a fault of the kernel
/// besides.
const IN_USER_NAMESPACE: u32 = 300;

/// On a LAN of its own a container that makes frames by hand can speak for its neighbours, user namespace or not.
const FRAMES: &[&str] = &["NET_ADMIN", "NET_RAW"];

/// With a read-only root there is little left whose owner or permissions could be passed by.
pub(super) fn under_read_only_root(facts: &Facts) -> u32 {
    if facts.read_only { 500 } else { 1000 }
}

impl Facet {
    /// How bad it is with these facts.
    pub(super) fn badness(&self, facts: &Facts) -> Badness {
        match self.measure {
            Measure::Of(badness, _) => badness(facts),
            Measure::Capabilities(weighed, scale) => worst(facts, weighed, scale(facts)),
            Measure::OtherCapabilities => {
                let other = facts.capabilities.iter().filter(|name| !is_named(name));
                let weighed: Vec<(&str, u32)> = other.map(|name| (name.as_str(), other_badness(name))).collect();
                worst(facts, &weighed, 1000)
            }
        }
    }

    /// The capabilities that it weighs one by one, each with its badness in permille.
    pub fn capabilities(&self) -> &'static [(&'static str, u32)] {
        match self.measure {
            Measure::Capabilities(weighed, _) => weighed,
            Measure::Of(..) | Measure::OtherCapabilities => &[],
        }
    }

    /// Takes its step.
    pub(super) fn mend(&self, facts: &mut Facts) {
        match self.measure {
            Measure::Of(_, mend) => mend(facts),
            Measure::Capabilities(weighed, _) => {
                let names: Vec<&str> = weighed.iter().map(|(name, _)| *name).collect();
                facts.drop_capabilities(&names);
            }
            Measure::OtherCapabilities => {
                facts.drop_capabilities(&[]);
                facts.capabilities.retain(|name| is_named(name));
            }
        }
    }
}

/// Whether a facet names that capability.
fn is_named(capability: &str) -> bool {
    FACETS.iter().flat_map(Facet::capabilities).any(|(name, _)| *name == capability)
}

/// Some reach only what belongs to the container or slow its neighbours down; one that nobody has heard of may be
/// anything.
fn other_badness(name: &str) -> u32 {
    match name {
        "KILL" | "WAKE_ALARM" | "BLOCK_SUSPEND" | "SYS_NICE" | "IPC_LOCK" => 300,
        _ => 1000,
    }
}

/// The worst of some capabilities that the container has.
fn worst(facts: &Facts, weighed: &[(&str, u32)], scale: u32) -> Badness {
    if facts.privileged {
        return bad(1000, PRIVILEGED);
    }
    let badness = |(name, permille): &(&str, u32)| {
        let on_lan = facts.network == Network::Lan && FRAMES.contains(name);
        let confined = facts.confined_ids && !on_lan;
        permille * scale / 1000 * if confined { IN_USER_NAMESPACE } else { 1000 } / 1000
    };
    let had: Vec<_> = weighed.iter().filter(|(name, _)| facts.has(name)).collect();
    let Some(permille) = had.iter().map(|weighed| badness(weighed)).max() else { return GOOD };
    let names: Vec<&str> = had.iter().map(|(name, _)| *name).collect();
    bad(permille, format!("it has {}", names.join(", ")))
}
