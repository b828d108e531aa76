//! How the catalog, the last install and the disk stand to each other, and what runs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::shown::escaped;
use crate::{
    plan::{Action, Generation, Meaning, News, Plan, Step},
    render::host::places,
};

/// What was found.
#[derive(Clone, Debug)]
pub struct Drift {
    /// The catalog's name.
    pub catalog: String,
    /// The last install.
    pub last: Option<Generation>,
    /// What a run that was killed left behind.
    pub note: Option<String>,
    /// What it would take to bring the disk back to the last install.
    pub by_hand: Plan,
    /// What the catalog says that is not installed; nothing where there is no catalog.
    pub pending: Option<Plan>,
    /// The services with whether they are up and their state; nothing where there is no systemd to ask.
    pub units: Option<Vec<(String, bool, String)>>,
}

impl Drift {
    /// Whether there is nothing to say.
    pub fn is_clean(&self) -> bool {
        self.note.is_none()
            && self.by_hand.told().next().is_none()
            && self.by_hand.obstacles.is_empty()
            && self.pending.as_ref().is_none_or(Plan::is_empty)
            && self.units.iter().flatten().all(|(_, is_up, _)| *is_up)
    }

    /// Each file of the disk that is not as the last install left it, with what happened to it.
    fn changes(&self) -> Vec<(String, String)> {
        let mut changes: Vec<(String, String)> = Vec::new();
        for step in self.by_hand.told() {
            changes.extend(change(step).into_iter().map(|what| (step.path.clone(), what)));
        }
        for obstacle in self.by_hand.obstacles.iter().filter(|obstacle| !obstacle.can_be_forced) {
            changes.push((obstacle.path.clone(), obstacle.message.clone()));
        }
        changes
    }
}

fn change(step: &Step) -> Vec<String> {
    let drop_ins = step.means.iter().filter_map(|meaning| match meaning {
        Meaning::DropIn { path, news } => Some(match news {
            News::New => format!("is changed by a new drop-in, /{path}"),
            News::Changed => format!("is changed by a drop-in that has changed, /{path}"),
            News::Gone => format!("was changed by a drop-in that is gone, /{path}"),
        }),
        _ => None,
    });
    let mut said: Vec<String> = match step.action {
        Action::Create if places::is_shared(&step.path) => vec!["has lost its line by hand".to_owned()],
        Action::Create => vec!["was deleted by hand".to_owned()],
        Action::Replace => vec!["was edited by hand".to_owned()],
        Action::Remove => vec!["was put there by hand".to_owned()],
        // Our line is not there, and somebody's is.
        Action::Keep if step.means.contains(&Meaning::GivenByOthers) => vec!["was edited by hand".to_owned()],
        Action::Keep => Vec::new(),
    };
    said.extend(drop_ins);
    said
}

/// For people.
pub fn text(drift: &Drift) -> String {
    let mut text = String::new();
    let name = &drift.catalog;
    let _ = match &drift.last {
        Some(last) => writeln!(
            text,
            "{name}: generation {} of {}, {} files in /{}",
            last.generation,
            last.made,
            last.files.len(),
            last.units
        ),
        None => writeln!(text, "{name}: not installed"),
    };
    if let Some(note) = &drift.note {
        let _ = writeln!(text, "{note}");
    }
    let changes = drift.changes();
    for (path, what) in &changes {
        let _ = writeln!(text, "  {}", escaped(&format!("/{path} {what}")));
    }
    if drift.last.is_some() && changes.is_empty() {
        text.push_str("the disk is as the last install left it\n");
    }
    match &drift.pending {
        None => {}
        Some(pending) if pending.is_empty() => text.push_str("the catalog says what is installed\n"),
        Some(pending) => {
            let _ = writeln!(
                text,
                "the catalog says something else: {} to create, {} to replace, {} to remove; `plimsoll diff` shows it",
                pending.count(Action::Create),
                pending.count(Action::Replace),
                pending.count(Action::Remove)
            );
        }
    }
    if let Some(units) = &drift.units {
        let up = units.iter().filter(|(_, is_up, _)| *is_up).count();
        let _ = writeln!(text, "{up} of {} services are up", units.len());
        for (unit, _, state) in units.iter().filter(|(_, is_up, _)| !is_up) {
            let _ = writeln!(text, "  {unit} is {state}");
        }
    }
    text
}

/// One object, version 1.
pub fn json(drift: &Drift) -> String {
    let changes: Vec<Value> =
        drift.changes().iter().map(|(path, what)| json!({ "path": path, "what": what })).collect();
    let pending = drift.pending.as_ref().map(|pending| {
        json!({
            "create": pending.count(Action::Create),
            "replace": pending.count(Action::Replace),
            "remove": pending.count(Action::Remove),
        })
    });
    let units: Vec<Value> = drift
        .units
        .iter()
        .flatten()
        .map(|(unit, is_up, state)| json!({ "unit": unit, "up": is_up, "state": state }))
        .collect();
    let value = json!({
        "version": 1,
        "catalog": drift.catalog,
        "generation": drift.last.as_ref().map(|last| last.generation),
        "made": drift.last.as_ref().map(|last| &last.made),
        "interrupted": drift.note,
        "changed": changes,
        "pending": pending,
        "units": units,
    });
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}
