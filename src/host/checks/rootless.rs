//! What containers of an ordinary user need of the host.

use super::{Item, Parts, Said, Scope, fail, not_applicable, pass, warn};
use crate::{
    host::{config, system, units},
    model::mountinfo,
    policy::host::{HostCheck, Status},
};

/// What every check here says of a rootful catalog.
const ROOTFUL: &str = "the containers are root's";

/// Linux mounts overlay for an ordinary user from here on, and has since 5.13 what SELinux needs for it.
const NATIVE_OVERLAY: (u32, u32) = (5, 13);

pub(super) const ITEMS: &[Item] = &[
    Item {
        about: HostCheck {
            id: "HC03",
            name: "delegated-controllers",
            what: "The user's manager may set the limits that the catalog states.",
            fails: Some("a controller that a limit of the catalog needs is not handed to users"),
            warns: None,
            why: "Limits of a rootless container are set by the user's own systemd, with the controllers that the system's hands to it. What it does not hand over limits nothing, without a word.",
            fix: "write [Service] Delegate=cpu cpuset io memory pids into /etc/systemd/system/user@.service.d/delegate.conf (`plimsoll host render` does), run systemctl daemon-reload, and log in anew",
            today: Some(
                "What documents say of rc-service cgroups is for OpenRC. What systemd hands over by default differs between versions, so the unit itself is read.",
            ),
            reads: &[
                "/sys/fs/cgroup/user.slice/user-UID.slice/user@UID.service/cgroup.controllers",
                "/usr/lib/systemd/system/user@.service",
                "/etc/systemd/system/user@.service.d",
                "the catalog",
            ],
            sources: &["A16", "systemd.resource-control(5) Delegate="],
        },
        look: delegated,
    },
    Item {
        about: HostCheck {
            id: "HC26",
            name: "shared-root",
            what: "/ is mounted shared.",
            fails: None,
            warns: Some("it is private"),
            why: "Mounts that the host makes later do not reach containers that run, and podman warns at every start.",
            fix: "mount --make-rshared /",
            today: Some(
                "systemd mounts / shared at every boot: there is something to do only in a container or a chroot. Documents print the command with a long dash that no shell takes.",
            ),
            reads: &["/proc/self/mountinfo"],
            sources: &["A14", "mount_namespaces(7)"],
        },
        look: shared,
    },
    Item {
        about: HostCheck {
            id: "HC32",
            name: "rootless-storage",
            what: "Rootless images are stored with the kernel's own overlay.",
            fails: None,
            warns: Some(
                "fuse-overlayfs or vfs is set where the kernel could do it, or the kernel is too old and nothing is set",
            ),
            why: "fuse-overlayfs is a program through which every file operation goes, and vfs copies each image as a whole. Both are slower by far than the kernel's overlay, and vfs fills the disk.",
            fix: "take mount_program out of storage.conf, set driver = \"overlay\", and run podman system reset as the user, which deletes that user's images and containers",
            today: Some(
                "Documents ask to install fuse-overlayfs. The kernel mounts overlay for ordinary users from 5.11 on, with SELinux from 5.13 on; which of the two a host needs was not tried. Rootful podman never needs it.",
            ),
            reads: &["/etc/containers/storage.conf", "~/.config/containers/storage.conf", "/proc/sys/kernel/osrelease"],
            sources: &["A15", "containers-storage.conf(5)"],
        },
        look: storage,
    },
    Item {
        about: HostCheck {
            id: "HC33",
            name: "lingering",
            what: "The user's services start with the host and stay when the user logs out.",
            fails: Some("lingering is off for the user of the catalog"),
            warns: None,
            why: "Without it the user's systemd, and every container with it, ends with the last login and is not started at boot.",
            fix: "loginctl enable-linger USER",
            today: None,
            reads: &["/var/lib/systemd/linger/USER", "/etc/passwd"],
            sources: &["A22", "loginctl(1)", "podman-systemd.unit(5)"],
        },
        look: lingering,
    },
];

fn delegated(scope: &Scope<'_>) -> Result<Said, String> {
    if !scope.is_rootless() {
        return Ok(not_applicable(ROOTFUL));
    }
    let limits = || scope.services().map(|service| &service.limits);
    let needed: Vec<&str> = [
        ("cpu", limits().any(|limits| limits.cpus.is_some() || limits.cpu_weight.is_some())),
        ("memory", limits().any(|limits| limits.memory.is_some())),
        ("pids", limits().any(|limits| limits.pids.is_some())),
        ("io", limits().any(|limits| limits.io_weight.is_some())),
    ]
    .into_iter()
    .filter_map(|(name, is_needed)| is_needed.then_some(name))
    .collect();
    if needed.is_empty() {
        return Ok(not_applicable("the catalog states no limits"));
    }
    let user = scope.user()?;
    let cgroup = format!("sys/fs/cgroup/user.slice/user-{user}.slice/user@{user}.service/cgroup.controllers");
    // The user may not be logged in; then the unit says what will be handed over.
    let (whence, words) = match scope.root.text(&cgroup) {
        Ok(Some(text)) => (format!("user@{user}.service has"), text),
        _ => {
            let values = units::values(scope.root, "user@.service", ("Service", "Delegate"), units::SYSTEM)?;
            let values = values.ok_or("neither the user's cgroup nor user@.service is there")?;
            ("Delegate= of user@.service says".to_owned(), values.join(" "))
        }
    };
    let words: Vec<&str> = words.split_ascii_whitespace().collect();
    let is_all = words.iter().any(|word| matches!(*word, "yes" | "true" | "1" | "on"));
    let missing: Vec<&str> = needed.iter().copied().filter(|name| !is_all && !words.contains(name)).collect();
    let has = if words.is_empty() { "nothing".to_owned() } else { words.join(" ") };
    Ok(if missing.is_empty() {
        pass(format!("{whence} {has}"))
    } else {
        fail(format!("{whence} {has}: {} missing", missing.join(", ")))
    })
}

fn shared(scope: &Scope<'_>) -> Result<Said, String> {
    if !scope.is_rootless() {
        return Ok(not_applicable(ROOTFUL));
    }
    let mounts = mountinfo::mounts(&scope.root.must("proc/self/mountinfo")?);
    let root = mounts.iter().rev().find(|mount| mount.target == "/").ok_or("/proc/self/mountinfo does not have /")?;
    Ok(if root.is_shared { pass("/ is shared") } else { warn("/ is private") })
}

fn storage(scope: &Scope<'_>) -> Result<Said, String> {
    if !scope.is_rootless() {
        return Ok(not_applicable(ROOTFUL));
    }
    let home = scope.account()?.home;
    let kernel = system::kernel(scope.root)?;
    let (major, minor) = kernel;
    let can = kernel >= NATIVE_OVERLAY;
    let conf = config::storage_conf(scope.root, Some(&home))?;
    let path = conf.as_ref().map_or("no storage.conf", |(path, _)| path.as_str());
    let set = |keys: &[&str]| conf.as_ref().and_then(|(_, table)| config::storage_text(table, keys));
    if set(&["driver"]) == Some("vfs") {
        return Ok(warn(format!("/{path} sets the driver vfs")));
    }
    let program = set(&["options", "overlay", "mount_program"]).or_else(|| set(&["options", "mount_program"]));
    let mut parts = Parts::default();
    match program.filter(|program| !program.is_empty()) {
        Some(program) if can => parts
            .add(Status::Warn, format!("/{path} sets mount_program = {program}, and Linux {major}.{minor} needs none")),
        Some(program) => {
            parts.add(Status::Pass, format!("/{path} sets mount_program = {program}, for Linux {major}.{minor}"));
        }
        None if can => parts.add(Status::Pass, format!("overlay of Linux {major}.{minor}")),
        None => parts.add(
            Status::Warn,
            format!("Linux {major}.{minor} has no overlay for ordinary users, and no mount_program is set"),
        ),
    }
    Ok(parts.said(""))
}

fn lingering(scope: &Scope<'_>) -> Result<Said, String> {
    if !scope.is_rootless() {
        return Ok(not_applicable(ROOTFUL));
    }
    let name = scope.account()?.name;
    if scope.root.list("var/lib/systemd")?.is_none() {
        return Err("/var/lib/systemd is not there".to_owned());
    }
    Ok(if scope.root.has(&format!("var/lib/systemd/linger/{name}"))? {
        pass(format!("lingering is on for {name}"))
    } else {
        fail(format!("lingering is off for {name}")).fix(format!("loginctl enable-linger {name}"))
    })
}
