//! `PL1xx`: what a container may do to the kernel and to the host.

use super::{Check, Found, Rule, Scope};
use crate::{diagnostic::Severity, policy::facts::Container};

pub(super) const RULES: &[Rule] = &[Rule {
    id: "PL100",
    name: "privileged",
    severity: Severity::Error,
    what: "The container is privileged.",
    why: "`--privileged` gives every capability and every device of the host, and switches seccomp, SELinux and the \
          hidden paths of /proc off: its root can load a kernel module or mount the host's disk.",
    fix: "take it out and give the one capability or device that is needed",
    bad: "[Container]\nPodmanArgs=--privileged",
    good: "[Container]\nAddDevice=/dev/dri/renderD128",
    sources: &["A54", "CIS 5.5", "podman-run(1) --privileged"],
    check: Check::Container(privileged),
}];

fn privileged(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if let Some(arg) = container.run.on("privileged") {
        found.at(arg.at, "the container is privileged");
    }
}
