//! What Podman's generator makes of a set of files: which services it generates, and what it refuses, warns about or
//! loses without a word.
//!
//! - `search`: which files it reads, and in which order; `drop_ins`: which drop-ins it merges into them.
//! - `entries`: what every single assignment is held against: the key table, and how its value is read.
//! - `convert`: what it demands of a unit as a whole, in the order in which it asks.
//! - `names`: what the services are called, and which of them collide.
//! - `slices`: what systemd does not read of a slice.
//! - `ignored`: files that nobody reads.
//!
//! Facts without another source were read in Podman 4.4 to 6.0 and then tried on the generators of 5.4.2 and 5.8.6;
//! `tests/agreement` holds this module against both.

mod assigned;
mod collisions;
mod convert;
mod drop_ins;
mod entries;
mod ignored;
mod install;
mod losses;
mod names;
mod report;
mod search;
mod sections;
mod slices;
mod words;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Effective, File, Finding, JudgedUnit, Kind, effective::Part, facts::Layer, profile::Neighbours};
use crate::{
    diagnostic::Sources,
    parallel,
    unit::{SyntaxError, SyntaxKind, UnitType, Version},
};
use convert::Converted;
use search::{Fate, Search};

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
    /// Why Podman makes no service of it, where that is for what stands in it.
    pub refusal: Option<Box<Finding>>,
}

impl Loaded<'_> {
    /// Whether it makes a container. A `.container` without that section makes none, and there is nothing more to be said
    /// of it.
    pub fn is_a_container(&self) -> bool {
        self.unit_type == UnitType::Container && self.unit.has_section(UnitType::Container.group())
    }
}

/// The files of a search path, as Podman and systemd read them.
#[derive(Clone, Debug, Default)]
pub struct Tree<'a> {
    /// Every Quadlet file that could be read, in the order of the files.
    pub units: Vec<Loaded<'a>>,
    /// Every slice that could be read.
    pub slices: Vec<Effective<'a>>,
    /// Every file with a Quadlet suffix, be it readable or not, in the order of the files.
    pub judged: Vec<JudgedUnit>,
    /// The first line that keeps a Quadlet file from being read, by the index of the file.
    pub unreadable: BTreeMap<usize, SyntaxError>,
    /// What each of the slices states, in their order.
    slice_layers: Vec<Layer>,
    /// Who starts the units, where one does not say it itself.
    pub(super) neighbours: Neighbours<'a>,
    by_name: HashMap<&'a str, usize>,
    slice_by_name: HashMap<&'a str, usize>,
}

/// A file after reading it.
type Read<'a> = Result<Part<'a>, Vec<SyntaxError>>;

impl<'a> Tree<'a> {
    /// The unit of a file name: `lan.network`. Of several the one that Podman reads.
    pub fn unit(&self, file_name: &str) -> Option<&Loaded<'a>> {
        self.by_name.get(file_name).map(|at| &self.units[*at])
    }

    /// The units of one type.
    pub fn of_type(&self, unit_type: UnitType) -> impl Iterator<Item = &Loaded<'a>> {
        self.units.iter().filter(move |loaded| loaded.unit_type == unit_type)
    }

    /// The containers.
    pub fn containers(&self) -> impl Iterator<Item = &Loaded<'a>> {
        self.units.iter().filter(|loaded| loaded.is_a_container())
    }

    /// The slice of a file name: `services-web.slice`.
    pub fn slice(&self, file_name: &str) -> Option<&Effective<'a>> {
        self.slice_by_name.get(file_name).map(|at| &self.slices[*at])
    }

    /// The limits that a slice of the tree states.
    pub fn layer_of(&self, slice: &Effective<'_>) -> &Layer {
        let index = slice.index();
        &self.slice_layers[self.slices.partition_point(|other| other.index() < index)]
    }

    /// The slice of a file name, with the limits that it states.
    pub fn slice_layer(&self, file_name: &str) -> Option<(&Effective<'a>, &Layer)> {
        self.slice_by_name.get(file_name).map(|at| (&self.slices[*at], &self.slice_layers[*at]))
    }
}

/// Reads the files as that Podman does, with everything that it would complain about or lose.
pub fn load<'a>(files: &'a [File], sources: &Sources, podman: Version) -> (Tree<'a>, Vec<Finding>) {
    let read = parallel::map(files.iter().enumerate(), |(index, file)| {
        let text = || &sources.file(file.id).text;
        let no_file = || SyntaxError { line: 1, column: 1, text: String::new(), kind: SyntaxKind::NoFile };
        let read = || if file.readable { Part::read(file, index, text()) } else { Err(vec![no_file()]) };
        (file.kind != Kind::Other).then(read)
    });
    let search = Search::of(files, &read, podman);
    let mut findings = losses::of(files, sources, &read, &search, podman);
    ignored::add(files, &search, podman, &mut findings);

    let (units, unreadable) = units(files, &read, &search, podman);
    findings.extend(losses::unreadable_drop_ins(files, sources, &read, &unreadable));
    let is_read: HashSet<usize> = units.iter().map(|unit| unit.effective.index()).collect();
    let unread = search.found.iter().filter(|(index, ..)| !is_read.contains(index));
    let unread: HashSet<&str> = unread.map(|(index, ..)| files[*index].name()).collect();
    let converted = convert::all(&units, &unread, podman);
    let mut tree = Tree::default();
    let mut fates: HashMap<usize, (String, bool)> = HashMap::new();
    let mut loaded: Vec<Loaded<'a>> = Vec::with_capacity(units.len());
    for (unit, Converted { service, generated, report }) in units.into_iter().zip(converted) {
        let refusal = report.refusal().cloned().map(Box::new);
        findings.extend(report.into_findings());
        fates.insert(unit.effective.index(), (service.clone(), generated));
        loaded.push(Loaded { unit: unit.effective, unit_type: unit.unit_type, service, generated, refusal });
    }
    let is_shadowed: HashSet<usize> = search.shadowed().collect();
    collisions::add(loaded.iter().filter(|loaded| !is_shadowed.contains(&loaded.unit.index())), &mut findings);
    // In the order of the files, not in that of the search.
    loaded.sort_by_key(|loaded| loaded.unit.index());
    for (index, unit_type, fate) in &search.found {
        let (service, generated) = fates
            .remove(index)
            .unwrap_or_else(|| (names::service_of_file(files[*index].name(), *unit_type, podman), false));
        tree.judged.push(JudgedUnit { file: *index, service, generated });
        if let (Fate::Broken, Some(Err(errors))) = (fate, &read[*index])
            && let Some(first) = errors.first()
        {
            tree.unreadable.insert(*index, first.clone());
        }
        if matches!(fate, Fate::Loaded | Fate::LostWith(_))
            && let Ok(at) = loaded.binary_search_by_key(index, |loaded| loaded.unit.index())
        {
            tree.by_name.insert(files[*index].name(), at);
        }
    }
    tree.judged.sort_by_key(|judged| judged.file);
    tree.neighbours = Neighbours::of(&loaded);
    tree.units = loaded;
    let part = |index: usize| read[index].as_ref().and_then(|read| read.as_ref().ok());
    let slices = (0..files.len()).filter_map(part).filter(|part| part.file.kind == Kind::Slice);
    let with_drop_ins = |main: &Part<'a>| {
        let drop_ins = drop_ins::of_slice(main.file.name(), files, &search.drop_ins);
        Effective::new(main.clone(), drop_ins.into_iter().filter_map(part).cloned().collect())
    };
    tree.slices = slices.map(with_drop_ins).collect();
    findings.extend(slices::check(&tree.slices));
    tree.slice_layers = parallel::map(&tree.slices, |slice| Layer::of_section(slice, "Slice"));
    for (at, slice) in tree.slices.iter().enumerate() {
        tree.slice_by_name.entry(slice.file().name()).or_insert(at);
    }
    (tree, findings)
}

/// A unit before it is converted.
#[derive(Debug)]
struct Candidate<'a> {
    effective: Effective<'a>,
    unit_type: UnitType,
    fate: Fate,
}

/// The units that can be read, with their drop-ins, in the order in which Podman comes to them; and the drop-ins that
/// cannot be read, each with the units that go without it.
fn units<'a>(
    files: &'a [File],
    read: &[Option<Read<'a>>],
    search: &Search<'a>,
    podman: Version,
) -> (Vec<Candidate<'a>>, BTreeMap<usize, Vec<usize>>) {
    let mut units = Vec::with_capacity(search.found.len());
    let mut unreadable: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &(index, unit_type, fate) in &search.found {
        let Some(Ok(part)) = &read[index] else { continue };
        if matches!(fate, Fate::Unsearched | Fate::TooNew) {
            continue;
        }
        let mut drop_ins = Vec::new();
        for drop_in in drop_ins::of(files[index].name(), unit_type, files, &search.drop_ins, podman) {
            match &read[drop_in] {
                Some(Ok(part)) => drop_ins.push(part.clone()),
                Some(Err(_)) => unreadable.entry(drop_in).or_default().push(index),
                None => {}
            }
        }
        units.push(Candidate { effective: Effective::new(part.clone(), drop_ins), unit_type, fate });
    }
    (units, unreadable)
}
