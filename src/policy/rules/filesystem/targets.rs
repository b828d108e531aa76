//! Where things appear in the container.

use std::collections::HashMap;

use crate::{
    diagnostic::Severity,
    policy::{
        facts::{Container, Mount, MountKind},
        rules::{Check, Found, Rule, Scope},
    },
};

pub(super) const TWICE: Rule = Rule {
    id: "PL213",
    name: "duplicate-container-path",
    severity: Severity::Error,
    what: "Two mounts of a container have the same path in it.",
    why: "podman refuses the container: it does not choose between two sources for one path.",
    fix: "take one of them away, or give it another path",
    bad: "[Container]\nVolume=/srv/web/a:/data:ro,Z,idmap,nosuid,nodev,noexec\n\
          Volume=/srv/web/b:/data:ro,Z,idmap,nosuid,nodev,noexec",
    good: "[Container]\nVolume=/srv/web/a:/data:ro,Z,idmap,nosuid,nodev,noexec\n\
           Volume=/srv/web/b:/data/b:ro,Z,idmap,nosuid,nodev,noexec",
    sources: &["A43", "podman-run(1) --volume"],
    check: Check::Container(twice),
};

fn twice(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let mut seen: HashMap<&str, &Mount<'_>> = HashMap::new();
    for mount in container.mounts.iter().filter(|mount| !mount.target.is_empty()) {
        let target = mount.target.trim_end_matches('/');
        let Some(first) = seen.insert(target, mount) else { continue };
        // The very same, said twice, podman takes for one; so with a named volume whatever its options.
        let same = first.kind == mount.kind && first.source == mount.source;
        if !(same && (first.options().eq(mount.options()) || mount.kind == MountKind::Volume)) {
            let message = format!("`{}` is mounted twice: podman refuses that", mount.target);
            found.at(mount.at, message).related(first.at, "mounted here too");
        }
    }
}

pub(super) const RELATIVE: Rule = Rule {
    id: "PL222",
    name: "target-not-absolute",
    severity: Severity::Error,
    what: "The path of a mount in the container is not absolute.",
    why: "podman refuses the container: it does not know what the path would be relative to.",
    fix: "write the path from `/`; a volume is SOURCE:TARGET:OPTIONS, in this order",
    bad: "[Container]\nVolume=/srv/web:srv:ro,Z,idmap,nosuid,nodev,noexec",
    good: "[Container]\nVolume=/srv/web:/srv:ro,Z,idmap,nosuid,nodev,noexec",
    sources: &["A43", "podman-run(1) --volume"],
    check: Check::Container(relative),
};

fn relative(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for mount in &container.mounts {
        // A `Mount=` may take its path from its source. A specifier, or a variable of the service, may become a path.
        if mount.target.is_empty() && mount.flag == "mount" {
            continue;
        }
        if mount.kind != MountKind::Other && !mount.target.starts_with(['/', '%', '$']) {
            let message = if mount.target.is_empty() {
                format!("`{}` is mounted without a path in the container", mount.source)
            } else {
                format!("`{}` is no absolute path in the container", mount.target)
            };
            found.at(mount.at, message);
        }
    }
}
