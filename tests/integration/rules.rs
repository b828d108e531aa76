//! Every rule has an example that makes it fire and nearly the same one that does not.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::{
    diagnostic::{Severity, Sources},
    policy::{File, Settings, Verdict, judge, rules},
};

const CONTAINER: &str = include_str!("../rules/web.container");
const SLICE: &str = include_str!("../rules/services-web.slice");

/// Rules that speak of something else than unit files, and the test that holds them to it.
const TESTED_ELSEWHERE: &[(&str, &str)] = &[];

#[test]
fn the_base_of_the_examples_is_clean() {
    let (_, verdict) = judged("[Container]\nReadOnly=true");
    let said: Vec<String> = verdict.findings.iter().map(|f| format!("{} {}", f.rule, f.message)).collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
}

#[test]
fn every_rule_fires_on_its_bad_example_and_not_on_its_good_one() {
    let mut problems = Vec::new();
    for rule in rules::all().filter(|rule| !TESTED_ELSEWHERE.iter().any(|(id, _)| *id == rule.id)) {
        let (trees, bad) = judged(rule.bad);
        if !bad.findings.iter().any(|finding| finding.rule == rule.id) {
            problems.push(format!("{}: its bad example does not make it fire:\n{trees}", rule.id));
        }
        let (trees, good) = judged(rule.good);
        for finding in good.findings.iter().filter(|f| f.rule == rule.id || f.severity == Severity::Error) {
            let message = format!("{}: its good example makes {} fire: {}", rule.id, finding.rule, finding.message);
            problems.push(format!("{message}:\n{trees}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn ids_and_names_are_given_once_and_every_rule_is_told_of() {
    let mut ids = BTreeSet::new();
    let mut names = BTreeSet::new();
    for rule in rules::all() {
        assert!(rule.id.len() == 5 && rule.id.starts_with("PL"), "{}", rule.id);
        assert!(ids.insert(rule.id), "{} is given twice", rule.id);
        assert!(names.insert(rule.name), "{} is given twice", rule.name);
        assert!(rule.what.ends_with('.') && rule.why.ends_with('.'), "{}: what and why are sentences", rule.id);
        assert!(!rule.fix.ends_with('.') && !rule.fix.is_empty(), "{}: fix is a phrase", rule.id);
        assert!(!rule.sources.is_empty(), "{} comes from nowhere", rule.id);
    }
    for (theme, rules) in rules::THEMES {
        assert!(rules.is_sorted_by_key(|rule| rule.id), "{theme}: not in the order of the ids");
    }
}

/// Units that state a limit in one layer and not in another, beside the bad examples.
const ONE_LAYER: &[&str] = &[
    "# without [Service] TasksMax\n[Container]\nPidsLimit=256",
    "# without [Container] PidsLimit\n[Service]\nTasksMax=320",
    "# without [Container] PidsLimit\n[Service]\nTasksMax=50",
    "# without [Service] CPUQuota\n# without [Container] PodmanArgs=--cpus\n[Container]\nPodmanArgs=--cpus=1.50005",
    "# without [Container] PodmanArgs=--cpus\n[Service]\nCPUQuota=123.45%",
    "# without [Service] CPUQuota\n# without [Service] Memory\n# without [Service] TasksMax",
    "# without [Service] TasksMax\n[Container]\nPidsLimit=256\n# services-web.slice\n[Slice]\nMemoryMax=536870912\n\
     MemorySwapMax=0\nCPUQuota=100%",
    "# services-web.slice\n[Slice]\nTasksMax=320",
];

#[test]
fn what_is_told_to_be_added_is_enough() {
    let limits = |verdict: &Verdict| -> BTreeSet<(String, String)> {
        let findings = verdict.findings.iter().filter(|finding| finding.rule.starts_with("PL4"));
        findings.map(|finding| (finding.rule.to_owned(), finding.message.clone())).collect()
    };
    let mut followed = 0;
    let of_limits = rules::all().filter(|rule| rule.id.starts_with("PL4")).map(|rule| rule.bad);
    for example in of_limits.chain(ONE_LAYER.iter().copied()) {
        let files = with_slice(example);
        let (_, before) = judged_files(files.clone(), example);
        let rules_before: BTreeSet<&str> = before.findings.iter().map(|finding| finding.rule).collect();
        for finding in &before.findings {
            let told =
                finding.help.as_deref().filter(|help| finding.rule.starts_with("PL4") && help.starts_with("add `"));
            let Some(told) = told else { continue };
            let mut mended = files.clone();
            let (path, text) = mended.iter_mut().nth(finding.file).unwrap();
            for line in told.split('`').skip(1).step_by(2).filter(|line| line.contains('=')) {
                let section = match line.split_once('=').unwrap().0 {
                    _ if path.ends_with(".slice") => "[Slice]",
                    "PodmanArgs" | "PidsLimit" => "[Container]",
                    _ => "[Service]",
                };
                *text = lay_over(text, &[section, line]);
            }
            let (trees, after) = judged_files(mended, example);
            let is_gone = !limits(&after).contains(&(finding.rule.to_owned(), finding.message.clone()));
            assert!(is_gone, "{}: {}: {told} does not help:\n{trees}", finding.rule, finding.message);
            for new in after.findings.iter().filter(|new| !rules_before.contains(new.rule)) {
                let mild = new.severity == Severity::Info && new.rule != "PL405";
                assert!(mild, "{}: {told}: {}: {}:\n{trees}", finding.rule, new.rule, new.message);
            }
            followed += 1;
        }
    }
    assert!(followed >= 12, "only {followed} were followed");
}

/// The verdict on an example, and the files that it came to.
fn judged(example: &str) -> (String, Verdict) {
    judged_files(with_slice(example), example)
}

/// The files of an example, and the slice of the base.
fn with_slice(example: &str) -> BTreeMap<String, String> {
    let mut files = example_files(example);
    files.entry("services-web.slice".to_owned()).or_insert_with(|| SLICE.to_owned());
    files
}

/// The verdict on files, for the Podman that an example names.
fn judged_files(files: BTreeMap<String, String>, example: &str) -> (String, Verdict) {
    let mut sources = Sources::new();
    let shown = files.iter().map(|(path, text)| format!("# {path}\n{text}")).collect::<Vec<_>>().join("\n");
    let files: Vec<File> =
        files.into_iter().map(|(path, text)| File::found(place(&path), path, text, &mut sources)).collect();
    let podman = example.lines().find_map(|line| line.strip_prefix("# podman ")).unwrap_or("5.4");
    let (major, minor) = podman.split_once('.').unwrap();
    let settings = Settings {
        podman: (major.parse().unwrap(), minor.parse().unwrap()),
        profile: None,
        trusted_registries: vec!["quay.io".to_owned()],
        severities: BTreeMap::new(),
        as_of: "2026-01-01".to_owned(),
    };
    let verdict = judge(&files, &sources, &settings);
    (shown, verdict)
}

/// Where a file of an example lies: a slice not among the units that Podman reads.
fn place(path: &str) -> String {
    let is_placed = path.contains('/') || !path.ends_with(".slice");
    if is_placed { path.to_owned() } else { format!("etc/systemd/system/{path}") }
}

/// The files of an example, each laid over the base of its kind.
fn example_files(example: &str) -> BTreeMap<String, String> {
    let mut excerpts: Vec<(String, Vec<&str>)> = vec![("web.container".to_owned(), Vec::new())];
    for line in example.lines() {
        let name = line.strip_prefix("# ").filter(|name| !name.contains(' ') && name.contains('.'));
        match name {
            Some(name) if excerpts.len() == 1 && excerpts[0].1.is_empty() => excerpts[0].0 = name.to_owned(),
            Some(name) => excerpts.push((name.to_owned(), Vec::new())),
            None => excerpts.last_mut().unwrap().1.push(line),
        }
    }
    excerpts.into_iter().map(|(name, excerpt)| (name.clone(), lay_over(&base(&name), &excerpt))).collect()
}

/// What an excerpt of a file of that name is laid over. A path with a directory is a file of its own.
fn base(name: &str) -> String {
    match name.strip_suffix(".container") {
        Some(stem) if !name.contains('/') => CONTAINER.replace("ContainerName=web", &format!("ContainerName={stem}")),
        _ => String::new(),
    }
}

fn lay_over(base: &str, excerpt: &[&str]) -> String {
    let mut sections: Vec<(String, Vec<String>)> = Vec::new();
    for line in base.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix('[') {
            Some(name) => sections.push((name.trim_end_matches(']').to_owned(), Vec::new())),
            None => sections.last_mut().unwrap().1.push(line.to_owned()),
        }
    }
    if base.is_empty() || excerpt.contains(&"# as it stands") {
        return excerpt.iter().filter(|line| !line.starts_with("# podman ")).map(|line| format!("{line}\n")).collect();
    }
    let mut top = Vec::new();
    let mut at = None;
    let mut replaced = BTreeSet::new();
    for line in excerpt {
        if line.starts_with("# podman ") || line.is_empty() {
            continue;
        }
        if let Some(rest) = line.strip_prefix("# without [") {
            let (section, prefix) = rest.split_once("] ").unwrap();
            let lines = sections.iter_mut().filter(|(name, _)| name == section);
            lines.for_each(|(_, lines)| lines.retain(|line| !line.starts_with(prefix)));
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            let found = sections.iter().position(|(found, _)| found == name);
            at = Some(found.unwrap_or_else(|| {
                sections.push((name.to_owned(), Vec::new()));
                sections.len() - 1
            }));
            continue;
        }
        let Some(at) = at else {
            top.push((*line).to_owned());
            continue;
        };
        let (section, lines) = &mut sections[at];
        if let Some((key, _)) = line.split_once('=') {
            let list = plimsoll::unit::keys::key(section, key).is_some_and(|key| key.list);
            let stays = list && key != "Network" && key != "DropCapability" && key != "WantedBy";
            if !stays && replaced.insert((section.clone(), key.to_owned())) {
                lines.retain(|line| !line.starts_with(&format!("{key}=")));
            }
        }
        lines.push((*line).to_owned());
    }
    let sections = sections.iter().map(|(name, lines)| format!("\n[{name}]\n{}\n", lines.join("\n")));
    format!("{}\n{}", top.join("\n"), sections.collect::<String>())
}
