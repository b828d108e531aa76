//! Networks and published ports.

use sha2::{Digest, Sha256};

use super::{Builder, push_line};
use crate::{
    diagnostic::{Diagnostic, Origin},
    model::{Attachment, Catalog, Mac, NetworkRef, Service},
    unit::keys::{Gated, value_gates},
};

pub(super) fn lines(builder: &mut Builder<'_, '_>, service: &Service) {
    if let Some(pod) = service.setting("Pod") {
        let first = service.networks.first().map(|a| a.origin).or(service.ports.first().map(|p| p.origin));
        if let Some(origin) = first {
            builder.drafting.diagnostics.push(
                Diagnostic::general("a member of a pod has the pod's network")
                    .at_origin(origin)
                    .related(pod.origin, "the pod")
                    .help("write networks and ports into [quadlet.Pod]"),
            );
        }
        return;
    }
    if service.networks.is_empty() {
        builder.push("Network", "none", Origin::BuiltIn);
    }
    for attachment in &service.networks {
        let value = value(attachment, service, builder);
        push_line(builder, "Network", value, attachment.origin);
    }
    for port in &service.ports {
        builder.push("PublishPort", port.value.to_string(), port.origin);
    }
}

fn value(attachment: &Attachment, service: &Service, builder: &mut Builder<'_, '_>) -> String {
    let catalog = builder.drafting.catalog;
    let name = match &attachment.network {
        NetworkRef::Catalog(name) => format!("{name}.network"),
        NetworkRef::External(name) => name.clone(),
        NetworkRef::Mode(mode) => mode.clone(),
        NetworkRef::Service(name) => {
            gate_container_reference(attachment, builder);
            return format!("{name}.container");
        }
    };
    let mut options: Vec<String> = attachment
        .ips
        .iter()
        .map(|ip| format!("{}={}", if ip.value.is_ipv4() { "ip" } else { "ip6" }, ip.value))
        .collect();
    let mac = attachment.mac.as_ref().map(|mac| mac.value).or_else(|| stable_mac(attachment, service, catalog));
    options.extend(mac.map(|mac| format!("mac={mac}")));
    options.extend(attachment.aliases.iter().map(|alias| format!("alias={}", alias.value)));
    options.extend(attachment.interface_name.iter().map(|name| format!("interface_name={}", name.value)));
    if options.is_empty() { name } else { format!("{name}:{}", options.join(",")) }
}

/// On macvlan a new MAC at each start leaves the neighbours with a stale ARP entry for seconds to minutes
/// (real-host.md section 3): one is derived that stays.
fn stable_mac(attachment: &Attachment, service: &Service, catalog: &Catalog) -> Option<Mac> {
    let network = match &attachment.network {
        NetworkRef::Catalog(name) => catalog.networks.get(name),
        NetworkRef::External(name) => {
            catalog.networks.values().find(|network| network.external && network.network_name.value == *name)
        }
        NetworkRef::Mode(_) | NetworkRef::Service(_) => None,
    }?;
    if !network.is_macvlan() {
        return None;
    }
    // Names hold no slash, so that no two services meet in one text.
    let name = format!("{}/{}/{}", catalog.name, service.name, network.name);
    let digest = Sha256::digest(name.as_bytes());
    digest.first_chunk::<5>().map(|bytes| Mac::local(*bytes))
}

fn gate_container_reference(attachment: &Attachment, builder: &mut Builder<'_, '_>) {
    let podman = builder.drafting.catalog.target.podman.value;
    let gate = value_gates("Container", "Network").find(|gate| gate.value == Gated::Reference(".container"));
    if let Some(gate) = gate.filter(|gate| podman.pair() < gate.since) {
        let (major, minor) = gate.since;
        builder.drafting.diagnostics.push(
            Diagnostic::general(format!(
                "the network of another container needs Podman {major}.{minor}, the target is {podman}"
            ))
            .at_origin(attachment.origin)
            .help(format!("set `podman = \"{major}.{minor}\"` in [target] of catalog.toml if every host has it")),
        );
    }
}
