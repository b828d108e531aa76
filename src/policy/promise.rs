//! What a unit promises of the service that runs, and whether the kernel keeps it: what `verify` tells.

/// The cgroup that a promise is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// A slice around the service.
    Slice,
    /// The service: podman, conmon and the payload.
    Service,
    /// The container itself.
    Payload,
}

impl Layer {
    /// `slice`, `service` or `payload`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slice => "slice",
            Self::Service => "service",
            Self::Payload => "payload",
        }
    }
}

/// A promise, and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The service of the catalog.
    pub service: String,
    /// What is promised: `memory`, `mount`.
    pub promise: &'static str,
    /// Of which, where there are several: `/data`, `services.slice`.
    pub of: Option<String>,
    /// Where it must hold.
    pub layer: Layer,
    /// What the unit says.
    pub declared: String,
    /// What the kernel says; nothing where it could not be read.
    pub found: Option<String>,
    /// Whether the two agree; nothing where that cannot be told.
    pub holds: Option<bool>,
    /// Why it cannot be told.
    pub why: Option<String>,
    /// The file of the kernel, from the root of the host; nothing where there is none to be read.
    pub at: Option<String>,
}

/// What a running service uses. Nothing here is promised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The service of the catalog.
    pub service: String,
    /// Memory of the service now, and at most since it was started, in bytes.
    pub memory_current: Option<u64>,
    /// The most memory since it was started.
    pub memory_peak: Option<u64>,
    /// The least limit that the units state of it.
    pub memory_limit: Option<u64>,
    /// How many of its processes the kernel has killed for want of memory.
    pub oom_kills: Option<u64>,
    /// Processes and threads of the payload now.
    pub tasks_current: Option<u64>,
    /// The most of them since it was started.
    pub tasks_peak: Option<u64>,
    /// What podman is told of them.
    pub tasks_limit: Option<u64>,
    /// CPU time of the service since it was started, in microseconds.
    pub cpu_time: Option<u64>,
    /// The least CPU time in 100 ms that the units allow it, in microseconds.
    pub cpu_limit: Option<u64>,
}

/// How far a service fills its limits: the peak is to stand at so many percent.
pub(super) const FULL: u64 = 80;
/// Memory is proposed in steps of this, in MiB.
const STEP_MIB: u64 = 16;
/// Tasks are proposed in steps of this.
const STEP_TASKS: u64 = 16;

impl Usage {
    /// The memory, in MiB, of which the peak is 80 %, rounded up to a multiple of 16. Who was killed for want of memory
    /// wanted more than the peak: it gets a quarter more than it has, at least.
    pub fn proposed_mib(&self) -> Option<u64> {
        let wanted_by_killed = self.memory_limit.filter(|_| self.oom_kills.is_some_and(|kills| kills > 0));
        let wanted = u128::from(self.memory_peak?.max(wanted_by_killed.unwrap_or(0))) * 100;
        let step = u128::from(FULL * STEP_MIB) << 20;
        u64::try_from(wanted.div_ceil(step)).ok()?.max(1).checked_mul(STEP_MIB)
    }

    /// The tasks of which the peak is 80 %, rounded up to a multiple of 16.
    pub fn proposed_tasks(&self) -> Option<u64> {
        let wanted = u128::from(self.tasks_peak?) * 100;
        u64::try_from(wanted.div_ceil(u128::from(FULL * STEP_TASKS))).ok()?.max(1).checked_mul(STEP_TASKS)
    }
}

/// What was found of all services.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Every promise, by service.
    pub promises: Vec<Promise>,
    /// What each service uses, in the same order.
    pub usage: Vec<Usage>,
}

impl Verified {
    /// How many promises hold, or do not, or cannot be told.
    pub fn count(&self, holds: Option<bool>) -> usize {
        self.promises.iter().filter(|promise| promise.holds == holds).count()
    }

    /// The services with their promises.
    pub fn by_service(&self) -> impl Iterator<Item = (&str, &[Promise])> {
        self.promises.chunk_by(|a, b| a.service == b.service).filter_map(|of| Some((of.first()?.service.as_str(), of)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_stands_at_eighty_percent_or_below() {
        let usage =
            |memory: u64, tasks: u64| Usage { memory_peak: Some(memory), tasks_peak: Some(tasks), ..Usage::default() };
        let proposed = |memory, tasks| (usage(memory, tasks).proposed_mib(), usage(memory, tasks).proposed_tasks());
        assert_eq!(proposed(0, 0), (Some(16), Some(16)));
        // 64 MiB are 80 % of 80 MiB.
        assert_eq!(proposed(64 << 20, 64), (Some(80), Some(80)));
        assert_eq!(proposed((64 << 20) + 1, 65), (Some(96), Some(96)));
        assert_eq!(Usage::default().proposed_mib(), None);
        let killed = Usage { memory_limit: Some(64 << 20), oom_kills: Some(3), ..usage(32 << 20, 0) };
        assert_eq!(killed.proposed_mib(), Some(80));
        assert_eq!(Usage { oom_kills: Some(0), ..killed }.proposed_mib(), Some(48));
        assert!(usage(u64::MAX, u64::MAX).proposed_mib().is_some());
        assert_eq!(usage(0, u64::MAX).proposed_tasks(), None, "so many are no number");
    }
}
