//! Several commands on one root at the same time.

use std::{fs, sync::Barrier};

use plimsoll::{
    install::{file_system::FileSystem as _, generations, installer::Outcome},
    plan::{Reason, Wanted, digest},
};

use super::{Scene, run};
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
        assert!(matches!(ended, Ok(Outcome::Done { .. })), "{}", super::told(&ended));
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
