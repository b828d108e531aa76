//! Why an install would refuse.

use std::collections::{BTreeMap, BTreeSet};

use super::{Generation, Obstacle, Standing, Wanted};
use crate::{
    render::host::places,
    unit::{Unit, UnitType},
};

fn obstacle(path: &str, message: String, help: impl Into<String>) -> Obstacle {
    Obstacle { path: path.to_owned(), message, help: help.into(), can_be_forced: false }
}

pub(super) fn foreign(path: &str) -> Obstacle {
    obstacle(
        path,
        "is there already, and no install of this catalog wrote it".to_owned(),
        if places::is_place(path) {
            "it is yours, and stays so: move it away, or switch it off in [host] of catalog.toml"
        } else {
            "move it away, or give the service of the catalog another name"
        },
    )
}

pub(super) fn edited(path: &str) -> Obstacle {
    let message = "was edited by hand since the last install".to_owned();
    let help = "take the edit over into the catalog, or replace it with `--force`, which keeps it aside";
    Obstacle { can_be_forced: true, ..obstacle(path, message, help) }
}

pub(super) fn not_installed(path: &str) -> Obstacle {
    let message =
        "was rendered from this catalog, says something else than it does now, and no install wrote it".to_owned();
    let help = "nobody knows whether it was edited since: look at `diff`, then `--force`, which keeps it aside";
    Obstacle { can_be_forced: true, ..obstacle(path, message, help) }
}

pub(super) fn added(path: &str) -> Obstacle {
    let message = "was put into the catalog's own directory by hand".to_owned();
    let help = "move it out of there (a drop-in works beside the directory as well), or replace it with \
                `--force`, which keeps it aside";
    Obstacle { can_be_forced: true, ..obstacle(path, message, help) }
}

pub(super) fn shared_but_different(path: &str, other: &Generation) -> Obstacle {
    obstacle(
        path,
        format!("belongs to the catalog `{}` as well, which says something else in it", other.catalog),
        if places::is_place(path) {
            "there is one such file for all catalogs: have both say the same of it, or switch it off in [host] of one of them"
        } else {
            "catalogs may share a slice as long as they say the same of it: give this one another `[slice] name`"
        },
    )
}

/// What is in the way of the wanted files: things that are no files, and units of others that are called the same.
pub(super) fn add(wanted: &Wanted, standing: &Standing, obstacles: &mut Vec<Obstacle>) {
    for (path, what) in &standing.obstructed {
        let help = "remove it: nothing is written through links, and nothing that is no file is replaced";
        obstacles.push(obstacle(path, format!("is {what}"), help));
    }
    if let Some(last) =
        standing.last.as_ref().filter(|last| last.units != wanted.layout.units && !last.files.is_empty())
    {
        let help = "take it away there first: `plimsoll uninstall`, with the target it was installed for";
        let message = format!("is not where this catalog is installed: that is /{}", last.units);
        obstacles.push(obstacle(&wanted.layout.units, message, help));
    }
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut services: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for path in &standing.others_units {
        let name = path.rsplit('/').next().unwrap_or(path);
        names.entry(name).or_default().push(path);
        let service = UnitType::of_file(name).map(|(stem, unit_type)| unit_type.service_name(stem));
        services.entry(service.unwrap_or_else(|| name.to_owned())).or_default().push(path);
    }
    if names.is_empty() {
        return;
    }
    for (path, file) in &wanted.files {
        let name = path.rsplit('/').next().unwrap_or(path);
        let Some((stem, unit_type)) = UnitType::of_file(name) else {
            // A slice: another one of its name, in another directory.
            let others = names.get(name).into_iter().flatten();
            obstacles.extend(others.map(|other| taken(path, name, other, wanted)));
            continue;
        };
        let mut others: BTreeSet<&str> = names.get(name).into_iter().flatten().copied().collect();
        let service = service_of(&file.text, unit_type).unwrap_or_else(|| unit_type.service_name(stem));
        others.extend(services.get(&service).into_iter().flatten());
        obstacles.extend(others.into_iter().map(|other| {
            let what = if other.ends_with(&format!("/{name}")) { name } else { &service };
            taken(path, what, other, wanted)
        }));
    }
}

/// The service that Quadlet makes of a file, by its name and its text; `None` where it makes none.
pub fn service_made_of(name: &str, text: &str) -> Option<String> {
    let (stem, unit_type) = UnitType::of_file(name)?;
    Some(service_of(text, unit_type).unwrap_or_else(|| unit_type.service_name(stem)))
}

fn service_of(text: &str, unit_type: UnitType) -> Option<String> {
    // Almost no unit has that key: nothing is parsed without need.
    let unit = text.contains("ServiceName=").then(|| Unit::parse(text).ok()).flatten()?;
    let name = unit.text(unit_type.group(), "ServiceName").filter(|name| !name.is_empty())?;
    Some(format!("{name}.service"))
}

fn taken(path: &str, name: &str, other: &str, wanted: &Wanted) -> Obstacle {
    let dirs = &wanted.layout.search;
    let rank = |path: &str| {
        let beneath = |dir: &&String| path.strip_prefix(dir.as_str()).is_some_and(|rest| rest.starts_with('/'));
        dirs.iter().position(|dir| beneath(&dir))
    };
    let message = match (rank(other), rank(path)) {
        (Some(other_rank), Some(own)) if other_rank < own => {
            format!("would not be read: `{name}` is also in /{other}, which Podman reads first")
        }
        (Some(_), _) => format!("is not the only `{name}`: /{other} is there as well"),
        (None, _) => format!("makes `{name}`, which is there already: /{other}"),
    };
    obstacle(path, message, "remove the other one, or rename the one of the catalog")
}
