//! Lines that no report may show: whatever a finding is about, a secret may stand on its line.

use super::{Finding, facts::is_secret_in};
use crate::diagnostic::{Sources, Span};

/// Hides every finding that points at a line with a secret.
pub(super) fn hide(findings: &mut [Finding], sources: &Sources) {
    for finding in findings.iter_mut().filter(|finding| !finding.hidden) {
        let mut places = std::iter::once(finding.at).chain(finding.related.iter().map(|(at, _)| *at));
        finding.hidden = places.any(|at| is_secret_in(lines(at, sources)));
    }
}

/// The whole lines that a span touches.
fn lines(at: Span, sources: &Sources) -> &str {
    let text: &str = &sources.file(at.file).text;
    let byte = |at: u32| usize::try_from(at).map_or(text.len(), |at| at.min(text.len()));
    let (start, end) = (byte(at.start), byte(at.end.max(at.start)));
    let bytes = text.as_bytes();
    let first = bytes[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let last = bytes[end..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| end + at);
    text.get(first..last).unwrap_or_default()
}
