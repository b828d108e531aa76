//! Complaints and findings as single lines, for a log that knows no colours and no columns.

use super::diagnostics::{escaped, lines_of, without_secrets};
use crate::{
    diagnostic::{Diagnostics, Severity, Sources, Span},
    policy::Finding,
};

/// A line with how bad it is.
pub type Line = (Severity, String);

/// A line for each diagnostic: place, phrase, and what to write instead.
pub fn diagnostics(diagnostics: &Diagnostics, sources: &Sources) -> Vec<Line> {
    let list = diagnostics.sorted(sources);
    let lines_of = lines_of(&list, sources);
    let line = |diagnostic: &&crate::diagnostic::Diagnostic| {
        let safe = without_secrets(diagnostic, &lines_of);
        let safe = safe.as_ref().unwrap_or(diagnostic);
        (safe.severity, one(safe.at, &safe.message, safe.help.as_deref(), sources))
    };
    list.iter().map(line).collect()
}

/// The line of a finding.
pub fn finding(finding: &Finding, sources: &Sources) -> Line {
    let message = format!("{}: {}", finding.rule, finding.message);
    (finding.severity, one(Some(finding.at), &message, finding.help.as_deref(), sources))
}

fn one(at: Option<Span>, message: &str, help: Option<&str>, sources: &Sources) -> String {
    let place = at.map(|at| {
        let position = sources.position(at);
        format!("{}:{}:{}: ", sources.file(at.file).path, position.line, position.column)
    });
    let help = help.map(|help| format!("; {help}"));
    escaped(&format!("{}{message}{}", place.unwrap_or_default(), help.unwrap_or_default())).into_owned()
}
