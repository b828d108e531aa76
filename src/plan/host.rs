//! What a file of the host means: what systemd does, and what is left to whoever looks after the host.

use super::{Action, Meaning, Step, Work, change::Reach};
use crate::{
    model::subids::POOL_OWNER,
    render::host::places,
    unit::{Dialect, Unit},
};

/// Says what the step means, and adds its work.
pub(super) fn add(step: &mut Step, work: &mut Work) {
    let path = step.path.clone();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let is_of_systemd = path.starts_with("etc/systemd/");
    let reach = step.difference.as_ref().map_or(Reach::Restart, |difference| difference.reach(&path));
    if step.action == Action::Replace && reach == Reach::Nothing {
        work.reload |= is_of_systemd;
        step.means.push(Meaning::TextOnly);
        return;
    }
    work.reload |= is_of_systemd;
    if path == places::USERS {
        return makes_user(step, work);
    }
    if path.contains(".target.d/") {
        return starts(step, work);
    }
    if name.ends_with(".timer") && step.action == Action::Replace {
        work.restart.insert(name.to_owned());
        step.means.push(Meaning::Restart(vec![name.to_owned()]));
        return;
    }
    let left = match step.action {
        Action::Keep => None,
        Action::Remove if path == places::POLICY => {
            Some("without a policy podman pulls nothing: put one of yours there")
        }
        Action::Remove if places::is_shared(&path) => {
            Some("who holds ids of the range keeps them: files, and containers until they stop")
        }
        _ => left(&path),
    };
    step.means.extend(left.map(|left| Meaning::LeftToYou(left.to_owned())));
    if is_of_systemd && step.action == Action::Replace && left.is_none() {
        step.means.push(Meaning::ReloadOnly);
    }
}

/// What nobody but whoever looks after the host does, or boot does by itself.
fn left(path: &str) -> Option<&'static str> {
    let begins = [
        ("etc/audit/", "`auditctl -D` and `augenrules --load`, or the next boot, have the kernel go by the rules"),
        (
            "etc/modules-load.d/",
            "`systemctl restart systemd-modules-load.service`, or the next boot, loads the modules",
        ),
        ("etc/nftables/", "it is a sample, and nothing loads it"),
        ("etc/systemd/system/user@.service.d/", "it counts for who logs in after `systemctl daemon-reload`"),
    ];
    begins.iter().find(|(begin, _)| path.starts_with(begin)).map(|(_, what)| *what)
}

/// The file of the user that owns the ids.
fn makes_user(step: &mut Step, work: &mut Work) {
    match step.action {
        Action::Create | Action::Replace => {
            work.users = true;
            step.means.push(Meaning::MakeUser(POOL_OWNER));
        }
        // Who else goes by it is not known, and its number would go to somebody else one day.
        Action::Remove => step.means.push(Meaning::UserStays(POOL_OWNER)),
        Action::Keep => {}
    }
}

/// A drop-in that has a timer started at boot.
fn starts(step: &mut Step, work: &mut Work) {
    let old = step.old.as_deref().and_then(|text| std::str::from_utf8(text).ok()).and_then(timer);
    let new = step.new.as_deref().and_then(timer);
    match (step.action, old, new) {
        (Action::Create | Action::Replace, _, Some(timer)) => {
            work.start.insert(timer.clone());
            step.means.push(Meaning::Start(vec![timer]));
        }
        // Only what came with us goes with us.
        (Action::Remove, Some(timer), _) if timer.starts_with("plimsoll-") => {
            work.stop.insert(timer.clone());
            step.means.push(Meaning::Stop(vec![timer]));
        }
        (Action::Remove, Some(timer), _) => {
            let left = format!("{timer} goes on until the next boot, and after it if you have enabled it");
            step.means.push(Meaning::LeftToYou(left));
        }
        _ => {}
    }
}

fn timer(text: &str) -> Option<String> {
    let unit = Unit::parse_as(text, Dialect::Systemd).ok()?;
    unit.text("Unit", "Wants").map(str::to_owned)
}
