//! `PL7xx`: what stands between a container and the kernel: system call filter, labels, profiles, hidden paths.

use super::{Check, Found, Rule, Scope};
use crate::{
    diagnostic::Severity,
    policy::facts::{Arg, Container},
};

pub(super) const RULES: &[Rule] = &[
    SECCOMP_UNCONFINED,
    SECCOMP_PROFILE,
    SELINUX_DISABLED,
    APPARMOR_UNCONFINED,
    UNMASKED,
    SYSTEMD_MODE,
    RUNTIME,
    HOOKS,
    SELINUX_LEVEL,
];

const SECCOMP_UNCONFINED: Rule = Rule {
    id: "PL701",
    name: "seccomp-unconfined",
    severity: Severity::Error,
    what: "The container may make every system call.",
    why: "podman's default profile lets through what it lists and refuses every other system call: userfaultfd, \
          io_uring_setup, kexec_load and calls of long ago for all, bpf, perf_event_open and module loading unless the \
          capability is added. Services do not use them, and exploits of the kernel do. Without it only capabilities \
          are in the way. Where the container's root is not root of the host, this is a warning.",
    fix: "take it out; for the few calls that are missing, write a profile that adds them to podman's own",
    bad: "[Container]\nUserNS=host\nSeccompProfile=unconfined",
    good: "[Container]\nSeccompProfile=/etc/containers/seccomp/web.json",
    sources: &["A59", "B32", "CIS 5.22", "podman-run(1) --security-opt", "seccomp(2)"],
    check: Check::Container(seccomp_unconfined),
};

fn seccomp_unconfined(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if let Some((_, arg)) = container.run.security("seccomp").next_back().filter(|(value, _)| *value == "unconfined") {
        let finding = found.at(arg.at, "the container may make every system call");
        if !container.is_root_on_host() {
            finding.severity(Severity::Warning);
        }
    }
}

const SECCOMP_PROFILE: Rule = Rule {
    id: "PL702",
    name: "seccomp-profile-not-absolute",
    severity: Severity::Error,
    what: "The seccomp profile is no absolute path.",
    why: "podman opens the profile from the directory it is started in, which is / for a service and a user's home for \
          a service of that user: a name alone is not found there, and the container does not start.",
    fix: "write the whole path: `SeccompProfile=/etc/containers/seccomp/web.json`",
    bad: "[Container]\nSeccompProfile=web.json",
    good: "[Container]\nSeccompProfile=%h/seccomp/web.json",
    sources: &["A61", "podman-run(1) --security-opt"],
    check: Check::Container(seccomp_profile),
};

fn seccomp_profile(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let Some((path, arg)) = container.run.security("seccomp").next_back() else { return };
    let may_be_absolute = path.starts_with(['/', '%', '$']) || path == "unconfined" || path.is_empty();
    // A service that says where it starts may find it there.
    if !may_be_absolute && container.service("WorkingDirectory").is_none() {
        found.at(arg.at, format!("`{path}` is looked for in the directory that podman is started in"));
    }
}

/// Types of SELinux that are not kept from the host (`container_selinux(8)`).
const UNCONFINED_TYPES: &[&str] = &["container_runtime_t", "spc_t", "unconfined_service_t", "unconfined_t"];

const SELINUX_DISABLED: Rule = Rule {
    id: "PL703",
    name: "selinux-disabled",
    severity: Severity::Warning,
    what: "SELinux does not keep the container apart.",
    why: "Where SELinux is on, a container may touch only files that carry its own label, whoever it is and wherever it \
          got to: that is what stopped CVE-2019-5736, which let a container replace runc. Disabled, or of a type such \
          as spc_t, it is to SELinux a program of the host. `nested` only lets the container change labels of its own: a thought.",
    fix: "take it out, and label what is mounted with `Z`",
    bad: "[Container]\nSecurityLabelDisable=true",
    good: "[Container]\nSecurityLabelType=container_device_t",
    sources: &["B03", "CIS 5.3", "podman-run(1) --security-opt", "container_selinux(8)"],
    check: Check::Container(selinux_disabled),
};

fn selinux_disabled(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for (value, arg) in container.run.security("label") {
        if value == "disable" {
            found.at(arg.at, "SELinux separation is switched off");
        } else if value == "nested" {
            let message = "the container may change SELinux labels of its files and processes";
            found.at(arg.at, message).severity(Severity::Info).help("take it out unless containers run in it");
        } else if let Some(name) = value.strip_prefix("type:").filter(|name| UNCONFINED_TYPES.contains(name)) {
            found.at(arg.at, format!("`{name}` is to SELinux a program of the host"));
        }
    }
}

const APPARMOR_UNCONFINED: Rule = Rule {
    id: "PL704",
    name: "apparmor-unconfined",
    severity: Severity::Warning,
    what: "AppArmor does not confine the container.",
    why: "Where AppArmor is on, podman loads a profile of its own that denies mounts, and writing to /proc and /sys, to \
          whatever runs in the container. Without it only capabilities and the hidden paths are in the way.",
    fix: "take it out, or name a profile that the host has loaded",
    bad: "[Container]\nPodmanArgs=--security-opt=apparmor=unconfined",
    good: "[Container]\nPodmanArgs=--security-opt=apparmor=containers-web",
    sources: &["A19", "CIS 5.2", "podman-run(1) --security-opt"],
    check: Check::Container(apparmor_unconfined),
};

fn apparmor_unconfined(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if let Some((_, arg)) = container.run.security("apparmor").next_back().filter(|(value, _)| *value == "unconfined") {
        found.at(arg.at, "AppArmor does not confine the container");
    }
}

const UNMASKED: Rule = Rule {
    id: "PL705",
    name: "unmask",
    severity: Severity::Warning,
    what: "Paths of /proc or /sys are shown, or writable, that podman hides.",
    why: "podman hides /proc/kcore, /proc/keys, /sys/firmware and others that tell of the host, and mounts /proc/sys, \
          /proc/sysrq-trigger and /proc/irq read-only. Root of a rootful container without a user namespace can reboot \
          the host or read its memory through them: all of them at once is an error there.",
    fix: "take it out, or name the one path that is needed",
    bad: "[Container]\nUnmask=ALL",
    good: "[Container]\nMask=/proc/kallsyms:/proc/modules",
    sources: &["CIS 5.3", "podman-run(1) --security-opt", "podman-systemd.unit(5) Unmask"],
    check: Check::Container(unmasked),
};

fn unmasked(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for (value, arg) in container.run.security("unmask").filter(|(value, _)| !value.is_empty()) {
        let is_all = value.split(':').any(|path| matches!(path, "ALL" | "all" | "/proc/*" | "/proc/sysrq-trigger"));
        let finding = match value {
            "ALL" | "all" => found.at(arg.at, "everything that podman hides of /proc and /sys is shown"),
            value => found.at(arg.at, format!("`{value}` is shown, which podman hides")),
        };
        if is_all && container.is_root_on_host() {
            finding.severity(Severity::Error);
        }
    }
    if let Some((_, arg)) = container.run.security("systempaths").next_back() {
        let finding = found.at(arg.at, "everything that podman hides of /proc and /sys is shown");
        if container.is_root_on_host() {
            finding.severity(Severity::Error);
        }
    }
}

const SYSTEMD_MODE: Rule = Rule {
    id: "PL706",
    name: "systemd-mode",
    severity: Severity::Info,
    what: "The container is run as if it were a machine of its own, with systemd in it.",
    why: "podman then mounts /sys/fs/cgroup writable and memory without a size on /run and /tmp, for whatever command \
          the image has. Several services in one container also share its limits, its user and its fate.",
    fix: "take it out, and make a unit of each service",
    bad: "[Container]\nPodmanArgs=--systemd=always",
    good: "[Container]\nPodmanArgs=--systemd=false",
    sources: &["B01", "podman-run(1) --systemd"],
    check: Check::Container(systemd_mode),
};

fn systemd_mode(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if let Some(arg) = container.run.last("systemd").filter(|arg| arg.value == "always") {
        found.at(arg.at, "/sys/fs/cgroup is writable in the container, whatever its command is");
    }
}

/// OCI runtimes that keep what podman promises: on the same kernel, and behind a virtual machine or a kernel of their
/// own.
const RUNTIMES: &[&str] = &["crun", "kata", "kata-runtime", "krun", "runc", "runsc", "youki"];

const RUNTIME: Rule = Rule {
    id: "PL707",
    name: "runtime-override",
    severity: Severity::Info,
    what: "An OCI runtime is named that is none of the known ones.",
    why: "The runtime is the program that applies every limit, capability and filter of the unit, as root where root \
          starts it. One from elsewhere may leave some of them out without a word.",
    fix: "take it out, so that the host's containers.conf(5) decides, or name crun",
    bad: "[Container]\nPodmanArgs=--runtime=/opt/bin/fastrun",
    good: "[Container]\nPodmanArgs=--runtime=/usr/bin/crun",
    sources: &["A17", "B10", "podman(1) --runtime"],
    check: Check::Container(runtime),
};

fn runtime(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for arg in everywhere(container, "runtime") {
        let name = arg.value.rsplit('/').next().unwrap_or_default();
        if !RUNTIMES.contains(&name) {
            found.at(arg.at, format!("`{}` is none of the known runtimes", arg.value));
        }
    }
}

/// What is said to podman as a whole, and to `podman run`, which takes the same flags.
fn everywhere<'c>(container: &'c Container<'_>, flag: &'c str) -> impl Iterator<Item = &'c Arg<'c>> {
    container.run.global().iter().filter(move |arg| arg.flag == flag).chain(container.run.all(flag))
}

const HOOKS: Rule = Rule {
    id: "PL708",
    name: "oci-hooks",
    severity: Severity::Warning,
    what: "Programs of a directory run on the host whenever the container starts or stops.",
    why: "A hook runs outside of the container, as whoever starts it and before its limits hold: who can write to the \
          directory has root where root starts the container.",
    fix: "take it out, or put the hook where the host's packages put theirs, /usr/share/containers/oci/hooks.d",
    bad: "[Container]\nGlobalArgs=--hooks-dir=/srv/hooks",
    good: "[Container]\nGlobalArgs=--log-level=info",
    sources: &["A60", "podman(1) --hooks-dir", "oci-hooks(5)"],
    check: Check::Container(hooks),
};

/// Where packages of the host and its administrator put hooks; podman looks there by itself (oci-hooks(5)).
const HOOK_DIRS: &[&str] = &["/etc/containers/oci/hooks.d", "/usr/share/containers/oci/hooks.d"];

fn hooks(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for arg in everywhere(container, "hooks-dir").filter(|arg| !HOOK_DIRS.contains(&arg.value.as_ref())) {
        found.at(arg.at, format!("the programs in `{}` run on the host at every start", arg.value));
    }
}

const SELINUX_LEVEL: Rule = Rule {
    id: "PL709",
    name: "selinux-level-of-all",
    severity: Severity::Warning,
    what: "The SELinux level of the container holds every category.",
    why: "podman gives every container two categories of its own, so that it cannot touch what `Z` labelled for \
          another. A container whose level holds all 1024 may touch the files of all of them.",
    fix: "take it out, or give two categories that no other container has: `SecurityLabelLevel=s0:c100,c200`",
    bad: "[Container]\nSecurityLabelLevel=s0:c0.c1023",
    good: "[Container]\nSecurityLabelLevel=s0:c100,c200",
    sources: &["B03", "podman-run(1) --security-opt", "container_selinux(8)"],
    check: Check::Container(selinux_level),
};

fn selinux_level(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let mut levels =
        container.run.security("label").filter_map(|(value, arg)| Some((value.strip_prefix("level:")?, arg)));
    if let Some((level, arg)) = levels.next_back().filter(|(level, _)| level.contains("c0.c1023")) {
        found.at(arg.at, format!("`{level}` holds the categories of every container"));
    }
}
