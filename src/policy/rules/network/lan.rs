//! Networks as units, and the addresses of containers on them.

use std::{collections::HashMap, net::IpAddr};

use ipnet::IpNet;

use super::{
    super::{Check, Found, Rule, Scope},
    joined,
};
use crate::{
    diagnostic::{Severity, Span, nearest},
    policy::{
        facts::{Container, NetworkMode, NetworkUnit, NetworkUse, Said},
        quadlet::Loaded,
    },
    unit::UnitType,
};

pub(in crate::policy::rules) const RULES: &[Rule] = &[
    Rule {
        id: "PL309",
        name: "lan-address-not-fixed",
        severity: Severity::Warning,
        what: "A container on a macvlan or ipvlan network has no address or no MAC address of its own.",
        why: "Neighbours on the LAN know it by its address: a firewall there, a name server, an IPAddressAllow= elsewhere. \
              podman takes the first free one, so the order of starts decides. It also makes up a new MAC address at each \
              start, and until their ARP entries age, neighbours send to the old one: seconds to minutes of silence after \
              every restart.",
        fix: "name both, `Network=lan.network:ip=192.168.1.50,mac=02:00:00:00:00:50`",
        bad: "[Container]\nNetwork=lan.network\n# lan.network\n[Network]\nDriver=macvlan\nSubnet=192.168.1.0/24",
        good: "[Container]\nNetwork=lan.network:ip=192.168.1.50,mac=02:00:00:00:00:50\n# lan.network\n[Network]\n\
               Driver=macvlan\nSubnet=192.168.1.0/24",
        sources: &["B44", "podman-run(1) --network", "seen on Podman 5.4.2"],
        check: Check::Namespace(not_fixed),
    },
    Rule {
        id: "PL310",
        name: "ip-outside-subnet",
        severity: Severity::Error,
        what: "A static address cannot be one of the network it is given for.",
        why: "podman refuses an address outside the subnets of the network, and the container does not start. The \
              network's own address, its broadcast address and its gateway belong to somebody else.",
        fix: "take an address of the subnet that nobody has",
        bad: "[Container]\nNetwork=lan.network:ip=192.168.2.50,mac=02:00:00:00:00:50\n# lan.network\n[Network]\n\
              Subnet=192.168.1.0/24",
        good: "[Container]\nNetwork=lan.network:ip=192.168.1.50,mac=02:00:00:00:00:50\n# lan.network\n[Network]\n\
               Subnet=192.168.1.0/24",
        sources: &["B44", "podman-run(1) --network"],
        check: Check::Namespace(outside_subnet),
    },
    Rule {
        id: "PL311",
        name: "ip-key-not-one-network",
        severity: Severity::Error,
        what: "`IP=`, `IP6=` or a MAC address is given without exactly one bridge, macvlan or ipvlan network to have it.",
        why: "The key does not say which network it means. podman takes it where there is one, and refuses to start the \
              container where there are several, or where the network is none, the host's or a user-mode one.",
        fix: "write it beside the network it is meant for, `Network=lan.network:ip=192.168.1.50`",
        bad: "[Container]\nNetwork=lan.network\nNetwork=db.network\nIP=192.168.1.50",
        good: "[Container]\nNetwork=lan.network:ip=192.168.1.50\nNetwork=db.network\n# lan.network\n[Network]\n\
               Subnet=192.168.1.0/24\n# db.network\n[Network]\nInternal=true",
        sources: &["B44", "podman-run(1) --ip"],
        check: Check::Namespace(ip_key),
    },
    Rule {
        id: "PL312",
        name: "network-addresses",
        severity: Severity::Error,
        what: "A network's gateway or range does not fit its subnets.",
        why: "Quadlet gives the first gateway and the first range to the first subnet, the second ones to the second, in \
              the order in which they stand. Where one is outside its subnet podman refuses to make the network, and \
              every container that names it fails to start.",
        fix: "write one Subnet= for each Gateway= and IPRange=, in the same order",
        bad: "# lan.network\n[Network]\nSubnet=192.168.1.0/24\nGateway=192.168.2.1",
        good: "# lan.network\n[Network]\nSubnet=192.168.1.0/24\nGateway=192.168.1.1",
        sources: &["B44", "podman-systemd.unit(5) Gateway=", "podman-network-create(1)"],
        check: Check::Unit(addresses),
    },
    Rule {
        id: "PL313",
        name: "alias-on-lan",
        severity: Severity::Info,
        what: "A container has an alias, and every network of it is macvlan or ipvlan.",
        why: "podman's name server serves bridge networks alone. On the LAN nobody answers for the alias, nor for the \
              names of other containers.",
        fix: "name it in the LAN's own DNS, or with AddHost=, or join a bridge network too",
        bad: "[Container]\nNetwork=lan.network:alias=www,ip=192.168.1.50,mac=02:00:00:00:00:50\n# lan.network\n\
              [Network]\nDriver=macvlan\nSubnet=192.168.1.0/24",
        good: "[Container]\nNetwork=lan.network:alias=www\n# lan.network\n[Network]\nSubnet=192.168.1.0/24",
        sources: &["B44", "podman-network-create(1) --driver"],
        check: Check::Namespace(alias_on_lan),
    },
    Rule {
        id: "PL314",
        name: "macvlan-siblings",
        severity: Severity::Info,
        what: "Several containers share a macvlan network on which they reach each other.",
        why: "In macvlan's mode `bridge`, the default, its containers speak to each other inside the host, where neither \
              the host's firewall nor the switch sees it. Mode `private` keeps them apart; they still reach the LAN.",
        fix: "write `Options=mode=private` where they need not meet, or filter with IPAddressDeny=",
        bad: "[Container]\nNetwork=lan.network\n# db.container\n[Container]\nNetwork=lan.network\n# lan.network\n\
              [Network]\nDriver=macvlan\nOptions=parent=eth0\nSubnet=192.168.1.0/24",
        good: "[Container]\nNetwork=lan.network\n# db.container\n[Container]\nNetwork=lan.network\n# lan.network\n\
               [Network]\nDriver=macvlan\nOptions=parent=eth0\nOptions=mode=private\nSubnet=192.168.1.0/24",
        sources: &["B44", "B45", "podman-network-create(1) --opt mode"],
        check: Check::Across(siblings),
    },
    Rule {
        id: "PL316",
        name: "net-raw-on-lan",
        severity: Severity::Error,
        what: "A container on a macvlan or ipvlan network has NET_RAW or NET_ADMIN.",
        why: "With NET_RAW it can write any frame onto the LAN: answer ARP for the router, answer DHCP, read what was not \
              meant for it. NET_ADMIN, a warning, lets it take other addresses. No firewall of the host stands in \
              between.",
        fix: "take the capability out, or join a bridge network",
        bad: "[Container]\nAddCapability=NET_RAW\nNetwork=lan.network:ip=192.168.1.50,mac=02:00:00:00:00:50\n\
              # lan.network\n[Network]\nDriver=macvlan\nSubnet=192.168.1.0/24",
        good: "[Container]\nAddCapability=NET_BIND_SERVICE\n\
               Network=lan.network:ip=192.168.1.50,mac=02:00:00:00:00:50\n\
               # lan.network\n[Network]\nDriver=macvlan\nSubnet=192.168.1.0/24",
        sources: &["B44", "capabilities(7) CAP_NET_RAW"],
        check: Check::Container(net_raw),
    },
    Rule {
        id: "PL319",
        name: "lan-without-parent",
        severity: Severity::Warning,
        what: "A macvlan or ipvlan network does not say which interface of the host it stands on.",
        why: "podman takes the one that has the default route when the container starts. With a second route, a VPN or \
              another interface name after a new kernel, the containers stand on another network than was meant.",
        fix: "write `Options=parent=eth0`, with the name of the interface",
        bad: "# lan.network\n[Network]\nDriver=macvlan\nSubnet=192.168.1.0/24",
        good: "# lan.network\n[Network]\nDriver=macvlan\nOptions=parent=eth0\nSubnet=192.168.1.0/24",
        sources: &["B44", "podman-network-create(1) --opt parent"],
        check: Check::Unit(without_parent),
    },
    Rule {
        id: "PL320",
        name: "network-option-unknown",
        severity: Severity::Warning,
        what: "A network has an option that its driver does not know.",
        why: "podman refuses to make the network, or netavark to set it up, and every container that names it fails to \
              start. A mode that does not exist is an error.",
        fix: "write an option of podman-network-create(1)",
        bad: "# lan.network\n[Network]\nDriver=macvlan\nOptions=parent=eth0\nOptions=mode=isolated\nSubnet=192.168.1.0/24",
        good: "# lan.network\n[Network]\nDriver=macvlan\nOptions=parent=eth0\nOptions=mode=private\nSubnet=192.168.1.0/24",
        sources: &["podman-network-create(1) --opt"],
        check: Check::Unit(unknown_option),
    },
    Rule {
        id: "PL321",
        name: "internal-on-lan",
        severity: Severity::Warning,
        what: "A macvlan or ipvlan network is called internal.",
        why: "`Internal=true` leaves out the default route, and no more: every host of the same subnet is one frame away, \
              in both directions, and a container that may set routes adds one.",
        fix: "use a bridge network, or filter with IPAddressDeny= in the [Service] of its containers",
        bad: "# lan.network\n[Network]\nDriver=macvlan\nOptions=parent=eth0\nSubnet=192.168.1.0/24\nInternal=true",
        good: "# lan.network\n[Network]\nSubnet=192.168.1.0/24\nInternal=true",
        sources: &["B44", "A48", "podman-network-create(1) --internal"],
        check: Check::Unit(internal_on_lan),
    },
];

/// The static addresses of a container on one of its networks.
fn addresses_on(container: &Container<'_>, network: &NetworkUse<'_>) -> Vec<(String, Span)> {
    let own =
        network.options.iter().filter_map(|option| option.strip_prefix("ip=")).map(|ip| (ip.to_owned(), network.at));
    let keys = ["ip", "ip6"].into_iter().filter(|_| container.networks.len() == 1);
    own.chain(keys.filter_map(|flag| container.run.last(flag)).map(|arg| (arg.value.to_string(), arg.at))).collect()
}

fn not_fixed(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    for (network, unit) in joined(container, scope).iter().filter(|(_, unit)| unit.is_on_lan()) {
        let fixed_mac = network.option("mac").is_some()
            || (container.networks.len() == 1 && container.run.last("mac-address").is_some());
        // The containers of an ipvlan have the MAC address of its parent.
        let needs_mac = unit.driver == "macvlan" && !fixed_mac;
        if addresses_on(container, network).is_empty() && !unit.is_dhcp() {
            let and = if needs_mac { " and no MAC address" } else { "" };
            found.at(network.at, format!("{} has no address{and} of its own on {}", container.name, unit.name));
        } else if needs_mac {
            let message = format!("{} has a new MAC address on {} at each start", container.name, unit.name);
            found.at(network.at, message).help("name one with `mac=`, even and local such as `02:00:00:00:00:50`");
        }
    }
}

fn outside_subnet(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    for (network, unit) in joined(container, scope) {
        let subnets: Option<Vec<IpNet>> = unit.subnets.iter().map(|said| said.text.parse().ok()).collect();
        let Some(subnets) = subnets.filter(|subnets| !subnets.is_empty()) else { continue };
        for (text, at) in addresses_on(container, network) {
            let Ok(ip) = text.parse::<IpAddr>() else {
                found.at(at, format!("`{text}` is no address")).help("write one such as `ip=192.168.1.50`");
                continue;
            };
            let Some(subnet) = subnets.iter().find(|subnet| subnet.contains(&ip)) else {
                let list = unit.subnets.iter().map(|said| said.text.as_str()).collect::<Vec<_>>().join(", ");
                let finding = found.at(at, format!("{ip} is no address of {list}, the subnet of {}", unit.name));
                finding.related(unit.subnets[0].at, "the subnet");
                continue;
            };
            if let Some((whose, place)) = taken(ip, *subnet, unit) {
                let finding = found.at(at, format!("{ip} is {whose} of {}", unit.name));
                finding.related(place, "the network");
            }
        }
    }
}

/// Whose address it is, if it is not a container's.
fn taken(ip: IpAddr, subnet: IpNet, unit: &NetworkUnit<'_>) -> Option<(&'static str, Span)> {
    let gateway = unit.gateways.iter().find(|gateway| gateway.text.parse() == Ok(ip));
    if let Some(gateway) = gateway {
        return Some(("the gateway", gateway.at));
    }
    let at = unit.subnets.first()?.at;
    let has_ends = subnet.prefix_len() + 1 < subnet.max_prefix_len();
    if has_ends && ip == subnet.network() {
        return Some(("the address of the network itself", at));
    }
    if has_ends && ip.is_ipv4() && ip == subnet.broadcast() {
        return Some(("the broadcast address", at));
    }
    // podman gives a bridge the first address where no gateway is named.
    let first = match subnet.network() {
        IpAddr::V4(network) => IpAddr::V4((network.to_bits().saturating_add(1)).into()),
        IpAddr::V6(network) => IpAddr::V6((network.to_bits().saturating_add(1)).into()),
    };
    (has_ends && unit.gateways.is_empty() && unit.driver == "bridge" && first == ip).then_some(("the gateway", at))
}

fn ip_key(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let count = container.networks.len();
    let modeless = container
        .networks
        .iter()
        .find(|network| !matches!(network.mode, NetworkMode::Unit(_) | NetworkMode::Named(_) | NetworkMode::Bridge));
    for arg in ["ip", "ip6", "mac-address"].into_iter().filter_map(|flag| container.run.last(flag)) {
        let name = if arg.is_raw() { format!("--{}", arg.flag) } else { arg.key.name.to_owned() };
        if let Some(network) = modeless {
            let message = format!("`{name}={}` cannot be had on the network `{}`", arg.value, network.name());
            found.at(arg.at, message).related(network.at, "the network");
        } else if count > 1 {
            let finding =
                found.at(arg.at, format!("`{name}={}` does not say which of {count} networks it means", arg.value));
            for network in &container.networks {
                finding.related(network.at, "a network");
            }
        }
    }
}

fn addresses(loaded: &Loaded<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let Some(unit) = &scope.facts(loaded).network else { return };
    for (what, said) in [("gateway", &unit.gateways), ("range", &unit.ranges)] {
        for (said, subnet) in said.iter().zip(&unit.subnets) {
            let Ok(net) = subnet.text.parse::<IpNet>() else { continue };
            if is_outside(&said.text, what, net) {
                let message = format!("the {what} {} is not in its subnet {}", said.text, subnet.text);
                found.at(said.at, message).related(subnet.at, "the subnet");
            }
        }
    }
    for subnet in unit.subnets.iter().filter(|subnet| subnet.text.parse::<IpNet>().is_err()) {
        let message = format!("`{}` is no subnet", subnet.text);
        found.at(subnet.at, message).help("write a network with its prefix length, `192.168.1.0/24`");
    }
}

fn is_outside(text: &str, what: &str, subnet: IpNet) -> bool {
    if what == "gateway" {
        return text.parse::<IpAddr>().is_ok_and(|ip| !subnet.contains(&ip));
    }
    // A range is a network, or its first and last address.
    match text.split_once('-') {
        Some((first, last)) => {
            [first, last].iter().any(|ip| ip.parse::<IpAddr>().is_ok_and(|ip| !subnet.contains(&ip)))
        }
        None => text.parse::<IpNet>().is_ok_and(|range| !subnet.contains(&range)),
    }
}

fn alias_on_lan(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let units = joined(container, scope);
    if units.len() != container.networks.len() || !units.iter().all(|(_, unit)| unit.is_on_lan()) {
        return;
    }
    let aliases = units.iter().filter_map(|(network, _)| Some((network.option("alias")?, network.at)));
    let keys = container.run.all("network-alias").map(|arg| (arg.value.as_ref(), arg.at));
    for (alias, at) in aliases.chain(keys) {
        found.at(at, format!("nobody answers for the alias {alias} on the LAN"));
    }
}

fn siblings(containers: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let mut users: HashMap<&str, Vec<&str>> = HashMap::new();
    for container in containers {
        for network in &container.networks {
            if let NetworkMode::Unit(name) = &network.mode {
                users.entry(name).or_default().push(container.name);
            }
        }
    }
    for loaded in scope.tree.of_type(UnitType::Network) {
        let Some(unit) = &scope.facts(loaded).network else { continue };
        let names = users.get(unit.name).map(Vec::as_slice).unwrap_or_default();
        if unit.driver != "macvlan" || unit.option("mode").is_some_and(|mode| mode != "bridge") || names.len() < 2 {
            continue;
        }
        let at = unit.options.iter().find(|option| option.text.starts_with("mode=")).map(|option| option.at);
        let at = at.unwrap_or_else(|| loaded.unit.header("Network"));
        let message = format!("{} and {} more reach each other on {}", names[0], names.len() - 1, unit.name);
        found.about(&loaded.unit, at, message);
    }
}

fn net_raw(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let units = joined(container, scope);
    let Some((network, unit)) = units.iter().find(|(_, unit)| unit.is_on_lan()) else { return };
    for added in &container.capabilities.added {
        let severity = match added.name.as_str() {
            "NET_RAW" | "ALL" => Severity::Error,
            "NET_ADMIN" => Severity::Warning,
            _ => continue,
        };
        let message = format!("{} on {}, a {} network, reaches the LAN itself", added.name, unit.name, unit.driver);
        found.at(added.at, message).severity(severity).related(network.at, "the network");
    }
}

fn without_parent(loaded: &Loaded<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let Some(unit) = scope.facts(loaded).network.as_ref().filter(|unit| unit.is_on_lan()) else { return };
    if unit.option("parent").is_none() && unit.interface.is_none() {
        let message = format!("{} is a {} network on whatever interface has the default route", unit.name, unit.driver);
        found.at(loaded.unit.header("Network"), message);
    }
}

/// podman-network-create(1): the options of each driver, and the values of `mode`.
const OPTIONS: &[(&str, &[&str], &[&str])] = &[
    (
        "bridge",
        &[
            "bridge_name",
            "host_interface_name",
            "isolate",
            "metric",
            "mode",
            "mtu",
            "no_default_route",
            "outbound_addr4",
            "outbound_addr6",
            "vlan",
            "vrf",
        ],
        &["managed", "unmanaged"],
    ),
    (
        "macvlan",
        &["bclim", "metric", "mode", "mtu", "no_default_route", "parent"],
        &["bridge", "passthru", "private", "vepa"],
    ),
    ("ipvlan", &["metric", "mode", "mtu", "no_default_route", "parent"], &["l2", "l3", "l3s"]),
];

fn unknown_option(loaded: &Loaded<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let Some(unit) = &scope.facts(loaded).network else { return };
    let Some((_, names, modes)) = OPTIONS.iter().find(|(driver, _, _)| *driver == unit.driver) else { return };
    for Said { text, at, .. } in &unit.options {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        if name == "mode" && !modes.contains(&value) {
            let message = format!("`{value}` is no mode of a {} network", unit.driver);
            found.at(*at, message).severity(Severity::Error).help(format!("write one of {}", modes.join(", ")));
        } else if !names.contains(&name) && !name.starts_with("com.docker.network.") {
            let finding = found.at(*at, format!("a {} network has no option `{name}`", unit.driver));
            if let Some(near) = nearest(name, names.iter().copied()) {
                finding.help(format!("did you mean `{near}`?"));
            }
        }
    }
}

fn internal_on_lan(loaded: &Loaded<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    if let Some(unit) = scope.facts(loaded).network.as_ref().filter(|unit| unit.is_on_lan())
        && let Some(at) = unit.internal
    {
        let message = format!("`Internal=true` on a {} network leaves the whole LAN within reach", unit.driver);
        found.at(at, message);
    }
}
