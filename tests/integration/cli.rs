//! The binary as a shell sees it: what it prints, how it exits, and what it leaves alone.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read as _,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use insta::assert_snapshot;
use tempfile::TempDir;

const HELLO: &str = "etc/containers/systemd/plimsoll/hello.container";
const OTHER: &str = "etc/containers/systemd/plimsoll/other.container";
const HELLO_SLICE: &str = "etc/systemd/system/services-hello.slice";

/// A directory with a catalog of two services, and the binary in it.
struct Place {
    dir: TempDir,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    status: i32,
    stdout: String,
    stderr: String,
}

fn plimsoll() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.env_clear().env("COLUMNS", "100").stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> Run {
    let output = command.output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Run { status: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn args(args: &[&str]) -> Run {
    run(plimsoll().args(args))
}

impl Place {
    fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().expect("a directory") };
        for name in ["hello", "other"] {
            place.write(
                &format!("services/{name}.toml"),
                "image = \"localhost/app:1\"\n[limits]\nmemory = \"64M\"\ncpus = 0.5\n",
            );
        }
        place
    }

    /// One whose tree was rendered.
    fn rendered() -> Self {
        let place = Self::new();
        assert_eq!(place.run(&["render"]).status, 0);
        place
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect(path)
    }

    fn run(&self, args: &[&str]) -> Run {
        run(plimsoll().args(args).current_dir(self.dir.path()))
    }

    /// Every file beneath a directory, with its text; a link with where it leads.
    fn tree(&self, path: &str) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        tree(&self.path(path), &self.path(path), &mut files);
        files
    }
}

fn tree(root: &Path, dir: &Path, files: &mut BTreeMap<String, String>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path.strip_prefix(root).expect("beneath").display().to_string();
        if path.is_symlink() {
            files.insert(name, fs::read_link(&path).expect("a link").display().to_string());
        } else if path.is_dir() {
            tree(root, &path, files);
        } else {
            files.insert(name, fs::read_to_string(&path).expect("text"));
        }
    }
}

#[test]
fn help() {
    let short = args(&["--help"]);
    assert_eq!((short.status, short.stderr.as_str()), (0, ""));
    assert_snapshot!("help", short.stdout);
    let render = args(&["render", "--help"]);
    assert_eq!((render.status, render.stderr.as_str()), (0, ""));
    assert_snapshot!("help-render", render.stdout);
}

#[test]
fn man_page() {
    let man = args(&["man"]);
    assert_eq!((man.status, man.stderr.as_str()), (0, ""));
    assert_snapshot!("man", man.stdout.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    for command in commands() {
        assert!(man.stdout.contains(&format!("\n.SS {command}\n")), "{command}");
    }
    assert_eq!(man.stdout.matches(".ds Aq").count(), 2, "the preamble stands once");
}

/// The commands that `--help` lists.
fn commands() -> Vec<String> {
    let help = args(&["--help"]).stdout;
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert!(names.len() >= 4, "{names:?}");
    names
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let completions = args(&["completions", shell]);
        assert_eq!((completions.status, completions.stderr.as_str()), (0, ""));
        for command in commands() {
            assert!(completions.stdout.contains(&command), "{shell}: {command}");
        }
    }
}

#[test]
fn version() {
    let version = concat!("plimsoll ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(args(&["--version"]), Run { status: 0, stdout: version.to_owned(), stderr: String::new() });
}

#[test]
fn what_is_no_command_line_ends_with_2() {
    for (line, told) in [
        (&["render", "--nonsense"][..], "--nonsense"),
        (&["frobnicate"], "frobnicate"),
        (&["render", "--stdout", "--check"], "cannot be used with"),
        (&["render", "--stdout", "--out", "x"], "cannot be used with"),
        (&["render", "--quiet", "--verbose"], "cannot be used with"),
        (&["completions"], "SHELL"),
        (&["completions", "tcsh"], "bash"),
        (&[], "Usage: plimsoll"),
    ] {
        let run = args(line);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{line:?}");
        assert!(run.stderr.contains(told), "{line:?}: {}", run.stderr);
    }
}

#[test]
fn a_reader_that_stops_reading_is_no_failure() {
    // More than a pipe holds, and little: the first is refused while it is written, the second when it is flushed.
    for line in [&["schema"][..], &["--version"], &["man"]] {
        let mut child =
            plimsoll().args(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("text");
        assert_eq!((child.wait().expect("it ends").code(), stderr.as_str()), (Some(0), ""), "{line:?}");
    }
}

#[test]
fn a_full_disk_is_one() {
    let full = File::options().write(true).open("/dev/full").expect("Linux has one");
    let run = run(plimsoll().arg("man").stdout(full).stderr(Stdio::piped()));
    assert_eq!(run.status, 2);
    assert!(run.stderr.starts_with("error: cannot write: "), "{}", run.stderr);
}

#[test]
fn stdout_holds_everything_and_writes_nothing() {
    let place = Place::new();
    let run = place.run(&["render", "--stdout", "hello"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert_snapshot!("stdout", run.stdout);
    assert!(!place.path("out").exists());
    let both = place.run(&["render", "--stdout"]).stdout;
    assert_eq!(both.matches("# FileName=").count(), 2);
    assert_eq!(both.lines().filter(|line| *line == "---").count(), 1);
}

#[test]
fn check_tells_what_is_not_current() {
    let place = Place::new();
    let new = place.run(&["render", "--check"]);
    assert_eq!(new.status, 1);
    assert!(new.stdout.contains(&format!("missing: out/{HELLO}\n")), "{}", new.stdout);
    assert!(!place.path("out").exists(), "--check writes nothing");

    assert_eq!(place.run(&["render"]).status, 0);
    let current = place.run(&["render", "--check"]);
    assert_eq!(
        current,
        Run { status: 0, stdout: "out: all 4 files are up to date\n".to_owned(), stderr: String::new() }
    );
    assert_eq!(place.run(&["render", "--check", "--quiet"]).stdout, "");

    place.write(&format!("out/{HELLO}"), &(place.read(&format!("out/{HELLO}")) + "# edited\n"));
    fs::remove_file(place.path("services/other.toml")).expect("removed");
    let before = place.tree("out");
    let stale = place.run(&["render", "--check"]);
    assert_eq!(stale.status, 1);
    assert_snapshot!("check", stale.stdout + &stale.stderr);
    let verbose = place.run(&["render", "--check", "--verbose"]);
    assert_eq!(verbose.status, 1);
    assert!(verbose.stdout.contains("\n-# edited\n"), "{}", verbose.stdout);
    assert_eq!(place.tree("out"), before);
}

#[test]
fn a_named_service_is_rendered_alone() {
    let place = Place::new();
    assert_eq!(place.run(&["render", "hello"]).status, 0);
    assert_eq!(place.tree("out").into_keys().collect::<Vec<_>>(), [HELLO, HELLO_SLICE]);

    // What else is there stays, even where its service is gone.
    assert_eq!(place.run(&["render"]).status, 0);
    fs::remove_file(place.path("services/other.toml")).expect("removed");
    assert_eq!(place.run(&["render", "hello"]).status, 0);
    assert!(place.path("out").join(OTHER).exists());

    let unknown = place.run(&["render", "helo"]);
    assert_eq!((unknown.status, unknown.stdout.as_str()), (2, ""));
    assert!(unknown.stderr.contains("there is no service `helo`"), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("write `hello`"), "{}", unknown.stderr);
}

#[test]
fn what_is_no_longer_rendered_goes_and_what_is_others_stays() {
    let place = Place::rendered();
    let others = [
        "out/etc/containers/systemd/plimsoll/theirs.container",
        "out/etc/containers/systemd/plimsoll/hello.container.d/10-own.conf",
        "out/etc/systemd/system/theirs.slice",
        "out/README",
    ];
    for path in others {
        place.write(path, "[Unit]\n");
    }
    fs::remove_file(place.path("services/other.toml")).expect("removed");
    let run = place.run(&["render"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.contains("(2 removed, 2 unchanged)"), "{}", run.stdout);
    let mut wanted: Vec<&str> = others.iter().filter_map(|path| path.strip_prefix("out/")).collect();
    wanted.extend([HELLO, HELLO_SLICE]);
    wanted.sort_unstable();
    assert_eq!(place.tree("out").into_keys().collect::<Vec<_>>(), wanted);
    assert_eq!(place.run(&["render", "--check"]).status, 0, "others' files do not count");
}

#[test]
fn nothing_is_left_of_a_catalog_that_was_renamed() {
    let place = Place::rendered();
    place.write("services/catalog.toml", "name = \"homelab\"\n");
    assert_eq!(place.run(&["render"]).status, 0);
    assert!(!place.path("out/etc/containers/systemd/plimsoll").exists());
    assert!(place.path("out/etc/containers/systemd/homelab/hello.container").exists());
}

/// Asserts that `render` refuses, names `told`, and leaves the whole place as it was.
fn refuses(place: &Place, args: &[&str], told: &str) {
    let before = place.tree("");
    let run = place.run(args);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    assert!(run.stderr.starts_with("error: ") && run.stderr.contains(told), "{}", run.stderr);
    assert_eq!(place.tree(""), before);
}

#[test]
fn a_file_of_somebody_else_is_not_overwritten() {
    let place = Place::new();
    place.write(&format!("out/{HELLO}"), "[Container]\nImage=theirs\n");
    refuses(&place, &["render"], "hello.container was not written by Plimsoll");
    refuses(&place, &["render", "--check"], "hello.container was not written by Plimsoll");
}

#[test]
fn links_are_not_followed() {
    for planted in
        ["out/etc", "out/etc/containers/systemd", "out/etc/containers/systemd/plimsoll", &format!("out/{HELLO}")]
    {
        let place = Place::new();
        place.write("elsewhere/keep", "theirs");
        let link = place.path(planted);
        fs::create_dir_all(link.parent().expect("it has one")).expect("a directory");
        symlink(place.path("elsewhere"), &link).expect("a link");
        refuses(&place, &["render"], "is a symbolic link");
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_is_told() {
    let place = Place::new();
    place.write("file", "");
    refuses(&place, &["render", "--out", "file"], "file is not a directory");
    refuses(&place, &["render", "--out", "file/out"], "file/out");
    refuses(&place, &["render", "--out", "/proc/plimsoll"], "/proc/plimsoll");
    fs::create_dir_all(place.path("out").join(HELLO)).expect("a directory");
    refuses(&place, &["render"], "is not a file");
}

#[test]
fn a_mistake_leaves_the_tree_as_it_was() {
    let place = Place::rendered();
    place.write("services/new.toml", "image = \"localhost/app:1\"\n");
    place.write("services/other.toml", "imagee = \"localhost/app:1\"\n");
    refuses(&place, &["render"], "unknown key `imagee`");
    refuses(&place, &["render", "--check"], "unknown key `imagee`");
    refuses(&place, &["render", "--catalog", "nowhere"], "cannot read the catalog directory nowhere");
    refuses(&place, &["render", "--templates", "nowhere"], "cannot read the templates in nowhere");
}

#[test]
fn the_catalog_may_be_anywhere() {
    let place = Place::new();
    fs::rename(place.path("services"), place.path("fleet")).expect("renamed");
    let mut by_variable = plimsoll();
    by_variable.arg("render").env("PLIMSOLL_CATALOG", "fleet").current_dir(place.dir.path());
    assert_eq!(run(&mut by_variable).status, 0);
    assert!(place.path("out").join(HELLO).exists(), "the tree stands beside the catalog");
    assert_eq!(place.run(&["render", "--catalog", "fleet", "--out", "there"]).status, 0);
    assert_eq!(place.tree("there"), place.tree("out"));
}

#[test]
fn colours_are_asked_for() {
    let place = Place::new();
    place.write("services/hello.toml", "");
    let coloured = |args: &[&str]| place.run(args).stderr.contains('\u{1b}');
    assert!(!coloured(&["render"]), "not on a pipe");
    assert!(coloured(&["render", "--color", "always"]));
    assert!(!coloured(&["render", "--color", "never"]));
}

#[test]
fn quiet_and_verbose() {
    let place = Place::new();
    assert_eq!(place.run(&["render", "--quiet"]), Run { status: 0, stdout: String::new(), stderr: String::new() });
    assert!(place.run(&["render"]).stdout.starts_with("SERVICE "));
    for n in 0..60 {
        place.write(&format!("services/s{n}.toml"), "image = \"localhost/app:1\"\n");
    }
    assert!(!place.run(&["render"]).stdout.starts_with("SERVICE "), "a table of so many is not read");
    assert!(place.run(&["render", "--verbose"]).stdout.starts_with("SERVICE "));
}

#[test]
fn a_closed_pipe_hides_no_failure() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir(dir.path().join("services")).expect("a directory");
    fs::write(dir.path().join("services/web.toml"), "imagee = 'x'\n").expect("a file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .arg("render")
        .current_dir(dir.path())
        .env_remove("PLIMSOLL_CATALOG")
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stderr.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(2));
}

#[test]
fn two_runs_at_once_both_succeed() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir(dir.path().join("services")).expect("a directory");
    for n in 0..200 {
        fs::write(dir.path().join(format!("services/s{n}.toml")), "image = 'localhost/x:1'\n").expect("a file");
    }
    let start = || {
        Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["render", "-q"])
            .current_dir(dir.path())
            .env_remove("PLIMSOLL_CATALOG")
            .spawn()
            .expect("it runs")
    };
    let children: Vec<_> = (0..4).map(|_| start()).collect();
    for mut child in children {
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
    }
    let units = fs::read_dir(dir.path().join("out/etc/containers/systemd/plimsoll")).expect("rendered").count();
    assert_eq!(units, 200);
}
