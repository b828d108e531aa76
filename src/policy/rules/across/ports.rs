//! Ranges that must not meet: ports of the host, and the user ids that containers are mapped to.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use super::{Check, Found, Rule, Scope, collision, group_of};
use crate::{
    diagnostic::{Severity, Span},
    model::Profile,
    policy::{
        Effective,
        facts::{Container, Port, PortRange, UserNamespace, published_ports},
    },
    unit::UnitType,
};

pub(super) const DUPLICATE_PORT: Rule = Rule {
    id: "PL802",
    name: "duplicate-host-port",
    severity: Severity::Error,
    what: "Two services publish the same port of the host on addresses that overlap.",
    why: "Only one of them can have it: the one that starts second fails with `address already in use`, and which one \
          that is changes from boot to boot. No address, 0.0.0.0 and [::] overlap every address of their kind.",
    fix: "choose another host port, or bind each to an address of its own",
    bad: "# web.container\n[Container]\nNetwork=lan.network\nPublishPort=8080:80\n# api.container\n[Container]\nNetwork=lan.network\nPublishPort=127.0.0.1:8080:8080\n# lan.network\n[Network]\nNetworkName=lan",
    good: "# web.container\n[Container]\nNetwork=lan.network\nPublishPort=127.0.0.2:8080:80\n# api.container\n[Container]\nNetwork=lan.network\nPublishPort=127.0.0.1:8080:8080\n# lan.network\n[Network]\nNetworkName=lan",
    sources: &["podman-run(1) --publish", "ip(7)"],
    check: Check::Across(duplicate_port),
};

pub(super) const USER_RANGES: Rule = Rule {
    id: "PL809",
    name: "overlapping-user-ranges",
    severity: Severity::Warning,
    what: "Two containers are mapped to ranges of host user ids that overlap.",
    why: "Where the ranges meet, root or a user of the one container is a user of the other: a process that breaks out may \
          read and signal what belongs to its neighbour, which is what the ranges were to prevent.",
    fix: "give each container a range of its own, or let podman choose: UserNS=auto",
    bad: "# web.container\n[Container]\n# without [Container] UserNS=\nUIDMap=0:200000:65536\n# api.container\n[Container]\n# without [Container] UserNS=\nUIDMap=0:230000:65536",
    good: "# web.container\n[Container]\n# without [Container] UserNS=\nUIDMap=0:200000:65536\n# api.container\n[Container]\n# without [Container] UserNS=\nUIDMap=0:300000:65536",
    sources: &["A25", "podman-run(1) --uidmap", "user_namespaces(7)"],
    check: Check::Across(user_ranges),
};

/// A port of the host that a unit takes.
struct Claim<'a> {
    unit: &'a Effective<'a>,
    name: &'a str,
    host: PortRange,
    ip: Option<IpAddr>,
    protocol: String,
    at: Span,
}

/// The claim that reaches furthest, among those seen so far.
type Furthest = Option<(u16, usize)>;

/// What is known of one family of addresses while the ports are swept.
#[derive(Default)]
struct Family {
    /// Of all claims.
    any: Furthest,
    /// Of those on all addresses.
    wildcard: Furthest,
}

fn duplicate_port(containers: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let mut claims = claims(containers, scope);
    // In the order of the ports, each protocol by itself.
    claims.sort_by(|a, b| (&a.protocol, a.host.first).cmp(&(&b.protocol, b.host.first)));
    for of_protocol in claims.chunk_by(|a, b| a.protocol == b.protocol) {
        let mut families = [Family::default(), Family::default()];
        let mut addresses: HashMap<IpAddr, Furthest> = HashMap::new();
        for (index, claim) in of_protocol.iter().enumerate() {
            let meets = |furthest: &Furthest| furthest.filter(|(last, _)| *last >= claim.host.first);
            let further = |furthest: &mut Furthest| {
                if furthest.is_none_or(|(last, _)| last < claim.host.last) {
                    *furthest = Some((claim.host.last, index));
                }
            };
            let ip = claim.ip.map(|ip| ip.to_canonical());
            let is_wildcard = ip.is_none_or(|ip| ip.is_unspecified());
            let mut met = None;
            for (family, is_v6) in families.iter_mut().zip([false, true]) {
                if ip.is_some_and(|ip| ip.is_ipv6() != is_v6) {
                    continue;
                }
                met = met.or_else(|| meets(if is_wildcard { &family.any } else { &family.wildcard }));
                further(&mut family.any);
                if is_wildcard {
                    further(&mut family.wildcard);
                }
            }
            if let Some(ip) = ip.filter(|_| !is_wildcard) {
                let same = addresses.entry(ip).or_default();
                met = met.or_else(|| meets(same));
                further(same);
            }
            let Some((_, other)) = met else { continue };
            // The one that comes later in the files is told of.
            let other = &of_protocol[other];
            let (claim, other) = if claim.unit.index() < other.unit.index() { (other, claim) } else { (claim, other) };
            let port = claim.host.first.max(other.host.first);
            let message = format!("port {port}/{} of the host is taken by `{}` too", claim.protocol, other.name);
            let finding = found.about(claim.unit, claim.at, message).related(other.at, "taken here");
            finding.severity(collision(claim.unit, other.unit, scope));
        }
    }
}

/// Every port of the host that is taken, by containers outside of pods, by pods and by Kubernetes YAML.
fn claims<'a>(containers: &'a [Container<'a>], scope: &'a Scope<'a>) -> Vec<Claim<'a>> {
    let mut claims = Vec::new();
    let mut seen = HashSet::new();
    let mut add = |unit: &'a Effective<'a>, name: &'a str, port: &Port<'_>| {
        let Some(host) = port.host else { return };
        // The same line twice is one to podman.
        let key = (unit.index(), port.host_ip, host.first, host.last, port.container.first, port.protocol.clone());
        if seen.insert(key) {
            let protocol = port.protocol.clone();
            claims.push(Claim { unit, name, host, ip: port.host_ip, protocol, at: port.at });
        }
    };
    for container in containers.iter().filter(|container| container.unit.last("Container", "Pod").is_none()) {
        container.ports.iter().for_each(|port| add(container.unit, container.name, port));
    }
    for loaded in scope.tree.units.iter().filter(|l| matches!(l.unit_type, UnitType::Pod | UnitType::Kube)) {
        let ports = published_ports(&scope.facts(loaded).run);
        for port in &ports {
            add(&loaded.unit, &loaded.service, port);
        }
    }
    claims
}

/// Ids below this belong to users and services of the host; mapping one of those is meant.
const FIRST_OF_RANGES: u64 = 65536;

fn user_ranges(containers: &[Container<'_>], _: &Scope<'_>, found: &mut Found<'_>) {
    let mut ranges: Vec<(u64, u64, usize, Span)> = Vec::new();
    let mut of: HashMap<usize, Vec<(u64, u64)>> = HashMap::new();
    for (index, container) in containers.iter().enumerate().filter(|(_, c)| c.profile == Profile::Rootful) {
        let UserNamespace::Mapped(maps, _) = &container.user_namespace else { continue };
        let maps = maps.iter().filter_map(|(map, at)| {
            let (first, count) = host_range(map)?;
            (first >= FIRST_OF_RANGES && count > 0).then_some((first, first.saturating_add(count), index, *at))
        });
        for range in maps {
            of.entry(index).or_default().push((range.0, range.1));
            ranges.push(range);
        }
    }
    ranges.sort_by_key(|(first, end, index, _)| (*first, *end, *index));
    let groups: Vec<String> = containers.iter().map(group_of).collect();
    // The two that reach furthest, of different containers.
    let mut furthest: [Option<(u64, usize, Span)>; 2] = [None, None];
    let mut told = HashSet::new();
    for (first, end, index, at) in ranges {
        let other = furthest.iter().flatten().find(|(end, other, _)| *end > first && groups[*other] != groups[index]);
        if let Some((_, other, there)) = other.filter(|_| told.insert(index)) {
            let message = format!("host id {first} and those after it belong to `{}` too", containers[*other].name);
            let finding = found.about(containers[index].unit, at, message).related(*there, "the other range");
            // The very same ranges are rather meant: that is how containers share their files.
            if of.get(&index) == of.get(other) {
                finding.severity(Severity::Info);
            }
        }
        match &mut furthest {
            [Some(best), _] if groups[best.1] == groups[index] => {
                *best = if best.0 < end { (end, index, at) } else { *best }
            }
            [best, second] if best.is_none_or(|(furthest, ..)| furthest < end) => {
                *second = best.take();
                *best = Some((end, index, at));
            }
            [_, second] if second.is_none_or(|(furthest, ..)| furthest < end) => *second = Some((end, index, at)),
            _ => {}
        }
    }
}

/// The host's first id and how many: `0:200000:65536`. `@` counts from another namespace and is left alone.
fn host_range(map: &str) -> Option<(u64, u64)> {
    let mut parts = map.trim_start_matches(['+', 'u', 'g']).split(':').skip(1);
    let first = parts.next()?.parse().ok()?;
    Some((first, parts.next().map_or(Some(1), |count| count.parse().ok())?))
}
