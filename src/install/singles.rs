//! Files that go in one by one, beside the directory that is exchanged: slices and files of the host. Of a file that
//! others write to as well, only a line is put in or taken out, in whatever stands there at that moment.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    error::{self, InstallError},
    file_system::{Entry, FileSystem, Kind},
    generations,
    tools::{Text, beside, replace},
};
use crate::{
    plan::{Action, Generation, Layout, Plan, Standing, Step, Wanted, digest, line},
    render::host::places,
};

/// A file that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Single {
    pub(super) path: String,
    pub(super) old: Option<Text>,
    new: Option<String>,
}

/// A line that changes, in a file of many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) path: String,
    old: Option<String>,
    new: Option<String>,
    /// Whether the file goes when nothing is left in it.
    is_made: bool,
}

/// Whether a catalog may write to a place outside its own directory.
pub(super) fn is_own(layout: &Layout, path: &str) -> bool {
    let name = path.strip_prefix(&layout.slices).and_then(|rest| rest.strip_prefix('/'));
    let is_slice = name.is_some_and(|name| name.ends_with(".slice") && !name.contains('/'));
    is_slice || places::is_place_of(path, &layout.catalog)
}

fn changes<'a>(plan: &'a Plan, wanted: &'a Wanted) -> impl Iterator<Item = &'a Step> {
    plan.steps.iter().filter(|step| step.action != Action::Keep && !wanted.layout.is_unit(&step.path))
}

/// The files that a plan changes whole.
pub(super) fn files(plan: &Plan, wanted: &Wanted) -> Vec<Single> {
    let whole = changes(plan, wanted).filter(|step| !places::is_shared(&step.path));
    whole
        .map(|step| Single {
            path: step.path.clone(),
            old: step.old.as_deref().map(Text::of),
            new: step.new.as_deref().map(str::to_owned),
        })
        .collect()
}

/// The lines that a plan changes.
pub(super) fn lines(plan: &Plan, wanted: &Wanted, made: &BTreeSet<String>) -> Vec<Line> {
    let shared = changes(plan, wanted).filter(|step| places::is_shared(&step.path));
    shared
        .map(|step| Line {
            path: step.path.clone(),
            old: step.old.as_ref().map(|old| String::from_utf8_lossy(old).into_owned()),
            new: step.new.as_deref().map(str::to_owned),
            is_made: made.contains(&step.path),
        })
        .collect()
}

/// The files with a line of ours that nobody else has made.
pub(super) fn made_files(wanted: &Wanted, standing: &Standing) -> BTreeSet<String> {
    let before = standing.last.iter().flat_map(|last| last.made_files.iter().cloned());
    let missing = wanted.files.keys().filter(|path| {
        let is_there = standing.shared.contains_key(*path) || standing.obstructed.contains_key(*path);
        places::is_shared(path) && !is_there && !wanted.left_alone.contains(*path)
    });
    // Of a line that several have, whoever is the last takes the file away.
    let others = standing.other_catalogs.iter().flat_map(|other| other.made_files.iter());
    let shared = others.filter(|path| wanted.files.contains_key(*path));
    before.chain(missing.cloned()).chain(shared.cloned()).collect()
}

fn read(disk: &dyn FileSystem, path: &str) -> Result<Option<Vec<u8>>, InstallError> {
    match disk.entry(path).map_err(error::io("look at", path))? {
        Some(Entry { kind: Kind::File, .. }) => Ok(Some(disk.read(path).map_err(error::io("read", path))?)),
        Some(other) => Err(InstallError::Unsafe {
            path: format!("/{path}"),
            why: format!("is {} by now: remove it", other.kind.noun()),
        }),
        None => Ok(None),
    }
}

fn sync(disk: &dyn FileSystem, changed: &BTreeSet<&str>) -> Result<(), InstallError> {
    let dirs: BTreeSet<&str> = changed.iter().filter_map(|path| Some(path.rsplit_once('/')?.0)).collect();
    dirs.into_iter().try_for_each(|dir| disk.sync(dir).map_err(error::io("sync", dir)))
}

/// Puts in what is new or changed.
///
/// A file that holds neither its old nor its new text was edited by hand since: it stays, for the next plan to see.
pub(super) fn put(
    disk: &dyn FileSystem,
    layout: &Layout,
    files: &[Single],
    lines: &[Line],
) -> Result<(), InstallError> {
    let others = generations::of_others(disk, layout)?;
    let mut changed = BTreeSet::new();
    for file in files {
        let Some(new) = &file.new else { continue };
        let is_there = disk.entry(&file.path).map_err(error::io("look at", &file.path))?.is_some();
        if is_there {
            let there = disk.read(&file.path).map_err(error::io("read", &file.path))?;
            let is_old = file.old.as_ref().is_some_and(|old| old.as_bytes() == there.as_slice());
            if !is_old || generations::is_of_others(&others, &file.path) {
                continue;
            }
        }
        replace(disk, &file.path, new.as_bytes())?;
        changed.insert(file.path.as_str());
    }
    for one in lines.iter().filter(|one| one.new.is_some()) {
        if one.change(disk, one.old.as_deref(), one.new.as_deref())? {
            changed.insert(&one.path);
        }
    }
    sync(disk, &changed)
}

/// Whether all lines can be changed now, before anything is made that they come with.
pub(super) fn check(disk: &dyn FileSystem, layout: &Layout, lines: &[Line]) -> Result<(), InstallError> {
    let others = generations::of_others(disk, layout)?;
    let mut changes = lines.iter().filter(|one| one.new.is_some() || !one.is_of(&others, one.old.as_deref()));
    changes.try_for_each(|one| one.changed(disk, one.old.as_deref(), one.new.as_deref()).map(|_| ()))
}

/// Removes what nobody needs any more.
pub(super) fn remove(
    disk: &dyn FileSystem,
    layout: &Layout,
    files: &[Single],
    lines: &[Line],
) -> Result<(), InstallError> {
    let others = generations::of_others(disk, layout)?;
    let mut changed = BTreeSet::new();
    for file in files.iter().filter(|file| file.new.is_none()) {
        let is_ours = !generations::is_of_others(&others, &file.path);
        if is_ours && disk.entry(&file.path).map_err(error::io("look at", &file.path))?.is_some() {
            disk.remove_file(&file.path).map_err(error::io("remove", &file.path))?;
            changed.insert(file.path.as_str());
        }
    }
    for one in lines.iter().filter(|one| one.new.is_none() && !one.is_of(&others, one.old.as_deref())) {
        if one.change(disk, one.old.as_deref(), None)? {
            changed.insert(&one.path);
        }
    }
    sync(disk, &changed)
}

/// Brings back what [`put`] changed.
pub(super) fn undo(
    disk: &dyn FileSystem,
    layout: &Layout,
    files: &[Single],
    lines: &[Line],
) -> Result<(), InstallError> {
    let others = generations::of_others(disk, layout)?;
    let mut changed = BTreeSet::new();
    for file in files {
        let Some(new) = &file.new else { continue };
        let there = match disk.entry(&file.path).map_err(error::io("look at", &file.path))? {
            Some(Entry { kind: Kind::File, .. }) => disk.read(&file.path).map_err(error::io("read", &file.path))?,
            _ => continue,
        };
        if there != new.as_bytes() || generations::is_of_others(&others, &file.path) {
            continue;
        }
        changed.insert(file.path.as_str());
        match &file.old {
            Some(old) => replace(disk, &file.path, old.as_bytes())?,
            None => disk.remove_file(&file.path).map_err(error::io("remove", &file.path))?,
        }
    }
    for one in lines.iter().filter(|one| one.new.is_some() && !one.is_of(&others, one.new.as_deref())) {
        if one.change(disk, one.new.as_deref(), one.old.as_deref())? {
            changed.insert(&one.path);
        }
    }
    for path in files.iter().map(|file| &file.path).chain(lines.iter().map(|line| &line.path)) {
        let beside = beside(path);
        if disk.entry(&beside).map_err(error::io("look at", &beside))?.is_some() {
            disk.remove_file(&beside).map_err(error::io("remove", &beside))?;
        }
    }
    sync(disk, &changed)
}

impl Line {
    /// Whether another catalog has the line as well.
    fn is_of(&self, others: &[Generation], line: Option<&str>) -> bool {
        let sha256 = line.map(|line| digest(line.as_bytes()));
        others.iter().filter_map(|other| other.file(&self.path)).any(|file| Some(&file.sha256) == sha256.as_ref())
    }

    /// The file with a line in the place of another, or at the end; nothing where that changes nothing. Who else changes
    /// it must be done.
    fn changed(
        &self,
        disk: &dyn FileSystem,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<Option<Vec<u8>>, InstallError> {
        let there = read(disk, &self.path)?;
        let text = there.as_deref().unwrap_or_default();
        let changed = match (from, to) {
            (Some(from), Some(to)) => line::replaced(text, from, to),
            (None, Some(to)) => line::with(text, to),
            (Some(from), None) => line::without(text, from),
            (None, None) => return Ok(None),
        };
        if changed == text {
            return Ok(None);
        }
        let lock = format!("{}.lock", self.path);
        if disk.entry(&lock).map_err(error::io("look at", &lock))?.is_some() {
            let why = format!("is being changed by another program: run this again when /{lock} is gone");
            return Err(InstallError::Unsafe { path: format!("/{}", self.path), why });
        }
        Ok(Some(changed))
    }

    /// Puts a line in the place of another, or at the end; whether anything changed.
    fn change(&self, disk: &dyn FileSystem, from: Option<&str>, to: Option<&str>) -> Result<bool, InstallError> {
        let Some(changed) = self.changed(disk, from, to)? else { return Ok(false) };
        if changed.is_empty() && self.is_made {
            disk.remove_file(&self.path).map_err(error::io("remove", &self.path))?;
        } else {
            replace(disk, &self.path, &changed)?;
        }
        Ok(true)
    }
}
