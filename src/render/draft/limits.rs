//! The load line: one number, every layer (DESIGN section 4, policy.md 2.2).

use super::Builder;
use crate::model::{Limits, Memory, MemoryPolicy};

/// Where limits stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// In `[Service]`.
    Service,
    /// In the slice of one service, where `MemoryHigh=` could only slow down what the service's own limit already ends.
    OwnSlice,
    /// In the slice of a stack or of the fleet.
    Above,
}

/// Swap beyond the memory, in bytes: none unless set.
fn swap(limits: &Limits) -> u64 {
    limits.swap.as_ref().map_or(0, |swap| swap.value.bytes())
}

/// The limits as systemd has them.
pub(super) fn systemd(builder: &mut Builder<'_, '_>, limits: &Limits, level: Level) {
    if let Some(memory) = &limits.memory {
        let policy = limits.memory_policy.as_ref().map(|policy| policy.value).unwrap_or_default();
        if level == Level::Service || (level == Level::Above && policy == MemoryPolicy::Throttle) {
            builder.push("MemoryHigh", policy.high(memory.value).to_string(), memory.origin);
        }
        builder.push("MemoryMax", memory.value.bytes().to_string(), memory.origin);
        let origin = limits.swap.as_ref().map_or(memory.origin, |swap| swap.origin);
        builder.push("MemorySwapMax", swap(limits).to_string(), origin);
    }
    if let (None, Some(swap)) = (&limits.memory, &limits.swap) {
        builder.push("MemorySwapMax", swap.value.bytes().to_string(), swap.origin);
    }
    if let Some(cpus) = &limits.cpus {
        builder.push("CPUQuota", cpus.value.quota(), cpus.origin);
    }
    if let Some(pids) = &limits.pids {
        builder.push("TasksMax", pids.value.service().to_string(), pids.origin);
    }
    if let Some(weight) = &limits.cpu_weight {
        builder.push("CPUWeight", weight.value.to_string(), weight.origin);
    }
    if let Some(weight) = &limits.io_weight {
        builder.push("IOWeight", weight.value.to_string(), weight.origin);
    }
}

/// The limits as podman has them: arguments, because the key `Memory=` came with Podman 5.5 and the others have none.
pub(super) fn podman(builder: &mut Builder<'_, '_>, limits: &Limits, shm_size: &crate::diagnostic::Sourced<Memory>) {
    if let Some(pids) = &limits.pids {
        builder.push("PidsLimit", pids.value.payload().to_string(), pids.origin);
    }
    builder.push("ShmSize", shm_size.value.bytes().to_string(), shm_size.origin);
    if let Some(cpus) = &limits.cpus {
        builder.push("PodmanArgs", format!("--cpus={}", cpus.value), cpus.origin);
    }
    if let Some(memory) = &limits.memory {
        builder.push("PodmanArgs", format!("--memory={}b", memory.value.bytes()), memory.origin);
        // podman counts memory and swap together.
        let both = memory.value.bytes() + swap(limits);
        let origin = limits.swap.as_ref().map_or(memory.origin, |swap| swap.origin);
        builder.push("PodmanArgs", format!("--memory-swap={both}b"), origin);
    }
}
