//! podman, by its command line.

use std::time::Duration;

use super::{
    CommandError, Whose,
    command::{must, run},
};

/// A question or a small request takes no longer than this.
const SOON: Duration = Duration::from_secs(90);

/// A pull takes no longer than this.
const PULL: Duration = Duration::from_secs(3600);

/// A podman that can be asked.
#[derive(Clone, Debug)]
pub struct Podman {
    whose: Whose,
}

/// What podman keeps by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// An image.
    Image,
    /// A network.
    Network,
    /// A secret.
    Secret,
    /// A volume.
    Volume,
}

impl Thing {
    /// podman's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Network => "network",
            Self::Secret => "secret",
            Self::Volume => "volume",
        }
    }
}

/// What `podman --version` prints.
///
/// # Errors
/// It cannot be run, or fails.
pub fn version() -> Result<String, CommandError> {
    must("podman", &["--version".to_owned()], SOON)
}

impl Podman {
    /// The podman of a user.
    pub fn new(whose: Whose) -> Self {
        Self { whose }
    }

    /// The program and its arguments.
    fn command(&self, words: &[&str]) -> (&'static str, Vec<String>) {
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        match self.whose {
            Whose::System | Whose::Own => ("podman", own(words)),
            Whose::User(uid) => {
                let mut arguments = own(&["--user", "--machine"]);
                arguments.push(format!("{uid}@.host"));
                arguments.extend(own(&["--quiet", "--collect", "--pipe", "--wait", "podman"]));
                arguments.extend(own(words));
                ("systemd-run", arguments)
            }
        }
    }

    /// Whether podman has it.
    ///
    /// # Errors
    /// podman cannot be run.
    pub fn has(&self, thing: Thing, name: &str) -> Result<bool, CommandError> {
        let (program, arguments) = self.command(&[thing.word(), "exists", name]);
        run(program, &arguments, SOON).map(|done| done.success)
    }

    /// Pulls an image.
    ///
    /// # Errors
    /// What podman said.
    pub fn pull(&self, image: &str) -> Result<(), CommandError> {
        let (program, arguments) = self.command(&["pull", "--quiet", image]);
        must(program, &arguments, PULL).map(drop)
    }

    /// Changes limits of a container that runs.
    ///
    /// # Errors
    /// What podman said.
    pub fn update(&self, container: &str, limits: &[String]) -> Result<(), CommandError> {
        let mut words = vec!["update"];
        words.extend(limits.iter().map(String::as_str));
        words.extend(["--", container]);
        let (program, arguments) = self.command(&words);
        must(program, &arguments, SOON).map(drop)
    }

    /// Removes a network, if it is there.
    ///
    /// # Errors
    /// What podman said: somebody may still use it.
    pub fn remove_network(&self, name: &str) -> Result<(), CommandError> {
        if !self.has(Thing::Network, name)? {
            return Ok(());
        }
        let (program, arguments) = self.command(&["network", "rm", name]);
        must(program, &arguments, SOON).map(drop)
    }
}
