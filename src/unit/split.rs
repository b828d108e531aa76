//! Cutting a value into words, the way Podman's generator does it.
//!
//! Podman knows two ways, both after systemd's: [`Mode::Strv`] takes quotes off and leaves
//! backslashes alone, [`Mode::Args`] also undoes C escapes. Words are parted by space, tab, newline
//! and carriage return; single and double quotes may begin anywhere in a word.
//!
//! Three traps are not errors to Podman, so [`Split`] carries them as data:
//!
//! - an **empty word** (`a "" b`) ends the list, and the rest is never seen: [`Split::cut`];
//! - an **open quote** is closed for you in `Args`, but loses the whole line in `Strv`;
//! - an **unknown escape** (`\;`, `\d`) loses the whole line in `Args`: [`Split::lost`].
//!
//! Source: behaviour of `pkg/systemd/parser/split.go` of Podman, tried on 5.4.2 and 5.8.6.

use std::ops::Range;

/// How a value is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Quotes are taken off, a backslash is a character like any other.
    Strv,
    /// Quotes are taken off and C escapes are undone, as systemd does for `ExecStart=`.
    Args,
}

/// One word of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Word {
    /// The word as Podman hands it on.
    pub text: String,
    /// The bytes of the value it was written in, quotes included.
    pub range: Range<usize>,
}

/// Why Podman throws a whole line away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    /// A quote that is never closed, where Podman does not forgive it.
    OpenQuote,
    /// A backslash before something that is no C escape.
    BadEscape,
}

/// The words of a value, and what Podman drops without a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// The words that reach podman. Empty when the line is [lost](Split::lost).
    pub words: Vec<Word>,
    /// Where an empty word (or a NUL) ended the list. Everything from here on is dropped.
    pub cut: Option<usize>,
    /// Where a quote opens that is never closed.
    pub open_quote: Option<usize>,
    /// Where and why the whole line is dropped.
    pub lost: Option<(usize, Loss)>,
}

impl Split {
    /// The words alone.
    pub fn into_texts(self) -> Vec<String> {
        self.words.into_iter().map(|word| word.text).collect()
    }

    /// Whether every word of the line reaches podman, as written.
    pub fn is_clean(&self) -> bool {
        self.cut.is_none() && self.open_quote.is_none() && self.lost.is_none()
    }
}

/// Cuts `value` into words.
pub fn split(value: &str, mode: Mode) -> Split {
    let mut cutter = Cutter { value, at: 0, mode };
    let mut split = Split::default();
    loop {
        cutter.skip_separators();
        let start = cutter.at;
        match cutter.peek() {
            None => return split,
            Some('\0') => {
                split.cut = Some(start);
                return split;
            }
            Some(_) => {}
        }
        match cutter.word(&mut split.open_quote) {
            Ok(text) if text.is_empty() => {
                split.cut = Some(start);
                return split;
            }
            Ok(text) => split.words.push(Word { text, range: start..cutter.at }),
            Err(lost) => {
                split.words.clear();
                split.lost = Some(lost);
                return split;
            }
        }
    }
}

/// Whether Podman parts words at `c`.
pub fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Whether a byte may be more than a part of its word: a separator, a quote, a backslash, a NUL.
fn is_special(byte: u8) -> bool {
    is_separator(byte.into()) || matches!(byte, b'"' | b'\'' | b'\\' | b'\0')
}

struct Cutter<'a> {
    value: &'a str,
    at: usize,
    mode: Mode,
}

impl Cutter<'_> {
    fn rest(&self) -> &str {
        &self.value[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_separators(&mut self) {
        self.at = self.value.len() - self.rest().trim_start_matches(is_separator).len();
    }

    fn word(&mut self, open_quote: &mut Option<usize>) -> Result<String, (usize, Loss)> {
        let mut text = String::new();
        // The open quote and where it stands.
        let mut quote: Option<(char, usize)> = None;
        loop {
            // Nearly every word is nothing but plain characters.
            let plain = self.rest().bytes().position(is_special).unwrap_or(self.rest().len());
            text.push_str(&self.rest()[..plain]);
            self.at += plain;
            let Some(c) = self.peek() else { break };
            // Podman marks the end of its input with a zero byte, so a real one ends it too. It is
            // left standing, for the next round to report.
            if c == '\0' {
                break;
            }
            let here = self.at;
            if quote.is_none() && is_separator(c) {
                break;
            }
            self.at += c.len_utf8();
            match (quote, c) {
                (Some((open, _)), _) if c == open => quote = None,
                (None, '"' | '\'') => quote = Some((c, here)),
                (_, '\\') if self.mode == Mode::Args => match self.peek() {
                    // A backslash at the very end is eaten.
                    None | Some('\0') => {}
                    Some(_) => {
                        let (length, c) = unescape(self.rest()).ok_or((here, Loss::BadEscape))?;
                        text.push(c);
                        self.at += length;
                    }
                },
                _ => text.push(c),
            }
        }
        if let Some((_, at)) = quote {
            *open_quote = Some(at);
            if self.mode == Mode::Strv {
                return Err((at, Loss::OpenQuote));
            }
        }
        Ok(text)
    }
}

/// Undoes one C escape: `escaped` begins after the backslash. Gives its length and its character.
///
/// Podman writes `\xff` and `\377` as the character U+00FF, not as a byte, and a lone surrogate as
/// U+FFFD. An escape for NUL is none.
fn unescape(escaped: &str) -> Option<(usize, char)> {
    let number = |digits: Range<usize>, radix: u32| {
        let digits = escaped.get(digits)?;
        let plain = digits.bytes().all(|b| (b as char).is_digit(radix));
        let number = if plain { u32::from_str_radix(digits, radix).ok()? } else { 0 };
        (number != 0).then_some(number)
    };
    let simple = |c: char| Some((1, c));
    match escaped.chars().next()? {
        'a' => simple('\x07'),
        'b' => simple('\x08'),
        'f' => simple('\x0c'),
        'n' => simple('\n'),
        'r' => simple('\r'),
        't' => simple('\t'),
        'v' => simple('\x0b'),
        's' => simple(' '),
        c @ ('\\' | '"' | '\'') => simple(c),
        'x' => Some((3, char::from_u32(number(1..3, 16)?)?)),
        'u' => Some((5, char::from_u32(number(1..5, 16)?).unwrap_or(char::REPLACEMENT_CHARACTER))),
        'U' => number(1..9, 16)
            .filter(|&n| n <= 0x10_ffff)
            .map(|n| (9, char::from_u32(n).unwrap_or(char::REPLACEMENT_CHARACTER))),
        '0'..='7' => number(0..3, 8).filter(|&n| n <= 255).and_then(|n| Some((3, char::from_u32(n)?))),
        _ => None,
    }
}
