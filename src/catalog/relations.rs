//! What only shows between services: names taken twice, cycles, shared directories, references to addresses.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Origin, Span},
    model::{AllowEntry, Catalog, DependencyKind, Mount, Name, NetworkRef, Service},
    unit::keys::UnitType,
};

/// Looks at the whole catalog.
pub(crate) fn check(catalog: &Catalog, diagnostics: &mut Diagnostics) {
    unit_names(catalog, diagnostics);
    cycles(catalog, diagnostics);
    // What follows looks at values that a mistake elsewhere may have left out.
    if !diagnostics.has_errors() {
        shared_sources(catalog, diagnostics);
        allowed_services(catalog, diagnostics);
    }
}

/// The longest name of a unit (systemd.unit(5)).
const LONGEST_UNIT: usize = 255;

/// Quadlet ignores the second file of a name and lets the second service of a name overwrite the first, both without a
/// word.
fn unit_names(catalog: &Catalog, diagnostics: &mut Diagnostics) {
    let mut taken: IndexMap<String, (Origin, String)> = IndexMap::new();
    let mut take = |unit: String, origin: Origin, what: String| {
        if unit.len() > LONGEST_UNIT {
            diagnostics.push(
                Diagnostic::general(format!("the unit name of {what} has {} characters", unit.len()))
                    .at_origin(origin)
                    .help(format!("systemd takes {LONGEST_UNIT}, and in the name of a slice each `-` is written as `\\x2d`: take a shorter name, or fewer `-`")),
            );
        }
        if let Some((first, owner)) = taken.get(&unit) {
            diagnostics.push(
                Diagnostic::general(format!("two units are called {unit}: {owner} and {what}"))
                    .at_origin(origin)
                    .related(*first, "the first one")
                    .help("systemd would see one of them only: rename one"),
            );
        } else {
            taken.insert(unit, (origin, what));
        }
    };
    let root = catalog.slice.name.slice_level();
    take(format!("{root}.slice"), catalog.slice.origin, "the fleet's slice".to_owned());
    for stack in catalog.stacks.values() {
        let origin = stack.file.map_or(Origin::BuiltIn, |file| Origin::At(Span { file, start: 0, end: 0 }));
        take(
            format!("{root}-{}.slice", stack.name.slice_level()),
            origin,
            format!("the slice of the stack `{}`", stack.name),
        );
    }
    for network in catalog.networks.values().filter(|network| !network.external) {
        let service = UnitType::Network.service_name(network.name.as_str());
        take(service, network.origin, format!("the service of the network `{}`", network.name));
    }
    for volume in catalog.volumes.values().filter(|volume| !volume.external) {
        let service = UnitType::Volume.service_name(volume.name.as_str());
        take(service, volume.origin, format!("the service of the volume `{}`", volume.name));
    }
    for service in catalog.services.values() {
        let file = Origin::At(Span { file: service.file, start: 0, end: 0 });
        let name = service.service_name.as_ref().map_or(file, |name| name.origin);
        take(format!("{}.container", service.name), file, format!("the service `{}`", service.name));
        take(service.unit(), name, format!("the service `{}`", service.name));
        let stack = service.stack.as_ref().map(|stack| format!("{}-", stack.slice_level())).unwrap_or_default();
        take(
            format!("{root}-{stack}{}.slice", service.stem.slice_level()),
            file,
            format!("the slice of `{}`", service.name),
        );
        if let Some(pull) = &service.pull_unit {
            take(
                UnitType::Image.service_name(service.name.as_str()),
                pull.origin,
                format!("the image of `{}`", service.name),
            );
        }
        for companion in &service.companions {
            take_companion(&mut take, companion.group, &companion.name, companion.origin);
        }
    }
    for (_, companion) in &catalog.companions {
        take_companion(&mut take, companion.group, &companion.name, companion.origin);
    }
}

fn take_companion(take: &mut impl FnMut(String, Origin, String), group: &str, name: &Name, origin: Origin) {
    if let Some(unit_type) = UnitType::all().iter().find(|t| t.group() == group) {
        take(unit_type.service_name(name.as_str()), origin, format!("{name}{}", unit_type.suffix()));
    }
}

/// A source that two services mount must be marked as shared in both: with a label of its own for each (`Z`) the last
/// to start takes it away from the first.
fn shared_sources(catalog: &Catalog, diagnostics: &mut Diagnostics) {
    let mut users: BTreeMap<String, Vec<(&Service, &Mount)>> = BTreeMap::new();
    for service in catalog.services.values() {
        for mount in &service.mounts {
            users.entry(mount.source.value.to_string()).or_default().push((service, mount));
        }
    }
    for (source, users) in &users {
        let services: Vec<&str> = users.iter().map(|(service, _)| service.name.as_str()).collect();
        let first = services[0];
        let shown = if source.starts_with('/') { source } else { source.trim_end_matches(".volume") };
        if services.iter().all(|name| *name == first) {
            continue;
        }
        for (service, mount) in users.iter().filter(|(_, mount)| !mount.shared) {
            let other = users.iter().find(|(other, _)| other.name != service.name);
            let (name, origin) = other.map_or((first, Origin::BuiltIn), |(s, m)| (s.name.as_str(), m.source.origin));
            diagnostics.push(
                Diagnostic::general(format!("`{shown}` is mounted by `{}` and by `{name}`, but not shared", service.name))
                    .at_origin(mount.source.origin)
                    .related(origin, "mounted here too")
                    .help("the last to start would take it away from the other: write `shared = true` in both, or give each a directory of its own"),
            );
        }
    }
}

/// Nothing can start that waits for itself.
fn cycles(catalog: &Catalog, diagnostics: &mut Diagnostics) {
    let edges = waits(catalog);
    let mut states: BTreeMap<&Name, State> = BTreeMap::new();
    for start in edges.keys() {
        let mut path = Vec::new();
        visit(start, &edges, &mut states, &mut path, diagnostics);
    }
}

/// Whom each service waits for, and where that is written.
type Edges<'a> = IndexMap<&'a Name, Vec<(&'a Name, Origin)>>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Done,
}

fn visit<'a>(
    name: &'a Name,
    edges: &Edges<'a>,
    states: &mut BTreeMap<&'a Name, State>,
    path: &mut Vec<(&'a Name, Origin)>,
    diagnostics: &mut Diagnostics,
) {
    if states.contains_key(name) {
        return;
    }
    states.insert(name, State::Open);
    for (next, origin) in edges.get(name).into_iter().flatten() {
        path.push((name, *origin));
        if states.get(next) == Some(&State::Open) {
            let from = path.iter().position(|(on, _)| on == next).unwrap_or(0);
            let mut names: Vec<&str> = path[from..].iter().map(|(on, _)| on.as_str()).collect();
            names.push(next.as_str());
            let word = |pair: &[&str]| format!("`{}` waits for `{}`", pair[0], pair[1]);
            let mut diagnostic = Diagnostic::general(format!("a cycle of dependencies: {}", names.join(" → ")))
                .at_origin(*origin)
                .label(word(&names[names.len() - 2..]))
                .help("none of them could start: take one of these dependencies out");
            for (pair, (_, origin)) in names.windows(2).zip(&path[from..path.len() - 1]) {
                diagnostic = diagnostic.related(*origin, word(pair));
            }
            diagnostics.push(diagnostic);
        } else {
            visit(next, edges, states, path, diagnostics);
        }
        path.pop();
    }
    states.insert(name, State::Done);
}

fn waits(catalog: &Catalog) -> Edges<'_> {
    let mut edges: Edges<'_> = catalog.services.values().map(|service| (&service.name, own_waits(service))).collect();
    // `before` of one service is an `after` of the other.
    for service in catalog.services.values() {
        for dependency in service.dependencies.iter().filter(|d| d.kind == DependencyKind::Before) {
            if let Some(later) = dependency.service.as_ref().and_then(|name| edges.get_mut(name)) {
                later.push((&service.name, dependency.origin));
            }
        }
    }
    edges
}

fn own_waits(service: &Service) -> Vec<(&Name, Origin)> {
    let after = service.dependencies.iter().filter(|d| d.kind.waits());
    let after = after.filter_map(|d| Some((d.service.as_ref()?, d.origin)));
    let namespaces = service.networks.iter().filter_map(|attachment| match &attachment.network {
        NetworkRef::Service(name) => Some((name, attachment.origin)),
        _ => None,
    });
    after.chain(namespaces).collect()
}

/// A service that is allowed by name must have an address to allow.
fn allowed_services(catalog: &Catalog, diagnostics: &mut Diagnostics) {
    for service in catalog.services.values() {
        for entry in service.ip_address_allow.iter().flat_map(|allow| &allow.value) {
            let AllowEntry::Service(name) = &entry.value else { continue };
            let fixed = catalog.services.get(name).is_some_and(|peer| peer.networks.iter().any(|a| !a.ips.is_empty()));
            if !fixed {
                diagnostics.push(
                    Diagnostic::general(format!("`{name}` has no fixed address to allow"))
                        .at_origin(entry.origin)
                        .help(format!("give `{name}` an `ip` in its [[network]], or allow the network")),
                );
            }
        }
    }
}
