//! Mandatory access control: SELinux or AppArmor.

use super::{Item, Parts, Said, Scope, fail, not_applicable, warn};
use crate::{
    host::{
        config,
        root::Found,
        system::{PROGRAMS, program},
    },
    policy::host::{HostCheck, Status},
};

pub(super) const ITEMS: &[Item] = &[
    Item {
        about: HostCheck {
            id: "HC10",
            name: "selinux",
            what: "SELinux enforces the targeted policy, with the module for containers.",
            fails: Some("neither SELinux nor AppArmor is on"),
            warns: Some(
                "SELinux is permissive, has another policy, lacks the module container, or containers.conf gives containers no label",
            ),
            why: "It is the layer that still holds when a container breaks out: a process of type container_t, with a category pair of its own, may touch neither the host's files nor another container's, whatever its ids and capabilities are.",
            fix: "install container-selinux, switch its module on (semodule -e container), set SELINUX=enforcing and SELINUXTYPE=targeted in /etc/selinux/config, and take label = false out of containers.conf; on Debian and its family use AppArmor (HC11)",
            today: Some(
                "Debian ships no SELinux policy for containers that is looked after; it confines them with AppArmor, which has no labels for single containers or volumes. On such a host write `selinux = false` into [target].",
            ),
            reads: &[
                "/sys/fs/selinux/enforce",
                "/etc/selinux/config",
                "/etc/selinux/semanage.conf",
                "/var/lib/selinux/*/active/modules",
                "/etc/containers/containers.conf",
                "/etc/containers/containers.conf.d",
                "~/.config/containers/containers.conf",
                "/sys/module/apparmor/parameters/enabled",
            ],
            sources: &["A19", "B03", "B09", "B28", "CIS 5.2", "semanage.conf(5)", "semodule(8)", "containers.conf(5)"],
        },
        look: selinux,
    },
    Item {
        about: HostCheck {
            id: "HC11",
            name: "apparmor",
            what: "AppArmor is on, and podman can load its profile.",
            fails: None,
            warns: Some(
                "AppArmor is off and SELinux is too, apparmor_parser is not installed, or containers.conf leaves containers unconfined",
            ),
            why: "podman loads a profile of its own and puts every container under it: it may not write to /proc and /sys where that harms, nor mount, nor trace others. It needs apparmor_parser for that.",
            fix: "boot with apparmor=1 security=apparmor, install apparmor, which has apparmor_parser, and take apparmor_profile out of containers.conf",
            today: Some(
                "The profile is the same for all containers: it keeps them from the host, and not from each other. That podman leaves containers unconfined where apparmor_parser is missing has not been tried.",
            ),
            reads: &[
                "/sys/module/apparmor/parameters/enabled",
                "/usr/sbin/apparmor_parser",
                "/sys/fs/selinux/enforce",
                "/etc/containers/containers.conf",
                "/etc/containers/containers.conf.d",
                "~/.config/containers/containers.conf",
            ],
            sources: &["A19", "B09", "CIS 5.1", "podman-run(1) --security-opt", "containers.conf(5)"],
        },
        look: apparmor,
    },
];

/// Whether AppArmor is on.
fn has_apparmor(scope: &Scope<'_>) -> Result<bool, String> {
    // Without the module there is no directory of its own either, so the one above tells.
    if !scope.root.has("sys/module")? {
        return Err("/sys/module is not there".to_owned());
    }
    match scope.root.list("sys/module/apparmor")? {
        None => Ok(false),
        Some(_) => Ok(scope.root.must("sys/module/apparmor/parameters/enabled")?.trim() == "Y"),
    }
}

/// `1` where SELinux enforces, `0` where it is permissive, nothing where it is off.
fn enforce(scope: &Scope<'_>) -> Result<Option<String>, String> {
    // The directory is there without any policy; without the module it is not.
    let above = scope.root.list("sys/fs")?.ok_or("/sys/fs is not there")?;
    if !above.iter().any(|name| name == "selinux") {
        return Ok(None);
    }
    Ok(scope.root.text("sys/fs/selinux/enforce")?.map(|text| text.trim().to_owned()))
}

fn selinux(scope: &Scope<'_>) -> Result<Said, String> {
    let enforce = enforce(scope)?;
    let mut parts = Parts::default();
    match enforce.as_deref() {
        None => {
            return Ok(if has_apparmor(scope)? {
                not_applicable("SELinux is off, and AppArmor is on: see HC11")
            } else {
                fail("neither SELinux nor AppArmor is on")
            });
        }
        Some("1") => parts.add(Status::Pass, "enforcing"),
        Some("0") => parts.add(Status::Warn, "SELinux is permissive: it writes down what it would have refused"),
        Some(other) => return Err(format!("/sys/fs/selinux/enforce holds `{}`", other.escape_debug())),
    }
    let config = scope.root.must("etc/selinux/config")?;
    let set = |key: &str| {
        config.lines().rev().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('=').map(str::trim))
    };
    let policy = set("SELINUXTYPE").unwrap_or("targeted");
    let is_known = policy == "targeted";
    parts.add(if is_known { Status::Pass } else { Status::Warn }, format!("policy {policy}"));
    if set("SELINUX").is_some_and(|mode| mode != "enforcing") {
        parts.add(
            Status::Warn,
            format!("/etc/selinux/config says {} from the next boot on", set("SELINUX").unwrap_or_default()),
        );
    }
    parts.told(module(scope, policy));
    add_trouble(&mut parts, unlabelled(scope));
    Ok(parts.said(""))
}

fn add_trouble(parts: &mut Parts, trouble: Found<String>) {
    match trouble {
        Ok(Some(found)) => parts.add(Status::Warn, found),
        Ok(None) => {}
        Err(why) => parts.add(Status::Unknown, why),
    }
}

/// Whether containers get no label of SELinux.
fn unlabelled(scope: &Scope<'_>) -> Found<String> {
    let conf = config::containers_conf(scope.root, scope.home()?.as_deref())?;
    let set = config::flag(config::last(&conf, "containers", "label"), "label")?;
    let off = set.filter(|(_, is_on)| !is_on);
    Ok(off.map(|(path, _)| format!("/{path} says label = false: SELinux keeps no container from anything")))
}

/// Whether containers get no profile of AppArmor.
fn unconfined(scope: &Scope<'_>) -> Found<String> {
    let conf = config::containers_conf(scope.root, scope.home()?.as_deref())?;
    let set = config::text(config::last(&conf, "containers", "apparmor_profile"), "apparmor_profile")?;
    let off = set.filter(|(_, profile)| *profile == "unconfined");
    Ok(off.map(|(path, _)| format!("/{path} says apparmor_profile = \"unconfined\"")))
}

/// Where the policies are that semodule(8) puts together (semanage.conf(5)).
fn store(scope: &Scope<'_>) -> Result<String, String> {
    let text = scope.root.text("etc/selinux/semanage.conf")?.unwrap_or_default();
    let set = |line: &str| {
        let line = line.split('#').next()?.trim();
        Some(line.strip_prefix("store-root")?.trim_start().strip_prefix('=')?.trim().to_owned())
    };
    let set = text.lines().rev().find_map(set);
    Ok(set.unwrap_or_else(|| "/var/lib/selinux".to_owned()).trim_matches('/').to_owned())
}

fn module(scope: &Scope<'_>, policy: &str) -> Result<(Status, String), String> {
    let dir = format!("{}/{policy}/active/modules", store(scope)?);
    let priorities =
        scope.root.list(&dir)?.ok_or_else(|| format!("/{dir} is not there, where the modules of the policy are"))?;
    if scope.root.has(&format!("{dir}/disabled/container"))? {
        return Ok((Status::Warn, "the module container of the policy is disabled".to_owned()));
    }
    for priority in priorities {
        if scope.root.has(&format!("{dir}/{priority}/container"))? {
            return Ok((Status::Pass, "with the module container".to_owned()));
        }
    }
    Ok((Status::Warn, "the policy has no module container".to_owned()))
}

fn apparmor(scope: &Scope<'_>) -> Result<Said, String> {
    if enforce(scope)?.is_some() {
        return Ok(not_applicable("the host has SELinux: see HC10"));
    }
    if !has_apparmor(scope)? {
        return Ok(warn("AppArmor is off"));
    }
    let mut parts = Parts::default();
    parts.add(Status::Pass, "AppArmor is on");
    match program(scope.root, "apparmor_parser", PROGRAMS)? {
        Some(path) => parts.add(Status::Pass, format!("/{path} is there")),
        None => parts.add(Status::Warn, "apparmor_parser is not installed"),
    }
    add_trouble(&mut parts, unconfined(scope));
    Ok(parts.said(""))
}
