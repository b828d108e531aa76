//! `plimsoll check` from outside: its formats on one sample, what makes it fail, waivers, the policy.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    judge::not_run,
    run::{Project, Ran, read},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The sample, judged on a day of its own.
fn sample(arguments: &[&str]) -> Ran {
    let project = Project::new().tree("units", &read(&Path::new(ROOT).join("tests/check/sample")));
    let mut all = vec!["check", "units", "--as-of", "2026-11-01"];
    all.extend(arguments);
    project.plimsoll(all).ran()
}

#[test]
fn every_format_tells_the_same_of_a_sample() {
    for format in ["text", "json", "sarif", "github", "junit"] {
        let ran = sample(&["--format", format]);
        assert_eq!((ran.status, ran.stderr.as_str()), (1, ""), "{format}");
        // The rules are told of elsewhere, and change more often than this form.
        let text = if format == "sarif" { without_rules(&ran.stdout) } else { ran.stdout };
        insta::assert_snapshot!(format!("check_{format}"), text);
    }
    insta::assert_snapshot!("check_verbose", sample(&["-v"]).stdout);
}

#[test]
fn json_is_what_the_schema_says() {
    let schema = Path::new(ROOT).join("docs/schema/check.json");
    for arguments in [&["--format", "json"][..], &["--format", "json", "--podman", "4.4"]] {
        assert_valid(&schema, &sample(arguments).stdout);
    }
}

#[test]
fn sarif_is_what_its_schema_says() {
    assert_valid(&sarif_schema(), &sample(&["--format", "sarif"]).stdout);
}

/// The schema as OASIS published it comes with the package of a library.
pub fn sarif_schema() -> PathBuf {
    let rustc = Command::new("rustc").arg("-vV").output().expect("whoever has cargo has rustc");
    let rustc = String::from_utf8(rustc.stdout).unwrap();
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc knows its host");
    // Only what was built here is here.
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host])
        .current_dir(ROOT)
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).expect("cargo knows its packages");
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "serde-sarif").expect("a development dependency");
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    manifest.with_file_name("src").join("schema.json")
}

#[test]
fn junit_is_what_its_schema_says() {
    for arguments in [&["--format", "junit"][..], &["--format", "junit", "--fail-on", "never"]] {
        assert_junit(&sample(arguments).stdout);
    }
}

pub fn assert_junit(text: &str) {
    let schema = Path::new(ROOT).join("tests/data/junit.xsd");
    let project = Project::new().file("junit.xml", text);
    let mut xmllint = Command::new("xmllint");
    xmllint.args(["--noout", "--nonet", "--schema"]).arg(&schema).arg(project.path().join("junit.xml"));
    match xmllint.output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => not_run("the schema of JUnit", &format!("xmllint: {error}\nIt is part of libxml2-utils.")),
    }
}

pub fn assert_valid(schema: &Path, text: &str) {
    let value: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    let index = compiler.compile(&schema.display().to_string(), &mut schemas).expect("the schema is a schema");
    if let Err(error) = schemas.validate(&value, index) {
        panic!("{error:#}\n{text}");
    }
}

fn without_rules(sarif: &str) -> String {
    let mut log: serde_json::Value = serde_json::from_str(sarif).expect("JSON");
    let rules = log["runs"][0]["tool"]["driver"]["rules"].take();
    for result in log["runs"][0]["results"].as_array_mut().unwrap() {
        let index = result["ruleIndex"].take().as_u64().unwrap();
        assert_eq!(rules[usize::try_from(index).unwrap()]["id"], result["ruleId"]);
    }
    format!("{log:#}\n")
}

#[test]
fn whatever_the_score_calls_a_way_to_the_host_is_a_finding() {
    let base = "[Container]\nImage=docker.io/library/x:1\n";
    for (line, rule, severity) in [
        ("Volume=/dev/sda1:/x", "PL108", "error"),
        ("Volume=/dev/mem:/x", "PL108", "error"),
        ("Volume=/dev/disk/by-id/ata:/x", "PL108", "error"),
        ("AddDevice=-/dev/nvme0n1", "PL108", "error"),
        ("AddDevice=/dev/./sda", "PL108", "error"),
        ("Volume=/run/user/0:/x", "PL201", "error"),
        ("Volume=/run/user/1000:/x:ro", "PL201", "error"),
        ("Volume=/var/lib/kubelet:/x", "PL201", "error"),
        ("Volume=/usr/local:/x", "PL201", "error"),
        ("Volume=/sys/fs/cgroup:/x", "PL201", "error"),
        ("Volume=/proc/1/root:/x", "PL201", "error"),
        ("Volume=/proc/1/root:/x:ro", "PL201", "error"),
        ("Mount=type=glob,src=/run/*,dst=/x", "PL201", "error"),
        ("Volume=./data:/x", "PL201", "warning"),
        ("Volume=/proc/1/root/run/podman/podman.sock:/x", "PL202", "error"),
        ("Volume=/run/user/1000/podman/podman.sock:/x", "PL202", "error"),
        ("Volume=sock.volume:/x", "PL202", "error"),
        ("Volume=/run/dbus:/x", "PL202", "warning"),
    ] {
        let project = Project::new()
            .file("units/web.container", format!("{base}{line}\n"))
            .file("units/sock.volume", "[Volume]\nDevice=/run/podman\nType=none\nOptions=bind\n");
        let json: serde_json::Value =
            serde_json::from_str(&project.plimsoll(["check", "units", "--format", "json"]).ran().stdout).unwrap();
        let findings = json["findings"].as_array().unwrap().iter();
        let told: Vec<_> = findings
            .filter(|finding| ["PL108", "PL201", "PL202"].contains(&finding["rule"].as_str().unwrap()))
            .map(|finding| (finding["rule"].as_str().unwrap(), finding["severity"].as_str().unwrap()))
            .collect();
        assert_eq!(told, [(rule, severity)], "{line}");
        let score: serde_json::Value =
            serde_json::from_str(&project.plimsoll(["score", "units", "--format", "json"]).ran().stdout).unwrap();
        assert!(score["services"][0]["high"].as_f64().unwrap() >= 8.0, "{line}: {score:#}");
    }
    let project = Project::new().file("units/web.container", "[Container]\nRootfs=/\n");
    let ran = project.plimsoll(["check", "units"]).ran();
    assert!(ran.stdout.contains("error[PL201]: `/` of the host is writable in the container at `/`"), "{}", ran.stdout);
}

#[test]
fn the_socket_of_an_engine_is_told_by_itself_and_among_the_first() {
    let unit = |line: &str| format!("[Container]\nImage=docker.io/library/x:1\nVolume={line}\n");
    let project = Project::new()
        .file("units/a.container", unit("/run/dbus:/d"))
        .file("units/b.container", unit("/run/systemd/private:/s"))
        .file("units/c.container", unit("/run/user/1000/podman/podman.sock:/s"));
    let ran = project.plimsoll(["check", "units"]).ran();
    let findings: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("error[")).collect();
    assert_eq!(
        findings[..2],
        [
            "error[PL202]: `/run/systemd/private` commands systemd, and is in the container at `/s`",
            "error[PL202]: `/run/user/1000/podman/podman.sock` commands podman, and is in the container at `/s`",
        ],
        "{}",
        ran.stdout
    );
    assert!(findings[2..].iter().any(|finding| finding.starts_with("error[PL401]")), "{}", ran.stdout);
}

#[test]
fn fail_on_decides_the_status() {
    let project = Project::new().file("units/web.container", warned());
    for (fail_on, status) in [("error", 0), ("warning", 1), ("info", 1), ("never", 0)] {
        let ran = project.plimsoll(["check", "units", "--fail-on", fail_on]).ran();
        assert_eq!((ran.status, ran.stderr.as_str()), (status, ""), "{fail_on}: {}", ran.stdout);
    }
}

/// A unit with no worse than a warning.
fn warned() -> String {
    let base = fs::read_to_string(Path::new(ROOT).join("tests/rules/web.container")).unwrap();
    base.replace("User=1000\nGroup=1000\n", "")
        .replace("UserNS=auto:size=65536", "UserNS=auto")
        .replace("@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", "")
}

#[test]
fn a_waiver_accepts_and_expires() {
    let base = fs::read_to_string(Path::new(ROOT).join("tests/rules/web.container")).unwrap();
    let unit = |waiver: &str| {
        let text = base
            .replace("[Unit]", &format!("{waiver}\n[Unit]"))
            .replace("[Service]", "PodmanArgs=--privileged\n[Service]");
        Project::new().file("units/web.container", text).file("units/services-web.slice", SLICE)
    };
    let on = |waiver: &str, day: &str| {
        let ran = unit(waiver).plimsoll(["check", "units", "--as-of", day, "--format", "json"]).ran();
        let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let findings = value["findings"].as_array().unwrap().iter();
        let of = |rule: &str| {
            findings.clone().filter(|f| f["rule"] == rule).map(|f| f["waived"].as_bool().unwrap()).collect::<Vec<_>>()
        };
        (of("PL100"), of("PL003"), of("PL004"), of("PL005"))
    };
    let no: Vec<bool> = Vec::new();
    let yes = |waived: bool| vec![waived];
    let reason = "the vendor's installer needs it until the autumn";
    for (waiver, day, expected) in [
        (format!("# plimsoll: waive PL100: {reason}"), "2026-01-01", (yes(true), no.clone(), no.clone(), no.clone())),
        (
            format!("; plimsoll: waive privileged: {reason}"),
            "2026-01-01",
            (yes(true), no.clone(), no.clone(), no.clone()),
        ),
        (
            format!("# plimsoll: waive PL100 until 2026-06-01: {reason}"),
            "2026-06-01",
            (yes(true), no.clone(), no.clone(), no.clone()),
        ),
        (
            format!("# plimsoll: waive PL100 until 2026-06-01: {reason}"),
            "2026-06-02",
            (yes(false), yes(false), no.clone(), no.clone()),
        ),
        (
            format!("# plimsoll: waive PL100 until June: {reason}"),
            "2026-06-02",
            (yes(false), no.clone(), no.clone(), yes(false)),
        ),
        ("# plimsoll: waive PL100: because".to_owned(), "2026-01-01", (yes(false), no.clone(), no.clone(), yes(false))),
        (
            format!("# plimsoll: waive PL100 Until 2020-01-01: {reason}"),
            "2026-01-01",
            (yes(false), no.clone(), no.clone(), yes(false)),
        ),
        (
            format!("# plimsoll: waive PL100 for ever: {reason}"),
            "2026-01-01",
            (yes(false), no.clone(), no.clone(), yes(false)),
        ),
        ("# plimsoll: waive PL100".to_owned(), "2026-01-01", (yes(false), no.clone(), no.clone(), yes(false))),
        (format!("#Plimsoll:waive PL100: {reason}"), "2026-01-01", (yes(true), no.clone(), no.clone(), no.clone())),
        (format!("# plimsoll: waive PL100 - {reason}"), "2026-01-01", (yes(false), no.clone(), no.clone(), yes(false))),
        (format!("# plimsoll: waive: {reason}"), "2026-01-01", (yes(false), no.clone(), yes(false), no.clone())),
        (format!("# plimsoll: wave PL100: {reason}"), "2026-01-01", (yes(false), no.clone(), yes(false), no.clone())),
        (
            format!("# made by plimsoll: waive PL100: {reason}"),
            "2026-01-01",
            (yes(false), no.clone(), no.clone(), no.clone()),
        ),
        (format!("# plimsoll: waive PL999: {reason}"), "2026-01-01", (yes(false), no.clone(), yes(false), no.clone())),
        (format!("# plimsoll: waive PL106: {reason}"), "2026-01-01", (yes(false), no.clone(), yes(false), no.clone())),
    ] {
        assert_eq!(on(&waiver, day), expected, "{waiver} on {day}");
    }
}

const SLICE: &str = include_str!("../rules/services-web.slice");

#[test]
fn a_catalog_waives_with_a_reason_and_its_units_carry_it() {
    let service = "image = \"quay.io/example/web:1@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\"\n\
                   user = 0\n[limits]\nmemory = \"64M\"\ncpus = 1\npids = 64\n";
    let waiver = "[[waive]]\nrule = \"PL105\"\nreason = \"the entrypoint starts as root\"\nexpires = 2027-06-01\n";
    let rule = |project: &Project, arguments: &[&str]| {
        let ran = project.plimsoll(arguments).ran();
        assert_eq!(ran.stderr, "");
        let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let findings = value["findings"].as_array().unwrap().clone();
        findings
            .into_iter()
            .filter(|f| f["rule"] == "PL105")
            .map(|f| (f["path"].clone(), f["line"].clone(), f["waived"].clone()))
            .collect::<Vec<_>>()
    };
    let project = Project::new().file("services/web.toml", service);
    let check = ["check", "--format", "json", "--as-of", "2026-01-01"];
    assert_eq!(rule(&project, &check), [("services/web.toml".into(), 2.into(), false.into())]);
    let project = Project::new().file("services/web.toml", format!("{service}{waiver}"));
    assert_eq!(rule(&project, &check), [("services/web.toml".into(), 2.into(), true.into())]);
    assert_eq!(project.plimsoll(["render"]).ran().status, 0);
    let tree = ["check", "out", "--format", "json", "--as-of", "2026-01-01"];
    let in_tree = rule(&project, &tree);
    assert_eq!(in_tree.len(), 1);
    assert_eq!(in_tree[0].2, true);
}

#[test]
fn the_policy_sets_severities_and_switches_rules() {
    let service = "image = \"quay.io/example/web:1\"\n[limits]\nmemory = \"64M\"\ncpus = 1\n";
    for (policy, expected) in [
        ("", Some("warning")),
        ("[policy]\nerror = [\"PL503\"]\n", Some("error")),
        ("[policy]\ninfo = [\"PL503\"]\n", Some("info")),
        ("[policy]\noff = [\"PL503\"]\n", None),
    ] {
        let project = Project::new().file("services/web.toml", service).file("services/catalog.toml", policy);
        let ran = project.plimsoll(["check", "--format", "json"]).ran();
        let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let finding = value["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "PL503");
        assert_eq!(finding.map(|f| f["severity"].as_str().unwrap()), expected, "{policy}");
    }
    let project = Project::new()
        .file("services/web.toml", service)
        .file("services/catalog.toml", "[policy]\nerror = [\"PL503\", \"PL999\"]\noff = [\"PL503\"]\n");
    let ran = project.plimsoll(["check"]).ran();
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    insta::assert_snapshot!("check_policy", ran.stderr);
}

#[test]
fn what_cannot_be_judged_is_an_error_and_nothing_is_said() {
    let project = Project::new()
        .file("empty/README", "")
        .file("units/web.container", "[Container]\nImage=quay.io/example/web:1\n")
        .file("services/web.toml", "imagee = 1")
        .file("broken/catalog.toml", "[policy]\ntrusted = 1");
    for arguments in [
        &["check", "nowhere"][..],
        &["check", "empty"],
        &["check", "empty/README"],
        &["check", "units", "--podman", "4.3"],
        &["check", "units", "--as-of", "tomorrow"],
        &["check", "units", "--catalog", "broken"],
        &["check"],
    ] {
        let ran = project.plimsoll(arguments).ran();
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.stderr.starts_with("error: "), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn a_file_is_judged_with_those_beside_it_and_told_of_alone() {
    let project = Project::new()
        .file(
            "units/web.container",
            "[Container]\nImage=quay.io/example/web:1\nNetwork=lan.network\nNetwork=gone.network\n",
        )
        .file("units/lan.network", "[Network]\n")
        .file("units/other.container", "[Container]\n");
    let ran = project.plimsoll(["check", "units/web.container", "--format", "json"]).ran();
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(value["units"].as_array().unwrap().len(), 1);
    assert_eq!(value["units"][0]["path"], "units/web.container");
    let said: Vec<&str> =
        value["findings"].as_array().unwrap().iter().map(|f| f["message"].as_str().unwrap()).collect();
    assert!(said.iter().any(|message| message.contains("gone.network")), "{said:#?}");
    assert!(!said.iter().any(|message| message.starts_with("there is no `lan.network`")), "{said:#?}");
}

#[test]
fn the_readme_judges_as_it_says() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let block = |fence: &str| {
        let fence = format!("```{fence}\n");
        let blocks = readme.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap());
        blocks.map(str::to_owned).collect::<Vec<_>>()
    };
    let unit = &block("ini")[0];
    let project = Project::new().file("units/web.container", unit);
    let ran = project.plimsoll(["check", "units"]).ran();
    let shown = block("text").into_iter().find(|text| text.starts_with("error[PL018]")).unwrap();
    assert!(ran.stdout.contains(&shown), "{}", ran.stdout);
    assert_eq!(ran.status, 1);
    let waiver = &block("ini")[1];
    assert!(waiver.starts_with("# plimsoll: waive PL203"), "{waiver}");
    let rule = |project: &Project| {
        let text = project.plimsoll(["check", "units", "--format", "json", "--as-of", "2026-01-01"]).ran().stdout;
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let findings = value["findings"].as_array().unwrap().clone();
        findings.into_iter().filter(|f| f["rule"] == "PL203").map(|f| f["waived"] == true).collect::<Vec<_>>()
    };
    assert_eq!(rule(&project), [false]);
    assert_eq!(rule(&project.file("units/web.container", format!("{waiver}{unit}"))), [true]);
}

#[test]
fn explain_knows_ids_names_and_mistakes() {
    let project = Project::new();
    let by_id = project.plimsoll(["explain", "pl203"]).ran();
    assert_eq!((by_id.status, by_id.stderr.as_str()), (0, ""));
    insta::assert_snapshot!("explain", by_id.stdout);
    assert_eq!(project.plimsoll(["explain", "writable-rootfs"]).ran().stdout, by_id.stdout);
    let list = project.plimsoll(["explain"]).ran();
    for rule in plimsoll::policy::rules::all() {
        assert!(list.stdout.contains(&format!("  {}  ", rule.id)), "{}", rule.id);
        assert_eq!(project.plimsoll(["explain", rule.id]).ran().status, 0, "{}", rule.id);
    }
    let unknown = project.plimsoll(["explain", "writable-rotfs"]).ran();
    assert_eq!((unknown.status, unknown.stdout.as_str()), (2, ""));
    assert!(unknown.stderr.contains("writable-rootfs"), "{}", unknown.stderr);
}

#[test]
fn the_example_has_no_warning() {
    let ran = Project::copy_of_example().plimsoll(["check", "--fail-on", "warning", "--as-of", "2026-11-01"]).ran();
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let tree = Project::copy_of_example().plimsoll(["check", "out", "--fail-on", "warning"]).ran();
    assert_eq!((tree.status, tree.stderr.as_str()), (0, ""), "{}", tree.stdout);
}

#[test]
fn a_hundred_rules_less_ten_at_least() {
    assert!(plimsoll::policy::rules::all().count() >= 90);
}

#[test]
fn a_service_of_a_catalog_without_a_limit_is_an_error() {
    let limits = [("memory = \"64M\"\n", "PL401"), ("cpus = 1\n", "PL402")];
    for (left_out, (_, rule)) in limits.iter().enumerate() {
        let others = limits.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, (line, _))| *line);
        let service = format!("image = \"quay.io/example/web:1\"\n[limits]\n{}", others.collect::<String>());
        let project = Project::new().file("services/web.toml", service);
        let ran = project.plimsoll(["check", "--format", "json"]).ran();
        let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let finding = value["findings"].as_array().unwrap().iter().find(|f| f["rule"] == *rule);
        assert_eq!(finding.expect(rule)["severity"], "error", "{rule}");
        assert_eq!(ran.status, 1);
    }
}

#[test]
fn what_is_no_file_is_a_finding_and_the_rest_is_judged() {
    let project = Project::new()
        .file("units/lost/web.container", "[Container]\nImage=quay.io/example/web:1\n")
        .file("units/fine/db.container", "[Container]\nImage=quay.io/example/db:1\n");
    std::os::unix::fs::symlink("nowhere", project.path().join("units/lost/gone.volume")).unwrap();
    let ran = project.plimsoll(["check", "units", "--format", "json"]).ran();
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""));
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let units: Vec<_> = value["units"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| (u["path"].as_str().unwrap(), u["generated"] == true))
        .collect();
    let expected =
        [("units/fine/db.container", true), ("units/lost/gone.volume", false), ("units/lost/web.container", false)];
    assert_eq!(units, expected);
    let lost = value["findings"].as_array().unwrap().iter().find(|f| f["path"] == "units/lost/gone.volume").unwrap();
    assert_eq!((lost["rule"].as_str().unwrap(), lost["severity"].as_str().unwrap()), ("PL015", "error"));
}

#[test]
fn a_drop_in_alone_is_judged_with_its_unit() {
    let project = Project::new()
        .file("units/web.container", "[Container]\nImage=quay.io/example/web:1\n")
        .file("units/web.container.d/1.conf", "[Container]\nFoo=1\n");
    let ran = project.plimsoll(["check", "units/web.container.d/1.conf", "--format", "json"]).ran();
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let rules: Vec<_> = value["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["PL001"]);
}

#[test]
fn several_directories_stay_apart() {
    let project = Project::new()
        .file("e/a.container", "[Container]\nFoo=1\n")
        .file("e/ok.container", "[Container]\nImage=quay.io/example/ok:1\n")
        .file("k/a.container", "[Container]\nImage=quay.io/example/a:1\n")
        .file("broken/bad.volume", "garbage\n");
    let ran = project.plimsoll(["check", "e", "k", "broken", "--podman", "5.8", "--format", "json"]).ran();
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let units: Vec<_> = value["units"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| (u["path"].as_str().unwrap(), u["generated"] == true))
        .collect();
    let expected =
        [("e/a.container", false), ("e/ok.container", true), ("k/a.container", true), ("broken/bad.volume", false)];
    assert_eq!(units, expected);
}

#[test]
fn a_line_of_the_defaults_names_the_services_that_inherit_it() {
    let service = "image = \"quay.io/example/web:1\"\n[limits]\ncpus = 1\nmemory = \"512M\"\n";
    let project = Project::new()
        .file("services/catalog.toml", "[defaults]\nread_only = false\n")
        .file("services/api.toml", service)
        .file("services/web.toml", service);
    let text = project.plimsoll(["check"]).ran().stdout;
    let finding = text.split("\n\n").find(|finding| finding.contains("[PL203]")).expect("PL203");
    assert!(finding.contains("services/catalog.toml:2:13") && finding.contains("for api, web"), "{finding}");
    assert_eq!(text.matches("[PL203]").count(), 1);
}

#[test]
fn no_format_tells_a_secret() {
    let lines = [
        "PodmanArgs=--build-arg API_KEY=hunter2",
        "PodmanArgs=--log-opt splunk-token=hunter2",
        "LogOpt=splunk-token=hunter2",
        "Entrypoint=sh -c \"PASSWORD=hunter2 x\"",
        "Volume=x:/y:o=password=hunter2",
        "Secret=DB_PASSWORD=hunter2",
        "# plimsoll: waive PL601 DB_PASSWORD=hunter2",
        "Environment=DB_PASSWORD=\\\nhunter2",
        "DB_PASSWORD=hunter2",
        "Environment=\"DB_PASSWORD=hunter2",
    ];
    for line in lines {
        let unit = format!("[Container]\nImage=quay.io/x/y:1\n{line}\n");
        let project = Project::new().file("units/web.container", unit);
        for format in ["text", "json", "sarif", "github", "junit"] {
            for podman in ["4.4", "5.4"] {
                let ran = project.plimsoll(["check", "units", "-v", "--format", format, "--podman", podman]).ran();
                assert!(!ran.stdout.contains("hunter2"), "{line}\n{}", ran.stdout);
                assert!(!ran.stderr.contains("hunter2"), "{line}\n{}", ran.stderr);
            }
        }
    }
}

#[test]
fn no_format_lets_a_unit_turn_the_text_around() {
    let unit = "[Container]\nImage=quay.io/x/y:1\nFoo\u{202e}\u{200b}\u{1b}\u{fffe}\u{ffff}x=1\nNetwork=a\u{202e}\u{fffe}.network\n";
    let project = Project::new().file("units/web.container", unit);
    for (command, format) in [("check", "github"), ("score", "text"), ("check", "junit")] {
        let ran = project.plimsoll([command, "units", "--format", format]).ran();
        let wrong: &[char] = match format {
            "junit" => &['\u{1b}', '\u{fffe}', '\u{ffff}'],
            _ => &['\u{202e}', '\u{200b}', '\u{1b}'],
        };
        assert!(!ran.stdout.is_empty() && !ran.stdout.contains(wrong), "{format}: {:?}", ran.stdout);
    }
}

#[test]
fn the_right_word_holds_the_secret() {
    let unit = "[Volume]\nType=cifs\nDevice=//host/share\nOptions=username=me,password=hunter2\n";
    let ran = Project::new().file("units/data.volume", unit).plimsoll(["check", "units"]).ran();
    assert!(ran.stdout.contains("`password` holds a secret"), "{}", ran.stdout);
}

#[test]
fn no_mistake_in_a_catalog_tells_a_secret() {
    for line in [
        "environment = { DB_PASSWORD = \"hunter2\", \"A B\" = \"x\" }",
        "environment.DB_PASSWORD = hunter2",
        "password = \"hunter2\"",
        "secret = [{ name = \"db\", value = \"hunter2\" }]",
        "exec = [\"a\", \"--password=hunter2\", \"\"]",
    ] {
        let catalog = "[target]\npodman = \"5.4\"\n";
        let service = format!("image = \"quay.io/x/y:1\"\n{line}\n");
        let project = Project::new().file("services/catalog.toml", catalog).file("services/web.toml", service);
        for command in ["render", "check", "score"] {
            let ran = project.plimsoll([command]).ran();
            assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"), "{line}\n{}", ran.stderr);
            assert!(ran.stderr.contains("services/web.toml:2:"), "{line}\n{}", ran.stderr);
        }
    }
}

#[test]
fn two_places_of_a_file_are_shown_in_one_piece_unless_they_are_far_apart() {
    let report = |lines: usize| {
        let between: String = (0..lines).map(|at| format!("Environment=VARIABLE_{at}=1\n")).collect();
        let unit = format!("[Container]\nPublishPort=127.0.0.1:80:80\n{between}PublishPort=127.0.0.1:80:81\n");
        let ran = Project::new().file("units/web.container", unit).plimsoll(["check", "units"]).ran();
        ran.stdout.split("\n\n").find(|finding| finding.contains("[PL802]")).expect("a finding").to_owned()
    };
    // What lies between is left out either way, and is not even looked at where it is much.
    insta::assert_snapshot!("check_places", [30, 3000].map(report).join("\n\n"));
}

#[test]
fn what_is_lost_with_broken_files_is_told_in_a_line_for_each() {
    let good = "[Container]\nImage=quay.io/example/web:1\nPodmanArgs=--memory=64m\n";
    let project = |broken: usize, good_ones: usize| {
        let project = (0..broken).fold(Project::new(), |project, number| {
            project.file(
                format!("units/b{number:03}.container"),
                "[Container]\nImage=quay.io/example/web:1\nNetwork host\n",
            )
        });
        (0..good_ones).fold(project, |project, number| project.file(format!("units/g{number:03}.container"), good))
    };
    let few = project(1, 50).plimsoll(["check", "units"]).ran().stdout;
    let (_, of_it) = few.split_once("error[PL015]").unwrap();
    let (of_it, _) = of_it.split_once("\n\n").unwrap();
    assert!(of_it.contains("loses every unit of its directory with it: `g000.container`, `g001.container`"), "{of_it}");
    assert!(of_it.contains("`g002.container` and 47 more\n") && of_it.lines().count() < 8, "{of_it}");
    for format in ["text", "sarif"] {
        let length =
            |broken, good| project(broken, good).plimsoll(["check", "units", "--format", format]).ran().stdout.len();
        let (once, twice) = (length(20, 40), length(40, 80));
        assert!(twice * 2 < once * 5, "{format}: {once} bytes for a directory, {twice} for one of twice as many");
    }
}

/// What `check` says of a unit of these lines, as JSON.
fn findings_of(unit: &str) -> Vec<serde_json::Value> {
    let project = Project::new().file("units/web.container", unit);
    let ran = project.plimsoll(["check", "units", "--format", "json"]).ran();
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    value["findings"].as_array().unwrap().clone()
}

/// The messages of a rule about a unit of these lines.
fn messages(unit: &str, rule: &str) -> Vec<String> {
    let findings = findings_of(unit);
    let of_rule = findings.iter().filter(|finding| finding["rule"] == rule);
    of_rule.map(|finding| finding["message"].as_str().unwrap().to_owned()).collect()
}

const UNIT: &str = "[Container]\nImage=quay.io/example/web:1\n";

#[test]
fn keys_and_names_of_secrets_are_told_and_values_are_not() {
    let unit = format!("{UNIT}DB_PASSWORD=hunter2\n");
    assert_eq!(messages(&unit, "PL001"), ["`[Container]` has no key `DB_PASSWORD`: Podman refuses the unit"]);
    let project = Project::new().file("units/web.container", &unit);
    for format in ["text", "json", "sarif", "github", "junit"] {
        let ran = project.plimsoll(["check", "units", "--format", format]).ran();
        assert!(!ran.stdout.contains("hunter2"), "{format}: {}", ran.stdout);
    }
    let unit = format!("{UNIT}Secret=db-password,type=env,target=DB_PASSWORD\n");
    assert_eq!(messages(&unit, "PL603"), ["the secret `db-password` is in the environment"]);
    let ran = Project::new().file("units/web.container", &unit).plimsoll(["check", "units", "-v"]).ran();
    assert!(ran.stdout.contains("| Secret=db-password,type=env"), "{}", ran.stdout);
    // The same words as the rest of another key's value are a value.
    let unit = format!("{UNIT}Exec=tool --set \\\nSecret=hunter2hunter2\n");
    assert!(!findings_of(&unit).iter().any(|finding| finding.to_string().contains("hunter2")));
}

#[test]
fn secrets_are_known_by_what_they_look_like() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    for secret in [
        "ENCRYPTION_KEY=tulip-fields-in-may",
        "ADMIN_PW=tulip",
        "AWS_ID=AKIAIOSFODNN7EXAMPLE",
        &format!("BEARER={jwt}"),
    ] {
        let (name, value) = secret.split_once('=').unwrap();
        let unit = format!("{UNIT}Environment={secret}\n");
        assert_eq!(messages(&unit, "PL601"), [format!("`{name}` holds a secret in plain text")]);
        assert!(!findings_of(&unit).iter().any(|finding| finding.to_string().contains(value)), "{secret}");
    }
    for public in [
        "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
        "GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305",
        "REGION=AKIALIKE",
        "PREFIX=eyJ.eyJ.x",
    ] {
        assert_eq!(messages(&format!("{UNIT}Environment={public}\n"), "PL601"), [""; 0], "{public}");
    }
}

#[test]
fn values_that_cannot_work_are_told_with_what_was_meant() {
    let says = |line: &str, rule: &str| {
        let findings = findings_of(&format!("{UNIT}{line}\n"));
        let of_rule = |finding: &&serde_json::Value| finding["rule"] == rule && finding["severity"] == "error";
        findings
            .iter()
            .find(of_rule)
            .map(|finding| format!("{} | {}", finding["message"].as_str().unwrap(), finding["help"].as_str().unwrap()))
    };
    let pull = says("Pull=allways", "PL507").unwrap();
    assert_eq!(pull, "podman knows no way to pull that is called `allways` | did you mean `always`?");
    let driver = says("LogDriver=jounald", "PL433").unwrap();
    assert_eq!(driver, "podman knows no log driver `jounald` | did you mean `journald`?");
    let driver = says("LogDriver=syslog", "PL433").unwrap();
    assert!(
        driver.ends_with("write one of journald, k8s-file, json-file, none, passthrough, passthrough-tty"),
        "{driver}"
    );
    let targets = |names: &str| messages(&format!("{UNIT}[Install]\nWantedBy={names}\n"), "PL817");
    let of_multi_user = targets("multiuser.target");
    assert_eq!(of_multi_user, ["systemd brings no `multiuser.target` that could start `web.service`"]);
    for names in [
        "multi-user.target default.target",
        "network-online.target",
        "my-services.target",
        "net.target",
        "boot.target",
        "multi-users.target.wants.service",
    ] {
        assert_eq!(targets(names), [""; 0], "{names}");
    }
    for (line, rule) in [
        ("Pull=always", "PL507"),
        ("Pull=newer", "PL507"),
        ("Pull=missing", "PL507"),
        ("Pull=never", "PL507"),
        ("LogDriver=passthrough", "PL433"),
        ("LogDriver=passthrough-tty", "PL433"),
        ("LogDriver=%i", "PL433"),
    ] {
        assert_eq!(says(line, rule), None, "{line}");
    }
}

#[test]
fn whose_target_and_policy_hold_is_told_where_paths_are_judged() {
    let project =
        Project::new().file("units/web.container", UNIT).file("services/web.toml", "image = \"localhost/x:1\"\n");
    let last = |project: &Project, arguments: &[&str]| {
        project.plimsoll(arguments).ran().stdout.lines().last().unwrap().to_owned()
    };
    assert!(last(&project, &["check", "units"]).starts_with("1 unit, judged for Podman 5.4: "));
    let project = project.file("services/catalog.toml", "[target]\npodman = \"5.6\"\n");
    let said = last(&project, &["check", "units"]);
    assert!(said.starts_with("1 unit, judged for Podman 5.6, by services/catalog.toml: "), "{said}");
    assert!(!last(&project, &["check"]).contains("catalog.toml"));
}

#[test]
fn a_podman_that_nobody_knows_yet_is_told() {
    let project = Project::new().file("units/web.container", UNIT);
    for (podman, is_known) in [("6.2", true), ("6.3", false), ("99.99", false), ("4.4", true)] {
        let ran = project.plimsoll(["check", "units", "--podman", podman]).ran();
        let said = ran.stdout.contains(&format!("judged for Podman {podman}, as if it were 6.2, the newest known"));
        assert_eq!(said, !is_known, "{podman}: {}", ran.stdout);
    }
}

#[test]
fn a_rule_is_called_by_its_name_in_any_case() {
    let project = Project::new();
    let said = |name| project.plimsoll(["explain", name]).ran().stdout;
    assert_eq!(said("Writable-Rootfs"), said("pl203"));
    assert!(said("PL203").starts_with("PL203"));
}
