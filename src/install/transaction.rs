//! The change of a host from one set of files to another, in steps of which each may be the last.
//!
//! 1. Everything new is written where nobody reads it: the generation, and the directory that is to become the catalog's.
//! 2. The journal says what is about to happen. From here on the next run can finish or undo it.
//! 3. Slices that the new units need are put in place, one rename each: a unit without its slice would run without limits.
//!    So are files of the host, and a line in a file of many.
//! 4. One `renameat2(RENAME_EXCHANGE)` puts the new directory in the place of the old.
//! 5. Slices and files of the host that nobody needs any more go, then the old directory.
//! 6. The generation becomes one, and the journal says that only systemd's part is left.
//!
//! Whoever is killed before 4 left the whole old set, after it the whole new one. [`recover`] finds out which by the
//! number of the directory on its file system, and where that says nothing, by what stands in it.

use std::{cmp::Ordering, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::{
    directories,
    error::{self, InstallError},
    file_system::{Entry, FileSystem},
    generations,
    kept::keep_aside,
    singles::{self, Line, Single},
    stage::{self, clear_stage},
    survey::{check_file, directories_beside},
    tools::{remove_tree, replace, sync_above, write_synced},
};
use crate::{
    plan::{
        Action, Generation, InstalledFile, Layout, Meaning, Plan, Reason, Standing, Step, UnitLimits, Wanted, Work,
        change::limits_of_slice, digest,
    },
    render::host::places,
};

/// The version of the journal.
const VERSION: u32 = 1;

/// What to do where a journal says nothing.
const AFTERWARDS: &str = "`plimsoll install --force` goes on without it";

/// What an install is about to do, or was when it was killed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// The version of this record: 1.
    version: u32,
    /// The generation that is to stand afterwards.
    pub generation: u32,
    /// Why.
    pub reason: Reason,
    /// Whether the files are in, so that only systemd's part is left.
    pub files_are_in: bool,
    /// The directory of the units.
    pub(super) units: String,
    /// Where the new directory is made, and the old one goes.
    pub(super) stage: String,
    /// The new directory, as its file system knows it; `None` where there is to be none.
    new: Option<Identity>,
    /// The old one.
    pub(super) old: Option<Identity>,
    /// The slices and files of the host that change.
    pub(super) slices: Vec<Single>,
    /// The lines that change, in files of many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) lines: Vec<Line>,
    /// What is left for systemd.
    pub work: Work,
    /// What was left for it before: undone, this is left again.
    earlier: Option<Work>,
}

/// A directory, as its file system knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl From<Entry> for Identity {
    fn from(entry: Entry) -> Self {
        Self { device: entry.device, inode: entry.inode }
    }
}

/// What was left of an earlier run, after it was finished or undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The generation that was being installed.
    pub generation: u32,
    /// Why.
    pub reason: Reason,
    /// Whether the new set stands, or the old one.
    pub is_in: bool,
    /// What is left for systemd.
    pub work: Work,
}

/// Everything that is to go in as one.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// What is to stand there.
    pub wanted: &'a Wanted,
    /// What stands there.
    pub standing: &'a Standing,
    /// What changes.
    pub plan: &'a Plan,
    /// Why.
    pub reason: &'a Reason,
    /// Now, in UTC.
    pub now: &'a str,
    /// Directories that were made for this already.
    pub made: &'a [String],
    /// What is left for systemd from before.
    pub earlier: Option<&'a Work>,
}

impl std::fmt::Debug for Change<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Change").field("reason", self.reason).finish_non_exhaustive()
    }
}

pub(super) fn journal_place(layout: &Layout) -> String {
    format!("{}/transaction.json", layout.state)
}

/// The journal of a run that did not come to its end.
///
/// # Errors
/// What cannot be read, or is damaged.
pub fn journal(disk: &dyn FileSystem, layout: &Layout) -> Result<Option<Journal>, InstallError> {
    let path = journal_place(layout);
    if !check_file(disk, &path, 0o022)? {
        return Ok(None);
    }
    let text = disk.read(&path).map_err(error::io("read", &path))?;
    let damaged = |why: String| InstallError::Damaged { path: format!("/{path}"), why };
    let journal: Journal =
        serde_json::from_slice(&text).map_err(|error| damaged(format!("is damaged: {error}; {AFTERWARDS}")))?;
    if journal.version != VERSION {
        return Err(damaged("was written by another version of plimsoll: finish it with that one".to_owned()));
    }
    // Whatever it says, nothing but what is the catalog's own is changed by it.
    let is_own = journal.units == layout.units
        && stage::places(layout).contains(&journal.stage)
        && journal.slices.iter().all(|file| singles::is_own(layout, &file.path))
        && journal.lines.iter().all(|line| places::is_shared(&line.path));
    if !is_own {
        return Err(damaged(format!("names files that are not this catalog's; {AFTERWARDS}")));
    }
    Ok(Some(journal))
}

fn write_journal(disk: &dyn FileSystem, layout: &Layout, journal: &Journal) -> Result<(), InstallError> {
    let path = journal_place(layout);
    replace(disk, &path, &serde_json::to_vec_pretty(journal).unwrap_or_default())?;
    sync_above(disk, &path)
}

/// Forgets the journal: nothing is left to be done.
///
/// # Errors
/// What the system refused.
pub fn forget_journal(disk: &dyn FileSystem, layout: &Layout) -> Result<(), InstallError> {
    let path = journal_place(layout);
    if disk.entry(&path).map_err(error::io("look at", &path))?.is_some() {
        disk.remove_file(&path).map_err(error::io("remove", &path))?;
        sync_above(disk, &path)?;
    }
    Ok(())
}

/// Brings the files in, all or none. What is left for systemd is in the journal until [`forget_journal`].
///
/// # Errors
/// What the system refused; then the old set stands, or the next [`recover`] brings it back.
pub fn apply(disk: &dyn FileSystem, change: Change<'_>) -> Result<(u32, Work), InstallError> {
    let layout = &change.wanted.layout;
    let prepared = prepare(disk, change);
    let journal = match prepared {
        Ok(journal) => journal,
        Err(error) => {
            // Nobody has read any of it. What cannot be removed now is removed by the next run.
            let _ = clear_stage(disk, layout);
            return Err(error);
        }
    };
    let done = write_journal(disk, layout, &journal).and_then(|()| put_in(disk, layout, &journal));
    match done {
        Ok(()) => Ok((journal.generation, journal.work)),
        Err(error) => {
            // Of what went wrong the first is told. What cannot be undone now is undone by the next run.
            match recover(disk, layout) {
                Ok(Some(recovered)) if recovered.generation != journal.generation => {
                    // The journal is still that of an earlier run, and says nothing of this one.
                    let _ = clear_stage(disk, layout);
                    Err(error)
                }
                Ok(Some(recovered)) if recovered.is_in => Ok((journal.generation, recovered.work)),
                Ok(None) => {
                    let _ = clear_stage(disk, layout);
                    Err(error)
                }
                _ => Err(error),
            }
        }
    }
}

/// Writes everything new where nobody reads it.
fn prepare(disk: &dyn FileSystem, change: Change<'_>) -> Result<Journal, InstallError> {
    let Change { wanted, standing, plan, reason, now, made, earlier } = change;
    let layout = &wanted.layout;
    clear_stage(disk, layout)?;
    let mut directories = standing.last.as_ref().map(|last| last.directories.clone()).unwrap_or_default();
    directories.extend(made.iter().cloned());
    let (above, _) = layout.units.rsplit_once('/').unwrap_or(("", &layout.units));
    let has_units = wanted.files.keys().any(|path| layout.is_unit(path));
    let mut ways: Vec<&str> = has_units.then_some(above).into_iter().collect();
    ways.extend(directories_beside(wanted));
    directories::make(disk, layout, &ways, &mut directories)?;

    // What another catalog wrote in other words stays as it is, and what somebody else has seen to is not ours.
    let kept =
        |path: &String| standing.slices.get(path).filter(|_| is_kept(plan, path) && !wanted.left_alone.contains(path));
    let texts: BTreeMap<&str, &[u8]> = wanted
        .files
        .iter()
        .filter(|(path, _)| !is_given(plan, path))
        .map(|(path, file)| (path.as_str(), kept(path).map_or(file.text.as_bytes(), Vec::as_slice)))
        .collect();
    let number = generations::numbers(disk, layout)?.last().map_or(1, |last| last.saturating_add(1));
    let record = |(path, text): (&&str, &&[u8])| InstalledFile {
        path: (*path).to_owned(),
        service: wanted.files.get(*path).and_then(|file| file.service.clone()),
        sha256: digest(text),
    };
    let generation = Generation {
        version: 1,
        catalog: layout.catalog.to_string(),
        generation: number,
        reason: reason.clone(),
        made: now.to_owned(),
        units: layout.units.clone(),
        slices: layout.slices.clone(),
        files: texts.iter().map(record).collect(),
        drop_ins: standing.drop_ins.clone(),
        directories,
        made_files: singles::made_files(wanted, standing),
    };
    generations::write_unfinished(disk, layout, &generation, &texts)?;

    let identity = |path: &str| disk.entry(path).map_err(error::io("look at", path));
    let stage = stage::place(disk, layout)?;
    if has_units {
        disk.make_dir(&stage).map_err(error::io("make the directory", &stage))?;
        for (path, text) in texts.iter().filter(|(path, _)| layout.is_unit(path)) {
            let name = path.rsplit('/').next().unwrap_or(path);
            write_synced(disk, &format!("{stage}/{name}"), text)?;
        }
        disk.sync(&stage).map_err(error::io("sync", &stage))?;
        sync_above(disk, &stage)?;
    }
    Ok(Journal {
        version: VERSION,
        generation: number,
        reason: reason.clone(),
        files_are_in: false,
        units: layout.units.clone(),
        new: if has_units { identity(&stage)?.map(Identity::from) } else { None },
        old: identity(&layout.units)?.map(Identity::from),
        stage,
        slices: singles::files(plan, wanted),
        lines: singles::lines(plan, wanted, &generation.made_files),
        work: match earlier {
            Some(earlier) => come_back(plan.work.clone(), earlier, wanted).after(still_there(earlier, plan)),
            None => plan.work.clone(),
        },
        earlier: earlier.cloned(),
    })
}

/// A slice that was to go and comes back may still be there, with the limits that it had.
fn come_back(mut work: Work, earlier: &Work, wanted: &Wanted) -> Work {
    for unit in &earlier.stop_slices {
        let Some(file) = wanted.files.get(&wanted.layout.place(unit)) else { continue };
        work.limits.insert(UnitLimits { unit: unit.clone(), limits: limits_of_slice(&file.text) });
    }
    work
}

/// What was left of an earlier run, without what a file asked for that goes.
fn still_there(earlier: &Work, plan: &Plan) -> Work {
    let goes = |step: &Step| step.action == Action::Remove && step.path == places::USERS;
    Work { users: earlier.users && !plan.steps.iter().any(goes), ..earlier.clone() }
}

fn is_kept(plan: &Plan, path: &str) -> bool {
    let step = plan.steps.binary_search_by(|step| step.path.as_str().cmp(path));
    step.is_ok_and(|at| plan.steps[at].action == Action::Keep)
}

/// Whether somebody else has seen to a file.
fn is_given(plan: &Plan, path: &str) -> bool {
    let step = plan.steps.binary_search_by(|step| step.path.as_str().cmp(path));
    step.is_ok_and(|at| plan.steps[at].means.contains(&Meaning::GivenByOthers))
}

/// Steps 3 to 6. Each may have been done before.
fn put_in(disk: &dyn FileSystem, layout: &Layout, journal: &Journal) -> Result<(), InstallError> {
    singles::put(disk, layout, &journal.slices, &journal.lines)?;
    match (journal.old, journal.new) {
        (None, None) => {}
        (None, Some(_)) => {
            disk.rename(&journal.stage, &journal.units).map_err(error::io("put in place", &journal.units))?;
        }
        (Some(_), None) => disk.rename(&journal.units, &journal.stage).map_err(error::io("remove", &journal.units))?,
        (Some(_), Some(_)) => {
            disk.exchange(&journal.stage, &journal.units).map_err(error::io("put in place", &journal.units))?;
        }
    }
    sync_above(disk, &journal.units)?;
    sync_above(disk, &journal.stage)?;
    finish(disk, layout, journal)
}

/// Steps 5 and 6, once the new directory stands.
fn finish(disk: &dyn FileSystem, layout: &Layout, journal: &Journal) -> Result<(), InstallError> {
    keep_aside(disk, layout, journal)?;
    singles::remove(disk, layout, &journal.slices, &journal.lines)?;
    remove_tree(disk, &journal.stage)?;
    generations::finish(disk, layout, journal.generation)?;
    write_journal(disk, layout, &Journal { files_are_in: true, ..journal.clone() })
}

/// Finishes or undoes what an earlier run left behind; `None` where none did.
///
/// # Errors
/// What the system refused; then the next run tries again.
pub fn recover(disk: &dyn FileSystem, layout: &Layout) -> Result<Option<Recovered>, InstallError> {
    let Some(journal) = journal(disk, layout)? else { return Ok(None) };
    let is_in = journal.files_are_in || has_been_swapped(disk, layout, &journal)?;
    let recovered =
        |work: Work| Some(Recovered { generation: journal.generation, reason: journal.reason.clone(), is_in, work });
    if journal.files_are_in {
        return Ok(recovered(journal.work.clone()));
    }
    if is_in {
        // Where there is no directory to exchange, nothing tells how far it came.
        singles::put(disk, layout, &journal.slices, &journal.lines)?;
        finish(disk, layout, &journal)?;
        return Ok(recovered(journal.work.clone()));
    }
    undo(disk, layout, &journal)?;
    Ok(recovered(journal.earlier.clone().unwrap_or_default()))
}

/// The generation that stands: the last, or the one that a killed run had brought in without finishing it.
///
/// # Errors
/// What cannot be read, or is damaged.
pub fn standing_generation(disk: &dyn FileSystem, layout: &Layout) -> Result<Option<Generation>, InstallError> {
    if let Some(journal) = journal(disk, layout)?.filter(|journal| !journal.files_are_in)
        && has_been_swapped(disk, layout, &journal)?
        && let Ok(generation) = generations::read_unfinished(disk, layout, journal.generation)
    {
        return Ok(Some(generation));
    }
    generations::last(disk, layout)
}

/// The files of the generation that stands; nothing where none does.
///
/// # Errors
/// What cannot be read, or is damaged.
pub fn standing_files(disk: &dyn FileSystem, layout: &Layout) -> Result<Wanted, InstallError> {
    match standing_generation(disk, layout)? {
        Some(last) => generations::files(disk, layout, &last),
        None => Ok(Wanted::nothing(layout.clone())),
    }
}

/// Whether the new directory stands, for a run that was killed: nothing is changed.
///
/// # Errors
/// What cannot be read.
pub fn has_been_swapped(disk: &dyn FileSystem, layout: &Layout, journal: &Journal) -> Result<bool, InstallError> {
    let there = disk.entry(&journal.units).map_err(error::io("look at", &journal.units))?.map(Identity::from);
    if there == journal.old {
        return Ok(journal.old.is_none() && journal.new.is_none());
    }
    if there == journal.new {
        return Ok(true);
    }
    // Neither: the tree was copied from somewhere. What stands in it must do, and nothing else.
    if journal.new.is_none() || journal.old.is_none() {
        return Ok(there.is_some() == journal.new.is_some());
    }
    let place = generations::unfinished(layout, journal.generation);
    let record = format!("{place}/generation.json");
    let Ok(text) = disk.read(&record) else { return Ok(true) };
    let Ok(generation) = serde_json::from_slice::<Generation>(&text) else { return Ok(false) };
    let beneath = format!("{}/", journal.units);
    let units: Vec<_> = generation.files.iter().filter(|file| file.path.starts_with(&beneath)).collect();
    let last = generations::last(disk, layout).unwrap_or_default();
    let former = last.iter().flat_map(|last| last.files.iter()).filter(|file| file.path.starts_with(&beneath));
    let is_same = |file: &&InstalledFile| disk.read(&file.path).is_ok_and(|bytes| digest(&bytes) == file.sha256);
    // A file may have been edited since: that of which more stands is the one that stands.
    let like_new = units.iter().copied().filter(is_same).count();
    let like_old = former.filter(is_same).count();
    let names = disk.list(&journal.units).map_err(error::io("read", &journal.units))?.unwrap_or_default();
    Ok(match like_new.cmp(&like_old) {
        Ordering::Greater => true,
        Ordering::Less => false,
        // What both sets have says nothing.
        Ordering::Equal => names.len() == units.len(),
    })
}

/// Brings the old files back, and removes what was prepared.
fn undo(disk: &dyn FileSystem, layout: &Layout, journal: &Journal) -> Result<(), InstallError> {
    singles::undo(disk, layout, &journal.slices, &journal.lines)?;
    clear_stage(disk, layout)?;
    match &journal.earlier {
        Some(earlier) if !earlier.is_empty() => {
            // It was left by what stands.
            let last = generations::last(disk, layout).unwrap_or_default();
            let (generation, reason) = last.map_or((0, Reason::Install), |last| (last.generation, last.reason));
            let work = earlier.clone();
            let left = Journal { generation, reason, files_are_in: true, work, earlier: None, ..journal.clone() };
            write_journal(disk, layout, &left)
        }
        _ => forget_journal(disk, layout),
    }
}
