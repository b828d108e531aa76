//! What was installed, generation by generation, as it is kept beneath the state directory.
//!
//! `generations/3/generation.json` is the record of the third, and `generations/3/files/` holds what it wrote. A
//! generation is there from the moment at which it stands on the host: the newest is the last.

use std::collections::BTreeMap;

use super::{
    error::{self, InstallError},
    file_system::{Entry, FileSystem, Kind},
};
use crate::plan::{Generation, Layout, Wanted, WantedFile, digest};

const RECORD: &str = "generation.json";
/// Marks a generation that did not come up.
const FAILED: &str = "failed";
/// The version of the record.
const VERSION: u32 = 1;

/// Where the generations of a catalog are.
pub(super) fn dir(layout: &Layout) -> String {
    format!("{}/generations", layout.state)
}

/// Where one is.
pub(super) fn place(layout: &Layout, number: u32) -> String {
    format!("{}/{number}", dir(layout))
}

/// Where one is before it stands on the host.
pub(super) fn unfinished(layout: &Layout, number: u32) -> String {
    format!("{}/{number}.new", dir(layout))
}

/// The numbers of those that are there, the oldest first.
///
/// # Errors
/// What cannot be read.
pub fn numbers(disk: &dyn FileSystem, layout: &Layout) -> Result<Vec<u32>, InstallError> {
    numbers_in(disk, &layout.state)
}

fn numbers_in(disk: &dyn FileSystem, state: &str) -> Result<Vec<u32>, InstallError> {
    let dir = format!("{state}/generations");
    let names = disk.list(&dir).map_err(error::io("read", &dir))?.unwrap_or_default();
    let mut numbers: Vec<u32> = names
        .into_iter()
        .filter(|(name, kind)| *kind == Kind::Directory && !name.starts_with('+') && !name.starts_with('0'))
        .filter_map(|(name, _)| name.parse().ok())
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// The last that was installed; `None` where the catalog is not.
///
/// # Errors
/// What cannot be read, or is damaged.
pub fn last(disk: &dyn FileSystem, layout: &Layout) -> Result<Option<Generation>, InstallError> {
    match numbers(disk, layout)?.last() {
        Some(number) => read(disk, layout, *number).map(Some),
        None => Ok(None),
    }
}

/// Whether any generation that is kept wrote a file of that place.
///
/// # Errors
/// What cannot be read. A generation that is damaged says nothing.
pub fn ever_wrote(disk: &dyn FileSystem, layout: &Layout, path: &str) -> Result<bool, InstallError> {
    let mut numbers = numbers(disk, layout)?.into_iter().rev();
    Ok(numbers.any(|number| read(disk, layout, number).is_ok_and(|generation| generation.file(path).is_some())))
}

/// The last of every other catalog of this host. One that is damaged is passed over: its own commands say so.
pub(super) fn of_others(disk: &dyn FileSystem, layout: &Layout) -> Result<Vec<Generation>, InstallError> {
    let states = layout.all_states();
    let mut found = Vec::new();
    for (name, kind) in disk.list(states).map_err(error::io("read", states))?.unwrap_or_default() {
        if kind != Kind::Directory || name == layout.catalog.as_str() {
            continue;
        }
        let state = format!("{states}/{name}");
        let number = numbers_in(disk, &state)?.pop();
        found.extend(number.and_then(|number| read_in(disk, &state, &name, number).ok()));
    }
    Ok(found)
}

/// Whether another catalog relies on a slice: it may have come while an install of this one was interrupted.
pub(super) fn is_of_others(others: &[Generation], path: &str) -> bool {
    others.iter().any(|other| other.file(path).is_some())
}

/// The record of a generation.
///
/// # Errors
/// What cannot be read, or is damaged.
pub fn read(disk: &dyn FileSystem, layout: &Layout, number: u32) -> Result<Generation, InstallError> {
    read_in(disk, &layout.state, layout.catalog.as_str(), number)
}

fn read_in(disk: &dyn FileSystem, state: &str, catalog: &str, number: u32) -> Result<Generation, InstallError> {
    read_at(disk, &format!("{state}/generations/{number}"), catalog, number)
}

/// The record of one that does not stand by its own name yet.
pub(super) fn read_unfinished(disk: &dyn FileSystem, layout: &Layout, number: u32) -> Result<Generation, InstallError> {
    read_at(disk, &unfinished(layout, number), layout.catalog.as_str(), number)
}

fn read_at(disk: &dyn FileSystem, place: &str, catalog: &str, number: u32) -> Result<Generation, InstallError> {
    let path = format!("{place}/{RECORD}");
    let damaged = |why: String| InstallError::Damaged { path: format!("/{path}"), why };
    let broken = |why: String| {
        damaged(format!("generation {number} is damaged: {why}; `plimsoll install --force` goes on without it"))
    };
    let text = disk.read(&path).map_err(|error| broken(error.to_string()))?;
    let generation: Generation = serde_json::from_slice(&text).map_err(|error| broken(error.to_string()))?;
    let sorted = generation.files.is_sorted_by(|a, b| a.path < b.path);
    if generation.version != VERSION {
        return Err(damaged(format!("generation {number} was written by another version of plimsoll")));
    }
    if generation.generation != number || generation.catalog != catalog || !sorted {
        return Err(broken("it is not what its place says".to_owned()));
    }
    Ok(generation)
}

/// What a generation wrote, each file held against its record.
///
/// # Errors
/// What is missing or differs.
pub fn files(disk: &dyn FileSystem, layout: &Layout, generation: &Generation) -> Result<Wanted, InstallError> {
    let finished = place(layout, generation.generation);
    let is_finished = disk.entry(&finished).map_err(error::io("look at", &finished))?.is_some();
    let place = if is_finished { finished } else { unfinished(layout, generation.generation) };
    let read = crate::parallel::map(&generation.files, |file| {
        let path = format!("{place}/files/{}", file.path);
        let damaged = |why: String| InstallError::Damaged {
            path: format!("/{path}"),
            why: format!("generation {} is damaged: {why}; go back to another one", generation.generation),
        };
        let bytes = disk.read(&path).map_err(|error| damaged(error.to_string()))?;
        if digest(&bytes) != file.sha256 {
            return Err(damaged("this is not what was written".to_owned()));
        }
        let text = String::from_utf8(bytes).map_err(|_| damaged("it is not UTF-8".to_owned()))?;
        Ok((file.path.clone(), WantedFile { service: file.service.clone(), text: text.into() }))
    });
    let files: BTreeMap<_, _> = read.into_iter().collect::<Result<_, _>>()?;
    Ok(Wanted { files, ..Wanted::nothing(layout.clone()) })
}

/// Writes a generation where it is not yet one, and waits until it is on the disk.
pub(super) fn write_unfinished(
    disk: &dyn FileSystem,
    layout: &Layout,
    generation: &Generation,
    texts: &BTreeMap<&str, &[u8]>,
) -> Result<(), InstallError> {
    let own = place(layout, generation.generation);
    if let Some(there) = disk.entry(&own).map_err(error::io("look at", &own))? {
        // It would be found out when the new set stands already.
        let why = format!("is {}, where the next generation belongs: remove it", there.kind.noun());
        return Err(InstallError::Unsafe { path: format!("/{own}"), why });
    }
    let place = unfinished(layout, generation.generation);
    super::tools::remove_tree(disk, &place)?;
    let mut dirs = std::collections::BTreeSet::new();
    super::tools::make_dirs(disk, &format!("{place}/files"), &mut Vec::new())?;
    dirs.insert(format!("{place}/files"));
    for (path, text) in texts {
        let path = format!("{place}/files/{path}");
        let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
        if dirs.insert(dir.to_owned()) {
            super::tools::make_dirs(disk, dir, &mut Vec::new())?;
            let above = dir.match_indices('/').map(|(end, _)| dir[..end].to_owned());
            dirs.extend(above.filter(|above| above.len() >= place.len()));
        }
        super::tools::write_synced(disk, &path, text)?;
    }
    let record = serde_json::to_vec_pretty(generation).unwrap_or_default();
    super::tools::write_synced(disk, &format!("{place}/{RECORD}"), &record)?;
    dirs.insert(place);
    for dir in dirs.iter().rev() {
        disk.sync(dir).map_err(error::io("sync", dir))?;
    }
    Ok(())
}

/// Makes it one.
pub(super) fn finish(disk: &dyn FileSystem, layout: &Layout, number: u32) -> Result<(), InstallError> {
    let (from, to) = (unfinished(layout, number), place(layout, number));
    if disk.entry(&from).map_err(error::io("look at", &from))?.is_some() {
        disk.rename(&from, &to).map_err(error::io("rename", &from))?;
    }
    let dir = dir(layout);
    disk.sync(&dir).map_err(error::io("sync", &dir))
}

/// Marks a generation as one that did not come up.
pub(super) fn mark_failed(disk: &dyn FileSystem, layout: &Layout, number: u32) -> Result<(), InstallError> {
    let place = place(layout, number);
    let path = format!("{place}/{FAILED}");
    if disk.entry(&path).map_err(error::io("look at", &path))?.is_none() {
        super::tools::write_synced(disk, &path, b"")?;
    }
    disk.sync(&place).map_err(error::io("sync", &place))
}

/// Takes the mark away from the last generation: at last it came up.
pub(super) fn last_came_up(disk: &dyn FileSystem, layout: &Layout) -> Result<(), InstallError> {
    let Some(last) = numbers(disk, layout)?.pop() else { return Ok(()) };
    let place = place(layout, last);
    let path = format!("{place}/{FAILED}");
    if disk.entry(&path).map_err(error::io("look at", &path))?.is_some() {
        disk.remove_file(&path).map_err(error::io("remove", &path))?;
        disk.sync(&place).map_err(error::io("sync", &place))?;
    }
    Ok(())
}

/// Whether a generation did not come up.
///
/// # Errors
/// What cannot be read.
pub fn is_failed(disk: &dyn FileSystem, layout: &Layout, number: u32) -> Result<bool, InstallError> {
    let path = format!("{}/{FAILED}", place(layout, number));
    let entry = disk.entry(&path).map_err(error::io("look at", &path))?;
    Ok(matches!(entry, Some(Entry { kind: Kind::File, .. })))
}

/// Removes all but the newest generations.
pub(super) fn prune(disk: &dyn FileSystem, layout: &Layout, keep: usize) -> Result<(), InstallError> {
    let mut numbers = numbers(disk, layout)?;
    numbers.truncate(numbers.len().saturating_sub(keep.max(1)));
    numbers.into_iter().try_for_each(|number| remove(disk, layout, number))
}

/// Removes a generation. Its name goes first: what is left of one that could not be removed is none.
pub(super) fn remove(disk: &dyn FileSystem, layout: &Layout, number: u32) -> Result<(), InstallError> {
    let (place, unfinished) = (place(layout, number), unfinished(layout, number));
    super::tools::remove_tree(disk, &unfinished)?;
    disk.rename(&place, &unfinished).map_err(error::io("rename", &place))?;
    super::tools::remove_tree(disk, &unfinished)
}
