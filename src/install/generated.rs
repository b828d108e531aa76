//! What a generator hands to systemd: services that Podman's generator made, with their slices, all or none.
//!
//! Everything is made ready in a directory of its own inside the one that systemd reads, which passes over it: so it is on
//! the same file system, and systemd clears it away before the next run, whatever became of this one. Then it is moved to
//! where systemd reads, one rename a file, and what starts services by itself comes last.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    error::{self, InstallError},
    file_system::{FileSystem, Kind},
    tools::{make_dirs, remove_tree},
};
use crate::model::Name;

/// Where everything is made ready. Quadlet passes over a directory whose name ends in `.d`, so none here does.
const STAGE: &str = ".plimsoll";

/// How the line begins that tells systemd where a generated unit comes from.
const SOURCE: &str = "SourcePath=";

/// A set of units that is being made ready.
pub struct Stage<'a> {
    disk: &'a dyn FileSystem,
    /// The directory that systemd reads.
    normal: String,
    /// The files in the order in which they go there: each after what it needs.
    order: Vec<String>,
}

/// What one catalog comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// The slices by name, with their texts.
    pub slices: BTreeMap<String, String>,
    /// The services, each after those that it needs, with the file that somebody would change.
    pub services: Vec<(String, String)>,
}

/// Where Podman's generator reads and writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The Quadlet units.
    pub units: String,
    /// What is made of them.
    pub made: String,
}

impl std::fmt::Debug for Stage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("normal", &self.normal).field("order", &self.order).finish_non_exhaustive()
    }
}

impl<'a> Stage<'a> {
    /// Begins, with nothing ready. What a run left that was killed is gone.
    ///
    /// # Errors
    /// What the system refused.
    pub fn begin(disk: &'a dyn FileSystem, normal: &str) -> Result<Self, InstallError> {
        let stage = Self { disk, normal: normal.to_owned(), order: Vec::new() };
        remove_tree(disk, &stage.path(""))?;
        make_dirs(disk, &stage.path("set"), &mut Vec::new())?;
        Ok(stage)
    }

    fn path(&self, beneath: &str) -> String {
        format!("{}/{STAGE}/{beneath}", self.normal).trim_end_matches('/').to_owned()
    }

    fn places(&self, catalog: &Name) -> Places {
        let of = |what: &str| self.path(&format!("catalogs/{catalog}/{what}"));
        Places { units: of("units"), made: of("made") }
    }

    /// Lays a catalog's Quadlet units out for Podman's generator.
    ///
    /// # Errors
    /// What the system refused.
    pub fn lay_out(&self, catalog: &Name, units: &BTreeMap<String, String>) -> Result<Places, InstallError> {
        let places = self.places(catalog);
        for dir in [&places.units, &places.made] {
            remove_tree(self.disk, dir)?;
            make_dirs(self.disk, dir, &mut Vec::new())?;
        }
        for (name, text) in units {
            let path = format!("{}/{name}", places.units);
            self.disk.write(&path, text.as_bytes()).map_err(error::io("write", &path))?;
        }
        Ok(places)
    }

    /// The services that Podman's generator has made of a catalog.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn made(&self, catalog: &Name) -> Result<BTreeSet<String>, InstallError> {
        let made = self.places(catalog).made;
        let names = self.list(&made)?.into_iter().filter(|(_, kind)| *kind == Kind::File);
        Ok(names.map(|(name, _)| name).collect())
    }

    fn list(&self, dir: &str) -> Result<Vec<(String, Kind)>, InstallError> {
        Ok(self.disk.list(dir).map_err(error::io("read", dir))?.unwrap_or_default())
    }

    /// Takes what was made of a catalog into the set, with its slices.
    ///
    /// # Errors
    /// What the system refused.
    pub fn take(&mut self, catalog: &Name, units: &Units) -> Result<(), InstallError> {
        let made = self.places(catalog).made;
        for (name, text) in &units.slices {
            let path = self.path(&format!("set/{name}"));
            if self.disk.entry(&path).map_err(error::io("look at", &path))?.is_none() {
                self.disk.write(&path, text.as_bytes()).map_err(error::io("write", &path))?;
                self.order.push(name.clone());
            }
        }
        for (name, source) in &units.services {
            let (from, to) = (format!("{made}/{name}"), self.path(&format!("set/{name}")));
            let text = self.disk.read(&from).map_err(error::io("read", &from))?;
            let text = with_source(&String::from_utf8_lossy(&text), source);
            self.disk.write(&to, text.as_bytes()).map_err(error::io("write", &to))?;
            self.disk.remove_file(&from).map_err(error::io("remove", &from))?;
            self.order.push(name.clone());
        }
        // Aliases, and the directories of links by which targets want services.
        self.list(&made)?.into_iter().try_for_each(|(name, kind)| {
            let (from, to) = (format!("{made}/{name}"), self.path(&format!("set/{name}")));
            self.bring(&from, &to, kind, &mut Vec::new())
        })
    }

    /// Moves a file or a directory to where nothing is, or into a directory of that name. What has been moved is added to
    /// `moved`.
    fn bring(&self, from: &str, to: &str, kind: Kind, moved: &mut Vec<String>) -> Result<(), InstallError> {
        let there = self.disk.entry(to).map_err(error::io("look at", to))?;
        match there.map(|entry| entry.kind) {
            None => {
                self.disk.rename(from, to).map_err(error::io("write", to))?;
                moved.push(to.to_owned());
                Ok(())
            }
            Some(Kind::Directory) if kind == Kind::Directory => {
                self.list(from)?.into_iter().try_for_each(|(name, kind)| {
                    self.bring(&format!("{from}/{name}"), &format!("{to}/{name}"), kind, moved)
                })
            }
            Some(_) => Err(error::io("write", to)(rustix::io::Errno::EXIST.into())),
        }
    }

    /// Moves the set to where systemd reads: slices, then services, and last the links that start them. What fails takes
    /// away again what was moved.
    ///
    /// # Errors
    /// What the system refused; nothing of the set is there then.
    pub fn hand_over(self) -> Result<(), InstallError> {
        let mut moved = Vec::new();
        let brought = self.bring_all(&mut moved);
        if brought.is_err() {
            for path in moved.iter().rev() {
                let _ = remove_tree(self.disk, path);
            }
        }
        let _ = remove_tree(self.disk, &self.path(""));
        brought
    }

    fn bring_all(&self, moved: &mut Vec<String>) -> Result<(), InstallError> {
        let mut bring = |name: &str, kind| {
            self.bring(&self.path(&format!("set/{name}")), &format!("{}/{name}", self.normal), kind, moved)
        };
        self.order.iter().try_for_each(|name| bring(name, Kind::File))?;
        self.list(&self.path("set"))?.into_iter().try_for_each(|(name, kind)| bring(&name, kind))
    }
}

/// A generated unit that says it comes from `source`. systemd compares the file's age with what it has read, so that it
/// tells when a `daemon-reload` is due; the file that Podman's generator read is gone by then.
fn with_source(text: &str, source: &str) -> String {
    let line = |line: &str| match line.strip_prefix(SOURCE) {
        // No value leaves its line, and no `%` of a home's name is a specifier.
        Some(_) if source.contains(char::is_control) => String::new(),
        Some(_) => format!("{SOURCE}{}\n", source.replace('%', "%%")),
        None => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

/// Remembers the tree of a catalog that stands, until the machine is switched off. Of one in which nothing is left there
/// is nothing to remember.
///
/// # Errors
/// What the system refused.
pub fn remember(
    disk: &dyn FileSystem,
    state: &str,
    catalog: &Name,
    files: &BTreeMap<String, String>,
) -> Result<(), InstallError> {
    if files.is_empty() {
        return forget_one(disk, state, catalog.as_str());
    }
    let (new, place) = (format!("{state}/.{catalog}"), format!("{state}/{catalog}"));
    remove_tree(disk, &new)?;
    for (path, text) in files {
        let path = format!("{new}/{path}");
        let above = path.rsplit_once('/').map_or("", |(above, _)| above);
        make_dirs(disk, above, &mut Vec::new())?;
        disk.write(&path, text.as_bytes()).map_err(error::io("write", &path))?;
    }
    if disk.entry(&place).map_err(error::io("look at", &place))?.is_none() {
        return disk.rename(&new, &place).map_err(error::io("write", &place));
    }
    disk.exchange(&new, &place).map_err(error::io("replace", &place))?;
    remove_tree(disk, &new)
}

/// Forgets the trees of all catalogs but some.
///
/// # Errors
/// What the system refused.
pub fn forget(disk: &dyn FileSystem, state: &str, but: &BTreeSet<&Name>) -> Result<(), InstallError> {
    let names = disk.list(state).map_err(error::io("read", state))?.unwrap_or_default();
    let gone = names.into_iter().filter(|(name, _)| !but.iter().any(|kept| kept.as_str() == name));
    gone.into_iter().try_for_each(|(name, _)| forget_one(disk, state, &name))
}

/// Forgets a tree in one step: what is half removed has a name that no catalog has, and is never read.
fn forget_one(disk: &dyn FileSystem, state: &str, name: &str) -> Result<(), InstallError> {
    let (gone, place) = (format!("{state}/.{name}"), format!("{state}/{name}"));
    if name.starts_with('.') {
        return remove_tree(disk, &place);
    }
    remove_tree(disk, &gone)?;
    if disk.entry(&place).map_err(error::io("look at", &place))?.is_some() {
        disk.rename(&place, &gone).map_err(error::io("remove", &place))?;
    }
    remove_tree(disk, &gone)
}

#[cfg(test)]
mod tests {
    use super::with_source;

    #[test]
    fn a_unit_says_where_it_comes_from() {
        let made = "[Unit]\nSourcePath=/run/x/web.container\n[Service]\nEnvironment=SourcePath=1\n";
        let wanted = "[Unit]\nSourcePath=/etc/plimsoll/home/services/web.toml\n[Service]\nEnvironment=SourcePath=1\n";
        assert_eq!(with_source(made, "/etc/plimsoll/home/services/web.toml"), wanted);
    }
}
