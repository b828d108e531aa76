//! What units say about each other: who starts whom, who waits for whom, whose file is named. Several rules ask, and ten
//! thousand units are read for it once.

use std::collections::HashMap;

use crate::{
    diagnostic::Span,
    parallel,
    policy::{
        effective::Value,
        quadlet::{Loaded, Tree},
    },
    unit::{UnitType, split::Mode},
};

/// How a unit names another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// With a directive of `[Unit]` that starts it.
    Starts,
    /// With `After=`.
    After,
    /// With `Before=`.
    Before,
    /// With `Requisite=`.
    Requisite,
    /// With `PartOf=`.
    PartOf,
    /// With a key that names its file, for which Quadlet adds `Requires=` and `After=`.
    Uses,
}

impl Says {
    /// What a directive of `[Unit]` says.
    fn of(key: &str) -> Option<Self> {
        Some(match key {
            "Wants" | "Requires" | "BindsTo" | "Upholds" | "OnFailure" | "OnSuccess" => Self::Starts,
            "After" => Self::After,
            "Before" => Self::Before,
            "Requisite" => Self::Requisite,
            "PartOf" => Self::PartOf,
            _ => return None,
        })
    }
}

/// A unit that another one names.
#[derive(Clone, Copy, Debug)]
pub struct Tie {
    /// Which of the tree's units it is; of several of one service the first.
    pub to: usize,
    /// What is said of it.
    pub says: Says,
    /// Where.
    pub at: Span,
}

/// For each of the tree's units what it says about the others.
pub(crate) fn of(tree: &Tree<'_>) -> Vec<Vec<Tie>> {
    let mut by_service: HashMap<&str, usize> = HashMap::with_capacity(tree.units.len());
    for (at, loaded) in tree.units.iter().enumerate() {
        by_service.entry(&loaded.service).or_insert(at);
    }
    let service = |name: &str| by_service.get(service_of(name, tree)?).copied();
    let file = |name: &str| by_service.get(tree.unit(name)?.service.as_str()).copied();
    parallel::map(&tree.units, |loaded| {
        let mut ties = Vec::new();
        for (says, value) in directives(loaded) {
            let words = value.split(Mode::Strv).into_texts();
            ties.extend(words.iter().filter_map(|word| Some(Tie { to: service(word)?, says, at: value.at })));
        }
        for value in loaded.unit.lists(loaded.unit_type.group(), |key| KEYS.contains(&key)) {
            let words = value.text.split([':', ',', '=', ' ', '"']).filter(|word| UnitType::of_file(word).is_some());
            ties.extend(words.filter_map(|word| Some(Tie { to: file(word)?, says: Says::Uses, at: value.at })));
        }
        ties.shrink_to_fit();
        ties
    })
}

/// The keys whose values may name a file of Quadlet's.
const KEYS: &[&str] = &["Image", "Mount", "Network", "Pod", "Volume"];

fn directives<'u>(loaded: &'u Loaded<'_>) -> impl Iterator<Item = (Says, Value<'u>)> {
    let values = loaded.unit.lists("Unit", |key| Says::of(key).is_some());
    values.into_iter().filter_map(|value| Some((Says::of(value.key)?, value)))
}

/// The service of a name in `[Unit]`: `web.service`, and `web.container` since Podman 5.5. `web@a.service` is `web@`.
fn service_of<'n>(name: &'n str, tree: &'n Tree<'_>) -> Option<&'n str> {
    let service = match name.strip_suffix(".service") {
        Some(service) => service,
        None => &tree.unit(name)?.service,
    };
    Some(service.find('@').map_or(service, |at| &service[..=at]))
}
