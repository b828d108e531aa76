//! `PL8xx`: what only shows when all units are looked at together, and `PL905`.
//!
//! Ten thousand services are looked at in one go: names are looked up in maps, and ranges are swept in order.

mod labels;
mod limits;
mod names;
mod networks;
mod order;
mod ports;
mod sharing;
pub(crate) mod ties;

use super::{Check, Found, Rule, Scope};
use crate::{
    diagnostic::Severity,
    policy::{Effective, facts::Container, quadlet::Loaded},
    unit::UnitType,
};

pub(super) const RULES: &[Rule] = &[
    names::DUPLICATE_NAME,
    ports::DUPLICATE_PORT,
    networks::DUPLICATE_ADDRESS,
    sharing::NEEDLESS_NETWORK,
    labels::SHARED_VOLUME,
    limits::SLICE_NESTING,
    order::CYCLE,
    limits::SUM,
    ports::USER_RANGES,
    labels::NESTED_SOURCES,
    sharing::NETWORK_NAMESPACE,
    sharing::ORPHAN,
    networks::SUBNETS,
    labels::SAME_LEVEL,
    names::SHADOWS,
    names::DEFAULT_NAME,
    order::NEVER_STARTED,
    names::MODE_AS_NAME,
    limits::SLICE_AMONG_QUADLETS,
];

/// Whose podman it is: `""` for root's, else the directory of the user. Two users have nothing in common but the host.
fn realm<'a>(unit: &Effective<'a>) -> &'a str {
    let path = unit.file().path();
    for (marker, parts) in [("containers/systemd/users/", 1), (".config/containers/systemd/", 0)] {
        if let Some(at) = path.find(marker) {
            let rest = &path[at + marker.len()..];
            let more = if parts == 0 { 0 } else { rest.find('/').map_or(0, |at| at + 1) };
            return &path[..at + marker.len() + more];
        }
    }
    ""
}

/// How bad it is that two units cannot run on one host. Files of one directory, or of a host, are meant to; those of
/// several directories may be a collection that one chooses from.
fn collision(a: &Effective<'_>, b: &Effective<'_>, scope: &Scope<'_>) -> Severity {
    let is_of_host = |unit: &Effective<'_>| {
        let shown = scope.sources.file(unit.file().id).path.as_str();
        shown.contains(PODMANS) || unit.file().path().contains(PODMANS)
    };
    let together = a.file().dir() == b.file().dir() || (is_of_host(a) && is_of_host(b));
    if together { Severity::Error } else { Severity::Warning }
}

/// What every directory that Podman reads ends with.
const PODMANS: &str = "containers/systemd/";

/// The name that podman knows a unit's resource by; `None` where a specifier decides.
fn resource_name(loaded: &Loaded<'_>) -> Option<String> {
    let key = match loaded.unit_type {
        UnitType::Container => "ContainerName",
        UnitType::Pod => "PodName",
        UnitType::Network => "NetworkName",
        UnitType::Volume => "VolumeName",
        UnitType::Image | UnitType::Build | UnitType::Kube | UnitType::Artifact => return None,
    };
    if let Some(value) = loaded.unit.last(loaded.unit_type.group(), key) {
        return expanded(value.unquoted(), &loaded.service);
    }
    let file = loaded.unit.file().name();
    let stem = if loaded.unit_type == UnitType::Container { loaded.service.as_str() } else { stem(file) };
    (!stem.contains('@')).then(|| format!("systemd-{stem}"))
}

/// The name of a file without its suffix.
fn stem(file: &str) -> &str {
    UnitType::of_file(file).map_or(file, |(stem, _)| stem)
}

/// A text with the specifiers that the name of the service decides; `None` where it holds others.
fn expanded(text: &str, service: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '$' {
            return None;
        }
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            '%' => out.push('%'),
            'N' | 'p' if !service.contains('@') => out.push_str(service),
            'n' if !service.contains('@') => {
                out.push_str(service);
                out.push_str(".service");
            }
            _ => return None,
        }
    }
    Some(out)
}

/// The pod of a container, or the container itself: what has one network namespace and one SELinux label.
fn group_of(container: &Container<'_>) -> String {
    let pod = container.unit.last("Container", "Pod");
    pod.map_or_else(|| container.name.to_owned(), |pod| pod.unquoted().to_owned())
}

/// A few names for a message: `` `a`, `b` and 3 more``.
fn a_few(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match (names.len().saturating_sub(SHOWN), shown.split_last()) {
        (0, Some((last, []))) => last.clone(),
        (0, Some((last, first))) => format!("{} and {last}", first.join(", ")),
        (more, _) => format!("{} and {more} more", shown.join(", ")),
    }
}
