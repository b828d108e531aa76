//! Source files and places in them.

use std::sync::{Arc, OnceLock};

use camino::Utf8PathBuf;

/// A file that was read in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A stretch of text in a file: byte offsets, the end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// First byte after it.
    pub end: u32,
}

/// A line and a column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// What a source file is to the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A TOML file of the catalog.
    Catalog,
    /// A file that is part of Plimsoll: the built-in defaults and templates.
    BuiltIn,
    /// A template of the author's.
    Template,
    /// A unit file, rendered or found.
    Unit,
}

/// A file that was read in this run, with its text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path to show to the author.
    pub path: Utf8PathBuf,
    /// The name inside the catalog directory, `/` between its parts: what a rendered unit may name, because it is
    /// the same on every machine.
    pub name: String,
    /// The whole text, shared with those who read it.
    pub text: Arc<str>,
    /// What it is.
    pub kind: SourceKind,
}

/// The files of one run.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
    /// Where the lines of each file begin, as soon as somebody asks.
    lines: Vec<OnceLock<Vec<usize>>>,
}

impl Sources {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps a file and gives its id.
    ///
    /// # Panics
    /// At the 2^32nd file.
    pub fn add(&mut self, file: SourceFile) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).expect("fewer than 2^32 files"));
        self.files.push(file);
        self.lines.push(OnceLock::new());
        id
    }

    /// Gives a file the text that it was added without.
    pub fn fill(&mut self, id: FileId, text: Arc<str>) {
        self.files[id.0 as usize].text = text;
        self.lines[id.0 as usize] = OnceLock::new();
    }

    /// Makes room for so many files more.
    pub fn reserve(&mut self, more: usize) {
        self.files.reserve_exact(more);
        self.lines.reserve_exact(more);
    }

    /// The file of an id that this registry gave.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Line and column where a span begins.
    pub fn position(&self, span: Span) -> Position {
        let text = &self.file(span.file).text;
        let start = (span.start as usize).min(text.len());
        let lines = self.lines[span.file.0 as usize]
            .get_or_init(|| std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect());
        let line = lines.partition_point(|begin| *begin <= start);
        Position { line, column: text[lines[line - 1]..start].chars().count() + 1 }
    }

    /// The span of a whole file, shown as its first character.
    pub fn whole(&self, file: FileId) -> Span {
        Span { file, start: 0, end: 0 }
    }
}
