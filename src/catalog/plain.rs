//! Plain Quadlet keys: those that mean no more than their text.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    fields::{Fields, text},
    node::Value,
};
use crate::{
    model::{Setting, SettingValue},
    unit::keys::{self, Key, Syntax},
};

/// The keys of each Quadlet section by the names that the TOML has for them.
static BY_NAME: LazyLock<HashMap<&str, HashMap<String, &Key>>> = LazyLock::new(|| {
    let names = |group| keys::keys(group).iter().map(|key| (key.snake(), key)).collect();
    keys::groups().map(|group| (group, names(group))).collect()
});

/// Reads every plain key of a Quadlet section, in the order of the key table, less those that a table of ours speaks for.
pub(crate) fn read(group: &str, typed: &[&str], fields: &Fields<'_>) -> Vec<Setting> {
    let Some(names) = BY_NAME.get(group) else { return Vec::new() };
    // A service sets few of the many keys.
    let mut set: Vec<(&Key, &str)> = fields.keys().filter_map(|name| Some((*names.get(name)?, name))).collect();
    set.sort_unstable_by_key(|(key, _)| key.name);
    set.dedup();
    set.retain(|(key, _)| !typed.contains(&key.name));
    set.into_iter().filter_map(|(key, name)| one(key, name, fields)).collect()
}

/// Reads a key under the name that the TOML has for it.
pub(crate) fn one(key: &'static Key, name: &str, fields: &Fields<'_>) -> Option<Setting> {
    let node = fields.node(name)?;
    let value = match (&node.value, key.syntax) {
        (Value::Boolean(yes), _) => SettingValue::Bool(*yes),
        (Value::String(verbatim), Syntax::Exec) => SettingValue::Verbatim(verbatim.clone()),
        (Value::Array(items), _) if is_command(key) => SettingValue::List(items.iter().filter_map(text).collect()),
        (_, Syntax::Pairs) => SettingValue::Pairs(fields.pairs(name)?),
        (Value::Table(_), Syntax::Strv | Syntax::Args | Syntax::Lines) if text(node).is_none() => {
            SettingValue::Pairs(fields.pairs(name)?)
        }
        (_, Syntax::Strv | Syntax::Args | Syntax::Lines | Syntax::Exec | Syntax::Install) => {
            SettingValue::List(super::fields::items(node).iter().filter_map(text).collect())
        }
        (_, Syntax::Text | Syntax::Bool | Syntax::Uint32) => SettingValue::Text(text(node)?.value),
    };
    Some(Setting { key: key.name, value, origin: node.origin() })
}

/// Commands in a key that holds one text: podman takes a JSON array there as the words themselves.
fn is_command(key: &Key) -> bool {
    matches!(key.name, "HealthCmd" | "HealthStartupCmd" | "Entrypoint")
}
