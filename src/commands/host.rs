//! The host that a command looks at or changes: its disk, where a catalog belongs on it, and what is installed there.

use camino::{Utf8Path, Utf8PathBuf};

use super::catalog::Place;
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Sources},
    install::{disk::Disk, generations},
    model::{Profile, Target},
    plan::{Home, Layout, Owner},
};
pub use crate::{
    install::installer::Systemd,
    model::{Name, TimeSpan},
};

/// The host to look at or to change.
#[derive(Clone, Debug)]
pub struct Host {
    /// Where its files begin.
    pub root: Utf8PathBuf,
    /// The units of the user who runs the program, and not those of the system.
    pub user: bool,
}

impl Host {
    /// Whether it is the one that the program runs on, so that systemd and podman can be asked.
    pub fn is_live(&self) -> bool {
        self.root == "/"
    }

    /// Its disk.
    ///
    /// # Errors
    /// The root cannot be opened.
    pub(super) fn disk(&self) -> Result<Disk, Diagnostic> {
        Disk::beneath(&self.root).map_err(|error| {
            Diagnostic::general(format!("the root `{}` cannot be opened: {error}", self.root))
                .help("--root DIR names a directory that holds the files of a host")
        })
    }

    /// Where a catalog belongs on it.
    ///
    /// # Errors
    /// A catalog that is not for who asks.
    pub(super) fn layout(&self, catalog: &Name, target: &Target) -> Result<Layout, Diagnostic> {
        let is_root = rustix::process::geteuid().is_root();
        match target.profile {
            Profile::Rootful if self.user => Err(Diagnostic::general(format!(
                "the catalog `{catalog}` is rootful, and a user's own services are rootless"
            ))
            .help("write `profile = \"rootless\"` into [target] of catalog.toml, or leave it to the system")),
            Profile::Rootful => Ok(Layout::system(catalog)),
            Profile::Rootless if self.user || (self.is_live() && !is_root) => {
                let home = self.home()?;
                // Beneath another root nobody knows whose number is whose.
                match target.user.filter(|user| self.is_live() && *user != home.uid) {
                    Some(user) => Err(Diagnostic::general(format!(
                        "the catalog `{catalog}` is for the user {user} (`[target] user`), and this is {}",
                        home.uid
                    ))
                    .help("run it as that user, or as root without --user; or take `user` out of catalog.toml")),
                    None => Ok(Layout::for_oneself(catalog, &home)),
                }
            }
            Profile::Rootless => Ok(Layout::for_user(catalog, target.user)),
        }
    }

    /// The directories of the user who runs the program.
    fn home(&self) -> Result<Home, Diagnostic> {
        let uid = rustix::process::geteuid().as_raw();
        let set = |name: &str| std::env::var(name).ok().filter(|value| value.starts_with('/')).map(Utf8PathBuf::from);
        let home = set("HOME");
        let within = |name: &str, default: &str| {
            let dir = set(name).or_else(|| Some(home.as_ref()?.join(default)));
            dir.map(|dir| self.beneath(&dir)).ok_or_else(|| {
                Diagnostic::general(format!("neither {name} nor HOME is set")).help("--user installs below them")
            })
        };
        Ok(Home {
            config: within("XDG_CONFIG_HOME", ".config")?,
            state: within("XDG_STATE_HOME", ".local/state")?,
            runtime: set("XDG_RUNTIME_DIR").map(|dir| self.beneath(&dir)),
            uid,
        })
    }

    /// A path of the host beneath its root. A home may well be reached by a link; what is below it may not.
    fn beneath(&self, path: &Utf8Path) -> String {
        let real = if self.is_live() { path.canonicalize_utf8().ok() } else { None };
        let real = real.or_else(|| {
            let above = self.is_live().then(|| path.parent()?.canonicalize_utf8().ok()).flatten()?;
            Some(above.join(path.file_name()?))
        });
        real.as_deref().unwrap_or(path).as_str().trim_start_matches('/').to_owned()
    }

    /// Where the catalog stands that is installed: the one that was named, that of the catalog directory, or the only one.
    ///
    /// # Errors
    /// None, or several, or nothing that says which.
    pub(super) fn installed(
        &self,
        disk: &Disk,
        name: Option<&Name>,
        place: &Place,
        diagnostics: &mut Diagnostics,
    ) -> Option<Layout> {
        let mut sources = Sources::new();
        let mut complaints = Diagnostics::new();
        let own = if name.is_none() {
            crate::catalog::name_and_target(&place.catalog, &mut sources, &mut complaints)
        } else {
            None
        };
        if let Some((name, target)) = own {
            return self.layout(&name, &target).map_err(|error| diagnostics.push(error)).ok();
        }
        let mut found = self.all_installed(disk, name);
        let listed = |found: &[Layout]| {
            found.iter().map(|layout| format!("`{}`", layout.catalog)).collect::<Vec<_>>().join(", ")
        };
        match (found.len(), name) {
            (1, _) => return found.pop(),
            (0, Some(name)) => diagnostics.push(Diagnostic::general(format!("no catalog `{name}` is installed here"))),
            (0, None) => diagnostics.push(
                Diagnostic::general(format!("no catalog is installed here, and there is none in `{}`", place.catalog))
                    .help("name the catalog directory with --catalog DIR"),
            ),
            (_, _) => diagnostics.push(
                Diagnostic::general(format!("several catalogs are installed here: {}", listed(&found)))
                    .help("say which with --name NAME"),
            ),
        }
        None
    }

    /// Where every catalog stands that is installed, or that of a name.
    pub(super) fn all_installed(&self, disk: &Disk, name: Option<&Name>) -> Vec<Layout> {
        let mut states = vec![Layout::system(&any_name())];
        states.extend(self.home().ok().map(|home| Layout::for_oneself(&any_name(), &home)));
        if self.user {
            states.remove(0);
        }
        let mut found = Vec::new();
        for state in &states {
            use crate::install::file_system::FileSystem as _;
            for (entry, _) in disk.list(state.all_states()).ok().flatten().unwrap_or_default() {
                let Ok(entry) = Name::new(&entry) else { continue };
                if name.is_none_or(|name| *name == entry) {
                    found.extend(self.installed_as(disk, state, &entry));
                }
            }
        }
        found
    }

    /// Where every catalog stands that a user has installed for themselves, or that of a name. Whoever has moved
    /// `$XDG_STATE_HOME` is not found.
    pub(super) fn installed_by(&self, disk: &Disk, uid: u32, name: Option<&Name>) -> Vec<Layout> {
        use crate::install::file_system::FileSystem as _;
        let passwd = disk.read("etc/passwd").unwrap_or_default();
        let Some(home) = crate::host::home(&String::from_utf8_lossy(&passwd), uid) else { return Vec::new() };
        let within = |dir: &str| self.beneath(&Utf8Path::new(&home).join(dir));
        let home = Home { config: within(".config"), state: within(".local/state"), runtime: None, uid };
        let of = |name: &Name| Layout { manager: Owner::User(Some(uid)), ..Layout::for_oneself(name, &home) };
        let entries = disk.list(of(&any_name()).all_states()).ok().flatten().unwrap_or_default();
        let names = entries.iter().filter_map(|(entry, _)| Name::new(entry).ok());
        let names = names.filter(|own| name.is_none_or(|name| name == own));
        names.map(|name| of(&name)).filter(|own| generations::last(disk, own).ok().flatten().is_some()).collect()
    }

    /// The layout of an installed catalog, as the last generation that can be read recorded it. One of which none can
    /// is installed all the same: whoever reads it says so.
    fn installed_as(&self, disk: &Disk, state: &Layout, name: &Name) -> Option<Layout> {
        let numbers = |layout: &Layout| generations::numbers(disk, layout).ok().filter(|numbers| !numbers.is_empty());
        if state.manager == Owner::Oneself {
            let own = Layout::for_oneself(name, &self.home().ok()?);
            return numbers(&own).map(|_| own);
        }
        let system = Layout::system(name);
        let recorded = numbers(&system)?;
        let last = recorded.into_iter().rev().find_map(|number| generations::read(disk, &system, number).ok());
        let users = last.as_ref().and_then(|last| last.units.strip_prefix("etc/containers/systemd/users/"));
        Some(users.map_or(system, |rest| {
            let uid = rest.split_once('/').and_then(|(uid, _)| uid.parse().ok());
            Layout::for_user(name, uid)
        }))
    }
}

fn any_name() -> Name {
    Name::new("any").expect("three letters are a name")
}

/// Now, in UTC, to the second: `SOURCE_DATE_EPOCH` (reproducible-builds.org), else the clock.
pub(super) fn now() -> String {
    let epoch = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|epoch| epoch.parse().ok());
    let given = epoch.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    let seconds = given.unwrap_or_else(jiff::Timestamp::now).as_second();
    jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |now| now.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PodmanVersion;

    #[test]
    fn a_catalog_for_a_user_is_nobody_elses() {
        let own = rustix::process::geteuid().as_raw();
        let layout = |root: &str, user| {
            let podman = crate::diagnostic::Sourced::built_in(PodmanVersion { major: 5, minor: 4 });
            let target = Target { podman, profile: Profile::Rootless, user, selinux: true };
            Host { root: root.into(), user: true }.layout(&any_name(), &target).map_err(|error| error.message)
        };
        assert!(layout("/", Some(own)).is_ok() && layout("/", None).is_ok());
        let refused = layout("/", Some(own + 1)).unwrap_err();
        assert_eq!(
            refused,
            format!("the catalog `any` is for the user {} (`[target] user`), and this is {own}", own + 1)
        );
        assert!(layout("/tmp", Some(own + 1)).is_ok(), "the users of an image are others");
    }
}
