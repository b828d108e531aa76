//! Who starts a unit, as far as it can be told.

use std::collections::HashMap;

use super::{Effective, quadlet::Loaded};
use crate::{model::Profile, parallel};

/// What a unit itself says of who starts it: by the directory it stands in, by what it is wanted by, or because it only
/// makes sense without root. A home directory, or the runtime directory of a user's podman, is named by users: root's own
/// are seldom meant.
pub(super) fn of(unit: &Effective<'_>) -> Option<Profile> {
    let path = unit.file().place();
    let in_users = path.contains("/containers/systemd/users/") || path.contains("/.config/containers/systemd/");
    let in_etc = path.contains("/etc/containers/systemd/");
    let install = unit.list("Install", "WantedBy");
    let wanted_by = |target: &str| install.iter().any(|value| value.text.split_whitespace().any(|word| word == target));
    let keeps_id = unit.last("Container", "UserNS").is_some_and(|value| value.unquoted().starts_with("keep-id"));
    let of_user = wanted_by("default.target") && !wanted_by("multi-user.target");
    let at_home = || {
        let volumes = unit.list("Container", "Volume");
        volumes.iter().any(|volume| ["%h/", "%t/podman/"].iter().any(|dir| volume.text.starts_with(dir)))
    };
    if in_users || keeps_id || of_user || (!in_etc && at_home()) {
        Some(Profile::Rootless)
    } else if in_etc || wanted_by("multi-user.target") {
        Some(Profile::Rootful)
    } else {
        None
    }
}

/// Who starts the units of each directory, where those that say it agree. The database of a user's service is seldom
/// wanted by anything but that service.
#[derive(Clone, Debug, Default)]
pub(super) struct Neighbours<'a>(HashMap<&'a str, Option<Profile>>);

impl<'a> Neighbours<'a> {
    /// Asks all the units.
    pub(super) fn of(units: &[Loaded<'a>]) -> Self {
        let mut neighbours: HashMap<&'a str, Option<Profile>> = HashMap::new();
        let said = parallel::map(units, |loaded| Some((loaded.unit.file().dir(), of(&loaded.unit)?)));
        for (dir, said) in said.into_iter().flatten() {
            let agreed = neighbours.entry(dir).or_insert(Some(said));
            if *agreed != Some(said) {
                *agreed = None;
            }
        }
        Self(neighbours)
    }

    /// What those of a directory agree on.
    pub(super) fn profile(&self, dir: &str) -> Option<Profile> {
        self.0.get(dir).copied().flatten()
    }
}
