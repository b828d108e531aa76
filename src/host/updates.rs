//! What installs updates by itself, and whether it is told to.

use std::collections::BTreeMap;

use super::{
    apt_conf, config,
    root::{Found, Root},
    units,
};
use crate::unit::{Dialect, Unit};

/// A program that may install updates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Means {
    /// Whether it does.
    pub installs: bool,
    /// Why, or why not.
    pub found: String,
}

/// Everything of the kind that is switched on here.
pub(super) fn means(root: &Root) -> Result<Vec<Means>, String> {
    /// These need no configuration.
    const INSTALL: &[&str] =
        &["dnf-automatic-install.timer", "bootc-fetch-apply-updates.timer", "transactional-update.timer"];
    let mut all = Vec::new();
    for timer in INSTALL {
        if is_on(root, timer)? {
            all.push(Means { installs: true, found: format!("{timer} is on") });
        }
    }
    all.extend(rpm_ostree(root)?);
    all.extend(zincati(root)?);
    for timer in ["dnf-automatic.timer", "dnf5-automatic.timer"] {
        all.extend(dnf(root, timer)?);
    }
    all.extend(apt(root)?);
    Ok(all)
}

fn is_on(root: &Root, unit: &str) -> Result<bool, String> {
    units::is_enabled(root, unit, units::SYSTEM)
}

/// The last value of a key in a file of sections.
fn value(text: &str, section: &str, key: &str) -> Option<String> {
    let (file, _) = Unit::parse_leniently(&text.into(), Dialect::Systemd);
    file.entries_of(section, key).next_back().map(|entry| entry.value.trim().to_owned())
}

/// rpm-ostreed.conf(5): the timer does what the policy says, and without one nothing.
fn rpm_ostree(root: &Root) -> Found<Means> {
    const TIMER: &str = "rpm-ostreed-automatic.timer";
    if !is_on(root, TIMER)? {
        return Ok(None);
    }
    let conf = root.text("etc/rpm-ostreed.conf")?.unwrap_or_default();
    let policy = value(&conf, "Daemon", "AutomaticUpdatePolicy").unwrap_or_else(|| "none".to_owned());
    let found = format!("{TIMER} is on, with AutomaticUpdatePolicy={policy}");
    Ok(Some(Means { installs: matches!(policy.as_str(), "stage" | "ex-stage" | "apply"), found }))
}

/// Zincati updates unless a part of its configuration says no. Parts are read by name; of one name the last directory counts.
fn zincati(root: &Root) -> Found<Means> {
    if !is_on(root, "zincati.service")? {
        return Ok(None);
    }
    let mut parts = BTreeMap::new();
    for above in ["usr/lib", "etc", "run"] {
        let dir = format!("{above}/zincati/config.d");
        // An image of a host has nothing in /run.
        let names = if above == "run" { root.list(&dir).unwrap_or_default() } else { root.list(&dir)? };
        let names = names.unwrap_or_default().into_iter().filter(|name| name.ends_with(".toml"));
        parts.extend(names.map(|name| (name.clone(), format!("{dir}/{name}"))));
    }
    let mut off = None;
    for path in parts.into_values() {
        if root.link(&path)?.is_some_and(|target| target == "/dev/null") {
            continue;
        }
        let table = config::toml(&path, &root.text(&path)?.unwrap_or_default())?;
        let enabled = table.get("updates").and_then(|updates| updates.get("enabled")).and_then(toml::Value::as_bool);
        off = enabled.map_or(off, |enabled| (!enabled).then_some(path));
    }
    Ok(Some(match off {
        None => Means { installs: true, found: "zincati.service is on".to_owned() },
        Some(path) => {
            Means { installs: false, found: format!("zincati.service is on, and /{path} switches its updates off") }
        }
    }))
}

/// dnf-automatic(8): what this timer starts downloads, and installs where it is told to.
fn dnf(root: &Root, timer: &str) -> Found<Means> {
    if !is_on(root, timer)? {
        return Ok(None);
    }
    let conf = root.first(&["etc/dnf/automatic.conf", "etc/dnf/dnf5-plugins/automatic.conf"])?;
    let applies = conf.and_then(|(_, text)| value(&text, "commands", "apply_updates"));
    Ok(Some(if applies.is_some_and(|value| matches!(value.as_str(), "yes" | "true" | "1" | "True")) {
        Means { installs: true, found: format!("{timer} is on, with apply_updates") }
    } else {
        Means { installs: false, found: format!("{timer} is on, and only downloads: apply_updates is not set") }
    }))
}

/// What the timers of apt start goes by `APT::Periodic` (`/usr/lib/apt/apt.systemd.daily`).
fn apt(root: &Root) -> Found<Means> {
    let options = apt_conf::read(root)?;
    let option = |name: &str| options.get(&format!("APT::Periodic::{name}"));
    let is_off = |value: &str| matches!(value, "" | "0");
    let Some((asks, path)) = option("Unattended-Upgrade") else { return Ok(None) };
    let not = |found: String| Ok(Some(Means { installs: false, found }));
    if is_off(asks) {
        return not(format!("/{path} switches unattended-upgrades off"));
    }
    if root.any(&["usr/bin/unattended-upgrade", "usr/bin/unattended-upgrades"])?.is_none() {
        return not(format!("/{path} asks for unattended-upgrades, which is not installed"));
    }
    if let Some((_, by)) = option("Enable").filter(|(value, _)| is_off(value)) {
        return not(format!("/{by} switches off what apt does by itself: APT::Periodic::Enable is 0"));
    }
    if option("Update-Package-Lists").is_none_or(|(value, _)| is_off(value)) {
        return not("unattended-upgrades hears of no update: APT::Periodic::Update-Package-Lists is 0".to_owned());
    }
    for timer in ["apt-daily.timer", "apt-daily-upgrade.timer"] {
        if !is_on(root, timer)? {
            return not(format!("/{path} asks for unattended-upgrades, and {timer} is off"));
        }
    }
    Ok(Some(Means { installs: true, found: format!("/{path} switches unattended-upgrades on") }))
}
