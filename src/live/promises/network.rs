//! The network: none, or one of its own with the addresses that were declared.

use std::net::IpAddr;

use super::{Book, Claim, Look, Saw};
use crate::{
    live::{
        kernel::Unread,
        process::{addresses_v4, addresses_v6, interfaces, macs},
    },
    policy::facts::NetworkMode,
};

pub(super) fn promise(look: &Look<'_>, book: &mut Book<'_>) {
    let container = look.service.container;
    let networks = &container.networks;
    let is_any = |wanted: fn(&NetworkMode) -> bool| networks.iter().any(|network| wanted(&network.mode));
    if is_any(|mode| *mode == NetworkMode::None) {
        let claim = Claim::new("network", "none: only lo", look.process_file("net/dev"));
        let saw = look.process().and_then(|process| {
            let text = process.read("net/dev")?;
            let found = interfaces(&text);
            if found.is_empty() {
                return Err(Unread::Garbled);
            }
            Ok(Saw::new(found.join(", "), found == ["lo"]))
        });
        return book.tell(claim, saw);
    }
    // The network of somebody else is no promise.
    if is_any(|mode| matches!(mode, NetworkMode::Host | NetworkMode::Container(_) | NetworkMode::Namespace(_))) {
        return;
    }
    let claim = Claim::new("network", "not the host's", look.process_file("ns/net"));
    let saw = look.process().and_then(|process| {
        let host = look.host.ok_or(Unread::Gone)?;
        let (own, hosts) = match (process.link("ns/net"), host.network()) {
            // A user may not read that of every process of his, nor of the host's first; others than the host's interfaces
            // tell as much.
            (Err(Unread::Refused), _) | (_, Err(Unread::Refused)) => {
                let (own, hosts) = (process.read("net/dev")?, host.interfaces()?);
                let (own, hosts) = (interfaces(&own), interfaces(&hosts));
                return if own == hosts { Err(Unread::Refused) } else { Ok(Saw::new(own.join(", "), true)) };
            }
            (own, hosts) => (own?, hosts?),
        };
        if !own.starts_with("net:[") || !hosts.starts_with("net:[") {
            return Err(Unread::Garbled);
        }
        Ok(if own == hosts { Saw::new(format!("{own}, the host's"), false) } else { Saw::new(own, true) })
    });
    book.tell(claim, saw);
    let of_networks = networks.iter().flat_map(|network| ["ip", "ip6"].map(|name| network.option(name)));
    let of_run = ["ip", "ip6"].map(|flag| container.run.last(flag).map(|arg| arg.value.as_ref()));
    for address in of_networks.chain(of_run).flatten().filter_map(|text| text.parse().ok()) {
        address_is_there(look, address, book);
    }
    let of_networks = networks.iter().map(|network| network.option("mac"));
    let of_run = container.run.last("mac-address").map(|arg| arg.value.as_ref());
    for text in of_networks.chain([of_run]).flatten() {
        mac_is_there(look, text, book);
    }
}

fn address_is_there(look: &Look<'_>, address: IpAddr, book: &mut Book<'_>) {
    let file = if address.is_ipv4() { "net/fib_trie" } else { "net/if_inet6" };
    let claim = Claim::new("address", address.to_string(), look.process_file(file)).of(address.to_string());
    let saw = look.process().and_then(|process| {
        let text = process.read(file)?;
        let found: Vec<IpAddr> = match address {
            IpAddr::V4(_) => addresses_v4(&text).into_iter().map(IpAddr::from).collect(),
            IpAddr::V6(_) => addresses_v6(&text).into_iter().map(IpAddr::from).collect(),
        };
        let others = found.iter().filter(|found| !found.is_loopback()).map(ToString::to_string);
        let shown = others.collect::<Vec<_>>().join(", ");
        Ok(Saw::new(if shown.is_empty() { "no address".to_owned() } else { shown }, found.contains(&address)))
    });
    book.tell(claim, saw);
}

/// The kernel tells no MAC address in /proc; the link-local address that it makes of one does.
fn mac_is_there(look: &Look<'_>, text: &str, book: &mut Book<'_>) {
    let claim = Claim::new("mac", text, look.process_file("net/if_inet6")).of(text);
    let saw = look.process().and_then(|process| {
        let found = process.read("net/if_inet6").map(|text| macs(&addresses_v6(&text))).unwrap_or_default();
        let shown: Vec<String> = found.into_iter().map(show_mac).collect();
        if shown.iter().any(|mac| mac.eq_ignore_ascii_case(text)) {
            return Ok(Saw::new(text, true));
        }
        // Of one interface alone it is known whose the address is; link-local addresses may be made of something else, too.
        let dev = process.read("net/dev").unwrap_or_default();
        let is_alone = interfaces(&dev).into_iter().filter(|name| *name != "lo").count() == 1;
        match shown.as_slice() {
            [other] if is_alone => Ok(Saw::new(other, false)),
            _ => Err(Unread::Because("a MAC address is not in /proc".to_owned())),
        }
    });
    book.tell(claim, saw);
}

fn show_mac(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}
