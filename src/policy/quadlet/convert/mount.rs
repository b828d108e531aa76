//! `Mount=`, the one key that makes the generator panic.

use super::{
    Conversion, csv,
    references::{ARTIFACT_SOURCES, IMAGE_SOURCES},
};
use crate::{
    diagnostic::Span,
    unit::{Version, split::Mode},
};

/// Since then Podman looks for the source of a mount.
const SOURCES: Version = (4, 8);
/// Since then a mount without a type is a volume.
const VOLUME_BY_DEFAULT: Version = (5, 6);
/// Since then a source that is not there is an error and no panic.
const NO_PANIC: Version = (5, 7);
/// Since then a volume may go without a source.
const ANONYMOUS_VOLUMES: Version = (6, 0);

/// The mounts whose source Podman looks for, and since when.
const WITH_SOURCE: &[(&str, Version)] = &[
    ("volume", SOURCES),
    ("bind", SOURCES),
    ("glob", SOURCES),
    ("image", IMAGE_SOURCES),
    ("artifact", ARTIFACT_SOURCES),
];

impl Conversion<'_> {
    /// Everything that is mounted by `Mount=`. The first that Podman does not accept ends the conversion.
    pub(super) fn mounts(&mut self) {
        if self.podman < SOURCES {
            return;
        }
        for mount in self.keys.words("Container", "Mount", Mode::Args) {
            let refused_before = self.report.is_refused();
            let is_panic = self.mount(&mount.text, mount.at);
            if is_panic && !refused_before {
                self.panic = Some(mount.at);
                return;
            }
        }
    }

    /// Gives whether the generator panics, if it gets there.
    fn mount(&mut self, mount: &str, at: Span) -> bool {
        let Some(fields) = csv::record(mount) else {
            self.refuse(at, format!("`{}` is not a list of words parted by commas", mount.escape_debug()));
            return false;
        };
        let is_type = |field: &&String| matches!(field.split_once('='), Some(("type", kind)) if !kind.contains('='));
        let mount_type = fields.iter().find(is_type).and_then(|field| field.strip_prefix("type="));
        let Some(mount_type) = mount_type.or((self.podman >= VOLUME_BY_DEFAULT).then_some("volume")) else {
            self.refuse(at, "a mount says what it is with `type=` before Podman 5.6");
            return false;
        };
        let mount_type = mount_type.to_owned();
        if !WITH_SOURCE.iter().any(|&(known, since)| known == mount_type && since <= self.podman) {
            return false;
        }
        if fields.iter().any(|field| field == "source" || field == "src") {
            self.refuse(at, "`source` stands there without a value");
            return false;
        }
        let named = |field: &String| field.strip_prefix("source=").or(field.strip_prefix("src=")).map(str::to_owned);
        match fields.iter().filter_map(named).next_back().as_deref().unwrap_or_default() {
            "" if self.podman < NO_PANIC => return true,
            "" if mount_type == "volume" && self.podman >= ANONYMOUS_VOLUMES => {}
            "" => self.refuse(at, format!("a mount of type `{mount_type}` needs a `source=`")),
            source => self.storage_source(source, at, true),
        }
        false
    }
}
