//! Reading: lines, continuations, sections.

use std::ops::Range;
use std::sync::Arc;

use super::document::{Assignment, Dialect, Header, Joined, Mark, Stretch, SyntaxError, SyntaxKind, Unit, narrow};

const BOM: char = '\u{feff}';

impl Unit {
    /// Reads a file as Podman's generator does, or gathers every line that keeps it from being read.
    pub fn parse(text: &str) -> Result<Self, Vec<SyntaxError>> {
        Self::parse_as(text, Dialect::Quadlet)
    }

    /// Reads a file in the given dialect.
    pub fn parse_as(text: &str, dialect: Dialect) -> Result<Self, Vec<SyntaxError>> {
        Self::parse_shared(&Arc::from(text), dialect)
    }

    /// Reads a file whose text somebody else keeps as well.
    pub fn parse_shared(text: &Arc<str>, dialect: Dialect) -> Result<Self, Vec<SyntaxError>> {
        let (unit, errors) = Self::parse_leniently(text, dialect);
        if errors.is_empty() { Ok(unit) } else { Err(errors) }
    }

    /// Reads what can be read, as systemd does, with the lines that are passed over.
    pub fn parse_leniently(text: &Arc<str>, dialect: Dialect) -> (Self, Vec<SyntaxError>) {
        let unit = Self {
            text: Arc::clone(text),
            dialect,
            sections: Vec::new(),
            assignments: Vec::new(),
            marks: Vec::new(),
            joined: Vec::new(),
            comments: Vec::new(),
            lost: None,
        };
        let mut reader = Reader { source: text, unit, in_section: false, errors: Vec::new() };
        match dialect {
            Dialect::Quadlet => reader.read_quadlet(),
            Dialect::Systemd => reader.read_systemd(),
        }
        let Reader { mut unit, errors, .. } = reader;
        unit.sections.shrink_to_fit();
        unit.assignments.shrink_to_fit();
        unit.marks.shrink_to_fit();
        unit.comments.shrink_to_fit();
        (unit, errors)
    }
}

/// One line as the reader sees it: continued lines joined, and where each part came from.
#[derive(Default)]
struct Logical {
    text: String,
    /// Offsets in `text`, each with the offset in the file that it stands for.
    pieces: Vec<(usize, usize)>,
    line: usize,
}

impl Logical {
    fn push(&mut self, part: &str, at: usize, line: usize) {
        if self.text.is_empty() {
            self.pieces.clear();
            self.line = line;
        }
        self.pieces.push((self.text.len(), at));
        self.text.push_str(part);
    }

    fn clear(&mut self) {
        self.text.clear();
    }
}

struct Reader<'a> {
    source: &'a str,
    unit: Unit,
    /// Whether a section has begun, be it one whose name is refused.
    in_section: bool,
    errors: Vec<SyntaxError>,
}

impl Reader<'_> {
    fn read_quadlet(&mut self) {
        let body = self.source.strip_suffix('\n').unwrap_or(self.source);
        let mut pending = Logical::default();
        for (index, line, at) in lines(body) {
            let number = index + 1;
            let is_last = at + line.len() == body.len();
            let (line, at) = trim(line, at, char::is_whitespace);
            if line.is_empty() || line.starts_with(['#', ';']) {
                self.comment(line, at, number);
                continue;
            }
            let end = at + line.len();
            let (line, continued) = match line.strip_suffix('\\') {
                Some(line) => (line, !is_last),
                None => (line, false),
            };
            if continued {
                pending.push(line, at, number);
            } else if pending.text.is_empty() {
                self.logical(line, &[(0, at)], number..number + 1, end);
            } else {
                pending.push(line, at, number);
                self.logical(&pending.text, &pending.pieces, pending.line..number + 1, end);
                pending.clear();
            }
        }
        if !pending.text.is_empty() {
            self.unit.lost = Some(pending.line);
        }
    }

    fn read_systemd(&mut self) {
        let skip = if self.source.starts_with(BOM) { BOM.len_utf8() } else { 0 };
        let mut pending = Logical::default();
        let mut end = (0, 0);
        for (index, line, at) in lines(&self.source[skip..]) {
            let number = index + 1;
            let at = at + skip;
            let begun = line.trim_start_matches(is_blank);
            let at = at + line.len() - begun.len();
            if begun.starts_with(['#', ';']) {
                let comment = begun.trim_end_matches(is_blank);
                self.comment(comment, at, number);
                continue;
            }
            let line = begun.strip_suffix('\r').unwrap_or(begun);
            pending.push(line, at, number);
            end = (number + 1, at + line.len());
            // An odd number of backslashes at the end: the last one is not itself escaped.
            let backslashes = pending.text.len() - pending.text.trim_end_matches('\\').len();
            if backslashes % 2 == 1 {
                pending.text.pop();
                pending.text.push(' ');
            } else {
                self.stripped(&pending, end);
                pending.clear();
            }
        }
        self.stripped(&pending, end);
    }

    /// Hands on what systemd makes of a joined line: without the white space around it.
    fn stripped(&mut self, pending: &Logical, (after, end): (usize, usize)) {
        let (text, skipped) = trim(&pending.text, 0, is_blank);
        let pieces: Vec<_> = pending
            .pieces
            .iter()
            .map(|&(joined, at)| match joined.checked_sub(skipped) {
                Some(joined) => (joined, at),
                None => (0, at + skipped - joined),
            })
            .collect();
        let end = self.source[..end].trim_end_matches(is_blank).len();
        self.logical(text, &pieces, pending.line..after, end);
    }

    fn comment(&mut self, line: &str, at: usize, number: usize) {
        if !line.is_empty() {
            self.unit.comments.push((narrow(number), Stretch::new(at..at + line.len())));
        }
    }

    /// Takes in one joined line. `pieces` says where its parts stand in the file, `lines` which
    /// lines it spans, `end` where it ends.
    fn logical(&mut self, text: &str, pieces: &[(usize, usize)], lines: Range<usize>, end: usize) {
        if text.is_empty() {
            return;
        }
        let origin = |offset: usize| {
            let after = pieces.partition_point(|&(joined, _)| joined <= offset);
            let (joined, at) = pieces[after.saturating_sub(1)];
            at + (offset - joined)
        };
        let name = |range: Range<usize>| {
            let found = origin(range.start)..origin(range.end.saturating_sub(1)) + 1;
            let joined = self.source.get(found.clone()) != Some(&text[range.clone()]);
            (Stretch::new(found), joined.then(|| text[range].to_owned()))
        };
        if let Some(found) = section(text, self.unit.dialect) {
            self.in_section = true;
            if !is_section_name(&text[found.clone()]) {
                return self.error(SyntaxKind::SectionName, lines.start, origin(0), end);
            }
            let (name, joined) = name(found);
            let header = Header { name, joined: joined.map(String::into_boxed_str), line: lines.start };
            self.unit.sections.push(header);
            return;
        }
        let Some(equals) = text.find('=').filter(|&at| !text[..at].trim_end().is_empty()) else {
            let bom = lines.start == 1 && text.starts_with(BOM);
            let kind = if bom { SyntaxKind::ByteOrderMark } else { SyntaxKind::NotALine };
            // The mark is what is wrong, and not each line of the section that begins there.
            self.in_section |= bom && section(text.trim_start_matches(BOM), self.unit.dialect).is_some();
            return self.error(kind, lines.start, origin(0), end);
        };
        if !self.in_section {
            let bom = text.starts_with(BOM);
            let kind = if bom { SyntaxKind::ByteOrderMark } else { SyntaxKind::OutsideSection };
            return self.error(kind, lines.start, origin(0), end);
        }
        let said = text[..equals].trim_end_matches(is_space);
        let (key, joined_key) = name(0..said.len());
        let value = text[equals + 1..].trim_start_matches(is_space);
        let start = origin(text.len() - value.len()).min(end);
        let joined_value = (self.source[start..end] != *value).then(|| value.to_owned());
        if joined_key.is_some() || joined_value.is_some() {
            self.unit.joined.push((key.start, Joined { key: joined_key, value: joined_value }));
        }
        let header = self.unit.sections.len().saturating_sub(1);
        let section = self.unit.sections.get(header).map_or("", |header| header.name(self.source));
        self.unit.marks.push(Mark::of(section, said));
        self.unit.assignments.push(Assignment {
            header: narrow(header),
            key,
            raw: Stretch::new(start..end),
            line: narrow(lines.start),
            lines: narrow(lines.len()),
        });
    }

    fn error(&mut self, kind: SyntaxKind, line: usize, at: usize, end: usize) {
        let begin = self.source[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let column = self.source[begin..at].chars().count() + 1;
        let text = self.source[at..end.max(at)].lines().next().unwrap_or_default().trim_end();
        self.errors.push(SyntaxError { line, column, text: text.to_owned(), kind });
    }
}

/// The lines of a text without their line breaks, with their numbers from 0 and their offsets. Behind the last line break
/// is one more, be it empty.
pub fn lines(text: &str) -> impl Iterator<Item = (usize, &str, usize)> {
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]);
    let mut at = 0;
    ends.enumerate().map(move |(index, end)| {
        let start = std::mem::replace(&mut at, end + 1);
        (index, &text[start..end], start)
    })
}

fn trim(line: &str, at: usize, space: impl Fn(char) -> bool + Copy) -> (&str, usize) {
    let begun = line.trim_start_matches(space);
    (begun.trim_end_matches(space), at + line.len() - begun.len())
}

/// The name of the section that a line begins. Podman takes `[a] b=c` for a key, and so do we.
fn section(line: &str, dialect: Dialect) -> Option<Range<usize>> {
    let inside = line.strip_prefix('[')?;
    let end = match dialect {
        Dialect::Quadlet => inside.find(']')?,
        Dialect::Systemd => inside.strip_suffix(']')?.len(),
    };
    let rest = &inside[end + 1..];
    rest.bytes().all(|b| b == b' ' || b == b'\t').then_some(1..end + 1)
}

fn is_section_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c == '[' || c == ']' || c.is_control())
}

/// What systemd takes off around lines, keys and values.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// What Podman takes off around the `=`: it looks at bytes, so only ASCII counts.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}
