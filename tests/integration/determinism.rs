//! The same catalog gives the same bytes: in any directory, in any order of its files, in any run.

use std::fs;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll::render::Bundle;
use proptest::prelude::*;

use crate::catalogs::{File, render_dir, standing, write_files};
use crate::random::any_seed;

fn files_of(dir: &Utf8Path) -> Vec<File> {
    let mut files = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = Utf8PathBuf::from_path_buf(entry.unwrap().path()).unwrap();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_string();
                files.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    files
}

/// Renders the files, written in this order, in a directory of that name.
fn render_at(name: &str, files: &[File]) -> (Bundle, String) {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join(name);
    let dir = Utf8Path::from_path(&dir).unwrap();
    write_files(dir, files);
    let bundle = render_dir(dir).unwrap_or_else(|why| panic!("{why:#?}"));
    (bundle, parent.path().to_str().unwrap().to_owned())
}

fn texts(bundle: &Bundle) -> Vec<(&str, &str)> {
    bundle.files.iter().map(|file| (file.path.as_str(), &*file.text)).collect()
}

/// What is wrong with four renderings of the same files.
fn check(files: &[File], order: &[usize]) -> Result<(), String> {
    let shuffled: Vec<File> = order.iter().map(|at| files[*at].clone()).collect();
    let (first, first_dir) = render_at("services", files);
    let (second, second_dir) = render_at("a longer/path with spaces/services", &shuffled);
    let (third, _) = render_at("services", files);
    for other in [&second, &third] {
        if texts(&first) != texts(other) {
            return Err(format!("{:#?}\n{:#?}", texts(&first), texts(other)));
        }
    }
    let machine = [
        first_dir,
        second_dir,
        env!("CARGO_MANIFEST_DIR").to_owned(),
        std::env::temp_dir().to_str().unwrap().to_owned() + "/.",
    ];
    for file in &first.files {
        if let Some(path) = machine.iter().find(|path| file.text.contains(path.as_str())) {
            return Err(format!("{} names {path}", file.path));
        }
    }
    Ok(())
}

#[test]
fn the_standing_catalogs_are_the_same_everywhere() {
    for (name, dir) in standing() {
        let files = files_of(&dir);
        let backwards: Vec<usize> = (0..files.len()).rev().collect();
        check(&files, &backwards).unwrap_or_else(|why| panic!("{name}: {why}"));
        let (copy, _) = render_at("services", &files);
        assert_eq!(texts(&copy), texts(&render_dir(&dir).unwrap()), "{name}");
    }
}

/// The tree that stands in the repository is the one that its catalog gives.
#[test]
fn the_standing_tree_is_current() {
    let (_, dir) = &standing()[0];
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("out");
    for file in render_dir(dir).unwrap().files {
        let standing = fs::read_to_string(out.join(&file.path)).unwrap_or_default();
        assert!(*standing == *file.text, "out/{} is out of date: run `plimsoll render`", file.path);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn a_random_catalog_is_the_same_everywhere(
        (seed, order) in any_seed().prop_flat_map(|seed| {
            let count = seed.build("d").files.len();
            (Just(seed), Just((0..count).collect::<Vec<_>>()).prop_shuffle())
        })
    ) {
        check(&seed.build("d").files, &order).map_err(TestCaseError::fail)?;
    }
}
