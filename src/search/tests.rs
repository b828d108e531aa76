use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::symlink},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{FoundFile, find};
use crate::diagnostic::{Diagnostics, Sources};

/// The files beneath the paths, as `path` or `(path)` where they were not asked for, and the complaints.
fn found(dir: &Utf8Path, paths: &[&str]) -> (Vec<String>, Vec<String>) {
    let mut diagnostics = Diagnostics::new();
    let paths: Vec<Utf8PathBuf> = paths.iter().map(|path| dir.join(path)).collect();
    let files = find(&paths, &mut diagnostics);
    let shown = |file: &FoundFile| if file.asked_for { file.path.clone() } else { format!("({})", file.path) };
    let complaints = diagnostics.sorted(&Sources::new()).iter().map(|d| d.message.replace(dir.as_str(), "")).collect();
    (files.iter().map(shown).collect(), complaints)
}

fn with(files: &[&str]) -> (tempfile::TempDir, Utf8PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).expect("UTF-8");
    for file in files {
        let file = path.join(file);
        fs::create_dir_all(file.parent().expect("it has one")).expect("a directory");
        fs::write(file, "[Container]\n").expect("a file");
    }
    (dir, path)
}

#[test]
fn units_drop_ins_slices_and_what_was_meant_for_one_are_found_in_order() {
    let (_dir, path) = with(&[
        "web.container",
        "web.container.d/10-memory.conf",
        "sub/db.container",
        ".hidden/x.volume",
        "sub/services-db.slice",
        "web.container.bak",
        "README.md",
        "notes.conf",
    ]);
    let expected = [
        "web.container",
        "web.container.bak",
        ".hidden/x.volume",
        "sub/db.container",
        "sub/services-db.slice",
        "web.container.d/10-memory.conf",
    ];
    assert_eq!(found(&path, &["."]), (expected.map(str::to_owned).to_vec(), Vec::new()));
}

#[test]
fn a_file_brings_its_neighbours_and_its_drop_ins() {
    let (_dir, path) = with(&["a.container", "a.container.d/x.conf", "b.network", "deep/c.container"]);
    let (files, complaints) = found(&path, &["a.container"]);
    assert_eq!(files, ["a.container", "(b.network)", "a.container.d/x.conf"]);
    assert!(complaints.is_empty(), "{complaints:?}");
    // The same file twice, and once more with its directory.
    let (files, complaints) = found(&path, &["a.container", "a.container", "."]);
    assert_eq!(files, ["a.container", "b.network", "a.container.d/x.conf", "deep/c.container"]);
    assert!(complaints.is_empty(), "{complaints:?}");
}

#[test]
fn links_are_followed_once() {
    let (_dir, path) = with(&["units/a.container", "elsewhere/b.container"]);
    symlink(path.join("elsewhere"), path.join("units/more")).expect("a link");
    symlink(path.join("units"), path.join("units/loop")).expect("a link");
    symlink(path.join("units/a.container"), path.join("units/t@one.container")).expect("a link");
    let (files, complaints) = found(&path, &["units"]);
    assert_eq!(files, ["a.container", "t@one.container", "more/b.container"]);
    assert!(complaints.is_empty(), "{complaints:?}");
}

#[test]
fn what_has_a_name_and_is_no_file_is_found_all_the_same() {
    let (_dir, path) = with(&["units/a.container", "units/b.container/README", "units/a.container.d/1.conf/README"]);
    symlink(path.join("nowhere"), path.join("units/c.container")).expect("a link");
    symlink("/dev/null", path.join("units/d.network")).expect("a link");
    let mut diagnostics = Diagnostics::new();
    let files = find(&[path.join("units")], &mut diagnostics);
    let found: Vec<_> = files.iter().map(|file| (file.path.as_str(), file.text.is_some())).collect();
    let expected = [
        ("a.container", true),
        ("b.container", false),
        ("c.container", false),
        ("d.network", true),
        ("a.container.d/1.conf", false),
    ];
    assert_eq!(found, expected);
    assert!(diagnostics.is_empty());
}

#[test]
fn a_path_that_is_not_there_or_holds_nothing_is_told() {
    let (_dir, path) = with(&["units/a.container", "other/README"]);
    symlink(path.join("units"), path.join("link")).expect("a link");
    let (_, complaints) = found(&path, &["nothing", "other", "other/README"]);
    assert_eq!(complaints.len(), 3, "{complaints:#?}");
    // The same directory by two ways holds something both times.
    let (files, complaints) = found(&path, &["units", "link", "units/a.container", "link/a.container"]);
    assert_eq!((files.len(), complaints), (1, Vec::new()), "{files:?}");
}

#[test]
fn names_that_are_no_text_are_found_and_told_apart() {
    let (_dir, path) = with(&["b.container"]);
    for name in [&b"caf\xe9.container"[..], b"caf\xe8.container", b"d\xe9/x.container"] {
        let file = path.as_std_path().join(OsStr::from_bytes(name));
        fs::create_dir_all(file.parent().expect("it has one")).expect("a directory");
        fs::write(file, "[Container]\n").expect("a file");
    }
    let (files, complaints) = found(&path, &["."]);
    let expected = ["b.container", "caf\u{fffd}.container", "caf\\xe9.container", "d\u{fffd}/x.container"];
    assert_eq!((files, complaints), (expected.map(str::to_owned).to_vec(), Vec::new()));
}
