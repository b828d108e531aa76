//! Killed anywhere: an install, an upgrade, a removal, a rollback and more, each killed at every single write, rename,
//! link, unlink, sync and systemd call, and once at each with the call failing or the disk full.
//!
//! Whatever happened, the catalog's directory is wholly the old or wholly the new set, no slice of a unit that stands is
//! missing or torn, nothing foreign has changed by a byte, the next command says what it found, and it converges.

pub(crate) mod host;
pub(crate) mod mortal;
mod scenarios;
pub(crate) mod sets;
mod systemd;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::atomic::{AtomicUsize, Ordering},
};

use camino::Utf8Path;
use plimsoll::{
    install::{
        InstallError,
        carry_out::{Heard, Trouble},
        disk::Disk,
        file_system::Locked,
        generations,
        installer::{self, Audience, Job, Outcome, Settings, Systemd as Ask},
        transaction::{self, Recovered},
    },
    plan::{Plan, Reason, Standing, Wanted, digest, line},
};

use host::{
    Tree, foreign, has_journal, holds, left_over, own_lines, own_slices, plant, tree, units, units_of, without_state,
};
use mortal::{Clock, Fate, Killed, Mortal, MortalManager, Point, Way};
use systemd::Systemd;

/// A command.
#[derive(Clone, Debug)]
pub struct Act {
    pub wanted: Wanted,
    pub reason: Reason,
    pub force: bool,
    /// What does not come up.
    pub down: BTreeSet<String>,
    /// What stands when it came to its end.
    pub ends: Wanted,
}

/// A host before anything happens to it.
#[derive(Clone, Debug)]
pub struct Start {
    pub tree: Tree,
    pub systemd: Systemd,
}

/// What is killed everywhere.
#[derive(Debug)]
pub struct Scenario {
    pub name: &'static str,
    pub start: Start,
    /// A run that was killed before, at the first point that begins so.
    pub before: Option<(Act, &'static str, Way)>,
    pub act: Act,
    /// The sets that may stand when it is killed.
    pub stands: Vec<Wanted>,
    /// Which commands come next: the first after every death, the others after some.
    pub nexts: Vec<Act>,
    /// Bytes that must not be lost.
    pub by_hand: Vec<Vec<u8>>,
    /// As many points it has at least.
    pub least: usize,
}

struct Host {
    dir: tempfile::TempDir,
    systemd: Systemd,
}

#[expect(clippy::large_enum_variant, reason = "one at a time")]
enum End {
    Killed,
    Ended(Result<Outcome, InstallError>),
}

struct Run {
    end: End,
    points: Vec<Point>,
    heard: Vec<Recovered>,
}

#[derive(Default)]
struct Ears {
    heard: Vec<Recovered>,
}

impl Audience for Ears {
    fn recovered(&mut self, recovered: &Recovered) {
        self.heard.push(recovered.clone());
    }

    fn planned(&mut self, _: &mut Plan, _: &Standing) -> Result<(), InstallError> {
        Ok(())
    }

    fn hear(&mut self, _: Heard<'_>) {}

    fn puts_back(&mut self, _: &Trouble) {}
}

impl Host {
    fn new(start: &Start) -> Self {
        let dir = host::directory();
        plant(dir.path(), &start.tree);
        let mut systemd = start.systemd.clone();
        dir.path().clone_into(&mut systemd.root);
        Self { dir, systemd }
    }

    fn tree(&self) -> Tree {
        tree(self.dir.path())
    }

    fn disk(&self) -> Disk {
        Disk::beneath(Utf8Path::from_path(self.dir.path()).unwrap()).unwrap()
    }

    /// Does what a command does, until its fate meets it.
    fn run(&mut self, act: &Act, fate: Option<Fate>) -> Run {
        let (disk, clock, mut ears) = (self.disk(), Clock::new(fate), Ears::default());
        self.systemd.down = act.down.clone();
        let mortal = Mortal { disk: &disk, clock: &clock };
        let mut manager = MortalManager { systemd: &mut self.systemd, clock: &clock };
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let layout = &act.wanted.layout;
            let mut made = Vec::new();
            let Locked::Held(lock) = installer::lock(&mortal, layout, "a test", &mut made)? else {
                panic!("it was waited for");
            };
            let settings =
                Settings { force: act.force, systemd: Ask::All, keep: 3, now: "2026-11-22T10:00:00Z".to_owned() };
            let outcome = installer::install(
                Job { disk: &mortal, wanted: &act.wanted, reason: &act.reason, made: &made, settings: &settings },
                Some(&mut manager),
                &mut ears,
                &lock,
            )?;
            if act.reason == Reason::Uninstall {
                installer::forget(&mortal, layout)?;
            }
            Ok(outcome)
        }));
        let end = match ended {
            Ok(ended) => End::Ended(ended),
            Err(thrown) if thrown.is::<Killed>() => End::Killed,
            Err(thrown) => resume_unwind(thrown),
        };
        Run { end, points: clock.points(), heard: ears.heard }
    }
}

impl Start {
    /// This host after a command that came to its end.
    pub fn after(&self, act: &Act) -> Self {
        let mut host = Host::new(self);
        let run = host.run(act, None);
        assert!(matches!(run.end, End::Ended(Ok(Outcome::Done { .. }))), "a host cannot be made");
        Self { tree: host.tree(), systemd: host.systemd }
    }
}

impl Scenario {
    /// The host on which it begins.
    fn host(&self) -> Host {
        let mut host = Host::new(&self.start);
        if let Some((act, marker, way)) = &self.before {
            let points = Host::new(&self.start).run(act, None).points;
            let at = points.iter().position(|point| point.what.starts_with(marker)).expect("no such point");
            let run = host.run(act, Some(Fate { at, way: *way }));
            assert!(matches!(run.end, End::Killed));
        }
        host
    }

    /// All its points, and how each of them can be the last.
    fn fates(&self) -> Vec<Fate> {
        let points = self.host().run(&self.act, None).points;
        let of_point = |(at, point): (usize, &Point)| point.ways().into_iter().map(move |way| Fate { at, way });
        points.iter().enumerate().flat_map(of_point).collect()
    }

    /// Which of the sets stands; whether all that must be so is so.
    fn standing(&self, now: &Tree) -> Result<&Wanted, String> {
        let sets: Vec<&Wanted> = self.stands.iter().chain(self.nexts.iter().map(|act| &act.wanted)).collect();
        let (was, is) =
            (foreign(&self.start.tree, &sets, Some(&self.start.tree)), foreign(now, &sets, Some(&self.start.tree)));
        if was != is {
            let differs = |path: &&String| was.get(*path) != is.get(*path);
            let paths: Vec<&String> = was.keys().chain(is.keys()).filter(differs).collect();
            return Err(format!("what is foreign has changed: {paths:?}"));
        }
        for bytes in &self.by_hand {
            if !holds(now, bytes) {
                return Err(format!("what was written by hand is lost: {}", String::from_utf8_lossy(bytes)));
            }
        }
        let there = units(now);
        let Some(set) = sets.iter().copied().find(|set| units_of(set) == there) else {
            return Err(format!(
                "the directory is of no set: {:?}",
                there.map(|units| units.into_keys().collect::<Vec<_>>())
            ));
        };
        let mut texts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (path, text) in sets.iter().flat_map(|set| own_slices(set)) {
            texts.entry(path).or_default().push(text);
        }
        let own = own_slices(set);
        // Where something is put back, the slices of the old set come before it.
        let is_last = self.act.down.is_empty() && self.before.is_none() && units_of(&self.act.wanted) == there;
        for (path, texts) in &texts {
            let found = match now.get(*path) {
                None => None,
                Some(host::Thing::File(0o644, bytes)) => Some(String::from_utf8_lossy(bytes).into_owned()),
                Some(_) => return Err(format!("{path} is no plain file")),
            };
            match (found, own.get(path)) {
                (None, Some(_)) => return Err(format!("{path} is missing")),
                (Some(found), _) if !texts.contains(&found.as_str()) => return Err(format!("{path} is torn: {found}")),
                (Some(found), Some(text)) if is_last && found != *text => return Err(format!("{path} is old")),
                _ => {}
            }
        }
        for path in own_lines(set).into_keys() {
            // As with a slice: a line that is to become another one does so before the directory is exchanged.
            let lines = || sets.iter().filter_map(|set| own_lines(set).get(path).copied());
            let has_one = |bytes: &[u8]| lines().any(|line| line::has(bytes, line));
            let is_there = matches!(now.get(path), Some(host::Thing::File(0o644, bytes)) if has_one(bytes));
            if !is_there && self.act.down.is_empty() && self.before.is_none() {
                return Err(format!("{path} has no line of ours"));
            }
        }
        Ok(set)
    }

    /// What is to be right after a run that was killed or failed, and after the commands that follow.
    fn check(&self, fate: Fate, next: &Act, reference: &Tree, copied: bool) -> Result<(), String> {
        let mut host = self.host();
        let run = host.run(&self.act, Some(fate));
        let died = host.tree();
        let stands = self.standing(&died)?;
        match &run.end {
            End::Killed if matches!(fate.way, Way::Before | Way::After | Way::Half) => {}
            End::Killed => return Err("it was killed by a failure".to_owned()),
            End::Ended(Ok(Outcome::Done { trouble, .. })) if !trouble.is_none() => {
                if !has_journal(&died) {
                    return Err("what could not be done is forgotten".to_owned());
                }
            }
            End::Ended(Ok(Outcome::Done { .. })) => {
                if units_of(stands) != units_of(&self.act.ends) {
                    return Err("it says that it is done, and is not".to_owned());
                }
                nothing_wrong(&host.systemd.differs_from(&self.act.ends))?;
            }
            End::Ended(Ok(Outcome::Nothing)) => return Err("it says that there was nothing to do".to_owned()),
            End::Ended(Ok(Outcome::Refused(plan))) => return Err(format!("refused: {:?}", plan.obstacles)),
            End::Ended(Ok(Outcome::PutBack { .. }) | Err(_)) => {}
        }
        if copied {
            host = Host::new(&Start { tree: died.clone(), systemd: host.systemd });
        }
        let run = host.run(next, None);
        let heard = &run.heard;
        if has_journal(&died) != (heard.len() == 1) {
            return Err(format!("there was a journal: {}, and this was said: {heard:?}", has_journal(&died)));
        }
        if self.before.is_none() && self.act.down.is_empty() {
            let is_in = |said: &Recovered| said.is_in == (units_of(stands) == units_of(&self.act.wanted));
            let put_back = |said: &Recovered| matches!(said.reason, Reason::PutBack(_));
            if !heard.iter().all(|said| is_in(said) || put_back(said) || fate.way == Way::Fails) {
                return Err(format!("not true: {heard:?}"));
            }
        }
        self.converged(&mut host, run, next, reference)
    }

    /// What is to be right after a command that came to its end, and that the same once more does nothing.
    fn converged(&self, host: &mut Host, run: Run, act: &Act, reference: &Tree) -> Result<(), String> {
        match run.end {
            End::Killed => return Err("the next was killed".to_owned()),
            End::Ended(Err(error)) => return Err(format!("the next says: {error}")),
            End::Ended(Ok(Outcome::Refused(plan))) => return Err(format!("the next refuses: {:?}", plan.obstacles)),
            End::Ended(Ok(Outcome::PutBack { trouble, .. })) if act.down.is_empty() => {
                return Err(format!("the next put back: {trouble:?}"));
            }
            End::Ended(Ok(_)) => {}
        }
        self.is_right(host, act, reference).map_err(|why| format!("after the next: {why}"))?;
        let calls = host.systemd.calls;
        let last = Act { wanted: act.ends.clone(), down: BTreeSet::new(), ..act.clone() };
        let run = host.run(&last, None);
        let did: Vec<&str> =
            run.points.iter().map(|point| point.what.as_str()).filter(|what| !what.starts_with("lock ")).collect();
        if !matches!(run.end, End::Ended(Ok(Outcome::Nothing))) || !did.is_empty() || host.systemd.calls != calls {
            return Err(format!("the third does something: {did:?}"));
        }
        Ok(())
    }

    /// What stands everywhere else after a command that nothing happened to.
    fn reference(&self, act: &Act) -> Tree {
        let mut host = Host::new(&self.start);
        host.run(act, None);
        without_state(&host.tree())
    }

    fn is_right(&self, host: &Host, act: &Act, reference: &Tree) -> Result<(), String> {
        let now = host.tree();
        self.standing(&now)?;
        let left = left_over(&now);
        if !left.is_empty() {
            return Err(format!("this is left over: {left:?}"));
        }
        let now = without_state(&now);
        if now != *reference {
            let paths: BTreeSet<&String> = now.keys().chain(reference.keys()).collect();
            let differ: Vec<_> = paths.into_iter().filter(|path| now.get(*path) != reference.get(*path)).collect();
            return Err(format!("not as without a death: {differ:?}"));
        }
        nothing_wrong(&host.systemd.differs_from(&act.ends))?;
        let (disk, layout) = (host.disk(), &act.wanted.layout);
        let last = generations::last(&disk, layout).map_err(|error| error.to_string())?;
        if act.reason == Reason::Uninstall {
            return if last.is_none() { Ok(()) } else { Err("it is remembered".to_owned()) };
        }
        let last = last.ok_or("it is not remembered")?;
        for number in generations::numbers(&disk, layout).unwrap() {
            let generation = generations::read(&disk, layout, number).map_err(|error| error.to_string())?;
            generations::files(&disk, layout, &generation).map_err(|error| error.to_string())?;
        }
        if generations::is_failed(&disk, layout, last.generation).unwrap() {
            return Err("what stands is remembered as what did not come up".to_owned());
        }
        let mut remembered: BTreeMap<&str, &str> =
            last.files.iter().map(|file| (file.path.as_str(), file.sha256.as_str())).collect();
        remembered.retain(|path, _| !path.ends_with("/services.slice"));
        let digests: Vec<_> =
            act.ends.texts().into_iter().map(|(path, text)| (path, digest(text.as_bytes()))).collect();
        let is_same = digests.iter().filter(|(path, _)| !path.ends_with("/services.slice"));
        if !is_same.map(|(path, digest)| (path, digest.as_str())).eq(remembered.iter().map(|(path, sha)| (path, *sha)))
        {
            return Err("something else is remembered".to_owned());
        }
        match transaction::journal(&disk, layout) {
            Ok(None) => Ok(()),
            other => Err(format!("a journal: {other:?}")),
        }
    }

    /// Kills the run, then what follows at each of its points, and looks whether a third one converges.
    fn check_twice(&self, fate: Fate, reference: &Tree) -> Result<usize, String> {
        let next = &self.nexts[0];
        let points = {
            let mut host = self.host();
            host.run(&self.act, Some(fate));
            host.run(next, None).points
        };
        let mut count = 0;
        for (at, way) in (0..points.len()).flat_map(|at| [(at, if at % 2 == 0 { Way::Before } else { Way::After })]) {
            let told = |why: String| format!("then {way:?} {}: {why}", points[at].what);
            let mut host = self.host();
            host.run(&self.act, Some(fate));
            host.run(next, Some(Fate { at, way }));
            self.standing(&host.tree()).map_err(told)?;
            let run = host.run(next, None);
            self.converged(&mut host, run, next, reference).map_err(told)?;
            count += 1;
        }
        Ok(count)
    }

    /// Kills it everywhere, and says how often.
    pub fn kill_everywhere(&self) {
        let fates = self.fates();
        let points = self.host().run(&self.act, None).points;
        let references: Vec<Tree> = self.nexts.iter().map(|next| self.reference(next)).collect();
        let mut jobs: Vec<(Fate, usize, bool, bool)> = Vec::new();
        for fate in &fates {
            jobs.push((*fate, 0, false, false));
            if fate.way == Way::After {
                // Each of these is a long way: every few points will do.
                let others = (1..self.nexts.len()).filter(|next| (fate.at + next) % 3 == 0);
                jobs.extend(others.map(|next| (*fate, next, false, false)));
                jobs.extend((fate.at % 4 == 0).then_some((*fate, 0, true, false)));
                jobs.extend((fate.at == points.len() * 2 / 3).then_some((*fate, 0, false, true)));
            }
        }
        let (at, runs) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let failures = std::sync::Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some((fate, next, copied, twice)) = jobs.get(at.fetch_add(1, Ordering::SeqCst)) {
                        let checked = if *twice {
                            self.check_twice(*fate, &references[0])
                        } else {
                            self.check(*fate, &self.nexts[*next], &references[*next], *copied).map(|()| 1)
                        };
                        match checked {
                            Ok(count) => drop(runs.fetch_add(count, Ordering::SeqCst)),
                            Err(why) => failures.lock().unwrap().push(format!(
                                "{:3} {:?} {} (next {next}{}): {why}",
                                fate.at,
                                fate.way,
                                points[fate.at].what,
                                if *copied { ", copied" } else { "" },
                            )),
                        }
                    }
                });
            }
        });
        let mut failures = failures.into_inner().unwrap();
        failures.sort();
        let count = failures.len();
        let shown = failures.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
        assert!(failures.is_empty(), "{}: {count} of {} went wrong:\n{shown}", self.name, jobs.len());
        let (points, runs) = (points.len(), runs.into_inner());
        eprintln!("killed anywhere: {}: {points} points, {runs} runs", self.name);
        assert!(points >= self.least, "{}: only {points} points", self.name);
    }
}

fn nothing_wrong(wrong: &[String]) -> Result<(), String> {
    if wrong.is_empty() { Ok(()) } else { Err(format!("systemd: {}", wrong.join(", "))) }
}
