//! Whether the kernel has the limits of a container whose unit was just installed: what `verify` says of one service.

use std::{collections::BTreeMap, fs};

use super::{declared, verify};
use crate::{
    live::kernel::Directory,
    plan::Layout,
    policy::{
        File, Settings,
        facts::slices_around,
        promise::{Promise, Verified},
    },
    unit::Unit,
};

/// Promises about limits. Whether the container lies under the service decides what the service's hold.
const OF_LIMITS: [&str; 6] = ["cgroup", "cpu", "memory", "memory_high", "swap", "tasks"];

/// Sees whether the slices, the service and the payload of a unit have the limits of their files.
///
/// # Errors
/// What does not hold, in a phrase.
pub(super) fn hold(layout: &Layout, path: &str) -> Result<(), String> {
    let verified = look(layout, path)?;
    let broken: Vec<String> = verified.promises.iter().filter(|of| is_broken(of)).map(told).collect();
    if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
}

/// Whether a limit lies below what is used, so that the kernel would have to kill for it.
///
/// # Errors
/// That it does.
pub(super) fn would_kill(layout: &Layout, path: &str) -> Result<(), String> {
    for of in look(layout, path)?.usage {
        for (what, used, limit) in
            [("memory", of.memory_current, of.memory_limit), ("tasks", of.tasks_current, of.tasks_limit)]
        {
            if let (Some(used), Some(limit)) = (used, limit)
                && used > limit
            {
                return Err(format!("it uses {used} of {what}, more than the new limit of {limit}"));
            }
        }
    }
    Ok(())
}

fn is_broken(promise: &Promise) -> bool {
    OF_LIMITS.contains(&promise.promise) && promise.holds != Some(true)
}

fn told(promise: &Promise) -> String {
    let Promise { promise, layer, declared, found, why, .. } = promise;
    let found = found.as_ref().or(why.as_ref()).map_or("nothing", String::as_str);
    format!("{promise} of the {}: declared {declared}, found {found}", layer.as_str())
}

/// Reads what was installed, from where it was installed.
fn look(layout: &Layout, path: &str) -> Result<Verified, String> {
    let read = |path: &str| fs::read_to_string(format!("/{path}")).map_err(|error| format!("/{path}: {error}"));
    let text = read(path)?;
    let slice = Unit::parse(&text).ok().and_then(|unit| unit.text("Service", "Slice").map(str::to_owned));
    let mut sources = crate::diagnostic::Sources::new();
    let mut files = vec![File::found(path.to_owned(), path.to_owned(), text, &mut sources)];
    for slice in slice.iter().flat_map(|slice| slices_around(slice)) {
        let path = format!("{}/{slice}", layout.slices);
        // A slice around it may be nobody's: systemd makes it.
        if let Ok(text) = read(&path) {
            files.push(File::found(path.clone(), path, text, &mut sources));
        }
    }
    let settings = Settings {
        // Whatever the podman is, it has read the units: a newer one knows every key.
        podman: (u16::MAX, u16::MAX),
        profile: Some(layout.profile()),
        trusted_registries: Vec::new(),
        severities: BTreeMap::new(),
        as_of: String::new(),
    };
    let user = declared::user(layout).map_err(|error| error.message)?;
    let root = Directory::root("/".into()).map_err(|error| error.to_string())?;
    Ok(verify::of_files(&files, &sources, &settings, root, user))
}
