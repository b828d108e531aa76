//! What the numbers of memory and processes come to.

use super::{
    super::{Check, Found, Rule, Scope},
    pulls,
};
use crate::{
    diagnostic::{Severity, Span},
    policy::facts::{Container, MountKind, Resource, bytes, podman_bytes, tmpfs_bytes},
};

pub(in crate::policy::rules) const RULES: &[Rule] = &[
    Rule {
        id: "PL411",
        name: "pull-inside-limit",
        severity: Severity::Info,
        what: "A service with a small memory limit may have to pull its image.",
        why: "`podman run` pulls inside the service's cgroup: unpacking a large layer under a limit of less than 256M can \
              be killed, and the service then never starts on a new host or after an update, only there.",
        fix: "name an .image unit, which pulls in a service of its own, or pull beforehand and write `Pull=never`",
        bad: "[Container]\nPodmanArgs=--memory=64m --memory-swap=64m\n[Service]\nMemoryHigh=64M\nMemoryMax=64M",
        good: "[Container]\nPull=never\nPodmanArgs=--memory=64m --memory-swap=64m\n[Service]\nMemoryHigh=64M\n\
               MemoryMax=64M",
        sources: &["B42", "podman-systemd.unit(5)"],
        check: Check::Container(pull_inside),
    },
    Rule {
        id: "PL412",
        name: "tmpfs-exceeds-memory",
        severity: Severity::Warning,
        what: "The tmpfs mounts and /dev/shm together may hold more than the memory limit.",
        why: "What lies in a tmpfs is memory of the container: files in /tmp push it over its limit, and it is killed \
              with nothing to show for it. A full /tmp is an error that a program can handle; a kill is not.",
        fix: "make the tmpfs smaller, or the limit larger",
        bad: "[Container]\nTmpfs=/cache:rw,nosuid,nodev,noexec,size=1g",
        good: "[Container]\nTmpfs=/cache:rw,nosuid,nodev,noexec,size=64m",
        sources: &["B17", "tmpfs(5)"],
        check: Check::Container(tmpfs),
    },
    Rule {
        id: "PL413",
        name: "ulimit-nproc",
        severity: Severity::Warning,
        what: "The number of processes is limited with an ulimit.",
        why: "`nproc` counts the processes of a user id over the whole host: containers that share ids use up each \
              other's, and root is not held at all. podman-run(1) itself says not to use it. `host` takes over whatever \
              limits the host happens to have, an info.",
        fix: "use PidsLimit= and TasksMax=, which count the container's own",
        bad: "[Container]\nUlimit=nproc=100",
        good: "[Container]\nUlimit=nofile=4096:4096",
        sources: &["CIS 5.19", "podman-run(1) --ulimit", "setrlimit(2)"],
        check: Check::Container(ulimit),
    },
    Rule {
        id: "PL414",
        name: "oom-policy",
        severity: Severity::Warning,
        what: "Memory is limited, and a process that is killed at the limit does not stop the service.",
        why: "Quadlet sets `Delegate=yes`, and with it systemd's default becomes `OOMPolicy=continue`: the kill is logged, \
              and what is left of the service goes on without its worker, its database or its socket. `kill` ends all \
              of it, so that Restart= starts it whole. Without a memory limit it is an info.",
        fix: "write `OOMPolicy=kill` in [Service]",
        bad: "# without [Service] OOMPolicy\n[Service]\nRestart=always",
        good: "[Service]\nOOMPolicy=kill",
        sources: &["B37", "systemd.service(5) OOMPolicy="],
        check: Check::Container(oom_policy),
    },
    Rule {
        id: "PL415",
        name: "shm-size",
        severity: Severity::Info,
        what: "/dev/shm has no size of the author's choice.",
        why: "It is a tmpfs that every process may write to, and counts against the memory limit. podman's default is \
              64M, and a share of a small limit that nobody thought of; `ShmSize=0`, a warning, takes the limit away.",
        fix: "write a `ShmSize=` that fits the memory limit",
        bad: "[Container]\nShmSize=0",
        good: "[Container]\nShmSize=16777216",
        sources: &["B17", "podman-run(1) --shm-size"],
        check: Check::Container(shm),
    },
    Rule {
        id: "PL416",
        name: "oom-score-protected",
        severity: Severity::Warning,
        what: "The container is protected from being killed for want of memory.",
        why: "With a negative score the kernel kills others first: sshd, the journal, another service, whoever is next. \
              What runs in a container is rarely what the host cannot do without.",
        fix: "take it out",
        bad: "[Service]\nOOMScoreAdjust=-500",
        good: "[Service]\nOOMScoreAdjust=500",
        sources: &["podman-run(1) --oom-score-adj", "systemd.exec(5) OOMScoreAdjust="],
        check: Check::Container(oom_score),
    },
];

fn pull_inside(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    const SMALL: u64 = 256 << 20;
    let service = &container.limits(scope.tree).service;
    if let Some((number, stated)) = service.number(Resource::Memory).filter(|(number, _)| *number < SMALL)
        && pulls(container)
    {
        found.at(stated.at, format!("the image is pulled and unpacked within {}", bytes(number)));
    }
}

/// podman-run(1) `--shm-size`.
const DEFAULT_SHM: u64 = 64 << 20;

fn tmpfs(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let limits = container.limits(scope.tree);
    let Some((memory, stated)) = limits.smallest(Resource::Memory) else { return };
    let tmpfs = container.mounts.iter().filter(|mount| mount.kind == MountKind::Tmpfs);
    let mut parts: Vec<(String, u64, Option<Span>)> = tmpfs
        .filter_map(|mount| {
            Some((mount.target.clone().into_owned(), tmpfs_bytes(mount.option("size")?)?, Some(mount.at)))
        })
        .collect();
    let shm = container.run.last("shm-size");
    let size = shm.map_or(Some(DEFAULT_SHM), |arg| podman_bytes(arg.value.trim())).filter(|size| *size > 0);
    parts.extend(size.map(|size| ("/dev/shm".to_owned(), size, shm.map(|arg| arg.at))));
    let sum = parts.iter().fold(0_u64, |sum, (_, size, _)| sum.saturating_add(*size));
    if sum <= memory {
        return;
    }
    parts.sort_by_key(|(_, size, _)| std::cmp::Reverse(*size));
    let list: Vec<String> = parts.iter().map(|(target, size, _)| format!("{target} {}", bytes(*size))).collect();
    let message =
        format!("files in memory may take {}, and `{}` is less: {}", bytes(sum), stated.said, list.join(", "));
    let at = parts.iter().find_map(|(_, _, at)| *at).unwrap_or(stated.at);
    found.at(at, message).related(stated.at, "the memory limit");
}

fn ulimit(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for arg in container.run.all("ulimit") {
        if arg.value.starts_with("nproc=") {
            found.at(arg.at, format!("`{}` counts the processes of the user id on the whole host", arg.value));
        } else if arg.value == "host" {
            let finding = found.at(arg.at, "the limits are whatever the host has").severity(Severity::Info);
            finding.help("name the limits that are needed, `Ulimit=nofile=4096:4096`");
        }
    }
}

fn oom_policy(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let policy = container.service("OOMPolicy");
    let says = policy.as_ref().map(|value| value.text.trim());
    if says.is_some_and(|policy| policy != "continue") {
        return;
    }
    let limits = container.limits(scope.tree);
    let limit = limits.layers().find_map(|layer| layer.limit(Resource::Memory));
    if let Some(policy) = &policy {
        found.at(policy.at, "`OOMPolicy=continue` leaves half a service running");
    } else if let Some(limit) = limit {
        let message = format!("OOMPolicy= is not set: after a kill at `{}` the rest goes on", limit.said);
        found.at(container.unit.header("Service"), message).related(limit.at, "the memory limit");
    }
}

fn shm(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    if let Some(arg) = container.run.last("shm-size") {
        if podman_bytes(arg.value.trim()) == Some(0) {
            found.at(arg.at, "/dev/shm has no limit of its own").severity(Severity::Warning);
        }
        return;
    }
    // A pod's members share the one of the pod, and the host's has the host's size.
    let shared = container.run.last("ipc").is_some() || container.unit.last("Container", "Pod").is_some();
    let limits = container.limits(scope.tree);
    if let Some((_, stated)) = limits.smallest(Resource::Memory).filter(|_| !shared) {
        let message = format!("/dev/shm may take podman's default of {} of `{}`", bytes(DEFAULT_SHM), stated.said);
        found.at(container.whole(), message).related(stated.at, "the memory limit");
    }
}

fn oom_score(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let directive =
        container.service("OOMScoreAdjust").map(|value| (format!("OOMScoreAdjust={}", value.text), value.at));
    let flag = container.run.last("oom-score-adj").map(|arg| (format!("--oom-score-adj={}", arg.value), arg.at));
    for (said, at) in directive.into_iter().chain(flag) {
        if said.split_once('=').is_some_and(|(_, score)| score.trim().starts_with('-')) {
            found.at(at, format!("`{said}` has the kernel kill others first"));
        }
    }
}
