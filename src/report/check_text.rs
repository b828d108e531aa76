//! A verdict for people: each finding in the manner of a compiler, those that say the same of other places in a line
//! each, then a line that sums up.

use std::borrow::Cow;

use super::{
    diagnostics::{self, Beside},
    verdict::Report,
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    policy::Finding,
    unit::NEWEST,
};

/// The most services that are named for one line of the defaults.
const MOST_NAMES: usize = 12;

/// How much to say.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// True where it may be coloured.
    pub colour: bool,
    /// Only findings, no summary.
    pub quiet: bool,
    /// The least severity that is told of, and not only counted.
    pub least: Severity,
    /// Waived findings too.
    pub waived: bool,
}

/// The whole text.
pub fn text(report: &Report<'_>, options: Options) -> String {
    let findings = &report.verdict.findings;
    let is_shown =
        |finding: &&Finding| finding.severity <= options.least && (options.waived || finding.waived.is_none());
    let mut shown = findings.iter().filter(is_shown).peekable();
    let renderer = diagnostics::renderer(options.colour);
    let services_of = report.services();
    let mut text = String::new();
    while let Some(finding) = shown.next() {
        let mut also = Vec::new();
        // A line of the defaults is said of every service that inherits it.
        let mut services: Vec<&str> = services_of.of(finding).into_iter().collect();
        while let Some(next) = shown.next_if(|next| is_more_of(next, finding)) {
            if next.at == finding.at && next.message == finding.message {
                services.extend(services_of.of(next));
                continue;
            }
            let position = report.sources.position(next.at);
            let path = &report.sources.file(next.at.file).path;
            let place = format!("{path}:{}:{}", position.line, position.column);
            let is_said = next.message == finding.message;
            also.push(if is_said { place } else { format!("{place}: {}", next.message) });
        }
        if services.len() > 1 {
            also.insert(0, format!("for {}", a_few(&services)));
        }
        let diagnostic = Diagnostic {
            severity: finding.severity,
            message: finding.message.clone(),
            at: Some(finding.at),
            label: String::new(),
            related: finding.related.clone(),
            help: finding.help.clone().map(Cow::into_owned),
        };
        let waived = finding.waived.as_ref().map(|reason| format!("waived: {reason}"));
        let beside = Beside { id: Some(finding.rule), note: waived.as_deref(), also: &also, hidden: finding.hidden };
        text += &diagnostics::one(&diagnostic, beside, report.sources, &renderer);
        text += "\n\n";
    }
    if !options.quiet {
        text += &summary(report, options);
    }
    text
}

/// Whether a finding says of another place what the one before it said: a line is enough for it.
fn is_more_of(next: &Finding, finding: &Finding) -> bool {
    next.rule == finding.rule
        && next.severity == finding.severity
        && next.help == finding.help
        && next.related.is_empty()
        && next.waived.is_none()
        && finding.waived.is_none()
}

/// The names, and how many more there are of them.
fn a_few(names: &[&str]) -> String {
    let (first, rest) = names.split_at(names.len().min(MOST_NAMES));
    let first = first.join(", ");
    if rest.is_empty() { first } else { format!("{first} and {} more", rest.len()) }
}

fn summary(report: &Report<'_>, options: Options) -> String {
    let count = |n: usize, what: &str| match n {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    };
    let infos = count(report.count(Severity::Info), "info");
    let hint = |hidden: bool| if hidden { " (-v shows them)" } else { "" };
    let parts = [
        count(report.count(Severity::Error), "error"),
        count(report.count(Severity::Warning), "warning"),
        infos.map(|infos| infos + hint(options.least < Severity::Info)),
        Some(report.waived()).filter(|n| *n > 0).map(|n| format!("{n} waived{}", hint(!options.waived))),
    ];
    let said = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let said = if said.is_empty() { "nothing to say" } else { &said };
    let units = count(report.verdict.units.len(), "unit").unwrap_or_else(|| "no units".to_owned());
    let (major, minor) = report.podman;
    let newest = if report.podman > NEWEST {
        format!(", as if it were {}.{}, the newest known", NEWEST.0, NEWEST.1)
    } else {
        String::new()
    };
    let by = report.by.map(|catalog| format!(", by {}", diagnostics::escaped(catalog))).unwrap_or_default();
    format!("{units}, judged for Podman {major}.{minor}{newest}{by}: {said}\n")
}
