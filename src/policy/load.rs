//! What the services of a host use of what they may: what `top` tells.

use std::ops::Range;

use super::promise::{FULL, Usage};

/// A service, and what it uses now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// The catalog that it is of.
    pub catalog: String,
    /// The user whose manager runs it; nothing for the system's.
    pub user: Option<u32>,
    /// The unit that runs it: `web.service`.
    pub unit: String,
    /// Whether its container runs.
    pub is_running: bool,
    /// How it stands, in a few words: `running`, `not running`, `failed (oom-kill)`.
    pub state: String,
    /// What it uses.
    pub usage: Usage,
    /// CPU time used in 100 ms, in microseconds, on average since it was last looked at.
    pub cpu_used: Option<u64>,
    /// How often systemd has restarted it by itself.
    pub restarts: Option<u64>,
    /// The ids on the host that the users in it are, in order and without gaps between two of them.
    pub uids: Option<Vec<Range<u64>>>,
}

/// How much of something is used, in percent, rounded down; nothing where there is no limit, or it is 0.
pub fn percent(used: Option<u64>, limit: Option<u64>) -> Option<u64> {
    let limit = limit.filter(|limit| *limit > 0)?;
    u64::try_from(u128::from(used?) * 100 / u128::from(limit)).ok()
}

/// Whether so many percent of a limit are too near to it.
pub fn is_near(percent: Option<u64>) -> bool {
    percent.is_some_and(|percent| percent >= FULL)
}

impl Load {
    /// The memory that is used of its limit, in percent.
    pub fn memory(&self) -> Option<u64> {
        percent(self.usage.memory_current, self.usage.memory_limit)
    }

    /// The processes and threads that there are of those there may be, in percent.
    pub fn tasks(&self) -> Option<u64> {
        percent(self.usage.tasks_current, self.usage.tasks_limit)
    }

    /// The limits that are nearly reached. Who uses all its CPU time only waits: that is none of them.
    pub fn near_limits(&self) -> Vec<&'static str> {
        let all = [("memory", self.memory()), ("tasks", self.tasks())];
        all.into_iter().filter(|(_, percent)| is_near(*percent)).map(|(name, _)| name).collect()
    }
}

/// Ranges in order, those that touch each other as one.
pub fn joined(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_near_from_eighty_percent_on() {
        let load = |memory, tasks| Load {
            usage: Usage {
                memory_current: Some(memory),
                memory_limit: Some(1000),
                tasks_current: Some(tasks),
                tasks_limit: Some(10),
                ..Usage::default()
            },
            ..Load::default()
        };
        assert_eq!(load(799, 7).near_limits(), [""; 0]);
        assert_eq!(load(800, 7).near_limits(), ["memory"]);
        assert_eq!(load(1001, 8).near_limits(), ["memory", "tasks"]);
        assert_eq!((percent(Some(1), Some(0)), percent(None, Some(1)), percent(Some(1), None)), (None, None, None));
        assert_eq!(percent(Some(u64::MAX), Some(1)), None, "so many are no number");
        assert_eq!(percent(Some(u64::MAX), Some(u64::MAX)), Some(100));
    }

    #[test]
    fn ranges_that_touch_are_one() {
        assert_eq!(joined(vec![1000..1001, 100_000..101_000, 1001..1002]), [1000..1002, 100_000..101_000]);
        assert_eq!(joined(vec![0..10, 2..4]), [Range { start: 0, end: 10 }]);
        assert_eq!(joined(Vec::new()), []);
    }
}
