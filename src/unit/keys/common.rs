//! The keys of the sections that every unit type may have.

use super::Key;
use super::Syntax::{Bool, Install};

#[rustfmt::skip] // one row a key
pub(super) const QUADLET: &[Key] = &[
    Key::new("Quadlet", "DefaultDependencies", (5, 3), Bool, "Waits for the network by default; false turns that off."),
];

#[rustfmt::skip] // one row a key
pub(super) const INSTALL: &[Key] = &[
    Key::new("Install", "Alias", (4, 4), Install, "Adds another name for the service."),
    Key::new("Install", "DefaultInstance", (5, 0), Install, "Names the instance that [Install] of a template is about.").single(),
    Key::new("Install", "RequiredBy", (4, 4), Install, "Starts the service with these units, which fail without it."),
    Key::new("Install", "UpheldBy", (5, 5), Install, "Keeps the service running as long as these units do."),
    Key::new("Install", "WantedBy", (4, 4), Install, "Starts the service with these units, if it can."),
];
