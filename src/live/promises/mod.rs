//! What the units declare, held against the kernel's files of what runs. Each theme looks at the facts of a container
//! and makes its promises; what could not be read neither holds nor fails.

mod ids;
mod limits;
mod mounts;
mod network;
mod privileges;

use super::{
    kernel::Unread,
    payload::{Host, Payload, Running},
    process::Ids,
};
use crate::policy::{
    facts::{Container, Limits, Resource, slice_of, slices_around},
    promise::{Layer, Promise, Usage, Verified},
};

/// A container service.
#[derive(Debug)]
pub struct Service<'a> {
    /// Its name in the catalog.
    pub name: &'a str,
    /// What its unit says.
    pub container: &'a Container<'a>,
    /// The limits of every layer.
    pub limits: &'a Limits<'a>,
    /// Whether it was asked for; the others are there because ids must not be shared.
    pub asked_for: bool,
}

/// Looks at every service.
pub fn verify(host: &Result<Host, Unread>, services: &[Service<'_>]) -> Verified {
    let looks: Vec<Look<'_>> = services.iter().map(|service| Look::at(host, service)).collect();
    let mut verified = Verified::default();
    for look in looks.iter().filter(|look| look.service.asked_for) {
        let mut book = Book { service: look.service.name, promises: Vec::new() };
        limits::promise(look, &mut book);
        ids::promise(look, &looks, &mut book);
        privileges::promise(look, &mut book);
        mounts::promise(look, &mut book);
        network::promise(look, &mut book);
        verified.promises.extend(book.promises);
        verified.usage.push(look.usage());
    }
    verified
}

/// A service and what runs of it.
struct Look<'s> {
    service: &'s Service<'s>,
    host: Option<&'s Host>,
    /// The slices around it, from the outside in.
    slices: Vec<String>,
    /// Its cgroup.
    cgroup: String,
    running: Result<Running, Unread>,
    uids: Result<Vec<Ids>, Unread>,
    gids: Result<Vec<Ids>, Unread>,
}

impl<'s> Look<'s> {
    fn at(host: &'s Result<Host, Unread>, service: &'s Service<'s>) -> Self {
        use crate::model::Profile;
        let unit = format!("{}.service", service.container.name);
        // systemd ignores what is no slice; `-.slice` is the root, and has no directory of its own.
        let named = slice_of(service.container.unit).filter(|slice| slice.ends_with(".slice"));
        let slice = named.unwrap_or_else(|| {
            // systemd.resource-control(5): where a service stands that names none.
            let default = if service.container.profile == Profile::Rootful { "system.slice" } else { "app.slice" };
            default.to_owned()
        });
        let mut slices = slices_around(&slice);
        slices.retain(|slice| slice != "-.slice");
        slices.reverse();
        let (mut cgroup, mut running) =
            (String::new(), host.as_ref().map(|_| Running::Elsewhere).map_err(Clone::clone));
        if let Ok(host) = host {
            cgroup = host.path(slices.iter().map(String::as_str).chain([unit.as_str()]));
            running = host.running(&cgroup);
        }
        let mut look = Self {
            service,
            host: host.as_ref().ok(),
            slices,
            cgroup,
            running,
            uids: Err(Unread::Gone),
            gids: Err(Unread::Gone),
        };
        let map = |file| look.payload().and_then(|payload| ids::read(payload, file));
        (look.uids, look.gids) = (map("uid_map"), map("gid_map"));
        look
    }

    /// The container, or why there is none to look at.
    fn payload(&self) -> Result<&Payload, Unread> {
        match &self.running {
            Ok(Running::Container(payload)) => Ok(payload),
            Ok(Running::Elsewhere) => Err(Unread::Because("its container is not beneath the service".to_owned())),
            Err(error) => Err(error.clone()),
        }
    }

    /// A file of the container's first process.
    fn process_file(&self, file: &str) -> Option<String> {
        self.payload().ok().map(|payload| format!("/proc/{}/{file}", payload.process.pid))
    }

    fn usage(&self) -> Usage {
        use super::cgroups::{Most, count, number};
        let limits = self.service.limits;
        let limit = |resource| limits.smallest(resource).map(|(number, _)| number);
        let usage = Usage {
            service: self.service.name.to_owned(),
            memory_limit: limit(Resource::Memory),
            tasks_limit: limits.podman.number(Resource::Tasks).map(|(number, _)| number),
            ..Usage::default()
        };
        let Some(host) = self.host.filter(|_| self.running.is_ok()) else { return usage };
        let text = |cgroup: &str, file: &str| host.cgroup(cgroup).and_then(|dir| dir.read(file)).ok();
        let value = |cgroup: &str, file: &str| match number(&text(cgroup, file)?)? {
            Most::Exactly(number) => Some(number),
            Most::Unlimited => None,
        };
        let payload = self.payload().ok().map(|payload| payload.cgroup.as_str());
        Usage {
            memory_current: value(&self.cgroup, "memory.current"),
            memory_peak: value(&self.cgroup, "memory.peak"),
            oom_kills: text(&self.cgroup, "memory.events").and_then(|events| count(&events, "oom_kill")),
            tasks_current: payload.and_then(|payload| value(payload, "pids.current")),
            tasks_peak: payload.and_then(|payload| value(payload, "pids.peak")),
            ..usage
        }
    }
}

/// A promise before anybody has looked.
struct Claim {
    promise: &'static str,
    of: Option<String>,
    layer: Layer,
    declared: String,
    at: Option<String>,
}

impl Claim {
    /// One about the payload.
    fn new(promise: &'static str, declared: impl Into<String>, at: Option<String>) -> Self {
        Self { promise, of: None, layer: Layer::Payload, declared: declared.into(), at }
    }

    fn of(self, of: impl Into<String>) -> Self {
        Self { of: Some(of.into()), ..self }
    }

    fn in_layer(self, layer: Layer) -> Self {
        Self { layer, ..self }
    }
}

/// What the kernel says.
struct Saw {
    found: String,
    holds: Result<bool, &'static str>,
}

impl Saw {
    fn new(found: impl Into<String>, holds: bool) -> Self {
        Self { found: found.into(), holds: Ok(holds) }
    }

    /// What was seen does not tell.
    fn unclear(found: impl Into<String>, why: &'static str) -> Self {
        Self { found: found.into(), holds: Err(why) }
    }
}

/// The promises of a service.
struct Book<'s> {
    service: &'s str,
    promises: Vec<Promise>,
}

impl Book<'_> {
    fn tell(&mut self, claim: Claim, saw: Result<Saw, Unread>) {
        let (found, holds, why) = match saw {
            Ok(Saw { found, holds: Ok(holds) }) => (Some(found), Some(holds), None),
            Ok(Saw { found, holds: Err(why) }) => (Some(found), None, Some(why.to_owned())),
            Err(error) => (None, None, Some(error.to_string())),
        };
        let Claim { promise, of, layer, declared, at } = claim;
        let service = self.service.to_owned();
        self.promises.push(Promise { service, promise, of, layer, declared, found, holds, why, at });
    }
}

#[cfg(test)]
mod tests;
