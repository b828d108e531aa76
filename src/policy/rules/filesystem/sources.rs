//! What is mounted from the host.

use crate::{
    diagnostic::Severity,
    model::Profile,
    policy::{
        facts::{Container, Mount, MountKind},
        reach,
        rules::{Check, Found, Rule, Scope},
    },
};

use super::labels;

/// The mounts from paths of the host, each with its path.
fn paths<'c>(container: &'c Container<'_>) -> impl Iterator<Item = (&'c Mount<'c>, String)> {
    container.mounts.iter().filter_map(|mount| Some((mount, mount.host_path(container.profile)?)))
}

pub(super) const SENSITIVE: Rule = Rule {
    id: "PL201",
    name: "sensitive-host-mount",
    severity: Severity::Error,
    what: "A directory that the host itself lives by is mounted into the container.",
    why: "Whoever may write to /etc, /usr or /boot runs commands on the host soon after; whoever may read /etc, /home or \
          /proc reads its passwords, keys and environments. Where the container's root is not root of the host, the \
          permissions of the files stand in between: then it is a warning, and so is a mount that is only read, except \
          where sockets are: `ro` does not keep anybody from writing to them.",
    fix: "mount a directory that holds nothing but what the service needs",
    bad: "[Container]\nUserNS=host\nVolume=/etc:/host-etc",
    good: "[Container]\nUserNS=host\nVolume=/srv/web/etc:/etc/web:ro,Z\nVolume=/etc/localtime:/etc/localtime:ro",
    sources: &["A46", "CIS 5.6"],
    check: Check::Container(sensitive),
};

fn sensitive(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    for seen in reach::seen::of(container, scope.tree) {
        let path = seen.path.as_str();
        if reach::sockets::at(path).is_some() {
            continue;
        }
        let Some((severity, what)) = reach::weight(path, seen.is_writable) else { continue };
        // Who is not root has what permissions leave him; his own home and sockets are all his.
        let is_own = path.starts_with('~') && path != "~" || path.starts_with("/run/user/");
        let is_own = is_own && container.profile == Profile::Rootless;
        let is_mapped = seen.mount.is_some_and(|mount| mount.has("idmap"));
        let is_held = !container.is_root_on_host() && !is_mapped && !is_own;
        let severity = if is_held { severity.max(Severity::Warning) } else { severity };
        let how = if seen.is_writable { "writable" } else { "readable" };
        let message = format!("`{}` of the host is {how} in the container at `{}`: {what}", seen.source, seen.target);
        found.at(seen.at, message).severity(severity);
    }
}

pub(super) const ENGINE_SOCKET: Rule = Rule {
    id: "PL202",
    name: "engine-socket-mount",
    severity: Severity::Error,
    what: "A socket is mounted that commands the host's containers or services.",
    why: "Whoever reaches root's podman or Docker socket can ask for a container that mounts / of the host: it is root \
          with one request more, and `:ro` changes nothing, for a socket is not written to as a file is. The socket of an \
          ordinary user gives all that user has. A bus gives whatever polkit lets its callers do: a warning.",
    fix: "put a proxy between that lets only the requests through that are needed, or give the service a file instead",
    bad: "[Container]\nVolume=/var/run/docker.sock:/var/run/docker.sock:ro",
    good: "[Container]\nVolume=/srv/web/routes:/routes:ro,Z,idmap,nosuid,nodev,noexec",
    sources: &["A64", "A65", "CIS 5.32", "podman-system-service(1)"],
    check: Check::Container(engine_socket),
};

fn engine_socket(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    for seen in reach::seen::of(container, scope.tree) {
        let Some(socket) = reach::sockets::at(&seen.path) else { continue };
        let message =
            format!("`{}` commands {}, and is in the container at `{}`", seen.source, socket.what, seen.target);
        let finding = found.at(seen.at, message);
        // With its own help it is told apart from the sockets of engines.
        if !socket.is_engine {
            finding.help("put a proxy between that lets only the calls through that are needed");
            if !socket.is_root || container.profile == Profile::Rootless {
                finding.severity(Severity::Warning);
            }
        }
    }
}

pub(super) const WRITABLE_UNSAID: Rule = Rule {
    id: "PL205",
    name: "writable-by-default",
    severity: Severity::Info,
    what: "A path of the host is writable in the container, and nobody said that it should be.",
    why: "A mount without `ro` or `rw` is writable. Said outright, a reader sees which files the service may change, \
          and configuration that it only reads is not left open by an omission.",
    fix: "write `ro`, or `rw` where the service writes there",
    bad: "[Container]\nVolume=/srv/web/conf:/etc/web:Z,idmap,nosuid,nodev,noexec",
    good: "[Container]\nVolume=/srv/web/data:/data:rw,Z,idmap,nosuid,nodev,noexec",
    sources: &["A41", "podman-run(1) --volume"],
    check: Check::Container(writable_unsaid),
};

fn writable_unsaid(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for mount in container.mounts.iter().filter(|mount| mount.kind == MountKind::Bind && !mount.says_access()) {
        let path = mount.host_path(container.profile);
        // Of a socket it says nothing; of a sensitive place there is more to say.
        let is_elsewhere = path.is_some_and(|path| {
            labels::is_special(&path) || reach::places::of(&path).is_some_and(|place| place.writable.is_some())
        });
        if !is_elsewhere {
            found.at(mount.at, format!("`{}` is writable at `{}` by default", mount.source, mount.target));
        }
    }
}

pub(super) const NOT_ABSOLUTE: Rule = Rule {
    id: "PL214",
    name: "source-not-absolute",
    severity: Severity::Info,
    what: "The source of a mount is a path that depends on where the unit stands or who starts it.",
    why: "Quadlet takes `./data` from the directory of the unit file, so data would lie beside the units and move with \
          them; `%h` in a system unit is /root. `~` is no path for podman at all: it takes it for the name of a volume \
          and refuses it.",
    fix: "write the whole path",
    bad: "[Container]\nVolume=./data:/data:rw,Z,idmap,nosuid,nodev,noexec",
    good: "[Container]\nVolume=/srv/web/data:/data:rw,Z,idmap,nosuid,nodev,noexec",
    sources: &["A43", "podman-systemd.unit(5) Volume", "systemd.unit(5) specifiers"],
    check: Check::Container(not_absolute),
};

fn not_absolute(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for mount in container.mounts.iter().filter(|mount| mount.kind == MountKind::Bind) {
        let source = &*mount.source;
        if source.starts_with('~') {
            let message = format!("`{source}` is no path for podman, which refuses it as the name of a volume");
            let finding = found.at(mount.at, message).severity(Severity::Error);
            if container.profile == Profile::Rootless {
                finding.help("write `%h` for the home directory");
            }
        } else if source.starts_with('.') {
            found.at(mount.at, format!("`{source}` is taken from the directory of the unit file"));
        } else if source.starts_with("%h") && container.profile == Profile::Rootful {
            found.at(mount.at, format!("`{source}` is in /root: root starts this unit")).severity(Severity::Warning);
        }
    }
}

pub(super) const NESTED: Rule = Rule {
    id: "PL217",
    name: "nested-sources",
    severity: Severity::Warning,
    what: "A mount that is only read lies within another of the same container that is writable.",
    why: "The same files are in the container twice, and through the wider mount they can be written: the `ro` of the \
          narrower one protects nothing.",
    fix: "mount directories that do not hold each other, or the wider one `ro`",
    bad: "[Container]\nVolume=/srv/web:/data:rw,Z,idmap,nosuid,nodev,noexec\n\
          Volume=/srv/web/conf:/conf:ro,Z,idmap,nosuid,nodev,noexec",
    good: "[Container]\nVolume=/srv/web:/data:ro,Z,idmap,nosuid,nodev,noexec\n\
           Volume=/srv/web/uploads:/data/uploads:rw,Z,idmap,nosuid,nodev,noexec",
    sources: &["A41", "podman-run(1) --volume"],
    check: Check::Container(nested),
};

fn nested(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let mut sorted: Vec<(&Mount<'_>, String)> = paths(container).filter(|(mount, _)| !mount.is_overlay()).collect();
    // In this order whatever is beneath a directory follows it at once, and of two on the same path the writable one
    // comes first.
    sorted.sort_by(|(a, of_a), (b, of_b)| {
        of_a.split('/').cmp(of_b.split('/')).then_with(|| b.is_writable().cmp(&a.is_writable()))
    });
    let mut widest: Option<(&Mount<'_>, String)> = None;
    for (mount, path) in sorted {
        let wider = widest.as_ref().filter(|(_, dir)| reach::is_beneath(&path, dir));
        if mount.is_writable() {
            if wider.is_none() {
                widest = Some((mount, path));
            }
        } else if let Some((wider, _)) = wider {
            let message = format!(
                "`{}` is read-only at `{}`, and writable through `{}`",
                mount.source, mount.target, wider.target
            );
            found.at(mount.at, message).related(wider.at, "the wider mount");
        }
    }
}
