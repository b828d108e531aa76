//! Files that neither Podman nor systemd reads, though they look as if they should.

use std::collections::HashSet;

use super::{
    drop_ins, names,
    search::{Fate, SUB_DIRECTORIES, Search},
};
use crate::{
    diagnostic::{Severity, nearest},
    policy::{File, Finding, Kind},
    unit::{UnitType, Version},
};

/// What an editor or a package manager adds to the name of a file it puts aside.
const BACKUPS: &[&str] = &["~", ".bak", ".orig", ".old", ".save", ".swp", ".tmp", ".rej", ".dpkg-old", ".rpmsave"];

/// Units that systemd reads, from its own directories only. A `.slice` there is a rule of its own.
const SYSTEMD_UNITS: &[&str] = &["service", "timer", "socket", "target", "mount", "path"];

/// Adds a finding for each such file.
pub(super) fn add(files: &[File], search: &Search<'_>, podman: Version, findings: &mut Vec<Finding>) {
    for &(index, _, fate) in &search.found {
        if fate == Fate::Unsearched {
            let (message, help) = unsearched(podman);
            let mut finding = Finding::new("PL017", Severity::Error, index, files[index].whole(), message);
            finding.help(help);
            findings.push(finding);
        }
    }
    let mut say = |severity, index: usize, message: String| {
        findings.push(Finding::new("PL017", severity, index, files[index].whole(), message));
    };
    let used = used(files, search, podman);
    for (index, file) in files.iter().enumerate() {
        match file.kind {
            Kind::DropIn if !used.contains(&index) && is_for_quadlet(file) => {
                let message = if podman < drop_ins::DROP_INS {
                    "drop-ins are read since Podman 5.0".to_owned()
                } else {
                    format!("no unit here is merged with what stands in `{}`", last_part(file.dir()))
                };
                say(Severity::Warning, index, message);
            }
            Kind::DropIn => {
                if let Some(message) = of_a_service(file, files, podman) {
                    say(Severity::Warning, index, message);
                }
            }
            Kind::Other => {
                if let Some((severity, message)) = other(file) {
                    say(severity, index, message);
                }
            }
            Kind::Quadlet(_) | Kind::Slice => {}
        }
    }
}

/// Why a directory is not searched, and what to do.
fn unsearched(podman: Version) -> (String, &'static str) {
    if podman >= SUB_DIRECTORIES {
        let message = "Podman does not search directories whose name ends in `.d`: the unit is not generated";
        return (message.to_owned(), "give the directory another name");
    }
    let ((major, minor), (since, first)) = (podman, SUB_DIRECTORIES);
    let message = format!(
        "Podman {major}.{minor} searches no sub-directories, that began with {since}.{first}: the unit is not generated"
    );
    (message, "move the file into the directory above, or judge that directory if Podman is told to search it")
}

/// The drop-ins that are merged into some unit.
fn used(files: &[File], search: &Search<'_>, podman: Version) -> HashSet<usize> {
    if search.drop_ins.is_empty() {
        return HashSet::new();
    }
    let units = search.found.iter().filter(|(_, _, fate)| !matches!(fate, Fate::Unsearched | Fate::TooNew));
    units
        .flat_map(|&(index, unit_type, _)| {
            drop_ins::of(files[index].name(), unit_type, files, &search.drop_ins, podman)
        })
        .collect()
}

/// What is to be said of a file that is none of Podman's and none of systemd's.
fn other(file: &File) -> Option<(Severity, String)> {
    let name = file.name();
    if is_for_quadlet(file) {
        return Some((Severity::Warning, "only files whose name ends in `.conf` are merged into a unit".to_owned()));
    }
    if name.ends_with(".quadlets") {
        let message = "the generator does not read this form: `podman quadlet install` takes it apart (5.8 on)";
        return Some((Severity::Warning, message.to_owned()));
    }
    if let Some(original) = BACKUPS.iter().find_map(|backup| name.strip_suffix(backup))
        && UnitType::of_file(original).is_some()
    {
        return Some((
            Severity::Warning,
            format!("Podman does not read it: the name does not end as `{original}` does"),
        ));
    }
    let (_, suffix) = name.rsplit_once('.')?;
    let small = suffix.to_ascii_lowercase();
    if UnitType::from_suffix(&small).is_some() {
        return Some((Severity::Error, format!("Podman does not read `.{suffix}`: write the suffix `.{small}`")));
    }
    if SYSTEMD_UNITS.contains(&suffix) && !is_systemds(file.dir()) {
        let message =
            format!("neither Podman nor systemd reads a `.{suffix}` here: it belongs into a directory of systemd");
        return Some((Severity::Error, message));
    }
    let meant = nearest(suffix, UnitType::all().iter().map(|unit_type| &unit_type.suffix()[1..]))?;
    // Short suffixes are near to everything.
    (suffix.len() > 4).then(|| (Severity::Warning, format!("Podman does not read `.{suffix}`: is `.{meant}` meant?")))
}

/// Whether a file stands in a directory for drop-ins of Quadlet files: `web.container.d`, `container.d`.
fn is_for_quadlet(file: &File) -> bool {
    let dir = last_part(file.dir()).strip_suffix(".d");
    dir.is_some_and(|unit| UnitType::of_file(unit).is_some() || UnitType::from_suffix(unit).is_some())
}

/// What is to be said of a drop-in for a service that a Quadlet file beside it makes: `web.service.d` beside
/// `web.container`.
fn of_a_service(file: &File, files: &[File], podman: Version) -> Option<String> {
    let (above, dir) = file.dir().rsplit_once('/').unwrap_or(("", file.dir()));
    let service = dir.strip_suffix(".service.d").filter(|_| !is_systemds(above))?;
    let unit = files.iter().filter(|unit| unit.dir() == above).find(|unit| {
        matches!(unit.kind, Kind::Quadlet(unit_type) if names::service_of_file(unit.name(), unit_type, podman) == service)
    })?;
    Some(format!("nobody reads `{dir}` here: Podman looks into `{}.d`, systemd into its own directories", unit.name()))
}

/// Whether systemd reads units from a directory.
fn is_systemds(dir: &str) -> bool {
    ["systemd/system", "systemd/user"].iter().any(|end| dir.ends_with(end))
}

fn last_part(dir: &str) -> &str {
    dir.rsplit('/').next().unwrap_or(dir)
}
