//! What a document is made of.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

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
    pub(super) text: String,
    pub(super) dialect: Dialect,
    pub(super) sections: Vec<Header>,
    pub(super) assignments: Vec<Assignment>,
    pub(super) comments: Vec<(usize, Range<usize>)>,
    pub(super) lost: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: Name,
    pub(super) line: usize,
}

/// A section's name or a key: nearly always a slice of the file, but either may be continued too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) range: Range<usize>,
    pub(super) joined: Option<String>,
}

impl Name {
    fn of<'a>(&'a self, text: &'a str) -> &'a str {
        self.joined.as_deref().unwrap_or(&text[self.range.clone()])
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// Which of the headers it stands under.
    pub(super) header: usize,
    pub(super) key: Name,
    pub(super) raw: Range<usize>,
    /// The joined value, where that is not the raw text.
    pub(super) joined: Option<String>,
    pub(super) line: usize,
    pub(super) lines: usize,
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
    /// The column its value begins at, in characters, from 1.
    pub column: usize,
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
    pub fn entries_of<'a>(&'a self, section: &str, key: &str) -> impl Iterator<Item = Entry<'a>> {
        self.assignments_of(section, key).map(|assignment| self.entry(assignment))
    }

    /// The section headers with their lines, in the order of the file, repetitions included.
    pub fn sections(&self) -> impl Iterator<Item = (&str, usize)> {
        self.sections.iter().map(|header| (header.name.of(&self.text), header.line))
    }

    /// Whether there is a section of that name.
    pub fn has_section(&self, name: &str) -> bool {
        self.sections().any(|(found, _)| found == name)
    }

    /// Every comment line, those between continued lines included.
    pub fn comments(&self) -> impl Iterator<Item = Comment<'_>> {
        self.comments.iter().map(|(line, range)| Comment { line: *line, text: &self.text[range.clone()] })
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
        self.assignments.iter().filter(move |a| a.key.of(&self.text) == key && self.section_of(a) == section)
    }

    pub(super) fn value_of<'a>(&'a self, assignment: &'a Assignment) -> &'a str {
        assignment.joined.as_deref().unwrap_or(&self.text[assignment.raw.clone()])
    }

    fn section_of(&self, assignment: &Assignment) -> &str {
        self.sections[assignment.header].name.of(&self.text)
    }

    fn entry<'a>(&'a self, assignment: &'a Assignment) -> Entry<'a> {
        let Assignment { header: _, key, raw, joined: _, line, lines } = assignment;
        let before = &self.text[..raw.start];
        let column = before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count() + 1;
        Entry {
            section: self.section_of(assignment),
            key: key.of(&self.text),
            value: Cow::Borrowed(self.value_of(assignment)),
            raw: &self.text[raw.clone()],
            line: *line,
            lines: *lines,
            column,
            range: raw.clone(),
            key_range: key.range.clone(),
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
}

impl fmt::Display for SyntaxKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotALine => "neither a section, nor a key with a value, nor a comment",
            Self::OutsideSection => "an assignment before the first section",
            Self::SectionName => "not a section name",
            Self::ByteOrderMark => "a byte order mark at the start of the file",
        })
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.kind)
    }
}

impl std::error::Error for SyntaxError {}
