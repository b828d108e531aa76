//! `plimsoll top` from outside, on the hosts made of files that `verify` is tried on.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    check::assert_valid,
    run::{Project, Ran},
    verify::{CGROUP, CONTROLLERS, DB, DB_SERVICE, WEB_PAYLOAD, WEB_PROC, WEB_SERVICE, edit, host as two, status},
};

const MANAGER: &str = "root/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service";
const DECK: &str = "name = \"deck\"\n[target]\nprofile = \"rootless\"\n";

/// Two services of the system as they should be, with what only `top` reads of them, and a third that does not run.
fn host() -> Project {
    two()
        .file("services/idle.toml", DB)
        .file(format!("{WEB_SERVICE}/cpu.stat"), "usage_usec 754329999\nuser_usec 1\nsystem_usec 2\n")
        .file(format!("{DB_SERVICE}/cpu.stat"), "usage_usec 9999\nuser_usec 1\nsystem_usec 2\n")
}

/// The same, installed, with no catalog directory.
fn installed(project: Project) -> Project {
    let ran = project.plimsoll(["install", "--root", "root"]).ran();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    fs::rename(project.path().join("services"), project.path().join("elsewhere")).unwrap();
    project
}

/// A service that the manager of user 1000 runs.
fn with_galley(project: Project) -> Project {
    let service = format!("{MANAGER}/services.slice/services-galley.slice/galley.service");
    let payload = format!("{service}/libpod-payload-77aa");
    project
        .file(format!("{service}/cgroup.controllers"), CONTROLLERS)
        .file(format!("{service}/memory.current"), "1048577\n")
        .file(format!("{service}/memory.peak"), "3145728\n")
        .file(format!("{service}/memory.events"), "oom 0\noom_kill 0\n")
        .file(format!("{service}/cpu.stat"), "usage_usec 1500000\n")
        .file(format!("{payload}/cgroup.procs"), "1207\n")
        .file(format!("{payload}/pids.current"), "2\n")
        .file(format!("{payload}/pids.peak"), "2\n")
        .file("root/proc/1207/status", status("galley", 1207, "0000000000000000"))
        .file("root/proc/1207/uid_map", "0 1000 1\n1 100000 1023\n")
}

/// One service at 85 % of its memory, one of which processes were killed, one that does not run, and a user's.
fn whole() -> Project {
    let project = host()
        .file("deck/catalog.toml", format!("{DECK}user = 1000\n"))
        .file("deck/galley.toml", DB)
        .file(format!("{WEB_SERVICE}/memory.events"), "oom 3\noom_kill 3\noom_group_kill 0\n")
        // 85 % of 64M.
        .file(format!("{DB_SERVICE}/memory.current"), "57042535\n")
        .file(format!("{DB_SERVICE}/memory.peak"), "60000000\n");
    let ran = project.plimsoll(["install", "--root", "root", "--catalog", "deck"]).ran();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    with_galley(installed(project))
}

fn top(project: &Project, arguments: &str) -> Ran {
    let arguments = format!("top --root root {arguments}");
    project.plimsoll(arguments.split_whitespace()).ran()
}

fn services(project: &Project, arguments: &str) -> Vec<Value> {
    let ran = top(project, &format!("--format json {arguments}"));
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert_valid(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/top.json"), &ran.stdout);
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    value["services"].as_array().unwrap().clone()
}

fn named<'v>(services: &'v [Value], name: &str) -> &'v Value {
    services.iter().find(|service| service["service"] == name).unwrap_or_else(|| panic!("no {name}: {services:?}"))
}

#[test]
fn one_table_tells_of_all_that_stands_on_the_host() {
    let project = whole();
    let ran = top(&project, "");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    insta::assert_snapshot!("top", ran.stdout);
    insta::assert_snapshot!("top_json", top(&project, "--format json").stdout);
    let all = services(&project, "");
    let names: Vec<_> = all.iter().map(|service| service["service"].as_str().unwrap()).collect();
    assert_eq!(names, ["db", "galley", "idle", "web"]);
    // A name is a catalog, and a service one of all.
    let deck = services(&project, "--name deck");
    assert_eq!((deck.len(), &deck[0]), (1, named(&all, "galley")));
    assert_eq!(services(&project, "web galley").len(), 2);
    let ran = top(&project, "wbe");
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("no service `wbe` in any catalog that stands here"), "{}", ran.stderr);
    assert!(ran.stderr.contains("write `web`"), "{}", ran.stderr);
    let quiet = top(&project, "-q").stdout;
    assert_eq!(quiet.lines().count(), 5, "{quiet}");
    let coloured = top(&project, "--color always").stdout;
    assert!(coloured.contains("\u{1b}[1m\u{1b}[33m55M of 64M 85%!\u{1b}[0m"), "{coloured}");
}

#[test]
fn a_catalog_directory_is_looked_at_alone() {
    let project = host();
    let with = top(&project, "").stdout;
    let project = project.file("deck/catalog.toml", format!("{DECK}user = 1000\n")).file("deck/galley.toml", DB);
    assert_eq!(project.plimsoll(["install", "--root", "root", "--catalog", "deck"]).ran().status, 0);
    assert_eq!(top(&project, "").stdout, with);
    let ran = top(&project, "--catalog nowhere");
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    // What was generated at boot stands there as well.
    assert_eq!(project.plimsoll(["render", "--out", "root/run/plimsoll/generator/home"]).ran().status, 0);
    fs::rename(project.path().join("services"), project.path().join("elsewhere")).unwrap();
    assert_eq!(services(&project, "").len(), 4);
    assert_eq!(top(&project, "--name home").stdout, with);
}

#[test]
fn services_of_users_are_found() {
    // For every user: under each manager that runs.
    let project = host().file("services/catalog.toml", DECK).file("services/web.toml", DB);
    let project = project.file("services/galley.toml", DB);
    let project = with_galley(installed(project))
        .file("root/sys/fs/cgroup/user.slice/user-7.slice/user@7.service/cgroup.procs", "");
    let all = services(&project, "galley");
    let found: Vec<_> = all.iter().map(|service| (&service["user"], &service["running"])).collect();
    assert_eq!(found, [(&json!(7), &json!(false)), (&json!(1000), &json!(true))]);
    // Installed by a user, in the user's home.
    let project = Project::new()
        .file("services/catalog.toml", DECK)
        .file("services/galley.toml", DB)
        .file("root/etc/passwd", "root:x:0:0::/root:/bin/sh\nsailor:x:1000:1000::/home/sailor:/bin/sh\n")
        .file(format!("{CGROUP}/cgroup.controllers"), CONTROLLERS);
    let install = ["install", "--user", "--root", "root"];
    let ran = project.plimsoll(install).env("HOME", "/home/sailor").env("XDG_RUNTIME_DIR", "/run/user/1000").ran();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    fs::rename(project.path().join("services"), project.path().join("elsewhere")).unwrap();
    assert_eq!(top(&project, "").status, 2, "nobody's manager runs");
    let project = with_galley(project);
    let all = services(&project, "");
    assert_eq!((&all[0]["user"], &all[0]["state"]), (&json!(1000), &json!("running")));
    // A home that is damaged takes nobody's table away.
    let damaged = project.path().join("root/home/sailor/.local/state/plimsoll/deck");
    let files: Vec<_> =
        crate::run::read(&damaged).into_keys().filter(|path| path.ends_with("galley.container")).collect();
    assert_eq!(files.len(), 1);
    fs::write(damaged.join(&files[0]), "[Container]\n").unwrap();
    let project = project.file("services/catalog.toml", "name = \"home\"\n").file("services/web.toml", DB);
    let project = installed_again(project);
    assert_eq!(services(&project, "").len(), 1);
}

fn installed_again(project: Project) -> Project {
    fs::remove_dir_all(project.path().join("elsewhere")).unwrap();
    installed(project)
}

#[test]
fn whoever_vanishes_meanwhile_leaves_a_gap() {
    // Every file may be the first that is no longer there.
    for gone in ["memory.current", "memory.peak", "memory.events", "cpu.stat"] {
        let project = host();
        fs::remove_file(project.path().join(WEB_SERVICE).join(gone)).unwrap();
        assert_eq!(named(&services(&project, ""), "web")["running"], true, "{gone}");
    }
    for gone in ["pids.current", "pids.peak"] {
        let project = host();
        fs::remove_file(project.path().join(WEB_PAYLOAD).join(gone)).unwrap();
        assert_eq!(named(&services(&project, ""), "web")["tasks_limit"], 128, "{gone}");
    }
    let state = |project: &Project| named(&services(project, ""), "web")["state"].as_str().unwrap().to_owned();
    // The processes are gone, and their cgroup is not yet.
    let project = host();
    fs::remove_dir_all(project.path().join(WEB_PROC)).unwrap();
    fs::remove_file(project.path().join("root/proc/811/status")).unwrap();
    assert_eq!(state(&project), "vanished");
    // The container's cgroup is gone, and conmon is not yet.
    let project = host();
    fs::remove_dir_all(project.path().join(WEB_PAYLOAD)).unwrap();
    assert_eq!(state(&project), "no container");
    fs::remove_dir_all(project.path().join(WEB_SERVICE)).unwrap();
    assert_eq!(state(&project), "not running");
    let web = services(&project, "web").remove(0);
    assert_eq!((&web["memory_current"], &web["uids"]), (&Value::Null, &Value::Null));
    assert_eq!((&web["memory_limit"], &web["cpu_limit_millis"]), (&json!(536_870_912), &json!(4000)));
    // What the kernel does not write is no number, and no command to a terminal.
    let project = host();
    for file in ["memory.current", "memory.peak", "memory.events", "cpu.stat"] {
        fs::write(project.path().join(WEB_SERVICE).join(file), "\u{1b}[31m-1\nusage_usec x\n").unwrap();
    }
    fs::write(project.path().join(WEB_PROC).join("uid_map"), "\u{1b}[31m").unwrap();
    let web = services(&project, "web").remove(0);
    for key in ["memory_current", "memory_peak", "oom_kills", "cpu_usec", "uids"] {
        assert_eq!(web[key], Value::Null, "{key}");
    }
    assert!(!top(&project, "").stdout.contains('\u{1b}'));
}

#[test]
fn services_that_come_and_go_while_it_reads_never_stop_it() {
    let project = host();
    let payload = project.path().join(WEB_PAYLOAD);
    let away = project.path().join("away");
    let proc = project.path().join(WEB_PROC);
    let end = Instant::now() + Duration::from_secs(3);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let proc_away = away.with_extension("proc");
            while Instant::now() < end {
                for (here, there) in [(&proc, &proc_away), (&payload, &away)] {
                    fs::rename(here, there).unwrap();
                    std::thread::sleep(Duration::from_millis(1));
                    fs::rename(there, here).unwrap();
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        });
        while Instant::now() < end {
            let all = services(&project, "");
            assert_eq!((all.len(), &named(&all, "db")["state"]), (3, &json!("running")));
        }
    });
}

#[test]
fn ids_and_memory_are_shown_as_they_are() {
    let project = host();
    edit(&project, &format!("{WEB_PROC}/uid_map"), "         0 1073741824      65536", "0 0 4294967295");
    assert!(top(&project, "web").stdout.contains("all: the host's own"));
    edit(&project, &format!("{WEB_PROC}/uid_map"), "0 0 4294967295", "0 5 1");
    let text = top(&project, "web").stdout;
    assert!(text.lines().nth(1).unwrap().ends_with("  5"), "{text}");
    fs::write(project.path().join(WEB_SERVICE).join("memory.current"), "429496730\n").unwrap();
    assert_eq!(services(&project, "web")[0]["near_limits"], json!(["memory"]));
    fs::write(project.path().join(WEB_SERVICE).join("memory.current"), "429496729\n").unwrap();
    assert_eq!(services(&project, "web")[0]["near_limits"], json!([]), "79.9 %");
    fs::write(project.path().join(WEB_PAYLOAD).join("pids.current"), "103\n").unwrap();
    assert_eq!(services(&project, "web")[0]["near_limits"], json!(["tasks"]));
}

#[test]
fn where_nothing_can_be_read_it_fails() {
    let project = host();
    fs::remove_file(project.path().join(CGROUP).join("cgroup.controllers")).unwrap();
    let ran = top(&project, "");
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("no cgroup v2 is mounted on /sys/fs/cgroup"), "{}", ran.stderr);
    let ran = top(&Project::new().file(format!("{CGROUP}/cgroup.controllers"), CONTROLLERS), "");
    assert!(ran.status == 2 && ran.stderr.contains("no catalog is installed here"), "{}", ran.stderr);
    let ran = project.plimsoll(["top", "--root", "nowhere"]).ran();
    assert!(ran.status == 2 && ran.stderr.contains("the root `nowhere` cannot be opened"), "{}", ran.stderr);
}

#[test]
fn it_watches_until_nobody_reads() {
    let project = host();
    let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["top", "--root", "root", "--watch", "web"])
        .current_dir(project.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut table = || -> Vec<String> { (0..3).map(|_| out.next().unwrap().unwrap()).collect() };
    let first = table();
    assert!(first[0].starts_with("SERVICE") && first[1].starts_with("web"), "{first:?}");
    fs::write(project.path().join(WEB_SERVICE).join("memory.current"), "536870912\n").unwrap();
    // No terminal: one table follows the other, and nothing clears it.
    let second = table();
    assert!(second[1].contains("512M of 512M 100%!"), "{second:?}");
    drop(out);
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "it goes on, and nobody reads it");
        std::thread::sleep(Duration::from_millis(50));
    };
    let said = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn the_page_shows_what_is_printed() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/top.md")).unwrap();
    let table = top(&whole(), "").stdout;
    assert!(page.contains(&format!("```text\n{table}```")), "docs/top.md does not show:\n{table}");
    let project = host();
    let web = services(&project, "web").remove(0);
    for key in web.as_object().unwrap().keys() {
        let schema = include_str!("../../docs/schema/top.json");
        assert!(schema.contains(&format!("\"{key}\": {{")), "{key}");
    }
}
