//! Files that several services mount, and the SELinux labels that part them.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use super::{Check, Found, Rule, Scope, group_of, realm, resource_name};
use crate::{
    diagnostic::Severity,
    policy::facts::{Container, Mount, MountKind, UserNamespace},
};

pub(super) const SHARED_VOLUME: Rule = Rule {
    id: "PL805",
    name: "shared-volume-labels",
    severity: Severity::Warning,
    what: "A directory or volume that several services mount belongs to one of them alone.",
    why: "`Z` gives the files the private SELinux label of the container that starts last; the others are locked out until \
          they are started again and lock it out in turn. User ranges do the same to owners: what one container of \
          `UserNS=auto` writes belongs to nobody in the other, unless both mount it with `idmap`.",
    fix: "write z for all of them, and idmap where they have user namespaces",
    bad: "# web.container\n[Container]\nVolume=/srv/shared:/data:ro,Z\n# api.container\n[Container]\nVolume=/srv/shared:/data:ro,Z",
    good: "# web.container\n[Container]\nVolume=/srv/shared:/data:ro,z,idmap\n# api.container\n[Container]\nVolume=/srv/shared:/data:ro,z,idmap",
    sources: &["B28", "B29", "B31", "podman-run(1) --volume"],
    check: Check::Across(shared_volume),
};

pub(super) const NESTED_SOURCES: Rule = Rule {
    id: "PL810",
    name: "nested-volume-sources",
    severity: Severity::Info,
    what: "A service mounts a directory that holds the directory of another service.",
    why: "It may read, and if it can write replace, the other's files from above, past all that keeps the containers apart. \
          With `Z` it also takes them over: the whole tree gets its private SELinux label, and the other service is locked out.",
    fix: "mount only the part that is needed, or ro",
    bad: "# web.container\n[Container]\nVolume=/srv/app:/app:rw,z\n# api.container\n[Container]\nVolume=/srv/app/api:/data:rw,z",
    good: "# web.container\n[Container]\nVolume=/srv/app/web:/app:rw,z,idmap,nosuid,nodev\n# api.container\n[Container]\nVolume=/srv/app/api:/data:rw,z,idmap,nosuid,nodev",
    sources: &["A46", "B28", "podman-run(1) --volume"],
    check: Check::Across(nested_sources),
};

pub(super) const SAME_LEVEL: Rule = Rule {
    id: "PL814",
    name: "same-selinux-level",
    severity: Severity::Warning,
    what: "Two services run with the same SELinux categories.",
    why: "The two categories of its level are all that SELinux tells one container from another by: with the same ones, a \
          process that leaves its container may open the files of the other. Containers of one pod share them on purpose.",
    fix: "give each its own pair of categories, or leave the level to podman",
    bad: "# web.container\n[Container]\nSecurityLabelLevel=s0:c100,c200\n# api.container\n[Container]\nSecurityLabelLevel=s0:c200,c100",
    good: "# web.container\n[Container]\nSecurityLabelLevel=s0:c100,c200\n# api.container\n[Container]\nSecurityLabelLevel=s0:c100,c201",
    sources: &["B03", "podman-run(1) --security-opt label=level"],
    check: Check::Across(same_level),
};

/// A mount of a container.
#[derive(Clone, Copy)]
struct Use<'a> {
    container: &'a Container<'a>,
    group: &'a str,
    mount: &'a Mount<'a>,
}

/// A path without doubled and trailing slashes.
fn clean(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    format!("/{}", parts.join("/"))
}

/// What is mounted, so that two of them are equal where they are the same thing.
fn source(container: &Container<'_>, mount: &Mount<'_>, scope: &Scope<'_>) -> Option<String> {
    let text = &*mount.source;
    let realm = realm(container.unit);
    match mount.kind {
        MountKind::Bind if text.starts_with('/') => (!text.contains(['%', '$'])).then(|| clean(text)),
        // The home directory of whoever starts it.
        MountKind::Bind if text.starts_with("%h/") => Some(format!("{realm}%h{}", clean(&text[2..]))),
        MountKind::Bind if text.starts_with("./") => Some(format!("{}:{}", container.unit.file().dir(), clean(text))),
        MountKind::Volume if !text.is_empty() && !text.contains(['%', '$']) => {
            let name = scope.tree.unit(text).and_then(resource_name).unwrap_or_else(|| text.to_owned());
            Some(format!("{realm}volume {name}"))
        }
        _ => None,
    }
}

fn label<'a>(container: &'a Container<'_>, name: &'a str) -> Option<&'a str> {
    container.run.security("label").filter_map(|(value, _)| value.strip_prefix(name)).next_back()
}

fn shared_volume(containers: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let groups: Vec<String> = containers.iter().map(group_of).collect();
    let mut sources: BTreeMap<String, Vec<Use<'_>>> = BTreeMap::new();
    for (container, group) in containers.iter().zip(&groups) {
        for mount in &container.mounts {
            if let Some(source) = source(container, mount, scope) {
                sources.entry(source).or_default().push(Use { container, group, mount });
            }
        }
    }
    for uses in sources.values() {
        labels(uses, found);
        owners(uses, found);
    }
}

/// The first use, and the first of another group.
fn first_two<'u, 'a>(uses: &'u [Use<'a>]) -> Option<(&'u Use<'a>, &'u Use<'a>)> {
    let first = uses.first()?;
    Some((first, uses.iter().find(|other| other.group != first.group)?))
}

fn labels(uses: &[Use<'_>], found: &mut Found<'_>) {
    let labelled: Vec<Use<'_>> = uses.iter().filter(|one| label(one.container, "disable").is_none()).copied().collect();
    let Some((first, second)) = first_two(&labelled) else { return };
    for one in labelled.iter().filter(|one| one.mount.relabel() == Some('Z')) {
        let other = if one.group == first.group { second } else { first };
        let level = label(one.container, "level:");
        if level.is_some() && level == label(other.container, "level:") {
            continue;
        }
        let (source, name) = (&one.mount.source, other.container.name);
        let message = format!("`Z` takes `{source}` away from `{name}`, which mounts it too");
        found.about(one.container.unit, one.mount.at, message).related(other.mount.at, "the other mount");
    }
}

fn owners(uses: &[Use<'_>], found: &mut Found<'_>) {
    let is_moved = |one: &&Use<'_>| {
        let has_range = matches!(one.container.user_namespace, UserNamespace::Auto(..));
        has_range && one.mount.is_writable() && !one.mount.has("idmap") && !one.mount.has("U")
    };
    let moved: Vec<Use<'_>> = uses.iter().filter(is_moved).copied().collect();
    let Some((first, second)) = first_two(&moved) else { return };
    let (source, name) = (&second.mount.source, first.container.name);
    let message = format!("what `{name}` writes to `{source}` belongs to nobody here, and the other way round");
    let finding = found.about(second.container.unit, second.mount.at, message);
    finding.related(first.mount.at, "the other mount");
}

/// The deepest nesting that is looked through.
const DEPTH: usize = 16;

fn nested_sources(containers: &[Container<'_>], _: &Scope<'_>, found: &mut Found<'_>) {
    let groups: Vec<String> = containers.iter().map(group_of).collect();
    // With the slashes made the smallest characters, a directory is followed by all that is in it.
    let mut paths: BTreeMap<String, Vec<Use<'_>>> = BTreeMap::new();
    for (container, group) in containers.iter().zip(&groups) {
        for mount in container.mounts.iter().filter(|mount| mount.kind == MountKind::Bind) {
            if mount.source.starts_with('/') && !mount.source.contains(['%', '$']) {
                let path = clean(&mount.source).replace('/', "\0");
                paths.entry(path).or_default().push(Use { container, group, mount });
            }
        }
    }
    // The root directory is a matter of its own.
    paths.remove("\0");
    let mut above: Vec<(&str, &[Use<'_>])> = Vec::new();
    let mut told: BTreeMap<&str, (Use<'_>, Use<'_>, usize)> = BTreeMap::new();
    for (path, uses) in &paths {
        while above.last().is_some_and(|(top, _)| !path.strip_prefix(top).is_some_and(|rest| rest.starts_with('\0'))) {
            above.pop();
        }
        for (top, holders) in above.iter().rev().take(DEPTH) {
            let takes = |one: &&Use<'_>| one.mount.is_writable() || one.mount.relabel() == Some('Z');
            let holder = holders.iter().find(takes);
            let pair = holder.and_then(|holder| Some((holder, uses.iter().find(|one| one.group != holder.group)?)));
            if let Some((holder, inner)) = pair {
                told.entry(top).and_modify(|(.., count)| *count += 1).or_insert((*holder, *inner, 1));
            }
        }
        above.push((path, uses));
    }
    for (holder, inner, count) in told.values() {
        let more = if *count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let (path, name) = (&inner.mount.source, inner.container.name);
        let message = format!("`{}` holds `{path}` of `{name}`{more}", holder.mount.source);
        let finding = found.about(holder.container.unit, holder.mount.at, message);
        finding.related(inner.mount.at, "mounted here");
        if holder.mount.relabel() == Some('Z') {
            finding.severity(Severity::Warning);
        }
    }
}

fn same_level(containers: &[Container<'_>], _: &Scope<'_>, found: &mut Found<'_>) {
    let mut seen: HashMap<String, &Container<'_>> = HashMap::new();
    for container in containers {
        let mut levels =
            container.run.security("label").filter_map(|(value, arg)| Some((value.strip_prefix("level:")?, arg)));
        let Some((level, arg)) = levels.next_back().filter(|(level, _)| level.contains(":c")) else { continue };
        let (sensitivity, categories) = level.split_once(':').unwrap_or((level, ""));
        let mut categories: Vec<&str> = categories.split(',').collect();
        categories.sort_unstable();
        match seen.entry(format!("{sensitivity}:{}", categories.join(","))) {
            Entry::Vacant(entry) => {
                entry.insert(container);
            }
            Entry::Occupied(entry) if group_of(entry.get()) != group_of(container) => {
                let message = format!("`{}` runs at {level} too", entry.get().name);
                found.about(container.unit, arg.at, message);
            }
            Entry::Occupied(_) => {}
        }
    }
}
