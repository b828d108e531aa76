//! Slices and who runs in them.

use std::collections::{HashMap, HashSet};

use super::super::{Check, Found, Rule, Scope};
use crate::{
    diagnostic::Severity,
    policy::{
        Effective,
        facts::{Container, Resource, slice_of, slices_around},
        quadlet::Loaded,
    },
};

pub(in crate::policy::rules) const RULES: &[Rule] = &[
    Rule {
        id: "PL440",
        name: "no-slice",
        severity: Severity::Info,
        what: "The service names no slice.",
        why: "Without `Slice=` it runs in system.slice, or a user's app.slice, beside everything else: nothing outside \
              its own unit limits it, and nothing shows what the services take together. Where a slice named after it \
              is there, that one holds nothing, and it is a warning.",
        fix: "write `Slice=services-NAME.slice`, and the limits once more into that slice",
        bad: "# without [Service] Slice\n[Service]\nRestart=always",
        good: "[Service]\nSlice=services-web.slice",
        sources: &["B33", "systemd.slice(5)"],
        check: Check::Across(no_slice),
    },
    Rule {
        id: "PL441",
        name: "slice-not-found",
        severity: Severity::Error,
        what: "`Slice=` names a slice that is not there.",
        why: "systemd does not mind: it makes the slice up on the spot, without any limit. A slice that was put among the \
              Quadlet files, where nobody reads it, ends the same way. Where no slice at all is among the judged files, \
              they may lie elsewhere, and it is an info.",
        fix: "write the slice to /etc/systemd/system, or name one that is there",
        bad: "[Service]\nSlice=services-wbe.slice",
        good: "[Service]\nSlice=services-web.slice",
        sources: &["B33", "systemd.slice(5)", "seen on systemd 257"],
        check: Check::Across(not_found),
    },
    Rule {
        id: "PL442",
        name: "slice-name-refused",
        severity: Severity::Error,
        what: "A slice has a name that systemd refuses.",
        why: "A dash nests slices, so a name may not begin or end with one or have two in a row: a service that names \
              such a slice does not load. A name with `@`, or without `.slice`, is ignored, and the service lands in \
              system.slice without the limits. A dash that belongs to a name is written `\\x2d`.",
        fix: "write a name of letters, digits, `:`, `_`, `.` and single dashes that ends in `.slice`",
        bad: "[Service]\nSlice=services--web.slice",
        good: "[Service]\nSlice=services-web.slice",
        sources: &["B33", "systemd.slice(5)", "systemd-escape(1)", "seen on systemd 252 and 257"],
        check: Check::Unit(refused),
    },
    Rule {
        id: "PL443",
        name: "slice-name-unusable",
        severity: Severity::Error,
        what: "A slice file has a name that systemd refuses.",
        why: "systemd does not load it, and no service can name it: its limits hold nothing. Slices cannot be templates \
              either, so there is none with an `@`.",
        fix: "rename it; a dash that belongs to a name is written `\\x2d`",
        bad: "# services--x.slice\n[Slice]\nMemoryMax=1G\nMemorySwapMax=0",
        good: "# services-x.slice\n[Slice]\nMemoryMax=1G\nMemorySwapMax=0",
        sources: &["B33", "systemd.slice(5)"],
        check: Check::Slice(unusable),
    },
    Rule {
        id: "PL444",
        name: "slice-without-limits",
        severity: Severity::Info,
        what: "A slice limits neither memory nor CPU time nor tasks.",
        why: "It groups its services, and holds them no more than system.slice would.",
        fix: "state `MemoryMax=`, `CPUQuota=` and `TasksMax=` in [Slice]",
        bad: "# services-x.slice\n[Slice]\nCPUWeight=50",
        good: "# services-x.slice\n[Slice]\nCPUQuota=50%",
        sources: &["B33", "systemd.resource-control(5)"],
        check: Check::Slice(without_limits),
    },
    Rule {
        id: "PL445",
        name: "slice-memory-high",
        severity: Severity::Info,
        what: "A slice has a `MemoryHigh=`.",
        why: "It slows down everything in the slice when one service grows, the innocent with the guilty. In the \
              [Service] of the one it slows down that one.",
        fix: "move MemoryHigh= to the [Service] of the services that may grow",
        bad: "# services-x.slice\n[Slice]\nMemoryHigh=400M\nMemoryMax=512M\nMemorySwapMax=0",
        good: "# services-x.slice\n[Slice]\nMemoryMax=512M\nMemorySwapMax=0",
        sources: &["B40", "systemd.resource-control(5) MemoryHigh="],
        check: Check::Slice(memory_high),
    },
    Rule {
        id: "PL446",
        name: "slice-unused",
        severity: Severity::Info,
        what: "Nothing among the files runs in a slice.",
        why: "Its limits hold nobody: what was meant to run in it names another slice, or none. A slice is in use where \
              a `Slice=` names it, or one that nests in it.",
        fix: "name it with `Slice=` in a [Service], or take it away",
        bad: "[Container]\nUser=1000\n# services-old.slice\n[Slice]\nMemoryMax=1G\nMemorySwapMax=0",
        good: "[Container]\nUser=1000\n# services.slice\n[Slice]\nMemoryMax=1G\nMemorySwapMax=0",
        sources: &["B33", "systemd.slice(5)"],
        check: Check::Across(unused),
    },
];

/// systemd.special(7): slices that systemd makes itself.
const SPECIAL: &[&str] =
    &["-.slice", "app.slice", "background.slice", "machine.slice", "session.slice", "system.slice", "user.slice"];

fn no_slice(containers: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    // `services-forge-web.slice` may be meant for `web`, and for `forge-web`.
    let mut named_after: HashMap<&str, &Effective<'_>> = HashMap::new();
    for slice in &scope.tree.slices {
        let stem = slice.file().name().strip_suffix(".slice").unwrap_or_default();
        let ends = stem.match_indices('-').map(|(at, _)| &stem[at + 1..]);
        ends.chain([stem]).for_each(|name| {
            named_after.entry(name).or_insert(slice);
        });
    }
    for container in containers.iter().filter(|container| container.service("Slice").is_none()) {
        let at = container.unit.header("Service");
        let escaped = container.name.replace('-', "\\x2d");
        let own = [container.name, &escaped].into_iter().find_map(|name| named_after.get(name));
        if let Some(slice) = own {
            let name = slice.file().name();
            let message = format!("{} names no slice, and {name} holds nothing", container.name);
            let finding = found.about(container.unit, at, message).severity(Severity::Warning);
            finding.help(format!("write `Slice={name}`")).related(slice.file().whole(), "the slice");
        } else {
            found.about(container.unit, at, format!("{} names no slice", container.name));
        }
    }
}

fn not_found(_: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let files: HashSet<&str> = scope.tree.slices.iter().map(|slice| slice.file().name()).collect();
    for loaded in &scope.tree.units {
        let Some(value) = loaded.unit.last("Service", "Slice") else { continue };
        let name = value.text.trim();
        let open = SPECIAL.contains(&name) || name.contains('%') || fault(name).is_some();
        if open || files.contains(name) {
            continue;
        }
        if files.is_empty() {
            let message = format!("{name} is not among the files: whether it limits anything, they do not say");
            let finding = found.about(&loaded.unit, value.at, message).severity(Severity::Info);
            finding.help("make sure that /etc/systemd/system has it, and what it limits");
        } else {
            let message = format!("{name} is not among the files: systemd makes it up, without limits");
            found.about(&loaded.unit, value.at, message);
        }
    }
}

/// What systemd makes of a name that it does not take for a slice's.
fn fault(name: &str) -> Option<&'static str> {
    let Some(stem) = name.strip_suffix(".slice") else { return Some("systemd ignores the line") };
    let legal = |c: char| c.is_ascii_alphanumeric() || ":-_.\\".contains(c);
    if stem.is_empty() || name.len() > 255 || !stem.chars().all(legal) {
        return Some("systemd ignores the line");
    }
    let dashes = stem != "-" && (stem.starts_with('-') || stem.ends_with('-') || stem.contains("--"));
    dashes.then_some("the service does not load")
}

fn refused(loaded: &Loaded<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let Some(value) = loaded.unit.last("Service", "Slice").filter(|value| !value.text.contains('%')) else { return };
    if let Some(then) = fault(value.text.trim()) {
        found.at(value.at, format!("`{}` is no name of a slice: {then}", value.text.trim()));
    }
}

fn unusable(slice: &Effective<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let name = slice.file().name();
    if fault(name).is_some() {
        found.at(slice.file().whole(), format!("systemd loads no slice of the name {name}"));
    }
}

fn without_limits(slice: &Effective<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let layer = scope.tree.layer_of(slice);
    if ![Resource::Memory, Resource::Cpu, Resource::Tasks].iter().any(|resource| layer.limit(*resource).is_some()) {
        found.at(slice.header("Slice"), format!("{} limits nothing", slice.file().name()));
    }
}

fn memory_high(slice: &Effective<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    if let Some(high) = &scope.tree.layer_of(slice).memory_high {
        found.at(high.at, format!("`{}` slows down everything in {} at once", high.said, slice.file().name()));
    }
}

fn unused(_: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let named = scope.tree.units.iter().filter_map(|loaded| slice_of(&loaded.unit));
    let used: HashSet<String> = named.flat_map(|name| slices_around(&name)).collect();
    for slice in scope.tree.slices.iter().filter(|slice| !used.contains(slice.file().name())) {
        found.about(slice, slice.header("Slice"), format!("nothing here runs in {}", slice.file().name()));
    }
}
