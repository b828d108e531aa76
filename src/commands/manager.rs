//! systemd and podman of the running host, as an install asks for them.

use std::time::{Duration, Instant};

use super::running_limits;
use crate::{
    install::carry_out::{CallError, Down, Manager},
    live::{
        CommandError, Whose, overrides,
        podman::Podman,
        systemd::{self, Systemd, UnitState},
    },
    plan::{Call, Layout, LiveLimits, Owner},
    render::host::places,
};

/// systemd and podman of the running host.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) systemd: Systemd,
    pub(super) podman: Podman,
    whose: Whose,
    layout: Layout,
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
        let systemd = Systemd::new(whose.clone(), wait);
        Some(Self { systemd, podman: Podman::new(whose.clone()), whose, layout: layout.clone() })
    }

    /// Brings limits to a service and to its container, unless that would have the kernel kill it.
    fn set_live_limits(&self, live: &LiveLimits) -> Result<(), CallError> {
        let cannot = |message| CallError { command: format!("limits of {}", live.service), message };
        running_limits::would_kill(&self.layout, &live.path).map_err(cannot)?;
        self.systemd.set_limits(&live.service, &live.systemd).map_err(failed)?;
        self.podman.update(&live.container, &live.podman).map_err(failed)
    }

    fn check_limits(&self, live: &LiveLimits) -> Result<(), CallError> {
        // systemd answers before it has written all of them.
        const PATIENCE: Duration = Duration::from_secs(5);
        let start = Instant::now();
        loop {
            match running_limits::hold(&self.layout, &live.path) {
                Ok(()) => return Ok(()),
                Err(message) if start.elapsed() >= PATIENCE => {
                    return Err(CallError { command: format!("limits of {}", live.service), message });
                }
                Err(_) => std::thread::sleep(Duration::from_millis(200)),
            }
        }
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
            Call::MakeUsers => systemd::make_users(&format!("/{}", places::USERS)),
            Call::SetLimits(limits) => self.systemd.set_limits(&limits.unit, &limits.limits),
            Call::SetLiveLimits(live) => return self.set_live_limits(live),
            Call::CheckLimits(live) => return self.check_limits(live),
            Call::ForgetOverrides(units) => units.iter().try_for_each(|of| {
                let properties: Vec<String> = of.limits.iter().map(|(name, _)| name.clone()).collect();
                overrides::forget(&self.whose, &of.unit, &properties)
            }),
            Call::Restart(units) => self.systemd.restart(units),
            Call::RestartIfRunning(units) => self.systemd.restart_if_running(units),
            Call::Start(units) => self.systemd.start(units),
            Call::StopSlices(slices) => self.systemd.stop_empty_slices(slices),
        }
        .map_err(failed)
    }

    fn not_running(&mut self, services: &[String]) -> Result<Vec<Down>, CallError> {
        let not_up = |units: &[String], has_failed: bool| -> Result<Vec<Down>, CallError> {
            let states = self.systemd.states(units).map_err(failed)?;
            let is_down = |state: &UnitState| if has_failed { state.active == "failed" } else { !state.is_up() };
            let down = states.into_iter().filter(|(_, state)| is_down(state));
            Ok(down
                .map(|(service, state)| Down { log: self.systemd.log(&service), state: state.words(), service })
                .collect())
        };
        let mut down = not_up(services, false)?;
        // What a service waits for in vain tells why: the service itself says only that it was not started.
        let waiting: Vec<String> = down.iter().map(|down| down.service.clone()).collect();
        let mut required = self.systemd.requirements(&waiting).map_err(failed)?;
        required.retain(|unit| !waiting.contains(unit));
        if !waiting.is_empty() {
            let causes = not_up(&required, true)?;
            down.splice(0..0, causes);
        }
        Ok(down)
    }
}
