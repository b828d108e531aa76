//! Looks at what stands on a host, and changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use super::{
    error::{self, InstallError},
    file_system::{Entry, FileSystem, Kind},
    generations, transaction,
};
use crate::{
    parallel,
    plan::{Layout, Standing, Wanted, digest, drop_ins::is_directory_of_drop_ins, line},
    render::host::places,
    unit::UnitType,
};

/// The permissions of every file that is written.
const FILE_MODE: u32 = 0o644;

/// Directories deeper than this are not looked into.
const DEEPEST: usize = 32;

/// What is known of the last install.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// It must be whole.
    Whole,
    /// Where it is damaged, there is none.
    AsFarAsItGoes,
}

/// Looks at what stands there for a catalog.
///
/// # Errors
/// What cannot be read, or must not be relied on.
pub fn survey(disk: &dyn FileSystem, wanted: &Wanted, memory: Memory) -> Result<Standing, InstallError> {
    let layout = &wanted.layout;
    check_ways(disk, layout)?;
    for dir in directories_beside(wanted) {
        check_way(disk, dir)?;
    }
    let mut standing = Standing {
        last: match transaction::standing_generation(disk, layout) {
            Err(InstallError::Damaged { .. }) if memory == Memory::AsFarAsItGoes => None,
            last => last?,
        },
        other_catalogs: generations::of_others(disk, layout)?,
        ..Standing::default()
    };
    own_directory(disk, layout, &mut standing)?;
    files_beside(disk, wanted, &mut standing)?;
    others(disk, wanted, &mut standing)?;
    Ok(standing)
}

/// The files of the catalog's own directory, and what is no file in it.
fn own_directory(disk: &dyn FileSystem, layout: &Layout, standing: &mut Standing) -> Result<(), InstallError> {
    let found = match disk.entry(&layout.units).map_err(error::io("look at", &layout.units))? {
        None => return Ok(()),
        Some(Entry { kind: Kind::Directory, .. }) => {
            let mut found = Vec::new();
            walk(disk, &layout.units, 0, &mut |path, kind| found.push((path.to_owned(), kind)))?;
            found
        }
        Some(other) => {
            standing.obstructed.insert(layout.units.clone(), other.kind.noun());
            return Ok(());
        }
    };
    let mut files = Vec::new();
    for (path, kind) in found {
        match kind {
            Kind::File if path.contains('\u{fffd}') => {
                standing.obstructed.insert(path, "a file whose name is not UTF-8");
            }
            Kind::File => files.push(path),
            Kind::Directory => {}
            Kind::Link | Kind::Other => {
                standing.obstructed.insert(path, kind.noun());
            }
        }
    }
    let read = parallel::map(files, |path| match disk.read(&path) {
        // Gone since it was listed.
        Err(gone) if gone.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(failed) => Err(error::io("read", &path)(failed)),
        Ok(text) => Ok(Some((path, text))),
    });
    for file in read {
        standing.units.extend(file?);
    }
    Ok(())
}

/// The directories outside the catalog's own that files are put into.
pub(super) fn directories_beside(wanted: &Wanted) -> BTreeSet<&str> {
    let beside = wanted.files.keys().filter(|path| !wanted.layout.is_unit(path) && !wanted.left_alone.contains(*path));
    beside.filter_map(|path| Some(path.rsplit_once('/')?.0)).collect()
}

/// The files outside the catalog's own directory that are wanted or remembered: slices, and files of the host.
fn files_beside(disk: &dyn FileSystem, wanted: &Wanted, standing: &mut Standing) -> Result<(), InstallError> {
    let layout = &wanted.layout;
    let remembered = standing.last.iter().flat_map(|last| last.files.iter().map(|file| &file.path));
    let is_beside = |path: &&String| !layout.is_unit(path) && !wanted.left_alone.contains(*path);
    let paths: BTreeSet<&String> = wanted.files.keys().chain(remembered).filter(is_beside).collect();
    let read = parallel::map(paths, |path| {
        let there = disk.entry(path).map_err(error::io("look at", path))?;
        let text = match there {
            Some(entry @ Entry { kind: Kind::File, .. }) => {
                check_shared(path, entry)?;
                Some(disk.read(path).map_err(error::io("read", path))?)
            }
            _ => None,
        };
        Ok((path.clone(), there, text))
    });
    for (path, of) in wanted.files.keys().filter_map(|path| Some((path, line::accounts_of(path)?))) {
        match disk.read(of) {
            Ok(text) => drop(standing.accounts.insert(of, text)),
            // A tree that is no whole host has none.
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => {}
            Err(failed) => return Err(error::io("read", path)(failed)),
        }
    }
    for file in read {
        match file? {
            (path, _, Some(text)) if places::is_shared(&path) => {
                standing.shared.insert(path, text);
            }
            (path, _, Some(text)) => {
                standing.slices.insert(path, text);
            }
            (path, Some(other), None) => {
                standing.obstructed.insert(path, other.kind.noun());
            }
            (_, None, None) => {}
        }
    }
    Ok(())
}

/// A file that many write to gets its line by being written anew, and keeps its owner and its permissions only where they
/// are those of every new file.
fn check_shared(path: &str, there: Entry) -> Result<(), InstallError> {
    let own = rustix::process::geteuid().as_raw();
    if !places::is_shared(path) || (there.mode == FILE_MODE && there.uid == own) {
        return Ok(());
    }
    let why =
        format!("would get another owner or other permissions: run `chmod {FILE_MODE:o}` and `chown {own}` on it");
    Err(InstallError::Unsafe { path: format!("/{path}"), why })
}

/// The units and drop-ins of others, wherever they could touch ours.
fn others(disk: &dyn FileSystem, wanted: &Wanted, standing: &mut Standing) -> Result<(), InstallError> {
    let layout = &wanted.layout;
    let own = format!("{}/", layout.units);
    let mut units = BTreeSet::new();
    let mut drop_ins = BTreeSet::new();
    for dir in &layout.search {
        walk(disk, dir, 0, &mut |path, kind| {
            let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
            let above = above.rsplit('/').next().unwrap_or_default();
            if path.starts_with(&own) || kind == Kind::Directory {
            } else if above.ends_with(".d") {
                if is_directory_of_drop_ins(above) && name.ends_with(".conf") {
                    drop_ins.insert(path.to_owned());
                }
            } else if UnitType::of_file(name).is_some() {
                units.insert(path.to_owned());
            }
        })?;
    }
    for dir in &layout.plain_units {
        // What the system was shipped with is not somebody's change.
        let is_admins = !dir.starts_with("usr/");
        for (name, kind) in disk.list(dir).map_err(error::io("read", dir))?.into_iter().flatten() {
            let path = format!("{dir}/{name}");
            let is_unit = name.ends_with(".service") || name.ends_with(".slice");
            if is_unit && kind != Kind::Directory && !wanted.files.contains_key(&path) {
                units.insert(path);
            } else if is_admins && kind == Kind::Directory && is_directory_of_drop_ins(&name) {
                let files = disk.list(&path).map_err(error::io("read", &path))?.into_iter().flatten();
                drop_ins.extend(
                    files.filter(|(name, _)| name.ends_with(".conf")).map(|(name, _)| format!("{path}/{name}")),
                );
            }
        }
    }
    let is_ours = |path: &String| standing.last.as_ref().is_some_and(|last| last.file(path).is_some());
    standing.others_units = units.into_iter().filter(|path| !is_ours(path)).collect();
    standing.drop_ins = drop_ins
        .into_iter()
        .filter(|path| !is_ours(path) && !wanted.files.contains_key(path))
        // A link to /dev/null takes a drop-in away.
        .map(|path| (digest(&disk.read(&path).unwrap_or_default()), path))
        .map(|(digest, path)| (path, digest))
        .collect::<BTreeMap<_, _>>();
    Ok(())
}

/// Everything beneath a directory, in a fixed order.
fn walk(disk: &dyn FileSystem, dir: &str, depth: usize, found: &mut dyn FnMut(&str, Kind)) -> Result<(), InstallError> {
    let names = match disk.entry(dir).map_err(error::io("look at", dir))? {
        Some(Entry { kind: Kind::Directory, .. }) => {
            disk.list(dir).map_err(error::io("read", dir))?.unwrap_or_default()
        }
        _ => return Ok(()),
    };
    for (name, kind) in names {
        let path = format!("{dir}/{name}");
        found(&path, kind);
        if kind == Kind::Directory && depth < DEEPEST {
            walk(disk, &path, depth + 1, found)?;
        }
    }
    Ok(())
}

/// Whoever may write into a directory on the way may put something else in the place of what is installed.
pub(super) fn check_ways(disk: &dyn FileSystem, layout: &Layout) -> Result<(), InstallError> {
    [&layout.units, &layout.slices, &generations::dir(layout)].into_iter().try_for_each(|dir| check_way(disk, dir))
}

fn check_way(disk: &dyn FileSystem, dir: &str) -> Result<(), InstallError> {
    let own = rustix::process::geteuid().as_raw();
    for (end, _) in dir.match_indices('/').chain([(dir.len(), "")]) {
        let path = &dir[..end];
        let Some(entry) = disk.entry(path).map_err(error::io("look at", path))? else { break };
        let why = match entry.kind {
            Kind::Directory if entry.mode & 0o1002 == 0o002 => "can be written by everybody: run `chmod o-w` on it",
            Kind::Directory if entry.uid != 0 && entry.uid != own => {
                "belongs to another user: give it to who installs with `chown`"
            }
            Kind::Directory => continue,
            Kind::Link => "is a symbolic link, and none is followed: put a directory in its place",
            Kind::File | Kind::Other => "is no directory: remove it",
        };
        return Err(InstallError::Unsafe { path: format!("/{path}"), why: why.to_owned() });
    }
    Ok(())
}

/// Whether a file is there that the next run relies on; `closed` are the permissions that nobody may have.
pub(super) fn check_file(disk: &dyn FileSystem, path: &str, closed: u32) -> Result<bool, InstallError> {
    let own = rustix::process::geteuid().as_raw();
    let Some(entry) = disk.entry(path).map_err(error::io("look at", path))? else { return Ok(false) };
    let why = match entry.kind {
        Kind::File if entry.uid != 0 && entry.uid != own => {
            "belongs to another user: give it to who installs with `chown`".to_owned()
        }
        Kind::File if entry.mode & closed != 0 => {
            format!("is open to others: run `chmod {:o}` on it", entry.mode & !closed)
        }
        Kind::File => return Ok(true),
        other => format!("is {}, and no file: remove it", other.noun()),
    };
    Err(InstallError::Unsafe { path: format!("/{path}"), why })
}
