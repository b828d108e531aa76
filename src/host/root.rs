//! Reads the files of a host beneath a root, and nothing else. Links are followed as they would be on that host: they never
//! lead out of the root.
//!
//! A file that is not there says something only where its neighbours are: of an empty directory, or of one that holds a
//! few files of a host, nothing can be told.

use std::{
    cell::RefCell,
    collections::{BTreeSet, VecDeque},
    io::Read as _,
    os::fd::{AsFd as _, OwnedFd},
};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::{
    fs::{self, FileType, Mode, OFlags, Stat},
    io::Errno,
};

/// Nothing greater is looked at.
const LARGEST: u64 = 32 * 1024 * 1024;

/// The kernel's own limit (`path_resolution(7)`).
const MOST_LINKS: usize = 40;

/// What stands somewhere: `None` where nothing does, `Err` with a phrase where that cannot be told.
pub type Found<T> = Result<Option<T>, String>;

/// A host's files.
#[derive(Debug)]
pub struct Root {
    dir: OwnedFd,
    path: Utf8PathBuf,
    looked_at: RefCell<BTreeSet<String>>,
}

/// Who may do what with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owned {
    /// Its owner.
    pub uid: u32,
    /// Permission bits.
    pub mode: u32,
    /// Whether it is a directory.
    pub is_dir: bool,
}

/// What is passed on the way to where a path leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// Every directory in which a name is looked up, those of the links too, and at last what the path leads to. Each has
    /// the path on which there is no link.
    pub passed: Vec<(String, Owned)>,
    /// Whether it leads to something; else a name is missing in one of the directories.
    pub is_whole: bool,
}

/// Where a path leads.
struct Reached {
    above: OwnedFd,
    name: String,
    stat: Stat,
}

impl Root {
    /// The files beneath a directory.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Utf8Path) -> std::io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = fs::open(path.as_std_path(), flags, Mode::empty())?;
        Ok(Self { dir, path: path.to_owned(), looked_at: RefCell::default() })
    }

    /// Whether it is the host that the program runs on.
    pub fn is_live(&self) -> bool {
        self.path == "/"
    }

    /// What was looked at since this was asked last.
    pub fn take_looked_at(&self) -> Vec<String> {
        self.looked_at.take().into_iter().map(|path| format!("/{path}")).collect()
    }

    /// The user who owns the root itself: on a host 0, in a tree that somebody unpacked whoever did.
    pub fn owner(&self) -> u32 {
        fs::fstat(&self.dir).map_or(0, |stat| stat.st_uid)
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Found<String> {
        let Some(reached) = self.reach(path, true)? else { return Ok(None) };
        if FileType::from_raw_mode(reached.stat.st_mode) != FileType::RegularFile {
            return Err(format!("/{path} is no file"));
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match fs::openat(&reached.above, reached.name.as_str(), flags, Mode::empty()) {
            Ok(file) => file,
            Err(error) => return unread(path, error).map(|()| None),
        };
        let mut bytes = Vec::new();
        let read = std::fs::File::from(file).take(LARGEST + 1).read_to_end(&mut bytes);
        read.map_err(|error| format!("/{path} cannot be read: {error}"))?;
        if bytes.len() as u64 > LARGEST {
            return Err(format!("/{path} is too large to be what it should be"));
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The text of a file that every host has.
    ///
    /// # Errors
    /// It cannot be read, or is not there.
    pub fn must(&self, path: &str) -> Result<String, String> {
        self.text(path)?.ok_or_else(|| format!("/{path} is not there"))
    }

    /// The first of several files that is there, with its path.
    pub fn first<'p>(&self, paths: &[&'p str]) -> Found<(&'p str, String)> {
        for path in paths {
            if let Some(text) = self.text(path)? {
                return Ok(Some((path, text)));
            }
        }
        Ok(None)
    }

    /// The names in a directory, in order.
    pub fn list(&self, path: &str) -> Found<Vec<String>> {
        let Some(reached) = self.reach(path, true)? else { return Ok(None) };
        if FileType::from_raw_mode(reached.stat.st_mode) != FileType::Directory {
            return Err(format!("/{path} is no directory"));
        }
        match names(&reached) {
            Ok(names) => Ok(Some(names)),
            Err(error) => unread(path, error).map(|()| None),
        }
    }

    /// The texts of the files of a directory whose names end so, with their paths, in the order of the names; none where
    /// there is no such directory.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn texts(&self, dir: &str, suffix: &str) -> Result<Vec<(String, String)>, String> {
        let mut texts = Vec::new();
        for name in self.list(dir)?.unwrap_or_default().into_iter().filter(|name| name.ends_with(suffix)) {
            let path = format!("{dir}/{name}");
            texts.extend(self.text(&path)?.map(|text| (path, text)));
        }
        Ok(texts)
    }

    /// Whether something is there: a link that leads nowhere is.
    ///
    /// # Errors
    /// It cannot be told.
    pub fn has(&self, path: &str) -> Result<bool, String> {
        Ok(self.reach(path, false)?.is_some())
    }

    /// Whether a path leads to something: a link that leads nowhere does not.
    ///
    /// # Errors
    /// It cannot be told.
    pub fn leads(&self, path: &str) -> Result<bool, String> {
        Ok(self.reach(path, true)?.is_some())
    }

    /// The first of these that is there.
    ///
    /// # Errors
    /// It cannot be told.
    pub fn any<'p>(&self, paths: &[&'p str]) -> Found<&'p str> {
        for path in paths {
            if self.has(path)? {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// Where a link leads, as it is written; nothing where there is no link.
    pub fn link(&self, path: &str) -> Found<String> {
        let Some(reached) = self.reach(path, false)? else { return Ok(None) };
        let target = fs::readlinkat(&reached.above, reached.name.as_str(), Vec::new());
        Ok(target.ok().map(|target| target.to_string_lossy().into_owned()))
    }

    /// Who may do what with what a path leads to.
    pub fn owned(&self, path: &str) -> Found<Owned> {
        Ok(self.reach(path, true)?.map(|reached| owned(&reached.stat)))
    }

    /// The way to what a path leads to: whoever may change anything on it decides what that is.
    ///
    /// # Errors
    /// It cannot be told.
    pub fn way(&self, path: &str) -> Result<Way, String> {
        let mut way = Way::default();
        match self.walk_along(path, true, &mut way.passed) {
            Ok(_) => way.is_whole = true,
            Err(error) => {
                unread(path, error)?;
                self.must_have_neighbours(path)?;
            }
        }
        self.looked_at.borrow_mut().insert(path.to_owned());
        Ok(way)
    }

    /// Goes to a path; `None` where nothing is there, and that means something.
    fn reach(&self, path: &str, follow: bool) -> Found<Reached> {
        match self.walk(path, follow) {
            Ok(reached) => {
                self.looked_at.borrow_mut().insert(path.to_owned());
                Ok(Some(reached))
            }
            Err(error) => {
                unread(path, error)?;
                self.must_have_neighbours(path)?;
                self.looked_at.borrow_mut().insert(path.to_owned());
                Ok(None)
            }
        }
    }

    /// What is missing is only known to be missing where the directory that it belongs to is that of a host: the one above
    /// it for files of the kernel, the first of the path for all others.
    fn must_have_neighbours(&self, path: &str) -> Result<(), String> {
        let of_kernel = path.starts_with("proc/") || path.starts_with("sys/");
        let part = if of_kernel { path.rsplit_once('/') } else { path.split_once('/') };
        let above = part.map_or(".", |(above, _)| above);
        let has_some = self.walk(above, true).and_then(|reached| names(&reached)).is_ok_and(|names| !names.is_empty());
        if has_some { Ok(()) } else { Err(format!("/{path} cannot be looked for: there is nothing in /{above}")) }
    }

    fn walk(&self, path: &str, follow: bool) -> Result<Reached, Errno> {
        self.walk_along(path, follow, &mut Vec::new())
    }

    /// Goes to a path, and writes down what is passed that is no link.
    fn walk_along(&self, path: &str, follow: bool, passed: &mut Vec<(String, Owned)>) -> Result<Reached, Errno> {
        let mut todo: VecDeque<String> = parts(path).collect();
        let mut at: Vec<(OwnedFd, String)> = Vec::new();
        let mut links = 0;
        let mut stat = fs::fstat(&self.dir)?;
        while let Some(name) = todo.pop_front() {
            if name == ".." {
                at.pop();
                continue;
            }
            let above = at.last().map_or(self.dir.as_fd(), |(dir, _)| dir.as_fd());
            let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let here = fs::openat(above, name.as_str(), flags, Mode::empty())?;
            stat = fs::fstat(&here)?;
            if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink && (follow || !todo.is_empty()) {
                links += 1;
                if links > MOST_LINKS {
                    return Err(Errno::LOOP);
                }
                let target = fs::readlinkat(above, name.as_str(), Vec::new())?.to_string_lossy().into_owned();
                if target.starts_with('/') {
                    at.clear();
                }
                for part in parts(&target).collect::<Vec<_>>().into_iter().rev() {
                    todo.push_front(part);
                }
                continue;
            }
            at.push((here, name));
            passed.push((joined(&at), owned(&stat)));
        }
        let end = joined(&at);
        let Some((here, name)) = at.pop() else {
            return Ok(Reached {
                above: self.dir.try_clone().map_err(|_| Errno::MFILE)?,
                name: ".".to_owned(),
                stat: fs::fstat(&self.dir)?,
            });
        };
        stat = fs::fstat(&here).unwrap_or(stat);
        // A way that ends with `..` ends at what was passed before.
        if passed.last().is_none_or(|(last, _)| *last != end) {
            passed.push((end, owned(&stat)));
        }
        let above = match at.pop() {
            Some((above, _)) => above,
            None => self.dir.try_clone().map_err(|_| Errno::MFILE)?,
        };
        Ok(Reached { above, name, stat })
    }
}

fn joined(at: &[(OwnedFd, String)]) -> String {
    at.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join("/")
}

fn owned(stat: &Stat) -> Owned {
    Owned {
        uid: stat.st_uid,
        mode: stat.st_mode & 0o7777,
        is_dir: FileType::from_raw_mode(stat.st_mode) == FileType::Directory,
    }
}

fn parts(path: &str) -> impl Iterator<Item = String> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned)
}

fn names(reached: &Reached) -> Result<Vec<String>, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let dir = fs::openat(&reached.above, reached.name.as_str(), flags, Mode::empty())?;
    let mut names = Vec::new();
    for entry in fs::Dir::read_from(&dir)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name != "." && name != ".." {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// What an error says: nothing where it says that nothing is there.
fn unread(path: &str, error: Errno) -> Result<(), String> {
    match error {
        Errno::NOENT | Errno::NOTDIR | Errno::NODEV | Errno::SRCH => Ok(()),
        Errno::ACCESS | Errno::PERM => Err(format!("/{path} may not be read: run it as root")),
        other => Err(format!("/{path} cannot be read: {}", std::io::Error::from(other))),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_stay_beneath_the_root() {
        let dir = tempfile::tempdir().unwrap();
        let outside = Utf8Path::from_path(dir.path()).unwrap();
        std::fs::write(outside.join("secret"), "outside").unwrap();
        let top = outside.join("root");
        std::fs::create_dir_all(top.join("etc/deep")).unwrap();
        std::fs::create_dir_all(top.join("usr/lib")).unwrap();
        std::fs::write(top.join("usr/lib/os"), "inside").unwrap();
        for (link, target) in [
            ("etc/absolute", "/usr/lib/os"),
            ("etc/relative", "../usr/lib/os"),
            ("etc/deep/up", "../../../../../usr/lib/os"),
            ("etc/out", "../../secret"),
            ("lib", "usr/lib"),
            ("etc/loop", "loop"),
            ("etc/dangling", "/usr/lib/none"),
        ] {
            symlink(target, top.join(link)).unwrap();
        }
        let root = Root::open(&top).unwrap();
        for path in ["etc/absolute", "etc/relative", "etc/deep/up", "lib/os", "etc/../usr/lib/os", "../../usr/lib/os"] {
            assert_eq!(root.text(path), Ok(Some("inside".to_owned())), "{path}");
        }
        assert_eq!(root.text("etc/out"), Ok(None));
        assert_eq!((root.text("etc/dangling"), root.has("etc/dangling")), (Ok(None), Ok(true)));
        assert_eq!(root.link("etc/out"), Ok(Some("../../secret".to_owned())));
        assert!(root.text("etc/loop").is_err() && root.text("etc/deep").is_err() && root.list("usr/lib/os").is_err());
        assert_eq!(root.list("lib"), Ok(Some(vec!["os".to_owned()])));
        assert!(root.owned("etc").unwrap().unwrap().is_dir);
        let way = |path: &str| {
            let way = root.way(path).unwrap();
            (way.passed.into_iter().map(|(path, _)| path).collect::<Vec<_>>(), way.is_whole)
        };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(way("etc/absolute"), (names(&["etc", "usr", "usr/lib", "usr/lib/os"]), true));
        assert_eq!(way("etc/dangling"), (names(&["etc", "usr", "usr/lib"]), false));
        assert_eq!(way("etc/deep/.."), (names(&["etc", "etc/deep", "etc"]), true));
    }

    #[test]
    fn what_is_missing_is_missing_only_among_others() {
        let dir = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(dir.path()).unwrap();
        std::fs::create_dir_all(top.join("proc/sys/kernel")).unwrap();
        std::fs::create_dir_all(top.join("run")).unwrap();
        std::fs::create_dir_all(top.join("etc/deep")).unwrap();
        let root = Root::open(top).unwrap();
        assert_eq!(root.text("etc/deep/er/none"), Ok(None));
        assert_eq!(root.take_looked_at(), ["/etc/deep/er/none"]);
        for path in ["run/none", "var/none", "proc/sys/kernel/none", "proc/none/none", "none"] {
            let is_known = root.has(path);
            assert_eq!(is_known.is_ok(), path == "none", "{path}: {is_known:?}");
        }
        assert_eq!(root.take_looked_at(), ["/none"]);
        assert!(root.must("etc/none").is_err());
    }
}
