//! Several commands on one root at the same time.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Barrier,
};

use plimsoll::{
    install::{file_system::FileSystem as _, generations, installer::Outcome},
    plan::{Reason, Wanted, digest},
};

use super::{
    Scene,
    meddler::{Deed, Meddler},
    run, told, verdict,
};
use crate::killed::{
    host::Tree,
    sets::{first, neighbour, nothing},
};

const ROUNDS: usize = 30;

/// Both at once, each with a disk of its own, as two processes have; that both are done.
fn both(scene: &Scene, one: (&Wanted, Reason), other: (&Wanted, Reason)) {
    let barrier = Barrier::new(2);
    let ended = std::thread::scope(|scope| {
        let threads = [one, other].map(|(wanted, reason)| {
            let barrier = &barrier;
            scope.spawn(move || {
                let disk = scene.disk();
                barrier.wait();
                run(&disk, wanted, reason)
            })
        });
        threads.map(|thread| thread.join().unwrap())
    });
    for ended in ended {
        assert!(matches!(ended, Ok(Outcome::Done { .. })), "{}", told(&ended));
    }
}

fn is_installed(scene: &Scene, wanted: &Wanted) {
    let disk = scene.disk();
    let last = generations::last(&disk, &wanted.layout).unwrap().unwrap();
    assert!(last.files.iter().map(|file| &file.path).eq(wanted.files.keys()));
    for file in &last.files {
        assert!(digest(&disk.read(&file.path).unwrap()) == file.sha256, "{} is not what was written", file.path);
    }
}

#[test]
fn two_catalogs_at_once_are_both_installed_and_both_removed() {
    for _ in 0..ROUNDS {
        let scene = Scene::of(&Tree::new());
        let (home, cabin) = (first(), neighbour());
        both(&scene, (&home, Reason::Install), (&cabin, Reason::Install));
        is_installed(&scene, &home);
        is_installed(&scene, &cabin);
        let (no_home, no_cabin) = (nothing("home"), nothing("cabin"));
        both(&scene, (&no_home, Reason::Uninstall), (&no_cabin, Reason::Uninstall));
        let files: Vec<_> = scene.tree().into_keys().filter(|path| !scene.root().join(path).is_dir()).collect();
        assert!(files.is_empty(), "{files:?}");
    }
}

#[test]
fn one_catalog_comes_while_the_last_one_goes() {
    for _ in 0..ROUNDS {
        let scene = Scene::of(&Tree::new());
        let (home, cabin) = (first(), neighbour());
        run(&scene.disk(), &home, Reason::Install).unwrap();
        both(&scene, (&nothing("home"), Reason::Uninstall), (&cabin, Reason::Install));
        is_installed(&scene, &cabin);
        assert!(!scene.root().join("etc/containers/systemd/home").exists());
    }
}

#[test]
fn a_lock_outlives_the_directory_that_it_was_in() {
    let scene = Scene::of(&Tree::new());
    let (disk, wanted) = (scene.disk(), first());
    let ours = || plimsoll::install::installer::lock(&disk, &wanted.layout, "a test", &mut Vec::new()).unwrap();
    drop(ours());
    // The last uninstall takes the directory away, while somebody who has been there waits.
    fs::remove_dir_all(scene.root().join("var")).unwrap();
    assert!(matches!(ours(), plimsoll::install::file_system::Locked::Held(_)));
    assert!(scene.root().join("var/lib/plimsoll/lock").is_file());
}

/// Kills the command of one catalog before its n-th call, installs another catalog, and lets the first go on.
fn killed(start: &Tree, wanted: &Wanted, reason: &Reason, at: usize) -> Result<bool, String> {
    let (scene, cabin) = (Scene::of(start), neighbour());
    let disk = scene.disk();
    let dies = || resume_unwind(Box::new("killed"));
    let ended =
        catch_unwind(AssertUnwindSafe(|| run(&Meddler::new(&disk, Deed::Before(at, &dies)), wanted, reason.clone())));
    if ended.is_ok() {
        return Ok(false);
    }
    let between = run(&scene.disk(), &cabin, Reason::Install);
    let is_in = matches!(between, Ok(Outcome::Done { .. }));
    if !is_in && !matches!(between, Ok(Outcome::Refused(_))) {
        return Err(format!("the other says: {}", told(&between)));
    }
    let after = run(&scene.disk(), wanted, reason.clone());
    if !matches!(after, Ok(Outcome::Done { .. } | Outcome::Nothing)) {
        return Err(format!("the next says: {}", told(&after)));
    }
    if !is_in {
        let again = run(&scene.disk(), &cabin, Reason::Install);
        if !matches!(again, Ok(Outcome::Done { .. })) {
            return Err(format!("the other says in the end: {}", told(&again)));
        }
    }
    for file in cabin.files.keys() {
        if !scene.root().join(file).is_file() {
            return Err(format!("{file} of the other is gone"));
        }
    }
    is_installed(&scene, &cabin);
    Ok(true)
}

#[test]
fn what_was_killed_takes_nothing_from_a_catalog_that_came_since() {
    let scene = Scene::of(&Tree::new());
    run(&scene.disk(), &first(), Reason::Install).unwrap();
    let installed = scene.tree();
    let mut failures = Vec::new();
    let mut tried = 0;
    for (start, wanted, reason) in
        [(&installed, nothing("home"), Reason::Uninstall), (&Tree::new(), first(), Reason::Install)]
    {
        for at in 0.. {
            match killed(start, &wanted, &reason, at) {
                Ok(false) => break,
                Ok(true) => {}
                Err(why) => failures.push(format!("{reason:?} killed before {at}: {why}")),
            }
            tried += 1;
        }
    }
    assert!(tried > 80, "{tried}");
    verdict(&failures, tried);
}

#[test]
fn a_first_install_that_was_killed_leaves_no_directory_after_an_uninstall() {
    let (home, nothing) = (first(), nothing("home"));
    let mut failures = Vec::new();
    for at in 0.. {
        let scene = Scene::of(&Tree::new());
        // These are there on every host, and hold the lock before anything can be written down.
        fs::create_dir_all(scene.root().join("var/lib")).unwrap();
        let before = scene.tree();
        let disk = scene.disk();
        let dies = || resume_unwind(Box::new("killed"));
        let ended = catch_unwind(AssertUnwindSafe(|| {
            run(&Meddler::new(&disk, Deed::Before(at, &dies)), &home, Reason::Install)
        }));
        if ended.is_ok() {
            assert!(at > 60, "{at}");
            break;
        }
        if at % 2 == 0 {
            run(&scene.disk(), &home, Reason::Install).unwrap();
        }
        run(&scene.disk(), &nothing, Reason::Uninstall).unwrap();
        failures.extend(super::same(&before, &scene.tree()).err().map(|paths| format!("killed before {at}: {paths}")));
    }
    verdict(&failures, failures.len());
}
