//! `plimsoll diff`: what `install` would do, and what each change means.

use std::{
    io::{self, Write as _},
    process::{Command, Stdio},
};

use super::{Status, Streams, host::Host, incoming};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Sources},
    install::{
        disk::Disk,
        survey::{Memory, survey},
        transaction,
    },
    plan::{Layout, Obstacle, Plan, Reason, plan},
    report,
};

/// What to compare, and how to say it.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is to be installed.
    pub incoming: incoming::Options,
    /// Where.
    pub host: Host,
    /// How to print the differences.
    pub format: Format,
    /// Whether a pager may be used.
    pub paged: bool,
    /// Say nothing that is not asked for.
    pub quiet: bool,
}

/// How to print differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Every line, with its meaning above the file.
    Unified,
    /// One line a unit, then totals.
    Summary,
    /// One object, version 1.
    Json,
}

/// Compares.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(options: &Options, streams: &mut Streams<'_>) -> io::Result<Status> {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let Some(compared) = compare(options, &mut sources, &mut diagnostics) else {
        return fail(&diagnostics, &sources, "nothing was compared", streams);
    };
    let Compared { plan, note } = compared;
    let text = text(&plan, options.format, streams.colour_out);
    if let Some(note) = note.filter(|_| !options.quiet) {
        writeln!(streams.err, "{note}")?;
    }
    if !(options.paged && page(&text)) {
        write!(streams.out, "{text}")?;
    }
    // What stands in the way of an install is told beside the differences; JSON has it within.
    streams.out.flush()?;
    write!(streams.err, "{}", report::diff_summary::obstacles(&plan, false))?;
    Ok(if plan.is_empty() && plan.obstacles.is_empty() { Status::Clean } else { Status::Differs })
}

/// The text of a plan.
pub(super) fn text(plan: &Plan, format: Format, colour: bool) -> String {
    match format {
        Format::Unified => report::diff_unified::text(plan, report::diff_unified::Options { colour }),
        Format::Summary => report::diff_summary::text(plan, report::diff_summary::Options { colour }),
        Format::Json => report::diff_json::text(plan),
    }
}

/// What came of comparing.
struct Compared {
    plan: Plan,
    /// What an earlier run left behind.
    note: Option<String>,
}

fn compare(options: &Options, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<Compared> {
    let mut incoming = incoming::gather(&options.incoming, &options.host, sources, diagnostics)?;
    let disk = options.host.disk().map_err(|error| diagnostics.push(error)).ok()?;
    incoming.only(&options.incoming.only, &disk, diagnostics);
    incoming.leave_host_alone(&disk, false, diagnostics);
    if diagnostics.has_errors() {
        return None;
    }
    let failed = |error: crate::install::InstallError| Diagnostic::general(error.to_string());
    let standing = survey(&disk, &incoming.wanted, Memory::Whole);
    let standing = standing.map_err(|error| diagnostics.push(failed(error))).ok()?;
    let mut plan = plan(&incoming.wanted, &standing);
    let weighed = incoming.weigh(&mut plan, &standing);
    plan.obstacles.extend(weighed.errors.iter().map(|error| judged(error, incoming.layout())));
    let note = interrupted(&disk, incoming.layout()).map_err(|error| diagnostics.push(failed(error))).ok()?;
    let note = note.or_else(|| incoming.note());
    Some(Compared { plan, note })
}

/// An error of the judge as what it is to an install.
pub(super) fn judged(error: &crate::plan::Judgement, layout: &Layout) -> Obstacle {
    Obstacle {
        path: layout.place(&error.file),
        message: format!("[{}] {}", error.rule, error.message),
        help: format!("`plimsoll check` shows where, `plimsoll explain {}` says why", error.rule),
        can_be_forced: false,
    }
}

/// What a run that was killed left behind, for who only looks.
pub(super) fn interrupted(disk: &Disk, layout: &Layout) -> Result<Option<String>, crate::install::InstallError> {
    let Some(journal) = transaction::journal(disk, layout)? else { return Ok(None) };
    let number = journal.generation;
    let what = match journal.reason {
        Reason::Install => "install",
        Reason::Rollback(_) | Reason::PutBack(_) => "rollback",
        Reason::Uninstall => "uninstall",
    };
    let is_in = journal.files_are_in || transaction::has_been_swapped(disk, layout, &journal)?;
    Ok(Some(if is_in {
        format!(
            "note: the {what} that makes generation {number} was interrupted after its files were in: services may still run \
             as before; the next `plimsoll install` finishes it"
        )
    } else {
        format!(
            "note: the {what} that makes generation {number} was interrupted before its files were in: the former ones stand; \
             the next `plimsoll install` clears up after it"
        )
    }))
}

/// Prints complaints; the command has failed.
pub(super) fn fail(
    diagnostics: &Diagnostics,
    sources: &Sources,
    undone: &str,
    streams: &mut Streams<'_>,
) -> io::Result<Status> {
    write!(streams.err, "{}", report::diagnostics::text(diagnostics, sources, streams.colour, undone))?;
    Ok(Status::Failed)
}

/// Shows a text by `PLIMSOLL_PAGER` or `PAGER`; false where there is none, or it cannot be run.
fn page(text: &str) -> bool {
    let of = |name: &str| std::env::var(name).ok();
    let Some(pager) = of("PLIMSOLL_PAGER").or_else(|| of("PAGER")).filter(|pager| !pager.trim().is_empty()) else {
        return false;
    };
    let mut command = Command::new("sh");
    command.arg("-c").arg(&pager).stdin(Stdio::piped());
    if of("LESS").is_none() {
        // Colours, and no pager where everything fits on the screen.
        command.env("LESS", "FRX");
    }
    let Ok(mut child) = command.spawn() else { return false };
    if let Some(mut stdin) = child.stdin.take() {
        // Whoever has seen enough closes it.
        let _ = stdin.write_all(text.as_bytes());
    }
    child.wait().is_ok_and(|status| status.code() != Some(127))
}
