//! The commands that install, from outside: what they do to a root, what they say, how they end.

use std::{collections::BTreeSet, fs, os::unix::fs::symlink, path::Path};

use crate::run::{Project, Ran, Tree, read};

const SERVICE: &str = "image = \"example.org/a:1@sha256:\
    0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\nuser = 1000\ngroup = 1000\n\
    [limits]\nmemory = \"64M\"\ncpus = 1\n";
const UNITS: &str = "root/etc/containers/systemd/home";

/// A catalog of two services, and an empty root.
fn house() -> Project {
    Project::new()
        .file("services/catalog.toml", "name = \"home\"\n[slice]\nmemory = \"2G\"\n")
        .file("services/db.toml", SERVICE)
        .file("services/web.toml", SERVICE)
        .file("root/etc/os-release", "ID=test\n")
}

fn run(project: &Project, arguments: &str) -> Ran {
    let arguments = arguments.split_whitespace().chain(["--root", "root"]);
    project.plimsoll(arguments).env("SOURCE_DATE_EPOCH", "1795348800").ran()
}

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

/// Fails with the names of the files that differ, and not with their bytes.
fn assert_same(now: &Tree, before: &Tree, what: &str) {
    let differs = |path: &&std::path::PathBuf| now.get(*path) != before.get(*path);
    let differing: BTreeSet<_> = now.keys().chain(before.keys()).filter(differs).collect();
    assert!(differing.is_empty(), "{what}: {differing:?}");
}

fn is_foreign(path: &Path) -> bool {
    !path.starts_with("etc/containers/systemd/home") && !path.starts_with("var/lib/plimsoll")
}

#[test]
fn after_an_install_there_is_no_difference() {
    let project = house();
    must(&project, "diff", 1);
    let ran = must(&project, "install", 0);
    assert!(ran.stdout.contains("home: generation 1 is in"), "{}", ran.stdout);
    let before = root(&project);
    for arguments in ["diff", "diff --format summary", "diff --format json", "install --dry-run", "status", "install"] {
        must(&project, arguments, 0);
        assert_same(&root(&project), &before, arguments);
    }
    assert_eq!(must(&project, "diff", 0).stdout, "", "an empty difference says nothing");
}

#[test]
fn what_is_installed_is_what_is_rendered() {
    let project = house();
    must(&project, "install", 0);
    let rendered = project.plimsoll(["render"]).ran();
    assert_eq!(rendered.status, 0);
    let out = project.read("out");
    let installed: Tree = root(&project)
        .into_iter()
        .filter(|(path, _)| path.starts_with("etc/containers") || path.starts_with("etc/systemd"))
        .collect();
    assert_same(&installed, &out, "the rendered tree");
    // The tree says the same as the catalog.
    must(&project, "diff --from out", 0);
}

#[test]
fn a_tree_is_installed_without_its_catalog() {
    let project = house();
    assert_eq!(project.plimsoll(["render"]).ran().status, 0);
    fs::rename(project.path().join("services"), project.path().join("elsewhere")).unwrap();
    must(&project, "install --from out", 0);
    must(&project, "status", 0);
    must(&project, "history", 0);
    fs::write(project.path().join("out/etc/containers/systemd/home/mine.container"), "[Container]\nImage=a\n").unwrap();
    let ran = must(&project, "install --from out", 2);
    assert!(ran.stderr.contains("was not rendered from the catalog `home`"), "{}", ran.stderr);
    must(&project, "uninstall", 0);
    assert_eq!(root(&project).len(), 1);
}

#[test]
fn what_hands_did_is_shown_and_handled() {
    type Hand = (&'static str, fn(&Path), i32, &'static str);
    let hands: [Hand; 4] = [
        (
            "edited",
            |root| fs::write(root.join("etc/containers/systemd/home/web.container"), "[Container]\nImage=x\n").unwrap(),
            2,
            "edited by hand",
        ),
        (
            "deleted",
            |root| fs::remove_file(root.join("etc/containers/systemd/home/web.container")).unwrap(),
            0,
            "deleted by hand",
        ),
        (
            "added",
            |root| fs::write(root.join("etc/containers/systemd/home/x.container"), "[Container]\nImage=x\n").unwrap(),
            2,
            "x.container",
        ),
        (
            "dropped in",
            |root| {
                fs::create_dir_all(root.join("etc/containers/systemd/web.container.d")).unwrap();
                fs::write(root.join("etc/containers/systemd/web.container.d/a.conf"), "[Container]\nLabel=a=b\n")
                    .unwrap();
            },
            0,
            "web.container.d/a.conf",
        ),
    ];
    for (what, hand, without_force, word) in hands {
        let project = house();
        must(&project, "install", 0);
        let clean = root(&project);
        hand(&project.path().join("root"));
        let touched = root(&project);
        for arguments in ["status", "diff", "diff --format summary"] {
            let ran = must(&project, arguments, 1);
            assert!(ran.stdout.contains(word), "{what}, {arguments}: {}", ran.stdout);
        }
        let ran = must(&project, "install", without_force);
        if without_force == 2 {
            assert_same(&root(&project), &touched, what);
            assert!(ran.stderr.contains("--force"), "{}", ran.stderr);
            must(&project, "install --force", 0);
            let kept = root(&project).into_keys().any(|path| path.to_str().unwrap().contains("/kept/"));
            assert!(kept, "{what}: what was written by hand is kept");
        }
        must(&project, "status", 0);
        must(&project, "diff", 0);
        let now = root(&project);
        for (path, text) in clean.iter().filter(|(path, _)| path.starts_with("etc")) {
            assert!(now.get(path) == Some(text), "{what}: {}", path.display());
        }
    }
}

#[test]
fn rollback_restores_and_returns() {
    let project = house();
    must(&project, "install", 0);
    let first = project.read("root/etc");
    let ran = must(&project, "rollback", 2);
    assert!(ran.stderr.contains("no generation"), "{}", ran.stderr);
    let project = project.file("services/web.toml", SERVICE.replace("64M", "96M")).file("services/more.toml", SERVICE);
    fs::remove_file(project.path().join("services/db.toml")).unwrap();
    must(&project, "install", 0);
    let second = project.read("root/etc");
    assert!(first != second, "nothing was changed");
    for expected in [&first, &second, &first] {
        must(&project, "rollback", 0);
        assert_same(&project.read("root/etc"), expected, "rolled back");
    }
    must(&project, "rollback 2", 0);
    assert_same(&project.read("root/etc"), &second, "rolled back to 2");
    must(&project, "rollback 99", 2);
    let history = must(&project, "history", 0).stdout;
    assert!(history.contains("rollback to 1"), "{history}");
}

#[test]
fn uninstall_takes_what_it_owns_and_nothing_else() {
    let project = house()
        .file("root/etc/containers/systemd/other.container", "[Container]\nImage=a\n")
        .file("root/etc/systemd/system/services-other.slice", "[Slice]\n");
    let before = root(&project);
    must(&project, "install", 0);
    must(&project, "uninstall", 0);
    assert_same(&root(&project), &before, "after an uninstall");
    assert!(!project.path().join("root/var").exists(), "what was made for the state goes as well");
    must(&project, "status", 1);
}

#[test]
fn names_that_are_taken_stop_an_install() {
    let taken = [
        "root/etc/containers/systemd/home/web.container",
        "root/run/containers/systemd/web.container",
        "root/usr/share/containers/systemd/deep/web.container",
        "root/etc/containers/systemd/other/web.kube",
        "root/etc/systemd/system/web.service",
        "root/usr/lib/systemd/system/web.service",
        "root/etc/systemd/system/services-web.slice",
    ];
    for path in taken {
        let project = house().file(path, "[Container]\nImage=mine\n");
        let before = root(&project);
        for arguments in ["install", "install --force"] {
            let ran = must(&project, arguments, 2);
            assert!(ran.stderr.contains("nothing was changed"), "{path}: {}", ran.stderr);
            assert!(ran.stderr.contains("web"), "{path}: {}", ran.stderr);
        }
        assert_same(&root(&project), &before, path);
    }
}

#[test]
fn errors_of_check_stop_an_install() {
    let project = house()
        .file("services/catalog.toml", "name = \"home\"\n")
        .file("services/web.toml", SERVICE.replace("memory = \"64M\"\n", ""));
    let ran = must(&project, "install", 2);
    assert!(ran.stderr.contains("PL401"), "{}", ran.stderr);
    assert!(!project.path().join(UNITS).exists());
}

#[test]
fn catalogs_share_a_slice_that_says_the_same() {
    let other = "name = \"other\"\n[slice]\nmemory = \"2G\"\n";
    let project = house().file("second/catalog.toml", other).file("second/mail.toml", SERVICE);
    must(&project, "install", 0);
    must(&project, "install --catalog second", 0);
    for catalog in ["services", "second"] {
        must(&project, &format!("status --catalog {catalog}"), 0);
        must(&project, &format!("diff --catalog {catalog}"), 0);
    }
    let slice = project.path().join("root/etc/systemd/system/services.slice");
    must(&project, "uninstall", 0);
    assert!(slice.exists(), "the other catalog still needs it");
    // Its words are still those of the catalog that is gone.
    must(&project, "status --catalog second", 1);
    must(&project, "install --catalog second", 0);
    must(&project, "status --catalog second", 0);
    must(&project, "uninstall --catalog second", 0);
    assert!(!slice.exists(), "the last owner removes it");

    let project = house().file("second/catalog.toml", other.replace("2G", "3G")).file("second/mail.toml", SERVICE);
    must(&project, "install", 0);
    let ran = must(&project, "install --catalog second", 2);
    assert!(ran.stderr.contains("belongs to the catalog `home` as well"), "{}", ran.stderr);
}

#[test]
fn only_some_services_are_brought_up_to_date() {
    let project = house();
    must(&project, "install", 0);
    let project = project
        .file("services/web.toml", SERVICE.replace("64M", "96M"))
        .file("services/db.toml", SERVICE.replace("64M", "80M"));
    must(&project, "install --only web", 0);
    let unit = |name: &str| fs::read_to_string(project.path().join(UNITS).join(name)).unwrap();
    assert!(unit("web.container").contains("MemoryMax=100663296"));
    assert!(unit("db.container").contains("MemoryMax=67108864"));
    must(&project, "diff", 1);
    must(&project, "install --only web db", 0);
    must(&project, "diff", 0);
    let ran = must(&project, "install --only wbe", 2);
    assert!(ran.stderr.contains("no service `wbe`"), "{}", ran.stderr);
}

#[test]
fn some_services_alone_need_what_they_require() {
    let web = format!("requires = [\"db\"]\n{SERVICE}");
    let project = house().file("services/web.toml", &web);
    let ran = must(&project, "install --only web", 2);
    assert!(ran.stderr.contains("`web.container` requires `db.service`, which would not be there"), "{}", ran.stderr);
    assert!(ran.stderr.contains("name that service as well"), "{}", ran.stderr);
    must(&project, "install --only web db", 0);
    let project = project.file("services/web.toml", SERVICE);
    fs::remove_file(project.path().join("services/db.toml")).unwrap();
    let ran = must(&project, "install --only db", 2);
    let expected = "`web.container` is installed and requires `db.service`, which would be gone";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    must(&project, "install --only db web", 0);
}

#[test]
fn a_tree_that_has_lost_its_slices_is_refused() {
    let project = house();
    assert_eq!(project.plimsoll(["render"]).ran().status, 0);
    for entry in fs::read_dir(project.path().join("out/etc/systemd/system")).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let ran = must(&project, "install --from out", 2);
    assert!(
        ran.stderr.contains("is to run in `services-") && ran.stderr.contains("no slice in the tree"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_users_units_go_where_the_user_reads_them() {
    let rootless = "name = \"home\"\n[target]\nprofile = \"rootless\"\nuser = 1000\n";
    let project = house().file("services/catalog.toml", rootless);
    must(&project, "install", 0);
    assert!(project.path().join("root/etc/containers/systemd/users/1000/home/web.container").exists());
    assert!(project.path().join("root/etc/systemd/user/services-web.slice").exists());
    must(&project, "uninstall", 0);
    let ran = project
        .plimsoll(["install", "--user", "--root", "root"])
        .env("HOME", "/home/ann")
        .env("SOURCE_DATE_EPOCH", "1795348800")
        .ran();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(project.path().join("root/home/ann/.config/containers/systemd/home/web.container").exists());
    assert!(project.path().join("root/home/ann/.config/systemd/user/services-web.slice").exists());
    assert!(project.path().join("root/home/ann/.local/state/plimsoll/home").exists());
    let project = house();
    assert_eq!(run(&project, "install --user").status, 2, "a rootful catalog is not for a user");
}

#[test]
fn links_are_not_followed() {
    for planted in [
        "etc/containers",
        "etc/containers/systemd",
        "etc/containers/systemd/home",
        "etc/systemd",
        "etc/systemd/system",
        "var/lib",
        "var/lib/plimsoll",
        "var/lib/plimsoll/home",
    ] {
        let project = house().file("outside/keep", "keep");
        let link = project.path().join("root").join(planted);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(project.path().join("outside"), &link).unwrap();
        let ran = must(&project, "install", 2);
        assert!(ran.stderr.contains("symbolic link"), "{planted}: {}", ran.stderr);
        assert_eq!(read(&project.path().join("outside")).len(), 1, "{planted}: something was written through the link");
    }
}

#[test]
fn ten_installs_at_once_end_as_one() {
    let project = house();
    let status: Vec<i32> = std::thread::scope(|scope| {
        let project = &project;
        let runs: Vec<_> = (0..10).map(|_| scope.spawn(move || run(project, "install").status)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(status, [0; 10]);
    must(&project, "status", 0);
    let generations = fs::read_dir(project.path().join("root/var/lib/plimsoll/home/generations")).unwrap().count();
    assert_eq!(generations, 1, "nine of them had nothing to do");
    let foreign: Vec<_> = root(&project).into_keys().filter(|path| is_foreign(path)).collect();
    assert!(
        foreign.iter().all(|path| path.starts_with("etc/systemd/system") || path.ends_with("os-release")),
        "{foreign:?}"
    );
}

#[test]
fn a_damaged_generation_is_told_and_not_gone_back_to() {
    let project = house();
    must(&project, "install", 0);
    let project = project.file("services/web.toml", SERVICE.replace("64M", "96M"));
    must(&project, "install", 0);
    let kept = project.path().join("root/var/lib/plimsoll/home/generations/1");
    fs::write(kept.join("files").join("etc/containers/systemd/home/web.container"), "[Container]\n").unwrap();
    let ran = must(&project, "rollback 1", 2);
    assert!(ran.stderr.contains("generation 1 is damaged"), "{}", ran.stderr);
    fs::write(kept.join("generation.json"), "{").unwrap();
    must(&project, "rollback 1", 2);
    let history = must(&project, "history", 0).stdout;
    assert!(history.contains("generation 1 is damaged"), "{history}");
    // The last one: nobody knows what was edited by hand.
    fs::write(project.path().join("root/var/lib/plimsoll/home/generations/2/generation.json"), "{").unwrap();
    let ran = must(&project, "install", 2);
    assert!(ran.stderr.contains("generation 2 is damaged"), "{}", ran.stderr);
    must(&project, "install --force", 0);
    must(&project, "status", 0);
}

#[test]
fn a_mistake_in_the_catalog_is_told_and_nothing_is_touched() {
    let mistakes = [
        ("services/web.toml", "[catalog"),
        ("services/web.toml", "imagee = \"a\"\n"),
        ("services/db.toml", "[limits]\nmemory = \"64MB\"\n"),
    ];
    for (file, text) in mistakes {
        let project = house().file(file, text);
        let before = root(&project);
        for arguments in ["diff", "diff --format json", "install", "install --dry-run", "install --only web"] {
            let ran = must(&project, arguments, 2);
            assert!(ran.stderr.contains(&format!("{file}:")), "{arguments}: {}", ran.stderr);
            assert_same(&root(&project), &before, arguments);
        }
    }
}

#[test]
fn json_is_json_whatever_happens() {
    let project = house();
    let value = |arguments: &str| {
        let ran = must(&project, arguments, 0);
        serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stdout))
    };
    for arguments in ["install --format json", "install --format json", "history --format json", "status --format json"]
    {
        assert_eq!(value(arguments)["version"], 1, "{arguments}");
    }
}

#[test]
fn edits_are_kept_through_an_uninstall() {
    let project = house();
    must(&project, "install", 0);
    fs::write(project.path().join(UNITS).join("web.container"), "[Container]\nImage=precious\n").unwrap();
    must(&project, "uninstall", 2);
    must(&project, "uninstall --dry-run", 2);
    let ran = must(&project, "uninstall --force", 0);
    assert!(ran.stdout.contains("kept"), "{}", ran.stdout);
    let kept = project.read("root/var/lib/plimsoll/home/kept");
    assert!(kept.values().any(|text| text.ends_with(b"Image=precious\n")), "{:?}", kept.keys());
    must(&project, "install", 0);
    must(&project, "status", 0);
}

#[test]
fn what_was_rendered_but_not_installed_is_taken_over_only_as_it_is() {
    let project = house();
    assert_eq!(project.plimsoll(["render"]).ran().status, 0);
    let project = {
        let out = project.read("out");
        project.tree("root", &out)
    };
    must(&project, "install", 0);
    fs::remove_dir_all(project.path().join("root/var")).unwrap();
    let slice = project.path().join("root/etc/systemd/system/services-web.slice");
    fs::write(&slice, fs::read_to_string(&slice).unwrap() + "MemoryLow=1M\n").unwrap();
    let ran = must(&project, "install", 2);
    assert!(ran.stderr.contains("--force"), "{}", ran.stderr);
    must(&project, "install --force", 0);
}

#[test]
fn a_damaged_memory_is_gone_on_without_if_forced() {
    type Damage = fn(&Path);
    let damages: [Damage; 4] = [
        |state| fs::write(state.join("transaction.json"), "{").unwrap(),
        |state| fs::remove_file(state.join("generations/1/generation.json")).unwrap(),
        |state| fs::create_dir(state.join("generations/9")).unwrap(),
        |state| fs::write(state.join("generations/1/generation.json"), "").unwrap(),
    ];
    for (at, damage) in damages.into_iter().enumerate() {
        let project = house();
        must(&project, "install", 0);
        damage(&project.path().join("root/var/lib/plimsoll/home"));
        let project = project.file("services/web.toml", SERVICE.replace("64M", "96M"));
        let ran = must(&project, "install", 2);
        assert!(ran.stderr.contains("--force"), "{at}: {}", ran.stderr);
        let ran = must(&project, "uninstall --name home", 2);
        assert!(!ran.stderr.contains("is installed here"), "{at}: {}", ran.stderr);
        must(&project, "install --force", 0);
        must(&project, "status", 0);
        must(&project, "uninstall", 0);
        let slices = project.read("root/etc");
        assert_eq!(slices.len(), 1, "{at}: {:?}", slices.keys());
    }
}
