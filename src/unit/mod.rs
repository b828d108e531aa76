//! Unit text on one side, data on the other, and the rules for crossing between them.
//!
//! - [`text`] reads a unit file without losing a byte, and answers lookups the way Podman does.
//! - [`split`] cuts a value into words exactly as Podman's generator cuts it.
//! - [`quote`] is the way back: no value leaves its line, and every word is read as it was written.
//! - [`keys`] is the table of every Quadlet key of Podman 4.4 to 6.2.
//! - [`directives`] knows the names systemd accepts in the sections that Quadlet passes through.
//!
//! Facts here were read in Podman's and systemd's documentation and source, and then tried on the
//! real generators of Podman 5.4.2 and 5.8.6. Where the two differ, the item says so.

pub mod directives;
pub mod keys;
pub mod quote;
pub mod split;
pub mod text;

pub use keys::{Fallback, Key, NEWEST, Syntax, UnitType, Version};
pub use quote::{Expansion, Refusal};
pub use text::{Dialect, Entry, SyntaxError, SyntaxKind, Unit, Writer};

#[cfg(test)]
mod tests;
