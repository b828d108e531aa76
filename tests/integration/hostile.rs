//! Hostile surroundings: links at every path that an install touches, before it and in the middle of it; directories of
//! others or open to others; a disk that takes nothing; other installs at the same time.
//!
//! Whatever is there, nothing outside of what an install owns changes, what is wrong is named, and once it is put right
//! the next install converges.

mod full;
mod links;
mod meddler;
mod messages;
mod modes;
mod together;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use camino::Utf8Path;
use plimsoll::{
    install::{
        InstallError,
        disk::Disk,
        file_system::{FileSystem, Locked},
        installer::{self, Job, Outcome, Settings, Systemd},
    },
    plan::{Reason, Wanted},
};

use crate::{
    killed::{
        host::{Tree, directory, foreign, left_over, own_slices, plant, plant_foreign, tree, units, units_of},
        sets::{first, neighbour, second},
    },
    restarts::Silent,
};

/// Does what a command does, with nothing asked of systemd.
fn run(disk: &dyn FileSystem, wanted: &Wanted, reason: Reason) -> Result<Outcome, InstallError> {
    let mut made = Vec::new();
    let lock = loop {
        match installer::lock(disk, &wanted.layout, "a test", &mut made)? {
            Locked::Held(lock) => break lock,
            Locked::ByOthers(_) => std::thread::sleep(std::time::Duration::from_millis(1)),
        }
    };
    let is_last = reason == Reason::Uninstall;
    let now = "2026-11-22T10:00:00Z".to_owned();
    let settings = Settings { force: false, systemd: Systemd::Nothing, keep: 3, now };
    let job = Job { disk, wanted, reason: &reason, made: &made, settings: &settings };
    let outcome = installer::install(job, None, &mut Silent, &lock)?;
    if is_last {
        installer::forget(disk, &wanted.layout)?;
    }
    Ok(outcome)
}

/// What somebody who ran it would read.
fn told(ended: &Result<Outcome, InstallError>) -> String {
    match ended {
        Err(error) => format!("error: {error}"),
        Ok(Outcome::Refused(plan)) => {
            let line = |obstacle: &plimsoll::plan::Obstacle| {
                format!("error: /{} {}\n  = help: {}", obstacle.path, obstacle.message, obstacle.help)
            };
            plan.obstacles.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Ok(Outcome::Nothing) => "nothing to do".to_owned(),
        Ok(_) => "done".to_owned(),
    }
}

/// A root on which the first set is installed beside another catalog and files of others, and what is outside of it.
struct Scene {
    dir: tempfile::TempDir,
}

impl Scene {
    fn start() -> &'static Tree {
        static START: OnceLock<Tree> = OnceLock::new();
        START.get_or_init(|| {
            let scene = Self::of(&Tree::new());
            plant_foreign(&scene.root());
            for wanted in [neighbour(), first()] {
                run(&scene.disk(), &wanted, Reason::Install).unwrap();
            }
            tree(&scene.root())
        })
    }

    fn of(start: &Tree) -> Self {
        let scene = Self { dir: directory() };
        for inner in ["root", "outside", "outside/dir", "aside"] {
            fs::create_dir(scene.dir.path().join(inner)).unwrap();
        }
        fs::write(scene.outside().join("file"), "theirs\n").unwrap();
        fs::write(scene.outside().join("dir/keep"), "theirs\n").unwrap();
        plant(&scene.root(), start);
        scene
    }

    fn new() -> Self {
        Self::of(Self::start())
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    fn outside(&self) -> PathBuf {
        self.dir.path().join("outside")
    }

    fn aside(&self) -> PathBuf {
        self.dir.path().join("aside/thing")
    }

    fn disk(&self) -> Disk {
        Disk::beneath(Utf8Path::from_path(&self.root()).unwrap()).unwrap()
    }

    fn tree(&self) -> Tree {
        tree(&self.root())
    }

    /// What is wrong with the host after the next install.
    fn converges(&self, wanted: &Wanted) -> Result<(), String> {
        match run(&self.disk(), wanted, Reason::Install) {
            Ok(Outcome::Done { .. } | Outcome::Nothing) => {}
            other => return Err(format!("the next says: {}", told(&other))),
        }
        let now = self.tree();
        if units(&now) != units_of(wanted) {
            return Err("the units are not those that were installed".to_owned());
        }
        for (path, text) in own_slices(wanted) {
            if fs::read_to_string(self.root().join(path)).ok().as_deref() != Some(text) {
                return Err(format!("{path} is not what was installed"));
            }
        }
        same(&foreign(Self::start(), &sets(), Some(Self::start())), &foreign(&now, &sets(), Some(Self::start())))
            .map_err(|paths| format!("foreign: {paths}"))?;
        let left = left_over(&now);
        if !left.is_empty() {
            return Err(format!("left over: {left:?}"));
        }
        match run(&self.disk(), wanted, Reason::Install) {
            Ok(Outcome::Nothing) => Ok(()),
            other => Err(format!("the third says: {}", told(&other))),
        }
    }
}

fn sets() -> [&'static Wanted; 2] {
    static SETS: OnceLock<[Wanted; 2]> = OnceLock::new();
    SETS.get_or_init(|| [first(), second()]).each_ref()
}

/// The paths at which two trees differ.
fn same(one: &Tree, other: &Tree) -> Result<(), String> {
    let paths: Vec<_> = one.keys().chain(other.keys()).filter(|path| one.get(*path) != other.get(*path)).collect();
    if paths.is_empty() { Ok(()) } else { Err(format!("{paths:?}")) }
}

/// Every failure, as far as anybody would read.
fn verdict(failures: &[String], of: usize) {
    let shown = &failures[..failures.len().min(25)];
    assert!(failures.is_empty(), "{} of {of} failed:\n{}", failures.len(), shown.join("\n"));
}

fn stands(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
