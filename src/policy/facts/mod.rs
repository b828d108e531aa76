//! What a unit says to podman and systemd, whichever way it says it: rules and the score ask here, and need not know
//! that `ReadOnly=true`, `ReadOnly=on` and `PodmanArgs=--read-only` are one thing.

mod capabilities;
mod devices;
mod image;
mod limits;
mod mounts;
mod networks;
mod ports;
mod redact;
mod run;
mod secret;
mod shapes;
mod size;
#[cfg(test)]
pub(in crate::policy) mod tests;
mod user_namespace;

pub use capabilities::{Capabilities, Capability, DEFAULT as DEFAULT_CAPABILITIES};
pub use devices::Device;
pub use image::ImageRef;
pub use limits::{Layer, Limits, Resource, SliceLayer, Stated, nearest_slice, slice_of, slices_around};
pub(super) use mounts::host_path;
pub use mounts::{Mount, MountKind};
pub use networks::{NetworkMode, NetworkUnit, NetworkUse, Said, of as joined_networks};
pub use ports::{Port, PortRange, Unforwarded, of as published_ports, parse as parse_port};
pub use redact::{Lines, Redaction};
pub use run::{Arg, Run};
pub use secret::{PlainSecret, is_in as is_secret_in, of as plain_secrets};
pub use size::{
    Limit, bytes, cpus, podman_bytes, podman_cpu_micros, systemd_bytes, systemd_cpu_micros, systemd_number,
    systemd_tasks, tmpfs_bytes,
};
pub use user_namespace::{IdRange, UserNamespace};

use std::{borrow::Cow, sync::Arc};

use super::{
    Effective,
    effective::Value,
    quadlet::{Loaded, Tree},
};
use crate::{
    diagnostic::Span,
    model::Profile,
    unit::{UnitType, Version},
};

/// What many rules ask of a unit, whatever its type: gathered once.
#[derive(Clone, Debug)]
pub struct UnitFacts<'a> {
    /// What podman is told.
    pub run: Arc<Run<'a>>,
    /// What a `.network` makes.
    pub network: Option<NetworkUnit<'a>>,
}

impl<'a> UnitFacts<'a> {
    /// Gathers the facts of a unit.
    pub fn of(loaded: &'a Loaded<'a>) -> Self {
        let run = Arc::new(Run::of(&loaded.unit, loaded.unit_type));
        let network = loaded.unit_type == UnitType::Network;
        Self { network: network.then(|| NetworkUnit::with(&loaded.unit, &run)), run }
    }
}

/// A `.container` with all that its keys and arguments come to.
#[derive(Clone, Debug)]
pub struct Container<'a> {
    /// The unit.
    pub unit: &'a Effective<'a>,
    /// Its name: that of its service without `.service`.
    pub name: &'a str,
    /// Who starts it.
    pub profile: Profile,
    /// The Podman it is judged for.
    pub podman: Version,
    /// What `podman run` is told. A member of a pod is told the namespaces and ports of its pod as well.
    pub run: Arc<Run<'a>>,
    /// Capabilities beside podman's default.
    pub capabilities: Capabilities,
    /// The user namespace, and where it is chosen.
    pub user_namespace: UserNamespace,
    /// Volumes, bind mounts and tmpfs.
    pub mounts: Vec<Mount<'a>>,
    /// Published ports.
    pub ports: Vec<Port<'a>>,
    /// The networks it joins; empty means podman's default.
    pub networks: Vec<NetworkUse<'a>>,
    is_member: bool,
    /// Its limits, while the rules about single containers ask for them again and again.
    limits: Option<Box<Limits<'a>>>,
}

impl<'a> Container<'a> {
    /// Gathers the facts of a unit; `pod` is the unit of the pod it belongs to.
    pub fn of(
        unit: &'a Effective<'a>,
        name: &'a str,
        pod: Option<&'a Effective<'a>>,
        profile: Profile,
        podman: Version,
    ) -> Self {
        let run = Arc::new(Run::of_container(unit));
        Self::with(run, unit, name, pod, profile, podman)
    }

    /// The same where it is known already what the unit itself tells podman.
    pub fn with(
        mut run: Arc<Run<'a>>,
        unit: &'a Effective<'a>,
        name: &'a str,
        pod: Option<&'a Effective<'a>>,
        profile: Profile,
        podman: Version,
    ) -> Self {
        if let Some(pod) = pod {
            Arc::make_mut(&mut run).join_pod(Run::of_pod(pod));
        }
        Self {
            capabilities: Capabilities::of(&run),
            user_namespace: UserNamespace::of(&run),
            mounts: mounts::of(&run),
            ports: ports::of(&run),
            networks: networks::of(&run),
            unit,
            name,
            profile,
            podman,
            is_member: unit.last("Container", "Pod").is_some() || run.last("pod").is_some(),
            limits: None,
            run,
        }
    }

    /// The facts of a pod as if it were a container: it has the network, the ports and the user namespace of its
    /// members.
    pub fn of_pod(unit: &'a Effective<'a>, name: &'a str, profile: Profile, podman: Version) -> Self {
        let run = Arc::new(Run::of_pod(unit));
        Self {
            capabilities: Capabilities::default(),
            user_namespace: UserNamespace::of(&run),
            mounts: Vec::new(),
            ports: ports::of(&run),
            networks: networks::of(&run),
            unit,
            name,
            profile,
            podman,
            is_member: unit.last("Container", "Pod").is_some() || run.last("pod").is_some(),
            limits: None,
            run,
        }
    }

    /// Its limits in every layer.
    pub fn limits<'s>(&'s self, tree: &'s Tree<'s>) -> Cow<'s, Limits<'s>> {
        self.limits.as_deref().map_or_else(|| Cow::Owned(Limits::of(self, tree)), Cow::Borrowed)
    }

    /// Keeps the limits at hand until they are let go of: those of ten thousand containers take much room.
    pub(super) fn gather_limits(&mut self, tree: &'a Tree<'a>) {
        self.limits = Some(Box::new(Limits::of(self, tree)));
    }

    /// Lets go of the limits.
    pub(super) fn let_go_of_limits(&mut self) {
        self.limits = None;
    }

    /// Whether it belongs to a pod, which then has its network and its ports.
    pub fn is_member(&self) -> bool {
        self.is_member
    }

    /// What `[Service]` says last for a directive.
    pub fn service(&self, directive: &'a str) -> Option<Value<'_>> {
        self.unit.last("Service", directive)
    }

    /// What to show for something that the unit does not say.
    pub fn whole(&self) -> Span {
        self.unit.header("Container")
    }

    /// Whether it shares the network of the host.
    pub fn is_on_host_network(&self) -> bool {
        self.networks.iter().any(|network| network.mode == NetworkMode::Host)
    }
}
