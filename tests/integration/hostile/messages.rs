//! What is said of each of them, as whoever ran the command reads it: what is wrong, where, and what to do.

use std::{fs, os::unix::fs::symlink, path::Path};

use crate::run::Project;

const CATALOG: &str = "name = \"home\"\n[slice]\nmemory = \"2G\"\n";
const SERVICE: &str = "image = \"example.org/a:1@sha256:\
    0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\nuser = 1000\ngroup = 1000\n\
    [limits]\nmemory = \"64M\"\ncpus = 1\n";
const STATE: &str = "var/lib/plimsoll/home";

/// A root on which a catalog is installed, and a newer catalog.
fn house() -> Project {
    let project = Project::new()
        .file("services/catalog.toml", CATALOG)
        .file("services/web.toml", SERVICE)
        .file("outside/keep", "theirs\n")
        .file("root/etc/os-release", "ID=test\n");
    assert_eq!(install(&project).0, 0);
    project.file("services/web.toml", SERVICE.replace("64M", "96M"))
}

fn install(project: &Project) -> (i32, String) {
    let ran = project
        .plimsoll(["install", "--quiet", "--root", "root"])
        .env("SOURCE_DATE_EPOCH", "1795348800")
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .ran();
    (ran.status, ran.stderr)
}

/// A link in the place of what is there.
fn link(root: &Path, path: &str) {
    let place = root.join(path);
    if place.exists() {
        fs::rename(&place, root.join("aside")).unwrap();
    }
    symlink("../../../outside", place).unwrap();
}

fn write(root: &Path, path: &str, text: &str) {
    let place = root.join(path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, text).unwrap();
}

fn mode(root: &Path, path: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).unwrap();
}

#[track_caller]
fn holds(name: &str, book: &str) {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(format!("hostile__{name}"), book);
    });
}

type Spoil = (&'static str, fn(&Path));

const SPOILS: [Spoil; 19] = [
    ("a link to the directory of the units", |root| link(root, "etc/containers/systemd/home")),
    ("a link further up", |root| link(root, "etc/systemd")),
    ("a file further up", |root| {
        fs::rename(root.join("etc/systemd"), root.join("aside")).unwrap();
        write(root, "etc/systemd", "");
    }),
    ("a link to a unit", |root| link(root, "etc/containers/systemd/home/web.container")),
    ("a link to a slice", |root| link(root, "etc/systemd/system/services-web.slice")),
    ("a link to the state", |root| link(root, STATE)),
    ("a link to the lock", |root| link(root, "var/lib/plimsoll/lock")),
    ("a directory in the place of the lock", |root| {
        fs::remove_file(root.join("var/lib/plimsoll/lock")).unwrap();
        fs::create_dir(root.join("var/lib/plimsoll/lock")).unwrap();
    }),
    ("a link to the journal", |root| link(root, "var/lib/plimsoll/home/transaction.json")),
    ("a link to the generations", |root| link(root, "var/lib/plimsoll/home/generations")),
    ("a link to the last generation's record", |root| {
        link(root, "var/lib/plimsoll/home/generations/1/generation.json");
    }),
    ("a link to the next generation", |root| link(root, "var/lib/plimsoll/home/generations/2")),
    ("a directory that everybody may write", |root| mode(root, "etc/containers/systemd", 0o777)),
    ("a lock that everybody may hold", |root| mode(root, "var/lib/plimsoll/lock", 0o644)),
    ("a journal that others may write", |root| {
        write(root, "var/lib/plimsoll/home/transaction.json", "{}");
        mode(root, "var/lib/plimsoll/home/transaction.json", 0o666);
    }),
    ("a damaged journal", |root| {
        write(root, "var/lib/plimsoll/home/transaction.json", "{}");
        mode(root, "var/lib/plimsoll/home/transaction.json", 0o644);
    }),
    ("a damaged generation", |root| write(root, "var/lib/plimsoll/home/generations/1/generation.json", "{")),
    ("a unit of the service's name", |root| write(root, "etc/systemd/system/web.service", "[Service]\n")),
    ("a unit that was edited", |root| {
        write(root, "etc/containers/systemd/home/web.container", "[Container]\nImage=a\n");
    }),
];

#[test]
fn each_says_what_is_wrong_and_what_to_do() {
    let mut book = String::new();
    for (what, spoil) in SPOILS {
        let project = house();
        spoil(&project.path().join("root"));
        let (status, text) = install(&project);
        assert_eq!(status, 2, "{what}: {text}");
        book += &format!("{what}:\n{}\n\n", text.trim_end());
        let outside: Vec<_> = fs::read_dir(project.path().join("outside")).unwrap().collect();
        assert_eq!(outside.len(), 1, "{what}");
    }
    holds("surroundings", &book);
}

#[test]
fn what_belongs_to_somebody_else_is_told_so() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("NOT RUN: only root can give files away, so nobody knows what is said of those of others");
        return;
    }
    let mut book = String::new();
    for path in ["etc/containers", STATE, "var/lib/plimsoll/lock"] {
        let project = house();
        std::os::unix::fs::chown(project.path().join("root").join(path), Some(12345), None).unwrap();
        let (status, text) = install(&project);
        assert_eq!(status, 2, "{text}");
        book += &format!("{path}:\n{}\n\n", text.trim_end());
    }
    holds("owners", &book);
}

#[test]
fn what_a_disk_does_not_take_is_told_so() {
    let mut book = String::new();
    for (what, number, start) in [
        ("read-only", 30, super::Scene::start()),
        ("read-only, nothing installed", 30, &super::Tree::new()),
        ("full", 28, super::Scene::start()),
        ("not permitted", 13, super::Scene::start()),
    ] {
        let scene = super::Scene::of(start);
        let disk = scene.disk();
        let meddler = super::meddler::Meddler::new(&disk, super::meddler::Deed::Refuses(number));
        let ended = super::run(&meddler, &super::second(), super::Reason::Install);
        book += &format!("{what}:\n{}\n\n", super::told(&ended));
    }
    holds("disks", &book);
}
