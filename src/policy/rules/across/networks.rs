//! Addresses and subnets.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
};

use ipnet::IpNet;

use super::{Check, Found, Rule, Scope, collision, realm, resource_name};
use crate::{
    diagnostic::{Severity, Span},
    policy::{
        Effective,
        facts::{Container, NetworkMode, NetworkUse, Run, joined_networks},
        quadlet::{Loaded, Tree},
    },
    unit::{UnitType, split::Mode},
};

pub(super) const DUPLICATE_ADDRESS: Rule = Rule {
    id: "PL803",
    name: "duplicate-address",
    severity: Severity::Error,
    what: "Two services ask for the same IP or MAC address in one network.",
    why: "podman hands an address out once: the service that starts second fails with `requested ip address is already \
          allocated`. Two equal MAC addresses on a macvlan take each other's frames, and connections break at random. \
          macvlan networks of one parent are one network to their neighbours.",
    fix: "give each service an address of its own",
    bad: "# web.container\n[Container]\nNetwork=lan.network:ip=192.0.2.10\n# api.container\n[Container]\nNetwork=lan.network:ip=192.0.2.10\n# lan.network\n[Network]\nNetworkName=lan\nSubnet=192.0.2.0/24",
    good: "# web.container\n[Container]\nNetwork=lan.network:ip=192.0.2.10\n# api.container\n[Container]\nNetwork=lan.network:ip=192.0.2.11\n# lan.network\n[Network]\nNetworkName=lan\nSubnet=192.0.2.0/24",
    sources: &["B44", "podman-run(1) --network"],
    check: Check::Across(duplicate_address),
};

pub(super) const SUBNETS: Rule = Rule {
    id: "PL813",
    name: "overlapping-subnets",
    severity: Severity::Error,
    what: "Two networks have subnets that overlap.",
    why: "podman refuses to create a bridge network whose subnet another one has: its service fails, and with it every \
          service that needs it. Beside a macvlan the host would have two ways to one address.",
    fix: "give each network a subnet of its own, or leave Subnet= out and let podman choose",
    bad: "# a.network\n[Network]\nNetworkName=a\nSubnet=10.1.0.0/16\n# b.network\n[Network]\nNetworkName=b\nSubnet=10.1.7.0/24",
    good: "# a.network\n[Network]\nNetworkName=a\nSubnet=10.1.0.0/16\n# b.network\n[Network]\nNetworkName=b\nSubnet=10.2.7.0/24",
    sources: &["podman-network-create(1) --subnet"],
    check: Check::Across(subnets),
};

/// The interface of the host that a macvlan or ipvlan network sits on; `None` for a bridge.
fn parent(network: &Effective<'_>) -> Option<String> {
    let driver = network.last("Network", "Driver")?;
    if !["macvlan", "ipvlan"].contains(&driver.unquoted()) {
        return None;
    }
    let options = network.list("Network", "Options");
    let mut words = options.iter().flat_map(|value| value.split(Mode::Args).into_texts());
    let parent =
        words.find_map(|word| word.split(',').find_map(|option| option.strip_prefix("parent=").map(str::to_owned)));
    Some(parent.unwrap_or_default())
}

/// What a network is to the addresses in it.
fn domain(network: &NetworkUse<'_>, tree: &Tree<'_>) -> Option<String> {
    match &network.mode {
        NetworkMode::Unit(file) => match tree.unit(file) {
            Some(loaded) => match parent(&loaded.unit) {
                Some(parent) => Some(format!("parent {parent}")),
                None => resource_name(loaded),
            },
            None => Some(file.clone()),
        },
        NetworkMode::Named(name) => Some(name.clone()),
        NetworkMode::Bridge => Some("podman".to_owned()),
        NetworkMode::None
        | NetworkMode::Host
        | NetworkMode::Pasta
        | NetworkMode::Container(_)
        | NetworkMode::Namespace(_) => None,
    }
}

fn duplicate_address(containers: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let mut seen: HashMap<(&str, String, String), (&Effective<'_>, &str, Span)> = HashMap::new();
    let mut look = |unit, realm, name, run: &Run<'_>, networks: &[NetworkUse<'_>]| {
        for (domain, address, at) in addresses(run, networks, scope.tree) {
            match seen.entry((realm, domain, address)) {
                Entry::Vacant(entry) => {
                    entry.insert((unit, name, at));
                }
                Entry::Occupied(entry) => {
                    let (first, other, there) = *entry.get();
                    if other != name {
                        let message = format!("`{other}` asks for {} in this network too", entry.key().2);
                        let finding = found.about(unit, at, message).related(there, "the other one");
                        finding.severity(collision(unit, first, scope));
                    }
                }
            }
        }
    };
    for container in containers.iter().filter(|container| container.unit.last("Container", "Pod").is_none()) {
        look(container.unit, realm(container.unit), container.name, &container.run, &container.networks);
    }
    for loaded in scope.tree.of_type(UnitType::Pod) {
        let run = &scope.facts(loaded).run;
        look(&loaded.unit, realm(&loaded.unit), &loaded.service, run, &joined_networks(run));
    }
}

/// Every address that a unit asks for, and what it must be the only one in.
fn addresses(run: &Run<'_>, networks: &[NetworkUse<'_>], tree: &Tree<'_>) -> Vec<(String, String, Span)> {
    let mut asked = Vec::new();
    let mut ask = |domain: Option<String>, kind: &str, text: &str, at| {
        let address = match kind {
            "mac" => Some(text.to_ascii_lowercase().replace('-', ":")),
            _ => text.parse::<IpAddr>().ok().map(|ip| ip.to_string()),
        };
        if let (Some(domain), Some(address)) = (domain, address) {
            asked.push((domain, address, at));
        }
    };
    for network in networks {
        for (kind, text) in network.options.iter().filter_map(|option| option.split_once('=')) {
            if matches!(kind, "ip" | "ip6" | "mac") {
                ask(domain(network, tree), kind, text, network.at);
            }
        }
    }
    for (flag, kind) in [("ip", "ip"), ("ip6", "ip"), ("mac-address", "mac")] {
        if let Some(arg) = run.last(flag) {
            let domain = networks.first().map_or_else(|| Some("podman".to_owned()), |network| domain(network, tree));
            ask(domain, kind, &arg.value, arg.at);
        }
    }
    asked
}

/// A subnet that a network asks for.
struct Subnet<'a> {
    net: IpNet,
    is_bridge: bool,
    realm: &'a str,
    network: &'a Loaded<'a>,
    at: Span,
}

fn subnets(_: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let mut all = Vec::new();
    for network in scope.tree.of_type(UnitType::Network) {
        let is_bridge = parent(&network.unit).is_none();
        for value in network.unit.list("Network", "Subnet") {
            if let Ok(net) = value.unquoted().parse::<IpNet>() {
                let realm = realm(&network.unit);
                all.push(Subnet { net: net.trunc(), is_bridge, realm, network, at: value.at });
            }
        }
    }
    // Subnets lie within each other or apart, so that those around one are on a stack when its turn comes.
    all.sort_by_key(|subnet| {
        (subnet.realm, subnet.net.network(), subnet.net.prefix_len(), subnet.network.unit.index())
    });
    let mut around: Vec<&Subnet<'_>> = Vec::new();
    for subnet in &all {
        while around.last().is_some_and(|last| last.realm != subnet.realm || !last.net.contains(&subnet.net)) {
            around.pop();
        }
        if let Some(other) = around.iter().rev().find(|other| other.is_bridge || subnet.is_bridge) {
            let name = other.network.unit.file().name();
            let message = format!("{} overlaps {} of `{name}`", subnet.net, other.net);
            let finding = found.about(&subnet.network.unit, subnet.at, message);
            finding.related(other.at, "the other subnet");
            let both = other.is_bridge && subnet.is_bridge;
            finding.severity(if both {
                collision(&subnet.network.unit, &other.network.unit, scope)
            } else {
                Severity::Warning
            });
        }
        if !around.iter().rev().any(|other| other.net == subnet.net && other.is_bridge == subnet.is_bridge) {
            around.push(subnet);
        }
    }
}
