//! What of `[Install]` comes to nothing.

use super::{assigned::Assigned, report::Report};
use crate::unit::split::Mode;

/// The keys that Podman makes links of. It reads no other, and `systemctl enable` does not work on generated units.
const LINKS: [&str; 3] = ["WantedBy", "RequiredBy", "UpheldBy"];

/// Held against the `[Install]` of a unit that becomes `service`.
pub(super) fn check(service: &str, keys: &Assigned<'_>, report: &mut Report) {
    if let Some(also) = keys.last("Install", "Also") {
        let message = "Podman ignores `Also=`: generated units cannot be enabled";
        report.warn("PL032", also.at, message).help("write WantedBy= into the other unit");
    }
    for key in LINKS {
        for word in keys.words("Install", key, Mode::Strv) {
            if word.text.contains('/') {
                let message = format!("Podman drops `{}` from `{key}=`: a unit is named without a path", word.text);
                report.error("PL032", word.at, message);
            }
        }
    }
    // The service of a template is a template as well: `x@`.
    if service.split_once('@').is_none_or(|(_, instance)| !instance.is_empty()) {
        return;
    }
    let link = LINKS.iter().find_map(|key| keys.lines("Install", key).first());
    if let (Some(link), None) = (link, keys.text("Install", "DefaultInstance")) {
        let message = format!("`{service}.service` is a template without a DefaultInstance=: nothing is ever started");
        report
            .error("PL031", link.at, message)
            .help("add DefaultInstance=, or link the file under the name of an instance");
    }
}
