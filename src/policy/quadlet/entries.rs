//! What every single assignment is held against: the key table, systemd's directives, and how a value is read.

use super::{assigned::Assigned, report::Report, words};
use crate::{
    diagnostic::{Span, nearest},
    policy::{Effective, effective::Part},
    unit::{
        Entry, Fallback, Key, Syntax, UnitType, Version,
        directives::{directives, is_directive},
        keys::{Gated, key, keys as known_keys, value_gates},
        quote::unpair,
    },
};

/// Words that Podman takes for false, by intention of the author. It takes everything for false that is not true.
const FALSE: [&str; 4] = ["0", "no", "false", "off"];
const TRUE: [&str; 4] = ["1", "yes", "true", "on"];

/// Held against every assignment of a unit and its drop-ins.
pub(super) fn check(
    unit: &Effective<'_>,
    unit_type: UnitType,
    assigned: &Assigned<'_>,
    podman: Version,
    report: &mut Report,
) {
    let mut used: Vec<&'static Key> = Vec::new();
    for part in unit.parts() {
        let mut earlier: Vec<(&'static Key, Entry<'_>)> = Vec::new();
        for entry in part.unit.entries() {
            let at = part.span(&entry);
            match entry.section {
                group if group == unit_type.group() || group == "Quadlet" => {
                    if let Some(key) = quadlet_key(group, &entry, at, podman, report) {
                        use_once(&mut used, key);
                        if !key.list {
                            twice(part, key, entry, &mut earlier, report);
                        }
                    }
                }
                "Install" => install_key(&entry, at, podman, &mut used, report),
                section @ ("Unit" | "Service") => directive(section, entry.key, at, report),
                _ => {}
            }
        }
        if let Some(line) = part.unit.lost() {
            continuation(part, line, report);
        }
    }
    for key in used {
        words::check(key, assigned, report);
        value(key, assigned, report);
        gates(key, assigned, podman, report);
    }
}

/// The row of a key in a section of Quadlet's, if that Podman knows it. If not, it refuses the unit.
fn quadlet_key(group: &str, entry: &Entry<'_>, at: Span, podman: Version, report: &mut Report) -> Option<&'static Key> {
    let Some(key) = key(group, entry.key) else {
        let message = format!("`[{group}]` has no key `{}`: Podman refuses the unit", entry.key.escape_debug());
        let finding = report.refuse("PL001", at, message);
        if let Some(meant) = nearest(entry.key, known_keys(group).iter().map(|key| key.name)) {
            finding.help(format!("write `{meant}=`"));
        }
        return None;
    };
    if !key.is_known_to(podman) {
        // Before it had the section, Podman passed it on unread: that is said of the section.
        if group == "Quadlet" {
            return None;
        }
        let (major, minor) = key.since;
        let message =
            format!("`{}=` needs Podman {major}.{minor}: Podman {}.{} refuses the unit", key.name, podman.0, podman.1);
        report.refuse("PL006", at, message).help(instead(key, unpair(&entry.value), podman));
        return None;
    }
    if key.deprecated {
        report.warn("PL030", at, format!("`{}=` is deprecated", key.name)).help(key.doc);
    }
    Some(key)
}

/// What to write for a Podman that does not know the key.
fn instead(key: &Key, value: &str, podman: Version) -> String {
    match key.fallback.argument(podman, value) {
        Some(argument) => format!("write `PodmanArgs={argument}`, which it understands"),
        None if key.fallback == Fallback::None => "leave it out, or judge for a newer Podman".to_owned(),
        None => "leave it out: this Podman cannot do it at all".to_owned(),
    }
}

/// An assignment of `[Install]`, which Podman carries out and passes on.
fn install_key(entry: &Entry<'_>, at: Span, podman: Version, used: &mut Vec<&'static Key>, report: &mut Report) {
    match key("Install", entry.key) {
        Some(key) if !key.is_known_to(podman) => {
            let (major, minor) = key.since;
            let message = format!("`{}=` needs Podman {major}.{minor}, and is ignored before", key.name);
            report.error("PL006", at, message);
        }
        Some(key) => use_once(used, key),
        None => directive("Install", entry.key, at, report),
    }
}

/// A directive that systemd does not know is ignored with a line in the journal; Podman does not look.
pub(super) fn directive(section: &str, name: &str, at: Span, report: &mut Report) {
    if is_directive(section, name) {
        return;
    }
    let message = format!("systemd knows no `{}=` in `[{section}]`, and ignores it", name.escape_debug());
    let finding = report.error("PL027", at, message);
    if let Some(meant) = nearest(name, directives(section).iter().copied()) {
        finding.help(format!("write `{meant}=`"));
    }
}

fn use_once(used: &mut Vec<&'static Key>, key: &'static Key) {
    if !used.iter().any(|other| std::ptr::eq(*other, key)) {
        used.push(key);
    }
}

/// Of a key that holds one value, the last assignment counts.
fn twice<'u>(
    part: &Part<'_>,
    key: &'static Key,
    entry: Entry<'u>,
    earlier: &mut Vec<(&'static Key, Entry<'u>)>,
    report: &mut Report,
) {
    let Some((_, lost)) = earlier.iter_mut().find(|(other, _)| std::ptr::eq(*other, key)) else {
        return earlier.push((key, entry));
    };
    let lost = std::mem::replace(lost, entry.clone());
    if lost.value.is_empty() || entry.value.is_empty() || lost.value == entry.value {
        return;
    }
    let message = format!("`{}=` holds one value: this one is lost, because another follows", key.name);
    let finding = report.error("PL033", part.span(&lost), message);
    finding.related(part.span(&entry), "the one that counts").help("leave one of them out");
}

/// An assignment that is continued, and then only comments and blank lines follow.
fn continuation(part: &Part<'_>, line: usize, report: &mut Report) {
    let text = part.unit.as_str();
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let end = start + text[start..].lines().next().unwrap_or_default().trim_end().len();
    let message = "a `\\` at the end of the file: Podman loses the whole assignment";
    report.error("PL025", part.file.span(line, start..end), message).help("take the backslash away");
}

/// Booleans and numbers, which are never refused: what is none of them is false, or 0.
fn value(key: &Key, assigned: &Assigned<'_>, report: &mut Report) {
    let Some(said) = assigned.text(key.group, key.name) else { return };
    let name = key.name;
    match key.syntax {
        Syntax::Bool if said.text.is_empty() => {
            report
                .warn("PL018", said.at, format!("an empty `{name}=` is false to Podman"))
                .help("write `true` or `false`");
        }
        Syntax::Bool if !is_boolean(said.text) => {
            let message = format!("`{}` is no boolean: Podman takes it for false", said.text.escape_debug());
            report.error("PL018", said.at, message).help("write `true` or `false`");
        }
        Syntax::Text
            if name == "Notify"
                && !said.text.is_empty()
                && !is_boolean(said.text)
                && !said.text.eq_ignore_ascii_case("healthy") =>
        {
            let message =
                format!("`{}` is no boolean and not `healthy`: Podman takes it for false", said.text.escape_debug());
            report.error("PL018", said.at, message).help("write `true`, `false` or `healthy`");
        }
        Syntax::Uint32 => {
            if let Some((read, help)) = misread(said.text) {
                let message = format!("Podman reads `{}` as {read}", said.text.escape_debug());
                report.error("PL029", said.at, message).help(help);
            }
        }
        _ => {}
    }
}

fn is_boolean(text: &str) -> bool {
    TRUE.iter().chain(&FALSE).any(|word| text.eq_ignore_ascii_case(word))
}

/// What Podman makes of a number that is not what it looks like, and what to write.
fn misread(text: &str) -> Option<(u32, &'static str)> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return u32::from_str_radix(hex, 16).is_err().then_some((0, "write a decimal number"));
    }
    if digits.len() > 1 && digits.starts_with('0') {
        let octal = u32::from_str_radix(digits, 8).unwrap_or(0);
        return Some((octal, "take the leading 0 away: it means octal"));
    }
    digits.parse::<u32>().is_err().then_some((0, "write a decimal number; names have to be looked up by hand"))
}

/// Uses of a key that came after the key: an older Podman drops them, or takes them for something else.
fn gates(key: &Key, assigned: &Assigned<'_>, podman: Version, report: &mut Report) {
    for gate in value_gates(key.group, key.name).filter(|gate| gate.since > podman) {
        let Some(at) = gated(key, gate.value, assigned) else { continue };
        let (major, minor) = gate.since;
        let what = match gate.value {
            Gated::Exactly(value) => format!("`{}={value}`", key.name),
            Gated::Reference(suffix) => format!("a `{suffix}` unit in `{}=`", key.name),
            Gated::Source(suffix) => format!("a `{suffix}` unit as the source in `{}=`", key.name),
            Gated::Several => format!("more than one value in `{}=`", key.name),
            Gated::Empty => format!("an empty `{}=`", key.name),
            Gated::Valueless => format!("a word without `=` in `{}=`", key.name),
            Gated::Without(_) => continue,
        };
        report.error("PL006", at, format!("{what} needs Podman {major}.{minor}, and is lost or misread before"));
    }
}

/// Where a key is used that way.
fn gated(key: &Key, used: Gated, assigned: &Assigned<'_>) -> Option<Span> {
    let lines = assigned.lines(key.group, key.name);
    let last = assigned.text(key.group, key.name)?;
    match used {
        Gated::Exactly(value) => last.text.eq_ignore_ascii_case(value).then_some(last.at),
        Gated::Reference(suffix) if key.list => lines
            .iter()
            .find(|line| line.text.split(':').next().is_some_and(|first| first.ends_with(suffix)))
            .map(|line| line.at),
        Gated::Reference(suffix) => last.text.ends_with(suffix).then_some(last.at),
        Gated::Source(suffix) => {
            let is_source = |option: &str| {
                option
                    .split_once('=')
                    .is_some_and(|(key, value)| matches!(key, "source" | "src") && value.ends_with(suffix))
            };
            lines.iter().find(|line| line.text.split([',', ' ']).any(is_source)).map(|line| line.at)
        }
        Gated::Several => match words::mode(key.syntax) {
            Some(mode) => assigned.words(key.group, key.name, mode).get(1).map(|word| word.at),
            None => lines.get(1).map(|line| line.at),
        },
        Gated::Empty => last.text.is_empty().then_some(last.at),
        Gated::Valueless => words::mode(key.syntax).and_then(|mode| {
            let words = assigned.words(key.group, key.name, mode);
            words.iter().find(|word| !word.text.contains('=')).map(|word| word.at)
        }),
        Gated::Without(_) => None,
    }
}
