//! Limits, as far as they hold the container.

use crate::policy::facts::{Container, Limit, podman_bytes, podman_cpu_micros, systemd_bytes, systemd_cpu_micros};

/// How many processes it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pids {
    /// A number that the unit gives, at most [`MANY_PIDS`].
    Few,
    /// podman's default of 2048 (containers.conf(5), `pids_limit`), or a greater number.
    Many,
    /// No limit.
    Unlimited,
}

/// The greatest limit of processes that counts as one. It is eight times the median that container benchmarks
/// suggest, and 1/8 of the kernel's own `pid_max` on a small machine.
const MANY_PIDS: u64 = 4096;

/// Where a limit is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stated {
    /// To systemd and to podman.
    Twice,
    /// To one of them.
    Once,
    /// Nowhere.
    Nowhere,
}

/// Whether limits of `[Service]` hold the container: only where podman makes its cgroup beneath that of the service.
pub(super) fn in_service_cgroup(container: &Container<'_>) -> bool {
    let split = container.run.last("cgroups").is_none_or(|arg| arg.value == "split");
    split && container.run.last("cgroup-parent").is_none()
}

/// What `[Service]` says for a directive, where it holds the container.
fn of_service<T>(container: &Container<'_>, directive: &'static str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    container.service(directive).filter(|_| in_service_cgroup(container)).and_then(|value| read(value.text.trim()))
}

fn stated(service: bool, podman: bool) -> Stated {
    match (service, podman) {
        (true, true) => Stated::Twice,
        (false, false) => Stated::Nowhere,
        _ => Stated::Once,
    }
}

/// The limit of memory.
pub(super) fn memory(container: &Container<'_>) -> Stated {
    let service = of_service(container, "MemoryMax", systemd_bytes).is_some_and(|max| max != Limit::Infinity);
    stated(service, memory_of_podman(container).is_some())
}

/// `--memory` in bytes; 0 is podman's word for no limit.
fn memory_of_podman(container: &Container<'_>) -> Option<u64> {
    container.run.last("memory").and_then(|arg| podman_bytes(&arg.value)).filter(|bytes| *bytes > 0)
}

/// The limit of processor time.
pub(super) fn cpu(container: &Container<'_>) -> Stated {
    let cpus = container.run.last("cpus").and_then(|arg| podman_cpu_micros(&arg.value));
    stated(
        of_service(container, "CPUQuota", systemd_cpu_micros).is_some(),
        cpus.is_some_and(|micros| micros > 0) || container.run.last("cpu-quota").is_some(),
    )
}

/// Whether the swap it may use has no bound of its own: podman's default is as much again as its memory.
pub(super) fn swap(container: &Container<'_>) -> bool {
    let service = of_service(container, "MemorySwapMax", systemd_bytes);
    let podman = container.run.last("memory-swap").and_then(|arg| podman_bytes(&arg.value));
    let none_for_podman = podman.is_some() && podman == memory_of_podman(container);
    !none_for_podman && service.is_none_or(|limit| limit == Limit::Infinity)
}

/// The limit of processes.
pub(super) fn pids(container: &Container<'_>) -> Pids {
    let tasks = of_service(container, "TasksMax", |text| match systemd_bytes(text)? {
        Limit::Exactly(number) => Some(number),
        Limit::Share(_) | Limit::Infinity => None,
    });
    let podman = match container.run.last("pids-limit").map(|arg| arg.value.trim().parse::<i64>()) {
        None | Some(Err(_)) => Some(MANY_PIDS + 1),
        // podman: -1 and 0 are no limit.
        Some(Ok(number)) => u64::try_from(number).ok().filter(|number| *number > 0),
    };
    match tasks.into_iter().chain(podman).min() {
        None => Pids::Unlimited,
        Some(number) if number <= MANY_PIDS => Pids::Few,
        Some(_) => Pids::Many,
    }
}
