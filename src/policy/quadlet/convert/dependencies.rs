//! Quadlet files named in `After=`, `Requires=` and the like.

use super::Conversion;
use crate::unit::{UnitType, Version, split::Mode};

/// Since then Podman puts the service in the place of a Quadlet file, and refuses a unit that names one it cannot find.
const TRANSLATED: Version = (5, 5);

/// The directives of `[Unit]` in which Podman translates.
const KEYS: &[&str] = &[
    "After",
    "Before",
    "BindsTo",
    "Conflicts",
    "OnFailure",
    "OnSuccess",
    "PartOf",
    "PropagatesReloadTo",
    "PropagatesStopTo",
    "ReloadPropagatedFrom",
    "Requires",
    "Requisite",
    "StopPropagatedFrom",
    "Upholds",
    "Wants",
];

impl Conversion<'_> {
    /// Held against the dependencies of any unit.
    pub(super) fn dependencies(&mut self) {
        for key in KEYS {
            for word in self.keys.words("Unit", key, Mode::Strv) {
                let file_name = word.text.rsplit('/').next().unwrap_or(&word.text);
                let Some((_, unit_type)) = UnitType::of_file(file_name) else { continue };
                let name = word.text.escape_debug();
                if self.podman < TRANSLATED.max(unit_type.since()) {
                    let (major, minor) = TRANSLATED.max(unit_type.since());
                    let message =
                        format!("systemd knows no unit `{name}`: Podman translates it from {major}.{minor} on");
                    self.report.warn("PL024", word.at, message).help("name the service that is made of the file");
                } else if self.find(&word.text, word.at, "PL024").is_none() {
                    self.missing("PL024", word.at, &word.text, true);
                }
            }
        }
    }
}
