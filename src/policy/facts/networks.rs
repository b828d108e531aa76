//! The networks a container joins.

use super::Run;
use crate::diagnostic::Span;

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
pub(super) fn of<'a>(run: &Run<'a>) -> Vec<NetworkUse<'a>> {
    run.all("network")
        .filter(|arg| !arg.value.is_empty())
        .map(|arg| {
            let (mode, options) = parse(&arg.value);
            NetworkUse { mode, options, key: arg.key, at: arg.at }
        })
        .collect()
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
