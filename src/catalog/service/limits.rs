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
        pids: pids(fields, diagnostics),
        memory_policy: fields.string("memory_policy").map(|policy| {
            policy.map(|word| if word == "throttle" { MemoryPolicy::Throttle } else { MemoryPolicy::Kill })
        }),
        cpu_weight: fields.bounded("cpu_weight"),
        io_weight: fields.bounded("io_weight"),
    };
    match (&limits.memory, &limits.swap) {
        (None, Some(swap)) if !fields.has("memory") => diagnostics.push(
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

fn pids(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Sourced<Pids>> {
    let count = fields.integer("pids")?;
    match Pids::new(count.value) {
        Ok(pids) => Some(Sourced::new(pids, count.origin)),
        Err(invalid) => {
            diagnostics.push(Diagnostic::general(invalid.message).at_origin(count.origin).help(invalid.help));
            None
        }
    }
}
