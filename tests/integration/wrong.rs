//! Catalogs that cannot work on any host: each directory in `tests/wrong` is refused with the place of every mistake,
//! and nothing is written.
//!
//! A directory holds a catalog as its author would have it, `services/` and `templates/`, and where the mistake is on
//! the command line, a file `arguments` with one argument a line. What the binary says of it is kept beside these tests
//! in `snapshots/`; `INSTA_UPDATE=always cargo test wrong` writes it anew, to be read before it is committed.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::OnceLock,
    thread,
};

use crate::run::{Project, Ran, Tree};

const GOOD: &str = "image = \"quay.io/example/web:1\"\n\n[limits]\nmemory = \"64M\"\ncpus = 1\n";

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wrong")
}

/// The wrong catalogs by name.
fn all() -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(directory()).expect("tests/wrong");
    let mut all: Vec<_> = entries
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| (entry.file_name().into_string().expect("a plain name"), entry.path()))
        .collect();
    all.sort();
    all
}

/// What a good catalog left in `out/` before somebody broke it, and a file of another tool beside it.
fn tree_before() -> &'static Tree {
    static TREE: OnceLock<Tree> = OnceLock::new();
    TREE.get_or_init(|| {
        let good = Project::new().file("services/web.toml", GOOD).file("services/gone.toml", GOOD);
        let ran = good.plimsoll(["render"]).ran();
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        let mut tree = good.read("out");
        assert!(tree.len() >= 4, "units and slices of two services: {:?}", tree.keys());
        tree.insert("notes.txt".into(), b"mine\n".to_vec());
        tree
    })
}

#[test]
fn every_wrong_catalog_is_refused() {
    let all = all();
    assert!(all.len() >= 75, "{} wrong catalogs", all.len());
    let fails = |(name, dir): &&(String, PathBuf)| catch_unwind(AssertUnwindSafe(|| refused(name, dir))).is_err();
    let failed: Vec<&(String, PathBuf)> = thread::scope(|scope| {
        let threads: Vec<_> = all
            .chunks(all.len().div_ceil(4))
            .map(|some| scope.spawn(move || some.iter().filter(fails).collect::<Vec<_>>()))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a thread that catches what fails")).collect()
    });
    let failed: Vec<&str> = failed.into_iter().map(|(name, _)| name.as_str()).collect();
    assert!(failed.is_empty(), "{} of {} failed, as told above: {failed:?}", failed.len(), all.len());
}

fn refused(name: &str, dir: &Path) {
    let project = Project::copy_of(dir).tree("out", tree_before());
    let arguments = fs::read_to_string(dir.join("arguments")).unwrap_or_default();
    let run = |mode: Option<&'static str>| {
        project.plimsoll(["render"].into_iter().chain(mode).chain(arguments.lines())).ran()
    };
    let ran = run(None);
    assert_eq!(ran.status, 2, "{name}: the exit status; stderr:\n{}", ran.stderr);
    assert_eq!(ran.stdout, "", "{name}: stdout");
    assert_eq!(&project.read("out"), tree_before(), "{name}: the tree from before");
    for mode in ["--check", "--stdout"] {
        let other = run(Some(mode));
        assert_eq!((other.status, other.stdout.as_str()), (2, ""), "{name}: {mode}");
        assert_eq!(other.stderr, ran.stderr, "{name}: {mode} says something else");
    }
    assert_eq!(&project.read("out"), tree_before(), "{name}: the tree from before, after all modes");
    check_text(name, &ran, project.path());
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(format!("wrong__{name}"), ran.stderr);
    });
}

/// Each complaint names a place that is there, or the path that is wrong; and no two say the same.
fn check_text(name: &str, ran: &Ran, root: &Path) {
    let text = &ran.stderr;
    assert!(!text.contains('\u{1b}'), "{name}: colour where there is no terminal");
    assert!(!text.contains("panicked"), "{name}: {text}");
    assert!(!text.contains(&*root.to_string_lossy()), "{name}: a path of this machine");
    for hidden in ['\u{200f}', '\u{202e}', '\u{2028}', '\u{feff}', '\r', '\0'] {
        assert!(!text.contains(hidden), "{name}: {hidden:?} reaches the terminal");
    }
    let (body, closing) = text.trim_end().rsplit_once("\n\n").expect("diagnostics and a closing line");
    assert!(closing.ends_with("; nothing was written"), "{name}: {closing}");
    let mut complaints: Vec<&str> = body.split("\n\n").collect();
    let errors = complaints.iter().filter(|complaint| complaint.starts_with("error: ")).count();
    assert!(errors > 0 && closing.starts_with(&format!("{errors} error")), "{name}: {errors} errors, but {closing}");
    for complaint in &complaints {
        let place = complaint.lines().find_map(|line| line.trim_start().strip_prefix("--> "));
        match place {
            Some(place) => assert!(is_place(place, root), "{name}: no such place: {place}"),
            // Without a place it is about a directory, or about an argument.
            None => assert!(
                ["catalog", "templates", "there is no service"].iter().any(|word| complaint.contains(word)),
                "{name}: no place in\n{complaint}"
            ),
        }
    }
    let count = complaints.len();
    complaints.sort_unstable();
    complaints.dedup();
    assert_eq!(complaints.len(), count, "{name}: something is told twice");
}

/// True where `path:line:column` is a place in a file, 1:1 for a whole file or directory.
fn is_place(place: &str, root: &Path) -> bool {
    let mut parts = place.rsplitn(3, ':');
    let column = parts.next().and_then(|part| part.parse::<usize>().ok());
    let line = parts.next().and_then(|part| part.parse::<usize>().ok());
    let (Some(column @ 1..), Some(line @ 1..), Some(path)) = (column, line, parts.next()) else { return false };
    let path = root.join(path);
    if (line, column) == (1, 1) {
        return path.exists();
    }
    let text = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    // A mistake may be that the file ends too early.
    let width = text.split('\n').nth(line - 1).map(|line| line.chars().count());
    width.is_some_and(|width| column <= width + 1)
}

#[test]
fn no_snapshot_is_left_over() {
    let names: Vec<String> = all().into_iter().map(|(name, _)| format!("wrong__{name}.snap")).collect();
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/snapshots");
    for entry in fs::read_dir(snapshots).expect("the snapshots") {
        let name = entry.expect("an entry").file_name().into_string().expect("a plain name");
        assert!(
            !name.starts_with("wrong__") || name.ends_with(".new") || names.contains(&name),
            "{name} has no catalog any more"
        );
    }
}

/// A service whose port nobody reaches: worth a warning, and rendered all the same.
const WARNED: &str =
    "image = \"quay.io/example/web:1\"\npublish_port = [\"8080:80\"]\n\n[limits]\nmemory = \"64M\"\ncpus = 1\n";

#[test]
fn a_warning_stops_nothing() {
    let project = Project::new().file("services/web.toml", WARNED);
    let ran = project.plimsoll(["render"]).ran();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.starts_with("warning: a published port on the network `none`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--> services/web.toml:2:17"), "{}", ran.stderr);
    assert!(ran.stderr.ends_with("\n1 warning\n"), "{}", ran.stderr);
    assert!(project.path().join("out").is_dir());
}

#[test]
fn quiet_hushes_what_was_done_but_not_what_is_wrong() {
    let project = Project::new().file("services/web.toml", WARNED);
    let ran = project.plimsoll(["-q", "render"]).ran();
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""));
    assert!(ran.stderr.contains("warning: "), "{}", ran.stderr);
    let project = Project::new().file("services/web.toml", "imge = 1\n");
    let loud = project.plimsoll(["render"]).ran();
    let quiet = project.plimsoll(["render", "--quiet"]).ran();
    assert_eq!((quiet.status, quiet.stdout, quiet.stderr), (2, String::new(), loud.stderr));
}

#[test]
fn colour_is_for_terminals_and_for_whoever_asks() {
    let project = Project::new().file("services/web.toml", "imge = 1\n");
    let colour =
        |arguments: &[&str]| project.plimsoll(arguments).env("TERM", "xterm-256color").ran().stderr.contains('\u{1b}');
    assert!(!colour(&["render"]));
    assert!(!colour(&["render", "--color", "never"]));
    assert!(colour(&["render", "--color", "always"]));
    let asked = project.plimsoll(["render", "--color", "always"]).env("NO_COLOR", "1").ran();
    assert!(asked.stderr.contains('\u{1b}'), "an argument outweighs NO_COLOR");
}

#[test]
fn a_line_of_60_kilobytes_is_shown_in_part() {
    for (before, after) in [(60_000, 10), (10, 60_000), (30_000, 30_000)] {
        let value = format!("{}\\n{}", "x".repeat(before), "語".repeat(after / 3));
        let text = format!("image = \"quay.io/example/web:1\"\ndescription = \"{value}\"\n");
        let ran = Project::new().file("services/web.toml", text).plimsoll(["render"]).ran();
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains("a line break cannot be written in a unit"), "{}", ran.stderr);
        let longest = ran.stderr.lines().map(|line| line.chars().count()).max();
        assert!(longest.is_some_and(|longest| longest <= 160), "{longest:?} characters: {}", ran.stderr);
    }
    let text = format!("image = \"quay.io/example/web:1\"\ndescription = \"{}\"\n", "x".repeat(70_000));
    let ran = Project::new().file("services/web.toml", text).plimsoll(["render"]).ran();
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("longer than 65536 bytes") && ran.stderr.len() < 2000, "{}", ran.stderr);
}

#[test]
fn names_of_files_cannot_paint_the_terminal() {
    let project = Project::new().file("services/a\u{1b}[2Jb\n.toml", GOOD).file("services/c\u{9b}2J.toml", GOOD);
    let ran = project.plimsoll(["render"]).ran();
    assert_eq!(ran.status, 2);
    assert!(!ran.stderr.contains(['\u{1b}', '\u{9b}']), "{:?}", ran.stderr);
    assert!(ran.stderr.contains("2 errors"), "{}", ran.stderr);
}

/// What git cannot keep: a file that nobody may read. Root may read any.
#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_told_with_its_path() {
    use std::os::unix::fs::symlink;
    let project = Project::new().file("services/web.toml", "image = \n");
    symlink("nowhere", project.path().join("services/db.toml")).expect("a symbolic link");
    let ran = project.plimsoll(["render"]).ran();
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("cannot read the file") && ran.stderr.contains("--> services/db.toml:1:1"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("--> services/web.toml:1:9"), "the other file is read all the same: {}", ran.stderr);
}
