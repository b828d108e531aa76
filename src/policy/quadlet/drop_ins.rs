//! Which drop-ins are merged into which units.

use std::collections::HashMap;

use crate::{
    policy::File,
    unit::{UnitType, Version},
};

/// Since then `x.container.d` is read.
pub(super) const DROP_INS: Version = (5, 0);

/// Since then so are `container.d` and, for `a-b.container`, `a-.container.d`.
const WIDE_DROP_INS: Version = (5, 2);

/// From [`WIDE_DROP_INS`] until then the directory that is searched first counted more than the one that names the unit
/// best (run on 5.4.2 and 5.8.6).
const BEST_NAME_FIRST: Version = (5, 6);

/// The drop-ins of a search path by the name of their directory: each with the place in the search of the directory
/// above.
pub(super) type DropIns<'a> = HashMap<&'a str, Vec<(usize, usize)>>;

/// The drop-ins of a unit in the order in which they are merged: by name, and of one name the one in the directory that
/// names the unit best. Source: read in the search of `cmd/quadlet/main.go`, run on 5.4.2 and 5.8.6.
pub(super) fn of(
    file_name: &str,
    unit_type: UnitType,
    files: &[File],
    all: &DropIns<'_>,
    podman: Version,
) -> Vec<usize> {
    if podman < DROP_INS || all.is_empty() {
        return Vec::new();
    }
    let mut candidates: Vec<(usize, usize)> = Vec::new();
    for dir in directories(file_name, unit_type, podman) {
        candidates.extend(all.get(dir.as_str()).into_iter().flatten());
    }
    if (WIDE_DROP_INS..BEST_NAME_FIRST).contains(&podman) {
        candidates.sort_by_key(|&(above, _)| above);
    }
    chosen(candidates, files)
}

/// The drop-ins of a slice in the order in which systemd merges them. Source: systemd.unit(5).
pub(super) fn of_slice(file_name: &str, files: &[File], all: &DropIns<'_>) -> Vec<usize> {
    let stem = file_name.strip_suffix(".slice").unwrap_or(file_name);
    let mut names = vec![format!("{file_name}.d")];
    names.extend(stem.rmatch_indices('-').map(|(dash, _)| format!("{}.slice.d", &stem[..=dash])));
    names.push("slice.d".to_owned());
    chosen(names.iter().filter_map(|dir| all.get(dir.as_str())).flatten().copied().collect(), files)
}

/// Of one name the first, by name.
fn chosen(candidates: Vec<(usize, usize)>, files: &[File]) -> Vec<usize> {
    let name = |file: usize| files[file].name();
    let mut chosen: Vec<usize> = candidates.into_iter().map(|(_, file)| file).collect();
    // Equals keep their order, so that the first of a name comes first.
    chosen.sort_by(|&a, &b| name(a).cmp(name(b)));
    chosen.dedup_by(|later, first| name(*later) == name(*first));
    chosen
}

/// The names of the directories that are searched for drop-ins, the one that names the unit best first.
fn directories(file_name: &str, unit_type: UnitType, podman: Version) -> Vec<String> {
    let suffix = unit_type.suffix();
    let stem = file_name.strip_suffix(suffix).unwrap_or(file_name);
    let (name, instance) = stem.split_once('@').map_or((stem, None), |(name, instance)| (name, Some(instance)));
    let mut names = vec![format!("{file_name}.d")];
    if instance.is_some_and(|instance| !instance.is_empty()) {
        names.push(format!("{name}@{suffix}.d"));
    }
    if podman >= WIDE_DROP_INS {
        for (dash, _) in name.rmatch_indices('-') {
            let prefix = &name[..=dash];
            if instance.is_some() {
                names.push(format!("{prefix}@{suffix}.d"));
            }
            names.push(format!("{prefix}{suffix}.d"));
        }
        names.push(format!("{}.d", &suffix[1..]));
    }
    names
}
