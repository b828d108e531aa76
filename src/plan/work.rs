//! What systemd and podman are asked to do once the files are in, in its order.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::LiveLimits;

/// What is asked of systemd and podman for a plan. Units are named with their suffix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Work {
    /// Services that stop, before the files they came from are forgotten: what stops a container stands in its unit.
    pub stop: BTreeSet<String>,
    /// podman networks that are removed, once nobody uses them.
    pub remove_networks: BTreeSet<String>,
    /// Whether systemd reads its units anew.
    pub reload: bool,
    /// Whether the users that [`places::USERS`](crate::render::host::places::USERS) names are made: containers may get no
    /// ids before their owner is known.
    pub users: bool,
    /// Limits of running slices: a `daemon-reload` alone does not bring them into the kernel.
    pub limits: BTreeSet<UnitLimits>,
    /// Limits of containers that run: they restart only where that does not bring them in.
    pub live: BTreeSet<LiveLimits>,
    /// What an interrupted run may have left above the files of units, besides what is set now.
    pub overridden: BTreeSet<UnitLimits>,
    /// Services that start.
    pub start: BTreeSet<String>,
    /// Services that restart.
    pub restart: BTreeSet<String>,
    /// Services that restart if they run: nothing starts them by itself.
    pub restart_if_running: BTreeSet<String>,
    /// Slices that go, once nothing runs in them.
    pub stop_slices: BTreeSet<String>,
}

/// The limits of a unit, as systemd's directives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnitLimits {
    /// The unit.
    pub unit: String,
    /// Directives and their values; an empty value takes the limit away.
    pub limits: Vec<(String, String)>,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Stop services, and wait until they have stopped.
    Stop(Vec<String>),
    /// Remove a podman network.
    RemoveNetwork(String),
    /// `daemon-reload`.
    Reload,
    /// Make the users that a file of the host names, as far as they are not there.
    MakeUsers,
    /// Bring limits to a container that runs: to its service and to itself.
    SetLiveLimits(LiveLimits),
    /// Bring limits to a running unit.
    SetLimits(UnitLimits),
    /// Take away what setting limits has left behind for these units, as it stands above their files.
    ForgetOverrides(Vec<UnitLimits>),
    /// See whether the kernel has the limits of a container, of its service and of the slices around it.
    CheckLimits(LiveLimits),
    /// Restart services, and wait until they have started.
    Restart(Vec<String>),
    /// The same for those of them that run.
    RestartIfRunning(Vec<String>),
    /// Start services, and wait until they have started.
    Start(Vec<String>),
    /// Stop slices in which nothing runs.
    StopSlices(Vec<String>),
}

impl Work {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The requests in their order: what goes stops while systemd still knows how, then it reads the new units, and what
    /// is new or changed comes up.
    pub fn calls(&self) -> Vec<Call> {
        let list = |units: &BTreeSet<String>| (!units.is_empty()).then(|| units.iter().cloned().collect::<Vec<_>>());
        let mut calls = Vec::new();
        calls.extend(list(&self.stop).map(Call::Stop));
        calls.extend(self.remove_networks.iter().cloned().map(Call::RemoveNetwork));
        calls.extend(self.reload.then_some(Call::Reload));
        calls.extend(self.users.then_some(Call::MakeUsers));
        // From the inside out: what is lowered has shrunk before what is around it does.
        calls.extend(self.live.iter().cloned().map(Call::SetLiveLimits));
        calls.extend(self.limits.iter().cloned().map(Call::SetLimits));
        let set_now = self.live.iter().map(LiveLimits::of_service).chain(self.limits.iter().cloned());
        let overridden: Vec<UnitLimits> = set_now.chain(self.overridden.iter().cloned()).collect();
        if !overridden.is_empty() {
            calls.extend([Call::ForgetOverrides(overridden), Call::Reload]);
        }
        calls.extend(self.live.iter().cloned().map(Call::CheckLimits));
        calls.extend(list(&self.restart).map(Call::Restart));
        calls.extend(list(&self.restart_if_running).map(Call::RestartIfRunning));
        calls.extend(list(&self.start).map(Call::Start));
        calls.extend(list(&self.stop_slices).map(Call::StopSlices));
        calls
    }

    /// The same without what makes services start, stop or restart: systemd reads the units, users are made, and that is
    /// all.
    #[must_use]
    pub fn reload_only(&self) -> Self {
        Self { reload: self.reload, users: self.users, ..Self::default() }
    }

    /// This work, after `earlier` that may not have been done: what this says of a unit counts, and what it does not
    /// mention is still to be done.
    #[must_use]
    pub fn after(mut self, earlier: Self) -> Self {
        let mut stopped_for_good = self.stop.clone();
        for coming in [&self.start, &self.restart, &self.restart_if_running] {
            stopped_for_good.retain(|unit| !coming.contains(unit));
        }
        let still = |units: BTreeSet<String>| units.into_iter().filter(|unit| !stopped_for_good.contains(unit));
        // Whether an interrupted start went through is not known: a restart is right either way.
        let coming: Vec<String> = still(earlier.start.union(&earlier.restart).cloned().collect()).collect();
        let if_running: Vec<String> = still(earlier.restart_if_running).collect();
        self.restart.extend(coming);
        self.overridden.extend(earlier.overridden);
        self.overridden.extend(earlier.live.iter().map(LiveLimits::of_service));
        // Nor is it of limits that were to be brought in.
        let live: Vec<String> = still(earlier.live.into_iter().map(|live| live.service).collect()).collect();
        self.restart.extend(live);
        self.live.retain(|live| !self.restart.contains(&live.service) && !self.start.contains(&live.service));
        self.restart_if_running.extend(if_running);
        // What was to go and comes back may still run from its old unit: a start would leave it at that.
        self.stop.extend(earlier.stop);
        self.start.retain(|unit| !self.restart.contains(unit));
        self.restart_if_running.retain(|unit| !self.restart.contains(unit) && !self.start.contains(unit));
        self.remove_networks.extend(earlier.remove_networks);
        self.reload |= earlier.reload;
        self.users |= earlier.users;
        let mut limits: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let (gone, earlier_limits): (Vec<_>, Vec<_>) =
            earlier.limits.into_iter().partition(|limits| self.stop_slices.contains(&limits.unit));
        self.overridden.extend(gone);
        for of_unit in earlier_limits {
            limits.entry(of_unit.unit).or_default().extend(of_unit.limits);
        }
        for of_unit in self.limits {
            limits.entry(of_unit.unit).or_default().extend(of_unit.limits);
        }
        let of_unit =
            |(unit, limits): (String, BTreeMap<_, _>)| UnitLimits { unit, limits: limits.into_iter().collect() };
        self.limits = limits.into_iter().map(of_unit).collect();
        self.stop_slices.extend(earlier.stop_slices);
        self
    }

    /// Every service that is to run afterwards.
    pub fn comes_up(&self) -> BTreeSet<&str> {
        let live = self.live.iter().map(|live| &live.service);
        self.start.iter().chain(&self.restart).chain(live).map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(units: &[&str]) -> BTreeSet<String> {
        units.iter().map(|unit| (*unit).to_owned()).collect()
    }

    #[test]
    fn what_was_interrupted_is_done_with_what_comes_next() {
        let earlier = Work {
            stop: set(&["old.service"]),
            reload: true,
            start: set(&["a.service", "gone.service"]),
            restart: set(&["b.service"]),
            ..Work::default()
        };
        let next = Work { stop: set(&["gone.service"]), start: set(&["old.service"]), ..Work::default() };
        let both = next.after(earlier);
        assert_eq!(both.stop, set(&["gone.service", "old.service"]));
        assert_eq!(both.restart, set(&["a.service", "b.service"]));
        assert_eq!(both.start, set(&["old.service"]));
        assert!(both.reload);
    }

    #[test]
    fn users_are_made_where_nothing_restarts() {
        let work = Work { reload: true, users: true, start: set(&["a.service"]), ..Work::default() };
        assert_eq!(work.calls()[..2], [Call::Reload, Call::MakeUsers]);
        assert_eq!(work.reload_only().calls(), [Call::Reload, Call::MakeUsers]);
        assert_eq!(Work::default().after(work.reload_only()), work.reload_only());
    }

    #[test]
    fn what_is_stopped_and_started_again_stays_so() {
        let recreate = Work { stop: set(&["web.service"]), start: set(&["web.service"]), ..Work::default() };
        let both = recreate.clone().after(recreate);
        assert_eq!((both.stop, both.start), (set(&["web.service"]), BTreeSet::new()));
        assert_eq!(both.restart, set(&["web.service"]));
    }

    #[test]
    fn limits_that_were_not_set_are_set_with_the_next() {
        let limits = |unit: &str, key: &str, value: &str| UnitLimits {
            unit: unit.to_owned(),
            limits: vec![(key.to_owned(), value.to_owned())],
        };
        let earlier = Work {
            limits: [limits("a.slice", "MemoryMax", "1"), limits("b.slice", "MemoryMax", "1")].into(),
            ..Work::default()
        };
        let stop_slices = set(&["b.slice"]);
        let next = Work { limits: [limits("a.slice", "TasksMax", "2")].into(), stop_slices, ..Work::default() };
        let both = next.after(earlier).limits.into_iter().collect::<Vec<_>>();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let expected = vec![pair("MemoryMax", "1"), pair("TasksMax", "2")];
        assert_eq!(both, [UnitLimits { unit: "a.slice".to_owned(), limits: expected }]);
    }
}
