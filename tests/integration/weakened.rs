//! Whoever takes a hardened default away hears of it: each line of each service of the example, and each option of its
//! mounts, is taken out in turn, and a rule must have a word about it.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use plimsoll::{
    diagnostic::Sources,
    policy::{File, Settings, judge},
};

use crate::run::read;

/// Lines that are no defaults: what the service is, and what its author asked for.
const NO_DEFAULTS: &[(&str, &str)] = &[
    ("Unit", "Description="),
    ("Unit", "After="),
    ("Unit", "Requires="),
    ("Unit", "Wants="),
    ("Unit", "Before="),
    ("Unit", "BindsTo="),
    ("Unit", "PartOf="),
    ("Unit", "Documentation="),
    ("Container", "AddCapability="),
    ("Container", "AddHost="),
    ("Container", "Annotation="),
    ("Container", "AutoUpdate="),
    ("Container", "DNS="),
    ("Container", "Entrypoint="),
    ("Container", "Environment="),
    ("Container", "EnvironmentFile="),
    ("Container", "Exec="),
    ("Container", "Group="),
    ("Container", "HealthInterval="),
    ("Container", "HealthRetries="),
    ("Container", "HealthStartPeriod="),
    ("Container", "HealthStartup"),
    ("Container", "HealthTimeout="),
    ("Container", "HostName="),
    ("Container", "Image="),
    ("Container", "Label="),
    ("Container", "NetworkAlias="),
    ("Container", "Notify="),
    ("Container", "PublishPort="),
    ("Container", "ReloadSignal="),
    ("Container", "Secret="),
    ("Container", "StopSignal="),
    ("Container", "Sysctl="),
    ("Container", "Timezone="),
    // Without it there is nothing to write to: stricter, not weaker.
    ("Container", "Tmpfs="),
    ("Container", "Ulimit="),
    ("Container", "Volume="),
    ("Container", "WorkingDir="),
    ("Service", "CPUWeight="),
    ("Service", "IOWeight="),
    ("Service", "IPAddressAllow="),
    ("Service", "Nice="),
    ("Slice", "CPUWeight="),
    ("Slice", "IOWeight="),
];

/// Options of mounts that each say something weaker when they are gone.
const OPTIONS: &[&str] = &["nosuid", "nodev", "noexec", "idmap", "Z", "z", "ro", "size"];

#[test]
fn taking_a_hardened_default_away_makes_a_rule_speak() {
    let files: BTreeMap<String, String> = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("out"))
        .into_iter()
        .map(|(path, text)| (path.to_str().unwrap().to_owned(), String::from_utf8(text).unwrap()))
        .collect();
    let mut silent = String::new();
    let mut tried = 0;
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".container")) {
        let slice = text.lines().find_map(|line| line.strip_prefix("Slice=")).expect("every service has a slice");
        let own: BTreeMap<&str, &str> = files
            .iter()
            .filter(|(other, _)| *other == path || other.ends_with(slice) || !is_of_a_service(other))
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        let before = said(&own);
        for (weakened, of) in own.iter().filter(|(other, _)| *other == path || other.ends_with(slice)) {
            for (what, weaker) in weaker(of) {
                tried += 1;
                let mut files = own.clone();
                files.insert(weakened, &weaker);
                if said(&files).iter().all(|(what, count)| before.get(what).copied().unwrap_or_default() >= *count) {
                    let _ = writeln!(silent, "{weakened}: without {what}");
                }
            }
        }
    }
    assert!(tried > 500, "{tried}");
    assert!(silent.is_empty(), "no rule has a word about these:\n{silent}");
}

fn is_of_a_service(path: &str) -> bool {
    path.ends_with(".container") || (path.contains('-') && path.ends_with(".slice"))
}

/// How often each thing is said.
fn said(files: &BTreeMap<&str, &str>) -> BTreeMap<(&'static str, String), usize> {
    let mut sources = Sources::new();
    let files: Vec<File> =
        files.iter().map(|(path, text)| File::found(*path, *path, (*text).to_owned(), &mut sources)).collect();
    let settings = Settings {
        podman: (5, 4),
        profile: None,
        trusted_registries: Vec::new(),
        severities: BTreeMap::new(),
        as_of: "2026-01-01".to_owned(),
    };
    let mut said = BTreeMap::new();
    for finding in judge(&files, &sources, &settings).findings {
        *said.entry((finding.rule, finding.message)).or_default() += 1;
    }
    said
}

/// Every way to take one thing away, with what it is.
fn weaker(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut ways = Vec::new();
    let mut section = "";
    for (at, line) in lines.iter().enumerate() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
            continue;
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let with = |replacement: Option<String>| {
            let before = lines[..at].iter().map(|line| (*line).to_owned());
            let after = lines[at + 1..].iter().map(|line| (*line).to_owned());
            before.chain(replacement).chain(after).collect::<Vec<_>>().join("\n") + "\n"
        };
        if !NO_DEFAULTS.iter().any(|(of, key)| *of == section && line.starts_with(key)) {
            ways.push(((*line).to_owned(), with(None)));
        }
        if let Some((mount, options)) = line.rsplit_once(':')
            && (line.starts_with("Volume=") || line.starts_with("Tmpfs="))
        {
            let options: Vec<&str> = options.split(',').collect();
            for option in options.iter().filter(|option| OPTIONS.contains(&option.split('=').next().unwrap())) {
                let left: Vec<&str> = options.iter().filter(|other| *other != option).copied().collect();
                ways.push((format!("{option} in {line}"), with(Some(format!("{mount}:{}", left.join(","))))));
            }
        }
    }
    ways
}
