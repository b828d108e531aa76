//! What Podman's generator makes of a set of files.

use std::collections::HashMap;

use super::{Effective, File, Finding, Kind, effective::Part};
use crate::{
    diagnostic::Sources,
    unit::{UnitType, Version},
};

/// A Quadlet file that could be read, and what becomes of it.
#[derive(Clone, Debug)]
pub struct Loaded<'a> {
    /// The file with its drop-ins.
    pub unit: Effective<'a>,
    /// Its type.
    pub unit_type: UnitType,
    /// The service it becomes, without `.service`.
    pub service: String,
    /// Whether Podman generates that service.
    pub generated: bool,
}

/// The files of a search path, as Podman and systemd read them.
#[derive(Clone, Debug, Default)]
pub struct Tree<'a> {
    /// Every Quadlet file that could be read, in the order of the files.
    pub units: Vec<Loaded<'a>>,
    /// Every slice that could be read.
    pub slices: Vec<Effective<'a>>,
    by_name: HashMap<&'a str, usize>,
}

impl<'a> Tree<'a> {
    /// The unit of a file name: `lan.network`.
    pub fn unit(&self, file_name: &str) -> Option<&Loaded<'a>> {
        self.by_name.get(file_name).map(|at| &self.units[*at])
    }

    /// The units of one type.
    pub fn of_type(&self, unit_type: UnitType) -> impl Iterator<Item = &Loaded<'a>> {
        self.units.iter().filter(move |loaded| loaded.unit_type == unit_type)
    }

    /// The slice of a file name: `services-web.slice`.
    pub fn slice(&self, file_name: &str) -> Option<&Effective<'a>> {
        self.slices.iter().find(|slice| slice.file().name() == file_name)
    }
}

/// Reads the files as that Podman does, with everything that it would complain about or lose.
pub fn load<'a>(files: &'a [File], sources: &Sources, _podman: Version) -> (Tree<'a>, Vec<Finding>) {
    let mut tree = Tree::default();
    for (index, file) in files.iter().enumerate() {
        let Ok(part) = Part::read(file, index, &sources.file(file.id).text) else { continue };
        let unit = Effective::new(part, Vec::new());
        match file.kind {
            Kind::Quadlet(unit_type) => {
                let stem = file.name().strip_suffix(unit_type.suffix()).unwrap_or_default();
                let service = unit_type.service_name(stem);
                let service = service.strip_suffix(".service").unwrap_or(&service).to_owned();
                tree.by_name.entry(file.name()).or_insert(tree.units.len());
                tree.units.push(Loaded { unit, unit_type, service, generated: true });
            }
            Kind::Slice => tree.slices.push(unit),
            Kind::DropIn | Kind::Other => {}
        }
    }
    (tree, Vec::new())
}
