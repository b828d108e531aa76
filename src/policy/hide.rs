//! Lines that no report may show: whatever a finding is about, a secret may stand on its line.

use super::{
    Finding,
    facts::{is_secret_in, lines_at, redacted, redacted_or_bare},
};
use crate::diagnostic::Sources;

/// Hides every finding that points at a line with a secret, and takes the secret out of what it says.
pub(super) fn hide(findings: &mut [Finding], sources: &Sources) {
    for finding in findings {
        let places = std::iter::once(finding.at).chain(finding.related.iter().map(|(at, _)| *at));
        let mut lines: Vec<&str> = places.map(|at| lines_at(at, sources)).filter(|lines| is_secret_in(lines)).collect();
        lines.dedup();
        // The reason of a waiver is shown beside what it accepts.
        if let Some(reason) = finding.waived.as_mut().filter(|reason| is_secret_in(reason)) {
            "for a reason that holds a secret, and is not shown".clone_into(reason);
        }
        // A rule that looks for secrets names them, and takes care itself.
        if finding.hidden {
            continue;
        }
        finding.hidden = !lines.is_empty();
        for lines in lines {
            finding.message = redacted_or_bare(&finding.message, lines);
            finding.help = finding.help.take().and_then(|help| redacted(&help, lines));
            for (_, word) in &mut finding.related {
                *word = redacted_or_bare(word, lines);
            }
        }
    }
}
