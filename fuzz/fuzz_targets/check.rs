//! The judge: whatever stands in a directory of unit files, there is a verdict, it is the same twice, and every place in
//! it can be shown in every format.
//!
//! The first byte chooses the Podman. A line `--- NAME` begins a file; without one all of it is `web.container`.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use plimsoll::{
    diagnostic::{Severity, Sources},
    policy::{File, Settings, judge, score},
    report::{check_github, check_json, check_junit, check_sarif, check_text, verdict::Report},
};

const PODMAN: &[(u16, u16)] = &[(4, 4), (4, 9), (5, 0), (5, 4), (5, 5), (5, 6), (5, 8), (6, 2)];

fuzz_target!(|text: &str| {
    let podman = PODMAN[text.bytes().next().map_or(0, usize::from) % PODMAN.len()];
    let mut sources = Sources::new();
    let files: Vec<File> = files(text)
        .into_iter()
        .map(|(path, text)| File::found(path.clone(), path, text, &mut sources))
        .collect();
    let settings = Settings {
        podman,
        profile: None,
        trusted_registries: vec!["quay.io".to_owned()],
        severities: BTreeMap::new(),
        as_of: "2026-01-01".to_owned(),
    };
    let verdict = judge(&files, &sources, &settings);
    assert_eq!(verdict.findings, judge(&files, &sources, &settings).findings);
    for scored in score::all(&files, &sources, &settings) {
        assert!(scored.score.low <= scored.score.high);
    }
    let report = Report { verdict: &verdict, files: &files, sources: &sources, podman };
    let options =
        check_text::Options { colour: false, quiet: false, least: Severity::Info, waived: true };
    let text = check_text::text(&report, options);
    assert!(text.ends_with('\n'));
    let _ = (check_json::text(&report), check_sarif::text(&report), check_github::text(&report));
    let _ = check_junit::text(&report, Some(Severity::Error));
});

fn files(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("--- ") {
            Some(name) if files.len() < 16 => files.push((name.trim_end().to_owned(), String::new())),
            _ => match files.last_mut() {
                Some((_, text)) => text.push_str(line),
                None => files.push(("web.container".to_owned(), line.to_owned())),
            },
        }
    }
    files
}
