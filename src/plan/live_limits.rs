//! Limits of a container that runs, changed without a restart.
//!
//! A `daemon-reload` brings no limit into the kernel. `systemctl set-property --runtime` does for the service and its slices,
//! `podman update` for the container (seen with Podman 5.4.2, systemd 257).

use serde::{Deserialize, Serialize};

use super::{
    Action, Step, UnitLimits,
    change::{self, Difference, Reach},
    units::OneUnit,
};
use crate::unit::{Unit, UnitType};

/// Limits that are to be brought into a container that runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LiveLimits {
    /// The service, with `.service`.
    pub service: String,
    /// The file it comes from, on the host.
    pub path: String,
    /// podman's name of the container.
    pub container: String,
    /// The directives of the service that change, and their values; an empty one takes the limit away.
    pub systemd: Vec<(String, String)>,
    /// All of podman's limits, as arguments of `podman update`.
    pub podman: Vec<String>,
    /// What restarts where the limits do not take: the service and those that require it.
    pub otherwise_restart: Vec<String>,
}

impl LiveLimits {
    /// What is set of them in systemd.
    pub fn of_service(&self) -> UnitLimits {
        UnitLimits { unit: self.service.clone(), limits: self.systemd.clone() }
    }
}

/// The limits of a step that changes nothing else, if they can be changed in what runs: a limit that podman is no longer
/// told cannot be taken back from its container.
pub(super) fn of(step: &Step, unit: &OneUnit, systemd: Vec<(String, String)>) -> Option<LiveLimits> {
    let is_live = step.action == Action::Replace
        && unit.unit_type == UnitType::Container
        && step.difference.as_ref().map(|difference: &Difference| difference.reach(&step.path)) == Some(Reach::Limits);
    let (old, new) = (step.old.as_ref()?, step.new.as_ref()?);
    let (before, after) = (arguments(std::str::from_utf8(old).ok()?)?, arguments(new)?);
    let is_told_of = |(name, _): &(String, String)| after.iter().any(|(told, _)| told == name);
    if !is_live || !before.iter().all(is_told_of) {
        return None;
    }
    let file = step.path.rsplit('/').next().unwrap_or(&step.path);
    let own = file.strip_suffix(".container")?;
    let container = unit.podman_name.clone().unwrap_or_else(|| format!("systemd-{own}"));
    // Only systemd knows what a specifier stands for.
    (!container.contains('%')).then(|| LiveLimits {
        service: unit.service.clone(),
        path: step.path.clone(),
        container,
        systemd,
        podman: after.into_iter().map(|(name, value)| format!("{name}={value}")).collect(),
        otherwise_restart: Vec::new(),
    })
}

/// podman's limits of a unit: the argument and its value. The last one of a name counts.
fn arguments(text: &str) -> Option<Vec<(String, String)>> {
    let unit = Unit::parse(text).ok()?;
    let mut found: Vec<(String, String)> = Vec::new();
    let keys = [("PidsLimit", "--pids-limit"), ("Memory", "--memory")];
    let of_keys = keys
        .iter()
        .filter_map(|(key, argument)| Some(((*argument).to_owned(), unit.text("Container", key)?.to_owned())));
    let of_arguments = unit.entries_of("Container", "PodmanArgs").filter_map(|entry| {
        let value = entry.value.trim();
        let (name, value) = value.split_once('=').filter(|_| change::is_podman_limit(value))?;
        Some((name.to_owned(), value.to_owned()))
    });
    for (name, value) in of_keys.chain(of_arguments) {
        found.retain(|(other, _)| *other != name);
        found.push((name, value));
    }
    Some(found)
}
