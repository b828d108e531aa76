//! Has systemd and podman do what is left once the files are in.

use std::collections::BTreeSet;

use crate::plan::{Call, Work};

/// systemd and podman, as far as an install needs them.
pub trait Manager {
    /// Does what is asked, and waits until it is done.
    ///
    /// # Errors
    /// What they said.
    fn call(&mut self, call: &Call) -> Result<(), CallError>;

    /// Those of the services that do not run, each with what is known of it.
    ///
    /// # Errors
    /// What systemd said.
    fn not_running(&mut self, services: &[String]) -> Result<Vec<Down>, CallError>;
}

/// What systemd or podman could not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{command}: {message}")]
pub struct CallError {
    /// What was asked, as it would be typed.
    pub command: String,
    /// What was answered.
    pub message: String,
}

/// A service that was to run and does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Down {
    /// Its unit.
    pub service: String,
    /// Its state, in systemd's words: `failed (exit-code)`.
    pub state: String,
    /// The last lines of its log.
    pub log: Vec<String>,
}

/// Why what was installed does not run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// What could not be done.
    pub errors: Vec<CallError>,
    /// What does not run.
    pub down: Vec<Down>,
}

impl Trouble {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        self.errors.is_empty() && self.down.is_empty()
    }
}

/// What is heard of it.
#[derive(Clone, Copy, Debug)]
pub enum Heard<'a> {
    /// systemd or podman is asked for something.
    Call(&'a Call),
    /// Limits could not be brought into what runs: it restarts.
    Restarts(&'a CallError),
}

/// Does all of it in its order, and says what did not work. `hear` is told of each request before it is made.
pub fn carry_out(work: &Work, manager: &mut dyn Manager, hear: &mut dyn FnMut(Heard<'_>)) -> Trouble {
    let mut trouble = Trouble::default();
    let mut otherwise = BTreeSet::new();
    for call in work.calls() {
        if let Call::CheckLimits(live) = &call
            && otherwise.contains(&live.service)
        {
            continue;
        }
        hear(Heard::Call(&call));
        let Err(error) = manager.call(&call) else { continue };
        let goes_on = match call {
            Call::SetLiveLimits(live) | Call::CheckLimits(live) => {
                hear(Heard::Restarts(&error));
                otherwise.extend(live.otherwise_restart);
                continue;
            }
            // What does not stop, or is not removed, stands in the way of what comes next.
            Call::Stop(_) | Call::RemoveNetwork(_) | Call::Reload => false,
            // What starts may get no ids, and is put back either way.
            Call::MakeUsers => false,
            // Which of several did not come up is looked at below. Slices are empty, or stay.
            Call::Start(_) | Call::Restart(_) | Call::RestartIfRunning(_) | Call::StopSlices(_) => true,
            Call::SetLimits(_) | Call::ForgetOverrides(_) => true,
        };
        trouble.errors.push(error);
        if !goes_on {
            break;
        }
    }
    if !otherwise.is_empty() && trouble.is_none() {
        let restart = Call::Restart(otherwise.into_iter().collect());
        hear(Heard::Call(&restart));
        trouble.errors.extend(manager.call(&restart).err());
    }
    let services: Vec<String> = work.comes_up().into_iter().map(str::to_owned).collect();
    if !services.is_empty() {
        match manager.not_running(&services) {
            Ok(down) => trouble.down = down,
            Err(error) => trouble.errors.push(error),
        }
    }
    trouble
}
