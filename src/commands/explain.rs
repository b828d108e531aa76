//! `plimsoll explain`: what there is to know about a rule.

use std::io;

use super::{Status, Streams};
use crate::{
    host::checks,
    model::is_of_the_host,
    policy::{
        host::HostCheck,
        rules::{self, rule},
    },
    report,
};

/// The checks of the host by theme.
pub fn host_checks() -> Vec<(&'static str, Vec<&'static HostCheck>)> {
    checks::THEMES.iter().map(|(theme, items)| (*theme, items.iter().map(|item| &item.about).collect())).collect()
}

/// Explains rules and checks of the host, or lists all of them.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(names: &[String], streams: &mut Streams<'_>) -> io::Result<Status> {
    if names.is_empty() {
        let rules = report::explain::list(streams.colour_out);
        let checks = report::host_explain::list(&host_checks(), streams.colour_out);
        write!(streams.out, "{rules}\n{checks}")?;
        return Ok(Status::Clean);
    }
    let mut status = Status::Clean;
    for (at, name) in names.iter().enumerate() {
        let explained = match (rule(name), checks::check(name)) {
            (Some(rule), _) => Some(report::explain::text(rule, streams.colour_out)),
            (None, Some(check)) => Some(report::host_explain::text(check, streams.colour_out)),
            (None, None) => None,
        };
        if let Some(text) = explained {
            let gap = if at > 0 { "\n" } else { "" };
            write!(streams.out, "{gap}{text}")?;
            continue;
        }
        let help = match checks::meant(name).filter(|_| is_of_the_host(name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => rules::meant(name),
        };
        writeln!(streams.err, "error: there is no rule `{}`\nhelp: {help}", name.escape_debug())?;
        status = Status::Failed;
    }
    Ok(status)
}
