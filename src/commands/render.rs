//! `plimsoll render`: the catalog becomes the tree.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    Status, Streams,
    catalog::{self, Place},
};
use crate::{
    diagnostic::{Diagnostics, Sources},
    install::tree::{self, Part, TreeError},
    render::{Bundle, Changes},
    report,
};

/// What to render, and where to.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the catalog is.
    pub place: Place,
    /// The folder of the tree; without it `out` beside the catalog.
    pub out: Option<Utf8PathBuf>,
    /// What to do with the tree.
    pub mode: Mode,
    /// Only these services.
    pub services: Vec<String>,
    /// Say nothing that is not asked for.
    pub quiet: bool,
    /// Say more.
    pub verbose: bool,
}

/// What to do with the rendered tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Bring the folder to hold it.
    Write,
    /// Say whether the folder holds it.
    Check,
    /// Print it in podman's `.quadlets` form.
    Stdout,
}

/// Renders.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(options: &Options, streams: &mut Streams<'_>) -> io::Result<Status> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let rendered = catalog::load(&options.place, &options.services, &mut sources, &mut diagnostics);
    write!(
        streams.err,
        "{}",
        report::diagnostics::text(&diagnostics, &sources, streams.colour, "nothing was written")
    )?;
    let Some((catalog, bundle)) = rendered else { return Ok(Status::Failed) };
    if options.mode == Mode::Stdout {
        write!(streams.out, "{}", report::quadlets::text(&bundle))?;
        return Ok(Status::Clean);
    }
    let part = if options.services.is_empty() { Part::Units } else { Part::SomeUnits };
    let (out, changes) = match bring(options, &bundle, part) {
        Ok(brought) => brought,
        Err(error) => return fail(&error.to_string(), streams),
    };
    if options.mode == Mode::Check {
        return check(options, &bundle, &changes, &out, "plimsoll render", streams);
    }
    if !options.quiet {
        let summary = report::summary::text(&catalog, &bundle, &changes, out.as_str(), options.verbose);
        write!(streams.out, "{summary}")?;
    }
    Ok(Status::Clean)
}

/// Brings the folder to hold a bundle, or only looks at it; the folder, and what had or has to change.
pub(super) fn bring(options: &Options, bundle: &Bundle, part: Part) -> Result<(Utf8PathBuf, Changes), TreeError> {
    let out = options.out.clone().unwrap_or_else(|| options.place.beside("out"));
    // Held until everything is written: of two runs at once the second waits for the first.
    let _lock = if options.mode == Mode::Write { tree::lock(out.as_std_path()) } else { None };
    let changes = tree::compare(out.as_std_path(), bundle, part)?;
    if options.mode == Mode::Write {
        tree::write(out.as_std_path(), bundle, &changes)?;
    }
    Ok((out, changes))
}

pub(super) fn check(
    options: &Options,
    bundle: &Bundle,
    changes: &Changes,
    out: &Utf8Path,
    command: &str,
    streams: &mut Streams<'_>,
) -> io::Result<Status> {
    if changes.is_empty() {
        if !options.quiet {
            writeln!(streams.out, "{out}: all {} files are up to date", bundle.files.len())?;
        }
        return Ok(Status::Clean);
    }
    let old = |path: &str| options.verbose.then(|| std::fs::read_to_string(out.join(path)).ok()).flatten();
    write!(streams.out, "{}", report::changes::text(changes, bundle, out.as_str(), old))?;
    let count = changes.created.len() + changes.replaced.len() + changes.removed.len();
    let files = if count == 1 { "file" } else { "files" };
    writeln!(streams.err, "{out} differs from the catalog in {count} {files}: run `{command}`")?;
    Ok(Status::Differs)
}

pub(super) fn fail(message: &str, streams: &mut Streams<'_>) -> io::Result<Status> {
    for line in message.lines() {
        writeln!(streams.err, "error: {line}")?;
    }
    Ok(Status::Failed)
}
