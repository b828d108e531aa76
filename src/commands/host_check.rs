//! `plimsoll host check`: where the host stands.

use std::{collections::BTreeMap, io};

use camino::Utf8PathBuf;

use super::{
    Status, Streams,
    catalog::{self, Place},
    diff,
    judged::{self, Date},
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity, Sourced, Sources},
    host::{
        checks::{self, Ask, Nobody, Scope},
        root::Root,
    },
    live::podman,
    model::{Policy, is_of_the_host},
    policy::{
        host::{Answer, Checked, HostCheck},
        rules,
    },
    report::{self, host_text::Much},
};

/// What to look at, and how to say it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The catalog that the host is to carry.
    pub place: Place,
    /// Where the files of the host begin.
    pub root: Utf8PathBuf,
    /// How to print the checks.
    pub format: Format,
    /// The day that decides whether a waiver has expired.
    pub as_of: Option<Date>,
    /// Only what does not pass.
    pub quiet: bool,
    /// Every check.
    pub verbose: bool,
}

/// How to print the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One object, version 1.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
}

/// The programs of the host that this one runs on.
struct Programs;

impl Ask for Programs {
    fn podman_version(&self) -> Option<Result<String, String>> {
        Some(podman::version().map_err(|error| error.to_string()))
    }
}

/// Looks at the host.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(options: &Options, streams: &mut Streams<'_>) -> io::Result<Status> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let Some(checked) = look(options, &mut sources, &mut diagnostics) else {
        return diff::fail(&diagnostics, &sources, "nothing was looked at", streams);
    };
    for left in &checked.leftovers {
        let mut complaint = Diagnostic::general(&left.message).at_origin(left.rule.origin).help(&left.help);
        complaint.severity = Severity::Warning;
        diagnostics.push(complaint);
    }
    write!(
        streams.err,
        "{}",
        report::diagnostics::text(&diagnostics, &sources, streams.colour, "nothing was looked at")
    )?;
    let text = match options.format {
        Format::Json => report::host_json::text(&checked),
        Format::Sarif => report::host_sarif::text(&checked),
        Format::Junit => report::host_junit::text(&checked),
        Format::Text => {
            let much = match (options.quiet, options.verbose) {
                (true, _) => Much::Quiet,
                (_, true) => Much::Verbose,
                _ => Much::Normal,
            };
            report::host_text::text(&checked, report::host_text::Options { colour: streams.colour_out, much })
        }
    };
    write!(streams.out, "{text}")?;
    let fails = checked.answers.iter().any(Answer::counts);
    Ok(if fails { Status::Differs } else { Status::Clean })
}

fn look(options: &Options, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<Checked> {
    let catalog = if options.place.is_there(diagnostics)? {
        Some(catalog::load(&options.place, &[], sources, diagnostics)?.0)
    } else {
        None
    };
    let root = Root::open(&options.root).map_err(|error| {
        let message = format!("the root `{}` cannot be opened: {error}", options.root);
        diagnostics
            .push(Diagnostic::general(message).help("--root DIR names a directory that holds the files of a host"));
    });
    let root = root.ok()?;
    let severities = catalog.as_ref().map(|catalog| severities(&catalog.policy, diagnostics)).unwrap_or_default();
    let day = judged::Options {
        place: options.place.clone(),
        paths: Vec::new(),
        podman: None,
        profile: None,
        as_of: options.as_of,
    };
    let as_of = judged::as_of(&day, diagnostics).to_string();
    if diagnostics.has_errors() {
        return None;
    }
    let ask: &dyn Ask = if root.is_live() { &Programs } else { &Nobody };
    let mut checked = checks::run(&Scope { root: &root, catalog: catalog.as_ref(), ask });
    checked.weigh(&severities);
    if let Some(catalog) = &catalog {
        for waiver in &catalog.waivers {
            by_name(&waiver.rule, diagnostics);
        }
        checked.waive(&catalog.waivers, &as_of);
    }
    (!diagnostics.has_errors()).then_some(checked)
}

/// Refuses the name of a check where its id is wanted: `plimsoll check`, which knows rules alone, reads the same words.
fn by_name(word: &Sourced<String>, diagnostics: &mut Diagnostics) {
    let is_other = is_of_the_host(&word.value) || rules::rule(&word.value).is_some();
    if let Some(check) = checks::check(&word.value).filter(|_| !is_other) {
        diagnostics.push(
            Diagnostic::general(format!("`{}` is the name of the check {}", word.value, check.id))
                .at_origin(word.origin)
                .help(format!("write `{}`", check.id)),
        );
    }
}

/// What `[policy]` says of single checks, held against those that there are.
fn severities(policy: &Policy, diagnostics: &mut Diagnostics) -> BTreeMap<&'static str, Option<Severity>> {
    let mut severities = BTreeMap::new();
    for (name, _) in &policy.severities {
        by_name(name, diagnostics);
    }
    for (name, severity) in policy.severities.iter().filter(|(name, _)| is_of_the_host(&name.value)) {
        match checks::check(&name.value) {
            Some(HostCheck { id, .. }) => {
                severities.insert(*id, *severity);
            }
            None => diagnostics.push(
                Diagnostic::general(format!("there is no check `{}`", name.value))
                    .at_origin(name.origin)
                    .help("`plimsoll explain` lists the checks of the host, HC01 to HC36"),
            ),
        }
    }
    severities
}
