//! What the score looks at in a container, with every unknown decided: once for the better, once for the worse.

use super::{
    host_paths::{self, HostPath},
    image::{self, Image},
    limits::{self, Limits, Pids, Told},
    network::{self, Network, Published},
};
use crate::{
    model::Profile,
    policy::{
        facts::{
            Arg, Container, DEFAULT_CAPABILITIES, Device, IdRange, MountKind, Resource, UserNamespace, plain_secrets,
        },
        quadlet::Tree,
    },
};

/// How to take what the unit does not tell: the score is the interval between both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assume {
    /// As well as it can be.
    Best,
    /// As bad as it can be.
    Worst,
}

impl Assume {
    /// The one or the other.
    pub(super) fn pick<T>(self, best: T, worst: T) -> T {
        match self {
            Self::Best => best,
            Self::Worst => worst,
        }
    }
}

/// Who the ids of the container are on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    /// Nobody: a range of their own.
    Apart,
    /// Its root is the user who starts it.
    User,
    /// Its root is root.
    Host,
}

/// What the score looks at. Each field is read by a facet or a gate, and set by the step that mends it.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Facts {
    /// An ordinary user starts it.
    pub(super) rootless: bool,
    pub(super) privileged: bool,
    /// The kernel holds it in a user namespace, its own or that of the user who starts it.
    pub(super) confined_ids: bool,
    pub(super) ids: Ids,
    /// Its first process runs as root of the container.
    pub(super) root: bool,
    /// podman's default capabilities are not all dropped.
    pub(super) default_capabilities: bool,
    pub(super) capabilities: Vec<String>,
    pub(super) no_new_privileges: bool,
    pub(super) seccomp: bool,
    /// The host has a security module that confines it: SELinux or AppArmor.
    pub(super) mac: bool,
    /// The author switched that off for it.
    pub(super) mac_off: bool,
    /// Paths of /proc and /sys that podman hides and the unit shows.
    pub(super) unmasked: Vec<String>,
    pub(super) devices: Vec<String>,
    /// A device is a disk or memory, or a rule of the device cgroup opens all block devices.
    pub(super) raw_devices: bool,
    pub(super) host_pid: bool,
    pub(super) host_ipc: bool,
    pub(super) host_cgroup: bool,
    pub(super) read_only: bool,
    pub(super) image_volumes: bool,
    /// A tmpfs that programs run from.
    pub(super) tmpfs_exec: bool,
    /// A writable volume that programs run from.
    pub(super) volumes_exec: bool,
    pub(super) host_paths: Vec<HostPath>,
    pub(super) shared_propagation: bool,
    pub(super) network: Network,
    pub(super) published: Published,
    /// systemd filters its addresses.
    pub(super) address_filter: bool,
    pub(super) memory: Told,
    pub(super) cpu: Told,
    pub(super) pids: Pids,
    pub(super) swap: bool,
    pub(super) image: Image,
    pub(super) tls: bool,
    /// Names of secrets whose values stand in the unit.
    pub(super) open_secrets: Vec<String>,
    /// Secrets that become variables.
    pub(super) secrets_as_variables: bool,
    pub(super) host_environment: bool,
    pub(super) proxy_environment: bool,
}

impl Facts {
    /// The facts of a container.
    pub(super) fn of(container: &Container<'_>, tree: &Tree<'_>, assume: Assume) -> Self {
        let run = &container.run;
        let limits = Limits::of(container);
        let rootless = container.profile == Profile::Rootless;
        let ids = ids(container, assume);
        let read_only = run.on("read-only").is_some();
        let is = |flag: &str, value: &str| run.last(flag).is_some_and(|arg| arg.value == value);
        // podman starts no container with an AppArmor profile on a host without AppArmor.
        let profile = run.security("apparmor").next_back().is_some_and(|(name, _)| name != "unconfined");
        let seccomp = match run.security("seccomp").next_back() {
            None => true,
            Some(("unconfined", _)) => false,
            // What is in a profile of the author's own, the unit does not tell.
            Some(_) => assume.pick(true, false),
        };
        let image_volumes = match run.last("image-volume").map(|arg| arg.value.as_ref()) {
            Some("ignore" | "tmpfs") => false,
            // Only the image tells whether it declares any.
            _ => assume.pick(false, true),
        };
        Self {
            rootless,
            privileged: run.on("privileged").is_some(),
            confined_ids: rootless || ids == Ids::Apart,
            ids,
            root: root(container, assume),
            default_capabilities: container.capabilities.all_dropped.is_none(),
            capabilities: container.capabilities.effective().into_iter().map(str::to_owned).collect(),
            no_new_privileges: run.no_new_privileges().is_some(),
            seccomp,
            mac: profile || assume.pick(true, false),
            mac_off: mac_off(container),
            unmasked: run.security("unmask").map(|(paths, _)| paths.to_owned()).collect(),
            devices: run.all("device").chain(run.all("gpus")).map(|arg| Device::of(arg).text.to_owned()).collect(),
            raw_devices: run.all("device").any(|arg| host_paths::is_disk(Device::of(arg).source, container))
                || run.all("device-cgroup-rule").any(|arg| arg.value.trim_start().starts_with(['a', 'b'])),
            host_pid: is("pid", "host"),
            host_ipc: is("ipc", "host"),
            host_cgroup: is("cgroupns", "host"),
            read_only,
            image_volumes,
            tmpfs_exec: tmpfs_exec(container),
            volumes_exec: container
                .mounts
                .iter()
                .any(|m| m.kind != MountKind::Tmpfs && m.is_writable() && !m.is_on("noexec", "exec")),
            host_paths: host_paths::of(container, tree),
            shared_propagation: container.mounts.iter().any(|mount| mount.has("shared") || mount.has("rshared")),
            network: network::of(container, tree, assume),
            published: network::published(container, tree, assume),
            address_filter: !rootless && limits::in_service_cgroup(container) && denies_addresses(container),
            memory: limits.told(Resource::Memory),
            cpu: limits.told(Resource::Cpu),
            pids: limits.pids(),
            swap: limits.told(Resource::Swap) == Told::Neither,
            image: image::of(container, tree, assume),
            tls: image::verifies_tls(container, tree),
            open_secrets: plain_secrets(container.unit).into_iter().map(|secret| secret.name).collect(),
            secrets_as_variables: run.all("secret").any(|arg| arg.value.split(',').any(|part| part == "type=env")),
            host_environment: run.on("env-host").is_some(),
            proxy_environment: run.last("http-proxy").is_none_or(Arg::is_true),
        }
    }

    /// Whether it publishes ports that root's podman would not forward on an internal network.
    pub(super) fn needs_forwarding(&self) -> bool {
        !self.rootless && self.published > Published::Nowhere
    }

    /// Whether the unit gives it a capability, by name or as one of `ALL`.
    pub(super) fn has(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|name| name == capability || name == "ALL")
    }

    /// Drops podman's default capabilities, as the hardened default does, and these.
    pub(super) fn drop_capabilities(&mut self, names: &[&str]) {
        let default = |name: &str| self.default_capabilities && DEFAULT_CAPABILITIES.contains(&name);
        self.capabilities.retain(|name| name != "ALL" && !names.contains(&name.as_str()) && !default(name));
        self.default_capabilities = false;
    }
}

/// Host ids below this belong to root and to system services (systemd, `SYSTEM_UID_MAX`).
const SYSTEM_IDS: u64 = 1000;

fn ids(container: &Container<'_>, assume: Assume) -> Ids {
    let rootless = container.profile == Profile::Rootless;
    let shared = if rootless { Ids::User } else { Ids::Host };
    let unknown = assume.pick(Ids::Apart, shared);
    // In a rootless map the ids behind the colon are those of the user's own namespace, whose 0 is the user.
    let kept = if rootless { 1 } else { SYSTEM_IDS };
    let mapped = |maps: &mut dyn Iterator<Item = &str>| {
        let firsts: Vec<_> = maps.map(|map| Some(IdRange::of(map)?.outside)).collect();
        match firsts {
            _ if firsts.iter().flatten().any(|id| *id < kept) => shared,
            _ if firsts.contains(&None) => unknown,
            _ => Ids::Apart,
        }
    };
    match &container.user_namespace {
        UserNamespace::Host(_) => shared,
        // podman refuses both for root.
        UserNamespace::KeepId(..) | UserNamespace::NoMap(_) if !rootless => shared,
        UserNamespace::KeepId(..) => Ids::User,
        UserNamespace::NoMap(_) => Ids::Apart,
        UserNamespace::Auto(options, _) => {
            mapped(&mut options.iter().filter_map(|option| option.strip_prefix("uidmapping=")))
        }
        UserNamespace::Mapped(words, _) => mapped(&mut words.iter().map(|(word, _)| word.as_str())),
        UserNamespace::Other(..) | UserNamespace::Unknown(..) => unknown,
    }
}

fn root(container: &Container<'_>, assume: Assume) -> bool {
    match container.user() {
        Some((user, _)) if user.bytes().all(|byte| byte.is_ascii_digit()) => user.bytes().all(|byte| byte == b'0'),
        Some(("root", _)) => true,
        // The user who starts it.
        None if matches!(container.user_namespace, UserNamespace::KeepId(..)) => false,
        // The image decides; it also decides what number a name is.
        _ => assume.pick(false, true),
    }
}

fn mac_off(container: &Container<'_>) -> bool {
    let run = &container.run;
    let label = run.security("label").any(|(value, _)| matches!(value, "disable" | "type:spc_t" | "type=spc_t"));
    label || run.security("apparmor").next_back().is_some_and(|(profile, _)| profile == "unconfined")
}

/// podman's own tmpfs on /run, /tmp and /var/tmp, which a read-only root brings, may run programs, and so may any other
/// unless it says `noexec`.
fn tmpfs_exec(container: &Container<'_>) -> bool {
    let podmans_own = container.run.last("read-only-tmpfs").is_none_or(Arg::is_true);
    podmans_own || container.mounts.iter().any(|mount| mount.kind == MountKind::Tmpfs && !mount.is_on("noexec", "exec"))
}

fn denies_addresses(container: &Container<'_>) -> bool {
    container.unit.list("Service", "IPAddressDeny").iter().any(|value| {
        let words: Vec<&str> = value.text.split_whitespace().collect();
        words.contains(&"any")
    })
}
