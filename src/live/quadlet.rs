//! Podman's generator, which makes services of Quadlet units.

use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};

use super::CommandError;

/// A generator that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quadlet {
    program: Utf8PathBuf,
    user: bool,
}

impl Quadlet {
    /// The first of these programs that is there; `user` for the units of a user's own manager.
    pub fn find(programs: &[Utf8PathBuf], user: bool) -> Option<Self> {
        let program = programs.iter().find(|program| program.is_file())?.clone();
        Some(Self { program, user })
    }

    /// Makes services of the units in one directory, and of nothing else. Gives what it warns of, line by line.
    ///
    /// It is waited for without end: systemd ends whatever a generator has started when its own time is up.
    ///
    /// # Errors
    /// It cannot be run, or it failed over one of the units; then it has made others all the same.
    pub fn convert(&self, units: &Utf8Path, out: &Utf8Path) -> Result<Vec<String>, CommandError> {
        let mut command = Command::new(&self.program);
        // What it says is said again by whoever asked, with the catalog's name.
        command.arg("-no-kmsg-log").args(self.user.then_some("-user")).arg(out);
        command.env("QUADLET_UNIT_DIRS", units).stdin(Stdio::null());
        let fail = |message: String| CommandError { command: self.program.to_string(), message };
        let output = command.output().map_err(|error| fail(format!("cannot be run: {error}")))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            return Ok(said.lines().map(str::to_owned).collect());
        }
        let said = if said.trim().is_empty() { output.status.to_string() } else { said };
        Err(fail(said.trim().to_owned()))
    }
}
