//! `plimsoll verify`: whether the kernel holds the running services to what their units declare.

use std::io;

use super::{
    Format, Status, Streams,
    declared::{self, Declared, Units},
    diff,
    host::Host,
    installed::Which,
};
use crate::{
    diagnostic::{Diagnostics, Sources},
    live::{kernel::Directory, payload, promises},
    policy::{self, File, Settings},
    report::{self, verify_text::Much},
};

/// What to look at, and how to say it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which catalog.
    pub which: Which,
    /// Where.
    pub host: Host,
    /// Only these services.
    pub services: Vec<String>,
    /// How to print it.
    pub format: Format,
    /// Propose limits by what was used.
    pub suggest: bool,
    /// Only what does not hold.
    pub quiet: bool,
    /// Every promise.
    pub verbose: bool,
}

/// Looks at what runs.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(options: &Options, streams: &mut Streams<'_>) -> io::Result<Status> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let verified = declared::one(&options.which, &options.host, &mut sources, &mut diagnostics)
        .and_then(|declared| look(options, &declared, &mut diagnostics));
    let Some(verified) = verified else { return diff::fail(&diagnostics, &sources, "nothing was looked at", streams) };
    let text = match options.format {
        Format::Json => report::verify_json::text(&verified, options.suggest),
        Format::Text => {
            let how = report::verify_text::Options {
                colour: streams.colour_out,
                much: match (options.quiet, options.verbose) {
                    (true, _) => Much::Quiet,
                    (_, true) => Much::Verbose,
                    _ => Much::Normal,
                },
                suggest: options.suggest,
            };
            report::verify_text::text(&verified, how)
        }
    };
    write!(streams.out, "{text}")?;
    Ok(match (verified.count(Some(false)), verified.count(None)) {
        (0, 0) => Status::Clean,
        (0, _) => Status::Failed,
        _ => Status::Differs,
    })
}

fn look(options: &Options, declared: &Declared, diagnostics: &mut Diagnostics) -> Option<policy::promise::Verified> {
    let user = declared::user(&declared.wanted.layout).map_err(|error| diagnostics.push(error)).ok()?;
    let root = declared::root(&options.host, diagnostics)?;
    let host = payload::Host::new(root, user);
    declared.with_units(|mut services| {
        let names: Vec<&str> = services.iter().map(|service| service.name).collect();
        let catalog = format!("`{}`", declared.wanted.layout.catalog);
        declared::are_there(&options.services, &names, &catalog, diagnostics)?;
        for service in &mut services {
            service.asked_for =
                options.services.is_empty() || options.services.iter().any(|asked| asked == service.name);
        }
        Some(promises::verify(&host, &services))
    })
}

/// What stands in these files, held against what runs.
pub(super) fn of_files(
    files: &[File],
    sources: &Sources,
    settings: &Settings,
    root: Directory,
    user: Option<u32>,
) -> policy::promise::Verified {
    let host = payload::Host::new(root, user);
    Units { files, services: &[], sources, settings }.with(|services| promises::verify(&host, &services))
}
