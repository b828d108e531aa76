//! Where a service runs by its unit, and what the kernel counts there.

use super::{
    cgroups::{self, Most},
    kernel::{Directory, Unread},
    payload::{Host, Running},
    process::{Ids, id_map},
};
use crate::{
    model::Profile,
    policy::{
        facts::{Container, Limits, Resource, slice_of, slices_around},
        load::{Load, joined},
        promise::Usage,
    },
};

/// Where a service runs, and the limits that its unit states.
#[derive(Clone, Debug)]
pub struct Site {
    unit: String,
    slices: Vec<String>,
    limits: Usage,
}

impl Site {
    /// That of a container.
    pub fn of(name: &str, container: &Container<'_>, limits: &Limits<'_>) -> Self {
        // systemd ignores what is no slice; `-.slice` is the root, and has no directory of its own.
        let named = slice_of(container.unit).filter(|slice| slice.ends_with(".slice"));
        let slice = named.unwrap_or_else(|| {
            // systemd.resource-control(5): where a service stands that names none.
            let default = if container.profile == Profile::Rootful { "system.slice" } else { "app.slice" };
            default.to_owned()
        });
        let mut slices = slices_around(&slice);
        slices.retain(|slice| slice != "-.slice");
        slices.reverse();
        let limit = |resource| limits.smallest(resource).map(|(number, _)| number);
        let limits = Usage {
            service: name.to_owned(),
            memory_limit: limit(Resource::Memory),
            tasks_limit: limits.podman.number(Resource::Tasks).map(|(number, _)| number),
            cpu_limit: limit(Resource::Cpu),
            ..Usage::default()
        };
        Self { unit: format!("{}.service", container.name), slices, limits }
    }

    /// The slices around it, from the outside in.
    pub fn slices(&self) -> &[String] {
        &self.slices
    }

    /// The service and its limits, and nothing of what it uses.
    pub fn limits(&self) -> &Usage {
        &self.limits
    }

    /// Its unit.
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// Its cgroup, as [`Host::cgroup`] takes it.
    pub fn cgroup(&self, host: &Host) -> String {
        host.path(self.slices.iter().map(String::as_str).chain([self.unit.as_str()]))
    }

    /// What it uses, where it runs.
    pub fn usage(&self, host: &Host, cgroup: &str, running: &Result<Running, Unread>) -> Usage {
        let usage = self.limits.clone();
        let Ok(running) = running else { return usage };
        let service = host.cgroup(cgroup).ok();
        let service = service.as_ref();
        let payload = match running {
            Running::Container(payload) => host.cgroup(&payload.cgroup).ok(),
            Running::Elsewhere => None,
        };
        let payload = payload.as_ref();
        Usage {
            memory_current: number(service, "memory.current"),
            memory_peak: number(service, "memory.peak"),
            oom_kills: count(service, "memory.events", "oom_kill"),
            tasks_current: number(payload, "pids.current"),
            tasks_peak: number(payload, "pids.peak"),
            cpu_time: count(service, "cpu.stat", "usage_usec"),
            ..usage
        }
    }

    /// The CPU time that it has used, in microseconds; nothing where it does not run.
    pub fn cpu_time(&self, host: &Host) -> Option<u64> {
        count(host.cgroup(&self.cgroup(host)).ok().as_ref(), "cpu.stat", "usage_usec")
    }

    /// How it stands, as far as the kernel knows.
    pub fn look(&self, host: &Host) -> Load {
        let cgroup = self.cgroup(host);
        let running = host.running(&cgroup);
        let usage = self.usage(host, &cgroup, &running);
        let mut uids = None;
        let mut is_running = false;
        let state = match &running {
            // Whoever goes between two reads has left numbers that are not all of one moment.
            Ok(_) if host.cgroup(&cgroup).is_err() => "vanished".to_owned(),
            Ok(Running::Container(payload)) if matches!(payload.process, Err(Unread::Gone | Unread::Vanished)) => {
                "vanished".to_owned()
            }
            Ok(Running::Container(payload)) => {
                is_running = true;
                let map = payload.process.as_ref().ok().and_then(|process| id_map(&process.read("uid_map").ok()?));
                uids = map.map(|map| joined(map.into_iter().map(Ids::outside).collect()));
                "running".to_owned()
            }
            Ok(Running::Elsewhere) => "no container".to_owned(),
            Err(Unread::Gone | Unread::Vanished) => "vanished".to_owned(),
            // The rest says what to do about it, and there is no room for that.
            Err(error) => error.to_string().split(':').next().unwrap_or_default().to_owned(),
        };
        Load { unit: self.unit.clone(), is_running, state, usage, uids, ..Load::default() }
    }
}

fn number(cgroup: Option<&Directory>, file: &str) -> Option<u64> {
    match cgroups::number(&cgroup?.read(file).ok()?)? {
        Most::Exactly(number) => Some(number),
        Most::Unlimited => None,
    }
}

fn count(cgroup: Option<&Directory>, file: &str, name: &str) -> Option<u64> {
    cgroups::count(&cgroup?.read(file).ok()?, name)
}
