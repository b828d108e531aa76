//! When a service starts, how long it may take, how often it is tried again, and what it leans on.

use super::{super::fields::Fields, Reference, Scope, resolve, strings};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Origin, Sourced},
    model::{Dependency, DependencyKind, Name, Restart, RestartPolicy, TimeSpan, Timeouts},
};

/// Between podman's kill and systemd's: long enough for podman to clean up.
const STOP_MARGIN: u32 = 10;
/// `StopTimeout=` and `TimeoutStopSec=` unless set, seconds.
const STOP: u32 = 60;
/// `StartLimitIntervalSec=` unless set, seconds.
const INTERVAL: u64 = 300;

const POLICIES: &[RestartPolicy] =
    &["no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"];

/// Reads `[restart]`, whose limit must be one that can be reached: with the default of ten seconds between restarts,
/// systemd's own limit of 5 starts in 10 seconds never is.
pub(super) fn restart(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Restart {
    let word = fields.string("policy");
    let policy = word.as_ref().and_then(|word| POLICIES.iter().find(|p| **p == word.value)).unwrap_or(&"on-failure");
    let sec = fields.noun("sec", TimeSpan::parse).unwrap_or_else(|| Sourced::built_in(TimeSpan::from_secs(10)));
    let burst = fields.bounded("burst").unwrap_or(Sourced::built_in(5));
    // I7 of policy.md: the interval is longer than the burst takes, with a second for each start.
    let needed = sec.value.micros().and_then(|micros| {
        micros.checked_add(1_000_000)?.checked_mul(u64::from(burst.value)).map(|total| total / 1_000_000 + 1)
    });
    let interval = fields.noun("interval", TimeSpan::parse);
    let unreachable = |at: Origin, help: String| {
        Diagnostic::general(format!("the start limit is never reached: {} starts, {} apart", burst.value, sec.value))
            .at_origin(at)
            .help(help)
    };
    let interval = match (interval, needed) {
        (Some(interval), Some(needed)) => {
            if !interval.value.at_least_secs(needed) {
                diagnostics.push(unreachable(
                    interval.origin,
                    format!("the service would restart for ever: write an interval of at least {needed}s"),
                ));
            }
            interval
        }
        (None, Some(needed)) => Sourced::built_in(TimeSpan::from_secs(needed.max(INTERVAL))),
        (interval, None) => {
            diagnostics.push(unreachable(sec.origin, "write a time between restarts that ends".to_owned()));
            interval.unwrap_or_else(|| Sourced::built_in(TimeSpan::from_secs(INTERVAL)))
        }
    };
    Restart { policy: Sourced::new(policy, word.map_or(Origin::BuiltIn, |w| w.origin)), sec, burst, interval }
}

/// Reads `[timeouts]` and `stop_timeout`: systemd waits longer than podman, or it would kill podman while podman is
/// still stopping the container.
pub(super) fn timeouts(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Timeouts {
    let table = fields.table("timeouts");
    let start = table.noun("start", TimeSpan::parse).unwrap_or_else(|| Sourced::built_in(TimeSpan::from_secs(300)));
    let stop = table.noun("stop", TimeSpan::parse);
    let podman = fields.bounded("stop_timeout");
    let margin = u64::from(STOP_MARGIN);
    let (stop, podman_stop) = match (stop, podman) {
        (None, podman) => {
            let podman = podman.unwrap_or(Sourced::built_in(STOP));
            let secs = u64::from(podman.value.max(STOP)) + margin;
            (Sourced::built_in(TimeSpan::from_secs(secs)), podman)
        }
        (Some(stop), None) => {
            let room = stop.value.micros().map_or(u64::MAX, |micros| micros / 1_000_000);
            if room < margin {
                diagnostics.push(
                    Diagnostic::general(format!(
                        "{} for a stop leave podman no time to stop the container",
                        stop.value
                    ))
                    .at_origin(stop.origin)
                    .help(format!("podman gets ten seconds less than systemd: write {} or more", STOP + STOP_MARGIN)),
                );
            }
            let podman = u32::try_from(room.saturating_sub(margin).min(u64::from(STOP))).unwrap_or(STOP);
            (stop, Sourced::built_in(podman))
        }
        (Some(stop), Some(podman)) => {
            if !stop.value.at_least_secs(u64::from(podman.value) + margin) {
                diagnostics.push(too_short(&stop, podman.value).related(podman.origin, "podman's own"));
            }
            (stop, podman)
        }
    };
    Timeouts { start, stop, podman_stop }
}

fn too_short(stop: &Sourced<TimeSpan>, podman: u32) -> Diagnostic {
    let needed = u64::from(podman) + u64::from(STOP_MARGIN);
    Diagnostic::general(format!("systemd would wait {} for a stop that podman gives {podman} seconds", stop.value))
        .at_origin(stop.origin)
        .help(format!("write at least {needed}: ten seconds more than `stop_timeout`"))
}

/// Reads `oom_policy`.
pub(super) fn oom_policy(fields: &Fields<'_>) -> Sourced<&'static str> {
    let word = fields.string("oom_policy");
    let known = ["kill", "stop", "continue"];
    let policy = word.as_ref().and_then(|word| known.into_iter().find(|p| *p == word.value)).unwrap_or("kill");
    Sourced::new(policy, word.map_or(Origin::BuiltIn, |word| word.origin))
}

/// Reads `requires` and its kin.
pub(super) fn dependencies(
    own: &Name,
    fields: &Fields<'_>,
    scope: &Scope<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<Dependency> {
    let kinds = [
        ("requires", DependencyKind::Requires),
        ("wants", DependencyKind::Wants),
        ("binds_to", DependencyKind::BindsTo),
        ("part_of", DependencyKind::PartOf),
        ("after", DependencyKind::After),
        ("before", DependencyKind::Before),
    ];
    let mut dependencies = Vec::new();
    for (key, kind) in kinds {
        for (node, text) in strings(fields, key) {
            let quadlet = text.strip_suffix(".container");
            let (unit, service) = match (text.contains('.'), quadlet) {
                (true, None) => (text.to_owned(), scope.service(text.strip_suffix(".service").unwrap_or(""))),
                (_, short) => {
                    let short = short.unwrap_or(text);
                    let found = resolve(scope.service(short), Reference::Unit, node, short, scope, diagnostics);
                    let Some(service) = found else { continue };
                    (format!("{service}.service"), Some(service))
                }
            };
            if service.as_ref() == Some(own) {
                diagnostics.push(
                    Diagnostic::error("a service that depends on itself", node.span)
                        .help("take its own name out of the list"),
                );
                continue;
            }
            dependencies.push(Dependency { kind, unit, service, origin: node.origin() });
        }
    }
    dependencies
}
