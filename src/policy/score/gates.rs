//! What a sum cannot tell: a way out of the container that is open, however well the rest is closed.

use super::facts::{Facts, Ids};
use crate::policy::reach::Danger;

/// An open way out. The exposure of a container with one is not below its floor.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// Its name: `engine-socket`.
    pub id: &'static str,
    /// The least exposure, in tenths.
    pub floor: u32,
    /// When it is open.
    pub open: &'static str,
    /// What to write, as a phrase.
    pub step: &'static str,
    /// Why it is open, `None` where it is closed.
    pub(super) find: fn(&Facts) -> Option<String>,
    /// Closes it.
    pub(super) close: fn(&mut Facts),
}

const fn gate(
    id: &'static str,
    floor: u32,
    open: &'static str,
    step: &'static str,
    find: fn(&Facts) -> Option<String>,
    close: fn(&mut Facts),
) -> Gate {
    Gate { id, floor, open, step, find, close }
}

/// Capabilities that take the host where no user namespace holds them: mounts, files by their handle, ports and memory,
/// programs in the kernel.
const STRONG: &[&str] = &["SYS_ADMIN", "DAC_READ_SEARCH", "SYS_RAWIO", "BPF", "MAC_ADMIN"];

/// Every gate, the highest floor first.
#[rustfmt::skip] // a row: id, floor; when it is open; the step; find; close
pub const GATES: &[Gate] = &[
    gate("privileged", 90, "`--privileged`: every capability, every device, no seccomp, no SELinux",
        "take `--privileged` out of `PodmanArgs=` and give the one capability or device that is needed",
        |f| f.privileged.then(|| "`--privileged`".to_owned()),
        |f| f.privileged = false),
    gate("engine-socket", 90, "the socket of podman, Docker, containerd or CRI-O, or a directory that holds it, read-only or not",
        "take the mount of the socket out: whoever may ask the engine starts a container with any rights",
        |f| given(f, Danger::EngineSocket),
        |f| take(f, Danger::EngineSocket)),
    gate("host-root", 90, "a writable mount of the host's `/`",
        "mount the one directory that is needed",
        |f| given(f, Danger::Root),
        |f| take(f, Danger::Root)),
    gate("raw-device", 90, "a disk, /dev/mem, all of /dev, or a device rule for block devices",
        "take the disk out and mount a file system of it",
        |f| if f.raw_devices { Some("a disk, or memory".to_owned()) } else { given(f, Danger::Disk) },
        |f| { f.raw_devices = false; take(f, Danger::Disk); }),
    gate("kernel-settings", 90, "a writable mount of /proc/sys, /sys/kernel, /sys/fs/cgroup or what holds them",
        "mount it read-only, or write `Sysctl=` for a setting of the container's own",
        |f| given(f, Danger::Kernel),
        |f| take(f, Danger::Kernel)),
    gate("host-programs", 90, "a writable mount of what the host runs or lets in: /usr/bin, /boot, /etc, /etc/systemd, /var/spool/cron, ~/.ssh, ~/.config/systemd",
        "mount it read-only, or a directory of the service's own in its place",
        |f| given(f, Danger::Programs),
        |f| take(f, Danger::Programs)),
    gate("engine-store", 90, "a writable mount of the layers that containers run from: /var/lib/containers, /var/lib/docker",
        "mount the one volume that is needed",
        |f| given(f, Danger::EngineStore),
        |f| take(f, Danger::EngineStore)),
    gate("host-processes", 90, "the processes of the host, with SYS_PTRACE or without ids of its own",
        "take `--pid=host` out of `PodmanArgs=`",
        |f| (f.host_pid && (f.ids != Ids::Apart || f.has("SYS_PTRACE"))).then(|| "`--pid=host`".to_owned()),
        |f| f.host_pid = false),
    gate("kernel-modules", 90, "SYS_MODULE without a user namespace",
        "take SYS_MODULE out of `AddCapability=` and let the host load the module",
        |f| (!f.confined_ids && f.has("SYS_MODULE")).then(|| "SYS_MODULE".to_owned()),
        |f| f.drop_capabilities(&["SYS_MODULE"])),
    gate("unconfined", 90, "SELinux or AppArmor switched off for it, no user namespace, and seccomp off or SYS_PTRACE, MKNOD or NET_ADMIN given",
        "take `SecurityLabelDisable=`, `spc_t` and `unconfined` out",
        |f| unconfined(f).then(|| "nothing stands between its root and the host's".to_owned()),
        |f| f.mac_off = false),
    gate("strong-capability", 80, "SYS_ADMIN, DAC_READ_SEARCH, SYS_RAWIO, BPF or MAC_ADMIN without a user namespace",
        "write `UserNS=auto`, or take the capability out of `AddCapability=`",
        |f| STRONG.iter().find(|name| !f.confined_ids && f.has(name)).map(|name| (*name).to_owned()),
        |f| f.drop_capabilities(STRONG)),
    gate("manager-socket", 80, "the system bus, or the private socket of systemd",
        "take the mount of the bus out, or put a proxy before it that lets the needed calls through",
        |f| given(f, Danger::ManagerSocket),
        |f| take(f, Danger::ManagerSocket)),
];

/// The mount that gives this away.
fn given(facts: &Facts, danger: Danger) -> Option<String> {
    facts.host_paths.iter().find(|path| path.gives() == Some(danger)).map(|path| path.path.clone())
}

fn take(facts: &mut Facts, danger: Danger) {
    facts.host_paths.retain(|path| path.gives() != Some(danger));
}

fn unconfined(facts: &Facts) -> bool {
    let more = !facts.seccomp || ["SYS_PTRACE", "MKNOD", "NET_ADMIN"].iter().any(|name| facts.has(name));
    facts.mac_off && !facts.confined_ids && more
}
