//! Finds the files that Podman and systemd would read beneath a directory: units, their drop-ins and slices.
//!
//! The walk is that of Podman's generator (podman-systemd.unit(5), seen on 5.4.2 and 5.8.6): sub-directories are
//! searched, links to directories followed, hidden files read like any other. Nothing is judged here: what is wrong with
//! a file, or where it stands, is for the policy to say.

use std::{
    collections::{HashMap, HashSet},
    ffi::OsString,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    parallel,
    unit::UnitType,
};

/// A file that was found.
#[derive(Clone, Debug)]
pub struct FoundFile {
    /// Its path beneath the directory that was searched. What is not UTF-8 in a name has become U+FFFD, here and in
    /// `shown`; where two names of a directory are then the same, it is escaped in the second.
    pub path: String,
    /// Its path as the reader of a message knows it.
    pub shown: Utf8PathBuf,
    /// Its text; empty for a file that is only known by its name, because nobody reads it. What is not UTF-8 in it has
    /// become U+FFFD. `None` where it has the name of a unit or of a drop-in and is no file: a directory, a link to
    /// nothing. Podman stumbles over it.
    pub text: Option<String>,
    /// Whether it was asked for; the others are there because units refer to each other.
    pub asked_for: bool,
    /// The directory that led to it.
    pub root: Root,
}

/// One of the directories that are searched one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Root {
    /// Its place among them: of two files of one name Podman reads the one that it comes to first.
    pub number: usize,
    /// What the paths of its files begin with, without a `/` at the end; empty where there is one directory only.
    pub dir: String,
}

/// Directories deeper than this are a loop that no link admits to.
const DEEPEST: usize = 256;

/// A unit file greater than this is none: it is not read, and that is an error.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Finds the files beneath each of the paths. A path that is a file stands for itself; those beside it are read too.
///
/// Complaints go to `diagnostics`: a path that is not there, a file that cannot be read, a path with nothing to judge.
pub fn find(paths: &[Utf8PathBuf], diagnostics: &mut Diagnostics) -> Vec<FoundFile> {
    let mut walk = Walk::default();
    let beneath = beneath_what_they_share(paths);
    for (number, (path, beneath)) in paths.iter().zip(&beneath).enumerate() {
        walk.root = Root { number, dir: beneath.clone() };
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => {
                let met = walk.met;
                walk.directory(path.as_std_path(), (path, beneath), Depth::All(0), true);
                if walk.met == met {
                    walk.complaints.push(nothing_to_judge(path));
                }
            }
            Ok(meta) if meta.is_file() || is_null(path.as_std_path()) => walk.file_and_its_neighbours(path, beneath),
            Ok(_) => walk.complain(path, "is neither a file nor a directory"),
            Err(error) => walk.complain(path, format_args!("cannot be read: {error}")),
        }
    }
    let read = parallel::map(walk.found, Entry::read);
    let mut files = Vec::with_capacity(read.len());
    for result in read {
        match result {
            Ok(file) => files.push(file),
            Err(complaint) => walk.complaints.push(complaint),
        }
    }
    walk.complaints.into_iter().for_each(|complaint| diagnostics.push(complaint));
    files
}

/// The directory of each path beneath the one that all of them have in common: two directories stay two.
fn beneath_what_they_share(paths: &[Utf8PathBuf]) -> Vec<String> {
    let parts = |path| {
        let parts = dir_of(path).components().map(|part| part.as_str());
        parts.filter(|part| *part != ".").collect::<Vec<_>>()
    };
    let dirs: Vec<Vec<&str>> = paths.iter().map(|path| parts(path)).collect();
    let first = dirs.first().map_or(&[][..], Vec::as_slice);
    let shared = |dir: &Vec<&str>| dir.iter().zip(first).take_while(|(a, b)| a == b).count();
    let shared = dirs.iter().map(shared).min().unwrap_or_default();
    dirs.iter().map(|dir| dir[shared..].join("/")).collect()
}

/// The directory that a path stands for: that of a file, and for a drop-in that of its unit.
fn dir_of(path: &Utf8Path) -> &Utf8Path {
    if path.is_dir() {
        return path;
    }
    let dir = path.parent().unwrap_or(path);
    let is_drop_in = path.extension() == Some("conf") && dir.as_str().ends_with(".d");
    if is_drop_in { dir.parent().unwrap_or(dir) } else { dir }
}

fn nothing_to_judge(path: &Utf8Path) -> Diagnostic {
    let suffixes: Vec<&str> = UnitType::all().iter().map(|unit_type| unit_type.suffix()).collect();
    Diagnostic::general(format!("`{path}` holds no file to judge"))
        .help(format!("Quadlet reads files that end in {}", suffixes.join(", ")))
}

/// A file whose text has not been read.
struct Entry {
    path: String,
    file: PathBuf,
    shown: Utf8PathBuf,
    asked_for: bool,
    nature: Nature,
    root: Root,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    /// A file that somebody reads.
    Read,
    /// A file that nobody reads.
    Ignored,
    /// The name of a file that is read, and no file.
    NoFile,
}

impl Entry {
    fn read(self) -> Result<FoundFile, Diagnostic> {
        let text = match self.nature {
            Nature::Read => text(&self.file).map(Some),
            Nature::Ignored => Ok(Some(String::new())),
            Nature::NoFile => Ok(None),
        };
        let complain = |error| Diagnostic::general(format!("`{}` cannot be read: {error}", self.shown));
        let text = text.map_err(complain)?;
        let shown = self.shown.strip_prefix(".").unwrap_or(&self.shown).to_owned();
        Ok(FoundFile { path: self.path, shown, text, asked_for: self.asked_for, root: self.root })
    }
}

fn text(file: &Path) -> io::Result<String> {
    let mut file = fs::File::open(file)?;
    let length = file.metadata()?.len();
    if length > LARGEST {
        return Err(io::Error::other("it is greater than 16 MiB"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).map_or(0, |length| length + 1));
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// How far down to go.
#[derive(Clone, Copy, Debug)]
enum Depth {
    /// All the way; so many directories deep by now.
    All(usize),
    /// Only into drop-in directories.
    DropIns,
}

#[derive(Default)]
struct Walk {
    root: Root,
    found: Vec<Entry>,
    /// How many files that were asked for were met, those that were known already among them.
    met: usize,
    /// Where the files that were found stand among them, whichever path led there.
    known: HashMap<PathBuf, usize>,
    complaints: Vec<Diagnostic>,
    /// The directories above the one that is read: a link to one of them is a loop.
    above: Vec<PathBuf>,
}

impl Walk {
    /// A directory, as it is shown and as it is called beneath the one that was searched.
    fn directory(&mut self, dir: &Path, (shown, beneath): (&Utf8Path, &str), depth: Depth, asked_for: bool) {
        let Ok(real) = fs::canonicalize(dir) else { return };
        if self.above.contains(&real) {
            return;
        }
        let mut names = match names(dir) {
            Ok(names) => names,
            Err(error) => return self.complain(shown, format_args!("cannot be read: {error}")),
        };
        names.sort();
        self.above.push(real.clone());
        let mut directories = Vec::new();
        let mut lossy = HashSet::new();
        for name in names {
            let file = dir.join(&name);
            // Podman reads a file whatever bytes its name has.
            let mut shown_name = name.to_string_lossy();
            if name.to_str().is_none() && !lossy.insert(shown_name.clone().into_owned()) {
                shown_name = name.as_encoded_bytes().escape_ascii().to_string().into();
            }
            let path = if beneath.is_empty() { shown_name.clone().into() } else { format!("{beneath}/{shown_name}") };
            let shown = shown.join(&*shown_name);
            let meta = fs::metadata(&file);
            let is_dir = meta.as_ref().is_ok_and(fs::Metadata::is_dir);
            // Whoever masks a unit links it to /dev/null: an empty file.
            let is_file = meta.is_ok_and(|meta| meta.is_file()) || is_null(&file);
            if let Some(nature) = nature(&path, is_file) {
                let (path, file, shown, root) = (path.clone(), file.clone(), shown.clone(), self.root.clone());
                self.file(real.join(&name), Entry { path, file, shown, asked_for, nature, root });
            }
            if is_dir {
                directories.push((file, shown, path));
            }
        }
        for (dir, shown, path) in directories {
            let here = (&*shown, &*path);
            match depth {
                Depth::All(deep) if deep < DEEPEST => self.directory(&dir, here, Depth::All(deep + 1), asked_for),
                Depth::DropIns if path.ends_with(".d") => self.directory(&dir, here, Depth::DropIns, asked_for),
                Depth::All(_) | Depth::DropIns => {}
            }
        }
        self.above.pop();
    }

    /// A file in a directory of that real path.
    fn file(&mut self, real: PathBuf, entry: Entry) {
        self.met += usize::from(entry.asked_for);
        // Two ways to a directory are one. A link beside its file is another file: that is how an instance of a template
        // is made.
        match self.known.get(&real) {
            Some(at) => self.found[*at].asked_for |= entry.asked_for,
            None => {
                self.known.insert(real, self.found.len());
                self.found.push(entry);
            }
        }
    }

    /// A file that was named, those of its directory, and the drop-ins of all of them.
    fn file_and_its_neighbours(&mut self, file: &Utf8Path, beneath: &str) {
        // A drop-in is judged with the unit it belongs to.
        let dir = Some(dir_of(file)).filter(|dir| !dir.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
        self.directory(dir.as_std_path(), (dir, beneath), Depth::DropIns, false);
        let own = file.file_name().unwrap_or_default();
        let drop_ins = format!("{own}.d");
        let mut is_there = false;
        for entry in &mut self.found {
            let parent = entry.shown.parent().unwrap_or(Utf8Path::new(""));
            let is_it = entry.shown.file_name() == Some(own) && (same_directory(parent, file.parent()));
            let is_its_drop_in =
                parent.file_name() == Some(&drop_ins) && same_directory(parent, Some(&dir.join(&drop_ins)));
            entry.asked_for |= is_it || is_its_drop_in;
            is_there |= is_it;
        }
        if !is_there {
            self.complaints.push(nothing_to_judge(file));
        }
    }

    fn complain(&mut self, path: &Utf8Path, why: impl std::fmt::Display) {
        self.complaints.push(Diagnostic::general(format!("`{path}` {why}")));
    }
}

fn same_directory(a: &Utf8Path, b: Option<&Utf8Path>) -> bool {
    let real = |dir: &Utf8Path| fs::canonicalize(if dir.as_str().is_empty() { Utf8Path::new(".") } else { dir }).ok();
    b.is_some_and(|b| a == b || (real(a).is_some() && real(a) == real(b)))
}

/// The names in a directory.
fn names(dir: &Path) -> io::Result<Vec<OsString>> {
    fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name())).collect()
}

/// Whether a path leads to /dev/null.
fn is_null(path: &Path) -> bool {
    fs::canonicalize(path).is_ok_and(|real| real == Path::new("/dev/null"))
}

/// What a name stands for, if it matters.
fn nature(path: &str, is_file: bool) -> Option<Nature> {
    match is_of_interest(path)? {
        Nature::Read if !is_file && !path.ends_with(".slice") => Some(Nature::NoFile),
        nature => is_file.then_some(nature),
    }
}

/// Whether a file matters, and if so whether anybody reads it: a unit, a slice, a drop-in; or a file whose name says that
/// it was meant for one.
fn is_of_interest(path: &str) -> Option<Nature> {
    let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
    let in_drop_ins = dir.ends_with(".d");
    if UnitType::of_file(name).is_some() || name.ends_with(".slice") || (in_drop_ins && name.ends_with(".conf")) {
        return Some(Nature::Read);
    }
    let lower = name.to_ascii_lowercase();
    let looks_like = UnitType::all().iter().any(|unit_type| lower.contains(unit_type.suffix()));
    let of_a_unit = |dir: &str| UnitType::all().iter().any(|t| dir.ends_with(&format!("{}.d", &t.suffix()[1..])));
    (looks_like || lower.ends_with(".quadlets") || of_a_unit(dir)).then_some(Nature::Ignored)
}

#[cfg(test)]
mod tests;
