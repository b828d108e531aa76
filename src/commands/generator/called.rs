//! How systemd calls a generator, and what follows from it.

use std::{env, ffi::OsString, io::Write};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Options, Status, run};
use crate::{diagnostic::Severity, live::kernel_log::KernelLog};

/// Where trees that stand are remembered, beneath /run or a user's runtime directory.
pub(super) const STATE: &str = "plimsoll/generator";

/// Whose manager asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The system's.
    System,
    /// That of the user who runs the program.
    User,
}

/// A call of the generator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The directory for units that go before those that were shipped, and after the administrator's.
    pub normal: Utf8PathBuf,
    /// Whose manager asks.
    pub scope: Scope,
    /// Whether it is systemd that asks, and not somebody who tries.
    pub by_systemd: bool,
}

impl Called {
    /// The call, if the program bears the name of a generator: systemd gives no other argument than three directories.
    pub fn by_name(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let program = Utf8PathBuf::try_from(std::path::PathBuf::from(arguments.next()?)).ok()?;
        let name = program.file_name().unwrap_or_default();
        if !name.contains("plimsoll") || !name.ends_with("-generator") {
            return None;
        }
        let normal = Utf8PathBuf::try_from(std::path::PathBuf::from(arguments.next()?)).ok()?;
        Some(Self { normal, scope: scope(Some(&program)), by_systemd: true })
    }

    /// The call, by the command `plimsoll generator`.
    pub fn by_command(normal: Utf8PathBuf) -> Self {
        Self { normal, scope: scope(None), by_systemd: env::var_os("SYSTEMD_SCOPE").is_some() }
    }

    /// Where catalogs are looked for, and the rest that follows from who asks.
    fn options(&self) -> Options {
        let set = |name: &str| env::var(name).ok().filter(|value| value.starts_with('/')).map(Utf8PathBuf::from);
        let normal = std::path::absolute(&self.normal).ok().and_then(|path| Utf8PathBuf::try_from(path).ok());
        let normal = normal.unwrap_or_else(|| self.normal.clone());
        let normal = normal.canonicalize_utf8().unwrap_or(normal);
        let (etc, usr) = (Utf8Path::new("/etc/plimsoll"), Utf8Path::new("/usr/share/plimsoll"));
        let (catalogs, state, generator) = match self.scope {
            Scope::System => {
                (vec![etc.to_owned(), usr.to_owned()], "/run".into(), "system-generators/podman-system-generator")
            }
            Scope::User => {
                let uid = rustix::process::geteuid().as_raw().to_string();
                let config = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")));
                let mut catalogs: Vec<Utf8PathBuf> = config.map(|config| config.join("plimsoll")).into_iter().collect();
                let users = etc.join("users");
                catalogs.extend([users.join(&uid), users, usr.join("users")]);
                let runtime = set("XDG_RUNTIME_DIR").unwrap_or_else(|| Utf8Path::new("/run/user").join(&uid));
                (catalogs, runtime, "user-generators/podman-user-generator")
            }
        };
        let libraries = ["/usr/lib/systemd", "/usr/local/lib/systemd"].map(|dir| Utf8Path::new(dir).join(generator));
        let mut quadlet = libraries.to_vec();
        quadlet.push("/usr/libexec/podman/quadlet".into());
        let state = self.by_systemd.then(|| state.join(STATE));
        Options { root: "/".into(), scope: self.scope, catalogs, normal, state, quadlet }
    }
}

fn scope(program: Option<&Utf8Path>) -> Scope {
    let is_users = match env::var("SYSTEMD_SCOPE").as_deref() {
        Ok(scope) => scope == "user",
        // systemd before 251 does not say.
        Err(_) => match program.and_then(Utf8Path::parent).and_then(Utf8Path::file_name) {
            Some("user-generators") => true,
            Some("system-generators") => false,
            _ => !rustix::process::geteuid().is_root(),
        },
    };
    if is_users { Scope::User } else { Scope::System }
}

/// Generates what systemd asks for. What goes wrong is told to the kernel's log where nothing else is heard yet, else to
/// `err`.
pub fn run_as_called(called: &Called, err: &mut dyn Write) -> Status {
    // What the initial RAM disk holds is not this host.
    if env::var("SYSTEMD_IN_INITRD").is_ok_and(|value| value == "1") {
        return Status::Clean;
    }
    let mut kernel_log = None;
    let mut log = |severity: Severity, line: &str| {
        let is_early = called.by_systemd && called.scope == Scope::System;
        let kernel_log = kernel_log.get_or_insert_with(|| is_early.then(KernelLog::open).flatten());
        if !kernel_log.as_mut().is_some_and(|kernel_log| kernel_log.say(severity, line)) {
            // There is nobody left to tell.
            let _ = writeln!(err, "plimsoll-generator: {}: {line}", severity.as_str());
        }
    };
    run(&called.options(), &mut log)
}
