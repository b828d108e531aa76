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
}

/// A size of systemd.resource-control(5): bare bytes, or a number with `K`, `M`, `G`, `T`, `P`, `E` (base 1024) and an
/// optional `B`, a sum of them (`1G500M`), a percentage, or `infinity`. `None` is what systemd ignores with a warning.
pub fn systemd_bytes(text: &str) -> Option<Limit> {
    if text == "infinity" {
        return Some(Limit::Infinity);
    }
    if let Some(share) = text.strip_suffix('%') {
        return scaled_places(share, 100, 2).filter(|share| *share > 0).map(Limit::Share);
    }
    let mut rest = text;
    let mut total: u64 = 0;
    let mut last = u64::MAX;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(end);
        let (factor, after) = factor(tail.trim_start_matches(' '))?;
        // Sums go from the greatest unit to the smallest.
        if factor >= last {
            return None;
        }
        last = factor;
        total = total.checked_add(scaled(number, factor)?)?;
        rest = after.trim_start_matches(' ');
    }
    (!text.is_empty()).then_some(Limit::Exactly(total))
}

fn factor(tail: &str) -> Option<(u64, &str)> {
    const UNITS: &[(&str, u32)] = &[("E", 60), ("P", 50), ("T", 40), ("G", 30), ("M", 20), ("K", 10)];
    for (unit, shift) in UNITS {
        if let Some(after) = tail.strip_prefix(unit) {
            return Some((1 << shift, after.strip_prefix("B").unwrap_or(after)));
        }
    }
    if let Some(after) = tail.strip_prefix('B') {
        return Some((1, after));
    }
    tail.is_empty().then_some((1, ""))
}

/// A size of podman in bytes: a number with `b`, `k`, `m`, `g`, `t`, `p` in any case, alone or followed by `b` or `ib`,
/// always base 1024. `None` is what podman refuses.
pub fn podman_bytes(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.strip_prefix(' ').unwrap_or(unit).to_ascii_lowercase();
    let shift = match unit.as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        "p" | "pb" | "pib" => 50,
        _ => return None,
    };
    scaled(number, 1 << shift)
}

/// `CPUQuota=` in microseconds for a period of 100 ms: `150%` is 150,000. `None` is what systemd ignores.
pub fn systemd_cpu_micros(text: &str) -> Option<u64> {
    scaled_places(text.strip_suffix('%')?, 1_000, 2).filter(|micros| *micros > 0)
}

/// `--cpus` in microseconds for a period of 100 ms: `1.5` is 150,000. `None` is what podman refuses.
pub fn podman_cpu_micros(text: &str) -> Option<u64> {
    scaled(text, 100_000)
}

/// A decimal number times a factor, rounded down; `None` where it is no number or too big.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    scaled_places(number, factor, 18)
}

fn scaled_places(number: &str, factor: u64, places: usize) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) || fraction.len() > places {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let part: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let part = u64::try_from(part * u128::from(factor) / scale).ok()?;
    whole.checked_mul(factor)?.checked_add(part)
}
