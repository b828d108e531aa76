//! The real generators, where `tests/judge/fetch` has put them.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Where a rendered tree has what Quadlet reads.
pub const UNITS: &str = "etc/containers/systemd";

/// Podman's generator of one release.
pub struct Judge {
    /// "generator of Podman 5.4.2"
    pub name: String,
    quadlet: PathBuf,
}

/// The generators that are on this machine. None is said loudly: half of the figures are missing then.
pub fn find() -> Vec<Judge> {
    let dir = std::env::var_os("PLIMSOLL_JUDGE_DIR").filter(|dir| !dir.is_empty());
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir.unwrap_or_else(|| "target/judge".into()));
    let judges: Vec<Judge> = ["trixie", "sid"].iter().filter_map(|suite| Judge::find(&dir.join(suite))).collect();
    if judges.is_empty() {
        eprintln!("NOT MEASURED: Podman's generator, for there is none in {}", dir.display());
        eprintln!("NOT MEASURED: run tests/judge/fetch, or name its directory with PLIMSOLL_JUDGE_DIR");
    }
    judges
}

impl Judge {
    fn find(root: &Path) -> Option<Self> {
        let quadlet = root.join("usr/libexec/podman/quadlet");
        let output = Command::new(&quadlet).arg("-version").output().ok()?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (output.status.success() && !version.is_empty())
            .then(|| Self { name: format!("generator of Podman {version}"), quadlet })
    }

    /// Converts a directory of units and prints the result; nothing else of this machine is read.
    pub fn dry_run(&self, units: &Path) -> Command {
        let mut command = Command::new(&self.quadlet);
        command.args(["-dryrun", "-no-kmsg-log"]).env_clear().env("QUADLET_UNIT_DIRS", units);
        command
    }

    /// Makes sure that the generator really does the work that it is compared by.
    pub fn must_convert(&self, units: &Path, services: usize) {
        let mut command = self.dry_run(units);
        let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(output.status.success(), "{command:?}: {}", output.status);
        let containers =
            String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.contains("podman run ")).count();
        assert!(containers >= services, "{command:?} made {containers} containers of {services}");
    }
}
