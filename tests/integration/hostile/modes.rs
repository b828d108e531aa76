//! Directories and files on the way that belong to others, or are open to them.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
};

use plimsoll::plan::Reason;

use super::{Scene, run, same, told, verdict};
use crate::killed::sets::second;

/// Every directory that an install relies on.
const WAYS: [&str; 11] = [
    "etc",
    "etc/containers",
    "etc/containers/systemd",
    "etc/containers/systemd/home",
    "etc/systemd",
    "etc/systemd/system",
    "var",
    "var/lib",
    "var/lib/plimsoll",
    "var/lib/plimsoll/home",
    "var/lib/plimsoll/home/generations",
];

const LOCK: &str = "var/lib/plimsoll/lock";

/// That it is refused with these words, changes nothing, and goes on once it is put right.
fn refused(path: &str, word: &str, spoil: &dyn Fn(&Scene), mend: &dyn Fn(&Scene)) -> Result<(), String> {
    let scene = Scene::new();
    spoil(&scene);
    let before = scene.tree();
    let told = told(&run(&scene.disk(), &second(), Reason::Install));
    if !told.starts_with(&format!("error: /{path} ")) || !told.contains(word) {
        return Err(format!("{path}: {told}"));
    }
    same(&before, &scene.tree()).map_err(|paths| format!("{path}: {paths}"))?;
    mend(&scene);
    scene.converges(&second()).map_err(|why| format!("{path}: {why}"))
}

fn mode(path: &str, mode: u32, word: &str) -> Result<(), String> {
    let place = |scene: &Scene| scene.root().join(path);
    let was = fs::metadata(place(&Scene::new())).unwrap().permissions();
    refused(
        path,
        word,
        &|scene| fs::set_permissions(place(scene), fs::Permissions::from_mode(mode)).unwrap(),
        &|scene| fs::set_permissions(place(scene), was.clone()).unwrap(),
    )
}

fn owner(path: &str) -> Result<(), String> {
    let give = |scene: &Scene, uid| chown(scene.root().join(path), Some(uid), None).unwrap();
    refused(path, "`chown`", &|scene| give(scene, 12345), &|scene| give(scene, 0))
}

#[test]
fn what_others_may_write_is_not_relied_on() {
    let mut failures: Vec<String> = WAYS.iter().filter_map(|path| mode(path, 0o777, "`chmod o-w`").err()).collect();
    failures.extend([0o644, 0o660, 0o666].iter().filter_map(|open| mode(LOCK, *open, "`chmod 600`").err()));
    verdict(&failures, WAYS.len() + 3);
}

#[test]
fn what_belongs_to_others_is_not_relied_on() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("NOT RUN: only root can give files away, so nobody knows whether those of others are refused");
        return;
    }
    let failures: Vec<String> = WAYS.iter().chain([&LOCK]).filter_map(|path| owner(path).err()).collect();
    verdict(&failures, WAYS.len() + 1);
}

#[test]
fn a_journal_that_others_may_write_is_not_carried_out() {
    let scene = Scene::new();
    let journal = scene.root().join("var/lib/plimsoll/home/transaction.json");
    fs::write(&journal, "{}").unwrap();
    for open in [0o666, 0o620] {
        fs::set_permissions(&journal, fs::Permissions::from_mode(open)).unwrap();
        let told = told(&run(&scene.disk(), &second(), Reason::Install));
        assert!(told.contains("transaction.json is open to others: run `chmod 6"), "{told}");
    }
    fs::set_permissions(&journal, fs::Permissions::from_mode(0o644)).unwrap();
    let told = told(&run(&scene.disk(), &second(), Reason::Install));
    assert!(told.contains("transaction.json: is damaged"), "{told}");
}
