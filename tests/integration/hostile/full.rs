//! A file system that takes nothing: read-only, or full from the beginning.

use std::process::Command;

use plimsoll::{install::installer::Outcome, plan::Reason};

use super::{
    Scene,
    meddler::{Deed, Meddler},
    run, same, told,
};
use crate::{
    killed::{
        host::Tree,
        sets::{first, nothing, second},
    },
    run::Project,
};

/// That it is refused by the system with these words, and changes nothing.
fn refused(deed: Deed<'_>, word: &str) {
    for (start, wanted, reason) in [
        (Scene::start(), second(), Reason::Install),
        (Scene::start(), nothing("home"), Reason::Uninstall),
        (&Tree::new(), first(), Reason::Install),
    ] {
        let scene = Scene::of(start);
        let deed = match deed {
            Deed::Refuses(number) => Deed::Refuses(number),
            Deed::HasNoRoom(number) => Deed::HasNoRoom(number),
            Deed::Watches | Deed::Before(..) => panic!("it refuses nothing"),
        };
        let before = scene.tree();
        let ended = run(&Meddler::new(&scene.disk(), deed), &wanted, reason);
        let told = told(&ended);
        assert!(told.starts_with("error: cannot ") && told.contains(" /var") && told.contains(word), "{told}");
        assert_eq!(same(&before, &scene.tree()), Ok(()));
        if !wanted.files.is_empty() {
            assert!(matches!(run(&scene.disk(), &wanted, Reason::Install), Ok(Outcome::Done { .. })));
        }
    }
}

#[test]
fn a_read_only_file_system_is_told() {
    refused(Deed::Refuses(30), "mount it writable");
}

#[test]
fn a_full_file_system_is_told() {
    refused(Deed::HasNoRoom(28), "free some room");
}

#[test]
fn an_exceeded_quota_is_told() {
    refused(Deed::HasNoRoom(122), "free some room");
}

const CATALOG: &str = "name = \"home\"\n[slice]\nmemory = \"2G\"\n";
const SERVICE: &str = "image = \"example.org/a:1@sha256:\
    0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\nuser = 1000\ngroup = 1000\n\
    [limits]\nmemory = \"64M\"\ncpus = 1\n";

/// The binary, with a root that is a file system of its own; `None` where nothing can be mounted.
fn mounted(options: &str) -> Option<(i32, String)> {
    let project = Project::new()
        .file("services/catalog.toml", CATALOG)
        .file("services/web.toml", SERVICE)
        .file("root/etc/os-release", "ID=test\n");
    let script = "mount -t tmpfs -o \"$1\" none root || exit 99; exec \"$2\" install --root root";
    let ran = Command::new("unshare")
        .args(["--mount", "sh", "-c", script, "sh", options, env!("CARGO_BIN_EXE_plimsoll")])
        .current_dir(project.path())
        .output()
        .ok()?;
    let text = String::from_utf8(ran.stderr).unwrap();
    let status = ran.status.code()?;
    (status != 99 && !text.starts_with("unshare:")).then_some((status, text))
}

#[test]
fn the_binary_says_so_and_ends_with_2() {
    for (options, word) in [("ro", "mount it writable"), ("size=1M,nr_inodes=2", "free some room")] {
        let Some((status, text)) = mounted(options) else {
            eprintln!("NOT RUN: nothing can be mounted here, so nobody knows what the binary says of such a disk");
            return;
        };
        assert_eq!(status, 2, "{text}");
        assert!(text.contains(word) && text.contains("nothing was changed"), "{text}");
    }
}
