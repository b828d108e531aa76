//! Which paths of the host a container sees.

use std::borrow::Cow;

use crate::{
    diagnostic::Span,
    model::Profile,
    policy::{
        facts::{Container, Mount, MountKind, host_path},
        quadlet::Tree,
    },
};

/// A path of the host that a container sees.
#[derive(Clone, Debug)]
pub(in crate::policy) struct Seen<'c> {
    /// The mount; `None` where it is the container's root.
    pub(in crate::policy) mount: Option<&'c Mount<'c>>,
    /// Where that is said.
    pub(in crate::policy) at: Span,
    /// The path as it is written.
    pub(in crate::policy) source: Cow<'c, str>,
    /// Where it appears in the container.
    pub(in crate::policy) target: &'c str,
    /// The path without links that are known and without detours.
    pub(in crate::policy) path: String,
    /// Whether the container may write there.
    pub(in crate::policy) is_writable: bool,
}

/// The paths of the host that a container sees, in the order of its mounts; `Rootfs=` last.
pub(in crate::policy) fn of<'c>(container: &'c Container<'_>, tree: &'c Tree<'_>) -> Vec<Seen<'c>> {
    let mounts = container.mounts.iter().filter_map(|mount| {
        let source = source(mount, tree)?;
        let path = path(&source, container);
        let is_writable = mount.is_writable();
        Some(Seen { mount: Some(mount), at: mount.at, source, target: &mount.target, path, is_writable })
    });
    let root = container.unit.last("Container", "Rootfs").map(|value| {
        let at = value.at;
        let text = value.into_unquoted();
        let (source, options) = text.split_once(':').unwrap_or((&*text, ""));
        let is_overlay = options.split(',').any(|option| option == "O");
        let is_writable = container.run.on("read-only").is_none() && !is_overlay;
        let path = path(source, container);
        Seen { mount: None, at, source: source.to_owned().into(), target: "/", path, is_writable }
    });
    mounts.chain(root).collect()
}

/// The path of the host behind a mount: its own, or that of a volume which is a bind mount in disguise.
fn source<'c>(mount: &'c Mount<'c>, tree: &'c Tree<'_>) -> Option<Cow<'c, str>> {
    match mount.kind {
        MountKind::Bind => Some(Cow::Borrowed(&*mount.source)),
        MountKind::Volume => {
            let option = mount.options().find_map(|option| option.strip_prefix("volume-opt=device="));
            let unit = || {
                let unit = &tree.unit(&mount.source)?.unit;
                Some(unit.last("Volume", "Device")?.into_unquoted())
            };
            // A volume with a file system of its own on a device is no path.
            let path = option.map(Cow::Borrowed).or_else(unit);
            path.filter(|path| path.starts_with('/') && !path.starts_with("/dev/"))
        }
        MountKind::Tmpfs | MountKind::Other => None,
    }
}

/// A path of the host from the root on, or from a home (`~`). A pattern of `type=glob` ends where it begins to match, and
/// /proc/1/root is the root. A path that only the host knows keeps its words.
pub(in crate::policy) fn path(source: &str, container: &Container<'_>) -> String {
    let absolute = if source.starts_with('.') {
        // Quadlet takes it from the directory of the unit.
        match container.unit.file().dir() {
            "" if container.profile == Profile::Rootless => format!("~/.config/containers/systemd/{source}"),
            "" => format!("/etc/containers/systemd/{source}"),
            dir => format!("/{dir}/{source}"),
        }
    } else {
        source.to_owned()
    };
    let Some(told) = host_path(&absolute, container.profile) else {
        return format!("/{}", absolute.trim_start_matches('/'));
    };
    let is_told = !told.contains(['*', '?', '[']) && !told.starts_with("/proc/");
    if is_told {
        return told;
    }
    let in_home = told.starts_with('~');
    let parts: Vec<&str> = super::names(&told).take_while(|name| !name.contains(['*', '?', '['])).collect();
    let mut rest = parts.as_slice();
    while let ["proc", _, "root", inside @ ..] = rest {
        rest = inside;
    }
    let begins = if in_home && rest.len() == parts.len() { "" } else { "/" };
    let cut = format!("{begins}{}", rest.join("/"));
    host_path(&cut, container.profile).unwrap_or(cut)
}
