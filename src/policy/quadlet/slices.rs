//! What systemd does not read of a slice: sections and directives that it does not know.

use std::{cell::LazyCell, collections::HashSet};

use super::{
    entries::directive,
    report::Report,
    sections::{header, line_starts},
};
use crate::{
    diagnostic::nearest,
    policy::{Effective, Finding},
};

/// What systemd reads of a slice.
const SECTIONS: [&str; 3] = ["Unit", "Slice", "Install"];

/// Held against every slice and its drop-ins; a drop-in of many is told of once.
pub(super) fn check(slices: &[Effective<'_>]) -> Vec<Finding> {
    let mut told = HashSet::new();
    let mut findings = Vec::new();
    for slice in slices {
        let mut report = Report::new(slice.index());
        for part in slice.parts().iter().filter(|part| told.insert(part.index)) {
            let mut names = HashSet::new();
            let starts = LazyCell::new(|| line_starts(part.unit.as_str()));
            for (name, line) in part.unit.sections() {
                if SECTIONS.contains(&name) || name.starts_with("X-") || !names.insert(name) {
                    continue;
                }
                let message = format!("systemd reads no `[{name}]` in a slice: everything in it is lost");
                let finding = report.error("PL016", header(part, line, &starts), message);
                match nearest(name, SECTIONS.into_iter()) {
                    Some(meant) => finding.help(format!("write `[{meant}]`")),
                    None => finding.help("name it `[X-…]` if it is a note: those are ignored on purpose"),
                };
            }
            for entry in part.unit.entries().filter(|entry| SECTIONS.contains(&entry.section)) {
                directive(entry.section, entry.key, part.span(&entry), &mut report);
            }
        }
        findings.extend(report.into_findings());
    }
    findings
}
