//! How things are mounted.

use std::collections::HashMap;

use crate::{
    diagnostic::Severity,
    policy::{
        facts::{Container, Mount, MountKind},
        rules::{Check, Found, Rule, Scope},
    },
};

use super::{labels, targets};

pub(super) const PROPAGATION: Rule = Rule {
    id: "PL206",
    name: "mount-propagation-shared",
    severity: Severity::Warning,
    what: "What the container mounts appears on the host.",
    why: "With `shared` a mount that is made in the container is made on the host as well, over whatever is there. Only \
          the host's mounts need to reach the container, if any, and for that `slave` is enough.",
    fix: "write `rslave`, or nothing for `rprivate`",
    bad: "[Container]\nVolume=/srv/web/media:/media:ro,Z,idmap,nosuid,nodev,noexec,rshared",
    good: "[Container]\nVolume=/srv/web/media:/media:ro,Z,idmap,nosuid,nodev,noexec,rslave",
    sources: &["CIS 5.20", "podman-run(1) --volume", "mount_namespaces(7)"],
    check: Check::Container(propagation),
};

fn propagation(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for mount in &container.mounts {
        let Some(word) = mount.options().find(|option| matches!(*option, "shared" | "rshared")) else { continue };
        let message = format!("`{word}`: what the container mounts beneath `{}` appears on the host", mount.target);
        found.at(mount.at, message);
    }
}

pub(super) const OVERLAY: Rule = Rule {
    id: "PL215",
    name: "overlay-with-other-options",
    severity: Severity::Error,
    what: "`O` stands beside options that podman does not take with it.",
    why: "podman mounts a path of the host with `O` as an overlay of its own and takes only `U`, or `upperdir` and \
          `workdir` together, beside it: with any other option the container does not start.",
    fix: "leave `O` alone, or write `ro` in place of it",
    bad: "[Container]\nVolume=/srv/web:/srv:O,noexec",
    good: "[Container]\nVolume=/srv/web:/srv:O,U",
    sources: &["A41", "podman-run(1) --volume"],
    check: Check::Container(overlay),
};

fn overlay(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let binds = container.mounts.iter().filter(|mount| mount.kind == MountKind::Bind && is_volume(mount));
    for mount in binds.filter(|mount| mount.is_overlay()) {
        let others = mount.options().filter(|name| *name != "O" && *name != "U");
        let is_layer = |name: &&str| name.starts_with("upperdir=") || name.starts_with("workdir=");
        let (layers, others): (Vec<_>, Vec<_>) = others.partition(is_layer);
        let message = match (layers.len(), others.first()) {
            (_, Some(other)) => format!("`O` beside `{other}`: podman refuses that"),
            (1, _) => "`upperdir` and `workdir` go together: podman refuses one of them alone".to_owned(),
            _ => continue,
        };
        found.at(mount.at, message);
    }
}

/// Whether it is written as `SOURCE:TARGET:OPTIONS`, and not as a mount of `NAME=VALUE`.
fn is_volume(mount: &Mount<'_>) -> bool {
    mount.flag == "volume"
}

/// podman-run(1) `--volume`: options, and which of them exclude each other. `U` may be said once.
const VOLUME_OPTIONS: &[&[&str]] = &[
    &["noexec", "exec"],
    &["nodev", "dev"],
    &["nosuid", "suid"],
    &["rw", "ro"],
    &["z", "Z", "O"],
    &["U"],
    &["private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable"],
    &["bind", "rbind"],
    &["copy", "nocopy"],
    &["no-dereference"],
];

/// Options with a value of their own, and what podman passes over for Docker's sake.
const FREE_OPTIONS: &[&str] = &["cached", "delegated", "consistency", "idmap", "upperdir", "workdir", "subpath"];

pub(super) const REFUSED: Rule = Rule {
    id: "PL218",
    name: "mount-option-refused",
    severity: Severity::Error,
    what: "A volume has an option that podman does not know, or two that say opposite things.",
    why: "podman refuses the container rather than choose: `ro` beside `rw`, `z` beside `Z`, a size on anything but \
          memory, or a word that it does not know.",
    fix: "keep one of the options that exclude each other, and those of podman-run(1)",
    bad: "[Container]\nVolume=/srv/web:/srv:ro,z,Z,idmap,nosuid,nodev,noexec",
    good: "[Container]\nVolume=/srv/web:/srv:ro,Z,idmap,nosuid,nodev,noexec",
    sources: &["A41", "podman-run(1) --volume"],
    check: Check::Container(refused),
};

fn refused(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for mount in container.mounts.iter().filter(|mount| is_volume(mount)) {
        let mut seen: HashMap<usize, &str> = HashMap::new();
        for option in mount.options() {
            let name = option.split_once('=').map_or(option, |(name, _)| name);
            // Filled in when the unit is loaded.
            if name.contains(['%', '$']) {
                continue;
            }
            match VOLUME_OPTIONS.iter().position(|group| group.contains(&option)) {
                Some(group) => {
                    if let Some(other) = seen.insert(group, option) {
                        found.at(mount.at, format!("`{option}` beside `{other}`: podman refuses that"));
                    }
                }
                None if FREE_OPTIONS.contains(&name) => {}
                None => {
                    found.at(mount.at, format!("podman knows no option `{option}` of a volume"));
                }
            }
        }
    }
}

pub(super) const EXECUTABLE: Rule = Rule {
    id: "PL219",
    name: "mount-without-noexec",
    severity: Severity::Info,
    what: "Programs can be run from a volume, a path of the host or a file system in memory.",
    why: "Under a read-only root these are the places where whoever breaks in can put a program of his own; with \
          `noexec` the kernel does not run it. Scripts still run where the image has their interpreter. podman mounts \
          nothing noexec by itself.",
    fix: "add `noexec`, unless the service runs programs from there",
    bad: "[Container]\nVolume=web.volume:/data:rw,Z,idmap,nosuid,nodev\n# web.volume\n[Volume]\nVolumeName=web",
    good: "[Container]\nVolume=web.volume:/data:rw,Z,idmap,nosuid,nodev,noexec\n# web.volume\n[Volume]\nVolumeName=web",
    sources: &["B17", "podman-run(1) --volume", "mount(8) noexec"],
    check: Check::Container(executable),
};

fn executable(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let open: Vec<&Mount<'_>> = files(container).filter(|mount| !mount.is_on("noexec", "exec")).collect();
    let Some(first) = open.first() else { return };
    let finding = found.at(first.at, format!("programs can be run from {}", targets(&open)));
    for other in &open[1..] {
        finding.related(other.at, "and from here");
    }
}

pub(super) const SET_USER_ID: Rule = Rule {
    id: "PL220",
    name: "mount-without-nosuid-nodev",
    severity: Severity::Info,
    what: "A mount does not say `nosuid` and `nodev`.",
    why: "podman mounts a path of the host the way the host has it mounted: a set-user-id program or a device file that \
          lies there, or is put there, counts. NoNewPrivileges= and the cgroup of devices stand in between, and this is \
          the second line. Volumes and memory it mounts nosuid and nodev by itself; saying so keeps it so whatever is \
          added to the options.",
    fix: "add `nosuid,nodev`",
    bad: "[Container]\nVolume=/srv/web/data:/data:rw,Z,idmap,noexec",
    good: "[Container]\nVolume=/srv/web/data:/data:rw,Z,idmap,nosuid,nodev,noexec",
    sources: &["B17", "podman-run(1) --volume", "mount(8) nosuid"],
    check: Check::Container(set_user_id),
};

fn set_user_id(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let counts = |mount: &Mount<'_>, no: &str, yes: &str| match mount.kind {
        MountKind::Bind => !mount.is_on(no, yes),
        _ => mount.is_on(yes, no),
    };
    let silent: Vec<&Mount<'_>> =
        files(container).filter(|mount| !mount.is_on("nosuid", "suid") || !mount.is_on("nodev", "dev")).collect();
    let (open, by_default): (Vec<&Mount<'_>>, Vec<_>) =
        silent.into_iter().partition(|mount| counts(mount, "nosuid", "suid") || counts(mount, "nodev", "dev"));
    for (mounts, what) in [
        (open, "set-user-id programs or device files count in"),
        (by_default, "only podman's default keeps set-user-id programs and device files out of"),
    ] {
        let Some(first) = mounts.first() else { continue };
        let finding = found.at(first.at, format!("{what} {}", targets(&mounts)));
        for other in &mounts[1..] {
            finding.related(other.at, "and here");
        }
    }
}

/// The mounts that hold files of somebody's: no sockets, no devices, and no overlays, which take no options.
fn files<'c>(container: &'c Container<'_>) -> impl Iterator<Item = &'c Mount<'c>> {
    container.mounts.iter().filter(|mount| {
        let path = || mount.host_path(container.profile);
        let is_special = || path().is_some_and(|path| labels::is_special(&path) || labels::is_of_the_system(&path));
        mount.kind != MountKind::Other && !mount.is_overlay() && !is_special()
    })
}
