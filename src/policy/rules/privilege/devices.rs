//! Devices and kernel parameters.

use crate::{
    diagnostic::Severity,
    policy::{
        facts::{Arg, Container, Device, NetworkMode},
        reach::{devices, seen},
        rules::{Check, Found, Rule, Scope},
    },
};

pub(super) const OF_THE_HOST: Rule = Rule {
    id: "PL108",
    name: "host-device",
    severity: Severity::Warning,
    what: "A device of the host is handed to the container, or mounted into it.",
    why: "A device is the kernel's own door to the hardware, and permissions of files end before it: who can write to a \
          disk or to /dev/mem owns the host, which is an error where root starts the container. Serial lines, cameras \
          and graphics cards are worth a thought: their drivers are kernel code.",
    fix: "hand over the one device that is needed, with `:r` where the service only reads it",
    bad: "[Container]\nAddDevice=/dev/sda",
    good: "[Container]\nVolume=disk-reports:/reports:ro,Z,idmap,nosuid,nodev,noexec",
    sources: &["A21", "CIS 5.18", "podman-run(1) --device"],
    check: Check::Container(of_the_host),
};

fn of_the_host(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    for arg in container.run.all("device") {
        device(container, arg, found);
    }
    for arg in container.run.all("device-cgroup-rule") {
        let is_everything = arg.value.starts_with('a') || arg.value.contains("*:*");
        let is_of_disks = arg.value.trim_start().starts_with('b');
        let message = format!("`--device-cgroup-rule={}` lets the container use devices that it makes", arg.value);
        let finding = found.at(arg.at, message);
        if (is_everything || is_of_disks) && container.is_root_on_host() {
            finding.severity(Severity::Error);
        }
    }
    for seen in seen::of(container, scope.tree) {
        let Some((severity, what)) = devices::kind(&seen.path).filter(|(_, what)| *what != devices::NOTHING) else {
            continue;
        };
        let message = format!("`{}` is mounted into the container at `{}`: {what}", seen.source, seen.target);
        found.at(seen.at, message).severity(held(severity, !seen.is_writable, container));
    }
}

fn device(container: &Container<'_>, arg: &Arg<'_>, found: &mut Found<'_>) {
    let Device { text, source, is_read_only } = Device::of(arg);
    if !source.starts_with('/') {
        // A device of the Container Device Interface, `nvidia.com/gpu=all`.
        found.at(arg.at, format!("the device `{text}` is handed to the container")).severity(Severity::Info);
        return;
    }
    let path = seen::path(source, container);
    if path == "/dev" {
        found.at(arg.at, "every device of the host is handed to the container").severity(Severity::Error);
        return;
    }
    let (severity, what) = devices::kind(&path).unzip();
    let message = match what {
        Some(what) => format!("`{source}` is handed to the container: {what}"),
        None => format!("`{source}` is handed to the container"),
    };
    let severity = held(severity.unwrap_or(Severity::Warning), is_read_only, container);
    found.at(arg.at, message).severity(severity);
}

/// What only the host's root may do, a disk does not let others do either.
fn held(severity: Severity, is_read_only: bool, container: &Container<'_>) -> Severity {
    match severity {
        Severity::Error if is_read_only || !container.is_root_on_host() => Severity::Warning,
        severity => severity,
    }
}

/// podman-run(1) `--sysctl`: what podman lets through, all of it of the container's own namespaces. One that ends in a
/// dot is a beginning.
const ALLOWED: &[&str] = &[
    "fs.mqueue.",
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shm_rmid_forced",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "net.",
];

pub(super) const SYSCTL: Rule = Rule {
    id: "PL109",
    name: "unsafe-sysctl",
    severity: Severity::Error,
    what: "A kernel parameter is set that is not the container's own.",
    why: "podman lets only parameters through that belong to the container's network or IPC namespace: net.*, \
          fs.mqueue.*, kernel.msg*, kernel.shm* and kernel.sem. Every other holds for the whole host, and podman does \
          not start the container; so with net.* on the host's network.",
    fix: "take it out, and set it in /etc/sysctl.d where the whole host is to have it",
    bad: "[Container]\nSysctl=vm.overcommit_memory=1",
    good: "[Container]\nSysctl=net.ipv4.ip_unprivileged_port_start=0 kernel.shmmax=1073741824",
    sources: &["A21", "podman-run(1) --sysctl"],
    check: Check::Container(sysctl),
};

fn sysctl(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let shares = |flag| container.run.last(flag).is_some_and(|arg| arg.value == "host");
    let on_host_network = container.networks.iter().any(|network| network.mode == NetworkMode::Host);
    for arg in container.run.all("sysctl") {
        let Some((name, _)) = arg.value.split_once('=') else {
            found.at(arg.at, format!("`{}` has no value: podman refuses it", arg.value)).help("write NAME=VALUE");
            continue;
        };
        let allows = |allowed: &str| name == allowed || (allowed.ends_with('.') && name.starts_with(allowed));
        if !ALLOWED.iter().any(|allowed| allows(allowed)) {
            found.at(arg.at, format!("`{name}` belongs to the whole host: podman refuses to set it"));
        } else if name.starts_with("net.") && on_host_network {
            let message = format!("`{name}` on the network of the host: podman does not set it for one container");
            found.at(arg.at, message);
        } else if name.starts_with("fs.mqueue.") && shares("ipc") {
            found.at(arg.at, format!("`{name}` with `--ipc=host`: podman refuses to set it"));
        }
    }
}
