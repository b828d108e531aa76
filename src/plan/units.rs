//! What a set of files comes to: services, and who needs whom.

use std::collections::{BTreeMap, BTreeSet};

use crate::unit::{Unit, UnitType};

/// The units of a set of files, by the name of the file.
#[derive(Debug, Default)]
pub(super) struct Units<'a> {
    by_file: BTreeMap<&'a str, OneUnit>,
}

/// What matters of a unit.
#[derive(Debug)]
pub(super) struct OneUnit {
    /// Its type.
    pub(super) unit_type: UnitType,
    /// Its service, with `.service`.
    pub(super) service: String,
    /// What podman calls the thing it makes, where the unit says so.
    pub(super) podman_name: Option<String>,
    /// Whether anything starts it by itself.
    pub(super) is_wanted: bool,
    /// The files of the set that it names: `lan.network`.
    refers_to: BTreeSet<String>,
    /// The services that it cannot be without.
    requires: BTreeSet<String>,
}

impl<'a> Units<'a> {
    /// Reads texts, by their places. What is no unit is left out: Podman makes nothing of it either.
    pub(super) fn read(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let read = crate::parallel::map(texts, |(path, text)| {
            let name = path.rsplit('/').next().unwrap_or(path);
            Some((name, OneUnit::read(name, text)?))
        });
        Self { by_file: read.into_iter().flatten().collect() }
    }

    /// Every unit with the name of its file.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'a str, &OneUnit)> {
        self.by_file.iter().map(|(name, unit)| (*name, unit))
    }

    /// The unit of a file.
    pub(super) fn get(&self, path: &str) -> Option<&OneUnit> {
        self.by_file.get(path.rsplit('/').next().unwrap_or(path))
    }

    /// The services that something starts by itself and that go on running.
    pub(super) fn wanted_services(&self) -> impl Iterator<Item = String> {
        let runs = |unit: &&OneUnit| unit.is_wanted && super::meaning::runs(unit.unit_type);
        self.by_file.values().filter(runs).map(|unit| unit.service.clone())
    }

    /// Whether something starts a service by itself.
    pub(super) fn is_wanted(&self, service: &str) -> bool {
        self.by_file.values().any(|unit| unit.service == service && unit.is_wanted)
    }

    /// The services of the units that name a file: the containers on a network.
    pub(super) fn users(&self, path: &str) -> BTreeSet<String> {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.by_file.values().filter(|unit| unit.refers_to.contains(name)).map(|unit| unit.service.clone()).collect()
    }

    /// Services, and all those that systemd stops or restarts with them because they require them.
    pub(super) fn with_dependents(&self, services: BTreeSet<String>) -> BTreeSet<String> {
        let mut all = services;
        loop {
            let more: Vec<String> = self
                .by_file
                .values()
                .filter(|unit| !all.contains(&unit.service) && !unit.requires.is_disjoint(&all))
                .map(|unit| unit.service.clone())
                .collect();
            if more.is_empty() {
                return all;
            }
            all.extend(more);
        }
    }
}

/// The services that units of a set require and nothing in it makes, though another set does: each with the file that
/// requires it. systemd refuses to start a unit without them (systemd.unit(5) `Requires=`).
pub fn missing<'a>(
    set: impl IntoIterator<Item = (&'a str, &'a str)>,
    others: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> BTreeSet<(&'a str, String)> {
    let (set, others) = (Units::read(set), Units::read(others));
    let made: BTreeSet<&str> = set.by_file.values().map(|unit| unit.service.as_str()).collect();
    let known: BTreeSet<&str> = others.by_file.values().map(|unit| unit.service.as_str()).collect();
    let is_missing = |service: &&String| known.contains(service.as_str()) && !made.contains(service.as_str());
    let of = |(name, unit): (&&'a str, &OneUnit)| {
        unit.requires.iter().filter(is_missing).map(|service| (*name, service.clone())).collect::<Vec<_>>()
    };
    set.by_file.iter().flat_map(of).collect()
}

impl OneUnit {
    fn read(name: &str, text: &str) -> Option<Self> {
        let (stem, unit_type) = UnitType::of_file(name)?;
        let unit = Unit::parse(text).ok()?;
        let group = unit_type.group();
        let own_name = unit.text(group, "ServiceName").filter(|name| !name.is_empty());
        let service = own_name.map_or_else(|| unit_type.service_name(stem), |name| format!("{name}.service"));
        let name_key = match unit_type {
            UnitType::Network => "NetworkName",
            UnitType::Volume => "VolumeName",
            UnitType::Pod => "PodName",
            _ => "ContainerName",
        };
        let wanted = ["WantedBy", "RequiredBy", "UpheldBy"];
        let requires = ["Requires", "BindsTo", "Requisite"];
        let words = |key: &str| unit.strv("Unit", key);
        let mut refers_to = BTreeSet::new();
        for entry in unit.entries_in(group) {
            let parts = entry.value.split([':', ',', '=', ' ']);
            refers_to.extend(parts.filter(|part| UnitType::of_file(part).is_some()).map(str::to_owned));
        }
        let mut requires: BTreeSet<String> = requires.iter().flat_map(|key| words(key)).collect();
        // Quadlet makes a unit require what it names.
        requires.extend(refers_to.iter().filter_map(|file| {
            let (stem, unit_type) = UnitType::of_file(file)?;
            Some(unit_type.service_name(stem))
        }));
        Some(Self {
            unit_type,
            service,
            podman_name: unit.text(group, name_key).map(str::to_owned),
            is_wanted: wanted.iter().any(|key| unit.entries_of("Install", key).any(|entry| !entry.value.is_empty())),
            refers_to,
            requires,
        })
    }

    /// podman's name of the network it makes.
    pub(super) fn network_name(&self, path: &str) -> String {
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.strip_suffix(".network").unwrap_or(name);
        self.podman_name.clone().unwrap_or_else(|| format!("systemd-{stem}"))
    }
}
