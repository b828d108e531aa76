//! Lines that hold a secret, and what may still be said of them.

use std::borrow::Cow;

use super::secret::{Kind, has_known_beginning, has_password, is_assigned, is_in, is_literal, looks_random};
use crate::diagnostic::{Sources, Span};

/// The whole lines that a span touches, with those that a backslash joins to them.
pub fn lines_at(at: Span, sources: &Sources) -> &str {
    let text: &str = &sources.file(at.file).text;
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
    text.get(first..last).unwrap_or_default()
}

/// A text about lines that hold a secret, without it; nothing where what it quotes cannot be told from the secret.
pub fn redacted(text: &str, lines: &str) -> Option<String> {
    let literals = literals(lines);
    let rest = without(lines, &literals);
    // What is escaped in the line, or quoted around a backtick, stands in the text in another way.
    let is_sure = !literals.is_empty()
        && !is_in(&rest)
        && !rest.contains('`')
        && !literals.iter().any(|literal| is_escaped(literal));
    let mut shown = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index > 0 {
            shown.push('`');
        }
        let long = literals.iter().filter(|literal| literal.chars().count() >= 6).cloned().collect::<Vec<_>>();
        let quoted = without(part, &literals);
        match index % 2 {
            // Words of a rule's own.
            0 => shown.push_str(&without(part, &long)),
            _ if !is_sure => return None,
            _ if is_in(&quoted) => shown.push('…'),
            _ => shown.push_str(&quoted),
        }
    }
    Some(shown)
}

/// The same, and where that cannot be, the text with nothing quoted in it.
pub fn redacted_or_bare(text: &str, lines: &str) -> String {
    redacted(text, lines).unwrap_or_else(|| {
        let mut parts = text.split('`');
        let first = parts.next().unwrap_or_default();
        match parts.next_back() {
            Some(last) => format!("{first}`…`{last}"),
            None => first.to_owned(),
        }
    })
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

/// The secrets of lines as they stand there, the longest first, and the pieces of those that are made of several.
fn literals(lines: &str) -> Vec<String> {
    let mut found: Vec<&str> = Vec::new();
    let stop = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '&' | '|' | ']' | '}' | '[' | '{');
    for (at, sign) in lines.char_indices().filter(|(_, c)| matches!(c, '=' | ' ' | ',' | ':' | '\t' | '\n')) {
        let name = lines[..at].trim_end_matches([' ', '"', '\'', ',', '\t', '\\', '=', '\n']);
        let start = name
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
            .map_or(0, |at| at + name[at..].chars().next().map_or(1, char::len_utf8));
        let name = &name[start..];
        if sign != '=' && !name.starts_with('-') {
            continue;
        }
        let opens = lines[at + 1..].trim_start_matches([' ', '\t', '\\', '\n', ',', '[', '{', '=']);
        let quote = opens.chars().next().filter(|c| matches!(c, '"' | '\''));
        let value = opens.trim_start_matches(['"', '\'']);
        let ends = match quote {
            Some(quote) => value.find(quote).unwrap_or(value.len()),
            None => value.find(stop).unwrap_or(value.len()),
        };
        let value = &value[..ends];
        if is_assigned(name.trim_start_matches('-'), value) || name == "value" {
            found.push(value);
            // What an outer quotation holds after the first blank may be more of it, or not.
            found.extend(value.split(stop));
            found.extend(value.split_once([':', '/']).map(|(_, password)| password));
        }
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
    let mut found = Vec::new();
    let (mut command, mut before) = ("", "");
    for word in lines.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '[' | ']' | '{' | '}' | ',' | '\\'))
    {
        if word.is_empty() {
            continue;
        }
        let value = word.rsplit_once('=').map_or(word, |(_, value)| value);
        let program = value.rsplit('/').next().unwrap_or(value);
        let is_mysql = command.starts_with("mysql") || command.starts_with("mariadb");
        let password = match before {
            "-a" | "--pass" if command == "redis-cli" => Some(word),
            "-u" | "--user" if command == "curl" => word.split_once(':').map(|(_, password)| password),
            "Bearer" | "bearer" => Some(word),
            _ if is_mysql => word.strip_prefix("-p"),
            _ => None,
        };
        found.extend(password.filter(|password| is_literal(password, Kind::Password)));
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
        if matches!(program, "redis-cli" | "curl") || program.starts_with("mysql") || program.starts_with("mariadb") {
            command = program;
        }
        before = word;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{literals, redacted, redacted_or_bare};

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
                let said = redacted_or_bare(&text, line);
                assert!(!said.contains("hunter2"), "{line}: {said}");
            }
        }
        let line = "PodmanArgs=--build-arg API_KEY=hunter2";
        let said = redacted("write `PodmanArgs=--build-arg=API_KEY=hunter2`", line);
        assert_eq!(said.as_deref(), Some("write `PodmanArgs=--build-arg=API_KEY=…`"));
    }
}
