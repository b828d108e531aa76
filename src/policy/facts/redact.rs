//! Lines that hold a secret, and what may still be said of them.

use std::{borrow::Cow, collections::HashMap, sync::OnceLock};

use super::{
    secret::{Kind, has_password, is_assigned, is_in, is_literal},
    shapes::{has_known_beginning, looks_random},
};
use crate::diagnostic::{FileId, SourceKind, Sources, Span};

/// The lines of places, for whoever asks for many: the statements of a file of the catalog are found once.
#[derive(Debug)]
pub struct Lines<'s> {
    sources: &'s Sources,
    /// Where each statement of a file ends, as soon as somebody asks.
    statements: HashMap<FileId, OnceLock<Vec<usize>>>,
}

impl<'s> Lines<'s> {
    /// The lines of these places, or of some of them.
    pub fn of(places: impl IntoIterator<Item = Span>, sources: &'s Sources) -> Self {
        let files = places.into_iter().map(|at| at.file).filter(|id| sources.file(*id).kind == SourceKind::Catalog);
        Self { sources, statements: files.map(|id| (id, OnceLock::new())).collect() }
    }

    /// The whole lines that a span touches, with those that a backslash joins to them; in TOML, with those of the list,
    /// table or text of many lines that they are part of.
    pub fn at(&self, at: Span) -> &'s str {
        let text: &str = &self.sources.file(at.file).text;
        let bytes = text.as_bytes();
        let byte = |at: u32| usize::try_from(at).map_or(text.len(), |at| at.min(text.len()));
        let begin = |at: usize| bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = |at: usize| bytes[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |more| at + more);
        let goes_on = |line: &[u8]| line.trim_ascii_end().ends_with(b"\\");
        let (mut first, mut last) = (begin(byte(at.start)), end(byte(at.end.max(at.start))));
        while first > 0 && goes_on(&bytes[begin(first - 1)..first]) {
            first = begin(first - 1);
        }
        while last < text.len() && goes_on(&bytes[begin(last)..last]) {
            last = end(last + 1);
        }
        if let Some(ends) = self.statements.get(&at.file) {
            (first, last) = statement(ends.get_or_init(|| statements(text)), first, last);
        }
        text.get(first..last).unwrap_or_default()
    }
}

/// Where each statement of a TOML file ends, with its line break: one line, or a list, table or text of many.
fn statements(text: &str) -> Vec<usize> {
    let (mut at, mut open) = (0, Vec::new());
    let mut ends = Vec::new();
    for line in text.split_inclusive('\n') {
        open = left_open(line, open);
        at += line.len();
        if open.is_empty() {
            ends.push(at);
        }
    }
    // What is never closed goes on to the end.
    if !open.is_empty() {
        ends.push(at);
    }
    ends
}

/// The lines from `first` to `last` with those of the statements that they are part of.
fn statement(ends: &[usize], first: usize, last: usize) -> (usize, usize) {
    // Behind the last line break there is no statement: the last one is.
    let before = ends.partition_point(|end| *end <= first).min(ends.len().saturating_sub(1));
    let from = before.checked_sub(1).map_or(0, |at| ends[at]);
    let to = ends.get(ends.partition_point(|end| *end <= last)).or(ends.last()).copied().unwrap_or_default();
    (from, to.max(last))
}

/// What is open after a line of TOML, brackets and texts, each by what closes it.
fn left_open<'t>(line: &'t str, mut open: Vec<&'t str>) -> Vec<&'t str> {
    const TEXTS: [&str; 4] = ["\"\"\"", "'''", "\"", "'"];
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        let mut width = next.len_utf8();
        match open.last().copied() {
            Some(text) if TEXTS.contains(&text) => {
                if rest.starts_with(text) {
                    open.pop();
                    width = text.len();
                } else if next == '\\' && text.starts_with('"') {
                    width += rest[1..].chars().next().map_or(0, char::len_utf8);
                }
            }
            _ if next == '#' => break,
            Some(bracket) if rest.starts_with(bracket) => drop(open.pop()),
            _ => match TEXTS.iter().find(|text| rest.starts_with(**text)) {
                Some(text) => {
                    open.push(text);
                    width = text.len();
                }
                None if next == '[' => open.push("]"),
                None if next == '{' => open.push("}"),
                None => {}
            },
        }
        rest = &rest[width..];
    }
    // A text of one line ends with it, though nothing closes it.
    open.retain(|text| !matches!(*text, "\"" | "'"));
    open
}

/// What takes the secrets of some lines out of whatever is said about them.
#[derive(Clone, Debug)]
pub struct Redaction {
    literals: Vec<String>,
    /// Those of them that are no common word.
    long: Vec<String>,
    /// Whether nothing of the lines is a secret but them.
    is_sure: bool,
}

impl Redaction {
    /// Finds the secrets of some lines.
    pub fn of(lines: &str) -> Self {
        let literals = literals(lines);
        let rest = without(lines, &literals);
        // What is escaped in the line, or quoted around a backtick, stands in the text in another way.
        let is_sure = !literals.is_empty()
            && !is_in(&rest)
            && !rest.contains('`')
            && !literals.iter().any(|literal| is_escaped(literal));
        let long = literals.iter().filter(|literal| literal.chars().count() >= 6).cloned().collect();
        Self { literals, long, is_sure }
    }

    /// A text about the lines, without their secrets; nothing where what it quotes cannot be told from a secret.
    pub fn redacted(&self, text: &str) -> Option<String> {
        let mut shown = String::new();
        for (index, part) in text.split('`').enumerate() {
            if index > 0 {
                shown.push('`');
            }
            // Words of a rule's own.
            if index % 2 == 0 {
                shown.push_str(&without(part, &self.long));
                continue;
            }
            if !self.is_sure {
                return None;
            }
            let quoted = without(part, &self.literals);
            shown.push_str(if is_in(&quoted) { "…" } else { &quoted });
        }
        Some(shown)
    }

    /// The same, and where that cannot be, the text with nothing quoted in it.
    pub fn redacted_or_bare(&self, text: &str) -> String {
        self.redacted(text).unwrap_or_else(|| {
            let mut parts = text.split('`');
            let first = parts.next().unwrap_or_default();
            match parts.next_back() {
                Some(last) => format!("{first}`…`{last}"),
                None => first.to_owned(),
            }
        })
    }
}

fn is_escaped(literal: &str) -> bool {
    literal.contains(['\\', '`', '%', '$']) || literal.chars().any(char::is_control)
}

/// The text with `…` in place of each literal.
fn without<'t>(text: &'t str, literals: &[String]) -> Cow<'t, str> {
    let mut text = Cow::Borrowed(text);
    for literal in literals {
        if text.contains(literal.as_str()) {
            text = Cow::Owned(text.replace(literal.as_str(), "…"));
        }
    }
    text
}

/// Values that are a secret to every name that may have one.
const SAMPLES: [&str; 2] = ["k0e1y2b3c4d5f6g7h8i9j0", "user:k0e1y2b3"];

/// Which names and values to look for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    /// All of them.
    All,
    /// Those in a quotation, as far as they are of ordinary length: this is asked of every line.
    Quoted,
}

/// What is given to a name that is a secret's: `PASSWORD=…`, `--password …`, `"password=a b"`; and whether it has a
/// quotation of its own.
fn assigned(lines: &str, which: Which) -> impl Iterator<Item = (&str, bool)> {
    let most = if which == Which::All { lines.len() } else { 512 };
    let signs = lines.char_indices().filter(|(_, c)| matches!(c, '=' | ' ' | ',' | ':' | '\t' | '\n'));
    signs.filter_map(move |(at, sign)| {
        let before = &lines[boundary(lines, at.saturating_sub(most))..at];
        let after = &lines[at + 1..boundary(lines, at + 1 + most)];
        let name = before.trim_end_matches([' ', '"', '\'', ',', '\t', '\\', '=', '\n']);
        let start = name
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
            .map_or(0, |at| at + name[at..].chars().next().map_or(1, char::len_utf8));
        let opens = after.trim_start_matches([' ', '\t', '\\', '\n', ',', '[', '{', '=']);
        let is_quote = |c: &char| matches!(c, '"' | '\'');
        let own = opens.chars().next().filter(is_quote);
        // `"password=a b"`: the quotation that holds the name holds the value as well.
        let outer = name[..start].chars().next_back().filter(is_quote).filter(|_| name.len() == before.len());
        let quote = own.or(outer);
        let name = &name[start..];
        let bare = name.trim_start_matches('-');
        let is_value = which == Which::All && name == "value";
        // Most names are told by themselves, whatever they are given.
        let could_be = || is_value || SAMPLES.iter().any(|sample| is_assigned(bare, sample));
        if sign != '=' && bare == name || which == Which::Quoted && quote.is_none() || !could_be() {
            return None;
        }
        let value = opens.trim_start_matches(['"', '\'']);
        let ends = match quote {
            Some(quote) => value.find(quote).unwrap_or(value.len()),
            None => value.find(stop).unwrap_or(value.len()),
        };
        let value = &value[..ends];
        (is_assigned(bare, value) || is_value).then_some((value, own.is_some()))
    })
}

/// The next place in a text, from `at` on, where a character begins.
fn boundary(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

/// Where a value ends that is not quoted.
fn stop(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '&' | '|' | ']' | '}' | '[' | '{')
}

/// Whether a secret is given to a name in a quotation, with a blank in it.
pub(super) fn is_assigned_in_quotes(lines: &str) -> bool {
    let could_be = lines.contains(['"', '\'']) && lines.contains(' ');
    could_be && assigned(lines, Which::Quoted).any(|(value, _)| value.contains(' '))
}

/// The secrets of lines as they stand there, the longest first, and the pieces of those that are made of several.
fn literals(lines: &str) -> Vec<String> {
    let mut found: Vec<&str> = Vec::new();
    for (value, is_quoted) in assigned(lines, Which::All) {
        found.push(value);
        // What an outer quotation holds after the first blank may be more of it, or not.
        let pieces = value.split(stop).enumerate();
        found.extend(pieces.filter(|(at, piece)| is_quoted || *at == 0 || piece.len() > 3).map(|(_, piece)| piece));
        found.extend(value.split_once([':', '/']).map(|(_, password)| password));
    }
    for (at, _) in lines.match_indices("://") {
        let rest = &lines[at + 3..];
        let authority = &rest[..rest.find(|c: char| stop(c) || matches!(c, '/' | '?' | '#')).unwrap_or(rest.len())];
        if let Some((user, _)) = authority.rsplit_once('@') {
            found.push(user.split_once(':').map_or(user, |(_, password)| password));
        }
    }
    found.extend(lies_bare(lines));
    let mut found: Vec<String> = found.into_iter().filter(|text| !text.is_empty()).map(str::to_owned).collect();
    found.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    found.dedup();
    found
}

/// Secrets that have no name: what commands take as a password, what stands before an `@`, keys known by how they begin.
pub(super) fn lies_bare(lines: &str) -> Vec<&str> {
    let mut found = of_commands(lines);
    let mut before = "";
    for word in words(lines) {
        let value = word.rsplit_once('=').map_or(word, |(_, value)| value);
        if matches!(before, "Bearer" | "bearer") && is_literal(word, Kind::Password) {
            found.push(word);
        }
        if has_known_beginning(word) {
            found.push(value);
        }
        if let Some((user, host)) = value.split_once('@') {
            let user = user.rsplit_once("://").map_or(user, |(_, user)| user);
            let is_image = host.contains('/') && !user.contains('/') && has_password(user);
            if value.contains("://") && looks_random(user) {
                found.push(user);
            } else if is_image && !value.contains("://") {
                found.extend(user.split_once(':').map(|(_, password)| password));
            }
        }
        before = word;
    }
    found
}

/// The passwords that commands are given by an option without a name: `mysql -p…`, `redis-cli -a …`, `curl -u me:…`,
/// and what follows `Authorization: Bearer`.
pub(super) fn of_commands(lines: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut command, mut before, mut header) = ("", "", false);
    for word in words(lines) {
        let is_mysql = command.starts_with("mysql") || command.starts_with("mariadb");
        let password = match before {
            _ if header && before.to_ascii_lowercase().ends_with("bearer") => Some(word),
            "-a" | "--pass" if command == "redis-cli" => Some(word),
            "-u" | "--user" if command == "curl" => after_colon(word),
            _ if command == "curl" => word.strip_prefix("--user=").and_then(after_colon),
            _ if is_mysql => word.strip_prefix("-p"),
            _ => None,
        };
        // Of `${NAME}` the split above left the `$`.
        let is_word = |password: &&str| !password.starts_with('-') && !password.ends_with('$');
        let is_one = |password: &&str| is_word(password) && is_literal(password, Kind::Password);
        found.extend(password.filter(is_one));
        let is_header = |word: &str| word.to_ascii_lowercase().contains("authorization:");
        header = is_header(word) || header && is_header(before);
        let program = word.rsplit(['/', '=']).next().unwrap_or(word);
        if matches!(program, "redis-cli" | "curl") || program.starts_with("mysql") || program.starts_with("mariadb") {
            command = program;
        } else if word.ends_with([';', '|', '&']) {
            command = "";
        }
        before = word;
    }
    found
}

fn after_colon(text: &str) -> Option<&str> {
    text.split_once(':').map(|(_, rest)| rest)
}

fn words(lines: &str) -> impl Iterator<Item = &str> {
    let parts = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '[' | ']' | '{' | '}' | ',' | '\\');
    lines.split(parts).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Redaction, literals, of_commands, statement, statements};

    #[test]
    fn what_is_said_of_a_line_says_nothing_of_its_secret() {
        for line in [
            "PodmanArgs=--build-arg API_KEY=hunter2",
            "LogOpt=splunk-token=hunter2",
            "PodmanArgs=--log-opt splunk-token=hunter2",
            "Entrypoint=sh -c \"PASSWORD=hunter2 x\"",
            "Volume=x:/y:o=password=hunter2",
            "Secret=DB_PASSWORD=hunter2",
            "# plimsoll: waive PL601 DB_PASSWORD=hunter2",
            "Environment=DB_PASSWORD=\\\n  hunter2",
            "environment = { DB_PASSWORD = \"hunter2\", \"A B\" = \"x\" }",
            "DB_PASSWORD = hunter2",
            "secret = [{ name = \"db\", value = \"hunter2\" }]",
            "exec = [\"a\", \"--password=hunter2\", \"\"]",
            "exec = [\"a\", \"--password\", \"hunter2\"]",
            "Exec=mysql --password hunter2",
            "Exec=mysqladmin -phunter2 ping",
            "HealthCmd=redis-cli -a hunter2 ping",
            "HealthCmd=curl -u me:hunter2 http://x",
            "HealthCmd=curl -H \"Authorization: Bearer hunter2\" http://x",
            "Image=me:hunter2@quay.io/x/y:1",
            "Environment=ADMIN_PW=hunter2",
            "Environment=URL=https://me:hunter2@host/",
            "Creds=me:hunter2",
        ] {
            assert!(super::is_in(line), "{line}");
            assert!(literals(line).iter().any(|literal| literal == "hunter2"), "{line}: {:?}", literals(line));
            for text in [format!("write `{line}`"), "`hunter2` is no such thing".to_owned()] {
                let said = Redaction::of(line).redacted_or_bare(&text);
                assert!(!said.contains("hunter2"), "{line}: {said}");
            }
        }
        let line = "PodmanArgs=--build-arg API_KEY=hunter2";
        let said = Redaction::of(line).redacted("write `PodmanArgs=--build-arg=API_KEY=hunter2`");
        assert_eq!(said.as_deref(), Some("write `PodmanArgs=--build-arg=API_KEY=…`"));
    }

    #[test]
    fn a_quotation_holds_its_blanks() {
        for line in [
            "LogOpt=splunk-token=\"my hunter2\"",
            "LogOpt=\"splunk-token=my hunter2\"",
            "LogOpt=splunk-token='my hunter2' x",
            "PodmanArgs=--log-opt \"splunk-token=my hunter2\"",
        ] {
            assert!(super::is_in(line), "{line}");
            let said = Redaction::of(line).redacted_or_bare(&format!("write `{line}`"));
            assert!(!said.contains("hunter2"), "{line}: {said}");
        }
        assert!(!super::is_in("Label=\"value=two words\""));
    }

    #[test]
    fn a_statement_of_toml_has_many_lines() {
        let whole = |text: &str, word: &str| {
            let at = text.find(word).unwrap();
            let first = text[..at].rfind('\n').map_or(0, |at| at + 1);
            let last = text[at..].find('\n').map_or(text.len(), |more| at + more);
            let (from, to) = statement(&statements(text), first, last);
            text[from..to].to_owned()
        };
        let list = "exec = [ # a ] that ends nothing\n  \"x]\",\n  'y\\', [\n  \"z\" ],\n]\n";
        let text = format!("a = \"[\"\n{list}b = 1\n");
        for word in ["exec", "x]", "y", "z"] {
            assert_eq!(whole(&text, word), list, "{word}");
        }
        assert_eq!(whole(&text, "b ="), "b = 1\n");
        assert_eq!(whole("a = \"open\nb = [1]\n[c]\nd = 1", "[c]"), "[c]\n");
        assert_eq!(whole("a = \"\"\"\nb [\n\"\"\"\nc = 1\n", "b ["), "a = \"\"\"\nb [\n\"\"\"\n");
        // What is never closed goes on to the end.
        assert_eq!(whole("a = [\nb = 1\nc = 2", "b ="), "a = [\nb = 1\nc = 2");
    }

    #[test]
    fn commands_are_given_passwords() {
        for line in [
            "mysqladmin -phunter2 ping",
            "sh -c /usr/bin/mariadb-admin -u root -phunter2 status",
            "redis-cli -a hunter2 ping",
            "curl -fsS -u me:hunter2 http://x",
            "curl --user=me:hunter2 http://x",
            "wget --header \"Authorization: Bearer hunter2\" http://x",
            "curl -H Authorization:\\ Bearer hunter2 x",
        ] {
            assert_eq!(of_commands(line), ["hunter2"], "{line}");
        }
        for line in [
            "mysqladmin -p ping",
            "mysqladmin -p$$MYSQL_ROOT_PASSWORD ping",
            "mysqladmin -p$$(cat /run/secrets/db) ping",
            "mysqladmin -p`cat /run/secrets/db` ping",
            "mysqladmin ping && nginx -prefix",
            "redis-cli -a ${PASSWORD} ping",
            "mysqladmin -p$${PASSWORD} ping",
            "redis-server -a hunter2",
            "curl -u $USER:$PASSWORD http://x",
            "curl -u me: http://x",
            "podman run -u 1000:1000 x",
            "proxy --auth Bearer --realm x",
            "proxy --auth Bearer hunter2",
            "curl -H \"Authorization: Bearer $TOKEN\" x",
            "sed -e s/a/b -p hunter2",
        ] {
            assert_eq!(of_commands(line), [""; 0], "{line}");
        }
    }
}
