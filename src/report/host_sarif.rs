//! What was found of a host as SARIF 2.1.0 (OASIS): a result for each check that fails, warns or cannot be told. Places are
//! files of the host, relative to its root.

use serde_json::{Value, json};

use super::sarif::{self, uri};
use crate::policy::host::{Answer, Checked, HostCheck, Status};

/// The name of what the places are relative to.
const ROOT: &str = "HOSTROOT";

/// The whole text.
pub fn text(checked: &Checked) -> String {
    let rules: Vec<Value> = checked.answers.iter().map(|answer| rule(answer.check)).collect();
    let results = checked.answers.iter().enumerate().filter(|(_, answer)| answer.status <= Status::Unknown);
    let results: Vec<Value> = results.map(|(index, answer)| result(index, answer)).collect();
    let bases = json!({ ROOT: { "description": { "text": "The root of the host." } } });
    sarif::text(rules, Some(bases), results)
}

fn rule(check: &HostCheck) -> Value {
    let level = if check.fails.is_some() { "error" } else { "warning" };
    sarif::rule((check.id, check.name), (check.what, check.why), (check.fix, check.sources), level)
}

fn result(index: usize, answer: &Answer) -> Value {
    // What could not be looked at is open, and only what failed has a level.
    let (kind, level) = match answer.status {
        Status::Fail => ("fail", "error"),
        Status::Warn => ("fail", "warning"),
        _ => ("open", "none"),
    };
    let mut result = json!({
        "ruleId": answer.check.id,
        "ruleIndex": index,
        "kind": kind,
        "level": level,
        "message": { "text": format!("{}. Help: {}.", answer.found, answer.fix) },
    });
    if let Some(path) = answer.read.first() {
        let uri = uri(path.trim_start_matches('/').into());
        result["locations"] =
            json!([{ "physicalLocation": { "artifactLocation": { "uri": uri, "uriBaseId": ROOT } } }]);
    }
    if let Some(reason) = &answer.waived {
        result["suppressions"] = json!([{ "kind": "external", "justification": reason }]);
    }
    result
}
