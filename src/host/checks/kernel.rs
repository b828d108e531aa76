//! What the kernel lets containers do, and keeps from them.

use super::{Item, Parts, Said, Scope, a_few, fail, pass, warn};
use crate::{
    host::{config, system},
    policy::host::{HostCheck, Status},
};

pub(super) const ITEMS: &[Item] = &[
    Item {
        about: HostCheck {
            id: "HC09",
            name: "user-namespaces",
            what: "User namespaces may be made, as many as there are services.",
            fails: Some(
                "user.max_user_namespaces is 0 or below the number of services, or ordinary users may make none and the catalog is rootless",
            ),
            warns: Some("AppArmor restricts the user namespaces of ordinary users, and the catalog is rootless"),
            why: "Ids of their own are what makes root in a container nobody on the host. A hardening guide that sets user.max_user_namespaces to 0 takes that away, and the containers do not start.",
            fix: "set user.max_user_namespaces in /etc/sysctl.d to at least ten times the number of services; rootless also kernel.unprivileged_userns_clone = 1",
            today: Some(
                "kernel.unprivileged_userns_clone is a patch of Debian's. Ubuntu's AppArmor lets only programs with a profile make user namespaces; its podman has one.",
            ),
            reads: &[
                "/proc/sys/user/max_user_namespaces",
                "/proc/sys/kernel/unprivileged_userns_clone",
                "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            ],
            sources: &["A03", "A24", "A27", "user_namespaces(7)"],
        },
        look: user_namespaces,
    },
    Item {
        about: HostCheck {
            id: "HC12",
            name: "seccomp",
            what: "The kernel filters system calls, and podman's filter for containers refuses what it does not name.",
            fails: Some(
                "the kernel has no filters, the host's filter lets everything through or cannot be read, or containers.conf switches it off",
            ),
            warns: None,
            why: "The default filter keeps system calls from containers that hardly any program needs, and in which holes of the kernel have been found. It needs no setting.",
            fix: "take seccomp_profile out of containers.conf, and put the distribution's /usr/share/containers/seccomp.json back",
            today: Some("Where neither file is there, podman uses a filter that is built into it, which is no worse."),
            reads: &[
                "/proc/sys/kernel/seccomp/actions_avail",
                "/etc/containers/seccomp.json",
                "/usr/share/containers/seccomp.json",
                "/etc/containers/containers.conf",
                "/etc/containers/containers.conf.d",
                "~/.config/containers/containers.conf",
            ],
            sources: &["A59", "B32", "CIS 5.21", "seccomp(2)", "containers.conf(5)"],
        },
        look: seccomp,
    },
    Item {
        about: HostCheck {
            id: "HC17",
            name: "kernel-modules",
            what: "The modules that the containers need are loaded, built in, or can be loaded.",
            fails: Some("a module is nowhere to be found, may not be loaded, or the kernel no longer loads any"),
            warns: None,
            why: "Containers live on overlay, LAN addresses on macvlan or ipvlan, rootless networks on tun. A kernel for virtual machines may lack them, and a host that was locked after booting can no longer load them.",
            fix: "install the kernel's full set of modules, name what is needed in /etc/modules-load.d (`plimsoll host render` does), and take it out of /etc/modprobe.d",
            today: Some(
                "tun and fuse are needed by rootless containers only: load neither on a rootful host. The kernel loads overlay and macvlan by itself when they are first used, unless it is kept from it.",
            ),
            reads: &[
                "/proc/sys/kernel/osrelease",
                "/sys/module",
                "/lib/modules/RELEASE/modules.builtin",
                "/lib/modules/RELEASE/modules.dep",
                "/etc/modprobe.d",
                "/proc/sys/kernel/modules_disabled",
            ],
            sources: &["A18", "B44", "modules-load.d(5)", "modprobe.d(5)"],
        },
        look: modules,
    },
    Item {
        about: HostCheck {
            id: "HC21",
            name: "kernel-hardening",
            what: "The kernel keeps its addresses and its rarely needed doors from those who have no business there.",
            fails: None,
            warns: Some("a setting is below what is expected"),
            why: "All containers share the host's kernel: a hole in it is the one way out that no setting of a container closes. These settings take away what most exploits begin with, addresses of the kernel, BPF for everybody, links in /tmp.",
            fix: "write the settings into a file of /etc/sysctl.d, and run sysctl --system",
            today: Some(
                "fs.suid_dumpable = 2 is as good as 0 where systemd-coredump takes the dumps. Lockdown needs Secure Boot and is told, not asked for.",
            ),
            reads: &[
                "/proc/sys/kernel",
                "/proc/sys/net/core/bpf_jit_harden",
                "/proc/sys/fs",
                "/sys/kernel/security/lockdown",
            ],
            sources: &["B05", "B06", "B10", "B48", "sysctl.d(5)", "kernel_lockdown(7)"],
        },
        look: hardening,
    },
];

/// A file of one number; nothing where this kernel has none.
fn number(scope: &Scope<'_>, path: &str) -> Result<Option<i64>, String> {
    let Some(text) = scope.root.text(path)? else { return Ok(None) };
    let number = text.trim().parse();
    number.map(Some).map_err(|_| format!("/{path} holds `{}`", text.trim().escape_debug()))
}

fn user_namespaces(scope: &Scope<'_>) -> Result<Said, String> {
    const MOST: &str = "proc/sys/user/max_user_namespaces";
    let most = number(scope, MOST)?.ok_or_else(|| format!("/{MOST} is not there"))?;
    let services = i64::try_from(scope.services().count()).unwrap_or(i64::MAX);
    let mut parts = Parts::default();
    let status = if most == 0 || most < services { Status::Fail } else { Status::Pass };
    parts.add(
        status,
        match services {
            0 => format!("user.max_user_namespaces is {most}"),
            _ => format!("user.max_user_namespaces is {most}, for {services} services"),
        },
    );
    if scope.is_rootless() {
        if number(scope, "proc/sys/kernel/unprivileged_userns_clone")? == Some(0) {
            parts.add(Status::Fail, "kernel.unprivileged_userns_clone is 0");
        }
        if number(scope, "proc/sys/kernel/apparmor_restrict_unprivileged_userns")? == Some(1) {
            let found = "kernel.apparmor_restrict_unprivileged_userns is 1: only programs with a profile may make them";
            parts.add(Status::Warn, found);
        }
    }
    Ok(parts.said(""))
}

fn seccomp(scope: &Scope<'_>) -> Result<Said, String> {
    // The directory is there exactly where the kernel can filter (seccomp(2)).
    let Some(actions) =
        scope.root.list("proc/sys/kernel")?.filter(|names| names.iter().any(|name| name == "osrelease"))
    else {
        return Err("/proc/sys/kernel is not there".to_owned());
    };
    if !actions.iter().any(|name| name == "seccomp") {
        return Ok(fail("the kernel has no filters for system calls"));
    }
    let actions = scope.root.must("proc/sys/kernel/seccomp/actions_avail")?;
    if !actions.split_ascii_whitespace().any(|action| action == "errno") {
        return Ok(fail(format!("the kernel's filters know only {}", actions.trim())));
    }
    let conf = config::containers_conf(scope.root, scope.home()?.as_deref())?;
    let set = config::text(config::last(&conf, "containers", "seccomp_profile"), "seccomp_profile")?;
    let own = match set {
        Some((path, "unconfined")) => return Ok(fail(format!("/{path} says seccomp_profile = \"unconfined\""))),
        Some((_, profile)) if !profile.is_empty() => Some(profile.trim_start_matches('/').to_owned()),
        _ => None,
    };
    let shipped = || scope.root.first(&["etc/containers/seccomp.json", "usr/share/containers/seccomp.json"]);
    let found = match &own {
        Some(path) => match scope.root.text(path)? {
            Some(text) => Some((path.as_str(), text)),
            None => return Ok(fail(format!("containers.conf names /{path}, which is not there"))),
        },
        None => shipped()?,
    };
    let Some((path, text)) = found else { return Ok(pass("podman's built-in filter: the host has no seccomp.json")) };
    let profile: serde_json::Value = match serde_json::from_str(&text) {
        Ok(profile) => profile,
        Err(error) => return Ok(fail(format!("/{path} is no JSON: {error}"))),
    };
    Ok(match profile["defaultAction"].as_str() {
        Some(action @ ("SCMP_ACT_ERRNO" | "SCMP_ACT_KILL" | "SCMP_ACT_KILL_PROCESS" | "SCMP_ACT_KILL_THREAD")) => {
            pass(format!("/{path}, what it does not name is {action}"))
        }
        Some(action) => fail(format!("/{path} lets through what it does not name: {}", action.escape_debug())),
        None => fail(format!("/{path} has no defaultAction")),
    })
}

/// The modules that the containers need, each with what for.
fn needed(scope: &Scope<'_>) -> Vec<(&'static str, &'static str)> {
    let mut needed = vec![("overlay", "images and containers")];
    let networks = || scope.catalog.into_iter().flat_map(|catalog| catalog.networks.values());
    for driver in ["macvlan", "ipvlan"] {
        if networks().any(|network| network.driver.as_ref().is_some_and(|set| set.value == driver)) {
            needed.push((driver, "a network of the catalog"));
        }
    }
    if scope.is_rootless() {
        needed.push(("tun", "rootless networks"));
    } else if scope.catalog.is_none() || networks().any(|network| !network.external && !network.is_vlan()) {
        needed.push(("nf_tables", "bridge networks"));
    }
    needed
}

fn modules(scope: &Scope<'_>) -> Result<Said, String> {
    let release = system::release(scope.root)?;
    let is_locked = number(scope, "proc/sys/kernel/modules_disabled")? == Some(1);
    let refused = system::refused_modules(scope.root)?;
    let mut parts = Parts::default();
    for (module, what_for) in needed(scope) {
        parts.told(state(scope, module, &release, is_locked, &refused).map(|(status, state)| {
            (
                status,
                if status == Status::Pass {
                    format!("{module} {state}")
                } else {
                    format!("{module} (for {what_for}) {state}")
                },
            )
        }));
    }
    Ok(parts.said(""))
}

fn state(
    scope: &Scope<'_>,
    module: &str,
    release: &str,
    is_locked: bool,
    refused: &[String],
) -> Result<(Status, String), String> {
    let loaded = scope.root.list("sys/module")?.ok_or("/sys/module is not there")?;
    if loaded.iter().any(|name| name == module) {
        return Ok((Status::Pass, "is loaded".to_owned()));
    }
    let dir = system::modules_dir(scope.root)?;
    let lists = |file: &str| {
        let text = scope.root.text(&format!("{dir}/{release}/{file}"))?.unwrap_or_default();
        let names = text.lines().filter_map(|line| system::module_name(line.split(':').next()?));
        Ok::<_, String>(names.into_iter().any(|name| name == module))
    };
    if lists("modules.builtin")? {
        return Ok((Status::Pass, "is built in".to_owned()));
    }
    if is_locked {
        return Ok((Status::Fail, "is not loaded, and kernel.modules_disabled is 1".to_owned()));
    }
    if refused.iter().any(|name| name == module) {
        return Ok((Status::Fail, "is not loaded, and /etc/modprobe.d keeps it from being loaded".to_owned()));
    }
    if !scope.root.has(&format!("{dir}/{release}/modules.dep"))? {
        return Err(format!("{module} is not loaded, and /{dir}/{release} does not tell whether it is there"));
    }
    Ok(if lists("modules.dep")? {
        (Status::Pass, "can be loaded".to_owned())
    } else {
        (Status::Fail, format!("is not among the modules of {release}"))
    })
}

/// A setting, the numbers that will do, and what it is for.
const SETTINGS: &[(&str, &[i64])] = &[
    ("kernel/kptr_restrict", &[1, 2]),
    ("kernel/dmesg_restrict", &[1]),
    ("kernel/unprivileged_bpf_disabled", &[1, 2]),
    ("kernel/kexec_load_disabled", &[1]),
    ("kernel/perf_event_paranoid", &[2, 3, 4]),
    ("kernel/yama/ptrace_scope", &[1, 2, 3]),
    ("kernel/randomize_va_space", &[2]),
    ("net/core/bpf_jit_harden", &[1, 2]),
    ("fs/protected_symlinks", &[1]),
    ("fs/protected_hardlinks", &[1]),
    ("fs/suid_dumpable", &[0, 2]),
];

fn hardening(scope: &Scope<'_>) -> Result<Said, String> {
    let mut low = Vec::new();
    let mut missing = Vec::new();
    let mut fine = 0;
    for (path, enough) in SETTINGS {
        let name = path.replace('/', ".");
        match number(scope, &format!("proc/sys/{path}")) {
            Ok(Some(number)) if enough.contains(&number) => fine += 1,
            Ok(Some(number)) => low.push(format!("{name} is {number} and not {}", enough[0])),
            // What a kernel was built without is not open; without yama everybody may trace.
            Ok(None) if name.contains("yama") => low.push(format!("{name} is not there")),
            Ok(None) => fine += 1,
            Err(why) => missing.push(why),
        }
    }
    let lockdown = scope.root.text("sys/kernel/security/lockdown").ok().flatten();
    let lockdown = lockdown.as_deref().and_then(|text| text.split_once('[')?.1.split_once(']')).map(|(mode, _)| mode);
    let lockdown = lockdown.map(|mode| format!("; lockdown: {mode}")).unwrap_or_default();
    Ok(if !low.is_empty() {
        warn(format!("{}{lockdown}", low.join("; ")))
    } else if missing.is_empty() {
        pass(format!("{fine} settings are as expected{lockdown}"))
    } else {
        return Err(a_few(&missing));
    })
}
