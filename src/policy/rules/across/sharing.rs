//! Networks that are shared, with or without a need, and what nobody uses.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    Check, Found, Rule, Scope, a_few, group_of, realm, resource_name,
    ties::{Says, Tie},
};
use crate::{
    diagnostic::{Severity, Span},
    policy::{
        Effective,
        facts::{Container, MountKind, NetworkMode},
    },
    unit::{UnitType, split::Mode},
};

pub(super) const NEEDLESS_NETWORK: Rule = Rule {
    id: "PL804",
    name: "needless-shared-network",
    severity: Severity::Info,
    what: "Services share a network, and nothing in their units says that they talk to each other.",
    why: "Within a network everybody reaches every port of everybody: a container that was taken over begins with its \
          neighbours. Two services have to do with each other where one orders itself after the other, needs it, or names it \
          in a variable or its command; a network is a good one where such threads tie all its members together.",
    fix: "give them networks of their own, or say what belongs together with After= and Wants=",
    bad: "# web.container\n[Container]\nNetwork=lan.network\n# api.container\n[Container]\nNetwork=lan.network\n# lan.network\n[Network]\nNetworkName=lan",
    good: "# web.container\n[Unit]\nAfter=api.service\n[Container]\nNetwork=lan.network\n# api.container\n[Container]\nNetwork=lan.network\n# lan.network\n[Network]\nNetworkName=lan",
    sources: &["A48", "CIS 5.30", "kube-score pod-networkpolicy"],
    check: Check::Across(needless_network),
};

pub(super) const NETWORK_NAMESPACE: Rule = Rule {
    id: "PL811",
    name: "shared-network-namespace",
    severity: Severity::Info,
    what: "A container lives in the network namespace of another one.",
    why: "It has the other's addresses and ports, reaches what listens on its loopback alone, and loses its network \
          whenever the other is restarted. That is how one sends a service through a VPN; for two services that only talk, a \
          network of their own keeps more apart.",
    fix: "put both into a network of their own, unless the one is the other's way out",
    bad: "# web.container\n[Container]\nNetwork=api.container\n# api.container\n[Container]\nReadOnly=true",
    good: "# web.container\n[Container]\nNetwork=none\n# api.container\n[Container]\nReadOnly=true",
    sources: &["A27", "podman-run(1) --network container:"],
    check: Check::Container(network_namespace),
};

pub(super) const ORPHAN: Rule = Rule {
    id: "PL812",
    name: "orphan",
    severity: Severity::Info,
    what: "A network, a volume or a pod is declared, and no unit uses it.",
    why: "It is a leftover, or a reference to it is misspelt and its users have fallen back to something else: a volume that \
          is mounted under a wrong name is a new, empty one.",
    fix: "use it, or remove the file",
    bad: "# web.container\n[Container]\nReadOnly=true\n# spare.network\n[Network]\nNetworkName=spare",
    good: "# web.container\n[Container]\nNetwork=spare.network\n# spare.network\n[Network]\nNetworkName=spare",
    sources: &["kube-linter dangling-service"],
    check: Check::Across(orphan),
};

/// A network and who is in it.
#[derive(Default)]
struct Members<'a> {
    /// Containers, as indices.
    containers: Vec<usize>,
    /// Where the first one joins.
    at: Option<(&'a Effective<'a>, Span)>,
}

fn needless_network(containers: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let names: BTreeMap<String, String> = (scope.tree.of_type(UnitType::Network))
        .filter_map(|loaded| Some((loaded.unit.file().name().to_owned(), resource_name(loaded)?)))
        .collect();
    let mut order: Vec<(&str, String)> = Vec::new();
    let mut networks: HashMap<(&str, String), Members<'_>> = HashMap::new();
    for (index, container) in containers.iter().enumerate() {
        for network in &container.networks {
            let name = match &network.mode {
                NetworkMode::Unit(file) if !is_private(file, scope) => names.get(file).unwrap_or(file),
                NetworkMode::Named(name) => name,
                _ => continue,
            };
            let key = (realm(container.unit), name.clone());
            let members = networks.entry(key.clone()).or_insert_with(|| {
                order.push(key);
                Members::default()
            });
            members.containers.push(index);
            members.at.get_or_insert((container.unit, network.at));
        }
    }
    let index_of: HashMap<usize, usize> = (containers.iter().enumerate()).map(|(at, c)| (c.unit.index(), at)).collect();
    let ties: Vec<Vec<usize>> = (containers.iter())
        .map(|container| {
            let ties = scope.ties_of(container.unit).iter().filter(|tie| tie.says != Says::Uses);
            ties.filter_map(|tie| index_of.get(&scope.tree.units[tie.to].unit.index()).copied()).collect()
        })
        .collect();
    let known: HashSet<&str> = containers.iter().flat_map(names_of).collect();
    let words: Vec<Vec<String>> = containers.iter().map(|container| words_said(container, &known)).collect();
    let by_name: HashMap<&str, &str> = names.iter().map(|(file, name)| (name.as_str(), file.as_str())).collect();
    for key in order {
        let members = &networks[&key];
        let groups = strangers(&members.containers, containers, &ties, &words);
        let (Some((unit, at)), [_, _, ..]) = (members.at, groups.as_slice()) else { continue };
        let loaded = by_name.get(key.1.as_str()).and_then(|file| scope.tree.unit(file));
        let (unit, at) = loaded.map_or((unit, at), |loaded| (&loaded.unit, loaded.unit.header("Network")));
        let strangers: Vec<&str> = groups.iter().map(|index| containers[*index].name).collect();
        found.about(unit, at, format!("{} share `{}` and do not name each other", a_few(&strangers), key.1));
    }
}

/// Whether its members are kept apart from each other.
fn is_private(file: &str, scope: &Scope<'_>) -> bool {
    let network = scope.tree.unit(file).map(|loaded| loaded.unit.list("Network", "Options"));
    let mut words = network.iter().flatten().flat_map(|value| value.split(Mode::Args).into_texts());
    words.any(|word| word.split(',').any(|option| option == "mode=private"))
}

/// One of each of the groups that the members of a network fall into.
fn strangers(
    members: &[usize],
    containers: &[Container<'_>],
    ties: &[Vec<usize>],
    words: &[Vec<String>],
) -> Vec<usize> {
    let mut place: HashMap<usize, usize> = HashMap::new();
    let mut known_as: HashMap<&str, usize> = HashMap::new();
    let mut pods: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<usize> = Vec::new();
    for index in members {
        if place.contains_key(index) {
            continue;
        }
        let at = groups.len();
        groups.push(at);
        place.insert(*index, at);
        let container = &containers[*index];
        let first = *pods.entry(group_of(container)).or_insert(at);
        join(&mut groups, at, first);
        names_of(container).for_each(|name| _ = known_as.insert(name, at));
    }
    for (index, at) in &place {
        let said = words[*index].iter().filter_map(|word| known_as.get(word.as_str()));
        let named = ties[*index].iter().filter_map(|other| place.get(other));
        for other in said.chain(named) {
            join(&mut groups, *at, *other);
        }
    }
    let mut seen = HashSet::new();
    members.iter().filter(|index| seen.insert(root(&mut groups, place[*index]))).copied().collect()
}

fn root(groups: &mut [usize], mut at: usize) -> usize {
    while groups[at] != at {
        groups[at] = groups[groups[at]];
        at = groups[at];
    }
    at
}

fn join(groups: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(groups, a), root(groups, b));
    groups[a.max(b)] = a.min(b);
}

/// What others may call a container.
fn names_of<'c>(container: &'c Container<'_>) -> impl Iterator<Item = &'c str> {
    let args = container.run.args().iter();
    let args = args.filter(|arg| matches!(arg.flag.as_ref(), "name" | "network-alias" | "hostname"));
    let options = container.networks.iter().flat_map(|network| &network.options);
    let aliases = options.filter_map(|option| option.strip_prefix("alias="));
    std::iter::once(container.name).chain(args.map(|arg| arg.value.as_ref())).chain(aliases)
}

/// Names of others in variables and commands: `postgres://app@db:5432/x` says `db`.
fn words_said(container: &Container<'_>, known: &HashSet<&str>) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let variables = container.run.args().iter().filter(|arg| matches!(arg.flag.as_ref(), "env" | "label"));
    let variables = variables.filter_map(|arg| arg.value.split_once('=').map(|(_, value)| value.to_owned()));
    let exec = container.unit.last("Container", "Exec").map(|value| value.text.into_owned());
    let mut words: Vec<String> = variables
        .chain(exec)
        .flat_map(|text| {
            let words = text.split(|c| !is_name(c)).filter(|word| !word.is_empty() && known.contains(word));
            words.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

fn network_namespace(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for network in &container.networks {
        if let NetworkMode::Container(other) = &network.mode {
            found.at(network.at, format!("it lives in the network namespace of `{other}`"));
        }
    }
}

fn orphan(containers: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let tree = scope.tree;
    let of_kube = tree.of_type(UnitType::Kube).next().is_some();
    if containers.is_empty() {
        return;
    }
    let is_use = |tie: &&Tie| !matches!(tie.says, Says::Before | Says::PartOf);
    let used = scope.ties.iter().flatten().filter(is_use).map(|tie| tree.units[tie.to].service.as_str());
    let used: HashSet<&str> = used.collect();
    let networks = containers.iter().flat_map(|container| &container.networks);
    let networks = networks.filter_map(|network| match &network.mode {
        NetworkMode::Named(name) => Some(name.as_str()),
        _ => None,
    });
    let mounts = containers.iter().flat_map(|container| &container.mounts);
    let volumes = mounts.filter(|mount| mount.kind == MountKind::Volume).map(|mount| &*mount.source);
    let used_names: HashSet<&str> = networks.chain(volumes).collect();
    for loaded in &tree.units {
        let what = match loaded.unit_type {
            UnitType::Network => "joins this network",
            UnitType::Volume if !of_kube => "mounts this volume",
            UnitType::Pod => "belongs to this pod",
            _ => continue,
        };
        let name = resource_name(loaded);
        let is_used = used.contains(loaded.service.as_str())
            || name.as_ref().is_some_and(|name| used_names.contains(name.as_str()));
        // Who starts it by itself wants it for others; what a template makes is used by its instances.
        if !is_used && !loaded.unit.has_section("Install") && name.is_some() && !loaded.service.contains('@') {
            found.about(&loaded.unit, loaded.unit.header(loaded.unit_type.group()), format!("no unit {what}"));
        }
    }
}
