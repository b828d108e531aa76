//! What would keep a service down, looked at before anything is touched.

use camino::Utf8Path;

use super::{host::Host, manager::Live};
use crate::{
    install::{disk::Disk, generations},
    live::podman::Thing,
    model::{
        IdRange,
        accounts::accounts,
        subids::{POOL_OWNER, SubIds},
    },
    plan::{Action, Owner, Plan, Wanted},
    unit::{Unit, UnitType},
};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Preflight {
    /// What would keep a service down.
    pub(super) troubles: Vec<Trouble>,
    /// The images of new and changed services that are to be pulled.
    pub(super) images: Vec<String>,
}

/// Something that would keep a service down.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// What, as a phrase.
    pub(super) message: String,
    /// What to do.
    pub(super) help: String,
}

fn trouble(message: impl Into<String>, help: impl Into<String>) -> Trouble {
    Trouble { message: message.into(), help: help.into() }
}

/// Looks at the host for what is new or changed.
pub(super) fn look(plan: &Plan, wanted: &Wanted, disk: &Disk, host: &Host, live: Option<&Live>) -> Preflight {
    let mut found = Preflight::default();
    let changed = plan.steps.iter().filter(|step| matches!(step.action, Action::Create | Action::Replace));
    let mut is_pool_needed = false;
    let mut any = false;
    for step in changed {
        let name = step.path.rsplit('/').next().unwrap_or(&step.path);
        let (Some((stem, unit_type)), Some(file)) = (UnitType::of_file(name), wanted.files.get(&step.path)) else {
            continue;
        };
        let Ok(unit) = Unit::parse(&file.text) else { continue };
        any = true;
        match unit_type {
            UnitType::Container => {
                is_pool_needed |= unit.text("Container", "UserNS").is_some_and(|mode| mode.starts_with("auto"));
                image(&unit, &mut found.images);
                sources(&unit, stem, host, &mut found.troubles);
                secrets(&unit, stem, live, &mut found.troubles);
            }
            // What an earlier generation made was kept, with its data: it is the catalog's own.
            UnitType::Network | UnitType::Volume
                if step.action == Action::Create
                    && !generations::ever_wrote(disk, &wanted.layout, &step.path).unwrap_or(false) =>
            {
                taken(&unit, unit_type, stem, live, &mut found.troubles);
            }
            _ => {}
        }
    }
    if any && host.is_live() && !Utf8Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
        let help = "boot with systemd.unified_cgroup_hierarchy=1: without it no limit holds";
        found.troubles.push(trouble("this host has no cgroup v2", help));
    }
    if is_pool_needed && wanted.layout.manager == Owner::System {
        let text = |name: &str| std::fs::read_to_string(host.root.join(name)).unwrap_or_default();
        let user = accounts(&text("etc/passwd")).into_iter().find(|user| user.name == POOL_OWNER);
        let number = user.map(|user| user.id.to_string());
        let names: Vec<&str> = std::iter::once(POOL_OWNER).chain(number.as_deref()).collect();
        for name in ["etc/subuid", "etc/subgid"] {
            if !wanted.files.contains_key(name) && SubIds::parse(&text(name)).of(&names).next().is_none() {
                let IdRange { first, count } = IdRange::DEFAULT;
                let help = format!("`--with-host` adds the line `{POOL_OWNER}:{first}:{count}` to /{name}");
                let message =
                    format!("/{name} has no range for `{POOL_OWNER}`, from which `UserNS=auto` takes its ids");
                found.troubles.push(trouble(message, help));
            }
        }
    }
    found.images.sort();
    found.images.dedup();
    found
}

fn image(unit: &Unit, images: &mut Vec<String>) {
    let Some(image) = unit.text("Container", "Image") else { return };
    let is_pulled = !matches!(unit.text("Container", "Pull"), Some("never"));
    let is_reference = UnitType::of_file(image).is_none() && !image.starts_with('/') && !image.contains('%');
    if is_pulled && is_reference {
        images.push(image.to_owned());
    }
}

/// Bind sources that are not there: podman makes none, and the container does not start.
fn sources(unit: &Unit, stem: &str, host: &Host, troubles: &mut Vec<Trouble>) {
    for volume in unit.lines("Container", "Volume") {
        let source = volume.split(':').next().unwrap_or_default();
        if !source.starts_with('/') || source.contains('%') {
            continue;
        }
        let place = host.root.join(source.trim_start_matches('/'));
        if !place.exists() && !place.is_symlink() {
            troubles.push(trouble(
                format!("`{stem}` mounts {source}, which is not there"),
                format!("make it, for whoever the service runs as: `install -d {source}`"),
            ));
        }
    }
}

fn secrets(unit: &Unit, stem: &str, live: Option<&Live>, troubles: &mut Vec<Trouble>) {
    let Some(live) = live else { return };
    for secret in unit.lines("Container", "Secret") {
        let name = secret.split(',').next().unwrap_or_default();
        if live.podman.has(Thing::Secret, name).is_ok_and(|there| !there) {
            troubles.push(trouble(
                format!("`{stem}` needs the podman secret `{name}`, which is not there"),
                format!("make it: `podman secret create {name} FILE`"),
            ));
        }
    }
}

/// A network or volume of the name that somebody else made: `podman create --ignore` would take it as it is.
fn taken(unit: &Unit, unit_type: UnitType, stem: &str, live: Option<&Live>, troubles: &mut Vec<Trouble>) {
    let Some(live) = live else { return };
    let (thing, key) = match unit_type {
        UnitType::Network => (Thing::Network, "NetworkName"),
        _ => (Thing::Volume, "VolumeName"),
    };
    let name = unit.text(unit_type.group(), key).map_or_else(|| format!("systemd-{stem}"), str::to_owned);
    if live.podman.has(thing, &name).unwrap_or(false) {
        let word = thing.word();
        troubles.push(trouble(
            format!("there is a podman {word} `{name}` already, which this catalog did not make"),
            format!(
                "remove it (`podman {word} rm {name}`), call the catalog's otherwise, or keep it with `external = true` \
                 in [{word}.{stem}]"
            ),
        ));
    }
}
