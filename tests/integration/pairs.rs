//! `diff`, `install --dry-run` and what `install` then does agree, on random pairs of catalogs.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use camino::Utf8Path;
use plimsoll::{
    commands::{
        Status, Streams,
        catalog::Place,
        diff::{self, Format},
        host::{Host, Systemd},
        incoming, install,
    },
    policy,
};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

use crate::{
    catalogs::{File, render_files, write_files},
    random::seed,
    run::{Tree, read},
};

/// The pairs that are tried.
const PAIRS: usize = 1000;

fn incoming(dir: &Utf8Path) -> incoming::Options {
    let place = Place { catalog: dir.to_owned(), templates: None };
    incoming::Options { place, from: None, only: Vec::new(), with_host: false }
}

fn host(root: &Utf8Path) -> Host {
    Host { root: root.to_owned(), user: false }
}

/// What a command prints on its standard output, and how it ends.
fn printed(command: impl FnOnce(&mut Streams<'_>) -> std::io::Result<Status>) -> (String, String, Status) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams { out: &mut out, err: &mut err, colour: false, colour_out: false };
    let status = command(&mut streams).expect("a vector can be written to");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (text(out), text(err), status)
}

fn diff(dir: &Utf8Path, root: &Utf8Path, format: Format) -> (String, Status) {
    let options = diff::Options { incoming: incoming(dir), host: host(root), format, paged: false, quiet: true };
    let (out, _, status) = printed(|streams| diff::run(&options, streams));
    (out, status)
}

fn install(dir: &Utf8Path, root: &Utf8Path, dry_run: bool) -> (String, String, Status) {
    let how = install::How {
        host: host(root),
        force: false,
        systemd: Systemd::All,
        wait: Duration::from_secs(1),
        keep: 2,
        quiet: true,
        is_json: true,
    };
    let options = install::Options { incoming: incoming(dir), how, dry_run, format: Format::Json, no_pull: true };
    printed(|streams| install::run(&options, streams))
}

/// What became of each file, as the disk tells.
fn became(before: &Tree, after: &Tree) -> BTreeMap<String, &'static str> {
    let shown = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let mut became = BTreeMap::new();
    for (path, text) in before {
        match after.get(path) {
            None => became.insert(shown(path), "remove"),
            Some(now) if now != text => became.insert(shown(path), "replace"),
            Some(_) => None,
        };
    }
    became.extend(after.keys().filter(|path| !before.contains_key(*path)).map(|path| (shown(path), "create")));
    became
}

/// What `diff` said would become of them.
fn promised(json: &str) -> BTreeMap<String, String> {
    let value: serde_json::Value = serde_json::from_str(json).expect("JSON");
    let steps = value["steps"].as_array().expect("steps").iter();
    let text = |value: &serde_json::Value| value.as_str().expect("a string").to_owned();
    let pair = |step: &serde_json::Value| (text(&step["path"]), text(&step["action"]));
    steps.map(pair).filter(|(_, action)| action != "keep").collect()
}

/// The catalog, with every rule made a word in passing: these catalogs are random, and not careful.
fn lenient(mut files: Vec<File>) -> Vec<File> {
    let rules: Vec<String> = policy::rules::all().map(|rule| format!("\"{}\"", rule.id)).collect();
    for (path, text) in &mut files {
        if path == "catalog.toml" {
            *text += &format!("\n[policy]\ninfo = [{}]\n", rules.join(", "));
        }
    }
    files
}

fn put(dir: &Utf8Path, files: &[File]) {
    if dir.exists() {
        fs::remove_dir_all(dir).expect("the catalog before");
    }
    write_files(dir, files);
}

#[test]
fn what_diff_says_install_does() {
    let mut runner = TestRunner::deterministic();
    let strategy = (seed((5, 4)), seed((5, 4)), any::<u8>());
    // Where there is one, a file system that needs not to be waited for.
    let memory = Path::new("/dev/shm");
    let temp = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let temp = Utf8Path::from_path(temp.path()).unwrap();
    let (mut pairs, mut refused, mut changed, mut same) = (0, 0, 0, 0);
    while pairs < PAIRS {
        let (first, second, mix) = strategy.new_tree(&mut runner).unwrap().current();
        let (first, mut second) = (lenient(first.build("a").files), lenient(second.build("a").files));
        if mix % 2 == 0 {
            // Much alike: a service more or less, and otherwise what was there.
            second = first.clone();
            let services: Vec<usize> = (0..first.len()).filter(|at| !first[*at].0.contains("catalog")).collect();
            if let Some(at) = services.get(usize::from(mix) % services.len().max(1)) {
                second[*at].1 = second[*at].1.replace("[limits]", "stop_timeout = 61\n[limits]");
            }
        }
        if render_files(&first).is_err() || render_files(&second).is_err() {
            continue;
        }
        pairs += 1;
        let (dir, root) = (temp.join("services"), temp.join(format!("root{pairs}")));
        fs::create_dir(&root).unwrap();
        put(&dir, &first);
        let (_, errors, status) = install(&dir, &root, false);
        if status == Status::Failed {
            // An error of `check`: nothing may have been changed.
            assert!(errors.contains("error:"), "{errors}");
            assert!(!root.join("etc").exists(), "a refused install left something behind");
            refused += 1;
            continue;
        }
        put(&dir, &second);
        let before = read(&root.join("etc").into_std_path_buf());
        let before: Tree = before.into_iter().map(|(path, text)| (Path::new("etc").join(path), text)).collect();
        let (said, said_status) = diff(&dir, &root, Format::Json);
        let (dry, _, dry_status) = install(&dir, &root, true);
        assert_eq!(said, dry, "diff and install --dry-run differ");
        let (done, errors, status) = install(&dir, &root, false);
        let after = read(&root.join("etc").into_std_path_buf());
        let after: Tree = after.into_iter().map(|(path, text)| (Path::new("etc").join(path), text)).collect();
        if dry_status == Status::Failed {
            assert_eq!(status, Status::Failed, "{errors}");
            assert!(before == after, "a refused install changed something: {errors}");
            refused += 1;
        } else {
            let became: BTreeMap<String, String> =
                became(&before, &after).into_iter().map(|(path, what)| (path, what.to_owned())).collect();
            assert_eq!(became, promised(&said), "{errors}");
            assert_eq!(status, Status::Clean, "{errors}");
            assert_eq!(said_status, if became.is_empty() { Status::Clean } else { Status::Differs });
            let is_quiet = done.is_empty() || done == said;
            assert!(is_quiet, "install said something else: {done}");
            if became.is_empty() {
                same += 1;
            } else {
                changed += 1;
            }
            assert_eq!(diff(&dir, &root, Format::Summary).1, Status::Clean, "an install leaves no difference");
        }
        fs::remove_dir_all(&root).unwrap();
    }
    eprintln!("{pairs} pairs: {changed} changed, {same} did not, {refused} were refused");
    assert!(changed > PAIRS / 3, "too few pairs that change anything: {changed}");
}
