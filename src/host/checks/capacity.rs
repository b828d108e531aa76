//! Whether the machine is large enough for what the catalog promises.

use super::{Item, Parts, Said, Scope, a_few, not_applicable, pass, warn};
use crate::{
    model::Memory,
    policy::host::{HostCheck, Status},
};

/// What is left to the host of its memory: a tenth.
const SHARE: u64 = 10;

pub(super) const ITEMS: &[Item] = &[
    Item {
        about: HostCheck {
            id: "HC28",
            name: "machine-size",
            what: "The limits of all services together fit the machine.",
            fails: None,
            warns: Some(
                "together they may have more than nine tenths of the memory or more tasks than there are numbers for, or one may use more CPUs than there are",
            ),
            why: "Limits hold a service back from the others only while there is enough for all. Beyond that the kernel looks for somebody to kill on the whole host, and it need not be the one that took too much.",
            fix: "lower limits (`plimsoll verify --suggest` says what was used), set one over all of them in [slice], or get a larger machine",
            today: Some(
                "CPU time may well be promised more often than it is there: it is shared out by weight. Only a single service that can never reach its limit is told of.",
            ),
            reads: &["/proc/meminfo", "/sys/devices/system/cpu/online", "/proc/sys/kernel/pid_max", "the catalog"],
            sources: &["A39", "A40", "B35", "B47", "cgroups(7)"],
        },
        look: machine,
    },
    Item {
        about: HostCheck {
            id: "HC30",
            name: "swap-without-limit",
            what: "There is no swap, or no service may use it without a limit.",
            fails: None,
            warns: Some("there is swap, and a service has no limit of memory and swap"),
            why: "podman's own limit of memory allows as much swap again. A service that leaks then does not end at its limit but slows the whole host down, and what it had in memory, keys too, is on the disk.",
            fix: "give the service a limit of memory; swap = \"0\" is the default that goes with it",
            today: Some("Swap on zram stays in memory, compressed, and counts all the same."),
            reads: &["/proc/swaps", "the catalog"],
            sources: &["A39", "B40", "podman-run(1) --memory-swap"],
        },
        look: swap,
    },
];

#[expect(clippy::unnecessary_wraps, reason = "every check has this form")]
fn machine(scope: &Scope<'_>) -> Result<Said, String> {
    let Some(catalog) = scope.catalog else { return Ok(not_applicable("without a catalog nothing is promised")) };
    if catalog.services.is_empty() {
        return Ok(not_applicable("the catalog has no services"));
    }
    let mut parts = Parts::default();
    parts.told(memory(scope, catalog.slice.limits.memory.as_ref().map(|limit| limit.value)));
    parts.told(cpus(scope));
    parts.told(tasks(scope, catalog.slice.limits.pids.as_ref().map(|limit| limit.value.service().into())));
    Ok(parts.said(""))
}

fn memory(scope: &Scope<'_>, over_all: Option<Memory>) -> Result<(Status, String), String> {
    let text = scope.root.must("proc/meminfo")?;
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    let total = total.ok_or("/proc/meminfo has no MemTotal")?.saturating_mul(1024);
    let sum = scope
        .services()
        .filter_map(|service| service.limits.memory.as_ref())
        .fold(0_u64, |sum, limit| sum.saturating_add(limit.value.bytes()));
    let most = over_all.map_or(sum, |limit| limit.bytes().min(sum));
    let status = if most > total - total / SHARE { Status::Warn } else { Status::Pass };
    Ok((status, format!("memory: {} of {}", mib(most), mib(total))))
}

fn mib(bytes: u64) -> String {
    format!("{}M", bytes >> 20)
}

fn cpus(scope: &Scope<'_>) -> Result<(Status, String), String> {
    let text = scope.root.must("sys/devices/system/cpu/online")?;
    let there = online(text.trim())
        .ok_or_else(|| format!("/sys/devices/system/cpu/online holds `{}`", text.trim().escape_debug()))?;
    let over: Vec<String> = scope
        .services()
        .filter_map(|service| Some((service, service.limits.cpus.as_ref()?.value)))
        .filter(|(_, cpus)| u64::from(cpus.millis()) > there * 1000)
        .map(|(service, cpus)| format!("{} has {cpus}", service.name))
        .collect();
    Ok(if over.is_empty() {
        (Status::Pass, format!("CPUs: no service has more than {there}"))
    } else {
        (Status::Warn, format!("CPUs: there are {there}, and {}", a_few(&over)))
    })
}

/// `0-3,6`: five of them.
fn online(text: &str) -> Option<u64> {
    text.split(',').try_fold(0_u64, |sum, range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        sum.checked_add(last.checked_sub(first)?.checked_add(1)?)
    })
}

fn tasks(scope: &Scope<'_>, over_all: Option<u64>) -> Result<(Status, String), String> {
    let text = scope.root.must("proc/sys/kernel/pid_max")?;
    let there: u64 = text.trim().parse().map_err(|_| "/proc/sys/kernel/pid_max holds no number")?;
    let sum: u64 = scope
        .services()
        .filter_map(|service| service.limits.pids.as_ref())
        .map(|limit| u64::from(limit.value.service()))
        .sum();
    let most = over_all.map_or(sum, |limit| limit.min(sum));
    let status = if most > there { Status::Warn } else { Status::Pass };
    Ok((status, format!("tasks: {most} of {there}")))
}

fn swap(scope: &Scope<'_>) -> Result<Said, String> {
    let text = scope.root.must("proc/swaps")?;
    let swaps: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split_ascii_whitespace().next()).collect();
    if swaps.is_empty() {
        return Ok(pass("there is no swap"));
    }
    let shown = a_few(&swaps);
    if scope.catalog.is_none() {
        return Ok(not_applicable(format!("there is swap on {shown}, and no catalog says who may use it")));
    }
    let open: Vec<&str> = scope
        .services()
        .filter(|service| service.limits.memory.is_none())
        .map(|service| service.name.as_str())
        .collect();
    Ok(if open.is_empty() {
        pass(format!("there is swap on {shown}, and every service has a limit"))
    } else {
        warn(format!("there is swap on {shown}, and no limit of memory for {}", a_few(&open)))
    })
}

#[cfg(test)]
mod tests {
    use super::online;

    #[test]
    fn cpus_are_counted() {
        assert_eq!([online("0"), online("0-3"), online("0-3,6"), online("")], [Some(1), Some(4), Some(5), None]);
        assert_eq!((online("3-0"), online("x")), (None, None));
    }
}
