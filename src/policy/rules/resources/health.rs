//! Health checks, alarms and logs.

use super::{
    super::{Check, Found, Rule, Scope},
    is_job,
};
use crate::{
    diagnostic::{Severity, nearest},
    policy::facts::Container,
};

pub(in crate::policy::rules) const RULES: &[Rule] = &[
    Rule {
        id: "PL430",
        name: "no-healthcheck",
        severity: Severity::Info,
        what: "Nothing looks whether the service still works.",
        why: "systemd sees that a process is there, not that it answers. A check that fails can end the container, so \
              that it is restarted. The image may bring a check of its own; what follows from it is said here all the \
              same.",
        fix: "write `HealthCmd=` and `HealthOnFailure=kill`",
        bad: "# without [Container] Health\n[Container]\nUser=1000",
        good: "[Container]\nHealthCmd=[\"true\"]",
        sources: &["CIS 5.27", "podman-run(1) --health-cmd"],
        check: Check::Container(no_check),
    },
    Rule {
        id: "PL431",
        name: "health-action",
        severity: Severity::Warning,
        what: "What follows from a failed health check does not fit systemd.",
        why: "With `restart` podman restarts the container on its own: systemd does not count it, and the start limit \
              never ends it. podman-run(1) recommends `kill` or `stop` under systemd, which then restarts by its own \
              rules. With `none`, the default and an info, an unhealthy container goes on as if it were well.",
        fix: "write `HealthOnFailure=kill`",
        bad: "[Container]\nHealthOnFailure=restart",
        good: "[Container]\nHealthOnFailure=kill",
        sources: &["podman-run(1) --health-on-failure"],
        check: Check::Container(action),
    },
    Rule {
        id: "PL432",
        name: "no-failure-notification",
        severity: Severity::Info,
        what: "Nobody is told when the service fails for good.",
        why: "After the last restart systemd marks it failed and goes on. `OnFailure=` starts a unit that tells somebody, \
              with the name of the one that failed.",
        fix: "write `OnFailure=` in [Unit], with a unit that sends a message",
        bad: "# without [Unit] OnFailure\n[Unit]\nDescription=Web",
        good: "[Unit]\nOnFailure=alarm.service",
        sources: &["B38", "A56", "systemd.unit(5) OnFailure="],
        check: Check::Container(no_alarm),
    },
    Rule {
        id: "PL433",
        name: "log-unbounded",
        severity: Severity::Warning,
        what: "The log is written to a file without an end, to nowhere, where the host pleases, or by a driver that is none.",
        why: "The files of `k8s-file` and `json-file` lie in podman's storage and grow until it is full, unless `max-size` \
              is given. The journal has a size of its own, and keeps who said what and when. With `none` nothing is \
              left to look at. Where no driver is named, containers.conf decides, an info; one that podman does not \
              know keeps the container from starting, an error.",
        fix: "write `LogDriver=journald`",
        bad: "[Container]\nLogDriver=k8s-file",
        good: "[Container]\nLogDriver=journald",
        sources: &["A07", "B14", "podman-run(1) --log-driver"],
        check: Check::Container(log),
    },
];

fn no_check(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if is_job(container) {
        return;
    }
    let off = container.run.on("no-healthcheck");
    let check = container.run.last("health-cmd").filter(|arg| !arg.value.is_empty());
    match (off, check) {
        (Some(off), _) => {
            found.at(off.at, format!("the health check of {} is switched off", container.name));
        }
        (None, Some(arg)) if arg.value == "none" => {
            found.at(arg.at, format!("the health check of {} is switched off", container.name));
        }
        (None, None) => {
            found.at(container.whole(), format!("nothing looks whether {} still answers", container.name));
        }
        (None, Some(_)) => {}
    }
}

fn action(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let check = container.run.last("health-cmd").filter(|arg| !["", "none"].contains(&arg.value.as_ref()));
    match container.run.last("health-on-failure") {
        Some(arg) if arg.value == "restart" => {
            found.at(arg.at, "podman restarts what systemd should");
        }
        Some(arg) if arg.value != "none" => {}
        other => {
            let Some(check) = check else { return };
            let at = other.map_or(check.at, |arg| arg.at);
            found.at(at, "nothing follows when the health check fails").severity(Severity::Info);
        }
    }
}

fn no_alarm(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if container.unit.last("Unit", "OnFailure").is_none() {
        found.at(container.unit.header("Unit"), format!("nobody is told when {} fails", container.name));
    }
}

fn log(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let Some(driver) = container.run.last("log-driver").filter(|arg| !arg.value.is_empty()) else {
        let finding = found.at(container.whole(), "the log goes where the containers.conf of the host says");
        finding.severity(Severity::Info);
        return;
    };
    match driver.value.as_ref() {
        "k8s-file" | "json-file" => {
            let sized = container.run.all("log-opt").any(|arg| arg.value.starts_with("max-size="));
            if !sized {
                found.at(driver.at, format!("the log file of `{}` grows until the disk is full", driver.value));
            }
        }
        "none" => {
            found.at(driver.at, format!("nothing of what {} says is kept", container.name));
        }
        driver_name if DRIVERS.contains(&driver_name) || driver_name.contains(['%', '$']) => {}
        other => {
            let finding =
                found.at(driver.at, format!("podman knows no log driver `{other}`")).severity(Severity::Error);
            match nearest(other, DRIVERS.iter().copied()) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help(format!("write one of {}", DRIVERS.join(", "))),
            };
        }
    }
}

/// The drivers of podman-run(1) `--log-driver`.
const DRIVERS: &[&str] = &["journald", "k8s-file", "json-file", "none", "passthrough", "passthrough-tty"];
