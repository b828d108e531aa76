//! A TOML file as a tree of values that know where they stand.

use std::borrow::Cow;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::diagnostic::{Diagnostic, Diagnostics, FileId, Origin, SourceKind, Sources, Span};

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) span: Span,
    /// False in the built-in defaults.
    pub(crate) by_author: bool,
}

/// A key of a table and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Span,
    pub(crate) node: Node,
}

/// The entries of a table in their order. Tables that are asked for a key are short: to compare is quicker than to hash,
/// and thousands of them take little memory.
#[derive(Clone, Debug)]
pub(crate) struct Map(Box<[(Box<str>, Entry)]>);

impl Map {
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.iter().find(|(name, _)| *name == key).map(|(_, entry)| entry)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(key, entry)| (&**key, entry))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    String(String),
    Integer(i64),
    /// As written: a decimal is never read through a float.
    Float(String),
    Boolean(bool),
    Datetime(String),
    Array(Box<[Node]>),
    Table(Map),
}

impl Value {
    /// What it is, with its article.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a decimal number",
            Self::Boolean(_) => "a boolean",
            Self::Datetime(_) => "a date or time",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl Node {
    pub(crate) fn origin(&self) -> Origin {
        if self.by_author { Origin::At(self.span) } else { Origin::BuiltIn }
    }
}

/// Parses a file that `sources` holds. Syntax errors go to `diagnostics`, all of the file's; then there is no tree,
/// because half a tree would bring errors that are none.
pub(crate) fn parse(sources: &Sources, file: FileId, diagnostics: &mut Diagnostics) -> Option<Node> {
    let source = sources.file(file);
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().lines().next().unwrap_or("not TOML");
        diagnostics.push(syntax_error(message, place(file, &span), source.text.get(span).unwrap_or("")));
    }
    if !errors.is_empty() {
        return None;
    }
    let reader = Reader { file, by_author: source.kind != SourceKind::BuiltIn };
    let span = document.span();
    let mut found = Diagnostics::new();
    let value = Value::Table(reader.table(document.into_inner(), &mut found));
    let failed = found.has_errors();
    diagnostics.extend(found);
    (!failed).then(|| Node { value, span: place(file, &span), by_author: reader.by_author })
}

fn place(file: FileId, span: &std::ops::Range<usize>) -> Span {
    let at = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Span { file, start: at(span.start), end: at(span.end) }
}

/// The parser's message, in our words where it speaks of its grammar rather than of the file.
fn syntax_error(message: &str, at: Span, marked: &str) -> Diagnostic {
    let (message, help) = match message {
        m if m.starts_with("string values must be quoted") && marked.trim().is_empty() => {
            ("a key without a value".into(), "write the value after the `=`, or take the key out")
        }
        m if m.starts_with("string values must be quoted") => {
            ("a string without quotes".into(), "write it in quotes: KEY = \"text\"")
        }
        m if m.starts_with("invalid basic") && m.ends_with("string, expected `\"`") => {
            ("the string is never closed".into(), "end it with `\"` on the same line")
        }
        m if m.contains("visible characters") => {
            ("a control character in a string".into(), "no unit could hold it: write plain text, on one line")
        }
        m if m.contains("duplicate key") => (lower_first(m), "a key stands once in a table: keep one of them"),
        m if m.contains("key") || m.contains("table") => {
            (lower_first(m), "TOML has lines KEY = VALUE and tables [NAME]: https://toml.io")
        }
        m => return Diagnostic::error(lower_first(m), at),
    };
    Diagnostic::error(message, at).help(help)
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

struct Reader {
    file: FileId,
    by_author: bool,
}

impl Reader {
    fn table(&self, table: DeTable<'_>, diagnostics: &mut Diagnostics) -> Map {
        let entry = |(key, value): (Spanned<Cow<'_, str>>, _)| {
            let place = place(self.file, &key.span());
            (key.into_inner().into(), Entry { key: place, node: self.node(value, diagnostics) })
        };
        Map(table.into_iter().map(entry).collect())
    }

    fn node(&self, value: Spanned<DeValue<'_>>, diagnostics: &mut Diagnostics) -> Node {
        let span = place(self.file, &value.span());
        let value = match value.into_inner() {
            DeValue::String(text) => Value::String(text.into_owned()),
            DeValue::Integer(number) => {
                if number.radix() != 10 {
                    diagnostics.push(Diagnostic::error("a number that is not written in decimal", span).help(
                        "its digits would become others in the unit: write it in decimal, or as a string in quotes",
                    ));
                }
                let digits = number.as_str().replace('_', "");
                let number = i64::from_str_radix(&digits, number.radix()).unwrap_or_else(|_| {
                    diagnostics.push(
                        Diagnostic::error("the number does not fit into 64 bits", span).help("write a smaller number"),
                    );
                    0
                });
                Value::Integer(number)
            }
            DeValue::Float(number) => Value::Float(number.as_str().to_owned()),
            DeValue::Boolean(yes) => Value::Boolean(yes),
            DeValue::Datetime(date) => Value::Datetime(date.to_string()),
            DeValue::Array(items) => Value::Array(items.into_iter().map(|item| self.node(item, diagnostics)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table, diagnostics)),
        };
        Node { value, span, by_author: self.by_author }
    }
}
