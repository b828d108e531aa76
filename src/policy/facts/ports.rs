//! Published ports.

use std::{fmt, net::IpAddr};

use super::{Container, NetworkMode, NetworkUnit, Run};
use crate::{diagnostic::Span, model::Profile};

/// Ports from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

impl PortRange {
    /// Reads `80` or `8000-8010`; `None` for what podman refuses.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        (first > 0 && first <= last).then_some(Self { first, last })
    }

    /// Whether both have a port in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// How many ports it is.
    pub fn count(self) -> u32 {
        u32::from(self.last) - u32::from(self.first) + 1
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}

/// A published port: `[[IP:][HOST]:]CONTAINER[/PROTOCOL]` of podman-run(1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port<'a> {
    /// The address of the host it is bound to; `None` means all of them.
    pub host_ip: Option<IpAddr>,
    /// The ports of the host; `None` lets podman choose.
    pub host: Option<PortRange>,
    /// The ports of the container.
    pub container: PortRange,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// The key that says it.
    pub key: &'a str,
    /// Where.
    pub at: Span,
}

impl Port<'_> {
    /// Whether it is reachable on every address of the host.
    pub fn is_on_all_addresses(&self) -> bool {
        self.host_ip.is_none_or(|ip| ip.is_unspecified())
    }
}

/// Why published ports do not reach a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unforwarded {
    /// It shares the network of the host.
    OnHost,
    /// It has none.
    NoNetwork,
    /// It joins the network of that container, or that namespace.
    Joins(String),
    /// Its networks are internal, of which this is the first: root's podman sets up no forwarding for such a network
    /// (netavark pull request 126). What forwards the ports of an ordinary user does not care.
    Internal(String),
    /// Its networks are on the LAN, of which this is the first, and its driver.
    OnLan(String, String),
}

impl Unforwarded {
    /// Why the published ports of a container do not reach it, `None` where they do; `known` are the networks that it
    /// joins, those whose unit is there.
    pub fn of(container: &Container<'_>, known: &[&NetworkUnit<'_>]) -> Option<Self> {
        let networks = &container.networks;
        if container.is_on_host_network() {
            return Some(Self::OnHost);
        }
        if !networks.is_empty() && networks.iter().all(|network| network.mode == NetworkMode::None) {
            return Some(Self::NoNetwork);
        }
        for network in networks {
            if let NetworkMode::Container(name) | NetworkMode::Namespace(name) = &network.mode {
                return Some(Self::Joins(name.clone()));
            }
        }
        let first = known.first().filter(|_| known.len() == networks.len())?;
        if container.profile == Profile::Rootful
            && known.iter().all(|unit| unit.internal.is_some() && !unit.is_on_lan())
        {
            return Some(Self::Internal(first.name.to_owned()));
        }
        let all_on_lan = known.iter().all(|unit| unit.is_on_lan());
        all_on_lan.then(|| Self::OnLan(first.name.to_owned(), first.driver.clone()))
    }
}

impl fmt::Display for Unforwarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnHost => f.write_str("the container shares the network of the host"),
            Self::NoNetwork => f.write_str("the container has no network"),
            Self::Joins(name) => write!(f, "the container joins the network of {name}"),
            Self::Internal(name) => write!(f, "{name} is internal"),
            Self::OnLan(name, driver) => write!(f, "{name} is a {driver} network"),
        }
    }
}

/// Every published port that podman can read, in order.
pub fn of<'a>(run: &Run<'a>) -> Vec<Port<'a>> {
    let ports = run.all("publish").filter_map(|arg| {
        let (host_ip, host, container, protocol) = parse(&arg.value)?;
        Some(Port { host_ip, host, container, protocol, key: arg.key.name, at: arg.at })
    });
    let mut ports: Vec<_> = ports.collect();
    ports.shrink_to_fit();
    ports
}

/// The parts of a published port; `None` for what podman refuses.
pub fn parse(text: &str) -> Option<(Option<IpAddr>, Option<PortRange>, PortRange, String)> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    if !["tcp", "udp", "sctp"].contains(&protocol.as_str()) {
        return None;
    }
    let (before, container) = match ports.rsplit_once(':') {
        Some((before, container)) => (Some(before), container),
        None => (None, ports),
    };
    let container = PortRange::parse(container)?;
    let Some(before) = before else { return Some((None, None, container, protocol)) };
    // An IPv6 address stands in brackets, which hold its colons.
    let (ip, host) = match before.rsplit_once(':') {
        Some((ip, host)) if !host.ends_with(']') => (Some(ip), host),
        _ if before.starts_with('[') => (Some(before), ""),
        _ => (None, before),
    };
    let ip = match ip.filter(|ip| !ip.is_empty()) {
        None => None,
        Some(ip) => Some(ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')).unwrap_or(ip).parse().ok()?),
    };
    let host = match host {
        "" => None,
        host => Some(PortRange::parse(host)?),
    };
    let same_count = host.is_none_or(|host| host.count() == container.count() || container.count() == 1);
    same_count.then_some((ip, host, container, protocol))
}
