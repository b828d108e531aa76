//! Devices of the host.

use super::{is_beneath, reaches};
use crate::diagnostic::Severity;

/// What a device opens to whoever holds it, and how bad that is. The longest path counts.
pub(super) const DEVICES: &[(&str, Severity, &str)] = &[
    ("/dev/accel*", Severity::Info, "an accelerator"),
    ("/dev/bus/usb", Severity::Warning, "every device on USB, and the disks among them"),
    ("/dev/disk", Severity::Error, DISK),
    ("/dev/dm-*", Severity::Error, DISK),
    ("/dev/dri", Severity::Info, "the graphics card"),
    ("/dev/fuse", Severity::Info, "file systems in user space"),
    ("/dev/hd*", Severity::Error, DISK),
    ("/dev/input", Severity::Warning, "what is typed at the host"),
    ("/dev/kfd", Severity::Info, "the graphics card"),
    ("/dev/kmem", Severity::Error, "the memory of the kernel"),
    ("/dev/kmsg", Severity::Warning, "the log of the kernel"),
    ("/dev/kvm", Severity::Info, "virtual machines"),
    ("/dev/loop*", Severity::Error, "loop devices, with which any file becomes a disk"),
    ("/dev/mapper", Severity::Error, DISK),
    ("/dev/md*", Severity::Error, DISK),
    ("/dev/mem", Severity::Error, "the memory of the machine"),
    ("/dev/mmcblk*", Severity::Error, DISK),
    ("/dev/nbd*", Severity::Error, DISK),
    ("/dev/net/tun", Severity::Info, "tunnels of the network"),
    ("/dev/null", Severity::Info, NOTHING),
    ("/dev/nvidia*", Severity::Info, "the graphics card"),
    ("/dev/nvme*", Severity::Error, DISK),
    ("/dev/port", Severity::Error, "the ports of the machine"),
    ("/dev/random", Severity::Info, NOTHING),
    ("/dev/sd*", Severity::Error, DISK),
    ("/dev/serial", Severity::Info, "a serial line"),
    ("/dev/snd", Severity::Info, "sound"),
    ("/dev/sr*", Severity::Info, "the optical drive"),
    ("/dev/tty*", Severity::Warning, "a terminal of the host"),
    ("/dev/ttyACM*", Severity::Info, "a serial line"),
    ("/dev/ttyAMA*", Severity::Info, "a serial line"),
    ("/dev/ttyS*", Severity::Info, "a serial line"),
    ("/dev/ttyUSB*", Severity::Info, "a serial line"),
    ("/dev/uinput", Severity::Warning, "a keyboard that types at the host"),
    ("/dev/urandom", Severity::Info, NOTHING),
    ("/dev/vd*", Severity::Error, DISK),
    ("/dev/vfio", Severity::Warning, "hardware that reads and writes memory by itself"),
    ("/dev/video*", Severity::Info, "a camera or a codec"),
    ("/dev/xvd*", Severity::Error, DISK),
    ("/dev/zd*", Severity::Error, DISK),
    ("/dev/zero", Severity::Info, NOTHING),
    ("/dev/zvol", Severity::Error, DISK),
];

/// What is said of a device that opens nothing.
pub(in crate::policy) const NOTHING: &str = "every container has it";
const DISK: &str = "a disk with every file on it, past all permissions";

/// What a device is, where that is known.
pub(in crate::policy) fn kind(path: &str) -> Option<(Severity, &'static str)> {
    let of_path = near(path).filter(|(device, ..)| is_beneath(path, device));
    of_path.max_by_key(|(device, ..)| device.len()).map(|(_, severity, what)| (*severity, *what))
}

/// Whether a path is a disk or memory, or holds one.
pub(in crate::policy) fn gives(path: &str) -> bool {
    kind(path).map_or_else(
        || near(path).any(|(device, severity, _)| *severity == Severity::Error && reaches(path, device)),
        |(severity, _)| severity == Severity::Error,
    )
}

/// Most paths are nowhere near one.
fn near(path: &str) -> impl Iterator<Item = &'static (&'static str, Severity, &'static str)> {
    let is_near = path == "/" || is_beneath(path, "/dev");
    DEVICES.iter().filter(move |_| is_near)
}
