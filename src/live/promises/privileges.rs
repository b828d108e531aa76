//! What the container may do: capabilities, no new privileges, the filter of system calls, the label.

use super::{Book, Claim, Look, Saw};
use crate::{
    live::{
        kernel::Unread,
        process::{CAPABILITY_SETS, Status, capability_mask, capability_names, label, status},
    },
    policy::facts::{Container, DEFAULT_CAPABILITIES},
};

pub(super) fn promise(look: &Look<'_>, book: &mut Book<'_>) {
    let container = look.service.container;
    let read = || -> Result<Status, Unread> { Ok(status(&look.process()?.read("status")?)) };
    let at = || look.process_file("status");
    let is_privileged = container.run.on("privileged").is_some();
    if let Some(wanted) = Wanted::of(container).filter(|_| !is_privileged) {
        let saw = read().and_then(|status| bounding(&wanted, &status));
        book.tell(Claim::new("bounding_capabilities", wanted.shown(), at()), saw);
        let saw = read().and_then(|status| others(&wanted, &status));
        book.tell(Claim::new("capabilities", wanted.shown(), at()), saw);
    }
    if container.run.no_new_privileges().is_some() {
        let saw = read().and_then(|status| {
            let found = status.no_new_privileges.ok_or(Unread::Garbled)?;
            Ok(Saw::new(found.to_string(), found == 1))
        });
        book.tell(Claim::new("no_new_privileges", "1", at()), saw);
    }
    let seccomp = container.run.security("seccomp").next_back().map_or("", |(value, _)| value);
    if !is_privileged && seccomp != "unconfined" {
        let saw = read().and_then(|status| {
            let found = match status.seccomp.ok_or(Unread::Garbled)? {
                0 => "0 (no filter)".to_owned(),
                2 => "2 (filter)".to_owned(),
                other => other.to_string(),
            };
            Ok(Saw::new(found, status.seccomp == Some(2)))
        });
        book.tell(Claim::new("seccomp", "2 (filter)", at()), saw);
    }
    labels(look, book);
}

/// The capabilities that a unit leaves.
struct Wanted {
    /// All of them; of `all` but some, each that is not one of those.
    most: u64,
    /// Those that must be there; they differ where podman's default, which is the host's to choose, is among them.
    least: u64,
}

impl Wanted {
    fn of(container: &Container<'_>) -> Option<Self> {
        let capabilities = &container.capabilities;
        let added = || capabilities.added.iter().map(|added| added.name.as_str());
        let dropped = capability_mask(capabilities.dropped.iter().map(|dropped| dropped.name.as_str()))?;
        if added().any(|name| name == "ALL") {
            // How many the kernel knows, and podman itself has, is the host's.
            return (dropped != 0).then_some(Self { most: !dropped, least: 0 });
        }
        let least = capability_mask(added())?;
        let default =
            if capabilities.all_dropped.is_some() { 0 } else { capability_mask(DEFAULT_CAPABILITIES.iter().copied())? };
        Some(Self { most: default & !dropped | least, least })
    }

    fn shown(&self) -> String {
        // Nobody has the last bit: the unit says `all`.
        if self.most >> 63 == 1 {
            return format!("all but {}", capability_names(!self.most));
        }
        capability_names(self.most)
    }
}

fn bounding(wanted: &Wanted, status: &Status) -> Result<Saw, Unread> {
    let found = status.bounding.ok_or(Unread::Garbled)?;
    let holds = found & !wanted.most == 0 && wanted.least & !found == 0;
    Ok(Saw::new(capability_names(found), holds))
}

/// The other sets hold nothing beyond; who is not root has them empty.
fn others(wanted: &Wanted, status: &Status) -> Result<Saw, Unread> {
    let mut union = 0;
    let mut beyond = Vec::new();
    for (name, found) in CAPABILITY_SETS.iter().zip(status.capabilities) {
        let found = found.ok_or(Unread::Garbled)?;
        union |= found;
        if found & !wanted.most != 0 {
            beyond.push(format!("{} in {name}", capability_names(found & !wanted.most)));
        }
    }
    let holds = beyond.is_empty();
    Ok(Saw::new(if holds { capability_names(union) } else { beyond.join(", ") }, holds))
}

/// The label of SELinux or the profile of AppArmor, where the host has the one that the unit names.
fn labels(look: &Look<'_>, book: &mut Book<'_>) {
    let run = &look.service.container.run;
    let option = |name: &str| {
        let mut values = run.security("label").filter_map(|(value, _)| value.strip_prefix(name)?.strip_prefix(':'));
        values.next_back().map(str::to_owned)
    };
    let is_disabled = run.security("label").any(|(value, _)| value == "disable");
    let apparmor = run.security("apparmor").next_back().map(|(value, _)| value.to_owned());
    let (kind, level) = (option("type"), option("level"));
    let read = look.process().and_then(|process| process.read("attr/current"));
    let saw = match read {
        Ok(text) => Ok(label(&text).to_owned()),
        // No module of the kernel has a label to tell.
        Err(Unread::Gone | Unread::Because(_)) if look.process().is_ok() => return,
        Err(error) => Err(error),
    };
    let at = || look.process_file("attr/current");
    let selinux = |label: &str| label.splitn(4, ':').map(str::to_owned).collect::<Vec<_>>();
    let mut tell = |name: &'static str, wanted: &str, part: usize| {
        let saw = match &saw {
            Ok(label) => match selinux(label).get(part) {
                Some(found) => Ok(Saw::new(found.clone(), found == wanted)),
                None => return,
            },
            Err(error) => Err(error.clone()),
        };
        book.tell(Claim::new("label", wanted, at()).of(name), saw);
    };
    if !is_disabled {
        if let Some(kind) = &kind {
            tell("type", kind, 2);
        }
        if let Some(level) = &level {
            tell("level", level, 3);
        }
    }
    if let Some(profile) = apparmor.filter(|profile| profile != "unconfined") {
        let saw = match &saw {
            Ok(label) if selinux(label).len() > 3 => return,
            // `containers-default-0.62.0 (enforce)`
            Ok(label) => {
                let enforced = label.strip_suffix(" (enforce)");
                Ok(Saw::new(label.clone(), enforced == Some(profile.as_str())))
            }
            Err(error) => Err(error.clone()),
        };
        book.tell(Claim::new("label", profile, at()).of("apparmor"), saw);
    }
}
