//! The real disk: every path is walked from the root, part by part, and no symbolic link is followed.

use std::{
    collections::HashMap,
    io::{self, Read as _, Write as _},
    os::fd::{AsFd, OwnedFd},
    sync::{Arc, Mutex, PoisonError},
};

use camino::Utf8Path;
use rustix::{
    fs::{self, AtFlags, FileType, FlockOperation, Mode, OFlags, RenameFlags},
    io::Errno,
};

use super::file_system::{Entry, FileSystem, Kind, Lock, Locked};

/// A unit file greater than this is none.
const LARGEST: u64 = 16 * 1024 * 1024;

const FILE_MODE: u32 = 0o644;
const DIR_MODE: u32 = 0o755;
/// Who can read a lock can hold it.
const LOCK_MODE: u32 = 0o600;

/// The disk beneath a root.
#[derive(Debug)]
pub struct Disk {
    root: OwnedFd,
    /// Directories that were walked to. A directory that is renamed away is still the one that was found without a link.
    dirs: Mutex<HashMap<String, Arc<OwnedFd>>>,
}

impl Disk {
    /// The disk beneath a directory.
    ///
    /// # Errors
    /// The directory cannot be opened.
    pub fn beneath(root: &Utf8Path) -> io::Result<Self> {
        let root = fs::open(root.as_std_path(), OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { root, dirs: Mutex::default() })
    }

    /// Opens a directory without following anything.
    fn dir(&self, path: &str) -> io::Result<Arc<OwnedFd>> {
        if let Some(dir) = self.known().get(path) {
            return Ok(Arc::clone(dir));
        }
        let opened = match path.rsplit_once('/') {
            _ if path.is_empty() => self.root.try_clone()?,
            Some((above, name)) => open_dir(&*self.dir(above)?, name)?,
            None => open_dir(&self.root, path)?,
        };
        let opened = Arc::new(opened);
        self.known().insert(path.to_owned(), Arc::clone(&opened));
        Ok(opened)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<OwnedFd>>> {
        self.dirs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The directory above a path and the name in it.
    fn parent<'p>(&self, path: &'p str) -> io::Result<(Arc<OwnedFd>, &'p str)> {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name.is_empty() || name == "." || name == ".." {
            return Err(io::Error::other("it is no path beneath the root"));
        }
        Ok((self.dir(above)?, name))
    }

    fn forget(&self) {
        self.known().clear();
    }
}

fn open_dir(above: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
    if name == ".." || name == "." || name.is_empty() {
        return Err(io::Error::other("it is no path beneath the root"));
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    fs::openat(above, name, flags, Mode::empty()).map_err(|error| match (error, kind_of(above, name)) {
        (Errno::NOTDIR | Errno::LOOP, Some(kind)) => {
            io::Error::other(format!("`{name}` on the way is {}; put a directory in its place", kind.noun()))
        }
        (error, _) => error.into(),
    })
}

fn kind_of(above: &OwnedFd, name: &str) -> Option<Kind> {
    let stat = fs::statat(above, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    Some(kind(FileType::from_raw_mode(stat.st_mode)))
}

fn kind(file_type: FileType) -> Kind {
    match file_type {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    }
}

/// Nothing where a directory on the way is missing as well.
fn or_missing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl FileSystem for Disk {
    fn entry(&self, path: &str) -> io::Result<Option<Entry>> {
        let stat = || {
            let (above, name) = self.parent(path)?;
            Ok(fs::statat(&*above, name, AtFlags::SYMLINK_NOFOLLOW)?)
        };
        let stat = or_missing(stat())?;
        Ok(stat.map(|stat| Entry {
            kind: kind(FileType::from_raw_mode(stat.st_mode)),
            uid: stat.st_uid,
            mode: stat.st_mode & 0o7777,
            device: stat.st_dev,
            inode: stat.st_ino,
        }))
    }

    fn list(&self, dir: &str) -> io::Result<Option<Vec<(String, Kind)>>> {
        let Some(dir) = or_missing(self.dir(dir))? else { return Ok(None) };
        let readable = fs::openat(&*dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(readable.as_fd())? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == "." || name == ".." {
                continue;
            }
            let found = match entry.file_type() {
                FileType::Unknown => kind_of(&dir, &name).unwrap_or(Kind::Other),
                known => kind(known),
            };
            names.push((name, found));
        }
        names.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(Some(names))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let (above, name) = self.parent(path)?;
        // A pipe must not be waited for.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = fs::openat(&*above, name, flags, Mode::empty()).map_err(|error| match error {
            Errno::LOOP => io::Error::other("it is a symbolic link"),
            error => error.into(),
        })?;
        let stat = fs::fstat(&file)?;
        let found = kind(FileType::from_raw_mode(stat.st_mode));
        if found != Kind::File {
            return Err(io::Error::other(format!("it is {}", found.noun())));
        }
        let size = u64::try_from(stat.st_size).unwrap_or_default();
        if size > LARGEST {
            return Err(io::Error::other("it is greater than 16 MiB"));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).map_or(0, |size| size + 1));
        std::fs::File::from(file).take(LARGEST + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn make_dir(&self, path: &str) -> io::Result<()> {
        let (above, name) = self.parent(path)?;
        if let Err(error) = fs::mkdirat(&*above, name, Mode::from_raw_mode(DIR_MODE)) {
            // The directory above may be one that was removed since it was walked to.
            self.forget();
            return Err(error.into());
        }
        // Whatever the umask says: Podman reads this as another user for rootless units.
        let made = open_dir(&above, name)?;
        let made = fs::openat(&made, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(fs::fchmod(made, Mode::from_raw_mode(DIR_MODE))?)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let (above, name) = self.parent(path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = fs::openat(&*above, name, flags, Mode::from_raw_mode(FILE_MODE))?;
        fs::fchmod(&file, Mode::from_raw_mode(FILE_MODE))?;
        std::fs::File::from(file).write_all(bytes)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let ((from_dir, from_name), (to_dir, to_name)) = (self.parent(from)?, self.parent(to)?);
        let is_dir = kind_of(&from_dir, from_name) == Some(Kind::Directory);
        self.forget();
        let flags = if is_dir { RenameFlags::NOREPLACE } else { RenameFlags::empty() };
        Ok(fs::renameat_with(&*from_dir, from_name, &*to_dir, to_name, flags)?)
    }

    fn exchange(&self, one: &str, other: &str) -> io::Result<()> {
        let ((one_dir, one_name), (other_dir, other_name)) = (self.parent(one)?, self.parent(other)?);
        self.forget();
        let exchanged = fs::renameat_with(&*one_dir, one_name, &*other_dir, other_name, RenameFlags::EXCHANGE);
        exchanged.map_err(|error| match error {
            Errno::INVAL | Errno::NOSYS => {
                io::Error::other("this file system cannot exchange two directories in one step (RENAME_EXCHANGE)")
            }
            error => error.into(),
        })
    }

    fn remove_file(&self, path: &str) -> io::Result<()> {
        let (above, name) = self.parent(path)?;
        Ok(fs::unlinkat(&*above, name, AtFlags::empty())?)
    }

    fn remove_dir(&self, path: &str) -> io::Result<()> {
        let (above, name) = self.parent(path)?;
        self.forget();
        Ok(fs::unlinkat(&*above, name, AtFlags::REMOVEDIR)?)
    }

    fn sync(&self, path: &str) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = if path.is_empty() {
            fs::openat(&self.root, ".", flags, Mode::empty())?
        } else {
            let (above, name) = self.parent(path)?;
            fs::openat(&*above, name, flags, Mode::empty())?
        };
        Ok(fs::fsync(opened)?)
    }

    fn lock(&self, path: &str, who: &str) -> io::Result<Locked> {
        // Whoever had it until now may have removed any of the directories that were walked to, and made them anew.
        self.forget();
        let locked = self.try_lock(path, who);
        self.forget();
        locked
    }
}

impl Disk {
    fn try_lock(&self, path: &str, who: &str) -> io::Result<Locked> {
        let (above, name) = self.parent(path)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        loop {
            let file = fs::openat(&*above, name, flags, Mode::from_raw_mode(LOCK_MODE))?;
            match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => {
                    let mut holder = String::new();
                    let _ = std::fs::File::from(file).take(200).read_to_string(&mut holder);
                    return Ok(Locked::ByOthers(holder.trim().to_owned()));
                }
                Err(error) => return Err(error.into()),
            }
            // Whoever held it may have removed it meanwhile: then this is a lock on nothing.
            let own = fs::fstat(&file)?;
            match fs::statat(&*above, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(there) if (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino) => {}
                _ => continue,
            }
            fs::ftruncate(&file, 0)?;
            let mut file = std::fs::File::from(file);
            file.write_all(who.as_bytes())?;
            return Ok(Locked::Held(Lock::on(file.into())));
        }
    }
}
