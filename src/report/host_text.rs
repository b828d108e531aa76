//! What was found of a host, for people: what fails on top, then what warns, what cannot be told and what passes, and a
//! line that sums up.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{diagnostics::escaped, explain::filled};
use crate::policy::host::{Answer, Checked, Status};

/// How much to say.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// True where it may be coloured.
    pub colour: bool,
    /// Which checks.
    pub much: Much,
}

/// Which checks to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Much {
    /// Those that somebody should look at, and nothing else.
    Quiet,
    /// A line of those that pass, too.
    Normal,
    /// All, with what was read.
    Verbose,
}

/// The whole text.
pub fn text(checked: &Checked, options: Options) -> String {
    let mut answers: Vec<&Answer> = checked.answers.iter().filter(|answer| is_shown(answer, options.much)).collect();
    answers.sort_by_key(|answer| (rank(answer), answer.status));
    let mut text = String::new();
    let mut was_long = false;
    for answer in answers {
        let is_long = is_long(answer, options.much);
        if !text.is_empty() && (was_long || is_long) {
            text.push('\n');
        }
        text += &one(answer, options);
        was_long = is_long;
    }
    if options.much != Much::Quiet {
        if !text.is_empty() {
            text.push('\n');
        }
        text += &summary(checked, options.much);
    }
    text
}

fn is_shown(answer: &Answer, much: Much) -> bool {
    match much {
        Much::Quiet => answer.is_open(),
        Much::Normal => answer.is_open() || (answer.status == Status::Pass && answer.waived.is_none()),
        Much::Verbose => true,
    }
}

/// What was accepted stands with what passes.
fn rank(answer: &Answer) -> u8 {
    match answer.status {
        _ if answer.waived.is_some() => 4,
        Status::Fail => 0,
        Status::Warn => 1,
        Status::Unknown => 2,
        Status::Pass => 3,
        Status::NotApplicable => 5,
    }
}

fn is_long(answer: &Answer, much: Much) -> bool {
    much == Much::Verbose || (answer.waived.is_none() && matches!(answer.status, Status::Fail | Status::Warn))
}

fn one(answer: &Answer, options: Options) -> String {
    let (mark, style) = match answer.status {
        _ if answer.waived.is_some() => ("waived ", Style::new().fg_color(Some(AnsiColor::Cyan.into()))),
        Status::Fail => ("FAIL   ", Style::new().bold().fg_color(Some(AnsiColor::Red.into()))),
        Status::Warn => ("warn   ", Style::new().bold().fg_color(Some(AnsiColor::Yellow.into()))),
        Status::Unknown => ("unknown", Style::new().fg_color(Some(AnsiColor::Yellow.into()))),
        Status::Pass => ("pass   ", Style::new().fg_color(Some(AnsiColor::Green.into()))),
        Status::NotApplicable => ("-      ", Style::new()),
    };
    let mark = if options.colour { format!("{style}{mark}{style:#}") } else { mark.to_owned() };
    let found = escaped(&answer.found);
    if !is_long(answer, options.much) {
        return format!("{mark}  {} {}: {found}\n", answer.check.id, answer.check.name);
    }
    let mut text = format!("{mark}  {} {}\n", answer.check.id, answer.check.name);
    let mut part = |head: &str, words: &str| {
        for (at, line) in filled(words).lines().enumerate() {
            let head = if at == 0 { head } else { "" };
            let _ = writeln!(text, "         {head:<6} {line}");
        }
    };
    part("found", &found);
    if let Some(reason) = &answer.waived {
        part("waived", &escaped(reason));
    }
    part("why", answer.check.why);
    if answer.status <= Status::Unknown {
        part("do", &escaped(&answer.fix));
    }
    if options.much == Much::Verbose && !answer.read.is_empty() {
        part("read", &escaped(&answer.read.join(" ")));
    }
    text
}

/// `36 checks: 1 fails, 3 warn, 2 cannot be told, 25 pass, 5 do not apply`
fn summary(checked: &Checked, much: Much) -> String {
    let verb = |n: usize, one: &str, many: &str| match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let count = |status| checked.count(status);
    let hint = |text: String| if much == Much::Verbose { text } else { text + " (-v shows them)" };
    let parts = [
        verb(count(Status::Fail), "fails", "fail"),
        verb(count(Status::Warn), "warns", "warn"),
        verb(count(Status::Unknown), "cannot be told", "cannot be told"),
        verb(count(Status::Pass), "passes", "pass"),
        verb(checked.waived(), "is waived", "are waived"),
        verb(count(Status::NotApplicable), "does not apply", "do not apply").map(hint),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let all = checked.answers.len();
    let parts = if parts.is_empty() { "nothing was looked at".to_owned() } else { parts.join(", ") };
    format!("{all} {}: {parts}\n", if all == 1 { "check" } else { "checks" })
}
