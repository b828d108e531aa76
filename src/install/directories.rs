//! Which directories were made on the way to what is installed: an uninstall takes those away again, whoever was killed.

use super::{
    error::{self, InstallError},
    file_system::FileSystem,
    tools::{make_dirs, replace, sync_above},
};
use crate::plan::Layout;

/// Where they are written down before they are made.
pub(super) fn place(layout: &Layout) -> String {
    format!("{}/directories.json", layout.state)
}

/// Those that an earlier run has made, or was about to.
pub(super) fn remembered(disk: &dyn FileSystem, layout: &Layout) -> Result<Vec<String>, InstallError> {
    let path = place(layout);
    if disk.entry(&path).map_err(error::io("look at", &path))?.is_none() {
        return Ok(Vec::new());
    }
    // What nobody knows stays, and is empty.
    Ok(disk.read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default())
}

/// Makes directories and those above them; adds to the known ones those that were made for this catalog.
pub(super) fn make(
    disk: &dyn FileSystem,
    layout: &Layout,
    ways: &[&str],
    known: &mut Vec<String>,
) -> Result<(), InstallError> {
    known.extend(remembered(disk, layout)?);
    let mut missing = Vec::new();
    for way in ways {
        for (end, _) in way.match_indices('/').chain([(way.len(), "")]) {
            let dir = &way[..end];
            if disk.entry(dir).map_err(error::io("look at", dir))?.is_none() {
                missing.push(dir.to_owned());
            }
        }
    }
    known.extend(missing.iter().cloned());
    known.sort();
    known.dedup();
    if !missing.is_empty() {
        let path = place(layout);
        replace(disk, &path, &serde_json::to_vec_pretty(known).unwrap_or_default())?;
        sync_above(disk, &path)?;
    }
    ways.iter().try_for_each(|way| make_dirs(disk, way, &mut Vec::new()))
}
