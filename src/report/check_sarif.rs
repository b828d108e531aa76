//! A verdict as SARIF 2.1.0 (OASIS), for code scanning.

use camino::Utf8Path;
use serde_json::{Value, json};

use super::verdict::Report;
use crate::{
    diagnostic::{Severity, Span},
    policy::{Finding, rules},
};

pub(super) const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The whole text.
pub fn text(report: &Report<'_>) -> String {
    let results: Vec<Value> = report.verdict.findings.iter().map(|finding| result(finding, report)).collect();
    let rules: Vec<Value> = rules::all().map(rule).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "plimsoll",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn rule(rule: &rules::Rule) -> Value {
    json!({
        "id": rule.id,
        "name": rule.name,
        "shortDescription": { "text": rule.what },
        "fullDescription": { "text": rule.why },
        "help": { "text": format!("To mend it: {}.\n\nFrom: {}.", rule.fix, rule.sources.join(", ")) },
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

fn result(finding: &Finding, report: &Report<'_>) -> Value {
    let message = match &finding.help {
        Some(help) => format!("{}. Help: {help}.", finding.message),
        None => format!("{}.", finding.message),
    };
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": { "text": message },
        "locations": [{ "physicalLocation": place(finding.at, report) }],
    });
    if let Some(index) = rules::all().position(|rule| rule.id == finding.rule) {
        result["ruleIndex"] = index.into();
    }
    if !finding.related.is_empty() {
        let related = finding
            .related
            .iter()
            .map(|(at, word)| json!({ "physicalLocation": place(*at, report), "message": { "text": word } }));
        result["relatedLocations"] = related.collect();
    }
    if let Some(reason) = &finding.waived {
        result["suppressions"] = json!([{ "kind": "inSource", "justification": reason }]);
    }
    result
}

fn place(at: Span, report: &Report<'_>) -> Value {
    let position = report.sources.position(at);
    json!({
        "artifactLocation": { "uri": uri(&report.sources.file(at.file).path) },
        "region": { "startLine": position.line, "startColumn": position.column },
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

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}
