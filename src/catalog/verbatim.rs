//! The escape hatches: `[quadlet.*]` and `[systemd.*]`, unit text of the author's own.
//!
//! Their text is not changed, but it is looked at: a key must exist in the section and in the target's Podman, it must
//! stay on its line, and it may not contradict a limit or what Quadlet itself needs.

use super::{
    fields::{self, Fields},
    mount,
    node::{Entry, Node, Value},
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Origin, Sourced, nearest},
    model::{Companion, Name, Target, Verbatim},
    unit::{
        directives,
        keys::{self, Syntax},
        quote,
    },
};

/// Directives that a limit already writes, in every layer: a line beside it would contradict it.
const LIMITS: &[(&str, &str)] = &[
    ("MemoryMax", "memory"),
    ("MemoryHigh", "memory"),
    ("MemoryLimit", "memory"),
    ("StartupMemoryMax", "memory"),
    ("StartupMemoryHigh", "memory"),
    ("MemorySwapMax", "swap"),
    ("StartupMemorySwapMax", "swap"),
    ("CPUQuota", "cpus"),
    ("TasksMax", "pids"),
    ("CPUWeight", "cpu_weight"),
    ("IOWeight", "io_weight"),
];

/// Directives that have a key of the catalog: the section, the directive, and the key.
const NAMED: &[(&str, &str, &str)] = &[
    ("Unit", "Description", "description"),
    ("Unit", "StartLimitBurst", "burst in [restart]"),
    ("Unit", "StartLimitIntervalSec", "interval in [restart]"),
    ("Unit", "StartLimitInterval", "interval in [restart]"),
    ("Service", "StartLimitBurst", "burst in [restart]"),
    ("Service", "StartLimitInterval", "interval in [restart]"),
    ("Service", "Restart", "policy in [restart]"),
    ("Service", "RestartSec", "sec in [restart]"),
    ("Service", "TimeoutStartSec", "start in [timeouts]"),
    ("Service", "TimeoutStopSec", "stop in [timeouts]"),
    ("Service", "TimeoutSec", "stop in [timeouts]"),
    ("Service", "OOMPolicy", "oom_policy"),
    ("Install", "WantedBy", "wanted_by"),
    ("Install", "RequiredBy", "required_by"),
    ("Install", "UpheldBy", "upheld_by"),
    ("Install", "Alias", "alias"),
];

/// Directives that a Quadlet service cannot carry, and why.
const REFUSED: &[(&str, &str, &str)] = &[
    ("Service", "ExecStart", "Quadlet writes it: the container's command is `exec`"),
    ("Service", "User", "it would run podman, not the container, as that user: write `user`"),
    ("Service", "Group", "it would run podman, not the container, in that group: write `group`"),
    (
        "Service",
        "DynamicUser",
        "Quadlet's services do not support it: `user_ns` already gives the container ids of its own",
    ),
    ("Service", "Slice", "every service has a slice of its own, which carries its limits"),
    ("Service", "Delegate", "Quadlet sets it, and the limits of the payload stand on it"),
    ("Unit", "SourcePath", "Quadlet writes it"),
    ("Install", "Also", "Quadlet ignores it"),
];

/// podman flags that state a limit; the renderer writes them from `[limits]`.
const LIMIT_FLAGS: &[(&str, &str)] = &[
    ("--memory", "memory"),
    ("-m", "memory"),
    ("--memory-swap", "swap"),
    ("--cpus", "cpus"),
    ("--cpu-quota", "cpus"),
    ("--cpu-period", "cpus"),
    ("--pids-limit", "pids"),
];

/// The lines of `[systemd.*]`.
pub(crate) fn systemd(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Vec<Verbatim> {
    let mut lines = Vec::new();
    let sections = fields.table("systemd");
    // Another section was told by the shape check.
    for section in sections.entries().into_keys().filter(|section| !directives::directives(section).is_empty()) {
        for (key, line) in sections.table(section).entries() {
            if let Some(problem) = directive_problem(section, key, line) {
                diagnostics.push(problem);
                continue;
            }
            push_values(section, key, &line.node, Syntax::Lines, &mut lines, diagnostics);
        }
    }
    lines
}

fn directive_problem(section: &str, key: &str, line: &Entry) -> Option<Diagnostic> {
    let refuse = |message: String, help: String| Some(Diagnostic::error(message, line.key).help(help));
    if let Some((_, ours)) = LIMITS.iter().find(|(name, _)| *name == key) {
        return refuse(
            format!("`{key}` would contradict the limits"),
            format!("write `{ours}` in [limits], which states it in every layer"),
        );
    }
    if let Some((.., why)) = REFUSED.iter().find(|(s, name, _)| *s == section && *name == key) {
        return refuse(format!("`{key}` cannot be set in [{section}]"), (*why).to_owned());
    }
    if let Some(ours) = named(section, key) {
        return refuse(format!("`{key}` has a key of its own"), format!("write {ours}"));
    }
    let allowed: Option<&[&str]> = match (section, key) {
        ("Service", "Type") => Some(&["notify", "oneshot"]),
        ("Service", "KillMode") => Some(&["mixed", "control-group"]),
        _ => None,
    };
    if let Some(allowed) = allowed
        && let Some(value) = texts(line).find(|text| !allowed.contains(text))
    {
        let words = allowed.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ");
        return refuse(
            format!("Quadlet refuses `{key}={}`", value.escape_debug()),
            format!("write {words}, or leave it to Quadlet"),
        );
    }
    if directives::is_directive(section, key) {
        return None;
    }
    let message = format!("[{section}] has no directive `{}`", key.escape_debug());
    let elsewhere =
        ["Unit", "Service", "Install", "Slice"].into_iter().find(|s| *s != section && directives::is_directive(s, key));
    if let Some(home) = elsewhere {
        return refuse(message, format!("it belongs into [{home}]"));
    }
    let near = nearest(key, directives::directives(section).iter().copied());
    refuse(
        message,
        near.map_or_else(
            || "systemd would ignore it: see systemd.directives(7)".to_owned(),
            |near| format!("write {}", named(section, near).unwrap_or_else(|| format!("`{near}`"))),
        ),
    )
}

/// The key of the catalog that says what a directive says.
fn named(section: &str, directive: &str) -> Option<String> {
    if let Some((_, ours)) = LIMITS.iter().find(|(name, _)| *name == directive) {
        return Some(format!("`{ours}` in [limits]"));
    }
    let (.., ours) = NAMED.iter().find(|(s, name, _)| *s == section && *name == directive)?;
    Some(ours.split_once(" in ").map_or_else(|| format!("`{ours}`"), |(key, table)| format!("`{key}` in {table}")))
}

/// The lines of `[quadlet.SECTION]` for the sections that go into the unit itself, then those of `[systemd.*]`.
pub(crate) fn lines(
    fields: &Fields<'_>,
    sections: &[&str],
    target: &Target,
    diagnostics: &mut Diagnostics,
) -> Vec<Verbatim> {
    let quadlet = fields.table("quadlet");
    let mut lines = Vec::new();
    for section in sections {
        lines.extend(section_lines(section, &quadlet.table(section), target, diagnostics));
    }
    lines.extend(systemd(fields, diagnostics));
    lines
}

/// The sections of `[quadlet.*]` that make a unit of their own.
const COMPANIONS: &[&str] = &["Image", "Build", "Pod", "Artifact"];

/// The units that `[quadlet.*]` makes beside a service or stack.
pub(crate) fn companions(
    fields: &Fields<'_>,
    name: &Name,
    target: &Target,
    diagnostics: &mut Diagnostics,
) -> Vec<Companion> {
    let quadlet = fields.table("quadlet");
    let mut companions = Vec::new();
    for unit_type in keys::UnitType::all() {
        let group = unit_type.group();
        // Any other section was refused for what it is.
        if !COMPANIONS.contains(&group) || !quadlet.has(group) {
            continue;
        }
        let origin = fields::origin(quadlet.node(group));
        if unit_type.since() > target.podman.value.pair() {
            let (major, minor) = unit_type.since();
            diagnostics.push(
                Diagnostic::general(format!(
                    "a {} unit needs Podman {major}.{minor}, the target is {}",
                    unit_type.suffix(),
                    target.podman.value
                ))
                .at_origin(origin)
                .help(format!("set `podman = \"{major}.{minor}\"` in [target] of catalog.toml, if every host has it")),
            );
            continue;
        }
        let lines = section_lines(group, &quadlet.table(group), target, diagnostics);
        companions.push(Companion { group, name: name.clone(), lines, origin });
    }
    companions
}

fn section_lines(section: &str, table: &Fields<'_>, target: &Target, diagnostics: &mut Diagnostics) -> Vec<Verbatim> {
    let mut lines = Vec::new();
    for (key, line) in table.entries() {
        match quadlet_problem(section, key, line, target) {
            Some(problem) => diagnostics.push(problem),
            None => {
                let syntax = keys::key(section, key).map_or(Syntax::Lines, |key| key.syntax);
                push_values(section, key, &line.node, syntax, &mut lines, diagnostics);
            }
        }
    }
    if section == "Container" {
        for line in lines.iter().filter(|line| line.key == "Mount") {
            let words = crate::unit::split::split(&line.value.value, crate::unit::split::Mode::Args).into_texts();
            for word in &words {
                mount::check(word, line.value.origin, diagnostics);
            }
        }
        for line in lines.iter().filter(|line| line.key == "PodmanArgs") {
            let words = crate::unit::split::split(&line.value.value, crate::unit::split::Mode::Args).into_texts();
            podman_args(words.iter().map(|word| (word.as_str(), line.value.origin)), diagnostics);
        }
    }
    lines
}

fn quadlet_problem(section: &str, key: &str, line: &Entry, target: &Target) -> Option<Diagnostic> {
    let refuse = |message: String, help: String| Some(Diagnostic::error(message, line.key).help(help));
    let Some(row) = keys::key(section, key) else {
        let message = format!("[{section}] has no key `{}` in any Podman", key.escape_debug());
        if let Some(home) = ["Service", "Unit"].into_iter().find(|home| directives::is_directive(home, key)) {
            return refuse(message, format!("it is systemd's: write it in [systemd.{home}]"));
        }
        let near = nearest(key, keys::keys(section).iter().map(|row| row.name));
        return refuse(
            message,
            near.map_or_else(
                || "Podman would not generate the unit at all".to_owned(),
                |near| format!("write `{near}`"),
            ),
        );
    };
    let limit = match (section, key) {
        ("Container", "Memory") => Some("memory"),
        ("Container", "PidsLimit") => Some("pids"),
        _ => None,
    };
    if let Some(ours) = limit {
        return refuse(
            format!("`{key}` would contradict the limits"),
            format!("write `{ours}` in [limits], which states it in every layer"),
        );
    }
    if !row.is_known_to(target.podman.value.pair()) {
        let (major, minor) = row.since;
        return refuse(
            format!("`{key}` needs Podman {major}.{minor}, the target is {}", target.podman.value),
            format!(
                "Podman {} would not generate the unit: set `podman = \"{major}.{minor}\"` in [target] of catalog.toml, or leave the key out",
                target.podman.value
            ),
        );
    }
    if (section, key) == ("Container", "CgroupsMode")
        && let Some(mode) = texts(line).find(|text| *text != "split")
    {
        return refuse(
            format!("CgroupsMode={} takes the container out of its service's cgroup", mode.escape_debug()),
            "the limits of the service would no longer hold it: leave the key out".to_owned(),
        );
    }
    None
}

/// The strings of a line: its value, or each of a list.
fn texts(line: &Entry) -> impl Iterator<Item = &str> {
    fields::items(&line.node).iter().filter_map(|item| match &item.value {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    })
}

/// Refuses podman arguments that state a limit a second time, or take the container out of its service's cgroup.
pub(crate) fn podman_args<'w>(words: impl Iterator<Item = (&'w str, Origin)>, diagnostics: &mut Diagnostics) {
    for (word, origin) in words {
        let flag = word.split('=').next().unwrap_or(word);
        let short = word.starts_with("-m") && !word.starts_with("--");
        let limit = LIMIT_FLAGS.iter().find(|(name, _)| *name == flag || (short && *name == "-m"));
        let problem = match limit {
            Some((_, ours)) => Some((
                format!("`{}` would contradict the limits", word.escape_debug()),
                format!("write `{ours}` in [limits], which states it in every layer"),
            )),
            None if matches!(flag, "--cgroups" | "--cgroup-parent") => Some((
                format!("`{}` takes the container out of its service's cgroup", word.escape_debug()),
                "the limits of the service would no longer hold it: leave it out".to_owned(),
            )),
            None => None,
        };
        if let Some((message, help)) = problem {
            diagnostics.push(Diagnostic::general(message).at_origin(origin).help(help));
        }
    }
}

/// One line for each value.
fn push_values(
    section: &str,
    key: &str,
    node: &Node,
    syntax: Syntax,
    lines: &mut Vec<Verbatim>,
    diagnostics: &mut Diagnostics,
) {
    if let [_, second, ..] = fields::items(node)
        && keys::key(section, key).is_some_and(|row| !row.list)
    {
        diagnostics.push(
            Diagnostic::error(format!("`{key}` takes one value"), second.span)
                .help("Podman would take the last and forget the others: keep one"),
        );
    }
    for value in fields::items(node) {
        let text = match &value.value {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Boolean(yes) => yes.to_string(),
            _ => continue,
        };
        match quote::verbatim(&text, syntax) {
            Ok(written) => lines.push(Verbatim {
                section: section.to_owned(),
                key: key.to_owned(),
                value: Sourced::new(written, value.origin()),
            }),
            Err(refusal) => {
                diagnostics.push(Diagnostic::error(refusal.to_string(), value.span).help(refusal.help()));
            }
        }
    }
}
