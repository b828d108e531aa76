//! How bad each answer is, in permille of its facet's weight, and in words.

use std::borrow::Cow;

use super::{
    facts::{Facts, Ids},
    host_paths::HostPath,
    image::Pin,
    limits::{Pids, Told},
    network::{Network, Published},
};

/// How bad an answer is.
#[derive(Clone, Debug)]
pub(super) struct Badness {
    /// From 0 to 1000.
    pub(super) permille: u32,
    /// Why, as a phrase that can follow "perhaps"; empty where nothing is bad.
    pub(super) why: Cow<'static, str>,
}

pub(super) const GOOD: Badness = Badness { permille: 0, why: Cow::Borrowed("") };

/// Root of the container as the user who starts it: the user's files are lost, the host is not.
const AS_USER: u32 = 400;

pub(super) fn bad(permille: u32, why: impl Into<Cow<'static, str>>) -> Badness {
    if permille == 0 { GOOD } else { Badness { permille, why: why.into() } }
}

fn bad_if(is_bad: bool, permille: u32, why: &'static str) -> Badness {
    if is_bad { bad(permille, why) } else { GOOD }
}

pub(super) const PRIVILEGED: &str = "it is privileged";

/// The same, and wholly bad where the container is privileged.
fn unless_privileged(facts: &Facts, otherwise: Badness) -> Badness {
    if facts.privileged { bad(1000, PRIVILEGED) } else { otherwise }
}

pub(super) fn ids(facts: &Facts) -> Badness {
    match facts.ids {
        Ids::Apart => GOOD,
        Ids::User => bad(AS_USER, "its root is the user who starts it"),
        Ids::Host => bad(1000, "its root is root of the host"),
    }
}

pub(super) fn root(facts: &Facts) -> Badness {
    let permille = if facts.ids == Ids::Apart { 500 } else { 1000 };
    bad_if(facts.root, permille, "it runs as root inside")
}

pub(super) fn new_privileges(facts: &Facts) -> Badness {
    bad_if(!facts.no_new_privileges, 1000, "its programs may gain privileges")
}

pub(super) fn seccomp(facts: &Facts) -> Badness {
    unless_privileged(facts, bad_if(!facts.seccomp, 1000, "its system calls are not filtered"))
}

pub(super) fn mac(facts: &Facts) -> Badness {
    let off = bad_if(facts.mac_off, 1000, "SELinux or AppArmor is switched off for it");
    let none = bad_if(!facts.mac, 1000, "the host has neither SELinux nor AppArmor");
    unless_privileged(facts, if facts.mac_off { off } else { none })
}

pub(super) fn unmasked(facts: &Facts) -> Badness {
    let all = facts.unmasked.iter().any(|paths| paths.split(':').any(|path| path.eq_ignore_ascii_case("all")));
    let some = !facts.unmasked.is_empty();
    let permille = if all { 1000 } else { 500 };
    let why = || format!("it sees {}", if all { "all of them".to_owned() } else { facts.unmasked.join(", ") });
    unless_privileged(facts, if some { bad(permille, why()) } else { GOOD })
}

pub(super) fn devices(facts: &Facts) -> Badness {
    let raw = bad_if(facts.raw_devices, 1000, "it reaches disks or memory");
    let some = || match facts.devices.as_slice() {
        [] => GOOD,
        devices => bad(400, format!("it has {}", devices.join(", "))),
    };
    unless_privileged(facts, if facts.raw_devices { raw } else { some() })
}

pub(super) fn host_pid(facts: &Facts) -> Badness {
    bad_if(facts.host_pid, 1000, "`--pid=host`")
}

pub(super) fn host_ipc(facts: &Facts) -> Badness {
    bad_if(facts.host_ipc, 1000, "`--ipc=host`")
}

pub(super) fn host_cgroup(facts: &Facts) -> Badness {
    bad_if(facts.host_cgroup, 1000, "`--cgroupns=host`")
}

pub(super) fn writable_root(facts: &Facts) -> Badness {
    bad_if(!facts.read_only, 1000, "its root is writable")
}

pub(super) fn image_volumes(facts: &Facts) -> Badness {
    bad_if(facts.image_volumes, 1000, "the image declares writable volumes")
}

pub(super) fn writable_programs(facts: &Facts) -> Badness {
    match facts {
        Facts { read_only: false, .. } => bad(1000, "its root is writable"),
        Facts { tmpfs_exec: true, .. } => bad(600, "programs run from a tmpfs"),
        Facts { volumes_exec: true, .. } => bad(400, "programs run from a writable volume"),
        _ => GOOD,
    }
}

pub(super) fn host_paths(facts: &Facts) -> Badness {
    let permille = |path: &HostPath| match (path.danger, path.system) {
        _ if path.gives().is_some() => 1000,
        (Some(_), _) => 500,
        (None, true) => {
            if path.writable {
                500
            } else {
                200
            }
        }
        (None, false) => 0,
    };
    let worst = facts.host_paths.iter().map(|path| (permille(path), path)).max_by_key(|(permille, _)| *permille);
    worst.map_or(GOOD, |(permille, path)| bad(permille, format!("it sees {}", path.path)))
}

/// Data that only this service uses must be writable somewhere. It counts for what others on the host may find there:
/// programs that root of the container left, with ids that mean something.
pub(super) fn writable_host_paths(facts: &Facts) -> Badness {
    let own = if facts.ids == Ids::Apart { 150 } else { 300 };
    let permille = |path: &HostPath| if path.danger.is_some() || path.system { 1000 } else { own };
    let writable = facts.host_paths.iter().filter(|path| path.writable);
    let worst = writable.map(|path| (permille(path), path)).max_by_key(|(permille, _)| *permille);
    worst.map_or(GOOD, |(permille, path)| bad(permille, format!("it writes to {}", path.path)))
}

pub(super) fn propagation(facts: &Facts) -> Badness {
    bad_if(facts.shared_propagation, 1000, "a mount is shared")
}

pub(super) fn network(facts: &Facts) -> Badness {
    match facts.network {
        Network::None => GOOD,
        Network::Internal => bad(50, "its network has no way out"),
        Network::Own => bad(150, "its network is its own, with a way out"),
        Network::Default => bad(250, "it is on podman's default network"),
        Network::Joined => bad(300, "its network is another container's"),
        Network::Lan => bad(350, "it is on the LAN"),
        Network::Host => bad(1000, "its network is the host's"),
    }
}

pub(super) fn published(facts: &Facts) -> Badness {
    let by_network = match facts.network {
        Network::Host => bad(1000, "each of its ports is one of the host"),
        // Every port it listens on, with no firewall of the host between.
        Network::Lan => bad(600, "each of its ports is open to the LAN"),
        _ => GOOD,
    };
    let by_port = match facts.published {
        Published::Nowhere => GOOD,
        Published::Loopback => bad(100, "the host reaches its ports"),
        Published::Address => bad(500, "an address of the host has its ports"),
        Published::Everywhere => bad(1000, "every address of the host has its ports"),
    };
    match facts.network {
        Network::Lan => Badness { permille: by_network.permille.max(by_port.permille), ..by_network },
        _ if by_network.permille > by_port.permille => by_network,
        _ => by_port,
    }
}

pub(super) fn egress(facts: &Facts) -> Badness {
    if facts.network <= Network::Internal {
        return GOOD;
    }
    bad(if facts.address_filter { 300 } else { 1000 }, "it can reach other machines")
}

pub(super) fn memory(facts: &Facts) -> Badness {
    limit(facts.memory)
}

pub(super) fn cpu(facts: &Facts) -> Badness {
    limit(facts.cpu)
}

fn limit(told: Told) -> Badness {
    match told {
        Told::Both => GOOD,
        Told::One => bad(250, "only one of systemd and podman is told a limit"),
        Told::Neither => bad(1000, "it has no limit"),
    }
}

pub(super) fn pids(facts: &Facts) -> Badness {
    match facts.pids {
        Pids::Few => GOOD,
        Pids::Many => bad(500, "its limit is high, or podman's default"),
        Pids::Unlimited => bad(1000, "it has no limit"),
    }
}

pub(super) fn swap(facts: &Facts) -> Badness {
    bad_if(facts.swap, 1000, "its swap has no limit of its own")
}

pub(super) fn image_pin(facts: &Facts) -> Badness {
    match facts.image.pin {
        Pin::Digest => GOOD,
        Pin::Local => bad(200, "its image was made here"),
        Pin::Tag => bad(500, "its tag may move"),
        Pin::Latest => bad(1000, "it runs whatever is latest"),
    }
}

pub(super) fn image_registry(facts: &Facts) -> Badness {
    bad_if(!facts.image.qualified, 1000, "its image may come from any registry")
}

pub(super) fn image_transport(facts: &Facts) -> Badness {
    bad_if(!facts.tls, 1000, "anybody can stand in for its registry")
}

pub(super) fn secrets(facts: &Facts) -> Badness {
    match facts.open_secrets.as_slice() {
        [] => bad_if(facts.secrets_as_variables, 250, "a secret is a variable"),
        names => bad(1000, format!("the unit holds {}", names.join(", "))),
    }
}

pub(super) fn environment(facts: &Facts) -> Badness {
    match facts {
        Facts { host_environment: true, .. } => bad(1000, "it gets the environment of the host"),
        Facts { proxy_environment: true, .. } => bad(300, "it gets the proxy variables of the host"),
        _ => GOOD,
    }
}
