//! What is installed: `status`, `history`, `rollback` and `uninstall`. None of them needs the catalog.

use std::io;

use super::{
    Status, Streams,
    catalog::Place,
    diff,
    host::Host,
    incoming,
    install::{self, How, Told},
    manager::Live,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Sources},
    install::{
        InstallError,
        carry_out::Manager,
        disk::Disk,
        generations,
        installer::{self, Job, Outcome},
        survey::{Memory, survey},
        transaction,
    },
    install::{file_system::FileSystem as _, kept},
    model::Name,
    plan::{Layout, Reason, Standing, Wanted, plan},
    render::host::places,
    report::{self, status::Drift},
};

/// Which installed catalog.
#[derive(Clone, Debug)]
pub struct Which {
    /// Where its catalog directory is, if it is anywhere.
    pub place: Place,
    /// Its name.
    pub name: Option<Name>,
}

/// What `status` looks at.
#[derive(Clone, Debug)]
pub struct StatusOptions {
    /// Which catalog.
    pub which: Which,
    /// Where.
    pub host: Host,
    /// Print JSON.
    pub json: bool,
}

struct Found {
    disk: Disk,
    layout: Layout,
}

fn find(which: &Which, host: &Host, diagnostics: &mut Diagnostics) -> Option<Found> {
    let disk = host.disk().map_err(|error| diagnostics.push(error)).ok()?;
    let layout = host.installed(&disk, which.name.as_ref(), &which.place, diagnostics)?;
    Some(Found { disk, layout })
}

fn failed(error: &InstallError) -> Diagnostic {
    Diagnostic::general(error.to_string())
}

/// Says how the catalog, the last install and the disk stand to each other, and what runs.
///
/// # Errors
/// A stream that cannot be written to.
pub fn status(options: &StatusOptions, streams: &mut Streams<'_>) -> io::Result<Status> {
    let mut diagnostics = Diagnostics::new();
    let drift = find(&options.which, &options.host, &mut diagnostics)
        .and_then(|found| drift(options, &found, &mut diagnostics));
    let Some(drift) = drift else { return diff::fail(&diagnostics, &Sources::new(), "nothing was looked at", streams) };
    let text = if options.json { report::status::json(&drift) } else { report::status::text(&drift) };
    write!(streams.out, "{text}")?;
    Ok(if drift.is_clean() { Status::Clean } else { Status::Differs })
}

fn drift(options: &StatusOptions, found: &Found, diagnostics: &mut Diagnostics) -> Option<Drift> {
    let Found { disk, layout } = found;
    let looked = || -> Result<_, InstallError> {
        let last = transaction::standing_generation(disk, layout)?;
        let note = diff::interrupted(disk, layout)?;
        // The disk against the last install.
        let installed = match &last {
            Some(last) => generations::files(disk, layout, last)?,
            None => Wanted::nothing(layout.clone()),
        };
        let standing = survey(disk, &installed, Memory::Whole)?;
        let by_hand = plan(&installed, &standing);
        Ok((last, note, installed, by_hand, standing.other_catalogs))
    };
    let (last, note, installed, by_hand, other_catalogs) =
        looked().map_err(|error| diagnostics.push(failed(&error))).ok()?;
    // The catalog against the last install, as if nobody had touched the disk.
    let mut pending = None;
    if options.which.place.catalog.is_dir() {
        let place = options.which.place.clone();
        let with_host = installed.files.keys().any(|path| places::is_place(path));
        let incoming = incoming::Options { place, from: None, only: Vec::new(), with_host };
        let mut complaints = Diagnostics::new();
        match incoming::gather(&incoming, &options.host, &mut Sources::new(), &mut complaints) {
            Some(incoming) if incoming.layout().catalog == layout.catalog => {
                // A line that somebody else gave is not ours to give, and stands in no record.
                let looked = survey(disk, &incoming.wanted, Memory::Whole);
                let there = looked.map_err(|error| diagnostics.push(failed(&error))).ok()?.shared;
                let mut standing = Standing { other_catalogs, ..Standing::of(&installed) };
                for (path, text) in there {
                    standing.shared.entry(path).or_insert(text);
                }
                pending = Some(plan(&incoming.wanted, &standing));
            }
            Some(_) => {}
            None => diagnostics.push(
                Diagnostic::general(format!("the catalog `{}` cannot be read", options.which.place.catalog))
                    .help("`plimsoll check` says why"),
            ),
        }
    }
    if diagnostics.has_errors() {
        return None;
    }
    let units = match Live::of(layout, std::time::Duration::from_secs(60)).filter(|_| options.host.is_live()) {
        Some(live) => {
            let services = crate::plan::running_services(&installed);
            match live.systemd.states(&services) {
                Ok(states) => {
                    Some(states.into_iter().map(|(unit, state)| (unit, state.is_up(), state.words())).collect())
                }
                Err(error) => {
                    diagnostics.push(Diagnostic::general(error.to_string()));
                    return None;
                }
            }
        }
        None => None,
    };
    Some(Drift { catalog: layout.catalog.to_string(), last, note, by_hand, pending, units })
}

/// What `history` lists.
#[derive(Clone, Debug)]
pub struct HistoryOptions {
    /// Which catalog.
    pub which: Which,
    /// Where.
    pub host: Host,
    /// Print JSON.
    pub json: bool,
}

/// Says what was installed when.
///
/// # Errors
/// A stream that cannot be written to.
pub fn history(options: &HistoryOptions, streams: &mut Streams<'_>) -> io::Result<Status> {
    let HistoryOptions { which, host, json } = options;
    let mut diagnostics = Diagnostics::new();
    let Some(Found { disk, layout }) = find(which, host, &mut diagnostics) else {
        return diff::fail(&diagnostics, &Sources::new(), "nothing was looked at", streams);
    };
    let mut entries = Vec::new();
    let numbers = match generations::numbers(&disk, &layout) {
        Ok(numbers) => numbers,
        Err(error) => return install::failed(failed(&error), streams),
    };
    for number in numbers {
        entries.push(match generations::read(&disk, &layout, number) {
            Ok(generation) => {
                let is_failed = generations::is_failed(&disk, &layout, number).unwrap_or(false);
                report::history::Entry::Whole { generation: Box::new(generation), is_failed }
            }
            Err(error) => report::history::Entry::Damaged { number, why: error.to_string() },
        });
    }
    let text = if *json { report::history::json(&entries) } else { report::history::text(&entries) };
    write!(streams.out, "{text}")?;
    Ok(Status::Clean)
}

/// What to go back to.
#[derive(Clone, Debug)]
pub struct RollbackOptions {
    /// Which catalog.
    pub which: Which,
    /// Where, and how.
    pub how: How,
    /// The generation; the former one if none is named.
    pub generation: Option<u32>,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// How to say it.
    pub format: diff::Format,
}

/// Goes back to a generation.
///
/// # Errors
/// A stream that cannot be written to.
pub fn rollback(options: &RollbackOptions, streams: &mut Streams<'_>) -> io::Result<Status> {
    let mut diagnostics = Diagnostics::new();
    let Some(found) = find(&options.which, &options.how.host, &mut diagnostics) else {
        return diff::fail(&diagnostics, &Sources::new(), "nothing was changed", streams);
    };
    let Found { disk, layout } = &found;
    // What was interrupted decides which generation is the last.
    if !options.dry_run
        && let Err(error) = settle(&found, &options.how, streams)?
    {
        return install::failed(failed(&error), streams);
    }
    let target = || -> Result<Option<(u32, Wanted)>, InstallError> {
        let numbers = generations::numbers(disk, layout)?;
        let number = match options.generation {
            Some(number) => Some(number).filter(|number| numbers.contains(number)),
            None => installer::former(disk, layout)?,
        };
        let Some(number) = number else { return Ok(None) };
        let generation = generations::read(disk, layout, number)?;
        Ok(Some((number, generations::files(disk, layout, &generation)?)))
    };
    match target() {
        Err(error) => install::failed(failed(&error).help("`plimsoll history` lists the generations"), streams),
        Ok(None) => install::failed(
            Diagnostic::general(match options.generation {
                Some(number) => format!("there is no generation {number} of `{}`", layout.catalog),
                None => format!("there is no generation of `{}` to go back to", layout.catalog),
            })
            .help("`plimsoll history` lists the generations"),
            streams,
        ),
        Ok(Some((number, wanted))) => {
            let change = Change { wanted, reason: Reason::Rollback(number), what: "rollback" };
            bring_in(&found, change, &options.how, options.dry_run, options.format, streams)
        }
    }
}

/// What to take away.
#[derive(Clone, Debug)]
pub struct UninstallOptions {
    /// Which catalog.
    pub which: Which,
    /// Where, and how.
    pub how: How,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// How to say it.
    pub format: diff::Format,
}

/// Takes a catalog away: everything that it owns, and nothing else.
///
/// # Errors
/// A stream that cannot be written to.
pub fn uninstall(options: &UninstallOptions, streams: &mut Streams<'_>) -> io::Result<Status> {
    let mut diagnostics = Diagnostics::new();
    let Some(found) = find(&options.which, &options.how.host, &mut diagnostics) else {
        return diff::fail(&diagnostics, &Sources::new(), "nothing was changed", streams);
    };
    let wanted = Wanted::nothing(found.layout.clone());
    let change = Change { wanted, reason: Reason::Uninstall, what: "uninstall" };
    bring_in(&found, change, &options.how, options.dry_run, options.format, streams)
}

/// Finishes or undoes the files of an interrupted run; what is left for systemd stays to be done.
fn settle(found: &Found, how: &How, streams: &mut Streams<'_>) -> io::Result<Result<(), InstallError>> {
    let Found { disk, layout } = found;
    let note = match diff::interrupted(disk, layout) {
        Ok(Some(note)) => note,
        Ok(None) => return Ok(Ok(())),
        Err(error) => return Ok(Err(error)),
    };
    if !how.quiet {
        writeln!(streams.err, "{note}")?;
    }
    let lock = install::lock(disk, layout, how, &mut Vec::new(), streams)?;
    Ok(lock.and_then(|_lock| transaction::recover(disk, layout).map(drop)))
}

/// A set that was installed before, or nothing at all.
struct Change {
    wanted: Wanted,
    reason: Reason,
    what: &'static str,
}

fn bring_in(
    found: &Found,
    change: Change,
    how: &How,
    dry_run: bool,
    format: diff::Format,
    streams: &mut Streams<'_>,
) -> io::Result<Status> {
    let Found { disk, layout } = found;
    let Change { wanted, reason, what } = change;
    let looked = survey(disk, &wanted, if how.force { Memory::AsFarAsItGoes } else { Memory::Whole });
    let would = match looked {
        Ok(standing) => plan(&wanted, &standing),
        Err(error) => return install::failed(failed(&error), streams),
    };
    if dry_run || !how.quiet {
        write!(streams.out, "{}", diff::text(&would, format, streams.colour_out))?;
        streams.out.flush()?;
    }
    if dry_run {
        write!(streams.err, "{}", report::diff_summary::obstacles(&would, how.force))?;
        if would.obstacles.iter().any(|obstacle| !(how.force && obstacle.can_be_forced)) {
            writeln!(streams.err, "the {what} would be refused")?;
            return Ok(Status::Failed);
        }
        return Ok(if would.is_empty() { Status::Clean } else { Status::Differs });
    }
    let mut made = Vec::new();
    let lock = match install::lock(disk, layout, how, &mut made, streams)? {
        Ok(lock) => lock,
        Err(error) => return install::failed(failed(&error), streams),
    };
    let mut manager = how.live(layout);
    let is_uninstall = reason == Reason::Uninstall;
    let settings = how.settings();
    let outcome = installer::install(
        Job { disk, wanted: &wanted, reason: &reason, made: &made, settings: &settings },
        manager.as_mut().map(|live| live as &mut dyn Manager),
        &mut Told::plainly(streams, how),
        &lock,
    );
    let outcome = match outcome {
        Ok(outcome @ (Outcome::Done { .. } | Outcome::Nothing)) if is_uninstall => {
            installer::forget(disk, layout).map(|()| outcome)
        }
        outcome => outcome,
    };
    let is_gone = is_uninstall
        && match &outcome {
            Ok(Outcome::Done { trouble, .. }) => trouble.is_none(),
            outcome => matches!(outcome, Ok(Outcome::Nothing)),
        };
    if is_gone {
        if !how.quiet {
            install::say(how, streams, &format!("{}: everything that was installed is gone", layout.catalog))?;
            let kept = kept::kept_place(layout);
            if disk.entry(&kept).is_ok_and(|entry| entry.is_some()) {
                install::say(how, streams, &format!("what was written by hand is kept in /{kept}"))?;
            }
        }
        return Ok(Status::Clean);
    }
    install::ended(outcome, &wanted, how, what, streams)
}
