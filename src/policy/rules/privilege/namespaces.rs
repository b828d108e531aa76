//! User namespaces, and namespaces shared with the host.

use std::collections::HashMap;

use crate::{
    diagnostic::Severity,
    model::Profile,
    policy::{
        facts::{Container, IdRange, UserNamespace},
        rules::{Check, Found, Rule, Scope},
    },
};

pub(super) const NO_USER_NAMESPACE: Rule = Rule {
    id: "PL104",
    name: "no-userns",
    severity: Severity::Warning,
    what: "A container that root starts has no user namespace of its own.",
    why: "Without one, root in the container is root to the kernel, and uid 1000 is the host's uid 1000: whoever gets \
          out, or only to a mounted directory, is that user there. With `UserNS=auto` podman gives each container a \
          range of ids that nobody else has. A container that an ordinary user starts is in that user's namespace \
          already; keep-id, for root, maps every id to itself.",
    fix: "write `UserNS=auto:size=65536`, and `idmap` on volumes that hold data",
    bad: "[Container]\nUserNS=host",
    good: "[Container]\nUserNS=auto",
    sources: &["A20", "A24", "B24", "CIS 5.31", "podman-run(1) --userns", "user_namespaces(7)"],
    check: Check::Container(no_user_namespace),
};

fn no_user_namespace(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if !container.is_root_on_host() {
        return;
    }
    let message = match &container.user_namespace {
        UserNamespace::KeepId(..) => "for root keep-id maps every id of the container to the same on the host",
        _ => "the container has no user namespace: its root is root of the host",
    };
    found.at(container.user_namespace.at().unwrap_or_else(|| container.whole()), message);
}

/// Flags that choose a namespace, whether sharing it with the host is a hole, and what is then shared. Those of the user
/// and the network have rules of their own.
const SHARED: &[(&str, bool, &str)] = &[
    (
        "pid",
        true,
        "it sees every process of the host, may read the environment of some, and SELinux is off for the container",
    ),
    ("ipc", false, "it shares the memory segments and queues of the host, and SELinux is off for the container"),
    ("uts", false, "it shares the host's name, and may change it where it has SYS_ADMIN"),
    ("cgroupns", false, "it sees the cgroups of the host"),
];

pub(super) const OF_THE_HOST: Rule = Rule {
    id: "PL106",
    name: "host-namespace",
    severity: Severity::Warning,
    what: "The container shares a namespace of the host.",
    why: "A namespace hides the host's processes, shared memory or cgroups from the container. With `--pid=host` root in \
          a rootful container without a user namespace can signal and inspect every process of the host, which is an \
          error; and for `--pid=host` and `--ipc=host` podman also switches SELinux separation off.",
    fix: "take it out",
    bad: "[Container]\nPodmanArgs=--pid=host",
    good: "[Container]\nPodmanArgs=--pid=private",
    sources: &["A27", "CIS 5.16", "CIS 5.17", "CIS 5.21", "namespaces(7)", "podman-run(1) --pid"],
    check: Check::Container(of_the_host),
};

fn of_the_host(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for (flag, is_hole, what) in SHARED {
        let Some(arg) = container.run.last(flag) else { continue };
        if arg.value == "host" {
            let finding = found.at(arg.at, format!("`--{flag}=host`: {what}"));
            if *is_hole && container.is_root_on_host() {
                finding.severity(Severity::Error);
            }
        } else if let Some(path) = arg.value.strip_prefix("ns:") {
            found.at(arg.at, format!("`--{flag}=ns:{path}`: whose namespace that is, podman cannot tell"));
        }
    }
    if let UserNamespace::Other(mode, at) = &container.user_namespace
        && mode.starts_with("ns:")
    {
        found.at(*at, format!("`{mode}`: whose user namespace that is, podman cannot tell"));
    }
}

pub(super) const SIZE_MISSING: Rule = Rule {
    id: "PL110",
    name: "userns-size-missing",
    severity: Severity::Info,
    what: "`UserNS=auto` of a container that root starts does not say how many ids it has.",
    why: "podman then looks into the image for the highest id in its user database and gives 1024 at least: an id that \
          only appears at run time, in `User=` or on a volume, is not mapped, and the start or the access fails.",
    fix: "write `UserNS=auto:size=65536`",
    bad: "[Container]\nUserNS=auto",
    good: "[Container]\nUserNS=auto:size=8192",
    sources: &["B26", "podman-run(1) --userns", "containers-storage.conf(5) auto-userns-min-size"],
    check: Check::Container(size_missing),
};

fn size_missing(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let UserNamespace::Auto(_, at) = &container.user_namespace else { return };
    // An ordinary user has 65536 ids for all of his containers: there a size is a matter of thrift.
    if container.profile == Profile::Rootful && container.user_namespace.option("size").is_none() {
        found.at(*at, "the size of the user namespace is left to an estimate");
    }
}

/// Ids below are of the system's own users (login.defs(5) `UID_MIN`).
const FIRST_ORDINARY_ID: u64 = 1000;

pub(super) const MAPS_ROOT: Rule = Rule {
    id: "PL111",
    name: "userns-maps-host-root",
    severity: Severity::Error,
    what: "The user namespace of a container that root starts holds root or a system user of the host.",
    why: "An id of the namespace that is mapped to 0 is root to the kernel: it owns the host's files wherever it can \
          reach them, and the namespace protects nothing. The ids up to 999 are those of the host's own services.",
    fix: "map to a range that no user of the host has, `UIDMap=0:1073741824:65536`, or write `UserNS=auto`",
    bad: "[Container]\n# without [Container] UserNS=\nUIDMap=0:0:1",
    good: "[Container]\n# without [Container] UserNS=\nUIDMap=0:200000:65536",
    sources: &["A25", "podman-run(1) --uidmap", "user_namespaces(7)"],
    check: Check::Container(maps_root),
};

fn maps_root(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    // An ordinary user maps within his own range: 0 is himself.
    if container.profile == Profile::Rootless {
        return;
    }
    let mut judge = |text: &str, whose: &str, at| {
        let Some(range) = IdRange::of(text).filter(|range| range.count > 0) else { return };
        if range.outside == 0 {
            found.at(at, format!("the {whose} {} of the container is root's on the host", range.inside));
        } else if range.outside < FIRST_ORDINARY_ID {
            let message = format!(
                "the {whose} {} of the container is {} on the host, a system user's",
                range.inside, range.outside
            );
            found.at(at, message).severity(Severity::Warning);
        }
    };
    for (flag, whose) in [("uidmap", "uid"), ("gidmap", "gid")] {
        container.run.all(flag).for_each(|arg| judge(&arg.value, whose, arg.at));
    }
    if let UserNamespace::Auto(options, at) = &container.user_namespace {
        for option in options {
            match option.split_once('=') {
                Some(("uidmapping", map)) => judge(map, "uid", *at),
                Some(("gidmapping", map)) => judge(map, "gid", *at),
                _ => {}
            }
        }
    }
}

pub(super) const TWO_CHOICES: Rule = Rule {
    id: "PL113",
    name: "userns-chosen-twice",
    severity: Severity::Error,
    what: "The user namespace is chosen in two ways that podman does not take together.",
    why: "podman refuses --userns beside --uidmap, --gidmap, --subuidname and --subgidname, a name from /etc/subuid \
          beside ranges, and --userns for a member of a pod, whose user namespace is the pod's: the container does not \
          start.",
    fix: "keep one of them; for a member of a pod write it in the `.pod`",
    bad: "[Container]\nUserNS=auto\nUIDMap=0:200000:65536",
    good: "[Container]\n# without [Container] UserNS=\nUIDMap=0:200000:65536\nGIDMap=0:200000:65536",
    sources: &["A24", "A25", "podman-run(1) --userns"],
    check: Check::Container(two_choices),
};

/// Flags that name ranges, and those that name whose ranges are taken.
const RANGES: &[&str] = &["uidmap", "gidmap"];
const NAMES: &[&str] = &["subuidname", "subgidname"];

fn two_choices(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let run = &container.run;
    let first = |flags: &[&'static str]| flags.iter().find_map(|flag| run.last(flag));
    // Of RemapUsers= only this is not passed on as it is written.
    let userns = run.last("userns").filter(|arg| !arg.value.is_empty() && arg.value != "manual");
    let (ranges, name) = (first(RANGES), first(NAMES));
    if let (Some(userns), Some(other)) = (userns, ranges.or(name)) {
        let message = format!("`--userns={}` beside `--{}`: podman refuses that", userns.value, other.flag);
        found.at(other.at, message).related(userns.at, "chosen here");
    } else if let (Some(ranges), Some(name)) = (ranges, name) {
        let message = format!("`--{}` beside `--{}`: podman refuses that", name.flag, ranges.flag);
        found.at(name.at, message).related(ranges.at, "ranges are named here");
    }
    let unit = container.unit;
    if let (Some(pod), Some(own)) = (unit.last("Container", "Pod"), unit.last("Container", "UserNS")) {
        let message = format!("`UserNS={}` in a member of a pod: podman refuses that", own.unquoted());
        found.at(own.at, message).related(pod.at, "the pod decides");
    }
}

pub(super) const KEEP_ID_BESIDE_AUTO: Rule = Rule {
    id: "PL114",
    name: "keep-id-blocks-auto",
    severity: Severity::Warning,
    what: "Of one user's containers one keeps every id and another wants a range of its own.",
    why: "keep-id without a size and nomap take all subordinate ids of the user: while such a container exists, podman \
          finds none for `UserNS=auto`, and which of the two starts depends on the order.",
    fix: "limit the one with `UserNS=keep-id:size=…`, or let all of them be `auto`",
    bad: "# one.container\n[Container]\nUserNS=keep-id\n# two.container\n[Container]\nUserNS=auto:size=1024\n\
          [Install]\nWantedBy=default.target",
    good: "# one.container\n[Container]\nUserNS=keep-id:size=1024\n# two.container\n[Container]\n\
           UserNS=auto:size=1024\n[Install]\nWantedBy=default.target",
    sources: &["A24", "podman-run(1) --userns"],
    check: Check::Across(keep_id_beside_auto),
};

fn keep_id_beside_auto(containers: &[Container<'_>], _: &Scope<'_>, found: &mut Found<'_>) {
    let mut greedy: HashMap<&str, &Container<'_>> = HashMap::new();
    let rootless = || containers.iter().filter(|container| container.profile == Profile::Rootless);
    for container in rootless() {
        let takes_all = match &container.user_namespace {
            UserNamespace::KeepId(..) => container.user_namespace.option("size").is_none(),
            UserNamespace::NoMap(_) => true,
            _ => false,
        };
        if takes_all {
            greedy.entry(owner(container)).or_insert(container);
        }
    }
    for container in rootless() {
        let UserNamespace::Auto(_, at) = &container.user_namespace else { continue };
        let Some(other) = greedy.get(owner(container)) else { continue };
        let message =
            format!("there may be no ids left for {}: {} takes all of its user's", container.name, other.name);
        let elsewhere = other.user_namespace.at().unwrap_or_else(|| other.whole());
        found.about(container.unit, *at, message).related(elsewhere, "all ids are taken here");
    }
}

/// Whose unit it is, as far as its path tells: `…/containers/systemd/users/1000/…`.
fn owner<'a>(container: &Container<'a>) -> &'a str {
    let path = container.unit.file().path();
    path.split_once("/systemd/users/").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default())
}

pub(super) const UNKNOWN: Rule = Rule {
    id: "PL118",
    name: "unknown-userns",
    severity: Severity::Error,
    what: "The user namespace is one that podman does not know, or not for whoever starts the container.",
    why: "podman refuses to start the container. `nomap` is for ordinary users alone.",
    fix: "write `auto`, `auto:size=65536`, `keep-id` or `host`",
    bad: "[Container]\nUserNS=automatic",
    good: "[Container]\nUserNS=auto:size=65536",
    sources: &["A24", "podman-run(1) --userns"],
    check: Check::Container(unknown),
};

fn unknown(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    match &container.user_namespace {
        UserNamespace::Unknown(mode, at) => {
            found.at(*at, format!("podman knows no user namespace `{mode}`"));
        }
        UserNamespace::NoMap(at) if container.profile == Profile::Rootful => {
            found.at(*at, "podman refuses `nomap` where root starts the container");
        }
        _ => {}
    }
}
