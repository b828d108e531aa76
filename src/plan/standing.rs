//! What stands on the host, as somebody else read it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Wanted, digest};
use crate::render::host::places;

/// What stands on the host, as far as it matters for a catalog.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Every file in the catalog's directory, by its place on the host.
    pub units: BTreeMap<String, Vec<u8>>,
    /// Those of the files outside that directory that are wanted, or were installed, that are there: slices, and files of
    /// the host.
    pub slices: BTreeMap<String, Vec<u8>>,
    /// The whole text of the files that others write to as well, where a line of ours is wanted or was installed.
    pub shared: BTreeMap<String, Vec<u8>>,
    /// The users (`etc/passwd`) and groups (`etc/group`) of the host, where a range of ids is wanted.
    pub accounts: BTreeMap<&'static str, Vec<u8>>,
    /// What is in the way of a place: a symbolic link, a directory, by place and as a noun.
    pub obstructed: BTreeMap<String, &'static str>,
    /// Unit files that belong to others: Quadlet's in the rest of its search path, and plain ones.
    pub others_units: Vec<String>,
    /// Drop-ins of others, by place, with the SHA-256 of their text.
    pub drop_ins: BTreeMap<String, String>,
    /// What the last install wrote.
    pub last: Option<Generation>,
    /// What the other catalogs of this host have installed.
    pub other_catalogs: Vec<Generation>,
}

/// What an install wrote, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// The version of this record: 1.
    pub version: u32,
    /// The catalog's name.
    pub catalog: String,
    /// The number of the generation, from 1.
    pub generation: u32,
    /// Why it was made.
    pub reason: Reason,
    /// When it was made, in UTC, as `2026-11-22T10:00:00Z`.
    pub made: String,
    /// The directory of the units.
    pub units: String,
    /// The directory of the slices.
    pub slices: String,
    /// The files in the order of their places.
    pub files: Vec<InstalledFile>,
    /// The drop-ins of others that were there, by place, with the SHA-256 of their text.
    pub drop_ins: BTreeMap<String, String>,
    /// Directories that were made for it, which nobody else had.
    pub directories: Vec<String>,
    /// Files with a line of ours that were not there before: they go with their last line.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub made_files: BTreeSet<String>,
}

/// A file that was installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledFile {
    /// Its place on the host.
    pub path: String,
    /// The service of the catalog it belongs to.
    pub service: Option<String>,
    /// The SHA-256 of what was written, in hexadecimal digits.
    pub sha256: String,
}

/// Why a generation was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Somebody installed.
    Install,
    /// Somebody went back to a generation.
    Rollback(u32),
    /// A generation did not come up, and what was there before was put back.
    PutBack(u32),
    /// Somebody took the catalog away.
    Uninstall,
}

impl Standing {
    /// A host on which exactly a set stands, as an install wrote it.
    pub fn of(installed: &Wanted) -> Self {
        let layout = &installed.layout;
        let record = |(path, file): (&String, &super::WantedFile)| InstalledFile {
            path: path.clone(),
            service: file.service.clone(),
            sha256: digest(file.text.as_bytes()),
        };
        let last = Generation {
            version: 1,
            catalog: layout.catalog.to_string(),
            generation: 1,
            reason: Reason::Install,
            made: String::new(),
            units: layout.units.clone(),
            slices: layout.slices.clone(),
            files: installed.files.iter().map(record).collect(),
            drop_ins: BTreeMap::new(),
            directories: Vec::new(),
            made_files: BTreeSet::new(),
        };
        let text = |(path, file): (&String, &super::WantedFile)| (path.clone(), file.text.as_bytes().to_vec());
        let (units, files): (BTreeMap<_, _>, BTreeMap<_, _>) =
            installed.files.iter().map(text).partition(|(path, _)| layout.is_unit(path));
        let (shared, slices) = files.into_iter().partition(|(path, _)| places::is_shared(path));
        Self { units, slices, shared, last: Some(last), ..Self::default() }
    }
}

impl Generation {
    /// The record of a file.
    pub fn file(&self, path: &str) -> Option<&InstalledFile> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|at| &self.files[at])
    }
}
