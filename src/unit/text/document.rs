//! What a document is made of.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Who will read the file: they join continued lines differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Podman's generator: each line is trimmed, then a last `\` is taken off and the next line
    /// follows at once; blank lines and comments between are skipped; a `\` before trailing white
    /// space counts. A continuation that finds no further line is lost with its whole assignment.
    #[default]
    Quadlet,
    /// systemd itself: the `\` becomes a space, an escaped backslash (`\\`) does not continue, a
    /// blank line ends the continuation, and a byte order mark is skipped.
    Systemd,
}

/// A unit file, byte for byte, and what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    pub(super) text: Arc<str>,
    pub(super) dialect: Dialect,
    pub(super) sections: Vec<Header>,
    pub(super) assignments: Vec<Assignment>,
    /// The marks of the assignments, side by side: a lookup reads these and little else.
    pub(super) marks: Vec<Mark>,
    /// The keys and values that are no slices of the file, by where their assignments begin.
    pub(super) joined: Vec<(u32, Joined)>,
    pub(super) comments: Vec<(u32, Stretch)>,
    pub(super) lost: Option<usize>,
}

/// A range of bytes in half the room: ten thousand units are held at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) start: u32,
    end: u32,
}

impl Stretch {
    pub(super) fn new(range: Range<usize>) -> Self {
        Self { start: narrow(range.start), end: narrow(range.end) }
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A number of bytes or lines in a unit.
pub(super) fn narrow(number: usize) -> u32 {
    u32::try_from(number).expect("a unit is smaller than 4 GiB")
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: Stretch,
    /// The name, where it is continued and not a slice of the file.
    pub(super) joined: Option<Box<str>>,
    pub(super) line: usize,
}

impl Header {
    pub(super) fn name<'a>(&'a self, text: &'a str) -> &'a str {
        self.joined.as_deref().unwrap_or_else(|| &text[self.name.range()])
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// Which of the headers it stands under.
    pub(super) header: u32,
    pub(super) key: Stretch,
    pub(super) raw: Stretch,
    pub(super) line: u32,
    pub(super) lines: u32,
}

/// A key and a value of which at least one is continued, and so no slice of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Joined {
    pub(super) key: Option<String>,
    pub(super) value: Option<String>,
}

/// What tells most pairs of a section and a key apart at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark([u8; 4]);

impl Mark {
    pub(super) fn of(section: &str, key: &str) -> Self {
        let byte = |text: &str, at: usize| text.as_bytes().get(at).copied().unwrap_or_default();
        let low = key.len().to_le_bytes()[0];
        Self([low, byte(key, 0), byte(key, key.len() / 2), byte(section, 0) ^ byte(key, key.len().saturating_sub(1))])
    }
}

/// One assignment of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The section it stands in.
    pub section: &'a str,
    /// The key.
    pub key: &'a str,
    /// The value, continued lines joined. Empty means a reset, for a list.
    pub value: Cow<'a, str>,
    /// The value as it stands in the file: from after the `=` and its white space to the end of the
    /// last line that belongs to it, trailing white space excluded.
    pub raw: &'a str,
    /// The line it begins on, from 1.
    pub line: usize,
    /// How many lines it takes.
    pub lines: usize,
    /// The bytes of [`raw`](Entry::raw) in the file.
    pub range: Range<usize>,
    /// The bytes of the key in the file.
    pub key_range: Range<usize>,
}

/// One comment line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment<'a> {
    /// The line it stands on, from 1.
    pub line: usize,
    /// The line from its `#` or `;`, white space around it excluded.
    pub text: &'a str,
}

impl Unit {
    /// The dialect it was read in.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The file, byte for byte.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Every assignment, in the order of the file.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.assignments.iter().map(|assignment| self.entry(assignment))
    }

    /// Every assignment to `key` in `section`, over all sections of that name.
    pub fn entries_of<'a>(&'a self, section: &str, key: &str) -> impl DoubleEndedIterator<Item = Entry<'a>> {
        self.assignments_of(section, key).map(|assignment| self.entry(assignment))
    }

    /// Every assignment of a section, over all sections of that name.
    pub fn entries_in<'a>(&'a self, section: &str) -> impl Iterator<Item = Entry<'a>> {
        // Assignments under one header follow each other: its name is compared once.
        let mut header = (u32::MAX, false);
        let found = self.assignments.iter().filter(move |assignment| {
            if header.0 != assignment.header {
                header = (assignment.header, self.section_of(assignment) == section);
            }
            header.1
        });
        found.map(|assignment| self.entry(assignment))
    }

    /// The section headers with their lines, in the order of the file, repetitions included.
    pub fn sections(&self) -> impl Iterator<Item = (&str, usize)> {
        self.sections.iter().map(|header| (header.name(&self.text), header.line))
    }

    /// Whether there is a section of that name.
    pub fn has_section(&self, name: &str) -> bool {
        self.sections().any(|(found, _)| found == name)
    }

    /// Every comment line, those between continued lines included.
    pub fn comments(&self) -> impl Iterator<Item = Comment<'_>> {
        let comment = |&(line, at): &(u32, Stretch)| Comment { line: line as usize, text: &self.text[at.range()] };
        self.comments.iter().map(comment)
    }

    /// The line of an assignment that Podman loses: it is continued, and only comments and blank
    /// lines follow.
    pub fn lost(&self) -> Option<usize> {
        self.lost
    }

    pub(super) fn assignments_of<'a>(
        &'a self,
        section: &str,
        key: &str,
    ) -> impl DoubleEndedIterator<Item = &'a Assignment> {
        let mark = Mark::of(section, key);
        let marked = self.marks.iter().zip(&self.assignments).filter(move |(other, _)| **other == mark);
        marked.map(|(_, found)| found).filter(move |a| self.key_of(a) == key && self.section_of(a) == section)
    }

    pub(super) fn value_of<'a>(&'a self, assignment: &'a Assignment) -> &'a str {
        let joined = self.joined_of(assignment).and_then(|joined| joined.value.as_deref());
        joined.unwrap_or_else(|| &self.text[assignment.raw.range()])
    }

    fn key_of<'a>(&'a self, assignment: &'a Assignment) -> &'a str {
        let joined = self.joined_of(assignment).and_then(|joined| joined.key.as_deref());
        joined.unwrap_or_else(|| &self.text[assignment.key.range()])
    }

    fn joined_of(&self, assignment: &Assignment) -> Option<&Joined> {
        if self.joined.is_empty() {
            return None;
        }
        let at = self.joined.binary_search_by_key(&assignment.key.start, |(start, _)| *start).ok()?;
        Some(&self.joined[at].1)
    }

    fn section_of(&self, assignment: &Assignment) -> &str {
        self.sections[assignment.header as usize].name(&self.text)
    }

    fn entry<'a>(&'a self, assignment: &'a Assignment) -> Entry<'a> {
        let (key, raw) = (assignment.key.range(), assignment.raw.range());
        Entry {
            section: self.section_of(assignment),
            key: self.key_of(assignment),
            value: Cow::Borrowed(self.value_of(assignment)),
            raw: &self.text[raw.clone()],
            line: assignment.line as usize,
            lines: assignment.lines as usize,
            range: raw,
            key_range: key,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A line that keeps the file from being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The line, from 1; the first one if it is continued.
    pub line: usize,
    /// The column, in characters, from 1.
    pub column: usize,
    /// The line itself, without the white space around it.
    pub text: String,
    /// What is wrong with it.
    pub kind: SyntaxKind,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SyntaxKind {
    /// Neither a section, nor a key with a value, nor a comment.
    NotALine,
    /// An assignment before the first section.
    OutsideSection,
    /// A section name that is empty or holds a bracket or a control character.
    SectionName,
    /// A byte order mark at the start of the file.
    ByteOrderMark,
    /// There is no text at all: a directory, a link to nothing, or a name that is no text.
    NoFile,
}

impl fmt::Display for SyntaxKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotALine => "neither a section, nor a key with a value, nor a comment",
            Self::OutsideSection => "an assignment before the first section",
            Self::SectionName => "not a section name",
            Self::ByteOrderMark => "a byte order mark at the start of the file",
            Self::NoFile => "a directory, a link to nothing, or something else that is no file",
        })
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.kind)
    }
}

impl std::error::Error for SyntaxError {}
