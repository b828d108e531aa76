//! A unit with its drop-ins merged in, the way Podman reads it: every value knows the file and the place it stands in.

use std::{borrow::Cow, sync::Arc};

use super::File;
use crate::{
    diagnostic::Span,
    unit::{
        Dialect, Entry, SyntaxError, Unit, UnitType,
        quote::unpair,
        split::{Mode, Split, split},
    },
};

/// A file that could be read, as a unit.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// The file.
    pub file: &'a File,
    /// Which of the judged files it is.
    pub index: usize,
    /// What stands in it. A drop-in may be a part of many units.
    pub unit: Arc<Unit>,
}

impl<'a> Part<'a> {
    /// Reads a file: a slice and its drop-ins as systemd does, everything else as Podman does.
    ///
    /// # Errors
    /// The lines that keep it from being read.
    pub fn read(file: &'a File, index: usize, text: &Arc<str>) -> Result<Self, Vec<SyntaxError>> {
        let unit = if file.is_of_a_slice() {
            let (unit, errors) = Unit::parse_leniently(text, Dialect::Systemd);
            // A header that does not end keeps systemd from loading the file; any other line is passed over alone.
            if errors.iter().any(|wrong| wrong.text.starts_with('[')) {
                return Err(errors);
            }
            unit
        } else {
            Unit::parse_shared(text, Dialect::Quadlet)?
        };
        Ok(Self { file, index, unit: Arc::new(unit) })
    }

    /// What to show for an entry of it: key and value, or the place in the catalog that they came from.
    pub fn span(&self, entry: &Entry<'_>) -> Span {
        self.file.span(entry.line, entry.key_range.start..entry.range.end.max(entry.key_range.end))
    }

    /// An entry of it as an assignment that counts.
    fn value<'s>(&'s self, entry: Entry<'s>) -> Value<'s> {
        Value { key: entry.key, at: self.span(&entry), text: entry.value }
    }
}

/// An assignment that counts.
#[derive(Clone, Debug)]
pub struct Value<'a> {
    /// The key.
    pub key: &'a str,
    /// The value, continued lines joined, quotes left on.
    pub text: Cow<'a, str>,
    /// Where it stands, to be shown.
    pub at: Span,
}

impl<'a> Value<'a> {
    /// The value as Podman reads a key that holds one string: without a pair of double quotes around it.
    pub fn unquoted(&self) -> &str {
        unpair(self.text.trim_end())
    }

    /// The same, for who keeps it.
    pub fn into_unquoted(self) -> Cow<'a, str> {
        match self.text {
            Cow::Borrowed(text) => Cow::Borrowed(unpair(text.trim_end())),
            Cow::Owned(text) => Cow::Owned(unpair(text.trim_end()).to_owned()),
        }
    }

    /// Whether Podman takes it for true. **Everything but `1`, `yes`, `true` and `on` is false** without a message.
    pub fn is_true(&self) -> bool {
        ["1", "yes", "true", "on"].iter().any(|yes| self.unquoted().eq_ignore_ascii_case(yes))
    }

    /// Whether it is neither yes nor no. Podman takes it for false, and PL018 says so.
    pub fn is_no_boolean(&self) -> bool {
        !self.is_true() && !["0", "no", "false", "off"].iter().any(|no| self.unquoted().eq_ignore_ascii_case(no))
    }

    /// The words it is cut into.
    pub fn split(&self, mode: Mode) -> Split {
        split(&self.text, mode)
    }
}

/// A unit and its drop-ins, in the order in which Podman merges them.
#[derive(Clone, Debug)]
pub struct Effective<'a> {
    parts: Vec<Part<'a>>,
}

impl<'a> Effective<'a> {
    /// A unit with its drop-ins.
    pub fn new(main: Part<'a>, drop_ins: Vec<Part<'a>>) -> Self {
        let mut parts = vec![main];
        parts.extend(drop_ins);
        Self { parts }
    }

    /// The unit's own file.
    pub fn file(&self) -> &'a File {
        self.parts[0].file
    }

    /// Which of the judged files it is.
    pub fn index(&self) -> usize {
        self.parts[0].index
    }

    /// The unit's own file and then its drop-ins.
    pub fn parts(&self) -> &[Part<'a>] {
        &self.parts
    }

    /// The unit type, `None` for a slice.
    pub fn unit_type(&self) -> Option<UnitType> {
        match self.file().kind {
            super::Kind::Quadlet(unit_type) => Some(unit_type),
            super::Kind::DropIn | super::Kind::Slice | super::Kind::Other => None,
        }
    }

    /// Whether any part has that section.
    pub fn has_section(&self, section: &str) -> bool {
        self.parts.iter().any(|part| part.unit.has_section(section))
    }

    /// Every assignment to a key, in the order in which they count.
    pub fn all<'s>(&'s self, section: &'s str, key: &'s str) -> impl DoubleEndedIterator<Item = Value<'s>> {
        self.parts.iter().flat_map(move |part| part.unit.entries_of(section, key).map(|entry| part.value(entry)))
    }

    /// Every assignment of a section.
    pub fn section<'s>(&'s self, section: &'s str) -> impl Iterator<Item = Value<'s>> {
        self.among(section, |_| true)
    }

    /// The assignments of a section to some of its keys.
    pub fn among<'s>(
        &'s self,
        section: &'s str,
        is_one: impl Fn(&str) -> bool + Copy + 's,
    ) -> impl Iterator<Item = Value<'s>> {
        self.parts.iter().flat_map(move |part| {
            part.unit.entries_in(section).filter(move |entry| is_one(entry.key)).map(|entry| part.value(entry))
        })
    }

    /// The last assignment to a key: the one that counts where it holds one value. An empty one counts as none.
    pub fn last<'s>(&'s self, section: &'s str, key: &'s str) -> Option<Value<'s>> {
        // Asked for more often than anything else, and mostly there is none.
        let last = |part: &'s Part<'a>| Some(part.value(part.unit.entries_of(section, key).next_back()?));
        self.parts.iter().rev().find_map(last).filter(|value| !value.text.is_empty())
    }

    /// The last assignments to some keys of a section, each as [`last`](Self::last) has it, in one pass.
    pub fn last_among<'s>(&'s self, section: &'s str, is_one: impl Fn(&str) -> bool + Copy + 's) -> Vec<Value<'s>> {
        let mut values: Vec<Value<'s>> = Vec::new();
        for value in self.among(section, is_one) {
            values.retain(|earlier| earlier.key != value.key);
            values.push(value);
        }
        values.retain(|value| !value.text.is_empty());
        values
    }

    /// The assignments to some keys of a section, each list since its last empty one.
    pub fn lists<'s>(&'s self, section: &'s str, is_one: impl Fn(&str) -> bool + Copy + 's) -> Vec<Value<'s>> {
        let mut values: Vec<Value<'s>> = Vec::new();
        for value in self.among(section, is_one) {
            if value.text.is_empty() {
                values.retain(|earlier| earlier.key != value.key);
            } else {
                values.push(value);
            }
        }
        values
    }

    /// The assignments to a list since the last empty one.
    pub fn list<'s>(&'s self, section: &'s str, key: &'s str) -> Vec<Value<'s>> {
        let mut values = Vec::new();
        for value in self.all(section, key) {
            if value.text.is_empty() {
                values.clear();
            } else {
                values.push(value);
            }
        }
        values
    }

    /// What to show for a section: its header, or what stands for the whole file where it has none.
    pub fn header(&self, section: &str) -> Span {
        for part in &self.parts {
            if let Some((_, line)) = part.unit.sections().find(|(name, _)| *name == section) {
                let text = part.unit.as_str();
                let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
                let end = start + text[start..].lines().next().unwrap_or_default().len();
                // A header is nobody's line: what is missing below it, is missing in the file the unit came from.
                return if part.file.is_rendered() { part.file.whole() } else { part.file.span(line, start..end) };
            }
        }
        self.file().whole()
    }
}
