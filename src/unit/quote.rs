//! The wall: how a value becomes unit text, and which values never do.
//!
//! Every function here either gives text that stays on one line and is read back as the very value
//! that went in, or a [`Refusal`]. Nothing is repaired quietly. Which function a key needs follows
//! from its [`Syntax`]:
//!
//! | syntax | read by | written by |
//! |---|---|---|
//! | `Text`, `Bool`, `Uint32` | [`Unit::text`](super::text::Unit::text) | [`text`], [`text_for`] |
//! | `Lines` | [`Unit::lines`](super::text::Unit::lines) | [`line()`] |
//! | `Strv`, `Install` | [`Unit::strv`](super::text::Unit::strv) | [`strv_word`] |
//! | `Args`, `Exec` | [`Unit::args`](super::text::Unit::args), [`Unit::exec`](super::text::Unit::exec) | [`args_word`] |
//! | `Pairs` | [`Unit::pairs`](super::text::Unit::pairs) | [`pair`] |
//!
//! Podman's generator leaves `%` and `$` alone, and then systemd expands them in the service it
//! wrote; [`Expansion`] says what to double.

use std::borrow::Cow;
use std::fmt;

use super::keys::{QUADLET, Syntax, Version};
use super::split::{Loss, Mode, split};

/// The longest value that is written, in bytes. systemd gives up on lines of a mebibyte; a value
/// anywhere near that is a mistake.
pub const LONGEST: usize = 65536;

/// The first series of Podman all of whose releases take off only a matched pair of quotes around a
/// single string: the change came with 5.8.2.
const PAIRED_QUOTES: Version = (5, 9);

/// Why a value cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// A control character, a line separator, a mark that reorders text, or a byte order mark.
    Forbidden(char),
    /// A backslash at the end: it would join the next line to this one.
    TrailingBackslash,
    /// An empty word: Podman ends the list there and drops the rest.
    EmptyWord,
    /// An empty value: it would reset the key, not set it.
    Empty,
    /// A word that is exactly `;`: Podman writes it bare, and systemd starts another command there.
    LoneSemicolon,
    /// White space at the beginning or the end, which the reader takes off.
    OuterSpace,
    /// More than [`LONGEST`] bytes.
    TooLong,
    /// A backslash before something that is no C escape: Podman drops the whole line.
    BadEscape,
    /// A quote that is never closed: Podman drops the line, or swallows what follows.
    OpenQuote,
    /// A double quote at the beginning or the end, which a Podman before 5.8.2 takes off.
    OuterQuote,
}

impl Refusal {
    /// What to do about it, as a lower-case phrase.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Forbidden(_) => "write it on one line of plain text, without control characters",
            Self::TrailingBackslash => "end the value with another character",
            Self::EmptyWord => "leave the empty word out",
            Self::Empty => "give it a value, or leave the key out",
            Self::LoneSemicolon => "put it into a longer word, or into a script in the image",
            Self::OuterSpace => "take off the white space around the value",
            Self::TooLong => "keep it under 64 KiB: put long data into a file and mount it",
            Self::BadEscape => r"write `\\` for a backslash",
            Self::OpenQuote => "close the quote",
            Self::OuterQuote => "use single quotes there, or say it with PodmanArgs",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden('\n') => f.write_str("a line break cannot be written in a unit"),
            Self::Forbidden('\t') => f.write_str("a tab cannot be written in a unit"),
            Self::Forbidden(c) => {
                write!(f, "the character U+{:04X} cannot be written in a unit", u32::from(*c))
            }
            Self::TrailingBackslash => f.write_str("a backslash at the end would join the next line to this one"),
            Self::EmptyWord => f.write_str("an empty word ends the list without a message"),
            Self::Empty => f.write_str("an empty value resets the key"),
            Self::LoneSemicolon => f.write_str("the word `;` would begin another command"),
            Self::OuterSpace => f.write_str("white space around the value would be lost"),
            Self::TooLong => write!(f, "the value is longer than {LONGEST} bytes"),
            Self::BadEscape => f.write_str("an unknown escape makes Podman drop the whole line"),
            Self::OpenQuote => f.write_str("a quote is never closed"),
            Self::OuterQuote => f.write_str("a double quote at either end is lost on Podman before 5.8.2"),
        }
    }
}

impl std::error::Error for Refusal {}

/// What systemd expands in the place where the value ends up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expansion {
    /// Nothing: the text stays as it is, or its author means the expansion.
    None,
    /// `%` begins a specifier.
    Specifiers,
    /// A command line: `%` begins a specifier and `$` a variable.
    Exec,
}

/// Holds a text against what no unit may contain, whatever the syntax.
pub fn guard(text: &str) -> Result<(), Refusal> {
    if text.len() > LONGEST {
        return Err(Refusal::TooLong);
    }
    match text.chars().find(|&c| is_forbidden(c)) {
        Some(c) => Err(Refusal::Forbidden(c)),
        None => Ok(()),
    }
}

/// Control characters break lines or hide them; the rest would make a reviewer read something else
/// than the machine does.
fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{2028}' | '\u{2029}' // line and paragraph separator
            | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // bidi
            | '\u{feff}')
}

/// Doubles what systemd would expand.
pub fn escape(text: &str, e: Expansion) -> Cow<'_, str> {
    let special = |c| match e {
        Expansion::None => false,
        Expansion::Specifiers => c == '%',
        Expansion::Exec => c == '%' || c == '$',
    };
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if special(c) {
            escaped.push(c);
        }
        escaped.push(c);
    }
    Cow::Owned(escaped)
}

/// Writes the value of a key that holds one string, for any Podman: [`text_for`] the oldest.
pub fn text(value: &str, e: Expansion) -> Result<String, Refusal> {
    text_for(value, e, QUADLET)
}

/// Writes the value of a key that holds one string, for that Podman and those after it.
///
/// The reader trims the line and takes one pair of double quotes off, so a value with outer white
/// space, or one that begins and ends with a quote, gets a pair of its own. Before 5.8.2 it takes
/// *every* double quote off at either end, paired or not (`sh -c "id"` loses its last one, seen on
/// 5.4.2): no spelling keeps those, so they are refused.
pub fn text_for(value: &str, e: Expansion, podman: Version) -> Result<String, Refusal> {
    single(value)?;
    if value.ends_with('\\') {
        return Err(Refusal::TrailingBackslash);
    }
    let (begins, ends) = (value.starts_with('"'), value.ends_with('"'));
    if podman < PAIRED_QUOTES && (begins || ends) {
        return Err(Refusal::OuterQuote);
    }
    let quoted = value.len() >= 2 && begins && ends;
    let escaped = escape(value, e);
    Ok(if quoted || has_outer_space(value) { format!("\"{escaped}\"") } else { escaped.into_owned() })
}

/// Writes one value of a key that takes one value a line, where quotes are not taken off.
pub fn line(value: &str, e: Expansion) -> Result<String, Refusal> {
    single(value)?;
    unwrapped(value)?;
    Ok(escape(value, e).into_owned())
}

/// Writes one word of a key that is split on white space, quotes taken off and escapes retained.
///
/// No escape can be used there, so a word that holds both kinds of quotes is written in parts:
/// `"a'b"'"c'`.
pub fn strv_word(word: &str, e: Expansion) -> Result<String, Refusal> {
    self::word(word)?;
    let escaped = escape(word, e);
    if escaped.chars().all(is_safe) {
        return Ok(escaped.into_owned());
    }
    let mut written = String::with_capacity(escaped.len() + 2);
    let mut rest = escaped.as_ref();
    while !rest.is_empty() {
        let quote = if rest.starts_with('"') { '\'' } else { '"' };
        let end = rest.find(quote).unwrap_or(rest.len());
        written.extend([quote]);
        written.push_str(&rest[..end]);
        written.push(quote);
        rest = &rest[end..];
    }
    Ok(written)
}

/// Writes one word of a key that is split like a command line: bare if it can be, else in double
/// quotes with C escapes.
pub fn args_word(word: &str, e: Expansion) -> Result<String, Refusal> {
    self::word(word)?;
    let escaped = escape(word, e);
    if escaped.chars().all(is_safe) {
        return Ok(escaped.into_owned());
    }
    let mut written = String::with_capacity(escaped.len() + 2);
    written.push('"');
    for c in escaped.chars() {
        if matches!(c, '"' | '\\') {
            written.push('\\');
        }
        written.push(c);
    }
    written.push('"');
    Ok(written)
}

/// Writes one `KEY=VALUE` word of a key that holds pairs.
pub fn pair(key: &str, value: &str, e: Expansion) -> Result<String, Refusal> {
    if key.is_empty() {
        return Err(Refusal::EmptyWord);
    }
    args_word(&format!("{key}={value}"), e)
}

/// Lets through what an author wrote as unit text, if any Podman will read all of it:
/// [`verbatim_for`] the oldest.
pub fn verbatim(value: &str, syntax: Syntax) -> Result<String, Refusal> {
    verbatim_for(value, syntax, QUADLET)
}

/// Lets through what an author wrote as unit text, if that Podman will read all of it.
///
/// `%`, `$`, quotes and escapes are the author's own affair here.
pub fn verbatim_for(value: &str, syntax: Syntax, podman: Version) -> Result<String, Refusal> {
    single(value)?;
    unwrapped(value)?;
    let mode = match syntax {
        Syntax::Text if podman < PAIRED_QUOTES && unpair(value) != value.trim_matches('"') => {
            return Err(Refusal::OuterQuote);
        }
        Syntax::Text | Syntax::Lines | Syntax::Bool | Syntax::Uint32 => {
            return Ok(value.to_owned());
        }
        Syntax::Strv | Syntax::Install => Mode::Strv,
        Syntax::Args | Syntax::Exec | Syntax::Pairs => Mode::Args,
    };
    let split = split(value, mode);
    match split.lost {
        Some((_, Loss::BadEscape)) => return Err(Refusal::BadEscape),
        Some((_, Loss::OpenQuote)) => return Err(Refusal::OpenQuote),
        None if split.cut.is_some() => return Err(Refusal::EmptyWord),
        None if split.open_quote.is_some() => return Err(Refusal::OpenQuote),
        None => {}
    }
    if split.words.iter().any(|word| word.text == ";") {
        return Err(Refusal::LoneSemicolon);
    }
    Ok(value.to_owned())
}

/// Writes free text that systemd reads itself, `Description=` and the like.
pub fn systemd_text(value: &str) -> Result<String, Refusal> {
    guard(value)?;
    if value.is_empty() {
        return Err(Refusal::Empty);
    }
    unwrapped(value)?;
    Ok(escape(value, Expansion::Specifiers).into_owned())
}

/// A value without one matched pair of double quotes around it.
pub fn unpair(value: &str) -> &str {
    let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.unwrap_or(value)
}

/// What holds for every single value.
fn single(value: &str) -> Result<(), Refusal> {
    guard(value)?;
    match value {
        "" => Err(Refusal::Empty),
        ";" => Err(Refusal::LoneSemicolon),
        _ => Ok(()),
    }
}

/// What holds for every word of a list.
fn word(word: &str) -> Result<(), Refusal> {
    guard(word)?;
    match word {
        "" => Err(Refusal::EmptyWord),
        ";" => Err(Refusal::LoneSemicolon),
        _ => Ok(()),
    }
}

/// What holds for every value that stands on its line without quotes around it.
fn unwrapped(value: &str) -> Result<(), Refusal> {
    if has_outer_space(value) {
        return Err(Refusal::OuterSpace);
    }
    if value.ends_with('\\') {
        return Err(Refusal::TrailingBackslash);
    }
    Ok(())
}

/// Rust's white space and Go's are the same property of Unicode, which is what Podman trims by.
fn has_outer_space(value: &str) -> bool {
    value.starts_with(char::is_whitespace) || value.ends_with(char::is_whitespace)
}

/// Characters that no splitter, shell or reader gives a meaning to.
fn is_safe(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '=' | ',' | '@' | '+' | '%' | '$')
}
