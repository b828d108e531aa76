//! Which files Podman reads, in which order, and which it loses on the way.
//!
//! Source: the search of `cmd/quadlet/main.go` and `unitdirs.go`, read from 4.4 to 5.8; run on 5.4.2 and 5.8.6.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
};

use super::{Read, drop_ins::DropIns};
use crate::{
    policy::{File, Kind},
    unit::{UnitType, Version},
};

/// Since then one file that cannot be read takes every unit of its directory along; before, it was only skipped.
pub(super) const DIRECTORY_LOST: Version = (5, 0);

/// Since then directories for drop-ins are passed over, with whatever stands in them.
const DROP_INS_APART: Version = (5, 2);

/// Since then sub-directories are searched (read in 4.4 to 4.8).
pub(super) const SUB_DIRECTORIES: Version = (4, 7);

/// What becomes of a Quadlet file before anything in it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is read.
    Loaded,
    /// It is read, and lost because of another file of its directory.
    LostWith(usize),
    /// It is not read: a file of its name was read before.
    ShadowedBy(usize),
    /// It cannot be read.
    Broken,
    /// Podman does not search its directory.
    Unsearched,
    /// This Podman does not know its type.
    TooNew,
}

/// What Podman finds in a search path.
#[derive(Debug, Default)]
pub(super) struct Search<'a> {
    /// Every Quadlet file, in the order in which Podman comes to them.
    pub(super) found: Vec<(usize, UnitType, Fate)>,
    /// For each directory that is lost, the files it is lost with and those lost along.
    pub(super) lost: Vec<LostDirectory<'a>>,
    /// The drop-ins, by the name of their directory.
    pub(super) drop_ins: DropIns<'a>,
}

/// A directory with a file in it that cannot be read.
#[derive(Debug)]
pub(super) struct LostDirectory<'a> {
    /// The files that cannot be read; for a directory with the name of a Quadlet file, a file in it and that name.
    pub(super) broken: Vec<(usize, Option<&'a str>)>,
    /// The units that are lost along. None before Podman 5.0.
    pub(super) lost: Vec<usize>,
}

/// What a directory holds under one name.
#[derive(Clone, Copy)]
enum Entry {
    File(usize, UnitType),
    /// A directory, and a file in it.
    Directory(usize),
}

impl<'a> Search<'a> {
    /// Searches the files.
    pub(super) fn of(files: &'a [File], read: &[Option<Read<'a>>], podman: Version) -> Self {
        let mut search = Self::default();
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let tops: HashMap<usize, &str> = files.iter().map(|file| (file.root.number, &*file.root.dir)).collect();
        for ((root, dir), entries) in search.directories(files, podman) {
            let is_searched = (is_searched(dir) || podman < DROP_INS_APART)
                && (podman >= SUB_DIRECTORIES || !is_beneath(dir, tops.get(&root).copied().unwrap_or_default()));
            search.directory(&entries, is_searched, read, &mut seen, podman);
        }
        search
    }

    /// The files that Podman never reads, because it read another one of their name.
    pub(super) fn shadowed(&self) -> impl Iterator<Item = usize> {
        let shadowed = self.found.iter().filter(|(_, _, fate)| matches!(fate, Fate::ShadowedBy(_)));
        shadowed.map(|(index, _, _)| *index)
    }

    /// The directories in the order in which Podman searches them, a directory before those in it, each with what it
    /// holds by name. Drop-ins are put aside.
    fn directories(&mut self, files: &'a [File], podman: Version) -> Vec<(Place<'a>, BTreeMap<&'a str, Entry>)> {
        let mut by_dir: HashMap<Place<'_>, BTreeMap<&str, Entry>> = HashMap::new();
        let mut drop_ins: Vec<(Place<'_>, &str, usize)> = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let (root, dir) = (file.root.number, file.dir());
            match file.kind {
                Kind::Quadlet(unit_type) => {
                    by_dir.entry((root, dir)).or_default().insert(file.name(), Entry::File(index, unit_type));
                }
                Kind::DropIn => {
                    let (parent, name) = dir.rsplit_once('/').unwrap_or(("", dir));
                    drop_ins.push(((root, parent), name, index));
                }
                Kind::Slice | Kind::Other => {}
            }
            for (parent, name) in ancestors(dir) {
                if UnitType::of_file(name).is_some_and(|(_, unit_type)| unit_type.since() <= podman) {
                    by_dir.entry((root, parent)).or_default().entry(name).or_insert(Entry::Directory(index));
                }
            }
        }
        drop_ins.sort_by(|(a, ..), (b, ..)| in_order(*a, *b));
        let mut above = (0, (0, ""));
        for (parent, name, index) in drop_ins {
            if parent != above.1 {
                above = (above.0 + 1, parent);
            }
            if is_searched(parent.1) {
                self.drop_ins.entry(name).or_default().push((above.0, index));
            }
        }
        let mut directories: Vec<_> = by_dir.into_iter().collect();
        directories.sort_by(|(a, _), (b, _)| in_order(*a, *b));
        directories
    }

    fn directory(
        &mut self,
        entries: &BTreeMap<&'a str, Entry>,
        is_searched: bool,
        read: &[Option<Read<'a>>],
        seen: &mut HashMap<&'a str, usize>,
        podman: Version,
    ) {
        let first = self.found.len();
        let mut broken = Vec::new();
        for (&name, &entry) in entries {
            let (index, unit_type) = match entry {
                Entry::File(index, unit_type) => (index, unit_type),
                Entry::Directory(inside) => {
                    if is_searched && !seen.contains_key(name) {
                        broken.push((inside, Some(name)));
                    }
                    continue;
                }
            };
            let fate = if !is_searched {
                Fate::Unsearched
            } else if unit_type.since() > podman {
                Fate::TooNew
            } else if let Some(&earlier) = seen.get(name) {
                Fate::ShadowedBy(earlier)
            } else if matches!(read[index], Some(Ok(_))) {
                // The name stays taken even if the file is lost with its directory.
                seen.insert(name, index);
                Fate::Loaded
            } else {
                broken.push((index, None));
                Fate::Broken
            };
            self.found.push((index, unit_type, fate));
        }
        let Some(&(culprit, _)) = broken.first() else { return };
        let mut lost = Vec::new();
        if podman >= DIRECTORY_LOST {
            for (index, _, fate) in &mut self.found[first..] {
                if *fate == Fate::Loaded {
                    *fate = Fate::LostWith(culprit);
                    lost.push(*index);
                }
            }
        }
        self.lost.push(LostDirectory { broken, lost });
    }
}

/// Whether Podman searches a directory: it passes over those whose name ends in `.d`, with all below them.
fn is_searched(dir: &str) -> bool {
    dir.split('/').all(|name| !name.ends_with(".d"))
}

/// Whether a directory is beneath one that Podman's search begins with: the one that was named, or in a tree that mirrors
/// a host its `containers/systemd`, with `users` and `users/UID` in it.
fn is_beneath(dir: &str, named: &str) -> bool {
    const QUADLETS: &str = "containers/systemd";
    let of_host = dir.match_indices(QUADLETS).map(|(at, _)| at + QUADLETS.len());
    let is_whole = |end: &usize| {
        let before = &dir[..end - QUADLETS.len()];
        (before.is_empty() || before.ends_with('/')) && dir[*end..].chars().next().is_none_or(|next| next == '/')
    };
    let Some(end) = of_host.filter(is_whole).last().filter(|end| *end >= named.len()) else { return dir != named };
    let mut rest = dir[end..].trim_start_matches('/').split('/');
    match rest.next().unwrap_or_default() {
        "" => false,
        "users" => {
            rest.next().is_some_and(|uid| !uid.bytes().all(|byte| byte.is_ascii_digit())) || rest.next().is_some()
        }
        _ => true,
    }
}

/// Each directory above a path and the one it is: `a/b` is `a` in the directory above and `b` in `a`.
fn ancestors(dir: &str) -> impl Iterator<Item = (&str, &str)> {
    let ends = dir.match_indices('/').map(|(at, _)| at).chain((!dir.is_empty()).then_some(dir.len()));
    ends.map(move |end| dir[..end].rsplit_once('/').unwrap_or(("", &dir[..end])))
}

/// A directory, and the place among those that were named of the one that led to it.
type Place<'a> = (usize, &'a str);

/// The order in which directories are searched: as they were named, and what is in them part by part, so that `a/b` comes
/// before `a-b`.
fn in_order(a: Place<'_>, b: Place<'_>) -> Ordering {
    a.0.cmp(&b.0).then_with(|| a.1.split('/').cmp(b.1.split('/')))
}
