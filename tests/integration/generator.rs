//! `plimsoll generator`: what Podman's own generators make of a catalog at boot, and what is there where something is wrong.

use std::{
    fs,
    os::unix::fs::symlink,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll::{
    commands::{
        Status,
        generator::{self, Options, Scope},
    },
    diagnostic::Severity,
    install::disk::Disk,
};

use crate::{
    judge::{Judge, judges},
    killed::{
        host::{Thing, Tree, tree},
        mortal::{Clock, Fate, Killed, Mortal, Way},
    },
    run::Project,
};

const NORMAL: &str = "run/systemd/generator";
const HOME: &str = "etc/plimsoll/home/services";

const WEB: &str =
    "image = \"localhost/web:1\"\nnetwork = \"back\"\nrequires = [\"db\"]\n[limits]\nmemory = \"64M\"\ncpus = 0.5\n";
const DB: &str = "image = \"localhost/db:1\"\n[limits]\nmemory = \"128M\"\ncpus = 1\n[[volume]]\nsource = \"data\"\ntarget = \"/data\"\n";

/// A host with one catalog that nobody has installed.
fn host() -> Project {
    Project::new()
        .file(
            format!("{HOME}/catalog.toml"),
            "name = \"home\"\n[slice]\nmemory = \"1G\"\n[network.back]\ninternal = true\n[volume.data]\n",
        )
        .file(format!("{HOME}/web.toml"), WEB)
        .file(format!("{HOME}/db.toml"), DB)
}

fn options(root: &Path, judge: &Judge) -> Options {
    let root = Utf8Path::from_path(root).unwrap();
    fs::create_dir_all(root.join(NORMAL)).unwrap();
    Options {
        root: root.to_owned(),
        scope: Scope::System,
        catalogs: ["etc/plimsoll", "usr/share/plimsoll"].map(|dir| root.join(dir)).to_vec(),
        normal: root.join(NORMAL),
        state: Some(root.join("run/plimsoll/generator")),
        quadlet: vec![root.join("nowhere/quadlet"), Utf8PathBuf::try_from(judge.quadlet()).unwrap()],
    }
}

/// What systemd does: a directory that is empty, then the generator.
fn generate(project: &Project, judge: &Judge) -> (Status, String) {
    let normal = project.path().join(NORMAL);
    if normal.exists() {
        fs::remove_dir_all(&normal).unwrap();
    }
    again(&options(project.path(), judge), project)
}

fn again(options: &Options, project: &Project) -> (Status, String) {
    let mut said = String::new();
    let mut log = |severity: Severity, line: &str| said += &format!("{}: {line}\n", severity.as_str());
    let status = generator::run(options, &mut log);
    (status, said.replace(project.path().to_str().unwrap(), ""))
}

/// What is in the directory that systemd reads.
fn normal(project: &Project) -> Tree {
    tree(&project.path().join(NORMAL))
}

fn names(project: &Project) -> Vec<String> {
    normal(project).into_keys().collect()
}

fn read(project: &Project, path: &str) -> String {
    fs::read_to_string(project.path().join(path)).unwrap()
}

fn edit(project: &Project, path: &str, from: &str, to: &str) {
    let text = read(project, path);
    assert!(text.contains(from), "{path}: {from}");
    fs::write(project.path().join(path), text.replace(from, to)).unwrap();
}

const ALL: [&str; 11] = [
    "back-network.service",
    "data-volume.service",
    "db.service",
    "multi-user.target.wants",
    "multi-user.target.wants/db.service",
    "multi-user.target.wants/web.service",
    "services-db.slice",
    "services-web.slice",
    "services.slice",
    "web.service",
    "",
];

fn all() -> Vec<String> {
    ALL.iter().filter(|name| !name.is_empty()).map(|name| (*name).to_owned()).collect()
}

#[test]
fn services_and_slices_stand_in_the_same_pass() {
    for judge in judges() {
        let project = host();
        assert_eq!(generate(&project, judge), (Status::Clean, String::new()), "{}", judge.name);
        assert_eq!(names(&project), all());
        let web = read(&project, &format!("{NORMAL}/web.service"));
        let place = project.path().join(HOME);
        assert!(web.contains(&format!("\nSourcePath={}/web.toml\n", place.display())), "{web}");
        assert!(web.contains("\nSlice=services-web.slice\n") && web.contains("--memory=67108864b"), "{web}");
        assert!(!web.contains(".plimsoll"), "{web}");
        let network = read(&project, &format!("{NORMAL}/back-network.service"));
        assert!(network.contains(&format!("\nSourcePath={}/catalog.toml\n", place.display())), "{network}");
        let slice = read(&project, &format!("{NORMAL}/services-web.slice"));
        assert!(slice.contains("\nMemoryMax=67108864\n"), "{slice}");
        let link = fs::read_link(project.path().join(NORMAL).join("multi-user.target.wants/web.service")).unwrap();
        assert_eq!(link, Path::new("../web.service"));
        // The same again; Podman 5.4.2 gives arguments in an order of chance.
        assert_eq!(generate(&project, judge).0, Status::Clean);
        assert_eq!(names(&project), all());
        // The slices are those that `render` writes, and so is what is remembered.
        let ran = project.plimsoll(["render", "--catalog", HOME, "--out", "out"]).ran();
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_eq!(read(&project, "out/etc/systemd/system/services-web.slice"), slice);
        assert_eq!(project.read("out"), project.read("run/plimsoll/generator/home"));
    }
}

#[test]
fn a_rendered_tree_and_a_catalog_with_templates_do_as_well() {
    let Some(judge) = judges().into_iter().next() else { return };
    let project = host();
    assert_eq!(generate(&project, judge).0, Status::Clean);
    let of_catalog = normal(&project);
    assert_eq!(project.plimsoll(["render", "--catalog", HOME]).ran().status, 0);
    fs::remove_dir_all(project.path().join(HOME)).unwrap();
    assert_eq!(generate(&project, judge), (Status::Clean, String::new()));
    assert_eq!(names(&project), all());
    let slice = |tree: &Tree| tree["services-db.slice"].clone();
    assert_eq!(slice(&normal(&project)), slice(&of_catalog));
    let web = read(&project, &format!("{NORMAL}/web.service"));
    assert!(web.contains("/etc/plimsoll/home/out/etc/containers/systemd/home/web.container\n"), "{web}");

    let project = host().file(
        "etc/plimsoll/home/templates/container.j2",
        "{% extends \"builtin/container.j2\" %}\n{% block limits %}# ours\n{{ super() }}{% endblock %}",
    );
    let (status, said) = generate(&project, judge);
    assert_eq!((status, said.as_str()), (Status::Clean, ""));
    assert!(read(&project, &format!("{NORMAL}/web.service")).contains("# ours\n"));
}

#[test]
fn nothing_to_do_writes_nothing() {
    let Some(judge) = judges().into_iter().next() else { return };
    for project in [
        Project::new(),
        Project::new().file("etc/plimsoll/README", "notes").file("etc/plimsoll/users/ann/services/x.toml", "no = 1\n"),
        // An empty directory hides what was shipped.
        Project::new().tree("usr/share/plimsoll/home/services", &host().read(HOME)),
    ] {
        fs::create_dir_all(project.path().join("etc/plimsoll/home")).unwrap();
        assert_eq!(generate(&project, judge), (Status::Clean, String::new()));
        assert!(normal(&project).is_empty() && !project.path().join("run/plimsoll").exists());
    }
}

#[test]
fn a_broken_catalog_is_left_out_and_the_others_stand() {
    let Some(judge) = judges().into_iter().next() else { return };
    let project = host()
        .file("etc/plimsoll/away/services/catalog.toml", "name = \"away\"\n")
        .file("etc/plimsoll/away/services/good.toml", WEB.replace("network = \"back\"\nrequires = [\"db\"]\n", ""))
        .file("etc/plimsoll/away/services/bad.toml", DB.replace("128M", "128MB").replace("\"data\"", "\"nodata\""))
        // `check` finds an error.
        .file("etc/plimsoll/bare/services/catalog.toml", "name = \"bare\"\n")
        .file("etc/plimsoll/bare/services/bare.toml", "image = \"localhost/x:1\"\n")
        .file("etc/plimsoll/other/services/catalog.toml", "name = \"another\"\n")
        .file("etc/plimsoll/user/services/catalog.toml", "name = \"user\"\n[target]\nprofile = \"rootless\"\n")
        .file("etc/plimsoll/Upper/services/x.toml", WEB)
        .file("etc/plimsoll/.git/config", "")
        .file("etc/plimsoll/empty/README", "");
    let (status, said) = generate(&project, judge);
    assert_eq!((status, names(&project)), (Status::Differs, all()), "{said}");
    insta::assert_snapshot!("generator_broken", said);
    fs::remove_dir_all(project.path().join("etc/plimsoll/home")).unwrap();
    assert_eq!(generate(&project, judge).0, Status::Failed);
    assert!(normal(&project).is_empty());
    let project = host().file("etc/plimsoll/Upper/services/x.toml", WEB);
    assert_eq!((generate(&project, judge).0, names(&project)), (Status::Differs, all()));
}

#[test]
fn a_mistake_does_not_take_away_what_stands() {
    let Some(judge) = judges().into_iter().next() else { return };
    let project = host();
    assert_eq!(generate(&project, judge).0, Status::Clean);
    edit(&project, &format!("{HOME}/web.toml"), "64M", "64MB");
    let (status, said) = generate(&project, judge);
    assert_eq!((status, names(&project)), (Status::Differs, all()), "{said}");
    assert!(read(&project, &format!("{NORMAL}/services-web.slice")).contains("MemoryMax=67108864"));
    let web = read(&project, &format!("{NORMAL}/web.service"));
    assert!(web.contains("\nSourcePath=/") && web.contains("/etc/plimsoll/home/services/web.toml\n"), "{web}");
    assert!(said.contains("error: catalog `home`: /etc/plimsoll/home/services/web.toml:5:10: `64MB` could"), "{said}");
    assert!(said.ends_with("warning: catalog `home`: it stays as it was before the mistake\n"), "{said}");
    // At the next boot nobody remembers.
    fs::remove_dir_all(project.path().join("run/plimsoll")).unwrap();
    let (status, said) = generate(&project, judge);
    assert_eq!((status, names(&project)), (Status::Failed, Vec::new()), "{said}");
    edit(&project, &format!("{HOME}/web.toml"), "64MB", "96M");
    assert_eq!(generate(&project, judge).0, Status::Clean);
    assert!(read(&project, &format!("{NORMAL}/services-web.slice")).contains("MemoryMax=100663296"));
    // A catalog that is gone is no mistake.
    fs::remove_dir_all(project.path().join("etc/plimsoll/home")).unwrap();
    assert_eq!(generate(&project, judge), (Status::Clean, String::new()));
    assert!(normal(&project).is_empty() && project.read("run/plimsoll").is_empty());
}

#[test]
fn what_was_taken_away_does_not_come_back_with_a_mistake() {
    let Some(judge) = judges().into_iter().next() else { return };
    let project = host();
    assert_eq!(generate(&project, judge).0, Status::Clean);
    for file in ["web.toml", "db.toml"] {
        fs::remove_file(project.path().join(HOME).join(file)).unwrap();
    }
    edit(
        &project,
        &format!("{HOME}/catalog.toml"),
        "[slice]\nmemory = \"1G\"\n[network.back]\ninternal = true\n[volume.data]\n",
        "",
    );
    assert_eq!(generate(&project, judge), (Status::Clean, String::new()), "nothing is left of it");
    assert!(normal(&project).is_empty() && project.read("run/plimsoll").is_empty());
    fs::write(project.path().join(HOME).join("new.toml"), "imagee = \"x\"\n").unwrap();
    let (status, said) = generate(&project, judge);
    assert_eq!((status, names(&project)), (Status::Failed, Vec::new()), "{said}");
}

#[test]
fn a_catalog_that_a_link_no_longer_finds_stays_as_it_was() {
    let Some(judge) = judges().into_iter().next() else { return };
    let project = host();
    let (place, far) = (project.path().join("etc/plimsoll/home"), project.path().join("srv"));
    fs::rename(&place, &far).unwrap();
    symlink(&far, &place).unwrap();
    assert_eq!(generate(&project, judge).0, Status::Clean);
    fs::rename(&far, project.path().join("away")).unwrap();
    let (status, said) = generate(&project, judge);
    assert_eq!((status, names(&project)), (Status::Differs, all()), "{said}");
    assert!(said.contains("error: catalog `home`: /etc/plimsoll/home: the link leads to nothing; mount"), "{said}");
    assert!(said.ends_with("it stays as it was before the mistake\n"), "{said}");
}

#[test]
fn what_podman_refuses_is_left_out_as_a_whole() {
    let Some(judge) = judges().into_iter().next() else { return };
    // Podman 5.4 does not know the key.
    let project = host();
    edit(&project, &format!("{HOME}/catalog.toml"), "[slice]", "[target]\npodman = \"6.1\"\n[slice]");
    edit(&project, &format!("{HOME}/web.toml"), "[limits]", "image_volume = \"tmpfs\"\n[limits]");
    let (status, said) = generate(&project, judge);
    assert_eq!((status, names(&project)), (Status::Failed, Vec::new()), "{said}");
    assert!(said.contains("Podman: ") && said.contains("web.container"), "{said}");
    // A generator that makes nothing and says so with success, or is none.
    for (script, expected) in
        [("#!/bin/sh\n", "made no `"), ("no program\n", "cannot be run"), ("#!/bin/sh\nexit 3\n", "exit status: 3")]
    {
        let project = host().file("nowhere/quadlet", script);
        let program = project.path().join("nowhere/quadlet");
        fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let (status, said) = generate(&project, judge);
        assert_eq!((status, names(&project)), (Status::Failed, Vec::new()), "{said}");
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let project = host();
    let nowhere = Options { quadlet: vec!["/nowhere".into()], ..options(project.path(), judge) };
    let (status, said) = again(&nowhere, &project);
    assert_eq!((status, names(&project)), (Status::Failed, Vec::new()));
    assert_eq!(said, "error: Podman's generator is not there, so nothing was generated: /nowhere\n");
}

#[test]
fn a_name_that_is_taken_is_nobodys_in_silence() {
    let Some(judge) = judges().into_iter().next() else { return };
    let slice = "[Slice]\nMemoryMax=5\n";
    for (path, text, stands, word) in [
        ("etc/containers/systemd/web.container", "[Container]\nImage=x\n", false, "Podman makes of /etc/containers"),
        ("etc/containers/systemd/sub/x.container", "[Container]\nServiceName=web\nImage=x\n", false, "Podman makes of"),
        ("run/containers/systemd/web.container", "[Container]\nImage=x\n", false, "Podman makes of /run/containers"),
        ("etc/containers/systemd/users/web.container", "[Container]\nImage=x\n", true, ""),
        ("etc/containers/systemd/x.d/web.container", "[Container]\nImage=x\n", true, ""),
        ("etc/systemd/system/web.service", "[Service]\nExecStart=x\n", true, "is the one that runs: /etc/systemd"),
        ("usr/lib/systemd/system/web.service", "[Service]\nExecStart=x\n", false, "would be replaced: /usr/lib"),
        ("etc/systemd/system/services-web.slice", slice, false, "says something else: /etc/systemd/system"),
        ("etc/systemd/system/services.slice", slice, false, "says something else: /etc/systemd/system"),
        ("run/systemd/generator/web.service", "[Service]\nExecStart=x\n", false, "another generator has made"),
    ] {
        let project = host();
        let options = options(project.path(), judge);
        let project = project.file(path, text);
        let (status, said) = again(&options, &project);
        let expected = if stands { Status::Clean } else { Status::Failed };
        assert_eq!(
            (status, project.path().join(NORMAL).join("db.service").exists()),
            (expected, stands),
            "{path}: {said}"
        );
        assert_eq!((said.contains(word), said.is_empty()), (true, word.is_empty()), "{path}: {said}");
        assert_eq!(read(&project, path), text);
    }
    // A mask, and a slice that says the same.
    let project = host();
    assert_eq!(generate(&project, judge).0, Status::Clean);
    let same = read(&project, &format!("{NORMAL}/services.slice")).replace("\"home\"", "\"elsewhere\"");
    let project = project.file("etc/systemd/system/services.slice", same);
    symlink("/dev/null", project.path().join("etc/systemd/system/web.service")).unwrap();
    assert_eq!(generate(&project, judge), (Status::Clean, String::new()));
    // What /etc says goes before what was shipped; of two catalogs the second by name is left out.
    let project = host()
        .file("usr/share/plimsoll/home/services/catalog.toml", "nonsense")
        .file("usr/share/plimsoll/two/services/catalog.toml", "name = \"two\"\n[slice]\nmemory = \"1G\"\n")
        .file("usr/share/plimsoll/two/services/db.toml", WEB.replace("network = \"back\"\nrequires = [\"db\"]\n", ""));
    let (status, said) = generate(&project, judge);
    assert_eq!((status, names(&project)), (Status::Differs, all()), "{said}");
    assert!(said.contains("catalog `two`: `db.service` is one of the catalog `home` already"), "{said}");
    // Beside each other they share a slice of which they say the same, and a directory of links.
    fs::rename(
        project.path().join("usr/share/plimsoll/two/services/db.toml"),
        project.path().join("usr/share/plimsoll/two/services/third.toml"),
    )
    .unwrap();
    assert_eq!(generate(&project, judge), (Status::Clean, String::new()));
    assert!(names(&project).contains(&"multi-user.target.wants/third.service".to_owned()));
    assert_eq!(names(&project).len(), all().len() + 3);
}

#[test]
fn the_clock_of_a_machine_that_boots_decides_nothing() {
    let Some(judge) = judges().into_iter().next() else { return };
    let project = host();
    let waived = "[[waive]]\nrule = \"PL402\"\nreason = \"it is tried without limits\"\nexpires = 2001-01-01\n";
    fs::write(project.path().join(HOME).join("web.toml"), format!("image = \"localhost/web:1\"\n{waived}")).unwrap();
    let ran = project.plimsoll(["check", "--catalog", HOME]).ran();
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    let (status, said) = generate(&project, judge);
    assert_eq!(status, Status::Clean, "{said}");
}

#[test]
fn a_user_has_catalogs_too() {
    let Some(judge) = judges().into_iter().next() else { return };
    let rootless = |name: &str| format!("name = \"{name}\"\n[target]\nprofile = \"rootless\"\n");
    let project = Project::new()
        .file("home/ann/.config/plimsoll/own/services/catalog.toml", rootless("own"))
        .file(
            "home/ann/.config/plimsoll/own/services/db.toml",
            WEB.replace("network = \"back\"\nrequires = [\"db\"]\n", ""),
        )
        .file("etc/plimsoll/users/all/services/catalog.toml", rootless("all"))
        .file(
            "etc/plimsoll/users/all/services/clock.toml",
            WEB.replace("network = \"back\"\nrequires = [\"db\"]\n", ""),
        )
        .file("etc/plimsoll/users/own/services/catalog.toml", "nonsense")
        .file("etc/plimsoll/users/1001/far/services/catalog.toml", "nonsense");
    let own = options(project.path(), judge);
    let dirs =
        ["home/ann/.config/plimsoll", "etc/plimsoll/users/1000", "etc/plimsoll/users", "usr/share/plimsoll/users"];
    let options = Options {
        scope: Scope::User,
        catalogs: dirs.map(|dir| own.root.join(dir)).to_vec(),
        state: Some(own.root.join("run/user/1000/plimsoll/generator")),
        ..own
    };
    assert_eq!(again(&options, &project), (Status::Clean, String::new()));
    let found = names(&project);
    assert!(
        found.contains(&"db.service".to_owned()) && found.contains(&"default.target.wants/clock.service".to_owned())
    );
    assert!(found.contains(&"services-clock.slice".to_owned()), "{found:?}");
    // What is remembered is a tree that is read again.
    edit(&project, "home/ann/.config/plimsoll/own/services/db.toml", "64M", "64MB");
    fs::remove_dir_all(project.path().join(NORMAL)).unwrap();
    let (status, said) = again(&options, &project);
    assert_eq!((status, names(&project)), (Status::Differs, found), "{said}");
    // A rootful catalog is none of theirs.
    fs::write(project.path().join("etc/plimsoll/users/all/services/catalog.toml"), "name = \"all\"\n").unwrap();
    fs::remove_dir_all(project.path().join("run")).unwrap();
    let (_, said) = again(&options, &project);
    assert!(
        said.contains("catalog `all`: the catalog `all` is rootful, and a user's own services are rootless"),
        "{said}"
    );
}

/// Killed at every touch of the disk, and each of them refused: what is there needs nothing that is not.
#[test]
fn killed_at_any_point_nothing_half_is_started() {
    let Some(judge) = judges().into_iter().next() else { return };
    let counting = Clock::new(None);
    let points = at_a_point(judge, &counting, true).map(|()| counting.points()).unwrap();
    assert!(points.len() > 40, "{}", points.len());
    let mut runs = 0;
    for (at, point) in points.iter().enumerate() {
        // Nothing of this must outlive the machine, so nothing is waited for; and after one touch is before the next.
        if point.what.starts_with("sync ") {
            continue;
        }
        for way in point.ways().into_iter().filter(|way| ![Way::After, Way::Full].contains(way)) {
            let clock = Clock::new(Some(Fate { at, way }));
            let is_kill = matches!(way, Way::Before | Way::Half);
            let what = format!("{way:?} {} ({at})", point.what);
            at_a_point(judge, &clock, is_kill).unwrap_or_else(|why| panic!("{what}: {why}"));
            runs += 1;
        }
    }
    assert!(runs > 100, "{runs} runs of {} points", points.len());
}

fn at_a_point(judge: &Judge, clock: &Clock, is_kill: bool) -> Result<(), String> {
    let project = host();
    let options = options(project.path(), judge);
    let disk = Disk::beneath(&options.root).unwrap();
    let mortal = Mortal { disk: &disk, clock };
    let ran = catch_unwind(AssertUnwindSafe(|| generator::run_on(&mortal, &options, &mut |_, _| {})));
    let status = ran.map_err(|thrown| assert!(thrown.is::<Killed>())).ok();
    let found: Vec<String> = names(&project).into_iter().filter(|name| !name.starts_with(".plimsoll")).collect();
    let there = |name: &str| found.iter().any(|found| found == name);
    // Nothing is started by itself before everything is there.
    let links = found.iter().filter(|name| name.contains('/')).count();
    if links > 0 && found != all() {
        return Err(format!("started by halves: {found:?}"));
    }
    for (service, needs) in [
        ("db.service", &["services-db.slice", "services.slice", "data-volume.service"][..]),
        ("web.service", &["services-web.slice", "services.slice", "back-network.service"]),
    ] {
        if there(service) && !needs.iter().all(|need| there(need)) {
            return Err(format!("{service} without what it needs: {found:?}"));
        }
    }
    for (path, thing) in normal(&project) {
        let Thing::File(_, text) = thing else { continue };
        if !path.starts_with('.') && !text.ends_with(b"\n") {
            return Err(format!("{path} is cut off"));
        }
    }
    match status {
        // Where it only failed, nothing is there or everything.
        Some(status) if !found.is_empty() && found != all() => return Err(format!("{status:?} with {found:?}")),
        Some(Status::Clean) if found != all() => return Err("it is content with nothing".to_owned()),
        None if !is_kill => return Err("it fell over".to_owned()),
        _ => {}
    }
    if !is_kill {
        return Ok(());
    }
    // systemd clears its own directory away; what is remembered does not matter.
    let (status, said) = generate(&project, judge);
    if (status, names(&project)) != (Status::Clean, all()) {
        return Err(format!("the next run: {status:?} {said}"));
    }
    if project.read("run/plimsoll").keys().any(|path| path.to_string_lossy().contains("/.")) {
        return Err("something was left over".to_owned());
    }
    Ok(())
}

#[test]
fn the_binary_knows_by_its_name_who_calls() {
    let Some(_) = judges().into_iter().next() else { return };
    let project = Project::new();
    for (dir, scope) in [("system-generators", ""), ("user-generators", ""), ("elsewhere", "user")] {
        let link = project.path().join(dir).join("plimsoll-generator");
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(env!("CARGO_BIN_EXE_plimsoll"), &link).unwrap();
        let mut command = std::process::Command::new(&link);
        command.env_clear().env("XDG_CONFIG_HOME", project.path()).env("SYSTEMD_IN_INITRD", "0");
        if !scope.is_empty() {
            command.env("SYSTEMD_SCOPE", scope);
        }
        fs::create_dir_all(project.path().join("plimsoll/broken/services")).unwrap();
        fs::write(project.path().join("plimsoll/broken/services/x.toml"), "image = 5\n").unwrap();
        let normal = project.path().join("normal");
        let output = command.args([&normal, &normal, &normal]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // A user's catalogs are looked for, and this machine has no Podman to make anything of them.
        let is_users = dir != "system-generators";
        assert_eq!(output.status.code() == Some(2), is_users, "{dir}: {said}");
        assert_eq!(said.starts_with("plimsoll-generator: error: "), is_users, "{dir}: {said}");
    }
    // The initial RAM disk is not the host.
    for (in_initrd, status) in [("1", 0), ("0", 2)] {
        let run = project.plimsoll(["generator", "normal"]).env("SYSTEMD_SCOPE", "user");
        let config = project.path().to_str().unwrap();
        let ran = run.env("XDG_CONFIG_HOME", config).env("SYSTEMD_IN_INITRD", in_initrd).ran();
        assert_eq!((ran.status, ran.stderr.is_empty()), (status, status == 0), "{}", ran.stderr);
    }
}
