//! `PL0xx`: units that say one thing and come to another.

use std::collections::HashMap;

use super::{Check, Found, Rule, Scope};
use crate::{
    diagnostic::Severity,
    model::Profile,
    policy::{
        facts::{Arg, Container, NetworkMode},
        quadlet::Loaded,
    },
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "PL010",
        name: "raw-podman-args-override",
        severity: Severity::Warning,
        what: "A word of `PodmanArgs=` says again, or says otherwise, what a key of the same unit says.",
        why: "Quadlet puts the words of PodmanArgs= behind everything that comes of keys, and of an option that holds one value \
              podman takes the last: the key is still there to be read, and no longer counts.",
        fix: "say it once, with the key",
        bad: "[Container]\nPodmanArgs=--pids-limit=4096",
        good: "[Container]\nPidsLimit=128\nPodmanArgs=--init",
        sources: &["podman-systemd.unit(5) PodmanArgs="],
        check: Check::Unit(raw_override),
    },
    Rule {
        id: "PL011",
        name: "service-sandbox-misplaced",
        severity: Severity::Warning,
        what: "`[Service]` restricts or changes the user of podman, where the container was meant.",
        why: "Directives of [Service] hold for podman and conmon, which make the container; what runs in it has been given \
              its own namespaces, capabilities and filters by then. podman needs what they take away and fails in odd places, \
              or it does not, and the container is as open as before. Quadlet does not support User=, Group= and DynamicUser= \
              there at all.",
        fix: "say it of the container, in [Container]",
        bad: "[Service]\nNoNewPrivileges=true",
        good: "[Container]\nNoNewPrivileges=true",
        sources: &["podman-systemd.unit(5)", "Podman 5.6 release notes", "systemd.exec(5)"],
        check: Check::Unit(misplaced),
    },
    Rule {
        id: "PL012",
        name: "quadlet-owned-flag",
        severity: Severity::Error,
        what: "`PodmanArgs=` holds an option, or [Service] a command, that Quadlet sets itself.",
        why: "The service that Quadlet writes relies on its own values: it starts containers with `--rm`, detached, under a \
              name that it stops them by, and lets systemd restart them. `--restart=always` beside `--rm` is an error to podman, \
              and the container never starts; another name or another way to notify leaves systemd without what it waits for. An \
              `ExecStart=` stands beside Quadlet's own, and systemd refuses a service that has two.",
        fix: "take it out, and use Restart=, ContainerName= or Notify=",
        bad: "[Container]\nPodmanArgs=--restart=always",
        good: "[Service]\nRestart=on-failure",
        sources: &["A47", "B20", "podman-run(1) --restart", "podman-systemd.unit(5)"],
        check: Check::Container(quadlet_owned),
    },
    Rule {
        id: "PL013",
        name: "profile-feature-mismatch",
        severity: Severity::Error,
        what: "A unit that runs without root asks for what only root can have.",
        why: "Without root podman cannot put an interface onto the network of the host, nor map the owners of a mounted file \
              system: the service fails at every start.",
        fix: "run the service with root, or join a network of podman's own",
        bad: "# etc/containers/systemd/users/1000/tv.container\n[Container]\nImage=quay.io/example/tv:1\nNetwork=lan.network\n# etc/containers/systemd/users/1000/lan.network\n[Network]\nDriver=macvlan\nOptions=parent=eno1",
        good: "# lan.network\n[Network]\nNetworkName=lan\nDriver=macvlan\nOptions=parent=eno1\nSubnet=192.0.2.0/24\nGateway=192.0.2.1",
        sources: &["B15", "podman-network-create(1) --driver", "podman-run(1) --volume idmap"],
        check: Check::Container(without_root),
    },
    Rule {
        id: "PL014",
        name: "stray-specifier",
        severity: Severity::Error,
        what: "A value holds a `%` that systemd takes for a specifier it does not know, or a character that nobody sees.",
        why: "Quadlet hands values on as they are, and systemd expands `%` in them: `%20` or `%z` is no specifier, and it \
              refuses the whole service, or elsewhere ignores the line. `%C3` is one, and becomes a path of the host. \
              Control characters and marks that turn the direction of text make a reviewer read something else than the machine \
              does.",
        fix: "write %% for a percent sign",
        bad: "[Container]\nEnvironment=GREETING=hello%20world",
        good: "[Container]\nEnvironment=GREETING=hello%%20world",
        sources: &["systemd.unit(5) specifiers", "systemd 252"],
        check: Check::Unit(stray),
    },
];

/// Options of podman's that are several in one: what stands before `=` tells them apart.
const PARTED: &[&str] = &["seccomp", "apparmor", "no-new-privileges"];

/// What of an option must be said once; `None` where it may be said often.
fn single<'a>(arg: &'a Arg<'_>) -> Option<(&'a str, &'a str)> {
    if arg.flag == "security-opt" {
        let (part, value) = arg.value.split_once(['=', ':']).unwrap_or((&arg.value, ""));
        return PARTED.contains(&part).then_some((part, value));
    }
    let many = !arg.is_raw() && arg.key.list;
    (!many).then_some((arg.flag.as_ref(), arg.value.as_ref()))
}

fn raw_override(loaded: &Loaded<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let run = &scope.facts(loaded).run;
    let mut by_key: HashMap<&str, (&Arg<'_>, &str)> = HashMap::new();
    for arg in run.args().iter().filter(|arg| !arg.is_raw()) {
        if let Some((name, value)) = single(arg) {
            by_key.entry(name).or_insert((arg, value));
        }
    }
    for raw in run.args().iter().filter(|arg| arg.is_raw()) {
        let Some((name, value)) = single(raw) else { continue };
        let Some((by_key, said)) = by_key.get(name) else { continue };
        let (flag, key) = (&raw.flag, by_key.key.name);
        let is_same = *said == value;
        let message = if is_same {
            format!("`--{flag}` says what `{key}=` says already")
        } else {
            format!("`--{flag}` overrides `{key}=`")
        };
        let finding = found.at(raw.at, message).related(by_key.at, "which says it too");
        if is_same {
            finding.severity(Severity::Info);
        }
    }
}

/// Directives of `[Service]` that would change who podman is, in order.
const USERS: &[(&str, &str)] = &[
    ("DynamicUser", "write UserNS=auto into [Container]"),
    ("Group", "write Group= into [Container], or install the unit for that user"),
    ("User", "write User= into [Container], or install the unit for that user"),
];

/// Directives that restrict what a service does, and what restricts a container, in order.
const SANDBOX: &[(&str, &str)] = &[
    ("AmbientCapabilities", "AddCapability="),
    ("CapabilityBoundingSet", "DropCapability="),
    ("InaccessiblePaths", "Mask="),
    ("LockPersonality", "SeccompProfile="),
    ("MemoryDenyWriteExecute", "SeccompProfile="),
    ("NoExecPaths", "the noexec option of its mounts"),
    ("NoNewPrivileges", "NoNewPrivileges="),
    ("PrivateDevices", "AddDevice="),
    ("PrivateIPC", "nothing: a container has an IPC namespace of its own"),
    ("PrivateMounts", "nothing: a container has a mount namespace of its own"),
    ("PrivateNetwork", "Network=none"),
    ("PrivateTmp", "Tmpfs=/tmp"),
    ("PrivateUsers", "UserNS=auto"),
    ("ProcSubset", "Mask="),
    ("ProtectClock", "DropCapability="),
    ("ProtectControlGroups", "nothing: a container sees its own part, read-only"),
    ("ProtectHome", "Volume= of what it needs alone"),
    ("ProtectHostname", "DropCapability="),
    ("ProtectKernelLogs", "DropCapability="),
    ("ProtectKernelModules", "DropCapability="),
    ("ProtectKernelTunables", "nothing: /proc/sys is read-only in a container"),
    ("ProtectProc", "Mask="),
    ("ProtectSystem", "ReadOnly="),
    ("ReadOnlyPaths", "ReadOnly="),
    ("ReadWritePaths", "Volume="),
    ("RestrictAddressFamilies", "SeccompProfile="),
    ("RestrictNamespaces", "SeccompProfile="),
    ("RestrictRealtime", "SeccompProfile="),
    ("RestrictSUIDSGID", "the nosuid option of its mounts"),
    ("RootDirectory", "Rootfs="),
    ("SystemCallArchitectures", "SeccompProfile="),
    ("SystemCallFilter", "SeccompProfile="),
    ("TemporaryFileSystem", "Tmpfs="),
];

/// Words that switch a directive off.
const OFF: &[&str] = &["", "no", "false", "off", "0"];

fn misplaced(loaded: &Loaded<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let instead = |list: &[(&str, &'static str)], key: &str| {
        let at = list.binary_search_by_key(&key, |(directive, _)| directive).ok()?;
        Some(list[at].1)
    };
    let is_one = |key: &str| instead(USERS, key).or_else(|| instead(SANDBOX, key)).is_some();
    for value in loaded.unit.last_among("Service", is_one) {
        let (directive, text) = (value.key, value.text.trim());
        let is_off = OFF.iter().any(|off| off.eq_ignore_ascii_case(text));
        if let Some(instead) = instead(USERS, directive).filter(|_| text != "root" && !is_off) {
            let finding = found.at(value.at, format!("Quadlet does not support `{directive}=` in [Service]"));
            finding.severity(Severity::Error).help(instead);
        }
        if let Some(instead) = instead(SANDBOX, directive).filter(|_| !is_off) {
            let finding = found.at(value.at, format!("`{directive}=` restricts podman, and not the container"));
            finding.help(format!("for the container that is {instead}"));
        }
    }
}

/// Options of Quadlet's own, and what to write where another value is wanted.
const OWNED: &[(&str, &str)] = &[
    ("detach", "take it out: Quadlet detaches, and conmon tells systemd"),
    ("name", "write ContainerName="),
    ("replace", "take it out: what is left of an earlier run is replaced"),
    ("restart", "write Restart= into [Service]"),
    ("rm", "take it out: a stopped container is removed"),
    ("sdnotify", "write Notify="),
];

fn quadlet_owned(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for arg in container.run.args().iter().filter(|arg| arg.is_raw()) {
        let Some((flag, instead)) = OWNED.iter().find(|(flag, _)| *flag == arg.flag) else { continue };
        let value = arg.value.as_ref();
        let (severity, message) = match *flag {
            "restart" if value == "no" => (Severity::Info, "systemd restarts it, not podman".to_owned()),
            "restart" if value.starts_with("on-failure") => {
                (Severity::Warning, "podman and systemd both restart it".to_owned())
            }
            "restart" => (Severity::Error, format!("podman refuses `--restart={value}` beside Quadlet's `--rm`")),
            "name" | "sdnotify" => {
                (Severity::Warning, format!("`--{flag}` is Quadlet's, and its service relies on it"))
            }
            _ if arg.is_true() => (Severity::Info, format!("`--{flag}` is what Quadlet says already")),
            _ => (Severity::Warning, format!("`--{flag}` is Quadlet's, and its service relies on it")),
        };
        found.at(arg.at, message).severity(severity).help(*instead);
    }
    let is_oneshot = container.service("Type").is_some_and(|value| value.text.trim() == "oneshot");
    if let Some(command) = container.unit.list("Service", "ExecStart").first().filter(|_| !is_oneshot) {
        let message = "systemd refuses the service: this `ExecStart=` stands beside that of Quadlet";
        found.at(command.at, message).help("take it out; what the container is to run is `Exec=` in [Container]");
    }
}

fn without_root(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    if container.profile != Profile::Rootless {
        return;
    }
    // Only the path or the author know for sure; a target that only users have is a guess.
    let path = container.unit.file().place();
    let is_users = ["/containers/systemd/users/", "/.config/containers/systemd/"].iter().any(|dir| path.contains(dir));
    let severity = if scope.settings.profile.is_some() || is_users { Severity::Error } else { Severity::Warning };
    for network in &container.networks {
        let NetworkMode::Unit(file) = &network.mode else { continue };
        let driver = scope.tree.unit(file).and_then(|loaded| loaded.unit.last("Network", "Driver"));
        let Some(driver) = driver.filter(|driver| ["macvlan", "ipvlan"].contains(&driver.unquoted())) else { continue };
        let message = format!("without root, `{}` is on no network of the host", driver.unquoted());
        found.at(network.at, message).severity(severity).related(driver.at, "the driver");
    }
    for mount in container.mounts.iter().filter(|mount| mount.has("idmap")) {
        let message = format!("without root, `{}` cannot be mounted with idmap", mount.target);
        found.at(mount.at, message).severity(severity).help("use UserNS=keep-id, or the option U");
    }
}

/// What may follow a `%`: systemd.unit(5), with `%c`, `%r` and `%R`, which are deprecated, and `%D` of systemd 255.
const SPECIFIERS: &str = "aAbBcCdDEfgGhHiIjJlLmMnNopPqrRsStTuUvVwWyY";

fn stray(loaded: &Loaded<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let group = loaded.unit_type.group();
    for part in loaded.unit.parts() {
        for entry in part.unit.entries() {
            let is_command = entry.section == group || entry.section == "Service" && entry.key.starts_with("Exec");
            if !is_command && !["Unit", "Service"].contains(&entry.section) {
                continue;
            }
            // What most values are made of hides nothing.
            if entry.value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'%') {
                continue;
            }
            let at = part.span(&entry);
            if let Some(c) = entry.value.chars().find(|c| is_unseen(*c)) {
                let code = u32::from(c);
                found
                    .at(at, format!("the value holds the character U+{code:04X}, which nobody sees"))
                    .help("take it out");
            }
            match specifier(&entry.value) {
                Some((name, true)) if is_command => {
                    found.at(at, format!("`%{name}` is no specifier: systemd refuses the service"));
                }
                Some((name, true)) => {
                    let finding = found.at(at, format!("`%{name}` is no specifier: systemd ignores the line"));
                    finding.severity(Severity::Warning);
                }
                Some((name, false)) => {
                    let finding = found.at(at, format!("systemd takes `%{name}` in this URL for a specifier"));
                    finding.severity(Severity::Warning);
                }
                None => {}
            }
        }
    }
}

/// Control characters, and marks that turn the direction of text.
fn is_unseen(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first specifier that is none (true), or that is one by accident: `%C3` in a URL. systemd leaves a `%` alone that
/// no letter or digit follows.
fn specifier(value: &str) -> Option<(char, bool)> {
    if !value.contains('%') {
        return None;
    }
    let is_url = value.contains("://");
    let mut chars = value.chars().peekable();
    let mut by_accident = None;
    while let Some(c) = chars.next() {
        if c != '%' {
            continue;
        }
        let Some(name) = chars.next_if(|next| *next == '%' || next.is_ascii_alphanumeric()).filter(|name| *name != '%')
        else {
            continue;
        };
        if !SPECIFIERS.contains(name) {
            return Some((name, true));
        }
        if is_url && name.is_ascii_hexdigit() && chars.peek().is_some_and(char::is_ascii_hexdigit) {
            by_accident = by_accident.or(Some((name, false)));
        }
    }
    by_accident
}

#[cfg(test)]
mod tests {
    use super::{SANDBOX, USERS};

    #[test]
    fn directives_stand_in_order() {
        assert!(USERS.is_sorted() && SANDBOX.is_sorted());
    }
}
