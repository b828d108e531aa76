//! How far a container's network reaches.

use super::facts::Assume;
use crate::{
    model::Profile,
    policy::{
        Effective,
        facts::{Container, NetworkMode, NetworkUnit, NetworkUse, Run, Unforwarded},
        quadlet::Tree,
    },
};

/// The network of a container: of several the one that reaches farthest. In the order of their reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Network {
    /// None.
    None,
    /// One without a way out.
    Internal,
    /// One that the unit names, behind the host's address.
    Own,
    /// podman's default, with every other container that names none.
    Default,
    /// That of another container.
    Joined,
    /// The LAN, with an address of its own, past the host's firewall.
    Lan,
    /// That of the host.
    Host,
}

/// Where its ports can be reached, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Published {
    /// Nowhere but on its networks.
    Nowhere,
    /// On the host itself.
    Loopback,
    /// On an address of the host.
    Address,
    /// On all of them.
    Everywhere,
}

/// The network of a container.
pub(super) fn of(container: &Container<'_>, tree: &Tree<'_>, assume: Assume) -> Network {
    let default = match container.profile {
        Profile::Rootful => Network::Default,
        // pasta: a namespace for each container.
        Profile::Rootless => Network::Own,
    };
    container.networks.iter().map(|network| reach(network, default, tree, assume)).max().unwrap_or(default)
}

fn reach(network: &NetworkUse<'_>, default: Network, tree: &Tree<'_>, assume: Assume) -> Network {
    let made_elsewhere = assume.pick(Network::Internal, Network::Lan);
    match &network.mode {
        NetworkMode::None => Network::None,
        NetworkMode::Host => Network::Host,
        NetworkMode::Bridge => Network::Default.max(default),
        NetworkMode::Pasta => Network::Own,
        NetworkMode::Unit(name) => tree.unit(name).map_or(made_elsewhere, |loaded| of_unit(&loaded.unit)),
        NetworkMode::Named(_) => made_elsewhere,
        NetworkMode::Container(name) => match tree.unit(name) {
            Some(other) if is_on_host(&other.unit) => Network::Host,
            Some(_) => Network::Joined,
            None => assume.pick(Network::Joined, Network::Host),
        },
        NetworkMode::Namespace(_) => assume.pick(Network::None, Network::Host),
    }
}

fn of_unit(unit: &Effective<'_>) -> Network {
    let unit = NetworkUnit::of(unit);
    match unit.internal {
        // `Internal=` takes only the default route of a macvlan: the neighbours stay.
        _ if unit.is_on_lan() => Network::Lan,
        Some(_) => Network::Internal,
        None => Network::Own,
    }
}

fn is_on_host(unit: &Effective<'_>) -> bool {
    Run::of_container(unit).all("network").any(|arg| arg.value == "host")
}

/// Where its ports can be reached.
pub(super) fn published(container: &Container<'_>, tree: &Tree<'_>, assume: Assume) -> Published {
    let joined = container.networks.iter().filter_map(|network| match &network.mode {
        NetworkMode::Unit(name) => tree.unit(name).map(|loaded| NetworkUnit::of(&loaded.unit)),
        _ => None,
    });
    let joined: Vec<_> = joined.collect();
    match Unforwarded::of(container, &joined.iter().collect::<Vec<_>>()) {
        // Each of its ports is open there, published or not.
        None | Some(Unforwarded::OnHost | Unforwarded::OnLan(..)) => {}
        Some(_) => return Published::Nowhere,
    }
    let asked = container.run.all("publish").filter(|arg| !arg.value.is_empty()).count();
    let of_port = |ip: Option<std::net::IpAddr>| match ip {
        None => Published::Everywhere,
        Some(ip) if ip.is_unspecified() => Published::Everywhere,
        Some(ip) if ip.is_loopback() => Published::Loopback,
        Some(_) => Published::Address,
    };
    let known = container.ports.iter().map(|port| of_port(port.host_ip)).max().unwrap_or(Published::Nowhere);
    if container.run.on("publish-all").is_some() {
        Published::Everywhere
    } else if asked > container.ports.len() {
        // A port with a specifier in it.
        assume.pick(known, Published::Everywhere)
    } else {
        known
    }
}
