//! Configuration files of a host: containers.conf(5), storage.conf(5), accounts.

use super::{
    root::{Found, Root},
    system::{PROGRAMS, program},
};
use crate::model::accounts::accounts;

/// The home of a user, as `/etc/passwd` has it.
pub fn home(passwd: &str, uid: u32) -> Option<String> {
    let account = accounts(passwd).into_iter().find(|account| account.id == u64::from(uid))?;
    Some(account.home).filter(|home| home.starts_with('/'))
}

/// A text that a key must have, if it is there.
pub(super) fn text<'t>(found: Option<(&'t str, &'t toml::Value)>, key: &str) -> Found<(&'t str, &'t str)> {
    let Some((path, value)) = found else { return Ok(None) };
    let text = value.as_str().ok_or_else(|| format!("`{key}` in /{path} is no text: podman reads none of the file"))?;
    Ok(Some((path, text)))
}

/// A switch that a key must be, if it is there.
pub(super) fn flag<'t>(found: Option<(&'t str, &'t toml::Value)>, key: &str) -> Found<(&'t str, bool)> {
    let Some((path, value)) = found else { return Ok(None) };
    let why = || format!("`{key}` in /{path} is neither true nor false: podman reads none of the file");
    Ok(Some((path, value.as_bool().ok_or_else(why)?)))
}

/// A TOML file, as a phrase where it is none.
pub(super) fn toml(path: &str, text: &str) -> Result<toml::Table, String> {
    text.parse().map_err(|error: toml::de::Error| format!("/{path} is no TOML: {}", error.message()))
}

/// The files of `containers.conf` that say something, in the order in which later ones win, with their tables.
/// containers.conf(5): the vendor's, the host's, the host's drop-ins by name, and in the same way those of a home.
pub(super) fn containers_conf(root: &Root, home: Option<&str>) -> Result<Vec<(String, toml::Table)>, String> {
    cascade(root, home, "containers.conf")
}

/// The same for a file of the family of containers.conf that is one of `/etc`, or else the vendor's, with drop-ins.
fn cascade(root: &Root, home: Option<&str>, name: &str) -> Result<Vec<(String, toml::Table)>, String> {
    let mut files = Vec::new();
    let shared = ["usr/share/containers", "etc/containers"].map(|dir| format!("{dir}/{name}"));
    for path in shared.into_iter().chain(home.map(|home| own_file(home, name))) {
        let dir = format!("{path}.d");
        files.extend(root.text(&path)?.map(|text| (path, text)));
        files.extend(root.texts(&dir, ".conf")?);
    }
    files.into_iter().map(|(path, text)| Ok((path.clone(), toml(&path, &text)?))).collect()
}

/// The value that wins, with the file it stands in.
pub(super) fn last<'t>(
    files: &'t [(String, toml::Table)],
    section: &str,
    key: &str,
) -> Option<(&'t str, &'t toml::Value)> {
    files.iter().rev().find_map(|(path, table)| Some((path.as_str(), table.get(section)?.get(key)?)))
}

/// Where podman finds a runtime of a name: the first of the paths that the last `[engine.runtimes]` to name it has, or else
/// in `$PATH` (containers.conf(5)).
pub(super) fn runtime(root: &Root, files: &[(String, toml::Table)], name: &str) -> Found<String> {
    let listed =
        files.iter().rev().find_map(|(path, table)| Some((path, table.get("engine")?.get("runtimes")?.get(name)?)));
    let mut unknown = None;
    if let Some((path, value)) = listed {
        let paths: Option<Vec<&str>> =
            value.as_array().and_then(|values| values.iter().map(toml::Value::as_str).collect());
        let why = || format!("`runtimes.{name}` in /{path} is no list of paths: podman reads none of the file");
        for place in paths.ok_or_else(why)? {
            match root.owned(place.trim_start_matches('/')) {
                Ok(owned) if owned.is_some_and(|owned| !owned.is_dir) => return Ok(Some(place.to_owned())),
                told => unknown = unknown.or(told.err()),
            }
        }
    }
    match (program(root, name, PROGRAMS)?, unknown) {
        (None, Some(why)) => Err(why),
        (found, _) => Ok(found),
    }
}

/// Where a user keeps a file of the containers' configuration.
pub(super) fn own_file(home: &str, name: &str) -> String {
    format!("{}/.config/containers/{name}", home.trim_start_matches('/'))
}

/// The one file of a name that counts, with its path: for a user the user's own, else that of the host, else the vendor's.
pub(super) fn containers_file(root: &Root, home: Option<&str>, name: &str) -> Found<(String, String)> {
    let own = home.map(|home| own_file(home, name));
    let others = ["etc/containers", "usr/share/containers"].map(|dir| format!("{dir}/{name}"));
    let paths: Vec<&str> = own.iter().chain(&others).map(String::as_str).collect();
    Ok(root.first(&paths)?.map(|(path, text)| (path.to_owned(), text)))
}

/// `storage.conf` (storage.conf(5)).
pub(super) fn storage_conf(root: &Root, home: Option<&str>) -> Result<Option<(String, toml::Table)>, String> {
    let Some((path, text)) = containers_file(root, home, "storage.conf")? else { return Ok(None) };
    let table = toml(&path, &text)?;
    Ok(Some((path, table)))
}

/// A text of `[storage]`, or of a table in it.
pub(super) fn storage_text<'t>(table: &'t toml::Table, path: &[&str]) -> Option<&'t str> {
    path.iter().try_fold(table.get("storage")?, |at, key| at.get(key))?.as_str()
}

/// Where root's images, containers and secrets are.
pub(super) fn graph_root(root: &Root) -> Result<String, String> {
    let conf = storage_conf(root, None)?;
    let set = conf.as_ref().and_then(|(_, table)| storage_text(table, &["graphroot"]));
    Ok(set.unwrap_or("/var/lib/containers/storage").trim_start_matches('/').to_owned())
}
