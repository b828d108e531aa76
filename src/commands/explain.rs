//! `plimsoll explain`: what there is to know about a rule.

use std::io;

use super::{Status, Streams};
use crate::{
    policy::rules::{self, rule},
    report,
};

/// Explains one rule, or lists all of them.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(names: &[String], streams: &mut Streams<'_>) -> io::Result<Status> {
    if names.is_empty() {
        write!(streams.out, "{}", report::explain::list(streams.colour_out))?;
        return Ok(Status::Clean);
    }
    let mut status = Status::Clean;
    for (at, name) in names.iter().enumerate() {
        if let Some(rule) = rule(name) {
            let gap = if at > 0 { "\n" } else { "" };
            write!(streams.out, "{gap}{}", report::explain::text(rule, streams.colour_out))?;
            continue;
        }
        let help = rules::meant(name);
        writeln!(streams.err, "error: there is no rule `{}`\nhelp: {help}", name.escape_debug())?;
        status = Status::Failed;
    }
    Ok(status)
}
