//! `[limits]`: of a service, of a stack, of the fleet.

use super::super::fields::Fields;
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Sourced},
    model::{Cpus, Limits, Memory, MemoryPolicy, Pids},
};

/// Reads limits and what they cannot say together.
pub(crate) fn read(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Limits {
    let limits = Limits {
        memory: fields.noun("memory", Memory::parse),
        swap: fields.noun("swap", Memory::parse),
        cpus: fields.noun("cpus", Cpus::parse),
        pids: pids(fields),
        memory_policy: fields.string("memory_policy").map(|policy| {
            policy.map(|word| if word == "throttle" { MemoryPolicy::Throttle } else { MemoryPolicy::Kill })
        }),
        cpu_weight: fields.bounded("cpu_weight"),
        io_weight: fields.bounded("io_weight"),
    };
    match (&limits.memory, &limits.swap) {
        // No swap at all needs no memory limit beside it: systemd alone can hold that.
        (None, Some(swap)) if swap.value.bytes() > 0 && !fields.has("memory") => diagnostics.push(
            Diagnostic::general("`swap` without `memory`")
                .at_origin(swap.origin)
                .help("podman limits swap only together with memory: write `memory` as well"),
        ),
        (Some(memory), Some(swap)) => {
            if let Err(invalid) = Memory::from_bytes(memory.value.bytes() + swap.value.bytes()) {
                diagnostics.push(
                    Diagnostic::general("memory and swap together are more than podman can count")
                        .at_origin(swap.origin)
                        .related(memory.origin, "the memory")
                        .help(format!("{}: podman takes the sum of both", invalid.message)),
                );
            }
        }
        _ => {}
    }
    limits
}

/// The shape check has told of a number that is none.
fn pids(fields: &Fields<'_>) -> Option<Sourced<Pids>> {
    let count = fields.integer("pids")?;
    Pids::new(count.value).ok().map(|pids| Sourced::new(pids, count.origin))
}
