//! What both of our SARIF 2.1.0 (OASIS) logs are made of.

use camino::Utf8Path;
use serde_json::{Value, json};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The whole text: one run of this program. `bases` says what the places are relative to, where that has a name.
pub(super) fn text(rules: Vec<Value>, bases: Option<Value>, results: Vec<Value>) -> String {
    let mut run = json!({
        "tool": { "driver": {
            "name": "plimsoll",
            "version": env!("CARGO_PKG_VERSION"),
            "rules": rules,
        } },
    });
    if let Some(bases) = bases {
        run["originalUriBaseIds"] = bases;
    }
    run["columnKind"] = "unicodeCodePoints".into();
    run["results"] = results.into();
    let log = json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] });
    format!("{log:#}\n")
}

/// What is said of a rule or a check: its id and name, what it looks for and why, how to mend it, where it comes from, and
/// the level of its results.
pub(super) fn rule(
    (id, name): (&str, &str),
    (what, why): (&str, &str),
    (fix, sources): (&str, &[&str]),
    level: &str,
) -> Value {
    json!({
        "id": id,
        "name": name,
        "shortDescription": { "text": what },
        "fullDescription": { "text": why },
        "help": { "text": format!("To mend it: {fix}.\n\nFrom: {}.", sources.join(", ")) },
        "defaultConfiguration": { "level": level },
    })
}

/// A path as a URI reference (RFC 3986): relative to the working directory, as it was given.
pub(super) fn uri(path: &Utf8Path) -> String {
    let mut uri = if path.is_absolute() { "file://".to_owned() } else { String::new() };
    let path = path.as_str();
    for byte in path.strip_prefix("./").unwrap_or(path).bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'@' => uri.push(byte.into()),
            _ => uri.extend(format!("%{byte:02X}").chars()),
        }
    }
    uri
}
