//! A verdict for people: each finding in the manner of a compiler, then a line that sums up.

use super::{
    diagnostics::{self, Beside},
    verdict::Report,
};
use crate::diagnostic::{Diagnostic, Severity};

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
    let shown = report
        .verdict
        .findings
        .iter()
        .filter(|finding| finding.severity <= options.least && (options.waived || finding.waived.is_none()));
    let renderer = diagnostics::renderer(options.colour);
    let mut text = String::new();
    for finding in shown {
        let diagnostic = Diagnostic {
            severity: finding.severity,
            message: finding.message.clone(),
            at: Some(finding.at),
            label: String::new(),
            related: finding.related.clone(),
            help: finding.help.clone(),
        };
        let waived = finding.waived.as_ref().map(|reason| format!("waived: {reason}"));
        let beside = Beside { id: Some(finding.rule), note: waived.as_deref(), hidden: finding.hidden };
        text += &diagnostics::one(&diagnostic, beside, report.sources, &renderer);
        text += "\n\n";
    }
    if !options.quiet {
        text += &summary(report, options);
    }
    text
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
    format!("{units}, judged for Podman {major}.{minor}: {said}\n")
}
