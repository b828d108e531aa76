//! Names: of containers, pods, networks, volumes and services.

use std::collections::{HashMap, hash_map::Entry};

use super::{Check, Found, Rule, Scope, collision, realm, resource_name, stem};
use crate::{
    diagnostic::Severity,
    model::{NETWORK_MODES, Profile},
    policy::{facts::Container, quadlet::Loaded},
    unit::UnitType,
};

pub(super) const DUPLICATE_NAME: Rule = Rule {
    id: "PL801",
    name: "duplicate-name",
    severity: Severity::Error,
    what: "Two units make containers, pods, networks or volumes of one name.",
    why: "Quadlet starts containers and pods with `--replace`: starting the one removes the other, whose service then fails \
          and, if it restarts, removes the first. Networks and volumes are created with `--ignore`: whoever comes second gets \
          what the first one made, and its own options are never looked at.",
    fix: "give one of them another name",
    bad: "# web.container\n[Container]\nContainerName=site\n# api.container\n[Container]\nContainerName=site",
    good: "# web.container\n[Container]\nContainerName=site\n# api.container\n[Container]\nContainerName=api",
    sources: &["B41", "podman-run(1) --replace", "podman-network-create(1) --ignore"],
    check: Check::Across(duplicate_name),
};

pub(super) const SHADOWS: Rule = Rule {
    id: "PL815",
    name: "shadows-host-service",
    severity: Severity::Warning,
    what: "The service has the name of one that the host needs.",
    why: "Generated units come before those of packages: `sshd.container` takes the place of the host's own sshd.service at \
          the next daemon-reload, and everything that asks for that name starts a container instead.",
    fix: "give the file another name, or the service one with ServiceName=",
    bad: "# sshd.container\n[Container]\nReadOnly=true",
    good: "# gitssh.container\n[Container]\nReadOnly=true",
    sources: &["systemd.unit(5) unit load path", "systemd.generator(7)"],
    check: Check::Unit(shadows),
};

pub(super) const MODE_AS_NAME: Rule = Rule {
    id: "PL818",
    name: "mode-as-network-name",
    severity: Severity::Error,
    what: "A network has a name that podman keeps for a mode: `bridge`, `host`, `none`.",
    why: "`podman network create` refuses the name, so the service of the network fails at every start, and with it every \
          container that joins it.",
    fix: "give it another name with NetworkName=",
    bad: "# lan.network\n[Network]\nNetworkName=bridge",
    good: "# lan.network\n[Network]\nNetworkName=lan",
    sources: &["podman-network-create(1)", "podman 5.4.2"],
    check: Check::Unit(mode_as_name),
};

pub(super) const DEFAULT_NAME: Rule = Rule {
    id: "PL816",
    name: "default-name",
    severity: Severity::Info,
    what: "A container, pod, network or volume has the name that Quadlet makes up from its file.",
    why: "`systemd-web` changes with the name of the file: a volume whose file is renamed comes up empty, with the data \
          still in the old one. It is also the name that others have to use in DNS, in `podman exec` and in backups.",
    fix: "write ContainerName=, PodName=, NetworkName= or VolumeName=",
    bad: "[Container]\n# without [Container] ContainerName=",
    good: "[Container]\nContainerName=web",
    sources: &["B41", "podman-systemd.unit(5) VolumeName="],
    check: Check::Unit(default_name),
};

/// What shares a name space: podman keeps the names of containers and pods together.
fn kind(unit_type: UnitType) -> Option<&'static str> {
    match unit_type {
        UnitType::Container | UnitType::Pod => Some("container"),
        UnitType::Network => Some("network"),
        UnitType::Volume => Some("volume"),
        UnitType::Image | UnitType::Build | UnitType::Kube | UnitType::Artifact => None,
    }
}

fn duplicate_name(_: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let mut seen: HashMap<(&str, &str, String), &Loaded<'_>> = HashMap::new();
    for loaded in &scope.tree.units {
        let Some(kind) = kind(loaded.unit_type) else { continue };
        let group = loaded.unit_type.group();
        let at = || {
            let said = loaded.unit.last(group, &format!("{group}Name")).map(|value| value.at);
            said.unwrap_or_else(|| loaded.unit.header(group))
        };
        let Some(name) = resource_name(loaded) else { continue };
        // Every instance of a template would have it.
        if kind == "container" && loaded.service.ends_with('@') {
            let finding = found.about(&loaded.unit, at(), format!("every instance has the name `{name}`"));
            finding.severity(Severity::Warning).help("put %i into the name");
            continue;
        }
        match seen.entry((realm(&loaded.unit), kind, name)) {
            Entry::Vacant(entry) => {
                entry.insert(loaded);
            }
            Entry::Occupied(entry) => {
                let (first, name) = (entry.get(), &entry.key().2);
                // Two files of one name are one to Podman, which takes the first.
                if first.unit.file().name() == loaded.unit.file().name() {
                    continue;
                }
                let other = first.unit.file().name();
                let group = first.unit_type.group();
                let there = first.unit.last(group, &format!("{group}Name")).map(|value| value.at);
                let there = there.unwrap_or_else(|| first.unit.header(group));
                let both_start = kind == "container" && first.unit_type == loaded.unit_type;
                let message = match kind {
                    "container" if both_start => {
                        format!("`{name}` is the name in `{other}` too: each start removes the other")
                    }
                    "container" => format!("`{name}` is the name in `{other}` too: podman gives a name once"),
                    _ => format!("`{other}` makes the {kind} `{name}` too: the options of the second are ignored"),
                };
                let finding = found.about(&loaded.unit, at(), message);
                finding.related(there, "the other one").severity(if both_start {
                    collision(&loaded.unit, &first.unit, scope)
                } else {
                    Severity::Warning
                });
            }
        }
    }
}

/// Services that a host does not do without, by systemd, its distributions and Podman.
const HOST_SERVICES: &[&str] = &[
    "NetworkManager",
    "auditd",
    "chronyd",
    "cron",
    "crond",
    "dbus",
    "dbus-broker",
    "firewalld",
    "netavark-dhcp-proxy",
    "nftables",
    "podman",
    "podman-auto-update",
    "podman-restart",
    "polkit",
    "rsyslog",
    "ssh",
    "sshd",
    "udisks2",
];

fn shadows(loaded: &Loaded<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let service = loaded.service.as_str();
    let rootless = scope.settings.profile == Some(Profile::Rootless) || !realm(&loaded.unit).is_empty();
    if !rootless && (HOST_SERVICES.binary_search(&service).is_ok() || service.starts_with("systemd-")) {
        let at = loaded.unit.header(loaded.unit_type.group());
        found.at(at, format!("`{service}.service` takes the place of the host's own"));
    }
}

fn mode_as_name(loaded: &Loaded<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let named = loaded.unit.last("Network", "NetworkName").filter(|_| loaded.unit_type == UnitType::Network);
    let Some(named) = named.filter(|named| NETWORK_MODES.contains(&named.unquoted())) else { return };
    let message = format!("podman makes no network `{}`: it is the name of a mode", named.unquoted());
    found.about(&loaded.unit, named.at, message);
}

fn default_name(loaded: &Loaded<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let group = loaded.unit_type.group();
    let key = format!("{group}Name");
    if kind(loaded.unit_type).is_none() || loaded.unit.last(group, &key).is_some() {
        return;
    }
    let is_container = loaded.unit_type == UnitType::Container;
    if is_container && scope.facts(loaded).run.last("name").is_some() {
        return;
    }
    let stem = if is_container { loaded.service.as_str() } else { stem(loaded.unit.file().name()) };
    let finding = found.at(loaded.unit.header(group), format!("its name is what Quadlet makes up, `systemd-{stem}`"));
    finding.help(format!("write {key}="));
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_services_of_the_host_are_sorted() {
        assert!(super::HOST_SERVICES.is_sorted());
    }
}
