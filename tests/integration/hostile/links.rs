//! Symbolic links where an install works.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use plimsoll::{
    install::{InstallError, installer::Outcome},
    plan::{Reason, Wanted},
};

use super::{
    Scene,
    meddler::{Deed, Meddler},
    run, same, stands, told, verdict,
};
use crate::killed::{
    host::tree,
    sets::{nothing, second},
};

/// Where a link leads.
#[derive(Clone, Copy, Debug)]
enum Lure {
    Directory,
    File,
    Nowhere,
}

const LURES: [Lure; 3] = [Lure::Directory, Lure::File, Lure::Nowhere];

/// The paths of every call of an uninterrupted run that changes something.
fn calls(wanted: &Wanted, reason: &Reason) -> Vec<Vec<String>> {
    let scene = Scene::new();
    let disk = scene.disk();
    let meddler = Meddler::new(&disk, Deed::Watches);
    run(&meddler, wanted, reason.clone()).unwrap();
    meddler.calls.into_inner().unwrap()
}

/// A path and every directory above it.
fn with_parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(end, _)| &path[..end]).chain([path])
}

fn copy(from: &Path, to: &Path) {
    if from.is_symlink() {
        return;
    }
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

impl Scene {
    /// Puts a link in the place of what is there, to something outside that looks the same.
    fn lure(&self, path: &str, lure: Lure) {
        let place = self.root().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let (dir, file) = (self.outside().join("dir"), self.outside().join("file"));
        if stands(&place) {
            copy(&place, if place.is_dir() { &dir } else { &file });
            fs::rename(&place, self.aside()).unwrap();
        }
        let to = match lure {
            Lure::Directory => dir,
            Lure::File => file,
            Lure::Nowhere => self.outside().join("nothing"),
        };
        symlink(to, &place).unwrap();
    }

    /// Takes the link away wherever it has come to, and puts back what was there. Where the run itself removed the link, it
    /// was to remove what was there.
    fn put_right(&self, path: &str) {
        let is_there = self.remove_links(&self.root());
        let place = self.root().join(path);
        if is_there && stands(&self.aside()) && !stands(&place) && place.parent().unwrap().is_dir() {
            fs::rename(self.aside(), &place).unwrap();
        }
    }

    /// Whether there was any.
    fn remove_links(&self, dir: &Path) -> bool {
        let mut any = false;
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                if fs::read_link(&path).unwrap().starts_with(self.outside()) {
                    fs::remove_file(&path).unwrap();
                    any = true;
                }
            } else if path.is_dir() {
                any |= self.remove_links(&path);
            }
        }
        any
    }
}

fn caught(run: impl FnOnce() -> Result<Outcome, InstallError>) -> Result<Result<Outcome, InstallError>, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| "it panicked".to_owned())
}

fn planted(path: &str, lure: Lure) -> Result<(), String> {
    let scene = Scene::new();
    scene.lure(path, lure);
    let before = tree(&scene.outside());
    let ended = caught(|| run(&scene.disk(), &second(), Reason::Install))?;
    same(&before, &tree(&scene.outside())).map_err(|paths| format!("outside: {paths}"))?;
    match &ended {
        Ok(Outcome::Done { .. }) => {}
        Err(_) | Ok(Outcome::Refused(_)) => {
            let told = told(&ended);
            let is_clear = told.contains(&format!("/{path}")) && told.contains("symbolic link");
            if !is_clear {
                return Err(format!("it says: {told}"));
            }
        }
        Ok(other) => return Err(format!("{other:?}")),
    }
    scene.put_right(path);
    scene.converges(&second())
}

#[test]
fn links_at_every_path_are_not_followed() {
    let calls = calls(&second(), &Reason::Install);
    let paths: BTreeSet<&str> = calls.iter().flatten().flat_map(|path| with_parents(path)).collect();
    let paths: Vec<&str> = paths.into_iter().filter(|path| !path.is_empty()).collect();
    assert!(paths.len() > 40, "{paths:?}");
    let mut failures = Vec::new();
    for path in &paths {
        for lure in LURES {
            failures.extend(planted(path, lure).err().map(|why| format!("{lure:?} at {path}: {why}")));
        }
    }
    verdict(&failures, paths.len() * LURES.len());
}

fn swapped(wanted: &Wanted, reason: &Reason, at: usize, path: &str, lure: Lure) -> Result<(), String> {
    let scene = Scene::new();
    let before = std::sync::Mutex::new(None);
    let deed = || {
        scene.lure(path, lure);
        *before.lock().unwrap() = Some(tree(&scene.outside()));
    };
    let disk = scene.disk();
    let ended = caught(|| run(&Meddler::new(&disk, Deed::Before(at, &deed)), wanted, reason.clone()))?;
    let before = before.into_inner().unwrap().ok_or("it did not come so far")?;
    same(&before, &tree(&scene.outside())).map_err(|paths| format!("outside: {paths}"))?;
    if let Err(error) = &ended
        && !error.to_string().contains('/')
    {
        return Err(format!("it says: {error}"));
    }
    scene.put_right(path);
    for next in [wanted, &second()] {
        if !next.files.is_empty() {
            scene.converges(next)?;
        }
    }
    Ok(())
}

fn swap_everywhere(wanted: &Wanted, reason: &Reason, least: usize) {
    let calls = calls(wanted, reason);
    let mut failures = Vec::new();
    let mut tried = 0;
    for (at, paths) in calls.iter().enumerate() {
        let mut near: BTreeSet<&str> = paths.iter().map(String::as_str).collect();
        near.extend(paths.iter().filter_map(|path| Some(path.rsplit_once('/')?.0)));
        for path in near.into_iter().filter(|path| !path.is_empty()) {
            for lure in LURES {
                tried += 1;
                let why = swapped(wanted, reason, at, path, lure).err();
                failures.extend(why.map(|why| format!("{lure:?} at {path} before {at} {paths:?}: {why}")));
            }
        }
    }
    assert!(tried > least, "{tried}");
    verdict(&failures, tried);
}

#[test]
fn links_that_appear_in_an_upgrade_are_not_followed() {
    swap_everywhere(&second(), &Reason::Install, 300);
}

#[test]
fn links_that_appear_in_a_rollback_are_not_followed() {
    // To the set that stands there is nothing to do: one that was not there before.
    swap_everywhere(&crate::killed::sets::one(), &Reason::Rollback(1), 200);
}

#[test]
fn links_that_appear_in_an_uninstall_are_not_followed() {
    swap_everywhere(&nothing("home"), &Reason::Uninstall, 100);
}
