//! The files of a process as the kernel writes them (proc(5)). What is garbled is `None` or left out, never made up.

mod network;

pub use crate::model::mountinfo::{MountPoint, mounts};
pub use network::{addresses_v4, addresses_v6, interfaces, macs};

use super::cgroups::whole;

/// What `/proc/PID/status` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The name of its program, cut to 15 bytes.
    pub name: String,
    /// Its number in each process namespace, the innermost last.
    pub numbers: Vec<u32>,
    /// Its capabilities: inheritable, permitted, effective and ambient.
    pub capabilities: [Option<u64>; 4],
    /// Those it can never have more than.
    pub bounding: Option<u64>,
    /// Whether no program it starts has more privileges.
    pub no_new_privileges: Option<u64>,
    /// 0: none, 1: strict, 2: a filter.
    pub seccomp: Option<u64>,
}

/// The names of [`Status::capabilities`].
pub const CAPABILITY_SETS: [&str; 4] = ["CapInh", "CapPrm", "CapEff", "CapAmb"];

/// Reads `/proc/PID/status`. The name of a program may hold anything; the kernel escapes line ends in it.
pub fn status(text: &str) -> Status {
    let mut status = Status::default();
    let mut is_named = false;
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match key {
            "Name" if !is_named => {
                value.clone_into(&mut status.name);
                is_named = true;
            }
            "NSpid" => status.numbers = value.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect(),
            "CapBnd" => status.bounding = mask(value),
            "NoNewPrivs" => status.no_new_privileges = whole(value),
            "Seccomp" => status.seccomp = whole(value),
            _ => {
                if let Some(at) = CAPABILITY_SETS.iter().position(|name| *name == key) {
                    status.capabilities[at] = mask(value);
                }
            }
        }
    }
    status
}

fn mask(hex: &str) -> Option<u64> {
    let clean = !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    clean.then(|| u64::from_str_radix(hex, 16).ok()).flatten()
}

/// linux/capability.h: the capabilities by their numbers.
const CAPABILITIES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// The set of capabilities with these names; `None` where one is unknown.
pub fn capability_mask<'n>(names: impl IntoIterator<Item = &'n str>) -> Option<u64> {
    names.into_iter().try_fold(0, |mask, name| {
        let at = CAPABILITIES.iter().position(|known| *known == name)?;
        Some(mask | 1_u64 << at)
    })
}

/// The names of a set, those that have none yet by their numbers.
pub fn capability_names(mask: u64) -> String {
    let name = |at: usize| CAPABILITIES.get(at).map_or_else(|| at.to_string(), |name| (*name).to_owned());
    let names: Vec<String> = (0..64).filter(|at| mask >> at & 1 == 1).map(name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(" ") }
}

/// A range of ids of `uid_map` and `gid_map`, from within and from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ids {
    /// The first id inside.
    pub inside: u64,
    /// The id that it is outside.
    pub outside: u64,
    /// How many.
    pub count: u64,
}

impl Ids {
    /// The ids outside, the end not among them.
    pub fn outside(self) -> std::ops::Range<u64> {
        self.outside..self.outside.saturating_add(self.count)
    }
}

/// So many ids there are (`user_namespaces(7)`).
const IDS: u64 = 1 << 32;

/// Reads `uid_map` or `gid_map`; `None` where a line is none.
pub fn id_map(text: &str) -> Option<Vec<Ids>> {
    let line = |line: &str| {
        let mut words = line.split_ascii_whitespace().map(whole);
        let (inside, outside, count) = (words.next()??, words.next()??, words.next()??);
        let is_within = |first: u64| first.checked_add(count).is_some_and(|end| end <= IDS);
        let is_one = words.next().is_none() && count > 0 && is_within(inside) && is_within(outside);
        is_one.then_some(Ids { inside, outside, count })
    };
    text.lines().map(line).collect()
}

/// `attr/current`: the label of the kernel's security module, without the NUL that some end it with.
pub fn label(text: &str) -> &str {
    text.trim_end_matches(['\n', '\0'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATUS: &str = "Name:\tminio\nUmask:\t0022\nPid:\t812\nNSpid:\t812\t1\nCapInh:\t0000000000000000\n\
        CapPrm:\t0000000000000400\nCapEff:\t0000000000000400\nCapBnd:\t0000000000000400\nCapAmb:\t0000000000000000\n\
        NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";

    #[test]
    fn a_status_is_read() {
        let read = status(STATUS);
        assert_eq!((read.name.as_str(), read.numbers.as_slice()), ("minio", &[812, 1][..]));
        assert_eq!(read.capabilities, [Some(0), Some(1024), Some(1024), Some(0)]);
        assert_eq!((read.bounding, read.no_new_privileges, read.seccomp), (Some(1024), Some(1), Some(2)));
    }

    /// A program may call itself anything but with a line end.
    #[test]
    fn a_hostile_name_changes_nothing() {
        let read = status(&STATUS.replace("minio", "Seccomp:\t0\\nCapBnd:"));
        assert_eq!(read.name, "Seccomp:\t0\\nCapBnd:");
        assert_eq!((read.bounding, read.seccomp), (Some(1024), Some(2)));
        let garbled = status("CapBnd:\t+10\nSeccomp:\t-2\nNoNewPrivs:\nCapEff:\t11111111111111111\n");
        assert_eq!(garbled, Status::default());
    }

    #[test]
    fn capabilities_have_names() {
        let mask = capability_mask(["NET_BIND_SERVICE", "CHOWN"]);
        assert_eq!(mask, Some(0x401));
        assert_eq!(capability_mask(["NONSENSE"]), None);
        assert_eq!(capability_names(0x401), "CHOWN NET_BIND_SERVICE");
        assert_eq!(capability_names(1 << 63), "63");
        assert_eq!(capability_names(0), "none");
        assert_eq!(CAPABILITIES[40], "CHECKPOINT_RESTORE");
    }

    #[test]
    fn maps_of_ids_are_read() {
        let ids = |inside, outside, count| Ids { inside, outside, count };
        assert_eq!(id_map("         0 1073741824      65536\n"), Some(vec![ids(0, 1_073_741_824, 65536)]));
        assert_eq!(id_map("0 100000 1000\n1000 1000 1\n"), Some(vec![ids(0, 100_000, 1000), ids(1000, 1000, 1)]));
        assert_eq!(id_map(""), Some(Vec::new()));
        for garbled in ["0 1", "0 1 0", "0 1 2 3", "a b c", "0 -1 5", "0 1 2\nx"] {
            assert_eq!(id_map(garbled), None, "{garbled:?}");
        }
        assert_eq!(ids(0, u64::MAX, 9).outside(), u64::MAX..u64::MAX);
    }

    #[test]
    fn labels_lose_their_end() {
        assert_eq!(label("system_u:system_r:container_t:s0:c1,c2\0"), "system_u:system_r:container_t:s0:c1,c2");
        assert_eq!(label("containers-default-0.62.0 (enforce)\n"), "containers-default-0.62.0 (enforce)");
    }

    /// Whatever wrote these files on this machine is read.
    #[test]
    fn the_kernel_of_this_machine_is_understood() {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/self/{file}")).unwrap();
        let own = status(&read("status"));
        assert!(!own.name.is_empty() && own.bounding.is_some() && own.capabilities.iter().all(Option::is_some));
        assert!(id_map(&read("uid_map")).is_some() && id_map(&read("gid_map")).is_some());
        assert!(mounts(&read("mountinfo")).iter().any(|mount| mount.target == "/"));
        assert!(interfaces(&read("net/dev")).contains(&"lo"));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "((Name|NSpid|CapEff|Seccomp):[\\t 0-9a-f-]{0,20}\\n){0,4}|[0-9 \\n]{0,40}|\\PC{0,40}") {
            let _ = (status(&text), id_map(&text), label(&text), capability_mask([text.as_str()]));
        }
    }
}
