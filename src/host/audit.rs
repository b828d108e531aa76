//! Rules of the kernel's audit, as far as a check looks at them: audit.rules(7), auditctl(8), augenrules(8).

use super::{root::Root, system, units};
use crate::model::is_beneath;

/// Where augenrules(8) takes rules from, and what it writes them to.
const PARTS: &str = "etc/audit/rules.d";
const WHOLE: &str = "etc/audit/audit.rules";

/// Whether writes to a directory are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recorded {
    /// By a rule of this file.
    By(String),
    /// A line of a file keeps them from it.
    Kept { file: String, line: String },
    /// No rule asks for it.
    Nowhere,
}

/// Whether writes to a directory are recorded after the next boot.
///
/// auditd has its rules loaded by augenrules, which makes one file of the parts, or by auditctl from the file itself.
pub(super) fn recorded(root: &Root, dir: &str) -> Result<Recorded, String> {
    let mut loaders = Vec::new();
    for (unit, key) in [("auditd.service", "ExecStartPost"), ("audit-rules.service", "ExecStart")] {
        loaders.extend(units::values(root, unit, ("Service", key), units::SYSTEM)?.unwrap_or_default());
    }
    let names = |program: &str| loaders.iter().any(|command| command.contains(program));
    let whole = root.text(WHOLE)?;
    let has_parts = root.list(PARTS)?.is_some();
    let of_whole = || whole.as_deref().map_or(Recorded::Nowhere, |text| after(lines(WHOLE, text), dir));
    if !has_parts || names("auditctl") && !names("augenrules") {
        return Ok(of_whole());
    }
    let mut parts = root.texts(PARTS, ".rules")?;
    // `ls -1v` leaves out what is hidden.
    parts.retain(|(path, _)| !path[PARTS.len() + 1..].starts_with('.'));
    parts.sort_by(|(a, _), (b, _)| system::compare(a, b));
    let of_parts = after(merged(&parts), dir);
    // What augenrules wrote, it writes again. Of a file by hand nobody knows whether it is loaded: it must not do harm.
    let is_by_hand = whole.as_deref().is_some_and(|text| !text.contains("automatically generated from"));
    if is_by_hand
        && !names("augenrules")
        && let kept @ Recorded::Kept { .. } = of_whole()
    {
        return Ok(kept);
    }
    Ok(of_parts)
}

/// A line of a file.
#[derive(Clone, Debug)]
struct Line<'t> {
    file: &'t str,
    text: &'t str,
}

fn lines<'t>(file: &'t str, text: &'t str) -> Vec<Line<'t>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|text| Line { file, text }).collect()
}

/// What augenrules makes of several files: a `-D` without a key comes first wherever it stands, the last `-e` last.
fn merged(parts: &[(String, String)]) -> Vec<Line<'_>> {
    let all = parts.iter().flat_map(|(path, text)| lines(path, text));
    let (switches, mut rules): (Vec<_>, Vec<_>) =
        all.filter(|line| line.text != "-D").partition(|line| line.text.starts_with("-e"));
    rules.extend(switches.last().cloned());
    rules
}

/// A rule of the list `exit`, or of `task`.
#[derive(Debug)]
struct Rule<'t> {
    line: Line<'t>,
    words: Vec<&'t str>,
    is_never: bool,
    is_of_tasks: bool,
}

impl<'t> Rule<'t> {
    fn of(line: &Line<'t>) -> Option<Self> {
        let words: Vec<&str> = line.text.split_ascii_whitespace().collect();
        let list = after_flag(&words, "-a").or_else(|| after_flag(&words, "-A"));
        // `-w` is a rule for every call that needs the permissions.
        let list: Vec<&str> = match list {
            Some(list) => list.split(',').collect(),
            None => after_flag(&words, "-w").map(|_| vec!["exit", "always"])?,
        };
        let says = |word: &str| list.contains(&word);
        let rule = Self { line: line.clone(), words, is_never: says("never"), is_of_tasks: says("task") };
        (rule.is_of_tasks || says("exit")).then_some(rule)
    }

    fn path(&self) -> Option<&'t str> {
        after_flag(&self.words, "-w").or_else(|| self.field("dir"))
    }

    fn field(&self, name: &str) -> Option<&'t str> {
        self.words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    /// Whether it goes by nothing but the directory and what is done to it.
    fn is_for_all(&self) -> bool {
        let mut fields = self.words.windows(2).filter(|pair| pair[0] == "-F").map(|pair| pair[1]);
        let is_plain = |field: &str| ["arch=", "dir=", "perm=", "key="].iter().any(|plain| field.starts_with(plain));
        let is_any_call = self.words.windows(2).filter(|pair| pair[0] == "-S").all(|pair| pair[1] == "all");
        fields.all(is_plain) && is_any_call && !self.words.contains(&"-C")
    }

    /// Whether it is about writes to all of a directory.
    fn is_about(&self, dir: &str) -> bool {
        let writes = after_flag(&self.words, "-p").or_else(|| self.field("perm"));
        let has_path = self.path().map_or(self.is_never, |path| is_beneath(dir, path));
        !self.is_of_tasks && has_path && writes.is_none_or(|perms| perms.contains('w'))
    }
}

fn after_flag<'t>(words: &[&'t str], flag: &str) -> Option<&'t str> {
    words.iter().skip_while(|word| **word != flag).nth(1).copied()
}

/// What the kernel does with writes to a directory when these lines were loaded one after another. Of a list the first rule
/// that fits counts.
fn after(lines: Vec<Line<'_>>, dir: &str) -> Recorded {
    let kept = |line: &Line<'_>| Recorded::Kept { file: line.file.to_owned(), line: line.text.to_owned() };
    let mut rules: Vec<Rule<'_>> = Vec::new();
    let mut off = None;
    for line in lines {
        let words: Vec<&str> = line.text.split_ascii_whitespace().collect();
        match words.as_slice() {
            ["-D"] => rules.clear(),
            ["-D", "-k", key] => rules.retain(|rule| {
                after_flag(&rule.words, "-k").or_else(|| rule.field("key")).is_none_or(|other| other != *key)
            }),
            ["-W", path, ..] => rules.retain(|rule| {
                rule.path().is_none_or(|other| other.trim_end_matches('/') != path.trim_end_matches('/'))
            }),
            ["-d", what @ ..] => rules.retain(|rule| rule.words[1..] != *what),
            ["-e", "0"] => off = Some(kept(&line)),
            ["-e", "2"] => {
                // Nothing more can be changed.
                off = None;
                break;
            }
            ["-e", ..] => off = None,
            words => {
                let at = if words.contains(&"-A") { 0 } else { rules.len() };
                if let Some(rule) = Rule::of(&line) {
                    rules.insert(at, rule);
                }
            }
        }
    }
    if let Some(off) = off {
        return off;
    }
    // A process that was begun under such a rule is looked at no more, whatever it does.
    if let Some(never) = rules.iter().find(|rule| rule.is_of_tasks && rule.is_never && rule.is_for_all()) {
        return kept(&never.line);
    }
    let decides = rules.iter().find(|rule| rule.is_about(dir) && (!rule.is_never || rule.is_for_all()));
    match decides {
        Some(rule) if rule.is_never => kept(&rule.line),
        Some(rule) => Recorded::By(rule.line.file.to_owned()),
        None => Recorded::Nowhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIR: &str = "/etc/containers";

    fn loaded(text: &str) -> &'static str {
        named(&after(lines("file", text), DIR))
    }

    fn generated(parts: &[&str]) -> &'static str {
        let parts: Vec<(String, String)> = parts.iter().map(|text| ("file".to_owned(), (*text).to_owned())).collect();
        named(&after(merged(&parts), DIR))
    }

    fn named(recorded: &Recorded) -> &'static str {
        match recorded {
            Recorded::By(_) => "by",
            Recorded::Kept { .. } => "kept",
            Recorded::Nowhere => "nowhere",
        }
    }

    #[test]
    fn rules_are_taken_in_their_order() {
        for (text, wanted) in [
            ("-w /etc/containers -p wa\n", "by"),
            ("-a always,exit -F dir=/etc/containers -F perm=wa -F key=k\n", "by"),
            ("-a exit,always -F arch=b64 -F dir=/etc\n", "by"),
            ("# -w /etc/containers -p wa\n", "nowhere"),
            ("-w /etc/containers -p r\n", "nowhere"),
            ("-w /etc/containers-old\n", "nowhere"),
            ("-w /etc/containers/policy.json -p wa\n", "nowhere"),
            ("-a always,exclude -F msgtype=CWD\n", "nowhere"),
            ("-w /etc/containers -p wa\n-D\n", "nowhere"),
            ("-D\n-w /etc/containers -p wa\n", "by"),
            ("-w /etc/containers -p wa -k mine\n-D -k other\n", "by"),
            ("-w /etc/containers -p wa -k mine\n-D -k mine\n", "nowhere"),
            ("-w /etc/containers -p wa\n-W /etc/containers/ -p wa\n", "nowhere"),
            ("-a always,exit -F dir=/etc\n-d always,exit -F dir=/etc\n", "nowhere"),
            ("-a task,never\n-w /etc/containers -p wa\n", "kept"),
            ("-w /etc/containers -p wa\n-a never,task\n", "kept"),
            ("-w /etc/containers -p wa\n-A never,task -k quiet\n", "kept"),
            ("-w /etc/containers -p wa\n-a never,task -F uid=1000\n", "by"),
            ("-w /etc/containers -p wa\n-a never,task\n-D\n", "nowhere"),
            ("-a never,exit -F dir=/etc\n-w /etc/containers -p wa\n", "kept"),
            ("-w /etc/containers -p wa\n-a never,exit -F dir=/etc\n", "by"),
            ("-w /etc/containers -p wa\n-A never,exit -F dir=/etc\n", "kept"),
            ("-a never,exit\n-w /etc/containers -p wa\n", "kept"),
            ("-a never,exit -F dir=/etc -F auid=-1\n-w /etc/containers -p wa\n", "by"),
            ("-a never,exit -F arch=b64 -S adjtimex\n-w /etc/containers -p wa\n", "by"),
            ("-w /etc/containers -p wa\n-e 0\n", "kept"),
            ("-e 0\n-w /etc/containers -p wa\n-e 1\n", "by"),
            ("-w /etc/containers -p wa\n-e 2\n-D\n", "by"),
        ] {
            assert_eq!(loaded(text), wanted, "{text}");
        }
    }

    #[test]
    fn augenrules_puts_some_lines_first_and_one_last() {
        let watch = "-w /etc/containers -p wa\n";
        for (parts, wanted) in [
            (&[watch, "-D\n-b 8192\n-f 1\n"][..], "by"),
            (&[watch, "-D -k containers\n"], "by"),
            (&["-e 2\n", watch], "by"),
            (&["-e 0\n", watch], "kept"),
            (&["-e 0\n", watch, "-e 1\n"], "by"),
            (&["-D\n-a task,never\n", watch], "kept"),
            (&["-D\n"], "nowhere"),
        ] {
            assert_eq!(generated(parts), wanted, "{parts:?}");
        }
    }
}
