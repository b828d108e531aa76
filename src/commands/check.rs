//! `plimsoll check`: the judge's verdict on the catalog, or on any directory of Quadlet files.

use std::io;

use super::{
    Status, Streams,
    judged::{self, Judged},
};
use crate::{
    diagnostic::{Diagnostics, Severity, Sources},
    parallel,
    policy::{self, Finding, Verdict},
    report::{self, verdict::Report},
};

/// What to judge, and how to say it.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to judge.
    pub judged: judged::Options,
    /// How to print the findings.
    pub format: Format,
    /// What makes the command fail.
    pub fail_on: FailOn,
    /// Say nothing that is not asked for.
    pub quiet: bool,
    /// Say more.
    pub verbose: bool,
}

/// How to print findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One object, version 1.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// JUnit XML.
    Junit,
}

/// What makes the command fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// Errors.
    Error,
    /// Warnings and errors.
    Warning,
    /// Anything at all.
    Info,
    /// Nothing.
    Never,
}

impl FailOn {
    /// The least severity that counts.
    fn least(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Info => Some(Severity::Info),
            Self::Never => None,
        }
    }
}

/// Judges.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(options: &Options, streams: &mut Streams<'_>) -> io::Result<Status> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let judged = judged::gather(&options.judged, &mut sources, &mut diagnostics);
    write!(streams.err, "{}", report::diagnostics::text(&diagnostics, &sources, streams.colour, "nothing was judged"))?;
    let Some(judged) = judged else { return Ok(Status::Failed) };
    let verdict = asked_for(policy::judge(&judged.files, &sources, &judged.settings), &judged);
    let least = options.fail_on.least();
    let fails = verdict
        .findings
        .iter()
        .any(|finding| finding.waived.is_none() && least.is_some_and(|least| finding.severity <= least));
    let report = Report {
        verdict: &verdict,
        files: &judged.files,
        sources: &sources,
        podman: judged.settings.podman,
        by: judged.by.as_ref().map(|path| path.as_str()),
    };
    let text = match options.format {
        Format::Text => report::check_text::text(&report, text_options(options, streams)),
        Format::Json => report::check_json::text(&report),
        Format::Sarif => report::check_sarif::text(&report),
        Format::Github => report::check_github::text(&report),
        Format::Junit => report::check_junit::text(&report, least),
    };
    write!(streams.out, "{text}")?;
    parallel::let_go((judged, verdict, sources));
    Ok(if fails { Status::Differs } else { Status::Clean })
}

fn text_options(options: &Options, streams: &Streams<'_>) -> report::check_text::Options {
    report::check_text::Options {
        colour: streams.colour_out,
        quiet: options.quiet,
        // Whoever fails on infos wants to see them.
        least: if options.verbose || options.fail_on == FailOn::Info { Severity::Info } else { Severity::Warning },
        waived: options.verbose,
    }
}

/// What concerns the files that were asked for; the others were read because units refer to each other.
fn asked_for(mut verdict: Verdict, judged: &Judged) -> Verdict {
    let asked_for = |file: usize| judged.asked_for.get(file).copied().unwrap_or(true);
    // What a drop-in brings about is told of its unit.
    let shown_in = |finding: &Finding| judged.files.iter().position(|file| file.id == finding.at.file);
    let all = judged.asked_for.iter().all(|asked_for| *asked_for);
    verdict.findings.retain(|finding| all || asked_for(finding.file) || shown_in(finding).is_some_and(asked_for));
    verdict.units.retain(|unit| asked_for(unit.file));
    verdict
}
