//! Control groups: where every limit is held.

use super::{Item, Parts, Said, Scope, fail, pass};
use crate::{
    model::mountinfo,
    policy::host::{HostCheck, Status},
};

pub(super) const ITEMS: &[Item] = &[
    Item {
        about: HostCheck {
            id: "HC01",
            name: "cgroup-v2",
            what: "The host has control groups of version 2, and nothing else.",
            fails: Some("version 1, or a mixture of both, is mounted on /sys/fs/cgroup"),
            warns: None,
            why: "Quadlet needs version 2. Under version 1 podman and systemd cannot share a tree, so the limits of a slice do not hold the container, and memory.high, swap limits and the count of kills for want of memory are not there.",
            fix: "boot with systemd.unified_cgroup_hierarchy=1, or take a release that has version 2 alone; one whose systemd is 258 or later knows nothing else",
            today: Some(
                "Version 2 alone is the default of Fedora from 31, of Debian from 11, of RHEL from 9 and of Ubuntu from 22.04 on. What is said of rc_cgroup_mode is for OpenRC, where Quadlet does not run.",
            ),
            reads: &["/proc/self/mountinfo", "/sys/fs/cgroup/cgroup.controllers"],
            sources: &["A11", "A16", "podman-systemd.unit(5)", "cgroups(7)"],
        },
        look: unified,
    },
    Item {
        about: HostCheck {
            id: "HC02",
            name: "cgroup-controllers",
            what: "The controllers for CPU, memory, processes and I/O are there.",
            fails: Some("cpu, memory or pids is missing"),
            warns: Some("io is missing: then io_weight does nothing"),
            why: "A limit whose controller is missing is written into the unit and held by nobody. systemd does not complain, and the service takes what it gets.",
            fix: "take cgroup_disable= off the kernel's command line; on a Raspberry Pi add cgroup_enable=memory",
            today: None,
            reads: &["/sys/fs/cgroup/cgroup.controllers"],
            sources: &["A11", "A39", "A40", "B34", "cgroups(7)"],
        },
        look: controllers,
    },
];

fn unified(scope: &Scope<'_>) -> Result<Said, String> {
    const AT: &str = "/sys/fs/cgroup";
    let mounts = mountinfo::mounts(&scope.root.must("proc/self/mountinfo")?);
    // What was mounted last hides what is beneath.
    let Some(mount) = mounts.iter().rev().find(|mount| mount.target == AT) else {
        return Ok(fail(format!("nothing is mounted on {AT}")));
    };
    if mount.kind != "cgroup2" {
        let hybrid = mounts.iter().any(|mount| mount.kind == "cgroup2");
        let what = if hybrid { "a mixture of versions 1 and 2" } else { "control groups of version 1" };
        return Ok(fail(format!("{AT} is {}: {what}", mount.kind)));
    }
    match mounts.iter().find(|mount| mount.kind == "cgroup") {
        Some(old) => Ok(fail(format!("{AT} is cgroup2, and {} still has version 1", old.target))),
        None => Ok(pass(format!("{AT} is cgroup2"))),
    }
}

fn controllers(scope: &Scope<'_>) -> Result<Said, String> {
    let text = scope.root.must("sys/fs/cgroup/cgroup.controllers")?;
    let has = |name: &str| text.split_ascii_whitespace().any(|word| word == name);
    let mut parts = Parts::default();
    let missing: Vec<&str> = ["cpu", "memory", "pids"].into_iter().filter(|name| !has(name)).collect();
    if !missing.is_empty() {
        parts.add(Status::Fail, format!("{} missing", missing.join(", ")));
    }
    if !has("io") {
        parts.add(Status::Warn, "io missing");
    }
    parts.add(Status::Pass, text.trim().to_owned());
    Ok(parts.said(""))
}
