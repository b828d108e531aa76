//! `/etc/subuid` and `/etc/subgid` (subuid(5)): which ids of the host belong to whom, beside the one of their own.
//!
//! A line is `OWNER:START:COUNT`. Blank lines and lines that begin with `#` say nothing. Readers differ over other lines:
//! shadow's tools pass over them, and a podman that reads the file itself gives up at the first. So they are kept.

/// The user whose ids `UserNS=auto` takes unless storage.conf names another (containers-storage.conf(5)).
pub const POOL_OWNER: &str = "containers";

/// The highest id there is. The one above it, 4294967295, is -1: no id (chown(2)).
pub const LAST_ID: u64 = 4_294_967_294;

/// The first id that is negative where somebody takes it for a signed number of 32 bits (systemd: `UIDS-GIDS.md`).
pub const SIGNED: u64 = 1 << 31;

/// The ids below belong to the host: its system, its users, and 65534, which is nobody (systemd: `UIDS-GIDS.md`).
pub const FIRST_FREE: u64 = 65_536;

/// A range of ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubRange {
    /// Whose it is: a name, or a number.
    pub owner: String,
    /// The first id.
    pub start: u64,
    /// How many.
    pub count: u64,
    /// The line it stands in, from 1.
    pub line: usize,
}

/// What is wrong with a range on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It holds no id.
    Empty,
    /// It goes on where there are no ids.
    BeyondLast,
    /// It takes ids of the host's own.
    OfTheHost,
    /// It has ids that some programs take for negative.
    Signed,
}

impl SubRange {
    /// The last id; none where there is no id in it, or no such number.
    pub fn last(&self) -> Option<u64> {
        self.start.checked_add(self.count.checked_sub(1)?)
    }

    /// Whether an id is in it.
    pub fn holds(&self, id: u64) -> bool {
        id >= self.start && id - self.start < self.count
    }

    /// Whether it shares an id with another one.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.count > 0 && other.count > 0 && (self.holds(other.start) || other.holds(self.start))
    }

    /// What is wrong with it.
    pub fn flaws(&self) -> Vec<Flaw> {
        if self.count == 0 {
            return vec![Flaw::Empty];
        }
        // What is no number is further than the last one.
        let last = self.last().unwrap_or(u64::MAX);
        [(last > LAST_ID, Flaw::BeyondLast), (self.start < FIRST_FREE, Flaw::OfTheHost), (last >= SIGNED, Flaw::Signed)]
            .into_iter()
            .filter_map(|(is_so, flaw)| is_so.then_some(flaw))
            .collect()
    }
}

/// A line that is no range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which, from 1.
    pub line: usize,
    /// Why, as a phrase.
    pub why: &'static str,
}

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubIds {
    /// The ranges, in their order.
    pub ranges: Vec<SubRange>,
    /// The lines that are none.
    pub broken: Vec<Broken>,
}

impl SubIds {
    /// Reads a file.
    pub fn parse(text: &str) -> Self {
        let mut ids = Self::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match range(line, at + 1) {
                Ok(range) => ids.ranges.push(range),
                Err(why) => ids.broken.push(Broken { line: at + 1, why }),
            }
        }
        ids
    }

    /// The ranges of somebody who goes by any of these names.
    pub fn of<'s>(&'s self, names: &'s [&str]) -> impl Iterator<Item = &'s SubRange> {
        self.ranges.iter().filter(move |range| names.contains(&range.owner.as_str()))
    }

    /// How many different ids somebody has, whatever lies between them.
    pub fn capacity(&self, names: &[&str]) -> u64 {
        let mut spans: Vec<(u64, u64)> =
            self.of(names).filter_map(|range| Some((range.start, range.last()?.min(LAST_ID)))).collect();
        spans.retain(|(start, last)| start <= last);
        spans.sort_unstable();
        let mut next = 0;
        let mut count = 0;
        for (start, last) in spans {
            let start = start.max(next);
            if start <= last {
                count += last - start + 1;
                next = last + 1;
            }
        }
        count
    }

    /// Ranges that share ids. Each range that shares any is in at least one pair, the earlier line first.
    pub fn overlaps(&self) -> Vec<(&SubRange, &SubRange)> {
        let mut sorted: Vec<&SubRange> = self.ranges.iter().filter(|range| range.count > 0).collect();
        sorted.sort_by_key(|range| (range.start, range.line));
        let mut furthest: Option<&SubRange> = None;
        let mut pairs = Vec::new();
        let last = |range: &SubRange| range.last().unwrap_or(u64::MAX);
        for range in sorted {
            if let Some(before) = furthest.filter(|before| last(before) >= range.start) {
                pairs.push(if before.line < range.line { (before, range) } else { (range, before) });
            }
            if furthest.is_none_or(|before| last(before) < last(range)) {
                furthest = Some(range);
            }
        }
        pairs.sort_by_key(|(first, second)| (first.line, second.line));
        pairs
    }
}

fn range(line: &str, number: usize) -> Result<SubRange, &'static str> {
    let fields: Vec<&str> = line.split(':').collect();
    let &[owner, start, count] = fields.as_slice() else {
        return Err("it is not OWNER:START:COUNT");
    };
    if owner.is_empty() {
        return Err("it names no owner");
    }
    let id = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().ok()).flatten()
    };
    let start = id(start).ok_or("its start is no number")?;
    let count = id(count).ok_or("its count is no number")?;
    Ok(SubRange { owner: owner.to_owned(), start, count, line: number })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_ranges_comments_or_broken() {
        let text = "# users\n\nalice:100000:65536\n 1000:165536:65536 \ncontainers:1073741824:536870912\nbob:1\n:1:2\nbob:x:1\nbob:1:-1\nbob:1:2:3\n";
        let ids = SubIds::parse(text);
        let owners: Vec<_> = ids.ranges.iter().map(|range| (range.owner.as_str(), range.line)).collect();
        assert_eq!(owners, [("alice", 3), ("1000", 4), ("containers", 5)]);
        assert_eq!(ids.broken.iter().map(|broken| broken.line).collect::<Vec<_>>(), [6, 7, 8, 9, 10]);
        assert_eq!(ids.capacity(&["alice", "1000"]), 131_072);
        assert_eq!(ids.capacity(&["nobody"]), 0);
    }

    #[test]
    fn flaws_of_a_range() {
        let flaws = |start: u64, count: u64| SubRange { owner: "x".to_owned(), start, count, line: 1 }.flaws();
        assert_eq!(flaws(100_000, 65_536), []);
        assert_eq!(flaws(100_000, 0), [Flaw::Empty]);
        assert_eq!(flaws(65_535, 1), [Flaw::OfTheHost]);
        assert_eq!(flaws(SIGNED - 1, 1), []);
        assert_eq!(flaws(SIGNED - 1, 2), [Flaw::Signed]);
        // The range of podman's manual ends with the last id there is; one more does not.
        assert_eq!(flaws(2_147_483_647, 2_147_483_648), [Flaw::Signed]);
        assert_eq!(flaws(2_147_483_647, 2_147_483_649), [Flaw::BeyondLast, Flaw::Signed]);
        assert_eq!(flaws(u64::MAX, 2), [Flaw::BeyondLast, Flaw::Signed]);
    }

    /// Files with all that such a file may hold, on numbers so small that ids can be counted one by one.
    fn lines() -> impl Strategy<Value = Vec<String>> {
        let range = (prop_oneof!["alice", "bob", "containers", "1000"], 0_u64..60, 0_u64..12)
            .prop_map(|(owner, start, count)| format!("{owner}:{start}:{count}"));
        let odd = prop_oneof![
            "#[a-z: ]{0,8}",
            "",
            " *",
            "[a-z]{0,3}:[0-9x]{0,2}",
            "alice:1:2:3",
            "bob:99999999999999999999:1"
        ];
        prop::collection::vec(prop_oneof![4 => range, 1 => odd], 0..16)
    }

    fn held<'r>(ranges: impl Iterator<Item = &'r SubRange>) -> BTreeSet<u64> {
        ranges.flat_map(|range| range.start..range.start + range.count).collect()
    }

    proptest! {
        #[test]
        fn what_is_counted_is_what_is_there(lines in lines()) {
            let ids = SubIds::parse(&lines.join("\n"));
            let blank = |line: &&String| { let line = line.trim(); line.is_empty() || line.starts_with('#') };
            prop_assert_eq!(ids.ranges.len() + ids.broken.len(), lines.iter().filter(|line| !blank(line)).count());
            for range in &ids.ranges {
                let text = format!("{}:{}:{}", range.owner, range.start, range.count);
                prop_assert_eq!(lines[range.line - 1].trim(), text);
            }
            for names in [&["alice"][..], &["alice", "1000"], &["containers"]] {
                prop_assert_eq!(ids.capacity(names), held(ids.of(names)).len() as u64);
            }
        }

        #[test]
        fn whatever_overlaps_is_told_and_nothing_else(lines in lines()) {
            let ids = SubIds::parse(&lines.join("\n"));
            let pairs = ids.overlaps();
            let shares = |a: &SubRange, b: &SubRange| {
                !held([a].into_iter()).is_disjoint(&held([b].into_iter()))
            };
            for (first, second) in &pairs {
                prop_assert!(first.line < second.line && shares(first, second) && first.overlaps(second));
            }
            let told: BTreeSet<usize> = pairs.iter().flat_map(|(a, b)| [a.line, b.line]).collect();
            let shared: BTreeSet<usize> = ids.ranges.iter()
                .filter(|a| ids.ranges.iter().any(|b| a.line != b.line && shares(a, b)))
                .map(|range| range.line)
                .collect();
            prop_assert_eq!(told, shared);
        }

        #[test]
        fn great_numbers_are_numbers(start in any::<u64>(), count in any::<u64>(), other in any::<u64>()) {
            let ids = SubIds::parse(&format!("a:{start}:{count}\nb:{other}:{count}\na:{other}:1\n"));
            prop_assert_eq!(ids.ranges.len(), 3);
            let first = &ids.ranges[0];
            let last = u128::from(start) + u128::from(count);
            prop_assert_eq!(first.flaws().contains(&Flaw::BeyondLast), count > 0 && last - 1 > u128::from(LAST_ID));
            prop_assert_eq!(first.flaws().contains(&Flaw::Signed), count > 0 && last > u128::from(SIGNED));
            prop_assert_eq!(first.holds(other), other >= start && u128::from(other) < last);
            prop_assert!(ids.capacity(&["a"]) <= LAST_ID + 1);
            let _ = ids.overlaps();
        }

        #[test]
        fn nothing_panics(text in "[a:0-9#\\n ]{0,60}|\\PC{0,60}") {
            let ids = SubIds::parse(&text);
            let _ = (ids.overlaps().len(), ids.capacity(&["a"]), ids.ranges.iter().map(SubRange::flaws).count());
        }
    }
}
