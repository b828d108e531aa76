//! The host's network.

use super::{Item, Parts, Said, Scope, not_applicable, warn};
use crate::{
    host::{
        firewalld::{self, Firewalld},
        nftables::{self, Drops},
        root::Root,
        units,
    },
    policy::host::{HostCheck, Status},
};

pub(super) const ITEMS: &[Item] = &[
    Item {
        about: HostCheck {
            id: "HC22",
            name: "default-deny-firewall",
            what: "The host's firewall drops what it was not told to let in.",
            fails: None,
            warns: Some(
                "no firewall with such a default is switched on, it is for one of IPv4 and IPv6 alone, or a zone of firewalld that is in use accepts everything",
            ),
            why: "One of the host's own daemons, or what somebody started to try it out, is then open to whoever can reach the host.",
            fix: "write a chain with hook input and policy drop into /etc/nftables.conf and switch nftables.service on (`plimsoll host render` writes a sample), or use firewalld or ufw",
            today: Some(
                "Containers on a macvlan or ipvlan network do not pass the host's firewall at all: for them the filter is on the gateway, or in the service's own ip_address_allow. podman's published ports are forwarded, and pass the hook forward, not input.",
            ),
            reads: &[
                "/etc/nftables.conf",
                "/etc/sysconfig/nftables.conf",
                "/usr/lib/systemd/system/nftables.service",
                "/etc/firewalld/firewalld.conf",
                "/etc/firewalld/zones",
                "/etc/ufw/ufw.conf",
                "/etc/systemd/system/*.wants",
            ],
            sources: &["B45", "B46", "nft(8)", "firewalld.conf(5)", "firewalld.zone(5)"],
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
        let paths = nftables_files(scope.root)?;
        let drops = nftables::loaded(scope.root, &paths)?;
        let by = paths.iter().map(|path| format!("/{path}")).collect::<Vec<_>>().join(", ");
        match drops {
            Drops { ipv4: true, ipv6 } if ipv6 || !has_ipv6(scope.root) => {
                parts.add(Status::Pass, format!("{by} drops by default"));
            }
            Drops { ipv4: false, ipv6: false } => parts.add_firewall("nftables", None),
            Drops { ipv4, .. } => {
                let (dropped, open) = if ipv4 { ("IPv4", "IPv6") } else { ("IPv6", "IPv4") };
                parts.add(Status::Warn, format!("{by} drops {dropped} by default, and lets {open} in"));
            }
        }
    }
    if is_on("firewalld.service")? {
        match firewalld::read(scope.root)? {
            Firewalld::Drops(zone) => parts.add(Status::Pass, format!("firewalld, zone {zone}")),
            Firewalld::Accepts { zone, from } => {
                parts.add(Status::Warn, format!("zone {zone} of firewalld accepts everything: {from}"));
            }
        }
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

/// What the service has nft load, in that order.
fn nftables_files(root: &Root) -> Result<Vec<String>, String> {
    let commands = units::values(root, "nftables.service", ("Service", "ExecStart"), units::SYSTEM)?;
    let commands = commands.unwrap_or_default();
    let words = |command: &str| -> Vec<String> {
        let words = command.split([' ', '\t', '"', '\'', ';']).filter(|word| !word.is_empty());
        // The first is nft itself.
        words.skip(1).filter_map(|word| word.strip_prefix('/').map(str::to_owned)).collect()
    };
    let mut files: Vec<String> = commands.iter().flat_map(|command| words(command)).collect();
    if files.is_empty() {
        files.extend(root.any(&["etc/nftables.conf", "etc/sysconfig/nftables.conf"])?.map(str::to_owned));
    }
    Ok(files)
}

/// Whether IPv6 is in use. Where that cannot be read, it may be.
fn has_ipv6(root: &Root) -> bool {
    let says = |path: &str| root.text(path).ok().flatten().unwrap_or_default();
    let is_left_out = says("proc/cmdline").split_ascii_whitespace().any(|word| word == "ipv6.disable=1");
    let families = root.list("proc/sys/net").ok().flatten().unwrap_or_default();
    let has = |name: &str| families.iter().any(|family| family == name);
    let is_unknown_to_kernel = has("ipv4") && !has("ipv6");
    !is_left_out && !is_unknown_to_kernel && says("proc/sys/net/ipv6/conf/all/disable_ipv6").trim() != "1"
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
