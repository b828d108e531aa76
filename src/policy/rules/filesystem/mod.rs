//! `PL2xx`: what a container sees of the host's files, and what it may write.

mod labels;
mod options;
mod ownership;
mod root;
mod sources;
mod targets;

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    sources::SENSITIVE,
    sources::ENGINE_SOCKET,
    root::WRITABLE,
    ownership::NO_LABEL,
    sources::WRITABLE_UNSAID,
    options::PROPAGATION,
    root::IMAGE_VOLUMES,
    root::TMPFS_UNBOUNDED,
    ownership::LABELS_SYSTEM,
    ownership::CHOWN,
    ownership::MOVING_IDS,
    targets::TWICE,
    sources::NOT_ABSOLUTE,
    options::OVERLAY,
    ownership::ON_SOCKET,
    sources::NESTED,
    options::REFUSED,
    options::EXECUTABLE,
    options::SET_USER_ID,
    root::TMPFS_OF_PODMAN,
    targets::RELATIVE,
];

/// The first three of some targets: "`/a`, `/b`, `/c` and 2 more".
fn targets(mounts: &[&crate::policy::facts::Mount<'_>]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = mounts.iter().take(SHOWN).map(|mount| format!("`{}`", mount.target)).collect();
    match (shown.as_slice(), mounts.len().saturating_sub(SHOWN)) {
        ([rest @ .., last], 0) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        (shown, 0) => shown.join(", "),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}
