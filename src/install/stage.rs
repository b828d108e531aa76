//! Where what is new is made before it stands, and what is left of it there.

use super::{
    directories,
    error::{self, InstallError},
    file_system::FileSystem,
    generations,
    tools::{beside, remove_tree},
    transaction::journal_place,
};
use crate::plan::Layout;

/// Where the new directory is made: on the same file system, and in no directory that Podman searches. Before 5.2 no
/// name keeps it out of a sub-directory.
pub(super) fn place(disk: &dyn FileSystem, layout: &Layout) -> Result<String, InstallError> {
    let places = places(layout);
    let device = |path: &str| {
        let above = path.rsplit_once('/').map_or("", |(above, _)| above);
        let entry = disk.entry(above).map_err(error::io("look at", above))?;
        Ok::<_, InstallError>(entry.map(|entry| entry.device))
    };
    let [outside, beside] = places;
    // Where Podman's directory is a file system of its own, only a place in it can be exchanged.
    Ok(if device(&outside)? == device(&layout.units)? { outside } else { beside })
}

pub(super) fn places(layout: &Layout) -> [String; 2] {
    let name = format!(".{}.plimsoll.d", layout.catalog);
    let (above, _) = layout.units.rsplit_once('/').unwrap_or(("", &layout.units));
    // The last of that name: a home may be beneath a directory that is called so as well.
    let podmans = layout.units.rfind("/containers/systemd/").map(|at| at + "/containers".len());
    let outside = podmans.map_or(above, |end| &layout.units[..end]);
    [format!("{outside}/{name}"), format!("{above}/{name}")]
}

/// Removes what a run left behind that was killed before its journal, or after it.
pub(super) fn clear_stage(disk: &dyn FileSystem, layout: &Layout) -> Result<(), InstallError> {
    for place in places(layout) {
        remove_tree(disk, &place)?;
    }
    remove_tree(disk, &beside(&journal_place(layout)))?;
    remove_tree(disk, &beside(&directories::place(layout)))?;
    let dir = generations::dir(layout);
    for (name, _) in disk.list(&dir).map_err(error::io("read", &dir))?.unwrap_or_default() {
        if name.ends_with(".new") {
            remove_tree(disk, &format!("{dir}/{name}"))?;
        }
    }
    Ok(())
}
