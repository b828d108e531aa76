//! Words that are lost while Podman cuts a value into words.

use super::{assigned::Assigned, report::Report};
use crate::{
    policy::effective::Value,
    unit::{
        Key, Syntax,
        split::{Loss, Mode},
    },
};

/// How a key's value is cut, if it is.
pub(super) fn mode(syntax: Syntax) -> Option<Mode> {
    match syntax {
        Syntax::Strv | Syntax::Install => Some(Mode::Strv),
        Syntax::Args | Syntax::Pairs | Syntax::Exec => Some(Mode::Args),
        Syntax::Text | Syntax::Lines | Syntax::Bool | Syntax::Uint32 => None,
    }
}

/// Held against every assignment of a key that counts. Podman says nothing of any of it (run on 5.4.2; 5.8.6 warns of a
/// bad escape in a few keys).
pub(super) fn check(key: &Key, keys: &Assigned<'_>, report: &mut Report) {
    let values = match key.syntax {
        Syntax::Exec => keys.last(key.group, key.name).map(std::slice::from_ref).unwrap_or_default(),
        _ if key.list => keys.lines(key.group, key.name),
        _ => keys.last(key.group, key.name).map(std::slice::from_ref).unwrap_or_default(),
    };
    for value in values {
        match mode(key.syntax) {
            Some(mode) => cut(key, value, mode, report),
            None if value.text == ";" => semicolon(key, value, report),
            None if key.syntax == Syntax::Text && keys.cuts_quotes(&value.text) => {
                let message =
                    format!("Podman before 5.8.2 takes every double quote off at the ends of `{}=`", key.name);
                let finding = report.error("PL019", value.at, message);
                finding.help("use single quotes there, or say it with PodmanArgs=");
            }
            None => {}
        }
    }
}

fn cut(key: &Key, value: &Value<'_>, mode: Mode, report: &mut Report) {
    let name = key.name;
    let split = value.split(mode);
    if let Some((at, loss)) = split.lost {
        let (why, help) = match loss {
            Loss::OpenQuote => ("a quote is never closed", "close the quote"),
            Loss::BadEscape => ("a backslash stands before what is no escape", r"write `\\` for a backslash"),
        };
        let rest: String = value.text[at..].chars().take(12).collect();
        report.error("PL019", value.at, format!("{why}, so Podman drops the whole line: `{name}={rest}…`")).help(help);
        return;
    }
    if let Some(at) = split.cut {
        let lost = value.text[at..].trim();
        let message = if lost.len() > 2 {
            format!("an empty word ends the list: Podman never sees what follows it in `{name}=`")
        } else {
            format!("the empty word at the end of `{name}=` is not handed on")
        };
        report.error("PL019", value.at, message).help("leave the empty word out");
    }
    if split.open_quote.is_some() {
        report.warn("PL019", value.at, format!("a quote in `{name}=` is never closed")).help("close the quote");
    }
    if split.words.iter().any(|word| word.text == ";") {
        semicolon(key, value, report);
    }
}

fn semicolon(key: &Key, value: &Value<'_>, report: &mut Report) {
    let message = format!("the word `;` in `{}=` comes out bare, and systemd starts another command there", key.name);
    report.error("PL019", value.at, message).help("put it into a longer word, or into a script in the image");
}
