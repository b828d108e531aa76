//! A sample for nftables: whoever owns the host's firewall takes from it what fits.

use std::fmt::Write as _;

use super::{Host, places};
use crate::model::PublishedPort;

pub(super) fn add(host: &mut Host<'_>) {
    if !host.catalog.host.firewall {
        return;
    }
    let why = [
        "A sample, which nothing loads: whoever owns the firewall takes from it what fits. It denies by default",
        "what comes in and what passes through. Look at it, test it with `nft --check --file`, load it with",
        "`nft --file` from a console and not over the network.",
        "Containers on a macvlan or ipvlan are not behind it: their traffic does not pass this host. Those have",
        "`ip_address_allow`, or the firewall of the network they are on.",
    ];
    let path = places::named("etc/nftables/plimsoll-", &host.catalog.name);
    let body = body(host);
    host.add(path, &why, "B46 (a firewall that denies by default)", &body);
}

fn body(host: &Host<'_>) -> String {
    // Netavark turns a published port into the container's address before the input is looked at; without root a
    // process of the user listens on the host.
    let (mut listens, mut passes) = (String::new(), String::new());
    for service in host.catalog.services.values() {
        for port in &service.ports {
            let Some(rule) = rule(&port.value) else { continue };
            if host.is_rootless() {
                let _ = writeln!(listens, "        {rule} accept comment \"{}\"", service.name);
            } else {
                let _ = writeln!(passes, "        # {rule}: {}", service.name);
            }
        }
    }
    // Numbers: the name of ICMPv6 is in /etc/protocols, which a small host has not (seen with Debian 13 without netbase).
    format!(
        "table inet plimsoll\n\
         delete table inet plimsoll\n\
         table inet plimsoll {{\n\
         \x20   chain input {{\n\
         \x20       type filter hook input priority filter; policy drop;\n\
         \x20       ct state vmap {{ established : accept, related : accept, invalid : drop }}\n\
         \x20       iif \"lo\" accept\n\
         \x20       meta l4proto {{ 1, 58 }} accept comment \"ICMP for IPv4 and IPv6\"\n\
         \x20       udp dport {{ 68, 546 }} accept comment \"addresses by DHCP\"\n\
         \x20       tcp dport 22 accept comment \"ssh: say from where\"\n\
         \x20       iifname \"podman*\" meta l4proto {{ tcp, udp }} th dport 53 accept comment \"names for containers\"\n\
         {listens}\
         \x20   }}\n\
         \x20   chain forward {{\n\
         \x20       type filter hook forward priority filter; policy drop;\n\
         \x20       ct state vmap {{ established : accept, related : accept, invalid : drop }}\n\
         \x20       iifname \"podman*\" accept comment \"what containers ask for\"\n\
         \x20       ct status dnat accept comment \"ports that podman publishes\"\n\
         {passes}\
         \x20   }}\n\
         }}\n"
    )
}

/// The ports of the host, as nftables matches them; none where podman chooses one.
fn rule(port: &PublishedPort) -> Option<String> {
    let ports = port.host?;
    let address = match port.host_ip {
        Some(ip) if ip.is_unspecified() => String::new(),
        Some(ip) if ip.is_ipv4() => format!("ip daddr {ip} "),
        Some(ip) => format!("ip6 daddr {ip} "),
        None => String::new(),
    };
    Some(format!("{address}{} dport {ports}", port.protocol.map_or("tcp", |protocol| protocol.as_str())))
}
