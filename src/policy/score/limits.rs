//! Limits, as far as they hold the container.

use crate::policy::facts::{Container, Layer, Resource};

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

/// The greatest limit of processes that counts as one: an eighth of the kernel's `pid_max` on a small machine.
const MANY_PIDS: u64 = 4096;

/// Which of systemd and podman are told a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Each of them.
    Both,
    /// One of them.
    One,
    /// None of them.
    Neither,
}

/// The limits that hold a container. Those of a slice alone are not counted: a unit of another name may be missing.
pub(super) struct Limits {
    podman: Layer,
    service: Layer,
}

impl Limits {
    pub(super) fn of(container: &Container<'_>) -> Self {
        let service = || Layer::of_section(container.unit, "Service");
        Self {
            podman: Layer::of_run(&container.run),
            service: if in_service_cgroup(container) { service() } else { Layer::default() },
        }
    }

    /// Who is told a limit of it.
    pub(super) fn told(&self, resource: Resource) -> Told {
        match (self.podman.limit(resource), self.service.limit(resource)) {
            (Some(_), Some(_)) => Told::Both,
            (None, None) => Told::Neither,
            _ => Told::One,
        }
    }

    /// The limit of processes.
    pub(super) fn pids(&self) -> Pids {
        let podman = match self.podman.tasks.as_ref().map(|stated| stated.limit) {
            None => Some(MANY_PIDS + 1),
            Some(limit) => limit.exactly(),
        };
        let service = self.service.tasks.as_ref().and_then(|stated| stated.limit.exactly());
        match podman.into_iter().chain(service).min() {
            None => Pids::Unlimited,
            Some(number) if number <= MANY_PIDS => Pids::Few,
            Some(_) => Pids::Many,
        }
    }
}

/// Whether limits of `[Service]` hold the container: only where podman makes its cgroup beneath that of the service.
pub(super) fn in_service_cgroup(container: &Container<'_>) -> bool {
    let split = container.run.last("cgroups").is_none_or(|arg| arg.value == "split");
    split && container.run.last("cgroup-parent").is_none()
}
