//! As much of systemd and podman as shows whether an install asked them for the right things.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use plimsoll::{
    install::carry_out::{CallError, Down},
    plan::{Call, LiveLimits, UnitLimits, Wanted},
    render::host::places,
};

/// What runs on a host, and what systemd knows of it.
#[derive(Clone, Debug, Default)]
pub struct Systemd {
    pub root: PathBuf,
    /// The units as they were at the last `daemon-reload`, by their names, with the names of their files.
    loaded: BTreeMap<String, (String, String)>,
    loaded_slices: BTreeMap<String, String>,
    /// What runs, with the text it was started from and those of the networks it is on.
    running: BTreeMap<String, Running>,
    /// podman's networks, by name, with the text they were made from.
    networks: BTreeMap<String, String>,
    /// The limits of the slices that there are.
    slices: BTreeMap<String, BTreeMap<String, String>>,
    /// What `set-property` has left behind, by unit: it stands above the unit's file.
    overrides: BTreeMap<String, BTreeSet<String>>,
    /// The users that were made, by the text of the file that asked for them.
    users: BTreeSet<String>,
    /// What does not come up.
    pub down: BTreeSet<String>,
    /// How often it was asked for anything.
    pub calls: usize,
    /// What must never happen.
    pub wrongs: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Running {
    text: String,
    networks: Vec<(String, String)>,
    slice: Option<String>,
}

fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    text.lines()
        .filter_map(|line| line.split_once('=').filter(|(name, _)| *name == key))
        .map(|(_, value)| value)
        .collect()
}

fn networks_of(text: &str) -> Vec<&str> {
    let mut networks = values(text, "Network");
    networks.retain(|network| network.ends_with(".network"));
    networks
}

fn service_of(file: &str) -> String {
    match file.strip_suffix(".network") {
        Some(stem) => format!("{stem}-network.service"),
        None => file.replace(".container", ".service"),
    }
}

fn limits_of(text: &str) -> BTreeMap<String, String> {
    let keys = ["MemoryMax", "TasksMax"];
    keys.iter().filter_map(|key| Some(((*key).to_owned(), (*values(text, key).last()?).to_owned()))).collect()
}

/// Lines that state a limit of a container.
fn is_limit(line: &str) -> bool {
    ["CPUQuota=", "PidsLimit=", "PodmanArgs=--cpus="].iter().any(|limit| line.starts_with(limit))
}

/// A text with the limits that are brought into what runs of it.
fn with_limits(text: &str, live: &LiveLimits) -> String {
    let podman = live.podman.iter().map(|argument| match argument.split_once('=') {
        Some(("--pids-limit", value)) => format!("PidsLimit={value}"),
        _ => format!("PodmanArgs={argument}"),
    });
    let systemd = live.systemd.iter().map(|(key, value)| format!("{key}={value}"));
    let new: Vec<String> = podman.chain(systemd).collect();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for line in new {
        let (key, value) = line.rsplit_once('=').unwrap();
        let old = lines.iter_mut().find(|line| line.rsplit_once('=').is_some_and(|(other, _)| other == key));
        *old.expect("the limit was there before") = format!("{key}={value}");
    }
    lines.join("\n") + "\n"
}

fn texts_in(dir: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, std::fs::read(entry.path()).ok()?)))
        .map(|(name, bytes)| (name, String::from_utf8_lossy(&bytes).into_owned()))
        .collect()
}

impl Systemd {
    fn reload(&mut self) {
        let files = texts_in(&self.root.join("etc/containers/systemd/home"));
        self.loaded = files.into_iter().map(|(name, text)| (service_of(&name), (name, text))).collect();
        self.loaded_slices = texts_in(&self.root.join("etc/systemd/system"));
        let timers = self.loaded_slices.iter().filter(|(name, _)| name.ends_with(".timer"));
        self.loaded.extend(timers.map(|(name, text)| (name.clone(), (name.clone(), text.clone()))));
        self.loaded_slices.retain(|name, _| name.ends_with(".slice"));
    }

    /// The services that stop with one, because their units require it.
    fn dependents(&self, service: &str) -> Vec<String> {
        let needs = |text: &str| networks_of(text).iter().any(|file| service_of(file) == service);
        let running = self.running.iter().filter(|(name, running)| {
            needs(self.loaded.get(*name).map_or(running.text.as_str(), |(_, text)| text.as_str()))
        });
        running.map(|(name, _)| name.clone()).collect()
    }

    fn stop(&mut self, service: &str) {
        for dependent in self.dependents(service) {
            self.stop(&dependent);
        }
        self.running.remove(service);
    }

    pub fn start(&mut self, service: &str) -> Result<(), String> {
        if self.running.contains_key(service) {
            return Ok(());
        }
        let Some((file, text)) = self.loaded.get(service).cloned() else { return Err(format!("{service} not found")) };
        let mut networks = Vec::new();
        for network in networks_of(&text) {
            self.start(&service_of(network))?;
            let made = self.networks.get(network.trim_end_matches(".network")).cloned().unwrap_or_default();
            networks.push((network.to_owned(), made));
        }
        if let Some(name) = file.strip_suffix(".network") {
            self.networks.entry(name.to_owned()).or_insert_with(|| text.clone());
        }
        let slice = values(&text, "Slice").first().map(|slice| (*slice).to_owned());
        if let Some(slice) = &slice {
            let Some(limits) = self.loaded_slices.get(slice).map(|text| limits_of(text)) else {
                self.wrongs.push(format!("{service} started without {slice}"));
                return Err("no slice".to_owned());
            };
            self.slices.entry(slice.clone()).or_insert(limits);
        }
        if self.down.contains(service) {
            return Err(format!("{service} failed"));
        }
        self.running.insert(service.to_owned(), Running { text, networks, slice });
        Ok(())
    }

    fn restart(&mut self, service: &str) -> Result<(), String> {
        let with_it = self.dependents(service);
        self.stop(service);
        let started = self.start(service);
        with_it.iter().map(|dependent| self.start(dependent)).fold(started, Result::and)
    }

    pub fn call(&mut self, call: &Call) -> Result<(), CallError> {
        self.calls += 1;
        let all = |this: &mut Self, units: &[String], one: fn(&mut Self, &str) -> Result<(), String>| {
            units.iter().map(|unit| one(this, unit)).fold(Ok(()), Result::and)
        };
        let done = match call {
            Call::Stop(units) => all(self, units, |this, unit| {
                this.stop(unit);
                Ok(())
            }),
            Call::RemoveNetwork(name) => {
                let file = format!("{name}.network");
                let is_on = |running: &Running| running.networks.iter().any(|(network, _)| *network == file);
                if self.running.values().any(is_on) {
                    Err(format!("network {name} is in use"))
                } else {
                    self.networks.remove(name);
                    Ok(())
                }
            }
            Call::Reload => {
                self.reload();
                Ok(())
            }
            Call::MakeUsers => std::fs::read_to_string(self.root.join(places::USERS))
                .map(|text| self.users.extend([text]))
                .map_err(|error| error.to_string()),
            Call::SetLimits(limits) => {
                self.set_limits(limits);
                Ok(())
            }
            Call::SetLiveLimits(live) => match self.running.get_mut(&live.service) {
                Some(running) => {
                    running.text = with_limits(&running.text, live);
                    let keys = live.systemd.iter().map(|(key, _)| key.clone());
                    self.overrides.entry(live.service.clone()).or_default().extend(keys);
                    Ok(())
                }
                None => Err(format!("{} does not run", live.container)),
            },
            Call::ForgetOverrides(units) => {
                for of in units {
                    if let Some(keys) = self.overrides.get_mut(&of.unit) {
                        keys.retain(|key| !of.limits.iter().any(|(gone, _)| gone == key));
                    }
                }
                self.overrides.retain(|_, keys| !keys.is_empty());
                Ok(())
            }
            Call::CheckLimits(live) => {
                let loaded = self.loaded.get(&live.service).map(|(_, text)| text.as_str()).unwrap_or_default();
                let limits =
                    |text: &str| text.lines().filter(|line| is_limit(line)).map(str::to_owned).collect::<Vec<_>>();
                let has = self.running.get(&live.service).map(|running| limits(&running.text));
                if has == Some(limits(loaded)) { Ok(()) } else { Err(format!("{has:?}")) }
            }
            Call::Start(units) => all(self, units, Self::start),
            Call::Restart(units) => all(self, units, Self::restart),
            Call::RestartIfRunning(units) => {
                all(self, units, |this, unit| if this.running.contains_key(unit) { this.restart(unit) } else { Ok(()) })
            }
            Call::StopSlices(slices) => {
                for slice in slices {
                    if !self.running.values().any(|running| running.slice.as_ref() == Some(slice)) {
                        self.slices.remove(slice);
                    }
                }
                Ok(())
            }
        };
        done.map_err(|message| CallError { command: format!("{call:?}"), message })
    }

    fn set_limits(&mut self, limits: &UnitLimits) {
        let Some(live) = self.slices.get_mut(&limits.unit) else { return };
        let keys = limits.limits.iter().map(|(key, _)| key.clone());
        self.overrides.entry(limits.unit.clone()).or_default().extend(keys);
        for (key, value) in &limits.limits {
            live.insert(key.clone(), value.clone());
        }
        live.retain(|_, value| !value.is_empty());
    }

    pub fn not_running(&mut self, services: &[String]) -> Vec<Down> {
        self.calls += 1;
        let down = services.iter().filter(|service| !self.running.contains_key(*service));
        down.map(|service| Down { service: service.clone(), state: "failed".to_owned(), log: Vec::new() }).collect()
    }

    /// What is not as it would be after everything wanted was started on a new host.
    pub fn differs_from(&self, wanted: &Wanted) -> Vec<String> {
        let mut wrong = self.wrongs.clone();
        wrong.extend(self.overrides.keys().map(|unit| format!("set-property has left something above {unit}")));
        if wanted.files.get(places::USERS).is_some_and(|file| !self.users.contains(&*file.text)) {
            wrong.push("the user was not made".to_owned());
        }
        let mut services = BTreeSet::new();
        let mut networks = BTreeSet::new();
        let texts: BTreeMap<&str, &str> =
            wanted.files.iter().map(|(path, file)| (path.rsplit('/').next().unwrap(), &*file.text)).collect();
        for (name, text) in &texts {
            if name.ends_with(".slice") {
                let live = self.slices.get(*name);
                if live.is_some_and(|live| *live != limits_of(text)) {
                    wrong.push(format!("{name} has the limits {live:?}"));
                }
                continue;
            }
            if ![".container", ".network", ".timer"].iter().any(|suffix| name.ends_with(suffix)) {
                continue;
            }
            let service = service_of(name);
            if self.loaded.get(&service).map(|(_, text)| text.as_str()) != Some(*text) {
                wrong.push(format!("systemd did not read {name} anew"));
            }
            if let Some(network) = name.strip_suffix(".network") {
                networks.insert(network);
                if self.networks.get(network).is_some_and(|made| made != text) {
                    wrong.push(format!("the network {network} is that of before"));
                }
            }
            match self.running.get(&service) {
                None if text.contains("WantedBy=") || name.ends_with(".timer") => {
                    wrong.push(format!("{service} does not run"));
                }
                Some(running) if running.text != *text => wrong.push(format!("{service} runs as before")),
                Some(running) => {
                    let is_old = |(file, made): &(String, String)| texts.get(file.as_str()) != Some(&made.as_str());
                    if running.networks.iter().any(is_old) {
                        wrong.push(format!("{service} is on a network of before"));
                    }
                }
                None => {}
            }
            services.insert(service);
        }
        let all = services.iter().map(String::as_str).collect::<BTreeSet<_>>();
        wrong.extend(
            self.loaded.keys().filter(|name| !all.contains(name.as_str())).map(|name| format!("{name} is known")),
        );
        wrong
            .extend(self.running.keys().filter(|name| !all.contains(name.as_str())).map(|name| format!("{name} runs")));
        let left = self.networks.keys().filter(|name| !networks.contains(name.as_str()));
        wrong.extend(left.map(|name| format!("the network {name} is still there")));
        wrong.extend(
            self.slices
                .keys()
                .filter(|name| !texts.contains_key(name.as_str()))
                .map(|name| format!("{name} is still there")),
        );
        wrong
    }
}
