//! An install from its beginning to its end: what was left behind, the plan, the files, systemd, and back again where it
//! does not come up.

use std::io;

use super::{
    carry_out::{Heard, Manager, Trouble, carry_out},
    directories,
    error::{self, InstallError},
    file_system::{FileSystem, Kind, Lock, Locked},
    generations, kept, singles,
    stage::clear_stage,
    survey::{Memory, check_file, check_ways, survey},
    tools::{make_dirs, remove_tree},
    transaction::{self, Change, Recovered},
};
use crate::plan::{Layout, Plan, Reason, Standing, Wanted, Work, plan};

/// How to install.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Overwrite what was edited by hand.
    pub force: bool,
    /// What is asked of systemd.
    pub systemd: Systemd,
    /// How many generations are kept.
    pub keep: usize,
    /// Now, in UTC, as it is recorded.
    pub now: String,
}

/// What is asked of systemd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Systemd {
    /// All that follows from what changed.
    All,
    /// To read its units anew, and nothing else.
    ReloadOnly,
    /// Nothing.
    Nothing,
}

/// How an install ended.
#[derive(Debug)]
pub enum Outcome {
    /// There was nothing to do.
    Nothing,
    /// It was refused: see the obstacles of the plan. Nothing was changed.
    Refused(Plan),
    /// It is in.
    Done {
        /// What was done.
        plan: Plan,
        /// The generation that it made; none where only work of an earlier run was left.
        generation: Option<u32>,
        /// What did not work, and does not keep what was installed from running.
        trouble: Trouble,
    },
    /// It went in, did not come up, and what was there before was put back.
    PutBack {
        /// What was done and undone.
        plan: Plan,
        /// The generation that did not come up.
        failed: u32,
        /// Why.
        trouble: Trouble,
        /// What did not work on the way back.
        on_the_way_back: Trouble,
    },
}

/// Who hears of the steps of an install.
pub trait Audience {
    /// What an earlier run had left behind.
    fn recovered(&mut self, recovered: &Recovered);
    /// What is about to be done. An error ends the install with nothing changed; an obstacle that is added refuses it.
    ///
    /// # Errors
    /// What speaks against it.
    fn planned(&mut self, plan: &mut Plan, standing: &Standing) -> Result<(), InstallError>;
    /// systemd or podman is asked for something, or could not do it without a restart.
    fn hear(&mut self, heard: Heard<'_>);
    /// The new set does not come up, and the old one is put back.
    fn puts_back(&mut self, trouble: &Trouble);
}

/// The lock of a host: of all installs beneath a state directory only one has it.
///
/// # Errors
/// What the system refused.
pub fn lock(disk: &dyn FileSystem, layout: &Layout, who: &str, made: &mut Vec<String>) -> Result<Locked, InstallError> {
    const TRIES: usize = 100;
    for _ in 0..TRIES {
        match try_lock(disk, layout, who, made) {
            // The last uninstall takes the directories away, which may be at any moment of this.
            Err(InstallError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            tried => return tried,
        }
    }
    try_lock(disk, layout, who, made)
}

fn try_lock(disk: &dyn FileSystem, layout: &Layout, who: &str, made: &mut Vec<String>) -> Result<Locked, InstallError> {
    // Before anything that stands there is relied on: a journal names the files that the next run writes.
    check_ways(disk, layout)?;
    make_dirs(disk, layout.all_states(), made)?;
    let path = lock_place(layout);
    // Who can open it can hold it for ever.
    check_file(disk, &path, 0o077)?;
    disk.lock(&path, who).map_err(error::io("lock", &path))
}

/// Where the lock is.
pub fn lock_place(layout: &Layout) -> String {
    format!("{}/lock", layout.all_states())
}

/// What is to be brought in.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The disk of the host.
    pub disk: &'a dyn FileSystem,
    /// What is to stand there.
    pub wanted: &'a Wanted,
    /// Why.
    pub reason: &'a Reason,
    /// Directories that were made for it already.
    pub made: &'a [String],
    /// How.
    pub settings: &'a Settings,
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("reason", self.reason).field("settings", self.settings).finish_non_exhaustive()
    }
}

/// Brings a host to hold exactly what is wanted. The lock must be held.
///
/// # Errors
/// What the system refused. Nothing was changed, or the next run finishes or undoes it.
pub fn install(
    job: Job<'_>,
    manager: Option<&mut dyn Manager>,
    audience: &mut dyn Audience,
    _lock: &Lock,
) -> Result<Outcome, InstallError> {
    let Job { disk, wanted, reason, made, settings } = job;
    let layout = &wanted.layout;
    let recovered = match transaction::recover(disk, layout) {
        // Whichever set stands is told by what the generations say of it, and is replaced.
        Err(InstallError::Damaged { .. }) if settings.force => {
            transaction::forget_journal(disk, layout)?;
            None
        }
        recovered => recovered?,
    };
    if let Some(recovered) = &recovered {
        audience.recovered(recovered);
    }
    let memory = if settings.force { Memory::AsFarAsItGoes } else { Memory::Whole };
    let standing = survey(disk, wanted, memory)?;
    let mut plan = plan(wanted, &standing);
    audience.planned(&mut plan, &standing)?;
    let is_refused = plan.obstacles.iter().any(|obstacle| !(settings.force && obstacle.can_be_forced));
    if is_refused {
        return Ok(Outcome::Refused(plan));
    }
    plan.work = wanted_work(plan.work, settings.systemd);
    let earlier = recovered.map(|recovered| wanted_work(recovered.work, settings.systemd));
    let earlier = earlier.filter(|work| !work.is_empty());
    let (generation, work) = if plan.is_empty() {
        // Nothing is made that would take its place.
        clear_stage(disk, layout)?;
        match earlier {
            None => {
                transaction::forget_journal(disk, layout)?;
                return Ok(Outcome::Nothing);
            }
            Some(work) => (None, work),
        }
    } else {
        singles::check(disk, layout, &singles::lines(&plan, wanted, &singles::made_files(wanted, &standing)))?;
        make_dirs(disk, &layout.state, &mut Vec::new())?;
        let change = Change {
            wanted,
            standing: &standing,
            plan: &plan,
            reason,
            now: &settings.now,
            made,
            earlier: earlier.as_ref(),
        };
        let (generation, work) = transaction::apply(disk, change)?;
        (Some(generation), work)
    };
    let trouble = match manager {
        None => Trouble::default(),
        Some(manager) => {
            let trouble = carry_out(&work, manager, &mut |heard| audience.hear(heard));
            if !trouble.is_none() && *reason != Reason::Uninstall {
                audience.puts_back(&trouble);
                let (failed, on_the_way_back) = put_back(job, generation, &work, manager, audience)?;
                return Ok(Outcome::PutBack { plan, failed, trouble, on_the_way_back });
            }
            if !trouble.is_none() {
                // What still runs is not forgotten: the next run tries again.
                return Ok(Outcome::Done { plan, generation, trouble });
            }
            generations::last_came_up(disk, layout)?;
            trouble
        }
    };
    transaction::forget_journal(disk, layout)?;
    generations::prune(disk, layout, settings.keep)?;
    Ok(Outcome::Done { plan, generation, trouble })
}

fn wanted_work(work: Work, systemd: Systemd) -> Work {
    match systemd {
        Systemd::All => work,
        Systemd::ReloadOnly => work.reload_only(),
        Systemd::Nothing => Work::default(),
    }
}

/// Puts back what stood before a generation that did not come up; its number, and what did not work on the way.
fn put_back(
    job: Job<'_>,
    failed: Option<u32>,
    work: &Work,
    manager: &mut dyn Manager,
    audience: &mut dyn Audience,
) -> Result<(u32, Trouble), InstallError> {
    let Job { disk, wanted, settings, .. } = job;
    let layout = &wanted.layout;
    let failed = match failed {
        Some(failed) => failed,
        // Only work of an earlier run was left: that run's generation is the one that does not come up.
        None => generations::numbers(disk, layout)?.pop().unwrap_or_default(),
    };
    generations::mark_failed(disk, layout, failed)?;
    let before = former(disk, layout)?;
    let before = match before {
        Some(number) => generations::files(disk, layout, &generations::read(disk, layout, number)?)?,
        None => Wanted::nothing(layout.clone()),
    };
    let standing = survey(disk, &before, Memory::Whole)?;
    let mut back = plan(&before, &standing);
    // What was to come up and did not is to run again as it was, whatever its files say.
    back.work = wanted_work(back.work, settings.systemd);
    let reason = Reason::PutBack(failed);
    let change = Change {
        wanted: &before,
        standing: &standing,
        plan: &back,
        reason: &reason,
        now: &settings.now,
        made: &[],
        // Nobody knows how much of it was done.
        earlier: Some(work),
    };
    let (_, work) = transaction::apply(disk, change)?;
    let on_the_way_back = carry_out(&work, manager, &mut |heard| audience.hear(heard));
    transaction::forget_journal(disk, layout)?;
    generations::prune(disk, layout, settings.keep)?;
    Ok((failed, on_the_way_back))
}

/// The generation to go back to: the newest that is not the last, came up, and wrote something else. Of what nobody
/// installed there is none.
///
/// # Errors
/// What cannot be read.
pub fn former(disk: &dyn FileSystem, layout: &Layout) -> Result<Option<u32>, InstallError> {
    let mut numbers = generations::numbers(disk, layout)?;
    let Some(last) = numbers.pop() else { return Ok(None) };
    let last = generations::read(disk, layout, last)?;
    for number in numbers.into_iter().rev() {
        if generations::is_failed(disk, layout, number)? {
            continue;
        }
        // One that is damaged is not gone back to by itself.
        let Ok(generation) = generations::read(disk, layout, number) else { continue };
        if generation.files != last.files {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// Forgets a catalog of which nothing is installed any more: its generations, and the directories that were made for it.
///
/// # Errors
/// What the system refused; the next `uninstall` goes on.
pub fn forget(disk: &dyn FileSystem, layout: &Layout) -> Result<(), InstallError> {
    let last = generations::last(disk, layout).unwrap_or_default();
    let is_unfinished = transaction::journal(disk, layout)?.is_some();
    if is_unfinished || last.as_ref().is_some_and(|last| !last.files.is_empty()) {
        return Ok(());
    }
    // The last one stays until the others are gone, or one of them would be taken for it. A record without its name is
    // none, and one that is half gone would be damaged.
    generations::prune(disk, layout, 1)?;
    if let Some(last) = &last {
        generations::remove(disk, layout, last.generation)?;
    }
    let mut made = last.map(|last| last.directories).unwrap_or_default();
    made.extend(directories::remembered(disk, layout)?);
    // What was written by hand stays for its author.
    let kept = kept::kept_place(layout);
    for (name, _) in disk.list(&layout.state).map_err(error::io("read", &layout.state))?.unwrap_or_default() {
        let inner = format!("{}/{name}", layout.state);
        if inner != kept {
            remove_tree(disk, &inner)?;
        }
    }
    if disk.entry(&kept).map_err(error::io("look at", &kept))?.is_none() {
        remove_tree(disk, &layout.state)?;
    }
    made.sort_by_key(|dir| std::cmp::Reverse(dir.len()));
    let states = layout.all_states();
    let (on_its_way, elsewhere): (Vec<_>, Vec<_>) =
        made.into_iter().partition(|dir| format!("{states}/").starts_with(&format!("{dir}/")));
    // Whoever waits goes on as soon as the lock is gone, and may need these.
    remove_empty(disk, &elsewhere)?;
    let others = disk.list(states).map_err(error::io("read", states))?.unwrap_or_default();
    if others.iter().all(|(name, kind)| name == "lock" && *kind == Kind::File) {
        let lock = lock_place(layout);
        if disk.entry(&lock).map_err(error::io("look at", &lock))?.is_some() {
            disk.remove_file(&lock).map_err(error::io("remove", &lock))?;
        }
        remove_empty(disk, &[states.to_owned()])?;
    }
    remove_empty(disk, &on_its_way)
}

fn remove_empty(disk: &dyn FileSystem, dirs: &[String]) -> Result<(), InstallError> {
    for dir in dirs {
        // What is not empty belongs to somebody by now, and stays.
        let is_empty = disk.list(dir).map_err(error::io("read", dir))?.is_some_and(|names| names.is_empty());
        if !is_empty {
            continue;
        }
        match disk.remove_dir(dir) {
            // By this very moment.
            Err(error) if matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotFound) => {}
            removed => removed.map_err(error::io("remove", dir))?,
        }
    }
    Ok(())
}
