//! `plimsoll score`: how exposed each service is.

use std::io;

use super::{Format, Status, Streams, judged};
use crate::{
    diagnostic::{Diagnostics, Sources},
    policy::score,
    report,
};

pub use crate::policy::score::Exposure;

/// What to weigh, and how to say it.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to weigh.
    pub judged: judged::Options,
    /// How to print it.
    pub format: Format,
    /// The greatest exposure that is no failure; without one nothing is.
    pub threshold: Option<Exposure>,
    /// Say nothing that is not asked for.
    pub quiet: bool,
    /// Say more.
    pub verbose: bool,
}

/// Weighs.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(options: &Options, streams: &mut Streams<'_>) -> io::Result<Status> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let judged = judged::gather(&options.judged, &mut sources, &mut diagnostics);
    write!(
        streams.err,
        "{}",
        report::diagnostics::text(&diagnostics, &sources, streams.colour, "nothing was weighed")
    )?;
    let Some(judged) = judged else { return Ok(Status::Failed) };
    let mut weighed = score::weigh(&judged.files, &sources, &judged.settings);
    let asked_for = |file: usize| judged.asked_for.get(file).copied().unwrap_or(true);
    weighed.services.retain(|scored| asked_for(scored.file));
    weighed.left_out.retain(|left_out| asked_for(left_out.file));
    let path = |file: usize| sources.file(judged.files[file].id).path.as_str();
    let text = match options.format {
        Format::Text => report::score_text::text(&weighed, path, options.verbose),
        Format::Json => report::score_json::text(&weighed, path),
    };
    write!(streams.out, "{text}")?;
    let Some(threshold) = options.threshold else { return Ok(Status::Clean) };
    let over = weighed.services.iter().filter(|scored| scored.score.high > threshold).count();
    // What is not known is not below anything.
    let unknown = weighed.left_out.iter().filter(|left_out| left_out.counts()).count();
    if over == 0 && unknown == 0 {
        return Ok(Status::Clean);
    }
    if over > 0 && !options.quiet {
        let are = if over == 1 { "service is" } else { "services are" };
        writeln!(streams.err, "{over} of {} {are} above {threshold}", weighed.services.len())?;
    }
    if unknown > 0 && !options.quiet {
        let (files, their) = if unknown == 1 { ("file", "its") } else { ("files", "their") };
        writeln!(streams.err, "{unknown} {files} could not be weighed: {their} exposure is not known")?;
    }
    Ok(Status::Differs)
}
