//! What the judge is told before it begins.

use std::collections::BTreeMap;

use crate::{diagnostic::Severity, model::Profile, unit::Version};

/// What the judge is told before it begins.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The Podman that will read the units.
    pub podman: Version,
    /// Who starts them; `None` finds out from each unit and its path.
    pub profile: Option<Profile>,
    /// Registries that images may come from; empty means that no list was given.
    pub trusted_registries: Vec<String>,
    /// What the author says of a rule: another severity, or `None` for a rule that is switched off.
    pub severities: BTreeMap<&'static str, Option<Severity>>,
    /// The day that decides whether a waiver has expired, `YYYY-MM-DD`.
    pub as_of: String,
}
