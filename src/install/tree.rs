//! Brings a folder to hold exactly a bundle: the rendered tree, before anything is installed.
//!
//! First everything is looked at, then everything new is written beside its place, then all of it is renamed into place
//! and what is no longer rendered is removed. A directory that is not there yet is made beside its place with all that
//! belongs into it. Whatever fails before the first rename leaves the folder as it was.
//! Nothing is synced: a rendered tree is made again in a moment, durability is the business of an install.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{
    parallel,
    render::{
        Bundle, Changes, RenderedFile,
        host::{places, signatures},
        is_ours,
    },
};

/// The directories of a tree that units stand in.
const ROOTS: &[&str] = &["etc/containers/systemd", "etc/systemd/system", "etc/systemd/user"];

/// Which files of a folder a bundle is about: whatever else stands in it is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All units and slices.
    Units,
    /// Some of them.
    SomeUnits,
    /// All files of the host itself.
    Host,
}

impl Part {
    /// The directories that its files may stand in.
    fn roots(self) -> Vec<&'static str> {
        if self == Self::Host { places::directories() } else { ROOTS.to_vec() }
    }

    fn has(self, path: &str) -> bool {
        places::on_host(path).is_some() == (self == Self::Host)
    }
}

/// Whether a file of a tree was rendered.
fn is_rendered(path: &str, text: &[u8]) -> bool {
    if path == places::POLICY { signatures::is_rendered(text) } else { is_ours(text) }
}

/// Why a folder cannot be brought to hold a bundle. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// A file of a rendered name that Plimsoll did not write.
    #[error("{0} was not written by Plimsoll: move it away, or render into another folder with --out")]
    Foreign(PathBuf),
    /// Something that is not a regular file where one is to be written.
    #[error("{0} is {1}: remove it, or render into another folder with --out")]
    NotAFile(PathBuf, &'static str),
    /// The system said no.
    #[error("cannot {0} {1}: {2}")]
    Io(&'static str, PathBuf, #[source] io::Error),
    /// Several of these.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<Self>),
}

/// Waits until no other run writes into the folder, and keeps others out until the lock is dropped.
///
/// The lock is on the nearest directory that is there, since the folder itself may not be. Where the system gives no
/// lock there is none: what is written is still written whole.
pub fn lock(out: &Path) -> Option<fs::File> {
    let here = Path::new(".");
    let above = out.ancestors().skip(1).map(|dir| if dir.as_os_str().is_empty() { here } else { dir });
    let dir = above.chain([here]).find(|dir| dir.is_dir())?;
    let file = fs::File::open(dir).ok()?;
    file.lock().ok()?;
    Some(file)
}

/// Compares a folder with a bundle. Of units that are only some of a catalog, nothing counts as removed.
///
/// # Errors
/// What stands in the way, all of it.
pub fn compare(out: &Path, bundle: &Bundle, part: Part) -> Result<Changes, TreeError> {
    let mut errors = Vec::new();
    let mut there: BTreeSet<String> = BTreeSet::new();
    for root in part.roots() {
        match check_way(out, root) {
            Ok(true) => list(&out.join(root), root, part != Part::Host, &mut there, &mut errors),
            Ok(false) => {}
            Err(error) => errors.push(error),
        }
    }
    there.retain(|path| part.has(path));
    if errors.is_empty() {
        // A link further down would lead the files of a whole directory elsewhere.
        let dirs: BTreeSet<&str> = bundle.files.iter().filter_map(|file| Some(file.path.rsplit_once('/')?.0)).collect();
        errors.extend(dirs.into_iter().filter_map(|dir| check_way(out, dir).err()));
    }
    let (to_compare, new): (Vec<_>, Vec<_>) = bundle.files.iter().partition(|file| there.remove(&file.path));
    let compared = parallel::map(to_compare, |file| (file, is_there(out, &file.path, file.text.as_bytes())));
    let mut changes =
        Changes { created: new.into_iter().map(|file| file.path.clone()).collect(), ..Changes::default() };
    for (file, result) in compared {
        match result {
            Ok(true) => changes.unchanged += 1,
            Ok(false) => changes.replaced.push(file.path.clone()),
            Err(error) => errors.push(error),
        }
    }
    if part != Part::SomeUnits {
        for path in there {
            // Others' files are left alone, whatever they are.
            if read_file(&out.join(&path)).is_ok_and(|text| is_rendered(&path, &text)) {
                changes.removed.push(path);
            }
        }
    }
    // What is in the way of the folder is in the way of each of its files.
    errors.dedup_by_key(|error| error.to_string());
    match errors.len() {
        0 => Ok(changes),
        1 => Err(errors.remove(0)),
        _ => Err(TreeError::Several(errors)),
    }
}

/// Brings the folder to hold the bundle, given what [`compare`] said.
///
/// # Errors
/// What the system refused; then the folder is as it was, unless it refused a rename or a removal half way.
pub fn write(out: &Path, bundle: &Bundle, changes: &Changes) -> Result<(), TreeError> {
    let wanted: BTreeSet<&str> = changes.created.iter().chain(&changes.replaced).map(String::as_str).collect();
    let mut staged = Staged::default();
    staged.add(out, bundle.files.iter().filter(|file| wanted.contains(file.path.as_str())))?;
    staged.commit()?;
    for path in &changes.removed {
        remove(out, path)?;
    }
    Ok(())
}

/// What was written beside its place; forgotten, it is removed again.
#[derive(Default)]
struct Staged {
    /// Files, and directories with all that is in them: where each stands and where it belongs.
    moves: Vec<(PathBuf, PathBuf)>,
    /// Where the files of a directory are written.
    dirs: BTreeMap<PathBuf, PathBuf>,
}

impl Staged {
    fn add<'a>(&mut self, out: &Path, files: impl Iterator<Item = &'a RenderedFile>) -> Result<(), TreeError> {
        let mut to_write = Vec::new();
        for file in files {
            let place = out.join(&file.path);
            let dir = place.parent().unwrap_or(&place);
            let stage = self.dir(dir)?;
            let temporary = if stage == dir { beside(&place) } else { stage.join(file.file_name()) };
            if stage == dir {
                self.moves.push((temporary.clone(), place));
            }
            to_write.push((temporary, file));
        }
        let written = parallel::map(to_write, |(temporary, file)| {
            let written = create_new(&temporary).and_then(|mut new| new.write_all(file.text.as_bytes()));
            written.map_err(|error| TreeError::Io("write", out.join(&file.path), error))
        });
        written.into_iter().collect()
    }

    /// Where the files of a directory are written: in it, or, where it is not there yet, in the one that is to become it.
    fn dir(&mut self, dir: &Path) -> Result<PathBuf, TreeError> {
        if let Some(stage) = self.dirs.get(dir) {
            return Ok(stage.clone());
        }
        let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
        let stage = match (fs::metadata(dir), parent) {
            (Ok(meta), _) if meta.is_dir() => dir.to_owned(),
            (Ok(_), _) => return Err(TreeError::NotAFile(dir.to_owned(), "not a directory")),
            (Err(_), Some(parent)) => match self.dir(parent)? {
                stage if stage == parent => self.make(dir, beside(dir))?,
                stage => self.make(dir, stage.join(dir.file_name().unwrap_or_default()))?,
            },
            (Err(_), None) => self.make(dir, beside(dir))?,
        };
        self.dirs.insert(dir.to_owned(), stage.clone());
        Ok(stage)
    }

    /// Makes a directory that is to become `dir`, by itself or with one that it stands in.
    fn make(&mut self, dir: &Path, stage: PathBuf) -> Result<PathBuf, TreeError> {
        let fail = |error| TreeError::Io("make the directory", dir.to_owned(), error);
        if stage == beside(dir) {
            // Left over from a run that was killed.
            discard(&stage);
            self.moves.push((stage.clone(), dir.to_owned()));
        }
        fs::create_dir(&stage).map_err(fail)?;
        Ok(stage)
    }

    fn commit(mut self) -> Result<(), TreeError> {
        while let Some((temporary, place)) = self.moves.last() {
            fs::rename(temporary, place).map_err(|error| TreeError::Io("write", place.clone(), error))?;
            self.moves.pop();
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for (temporary, _) in &self.moves {
            discard(temporary);
        }
    }
}

/// The place beside a file or directory where it is made. Quadlet skips directories and files of this suffix, so that a
/// run that is killed leaves nothing that is read.
fn beside(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!(".{name}.plimsoll.d"))
}

/// Removes what was made, if it was: whoever calls this has something else to say.
fn discard(temporary: &Path) {
    if fs::remove_file(temporary).is_err() {
        let _ = fs::remove_dir_all(temporary);
    }
}

/// A file that was not there: nothing planted at its name is followed. One left over from a run that was killed is
/// replaced.
fn create_new(path: &Path) -> io::Result<fs::File> {
    let open = || fs::OpenOptions::new().write(true).create_new(true).open(path);
    match open() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            open()
        }
        opened => opened,
    }
}

/// Checks that no part of a path beneath `out` is a symbolic link; false where the path ends early.
fn check_way(out: &Path, below: &str) -> Result<bool, TreeError> {
    let mut path = out.to_owned();
    match fs::metadata(&path) {
        Ok(meta) if !meta.is_dir() => return Err(TreeError::NotAFile(path, "not a directory")),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(TreeError::Io("read", path, error)),
    }
    for part in below.split('/') {
        path.push(part);
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() => {}
            Ok(meta) if meta.is_symlink() => return Err(TreeError::NotAFile(path, "a symbolic link")),
            Ok(_) => return Err(TreeError::NotAFile(path, "not a directory")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(TreeError::Io("read", path, error)),
        }
    }
    Ok(true)
}

/// Every name beneath a directory that could be a file's; directories are walked where it is deep, links are not.
fn list(dir: &Path, shown: &str, is_deep: bool, there: &mut BTreeSet<String>, errors: &mut Vec<TreeError>) {
    let entries = match fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        Err(error) => return errors.push(TreeError::Io("read", dir.to_owned(), error)),
    };
    for entry in entries {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let shown = format!("{shown}/{name}");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                // A directory may stand where a file is to be written.
                there.insert(shown.clone());
                if is_deep {
                    list(&entry.path(), &shown, is_deep, there, errors);
                }
            }
            Ok(_) => {
                there.insert(shown);
            }
            Err(error) => errors.push(TreeError::Io("read", entry.path(), error)),
        }
    }
}

/// True where a file holds a text, false where it holds another of ours.
fn is_there(out: &Path, path: &str, text: &[u8]) -> Result<bool, TreeError> {
    let place = out.join(path);
    let found = read_file(&place)?;
    if found != text && !is_rendered(path, &found) {
        return Err(TreeError::Foreign(place));
    }
    Ok(found == text)
}

/// Reads a regular file, following nothing.
fn read_file(path: &Path) -> Result<Vec<u8>, TreeError> {
    let meta = fs::symlink_metadata(path).map_err(|error| TreeError::Io("read", path.to_owned(), error))?;
    if meta.is_symlink() {
        return Err(TreeError::NotAFile(path.to_owned(), "a symbolic link"));
    }
    if !meta.is_file() {
        return Err(TreeError::NotAFile(path.to_owned(), "not a file"));
    }
    fs::read(path).map_err(|error| TreeError::Io("read", path.to_owned(), error))
}

/// Removes a file of ours, and the directories that it leaves empty.
fn remove(out: &Path, path: &str) -> Result<(), TreeError> {
    let full = out.join(path);
    fs::remove_file(&full).map_err(|error| TreeError::Io("remove", full.clone(), error))?;
    let mut dir = Path::new(path).parent();
    while let Some(parent) = dir.filter(|parent| !parent.as_os_str().is_empty()) {
        // A directory that is not empty stays: the error says no more than that.
        if fs::remove_dir(out.join(parent)).is_err() {
            break;
        }
        dir = parent.parent();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Name, render::FileKind};

    fn bundle(paths: &[&str]) -> Bundle {
        let file = |path: &&str| RenderedFile {
            path: (*path).to_owned(),
            kind: FileKind::Slice,
            service: None,
            text: format!("{}\n", crate::render::owner_line("x.toml", &Name::new("c").unwrap())).into(),
            origins: crate::render::Origins::default(),
        };
        Bundle { catalog: Name::new("c").unwrap(), files: paths.iter().map(file).collect() }
    }

    fn write_all(out: &Path, bundle: &Bundle) -> Result<(), TreeError> {
        write(out, bundle, &compare(out, bundle, Part::Units)?)
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn new_directories_stand_beside_what_is_there() {
        let temp = tempfile::tempdir().unwrap();
        let out = temp.path().join("out");
        write_all(&out, &bundle(&["etc/systemd/system/a.slice"])).unwrap();
        // What a run that was killed left behind does not stand in the way.
        fs::create_dir_all(out.join("etc/.containers.plimsoll.d/systemd")).unwrap();
        let both = bundle(&["etc/containers/systemd/c/b.slice", "etc/systemd/system/a.slice"]);
        write_all(&out, &both).unwrap();
        assert!(compare(&out, &both, Part::Units).unwrap().is_empty());
        assert_eq!(names(temp.path()), ["out"]);
        assert_eq!(names(&out.join("etc")), ["containers", "systemd"]);
    }

    #[test]
    fn what_fails_before_the_first_rename_leaves_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let out = temp.path();
        fs::create_dir_all(out.join("etc/systemd/system")).unwrap();
        fs::create_dir_all(out.join("etc/containers/systemd")).unwrap();
        fs::write(out.join("etc/containers/systemd/c"), "no directory").unwrap();
        let both = bundle(&["etc/systemd/system/a.slice", "etc/containers/systemd/c/b.slice"]);
        assert!(matches!(write_all(out, &both), Err(TreeError::NotAFile(..))));
        assert_eq!(names(&out.join("etc/systemd/system")), Vec::<String>::new());
        assert_eq!(names(&out.join("etc/containers/systemd")), ["c"]);
    }
}
