//! Sizes and quotas in the dialects of systemd and podman, read as their readers read them.

/// A limit as systemd reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many bytes, or so many tasks.
    Exactly(u64),
    /// A share of the machine, in hundredths of a percent: how much it is, only the host knows.
    Share(u64),
    /// No limit.
    Infinity,
}

impl Limit {
    /// The number, where it is one.
    pub fn exactly(self) -> Option<u64> {
        match self {
            Self::Exactly(number) => Some(number),
            Self::Share(_) | Self::Infinity => None,
        }
    }

    /// Whether it allows nothing at all.
    pub fn is_zero(self) -> bool {
        matches!(self, Self::Exactly(0) | Self::Share(0))
    }

    /// Whether there is an end to it.
    pub fn is_limit(self) -> bool {
        self != Self::Infinity
    }
}

/// A size of systemd.resource-control(5): bare bytes, or a number with `K`, `M`, `G`, `T`, `P`, `E` (base 1024) or `B`,
/// a sum of them from the greatest to the smallest (`1G500M`), a percentage of the memory, or `infinity`. `None` is what
/// systemd ignores with a warning: `512m`, `512MB` and `150%` among it.
pub fn systemd_bytes(text: &str) -> Option<Limit> {
    const UNITS: &[(&str, u32)] =
        &[("E", 60), ("P", 50), ("T", 40), ("G", 30), ("M", 20), ("K", 10), ("B", 0), ("", 0)];
    if text == "infinity" {
        return Some(Limit::Infinity);
    }
    // As most numbers are written.
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return scaled(text, 1).map(Limit::Exactly);
    }
    if let Some(share) = permyriad(text).filter(|share| *share <= 10_000) {
        return Some(Limit::Share(share));
    }
    let mut total: u64 = 0;
    let mut rest = text;
    // Each unit once, from the greatest to the smallest.
    let mut units = UNITS;
    loop {
        rest = rest.trim_start_matches(is_space);
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(end);
        let tail = tail.trim_start_matches(is_space);
        let at = units.iter().position(|(unit, _)| tail.starts_with(unit))?;
        let (unit, shift) = units[at];
        if !number.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        total = total.checked_add(scaled(number, 1 << shift)?)?;
        units = &units[at + 1..];
        rest = &tail[unit.len()..];
        if rest.is_empty() {
            return Some(Limit::Exactly(total));
        }
    }
}

/// A number of tasks of systemd.resource-control(5): a number from 1, in C's spelling (`0x10`, `010`), a share of what
/// the machine can have, or `infinity`. `None` is what systemd ignores with a warning.
pub fn systemd_tasks(text: &str) -> Option<Limit> {
    if text == "infinity" {
        return Some(Limit::Infinity);
    }
    if let Some(share) = permyriad(text).filter(|share| *share <= 10_000) {
        return Some(Limit::Share(share));
    }
    systemd_number(text).filter(|tasks| (1..u64::MAX).contains(tasks)).map(Limit::Exactly)
}

/// A whole number as systemd reads it, in C's spelling: `320`, `+320`, `0x140`, `0500`.
pub fn systemd_number(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let (radix, digits) = match digits.get(..2) {
        Some("0x" | "0X") => (16, &digits[2..]),
        Some("0o" | "0O") => (8, &digits[2..]),
        Some("0b" | "0B") => (2, &digits[2..]),
        Some(_) if digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    let clean = digits.chars().all(|c| c.is_digit(radix));
    u64::from_str_radix(digits, radix).ok().filter(|_| clean)
}

/// A size of podman in bytes: a number with `b`, `k`, `m`, `g`, `t`, `p` in any case, alone or followed by `b` or `ib`,
/// always base 1024. `None` is what podman refuses.
pub fn podman_bytes(text: &str) -> Option<u64> {
    let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ')? + 1;
    let (number, unit) = text.split_at(end);
    let number = number.strip_suffix(' ').unwrap_or(number);
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        "p" | "pb" | "pib" => 50,
        _ => return None,
    };
    scaled(number.strip_prefix('+').unwrap_or(number), 1 << shift)
}

/// The `size=` of a tmpfs in bytes, as the kernel reads it: a number with `k`, `m`, `g`, `t`, `p` or `e` in any case.
/// `None` is what it refuses, and a percentage of the memory.
pub fn tmpfs_bytes(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        "p" => 50,
        "e" => 60,
        _ => return None,
    };
    scaled(number, 1 << shift)
}

/// `CPUQuota=` in microseconds for a period of 100 ms: `150%` is 150,000. `None` is what systemd ignores.
pub fn systemd_cpu_micros(text: &str) -> Option<u64> {
    // systemd keeps it in an `int`.
    const MAX: u64 = i32::MAX as u64;
    permyriad(text).filter(|share| (1..=MAX).contains(share)).map(|share| share * 10)
}

/// `--cpus` in microseconds for a period of 100 ms: `1.5` is 150,000. `None` is what podman refuses.
pub fn podman_cpu_micros(text: &str) -> Option<u64> {
    scaled(text.strip_prefix('+').unwrap_or(text), 100_000)
}

/// A share as systemd reads it, in hundredths of a percent: `12.34%`, `123.4‰`, `1234‱`.
fn permyriad(text: &str) -> Option<u64> {
    const SIGNS: &[(char, usize)] = &[('%', 2), ('‰', 1), ('‱', 0)];
    let &(sign, places) = SIGNS.iter().find(|(sign, _)| text.ends_with(*sign))?;
    let number = text.strip_suffix(sign)?;
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, after)| (whole, Some(after)));
    if whole.is_empty() || fraction.is_some_and(|after| after.is_empty() || after.len() > places) {
        return None;
    }
    scaled(number, 10_u64.pow(u32::try_from(places).ok()?))
}

/// systemd's white space.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// A decimal number times a factor, rounded down, never through a float; `None` where it is no number or too big.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    // What stands behind the 18th place of a number moves no byte that its reader's float would not move first.
    const PLACES: usize = 18;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction = &fraction[..fraction.len().min(PLACES)];
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let part: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let part = u64::try_from(part * u128::from(factor) / scale).ok()?;
    whole.checked_mul(factor)?.checked_add(part)
}

/// Bytes for people: `512M` where that is exact and short, else the number.
pub fn bytes(number: u64) -> String {
    for (shift, unit) in [(40, 'T'), (30, 'G'), (20, 'M'), (10, 'K')] {
        let factor = 1_u64 << shift;
        if number >= factor && number.is_multiple_of(factor) && number / factor < 10_000 {
            return format!("{}{unit}", number / factor);
        }
    }
    number.to_string()
}

/// A quota of a 100 ms period for people: `1.5`, in CPUs.
pub fn cpus(micros: u64) -> String {
    let (whole, rest) = (micros / 100_000, micros % 100_000);
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{}", format!("{rest:05}").trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The oddities of both dialects, each seen on systemd 257 or read in the source of its reader.
    #[test]
    fn systemd_reads_sizes_its_own_way() {
        let exactly = |number| Some(Limit::Exactly(number));
        for (text, limit) in [
            ("512M", exactly(512 << 20)),
            ("512000000", exactly(512_000_000)),
            ("1.5G", exactly(1536 << 20)),
            ("1G500M", exactly((1 << 30) + (500 << 20))),
            ("1G 500M", exactly((1 << 30) + (500 << 20))),
            ("1K5", exactly(1029)),
            ("512 M", exactly(512 << 20)),
            ("512B", exactly(512)),
            ("10.M", exactly(10 << 20)),
            ("0", exactly(0)),
            ("15E", exactly(15 << 60)),
            ("50%", Some(Limit::Share(5000))),
            ("12.34%", Some(Limit::Share(1234))),
            ("100‰", Some(Limit::Share(1000))),
            ("infinity", Some(Limit::Infinity)),
            ("512m", None),
            ("512k", None),
            ("512MB", None),
            ("512MiB", None),
            ("512000000b", None),
            ("500M1G", None),
            ("1G1G", None),
            (".5G", None),
            ("1.2.3M", None),
            ("150%", None),
            ("16E", None),
            ("-1", None),
            ("M", None),
            ("", None),
            (" ", None),
            ("Infinity", None),
            ("1e3", None),
        ] {
            assert_eq!(systemd_bytes(text), limit, "{text:?}");
        }
    }

    #[test]
    fn systemd_reads_tasks_and_quotas_its_own_way() {
        for (text, tasks) in [
            ("320", Some(Limit::Exactly(320))),
            ("+320", Some(Limit::Exactly(320))),
            ("0x10", Some(Limit::Exactly(16))),
            ("0b11", Some(Limit::Exactly(3))),
            ("010", Some(Limit::Exactly(8))),
            ("0%", Some(Limit::Share(0))),
            ("15%", Some(Limit::Share(1500))),
            ("infinity", Some(Limit::Infinity)),
            ("0", None),
            ("00", None),
            ("-1", None),
            ("1k", None),
            ("0x", None),
            ("", None),
        ] {
            assert_eq!(systemd_tasks(text), tasks, "{text:?}");
        }
        for (text, micros) in [
            ("400%", Some(400_000)),
            ("12.5%", Some(12_500)),
            ("12.34%", Some(12_340)),
            ("0.01%", Some(10)),
            ("400", None),
            ("12.345%", None),
            ("12.%", None),
            (".5%", None),
            ("0%", None),
            ("-5%", None),
            ("infinity", None),
            ("%", None),
            ("21474836.48%", None),
        ] {
            assert_eq!(systemd_cpu_micros(text), micros, "{text:?}");
        }
    }

    #[test]
    fn podman_reads_sizes_its_own_way() {
        for (text, bytes) in [
            ("512m", Some(512 << 20)),
            ("512M", Some(512 << 20)),
            ("512MB", Some(512 << 20)),
            ("512MiB", Some(512 << 20)),
            ("512000000b", Some(512_000_000)),
            ("512000000", Some(512_000_000)),
            ("0.5g", Some(512 << 20)),
            ("512 m", Some(512 << 20)),
            (".5k", Some(512)),
            ("1.9b", Some(1)),
            ("1G500M", None),
            ("512mib2", None),
            ("512x", None),
            ("512bb", None),
            ("50%", None),
            ("-1", None),
            ("infinity", None),
            ("m", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(podman_bytes(text), bytes, "{text:?}");
        }
        assert_eq!(
            [podman_cpu_micros("0.29"), podman_cpu_micros("4"), podman_cpu_micros("x")],
            [Some(29_000), Some(400_000), None]
        );
    }

    #[test]
    fn numbers_are_shown_short() {
        assert_eq!([bytes(512 << 20), bytes(512_000_000), bytes(0)], ["512M", "512000000", "0"]);
        assert_eq!([cpus(400_000), cpus(25_000), cpus(12_345), cpus(0)], ["4", "0.25", "0.12345", "0"]);
    }

    /// What a decimal number of thousandths times a factor comes to, in numbers that cannot overflow.
    fn naive(whole: u64, thousandths: u32, factor: u128) -> u128 {
        u128::from(whole) * factor + u128::from(thousandths) * factor / 1000
    }

    proptest! {
        #[test]
        fn systemd_sizes_are_what_a_big_number_says(whole in any::<u64>(), thousandths in 0_u32..1000, unit in 0_usize..7) {
            let (letter, shift) = [("", 0), ("K", 10), ("M", 20), ("G", 30), ("T", 40), ("P", 50), ("E", 60)][unit];
            let expected = u64::try_from(naive(whole, thousandths, 1 << shift)).ok().map(Limit::Exactly);
            prop_assert_eq!(systemd_bytes(&format!("{whole}.{thousandths:03}{letter}")), expected);
        }

        #[test]
        fn small_sizes_too(whole in 0_u64..20_000, thousandths in 0_u32..1000, unit in 0_usize..5) {
            let (letter, shift) = [("K", 10), ("M", 20), ("G", 30), ("T", 40), ("P", 50)][unit];
            let number = u64::try_from(naive(whole, thousandths, 1 << shift)).ok();
            let text = format!("{whole}.{thousandths:03}");
            prop_assert_eq!(systemd_bytes(&format!("{text}{letter}")), number.map(Limit::Exactly));
            for suffix in [letter.to_owned(), letter.to_lowercase(), format!("{letter}B"), format!("{letter}ib")] {
                prop_assert_eq!(podman_bytes(&format!("{text}{suffix}")), number);
            }
        }

        #[test]
        fn both_dialects_agree_on_cpus(millis in 1_u64..8_192_000) {
            let podman = podman_cpu_micros(&format!("{}.{:03}", millis / 1000, millis % 1000));
            let systemd = systemd_cpu_micros(&format!("{}.{}%", millis / 10, millis % 10));
            prop_assert_eq!(podman, Some(millis * 100));
            prop_assert_eq!(systemd, podman);
            prop_assert_eq!(podman_cpu_micros(&cpus(millis * 100)), podman);
        }

        #[test]
        fn nothing_panics(text in "[0-9.%‰ +\\-kKmMgGEbBix]{0,24}|\\PC{0,12}") {
            let _ = (systemd_bytes(&text), systemd_tasks(&text), systemd_cpu_micros(&text));
            let _ = (podman_bytes(&text), podman_cpu_micros(&text));
        }
    }
}
