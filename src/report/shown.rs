//! What may be shown of a unit on a host, whoever wrote it: no secret, and nothing that a terminal would obey.

use std::fmt::Write as _;

use super::diagnostics::is_hidden;
use crate::policy::facts::is_secret_in;

/// What stands in place of a secret.
const HIDDEN: &str = "…";

/// The longest text of which the part before a secret is looked for.
const LONGEST: usize = 1000;

/// A value that is a secret behind every name of one.
const PROBE: &str = "aB3dEfGh1jKlMn0pQ:rStUv";

/// A line as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The text, without the end of the line.
    pub(super) text: String,
    /// Whether something of it is hidden.
    pub(super) is_hidden: bool,
}

/// The lines of a file for a terminal: what is no text is escaped, and so is what a terminal would obey.
pub(super) fn lines(text: &[u8]) -> Vec<Line> {
    let raw: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let bare = raw.iter().map(|line| line.strip_suffix(b"\n").unwrap_or(line));
    let escaped: Vec<String> = bare.clone().map(printed).collect();
    let as_read: Vec<String> = bare.map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    let mut lines = without_secrets(&escaped);
    if escaped == as_read {
        return lines;
    }
    // An escape may part a name from its value.
    for (line, read) in lines.iter_mut().zip(without_secrets(&as_read)) {
        if read.is_hidden && !line.is_hidden {
            *line = Line { text: HIDDEN.to_owned(), is_hidden: true };
        }
    }
    lines
}

/// A phrase about a host for a terminal.
pub(super) fn escaped(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) { c.escape_debug().to_string() } else { c.to_string() }).collect()
}

/// A text of one line without its secrets.
pub(super) fn redacted(text: &str) -> String {
    let line = without_secrets(&[text.to_owned()]).into_iter().next();
    line.map_or_else(|| HIDDEN.to_owned(), |line| line.text)
}

/// The value of a key without its secrets.
pub(super) fn value(key: &str, value: &str) -> String {
    let line = redacted(&format!("{key}={value}"));
    line.strip_prefix(key).and_then(|rest| rest.strip_prefix('=')).unwrap_or(HIDDEN).to_owned()
}

fn printed(line: &[u8]) -> String {
    let mut text = String::with_capacity(line.len());
    for chunk in line.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_hidden(c) && c != '\t' { text.extend(c.escape_debug()) } else { text.push(c) }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with(['#', ';'])
}

fn goes_on(line: &str) -> bool {
    line.trim_end().ends_with('\\')
}

/// The lines with `…` from the first secret on, in each that is joined with others by backslashes.
fn without_secrets(lines: &[String]) -> Vec<Line> {
    let mut shown: Vec<Line> = Vec::with_capacity(lines.len());
    let mut in_key = false;
    while let Some(first) = lines.get(shown.len()) {
        let start = shown.len();
        let mut end = start + 1;
        // A comment amid joined lines does not part them.
        while end < lines.len() && (goes_on(&lines[end - 1]) || (is_comment(&lines[end - 1]) && !is_comment(first))) {
            end += 1;
        }
        let was_in_key = in_key;
        for line in &lines[start..end] {
            in_key = (in_key || line.contains("PRIVATE KEY-----")) && !line.contains("-----END");
        }
        if was_in_key {
            shown.extend(lines[start..end].iter().map(|_| Line { text: HIDDEN.to_owned(), is_hidden: true }));
        } else {
            shown.extend(joined_without_secrets(&lines[start..end]));
        }
    }
    shown
}

fn joined_without_secrets(lines: &[String]) -> Vec<Line> {
    let holds_secret = match lines {
        [line] => is_secret_in(without_mark(line)),
        _ => Before::of(lines).holds_secret(""),
    };
    if !holds_secret {
        return lines.iter().map(|line| Line { text: line.clone(), is_hidden: false }).collect();
    }
    let hidden = |lines: &[String]| lines.iter().map(|_| Line { text: HIDDEN.to_owned(), is_hidden: true }).collect();
    let mut shown: Vec<Line> = Vec::new();
    if lines.iter().map(String::len).sum::<usize>() > LONGEST {
        let (first, rest) = lines.split_at(1);
        shown.extend(first.iter().map(|line| up_to(line, named(line, 0))));
        shown.extend::<Vec<Line>>(hidden(rest));
        return shown;
    }
    for (at, line) in lines.iter().enumerate() {
        let begins = begin_of_secret(&Before::of(&lines[..at]), line);
        let Some(begins) = begins else {
            shown.push(Line { text: line.clone(), is_hidden: false });
            continue;
        };
        shown.push(up_to(line, begins));
        // What follows may be more of it.
        shown.extend::<Vec<Line>>(hidden(&lines[at + 1..]));
        return shown;
    }
    hidden(lines)
}

fn up_to(line: &str, end: usize) -> Line {
    Line { text: format!("{}{HIDDEN}", &line[..end]), is_hidden: true }
}

/// The line without what makes it a comment.
fn without_mark(line: &str) -> &str {
    if is_comment(line) { line.trim_start().trim_start_matches(['#', ';']) } else { line }
}

/// The lines that a line is joined to, with and without the comments among them.
struct Before {
    all: String,
    without_comments: String,
}

impl Before {
    fn of(lines: &[String]) -> Self {
        let code = lines.iter().filter(|line| !is_comment(line)).map(|line| format!("{line}\n"));
        let all = lines.iter().map(|line| format!("{}\n", without_mark(line)));
        Self { all: all.collect(), without_comments: code.collect() }
    }

    fn holds_secret(&self, more: &str) -> bool {
        let more = without_mark(more);
        is_secret_in(&format!("{}{more}", self.all)) || is_secret_in(&format!("{}{more}", self.without_comments))
    }
}

/// Where in a line the first secret begins: behind the words that hold none, and behind its name.
fn begin_of_secret(before: &Before, line: &str) -> Option<usize> {
    let is_end = |at: usize| line[at..].chars().next().is_none_or(char::is_whitespace);
    let ends = (1..=line.len()).filter(|at| line.is_char_boundary(*at) && is_end(*at));
    let mut start = 0;
    for end in ends {
        if before.holds_secret(&line[..end]) {
            return Some(named(&line[..end], start));
        }
        start = end;
    }
    None
}

/// The end of the names before the value in the word that begins at `start`: `Environment=DB_PASSWORD=`.
fn named(line: &str, start: usize) -> usize {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut end = line.len() - line[start..].trim_start().len();
    for _ in 0..2 {
        let rest = &line[end..];
        let bare = rest.trim_start_matches(['"', '\'', '#', ';', ' ']);
        let Some((name, _)) = bare.split_once('=') else { break };
        let after = end + (rest.len() - bare.len()) + name.len() + 1;
        if name.is_empty() || name.len() > 80 || !name.chars().all(is_name) || is_secret_in(&line[..after]) {
            break;
        }
        end = after;
        // Behind a name that promises a secret, nothing is a name.
        if is_secret_in(&format!("{name}={PROBE}")) {
            break;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::{lines, value};

    fn shown(text: &str) -> String {
        lines(text.as_bytes()).into_iter().map(|line| line.text).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_line_is_shown_up_to_its_secret() {
        for (line, wanted) in [
            ("Environment=DB_PASSWORD=hunter2", "Environment=DB_PASSWORD=…"),
            ("Environment=\"DB_PASSWORD=hunter2 hunter2\" B=hunter2", "Environment=\"DB_PASSWORD=…"),
            ("Environment=A=1 DB_PASSWORD=hunter2", "Environment=A=1 DB_PASSWORD=…"),
            ("PodmanArgs=--build-arg API_KEY=hunter2", "PodmanArgs=--build-arg API_KEY=…"),
            ("Exec=app --password hunter2", "Exec=app --password …"),
            ("Exec=mysqladmin -phunter2 ping", "Exec=mysqladmin …"),
            ("Environment=URL=https://me:hunter2@host/", "Environment=URL=…"),
            ("Creds=me:hunter2", "Creds=…"),
            ("Creds=hunter2:x=y", "Creds=…"),
            ("Environment=A=1 API_KEY=hunter2=x", "Environment=A=1 API_KEY=…"),
            ("API_KEY=h=unter2", "API_KEY=…"),
            ("Exec=app --password hunter=2", "Exec=app --password …"),
            ("# Environment=DB_PASSWORD=hunter2", "# Environment=DB_PASSWORD=…"),
            ("Environment=DB_PASSWORD=\\\n  hunter2 \\\n more", "Environment=DB_PASSWORD=\\\n  …\n…"),
            ("Environment=API_KEY=\\\n# x\nhunter2", "Environment=API_KEY=\\\n# x\n…"),
            ("#Environment=DB_PASSWORD=\\\n# hunter2", "#Environment=DB_PASSWORD=\\\n# …"),
            (
                "x\n-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\ny",
                "x\n-----BEGIN PRIVATE …\n…\n…\ny",
            ),
            ("Environment=DB_PASSWORD_FILE=/run/x", "Environment=DB_PASSWORD_FILE=/run/x"),
        ] {
            assert_eq!(shown(line), wanted, "{line}");
        }
        let long = format!("Exec=app {} --password hunter2", "x ".repeat(2000));
        assert_eq!(shown(&long), "Exec=…");
        assert_eq!(value("Environment", "DB_PASSWORD=hunter2"), "DB_PASSWORD=…");
        assert_eq!(value("Creds", "me:hunter2"), "…");
    }

    #[test]
    fn nothing_reaches_the_terminal() {
        let text = b"a\x1b[31mb\r\tc\xff\xc2\x9b\xe2\x80\xaed";
        assert_eq!(lines(text)[0].text, "a\\u{1b}[31mb\\r\tc\\xff\\u{9b}\\u{202e}d");
    }
}
