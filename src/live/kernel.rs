//! Reads the kernel's files beneath a root, and nothing else. No link is followed, no file is waited for, and what
//! vanishes while it is read is said to be gone.

use std::{
    io::Read as _,
    os::fd::{AsFd as _, OwnedFd},
};

use rustix::{
    fs::{self, FileType, Mode, OFlags},
    io::Errno,
};

/// The kernel writes nothing greater that is looked at here.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It is not there, or no longer.
    #[error("it is not there")]
    Gone,
    /// It was there when it was found.
    #[error("it vanished while it was looked at")]
    Vanished,
    /// Only somebody else may read it.
    #[error("not permitted: run it as root")]
    Refused,
    /// What stands there is not what the kernel writes.
    #[error("what stands there cannot be understood")]
    Garbled,
    /// A service that does not run.
    #[error("not running")]
    NotRunning,
    /// A service whose image is still pulled, say.
    #[error("starting: there is no container yet")]
    Starting,
    /// Anything else, as a phrase.
    #[error("{0}")]
    Because(String),
}

impl From<Errno> for Unread {
    fn from(error: Errno) -> Self {
        match error {
            // A process that has ended is ESRCH, a cgroup that was removed ENODEV.
            Errno::NOENT | Errno::SRCH | Errno::NODEV => Self::Gone,
            Errno::ACCESS | Errno::PERM => Self::Refused,
            Errno::LOOP | Errno::NOTDIR => Self::Because("a link stands in the way".to_owned()),
            other => Self::Because(std::io::Error::from(other).to_string()),
        }
    }
}

/// A directory: the root, a cgroup or a process. It stays that of the process it was opened for, even when the
/// number has been given to another.
#[derive(Debug)]
pub struct Directory(OwnedFd);

impl Directory {
    /// The root that everything is read beneath.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn root(path: &camino::Utf8Path) -> Result<Self, Unread> {
        Ok(Self(fs::open(path.as_std_path(), OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?))
    }

    /// A directory beneath, part by part.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(&self, path: &str) -> Result<Self, Unread> {
        let mut at = self.0.try_clone().map_err(|error| Unread::Because(error.to_string()))?;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            at = fs::openat(&at, part(name)?, flags, Mode::empty())?;
        }
        Ok(Self(at))
    }

    fn above<'p>(&self, path: &'p str) -> Result<(Self, &'p str), Unread> {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok((self.open(above)?, part(name)?))
    }

    /// The text of a file beneath.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self, path: &str) -> Result<String, Unread> {
        let (above, name) = self.above(path)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = fs::openat(&above.0, name, flags, Mode::empty())?;
        if FileType::from_raw_mode(fs::fstat(&file)?.st_mode) != FileType::RegularFile {
            return Err(Unread::Because("it is no file".to_owned()));
        }
        let mut bytes = Vec::new();
        let read = std::fs::File::from(file).take(LARGEST + 1).read_to_end(&mut bytes);
        read.map_err(|error| {
            let errno = error.raw_os_error().map(Errno::from_raw_os_error);
            errno.map_or_else(|| Unread::Because(error.to_string()), Unread::from)
        })?;
        if bytes.len() as u64 > LARGEST {
            return Err(Unread::Garbled);
        }
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Where a link beneath leads: `ns/net` is `net:[4026531840]`.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn link(&self, path: &str) -> Result<String, Unread> {
        let (above, name) = self.above(path)?;
        let target = fs::readlinkat(&above.0, name, Vec::new()).map_err(|error| match error {
            Errno::INVAL => Unread::Because("it is no link".to_owned()),
            error => error.into(),
        })?;
        Ok(target.to_string_lossy().into_owned())
    }

    /// The names of the directories in it, in order.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn directories(&self) -> Result<Vec<String>, Unread> {
        let readable = fs::openat(&self.0, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(readable.as_fd())? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type() == FileType::Directory && name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

fn part(name: &str) -> Result<&str, Unread> {
    if name.is_empty() || name == "." || name == ".." {
        return Err(Unread::Because("it is no path beneath the root".to_owned()));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_beneath_is_read_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = camino::Utf8Path::from_path(dir.path()).unwrap();
        std::fs::create_dir_all(path.join("a/b")).unwrap();
        std::fs::write(path.join("a/file"), b"1\xff\n").unwrap();
        symlink("file", path.join("a/link")).unwrap();
        symlink("a", path.join("other")).unwrap();
        fs::mkfifoat(fs::CWD, path.join("a/pipe").as_std_path(), Mode::RUSR).unwrap();
        let root = Directory::root(path).unwrap();
        assert_eq!(root.read("a/file"), Ok("1\u{fffd}\n".to_owned()));
        assert_eq!(root.open("a").unwrap().directories(), Ok(vec!["b".to_owned()]));
        assert_eq!(root.link("a/link"), Ok("file".to_owned()));
        assert_eq!((root.read("a/none"), root.read("none/file")), (Err(Unread::Gone), Err(Unread::Gone)));
        for path in ["a/link", "other/file", "a/../a/file", "a/pipe", "a/b", "a/"] {
            assert!(matches!(root.read(path), Err(Unread::Because(_))), "{path}: {:?}", root.read(path));
        }
        assert!(matches!(root.link("a/file"), Err(Unread::Because(_))));
        assert_eq!(Directory::root(&path.join("none")).unwrap_err(), Unread::Gone);
    }
}
