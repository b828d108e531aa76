//! The catalog as a whole: target, fleet, stacks, networks, volumes and services.

use indexmap::IndexMap;
use ipnet::IpNet;
use std::net::IpAddr;

use super::{HostSettings, Limits, Name, PodmanVersion, Service, Setting, Text, Verbatim, Waiver};
use crate::diagnostic::{FileId, Origin, Severity, Sourced};

/// Who starts the containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Profile {
    /// root, with every service in a user namespace of its own.
    #[default]
    Rootful,
    /// An ordinary user.
    Rootless,
}

/// The host that the units are for.
#[derive(Clone, Debug)]
pub struct Target {
    /// The oldest Podman that will read the units.
    pub podman: Sourced<PodmanVersion>,
    /// Who starts the containers.
    pub profile: Profile,
    /// The user of a rootless catalog, by number; without one the units are for every user.
    pub user: Option<u32>,
    /// True where volumes are labelled for SELinux.
    pub selinux: bool,
}

/// The slice that holds every service of the catalog.
#[derive(Clone, Debug)]
pub struct FleetSlice {
    /// Its name, without `.slice`.
    pub name: Name,
    /// Its limits.
    pub limits: Limits,
    /// Lines of the author's in `[Slice]` and `[Unit]`.
    pub verbatim: Vec<Verbatim>,
    /// Where it was written.
    pub origin: Origin,
}

/// A sub-directory of the catalog: services that belong together.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Its name.
    pub name: Name,
    /// Its `stack.toml`, if it has one.
    pub file: Option<FileId>,
    /// Its own limits, over all its services.
    pub limits: Limits,
    /// What it is, in its author's words.
    pub description: Option<Sourced<Text>>,
    /// Lines of the author's in its slice.
    pub verbatim: Vec<Verbatim>,
}

/// A network of the catalog.
#[derive(Clone, Debug)]
pub struct Network {
    /// The name of its unit: `lan`, `forge-backend`.
    pub name: Name,
    /// The file it stands in.
    pub file: FileId,
    /// Where.
    pub origin: Origin,
    /// Made elsewhere: no unit is rendered.
    pub external: bool,
    /// Its podman name.
    pub network_name: Sourced<String>,
    /// `Description=`.
    pub description: Option<Sourced<Text>>,
    /// Its driver; podman's default is bridge.
    pub driver: Option<Sourced<String>>,
    /// The host's interface beneath a macvlan or ipvlan.
    pub parent: Option<Sourced<String>>,
    /// Its subnets.
    pub subnets: Vec<Sourced<IpNet>>,
    /// A gateway for each subnet.
    pub gateways: Vec<Sourced<IpAddr>>,
    /// The range that podman gives addresses from, for each subnet.
    pub ip_ranges: Vec<Sourced<String>>,
    /// Every plain key.
    pub settings: Vec<Setting>,
    /// Lines of the author's.
    pub verbatim: Vec<Verbatim>,
}

impl Network {
    /// True where the driver puts containers beside the host on its own network.
    pub fn is_vlan(&self) -> bool {
        self.driver.as_ref().is_some_and(|d| matches!(d.value.as_str(), "macvlan" | "ipvlan"))
    }

    /// True where every container has a link-layer address that neighbours learn.
    pub fn is_macvlan(&self) -> bool {
        self.driver.as_ref().is_some_and(|d| d.value == "macvlan")
    }
}

/// A named volume of the catalog.
#[derive(Clone, Debug)]
pub struct Volume {
    /// The name of its unit: `cache`, `forge-data`.
    pub name: Name,
    /// The file it stands in.
    pub file: FileId,
    /// Where.
    pub origin: Origin,
    /// Made elsewhere: no unit is rendered.
    pub external: bool,
    /// Its podman name.
    pub volume_name: Sourced<String>,
    /// `Description=`.
    pub description: Option<Sourced<Text>>,
    /// Every plain key.
    pub settings: Vec<Setting>,
    /// Lines of the author's.
    pub verbatim: Vec<Verbatim>,
}

/// A Quadlet unit of another type that stands beside a service or a stack, made of verbatim keys.
#[derive(Clone, Debug)]
pub struct Companion {
    /// The Quadlet section that names its type: `Build`, `Pod`, `Artifact`, `Image`.
    pub group: &'static str,
    /// The stem of its file.
    pub name: Name,
    /// Its lines.
    pub lines: Vec<Verbatim>,
    /// Where its section was written.
    pub origin: Origin,
}

/// What `check` goes by.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Registries that images may come from; empty means that no list was given.
    pub trusted_registries: Vec<Sourced<String>>,
    /// What single rules are to be, by id or name; `None` switches a rule off.
    pub severities: Vec<(Sourced<String>, Option<Severity>)>,
}

/// A whole catalog; whatever it refers to, it holds.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// Its name, and that of its directory on the host.
    pub name: Name,
    /// The `catalog.toml`, if there is one.
    pub file: Option<FileId>,
    /// The host.
    pub target: Target,
    /// The fleet's own load line.
    pub slice: FleetSlice,
    /// Stacks by name.
    pub stacks: IndexMap<Name, Stack>,
    /// Networks by unit name.
    pub networks: IndexMap<Name, Network>,
    /// Volumes by unit name.
    pub volumes: IndexMap<Name, Volume>,
    /// Services by unit name.
    pub services: IndexMap<Name, Service>,
    /// Units of other types that belong to a stack.
    pub companions: Vec<(FileId, Companion)>,
    /// What `check` goes by.
    pub policy: Policy,
    /// What it asks of its host.
    pub host: HostSettings,
    /// Exceptions for the whole catalog.
    pub waivers: Vec<Waiver>,
}
