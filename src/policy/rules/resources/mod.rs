//! `PL4xx`: how much a container may take, how it starts and stops, and who hears of it.

pub(super) mod health;
pub(super) mod lifecycle;
pub(super) mod limits;
pub(super) mod lost;
pub(super) mod memory;
pub(super) mod slices;

use crate::{diagnostic::Span, model::TimeSpan, policy::Effective, policy::facts::Container};

/// A span of time that a directive states.
struct Time {
    /// Microseconds; forever is the largest number.
    micros: u64,
    /// As it stands there: `RestartSec=10s`.
    said: String,
    at: Span,
}

impl Time {
    /// The last assignment to any of some keys that systemd does not ignore.
    fn of(unit: &Effective<'_>, places: &[(&str, &str)]) -> Option<Self> {
        let mut stated = None;
        for section in ["Service", "Unit"] {
            for value in unit.among(section, |key| places.contains(&(section, key))) {
                let text = value.text.trim();
                if let Ok(span) = TimeSpan::parse(text) {
                    let micros = span.micros().unwrap_or(u64::MAX);
                    stated = Some(Self { micros, said: format!("{}={text}", value.key), at: value.at });
                }
            }
        }
        stated
    }

    /// The same where 0 means forever, as it does for the time-outs of a service.
    fn timeout(unit: &Effective<'_>, key: &str) -> Option<Self> {
        let time = Self::of(unit, &[("Service", key), ("Service", "TimeoutSec")])?;
        Some(if time.micros == 0 { Self { micros: u64::MAX, ..time } } else { time })
    }
}

/// A span of time for people.
fn shown(micros: u64) -> String {
    match micros {
        u64::MAX => "forever".to_owned(),
        _ if micros.is_multiple_of(1_000_000) => format!("{} s", micros / 1_000_000),
        _ => format!("{} ms", micros / 1_000),
    }
}

const SECOND: u64 = 1_000_000;

/// Whether it runs to its end and is done, so that neither restarts nor health checks are for it.
fn is_job(container: &Container<'_>) -> bool {
    container.service("Type").is_some_and(|value| value.text.trim() == "oneshot")
}

/// Whether podman may have to pull the image inside the service's cgroup and its time to start.
fn pulls(container: &Container<'_>) -> bool {
    let image = container.unit.last("Container", "Image");
    let of_unit = image.is_none_or(|image| crate::policy::facts::ImageRef::is_unit(image.unquoted()));
    !of_unit && container.run.last("pull").is_none_or(|arg| arg.value != "never")
}
