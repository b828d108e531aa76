//! What several steps of an install need.

use std::io;

use serde::{Deserialize, Serialize};

use super::{
    error::{self, InstallError},
    file_system::{Entry, FileSystem, Kind},
};

/// Makes a directory and those above it. What was made is added to `made`, and is on the disk.
pub(super) fn make_dirs(disk: &dyn FileSystem, path: &str, made: &mut Vec<String>) -> Result<(), InstallError> {
    for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
        let dir = &path[..end];
        if disk.entry(dir).map_err(error::io("look at", dir))?.is_none() {
            match disk.make_dir(dir) {
                Ok(()) => made.push(dir.to_owned()),
                // Another install made it meanwhile, which happens where the lock is to be.
                Err(failed) if failed.kind() == io::ErrorKind::AlreadyExists && is_dir(disk, dir) => {}
                Err(failed) => return Err(error::io("make the directory", dir)(failed)),
            }
            let above = dir.rsplit_once('/').map_or("", |(above, _)| above);
            disk.sync(above).map_err(error::io("sync", above))?;
        }
    }
    Ok(())
}

fn is_dir(disk: &dyn FileSystem, path: &str) -> bool {
    disk.entry(path).is_ok_and(|entry| entry.is_some_and(|entry| entry.kind == Kind::Directory))
}

/// Writes a new file, and waits until its bytes are on the disk.
pub(super) fn write_synced(disk: &dyn FileSystem, path: &str, bytes: &[u8]) -> Result<(), InstallError> {
    disk.write(path, bytes).map_err(error::io("write", path))?;
    disk.sync(path).map_err(error::io("sync", path))
}

/// Puts a file in the place of another, or where none was, in one step; its name is on the disk when the directory is
/// synced.
pub(super) fn replace(disk: &dyn FileSystem, path: &str, bytes: &[u8]) -> Result<(), InstallError> {
    let beside = beside(path);
    if disk.entry(&beside).map_err(error::io("look at", &beside))?.is_some() {
        // Left over from a run that was killed.
        disk.remove_file(&beside).map_err(error::io("remove", &beside))?;
    }
    let written =
        write_synced(disk, &beside, bytes).and_then(|()| disk.rename(&beside, path).map_err(error::io("write", path)));
    if written.is_err() {
        let _ = disk.remove_file(&beside);
    }
    written
}

/// The place beside a file where it is made: of no unit's suffix, so that systemd passes over it.
pub(super) fn beside(path: &str) -> String {
    let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
    format!("{dir}/.{name}.plimsoll")
}

/// Removes a directory with everything in it, if it is there.
pub(super) fn remove_tree(disk: &dyn FileSystem, path: &str) -> Result<(), InstallError> {
    match disk.entry(path).map_err(error::io("look at", path))? {
        None => return Ok(()),
        Some(Entry { kind: Kind::Directory, .. }) => {}
        Some(_) => return disk.remove_file(path).map_err(error::io("remove", path)),
    }
    for (name, kind) in disk.list(path).map_err(error::io("read", path))?.unwrap_or_default() {
        let inner = format!("{path}/{name}");
        if kind == Kind::Directory {
            remove_tree(disk, &inner)?;
        } else {
            disk.remove_file(&inner).map_err(error::io("remove", &inner))?;
        }
    }
    disk.remove_dir(path).map_err(error::io("remove", path))
}

/// Syncs the directory above a path.
pub(super) fn sync_above(disk: &dyn FileSystem, path: &str) -> Result<(), InstallError> {
    let above = path.rsplit_once('/').map_or("", |(above, _)| above);
    disk.sync(above).map_err(error::io("sync", above))
}

/// What somebody wrote; it need not be UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Utf8(String),
    Bytes(Vec<u8>),
}

impl Text {
    pub(super) fn of(bytes: &[u8]) -> Self {
        std::str::from_utf8(bytes).map_or_else(|_| Self::Bytes(bytes.to_vec()), |text| Self::Utf8(text.to_owned()))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Utf8(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn what_is_not_utf_8_comes_back_as_it_was() {
        for bytes in [b"# \xfc\n".as_slice(), b"[Slice]\n", b""] {
            let kept = serde_json::to_vec(&Text::of(bytes)).unwrap();
            assert_eq!(serde_json::from_slice::<Text>(&kept).unwrap().as_bytes(), bytes);
        }
    }
}
