//! `Mount=`: podman's own spelling of a mount.

use crate::diagnostic::{Diagnostic, Diagnostics, Origin};

/// A mount that lacks its source makes the generators of Podman 4.8 to 5.6 panic, and with that every unit of the host
/// is lost (quadlet.md section 0, fact 9).
pub(crate) fn check(text: &str, origin: Origin, diagnostics: &mut Diagnostics) {
    let parts: Vec<(&str, Option<&str>)> = text
        .split(',')
        .map(|part| part.split_once('=').map_or((part, None), |(key, value)| (key, Some(value))))
        .collect();
    let value = |names: &[&str]| {
        let found = parts.iter().find(|(key, _)| names.contains(key));
        found.and_then(|(_, value)| *value).filter(|value| !value.is_empty())
    };
    let kind = value(&["type"]);
    let needs_source = kind.is_some_and(|kind| matches!(kind, "bind" | "volume" | "image" | "glob" | "artifact"));
    let problem = if parts.iter().any(|(key, _)| key.is_empty() || key.contains(':')) || kind.is_none() {
        Some("write KEY=VALUE parts between commas, such as \"type=bind,source=/srv/x,destination=/x\"")
    } else if needs_source && value(&["source", "src"]).is_none() {
        Some("write `source=` as well")
    } else if value(&["destination", "dst", "target"]).is_none() {
        Some("write `destination=` as well")
    } else {
        None
    };
    if let Some(help) = problem {
        diagnostics.push(
            Diagnostic::general(format!("`{}` is not a mount that podman understands", text.escape_debug()))
                .at_origin(origin)
                .help(format!("older generators fail on it and lose every unit of the host: {help}")),
        );
    }
}
