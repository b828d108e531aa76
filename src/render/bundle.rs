//! What rendering gives: files with their text, and for every line where it came from.

use std::sync::Arc;

use super::Origins;
use crate::{
    model::{Name, Waiver},
    unit::{Dialect, Unit, UnitType, text::SyntaxError},
};

/// How the first line of every rendered file begins, and how such a file is known.
const MARK: &str = "# Rendered by Plimsoll from ";

/// The first line of a rendered file.
pub fn owner_line(source: &str, catalog: &Name) -> String {
    format!("{MARK}{source} of the catalog \"{catalog}\": change that file, not this one.")
}

/// How the comment begins that waives a rule: `# plimsoll: waive PL105 until 2027-06-01: why it is right`.
pub const WAIVER_MARK: &str = "plimsoll: waive ";

/// The comment that waives a rule.
pub fn waiver_line(waiver: &Waiver) -> String {
    let until = waiver.expires.as_ref().map(|day| format!(" until {}", day.value)).unwrap_or_default();
    format!("# {WAIVER_MARK}{}{until}: {}", waiver.rule.value, waiver.reason.value.trim())
}

/// True where a file was rendered by Plimsoll.
pub fn is_ours(text: &[u8]) -> bool {
    text.starts_with(MARK.as_bytes())
}

/// The TOML file that a file was rendered from, if that was from a catalog of that name.
pub fn source_of<'t>(text: &'t str, catalog: &Name) -> Option<&'t str> {
    let end = format!(" of the catalog \"{catalog}\": change that file, not this one.");
    text.lines().next()?.strip_prefix(MARK)?.strip_suffix(&end)
}

/// True where a file was rendered by Plimsoll from a catalog of that name.
pub fn is_of(text: &[u8], catalog: &Name) -> bool {
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    std::str::from_utf8(first).is_ok_and(|first| source_of(first, catalog).is_some())
}

/// What a rendered file is to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// A file that Quadlet turns into a service.
    Quadlet(UnitType),
    /// A slice, which systemd reads itself: Quadlet ignores it without a word.
    Slice,
    /// A file of the host itself, of whatever form.
    Host,
}

/// A file of the tree.
#[derive(Clone, Debug)]
pub struct RenderedFile {
    /// Its path beneath the root of the host, without a leading slash.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// The service it belongs to.
    pub service: Option<Name>,
    /// Its whole text, shared with those who read it.
    pub text: Arc<str>,
    /// Where each line of the text came from.
    pub origins: Origins,
}

impl RenderedFile {
    /// The name of the file.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The text as a unit.
    ///
    /// # Errors
    /// None for a file of a bundle: what is no unit never gets into one.
    pub fn unit(&self) -> Result<Unit, Vec<SyntaxError>> {
        Unit::parse_shared(&self.text, Dialect::Quadlet)
    }
}

/// The rendered catalog, its files in the order of their paths.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The catalog's name.
    pub catalog: Name,
    /// The files.
    pub files: Vec<RenderedFile>,
}

/// What would have to change for a folder to hold exactly a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Paths that are not there.
    pub created: Vec<String>,
    /// Paths that hold something else.
    pub replaced: Vec<String>,
    /// Paths of ours that the bundle no longer has.
    pub removed: Vec<String>,
    /// How many are there as they should be.
    pub unchanged: usize,
}

impl Changes {
    /// True where the folder holds exactly the bundle.
    pub fn is_empty(&self) -> bool {
        self.created.is_empty() && self.replaced.is_empty() && self.removed.is_empty()
    }
}
