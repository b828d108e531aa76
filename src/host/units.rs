//! Units of systemd, by their files: systemd.unit(5).

use std::collections::{BTreeMap, BTreeSet};

use super::root::{Found, Root};
use crate::unit::{Dialect, Unit};

/// Where units of the system are, the strongest first.
pub(super) const SYSTEM: &[&str] = &["etc/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system"];

/// Where units of every user are, the strongest first.
pub(super) const USERS: &[&str] = &["etc/systemd/user", "usr/local/lib/systemd/user", "usr/lib/systemd/user"];

/// Targets that every boot reaches, and every start of a user's systemd.
const OF_BOOT: &[&str] = &[
    "default.target",
    "multi-user.target",
    "basic.target",
    "sysinit.target",
    "sockets.target",
    "timers.target",
    "paths.target",
];

/// Every value of a key of a unit and its drop-ins, in systemd's order, without what an empty one takes back. `dirs` are
/// those of the units, the strongest first. Nothing where there is no such unit.
pub(super) fn values(root: &Root, unit: &str, (section, key): (&str, &str), dirs: &[&str]) -> Found<Vec<String>> {
    let mut texts = Vec::new();
    for dir in dirs {
        if let Some(text) = root.text(&format!("{dir}/{unit}"))? {
            texts.push(text);
            break;
        }
    }
    let is_there = !texts.is_empty();
    // Of drop-ins with one name the strongest counts; they are read by their names, wherever they are.
    let mut drop_ins = BTreeMap::new();
    for dir in dirs {
        let dir = format!("{dir}/{unit}.d");
        for (path, text) in root.texts(&dir, ".conf")? {
            drop_ins.entry(path[dir.len()..].to_owned()).or_insert(text);
        }
    }
    texts.extend(drop_ins.into_values());
    let mut values = Vec::new();
    for text in &texts {
        let (unit, _) = Unit::parse_leniently(&text.as_str().into(), Dialect::Systemd);
        for entry in unit.entries_of(section, key) {
            match entry.value.trim() {
                "" => values.clear(),
                value => values.push(value.to_owned()),
            }
        }
    }
    Ok((is_there || !values.is_empty()).then_some(values))
}

/// Whether systemd starts a unit by itself: it is there, and a target that is always reached pulls it in through a link or a
/// line of its own.
pub(super) fn is_enabled(root: &Root, unit: &str, dirs: &[&str]) -> Result<bool, String> {
    Ok(is_pulled_in(root, unit, dirs)? && can_start(root, unit, dirs)?)
}

/// Whether there is a unit of this name that is not masked. A link in `*.wants` says nothing of that: systemd passes over
/// what a removed package left.
pub(super) fn can_start(root: &Root, unit: &str, dirs: &[&str]) -> Result<bool, String> {
    for dir in dirs {
        if let Some(can_start) = stands(root, dir, unit)? {
            return Ok(can_start);
        }
    }
    // Some hosts have a /lib that is not /usr/lib.
    for dir in dirs.iter().filter_map(|dir| dir.strip_prefix("usr/")).filter(|dir| dir.starts_with("lib/")) {
        if root.leads("lib")?
            && let Some(can_start) = stands(root, dir, unit)?
        {
            return Ok(can_start);
        }
    }
    Ok(false)
}

/// Whether a unit that stands in a directory can be started; nothing where none does.
fn stands(root: &Root, dir: &str, unit: &str) -> Found<bool> {
    let path = format!("{dir}/{unit}");
    if root.link(&path)?.is_some_and(|target| target.ends_with("/dev/null")) {
        return Ok(Some(false));
    }
    Ok(root.text(&path)?.map(|text| !text.is_empty()))
}

fn is_pulled_in(root: &Root, unit: &str, dirs: &[&str]) -> Result<bool, String> {
    let mut targets: Vec<String> = OF_BOOT.iter().map(|target| (*target).to_owned()).collect();
    for dir in dirs {
        if let Some(target) = root.link(&format!("{dir}/default.target"))? {
            targets.extend(target.rsplit('/').next().map(str::to_owned));
            break;
        }
    }
    let is_of_boot = |target: &str| targets.iter().any(|other| other == target);
    let (mut links, mut with_keys) = (BTreeSet::new(), BTreeSet::new());
    for dir in dirs {
        for name in root.list(dir)?.unwrap_or_default() {
            let Some((target, kind)) = name.rsplit_once('.') else { continue };
            if matches!(kind, "wants" | "requires" | "upholds") && is_of_boot(target) {
                let path = format!("{dir}/{name}/{unit}");
                // A link in a stronger directory stands for that of its name in weaker ones; one to nothing takes it back.
                let link = root.link(&path)?;
                let is_taken_back = link.is_some_and(|target| target.ends_with("/dev/null"));
                if root.has(&path)? && links.insert(name.clone()) && !is_taken_back {
                    return Ok(true);
                }
            } else if is_of_boot(&name) || kind == "d" && is_of_boot(target) {
                with_keys.insert(name.strip_suffix(".d").unwrap_or(&name).to_owned());
            }
        }
    }
    for target in with_keys {
        for key in ["Wants", "Requires", "BindsTo", "Upholds"] {
            let values = values(root, &target, ("Unit", key), dirs)?.unwrap_or_default();
            if values.iter().any(|line| line.split_ascii_whitespace().any(|word| word == unit)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
