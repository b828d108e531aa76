//! The load line: one number in every layer.

use super::super::{Check, Found, Rule, Scope};
use crate::{
    diagnostic::Severity,
    policy::{
        Effective,
        facts::{Container, Layer, Limit, Limits, Resource, SliceLayer, Stated, bytes, cpus, podman_bytes},
    },
    render::is_ours,
};

pub(in crate::policy::rules) const RULES: &[Rule] = &[
    Rule {
        id: "PL401",
        name: "no-memory-limit",
        severity: Severity::Error,
        what: "Neither podman nor [Service] limits the memory.",
        why: "A leak, or somebody who sends large requests, takes the memory of the host. Then the kernel picks what to \
              kill among everything that runs there: often the largest process, which need not be the guilty one. With \
              a limit it kills in this service alone. A slice that several services share limits their sum, and one of \
              them can still starve the others: that alone is a warning.",
        fix: "state one number twice, `PodmanArgs=--memory=512M` in [Container] and `MemoryMax=512M` in [Service]",
        bad: "# without [Container] PodmanArgs=--memory\n# without [Service] Memory\n[Container]\nUser=1000",
        good: "[Container]\nPodmanArgs=--memory=536870912b\n[Service]\nMemoryMax=536870912",
        sources: &["A39", "B40", "CIS 5.11", "systemd.resource-control(5) MemoryMax="],
        check: Check::Container(no_memory),
    },
    Rule {
        id: "PL402",
        name: "no-cpu-limit",
        severity: Severity::Error,
        what: "Neither podman nor [Service] limits the CPU time.",
        why: "A loop, or a miner, takes every CPU. Weights and shares (`CPUWeight=`, `--cpu-shares`) only divide what is \
              asked for at the same moment and hold nothing back while the rest is idle, so they count as none. In a \
              catalog that is an error: stating the number is what a catalog is for. Elsewhere it is a warning, since the \
              host slows down and nothing is killed.",
        fix: "state one number twice, `PodmanArgs=--cpus=1.5` in [Container] and `CPUQuota=150%` in [Service]",
        bad: "# without [Container] PodmanArgs=--cpus\n# without [Service] CPUQuota\n[Service]\nCPUWeight=50",
        good: "[Container]\nPodmanArgs=--cpus=1\n[Service]\nCPUQuota=100%",
        sources: &["A40", "B40", "CIS 5.12", "systemd.resource-control(5) CPUQuota="],
        check: Check::Container(no_cpu),
    },
    Rule {
        id: "PL404",
        name: "no-pids-limit",
        severity: Severity::Error,
        what: "Neither podman nor [Service] states how many tasks there may be.",
        why: "Processes and threads share one table with the host: a fork bomb in a container keeps root from logging \
              in. Where nobody states a number, podman's default of 2048 holds, which containers.conf may change or \
              lift, and which twenty containers use up together: that is a warning.",
        fix: "write `PidsLimit=256` in [Container] and, with 64 more for podman itself, `TasksMax=320` in [Service]",
        bad: "# without [Service] TasksMax\n[Container]\nPidsLimit=-1",
        good: "[Container]\nPidsLimit=256",
        sources: &["B40", "CIS 5.29", "podman-run(1) --pids-limit", "systemd.resource-control(5) TasksMax="],
        check: Check::Container(no_tasks),
    },
    Rule {
        id: "PL405",
        name: "limit-layer-mismatch",
        severity: Severity::Error,
        what: "An outer layer allows less than an inner one, or two layers state different numbers.",
        why: "The smallest number of all layers holds. Where the outer one is smaller, the inner one is never reached: \
              the container sizes its caches and pools by a limit it does not have, `podman stats` shows it, and the \
              kernel kills at the other. An outer number that is larger is harmless, and only an info. TasksMax= needs \
              64 more than PidsLimit=, since conmon and the threads of podman live in the service's cgroup too.",
        fix: "state the same number in every layer",
        bad: "[Container]\nPodmanArgs=--memory=1g --memory-swap=1g\n[Service]\nMemoryMax=512M",
        good: "[Container]\nPodmanArgs=--memory=512m --memory-swap=512m\n[Service]\nMemoryMax=512M",
        sources: &["B39", "B40", "cgroups(7)", "podman-run(1) --memory"],
        check: Check::Container(mismatch),
    },
    Rule {
        id: "PL406",
        name: "limit-layer-missing",
        severity: Severity::Warning,
        what: "A limit stands in one layer and is missing in another.",
        why: "Each layer holds where the other does not. podman's limit travels with the container, is what it sees, and \
              holds in every cgroup mode; that of [Service] also holds podman, conmon and image pulls, and stays when \
              an argument of podman is lost or ignored; that of the slice is the last one. One number in every layer \
              costs nothing. For tasks podman and systemd have defaults, and it is an info.",
        fix: "state the number in the missing layer too",
        bad: "# without [Service] MemoryMax\n[Service]\nRestart=always",
        good: "[Service]\nMemoryMax=536870912",
        sources: &["B39", "B33", "B40"],
        check: Check::Container(missing),
    },
    Rule {
        id: "PL407",
        name: "swap-unbounded",
        severity: Severity::Warning,
        what: "Memory is limited, and swap is not.",
        why: "What exceeds the limit is swapped out instead of being stopped: systemd leaves swap without a limit, and \
              podman takes as much again as the memory. The service crawls, the disk is busy, and the host suffers for \
              it. Where another layer around or beneath states it, it is only an info.",
        fix: "write `MemorySwapMax=0` in [Service] and give `--memory-swap` the number of `--memory`",
        bad: "# without [Container] PodmanArgs=--memory-swap\n# without [Service] MemorySwapMax\n[Service]\n\
              Restart=always",
        good: "[Container]\nPodmanArgs=--memory=536870912 --memory-swap=536870912\n[Service]\nMemorySwapMax=0",
        sources: &["A39", "podman-run(1) --memory-swap", "systemd.resource-control(5) MemorySwapMax="],
        check: Check::Several(&[Check::Container(swap), Check::Slice(of_slice_swap)]),
    },
    Rule {
        id: "PL408",
        name: "memory-high",
        severity: Severity::Info,
        what: "`MemoryHigh=` is missing, above `MemoryMax=`, or far below it.",
        why: "At MemoryHigh= the kernel slows the service down and takes memory back; at MemoryMax= it kills. Above \
              MemoryMax= it never works, a warning; below 60 % of it the service crawls long before it is full. Equal \
              to it, it says on purpose that the service is to be killed and restarted rather than slowed down.",
        fix: "write `MemoryHigh=` with the number of MemoryMax=, or 90 % of it",
        bad: "[Service]\nMemoryHigh=600M\nMemoryMax=512M",
        good: "[Service]\nMemoryHigh=480M\nMemoryMax=512M",
        sources: &["B40", "systemd.resource-control(5) MemoryHigh="],
        check: Check::Container(high),
    },
];

fn no_memory(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    unlimited(Resource::Memory, container, scope, found, "");
}

fn no_cpu(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let weight = container.service("CPUWeight").map(|value| format!("CPUWeight={}", value.text));
    let shares = container.run.last("cpu-shares").map(|arg| format!("--cpu-shares={}", arg.value));
    let but = weight.or(shares).map(|said| format!(": {said} is a share, no limit")).unwrap_or_default();
    unlimited(Resource::Cpu, container, scope, found, &but);
}

fn no_tasks(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    unlimited(Resource::Tasks, container, scope, found, ": podman's default of 2048 is all that holds");
}

/// Says that neither podman nor `[Service]` limits a resource.
fn unlimited(resource: Resource, container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>, but: &str) {
    let limits = container.limits(scope.tree);
    if limits.podman.limit(resource).is_some() || limits.service.limit(resource).is_some() {
        return;
    }
    let name = resource.name();
    let lifted = limits.podman.stated(resource).or(limits.service.stated(resource));
    if let Some(slice) = limits.slices.iter().find(|slice| slice.layer.limit(resource).is_some()) {
        let message = format!("only {} limits the {name}, for everything in it together", slice.unit.file().name());
        let at = lifted.map_or_else(|| container.whole(), |stated| stated.at);
        found.at(at, message).severity(Severity::Warning);
    } else if let Some(lifted) = lifted {
        found.at(lifted.at, format!("`{}` leaves the {name} of {} without a limit", lifted.said, container.name));
    } else if !is_misread(resource, container, &limits) {
        let message = format!("no layer limits the {name} of {}{but}", container.name);
        let finding = found.at(container.whole(), message);
        let of_a_catalog = || is_ours(scope.sources.file(container.unit.file().id).text.as_bytes());
        let mild = match resource {
            Resource::Memory | Resource::Swap => false,
            Resource::Cpu => !of_a_catalog(),
            Resource::Tasks => true,
        };
        if mild {
            finding.severity(Severity::Warning);
        }
    }
}

/// Whether a limit is written down that cannot be told: its reader does not understand it, which PL403 says, or systemd
/// fills it in.
fn is_misread(resource: Resource, container: &Container<'_>, limits: &Limits<'_>) -> bool {
    let by_podman = limits.podman.stated(resource).is_none() && container.run.last(resource.flag()).is_some();
    by_podman || (limits.service.stated(resource).is_none() && container.service(resource.directive()).is_some())
}

/// Tasks that conmon and the threads of podman need beside the payload in the service's cgroup.
const ENGINE_TASKS: u64 = 64;

fn mismatch(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let limits = container.limits(scope.tree);
    for resource in [Resource::Memory, Resource::Swap, Resource::Cpu, Resource::Tasks] {
        let podman = limits.podman.number(resource);
        let service = limits.service.number(resource);
        if let (Some(inner), Some(outer)) = (podman, service) {
            compare(resource, inner, outer, found);
        }
        let Some(inner) = service.or(podman) else { continue };
        for slice in &limits.slices {
            if let Some(outer) = slice.layer.number(resource).filter(|outer| outer.0 < inner.0) {
                let name = slice.unit.file().name();
                below(resource, inner, outer, &format!(" of {name}"), found);
            }
        }
    }
    podman_swap(container, &limits.podman, found);
}

/// Holds podman's number against that of `[Service]`.
fn compare(resource: Resource, inner: (u64, &Stated), outer: (u64, &Stated), found: &mut Found<'_>) {
    // podman reads `--cpus` through a float, and may come out one microsecond short.
    let close = resource == Resource::Cpu && inner.0.abs_diff(outer.0) <= 1;
    if close {
        return;
    }
    if outer.0 < inner.0 {
        below(resource, inner, outer, "", found);
    } else if resource == Resource::Tasks {
        if outer.0 - inner.0 < ENGINE_TASKS {
            let message = format!(
                "`{}` leaves {} beside `{}` for podman and conmon, which need {ENGINE_TASKS}",
                outer.1.said,
                outer.0 - inner.0,
                inner.1.said
            );
            let finding = found.at(outer.1.at, message).severity(Severity::Warning);
            finding.help(format!("write `TasksMax={}`", inner.0.saturating_add(ENGINE_TASKS)));
            finding.related(inner.1.at, "podman's limit");
        }
    } else if outer.0 > inner.0 {
        let message =
            format!("`{}` allows more than podman's `{}`{}", outer.1.said, inner.1.said, units(resource, inner, outer));
        found.at(outer.1.at, message).severity(Severity::Info).related(inner.1.at, "podman's limit");
    }
}

/// Says that an inner number is never reached.
fn below(resource: Resource, inner: (u64, &Stated), outer: (u64, &Stated), whose: &str, found: &mut Found<'_>) {
    let message = format!(
        "`{}` is never reached: `{}`{whose} is less{}",
        inner.1.said,
        outer.1.said,
        units(resource, inner, outer)
    );
    found.at(inner.1.at, message).related(outer.1.at, "the number that holds");
}

/// Both numbers in one unit, where the words that state them do not show it.
fn units(resource: Resource, inner: (u64, &Stated), outer: (u64, &Stated)) -> String {
    match resource {
        Resource::Tasks => String::new(),
        _ => format!(" ({} and {})", resource.show(outer.0), resource.show(inner.0)),
    }
}

/// What crun refuses of `--memory-swap`, which counts memory and swap together.
fn podman_swap(container: &Container<'_>, podman: &Layer, found: &mut Found<'_>) {
    let Some(swap) = container.run.last("memory-swap").filter(|arg| arg.value != "-1") else { return };
    let Some(both) = podman_bytes(swap.value.trim()).filter(|both| *both > 0) else { return };
    let said = format!("--memory-swap={}", swap.value);
    match podman.number(Resource::Memory) {
        None => {
            let finding = found.at(swap.at, format!("`{said}` without a --memory keeps the container from starting"));
            finding.help("state --memory too: --memory-swap counts memory and swap together");
        }
        Some((memory, stated)) if both < memory => {
            let message = format!(
                "`{said}` is less than `{}`: it counts memory and swap together, and podman refuses it",
                stated.said
            );
            found.at(swap.at, message).related(stated.at, "the memory").help("give both the same number for no swap");
        }
        Some(_) => {}
    }
}

fn missing(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let limits = container.limits(scope.tree);
    // The slice of this container alone: one that others share limits their sum, if anything.
    let own = limits.slices.first().filter(|slice| scope.tenants.get(&slice.unit.index()) == Some(&1));
    for resource in [Resource::Memory, Resource::Cpu, Resource::Tasks] {
        let (podman, service) = (limits.podman.limit(resource), limits.service.limit(resource));
        match (podman, service) {
            (None, None) => continue,
            (Some(stated), None) => lacks(container.unit, "Service", resource, (stated, true), found),
            (None, Some(stated)) => lacks(container.unit, "Container", resource, (stated, false), found),
            (Some(_), Some(_)) => {}
        }
        let Some(stated) = service.or(podman) else { continue };
        if let Some(SliceLayer { unit, .. }) = own.filter(|slice| slice.layer.limit(resource).is_none()) {
            lacks(unit, "Slice", resource, (stated, service.is_none()), found);
        }
    }
}

/// Says that a layer does not state a limit that another one does, and whether that one is podman.
fn lacks(
    unit: &Effective<'_>,
    section: &str,
    resource: Resource,
    (stated, by_podman): (&Stated, bool),
    found: &mut Found<'_>,
) {
    let (layer, instead) = match section {
        "Container" => ("podman".to_owned(), format!("--{}", resource.flag())),
        "Service" => ("[Service]".to_owned(), format!("{}=", resource.directive())),
        _ => (unit.file().name().to_owned(), format!("{}=", resource.directive())),
    };
    let message = format!("`{}` limits the {}, and {layer} has no {instead}", stated.said, resource.name());
    let finding = found.about(unit, unit.header(section), message);
    finding.related(stated.at, "the limit that there is");
    if resource == Resource::Tasks {
        // podman's default of 2048 and the host's DefaultTasksMax= stand in for it.
        finding.severity(Severity::Info);
    }
    if let Some(number) = stated.limit.exactly() {
        finding.help(match resource {
            Resource::Tasks => tasks_help(section, number, by_podman),
            _ => format!("add `{}`", in_layer(section, resource, number)),
        });
    }
}

/// How to state a number of tasks in one layer that another one has: those around podman count its own too.
fn tasks_help(section: &str, number: u64, by_podman: bool) -> String {
    let around = |inside: u64| format!("TasksMax={}", inside.saturating_add(ENGINE_TASKS));
    match section {
        "Container" if number > ENGINE_TASKS => format!("add `PidsLimit={}`", number - ENGINE_TASKS),
        "Container" => format!("add `PidsLimit={number}` and write `{}` in [Service]", around(number)),
        _ if by_podman => format!("add `{}`", around(number)),
        _ => format!("add `TasksMax={number}`"),
    }
}

/// How a layer states a number.
fn in_layer(section: &str, resource: Resource, number: u64) -> String {
    let podman = section == "Container";
    // systemd counts hundredths of a percent, and less than podman's number would be the one that holds.
    let hundredths = number.div_ceil(10);
    match resource {
        Resource::Memory | Resource::Swap if podman => format!("PodmanArgs=--{}={number}b", resource.flag()),
        Resource::Memory | Resource::Swap => format!("{}={number}", resource.directive()),
        Resource::Cpu if podman => format!("PodmanArgs=--cpus={}", cpus(number)),
        Resource::Cpu if hundredths.is_multiple_of(100) => format!("CPUQuota={}%", hundredths / 100),
        Resource::Cpu => format!("CPUQuota={}.{:02}%", hundredths / 100, hundredths % 100),
        Resource::Tasks if podman => format!("PidsLimit={number}"),
        Resource::Tasks => format!("TasksMax={number}"),
    }
}

fn swap(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let limits = container.limits(scope.tree);
    let bounded = limits.layers().any(|layer| layer.limit(Resource::Swap).is_some());
    let severity = if bounded { Severity::Info } else { Severity::Warning };
    if let Some(memory) = unbounded(&limits.service) {
        let message = format!("`{}` limits the memory, and [Service] has no MemorySwapMax=", memory.said);
        found.at(memory.at, message).severity(severity).help("add `MemorySwapMax=0`");
    }
    let stated = container.run.last("memory-swap").is_some_and(|arg| arg.value != "-1");
    let memory = unbounded(&limits.podman).filter(|_| !stated);
    if let Some((memory, number)) = memory.and_then(|memory| Some((memory, memory.limit.exactly()?))) {
        let message = format!("`{}` lets the container take {} of swap as well", memory.said, bytes(number));
        found.at(memory.at, message).severity(severity).help(format!("add `PodmanArgs=--memory-swap={number}b`"));
    }
}

fn of_slice_swap(slice: &Effective<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    if let Some(memory) = unbounded(scope.tree.layer_of(slice)) {
        let message = format!("`{}` limits the memory, and the slice has no MemorySwapMax=", memory.said);
        found.at(memory.at, message).severity(Severity::Info).help("add `MemorySwapMax=0`");
    }
}

/// The limit of memory of a layer that says nothing of swap, or that it has no end.
fn unbounded(layer: &Layer) -> Option<&Stated> {
    layer.limit(Resource::Memory).filter(|_| layer.limit(Resource::Swap).is_none())
}

fn high(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let service = &container.limits(scope.tree).service;
    let Some(max) = service.limit(Resource::Memory) else { return };
    let Some(high) = &service.memory_high else {
        found.at(max.at, format!("`{}` without a MemoryHigh= leaves open what happens before it", max.said));
        return;
    };
    let (Limit::Exactly(high_bytes), Limit::Exactly(max_bytes)) = (high.limit, max.limit) else { return };
    if high_bytes > max_bytes {
        let message = format!("`{}` is never reached: `{}` is less", high.said, max.said);
        found.at(high.at, message).severity(Severity::Warning).related(max.at, "the limit");
    } else if high_bytes < max_bytes / 5 * 3 {
        let percent = u128::from(high_bytes) * 100 / u128::from(max_bytes.max(1));
        let message = format!("`{}` slows the service down at {percent} % of `{}`", high.said, max.said);
        found.at(high.at, message).related(max.at, "the limit");
    }
}
