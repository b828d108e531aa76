//! `PL1xx`: what a container may do to the kernel and to the host.

mod capabilities;
mod devices;
mod namespaces;
mod users;

use super::{Check, Found, Rule, Scope};
use crate::{
    diagnostic::Severity,
    policy::{Value, facts::Container},
};

pub(super) const RULES: &[Rule] = &[
    PRIVILEGED,
    capabilities::NOT_DROPPED,
    capabilities::DANGEROUS,
    capabilities::EXTRA,
    namespaces::NO_USER_NAMESPACE,
    users::ROOT_INSIDE,
    namespaces::OF_THE_HOST,
    NEW_PRIVILEGES,
    devices::OF_THE_HOST,
    devices::SYSCTL,
    namespaces::SIZE_MISSING,
    namespaces::MAPS_ROOT,
    users::GROUP_WITHOUT_USER,
    namespaces::TWO_CHOICES,
    namespaces::KEEP_ID_BESIDE_AUTO,
    users::KEEP_GROUPS,
    capabilities::UNKNOWN,
    capabilities::ADDED_AND_DROPPED,
    namespaces::UNKNOWN,
];

const PRIVILEGED: Rule = Rule {
    id: "PL100",
    name: "privileged",
    severity: Severity::Error,
    what: "The container is privileged.",
    why: "`--privileged` gives every capability and every device that whoever starts the container has, and switches \
          seccomp, AppArmor, SELinux and the hidden paths of /proc off: where root starts it, its root can load a \
          kernel module or mount the host's disk.",
    fix: "take it out and give the one capability or device that is needed",
    bad: "[Container]\nPodmanArgs=--privileged",
    good: "[Container]\nAddDevice=/dev/dri/renderD128",
    sources: &["A54", "CIS 5.5", "podman-run(1) --privileged"],
    check: Check::Container(privileged),
};

fn privileged(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if let Some(arg) = container.run.on("privileged") {
        found.at(arg.at, "the container is privileged");
    }
}

const NEW_PRIVILEGES: Rule = Rule {
    id: "PL107",
    name: "no-new-privileges-off",
    severity: Severity::Warning,
    what: "A process of the container may gain privileges that its parent did not have.",
    why: "Without no_new_privs a set-user-id program or a file with capabilities makes root of whoever runs it, so a \
          flaw in an unprivileged service is one `su` or `mount` away from the container's root. Quadlet's default is \
          false.",
    fix: "write `NoNewPrivileges=true`",
    bad: "[Container]\nNoNewPrivileges=false",
    good: "[Container]\nNoNewPrivileges=on",
    sources: &["B23", "CIS 5.26", "podman-systemd.unit(5) NoNewPrivileges", "prctl(2) PR_SET_NO_NEW_PRIVS"],
    check: Check::Container(no_new_privileges),
};

fn no_new_privileges(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if container.run.no_new_privileges().is_some() {
        return;
    }
    let said = container.unit.last("Container", "NoNewPrivileges");
    if said.as_ref().is_some_and(Value::is_no_boolean) {
        return;
    }
    found.at(said.map_or_else(|| container.whole(), |value| value.at), "processes may gain privileges");
}
