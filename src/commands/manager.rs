//! systemd and podman of the running host, as an install asks for them.

use std::time::Duration;

use crate::{
    install::carry_out::{CallError, Down, Manager},
    live::{CommandError, Whose, podman::Podman, systemd::Systemd},
    plan::{Call, Layout, Owner},
};

/// systemd and podman of the running host.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) systemd: Systemd,
    pub(super) podman: Podman,
}

impl Live {
    /// Those that read the units of a catalog; none where the units are for every user.
    pub(super) fn of(layout: &Layout, wait: Duration) -> Option<Self> {
        let whose = match layout.manager {
            Owner::System => Whose::System,
            Owner::Oneself => Whose::Own,
            Owner::User(Some(uid)) => Whose::User(uid),
            Owner::User(None) => return None,
        };
        Some(Self { systemd: Systemd::new(whose.clone(), wait), podman: Podman::new(whose) })
    }
}

fn failed(error: CommandError) -> CallError {
    CallError { command: error.command, message: error.message }
}

impl Manager for Live {
    fn call(&mut self, call: &Call) -> Result<(), CallError> {
        match call {
            Call::Stop(units) => self.systemd.stop(units),
            Call::RemoveNetwork(network) => self.podman.remove_network(network),
            Call::Reload => self.systemd.reload(),
            Call::SetLimits(limits) => self.systemd.set_limits(&limits.unit, &limits.limits),
            Call::Restart(units) => self.systemd.restart(units),
            Call::RestartIfRunning(units) => self.systemd.restart_if_running(units),
            Call::Start(units) => self.systemd.start(units),
            Call::StopSlices(slices) => self.systemd.stop_empty_slices(slices),
        }
        .map_err(failed)
    }

    fn not_running(&mut self, services: &[String]) -> Result<Vec<Down>, CallError> {
        let states = self.systemd.states(services).map_err(failed)?;
        let down = states.into_iter().filter(|(_, state)| !state.is_up());
        Ok(down
            .map(|(service, state)| Down { log: self.systemd.log(&service), state: state.words(), service })
            .collect())
    }
}
