//! Sections that nobody reads: Podman passes on what it does not know, and systemd ignores it.

use std::{cell::LazyCell, collections::HashSet};

use super::{names::SERVICE_NAME, report::Report};
use crate::{
    diagnostic::{Span, nearest},
    policy::{Effective, effective::Part},
    unit::{UnitType, Version},
};

/// What systemd reads of a service, whoever generated it.
const OF_SYSTEMD: [&str; 3] = ["Unit", "Service", "Install"];

/// Held against every section header. Run on 5.4.2 and 5.8.6: none of this is said by the generator.
pub(super) fn check(unit: &Effective<'_>, unit_type: UnitType, podman: Version, report: &mut Report) {
    for part in unit.parts() {
        let mut told: HashSet<&str> = HashSet::new();
        let starts = LazyCell::new(|| line_starts(part.unit.as_str()));
        for (name, line) in part.unit.sections() {
            if !told.insert(name) {
                continue;
            }
            if name == "Quadlet" && podman < SERVICE_NAME {
                let at = header(part, line, &starts);
                report.error("PL006", at, "the section `[Quadlet]` needs Podman 5.3, and is ignored before");
            } else if !is_read(name, unit_type) {
                unread(name, unit_type, header(part, line, &starts), report);
            }
        }
    }
}

fn is_read(name: &str, unit_type: UnitType) -> bool {
    name == unit_type.group() || name == "Quadlet" || OF_SYSTEMD.contains(&name) || name.starts_with("X-")
}

fn unread(name: &str, unit_type: UnitType, at: Span, report: &mut Report) {
    if let Some(other) = UnitType::all().iter().find(|other| other.group() == name) {
        let message = format!("`[{name}]` is read in `{}` files only: everything in it is lost", other.suffix());
        report.error("PL016", at, message);
        return;
    }
    let finding = report.error("PL016", at, format!("nobody reads the section `[{name}]`: everything in it is lost"));
    let known = OF_SYSTEMD.into_iter().chain(["Quadlet", unit_type.group()]);
    match nearest(name, known) {
        Some(meant) => finding.help(format!("write `[{meant}]`")),
        None => finding.help("name it `[X-…]` if it is a note: those are ignored on purpose"),
    };
}

/// Where the lines of a text begin.
pub(super) fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

/// The bytes of a section header on a line, from 1, of which `starts` knows where it begins.
pub(super) fn header(part: &Part<'_>, line: usize, starts: &[usize]) -> Span {
    let text = part.unit.as_str();
    let start = starts.get(line - 1).copied().unwrap_or(text.len());
    let end = start + text[start..].lines().next().map_or(0, |line| line.trim_end().len());
    part.file.span(line, start..end)
}
