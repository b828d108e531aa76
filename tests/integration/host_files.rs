//! The files of the host: rendered into the tree of the units, and installed with them.

use std::{collections::BTreeSet, fs, path::Path};

use proptest::prelude::*;

use crate::{
    judge::{can_verify, judges},
    run::{Project, Ran, Tree},
};

const SERVICE: &str = "image = \"quay.io/a/b:1@sha256:\
    0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\nuser = 1000\ngroup = 1000\n\
    [limits]\nmemory = \"64M\"\ncpus = 1\n";

/// Everything that `[host]` can say.
pub(crate) const ALL: &str = "name = \"home\"\n\
    [policy]\ntrusted_registries = [\"quay.io\", \"docker.io/library\"]\n\
    [network.lan]\ndriver = \"macvlan\"\nparent = \"eth0\"\nsubnet = \"192.168.10.0/24\"\n\
    [network.back]\ninternal = true\n\
    [host]\nsignatures = true\nnotify = true\ndelegation = true\nauto_update = true\n\
    signed = [{ registry = \"quay.io/me\", key = \"/etc/pki/containers/me.pub\" }]\n\
    notify_command = [\"/usr/bin/systemd-cat\", \"the admin's \\\"phone\\\"\", \"100%\", \"$HOME\"]\n\
    watch = [\"/srv/web\", \"/srv/db\"]\n\
    [[host.clean]]\npath = \"/srv/web/cache\"\nage = \"4weeks 2d\"\n";

const ROOTLESS: &str = "name = \"ann\"\n[target]\nprofile = \"rootless\"\nuser = 1000\n[host]\nnotify = true\n";

const IDS: &str = "containers:1073741824:536870912\n";

fn project(catalog: &str) -> Project {
    Project::new()
        .file("services/catalog.toml", catalog)
        .file("services/web.toml", SERVICE)
        .file("root/etc/os-release", "ID=test\n")
}

fn run(project: &Project, arguments: &str) -> Ran {
    let arguments = arguments.split_whitespace().chain(["--root", "root"]);
    project.plimsoll(arguments).env("SOURCE_DATE_EPOCH", "1795348800").ran()
}

#[track_caller]
fn must(project: &Project, arguments: &str, status: i32) -> Ran {
    let ran = run(project, arguments);
    assert_eq!(ran.status, status, "{arguments}\n{}\n{}", ran.stdout, ran.stderr);
    ran
}

/// What stands there, but for the lock, in which the last holder left its number.
fn root(project: &Project) -> Tree {
    let mut tree = project.read("root");
    tree.remove(Path::new("var/lib/plimsoll/lock"));
    tree
}

fn etc(project: &Project) -> Tree {
    root(project).into_iter().filter(|(path, _)| path.starts_with("etc")).collect()
}

#[track_caller]
fn assert_same(now: &Tree, before: &Tree, what: &str) {
    let differs = |path: &&std::path::PathBuf| now.get(*path) != before.get(*path);
    let differing: BTreeSet<_> = now.keys().chain(before.keys()).filter(differs).collect();
    assert!(differing.is_empty(), "{what}: {differing:?}");
}

fn put(project: &Project, path: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let place = project.path().join(path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(&place, text).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o644)).unwrap();
}

fn text(project: &Project, path: &str) -> String {
    fs::read_to_string(project.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn host_render(project: &Project, arguments: &[&str]) -> Ran {
    project.plimsoll(["host", "render"].iter().chain(arguments)).ran()
}

/// A whole tree in one text.
fn whole(project: &Project, dir: &str) -> String {
    let tree = project.read(dir);
    tree.keys()
        .map(|path| format!("==> {}\n{}\n", path.display(), text(project, &format!("{dir}/{}", path.display()))))
        .collect()
}

#[test]
fn every_file_says_why_it_is_there() {
    for (name, catalog) in [("all", ALL), ("default", "name = \"home\"\n"), ("rootless", ROOTLESS)] {
        let project = project(catalog);
        let ran = host_render(&project, &[]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        insta::assert_snapshot!(format!("host_{name}"), whole(&project, "out"));
        for path in project.read("out").keys() {
            let text = text(&project, &format!("out/{}", path.display()));
            assert!(path.ends_with("policy.json") || text.contains("\n# Serves "), "{}", path.display());
        }
        assert_eq!(host_render(&project, &["--check"]).status, 0);
    }
}

#[test]
fn the_owner_of_the_ids_is_made_where_root_starts_the_containers() {
    for (catalog, is_made) in
        [("name = \"home\"\n[host]\nids = true\n", true), (&format!("{ROOTLESS}ids = true\n"), false)]
    {
        let project = project(catalog);
        assert_eq!(host_render(&project, &[]).status, 0);
        let has = |path: &str| project.path().join("out/etc").join(path).exists();
        assert_eq!((has("subuid.plimsoll"), has("sysusers.d/plimsoll.conf")), (true, is_made), "{catalog}");
    }
}

#[test]
fn each_switch_takes_its_files_away() {
    let project = project(ALL);
    assert_eq!(host_render(&project, &[]).status, 0);
    let off = "name = \"home\"\n[host]\nengine = false\nids = false\nmodules = false\nregistries = false\naudit = false\n\
               firewall = false\nprune = false\n";
    put(&project, "services/catalog.toml", off);
    let ran = host_render(&project, &["--check"]);
    assert_eq!((ran.status, ran.stdout.matches("left over: ").count()), (1, 21), "{}", ran.stdout);
    assert_eq!(host_render(&project, &[]).status, 0);
    assert!(project.read("out").is_empty());
}

#[test]
fn units_and_files_of_the_host_stand_in_one_tree() {
    let project = project(ALL);
    put(&project, "out/etc/systemd/system/mine.service", "[Service]\n");
    assert_eq!(project.plimsoll(["render"]).ran().status, 0);
    let units = project.read("out");
    assert_eq!(host_render(&project, &[]).status, 0);
    let both = project.read("out");
    assert!(both.len() > units.len() + 10);
    assert_eq!(project.plimsoll(["render"]).ran().status, 0);
    assert_same(&project.read("out"), &both, "render");
    assert_eq!(project.plimsoll(["render", "--check"]).ran().status, 0);
    assert_eq!(host_render(&project, &[]).status, 0);
    assert_same(&project.read("out"), &both, "host render");
    // What somebody else put into a place of ours is an error, and nothing is written.
    for path in ["out/etc/containers/policy.json", "out/etc/audit/rules.d/70-plimsoll.rules"] {
        let ours = text(&project, path);
        put(&project, path, "{}\n");
        let ran = host_render(&project, &[]);
        assert!(ran.status == 2 && ran.stderr.contains("was not written by Plimsoll"), "{}", ran.stderr);
        put(&project, path, &ours);
    }
}

#[test]
fn after_an_install_with_the_host_there_is_no_difference() {
    let project = project(ALL);
    put(&project, "root/etc/subuid", "ann:100000:65536\n# a comment\n::\n");
    let before = root(&project);
    let ran = must(&project, "install --with-host", 0);
    assert!(ran.stdout.contains("left to you: `auditctl -D` and `augenrules --load`"), "{}", ran.stdout);
    assert_eq!(text(&project, "root/etc/subuid"), format!("ann:100000:65536\n# a comment\n::\n{IDS}"));
    assert_eq!(text(&project, "root/etc/subgid"), IDS);
    let installed = root(&project);
    for arguments in ["diff --with-host", "diff", "status", "install", "install --with-host", "install --dry-run"] {
        must(&project, arguments, 0);
        assert_same(&root(&project), &installed, arguments);
    }
    assert_eq!(project.plimsoll(["render"]).ran().status, 0);
    assert_eq!(host_render(&project, &[]).status, 0);
    must(&project, "diff --from out --with-host", 0);
    must(&project, "diff --from out", 0);
    must(&project, "uninstall", 0);
    assert_same(&root(&project), &before, "uninstall");
}

#[test]
fn what_stands_is_what_was_rendered() {
    let project = project(ALL);
    must(&project, "install --with-host", 0);
    assert_eq!(project.plimsoll(["render"]).ran().status, 0);
    assert_eq!(host_render(&project, &[]).status, 0);
    let out = project.read("out");
    for (path, there) in etc(&project).iter().filter(|(path, _)| !path.ends_with("os-release")) {
        if path.starts_with("etc/subuid") || path.starts_with("etc/subgid") {
            continue;
        }
        assert!(out.get(path) == Some(there), "{}", path.display());
    }
    // From a tree as well as from the catalog.
    must(&project, "uninstall", 0);
    fs::remove_file(project.path().join("services/web.toml")).unwrap();
    must(&project, "install --from out --with-host", 0);
    assert_eq!(text(&project, "root/etc/subgid"), IDS);
}

#[test]
fn an_install_of_the_units_alone_leaves_the_host_alone() {
    let project = project(ALL);
    must(&project, "install", 0);
    assert!(!project.path().join("root/etc/subuid").exists());
    let units = etc(&project);
    must(&project, "install --with-host", 0);
    let prune = "root/etc/systemd/system/plimsoll-prune.timer";
    // Another limit, another range, and a timer that hands have changed: only the limit is brought in.
    put(&project, "services/web.toml", &SERVICE.replace("64M", "65M"));
    put(
        &project,
        "services/catalog.toml",
        &ALL.replace("notify = true", "notify = true\nfirst_id = 600000\nid_count = 65536"),
    );
    let edited = text(&project, prune) + "# by hand\n";
    put(&project, prune, &edited);
    must(&project, "install", 0);
    assert_eq!(text(&project, prune), edited);
    assert_eq!(text(&project, "root/etc/subuid"), IDS);
    let ran = must(&project, "status", 1);
    assert!(ran.stdout.contains("plimsoll-prune.timer"), "{}", ran.stdout);
    let ran = must(&project, "install --with-host", 2);
    assert!(ran.stderr.contains("plimsoll-prune.timer was edited by hand"), "{}", ran.stderr);
    assert_eq!(text(&project, "root/etc/subuid"), IDS);
    must(&project, "install --with-host --force", 0);
    assert_eq!(text(&project, "root/etc/subuid"), "containers:600000:65536\n");
    let kept = root(&project).into_keys().any(|path| path.to_str().unwrap().contains("/kept/"));
    assert!(kept && text(&project, prune) != edited);
    // Back to the units alone, and to both.
    must(&project, "rollback 1", 0);
    assert_same(&etc(&project), &units, "rollback");
    must(&project, "rollback 2", 0);
    assert_eq!(text(&project, "root/etc/subuid"), IDS);
    must(&project, "uninstall", 0);
}

#[test]
fn what_is_somebody_elses_stays_so() {
    let foreign = [
        ("etc/containers/policy.json", "{ \"default\": [{ \"type\": \"insecureAcceptAnything\" }] }\n"),
        ("etc/systemd/system/plimsoll-prune.timer", "[Timer]\nOnCalendar=hourly\n"),
        ("etc/audit/rules.d/70-plimsoll.rules", "-D\n"),
        ("etc/systemd/system/user@.service.d/50-plimsoll.conf", "[Service]\n"),
    ];
    for (path, what) in foreign {
        let project = project(ALL);
        put(&project, &format!("root/{path}"), what);
        let before = etc(&project);
        for arguments in ["install --with-host", "install --with-host --force"] {
            let ran = must(&project, arguments, 2);
            assert!(ran.stderr.contains("it is yours, and stays so"), "{arguments}: {}", ran.stderr);
            assert_same(&etc(&project), &before, path);
        }
        // Without the host nobody cares.
        must(&project, "install", 0);
        must(&project, "uninstall", 0);
        assert_same(&etc(&project), &before, path);
    }
}

#[test]
fn ids_that_somebody_gave_stay_theirs() {
    let project = project("name = \"home\"\n");
    let given = "containers:2147483647:2147483647\n";
    put(&project, "root/etc/subuid", given);
    put(&project, "root/etc/subgid", IDS);
    let ran = must(&project, "diff --with-host", 1);
    let told = "write `first_id = 2147483647` and `id_count = 2147483647` into [host]";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
    must(&project, "install --with-host", 0);
    must(&project, "diff --with-host", 0);
    must(&project, "uninstall", 0);
    assert_eq!(
        (text(&project, "root/etc/subuid"), text(&project, "root/etc/subgid")),
        (given.to_owned(), IDS.to_owned())
    );
    put(&project, "root/etc/subuid", "ann:100000:65536\n");
    let ran = must(&project, "install", 0);
    assert!(ran.stderr.contains("/etc/subuid has no range for `containers`"), "{}", ran.stderr);
    must(&project, "uninstall", 0);
    // The number of the user is as good as its name.
    let (given, user) = ("990:1073741824:65536\n", "containers:x:990:990::/:/bin/false\n");
    for name in ["subuid", "subgid"] {
        put(&project, &format!("root/etc/{name}"), given);
    }
    put(&project, "root/etc/passwd", &format!("root:x:0:0::/root:/bin/sh\n{user}"));
    let ran = must(&project, "install", 0);
    assert!(!ran.stderr.contains("has no range"), "{}", ran.stderr);
    must(&project, "install --with-host", 0);
    assert_eq!((text(&project, "root/etc/subuid"), text(&project, "root/etc/subgid")), (given.into(), given.into()));
    must(&project, "uninstall", 0);
    put(&project, "root/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    put(&project, "root/etc/subgid", IDS);
    // A range of others that overlaps is refused, and a file that is being changed is left alone.
    put(&project, "root/etc/subuid", "ann:1073741000:65536\n");
    let ran = must(&project, "install --with-host", 2);
    assert!(ran.stderr.contains("1073741000 to 1073806535 to `ann`"), "{}", ran.stderr);
    put(&project, "root/etc/subuid", "ann:100000:65536\n");
    // So is one that holds somebody's own id.
    put(&project, "root/etc/passwd", "root:x:0:0::/root:/bin/sh\nx:x:1200000000:5::/:/x\n");
    let ran = must(&project, "install --with-host", 2);
    assert!(ran.stderr.contains("the id 1200000000, which /etc/passwd has for `x`"), "{}", ran.stderr);
    put(&project, "root/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    put(&project, "root/etc/subuid.lock", "1\n");
    let before = etc(&project);
    let names = || {
        let dir = fs::read_dir(project.path().join("root/etc")).expect("a directory");
        dir.map(|entry| entry.expect("an entry").file_name()).collect::<BTreeSet<_>>()
    };
    let names_before = names();
    let ran = must(&project, "install --with-host", 2);
    assert!(ran.stderr.contains("subuid.lock"), "{}", ran.stderr);
    assert_same(&etc(&project), &before, "locked");
    assert_eq!(names(), names_before, "no directory is made for what is not written");
    fs::remove_file(project.path().join("root/etc/subuid.lock")).unwrap();
    must(&project, "install --with-host", 0);
    // An edit by hand of our line is an edit: it is shown, and theirs from then on.
    put(&project, "root/etc/subuid", "ann:100000:65536\ncontainers:1073741824:65536\n");
    let ran = must(&project, "status", 1);
    assert!(ran.stdout.contains("subuid"), "{}", ran.stdout);
    must(&project, "install --with-host", 0);
    must(&project, "status", 0);
    must(&project, "uninstall", 0);
    assert_eq!(text(&project, "root/etc/subuid"), "ann:100000:65536\ncontainers:1073741824:65536\n");
}

#[test]
fn two_catalogs_share_what_they_say_the_same_of() {
    let project = project("name = \"home\"\n");
    put(&project, "cabin/catalog.toml", "name = \"cabin\"\n");
    put(&project, "cabin/oven.toml", SERVICE);
    must(&project, "install --with-host", 0);
    let one = etc(&project);
    must(&project, "--catalog cabin install --with-host", 0);
    assert_eq!(text(&project, "root/etc/subuid"), IDS);
    must(&project, "diff --with-host", 0);
    must(&project, "--catalog cabin uninstall", 0);
    assert_same(&etc(&project), &one, "the other is gone");
    must(&project, "--catalog cabin install --with-host", 0);
    must(&project, "uninstall", 0);
    assert_eq!(text(&project, "root/etc/subuid"), IDS);
    // What stands there is still in the words of the other.
    let ran = must(&project, "--catalog cabin diff --with-host", 1);
    assert!(!ran.stdout.contains("#   starts") && ran.stdout.contains("text only"), "{}", ran.stdout);
    must(&project, "--catalog cabin install --with-host", 0);
    must(&project, "--catalog cabin diff --with-host", 0);
    must(&project, "--catalog cabin uninstall", 0);
    assert_eq!(etc(&project).len(), 1);
    // What they say differently is refused.
    must(&project, "install --with-host", 0);
    put(&project, "cabin/catalog.toml", "name = \"cabin\"\n[host]\nnotify = true\nnotify_command = [\"/bin/true\"]\n");
    put(&project, "services/catalog.toml", "name = \"home\"\n[host]\nnotify = true\n");
    must(&project, "install --with-host", 0);
    let ran = must(&project, "--catalog cabin install --with-host", 2);
    assert!(ran.stderr.contains("belongs to the catalog `home` as well"), "{}", ran.stderr);
    assert!(ran.stderr.contains("switch it off in [host] of one"), "{}", ran.stderr);
}

#[test]
fn services_name_the_unit_that_tells_only_where_the_catalog_asks() {
    let unit = "out/etc/containers/systemd/home/web.container";
    let render = |project: &Project| {
        assert_eq!(project.plimsoll(["render"]).ran().status, 0);
        text(project, unit)
    };
    let asks = project(ALL);
    assert!(render(&asks).contains("\nOnFailure=plimsoll-failure@%n.service\n"));
    let ran = must(&asks, "diff", 1);
    assert!(ran.stderr.contains("`--with-host` brings it"), "{}", ran.stderr);
    let ran = must(&asks, "diff --with-host", 1);
    assert!(!ran.stderr.contains("note: "), "{}", ran.stderr);
    put(&asks, "services/web.toml", &format!("{SERVICE}[systemd.Unit]\nOnFailure = \"mine.service\"\n"));
    let own = render(&asks);
    assert!(own.contains("\nOnFailure=mine.service\n") && !own.contains("plimsoll-failure"), "{own}");
    assert!(!render(&project("name = \"home\"\n")).contains("OnFailure="));
}

#[test]
fn mistakes_in_host_are_told_with_their_places() {
    let wrong = "name = \"home\"\n[host]\nprun = true\nsignatures = true\nnotify_command = [\"tell\"]\n\
                 first_id = 4294900000\nid_count = 131072\nwatch = [\"/srv/*\"]\n\
                 signed = [{ registry = \"quay.io/me\" }]\n[[host.clean]]\npath = \"/srv\"\nage = \"0\"\n";
    let project = project(wrong);
    let ran = host_render(&project, &[]);
    assert_eq!(ran.status, 2);
    insta::assert_snapshot!("host_wrong", ran.stderr);
    assert!(!project.path().join("out").exists());
}

#[test]
fn what_is_in_the_way_is_told_once() {
    let project = project(ALL);
    put(&project, "file", "x\n");
    let ran = host_render(&project, &["--out", "file"]);
    assert_eq!((ran.status, ran.stderr.matches("file is not a directory").count()), (2, 1), "{}", ran.stderr);
}

#[test]
fn what_would_harm_the_host_is_refused() {
    let refused = |lines: &str, message: &str| {
        let project = project(&format!("name = \"home\"\n[host]\n{lines}"));
        let ran = host_render(&project, &[]);
        assert!(ran.status == 2 && ran.stderr.contains(message), "{lines}{}", ran.stderr);
    };
    for path in [
        "/",
        "/srv",
        "/usr/bin",
        "/etc/systemd",
        "/var/lib",
        "/var/lib/containers/storage",
        "/var/lib/plimsoll",
        "/var/log",
        "/boot/efi",
        "/root/.ssh",
        "/home/ann",
        "/home/ann/.ssh",
        "/proc/sys",
    ] {
        let lines = format!("clean = [{{ path = \"{path}\", age = \"1d\" }}]\n");
        refused(&lines, "holds more than old files of a service");
    }
    let twice = "clean = [{ path = \"/srv/a\", age = \"1d\" }, { path = \"/srv/a\", age = \"2d\" }]\n";
    refused(twice, "`/srv/a` stands here twice");
    refused("watch = [\"/srv\", \"/srv\"]\n", "`/srv` stands here twice");
    refused("watch = [\"/proc\"]\n", "changes all the time");
    refused("notify = true\nnotify_command = \"/bin/tell phone\"\n", "is no path of a program");
    for path in ["/srv/a", "/var/lib/web/cache", "/var/log/nginx", "/home/ann/old", "/tmp/x"] {
        let project = project(&format!("name = \"home\"\n[host]\nclean = [{{ path = \"{path}\", age = \"1d\" }}]\n"));
        assert_eq!(host_render(&project, &[]).status, 0, "{path}");
    }
}

#[test]
fn the_host_is_not_one_users() {
    let project = project(&ROOTLESS.replace("user = 1000\n", ""));
    let ran = project.plimsoll(["diff", "--with-host", "--user"]).env("HOME", "/nowhere").ran();
    assert!(ran.status == 2 && ran.stderr.contains("are not one user's"), "{}", ran.stderr);
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units_of_the_host() {
    if !can_verify() {
        return;
    }
    for catalog in [ALL, ROOTLESS] {
        let project = project(catalog);
        assert_eq!(host_render(&project, &[]).status, 0);
        for judge in judges() {
            let said = judge.verify(&project.path().join("out"));
            assert!(said.is_empty(), "{}: {said:?}", judge.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever the file holds, an install adds a line and takes it away, and every other line stays to the byte.
    #[test]
    fn foreign_lines_stay(lines in proptest::collection::vec("([a-z#:]{0,6}|[a-z]{1,4}:[0-9]{1,10}:[0-9]{1,10}|[ -~]{0,20})", 0..8)) {
        let before: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let project = project("name = \"home\"\n");
        put(&project, "root/etc/subuid", &before);
        let ran = run(&project, "install --with-host");
        let now = text(&project, "root/etc/subuid");
        prop_assert!(now.starts_with(&before), "{now}");
        if ran.status == 0 && now != before {
            prop_assert_eq!(&now, &format!("{before}{IDS}"));
        }
        must(&project, "uninstall", 0);
        prop_assert_eq!(text(&project, "root/etc/subuid"), before);
    }
}
