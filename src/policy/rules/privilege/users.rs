//! Users and groups within the container.

use crate::{
    diagnostic::Severity,
    model::Profile,
    policy::{
        facts::{Container, UserNamespace},
        rules::{Check, Found, Rule, Scope},
    },
};

pub(super) const ROOT_INSIDE: Rule = Rule {
    id: "PL105",
    name: "root-inside",
    severity: Severity::Warning,
    what: "The service may run as root in its container.",
    why: "Root in the container owns its files, holds every capability that it was left, and is what most ways out \
          start from. Without User= the image decides, and most decide for root. Where the container has a user \
          namespace, or an ordinary user starts it, that root is nobody special on the host, and this is a thought \
          only.",
    fix: "set `User=` to a number other than 0, the user that the image is made for",
    bad: "[Container]\nUser=0\nGroup=0",
    good: "[Container]\nUser=1000",
    sources: &["A23", "CIS 4.1", "podman-run(1) --user"],
    check: Check::Container(root_inside),
};

fn root_inside(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    // Under keep-id whoever starts the container is who runs in it, unless User= says otherwise.
    let keeps_id =
        container.profile == Profile::Rootless && matches!(container.user_namespace, UserNamespace::KeepId(..));
    if container.is_ordinary_user() || (keeps_id && container.user().is_none()) {
        return;
    }
    let finding = match container.user() {
        Some((user, at)) => found.at(at, format!("the service runs as root in its container: `{user}`")),
        None => found.at(container.whole(), "no `User=`: the service runs as whoever the image says, root in most"),
    };
    if !container.is_root_on_host() {
        finding.severity(Severity::Info);
    }
}

pub(super) const GROUP_WITHOUT_USER: Rule = Rule {
    id: "PL112",
    name: "group-without-user",
    severity: Severity::Error,
    what: "`Group=` stands without `User=`.",
    why: "Quadlet refuses a group without a user, so there is no service of that name after the next reload.",
    fix: "add `User=`",
    bad: "[Container]\n# without [Container] User=\nGroup=10",
    good: "[Container]\nUser=10\nGroup=10",
    sources: &["A23", "podman-systemd.unit(5) Group"],
    check: Check::Container(group_without_user),
};

fn group_without_user(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let unit = container.unit;
    if let (Some(group), None) = (unit.last("Container", "Group"), unit.last("Container", "User")) {
        found.at(group.at, format!("`Group={}` without `User=`: Quadlet refuses the unit", group.text));
    }
}

pub(super) const KEEP_GROUPS: Rule = Rule {
    id: "PL115",
    name: "keep-groups",
    severity: Severity::Info,
    what: "The container keeps every group of the user who starts it.",
    why: "`keep-groups` is for the one group that opens a device, and hands over all of them: where the user is in \
          `wheel`, `disk`, `docker` or `libvirt`, so is every process in the container.",
    fix: "run it as a user who is in the one group that is needed, or map that group with `GIDMap=` and add it by number",
    bad: "[Container]\nGroupAdd=keep-groups",
    good: "[Container]\nGroupAdd=44",
    sources: &["A23", "podman-run(1) --group-add"],
    check: Check::Container(keep_groups),
};

fn keep_groups(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let by_annotation = container
        .run
        .all("annotation")
        .filter(|arg| arg.value.split_once('=').is_some_and(|(name, _)| name == "run.oci.keep_original_groups"));
    let by_group = container.run.all("group-add").filter(|arg| arg.value == "keep-groups");
    if let Some(arg) = by_group.chain(by_annotation).next() {
        found.at(arg.at, "the container keeps every group of the user who starts it");
    }
}
