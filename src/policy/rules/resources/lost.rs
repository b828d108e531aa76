//! Limits that their reader ignores or refuses, or that do not reach the container.

use super::super::{Check, Found, Rule, Scope};
use crate::{
    diagnostic::Severity,
    model::TimeSpan,
    policy::{
        Effective,
        facts::{
            Arg, Container, Resource, Run, podman_bytes, podman_cpu_micros, systemd_bytes, systemd_cpu_micros,
            systemd_number, systemd_tasks,
        },
        quadlet::Loaded,
    },
    unit::{UnitType, directives},
};

pub(in crate::policy::rules) const RULES: &[Rule] = &[
    Rule {
        id: "PL403",
        name: "limit-not-understood",
        severity: Severity::Error,
        what: "A limit, a time or a policy is written in a way that its reader does not understand.",
        why: "systemd and podman read different spellings. What systemd does not understand it ignores with one line in \
              the journal, and the service runs without the limit: `512m`, `512MB`, a `CPUQuota=` without `%`, \
              `Restart=unless-stopped`. What podman does not understand keeps the container from starting. `512MB` it \
              takes, and reads it as 512 MiB, an info.",
        fix: "write the number in the way that its reader understands",
        bad: "[Service]\nMemoryMax=512m",
        good: "[Service]\nMemoryMax=512M",
        sources: &["B40", "systemd.resource-control(5)", "podman-run(1) --memory", "seen on systemd 252 and 257"],
        check: Check::Several(&[Check::Unit(not_understood), Check::Slice(of_slice_not_understood)]),
    },
    Rule {
        id: "PL410",
        name: "cgroups-not-split",
        severity: Severity::Error,
        what: "podman puts the container elsewhere than into the cgroup of its service.",
        why: "Quadlet passes `--cgroups=split`, so that the container lives inside its service and the limits of \
              [Service] and of the slice hold it. In any other mode they hold podman and conmon alone, and the container \
              runs beside them. With `--cgroup-parent` and split podman refuses to start. Where [Service] limits \
              nothing there is less to lose, and it is a warning.",
        fix: "take CgroupsMode= and --cgroup-parent out, and choose the place with Slice= in [Service]",
        bad: "[Container]\nPodmanArgs=--cgroups=no-conmon",
        good: "[Container]\nPodmanArgs=--cgroups=split",
        sources: &["B39", "CIS 5.25", "podman-run(1) --cgroups", "podman issue 24712"],
        check: Check::Container(not_split),
    },
    Rule {
        id: "PL417",
        name: "limit-directive-gone",
        severity: Severity::Warning,
        what: "A limit is stated with a directive that systemd has given up.",
        why: "It is one of cgroup v1. systemd 257 still takes it, 262 ignores it with a line in the journal: after an \
              upgrade of the host the limit is gone.",
        fix: "state it with the directive that replaces it",
        bad: "[Service]\nMemoryLimit=512M",
        good: "[Service]\nMemoryMax=512M",
        sources: &["B40", "systemd.resource-control(5)", "the directives of systemd 257 and 262"],
        check: Check::Several(&[Check::Unit(of_service_gone), Check::Slice(of_slice_gone)]),
    },
    Rule {
        id: "PL418",
        name: "memory-reservation",
        severity: Severity::Warning,
        what: "`--memory-reservation` is set.",
        why: "It reads like a soft limit and is none: it becomes memory.low of the cgroup, memory that the kernel takes \
              from everybody else first. A container that wants to be held back is protected instead.",
        fix: "use `MemoryHigh=` in [Service] for a soft limit",
        bad: "[Container]\nPodmanArgs=--memory-reservation=256m",
        good: "[Service]\nMemoryHigh=480M",
        sources: &["A39", "podman-run(1) --memory-reservation", "crun(1)"],
        check: Check::Container(reservation),
    },
    Rule {
        id: "PL419",
        name: "pod-limits",
        severity: Severity::Warning,
        what: "A pod is limited, which does not reach its containers.",
        why: "Each member is a service of its own with a cgroup of its own: neither the [Service] of the .pod nor the \
              arguments of `podman pod create` hold it. What they hold is the infra container, which does nothing.",
        fix: "state the limits in each .container, and one Slice= in all of them for their sum",
        bad: "# app.pod\n[Pod]\nPodmanArgs=--memory=512m",
        good: "# app.pod\n[Pod]\nPodName=app\nNetwork=none",
        sources: &["podman issue 23664", "podman issue 13673", "podman-pod-create(1)"],
        check: Check::Unit(pod_limits),
    },
];

/// How systemd reads a directive that limits, times or decides something, and what to write.
struct Reader {
    directives: &'static [&'static str],
    reads: fn(&str) -> bool,
    help: &'static str,
}

const READERS: &[Reader] = &[
    Reader {
        directives: &["MemoryHigh", "MemoryMax", "StartupMemoryHigh", "StartupMemoryMax"],
        reads: |text| systemd_bytes(text).is_some_and(|limit| !limit.is_zero()),
        help: "write bytes, or a number with K, M, G or T",
    },
    Reader {
        directives: &["MemoryLow", "MemoryMin", "MemorySwapMax", "MemoryZSwapMax", "StartupMemorySwapMax"],
        reads: |text| systemd_bytes(text).is_some(),
        help: "write bytes, or a number with K, M, G or T",
    },
    Reader {
        directives: &["CPUQuota"],
        reads: |text| systemd_cpu_micros(text).is_some(),
        help: "write a percentage of one CPU with at most two places, `150%` for one and a half",
    },
    Reader {
        directives: &["TasksMax"],
        reads: |text| systemd_tasks(text).is_some(),
        help: "write a number from 1, or `infinity`",
    },
    Reader {
        directives: &["CPUWeight", "StartupCPUWeight"],
        reads: |text| text == "idle" || is_weight(text),
        help: "write a number from 1 to 10000",
    },
    Reader { directives: &["IOWeight", "StartupIOWeight"], reads: is_weight, help: "write a number from 1 to 10000" },
    Reader {
        directives: &[
            "RestartMaxDelaySec",
            "RestartSec",
            "RuntimeMaxSec",
            "StartLimitInterval",
            "StartLimitIntervalSec",
            "TimeoutAbortSec",
            "TimeoutSec",
            "TimeoutStartSec",
            "TimeoutStopSec",
        ],
        reads: |text| TimeSpan::parse(text).is_ok(),
        help: "write seconds, or numbers with units such as `5min 20s`",
    },
    Reader {
        directives: &["StartLimitBurst"],
        reads: |text| systemd_number(text).is_some_and(|number| u32::try_from(number).is_ok()),
        help: "write a whole number",
    },
    Reader {
        directives: &["Restart"],
        reads: |text| RESTART.contains(&text),
        help: "write `on-failure` or `always`; there is no other name for it, not even podman's `unless-stopped`",
    },
    Reader {
        directives: &["OOMPolicy"],
        reads: |text| ["continue", "stop", "kill"].contains(&text),
        help: "write `kill`, `stop` or `continue`",
    },
    Reader {
        directives: &["OOMScoreAdjust"],
        reads: |text| systemd_number(text.strip_prefix('-').unwrap_or(text)).is_some_and(|score| score <= 1000),
        help: "write a number from -1000 to 1000",
    },
];

/// systemd.service(5) `Restart=`.
const RESTART: &[&str] = &["no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"];

fn is_weight(text: &str) -> bool {
    systemd_number(text).is_some_and(|weight| (1..=10_000).contains(&weight))
}

fn not_understood(loaded: &Loaded<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    ignored(&loaded.unit, &["Unit", "Service"], found);
    if matches!(loaded.unit_type, UnitType::Container | UnitType::Pod) {
        scope.facts(loaded).run.args().iter().for_each(|arg| refused(&loaded.unit, arg, found));
    }
}

fn of_slice_not_understood(slice: &Effective<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    ignored(slice, &["Slice"], found);
}

/// Says what systemd ignores.
fn ignored(unit: &Effective<'_>, sections: &[&str], found: &mut Found<'_>) {
    for section in sections {
        for value in unit.section(section) {
            let Some(reader) = READERS.iter().find(|reader| reader.directives.contains(&value.key)) else { continue };
            let text = value.text.trim();
            if text.is_empty() || (reader.reads)(text) {
                continue;
            }
            let message = format!("systemd ignores `{}={text}`", value.key);
            let finding = found.about(unit, value.at, message).help(reader.help);
            // What podman understands, and nobody else.
            if value.key.starts_with("Memory")
                && let Some(bytes) = podman_bytes(text).filter(|bytes| *bytes > 0)
            {
                finding.help(format!("write `{}={bytes}`", value.key));
            }
        }
    }
}

/// Says what podman refuses, or reads differently than it looks.
fn refused(unit: &Effective<'_>, arg: &Arg<'_>, found: &mut Found<'_>) {
    let text = arg.value.trim();
    let is_size = ["memory", "memory-reservation", "memory-swap", "shm-size"].contains(&arg.flag.as_ref());
    let reads = match arg.flag.as_ref() {
        "memory-swap" if text == "-1" => true,
        _ if is_size => podman_bytes(text).is_some(),
        "cpus" => podman_cpu_micros(text).is_some(),
        "pids-limit" => text.parse::<i64>().is_ok(),
        _ => return,
    };
    // Specifiers and variables are systemd's to fill in, and Go reads more spellings of a number than anybody writes.
    let odd = text.parse::<f64>().is_ok_and(|number| number.is_finite() && number >= 0.0) || text.starts_with("0x");
    if text.contains(['%', '$']) || (!reads && odd) {
        return;
    }
    let name = if arg.is_raw() { format!("--{}", arg.flag) } else { arg.key.name.to_owned() };
    if !reads {
        let message = format!("podman refuses `{name}={}`, and the container does not start", arg.value);
        let finding = found.about(unit, arg.at, message);
        finding.help(if is_size { "write bytes, or a number with k, m or g" } else { "write a number" });
        return;
    }
    let upper = text.to_ascii_lowercase();
    if is_size && ["kb", "mb", "gb", "tb"].iter().any(|unit| upper.ends_with(unit)) {
        let bytes = podman_bytes(text).unwrap_or_default();
        let message = format!("podman reads `{name}={}` as {bytes} bytes, base 1024", arg.value);
        let letter = text.trim_end_matches(['b', 'B']);
        let finding = found.about(unit, arg.at, message).severity(Severity::Info);
        finding.help(format!("write `{letter}`, which says so"));
    }
}

fn not_split(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let mode = container.run.last("cgroups").filter(|arg| arg.value != "split");
    let service = &container.limits(scope.tree).service;
    let limited = [Resource::Memory, Resource::Cpu, Resource::Tasks].iter().any(|of| service.limit(*of).is_some());
    let then = if limited { "the limits of [Service] do not hold it" } else { "[Service] cannot limit it" };
    if let Some(mode) = mode {
        let message = format!("with `--cgroups={}` the container leaves the cgroup of its service: {then}", mode.value);
        let finding = found.at(mode.at, message);
        if !limited {
            finding.severity(Severity::Warning);
        }
    } else if let Some(parent) = container.run.last("cgroup-parent") {
        let message = format!("podman refuses `--cgroup-parent={}` with Quadlet's --cgroups=split", parent.value);
        found.at(parent.at, message);
    }
}

/// What replaces a directive that is gone.
const REPLACED: &[(&str, &str)] = &[
    ("BlockIODeviceWeight", "IODeviceWeight"),
    ("BlockIOReadBandwidth", "IOReadBandwidthMax"),
    ("BlockIOWeight", "IOWeight"),
    ("BlockIOWriteBandwidth", "IOWriteBandwidthMax"),
    ("CPUShares", "CPUWeight"),
    ("MemoryLimit", "MemoryMax"),
    ("StartupBlockIOWeight", "StartupIOWeight"),
    ("StartupCPUShares", "StartupCPUWeight"),
];

fn of_service_gone(loaded: &Loaded<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    gone(&loaded.unit, "Service", found);
}

fn of_slice_gone(slice: &Effective<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    gone(slice, "Slice", found);
}

fn gone(unit: &Effective<'_>, section: &str, found: &mut Found<'_>) {
    for value in unit.section(section).filter(|value| directives::is_gone(value.key)) {
        // The others limit nothing.
        let Some((_, instead)) = REPLACED.iter().find(|(gone, _)| *gone == value.key) else { continue };
        let message = format!("`{}={}` is ignored by newer systemd", value.key, value.text);
        found.at(value.at, message).help(format!("use `{instead}=`"));
    }
}

fn reservation(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if let Some(arg) = container.run.last("memory-reservation") {
        let message = format!("`--memory-reservation={}` protects that memory and limits nothing", arg.value);
        found.at(arg.at, message);
    }
}

fn pod_limits(loaded: &Loaded<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    const FLAGS: &[&str] = &["blkio-weight", "cpu-shares", "cpus", "cpuset-cpus", "memory", "memory-swap"];
    const DIRECTIVES: &[&str] = &["CPUQuota", "MemoryHigh", "MemoryMax", "MemorySwapMax", "TasksMax"];
    if loaded.unit_type != UnitType::Pod {
        return;
    }
    let run = Run::of_pod(&loaded.unit);
    for arg in run.args().iter().filter(|arg| FLAGS.contains(&arg.flag.as_ref())) {
        found.at(arg.at, format!("`--{}={}` does not reach the containers of the pod", arg.flag, arg.value));
    }
    for value in loaded.unit.section("Service").filter(|value| DIRECTIVES.contains(&value.key)) {
        found.at(value.at, format!("`{}={}` does not reach the containers of the pod", value.key, value.text));
    }
}
