//! What the difference between two texts of a unit means.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    render::host::places,
    unit::{Dialect, Unit, UnitType},
};

/// How two texts of a unit differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Comments, blank lines or the order of keys: whoever reads the unit reads the same.
    TextOnly,
    /// Assignments.
    Keys(Vec<KeyChange>),
    /// Lines of a file that is no unit.
    Lines,
    /// One of the two is no unit.
    Unreadable,
}

/// A key whose values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The section.
    pub section: String,
    /// The key.
    pub key: String,
    /// Its values before, as they stand.
    pub old: Vec<String>,
    /// Its values afterwards.
    pub new: Vec<String>,
}

/// How far a change of a unit reaches, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nobody notices.
    Nothing,
    /// systemd reads it with the next `daemon-reload`, what runs goes on.
    Reload,
    /// Limits alone.
    Limits,
    /// What runs must be made anew.
    Restart,
}

/// Lists in which the order of the lines says nothing, as long as none is empty and no name stands there twice.
const UNORDERED: &[&str] = &[
    "AddCapability",
    "AddDevice",
    "AddHost",
    "After",
    "Annotation",
    "Before",
    "BindsTo",
    "DropCapability",
    "Environment",
    "Label",
    "PartOf",
    "PublishPort",
    "RequiredBy",
    "Requires",
    "Secret",
    "Sysctl",
    "Tmpfs",
    "Ulimit",
    "UpheldBy",
    "Volume",
    "WantedBy",
    "Wants",
];

/// Directives of systemd that state a limit. Those of a running unit can be set.
const LIMITS: &[&str] = &[
    "CPUQuota",
    "CPUWeight",
    "IOWeight",
    "MemoryHigh",
    "MemoryLow",
    "MemoryMax",
    "MemoryMin",
    "MemorySwapMax",
    "MemoryZSwapMax",
    "TasksMax",
];

/// Directives in [Service] that systemd reads anew with `daemon-reload` and goes by from then on (systemd.service(5)).
const READ_ANEW: &[&str] = &[
    "FailureAction",
    "Restart",
    "RestartForceExitStatus",
    "RestartMaxDelaySec",
    "RestartPreventExitStatus",
    "RestartSec",
    "RestartSteps",
    "SuccessAction",
    "SuccessExitStatus",
    "TimeoutAbortSec",
    "TimeoutSec",
    "TimeoutStartSec",
    "TimeoutStopSec",
];

/// Arguments of podman that state a limit, each with its value behind a `=`.
const LIMIT_ARGUMENTS: &[&str] = &["--cpus=", "--memory=", "--memory-swap=", "--memory-reservation="];

/// Whether a value of `PodmanArgs=` is a limit, and nothing besides.
pub(super) fn is_podman_limit(value: &str) -> bool {
    let is_one_word = !value.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | '%'));
    is_one_word && LIMIT_ARGUMENTS.iter().any(|argument| value.starts_with(argument))
}

/// Compares two texts of a file by what they say.
pub fn compare(path: &str, old: &str, new: &str) -> Difference {
    let is_of_host = places::is_place(path);
    if is_of_host && !path.starts_with("etc/systemd/") {
        return if said(path, old).eq(said(path, new)) { Difference::TextOnly } else { Difference::Lines };
    }
    let dialect = if is_of_host || path.ends_with(".slice") { Dialect::Systemd } else { Dialect::Quadlet };
    let read = |text: &str| Unit::parse_shared(&Arc::from(text), dialect).ok();
    let (Some(old), Some(new)) = (read(old), read(new)) else { return Difference::Unreadable };
    let (old, new) = (values(&old), values(&new));
    let none = Vec::new();
    let mut changes = Vec::new();
    for place in old.keys().chain(new.keys().filter(|place| !old.contains_key(*place))) {
        let (before, after) = (old.get(place).unwrap_or(&none), new.get(place).unwrap_or(&none));
        if !says_the_same(&place.1, before, after) {
            let (section, key) = place.clone();
            changes.push(KeyChange { section, key, old: before.clone(), new: after.clone() });
        }
    }
    if changes.is_empty() { Difference::TextOnly } else { Difference::Keys(changes) }
}

/// The lines of a file of the host that are no comments.
fn said<'t>(path: &str, text: &'t str) -> impl Iterator<Item = &'t str> {
    let has_comments = path != places::POLICY;
    text.lines().map(str::trim_end).filter(move |line| !(has_comments && (line.is_empty() || line.starts_with('#'))))
}

/// The values of every key of every section.
fn values(unit: &Unit) -> BTreeMap<(String, String), Vec<String>> {
    let mut values: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for entry in unit.entries() {
        let place = (entry.section.to_owned(), entry.key.to_owned());
        values.entry(place).or_default().push(entry.value.trim_end().to_owned());
    }
    values
}

fn says_the_same(key: &str, old: &[String], new: &[String]) -> bool {
    if old == new {
        return true;
    }
    let name = |value: &String| value.split(['=', ':']).next().unwrap_or_default().to_owned();
    let may_be_sorted = |values: &[String]| {
        let mut names: Vec<String> = values.iter().map(name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        names.len() == all && !values.iter().any(String::is_empty)
    };
    let sorted = |values: &[String]| {
        let mut values = values.to_vec();
        values.sort_unstable();
        values
    };
    UNORDERED.contains(&key) && may_be_sorted(old) && may_be_sorted(new) && sorted(old) == sorted(new)
}

/// The limits that a slice states, as systemd's directives.
pub(crate) fn limits_of_slice(text: &str) -> Vec<(String, String)> {
    let Ok(unit) = Unit::parse_shared(&Arc::from(text), Dialect::Systemd) else { return Vec::new() };
    let stated = LIMITS.iter().filter_map(|key| Some(((*key).to_owned(), unit.text("Slice", key)?.to_owned())));
    stated.collect()
}

impl Difference {
    /// How far the change of a file reaches.
    pub fn reach(&self, path: &str) -> Reach {
        let unit_type = UnitType::of_file(path).map(|(_, unit_type)| unit_type);
        match self {
            Self::TextOnly => Reach::Nothing,
            Self::Lines | Self::Unreadable => Reach::Restart,
            Self::Keys(changes) => changes.iter().map(|change| change.reach(unit_type)).max().unwrap_or(Reach::Nothing),
        }
    }
}

impl KeyChange {
    fn reach(&self, unit_type: Option<UnitType>) -> Reach {
        let is_limit = LIMITS.contains(&self.key.as_str());
        match self.section.as_str() {
            // Dependencies, descriptions and start limits are read anew; what is to be started by whom as well.
            "Unit" | "Install" | "Quadlet" => Reach::Reload,
            "Slice" if is_limit => Reach::Limits,
            "Slice" => Reach::Reload,
            "Service" if is_limit => Reach::Limits,
            "Service" if READ_ANEW.contains(&self.key.as_str()) => Reach::Reload,
            "Container" if self.is_podman_limit() => Reach::Limits,
            // Nobody reads a section of this name.
            section if section.starts_with("X-") => Reach::Nothing,
            section if unit_type.is_some_and(|of| of.group() == section) || section == "Service" => Reach::Restart,
            _ => Reach::Reload,
        }
    }

    /// Whether nothing but limits of podman differs.
    fn is_podman_limit(&self) -> bool {
        let others =
            |values: &'_ [String]| values.iter().filter(|value| !is_podman_limit(value)).cloned().collect::<Vec<_>>();
        match self.key.as_str() {
            "PidsLimit" | "Memory" => true,
            "PodmanArgs" => others(&self.old) == others(&self.new),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "# a\n[Container]\nImage=a:1\nEnvironment=A=1\nEnvironment=B=2\nPodmanArgs=--memory=1b\n\
                       [Service]\nMemoryMax=1\nRestart=no\n[Install]\nWantedBy=x.target\n";

    fn reach(from: &str, to: &str) -> Reach {
        let new = OLD.replace(from, to);
        assert_ne!(new, OLD, "{from} is not there");
        compare("web.container", OLD, &new).reach("web.container")
    }

    #[test]
    fn a_change_reaches_as_far_as_what_it_changes() {
        assert_eq!(reach("# a\n", "# b\n\n"), Reach::Nothing);
        assert_eq!(reach("Environment=A=1\nEnvironment=B=2", "Environment=B=2\nEnvironment=A=1"), Reach::Nothing);
        assert_eq!(reach("Image=a:1\nEnvironment=A=1", "Environment=A=1\nImage=a:1"), Reach::Nothing);
        assert_eq!(reach("WantedBy=x", "WantedBy=y"), Reach::Reload);
        assert_eq!(reach("Restart=no", "Restart=always"), Reach::Reload);
        assert_eq!(reach("MemoryMax=1", "MemoryMax=2"), Reach::Limits);
        assert_eq!(reach("--memory=1b", "--memory=2b"), Reach::Limits);
        assert_eq!(reach("--memory=1b", "--privileged"), Reach::Restart);
        assert_eq!(reach("--memory=1b", "--memory=2b --privileged"), Reach::Restart);
        assert_eq!(reach("Image=a:1", "Image=a:2"), Reach::Restart);
        assert_eq!(reach("Environment=A=1", "Label=A=1"), Reach::Restart);
        assert_eq!(reach("Restart=no", "ExecStartPre=/bin/true"), Reach::Restart);
        assert_eq!(reach("[Service]", "[Service"), Reach::Restart);
        let slice = |max: &str| format!("[Slice]\nMemoryMax={max}\n");
        assert_eq!(compare("x.slice", &slice("1"), &slice("2")).reach("x.slice"), Reach::Limits);
    }

    #[test]
    fn order_counts_where_a_name_stands_twice_or_a_list_is_reset() {
        let twice = |a: &str, b: &str| format!("[Container]\nEnvironment=A={a}\nEnvironment=A={b}\n");
        assert_eq!(compare("a.container", &twice("1", "2"), &twice("2", "1")).reach("a.container"), Reach::Restart);
        let reset = |a: &str, b: &str| format!("[Container]\nVolume={a}\nVolume={b}\n");
        assert_eq!(compare("a.container", &reset("", "/a"), &reset("/a", "")).reach("a.container"), Reach::Restart);
    }
}
