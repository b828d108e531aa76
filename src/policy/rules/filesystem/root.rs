//! The root file system, and what is writable over it.

use crate::{
    diagnostic::Severity,
    policy::{
        facts::{Container, MountKind, podman_bytes},
        rules::{Check, Found, Rule, Scope},
    },
};

pub(super) const WRITABLE: Rule = Rule {
    id: "PL203",
    name: "writable-rootfs",
    severity: Severity::Warning,
    what: "The root file system of the container is writable.",
    why: "Whoever breaks in can replace the service's own programs and libraries, and leave tools beside them until the \
          next start. With a read-only root he has what is mounted and no more; nothing that should last is kept in the \
          root anyway, for Quadlet makes the container anew at every start.",
    fix: "write `ReadOnly=true`, and `Tmpfs=` or a volume for what the service writes to",
    bad: "[Container]\nReadOnly=false",
    good: "[Container]\nReadOnly=yes",
    sources: &["A42", "B17", "B18", "CIS 5.13", "podman-run(1) --read-only"],
    check: Check::Container(writable),
};

fn writable(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if container.run.on("read-only").is_some() {
        return;
    }
    if container.unit.last("Container", "ReadOnly").is_some_and(|value| value.is_no_boolean()) {
        return;
    }
    let said = container.run.last("read-only");
    found.at(said.map_or_else(|| container.whole(), |arg| arg.at), "the root file system is writable");
}

pub(super) const IMAGE_VOLUMES: Rule = Rule {
    id: "PL207",
    name: "image-volume-writable",
    severity: Severity::Info,
    what: "Volumes that the image declares become writable volumes without a name.",
    why: "For every VOLUME of its image podman makes an anonymous volume, writable and executable also under a read-only \
          root. Quadlet removes it with the container, so data that a service keeps there by mistake is gone after the \
          next restart; ignored, the mistake shows at once.",
    fix: "write `PodmanArgs=--image-volume=ignore`, and a `Volume=` for what is to be kept",
    bad: "[Container]\nPodmanArgs=--image-volume=bind",
    good: "[Container]\nPodmanArgs=--image-volume=tmpfs",
    sources: &["A43", "podman-run(1) --image-volume"],
    check: Check::Container(image_volumes),
};

fn image_volumes(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let said = container.run.last("image-volume");
    if said.is_none_or(|arg| !matches!(arg.value.as_ref(), "ignore" | "tmpfs")) {
        let at = said.map_or_else(|| container.whole(), |arg| arg.at);
        found.at(at, "volumes that the image declares become anonymous and writable");
    }
}

pub(super) const TMPFS_UNBOUNDED: Rule = Rule {
    id: "PL209",
    name: "tmpfs-without-size",
    severity: Severity::Warning,
    what: "A file system in memory has no size.",
    why: "A tmpfs without a size may grow to half of the host's memory. What is in it counts as memory of the container, \
          so a full /tmp gets the service killed at its limit, and without a limit the host runs out.",
    fix: "add a size: `size=64m`",
    bad: "[Container]\nTmpfs=/var/cache/web:rw,nosuid,nodev,noexec,mode=1777",
    good: "[Container]\nTmpfs=/var/cache/web:rw,nosuid,nodev,noexec,size=16m,mode=1777",
    sources: &["B17", "podman-run(1) --tmpfs", "tmpfs(5)"],
    check: Check::Container(tmpfs_unbounded),
};

fn tmpfs_unbounded(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for mount in container.mounts.iter().filter(|mount| mount.kind == MountKind::Tmpfs) {
        match mount.option("size") {
            None => {
                found.at(mount.at, format!("the tmpfs on `{}` has no size", mount.target));
            }
            // To the kernel 0 is none.
            Some(size) if podman_bytes(size) == Some(0) => {
                found.at(mount.at, format!("the tmpfs on `{}` has no size: 0 is none", mount.target));
            }
            Some(_) => {}
        }
    }
}

/// podman-run(1) `--read-only-tmpfs`: where podman mounts memory over a read-only root.
const OF_PODMAN: &[&str] = &["/tmp", "/run", "/var/tmp"];

pub(super) const TMPFS_OF_PODMAN: Rule = Rule {
    id: "PL221",
    name: "read-only-tmpfs",
    severity: Severity::Info,
    what: "Over a read-only root podman mounts memory of its own, without a size and executable.",
    why: "Unless ReadOnlyTmpfs= is false, /tmp, /run and /var/tmp are file systems in memory that may grow to half of \
          the host's memory each, and programs can be run from them: in a hardened container the one place left to put \
          a program. One on the same path in `Tmpfs=` or `Volume=` takes its place.",
    fix: "write `ReadOnlyTmpfs=false`, and `Tmpfs=/tmp:rw,nosuid,nodev,noexec,size=64m,mode=1777` for what is needed",
    bad: "[Container]\n# without [Container] Tmpfs=/run\nReadOnlyTmpfs=true",
    good: "[Container]\n# without [Container] Tmpfs=/run\nReadOnlyTmpfs=false",
    sources: &["B17", "podman-run(1) --read-only-tmpfs"],
    check: Check::Container(tmpfs_of_podman),
};

fn tmpfs_of_podman(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let said = container.run.last("read-only-tmpfs");
    if container.run.on("read-only").is_none() || said.is_some_and(|arg| !arg.is_true()) {
        return;
    }
    let is_taken = |target: &&&str| container.mounts.iter().any(|mount| mount.target.trim_end_matches('/') == **target);
    let open: Vec<String> =
        OF_PODMAN.iter().filter(|target| !is_taken(target)).map(|target| format!("`{target}`")).collect();
    if !open.is_empty() {
        let at = said.map_or_else(|| container.whole(), |arg| arg.at);
        found.at(at, format!("podman mounts memory without a size, executable, on {}", open.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::super::targets;
    use crate::policy::facts::{Mount, tests::container};

    #[test]
    fn long_lists_of_targets_are_cut() {
        container("Tmpfs=/a\nTmpfs=/b\nTmpfs=/c\nTmpfs=/d\nTmpfs=/e", |container| {
            let mounts: Vec<&Mount<'_>> = container.mounts.iter().collect();
            assert_eq!(targets(&mounts[..1]), "`/a`");
            assert_eq!(targets(&mounts[..3]), "`/a`, `/b` and `/c`");
            assert_eq!(targets(&mounts), "`/a`, `/b`, `/c` and 2 more");
            assert_eq!(targets(&[]), "");
        });
    }
}
