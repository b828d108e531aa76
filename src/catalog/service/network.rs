//! Networks, ports and the address filter of a service.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    super::{
        fields::{self, Fields},
        node::{Node, Value},
        settings::is_edge,
    },
    Reference, Scope, resolve, string, strings,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity, Sourced},
    model::{AllowEntry, Attachment, Mac, Network, NetworkRef, PortRange, Profile, Protocol, PublishedPort},
};

/// Reads `network`: tables, or strings that name one.
pub(super) fn attachments(fields: &Fields<'_>, scope: &Scope<'_>, diagnostics: &mut Diagnostics) -> Vec<Attachment> {
    let mut attachments = Vec::new();
    for node in fields.items("network").unwrap_or_default() {
        attachments.extend(attachment(node, scope, diagnostics));
    }
    check_modes(&attachments, diagnostics);
    attachments
}

fn attachment(node: &Node, scope: &Scope<'_>, diagnostics: &mut Diagnostics) -> Option<Attachment> {
    if let Some(text) = string(node) {
        let (network, _) = network_ref(text, node, scope, diagnostics)?;
        return Some(Attachment {
            network,
            ips: Vec::new(),
            mac: None,
            aliases: Vec::new(),
            interface_name: None,
            origin: node.origin(),
        });
    }
    let table = Fields::item(node)?;
    let Some(name) = table.node("name") else {
        diagnostics.push(
            Diagnostic::error("a network without a `name`", node.span).help("write the NAME of a [network.NAME]"),
        );
        return None;
    };
    let text = string(name)?;
    let (network, declared) = network_ref(text, name, scope, diagnostics)?;
    let addresses = ["ip", "ip6"].into_iter().flat_map(|key| table.items(key).unwrap_or_default());
    let ips: Vec<Sourced<IpAddr>> = addresses
        .filter_map(|node| fields::noun(node, |text| Ok(text.parse::<IpAddr>().ok())))
        .filter_map(|ip| Some(Sourced::new(ip.value?, ip.origin)))
        .collect();
    let names = |key: &str| {
        table.items(key).unwrap_or_default().iter().filter_map(|n| fields::noun(n, |t| Ok(t.to_owned()))).collect()
    };
    let attachment = Attachment {
        ips,
        mac: table.noun("mac", Mac::parse),
        aliases: names("alias"),
        interface_name: table.noun("interface_name", |text| Ok(text.to_owned())),
        network,
        origin: node.origin(),
    };
    check_options(&attachment, diagnostics);
    let sixth = table.noun("ip6", |text| Ok(text.parse::<IpAddr>().ok()));
    if let Some((ip, origin)) = sixth.and_then(|ip| Some((ip.value?, ip.origin))).filter(|(ip, _)| ip.is_ipv4()) {
        let help = format!("write `ip = \"{ip}\"`");
        diagnostics.push(Diagnostic::general(format!("`{ip}` is not an IPv6 address")).at_origin(origin).help(help));
    }
    for ip in &attachment.ips {
        check_address(ip, declared, diagnostics);
    }
    Some(attachment)
}

/// What a name refers to; the second value is the network, where it is declared here.
fn network_ref<'a>(
    text: &str,
    node: &Node,
    scope: &Scope<'a>,
    diagnostics: &mut Diagnostics,
) -> Option<(NetworkRef, Option<&'a Network>)> {
    if let Some(service) = text.strip_suffix(".container") {
        let service = resolve(scope.service(service), Reference::Service, node, service, scope, diagnostics)?;
        return Some((NetworkRef::Service(service), None));
    }
    let found = scope.network(text);
    let mode = text.split(':').next().unwrap_or(text);
    if found.is_none() && matches!(mode, "none" | "host" | "private" | "bridge" | "pasta" | "slirp4netns") {
        if mode == "slirp4netns" && scope.target.profile == Profile::Rootful {
            diagnostics.push(
                Diagnostic::error("slirp4netns is for rootless containers", node.span)
                    .help("name a network of the catalog"),
            );
        }
        return Some((NetworkRef::Mode(text.to_owned()), None));
    }
    let network = resolve(found, Reference::Network, node, text, scope, diagnostics)?;
    let reference = if network.external {
        NetworkRef::External(network.network_name.value.clone())
    } else {
        NetworkRef::Catalog(network.name.clone())
    };
    Some((reference, Some(network)))
}

/// Modes have no addresses: only networks do.
fn check_options(attachment: &Attachment, diagnostics: &mut Diagnostics) {
    let mode = match &attachment.network {
        NetworkRef::Mode(mode) if !mode.starts_with("bridge") => mode.as_str(),
        NetworkRef::Service(_) => "another container's network",
        _ => return,
    };
    let first = attachment
        .ips
        .first()
        .map(|ip| ip.origin)
        .or(attachment.mac.as_ref().map(|mac| mac.origin))
        .or(attachment.aliases.first().map(|alias| alias.origin))
        .or(attachment.interface_name.as_ref().map(|name| name.origin));
    if let Some(origin) = first {
        diagnostics.push(
            Diagnostic::general(format!("`{mode}` takes no addresses or names"))
                .at_origin(origin)
                .help("take them out, or name a network of the catalog"),
        );
    }
}

fn check_modes(attachments: &[Attachment], diagnostics: &mut Diagnostics) {
    let alone = |attachment: &&Attachment| {
        matches!(&attachment.network, NetworkRef::Service(_))
            || matches!(&attachment.network, NetworkRef::Mode(mode) if !mode.starts_with("bridge"))
    };
    if attachments.len() > 1 {
        for attachment in attachments.iter().filter(alone) {
            diagnostics.push(
                Diagnostic::general("a network mode beside other networks")
                    .at_origin(attachment.origin)
                    .help("podman refuses the two together: keep the mode alone, or the networks"),
            );
        }
    }
    for (at, attachment) in attachments.iter().enumerate() {
        if let Some(first) = attachments[..at].iter().find(|earlier| earlier.network == attachment.network) {
            diagnostics.push(
                Diagnostic::general("the same network twice")
                    .at_origin(attachment.origin)
                    .related(first.origin, "the first time")
                    .help("write both addresses of a network into one table: `ip` and `ip6`"),
            );
        }
    }
}

/// A fixed address must be one that the network can give.
fn check_address(ip: &Sourced<IpAddr>, network: Option<&Network>, diagnostics: &mut Diagnostics) {
    let Some(network) = network else { return };
    let mut refuse = |message: String, help: &str| {
        diagnostics
            .push(Diagnostic::general(message).at_origin(ip.origin).related(network.origin, "the network").help(help));
    };
    if network.subnets.is_empty() {
        if !network.external {
            refuse(
                format!("a fixed address on `{}`, which has no subnet", network.name),
                "podman gives such a network any subnet: write `subnet` into the network",
            );
        }
        return;
    }
    let subnets = || network.subnets.iter().map(|s| s.value.to_string()).collect::<Vec<_>>().join(", ");
    match network.subnets.iter().find(|subnet| subnet.value.contains(&ip.value)) {
        None => refuse(
            format!("the address {} lies outside the subnet {} of `{}`", ip.value, subnets(), network.name),
            "write an address inside the subnet",
        ),
        Some(subnet) if is_edge(&subnet.value, ip.value) => refuse(
            format!("{} is the network or broadcast address of {}", ip.value, subnet.value),
            "write the address of a host inside the subnet",
        ),
        Some(_) if network.gateways.iter().any(|gateway| gateway.value == ip.value) => {
            refuse(format!("{} is the gateway of `{}`", ip.value, network.name), "write an address of its own");
        }
        Some(_) => {}
    }
}

/// Reads `publish_port`: tables, or strings in podman's spelling.
pub(super) fn ports(
    fields: &Fields<'_>,
    networks: &[Attachment],
    diagnostics: &mut Diagnostics,
) -> Vec<Sourced<PublishedPort>> {
    let nodes = fields.items("publish_port").unwrap_or_default();
    let ports: Vec<_> = nodes.iter().filter_map(|node| port(node, diagnostics)).collect();
    if let (Some(port), [Attachment { network: NetworkRef::Service(name), .. }]) = (ports.first(), networks) {
        diagnostics.push(
            Diagnostic::general(format!("a published port of a service that is on the network of `{name}`"))
                .at_origin(port.origin)
                .help(format!("podman refuses it: publish the port in `{name}`, whose network it is")),
        );
    }
    if let (Some(port), [] | [Attachment { network: NetworkRef::Mode(_), .. }]) = (ports.first(), networks) {
        let mode = networks.first().map_or("none", |a| match &a.network {
            NetworkRef::Mode(mode) => mode.as_str(),
            _ => "",
        });
        if matches!(mode, "none" | "host") {
            let mut warning = Diagnostic::general(format!("a published port on the network `{mode}` is never reached"))
                .at_origin(port.origin)
                .help("name a network of the catalog, or `network = \"bridge\"` for podman's own");
            warning.severity = Severity::Warning;
            diagnostics.push(warning);
        }
    }
    ports
}

fn port(node: &Node, diagnostics: &mut Diagnostics) -> Option<Sourced<PublishedPort>> {
    if let Value::String(text) = &node.value {
        return PublishedPort::parse(text).ok().map(|port| Sourced::new(port, node.origin()));
    }
    let table = Fields::item(node)?;
    if !table.has("container") {
        diagnostics.push(
            Diagnostic::error("a published port without `container`", node.span)
                .help("write the container's port: `container = 80`"),
        );
    }
    let port = PublishedPort {
        host_ip: table.noun("host_ip", PublishedPort::parse_ip).map(|ip| ip.value),
        host: table.noun("host", PortRange::parse).map(|port| port.value),
        container: table.noun("container", PortRange::parse)?.value,
        protocol: table.noun("protocol", Protocol::parse).map(|protocol| protocol.value),
    };
    match port.checked() {
        Ok(port) => Some(Sourced::new(port, node.origin())),
        Err(invalid) => {
            diagnostics.push(Diagnostic::error(invalid.message, node.span).help(invalid.help));
            None
        }
    }
}

/// Reads `ip_address_allow`.
pub(super) fn allow(
    fields: &Fields<'_>,
    scope: &Scope<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Sourced<Vec<Sourced<AllowEntry>>>> {
    let node = fields.node("ip_address_allow")?;
    if scope.target.profile == Profile::Rootless {
        diagnostics.push(
            Diagnostic::error("a rootless service cannot filter addresses", node.span)
                .help("only root may attach the filter: take `ip_address_allow` out, or take the rootful profile"),
        );
    }
    let mut entries = Vec::new();
    for (node, text) in strings(fields, "ip_address_allow") {
        entries.extend(peer(text, node, scope, diagnostics).map(|entry| Sourced::new(entry, node.origin())));
    }
    Some(Sourced::new(entries, node.origin()))
}

fn peer(text: &str, node: &Node, scope: &Scope<'_>, diagnostics: &mut Diagnostics) -> Option<AllowEntry> {
    if let Some(keyword) = ["localhost", "link-local", "multicast", "any"].into_iter().find(|k| *k == text) {
        return Some(AllowEntry::Keyword(keyword));
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(AllowEntry::Net(ip.into()));
    }
    if let Ok(net) = text.parse::<IpNet>() {
        return Some(AllowEntry::Net(net));
    }
    if text.contains(['/', ':', '.']) {
        return None;
    }
    if let (Some(_), Some(_)) = (scope.network(text), scope.service(text)) {
        diagnostics.push(
            Diagnostic::error(format!("`{text}` is a network and a service"), node.span)
                .help("write the addresses that are meant"),
        );
        return None;
    }
    if let Some(network) = scope.network(text) {
        if network.subnets.is_empty() {
            diagnostics.push(
                Diagnostic::error(format!("the network `{text}` has no subnet to allow"), node.span)
                    .help("write `subnet` into the network, or the addresses here"),
            );
        }
        return Some(AllowEntry::Network(network.name.clone()));
    }
    let found = scope.service(text);
    resolve(found, Reference::Peer, node, text, scope, diagnostics).map(AllowEntry::Service)
}
