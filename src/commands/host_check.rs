//! `plimsoll host check`: where the host stands.

use std::io;

use camino::Utf8PathBuf;

use super::{Status, Streams, catalog::Place, judged::Date};

/// What to look at, and how to say it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The catalog that the host is to carry.
    pub place: Place,
    /// Where the files of the host begin.
    pub root: Utf8PathBuf,
    /// How to print the checks.
    pub format: Format,
    /// The day that decides whether a waiver has expired.
    pub as_of: Option<Date>,
    /// Only what does not pass.
    pub quiet: bool,
    /// Every check.
    pub verbose: bool,
}

/// How to print the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One object, version 1.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// `JUnit` XML.
    Junit,
}

/// Looks at the host.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(_options: &Options, streams: &mut Streams<'_>) -> io::Result<Status> {
    writeln!(streams.err, "error: no check is there yet")?;
    Ok(Status::Failed)
}
