//! What happens to a file, what stands in the way, and what each of it means.

use std::sync::Arc;

use super::change::Difference;
use crate::diagnostic::Severity;

/// What happens to one file of the host.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happens.
    pub action: Action,
    /// The file's place on the host.
    pub path: String,
    /// The service of the catalog it belongs to.
    pub service: Option<String>,
    /// What stands there.
    pub old: Option<Vec<u8>>,
    /// What is to stand there.
    pub new: Option<Arc<str>>,
    /// How the two differ, where there are two.
    pub difference: Option<Difference>,
    /// What it means, the most important first.
    pub means: Vec<Meaning>,
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It is made.
    Create,
    /// It gets another text.
    Replace,
    /// It goes.
    Remove,
    /// It stays as it is.
    Keep,
}

impl Action {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Remove => "remove",
            Self::Keep => "keep",
        }
    }
}

/// What a step means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Services stop, and do not come back.
    Stop(Vec<String>),
    /// Services restart: that of the file, and those that need it.
    Restart(Vec<String>),
    /// A podman network is removed and made anew, its users stopped and started again.
    RecreateNetwork {
        /// podman's name of it.
        network: String,
        /// The services that are stopped and started.
        users: Vec<String>,
    },
    /// A podman network is removed.
    RemoveNetwork(String),
    /// What changed of a volume is not applied: podman keeps the volume that is there, with its data.
    VolumeUnapplied(String),
    /// The unit of a volume goes; the volume and its data stay.
    VolumeStays(String),
    /// Limits alone change.
    Limits(Vec<String>),
    /// Services start.
    Start(Vec<String>),
    /// A unit is there for others to start.
    NotStarted(String),
    /// A rule says something that it did not say before.
    Weaker {
        /// The rule.
        rule: &'static str,
        /// How bad that is.
        severity: Severity,
        /// What it says.
        message: String,
    },
    /// A rule no longer says something.
    Stronger {
        /// The rule.
        rule: &'static str,
        /// How bad it was.
        severity: Severity,
        /// What it said.
        message: String,
    },
    /// What stands there is not what the last install wrote.
    EditedByHand,
    /// What the last install wrote is no longer there.
    DeletedByHand,
    /// No install wrote it.
    AddedByHand,
    /// It was there already, rendered from this catalog, without an install.
    Adopted,
    /// A drop-in of somebody else's changes the unit.
    DropIn {
        /// The drop-in.
        path: String,
        /// What is new about it.
        news: News,
    },
    /// A user of the host is made, if it is not there.
    MakeUser(&'static str),
    /// The file that a user came from goes; the user stays.
    UserStays(&'static str),
    /// Another catalog of this host has the file too.
    SharedWith(String),
    /// A line is added, changed or taken away; every other line of the file stays as it is.
    OneLine,
    /// Somebody else has seen to it, and it stays theirs.
    GivenByOthers,
    /// Something is left to whoever looks after the host.
    LeftToYou(String),
    /// systemd reads it anew, and nothing restarts.
    ReloadOnly,
    /// Comments or the order of keys alone: it says what it said before.
    TextOnly,
}

/// What is new about somebody else's file, since the last install.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It was not there.
    New,
    /// It had another text.
    Changed,
    /// It is no longer there.
    Gone,
}

/// Why an install would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The file it is about.
    pub path: String,
    /// What is wrong, as a phrase.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Whether `--force` overrides it: only what was edited by hand.
    pub can_be_forced: bool,
}
