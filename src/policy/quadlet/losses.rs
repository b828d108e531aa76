//! Files that cannot be read, and what is lost with them.

use std::collections::BTreeMap;

use super::{
    Read,
    names::service_of_file,
    search::{Fate, LostDirectory, Search},
    sections::line_starts,
};
use crate::{
    diagnostic::{Severity, Sources, Span},
    parallel,
    policy::{File, Finding},
    unit::{Dialect, SyntaxError, Unit, UnitType, Version},
};

/// What there is to say about files that Podman does not come to convert.
pub(super) fn of(
    files: &[File],
    sources: &Sources,
    read: &[Option<Read<'_>>],
    search: &Search<'_>,
    podman: Version,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lost in &search.lost {
        for &(index, directory) in &lost.broken {
            match (&read[index], directory) {
                (_, Some(name)) => findings.push(directory_as_file(files, index, name, lost)),
                (Some(Err(errors)), None) => findings.extend(unreadable(files, sources, index, errors, Some(lost))),
                (Some(Ok(_)) | None, None) => {}
            }
        }
    }
    for &(index, unit_type, fate) in &search.found {
        match fate {
            Fate::ShadowedBy(earlier) => {
                findings.push(shadowed(files, index, earlier));
                if let Some(Err(errors)) = &read[index] {
                    findings.extend(unreadable(files, sources, index, errors, None));
                }
            }
            Fate::TooNew => findings.push(too_new(files, index, unit_type, podman)),
            Fate::Loaded | Fate::LostWith(_) | Fate::Broken | Fate::Unsearched => {}
        }
    }
    findings.extend(ignored_lines(files, sources, read));
    findings
}

/// Drop-ins that cannot be read, each with the units that it should be merged into. They are generated without it, and
/// Podman exits with 1 (5.0 on).
pub(super) fn unreadable_drop_ins(
    files: &[File],
    sources: &Sources,
    read: &[Option<Read<'_>>],
    units: &BTreeMap<usize, Vec<usize>>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (&index, units) in units {
        let Some(Err(errors)) = &read[index] else { continue };
        let file = &files[index];
        let text = &sources.file(file.id).text;
        let starts = line_starts(text);
        for (number, wrong) in errors.iter().enumerate() {
            let at = place(file, text, &starts, wrong);
            let mut message = wrong.kind.to_string();
            if number == 0 {
                message.push_str(": Podman cannot read the drop-in, and generates without it ");
                message.push_str(&a_few(units, files));
            }
            findings.push(error("PL026", index, at, message));
        }
    }
    findings
}

/// The lines that keep a file from being read. Podman stops at the first; all of them are told.
fn unreadable<'f>(
    files: &'f [File],
    sources: &'f Sources,
    index: usize,
    errors: &'f [SyntaxError],
    lost: Option<&'f LostDirectory<'_>>,
) -> impl Iterator<Item = Finding> + 'f {
    let file = &files[index];
    let text = &sources.file(file.id).text;
    let starts = line_starts(text);
    errors.iter().enumerate().map(move |(number, wrong)| {
        let at = place(file, text, &starts, wrong);
        let mut message = wrong.kind.to_string();
        if number > 0 {
            return refusal("PL015", index, at, message);
        }
        message.push_str(": Podman cannot read the file");
        if let Some(lost) = lost.filter(|lost| !lost.lost.is_empty()) {
            message.push_str(", and loses every unit of its directory with it: ");
            message.push_str(&a_few(&lost.lost, files));
        }
        refusal("PL015", index, at, message)
    })
}

/// The first of some files by name, and how many more there are: each of many broken files may take as many along.
fn a_few(all: &[usize], files: &[File]) -> String {
    const NAMED: usize = 3;
    let (first, rest) = all.split_at(all.len().min(NAMED));
    let names: Vec<String> = first.iter().map(|&file| format!("`{}`", files[file].name())).collect();
    let names = names.join(", ");
    if rest.is_empty() { names } else { format!("{names} and {} more", rest.len()) }
}

/// The lines of slices that systemd passes over. It reads the rest.
fn ignored_lines(files: &[File], sources: &Sources, read: &[Option<Read<'_>>]) -> impl Iterator<Item = Finding> {
    let slices = files.iter().enumerate().filter(|(_, file)| file.is_of_a_slice());
    let findings = parallel::map(slices, |(index, file)| {
        let text = &sources.file(file.id).text;
        let (_, errors) = Unit::parse_leniently(text, Dialect::Systemd);
        if errors.is_empty() {
            return Vec::new();
        }
        let starts = line_starts(text);
        let is_loaded = matches!(read[index], Some(Ok(_)));
        let ignored = errors.into_iter().map(|wrong| {
            let then = if is_loaded || !wrong.text.starts_with('[') {
                "systemd passes over the line, and reads the rest"
            } else {
                "systemd cannot read the file, and nothing in it holds"
            };
            error("PL015", index, place(file, text, &starts, &wrong), format!("{}: {then}", wrong.kind))
        });
        ignored.collect::<Vec<_>>()
    });
    findings.into_iter().flatten()
}

fn directory_as_file(files: &[File], inside: usize, name: &str, lost: &LostDirectory<'_>) -> Finding {
    let message = format!(
        "`{name}` is a directory with the name of a Quadlet file: Podman tries to read it as one{}",
        if lost.lost.is_empty() {
            String::new()
        } else {
            format!(", and loses every unit beside it: {}", a_few(&lost.lost, files))
        }
    );
    let mut finding = refusal("PL015", inside, files[inside].whole(), message);
    finding.help("give the directory another name");
    finding
}

fn shadowed(files: &[File], index: usize, earlier: usize) -> Finding {
    let message = format!(
        "Podman reads `{}`, and never this file of the same name: names count over all directories",
        files[earlier].path()
    );
    let mut finding = error("PL023", index, files[index].whole(), message);
    finding.help("give it a name of its own").related(files[earlier].whole(), "the file that is read");
    finding
}

fn too_new(files: &[File], index: usize, unit_type: UnitType, podman: Version) -> Finding {
    let (major, minor) = unit_type.since();
    let message = format!(
        "`{}` files need Podman {major}.{minor}; Podman {}.{} does not look at them, and `{}.service` does not exist",
        unit_type.suffix(),
        podman.0,
        podman.1,
        service_of_file(files[index].name(), unit_type, podman),
    );
    refusal("PL006", index, files[index].whole(), message)
}

fn place(file: &File, text: &str, starts: &[usize], wrong: &SyntaxError) -> Span {
    let line_start = starts.get(wrong.line - 1).copied().unwrap_or(text.len());
    let line = &text[line_start..];
    let start = line_start + line.char_indices().nth(wrong.column - 1).map_or(0, |(at, _)| at);
    file.span(wrong.line, start..start + wrong.text.len())
}

/// What keeps Podman from making a service of a file.
fn refusal(rule: &'static str, file: usize, at: Span, message: String) -> Finding {
    Finding { refused: true, ..error(rule, file, at, message) }
}

fn error(rule: &'static str, file: usize, at: Span, message: String) -> Finding {
    Finding::new(rule, Severity::Error, file, at, message)
}
