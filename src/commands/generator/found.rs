//! Which catalogs there are for a generator.

use std::{collections::BTreeMap, fs};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{commands::catalog::Place, model::Name};

/// A catalog that is to stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The name of its directory.
    pub(super) name: Name,
    /// The directory.
    pub(super) dir: Utf8PathBuf,
}

impl Found {
    /// Where its TOML files are, or would be.
    pub(super) fn place(&self) -> Place {
        Place { catalog: self.dir.join(Place::DEFAULT), templates: None }
    }

    /// The rendered tree, where there are no TOML files to render.
    pub(super) fn tree(&self) -> Option<Utf8PathBuf> {
        (!self.place().catalog.is_dir()).then(|| self.dir.join("out"))
    }
}

/// The catalogs of some directories, of each name the one in the first of them; with what could not be read.
///
/// This is all that a machine without catalogs pays for.
pub(super) fn catalogs(dirs: &[Utf8PathBuf]) -> (Vec<Found>, Vec<String>) {
    let mut found: BTreeMap<Name, Option<Found>> = BTreeMap::new();
    let mut complaints = Vec::new();
    for dir in dirs {
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                complaints.push(format!("{dir}: cannot be read: {error}"));
                continue;
            }
        };
        for entry in entries.flatten() {
            let file_name = entry.file_name();
            let Some(name) = file_name.to_str().and_then(|name| Name::new(name).ok()) else {
                if !file_name.as_encoded_bytes().starts_with(b".") && entry.path().is_dir() {
                    let file_name = file_name.to_string_lossy();
                    let help = "rename it: small letters, digits, `-` and `_`, at most 48 of them";
                    complaints.push(format!("{dir}/{}: is no name of a catalog; {help}", file_name.escape_debug()));
                }
                continue;
            };
            // What is beneath are directories of users, by number, and Quadlet passes over them in the same way.
            let is_for_users = name.as_str() == "users";
            let is_a_user = dir.file_name() == Some("users") && name.as_str().bytes().all(|c| c.is_ascii_digit());
            if is_for_users || is_a_user || found.contains_key(&name) {
                continue;
            }
            let place = dir.join(name.as_str());
            if is_masked(&place) {
                found.insert(name, None);
            } else if place.is_dir() || leads_nowhere(&place) {
                found.insert(name.clone(), Some(Found { name, dir: place }));
            }
        }
    }
    (found.into_values().flatten().collect(), complaints)
}

/// A link to what is not there, or not yet: somebody means a catalog.
pub(super) fn leads_nowhere(place: &Utf8Path) -> bool {
    place.is_symlink() && !place.exists()
}

/// An empty directory, or a link to /dev/null, hides a catalog that was shipped.
fn is_masked(place: &Utf8Path) -> bool {
    fs::read_link(place).is_ok_and(|target| target.as_os_str() == "/dev/null")
        || fs::read_dir(place).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_a_catalog_wherever_it_leads() {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        fs::create_dir_all(dir.join("good/services")).unwrap();
        fs::write(dir.join("file"), "no catalog").unwrap();
        symlink("good", dir.join("linked")).unwrap();
        symlink("file", dir.join("elsewhere")).unwrap();
        symlink("/dev/null", dir.join("hidden")).unwrap();
        symlink("/none/homelab", dir.join("homelab")).unwrap();
        let (found, complaints) = catalogs(&[dir.to_owned(), dir.join("none")]);
        let names: Vec<&str> = found.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["good", "homelab", "linked"]);
        assert_eq!(complaints, [""; 0]);
    }
}
