//! Which files `check` takes for judged, where they come from, and what it says of those that it does not.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt as _};

use crate::run::{Project, Ran};

/// The verdict of a run that was to give JSON.
fn verdict(ran: &Ran) -> serde_json::Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr))
}

/// The findings of a rule.
fn of_rule(ran: &Ran, rule: &str) -> Vec<serde_json::Value> {
    let findings = verdict(ran)["findings"].as_array().unwrap().clone();
    findings.into_iter().filter(|finding| finding["rule"] == rule).collect()
}

fn container(more: &str) -> String {
    format!("[Container]\nImage=quay.io/example/web:1\n{more}")
}

#[test]
fn a_file_that_is_missing_is_missing_from_what_is_judged() {
    let project = Project::new()
        .file(
            "a/web.container",
            container("Network=backend.network\nVolume=db.volume:/db\n[Unit]\nAfter=cache.container\n"),
        )
        .file("b/backend.network", "[Network]\n");
    let said = |arguments: &[&str], rule: &str| {
        let ran = project.plimsoll(arguments.iter().chain(&["--format", "json"])).ran();
        let of = |finding: serde_json::Value| (finding["message"].clone(), finding["help"].clone());
        of_rule(&ran, rule).into_iter().map(of).collect::<Vec<_>>()
    };
    let missing = |name: &str| {
        let help = "write it, or judge the directory that holds it along with this one";
        (format!("there is no `{name}` among the files that are judged").into(), help.into())
    };
    assert_eq!(said(&["check", "a"], "PL007"), [missing("backend.network")]);
    assert_eq!(said(&["check", "a"], "PL008"), [missing("db.volume")]);
    assert_eq!(said(&["check", "a", "--podman", "5.5"], "PL024"), [missing("cache.container")]);
    assert_eq!(said(&["check", "a", "b"], "PL007"), []);
    // What is there and cannot be read is not missing.
    let project = project.file("a/db.volume", "[Volume\n");
    let ran = project.plimsoll(["check", "a", "--format", "json"]).ran();
    let found = of_rule(&ran, "PL008");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["message"], "`db.volume` is there, and Podman does not read it");
    assert_eq!(found[0]["help"], serde_json::Value::Null);
}

#[test]
fn a_file_name_that_is_no_text_is_judged_and_told() {
    let project = Project::new().file("units/ok.container", container(""));
    fs::write(project.path().join("units").join(OsStr::from_bytes(b"caf\xe9.container")), container("")).unwrap();
    let ran = project.plimsoll(["check", "units", "--format", "json"]).ran();
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""));
    let paths: Vec<_> = verdict(&ran)["units"].as_array().unwrap().iter().map(|unit| unit["path"].clone()).collect();
    assert_eq!(paths, ["units/caf\u{fffd}.container", "units/ok.container"]);
    let told = of_rule(&ran, "PL017");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0]["message"], "systemd loads no unit named `caf\u{fffd}.service`");
    for format in ["text", "sarif", "github", "junit"] {
        assert_eq!(project.plimsoll(["check", "units", "--format", format]).ran().status, 1, "{format}");
    }
    assert_eq!(project.plimsoll(["score", "units"]).ran().status, 0);
    // What stands on the command line has to be text.
    let ran = project.plimsoll([OsStr::new("check"), OsStr::from_bytes(b"units/caf\xe9.container")]).ran();
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
}

#[test]
fn directories_are_searched_in_the_order_in_which_they_are_named() {
    let project = Project::new()
        .file("run/web.container", container("Environment=A=run\n"))
        .file("etc/web.container", container("Environment=A=etc\n"))
        .file("etc/sub/web.container", container("Environment=A=sub\n"))
        .file("run/web.container.d/10.conf", "[Container]\nEnvironment=DB_PASSWORD=tulip\n")
        .file("etc/web.container.d/10.conf", "[Container]\n");
    for (paths, shadowed, is_merged) in [
        (["run", "etc"], ["etc/web.container", "etc/sub/web.container"], true),
        (["etc", "run"], ["etc/sub/web.container", "run/web.container"], false),
    ] {
        let ran = project.plimsoll(["check", "--format", "json"].into_iter().chain(paths)).ran();
        let units = verdict(&ran)["units"].clone();
        let first = format!("{}/web.container", paths[0]);
        assert_eq!(units[0]["path"], first.as_str());
        let mut found: Vec<_> = of_rule(&ran, "PL023").iter().map(|finding| finding["path"].clone()).collect();
        found.sort_by_key(|path| shadowed.iter().position(|shadowed| path == shadowed));
        assert_eq!(found, shadowed, "{paths:?}");
        let message = of_rule(&ran, "PL023")[0]["message"].clone();
        assert!(message.as_str().unwrap().starts_with(&format!("Podman reads `{first}`")), "{message}");
        // Of two drop-ins of one name the first counts.
        assert_eq!(!of_rule(&ran, "PL601").is_empty(), is_merged, "{paths:?}");
    }
}

#[test]
fn sub_directories_are_searched_since_podman_4_7() {
    let project = Project::new()
        .file("units/web.container", container("Network=lan.network\n"))
        .file("units/sub/api.container", container(""))
        .file("units/sub/lan.network", "[Network]\n")
        .file("host/etc/containers/systemd/web.container", container(""))
        .file("host/etc/containers/systemd/stack/web.container", container(""))
        .file("host/etc/containers/systemd/users/1000/mine.container", container(""))
        .file("host/etc/containers/systemd/users/1000/sub/other.container", container(""))
        .file("host/home/me/.config/containers/systemd/notes.container", container(""));
    let generated = |podman: &str, paths: &[&str]| {
        let arguments = ["check", "--podman", podman, "--format", "json"];
        let ran = project.plimsoll(arguments.iter().chain(paths)).ran();
        let units = verdict(&ran)["units"].as_array().unwrap().clone();
        let ignored: Vec<_> = of_rule(&ran, "PL017").iter().map(|finding| finding["path"].clone()).collect();
        let mut generated = Vec::new();
        for unit in units {
            let is_generated = unit["generated"] == true;
            assert_eq!(ignored.contains(&unit["path"]), !is_generated, "{podman}: {unit}");
            if is_generated {
                generated.push(unit["path"].as_str().unwrap().to_owned());
            }
        }
        generated
    };
    let all = ["units/web.container", "units/sub/api.container", "units/sub/lan.network"];
    assert_eq!(generated("4.7", &["units"]), all);
    for podman in ["4.4", "4.5", "4.6"] {
        assert_eq!(generated(podman, &["units"]), ["units/web.container"], "{podman}");
        assert_eq!(generated(podman, &["units/sub"]), ["units/sub/api.container", "units/sub/lan.network"], "{podman}");
        // Each of two directories is searched, and what is in them is not.
        assert_eq!(
            generated(podman, &["units/sub", "units"]),
            ["units/sub/api.container", "units/sub/lan.network", "units/web.container"],
            "{podman}"
        );
    }
    // A tree that mirrors a host has several directories that Podman begins with.
    let host = [
        "host/etc/containers/systemd/web.container",
        "host/etc/containers/systemd/users/1000/mine.container",
        "host/home/me/.config/containers/systemd/notes.container",
    ];
    assert_eq!(generated("4.6", &["host"]), host);
    assert_eq!(generated("4.6", &["host/etc", "host/home"]), host);
    let told = of_rule(&project.plimsoll(["check", "units", "--podman", "4.4", "--format", "json"]).ran(), "PL017");
    let message = "Podman 4.4 searches no sub-directories, that began with 4.7: the unit is not generated";
    assert_eq!(told[0]["message"], message);
    // Whoever refers to it is not told that it is missing.
    let told = of_rule(&project.plimsoll(["check", "units", "--podman", "4.4", "--format", "json"]).ran(), "PL007");
    assert_eq!(told[0]["message"], "`lan.network` is there, and Podman does not read it");
}

#[test]
fn a_catalog_is_judged_alike_with_and_without_its_tree() {
    let service = "image = \"quay.io/example/web:1\"\n[limits]\nmemory = \"64M\"\ncpus = 1\n";
    let project = Project::new().file("services/web.toml", service);
    let said = || {
        let of = |arguments: &[&str]| {
            let ran = project.plimsoll(arguments).ran();
            assert_eq!(ran.stderr, "");
            ran.stdout
        };
        let checks =
            ["text", "json", "sarif", "github", "junit"].map(|format| of(&["check", "-v", "--format", format]));
        (checks, of(&["score", "--format", "json"]))
    };
    let without = said();
    assert!(without.0[1].contains("\"out/etc/containers/systemd/plimsoll/web.container\""), "{}", without.0[1]);
    fs::create_dir(project.path().join("out")).unwrap();
    assert_eq!(said(), without, "an empty tree");
    assert_eq!(project.plimsoll(["render"]).ran().status, 0);
    assert_eq!(said(), without, "the tree");
}
