//! Files that Podman, the kernel and systemd-tmpfiles read.

use std::fmt::Write as _;

use super::{
    Host,
    places::{self, Ids},
};
use crate::model::{IdRange, subids::POOL_OWNER};

/// The rows that the line in each of the two files with ids serves, and the user they are for.
const SERVES_IDS: &str =
    "A12 (ids in /etc/subuid and /etc/subgid), B24 (`--userns auto`) and B25 (a range for `containers`)";

/// What a container of no catalog may have of processes: podman's own number, said so that nothing before it counts.
const PIDS: u32 = 2048;

pub(super) fn add(host: &mut Host<'_>) {
    engine(host);
    ids(host);
    users(host);
    modules(host);
    registries(host);
    audit(host);
    clean(host);
    delegation(host);
}

fn engine(host: &mut Host<'_>) {
    if !host.catalog.host.engine {
        return;
    }
    let why = [
        "What podman goes by where a container says nothing: one runtime that was tried with the units,",
        "logs in the journal, and an end to processes. The units say all of it themselves; this is for",
        "containers that somebody starts by hand. Nothing here makes a root file system read-only: it would",
        "hit those as well.",
    ];
    let body =
        format!("[containers]\nlog_driver = \"journald\"\npids_limit = {PIDS}\n\n[engine]\nruntime = \"crun\"\n");
    host.add(places::ENGINE, &why, "A17 (crun as the runtime)", &body);
}

fn ids(host: &mut Host<'_>) {
    let Some(range) = host.catalog.host.ids else { return };
    let IdRange { first, count } = range;
    for (of, name) in [(Ids::Users, "/etc/subuid"), (Ids::Groups, "/etc/subgid")] {
        let what = format!("The line below belongs into {name}: ids that are nobody's, from which `UserNS=auto` gives");
        let how = "each container its own. `plimsoll install --with-host` adds it and leaves every other line of";
        let end = format!("{name} as it is. The range is {first} to {}: within what systemd leaves to", range.last());
        let why: Vec<&str> = if range == IdRange::DEFAULT {
            vec![
                &what,
                how,
                &end,
                "containers, and beneath 2^31, above which much software takes an id for a negative number.",
            ]
        } else {
            vec![&what, how, &end[..end.find(": within").unwrap_or(end.len())]]
        };
        host.add(places::ids(of), &why, SERVES_IDS, &format!("{POOL_OWNER}:{first}:{count}\n"));
    }
}

/// The owner of the range: podman itself never looks it up, but the libsubid that it may be built with does.
fn users(host: &mut Host<'_>) {
    if host.catalog.host.ids.is_none() || host.is_rootless() {
        return;
    }
    let why = [
        "The user whose range `UserNS=auto` takes its ids from. A podman that asks libsubid for the range is",
        "told of none where that user is not known, whatever /etc/subuid says, and no such container starts.",
        "It owns nothing, has no home, and nobody can log in as it. `plimsoll install --with-host` has",
        "systemd-sysusers make it; who copies this file runs that.",
    ];
    let body = format!("u {POOL_OWNER} - \"Ids of containers with UserNS=auto\"\n");
    host.add(places::USERS, &why, SERVES_IDS, &body);
}

fn modules(host: &mut Host<'_>) {
    if !host.catalog.host.modules {
        return;
    }
    let networks = || host.catalog.networks.values();
    let drives =
        |name: &str| networks().any(|network| network.driver.as_ref().is_some_and(|driver| driver.value == name));
    let has_bridge = networks().any(|network| !network.is_vlan() && !network.external);
    let mut modules = Vec::new();
    if host.is_rootless() {
        modules.push("tun");
    } else {
        modules.push("overlay");
        modules.extend(["macvlan", "ipvlan"].into_iter().filter(|name| drives(name)));
        if has_bridge {
            modules.extend(["bridge", "veth", "nf_tables"]);
        }
    }
    let why = [
        "Kernel modules that the catalog's containers and networks need, there before the first of them",
        "starts. What they do not need is not loaded.",
    ];
    let path = places::named("etc/modules-load.d/plimsoll-", &host.catalog.name);
    let serves = "A18 (modules are loaded) and A03 (the kernel has what containers need)";
    host.add(path, &why, serves, &(modules.join("\n") + "\n"));
}

fn registries(host: &mut Host<'_>) {
    if !host.catalog.host.registries {
        return;
    }
    let why = [
        "An image has its registry in its name, or it is refused: a short name is answered by whichever",
        "registry is asked first. Registries are not named here one by one: an entry would take the place of",
        "one of the same name in /etc/containers/registries.conf, with its mirrors.",
    ];
    let body = "unqualified-search-registries = []\nshort-name-mode = \"enforcing\"\n";
    host.add(places::REGISTRIES, &why, "A30 (fully qualified names)", body);
}

fn audit(host: &mut Host<'_>) {
    let settings = &host.catalog.host;
    if settings.audit {
        let mut body = String::new();
        let watched: &[(&str, &str, &str, &str)] = &[
            ("dir", "/etc/containers", "wa", "containers"),
            ("dir", "/etc/systemd/system", "wa", "units"),
            ("dir", "/etc/systemd/user", "wa", "units"),
            ("path", "/etc/subuid", "wa", "ids"),
            ("path", "/etc/subgid", "wa", "ids"),
            ("path", "/usr/bin/podman", "x", "podman"),
        ];
        for (field, path, perm, key) in watched {
            let _ = writeln!(body, "-a always,exit -F {field}={path} -F perm={perm} -F key=plimsoll-{key}");
        }
        if let Some(range) = settings.ids {
            let _ = write!(
                body,
                "\n\
                 -a always,exit -F arch=b64 -S mount,umount2,setns,unshare,init_module,finit_module,bpf,ptrace \
                 -F uid>={} -F uid<={} -F key=plimsoll-syscall\n",
                range.first,
                range.last()
            );
        }
        let mut why = vec![
            "The kernel records who changes what containers are made of, and who runs podman. The rules go by",
            "paths: the login id (auid) of services that systemd starts is never set. A path that is not there when",
            "the rules are loaded ends the loading. `auditctl -D` and `augenrules --load` load them at once, and the audit service",
            "does at every boot.",
        ];
        if settings.ids.is_some() {
            why.push("Calls that no container makes are recorded by the range of ids that containers have.");
        }
        host.add(places::AUDIT, &why, "A06 and A10 (audit) and A08 (a mark for containers)", &body);
    }
    if settings.watch.is_empty() {
        return;
    }
    let rule = |path: &str| format!("-a always,exit -F dir={path} -F perm=wa -F key=plimsoll-watch\n");
    let body: String = settings.watch.iter().map(|path| rule(path.value.as_str())).collect();
    let why = [
        "The kernel records every write in these directories. Each must be there when the rules are loaded,",
        "or the loading ends there: these come last.",
    ];
    let path = places::named("etc/audit/rules.d/71-plimsoll-", &host.catalog.name);
    host.add(path, &why, "A44 (changes of files in volumes)", &body);
}

fn clean(host: &mut Host<'_>) {
    let cleaned = &host.catalog.host.clean;
    if cleaned.is_empty() {
        return;
    }
    let mut body = String::new();
    for one in cleaned {
        let age: String = one.age.value.to_string().chars().filter(|c| *c != ' ').collect();
        let _ = writeln!(body, "e {} - - - {age}", one.path.value.as_str().replace('%', "%%"));
    }
    let why = [
        "What has not been read or changed for that long goes from these directories, once a day",
        "(systemd-tmpfiles-clean.timer). The catalog asks for each of them: nothing is cleaned by itself.",
    ];
    let path = places::named("etc/tmpfiles.d/plimsoll-", &host.catalog.name);
    host.add(path, &why, "A45 (writable volumes are cleaned)", &body);
}

fn delegation(host: &mut Host<'_>) {
    if !host.catalog.host.delegation {
        return;
    }
    let why = [
        "The managers of users get every controller, so that the limits of rootless containers hold: without",
        "cpu and io, a limit of them is ignored. It counts for who logs in from now on, after the system's",
        "manager has read its units anew.",
    ];
    let body = "[Service]\nDelegate=cpu cpuset io memory pids\n";
    host.add(places::DELEGATION, &why, "A16 (controllers for users)", body);
}
