//! Keeps what was written by hand when an install replaces it.

use std::collections::BTreeMap;

use super::{
    error::{self, InstallError},
    file_system::{FileSystem, Kind},
    generations,
    tools::{make_dirs, replace, sync_above},
    transaction::Journal,
};
use crate::plan::{Layout, digest};

/// Where what was written by hand is kept, by the generation that replaced it. Nobody removes it but its author.
pub fn kept_place(layout: &Layout) -> String {
    format!("{}/kept", layout.state)
}

/// Keeps what somebody wrote by hand into files that go or are replaced.
pub(super) fn keep_aside(disk: &dyn FileSystem, layout: &Layout, journal: &Journal) -> Result<(), InstallError> {
    let place = generations::unfinished(layout, journal.generation);
    if disk.entry(&place).map_err(error::io("look at", &place))?.is_none() {
        // The generation is finished: this was done.
        return Ok(());
    }
    let last = generations::last(disk, layout).unwrap_or_default();
    let is_known = |path: &str, bytes: &[u8]| {
        let written = last.as_ref().and_then(|last| last.file(path));
        written.is_some_and(|written| written.sha256 == digest(bytes))
    };
    let mut aside: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for slice in &journal.slices {
        let old = slice.old.as_ref().filter(|old| !is_known(&slice.path, old.as_bytes()));
        aside.extend(old.map(|old| (slice.path.clone(), old.as_bytes().to_vec())));
    }
    if journal.old.is_some() {
        let mut dirs = vec![String::new()];
        while let Some(beneath) = dirs.pop() {
            let dir = format!("{}{beneath}", journal.stage);
            for (name, kind) in disk.list(&dir).map_err(error::io("read", &dir))?.unwrap_or_default() {
                let beneath = format!("{beneath}/{name}");
                match kind {
                    Kind::Directory => dirs.push(beneath),
                    Kind::File => {
                        let inner = format!("{}{beneath}", journal.stage);
                        let bytes = disk.read(&inner).map_err(error::io("read", &inner))?;
                        let path = format!("{}{beneath}", journal.units);
                        if !is_known(&path, &bytes) {
                            aside.insert(path, bytes);
                        }
                    }
                    Kind::Link | Kind::Other => {}
                }
            }
        }
    }
    for (path, bytes) in aside {
        let path = format!("{}/{}/{path}", kept_place(layout), journal.generation);
        let (dir, _) = path.rsplit_once('/').unwrap_or(("", &path));
        make_dirs(disk, dir, &mut Vec::new())?;
        replace(disk, &path, &bytes)?;
        sync_above(disk, &path)?;
    }
    Ok(())
}
