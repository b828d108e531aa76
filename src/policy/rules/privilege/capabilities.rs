//! Capabilities.

use std::collections::HashMap;

use crate::{
    diagnostic::{Severity, Span},
    policy::{
        facts::{Capability, Container},
        rules::{Check, Found, Rule, Scope},
    },
};

/// What a capability opens.
struct Danger {
    name: &'static str,
    /// Who has it is root of the host, where the container's root is root of the host.
    is_root: bool,
    /// It is held against the first user namespace: in one of the container's own it does nothing.
    needs_first: bool,
    /// What its holder can do.
    what: &'static str,
}

const fn danger(name: &'static str, what: &'static str) -> Danger {
    Danger { name, is_root: false, needs_first: false, what }
}

impl Danger {
    const fn root(self) -> Self {
        Self { is_root: true, ..self }
    }

    const fn needs_first(self) -> Self {
        Self { needs_first: true, ..self }
    }
}

/// capabilities(7), and the checks of the kernel: `capable()` asks in the first user namespace, `ns_capable()` in that
/// of the thing. In the order of the names.
const DANGERS: &[Danger] = &[
    danger("ALL", "do everything that root can").root(),
    danger("AUDIT_CONTROL", "switch the kernel's audit off").needs_first(),
    danger("AUDIT_READ", "read the audit log of the host").needs_first(),
    danger("BLOCK_SUSPEND", "keep the host from sleeping").needs_first(),
    danger("BPF", "load programs into the kernel").root().needs_first(),
    danger("CHECKPOINT_RESTORE", "choose process ids and look into foreign processes"),
    danger("DAC_READ_SEARCH", "open any file of a mounted file system by its inode, out of the container").root(),
    danger("LINUX_IMMUTABLE", "make files that nobody can delete").needs_first(),
    danger("MAC_ADMIN", "change the rules of AppArmor and Smack").needs_first(),
    danger("MAC_OVERRIDE", "pass over the rules of Smack").needs_first(),
    danger("MKNOD", "make device files").needs_first(),
    danger("NET_ADMIN", "change addresses, routes and firewall of its network, through much code of the kernel"),
    danger("NET_RAW", "forge packets: ARP and DNS answers for its neighbours"),
    danger("PERFMON", "watch what the kernel and other processes do").needs_first(),
    danger("SYSLOG", "read the kernel's log and its addresses").needs_first(),
    danger("SYS_ADMIN", "mount file systems, enter namespaces and much else: the way out of most containers").root(),
    danger("SYS_BOOT", "load another kernel").root().needs_first(),
    danger("SYS_MODULE", "load modules into the kernel").root().needs_first(),
    danger("SYS_PACCT", "switch process accounting").needs_first(),
    danger("SYS_PTRACE", "read and change the memory of every process it sees"),
    danger("SYS_RAWIO", "write to ports and memory of the machine").root().needs_first(),
    danger("SYS_RESOURCE", "pass over quotas and resource limits").needs_first(),
    danger("SYS_TIME", "set the clock of the host").needs_first(),
    danger("SYS_TTY_CONFIG", "hang up the terminals of the host").needs_first(),
    danger("WAKE_ALARM", "wake the host").needs_first(),
];

fn danger_of(capability: &Capability) -> Option<&'static Danger> {
    DANGERS.binary_search_by(|danger| danger.name.cmp(&capability.name)).ok().map(|at| &DANGERS[at])
}

pub(super) const NOT_DROPPED: Rule = Rule {
    id: "PL101",
    name: "caps-not-dropped",
    severity: Severity::Warning,
    what: "The container keeps capabilities only because podman gives them by default.",
    why: "podman gives eleven capabilities to every container. Few services need one: with DAC_OVERRIDE, SETUID and \
          SYS_CHROOT whoever breaks into one that runs as root reads and writes every file that is mounted and becomes \
          any user. A user that is not root holds none of them, but reaches them through a set-user-id program unless \
          NoNewPrivileges= is true. Dropped together, a new one in a later podman is dropped as well.",
    fix: "write `DropCapability=all`, and `AddCapability=` for what the service is then missing",
    bad: "[Container]\nDropCapability=NET_RAW",
    good: "[Container]\nDropCapability=all\nAddCapability=NET_BIND_SERVICE",
    sources: &["A53", "B22", "CIS 5.4", "containers.conf(5) default_capabilities"],
    check: Check::Container(not_dropped),
};

fn not_dropped(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let kept = container.capabilities.kept();
    // Privileged, it has all of them whatever else is said: PL100.
    if kept.is_empty() || container.run.on("privileged").is_some() {
        return;
    }
    let message = if container.capabilities.dropped.is_empty() {
        format!("the {} capabilities of podman's default are kept", kept.len())
    } else {
        format!("of podman's default capabilities {} are kept", listed(&kept))
    };
    let at = container.capabilities.dropped.first().map_or_else(|| container.whole(), |dropped| dropped.at);
    let out_of_reach = container.is_ordinary_user() && container.run.no_new_privileges().is_some();
    let finding = found.at(at, message);
    if out_of_reach || !container.is_root_on_host() {
        finding.severity(Severity::Info);
    }
}

pub(super) const DANGEROUS: Rule = Rule {
    id: "PL102",
    name: "dangerous-cap",
    severity: Severity::Warning,
    what: "A capability is added that reaches beyond the container.",
    why: "These capabilities change the kernel or the host rather than the container, or open large parts of the \
          kernel to whoever breaks in. With SYS_ADMIN, SYS_MODULE, SYS_RAWIO, SYS_BOOT, BPF or DAC_READ_SEARCH the root \
          of a rootful container without a user namespace is root of the host: an error. Within a user namespace those \
          that the kernel asks of the first namespace (SYS_MODULE, SYS_TIME) do nothing; NET_ADMIN, NET_RAW and \
          SYS_ADMIN still open the kernel's code to attack.",
    fix: "take it out, or give the one device, sysctl or port that it stands for",
    bad: "[Container]\nAddCapability=CAP_SYS_ADMIN",
    good: "[Container]\nAddCapability=CAP_NET_BIND_SERVICE",
    sources: &["A53", "CIS 5.4", "capabilities(7)"],
    check: Check::Container(dangerous),
};

fn dangerous(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for capability in &container.capabilities.added {
        let Some(danger) = danger_of(capability) else { continue };
        let can = format!("{} is added: its holder can {}", capability.name, danger.what);
        if container.is_root_on_host() {
            let severity = if danger.is_root { Severity::Error } else { Severity::Warning };
            found.at(capability.at, can).severity(severity);
        } else if danger.needs_first {
            let message = format!("{} is added, and does nothing in a user namespace", capability.name);
            found.at(capability.at, message).severity(Severity::Info).help("take it out");
        } else {
            found.at(capability.at, can);
        }
    }
}

pub(super) const EXTRA: Rule = Rule {
    id: "PL103",
    name: "extra-cap",
    severity: Severity::Info,
    what: "Capabilities are added that stay within the container.",
    why: "CHOWN, SETUID and their like let a service that starts as root prepare its files and step down. A service \
          that starts as its own user needs none of them, and then there is nobody to step down from.",
    fix: "set `User=` to the user that the service steps down to, and own its volumes by that user",
    bad: "[Container]\nAddCapability=CAP_CHOWN SETUID",
    good: "[Container]\nUser=999",
    sources: &["A53", "CIS 5.4", "capabilities(7)"],
    check: Check::Container(extra),
};

fn extra(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let beyond = container.capabilities.beyond_default();
    let extra: Vec<&Capability> = beyond.filter(|added| added.is_known() && danger_of(added).is_none()).collect();
    let Some(first) = extra.first() else { return };
    let names: Vec<&str> = extra.iter().map(|added| added.name.as_str()).collect();
    found.at(first.at, format!("{} {} added", listed(&names), if names.len() == 1 { "is" } else { "are" }));
}

pub(super) const UNKNOWN: Rule = Rule {
    id: "PL116",
    name: "unknown-capability",
    severity: Severity::Error,
    what: "A capability has a name that the kernel does not know.",
    why: "podman holds every name in AddCapability= and DropCapability= against those of the kernel and does not start \
          the container for one that is not among them.",
    fix: "write its name as capabilities(7) does, with or without `CAP_`",
    bad: "[Container]\nAddCapability=NET_BIND",
    good: "[Container]\nAddCapability=net_bind_service",
    sources: &["A53", "capabilities(7)", "podman-run(1) --cap-add"],
    check: Check::Container(unknown),
};

fn unknown(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let capabilities = &container.capabilities;
    let mut last = None;
    for capability in capabilities.added.iter().chain(&capabilities.dropped).filter(|c| !c.is_known()) {
        // One word too many, a comment behind the value say, is enough to hear of.
        if last.replace(capability.at) != Some(capability.at) {
            found.at(capability.at, format!("the kernel knows no capability `{}`", capability.name));
        }
    }
}

pub(super) const ADDED_AND_DROPPED: Rule = Rule {
    id: "PL117",
    name: "cap-added-and-dropped",
    severity: Severity::Error,
    what: "The same capability is added and dropped.",
    why: "podman does not say which of the two holds: it refuses to start the container, also where `all` is both added \
          and dropped. Only `all` may be dropped and single ones added, or the other way round.",
    fix: "keep the one that is meant",
    bad: "[Container]\nDropCapability=CHOWN KILL\nAddCapability=KILL",
    good: "[Container]\nDropCapability=all\nAddCapability=KILL",
    sources: &["A53", "podman-run(1) --cap-drop"],
    check: Check::Container(added_and_dropped),
};

fn added_and_dropped(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let capabilities = &container.capabilities;
    let dropped: HashMap<&str, Span> = capabilities.dropped.iter().map(|c| (c.name.as_str(), c.at)).collect();
    for added in &capabilities.added {
        // Beside `all`, those named one by one are not looked at.
        let dropped = match capabilities.all_dropped {
            Some(at) => (added.name == "ALL").then_some(at),
            None => dropped.get(added.name.as_str()).copied(),
        };
        if let Some(at) = dropped {
            let message = format!("{} is added and dropped: podman refuses that", added.name);
            found.at(added.at, message).related(at, "dropped here");
        }
    }
}

/// `A, B and C`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dangers_are_in_order() {
        assert!(DANGERS.is_sorted_by_key(|danger| danger.name));
    }
}
