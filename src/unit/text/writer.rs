//! Writing a unit line by line, each of which can only be one line.

use crate::unit::quote::{Refusal, guard};

/// Builds the text of a unit. Values must already be quoted for their key, see
/// [`quote`](crate::unit::quote); the writer only sees to it that each call adds one line.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    text: String,
}

impl Writer {
    /// An empty unit.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a section.
    pub fn section(&mut self, name: &str) -> Result<&mut Self, Refusal> {
        one_line(name)?;
        if let Some(c) = name.chars().find(|c| matches!(c, '[' | ']')) {
            return Err(Refusal::Forbidden(c));
        }
        Ok(self.push(&["[", name, "]"]))
    }

    /// Adds a comment line; `# ` is put before it.
    pub fn comment(&mut self, comment: &str) -> Result<&mut Self, Refusal> {
        if comment.is_empty() {
            return Ok(self.push(&["#"]));
        }
        one_line(comment)?;
        Ok(self.push(&["# ", comment]))
    }

    /// Adds a blank line.
    pub fn blank(&mut self) -> &mut Self {
        self.push(&[])
    }

    /// Adds `key=value`.
    pub fn entry(&mut self, key: &str, value: &str) -> Result<&mut Self, Refusal> {
        is_key(key)?;
        one_line(value)?;
        Ok(self.push(&[key, "=", value]))
    }

    /// Adds `key=`, which resets a list.
    pub fn reset(&mut self, key: &str) -> Result<&mut Self, Refusal> {
        is_key(key)?;
        Ok(self.push(&[key, "="]))
    }

    /// The text, ending with a line break.
    pub fn finish(self) -> String {
        self.text
    }

    fn push(&mut self, parts: &[&str]) -> &mut Self {
        self.text.extend(parts.iter().copied());
        self.text.push('\n');
        self
    }
}

fn is_key(key: &str) -> Result<(), Refusal> {
    one_line(key)?;
    let wrong = |c: &char| matches!(c, '=' | '[' | ']' | '#' | ';' | '\\') || c.is_whitespace();
    key.chars().find(wrong).map_or(Ok(()), |c| Err(Refusal::Forbidden(c)))
}

fn one_line(text: &str) -> Result<(), Refusal> {
    guard(text)?;
    if text.is_empty() {
        return Err(Refusal::Empty);
    }
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        return Err(Refusal::OuterSpace);
    }
    if text.ends_with('\\') {
        return Err(Refusal::TrailingBackslash);
    }
    Ok(())
}
