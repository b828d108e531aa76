//! The load line of a container: what each layer allows of memory, swap, CPU time and tasks, as numbers with places.
//!
//! Three layers hold a container, and the smallest number wins: podman's own on the payload, that of `[Service]` on the
//! service's cgroup around it, and those of the slices around that.

use super::{Container, Limit, Run, podman_bytes, podman_cpu_micros, size, systemd_bytes, systemd_cpu_micros};
use crate::{
    diagnostic::Span,
    policy::{Effective, quadlet::Tree},
};

/// What a layer can limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Memory, in bytes.
    Memory,
    /// Swap beside the memory, in bytes.
    Swap,
    /// CPU time, in microseconds for a period of 100 ms.
    Cpu,
    /// Processes and threads.
    Tasks,
}

impl Resource {
    /// What it is to people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Swap => "swap",
            Self::Cpu => "CPU time",
            Self::Tasks => "tasks",
        }
    }

    /// The directive that limits it in `[Service]` and `[Slice]`.
    pub fn directive(self) -> &'static str {
        match self {
            Self::Memory => "MemoryMax",
            Self::Swap => "MemorySwapMax",
            Self::Cpu => "CPUQuota",
            Self::Tasks => "TasksMax",
        }
    }

    /// The flag of `podman run` that limits it.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Swap => "memory-swap",
            Self::Cpu => "cpus",
            Self::Tasks => "pids-limit",
        }
    }

    /// A number of it for people, with what it counts.
    pub fn show(self, number: u64) -> String {
        match self {
            Self::Memory | Self::Swap => size::bytes(number),
            Self::Cpu if number == 100_000 => "1 CPU".to_owned(),
            Self::Cpu => format!("{} CPUs", size::cpus(number)),
            Self::Tasks => number.to_string(),
        }
    }

    fn of_systemd(self, text: &str) -> Option<Limit> {
        match self {
            // 0 is no amount of memory; of swap it is.
            Self::Memory => systemd_bytes(text).filter(|limit| !limit.is_zero()),
            Self::Swap => systemd_bytes(text),
            Self::Cpu => systemd_cpu_micros(text).map(Limit::Exactly),
            Self::Tasks => size::systemd_tasks(text),
        }
    }
}

/// A limit and the words that state it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// How much; [`Limit::Infinity`] where somebody says that there is no end.
    pub limit: Limit,
    /// As it stands there: `MemoryMax=512M`, `--memory=512m`.
    pub said: String,
    /// Where.
    pub at: Span,
}

/// What one layer states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// The end of the memory.
    pub memory: Option<Stated>,
    /// Where the kernel begins to take memory back; podman has no word for it.
    pub memory_high: Option<Stated>,
    /// Swap beside the memory. podman states memory and swap as one number: the memory is taken off.
    pub swap: Option<Stated>,
    /// CPU time, in microseconds for a period of 100 ms.
    pub cpu: Option<Stated>,
    /// Processes and threads.
    pub tasks: Option<Stated>,
}

impl Layer {
    /// What it states of a resource, no limit among it.
    pub fn stated(&self, resource: Resource) -> Option<&Stated> {
        match resource {
            Resource::Memory => self.memory.as_ref(),
            Resource::Swap => self.swap.as_ref(),
            Resource::Cpu => self.cpu.as_ref(),
            Resource::Tasks => self.tasks.as_ref(),
        }
    }

    /// What it states of a resource, where that is a limit.
    pub fn limit(&self, resource: Resource) -> Option<&Stated> {
        self.stated(resource).filter(|stated| stated.limit.is_limit())
    }

    /// The number of a resource and what states it, where only the host could tell otherwise.
    pub fn number(&self, resource: Resource) -> Option<(u64, &Stated)> {
        self.stated(resource).and_then(|stated| Some((stated.limit.exactly()?, stated)))
    }

    /// What `[Service]` or `[Slice]` states.
    pub fn of_section(unit: &Effective<'_>, section: &str) -> Self {
        let of = |resource: Resource| last(unit, section, resource.directive(), |text| resource.of_systemd(text));
        Self {
            memory: of(Resource::Memory),
            memory_high: last(unit, section, "MemoryHigh", |text| Resource::Memory.of_systemd(text)),
            swap: of(Resource::Swap),
            cpu: of(Resource::Cpu),
            tasks: of(Resource::Tasks),
        }
    }

    /// What podman is told, by keys or arguments.
    pub fn of_run(run: &Run<'_>) -> Self {
        let stated = |flag: &str, read: &dyn Fn(&str) -> Option<Limit>| {
            let arg = run.last(flag)?;
            let name = if arg.is_raw() { format!("--{flag}") } else { arg.key.name.to_owned() };
            Some(Stated { limit: read(arg.value.trim())?, said: format!("{name}={}", arg.value), at: arg.at })
        };
        // podman takes 0 of memory and CPU time for no limit, and everything below 1 of tasks.
        let some = |number: u64| if number == 0 { Limit::Infinity } else { Limit::Exactly(number) };
        let memory = stated("memory", &|text| podman_bytes(text).map(some));
        let swap = stated("memory-swap", &|text| match text {
            "-1" => Some(Limit::Infinity),
            _ => {
                let both = podman_bytes(text)?;
                let memory = memory.as_ref().and_then(|stated| stated.limit.exactly())?;
                both.checked_sub(memory).map(Limit::Exactly)
            }
        });
        let cpus = stated("cpus", &|text| podman_cpu_micros(text).map(some));
        let quota = || {
            let period = run.last("cpu-period").and_then(|arg| arg.value.parse::<u64>().ok()).unwrap_or(100_000);
            stated("cpu-quota", &|text| match text.parse::<i64>().ok()? {
                ..=0 => Some(Limit::Infinity),
                quota => {
                    let micros = u128::from(quota.unsigned_abs()) * 100_000 / u128::from(period.max(1));
                    Some(Limit::Exactly(u64::try_from(micros).unwrap_or(u64::MAX)))
                }
            })
        };
        let tasks = stated("pids-limit", &|text| {
            let count = text.parse::<i64>().ok()?;
            Some(if count <= 0 { Limit::Infinity } else { Limit::Exactly(count.unsigned_abs()) })
        });
        Self { memory, memory_high: None, swap, cpu: cpus.or_else(quota), tasks }
    }
}

/// The last assignment that systemd does not ignore; an empty one takes back what stands before it.
fn last(unit: &Effective<'_>, section: &str, key: &str, read: impl Fn(&str) -> Option<Limit>) -> Option<Stated> {
    for value in unit.all(section, key).rev() {
        let text = value.text.trim();
        if text.is_empty() {
            break;
        }
        if let Some(limit) = read(text) {
            return Some(Stated { limit, said: [key, "=", text].concat(), at: value.at });
        }
    }
    None
}

/// A slice around a service.
#[derive(Clone, Debug)]
pub struct SliceLayer<'a> {
    /// Its unit.
    pub unit: &'a Effective<'a>,
    /// What it states.
    pub layer: &'a Layer,
}

impl<'a> SliceLayer<'a> {
    /// The slices around a container that are among the judged files, from the inside out.
    pub fn around(container: &Container<'_>, tree: &'a Tree<'a>) -> Vec<Self> {
        around(container.unit, tree).map(|(unit, layer)| Self { unit, layer }).collect()
    }
}

/// The slices around a unit that are among the judged files, from the inside out.
fn around<'a>(unit: &Effective<'_>, tree: &'a Tree<'a>) -> impl Iterator<Item = (&'a Effective<'a>, &'a Layer)> {
    let names = slice_of(unit).map(|name| slices_around(&name)).unwrap_or_default();
    names.into_iter().filter_map(|name| tree.slice_layer(&name))
}

/// The innermost slice around a unit that is among the judged files, as the index of its file.
pub fn nearest_slice(unit: &Effective<'_>, tree: &Tree<'_>) -> Option<usize> {
    around(unit, tree).next().map(|(slice, _)| slice.index())
}

/// The limits of a container in every layer.
#[derive(Clone, Debug)]
pub struct Limits<'a> {
    /// podman's own, on the payload.
    pub podman: Layer,
    /// Those of `[Service]`, on the cgroup around podman, conmon and the payload.
    pub service: Layer,
    /// Those of the slices around the service that are among the judged files, from the inside out.
    pub slices: Vec<SliceLayer<'a>>,
}

impl<'a> Limits<'a> {
    /// Gathers the limits of a container.
    pub fn of(container: &Container<'_>, tree: &'a Tree<'a>) -> Self {
        Self {
            podman: Layer::of_run(&container.run),
            service: Layer::of_section(container.unit, "Service"),
            slices: SliceLayer::around(container, tree),
        }
    }

    /// Every layer, from the inside out.
    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        [&self.podman, &self.service].into_iter().chain(self.slices.iter().map(|slice| slice.layer))
    }

    /// The smallest number that any layer states: the one that holds.
    pub fn smallest(&self, resource: Resource) -> Option<(u64, &Stated)> {
        self.layers().filter_map(|layer| layer.number(resource)).min_by_key(|(number, _)| *number)
    }
}

/// The slice that `Slice=` names, as it stands there.
pub fn slice_of(unit: &Effective<'_>) -> Option<String> {
    unit.last("Service", "Slice").map(|value| value.text.trim().to_owned())
}

/// A name of more dashes than this is no name of a slice.
const DEEPEST: usize = 64;

/// A slice and those it nests in, from the inside out: `a-b.slice`, `a.slice`.
pub fn slices_around(name: &str) -> Vec<String> {
    let Some(stem) = name.strip_suffix(".slice") else { return Vec::new() };
    let ends = stem.rmatch_indices('-').map(|(at, _)| at).filter(|at| *at > 0);
    std::iter::once(stem.len()).chain(ends).take(DEEPEST).map(|end| format!("{}.slice", &stem[..end])).collect()
}

#[cfg(test)]
mod tests {
    use super::slices_around;

    #[test]
    fn slices_nest_by_their_dashes() {
        assert_eq!(
            slices_around("services-forge-web.slice"),
            ["services-forge-web.slice", "services-forge.slice", "services.slice"]
        );
        assert_eq!(slices_around(r"services-my\x2dapp.slice"), [r"services-my\x2dapp.slice", "services.slice"]);
        assert_eq!(slices_around("-.slice"), ["-.slice"]);
        assert!(slices_around("web.service").is_empty());
    }
}
