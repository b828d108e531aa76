//! Labels and owners of what is mounted.

use std::collections::HashMap;

use crate::{
    diagnostic::Severity,
    policy::{
        facts::{Container, Mount, MountKind, UserNamespace},
        reach,
        rules::{Check, Found, Rule, Scope},
    },
};

use super::labels;

pub(super) const NO_LABEL: Rule = Rule {
    id: "PL204",
    name: "missing-selinux-relabel",
    severity: Severity::Info,
    what: "A path of the host, or a named volume, is mounted without `z` or `Z`.",
    why: "Where SELinux is on, a container may touch only files that carry its label; others look to it as if it had no \
          permission at all. `Z` labels them for this container alone, `z` for all containers. A named volume has the \
          label for all containers from the start, so that any of them could read it. Where SELinux is not on, both do \
          nothing.",
    fix: "add `Z`, or `z` where another container mounts it as well",
    bad: "[Container]\nVolume=/srv/web/data:/data:rw,idmap,nosuid,nodev,noexec",
    good: "[Container]\nVolume=/srv/web/data:/data:rw,Z,idmap,nosuid,nodev,noexec\n\
           Volume=/etc/localtime:/etc/localtime:ro,nosuid,nodev,noexec",
    sources: &["B28", "B29", "B30", "podman-run(1) --volume"],
    check: Check::Container(no_label),
};

fn no_label(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if is_unconfined(container) {
        return;
    }
    let of_somebody = |mount: &&Mount<'_>| match mount.kind {
        MountKind::Bind => true,
        MountKind::Volume => !mount.source.is_empty(),
        MountKind::Tmpfs | MountKind::Other => false,
    };
    for mount in
        container.mounts.iter().filter(of_somebody).filter(|mount| mount.relabel().is_none() && !mount.is_overlay())
    {
        let stays = mount.host_path(container.profile).is_some_and(|path| {
            let is_server = labels::is_special(&path) || reach::is_beneath(&path, "/run");
            is_server || labels::is_never_labelled(&path) || labels::is_of_the_system(&path)
        });
        if !stays {
            found.at(mount.at, format!("`{}` is mounted without `z` or `Z`", mount.source));
        }
    }
}

/// Whether podman switches SELinux separation off for it.
fn is_unconfined(container: &Container<'_>) -> bool {
    let run = &container.run;
    let shares = |flag| run.last(flag).is_some_and(|arg| arg.value == "host");
    run.on("privileged").is_some()
        || shares("pid")
        || shares("ipc")
        || run.security("label").any(|(value, _)| matches!(value, "disable" | "type:spc_t"))
}

pub(super) const LABELS_SYSTEM: Rule = Rule {
    id: "PL210",
    name: "relabels-system-path",
    severity: Severity::Warning,
    what: "`z` or `Z` stands on a path whose label others need.",
    why: "Relabelling changes the files on the host for good. Under a container's label the host's own services may no \
          longer read /usr, certificates or a user's ~/.ssh, and logins fail. For the directories at the top, and the \
          home of who starts it, podman refuses: where SELinux is on, the container does not start.",
    fix: "mount a directory of the service's own, or take the option away and write \
          `SecurityLabelDisable=true` with a reason",
    bad: "[Container]\nVolume=/usr/share/zoneinfo:/zones:ro,Z,idmap,nosuid,nodev,noexec",
    good: "[Container]\nVolume=/usr/share/zoneinfo:/zones:ro,idmap,nosuid,nodev,noexec",
    sources: &["B28", "podman-run(1) --volume"],
    check: Check::Container(labels_system),
};

fn labels_system(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for mount in &container.mounts {
        let (Some(option), Some(path)) = (mount.relabel(), mount.host_path(container.profile)) else { continue };
        if labels::is_special(&path) {
            continue;
        }
        if labels::is_never_labelled(&path) {
            let message = format!("`{option}` on `{}`: podman refuses to relabel it where SELinux is on", mount.source);
            found.at(mount.at, message);
        } else if labels::is_of_the_system(&path) {
            let message = format!("`{option}` on `{}`: the host's own services read it by its label", mount.source);
            found.at(mount.at, message);
        }
    }
}

pub(super) const CHOWN: Rule = Rule {
    id: "PL211",
    name: "chown-of-shared-files",
    severity: Severity::Warning,
    what: "`U` gives files to the container's user that are not his alone.",
    why: "At each start podman walks through the whole directory and changes the owner of every file on the host: of \
          two containers with the same source the last one to start wins, and files of the host lose the owner that \
          its services need. What is only read need not change hands.",
    fix: "write `idmap` in place of `U`, or let the directory be this container's alone",
    bad: "# api.container\n[Container]\nVolume=/srv/common:/common:rw,z,U,nosuid,nodev,noexec\n# web.container\n\
          [Container]\nVolume=/srv/common:/common:ro,z,idmap,nosuid,nodev,noexec",
    good: "# api.container\n[Container]\nVolume=/srv/api:/data:rw,Z,U,nosuid,nodev,noexec\n# web.container\n\
           [Container]\nVolume=/srv/web:/data:ro,Z,idmap,nosuid,nodev,noexec",
    sources: &["B31", "podman-run(1) --volume"],
    check: Check::Across(chown),
};

fn chown(containers: &[Container<'_>], _: &Scope<'_>, found: &mut Found<'_>) {
    // How many containers mount a source, and the first two of them.
    let mut users: HashMap<String, [Option<(usize, &Mount<'_>)>; 2]> = HashMap::new();
    for (index, container) in containers.iter().enumerate() {
        for mount in &container.mounts {
            let Some(source) = source(mount, container) else { continue };
            match users.entry(source).or_default() {
                [Some((first, _)), other @ None] if *first != index => *other = Some((index, mount)),
                [first @ None, _] => *first = Some((index, mount)),
                _ => {}
            }
        }
    }
    for container in containers {
        for mount in container.mounts.iter().filter(|mount| mount.is_chowned()) {
            let path = mount.host_path(container.profile);
            let of_host =
                path.is_some_and(|path| reach::places::of(&path).is_some() || labels::is_of_the_system(&path));
            let source = source(mount, container);
            let sharers = source.as_ref().and_then(|source| users.get(source)).into_iter().flatten().flatten();
            let other = sharers.into_iter().find(|(user, _)| containers[*user].name != container.name);
            if of_host {
                found.about(
                    container.unit,
                    mount.at,
                    format!("`U` takes `{}` from its owner on the host", mount.source),
                );
            } else if let Some((user, other)) = other {
                let whose = &containers[*user].name;
                let message = format!("`U` takes `{}` from {whose}, which mounts it as well", mount.source);
                found.about(container.unit, mount.at, message).related(other.at, "mounted here too");
            } else if !mount.is_writable() && mount.kind == MountKind::Bind {
                let message = format!("`U` changes the owner of `{}`, which is only read", mount.source);
                found.about(container.unit, mount.at, message);
            }
        }
    }
}

/// What two mounts of the same files have in common.
fn source(mount: &Mount<'_>, container: &Container<'_>) -> Option<String> {
    match mount.kind {
        MountKind::Bind => mount.host_path(container.profile),
        MountKind::Volume => (!mount.source.is_empty()).then(|| mount.source.clone().into_owned()),
        MountKind::Tmpfs | MountKind::Other => None,
    }
}

pub(super) const MOVING_IDS: Rule = Rule {
    id: "PL212",
    name: "volume-of-moving-ids",
    severity: Severity::Warning,
    what: "A volume outlives the ids that `UserNS=auto` gives its container.",
    why: "Quadlet makes the container anew at every start, and podman gives it the first range of ids that is free \
          then. Files that it wrote belong to the old range: after a start in another order it is a stranger to its own \
          data. With `idmap` the files on disk keep the container's own ids. What is only read must then be readable \
          for everybody.",
    fix: "add `idmap`; where the file system has none, `U`, or ranges that stay with `UIDMap=` and `GIDMap=`",
    bad: "[Container]\nVolume=/srv/web/data:/data:rw,Z,nosuid,nodev,noexec",
    good: "[Container]\nVolume=/srv/web/data:/data:rw,Z,idmap,nosuid,nodev,noexec",
    sources: &["B24", "B31", "podman-run(1) --userns", "podman-run(1) --volume"],
    check: Check::Container(moving_ids),
};

fn moving_ids(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if !matches!(container.user_namespace, UserNamespace::Auto(..)) {
        return;
    }
    for mount in &container.mounts {
        let lasts = match mount.kind {
            MountKind::Bind => !mount.host_path(container.profile).is_some_and(|path| {
                labels::is_special(&path) || labels::is_of_the_system(&path) || reach::places::of(&path).is_some()
            }),
            MountKind::Volume => !mount.source.is_empty(),
            MountKind::Tmpfs | MountKind::Other => false,
        };
        if !lasts || mount.is_overlay() || mount.has("idmap") || mount.is_chowned() {
            continue;
        }
        if mount.is_writable() {
            found.at(mount.at, format!("`{}` is written to by ids that move from start to start", mount.source));
        } else {
            let message =
                format!("`{}` belongs to nobody in the container: only what all may read can be read", mount.source);
            found.at(mount.at, message).severity(Severity::Info);
        }
    }
}

pub(super) const ON_SOCKET: Rule = Rule {
    id: "PL216",
    name: "relabels-socket-or-device",
    severity: Severity::Warning,
    what: "`z`, `Z` or `U` stands on a socket or a device of the host.",
    why: "The label and the owner of a socket are what its server gave it, for all who use it; a device is the host's \
          own. SELinux asks for the right to connect to the server's process as well, which no label on the file gives.",
    fix: "take the option away; where SELinux is in the way, a policy module or `SecurityLabelType=` opens the one door",
    bad: "[Container]\nVolume=/run/postgresql/web.sock:/run/web.sock:Z",
    good: "[Container]\nVolume=/run/postgresql/web.sock:/run/web.sock:nosuid,nodev,noexec",
    sources: &["B28", "podman-run(1) --volume"],
    check: Check::Container(on_socket),
};

fn on_socket(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for mount in &container.mounts {
        if !mount.host_path(container.profile).is_some_and(|path| labels::is_special(&path)) {
            continue;
        }
        if let Some(option) = mount.relabel() {
            found.at(mount.at, format!("`{option}` relabels `{}`, which holds no files", mount.source));
        }
        if mount.is_chowned() {
            found.at(mount.at, format!("`U` takes `{}` from its owner on the host", mount.source));
        }
    }
}
