//! Sections that nobody reads: Podman passes on what it does not know, and systemd ignores it.

use std::collections::HashSet;

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
        for (name, line) in part.unit.sections() {
            if !told.insert(name) {
                continue;
            }
            if name == "Quadlet" && podman < SERVICE_NAME {
                let at = header(part, line);
                report.error("PL006", at, "the section `[Quadlet]` needs Podman 5.3, and is ignored before");
            } else if !is_read(name, unit_type) {
                unread(name, unit_type, header(part, line), report);
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

/// The bytes of a section header.
pub(super) fn header(part: &Part<'_>, line: usize) -> Span {
    let text = part.unit.as_str();
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let end = start + text[start..].lines().next().map_or(0, |line| line.trim_end().len());
    part.file.span(line, start..end)
}
