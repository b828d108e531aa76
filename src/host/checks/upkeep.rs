//! Whether somebody notices, and whether the host stays current.

use super::{Item, Parts, Said, Scope, a_few, pass, warn};
use crate::{
    host::{
        audit::{self, Recorded},
        system, units, updates,
    },
    policy::host::{HostCheck, Status},
};

pub(super) const ITEMS: &[Item] = &[
    Item {
        about: HostCheck {
            id: "HC14",
            name: "audit",
            what: "The audit daemon runs, with rules for the files of containers.",
            fails: None,
            warns: Some(
                "auditd is not switched on, no rule watches /etc/containers, another rule keeps that from being recorded, or the kernel was booted with audit=0",
            ),
            why: "A unit written into /etc/containers/systemd is a program that root runs. Who wrote it is in no other log.",
            fix: "install auditd, switch it on, write rules into /etc/audit/rules.d (`plimsoll host render` does), and take out those that keep it from recording, such as `-a never,task`",
            today: Some(
                "Documents prefer podman because it records who started a container (auid). That holds for podman typed in a login: what systemd starts has no auid, so rules have to go by paths and by the range of ids of the containers. rc-service is for OpenRC.",
            ),
            reads: &[
                "/etc/systemd/system/multi-user.target.wants/auditd.service",
                "/etc/audit/rules.d",
                "/etc/audit/audit.rules",
                "/usr/lib/systemd/system/audit-rules.service",
                "/proc/cmdline",
            ],
            sources: &["A06", "A07", "A08", "A10", "A44", "CIS 1.1.3", "auditctl(8)", "augenrules(8)"],
        },
        look: audits,
    },
    Item {
        about: HostCheck {
            id: "HC20",
            name: "timers",
            what: "Images that are no longer used are removed, and those that are to be updated are.",
            fails: Some("a service of the catalog has auto_update, and podman-auto-update.timer is off"),
            warns: Some("nothing removes unused images"),
            why: "auto_update only marks a service: the timer looks for new images and restarts it. Old images stay until somebody removes them, and fill the disk.",
            fix: "systemctl enable --now podman-auto-update.timer; install plimsoll-prune.timer, which `plimsoll host render` writes",
            today: Some(
                "A digest never changes, so auto_update does nothing for an image that is pinned by one: choose one of the two for each service.",
            ),
            reads: &[
                "/etc/systemd/system/timers.target.wants",
                "/etc/systemd/system/timers.target.d",
                "/usr/lib/systemd/system/timers.target.wants",
                "~/.config/systemd/user/timers.target.wants",
                "the catalog",
            ],
            sources: &["A57", "A58", "podman-auto-update(1)"],
        },
        look: timers,
    },
    Item {
        about: HostCheck {
            id: "HC23",
            name: "security-updates",
            what: "The host installs security updates by itself.",
            fails: None,
            warns: Some("nothing installs them, or what would is not told to"),
            why: "All containers share the host's kernel, and every one is started by its podman and crun. A fix that is not installed is a hole that everybody can read about.",
            fix: "install unattended-upgrades, or dnf-automatic with apply_updates = yes, or switch the automatic updates of an image-based system on",
            today: None,
            reads: &[
                "/etc/systemd/system/timers.target.wants",
                "/usr/lib/systemd/system/default.target.wants",
                "/etc/dnf/automatic.conf",
                "/etc/apt/apt.conf.d",
                "/etc/apt/apt.conf",
                "/usr/bin/unattended-upgrade",
                "/etc/rpm-ostreed.conf",
                "/etc/zincati/config.d",
            ],
            sources: &["A02", "B07", "apt.conf(5)", "rpm-ostreed.conf(5)"],
        },
        look: security_updates,
    },
    Item {
        about: HostCheck {
            id: "HC24",
            name: "pending-reboot",
            what: "The newest kernel that is installed is the one that runs.",
            fails: None,
            warns: Some(
                "a newer one is installed, that which runs is no longer, a package asked for a reboot, or a staged image waits for one",
            ),
            why: "An update of the kernel mends nothing before the reboot. When the modules of the kernel that runs are gone, what is not loaded yet cannot be: the next macvlan network or file system fails.",
            fix: "reboot",
            today: None,
            reads: &[
                "/proc/sys/kernel/osrelease",
                "/lib/modules",
                "/run/reboot-required",
                "/run/ostree/staged-deployment",
            ],
            sources: &["A02", "A03", "B10"],
        },
        look: reboot,
    },
];

fn audits(scope: &Scope<'_>) -> Result<Said, String> {
    const WATCHED: &str = "/etc/containers";
    let mut parts = Parts::default();
    let is_on = units::is_enabled(scope.root, "auditd.service", units::SYSTEM)?;
    parts.add(
        if is_on { Status::Pass } else { Status::Warn },
        if is_on { "auditd is switched on" } else { "auditd is not switched on" },
    );
    match audit::recorded(scope.root, WATCHED)? {
        Recorded::By(path) => parts.add(Status::Pass, format!("/{path} watches {WATCHED}")),
        Recorded::Kept { file, line } => {
            parts.add(Status::Warn, format!("/{file} keeps it from being recorded who writes to {WATCHED}: `{line}`"));
        }
        Recorded::Nowhere => parts.add(Status::Warn, format!("no rule watches {WATCHED}")),
    }
    // An image of a host has no command line.
    let cmdline = scope.root.text("proc/cmdline").ok().flatten().unwrap_or_default();
    if cmdline.split_ascii_whitespace().any(|word| matches!(word, "audit=0" | "audit=off")) {
        parts.add(Status::Warn, "the kernel was booted with audit=0");
    }
    Ok(parts.said(""))
}

fn timers(scope: &Scope<'_>) -> Result<Said, String> {
    let own = if scope.is_rootless() { Some(scope.account()?.home) } else { None };
    let own = own.map(|home| format!("{}/.config/systemd/user", home.trim_start_matches('/')));
    let dirs = if own.is_some() { units::USERS } else { units::SYSTEM };
    let dirs: Vec<&str> = own.as_deref().into_iter().chain(dirs.iter().copied()).collect();
    let is_on = |timer: &str| units::is_enabled(scope.root, timer, &dirs);
    let mut parts = Parts::default();
    let updated: Vec<&str> = scope
        .services()
        .filter(|service| service.text("AutoUpdate").is_some())
        .map(|service| service.name.as_str())
        .collect();
    if !updated.is_empty() {
        let is_on = is_on("podman-auto-update.timer")?;
        let found =
            format!("podman-auto-update.timer is {}, for {}", if is_on { "on" } else { "off" }, a_few(&updated));
        parts.add(if is_on { Status::Pass } else { Status::Fail }, found);
    }
    let prunes =
        ["plimsoll-prune.timer", "podman-prune.timer", "podman-image-prune.timer", "podman-system-prune.timer"];
    let mut on = None;
    for timer in prunes {
        if on.is_none() && is_on(timer)? {
            on = Some(timer);
        }
    }
    match on {
        Some(timer) => parts.add(Status::Pass, format!("{timer} is on")),
        None => parts.add(Status::Warn, "no timer removes unused images"),
    }
    Ok(parts.said(""))
}

fn security_updates(scope: &Scope<'_>) -> Result<Said, String> {
    let means = updates::means(scope.root)?;
    if let Some(means) = means.iter().find(|means| means.installs) {
        return Ok(pass(means.found.clone()));
    }
    let mut parts = Parts::default();
    for means in means {
        parts.add(Status::Warn, means.found);
    }
    if parts.0.is_empty() {
        return Ok(warn("nothing installs updates by itself"));
    }
    Ok(parts.said(""))
}

fn reboot(scope: &Scope<'_>) -> Result<Said, String> {
    let mut parts = Parts::default();
    let release = system::release(scope.root)?;
    let dir = system::modules_dir(scope.root)?;
    let installed = scope.root.list(dir)?.unwrap_or_default();
    // A package's own directory without an index of modules belongs to no kernel.
    let installed: Vec<&String> = installed
        .iter()
        .filter(|name| **name == release || scope.root.has(&format!("{dir}/{name}/modules.dep")).unwrap_or(false))
        .collect();
    if installed.is_empty() {
        return Err(format!("/{dir} has no modules of any kernel"));
    }
    let newer = installed.iter().filter(|name| system::is_newer(name, &release));
    if let Some(newest) = newer.max_by(|a, b| system::compare(a, b)) {
        parts.add(Status::Warn, format!("{release} runs, and {newest} is installed"));
    } else if !installed.iter().any(|name| **name == release) {
        parts.add(Status::Warn, format!("{release} runs, and its modules are gone"));
    } else {
        parts.add(Status::Pass, format!("{release} runs, the newest there is"));
    }
    if scope.root.has("run/reboot-required").unwrap_or(false) {
        parts.add(Status::Warn, "/run/reboot-required is there");
    }
    if scope.root.has("run/ostree/staged-deployment").unwrap_or(false) {
        parts.add(Status::Warn, "/run/ostree/staged-deployment is there: the next boot is that of another image");
    }
    Ok(parts.said(""))
}
