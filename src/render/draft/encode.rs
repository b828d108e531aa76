//! A plain key in the spelling that the target's Podman knows: the key itself, or the flag that says the same, or an
//! error that names the version it needs.

use std::borrow::Cow;

use super::Builder;
use crate::{
    diagnostic::{Diagnostic, Origin, Sourced},
    model::{PodmanVersion, Setting, SettingValue, Text},
    unit::{
        keys::{Gated, Key, Syntax, Version, value_gates},
        quote::{self, Expansion, Refusal},
    },
};

/// Writes a setting into a block.
pub(super) fn setting(builder: &mut Builder<'_, '_>, key: &'static Key, setting: &Setting) {
    let podman = builder.drafting.catalog.target.podman.value;
    if let Some(since) = gated_value(key, setting, podman.pair()) {
        return fall_back(builder, key, setting, podman, since, Some(gate_words(key, setting)));
    }
    if !key.is_known_to(podman.pair()) {
        return fall_back(builder, key, setting, podman, key.since, None);
    }
    for (value, origin) in written(key, setting) {
        builder.push_result(key.name, value, origin);
    }
}

/// The Podman that a value needs beyond its key, where the target has it not.
fn gated_value(key: &Key, setting: &Setting, podman: Version) -> Option<Version> {
    let texts = raw_values(setting);
    let applies = |gated: Gated| match gated {
        Gated::Exactly(word) => texts.iter().any(|(text, _)| text == word),
        Gated::Reference(suffix) => {
            texts.iter().any(|(text, _)| text.split(':').next().is_some_and(|name| name.ends_with(suffix)))
        }
        Gated::Source(suffix) => texts.iter().any(|(text, _)| {
            text.split(',')
                .filter_map(|part| part.split_once('='))
                .any(|(k, v)| matches!(k, "source" | "src") && v.ends_with(suffix))
        }),
        Gated::Several => texts.len() > 1,
        Gated::Empty => texts.iter().any(|(text, _)| text.is_empty()),
        Gated::Valueless => texts.iter().any(|(text, _)| !text.contains('=')),
        // What stands beside a key is looked at by whoever writes the unit.
        Gated::Without(_) => false,
    };
    value_gates(key.group, key.name).find(|gate| podman < gate.since && applies(gate.value)).map(|gate| gate.since)
}

fn gate_words(key: &Key, setting: &Setting) -> String {
    match raw_values(setting).as_slice() {
        [(one, _)] => format!("{}={one}", key.name),
        _ => format!("more than one {}=", key.name),
    }
}

/// Says it as a podman argument, if the target's podman has the flag.
fn fall_back(
    builder: &mut Builder<'_, '_>,
    key: &'static Key,
    setting: &Setting,
    podman: PodmanVersion,
    since: Version,
    what: Option<String>,
) {
    let values = match &setting.value {
        SettingValue::List(words) if key.syntax == Syntax::Text => match json(words) {
            Ok(json) => vec![(json, setting.origin)],
            Err(refusal) => return builder.drafting.refuse(key.name, refusal, setting.origin),
        },
        _ => raw_values(setting),
    };
    for (text, origin) in values {
        match key.fallback.argument(podman.pair(), &text) {
            Some(argument) => {
                let specifiers = has_specifiers(setting);
                let word = Text { text: argument, specifiers };
                builder.push_result("PodmanArgs", encoded(&word, quote::args_word), origin);
            }
            None => {
                let (major, minor) = since;
                let what = what.clone().unwrap_or_else(|| format!("`{}`", key.snake()));
                builder.drafting.diagnostics.push(
                    Diagnostic::general(format!("{what} needs Podman {major}.{minor}, the target is {podman}"))
                        .at_origin(setting.origin)
                        .help(format!("set `podman = \"{major}.{minor}\"` in [target] of catalog.toml if every host has it, or leave the key out")),
                );
                return;
            }
        }
    }
}

/// The values as podman would be given them.
fn raw_values(setting: &Setting) -> Vec<(String, Origin)> {
    match &setting.value {
        SettingValue::Text(text) => vec![(text.text.clone(), setting.origin)],
        SettingValue::Verbatim(text) => vec![(text.clone(), setting.origin)],
        SettingValue::Bool(yes) => vec![(yes.to_string(), setting.origin)],
        SettingValue::List(items) => items.iter().map(|item| (item.value.text.clone(), item.origin)).collect(),
        SettingValue::Pairs(pairs) => {
            pairs.iter().map(|(key, value)| (format!("{key}={}", value.value.text), value.origin)).collect()
        }
    }
}

fn has_specifiers(setting: &Setting) -> bool {
    match &setting.value {
        SettingValue::Text(text) => text.specifiers,
        SettingValue::List(items) => items.iter().any(|item| item.value.specifiers),
        SettingValue::Pairs(pairs) => pairs.iter().any(|(_, value)| value.value.specifiers),
        SettingValue::Verbatim(_) => true,
        SettingValue::Bool(_) => false,
    }
}

type Written = Vec<(Result<String, Refusal>, Origin)>;

/// The values in the dialect of the key: one for each line.
fn written(key: &Key, setting: &Setting) -> Written {
    let writer: fn(&str, Expansion) -> Result<String, Refusal> = match key.syntax {
        Syntax::Text | Syntax::Bool | Syntax::Uint32 => quote::text,
        Syntax::Lines => quote::line,
        Syntax::Strv | Syntax::Install => quote::strv_word,
        Syntax::Args | Syntax::Exec | Syntax::Pairs => quote::args_word,
    };
    match &setting.value {
        SettingValue::Bool(yes) => vec![(Ok(yes.to_string()), setting.origin)],
        SettingValue::Text(text) => vec![(encoded(text, writer), setting.origin)],
        SettingValue::Verbatim(text) => vec![(quote::verbatim(text, key.syntax), setting.origin)],
        SettingValue::Pairs(pairs) => pairs
            .iter()
            .map(|(name, value)| {
                let pair = Text { text: format!("{name}={}", value.value.text), specifiers: value.value.specifiers };
                (encoded(&pair, writer), value.origin)
            })
            .collect(),
        SettingValue::List(items) if items.is_empty() && key.syntax != Syntax::Text => Vec::new(),
        SettingValue::List(items) if key.syntax == Syntax::Text => vec![(command(items), setting.origin)],
        SettingValue::List(items) if key.syntax == Syntax::Exec => {
            let words: Result<Vec<String>, Refusal> = items.iter().map(|item| encoded(&item.value, writer)).collect();
            vec![(words.map(|words| words.join(" ")), setting.origin)]
        }
        // Words of one kind share a line where each is a plain word of its own: capabilities read as a list.
        SettingValue::List(items) if matches!(key.name, "DropCapability" | "AddCapability" | "Mask" | "Unmask") => {
            let words: Result<Vec<String>, Refusal> = items.iter().map(|item| encoded(&item.value, writer)).collect();
            vec![(words.map(|words| words.join(" ")), setting.origin)]
        }
        SettingValue::List(items) => items.iter().map(|item| (encoded(&item.value, writer), item.origin)).collect(),
    }
}

/// A command in a key that holds one text: podman takes a JSON array as the words themselves, without a shell
/// (podman-run(1), `--health-cmd`).
fn command(items: &[Sourced<Text>]) -> Result<String, Refusal> {
    let specifiers = items.iter().any(|item| item.value.specifiers);
    encoded(&Text { text: json(items)?, specifiers }, quote::text)
}

/// The words of a command as a JSON array.
fn json(items: &[Sourced<Text>]) -> Result<String, Refusal> {
    if items.is_empty() {
        return Err(Refusal::Empty);
    }
    let mut words = Vec::with_capacity(items.len());
    for item in items {
        quote::guard(&item.value.text)?;
        if item.value.text.is_empty() {
            return Err(Refusal::EmptyWord);
        }
        words.push(item.value.text.as_str());
    }
    serde_json::to_string(&words).map_err(|_| Refusal::TooLong)
}

/// Writes a text, its percent signs doubled unless its author means specifiers; dollars always.
pub(super) fn encoded(
    text: &Text,
    writer: impl Fn(&str, Expansion) -> Result<String, Refusal>,
) -> Result<String, Refusal> {
    if !text.specifiers {
        return writer(&text.text, Expansion::Exec);
    }
    let dollars: Cow<'_, str> =
        if text.text.contains('$') { text.text.replace('$', "$$").into() } else { text.text.as_str().into() };
    writer(&dollars, Expansion::None)
}
