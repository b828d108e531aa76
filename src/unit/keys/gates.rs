//! Values that need a newer Podman than their key.

use super::Version;

/// A way to use a key that came after the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueGate {
    /// The section of the key.
    pub group: &'static str,
    /// The key.
    pub name: &'static str,
    /// What is used.
    pub value: Gated,
    /// The first Podman that understands it.
    pub since: Version,
}

/// What a gate is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gated {
    /// Exactly this value.
    Exactly(&'static str),
    /// A value whose first `:`-separated part ends so: a reference to another unit.
    Reference(&'static str),
    /// A `source=` or `src=` within the value that ends so: a reference to another unit.
    Source(&'static str),
    /// More than one value.
    Several,
    /// An assignment with nothing after the `=`.
    Empty,
    /// A word without a `=`.
    Valueless,
    /// The key without another key of its section beside it.
    Without(&'static str),
}

impl ValueGate {
    const fn new(group: &'static str, name: &'static str, value: Gated, since: Version) -> Self {
        Self { group, name, value, since }
    }
}

/// The gates of one key.
pub fn value_gates(group: &str, name: &str) -> impl Iterator<Item = &'static ValueGate> {
    VALUE_GATES.iter().filter(move |gate| gate.group == group && gate.name == name)
}

/// Every value that came after its key.
pub const VALUE_GATES: &[ValueGate] = &[
    ValueGate::new("Container", "Entrypoint", Gated::Empty, (5, 8)),
    ValueGate::new("Container", "Environment", Gated::Valueless, (5, 6)),
    ValueGate::new("Container", "Image", Gated::Reference(".build"), (5, 2)),
    ValueGate::new("Container", "Image", Gated::Reference(".image"), (4, 8)),
    ValueGate::new("Container", "Mount", Gated::Source(".artifact"), (5, 7)),
    ValueGate::new("Container", "Mount", Gated::Source(".image"), (5, 3)),
    ValueGate::new("Container", "Network", Gated::Reference(".container"), (5, 3)),
    ValueGate::new("Container", "Notify", Gated::Exactly("healthy"), (5, 0)),
    ValueGate::new("Container", "Ulimit", Gated::Several, (5, 0)),
    ValueGate::new("Volume", "Options", Gated::Without("Device"), (6, 0)),
    ValueGate::new("Build", "ImageTag", Gated::Several, (5, 3)),
    ValueGate::new("Kube", "Yaml", Gated::Several, (5, 7)),
];
