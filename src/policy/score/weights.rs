//! The table of the score: what it asks, what each answer weighs, and what mends it.

use super::{
    capabilities::under_read_only_root,
    facets::{self as of, Badness},
    facts::{Facts, Ids},
    host_paths::HostPath,
    image::Pin,
    limits::{Pids, Told},
    network::{Network, Published},
};

/// The version of the table: another weight, facet or floor is another model.
pub const MODEL: u32 = 1;

/// What all facets weigh together: 3,000 of weight make a point of the scale.
pub const TOTAL: u32 = 30_000;

const _: () = {
    let (mut sum, mut at) = (0, 0);
    while at < FACETS.len() {
        sum += FACETS[at].weight;
        at += 1;
    }
    assert!(sum == TOTAL, "the weights do not add up");
};

/// A question of the score.
#[derive(Clone, Copy, Debug)]
pub struct Facet {
    /// Its name: `user-namespace`.
    pub id: &'static str,
    /// How much it counts, of [`TOTAL`].
    pub weight: u32,
    /// What the next step costs: 1 a line, 2 a line and a look whether the service still runs, 3 a change of the
    /// service, its image or what it is for.
    pub effort: u32,
    /// When it is bad.
    pub bad: &'static str,
    /// What to write, as a phrase.
    pub step: &'static str,
    /// Where it comes from: rows of the recommendations (`A24`), numbers of the CIS Docker Benchmark, directives that
    /// systemd-analyze(1) weighs, with their weight there.
    pub sources: &'static [&'static str],
    pub(super) measure: Measure,
    /// What to write in place of the step, for containers that the step would not help.
    instead: Option<fn(&Facts) -> Option<&'static str>>,
}

/// How bad an answer is, and how it is mended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Measure {
    /// A fact of its own.
    Of(fn(&Facts) -> Badness, fn(&mut Facts)),
    /// The worst of these capabilities that it has, each with its badness in permille; all of them times as many
    /// permille as another wall leaves.
    Capabilities(&'static [(&'static str, u32)], fn(&Facts) -> u32),
    /// The capabilities that no other facet names.
    OtherCapabilities,
}

use Measure::{Capabilities, Of, OtherCapabilities};

const fn facet(
    id: &'static str,
    weight: u32,
    effort: u32,
    bad: &'static str,
    step: &'static str,
    sources: &'static [&'static str],
    measure: Measure,
) -> Facet {
    Facet { id, weight, effort, bad, step, sources, measure, instead: None }
}

impl Facet {
    const fn instead(self, step: fn(&Facts) -> Option<&'static str>) -> Self {
        Self { instead: Some(step), ..self }
    }

    /// What to write for a container with these facts.
    pub(super) fn step_for(&self, facts: &Facts) -> &'static str {
        self.instead.and_then(|instead| instead(facts)).unwrap_or(self.step)
    }
}

/// Drops podman's default and leaves one family out.
const DROP: &str = "write `DropCapability=all`, and `AddCapability=` only for what it cannot do without";

/// Every facet, by theme.
#[rustfmt::skip] // a row: id, weight, effort; when it is bad; the step; sources; measure
pub const FACETS: &[Facet] = &[
    // Who it is.
    facet("user-namespace", 2000, 1, "its ids are those of the host, or of the user who starts it",
        "write `UserNS=auto`",
        &["A24", "B24", "CIS 5.31", "PrivateUsers= 1000", "User= 2000"],
        Of(of::ids, |f| { f.ids = Ids::Apart; f.confined_ids = true; })),
    facet("root-user", 800, 2, "it runs as root inside, or as nobody knows whom",
        "write `User=` with a number",
        &["A23", "CIS 4.1", "User= 2000"],
        Of(of::root, |f| f.root = false)),
    // What it may do to the kernel.
    facet("cap-admin", 1500, 2, "it has SYS_ADMIN or another capability that administers the kernel", DROP,
        &["A53", "B22", "CIS 5.4", "CapabilityBoundingSet= 1500"],
        Capabilities(&[("SYS_ADMIN", 1000), ("BPF", 800), ("MAC_ADMIN", 700), ("MAC_OVERRIDE", 700), ("PERFMON", 500), ("CHECKPOINT_RESTORE", 500), ("SYSLOG", 300)], |_| 1000)),
    facet("cap-setid", 900, 2, "it may become another user", DROP,
        &["A53", "B22", "CIS 5.4", "CapabilityBoundingSet= 1500"],
        Capabilities(&[("SETUID", 1000), ("SETGID", 1000), ("SETPCAP", 500)], |_| 1000)),
    facet("cap-file", 900, 2, "it may pass by the permissions of files", DROP,
        &["A53", "B22", "CIS 5.4", "CapabilityBoundingSet= 1000"],
        Capabilities(&[("DAC_READ_SEARCH", 1000), ("DAC_OVERRIDE", 1000), ("CHOWN", 600), ("FOWNER", 600), ("SETFCAP", 600), ("FSETID", 300), ("SYS_CHROOT", 300), ("LINUX_IMMUTABLE", 200), ("LEASE", 100)], under_read_only_root)),
    facet("cap-kernel", 900, 2, "it may load kernel code or reach hardware", DROP,
        &["A53", "B22", "CIS 5.4", "CapabilityBoundingSet= 1000"],
        Capabilities(&[("SYS_MODULE", 1000), ("SYS_RAWIO", 1000), ("SYS_BOOT", 500), ("SYS_TIME", 500)], |_| 1000)),
    facet("cap-ptrace", 800, 2, "it may read and change other processes", DROP,
        &["A53", "B22", "CIS 5.4", "CapabilityBoundingSet= 1500"],
        Capabilities(&[("SYS_PTRACE", 1000)], |_| 1000)),
    facet("cap-net-admin", 800, 2, "it may configure its network", DROP,
        &["A53", "B22", "CIS 5.4", "CapabilityBoundingSet= 1000"],
        Capabilities(&[("NET_ADMIN", 1000)], |_| 1000)),
    facet("cap-net-raw", 400, 2, "it may forge packets, or listen on low ports", DROP,
        &["A53", "B22", "CIS 5.4", "CapabilityBoundingSet= 500"],
        Capabilities(&[("NET_RAW", 1000), ("NET_BIND_SERVICE", 250), ("NET_BROADCAST", 250)], |_| 1000)),
    facet("cap-other", 400, 2, "it has any other capability", DROP,
        &["A53", "B22", "CIS 5.4", "CapabilityBoundingSet= 500"],
        OtherCapabilities),
    facet("new-privileges", 1000, 1, "its programs may gain privileges by setuid bits and file capabilities",
        "write `NoNewPrivileges=true`",
        &["B23", "CIS 5.26", "NoNewPrivileges= 1000"],
        Of(of::new_privileges, |f| f.no_new_privileges = true)),
    facet("seccomp", 1500, 1, "its system calls are not filtered, or by a profile that nobody here has read",
        "take `SeccompProfile=` out: podman's default profile is a good one",
        &["A59", "B32", "CIS 5.22", "SystemCallFilter= 250 to 1000 each"],
        Of(of::seccomp, |f| f.seccomp = true)),
    facet("mac", 2000, 2, "neither SELinux nor AppArmor is known to confine it",
        "take `SecurityLabelDisable=`, `SecurityLabelType=spc_t` and `AppArmor=unconfined` out",
        &["A19", "B03", "CIS 5.2", "CIS 5.3"],
        Of(of::mac, |f| f.mac_off = false)),
    facet("kernel-paths", 500, 1, "it sees paths of /proc and /sys that podman hides",
        "take `Unmask=` out",
        &["KSV-0027", "ProtectKernelTunables= 1000"],
        Of(of::unmasked, |f| f.unmasked.clear())),
    facet("devices", 1000, 2, "it has devices of the host",
        "take `AddDevice=` out, or name the one device it needs",
        &["CIS 5.18", "PrivateDevices= 1000"],
        Of(of::devices, |f| { f.devices.clear(); f.raw_devices = false; })),
    facet("host-processes", 1200, 2, "it sees the processes of the host",
        "take `--pid=host` out of `PodmanArgs=`",
        &["A27", "CIS 5.16"],
        Of(of::host_pid, |f| f.host_pid = false)),
    facet("host-ipc", 600, 2, "it shares memory with processes of the host",
        "take `--ipc=host` out of `PodmanArgs=`",
        &["A27", "CIS 5.17"],
        Of(of::host_ipc, |f| f.host_ipc = false)),
    facet("host-cgroups", 300, 2, "it sees the cgroups of the host",
        "take `--cgroupns=host` out of `PodmanArgs=`",
        &["A27", "ProtectControlGroups= 1000"],
        Of(of::host_cgroup, |f| f.host_cgroup = false)),
    // What it may write and run.
    facet("writable-root", 1000, 2, "it may change its own programs",
        "write `ReadOnly=true`, and `Tmpfs=` or `Volume=` for each place it must write to",
        &["A42", "B17", "CIS 5.13", "ProtectSystem= 1000"],
        Of(of::writable_root, |f| f.read_only = true)),
    facet("image-volumes", 200, 1, "volumes that the image declares are writable",
        "write `PodmanArgs=--image-volume=ignore`",
        &["A43", "B18"],
        Of(of::image_volumes, |f| f.image_volumes = false)),
    facet("writable-programs", 300, 2, "it may run what it wrote",
        "write `ReadOnlyTmpfs=false`, and `noexec` among the options of each `Tmpfs=` and `Volume=`",
        &["B17", "MemoryDenyWriteExecute= 100"],
        Of(of::writable_programs, |f| { f.tmpfs_exec = false; f.volumes_exec = false; })),
    facet("host-paths", 2500, 3, "it sees paths of the host's system",
        "mount a directory of the service's own in their place",
        &["A46", "CIS 5.6", "ProtectSystem= 1000", "ProtectHome= 1000"],
        Of(of::host_paths, |f| f.host_paths.retain(|path| path.danger.is_none() && !path.system))),
    facet("writable-host-paths", 1000, 2, "it may write to paths of the host",
        "write `ro` among the options of `Volume=`, or make it a volume of podman's",
        &["A41", "C-0045"],
        Of(of::writable_host_paths, |f| f.host_paths.iter_mut().for_each(|path: &mut HostPath| path.writable = false))),
    facet("mount-propagation", 100, 1, "mounts made inside appear on the host",
        "take `shared` and `rshared` out of the options of `Volume=`",
        &["CIS 5.20"],
        Of(of::propagation, |f| f.shared_propagation = false)),
    // Whom it reaches, and who reaches it.
    facet("network", 2500, 3, "it has a network",
        "write `Network=` with a `.network` unit of its own, one with `Internal=true` if it needs no way out",
        &["A48", "A52", "B44", "CIS 5.10", "CIS 5.30", "PrivateNetwork= 2500"],
        Of(of::network, |f| f.network = f.network.min(Network::Own)))
        .instead(|f| f.needs_forwarding().then_some("write `Network=` with a `.network` unit of its own")),
    facet("published-ports", 800, 2, "its ports can be reached from other machines",
        "write the address before the port: `PublishPort=127.0.0.1:8080:80`",
        &["A49", "CIS 5.14"],
        Of(of::published, |f| f.published = f.published.min(Published::Loopback))),
    facet("egress", 800, 3, "it can reach any address",
        "write `IPAddressDeny=any` and `IPAddressAllow=` in [Service], or join a network with `Internal=true`",
        &["A48", "IPAddressDeny= 1000"],
        Of(of::egress, |f| if f.rootless { f.network = f.network.min(Network::Internal) } else { f.address_filter = true }))
        .instead(|f| match f {
            // The filter of a user's service is not applied.
            _ if f.rootless => Some("join a network with `Internal=true`"),
            _ if f.needs_forwarding() => Some("write `IPAddressDeny=any` in [Service], and `IPAddressAllow=` for whom it talks to and who connects to its ports"),
            _ => None,
        }),
    // How much it may take.
    facet("memory", 600, 1, "its memory is not limited, or not twice",
        "write `MemoryMax=` in [Service] and the same number as `PodmanArgs=--memory=`",
        &["A39", "B40", "CIS 5.11"],
        Of(of::memory, |f| f.memory = Told::Both)),
    facet("cpu", 300, 1, "its processor time is not limited, or not twice",
        "write `CPUQuota=` in [Service] and the same share as `PodmanArgs=--cpus=`",
        &["A40", "B40", "CIS 5.12"],
        Of(of::cpu, |f| f.cpu = Told::Both)),
    facet("pids", 400, 1, "it may have more than 4096 processes",
        "write `PidsLimit=256`",
        &["CIS 5.29"],
        Of(of::pids, |f| f.pids = Pids::Few)),
    facet("swap", 100, 1, "it may swap without a limit of its own",
        "write `MemorySwapMax=0` in [Service] and give `PodmanArgs=--memory-swap=` the number of `--memory`",
        &["B40"],
        Of(of::swap, |f| f.swap = false)),
    // What it runs.
    facet("image-pin", 600, 2, "its image may become another one",
        "write the digest behind the name: `Image=NAME:TAG@sha256:…`",
        &["A35", "CIS 5.28", "NIST SP 800-190 4.1"],
        Of(of::image_pin, |f| f.image.pin = Pin::Digest)),
    facet("image-registry", 500, 1, "its image does not name its registry",
        "write the registry before the name: `Image=docker.io/library/nginx`",
        &["A30"],
        Of(of::image_registry, |f| f.image.qualified = true)),
    facet("image-transport", 300, 1, "the registry of its image need not prove who it is",
        "take `TLSVerify=false` out",
        &["A29"],
        Of(of::image_transport, |f| f.tls = true)),
    facet("open-secrets", 400, 3, "secrets stand in its environment",
        "write `Secret=` and let the service read the file",
        &["C-0012", "CIS-DI-0010"],
        Of(of::secrets, |f| { f.open_secrets.clear(); f.secrets_as_variables = false; })),
    facet("host-environment", 100, 1, "it gets variables of the host",
        "write `PodmanArgs=--http-proxy=false`, and take `EnvironmentHost=` out",
        &["podman-run(1) --http-proxy"],
        Of(of::environment, |f| { f.host_environment = false; f.proxy_environment = false; })),
];
