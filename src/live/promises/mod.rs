//! What the units declare, held against the kernel's files of what runs. Each theme looks at the facts of a container
//! and makes its promises; what could not be read neither holds nor fails.

mod ids;
mod limits;
mod mounts;
mod network;
mod privileges;

use super::{
    kernel::Unread,
    payload::{Host, Payload, Process, Running},
    process::Ids,
    site::Site,
};
use crate::policy::{
    facts::{Container, Limits},
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
    /// Where it runs.
    site: Site,
    /// Its cgroup.
    cgroup: String,
    /// Whether that is not where its slices say.
    is_elsewhere: bool,
    running: Result<Running, Unread>,
    uids: Result<Vec<Ids>, Unread>,
    gids: Result<Vec<Ids>, Unread>,
}

impl<'s> Look<'s> {
    fn at(host: &'s Result<Host, Unread>, service: &'s Service<'s>) -> Self {
        let site = Site::of(service.name, service.container, service.limits);
        let (mut cgroup, mut running) =
            (String::new(), host.as_ref().map(|_| Running::Elsewhere).map_err(Clone::clone));
        let mut is_elsewhere = false;
        if let Ok(host) = host {
            cgroup = site.cgroup(host);
            running = host.running(&cgroup);
            // A drop-in may have put it into another slice, and then it runs without the limits of its own.
            if running.as_ref().is_err_and(|error| *error == Unread::NotRunning)
                && let Some((found, there)) = host.find(site.unit()).map(|found| (found.clone(), host.running(&found)))
                && there.is_ok()
            {
                (cgroup, running, is_elsewhere) = (found, there, true);
            }
        }
        let mut look = Self {
            service,
            host: host.as_ref().ok(),
            site,
            cgroup,
            is_elsewhere,
            running,
            uids: Err(Unread::Gone),
            gids: Err(Unread::Gone),
        };
        let map = |file| look.process().and_then(|process| ids::read(process, file));
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

    /// The container's first process, or why there is none to look at.
    fn process(&self) -> Result<&Process, Unread> {
        self.payload()?.process.as_ref().map_err(Clone::clone)
    }

    /// A file of the container's first process.
    fn process_file(&self, file: &str) -> Option<String> {
        self.process().ok().map(|process| format!("/proc/{}/{file}", process.pid))
    }

    fn usage(&self) -> Usage {
        match self.host {
            Some(host) => self.site.usage(host, &self.cgroup, &self.running),
            None => self.site.limits().clone(),
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
