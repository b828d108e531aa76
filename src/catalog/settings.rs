//! `catalog.toml` and `stack.toml`: target, fleet, networks, volumes, policy.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    fields::{self, Fields},
    files::StackDir,
    host, known_name,
    node::Entry,
    origin_of, plain, schema,
    service::limits,
    verbatim,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, FileId, Origin, Severity, Sourced},
    model::{
        Companion, HostSettings, Invalid, Limits, NETWORK_MODES, Name, Network, PodmanVersion, Policy, Profile, Stack,
        Target, Verbatim, Volume, Waiver,
    },
};

/// The oldest Podman that a catalog is for unless it says otherwise: that of Debian 13 and RHEL 9.6 and 10.0.
const PODMAN: PodmanVersion = PodmanVersion { major: 5, minor: 4 };

/// The oldest Podman that can carry the hardened default: those before it lack `ReadOnlyTmpfs=` and `.image` units, and
/// no distribution that is looked after still ships one.
const OLDEST: PodmanVersion = PodmanVersion { major: 4, minor: 9 };

/// What `catalog.toml` says, less its networks and volumes.
pub(crate) struct Settings {
    pub(crate) name: Name,
    pub(crate) target: Target,
    pub(crate) slice_name: Name,
    pub(crate) slice_limits: Limits,
    pub(crate) slice_verbatim: Vec<Verbatim>,
    pub(crate) slice_origin: Origin,
    pub(crate) policy: Policy,
    pub(crate) host: HostSettings,
    pub(crate) waivers: Vec<Waiver>,
}

/// Reads `catalog.toml`; without one everything has its default.
pub(crate) fn read(tree: Option<&super::Node>, diagnostics: &mut Diagnostics) -> Settings {
    let fields = Fields::new(tree, None);
    check_catalog_name(&fields, diagnostics);
    let name = fields.noun("name", Name::new);
    let target = target(&fields.table("target"), diagnostics);
    let slice = fields.table("slice");
    let policy = policy(&fields.table("policy"), diagnostics);
    Settings {
        name: name.map_or_else(|| known_name("plimsoll"), |name| name.value),
        slice_name: slice.noun("name", Name::new).map_or_else(|| known_name("services"), |name| name.value),
        slice_limits: limits::read(&slice, diagnostics),
        slice_verbatim: verbatim::systemd(&slice, diagnostics),
        slice_origin: origin_of(fields.node("slice")),
        host: host::read(&fields, &policy, target.profile, diagnostics),
        policy,
        waivers: waivers(&fields, diagnostics),
        target,
    }
}

/// The catalog's name becomes a directory beneath `etc/containers/systemd/`, where Quadlet skips whatever begins with
/// `users` (quadlet.md section 2).
fn check_catalog_name(fields: &Fields<'_>, diagnostics: &mut Diagnostics) {
    if let Some(name) = fields.string("name").filter(|name| name.value.starts_with("users")) {
        diagnostics.push(Diagnostic::general("the catalog's name begins with `users`").at_origin(name.origin).help(
            "Quadlet skips every directory of /etc/containers/systemd that begins so: give the catalog another name",
        ));
    }
}

fn target(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Target {
    let profile = match fields.string("profile").map(|p| p.value) {
        Some("rootless") => Profile::Rootless,
        _ => Profile::Rootful,
    };
    let user = fields.bounded("user");
    if let (Profile::Rootful, Some(user)) = (profile, &user) {
        diagnostics.push(
            Diagnostic::general("`user` is for rootless catalogs")
                .at_origin(user.origin)
                .help("add `profile = \"rootless\"`, or take `user` out"),
        );
    }
    let podman = fields.noun("podman", PodmanVersion::parse).unwrap_or(Sourced::built_in(PODMAN));
    if podman.value < OLDEST {
        diagnostics.push(
            Diagnostic::general(format!("Podman {} cannot carry the hardened default", podman.value))
                .at_origin(podman.origin)
                .help(format!(
                    "units can be rendered for Podman {OLDEST} and later: write the oldest one that will read them"
                )),
        );
    }
    Target {
        podman,
        profile,
        user: user.map(|user| user.value),
        selinux: fields.bool("selinux").is_none_or(|yes| yes.value),
    }
}

/// Reads a stack; its pod, if it has one, goes to `companions`.
pub(crate) fn stack(
    dir: &StackDir,
    tree: Option<&super::Node>,
    target: &Target,
    companions: &mut Vec<(FileId, Companion)>,
    diagnostics: &mut Diagnostics,
) -> Stack {
    let (Some(file), Some(tree)) = (dir.file, tree) else {
        return Stack {
            name: dir.name.clone(),
            file: dir.file,
            limits: Limits::default(),
            description: None,
            verbatim: Vec::new(),
        };
    };
    let fields = Fields::one(tree);
    let own = verbatim::companions(&fields, &dir.name, target, diagnostics);
    companions.extend(own.into_iter().map(|companion| (file, companion)));
    Stack {
        name: dir.name.clone(),
        file: dir.file,
        limits: limits::read(&fields.table("limits"), diagnostics),
        description: fields.text("description"),
        verbatim: verbatim::systemd(&fields, diagnostics),
    }
}

/// Reads `[network.NAME]`.
pub(crate) fn network(
    (short, name): (&str, &Name),
    entry: &Entry,
    file: FileId,
    target: &Target,
    diagnostics: &mut Diagnostics,
) -> Network {
    let fields = Fields::one(&entry.node);
    let network = Network {
        name: name.clone(),
        file,
        origin: Origin::At(entry.key),
        external: fields.yes("external"),
        network_name: resource_name(&fields, "network_name", (short, name), entry),
        description: fields.text("description"),
        driver: fields.noun("driver", |text| Ok(text.to_owned())),
        parent: fields.noun("parent", |text| Ok(text.to_owned())),
        subnets: nouns(&fields, "subnet", |text| text.parse::<IpNet>().ok()),
        gateways: nouns(&fields, "gateway", |text| text.parse::<IpAddr>().ok()),
        ip_ranges: nouns(&fields, "ip_range", |text| Some(text.to_owned())),
        settings: plain::read("Network", schema::NETWORK_TYPED, &fields),
        verbatim: verbatim::lines(&fields, &["Network", "Quadlet"], target, diagnostics),
    };
    check_network(&network, target, diagnostics);
    network
}

fn check_network(network: &Network, target: &Target, diagnostics: &mut Diagnostics) {
    let mut refuse = |message: String, origin: Origin, help: &str| {
        diagnostics.push(Diagnostic::general(message).at_origin(origin).help(help));
    };
    let podmans = &network.network_name;
    if !network.external && NETWORK_MODES.contains(&podmans.value.as_str()) {
        refuse(
            format!("podman makes no network `{}`: it is the name of a mode", podmans.value),
            podmans.origin,
            "give it another name, or another `network_name`",
        );
    }
    if target.profile == Profile::Rootless && network.is_vlan() {
        let driver = network.driver.as_ref().expect("a vlan names its driver");
        refuse(
            format!("a rootless container cannot use {}", driver.value),
            driver.origin,
            "an ordinary user has no access to the host's interfaces: take the bridge driver, or the rootful profile",
        );
    }
    if let Some(parent) = network.parent.as_ref().filter(|_| !network.is_vlan()) {
        refuse(
            "`parent` is for macvlan and ipvlan".to_owned(),
            parent.origin,
            "add `driver = \"macvlan\"`, or take `parent` out; a bridge is named with `interface_name`",
        );
    }
    for (what, count, first) in [
        ("gateway", network.gateways.len(), network.gateways.first().map(|g| g.origin)),
        ("ip_range", network.ip_ranges.len(), network.ip_ranges.first().map(|r| r.origin)),
    ] {
        if let Some(origin) = first.filter(|_| count > network.subnets.len() && !network.external) {
            refuse(
                match network.subnets.len() {
                    0 => format!("`{what}` without `subnet`"),
                    subnets => format!("{count} of `{what}` for {subnets} of `subnet`"),
                },
                origin,
                "each belongs to a subnet, in the same order: write the subnet too",
            );
        }
    }
    if network.subnets.is_empty() {
        return;
    }
    for gateway in &network.gateways {
        match network.subnets.iter().find(|subnet| subnet.value.contains(&gateway.value)) {
            None => refuse(
                format!("the gateway {} lies outside {}", gateway.value, list(&network.subnets)),
                gateway.origin,
                "write an address inside the subnet",
            ),
            Some(subnet) if is_edge(&subnet.value, gateway.value) => refuse(
                format!("{} is the network or broadcast address of {}", gateway.value, subnet.value),
                gateway.origin,
                "write the address of a host inside the subnet",
            ),
            Some(_) => {}
        }
    }
    for range in &network.ip_ranges {
        let ends: Vec<IpAddr> = match (range.value.parse::<IpNet>(), range.value.split_once('-')) {
            (Ok(net), _) => vec![net.network(), net.broadcast()],
            (_, Some((first, last))) => [first, last].iter().filter_map(|ip| ip.parse().ok()).collect(),
            _ => Vec::new(),
        };
        if !network.subnets.iter().any(|subnet| ends.iter().all(|ip| subnet.value.contains(ip))) {
            refuse(
                format!("the range {} lies outside {}", range.value, list(&network.subnets)),
                range.origin,
                "write a part of the subnet",
            );
        }
    }
}

fn list(subnets: &[Sourced<IpNet>]) -> String {
    subnets.iter().map(|s| s.value.to_string()).collect::<Vec<_>>().join(", ")
}

/// True for the first and last address of an IPv4 subnet that has room for hosts between them.
pub(crate) fn is_edge(subnet: &IpNet, ip: IpAddr) -> bool {
    matches!(subnet, IpNet::V4(net) if net.prefix_len() < 31) && (ip == subnet.network() || ip == subnet.broadcast())
        || matches!(subnet, IpNet::V6(net) if net.prefix_len() < 127) && ip == subnet.network()
}

/// Reads `[volume.NAME]`.
pub(crate) fn volume(
    (short, name): (&str, &Name),
    entry: &Entry,
    file: FileId,
    target: &Target,
    diagnostics: &mut Diagnostics,
) -> Volume {
    let fields = Fields::one(&entry.node);
    Volume {
        name: name.clone(),
        file,
        origin: Origin::At(entry.key),
        external: fields.yes("external"),
        volume_name: resource_name(&fields, "volume_name", (short, name), entry),
        description: fields.text("description"),
        settings: plain::read("Volume", schema::VOLUME_TYPED, &fields),
        verbatim: verbatim::lines(&fields, &["Volume", "Quadlet"], target, diagnostics),
    }
}

/// The podman name: the unit's own unless set. What is made elsewhere knows no stack: it has the name it is declared by.
fn resource_name(fields: &Fields<'_>, key: &str, (short, name): (&str, &Name), entry: &Entry) -> Sourced<String> {
    let own = if fields.yes("external") { short.to_owned() } else { name.to_string() };
    fields.noun(key, |text| Ok(text.to_owned())).unwrap_or_else(|| Sourced::new(own, Origin::At(entry.key)))
}

pub(super) fn nouns<T>(fields: &Fields<'_>, key: &str, parse: fn(&str) -> Option<T>) -> Vec<Sourced<T>> {
    let refuse = || Invalid::new("", "");
    let nodes = fields.items(key).unwrap_or_default();
    nodes.iter().filter_map(|node| fields::noun(node, |text| parse(text).ok_or_else(refuse))).collect()
}

fn policy(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Policy {
    let registries = fields.items("trusted_registries").unwrap_or_default().iter();
    Policy {
        trusted_registries: registries.filter_map(|node| fields::noun(node, |text| Ok(text.to_owned()))).collect(),
        severities: severities(fields, diagnostics),
    }
}

/// What `[policy]` says of single rules. `None` is a rule that is switched off.
fn severities(policy: &Fields<'_>, diagnostics: &mut Diagnostics) -> Vec<(Sourced<String>, Option<Severity>)> {
    let levels = [
        ("error", Some(Severity::Error)),
        ("warning", Some(Severity::Warning)),
        ("info", Some(Severity::Info)),
        ("off", None),
    ];
    let mut found: Vec<(Sourced<String>, Option<Severity>)> = Vec::new();
    for (key, severity) in levels {
        let rules = policy.items(key).unwrap_or_default().iter();
        for rule in rules.filter_map(|node| fields::noun(node, |text| Ok(text.to_owned()))) {
            if let Some((first, _)) = found.iter().find(|(first, _)| first.value == rule.value) {
                let message = format!("`[policy]` names {} twice", rule.value);
                diagnostics.push(
                    Diagnostic::general(message)
                        .at_origin(rule.origin)
                        .related(first.origin, "first here")
                        .help("leave it in one of the lists"),
                );
            }
            found.push((rule, severity));
        }
    }
    found
}

/// Reads `[[waive]]`.
pub(crate) fn waivers(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Vec<Waiver> {
    let mut waivers = Vec::new();
    for node in fields.items("waive").unwrap_or_default() {
        let Some(waiver) = Fields::item(node) else { continue };
        let own = |key: &str| waiver.noun(key, |text| Ok(text.to_owned()));
        for key in ["rule", "reason"] {
            if !waiver.has(key) {
                diagnostics.push(
                    Diagnostic::error(format!("a waiver without `{key}`"), node.span)
                        .help("write the rule's id or name and, in a sentence, why the exception is right"),
                );
            }
        }
        let expires = waiver.node("expires").and_then(|node| match &node.value {
            super::node::Value::Datetime(date) => Some(Sourced::new(date.clone(), node.origin())),
            _ => None,
        });
        if let (Some(rule), Some(reason)) = (own("rule"), own("reason")) {
            waivers.push(Waiver { rule, reason, expires });
        }
    }
    waivers
}
