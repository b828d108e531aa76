//! The load line: the same numbers in the kernel as in the units, at every layer.

use super::{Book, Claim, Look, Saw};
use crate::{
    live::{
        cgroups::{self, CpuMax, Most},
        kernel::{Directory, Unread},
        payload::Running,
    },
    policy::{
        facts::{self, Limit, Resource, Stated},
        promise::Layer,
    },
};

/// The kernel counts memory in pages and rounds a limit down to them.
const PAGE: u64 = 4096;

/// A limit and the file of the kernel that holds it.
struct Held {
    promise: &'static str,
    file: &'static str,
    controller: &'static str,
    resource: Resource,
}

const MEMORY_HIGH: Held =
    Held { promise: "memory_high", file: "memory.high", controller: "memory", resource: Resource::Memory };

const HELD: [Held; 4] = [
    Held { promise: "memory", file: "memory.max", controller: "memory", resource: Resource::Memory },
    Held { promise: "swap", file: "memory.swap.max", controller: "memory", resource: Resource::Swap },
    Held { promise: "cpu", file: "cpu.max", controller: "cpu", resource: Resource::Cpu },
    Held { promise: "tasks", file: "pids.max", controller: "pids", resource: Resource::Tasks },
];

pub(super) fn promise(look: &Look<'_>, book: &mut Book<'_>) {
    let limits = look.service.limits;
    for slice in limits.slices.iter().rev() {
        let name = slice.unit.file().name();
        let upto = look.site.slices().iter().position(|around| around == name).unwrap_or(0);
        let path = look.host.map(|host| host.path(look.site.slices().iter().take(upto + 1).map(String::as_str)));
        layer(look, (Layer::Slice, Some(name)), slice.layer, path, book);
    }
    let path = look.host.map(|_| look.cgroup.clone());
    layer(look, (Layer::Service, None), &limits.service, path, book);
    payload(look, book);
    let path = look.payload().ok().map(|payload| payload.cgroup.clone());
    layer(look, (Layer::Payload, None), &limits.podman, path, book);
}

/// The container stands beneath the service, so that the service's limits hold it.
fn payload(look: &Look<'_>, book: &mut Book<'_>) {
    let at = look.host.map(|_| format!("/{}", look.cgroup));
    let claim = Claim::new("cgroup", "the container beneath the service", at).in_layer(Layer::Service);
    let saw = match &look.running {
        Ok(_) if look.is_elsewhere => Ok(Saw::new("the service outside its slice", false)),
        Ok(Running::Container(payload)) => {
            let name = payload.cgroup.strip_prefix(&look.cgroup).unwrap_or_default().trim_start_matches('/');
            let found = match payload.siblings {
                1 if name.is_empty() => "its processes in the service's own cgroup".to_owned(),
                1 => name.to_owned(),
                several => format!("{several} containers beneath the service"),
            };
            Ok(Saw::new(found, payload.siblings == 1))
        }
        Ok(Running::Elsewhere) => Ok(Saw::new("only conmon beneath the service", false)),
        Err(error) => Err(error.clone()),
    };
    book.tell(claim, saw);
}

fn layer(
    look: &Look<'_>,
    (layer, of): (Layer, Option<&str>),
    stated: &facts::Layer,
    path: Option<String>,
    book: &mut Book<'_>,
) {
    let high = stated.memory_high.as_ref().filter(|high| high.limit.is_limit()).map(|high| (&MEMORY_HIGH, high));
    let others = HELD.iter().filter_map(|held| Some((held, stated.limit(held.resource)?)));
    for (held, stated) in others.chain(high) {
        let at = path.as_ref().map(|path| format!("/{path}/{}", held.file));
        let claim = Claim::new(held.promise, declared(held, stated), at).in_layer(layer);
        let claim = if let Some(of) = of { claim.of(of) } else { claim };
        let dir = match (&look.running, look.host, &path) {
            (Err(error @ (Unread::NotRunning | Unread::Starting)), ..) => Err(error.clone()),
            // What runs there may be nobody's to see; the cgroup around it is.
            (_, Some(host), Some(path)) => host.cgroup(path),
            (Err(error), ..) => Err(error.clone()),
            _ => Err(look.payload().err().unwrap_or(Unread::Gone)),
        };
        let saw = match dir {
            Err(Unread::Gone) if look.is_elsewhere => Ok(Saw::new("no limit: there is no such slice", false)),
            dir => dir.map_err(vanished).and_then(|dir| saw(held, stated.limit, &dir, layer)),
        };
        book.tell(claim, saw);
    }
}

fn vanished(error: Unread) -> Unread {
    if error == Unread::Gone { Unread::Vanished } else { error }
}

fn declared(held: &Held, stated: &Stated) -> String {
    match stated.limit {
        Limit::Exactly(number) => held.resource.show(number),
        Limit::Share(_) | Limit::Infinity => stated.said.clone(),
    }
}

fn saw(held: &Held, declared: Limit, dir: &Directory, layer: Layer) -> Result<Saw, Unread> {
    let text = match dir.read(held.file) {
        Err(Unread::Gone) => {
            let controllers = dir.read("cgroup.controllers").map_err(vanished)?;
            if cgroups::has_controller(&controllers, held.controller) {
                return Err(Unread::Gone);
            }
            // Nothing limits what nothing counts: a user's manager was not given the controller.
            return Ok(Saw::new(format!("no limit: the controller `{}` is off here", held.controller), false));
        }
        text => text?,
    };
    let found = if held.resource == Resource::Cpu {
        Found::Cpu(cgroups::cpu_max(&text).ok_or(Unread::Garbled)?)
    } else {
        Found::Number(cgroups::number(&text).ok_or(Unread::Garbled)?)
    };
    let shown = found.show(held.resource);
    let Some(declared) = declared.exactly() else {
        return Ok(Saw::unclear(shown, "how much a share of the machine is, only systemd knows"));
    };
    Ok(Saw::new(shown, found.is(held.resource, declared, layer)))
}

enum Found {
    Cpu(CpuMax),
    Number(Most),
}

impl Found {
    fn is(&self, resource: Resource, declared: u64, layer: Layer) -> bool {
        match (self, resource) {
            // podman computes the quota of the payload with a float and cuts what is behind the point: 0.29 is 28999.
            (Self::Cpu(cpu), _) => cpu.is(declared) || (layer == Layer::Payload && cpu.is(declared.saturating_sub(1))),
            (Self::Number(Most::Exactly(found)), Resource::Memory | Resource::Swap) => {
                found / PAGE == declared / PAGE && *found <= declared
            }
            (Self::Number(Most::Exactly(found)), _) => *found == declared,
            (Self::Number(Most::Unlimited), _) => false,
        }
    }

    fn show(&self, resource: Resource) -> String {
        match self {
            Self::Cpu(CpuMax { quota: Most::Exactly(quota), period }) => {
                let cpu = CpuMax { quota: Most::Exactly(*quota), period: *period };
                cpu.micros().map_or_else(|| format!("{quota} µs of CPU time in {period} µs"), |cpu| resource.show(cpu))
            }
            Self::Number(Most::Exactly(number)) => resource.show(*number),
            Self::Cpu(_) | Self::Number(Most::Unlimited) => "no limit".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_the_kernel_keeps_them() {
        let memory =
            |found, declared| Found::Number(Most::Exactly(found)).is(Resource::Memory, declared, Layer::Service);
        assert!(memory(512_000_000, 512_000_000) && memory(4096, 8191) && memory(4096, 4096));
        assert!(!memory(4096, 4095) && !memory(8192, 8191) && !memory(4095, 8191) && !memory(4097, 4096));
        let tasks = |found| Found::Number(found).is(Resource::Tasks, 64, Layer::Payload);
        assert!(tasks(Most::Exactly(64)) && !tasks(Most::Exactly(63)) && !tasks(Most::Unlimited));
        let cpu =
            |text, declared, layer| Found::Cpu(cgroups::cpu_max(text).unwrap()).is(Resource::Cpu, declared, layer);
        assert!(cpu("400000 100000", 400_000, Layer::Slice) && cpu("28999 100000", 29_000, Layer::Payload));
        assert!(!cpu("28999 100000", 29_000, Layer::Service) && !cpu("29001 100000", 29_000, Layer::Payload));
    }

    #[test]
    fn what_was_found_is_shown_as_people_write_it() {
        let cpu = |text| Found::Cpu(cgroups::cpu_max(text).unwrap()).show(Resource::Cpu);
        assert_eq!([cpu("400000 100000"), cpu("max 100000")], ["4 CPUs", "no limit"]);
        assert_eq!(cpu("1000 3000"), "1000 µs of CPU time in 3000 µs");
        assert_eq!(Found::Number(Most::Exactly(512 << 20)).show(Resource::Memory), "512M");
    }
}
