//! A verdict as SARIF 2.1.0 (OASIS), for code scanning.

use serde_json::{Value, json};

use super::{
    sarif::{self, uri},
    verdict::Report,
};
use crate::{
    diagnostic::{Severity, Span},
    policy::{Finding, rules},
};

/// The whole text.
pub fn text(report: &Report<'_>) -> String {
    let results: Vec<Value> = report.verdict.findings.iter().map(|finding| result(finding, report)).collect();
    let rules: Vec<Value> = rules::all().map(rule).collect();
    sarif::text(rules, None, results)
}

fn rule(rule: &rules::Rule) -> Value {
    sarif::rule((rule.id, rule.name), (rule.what, rule.why), (rule.fix, rule.sources), level(rule.severity))
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

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}
