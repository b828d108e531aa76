//! The few things that an install does with a disk, so that a test can make each of them fail, or be the last.

use std::io;

/// A tree of files. Every path is beneath its root, without a leading slash; no symbolic link in it is followed.
pub trait FileSystem: Sync {
    /// What stands at a path; `None` where nothing does.
    ///
    /// # Errors
    /// What the system refused; a link or a file on the way.
    fn entry(&self, path: &str) -> io::Result<Option<Entry>>;

    /// The names in a directory with what each of them is, in their order; `None` where there is no directory of that
    /// name. What is not UTF-8 in a name has become U+FFFD.
    ///
    /// # Errors
    /// As above.
    fn list(&self, dir: &str) -> io::Result<Option<Vec<(String, Kind)>>>;

    /// The bytes of a regular file.
    ///
    /// # Errors
    /// As above; what is no regular file.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;

    /// Makes a directory.
    ///
    /// # Errors
    /// As above; something is there.
    fn make_dir(&self, path: &str) -> io::Result<()>;

    /// Writes a new file.
    ///
    /// # Errors
    /// As above; something is there.
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()>;

    /// Moves a file or a directory; a file that is there is replaced, a directory is not.
    ///
    /// # Errors
    /// As above.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Puts each of two directories in the place of the other, in one step: `renameat2(RENAME_EXCHANGE)`.
    ///
    /// # Errors
    /// As above; a file system that cannot.
    fn exchange(&self, one: &str, other: &str) -> io::Result<()>;

    /// Removes a file or a link.
    ///
    /// # Errors
    /// As above.
    fn remove_file(&self, path: &str) -> io::Result<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// As above.
    fn remove_dir(&self, path: &str) -> io::Result<()>;

    /// Waits until a file, or the names in a directory, are on the disk.
    ///
    /// # Errors
    /// As above.
    fn sync(&self, path: &str) -> io::Result<()>;

    /// Takes a lock that only one process has, made where it is missing; it does not wait.
    ///
    /// # Errors
    /// As above.
    fn lock(&self, path: &str, who: &str) -> io::Result<Locked>;
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Whose it is.
    pub uid: u32,
    /// Its permissions.
    pub mode: u32,
    /// The file system it is on.
    pub device: u64,
    /// Its number there: a directory keeps it when it is renamed.
    pub inode: u64,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a pipe, a socket.
    Other,
}

impl Kind {
    /// What it is, as a noun.
    pub fn noun(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Directory => "a directory",
            Self::Link => "a symbolic link",
            Self::Other => "a device, a pipe or a socket",
        }
    }
}

/// What came of asking for a lock.
#[derive(Debug)]
pub enum Locked {
    /// It is held until this is dropped.
    Held(Lock),
    /// Somebody else has it: what they said of themselves.
    ByOthers(String),
}

/// A lock that is held.
#[derive(Debug)]
pub struct Lock {
    /// The open file that the lock is on.
    _file: Option<std::os::fd::OwnedFd>,
}

impl Lock {
    /// A lock on an open file.
    pub fn on(file: std::os::fd::OwnedFd) -> Self {
        Self { _file: Some(file) }
    }
}
