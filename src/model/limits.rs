//! The load line: memory, CPU and tasks, parsed once into integers.

use std::fmt;

use super::Invalid;
use crate::diagnostic::Sourced;

/// An amount of memory in bytes, at least 1 where it is a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory(u64);

impl Memory {
    /// The largest amount: podman counts memory and swap together in a signed 64-bit integer.
    pub const MAX: u64 = 8_388_607 << 40;
    /// Up to here podman, which reads sizes through a 64-bit float, reads every one as it is written; beyond, multiples
    /// of 1024.
    const EXACT: u64 = 1 << 53;

    /// An amount in bytes.
    ///
    /// # Errors
    /// More than [`Memory::MAX`] is refused, and what podman would round.
    pub fn from_bytes(bytes: u64) -> Result<Self, Invalid> {
        if bytes > Self::MAX {
            return Err(Invalid::new("the size is larger than podman can count", "write at most 8388607T"));
        }
        if bytes > Self::EXACT && !bytes.is_multiple_of(1024) {
            return Err(Invalid::new(
                format!("podman would round a size of {bytes} bytes"),
                format!("write a multiple of 1024, such as {}", bytes / 1024 * 1024),
            ));
        }
        Ok(Self(bytes))
    }

    /// Reads `512M`: a whole number of bytes, or one with K, M, G, T, KiB, MiB, GiB or TiB, base 1024.
    ///
    /// # Errors
    /// `512MB` and `512m` mean different numbers to different readers (systemd ignores both, podman takes both as base
    /// 1024): refused with the spelling to use. Fractions are refused with the whole number to write.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let rule = "write a whole number of bytes, or one followed by K, M, G or T (base 1024)";
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
        let (number, suffix) = text.split_at(digits);
        if number.is_empty() || number.starts_with('_') {
            return Err(Invalid::new(format!("`{}` is not a size", text.escape_debug()), rule));
        }
        let number = number.replace('_', "");
        let factor = match suffix {
            "" => 1,
            "K" | "KiB" => 1 << 10,
            "M" | "MiB" => 1 << 20,
            "G" | "GiB" => 1 << 30,
            "T" | "TiB" => 1_u64 << 40,
            _ => return Err(Self::refuse_suffix(text, &number, suffix, rule)),
        };
        let too_large = || Invalid::new(format!("`{text}` is larger than podman can count"), "write at most 8388607T");
        let number: u64 = number.parse().map_err(|_| too_large())?;
        Self::from_bytes(number.checked_mul(factor).ok_or_else(too_large)?)
    }

    /// The spelling to use instead of a suffix that is none.
    fn refuse_suffix(text: &str, number: &str, suffix: &str, rule: &str) -> Invalid {
        let shown = text.escape_debug();
        let letter = suffix.trim_start().chars().next().map(|c| c.to_ascii_uppercase());
        match (letter, suffix.trim_start()) {
            (Some('.'), rest) => Self::refuse_fraction(text, number, rest, rule),
            (Some(unit @ ('K' | 'M' | 'G' | 'T')), "KB" | "kB" | "MB" | "GB" | "TB") => Invalid::new(
                format!("`{shown}` could mean base 1000 or base 1024"),
                format!("write `{number}{unit}` for base 1024, or the bytes as a whole number"),
            ),
            (Some(unit @ ('K' | 'M' | 'G' | 'T')), rest) if rest.len() <= 3 => Invalid::new(
                format!("`{shown}` is a size that systemd would ignore"),
                format!("write `{number}{unit}`"),
            ),
            (Some('B'), "B" | "b") => Invalid::new(
                format!("`{shown}` is a size that systemd would ignore"),
                format!("write `{number}`: a number without a letter counts bytes"),
            ),
            (Some('%'), _) => Invalid::new(
                format!("`{shown}` is a share, and podman takes no shares"),
                "write the bytes, so that every layer gets the same number",
            ),
            _ => Invalid::new(format!("`{shown}` is not a size"), rule),
        }
    }

    fn refuse_fraction(text: &str, whole: &str, rest: &str, rule: &str) -> Invalid {
        let mut units = ["K", "M", "G", "T"].iter().enumerate();
        let smaller = units.find(|(_, unit)| rest.ends_with(**unit)).and_then(|(power, _)| {
            let fraction = &rest[1..rest.len() - 1];
            let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
            let value = whole.parse::<u64>().ok()?.checked_mul(scale)?.checked_add(fraction.parse().ok()?)?;
            let bytes_in = value.checked_mul(1024)?;
            let unit = ["", "K", "M", "G"][power];
            bytes_in.is_multiple_of(scale).then(|| format!("write `{}{unit}`", bytes_in / scale))
        });
        Invalid::new(
            format!("`{}` is not a whole number", text.escape_debug()),
            smaller.unwrap_or_else(|| rule.to_owned()),
        )
    }

    /// The amount in bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Memory {
    /// An exact spelling for people: `512M`, `512000000`; a letter only where the number stays short.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (factor, unit) in [(1_u64 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")] {
            if self.0 >= factor && self.0.is_multiple_of(factor) && self.0 / factor < 10_000 {
                return write!(f, "{}{unit}", self.0 / factor);
            }
        }
        write!(f, "{}", self.0)
    }
}

/// An amount of CPU in thousandths of one, from 0.01 to 8192.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpus(u32);

impl Cpus {
    /// Thousandths of one CPU.
    ///
    /// # Errors
    /// Less than 0.01 is refused, since podman and the kernel take no quota below 1 ms in 100 ms; so is more than 8192,
    /// the most CPUs that Linux can be built for.
    pub fn from_millis(millis: u32) -> Result<Self, Invalid> {
        match millis {
            ..10 => Err(Invalid::new("less CPU than the kernel can grant", "write at least 0.01")),
            8_192_001.. => Err(Invalid::new("more CPUs than Linux can have", "write at most 8192")),
            _ => Ok(Self(millis)),
        }
    }

    /// Reads a decimal number with at most three places, as text: never through a float.
    ///
    /// # Errors
    /// Anything else is refused, more than three places among it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let rule = "write the number of CPUs as a decimal with at most three places, such as 4, 1.5 or 0.25";
        let not_a_number = || Invalid::new(format!("`{}` is not a number of CPUs", text.escape_debug()), rule);
        let clean = text.replace('_', "");
        let clean = clean.strip_prefix('+').unwrap_or(&clean);
        let (whole, fraction) = clean.split_once('.').unwrap_or((clean, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || (clean.contains('.') && fraction.is_empty()) {
            return Err(not_a_number());
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > 3 {
            return Err(Invalid::new(format!("`{text}` has more than three decimal places"), rule));
        }
        let thousandths = whole
            .parse::<u32>()
            .ok()
            .and_then(|w| w.checked_mul(1000))
            .zip(format!("{fraction:0<3}").parse::<u32>().ok())
            .and_then(|(w, f)| w.checked_add(f));
        thousandths
            .map_or_else(|| Err(Invalid::new("more CPUs than Linux can have", "write at most 8192")), Self::from_millis)
    }

    /// Thousandths of one CPU.
    pub fn millis(self) -> u32 {
        self.0
    }

    /// The same as systemd's `CPUQuota=`: a percentage with at most one decimal place, `400%`, `12.5%`.
    pub fn quota(self) -> String {
        match self.0 % 10 {
            0 => format!("{}%", self.0 / 10),
            tenth => format!("{}.{tenth}%", self.0 / 10),
        }
    }
}

impl fmt::Display for Cpus {
    /// As podman's `--cpus` takes it: `4`, `0.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1000, self.0 % 1000);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let places = format!("{rest:03}");
        write!(f, "{whole}.{}", places.trim_end_matches('0'))
    }
}

/// A number of tasks: processes and threads, from 1 to 4194304 (the kernel's `PID_MAX_LIMIT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pids(u32);

impl Pids {
    /// Tasks that conmon and the threads of `podman run` need beside the payload in the service's cgroup.
    const ENGINE: u32 = 64;

    /// A number of tasks.
    ///
    /// # Errors
    /// Refuses less than 1 and more than 4194304.
    pub fn new(count: i64) -> Result<Self, Invalid> {
        let help = "write a number from 1 to 4194304, the most tasks that Linux can have";
        match u32::try_from(count) {
            Ok(count @ 1..=4_194_304) => Ok(Self(count)),
            _ => Err(Invalid::new(format!("a limit of {count} tasks"), help)),
        }
    }

    /// What the payload may have.
    pub fn payload(self) -> u32 {
        self.0
    }

    /// What the service and its slice may have: the payload's and the engine's.
    pub fn service(self) -> u32 {
        self.0 + Self::ENGINE
    }
}

/// What happens at the memory limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MemoryPolicy {
    /// `MemoryHigh=` equals `MemoryMax=`: at the limit the kernel kills, systemd restarts.
    #[default]
    Kill,
    /// `MemoryHigh=` at 90 %: the kernel slows the service down and takes memory back before it kills.
    Throttle,
}

impl MemoryPolicy {
    /// The `MemoryHigh=` that goes with a limit, in bytes; never 0, which systemd would ignore.
    pub fn high(self, memory: Memory) -> u64 {
        match self {
            Self::Kill => memory.bytes(),
            // Dividing first would lose the small numbers, multiplying first overflows the large ones.
            Self::Throttle => (memory.bytes() - memory.bytes().div_ceil(10)).max(1),
        }
    }
}

/// The limits of a service, a stack or the fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Memory of the payload and everything beside it.
    pub memory: Option<Sourced<Memory>>,
    /// Swap beyond the memory.
    pub swap: Option<Sourced<Memory>>,
    /// CPUs.
    pub cpus: Option<Sourced<Cpus>>,
    /// Tasks.
    pub pids: Option<Sourced<Pids>>,
    /// What happens at the memory limit.
    pub memory_policy: Option<Sourced<MemoryPolicy>>,
    /// Share of CPU under contention, 1 to 10000 (systemd.resource-control(5)); never counted as a limit.
    pub cpu_weight: Option<Sourced<u32>>,
    /// Share of I/O under contention, 1 to 10000.
    pub io_weight: Option<Sourced<u32>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_spellings() {
        for (text, bytes) in [
            ("0", 0),
            ("1", 1),
            ("512000000", 512_000_000),
            ("512M", 536_870_912),
            ("512MiB", 536_870_912),
            ("1K", 1024),
            ("2G", 2 << 30),
            ("8388607T", 8_388_607 << 40),
        ] {
            assert_eq!(Memory::parse(text).map(Memory::bytes), Ok(bytes), "{text}");
        }
        for (text, help) in [
            ("512MB", "512M"),
            ("512m", "`512M`"),
            ("512mb", "`512M`"),
            ("512b", "`512`"),
            ("1.5G", "`1536M`"),
            ("0.5G", "`512M`"),
            ("1.25M", "`1280K`"),
            ("50%", "bytes"),
            ("8388608T", "at most"),
            ("9223372036854775807", "at most"),
            ("9007199254740993", "9007199254740992"),
            ("99999999999999999999", "at most"),
            ("", "whole number"),
            ("-1", "whole number"),
            ("1 G", "`1G`"),
            ("lots", "whole number"),
        ] {
            let refused = Memory::parse(text).expect_err(text);
            assert!(refused.help.contains(help), "{text}: {refused:?}");
        }
    }

    #[test]
    fn cpus_in_both_dialects() {
        for (text, millis, podman, quota) in [
            ("4", 4000, "4", "400%"),
            ("0.25", 250, "0.25", "25%"),
            ("0.125", 125, "0.125", "12.5%"),
            ("1.50", 1500, "1.5", "150%"),
            ("0.01", 10, "0.01", "1%"),
            ("8192", 8_192_000, "8192", "819200%"),
            ("0.2900", 290, "0.29", "29%"),
        ] {
            let cpus = Cpus::parse(text).expect(text);
            assert_eq!(
                (cpus.millis(), cpus.to_string(), cpus.quota()),
                (millis, podman.into(), quota.into()),
                "{text}"
            );
        }
        for text in ["0", "0.009", "1.2345", "1e3", "inf", "nan", "-1", "8192.001", "1.", ".5", "99999999999", ""] {
            assert!(Cpus::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn throttling_leaves_a_tenth() {
        let high = |bytes| MemoryPolicy::Throttle.high(Memory(bytes));
        assert_eq!([high(1000), high(10), high(1), high(Memory::MAX)], [900, 9, 1, 8_301_033_843_608_833_228]);
    }
}
