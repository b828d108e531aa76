//! A verdict as workflow commands of GitHub Actions: annotations on the lines of a pull request.

use super::{diagnostics::escaped, verdict::Report};
use crate::{
    diagnostic::Severity,
    policy::{Finding, rules},
};

/// The whole text: a line for every finding that nobody waived.
pub fn text(report: &Report<'_>) -> String {
    let findings = report.verdict.findings.iter().filter(|finding| finding.waived.is_none());
    let line = |finding: &Finding| {
        let Finding { rule, severity, message, help, .. } = finding;
        let (path, position) = report.place(finding);
        let command = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let name = rules::rule(rule).map_or("", |rule| rule.name);
        let help = help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
        format!(
            "::{command} file={},line={},col={},title={}::{}\n",
            property(path),
            position.line,
            position.column,
            property(&format!("{rule} {name}")),
            data(&format!("{message}{help}")),
        )
    };
    findings.map(line).collect()
}

/// What stands after the `::`: percent and line breaks are escaped, and what a terminal would obey or hide.
fn data(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(escaped).collect();
    lines.join("\n").replace('%', "%25").replace('\n', "%0A")
}

/// What stands in a property: colons and commas are escaped as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
