//! A unit file as a document: every byte kept, every assignment found, every lookup as Podman's.
//!
//! [`Unit::parse`] reads what Podman's generator reads and refuses what it refuses, except that it
//! gathers every error instead of stopping at the first. What a getter returns depends on how the
//! key is read, so the getters are named by that: [`Unit::text`], [`Unit::lines`], [`Unit::strv`],
//! [`Unit::args`], [`Unit::pairs`], [`Unit::exec`], …
//!
//! Source: behaviour of `pkg/systemd/parser/unitfile.go` of Podman, tried on 5.4.2 and 5.8.6;
//! systemd.syntax(7) for [`Dialect::Systemd`], tried on systemd 257.

mod document;
mod lookup;
mod read;
mod writer;

pub use document::{Comment, Dialect, Entry, SyntaxError, SyntaxKind, Unit};
pub use read::lines;
pub use writer::Writer;
