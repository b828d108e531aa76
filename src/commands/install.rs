//! `plimsoll install`, and the commands that install something else: `rollback` and `uninstall`.

use std::{
    collections::BTreeMap,
    io,
    time::{Duration, Instant},
};

use super::{
    Status, Streams, diff,
    host::{self, Host},
    incoming::{self, Incoming},
    manager::Live,
    preflight,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Sources},
    install::{
        InstallError,
        carry_out::{Heard, Manager, Trouble},
        disk::Disk,
        file_system::{Lock, Locked},
        installer::{self, Audience, Job, Outcome, Settings, Systemd},
        survey::{Memory, survey},
        transaction::Recovered,
    },
    model::subids::POOL_OWNER,
    plan::{Call, Layout, Meaning, Plan, Reason, Standing, Wanted, plan},
    report,
};

/// How to install.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is to be installed.
    pub incoming: incoming::Options,
    /// Where, and how.
    pub how: How,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// How to say it.
    pub format: diff::Format,
    /// Pull no images.
    pub no_pull: bool,
}

/// Where to install, and how.
#[derive(Clone, Debug)]
pub struct How {
    /// Where.
    pub host: Host,
    /// Throw away what was edited by hand.
    pub force: bool,
    /// What is asked of systemd.
    pub systemd: Systemd,
    /// How long to wait for another install, and for each job of systemd.
    pub wait: Duration,
    /// How many generations are kept.
    pub keep: usize,
    /// Say nothing that is not asked for.
    pub quiet: bool,
    /// Whether standard output is JSON: then words go to standard error.
    pub is_json: bool,
}

/// Says how it ended: on standard output, unless that is JSON.
pub(super) fn say(how: &How, streams: &mut Streams<'_>, line: &str) -> io::Result<()> {
    if how.is_json { writeln!(streams.err, "{line}") } else { writeln!(streams.out, "{line}") }
}

impl How {
    pub(super) fn settings(&self) -> Settings {
        Settings { force: self.force, systemd: self.systemd, keep: self.keep, now: host::now() }
    }

    /// systemd and podman, where they are to be asked.
    pub(super) fn live(&self, layout: &Layout) -> Option<Live> {
        let is_asked = self.host.is_live() && self.systemd != Systemd::Nothing;
        is_asked.then(|| Live::of(layout, self.wait)).flatten()
    }
}

/// Installs.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(options: &Options, streams: &mut Streams<'_>) -> io::Result<Status> {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let how = &options.how;
    let Some(mut incoming) = incoming::gather(&options.incoming, &how.host, &mut sources, &mut diagnostics) else {
        return diff::fail(&diagnostics, &sources, "nothing was installed", streams);
    };
    let disk = match how.host.disk() {
        Ok(disk) => disk,
        Err(error) => return failed(error, streams),
    };
    let mut made = Vec::new();
    let lock = if options.dry_run {
        None
    } else {
        match lock(&disk, incoming.layout(), how, &mut made, streams)? {
            Ok(lock) => Some(lock),
            Err(error) => return failed(Diagnostic::general(error.to_string()), streams),
        }
    };
    incoming.only(&options.incoming.only, &disk, &mut diagnostics);
    incoming.leave_host_alone(&disk, how.force, &mut diagnostics);
    if diagnostics.has_errors() {
        return diff::fail(&diagnostics, &incoming.sources, "nothing was installed", streams);
    }
    if let Some(note) = incoming.note().filter(|_| !how.quiet) {
        writeln!(streams.err, "{note}")?;
    }
    let layout = incoming.layout().clone();
    let live = how.live(&layout);
    let Some(lock) = lock else { return dry_run(options, &mut incoming, &disk, live.as_ref(), streams) };
    let wanted = incoming.wanted.clone();
    let mut manager = live;
    let probe = manager.clone();
    let mut audience =
        Told { streams, how, checks: Some(Checks { options, incoming, probe: probe.as_ref(), disk: &disk }) };
    let outcome = installer::install(
        Job { disk: &disk, wanted: &wanted, reason: &Reason::Install, made: &made, settings: &how.settings() },
        manager.as_mut().map(|live| live as &mut dyn Manager),
        &mut audience,
        &lock,
    );
    ended(outcome, &wanted, how, "install", audience.streams)
}

/// Says what would be done.
fn dry_run(
    options: &Options,
    incoming: &mut Incoming,
    disk: &Disk,
    live: Option<&Live>,
    streams: &mut Streams<'_>,
) -> io::Result<Status> {
    let how = &options.how;
    let looked = diff::interrupted(disk, incoming.layout())
        .and_then(|note| Ok((note, survey(disk, &incoming.wanted, memory(how))?)));
    let (note, standing) = match looked {
        Ok(looked) => looked,
        Err(error) => return failed(Diagnostic::general(error.to_string()), streams),
    };
    if let Some(note) = note.filter(|_| !how.quiet) {
        writeln!(streams.err, "{note}")?;
    }
    let mut plan = plan(&incoming.wanted, &standing);
    let weighed = incoming.weigh(&mut plan, &standing);
    plan.obstacles.extend(weighed.errors.iter().map(|error| diff::judged(error, incoming.layout())));
    write!(streams.out, "{}", diff::text(&plan, options.format, streams.colour_out))?;
    streams.out.flush()?;
    write!(streams.err, "{}", report::diff_summary::obstacles(&plan, how.force))?;
    let found = preflight::look(&plan, &incoming.wanted, disk, &how.host, live);
    say_troubles(&found.troubles, how.host.is_live(), streams)?;
    let is_refused = plan.obstacles.iter().any(|obstacle| !(how.force && obstacle.can_be_forced));
    if is_refused || (how.host.is_live() && !found.troubles.is_empty()) {
        writeln!(streams.err, "an install would be refused")?;
        return Ok(Status::Failed);
    }
    Ok(if plan.is_empty() { Status::Clean } else { Status::Differs })
}

fn memory(how: &How) -> Memory {
    if how.force { Memory::AsFarAsItGoes } else { Memory::Whole }
}

fn say_troubles(troubles: &[preflight::Trouble], is_live: bool, streams: &mut Streams<'_>) -> io::Result<()> {
    // Another root is not the host that runs the services: what is missing there may come later.
    let word = if is_live { "error" } else { "warning" };
    for trouble in troubles {
        writeln!(streams.err, "{word}: {}\n  = help: {}", trouble.message, trouble.help)?;
    }
    Ok(())
}

/// Takes the lock of the host, and waits for whoever has it.
pub(super) fn lock(
    disk: &Disk,
    layout: &Layout,
    how: &How,
    made: &mut Vec<String>,
    streams: &mut Streams<'_>,
) -> io::Result<Result<Lock, InstallError>> {
    const GLANCE: Duration = Duration::from_millis(100);
    let who = format!("process {} on {}\n", std::process::id(), layout.catalog);
    let start = Instant::now();
    let mut told = false;
    loop {
        let holder = match installer::lock(disk, layout, &who, made) {
            Ok(Locked::Held(lock)) => return Ok(Ok(lock)),
            Ok(Locked::ByOthers(holder)) => holder,
            Err(error) => return Ok(Err(error)),
        };
        if start.elapsed() >= how.wait {
            let path = format!("/{}", installer::lock_place(layout));
            return Ok(Err(InstallError::Held { path, holder }));
        }
        if !told && !how.quiet {
            writeln!(streams.err, "waiting for another plimsoll: {holder}")?;
            told = true;
        }
        std::thread::sleep(GLANCE);
    }
}

/// What an install of a catalog looks at before anything is changed.
struct Checks<'a> {
    options: &'a Options,
    incoming: Incoming,
    probe: Option<&'a Live>,
    disk: &'a Disk,
}

/// Tells people of the steps of an install.
pub(super) struct Told<'a, 's> {
    pub(super) streams: &'a mut Streams<'s>,
    how: &'a How,
    checks: Option<Checks<'a>>,
}

impl<'a, 's> Told<'a, 's> {
    /// For what was installed before, and needs no second look.
    pub(super) fn plainly(streams: &'a mut Streams<'s>, how: &'a How) -> Self {
        Self { streams, how, checks: None }
    }

    fn say(&mut self, line: &str) {
        if !self.how.quiet {
            let _ = writeln!(self.streams.err, "{line}");
        }
    }
}

impl Audience for Told<'_, '_> {
    fn recovered(&mut self, recovered: &Recovered) {
        let number = recovered.generation;
        let what = match (&recovered.reason, recovered.is_in) {
            (Reason::Uninstall, _) => "an uninstall was interrupted".to_owned(),
            (_, true) => format!("the install of generation {number} was interrupted with its files in: finishing it"),
            (_, false) => {
                format!("the install of generation {number} was interrupted before its files were in: undone")
            }
        };
        self.say(&format!("note: {what}"));
    }

    fn planned(&mut self, plan: &mut Plan, standing: &Standing) -> Result<(), InstallError> {
        let Some(checks) = &mut self.checks else { return Ok(()) };
        let options = checks.options;
        if plan.is_empty() {
            if self.how.is_json {
                let _ = write!(self.streams.out, "{}", diff::text(plan, options.format, false));
            }
            return Ok(());
        }
        let weighed = checks.incoming.weigh(plan, standing);
        plan.obstacles.extend(weighed.errors.iter().map(|error| diff::judged(error, checks.incoming.layout())));
        let is_refused = plan.obstacles.iter().any(|obstacle| !(self.how.force && obstacle.can_be_forced));
        if !self.how.quiet || self.how.is_json {
            let _ = write!(self.streams.out, "{}", diff::text(plan, options.format, self.streams.colour_out));
        }
        let _ = self.streams.out.flush();
        if is_refused {
            return Ok(());
        }
        let found = preflight::look(plan, &checks.incoming.wanted, checks.disk, &self.how.host, checks.probe);
        let _ = say_troubles(&found.troubles, self.how.host.is_live(), self.streams);
        if self.how.host.is_live() && !found.troubles.is_empty() {
            return Err(InstallError::NotReady(found.troubles.len()));
        }
        let Some(live) = checks.probe.filter(|_| !options.no_pull) else { return Ok(()) };
        let mut failures = Vec::new();
        for image in &found.images {
            // `missing` is podman's word for: what is there is good enough.
            if live.podman.has(crate::live::podman::Thing::Image, image).unwrap_or(false) {
                continue;
            }
            if !self.how.quiet {
                let _ = writeln!(self.streams.err, "pulling {image}");
            }
            failures.extend(live.podman.pull(image).err().map(|error| error.to_string()));
        }
        if failures.is_empty() { Ok(()) } else { Err(InstallError::NotPulled(failures)) }
    }

    fn hear(&mut self, heard: Heard<'_>) {
        let call = match heard {
            Heard::Call(call) => call,
            Heard::Restarts(why) => return self.say(&format!("note: {}", escaped(&why.to_string()))),
        };
        let units = |units: &[String]| match units {
            few if few.len() <= 6 => few.join(", "),
            many => format!("{} and {} more", many[..5].join(", "), many.len() - 5),
        };
        let line = match call {
            Call::Stop(list) => format!("stopping {}", units(list)),
            Call::RemoveNetwork(name) => format!("removing the podman network {name}"),
            Call::Reload => "having systemd read its units".to_owned(),
            Call::MakeUsers => format!("making the user {POOL_OWNER}, if it is not there"),
            Call::SetLimits(limits) => format!("setting the limits of {}", limits.unit),
            Call::SetLiveLimits(limits) => format!("setting the limits of {}, which goes on running", limits.service),
            Call::CheckLimits(limits) => format!("reading the limits of {} in the kernel", limits.service),
            // It belongs to what was told before.
            Call::ForgetOverrides(_) => return,
            Call::Restart(list) | Call::RestartIfRunning(list) => format!("restarting {}", units(list)),
            Call::Start(list) => format!("starting {}", units(list)),
            Call::StopSlices(list) => format!("clearing {}", units(list)),
        };
        self.say(&line);
    }

    fn puts_back(&mut self, trouble: &Trouble) {
        let _ = say_trouble(trouble, self.streams);
        self.say("putting back what was there before");
    }
}

fn say_trouble(trouble: &Trouble, streams: &mut Streams<'_>) -> io::Result<()> {
    for error in &trouble.errors {
        writeln!(streams.err, "error: {}", escaped(&error.to_string()))?;
    }
    for down in &trouble.down {
        writeln!(streams.err, "error: {} is {}", down.service, down.state)?;
        for line in &down.log {
            writeln!(streams.err, "  | {}", escaped(line))?;
        }
    }
    Ok(())
}

/// What others wrote must not steer a terminal.
fn escaped(text: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\n' { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

pub(super) fn failed(error: Diagnostic, streams: &mut Streams<'_>) -> io::Result<Status> {
    let mut diagnostics = Diagnostics::new();
    diagnostics.push(error);
    diff::fail(&diagnostics, &Sources::new(), "nothing was changed", streams)
}

/// What an install does not do, each once, with the files that it is about.
fn left_to_you(plan: &Plan) -> BTreeMap<&str, Vec<String>> {
    let mut left: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for step in &plan.steps {
        for meaning in &step.means {
            if let Meaning::LeftToYou(what) = meaning {
                left.entry(what).or_default().push(format!("/{}", step.path));
            }
        }
    }
    left
}

/// Says how it ended.
pub(super) fn ended(
    outcome: Result<Outcome, InstallError>,
    wanted: &Wanted,
    how: &How,
    what: &str,
    streams: &mut Streams<'_>,
) -> io::Result<Status> {
    let catalog = &wanted.layout.catalog;
    match outcome {
        Err(error) => {
            let disk = how.host.disk().ok();
            let note = disk.and_then(|disk| diff::interrupted(&disk, &wanted.layout).ok().flatten());
            writeln!(streams.err, "error: {error}")?;
            match note {
                Some(note) => writeln!(streams.err, "{note}")?,
                None => writeln!(streams.err, "nothing was changed")?,
            }
            Ok(Status::Failed)
        }
        Ok(Outcome::Nothing) => {
            if !how.quiet {
                let files = wanted.files.len();
                say(how, streams, &format!("{catalog}: nothing to do, all {files} files are as they should be"))?;
            }
            Ok(Status::Clean)
        }
        Ok(Outcome::Refused(plan)) => {
            write!(streams.err, "{}", report::diff_summary::obstacles(&plan, how.force))?;
            writeln!(streams.err, "the {what} was refused, and nothing was changed")?;
            Ok(Status::Failed)
        }
        Ok(Outcome::Done { plan, generation, trouble }) => {
            say_trouble(&trouble, streams)?;
            if !how.quiet {
                let line = match generation {
                    Some(number) => format!("{catalog}: generation {number} is in"),
                    None => format!("{catalog}: what was left of an interrupted install is done"),
                };
                say(how, streams, &line)?;
                for (left, paths) in left_to_you(&plan) {
                    say(how, streams, &format!("left to you: {left} ({})", paths.join(", ")))?;
                }
            }
            Ok(Status::Clean)
        }
        Ok(Outcome::PutBack { failed, on_the_way_back, .. }) => {
            say_trouble(&on_the_way_back, streams)?;
            writeln!(streams.err, "{catalog}: generation {failed} did not come up, and what was there before is back")?;
            if !on_the_way_back.is_none() {
                writeln!(streams.err, "not everything of it runs: see above")?;
            }
            Ok(Status::Differs)
        }
    }
}
