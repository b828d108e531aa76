//! A plan as JSON, version 1: one object, its lists present even when empty. `docs/schema/diff.json` describes it.

use std::fmt::Write as _;

use serde::Serialize;

use super::{diagnostics::is_hidden, meaning, shown};
use crate::plan::{Plan, Step, change::Difference};

#[derive(Serialize)]
struct Diff<'a> {
    version: u8,
    steps: Vec<OneStep<'a>>,
    obstacles: Vec<Obstacle<'a>>,
    stop: Vec<&'a str>,
    start: Vec<&'a str>,
    restart: Vec<&'a str>,
    reload: bool,
}

#[derive(Serialize)]
struct OneStep<'a> {
    action: &'static str,
    path: &'a str,
    service: Option<&'a str>,
    means: Vec<String>,
    changes: Vec<Change<'a>>,
}

#[derive(Serialize)]
struct Change<'a> {
    section: &'a str,
    key: &'a str,
    old: Vec<String>,
    new: Vec<String>,
}

#[derive(Serialize)]
struct Obstacle<'a> {
    path: &'a str,
    message: String,
    help: &'a str,
    forced_by: Option<&'static str>,
}

/// The whole text.
pub fn text(plan: &Plan) -> String {
    let obstacles = plan.obstacles.iter().map(|obstacle| Obstacle {
        path: &obstacle.path,
        message: shown::redacted(&obstacle.message),
        help: &obstacle.help,
        forced_by: obstacle.can_be_forced.then_some("--force"),
    });
    let work = &plan.work;
    let diff = Diff {
        version: 1,
        steps: plan.told().map(|step| one(step, plan)).collect(),
        obstacles: obstacles.collect(),
        stop: work.stop.iter().map(String::as_str).collect(),
        start: work.start.iter().map(String::as_str).collect(),
        restart: work.restart.union(&work.restart_if_running).map(String::as_str).collect(),
        reload: work.reload,
    };
    serde_json::to_string_pretty(&diff).map_or_else(|error| error.to_string(), |text| for_terminals(&text) + "\n")
}

fn one<'a>(step: &'a Step, plan: &Plan) -> OneStep<'a> {
    let changes = match &step.difference {
        Some(Difference::Keys(changes)) => changes.as_slice(),
        _ => &[],
    };
    let changes = changes.iter().map(|change| {
        let shown = |values: &[String]| values.iter().map(|value| shown::value(&change.key, value)).collect();
        Change { section: &change.section, key: &change.key, old: shown(&change.old), new: shown(&change.new) }
    });
    OneStep {
        action: step.action.word(),
        path: &step.path,
        service: step.service.as_deref(),
        means: meaning::phrases(step, &plan.work).iter().map(meaning::Phrase::stable).collect(),
        changes: changes.collect(),
    }
}

/// The same JSON without what a terminal would obey or hide. JSON itself escapes only what ASCII has of it.
fn for_terminals(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) && c != '\n' {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    safe
}
