//! The files of cgroup v2 as the kernel writes them (Documentation/admin-guide/cgroup-v2.rst), and the names that
//! systemd gives to the directories. What is garbled is `None`, never a number.

/// A number of a limit, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Most {
    /// So many.
    Exactly(u64),
    /// `max`.
    Unlimited,
}

/// `cpu.max`: so much CPU time in so much time, both in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuMax {
    /// The CPU time.
    pub quota: Most,
    /// The time, never 0.
    pub period: u64,
}

impl CpuMax {
    /// Whether it is a quota of so many microseconds in 100 ms, to the last digit.
    pub fn is(self, micros: u64) -> bool {
        match self.quota {
            Most::Exactly(quota) => u128::from(quota) * 100_000 == u128::from(micros) * u128::from(self.period),
            Most::Unlimited => false,
        }
    }

    /// The microseconds in 100 ms, where that is a whole number.
    pub fn micros(self) -> Option<u64> {
        let Most::Exactly(quota) = self.quota else { return None };
        let product = u128::from(quota) * 100_000;
        let period = u128::from(self.period);
        if product.is_multiple_of(period) { u64::try_from(product / period).ok() } else { None }
    }
}

/// A file of one number: `memory.max`, `pids.peak`.
pub fn number(text: &str) -> Option<Most> {
    match text.trim_end() {
        "max" => Some(Most::Unlimited),
        digits => whole(digits).map(Most::Exactly),
    }
}

/// `cpu.max`: `400000 100000`, `max 100000`.
pub fn cpu_max(text: &str) -> Option<CpuMax> {
    let mut words = text.split_ascii_whitespace();
    let quota = number(words.next()?)?;
    let period = whole(words.next()?).filter(|period| *period > 0)?;
    words.next().is_none().then_some(CpuMax { quota, period })
}

/// The processes of `cgroup.procs`. A process that cannot be seen from here is 0, and left out.
pub fn processes(text: &str) -> Vec<u32> {
    let numbers = text.lines().filter_map(|line| whole(line.trim_end()).and_then(|pid| u32::try_from(pid).ok()));
    numbers.filter(|pid| *pid > 0).collect()
}

/// A count of a flat file of them: `oom_kill` of `memory.events`.
pub fn count(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| whole(line.strip_prefix(name)?.strip_prefix(' ')?.trim_end()))
}

/// Whether `cgroup.controllers` names a controller.
pub fn has_controller(text: &str, name: &str) -> bool {
    text.split_ascii_whitespace().any(|word| word == name)
}

/// Digits and nothing else: the kernel writes neither signs nor spaces.
pub(super) fn whole(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// systemd: `cgroup_controller_to_string`.
const CONTROLLERS: &[&str] = &[
    "cpu",
    "cpuacct",
    "cpuset",
    "io",
    "blkio",
    "memory",
    "devices",
    "pids",
    "bpf-firewall",
    "bpf-devices",
    "bpf-foreign",
    "bpf-socket-bind",
    "bpf-restrict-network-interfaces",
];

/// The directory of a unit. What could be taken for a file of the kernel gets a `_` (systemd: `cg_escape`):
/// `memory.service` is `_memory.service`.
pub fn directory(unit: &str) -> String {
    let begins_like_a_file = |name: &str| unit.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    let is_escaped = unit.starts_with(['_', '.'])
        || ["notify_on_release", "release_agent", "tasks"].contains(&unit)
        || begins_like_a_file("cgroup")
        || CONTROLLERS.iter().any(|controller| begins_like_a_file(controller));
    if is_escaped { format!("_{unit}") } else { unit.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_digits_or_max() {
        assert_eq!(number("536870912\n"), Some(Most::Exactly(536_870_912)));
        assert_eq!(number("max\n"), Some(Most::Unlimited));
        for garbled in ["", "\n", "-1", "+1", " 1", "1 2", "0x10", "max 1", "18446744073709551616", "١"] {
            assert_eq!(number(garbled), None, "{garbled:?}");
        }
    }

    #[test]
    fn cpu_time_is_a_ratio() {
        let read = |text| cpu_max(text).expect(text);
        assert!(read("400000 100000\n").is(400_000));
        assert!(read("4000000 1000000\n").is(400_000));
        assert!(!read("399999 100000\n").is(400_000));
        assert!(!read("max 100000\n").is(400_000));
        assert_eq!(read("1000 40000\n").micros(), Some(2500));
        assert_eq!(read("1 3\n").micros(), None);
        assert_eq!(read(&format!("{0} {0}", u64::MAX)).micros(), Some(100_000));
        for garbled in ["", "400000", "400000 0", "400000 100000 1", "max max", "a b"] {
            assert_eq!(cpu_max(garbled), None, "{garbled:?}");
        }
    }

    #[test]
    fn lists_are_read_line_by_line() {
        assert_eq!(processes("12\n0\n7\nx\n99999999999\n-3\n"), [12, 7]);
        let events = "low 0\nhigh 4\nmax 12\noom 1\noom_kill 2\noom_group_kill 0\n";
        assert_eq!((count(events, "oom_kill"), count(events, "oom"), count(events, "none")), (Some(2), Some(1), None));
        assert!(has_controller("cpuset cpu io memory pids\n", "memory"));
        assert!(!has_controller("memoryx cpu\n", "memory"));
    }

    #[test]
    fn directories_are_named_as_systemd_names_them() {
        for (unit, directory_name) in [
            ("web.service", "web.service"),
            (r"services-my\x2dapp.slice", r"services-my\x2dapp.slice"),
            ("memory.service", "_memory.service"),
            ("io.slice", "_io.slice"),
            ("cgroup.service", "_cgroup.service"),
            ("memory-cache.service", "memory-cache.service"),
            ("_x.service", "__x.service"),
        ] {
            assert_eq!(directory(unit), directory_name);
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[0-9max \\n-]{0,24}|\\PC{0,24}") {
            let _ = (number(&text), cpu_max(&text).map(|cpu| (cpu.micros(), cpu.is(7))), processes(&text));
            let _ = (count(&text, "oom_kill"), has_controller(&text, "cpu"), directory(&text));
        }
    }
}
