//! Holds a TOML tree against its shape.

use super::{Field, Kind, Noun, Schema};
use crate::{
    catalog::{
        fields,
        node::{Entry, Map, Node, Value},
    },
    diagnostic::{Diagnostic, Diagnostics, Span, nearest, squash},
    model::{self, Invalid},
    unit::{
        keys::Syntax,
        quote::{self, Expansion, Refusal},
    },
};

/// So many keys fit into a message.
const FEW: usize = 14;

/// Finds every unknown key and every value of a wrong type or spelling in a table.
pub(crate) fn check(table: &Node, schema: &'static Schema, diagnostics: &mut Diagnostics) {
    let Value::Table(map) = &table.value else {
        diagnostics.push(no_table(table, schema));
        return;
    };
    for (key, entry) in map.iter() {
        match schema.field(key) {
            Some(field) => {
                check_value(&entry.node, field.kind, diagnostics);
                if let Some(syntax) = field.syntax {
                    check_dialect(&entry.node, syntax, diagnostics);
                }
            }
            None => diagnostics.push(unknown_key(key, entry.key, schema)),
        }
    }
}

fn check_value(node: &Node, kind: Kind, diagnostics: &mut Diagnostics) {
    let expected = || kind.expects();
    match (kind, &node.value) {
        (Kind::Text | Kind::Texts | Kind::TextOrWords, _) if is_text(node) => check_text(node, diagnostics),
        (Kind::Noun(noun) | Kind::Number(noun) | Kind::Nouns(noun), Value::String(text)) => {
            check_noun(text, noun, node, diagnostics);
        }
        (Kind::Number(noun), Value::Integer(number)) => check_noun(&number.to_string(), noun, node, diagnostics),
        (Kind::Number(noun), Value::Float(number)) if std::ptr::eq(noun, &raw const super::CPUS) => {
            check_noun(number, noun, node, diagnostics);
        }
        (Kind::Bool | Kind::BoolOr(_), Value::Boolean(_)) => {}
        (Kind::Bool, Value::String(text)) => diagnostics.push(boolean_as_string(text, node)),
        (Kind::Integer(low, high), Value::Integer(number)) if (low..=high).contains(number) => {}
        (Kind::Choice(words) | Kind::BoolOr(words), Value::String(text)) => {
            if !words.contains(&text.as_str()) {
                let help = nearest(text, words.iter().copied())
                    .map_or_else(|| format!("write {}", expected()), |w| format!("write `{w}`"));
                let message = format!("`{}` is not {}", text.escape_debug(), expected());
                diagnostics.push(Diagnostic::error(message, node.span).help(help));
            }
        }
        (Kind::Date, Value::Datetime(text)) if text.len() == "2027-06-01".len() && text.contains('-') => {}
        (Kind::Texts | Kind::Command | Kind::TextOrWords, Value::Array(items)) => {
            check_list(items, diagnostics, "strings", is_text, check_text);
        }
        (Kind::Nouns(noun), Value::Array(items)) => {
            for item in items {
                match &item.value {
                    Value::String(text) => check_noun(text, noun, item, diagnostics),
                    _ => diagnostics.push(mismatch(item, noun.what).help(in_quotes(noun))),
                }
            }
        }
        (Kind::Command, Value::String(text)) => check_guard(text, node, diagnostics),
        (Kind::Pairs, Value::Table(map)) => check_pairs(map, diagnostics, check_pair_key),
        (Kind::Variables, Value::Table(map)) => check_pairs(map, diagnostics, model::env_name),
        (Kind::Pairs, Value::Array(items)) => check_pair_list(items, diagnostics, check_pair_key),
        (Kind::Variables, Value::Array(items)) => check_pair_list(items, diagnostics, model::env_name),
        (Kind::Table(schema), Value::Table(_)) => check(node, schema(), diagnostics),
        (Kind::Named(schema), Value::Table(map)) => check_named(map, schema(), diagnostics),
        (Kind::Tables(schema), Value::Array(items)) => items.iter().for_each(|item| check(item, schema(), diagnostics)),
        (Kind::TablesOr(schema, noun), Value::Array(items)) => {
            for item in items {
                match &item.value {
                    Value::String(text) => check_noun(text, noun, item, diagnostics),
                    _ => check(item, schema(), diagnostics),
                }
            }
        }
        (Kind::TablesOr(_, noun), Value::String(text)) => check_noun(text, noun, node, diagnostics),
        (Kind::Sections(names), Value::Table(map)) => check_sections(map, names, diagnostics),
        (Kind::Tables(_) | Kind::TablesOr(..), Value::Table(_)) => {
            diagnostics.push(
                mismatch(node, &expected()).help("double the brackets: each of these tables is one of a list, [[…]]"),
            );
        }
        (Kind::Table(schema), _) => diagnostics.push(no_table(node, schema())),
        (Kind::Integer(..), Value::Integer(number)) => {
            diagnostics.push(Diagnostic::error(format!("expected {}, found {number}", expected()), node.span));
        }
        _ => {
            let mut diagnostic = mismatch(node, &expected());
            diagnostic.help = spelling(node, kind);
            diagnostics.push(diagnostic);
        }
    }
}

/// How to spell a value of another type.
fn spelling(node: &Node, kind: Kind) -> Option<String> {
    match (kind, &node.value) {
        (Kind::Integer(..), Value::String(text)) if text.parse::<i64>().is_ok() => {
            Some(format!("write {text}, without quotes"))
        }
        (Kind::Text | Kind::Texts, Value::Table(_)) => {
            Some("the one table here is { specifier = \"%H\" }, for text with specifiers of systemd's".to_owned())
        }
        (Kind::Date, Value::Datetime(_)) => Some("write the day alone, without a time".to_owned()),
        (Kind::Date, Value::String(_)) => Some("write it without quotes, such as 2027-06-01".to_owned()),
        (Kind::Noun(noun) | Kind::Nouns(noun), _) => Some(in_quotes(noun)),
        (Kind::Number(noun), _) => {
            let number = if matches!(node.value, Value::Float(_)) { "a whole number" } else { "a number" };
            Some(format!("write {number}, or a string such as \"{}\"", noun.examples.first()?))
        }
        (Kind::Text | Kind::Texts, Value::Boolean(yes)) => Some(format!("write \"{yes}\", in quotes")),
        (Kind::Text | Kind::Texts, Value::Float(text)) => Some(format!("write \"{text}\", in quotes")),
        (Kind::Named(_), _) => Some("write a table for each: [KEY.NAME]".to_owned()),
        (Kind::Tables(_), _) => Some("write a table for each, with the key in double brackets: [[…]]".to_owned()),
        (Kind::TablesOr(_, noun), _) => {
            Some(format!("{}; or tables, with the key in double brackets: [[…]]", in_quotes(noun)))
        }
        _ => None,
    }
}

fn in_quotes(noun: &Noun) -> String {
    noun.examples.first().map_or_else(
        || format!("write {} in quotes", noun.what),
        |example| format!("write it in quotes, such as \"{example}\""),
    )
}

/// What stands where a table should, and the keys that the table would have.
fn no_table(node: &Node, schema: &Schema) -> Diagnostic {
    let keys: Vec<&str> = schema.fields.iter().map(|field| field.key.as_ref()).collect();
    let diagnostic = mismatch(node, &format!("a table: {}", schema.what));
    if keys.len() > FEW { diagnostic } else { diagnostic.help(format!("its keys are {}", keys.join(", "))) }
}

/// True where a value is a text for a unit, whatever is in it.
fn is_text(node: &Node) -> bool {
    match &node.value {
        Value::String(_) | Value::Integer(_) => true,
        Value::Table(map) => {
            map.len() == 1 && matches!(map.get("specifier"), Some(e) if matches!(e.node.value, Value::String(_)))
        }
        _ => false,
    }
}

fn check_text(node: &Node, diagnostics: &mut Diagnostics) {
    match &node.value {
        Value::String(text) => check_guard(text, node, diagnostics),
        Value::Table(map) => {
            if let Some(Entry { node: inner, .. }) = map.get("specifier") {
                check_text(inner, diagnostics);
            }
        }
        _ => {}
    }
}

/// What no unit may contain, whatever the key.
fn check_guard(text: &str, node: &Node, diagnostics: &mut Diagnostics) {
    if let Err(refusal) = quote::guard(text) {
        diagnostics.push(Diagnostic::error(refusal.to_string(), node.span).help(refusal.help()));
    }
}

fn check_noun(text: &str, noun: &Noun, node: &Node, diagnostics: &mut Diagnostics) {
    // A value that could leave its line is told as such, before it is told that it is no noun.
    if let Err(refusal) = quote::guard(text) {
        diagnostics.push(Diagnostic::error(refusal.to_string(), node.span).help(refusal.help()));
    } else if let Err(Invalid { message, help }) = (noun.check)(text) {
        let message = if text.is_empty() { format!("expected {}, found an empty string", noun.what) } else { message };
        diagnostics.push(Diagnostic::error(message, node.span).help(help));
    }
}

/// Holds texts against the dialect of their key: whatever could not be written there is told now, at the very word,
/// together with all else that is wrong.
fn check_dialect(node: &Node, syntax: Syntax, diagnostics: &mut Diagnostics) {
    let mut refuse = |node: &Node, refusal: Refusal| {
        diagnostics.push(Diagnostic::error(refusal.to_string(), node.span).help(refusal.help()));
    };
    let writer: fn(&str, Expansion) -> Result<String, Refusal> = match (syntax, &node.value) {
        (Syntax::Exec, Value::String(text)) if quote::guard(text).is_ok() => {
            return quote::verbatim(text, syntax).err().into_iter().for_each(|refusal| refuse(node, refusal));
        }
        // A command in a key of one text becomes a JSON array, where a word may be anything but empty.
        (Syntax::Text, Value::Array(words)) if words.is_empty() => return refuse(node, Refusal::Empty),
        (Syntax::Text, Value::Array(_)) => {
            |word, _| if word.is_empty() { Err(Refusal::EmptyWord) } else { Ok(String::new()) }
        }
        (Syntax::Text, _) => quote::text,
        (Syntax::Lines, _) => quote::line,
        (Syntax::Strv, _) => quote::strv_word,
        (Syntax::Args, _) | (Syntax::Exec, Value::Array(_)) => quote::args_word,
        _ => return,
    };
    for item in fields::items(node) {
        let Some(text) = fields::text(item).map(|text| text.value) else { continue };
        // What no unit may contain was told already.
        let written = quote::guard(&text.text).and_then(|()| writer(&text.text, Expansion::None));
        if let Some(refusal) =
            written.err().filter(|refusal| !matches!(refusal, Refusal::Forbidden(_) | Refusal::TooLong))
        {
            refuse(item, refusal);
        }
    }
}

fn check_list(
    items: &[Node],
    diagnostics: &mut Diagnostics,
    what: &str,
    fits: fn(&Node) -> bool,
    check: fn(&Node, &mut Diagnostics),
) {
    for item in items {
        if fits(item) {
            check(item, diagnostics);
        } else {
            diagnostics.push(mismatch(item, &format!("a list of {what}")));
        }
    }
}

fn check_pair_key(key: &str) -> Result<(), Invalid> {
    if key.is_empty() || key.contains('=') {
        return Err(Invalid::new(
            format!("`{}` cannot stand before a `=`", key.escape_debug()),
            "write a key without `=`",
        ));
    }
    quote::guard(key).map_err(|refusal| Invalid::new(refusal.to_string(), refusal.help()))
}

fn check_pairs(map: &Map, diagnostics: &mut Diagnostics, key_check: fn(&str) -> Result<(), Invalid>) {
    for (key, entry) in map.iter() {
        if let Err(Invalid { message, help }) = key_check(key) {
            diagnostics.push(Diagnostic::error(message, entry.key).help(help));
        }
        if is_text(&entry.node) {
            check_text(&entry.node, diagnostics);
        } else {
            diagnostics.push(mismatch(&entry.node, "a string"));
        }
    }
}

fn check_pair_list(items: &[Node], diagnostics: &mut Diagnostics, key_check: fn(&str) -> Result<(), Invalid>) {
    for item in items {
        let Value::String(text) = &item.value else {
            diagnostics.push(mismatch(item, "a string such as \"KEY=value\""));
            continue;
        };
        check_guard(text, item, diagnostics);
        match text.split_once('=') {
            None => diagnostics.push(
                Diagnostic::error(format!("`{}` has no `=`", text.escape_debug()), item.span)
                    .help("write KEY=value, or better a table: { KEY = \"value\" }"),
            ),
            Some((key, _)) => {
                if let Err(Invalid { message, help }) = key_check(key) {
                    diagnostics.push(Diagnostic::error(message, item.span).help(help));
                }
            }
        }
    }
}

fn check_named(map: &Map, schema: &'static Schema, diagnostics: &mut Diagnostics) {
    for (name, entry) in map.iter() {
        if let Err(Invalid { message, help }) = model::Name::new(name) {
            diagnostics.push(Diagnostic::error(message, entry.key).help(help));
        }
        check(&entry.node, schema, diagnostics);
    }
}

/// Verbatim sections: the names of their keys are looked up when they are rendered, where the target is known.
fn check_sections(map: &Map, names: &[&'static str], diagnostics: &mut Diagnostics) {
    for (section, entry) in map.iter() {
        if !names.contains(&section) {
            let message = format!("the section [{}] cannot be written here", section.escape_debug());
            let help = nearest(section, names.iter().copied()).map_or_else(
                || format!("write one of {}", names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")),
                |name| format!("write `{name}`"),
            );
            diagnostics.push(Diagnostic::error(message, entry.key).help(help));
            continue;
        }
        let Value::Table(lines) = &entry.node.value else {
            diagnostics.push(mismatch(&entry.node, "a table of unit keys"));
            continue;
        };
        for (_, line) in lines.iter() {
            let values = match &line.node.value {
                Value::Array(items) => &**items,
                _ => std::slice::from_ref(&line.node),
            };
            for value in values {
                match &value.value {
                    Value::String(text) => check_guard(text, value, diagnostics),
                    Value::Integer(_) | Value::Boolean(_) => {}
                    _ => diagnostics.push(mismatch(value, "a string, an integer, a boolean, or a list of them")),
                }
            }
        }
    }
}

fn mismatch(node: &Node, expected: &str) -> Diagnostic {
    Diagnostic::error(format!("expected {expected}, found {}", node.value.kind()), node.span)
}

fn boolean_as_string(text: &str, node: &Node) -> Diagnostic {
    let meant = match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    };
    let help =
        meant.map_or_else(|| "write `true` or `false`".to_owned(), |yes| format!("write `{yes}`, without quotes"));
    mismatch(node, "`true` or `false`").help(help)
}

fn unknown_key(key: &str, at: Span, schema: &Schema) -> Diagnostic {
    let shown = key.escape_debug();
    let diagnostic = Diagnostic::error(format!("unknown key `{shown}` in {}", schema.what), at);
    if let Some((_, help)) = schema.elsewhere.iter().find(|(wrong, _)| *wrong == key || squash(wrong) == squash(key)) {
        return diagnostic.help(*help);
    }
    if let Some(near) = nearest(key, schema.fields.iter().map(|f| f.key.as_ref())) {
        return diagnostic.help(format!("write `{near}`"));
    }
    if let Some(home) = schema.fields.iter().find(|field| holds(field, key)) {
        let brackets = if matches!(home.kind, Kind::Table(_)) { ("[", "]") } else { ("[[", "]]") };
        return diagnostic.help(format!("`{shown}` belongs into {}{}{}", brackets.0, home.key, brackets.1));
    }
    let near = nearest(key, schema.elsewhere.iter().map(|(wrong, _)| *wrong));
    if let Some((_, help)) = schema.elsewhere.iter().find(|(wrong, _)| near == Some(*wrong)) {
        return diagnostic.help(*help);
    }
    let list = || schema.fields.iter().map(|f| f.key.as_ref()).collect::<Vec<_>>().join(", ");
    match schema.fields.len() {
        ..=FEW => diagnostic.help(format!("the keys of {} are {}", schema.what, list())),
        _ => diagnostic.help("`plimsoll schema` lists every key; a Quadlet key has its own name in snake_case"),
    }
}

/// True where a table inside this one has the key.
fn holds(field: &Field, key: &str) -> bool {
    match field.kind {
        Kind::Table(table) | Kind::Tables(table) | Kind::TablesOr(table, _) => table().field(key).is_some(),
        _ => false,
    }
}
