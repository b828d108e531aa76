//! `plimsoll host render`: the files of the host itself, into the same tree as the units.

use std::io;

use super::{
    Status, Streams, catalog,
    render::{self, Mode, Options},
};
use crate::{
    diagnostic::{Diagnostics, Sources},
    install::tree::Part,
    render::host,
    report,
};

/// Renders.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(options: &Options, streams: &mut Streams<'_>) -> io::Result<Status> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    // The units are looked at as well: what names a unit of the host, and what hides one, shows only there.
    let rendered = catalog::load(&options.place, &[], &mut sources, &mut diagnostics);
    let bundle = rendered.and_then(|(catalog, _)| host::render(&catalog, &sources, &mut diagnostics));
    let complaints = report::diagnostics::text(&diagnostics, &sources, streams.colour, "nothing was written");
    write!(streams.err, "{complaints}")?;
    let Some(bundle) = bundle else { return Ok(Status::Failed) };
    let (out, changes) = match render::bring(options, &bundle, Part::Host) {
        Ok(brought) => brought,
        Err(error) => return render::fail(&error.to_string(), streams),
    };
    if options.mode == Mode::Check {
        return render::check(options, &bundle, &changes, &out, "plimsoll host render", streams);
    }
    if !options.quiet {
        for file in bundle.files.iter().filter(|_| options.verbose) {
            writeln!(streams.out, "{out}/{}", file.path)?;
        }
        writeln!(streams.out, "{}", report::summary::tree(&bundle, &changes, out.as_str()))?;
    }
    Ok(Status::Clean)
}
