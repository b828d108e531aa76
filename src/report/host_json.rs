//! What was found of a host as JSON, version 1: one object, its lists present even when empty. `docs/schema/host-check.json`
//! describes it.

use serde::Serialize;

use crate::policy::host::{Answer, Checked};

#[derive(Serialize)]
struct Whole<'a> {
    version: u8,
    checks: Vec<Check<'a>>,
    waivers: Vec<Waiver<'a>>,
}

#[derive(Serialize)]
struct Check<'a> {
    id: &'a str,
    name: &'a str,
    status: &'a str,
    found: &'a str,
    why: &'a str,
    fix: &'a str,
    read: &'a [String],
    sources: &'a [&'a str],
    waived: Option<&'a str>,
}

#[derive(Serialize)]
struct Waiver<'a> {
    rule: &'a str,
    message: &'a str,
    help: &'a str,
}

/// The whole text.
pub fn text(checked: &Checked) -> String {
    let whole = Whole {
        version: 1,
        checks: checked.answers.iter().map(check).collect(),
        waivers: checked
            .leftovers
            .iter()
            .map(|left| Waiver { rule: &left.rule.value, message: &left.message, help: &left.help })
            .collect(),
    };
    serde_json::to_string_pretty(&whole).map_or_else(|error| error.to_string(), |text| text + "\n")
}

fn check(answer: &Answer) -> Check<'_> {
    Check {
        id: answer.check.id,
        name: answer.check.name,
        status: answer.status.as_str(),
        found: &answer.found,
        why: answer.check.why,
        fix: &answer.fix,
        read: &answer.read,
        sources: answer.check.sources,
        waived: answer.waived.as_deref(),
    }
}
