//! Starts, stops and restarts.

use super::{
    super::{Check, Found, Rule, Scope},
    SECOND, Time, is_job, pulls, shown,
};
use crate::{
    diagnostic::{Severity, Span},
    policy::facts::Container,
};

pub(in crate::policy::rules) const RULES: &[Rule] = &[
    Rule {
        id: "PL420",
        name: "no-restart-policy",
        severity: Severity::Warning,
        what: "The service is not restarted when it fails.",
        why: "Quadlet sets no Restart= for a container, and systemd's default is `no`: after a crash, or a kill at the \
              memory limit, it stays down until somebody notices.",
        fix: "write `Restart=on-failure` in [Service]",
        bad: "# without [Service] Restart=\n[Service]\nRestartSec=10s",
        good: "[Service]\nRestart=on-failure",
        sources: &["A47", "B37", "CIS 5.15", "systemd.service(5) Restart="],
        check: Check::Container(no_restart),
    },
    Rule {
        id: "PL421",
        name: "start-limit-unreachable",
        severity: Severity::Warning,
        what: "The service is restarted for ever, since its start limit cannot be reached.",
        why: "systemd gives up after StartLimitBurst= starts within StartLimitIntervalSec=, by default 5 within 10 s. With \
              a pause between them that is too long for that, it never does: the service starts and dies day and night, \
              wears out the disk, fills the journal, and never counts as failed, so that OnFailure= tells nobody.",
        fix: "write a `StartLimitIntervalSec=` in [Unit] that is longer than StartLimitBurst= times RestartSec=",
        bad: "# without [Unit] StartLimit\n[Service]\nRestartSec=10s",
        good: "[Unit]\nStartLimitIntervalSec=300\nStartLimitBurst=5\n[Service]\nRestartSec=10s",
        sources: &["A47", "B43", "CIS 5.15", "systemd.unit(5) StartLimitIntervalSec="],
        check: Check::Container(unreachable),
    },
    Rule {
        id: "PL422",
        name: "stop-timeout-order",
        severity: Severity::Error,
        what: "systemd and podman wait for different times until they kill.",
        why: "podman asks the container to stop and kills it after StopTimeout=, by default 10 s; systemd kills all of it \
              after TimeoutStopSec=, by default 90 s. Where systemd's time is the shorter one, a database is cut off \
              while it writes; ten seconds beyond podman's are enough to clean up. Where podman's is not stated, a long \
              time for systemd is a promise that nobody keeps.",
        fix: "write both, with ten seconds between them: `StopTimeout=60` in [Container], `TimeoutStopSec=70` in [Service]",
        bad: "[Container]\nStopTimeout=120\n[Service]\nTimeoutStopSec=70",
        good: "[Container]\nStopTimeout=120\n[Service]\nTimeoutStopSec=130",
        sources: &["B42", "podman-systemd.unit(5) StopTimeout=", "systemd.service(5) TimeoutStopSec="],
        check: Check::Container(stop),
    },
    Rule {
        id: "PL423",
        name: "start-timeout-short",
        severity: Severity::Info,
        what: "The service has little time to start.",
        why: "It starts when the container does, and before that podman may have to pull the image: a gigabyte over a \
              slow line takes longer than systemd's 90 s, the pull is killed, and begins again with the next try. With \
              `Notify=healthy` the time of the first health check is added to it. Less than 90 s is a warning.",
        fix: "write `TimeoutStartSec=300` in [Service], or name an .image unit",
        bad: "# without [Service] TimeoutStartSec\n[Service]\nRestart=always",
        good: "[Service]\nTimeoutStartSec=300",
        sources: &["B42", "podman-systemd.unit(5)", "systemd.service(5) TimeoutStartSec="],
        check: Check::Container(start),
    },
    Rule {
        id: "PL424",
        name: "start-limit-default",
        severity: Severity::Info,
        what: "Half of the start limit is stated, and the other half is left to the host.",
        why: "What is not stated comes from DefaultStartLimitIntervalSec= and DefaultStartLimitBurst= of the host, 10 s \
              and 5 unless somebody changed them. Five starts within 10 s and five within 300 s are very different \
              things: whether the service is ever given up then depends on where it runs.",
        fix: "write `StartLimitIntervalSec=300` and `StartLimitBurst=5` in [Unit]",
        bad: "# without [Unit] StartLimitBurst\n[Unit]\nStartLimitIntervalSec=300",
        good: "[Unit]\nStartLimitIntervalSec=300\nStartLimitBurst=5",
        sources: &["A47", "systemd-system.conf(5) DefaultStartLimitBurst="],
        check: Check::Container(start_limit_default),
    },
    Rule {
        id: "PL425",
        name: "restart-without-pause",
        severity: Severity::Info,
        what: "The service is restarted at once.",
        why: "systemd's default pause is 100 ms: while a database, a mount or a network is away for some seconds, the \
              starts are used up, and the service stays failed after all is well again.",
        fix: "write `RestartSec=10s` in [Service], and a start limit that goes with it",
        bad: "# without [Service] RestartSec\n[Service]\nRestart=on-failure",
        good: "[Service]\nRestart=on-failure\nRestartSec=10s",
        sources: &["B43", "systemd.service(5) RestartSec="],
        check: Check::Container(without_pause),
    },
];

/// What `Restart=` says, if it says that there are restarts.
fn restarts(container: &Container<'_>) -> Option<(String, Span)> {
    let value = container.service("Restart")?;
    let policy = value.text.trim();
    (policy != "no").then(|| (policy.to_owned(), value.at))
}

fn no_restart(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if restarts(container).is_none() && !is_job(container) {
        let at = container.service("Restart").map_or_else(|| container.unit.header("Service"), |value| value.at);
        found.at(at, format!("{} stays down when it fails: Restart= is not set", container.name));
    }
}

/// The start limit: the time, the number of starts and where they stand. `[Service]` is where they stood once.
fn start_limit(container: &Container<'_>) -> (Option<Time>, Option<(u64, Span)>) {
    const INTERVAL: &[(&str, &str)] =
        &[("Service", "StartLimitInterval"), ("Unit", "StartLimitInterval"), ("Unit", "StartLimitIntervalSec")];
    let burst = ["Unit", "Service"].into_iter().find_map(|section| {
        let value = container.unit.last(section, "StartLimitBurst")?;
        Some((value.text.trim().parse().ok()?, value.at))
    });
    (Time::of(container.unit, INTERVAL), burst)
}

fn unreachable(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    const DEFAULT_INTERVAL: u64 = 10 * SECOND;
    const DEFAULT_BURST: u64 = 5;
    const DEFAULT_PAUSE: u64 = SECOND / 10;
    let Some((policy, at)) = restarts(container) else { return };
    let (interval, burst) = start_limit(container);
    if let Some(interval) = interval.as_ref().filter(|interval| interval.micros == 0) {
        let message = format!("`{}` switches the start limit off: `Restart={policy}` goes on for ever", interval.said);
        found.at(interval.at, message).related(at, "the restarts");
        return;
    }
    if container.service("RestartSteps").is_some() || is_job(container) {
        return;
    }
    let pause = Time::of(container.unit, &[("Service", "RestartSec")]);
    let (pause_micros, place) = pause.as_ref().map_or((DEFAULT_PAUSE, at), |pause| (pause.micros, pause.at));
    let within = interval.as_ref().map_or(DEFAULT_INTERVAL, |interval| interval.micros);
    let starts = burst.map_or(DEFAULT_BURST, |(starts, _)| starts);
    let takes = starts.saturating_mul(pause_micros);
    if takes < within || within == u64::MAX {
        return;
    }
    let of_whom = if interval.is_none() { "systemd's default of " } else { "" };
    let message = format!(
        "{starts} restarts with {} between them take {}, and the limit counts those within {of_whom}{}",
        shown(pause_micros),
        shown(takes),
        shown(within)
    );
    let needed = takes.saturating_add(starts.saturating_mul(SECOND)).div_ceil(SECOND);
    let finding =
        found.at(place, message).help(format!("write a `StartLimitIntervalSec=` of more than {needed} in [Unit]"));
    if let Some(interval) = interval {
        finding.related(interval.at, "the time in which starts are counted");
    }
    if let Some(on_failure) = container.unit.last("Unit", "OnFailure") {
        finding.related(on_failure.at, "never told");
    }
}

/// podman-run(1) `--stop-timeout`, and the defaults of systemd-system.conf(5) for starts and stops.
const PODMAN_STOP: u64 = 10 * SECOND;
const SYSTEMD_DEFAULT: u64 = 90 * SECOND;

fn stop(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    const MARGIN: u64 = 10 * SECOND;
    let podman = container.run.last("stop-timeout").and_then(|arg| {
        let seconds: i64 = arg.value.trim().parse().ok()?;
        let micros = if seconds < 0 { u64::MAX } else { seconds.unsigned_abs().saturating_mul(SECOND) };
        Some((micros, format!("StopTimeout={}", arg.value), arg.at))
    });
    let systemd = Time::timeout(container.unit, "TimeoutStopSec");
    match (podman, systemd) {
        (None, None) => {}
        (Some((inner, said, at)), systemd) => {
            let outer = systemd.as_ref().map_or(SYSTEMD_DEFAULT, |time| time.micros);
            let whose =
                systemd.as_ref().map_or_else(|| "systemd's default".to_owned(), |time| format!("`{}`", time.said));
            if outer < inner {
                let message = format!("`{said}` is cut off at {} by {whose}", shown(outer));
                let finding = found.at(at, message);
                if let Some(time) = systemd {
                    finding.related(time.at, "systemd's time");
                }
            } else if outer - inner < MARGIN && outer != u64::MAX {
                let message = format!("{whose} leaves podman {} after `{said}`", shown(outer - inner));
                found.at(systemd.map_or(at, |time| time.at), message).severity(Severity::Warning);
            } else if systemd.is_none() {
                let message =
                    format!("`{said}` is held by whatever time the host gives a stop: TimeoutStopSec= is not set");
                found.at(at, message).severity(Severity::Info);
            }
        }
        (None, Some(time)) if time.micros < PODMAN_STOP => {
            let message = format!("`{}` cuts podman's default of 10 s off", time.said);
            found.at(time.at, message).severity(Severity::Warning);
        }
        (None, Some(time)) if time.micros > PODMAN_STOP + MARGIN => {
            let message = format!("podman kills after its default of 10 s, however long `{}` is", time.said);
            // Whoever wants more than the default has a reason to.
            let severity = if time.micros > SYSTEMD_DEFAULT { Severity::Warning } else { Severity::Info };
            found.at(time.at, message).severity(severity).help("add `StopTimeout=` to [Container], ten seconds less");
        }
        (None, Some(_)) => {}
    }
}

fn start(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if is_job(container) {
        return;
    }
    let healthy = container.unit.last("Container", "Notify").filter(|value| value.unquoted() == "healthy");
    let time = Time::timeout(container.unit, "TimeoutStartSec");
    let what = match (pulls(container), &healthy) {
        (true, Some(_)) => "the pull and the first health check",
        (true, None) => "the pull",
        (false, Some(_)) => "the first health check",
        (false, None) => return,
    };
    match time {
        None => {
            let at = container.unit.header("Service");
            let finding = found.at(at, format!("{what} must be done within systemd's default of 90 s"));
            if let Some(healthy) = healthy {
                finding.severity(Severity::Warning).related(healthy.at, "waits for the first health check");
            }
        }
        Some(time) if time.micros < SYSTEMD_DEFAULT => {
            found.at(time.at, format!("{what} must be done within `{}`", time.said)).severity(Severity::Warning);
        }
        Some(_) => {}
    }
}

fn start_limit_default(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let Some((_, at)) = restarts(container) else { return };
    let (interval, burst) = start_limit(container);
    // Where the limit is off there is nothing to count.
    if interval.as_ref().is_some_and(|interval| interval.micros == 0) {
        return;
    }
    let missing = match (interval, burst) {
        (None, Some(_)) => "StartLimitIntervalSec=",
        (Some(_), None) => "StartLimitBurst=",
        (None, None) | (Some(_), Some(_)) => return,
    };
    found.at(at, format!("{missing} is not set: the host says when {} is given up", container.name));
}

fn without_pause(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let Some((policy, at)) = restarts(container) else { return };
    match Time::of(container.unit, &[("Service", "RestartSec")]) {
        None => {
            found.at(at, format!("`Restart={policy}` waits 100 ms between starts: RestartSec= is not set"));
        }
        Some(pause) if pause.micros < SECOND => {
            found.at(pause.at, format!("`{}` leaves {} between starts", pause.said, shown(pause.micros)));
        }
        Some(_) => {}
    }
}
