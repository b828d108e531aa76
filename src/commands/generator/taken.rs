//! Names that are somebody else's: what a generator writes must replace nothing, and be replaced by nothing, in silence.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use camino::Utf8Path;

use crate::{
    diagnostic::Severity,
    install::{
        InstallError,
        file_system::{FileSystem, Kind},
        generated::Units,
    },
    plan::{self, Layout},
    report::log::Line,
};

/// What Podman's generator makes of the files in its own search path: it runs at the same time, and whoever wrote last would
/// have won.
#[derive(Debug, Default)]
pub(super) struct Podmans(BTreeMap<String, String>);

/// Directories of Quadlet units deeper than this are not looked into.
const DEEPEST: usize = 32;

impl Podmans {
    /// Reads the search path.
    pub(super) fn read(disk: &dyn FileSystem, layout: &Layout) -> Self {
        let mut podmans = Self::default();
        for dir in &layout.search {
            podmans.walk(disk, dir, 0);
        }
        podmans
    }

    fn walk(&mut self, disk: &dyn FileSystem, dir: &str, depth: usize) {
        for (name, kind) in disk.list(dir).ok().flatten().unwrap_or_default() {
            let path = format!("{dir}/{name}");
            if kind == Kind::Directory {
                // The system's Podman passes over the units of users, and a user's over those of other users.
                let is_a_user = dir.ends_with("/users") && name.bytes().all(|c| c.is_ascii_digit());
                let is_others = name.ends_with(".d") || name == "users" || is_a_user;
                if depth < DEEPEST && !is_others {
                    self.walk(disk, &path, depth + 1);
                }
                continue;
            }
            let text = disk.read(&path).map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default();
            if let Some(service) = plan::service_made_of(&name, &text) {
                self.0.entry(service).or_insert(path);
            }
        }
    }
}

/// Where to look.
pub(super) struct Scene<'a> {
    /// The disk of the host.
    pub(super) disk: &'a dyn FileSystem,
    /// Where it begins.
    pub(super) root: &'a Utf8Path,
    /// Where the units of others stand.
    pub(super) layout: &'a Layout,
    /// The directory that systemd reads what is generated from.
    pub(super) normal: &'a str,
    /// What Podman's generator makes meanwhile.
    pub(super) podmans: &'a Podmans,
}

/// What is to be said of the names of a catalog's units: an error where it cannot stand.
pub(super) fn look(scene: &Scene<'_>, units: &Units) -> Result<Vec<Line>, InstallError> {
    let mut lines = Vec::new();
    let error = |line: String| (Severity::Error, line);
    for (service, source) in &units.services {
        if let Some(other) = scene.podmans.0.get(service) {
            lines.push(error(format!(
                "{source}: `{service}` is what Podman makes of /{other}; remove one of the two, or rename it"
            )));
        }
    }
    let mut names: BTreeSet<(&str, Option<&str>)> = BTreeSet::new();
    names.extend(units.services.iter().map(|(name, _)| (name.as_str(), None)));
    names.extend(units.slices.iter().map(|(name, text)| (name.as_str(), Some(text.as_str()))));
    for (name, slice) in names {
        // Podman's may have been quicker, which was told already.
        if !scene.podmans.0.contains_key(name) && scene.is_there(&format!("{}/{name}", scene.normal))? {
            lines.push(error(format!("`{name}` is what another generator has made already; rename one of the two")));
        }
        for dir in &scene.layout.plain_units {
            let path = format!("{dir}/{name}");
            if !scene.is_there(&path)? || slice.is_some_and(|text| scene.says_the_same(&path, text)) {
                continue;
            }
            // systemd.unit(5): what the administrator wrote goes before what is generated, and that before what was shipped.
            let is_shipped = dir.starts_with("usr/");
            if is_shipped {
                lines.push(error(format!(
                    "`{name}` is there already, and would be replaced: /{path}; rename the one of the catalog"
                )));
            } else if slice.is_some() {
                lines.push(error(format!(
                    "`{name}` is there already, and says something else: /{path}; its limits would hold"
                )));
            } else if !scene.is_masked(&path) {
                lines
                    .push((Severity::Warning, format!("`{name}` is there already, and is the one that runs: /{path}")));
            }
        }
    }
    Ok(lines)
}

/// Whether two slices differ in their comments alone, which name the catalog.
pub(super) fn say_the_same(one: &str, other: &str) -> bool {
    let said = |line: &&str| !line.starts_with('#') && !line.trim().is_empty();
    one.lines().filter(said).eq(other.lines().filter(said))
}

impl Scene<'_> {
    fn is_there(&self, path: &str) -> Result<bool, InstallError> {
        self.disk.entry(path).map(|entry| entry.is_some()).map_err(|source| InstallError::Io {
            doing: "look at",
            path: format!("/{path}"),
            source,
        })
    }

    fn says_the_same(&self, path: &str, text: &str) -> bool {
        self.disk.read(path).is_ok_and(|there| say_the_same(&String::from_utf8_lossy(&there), text))
    }

    /// `systemctl mask`: whoever does that wants the service not to run.
    fn is_masked(&self, path: &str) -> bool {
        fs::read_link(self.root.join(path)).is_ok_and(|target| target.as_os_str() == "/dev/null")
    }
}
