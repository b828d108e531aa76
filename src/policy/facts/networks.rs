//! The networks a container joins.

use super::Run;
use crate::{
    diagnostic::Span,
    policy::{Effective, effective::Value},
    unit::split::Mode,
};

/// What `--network` chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkMode {
    /// No network at all.
    None,
    /// That of the host.
    Host,
    /// podman's default bridge network.
    Bridge,
    /// A user-mode network of its own: podman's default without root.
    Pasta,
    /// The network of another container, or of a `.container` unit.
    Container(String),
    /// A network namespace that somebody else made.
    Namespace(String),
    /// A `.network` unit, by file name.
    Unit(String),
    /// A network made elsewhere.
    Named(String),
}

/// A network a container joins, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkUse<'a> {
    /// Which.
    pub mode: NetworkMode,
    /// Its options: `ip=192.0.2.5`, `--map-gw`.
    pub options: Vec<String>,
    /// The key that says it.
    pub key: &'a str,
    /// Where.
    pub at: Span,
}

impl NetworkUse<'_> {
    /// The value of an option.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
    }

    /// The network it joins, for messages: `lan.network`, `host`.
    pub fn name(&self) -> &str {
        match &self.mode {
            NetworkMode::None => "none",
            NetworkMode::Host => "host",
            NetworkMode::Bridge => "bridge",
            NetworkMode::Pasta => "pasta",
            NetworkMode::Container(name)
            | NetworkMode::Namespace(name)
            | NetworkMode::Unit(name)
            | NetworkMode::Named(name) => name,
        }
    }
}

/// Every network, in order.
pub fn of<'a>(run: &Run<'a>) -> Vec<NetworkUse<'a>> {
    let networks = run.all("network").filter(|arg| !arg.value.is_empty()).map(|arg| {
        let (mode, options) = parse(&arg.value);
        NetworkUse { mode, options, key: arg.key.name, at: arg.at }
    });
    // Most containers have one, and a vector makes room for four.
    let mut networks: Vec<_> = networks.collect();
    networks.shrink_to_fit();
    networks
}

fn parse(text: &str) -> (NetworkMode, Vec<String>) {
    let (name, rest) = text.split_once(':').unwrap_or((text, ""));
    let whole = |mode: fn(String) -> NetworkMode| (mode(rest.to_owned()), Vec::new());
    match name {
        "container" => return whole(NetworkMode::Container),
        "ns" => return whole(NetworkMode::Namespace),
        _ => {}
    }
    let mode = match name {
        "none" => NetworkMode::None,
        "host" => NetworkMode::Host,
        "bridge" => NetworkMode::Bridge,
        "pasta" | "private" | "slirp4netns" => NetworkMode::Pasta,
        unit if unit.ends_with(".network") => NetworkMode::Unit(unit.to_owned()),
        unit if unit.ends_with(".container") => NetworkMode::Container(unit.to_owned()),
        named => NetworkMode::Named(named.to_owned()),
    };
    (mode, rest.split(',').filter(|option| !option.is_empty()).map(str::to_owned).collect())
}

/// What a `.network` unit makes, said by keys or arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkUnit<'a> {
    /// The name of its file: `lan.network`.
    pub name: &'a str,
    /// `bridge`, `macvlan`, `ipvlan` or a plugin.
    pub driver: String,
    /// Its subnets, in order.
    pub subnets: Vec<Said<'a>>,
    /// Their gateways: podman gives the first to the first subnet.
    pub gateways: Vec<Said<'a>>,
    /// The addresses it hands out of each.
    pub ranges: Vec<Said<'a>>,
    /// Options of the driver: `parent=eth0`.
    pub options: Vec<Said<'a>>,
    /// Who hands out addresses: `host-local`, `dhcp`, `none`.
    pub ipam: Option<Said<'a>>,
    /// The interface of the host that it is named for, or stands on.
    pub interface: Option<Said<'a>>,
    /// Where it says that nothing leads out of it.
    pub internal: Option<Span>,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// The value.
    pub text: String,
    /// The key that says it.
    pub key: &'a str,
    /// Where.
    pub at: Span,
}

impl<'a> NetworkUnit<'a> {
    /// Gathers the facts of a unit.
    pub fn of(unit: &'a Effective<'a>) -> Self {
        Self::with(unit, &Run::of_network(unit))
    }

    /// The same where it is known already what it tells podman.
    pub fn with(unit: &'a Effective<'a>, run: &Run<'a>) -> Self {
        let raw = |flag: &str| -> Vec<Said<'a>> {
            run.all(flag).map(|arg| Said { text: arg.value.to_string(), key: arg.key.name, at: arg.at }).collect()
        };
        let said = |key: &'a str, flag: &str| -> Vec<Said<'a>> {
            let values = unit.list("Network", key).into_iter();
            values
                .map(|value| Said { text: value.text.trim().to_owned(), key, at: value.at })
                .chain(raw(flag))
                .collect()
        };
        let last = |key: &'a str, flag: &str| said(key, flag).pop();
        let options = unit.list("Network", "Options").into_iter().flat_map(|value| {
            let words = value.split(Mode::Args).into_texts().into_iter();
            words.map(move |text| Said { text, key: "Options", at: value.at }).collect::<Vec<_>>()
        });
        let internal = unit.last("Network", "Internal").filter(Value::is_true).map(|value| value.at);
        Self {
            name: unit.file().name(),
            driver: last("Driver", "driver").map_or_else(|| "bridge".to_owned(), |driver| driver.text),
            subnets: said("Subnet", "subnet"),
            gateways: said("Gateway", "gateway"),
            ranges: said("IPRange", "ip-range"),
            options: options.chain(raw("opt")).collect(),
            ipam: last("IPAMDriver", "ipam-driver"),
            interface: last("InterfaceName", "interface-name"),
            internal: internal.or_else(|| run.on("internal").map(|arg| arg.at)),
        }
    }

    /// Whether it puts containers onto the network of the host's own interface, past the firewall of the host.
    pub fn is_on_lan(&self) -> bool {
        ["macvlan", "ipvlan"].contains(&self.driver.as_str())
    }

    /// The value of an option of the driver.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find_map(|option| option.text.strip_prefix(name)?.strip_prefix('='))
    }

    /// Whether a DHCP server hands out the addresses: where it is asked for, and on a LAN without a subnet.
    pub fn is_dhcp(&self) -> bool {
        match &self.ipam {
            Some(ipam) => ipam.text == "dhcp",
            None => self.is_on_lan() && self.subnets.is_empty(),
        }
    }
}
