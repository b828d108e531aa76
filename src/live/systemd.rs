//! systemd, by `systemctl` and `journalctl`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use super::{
    CommandError, Whose,
    command::{must, run},
};

/// So many units go into one command line.
const AT_ONCE: usize = 500;

/// A question or a small request takes no longer than this.
const SOON: Duration = Duration::from_secs(90);

/// How many lines of a log are shown, and how many are looked through for them.
const LOG_LINES: usize = 10;
const LOG_LOOKED_AT: &str = "60";

/// What systemd says of every service that ends, whatever the reason.
const SAID_OF_ALL: &[&str] = &[": Killing process ", ": Consumed ", ": Scheduled restart job"];

/// A systemd that can be asked.
#[derive(Clone, Debug)]
pub struct Systemd {
    whose: Whose,
    /// How long to wait for a job.
    wait: Duration,
}

/// What systemd says of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitState {
    /// `LoadState`: `loaded`, `not-found`.
    pub load: String,
    /// `ActiveState`: `active`, `failed`.
    pub active: String,
    /// `SubState`: `running`, `exited`, `auto-restart`.
    pub sub: String,
    /// `Result`: `success`, `exit-code`, `oom-kill`.
    pub result: String,
    /// `NRestarts`: how often it was restarted because of `Restart=`; nothing for what is no service.
    pub restarts: Option<u64>,
}

impl UnitState {
    /// Whether it runs, or has done what it is there for.
    pub fn is_up(&self) -> bool {
        matches!(self.active.as_str(), "active" | "reloading" | "refreshing")
    }

    /// The state in a few words: `failed (oom-kill)`.
    pub fn words(&self) -> String {
        match (self.active.as_str(), self.result.as_str()) {
            _ if self.load == "not-found" => "not there: Quadlet made no unit of it".to_owned(),
            ("failed", result) if !result.is_empty() && result != "success" => format!("failed ({result})"),
            (active, _) => format!("{active} ({})", self.sub),
        }
    }
}

/// Makes the users that a file names and the host does not have, and no others (systemd-sysusers(8)).
///
/// # Errors
/// What systemd said.
pub fn make_users(file: &str) -> Result<(), CommandError> {
    must("systemd-sysusers", &[file.to_owned()], SOON).map(drop)
}

impl Systemd {
    /// One that waits for jobs so long.
    pub fn new(whose: Whose, wait: Duration) -> Self {
        Self { whose, wait }
    }

    fn arguments(&self, words: &[&str], units: &[String]) -> Vec<String> {
        let mut arguments = self.whose();
        arguments.extend(words.iter().map(|word| (*word).to_owned()));
        if !units.is_empty() {
            arguments.push("--".to_owned());
            arguments.extend(units.iter().cloned());
        }
        arguments
    }

    fn whose(&self) -> Vec<String> {
        match self.whose {
            Whose::System => Vec::new(),
            Whose::Own => vec!["--user".to_owned()],
            Whose::User(uid) => vec!["--user".to_owned(), format!("--machine={uid}@.host")],
        }
    }

    /// Reads the units anew: generators run, Quadlet's among them.
    ///
    /// # Errors
    /// What systemd said.
    pub fn reload(&self) -> Result<(), CommandError> {
        must("systemctl", &self.arguments(&["daemon-reload"], &[]), self.wait.max(SOON)).map(drop)
    }

    /// Stops units and waits until they have stopped. A unit that is not there is stopped.
    ///
    /// # Errors
    /// What systemd said.
    pub fn stop(&self, units: &[String]) -> Result<(), CommandError> {
        let known: Vec<String> = self
            .states(units)?
            .into_iter()
            .filter(|(_, state)| state.load != "not-found" || state.is_up())
            .map(|(unit, _)| unit)
            .collect();
        self.for_all("stop", &known)?;
        // Whoever failed is forgotten as well.
        let _ = self.for_all("reset-failed", &known);
        Ok(())
    }

    /// Starts units and waits until they have started.
    ///
    /// # Errors
    /// What systemd said.
    pub fn start(&self, units: &[String]) -> Result<(), CommandError> {
        // A start limit that was reached with the old unit is no reason not to try the new one.
        let _ = self.for_all("reset-failed", units);
        self.for_all("start", units)
    }

    /// Restarts units and waits until they have started.
    ///
    /// # Errors
    /// What systemd said.
    pub fn restart(&self, units: &[String]) -> Result<(), CommandError> {
        let _ = self.for_all("reset-failed", units);
        self.for_all("restart", units)
    }

    /// Restarts those of the units that run.
    ///
    /// # Errors
    /// What systemd said.
    pub fn restart_if_running(&self, units: &[String]) -> Result<(), CommandError> {
        self.for_all("try-restart", units)
    }

    fn for_all(&self, verb: &str, units: &[String]) -> Result<(), CommandError> {
        let mut result = Ok(());
        for some in units.chunks(AT_ONCE) {
            let done = must("systemctl", &self.arguments(&[verb], some), self.wait).map(drop);
            result = result.and(done);
        }
        result
    }

    /// Brings limits to a unit that runs, until the next boot; what does not run takes them from its file.
    ///
    /// # Errors
    /// What systemd said.
    pub fn set_limits(&self, unit: &str, limits: &[(String, String)]) -> Result<(), CommandError> {
        let unit = unit.to_owned();
        let is_up = self.states(std::slice::from_ref(&unit))?.first().is_some_and(|(_, state)| state.is_up());
        if !is_up || limits.is_empty() {
            return Ok(());
        }
        let mut arguments = self.arguments(&["set-property", "--runtime"], std::slice::from_ref(&unit));
        for (name, value) in limits {
            // What is no longer stated has no limit, and no protection (systemd.resource-control(5)).
            let value = match name.as_str() {
                _ if !value.is_empty() => value.as_str(),
                "CPUQuota" | "CPUWeight" | "IOWeight" => "",
                "MemoryMin" | "MemoryLow" => "0",
                _ => "infinity",
            };
            arguments.push(format!("{name}={value}"));
        }
        must("systemctl", &arguments, SOON).map(drop)
    }

    /// Stops those of the slices in which nothing runs.
    ///
    /// # Errors
    /// What systemd said.
    pub fn stop_empty_slices(&self, slices: &[String]) -> Result<(), CommandError> {
        for slice in slices {
            let shown = self.arguments(&["show", "--property=ControlGroup", "--value"], std::slice::from_ref(slice));
            let group = must("systemctl", &shown, SOON)?;
            let events = fs::read_to_string(format!("/sys/fs/cgroup{}/cgroup.events", group.trim()));
            let is_empty = events.is_ok_and(|events| events.lines().any(|line| line == "populated 0"));
            if !group.trim().is_empty() && is_empty {
                self.for_all("stop", std::slice::from_ref(slice))?;
            }
        }
        Ok(())
    }

    /// The states of units, in their order.
    ///
    /// # Errors
    /// What systemd said.
    pub fn states(&self, units: &[String]) -> Result<Vec<(String, UnitState)>, CommandError> {
        let mut states = Vec::new();
        for some in units.chunks(AT_ONCE) {
            let words = ["show", "--property=Id,Names,LoadState,ActiveState,SubState,Result,NRestarts"];
            let text = must("systemctl", &self.arguments(&words, some), SOON)?;
            let mut by_name: BTreeMap<&str, UnitState> = BTreeMap::new();
            for block in text.split("\n\n") {
                let value = |key: &str| {
                    let of = |line: &'_ str| line.strip_prefix(key)?.strip_prefix('=').map(str::to_owned);
                    block.lines().find_map(of).unwrap_or_default()
                };
                let state = UnitState {
                    load: value("LoadState"),
                    active: value("ActiveState"),
                    sub: value("SubState"),
                    result: value("Result"),
                    restarts: value("NRestarts").parse().ok(),
                };
                let names = block.lines().filter_map(|line| line.strip_prefix("Names=").or(line.strip_prefix("Id=")));
                by_name.extend(names.flat_map(str::split_whitespace).map(|name| (name, state.clone())));
            }
            let of = |unit: &String| by_name.get(unit.as_str()).cloned().unwrap_or_default();
            states.extend(some.iter().map(|unit| (unit.clone(), of(unit))));
        }
        Ok(states)
    }

    /// The units that others cannot be without, in order and each once.
    ///
    /// # Errors
    /// What systemd said.
    pub fn requirements(&self, units: &[String]) -> Result<Vec<String>, CommandError> {
        let mut found = BTreeSet::new();
        for some in units.chunks(AT_ONCE) {
            let text = must("systemctl", &self.arguments(&["show", "--property=Requires,BindsTo"], some), SOON)?;
            let lists = text.lines().filter_map(|line| line.split_once('=').map(|(_, list)| list));
            found.extend(lists.flat_map(str::split_whitespace).map(str::to_owned));
        }
        Ok(found.into_iter().collect())
    }

    /// The last lines of a unit's log; none where they cannot be read.
    pub fn log(&self, unit: &str) -> Vec<String> {
        let mut arguments = match self.whose {
            Whose::System => vec![format!("--unit={unit}")],
            Whose::Own => vec![format!("--user-unit={unit}")],
            Whose::User(uid) => vec![format!("_UID={uid}"), format!("--user-unit={unit}")],
        };
        arguments.extend(["--lines", LOG_LOOKED_AT, "--output", "cat", "--no-pager", "--quiet"].map(str::to_owned));
        let text = run("journalctl", &arguments, SOON).map(|done| done.out).unwrap_or_default();
        let lines = text.lines().filter(|line| !SAID_OF_ALL.iter().any(|said| line.contains(said)));
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].to_vec()
    }
}
