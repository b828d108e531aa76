//! Users and user namespaces.

use super::Conversion;
use crate::unit::{Version, split::Mode};

/// Since then a group needs a user, and the deprecated keys cannot stand beside those that replaced them.
const EXPLICIT_MAPPINGS: Version = (4, 8);
/// Since then keep-id takes options, of which there can only be one of a kind.
const KEEP_ID_OPTIONS: Version = (4, 5);

impl Conversion<'_> {
    /// `User=` and `Group=` of a container.
    pub(super) fn user(&mut self) {
        let group = self.keys.set("Container", "Group").map(|said| said.at);
        if let Some(at) = group
            && self.keys.set("Container", "User").is_none()
            && self.podman >= EXPLICIT_MAPPINGS
        {
            self.refuse(at, "`Group=` needs a `User=` beside it");
        }
    }

    /// The keys that choose a user namespace, and the deprecated ones that did.
    pub(super) fn user_mappings(&mut self) {
        let group = self.group();
        let keys = &self.keys;
        let is_explicit = ["UserNS", "SubUIDMap", "SubGIDMap"].iter().any(|key| keys.set(group, key).is_some())
            || ["UIDMap", "GIDMap"].iter().any(|key| !keys.words(group, key, Mode::Strv).is_empty());
        if is_explicit && self.podman >= EXPLICIT_MAPPINGS {
            let deprecated = ["RemapUid", "RemapGid", "RemapUsers"].iter().find_map(|key| keys.last(group, key));
            if let Some(at) = deprecated.map(|value| value.at) {
                self.refuse(at, "the deprecated Remap keys cannot stand beside those that replaced them");
            }
        } else {
            self.remapped_users();
        }
    }

    fn remapped_users(&mut self) {
        let group = self.group();
        let uids = self.keys.words(group, "RemapUid", Mode::Strv);
        let gids = self.keys.words(group, "RemapGid", Mode::Strv);
        let maps = || uids.iter().chain(&gids);
        let (users, at) = match self.keys.last(group, "RemapUsers") {
            Some(users) => (users.text.as_ref().to_owned(), users.at),
            None => (String::new(), self.header()),
        };
        match users.as_str() {
            "" => {
                if let Some(map) = maps().next() {
                    self.refuse(map.at, "RemapUid= and RemapGid= need RemapUsers= beside them");
                }
            }
            "manual" if group == "Kube" => self.refuse(at, "`RemapUsers=manual` is not possible for `.kube` files"),
            "manual" | "auto" => {}
            "keep-id" if self.podman >= KEEP_ID_OPTIONS => {
                for second in [uids.get(1), gids.get(1)].into_iter().flatten() {
                    self.refuse(second.at, "`RemapUsers=keep-id` goes with one user and one group only");
                }
            }
            "keep-id" => {}
            other => self.refuse(at, format!("`RemapUsers={}` is unknown to Podman", other.escape_debug())),
        }
    }
}
