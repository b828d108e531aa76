//! Spans of time, in systemd's grammar and in Go's.

use std::fmt;

use super::Invalid;

/// A span of time as systemd reads it (systemd.time(7)): seconds, or numbers with units, or `infinity`. Kept as
/// written, with what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeSpan {
    text: String,
    micros: Option<u64>,
}

/// systemd.time(7), microseconds.
const UNITS: &[(&[&str], u64)] = &[
    (&["usec", "us", "µs", "μs"], 1),
    (&["msec", "ms"], 1_000),
    (&["seconds", "second", "sec", "s"], 1_000_000),
    (&["minutes", "minute", "min", "m"], 60_000_000),
    (&["hours", "hour", "hr", "h"], 3_600_000_000),
    (&["days", "day", "d"], 86_400_000_000),
    (&["weeks", "week", "w"], 604_800_000_000),
    (&["months", "month", "M"], 2_629_800_000_000),
    (&["years", "year", "y"], 31_557_600_000_000),
];

impl TimeSpan {
    /// A whole number of seconds, written as such.
    pub fn from_secs(secs: u64) -> Self {
        Self { text: secs.to_string(), micros: Some(secs.saturating_mul(1_000_000)) }
    }

    /// Reads `300`, `5min 20s`, `1.5h` or `infinity`.
    ///
    /// # Errors
    /// Anything else is refused: systemd would ignore the line and keep its default.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let refuse = || {
            Invalid::new(
                format!("`{}` is not a time span", text.escape_debug()),
                "write seconds, or a number with a unit: \"300\", \"30s\", \"5min 20s\", \"2h\"",
            )
        };
        if text == "infinity" {
            return Ok(Self { text: text.to_owned(), micros: None });
        }
        let mut rest = text;
        let mut total = 0_u64;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let (number, tail) = rest.split_at(end);
            let tail = tail.trim_start_matches(' ');
            let unit_end = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
            let (unit, after) = tail.split_at(unit_end);
            let factor = match unit {
                "" => 1_000_000,
                _ => UNITS.iter().find(|(names, _)| names.contains(&unit)).ok_or_else(refuse)?.1,
            };
            total = scaled(number, factor).and_then(|micros| total.checked_add(micros)).ok_or_else(refuse)?;
            rest = after.trim_start_matches(' ');
        }
        if text.is_empty() || text.trim() != text {
            return Err(refuse());
        }
        Ok(Self { text: text.to_owned(), micros: Some(total) })
    }

    /// Microseconds; `None` is forever.
    pub fn micros(&self) -> Option<u64> {
        self.micros
    }

    /// True where this lasts at least as long as so many seconds.
    pub fn at_least_secs(&self, secs: u64) -> bool {
        self.micros.is_none_or(|micros| micros >= secs.saturating_mul(1_000_000))
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A decimal number times a factor, without a float; `None` where it is no number or too large.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    // systemd ignores a line with `5.s`.
    if fraction.is_empty() {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let mut micros = whole.checked_mul(factor)?;
    let mut place = factor;
    for digit in fraction.chars() {
        place /= 10;
        micros = micros.checked_add(u64::from(digit.to_digit(10)?) * place)?;
    }
    Some(micros)
}

/// Checks a duration as podman reads it (Go's `time.ParseDuration`): `30s`, `1m30s`, `500ms`.
///
/// # Errors
/// Anything else would keep the container from starting.
pub fn go_duration(text: &str) -> Result<(), Invalid> {
    let mut rest = text;
    let mut any = text == "0";
    while !rest.is_empty() && (!any || rest != text) {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let tail = &rest[number..];
        let unit = ["ns", "us", "µs", "ms", "s", "m", "h"]
            .into_iter()
            .filter(|unit| tail.starts_with(unit))
            .max_by_key(|u| u.len());
        match unit {
            Some(unit) if number > 0 && rest[..number].matches('.').count() <= 1 && rest[..number] != *"." => {
                rest = &tail[unit.len()..];
                any = true;
            }
            _ => {
                any = false;
                break;
            }
        }
    }
    if any {
        return Ok(());
    }
    Err(Invalid::new(
        format!("`{}` is not a duration that podman reads", text.escape_debug()),
        "write numbers with units: \"30s\", \"1m30s\", \"500ms\"",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_mean_what_systemd_reads() {
        for (text, secs) in [
            ("300", 300),
            ("10s", 10),
            ("5min 20s", 320),
            ("1h30m", 5400),
            ("0", 0),
            ("1.5h", 5400),
            ("2 days", 172_800),
        ] {
            assert_eq!(TimeSpan::parse(text).map(|t| t.micros()), Ok(Some(secs * 1_000_000)), "{text}");
        }
        assert_eq!(TimeSpan::parse("infinity").map(|t| t.micros()), Ok(None));
        for text in ["", " 1s", "1s ", "s", "1x", "-1", "1..5s", "5.", "5.s", "5 minuten", "1,5s", "1e3"] {
            assert!(TimeSpan::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_of_go() {
        for text in ["30s", "1m30s", "500ms", "0", "1.5h", "0s"] {
            assert_eq!(go_duration(text), Ok(()), "{text}");
        }
        for text in ["", "30", "5min", "s", "1d", ".s", "1s 2s", "-1s", "disable"] {
            assert!(go_duration(text).is_err(), "{text}");
        }
    }
}
