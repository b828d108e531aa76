//! The host's network.

use super::{Item, Parts, Said, Scope, not_applicable, warn};
use crate::{
    host::{nftables, units},
    policy::host::{HostCheck, Status},
};

pub(super) const ITEMS: &[Item] = &[
    Item {
        about: HostCheck {
            id: "HC22",
            name: "default-deny-firewall",
            what: "The host's firewall drops what it was not told to let in.",
            fails: None,
            warns: Some("no firewall with such a default is switched on"),
            why: "One of the host's own daemons, or what somebody started to try it out, is then open to whoever can reach the host.",
            fix: "write a chain with hook input and policy drop into /etc/nftables.conf and switch nftables.service on (`plimsoll host render` writes a sample), or use firewalld or ufw",
            today: Some(
                "Containers on a macvlan or ipvlan network do not pass the host's firewall at all: for them the filter is on the gateway, or in the service's own ip_address_allow. podman's published ports are forwarded, and pass the hook forward, not input.",
            ),
            reads: &[
                "/etc/nftables.conf",
                "/etc/sysconfig/nftables.conf",
                "/etc/nftables",
                "/etc/firewalld/firewalld.conf",
                "/etc/ufw/ufw.conf",
                "/etc/systemd/system/*.wants",
            ],
            sources: &["B45", "B46", "nft(8)", "firewalld.conf(5)"],
        },
        look: firewall,
    },
    Item {
        about: HostCheck {
            id: "HC29",
            name: "parent-interface",
            what: "The interface beneath every macvlan and ipvlan network of the catalog is there, up, and wired.",
            fails: Some("it is not there, is down, or is Wi-Fi"),
            warns: None,
            why: "Without it the network is not made, and every service on it stays down. Access points drop frames from addresses that did not sign on, so on Wi-Fi a container with an address of its own hears nothing.",
            fix: "correct `parent` of the network, bring the interface up, or use a bridge",
            today: Some(
                "The host cannot talk to its own macvlan containers, whatever the interface. That Wi-Fi and many clouds drop the frames is what is told of them, and was not tried here.",
            ),
            reads: &["/sys/class/net/INTERFACE", "the catalog"],
            sources: &["B44", "podman-network-create(1)"],
        },
        look: parents,
    },
];

fn firewall(scope: &Scope<'_>) -> Result<Said, String> {
    let mut parts = Parts::default();
    let is_on = |unit: &str| units::is_enabled(scope.root, unit, units::SYSTEM);
    if is_on("nftables.service")? {
        let mut rules: Vec<(String, String)> = Vec::new();
        for path in ["etc/nftables.conf", "etc/sysconfig/nftables.conf"] {
            rules.extend(scope.root.text(path)?.map(|text| (path.to_owned(), text)));
        }
        for dir in ["etc/nftables", "etc/nftables.d"] {
            for suffix in [".nft", ".conf"] {
                rules.extend(scope.root.texts(dir, suffix)?);
            }
        }
        parts.add_firewall(
            "nftables",
            rules
                .iter()
                .find(|(_, text)| nftables::drops_input(text))
                .map(|(path, _)| format!("/{path} drops by default")),
        );
    }
    if is_on("firewalld.service")? {
        let conf = scope.root.text("etc/firewalld/firewalld.conf")?.unwrap_or_default();
        let zone = conf
            .lines()
            .rev()
            .find_map(|line| line.trim().strip_prefix("DefaultZone="))
            .unwrap_or("public")
            .trim()
            .to_owned();
        let file = format!("{zone}.xml");
        let own = scope.root.text(&format!("etc/firewalld/zones/{file}"))?;
        let text = if own.is_some() { own } else { scope.root.text(&format!("usr/lib/firewalld/zones/{file}"))? };
        let accepts = zone == "trusted" || text.is_some_and(|text| text.contains("target=\"ACCEPT\""));
        parts.add_firewall("firewalld", (!accepts).then(|| format!("firewalld, zone {zone}")));
    }
    if is_on("ufw.service")? {
        let conf = scope.root.text("etc/ufw/ufw.conf")?.unwrap_or_default();
        let default = scope.root.text("etc/default/ufw")?.unwrap_or_default();
        let is_enabled = conf.lines().any(|line| line.trim().eq_ignore_ascii_case("ENABLED=yes"));
        let set = default
            .lines()
            .rev()
            .find_map(|line| line.trim().strip_prefix("DEFAULT_INPUT_POLICY="))
            .unwrap_or("\"DROP\"");
        let drops = is_enabled && matches!(set.trim_matches('"'), "DROP" | "REJECT");
        parts.add_firewall("ufw", drops.then(|| "ufw drops by default".to_owned()));
    }
    // One that drops is enough: what it drops no other one lets in.
    let is_held = parts.0.iter().any(|(status, _)| *status == Status::Pass);
    if is_held {
        parts.0.retain(|(status, _)| *status == Status::Pass);
    } else if parts.0.is_empty() {
        return Ok(warn("neither nftables, firewalld nor ufw is switched on"));
    }
    Ok(parts.said(""))
}

impl Parts {
    fn add_firewall(&mut self, name: &str, drops: Option<String>) {
        match drops {
            Some(found) => self.add(Status::Pass, found),
            None => self.add(Status::Warn, format!("{name} is switched on, and does not drop by default")),
        }
    }
}

fn parents(scope: &Scope<'_>) -> Result<Said, String> {
    let networks: Vec<_> = scope
        .catalog
        .into_iter()
        .flat_map(|catalog| catalog.networks.values())
        .filter(|network| network.is_vlan() && !network.external)
        .collect();
    if networks.is_empty() {
        return Ok(not_applicable(if scope.catalog.is_some() {
            "the catalog has no macvlan or ipvlan network"
        } else {
            "without a catalog there is no network"
        }));
    }
    let interfaces = scope.root.list("sys/class/net")?.ok_or("/sys/class/net is not there")?;
    let mut parts = Parts::default();
    for network in networks {
        let name = &network.name;
        let Some(parent) = network.parent.as_ref().map(|parent| parent.value.as_str()) else {
            parts.add(
                Status::Unknown,
                format!("the network {name} names no parent: podman takes the interface of the default route"),
            );
            continue;
        };
        if !interfaces.iter().any(|interface| interface == parent) {
            parts.add(Status::Fail, format!("{parent} (of the network {name}) is not there"));
            continue;
        }
        let dir = format!("sys/class/net/{parent}");
        if scope.root.has(&format!("{dir}/wireless"))? || scope.root.has(&format!("{dir}/phy80211"))? {
            parts.add(Status::Fail, format!("{parent} (of the network {name}) is Wi-Fi"));
        }
        parts.told(scope.root.must(&format!("{dir}/operstate")).map(|state| match state.trim() {
            state @ ("down" | "lowerlayerdown" | "notpresent") => {
                (Status::Fail, format!("{parent} (of the network {name}) is {state}"))
            }
            // Interfaces that have no cable do not know.
            state => (Status::Pass, format!("{parent} is there, {state}")),
        }));
    }
    Ok(parts.said(""))
}
