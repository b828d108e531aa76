//! `plimsoll generator`: at boot and at every `daemon-reload`, catalogs become units without anything being installed.
//!
//! docs/generator.md says why it goes about it in this way.

mod called;
mod found;
mod read;
mod taken;

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use camino::Utf8PathBuf;

use super::{Status, host::Host};
use crate::{
    diagnostic::Severity,
    install::{
        InstallError,
        disk::Disk,
        file_system::FileSystem,
        generated::{self, Stage, Units},
    },
    live::quadlet::Quadlet,
    model::Name,
    report::log::Line,
};
pub use called::{Called, Scope, run_as_called};
use found::Found;
use read::{Ready, Refused, refused};
use taken::{Podmans, Scene};

/// Nobody reads more lines of a catalog than this at boot; `plimsoll check` tells the rest.
const MOST_LINES: usize = 20;

/// What to generate, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the files of the host begin.
    pub root: Utf8PathBuf,
    /// Whose manager asks.
    pub scope: Scope,
    /// Directories of catalogs; of catalogs of one name, that in the first of them stands.
    pub catalogs: Vec<Utf8PathBuf>,
    /// The directory that systemd reads what is generated from: the first argument of systemd.generator(7).
    pub normal: Utf8PathBuf,
    /// Where the trees that stand are remembered until the machine is switched off; `None` for a trial.
    pub state: Option<Utf8PathBuf>,
    /// Podman's generator: the first of these that is there.
    pub quadlet: Vec<Utf8PathBuf>,
}

/// The trees that stand on a host because they were generated, by the names of their catalogs; all, or that of a name.
pub(super) fn standing(host: &Host, name: Option<&Name>) -> Vec<(Name, Utf8PathBuf)> {
    let runtime = || std::env::var("XDG_RUNTIME_DIR").ok().map(|dir| dir.trim_start_matches('/').to_owned());
    let dir = if host.user { runtime().unwrap_or_default() } else { "run".to_owned() };
    let dir = host.root.join(dir).join(called::STATE);
    let entries = dir.read_dir_utf8().into_iter().flatten().flatten();
    let trees = entries.filter_map(|entry| Some((Name::new(entry.file_name()).ok()?, entry.into_path())));
    let mut trees: Vec<_> = trees.filter(|(own, _)| name.is_none_or(|name| name == own)).collect();
    trees.sort();
    trees
}

/// Who hears what goes wrong, line by line.
pub type Log<'a> = dyn FnMut(Severity, &str) + 'a;

/// Generates, and never lets one catalog's fault be another's.
///
/// The status says whether every catalog stands as it is written (0), some do not (1), or nothing was generated (2).
pub fn run(options: &Options, log: &mut Log<'_>) -> Status {
    let (found, complaints) = found::catalogs(&options.catalogs);
    for complaint in &complaints {
        log(Severity::Error, complaint);
    }
    let is_idle = found.is_empty() && !options.state.as_ref().is_some_and(|state| state.exists());
    let status = if is_idle { Status::Clean } else { on_the_disk(options, &found, log) };
    match status {
        Status::Clean if !complaints.is_empty() && found.is_empty() => Status::Failed,
        Status::Clean if !complaints.is_empty() => Status::Differs,
        status => status,
    }
}

fn on_the_disk(options: &Options, found: &[Found], log: &mut Log<'_>) -> Status {
    match Disk::beneath(&options.root) {
        Ok(disk) => Work::new(&disk, options).run(found, log),
        Err(error) => {
            log(Severity::Error, &format!("{}: {error}; nothing was generated", options.root));
            Status::Failed
        }
    }
}

/// The same on a disk that was opened, so that a test can make each touch of it the last.
pub fn run_on(disk: &dyn FileSystem, options: &Options, log: &mut Log<'_>) -> Status {
    Work::new(disk, options).run(&found::catalogs(&options.catalogs).0, log)
}

struct Work<'a> {
    disk: &'a dyn FileSystem,
    options: &'a Options,
    /// The directories of the options, beneath the root and without a leading slash.
    normal: String,
    state: Option<String>,
    podmans: OnceCell<Podmans>,
}

/// What stands so far.
#[derive(Default)]
struct Standing {
    /// The catalogs that stand as they are written.
    new: Vec<Ready>,
    /// How many stand as they were before.
    old: usize,
    /// Whose a service is.
    services: BTreeMap<String, Name>,
    /// Whose a slice is, and what it says.
    slices: BTreeMap<String, (Name, String)>,
}

impl<'a> Work<'a> {
    fn new(disk: &'a dyn FileSystem, options: &'a Options) -> Self {
        let beneath =
            |path: &Utf8PathBuf| path.strip_prefix(&options.root).unwrap_or(path).as_str().trim_matches('/').to_owned();
        let state = options.state.as_ref().map(beneath);
        Self { disk, options, normal: beneath(&options.normal), state, podmans: OnceCell::new() }
    }

    fn run(&self, found: &[Found], log: &mut Log<'_>) -> Status {
        let standing = match self.generate(found, log) {
            Ok(standing) => standing,
            Err(error) => {
                log(Severity::Error, &format!("{error}; nothing was generated"));
                return Status::Failed;
            }
        };
        if let Err(error) = self.remember(found, &standing.new) {
            let message = "what was generated stands all the same, but the next mistake may take it away";
            log(Severity::Warning, &format!("{error}; {message}"));
        }
        match standing {
            Standing { new, .. } if new.len() == found.len() => Status::Clean,
            Standing { new, old, .. } if new.len() + old > 0 => Status::Differs,
            _ => Status::Failed,
        }
    }

    /// Generates what can be.
    ///
    /// # Errors
    /// What the system refused; then nothing is there.
    fn generate(&self, found: &[Found], log: &mut Log<'_>) -> Result<Standing, InstallError> {
        let mut standing = Standing::default();
        if found.is_empty() {
            return Ok(standing);
        }
        let Some(quadlet) = Quadlet::find(&self.options.quadlet, self.options.scope == Scope::User) else {
            let names: Vec<&str> = self.options.quadlet.iter().map(|program| program.as_str()).collect();
            let names = names.join(", ");
            log(Severity::Error, &format!("Podman's generator is not there, so nothing was generated: {names}"));
            return Ok(standing);
        };
        let mut stage = Stage::begin(self.disk, &self.normal)?;
        let host = Host { root: self.options.root.clone(), user: self.options.scope == Scope::User };
        for found in found {
            let mut tell = |lines: &[Line]| tell(&found.name, lines, log);
            let lines = match self.make(read::read(found, &host), &quadlet, &mut stage, &mut standing)? {
                Ok((ready, warnings)) => {
                    tell(&warnings);
                    standing.new.push(ready);
                    continue;
                }
                Err(lines) => lines,
            };
            tell(&lines);
            let tree = self.remembered(&found.name);
            let before = tree.map(|tree| read::read_remembered(found, &tree, &host));
            let made = before.map(|before| self.make(before, &quadlet, &mut stage, &mut standing)).transpose()?;
            tell(&[match made {
                Some(Ok(_)) => {
                    standing.old += 1;
                    (Severity::Warning, "it stays as it was before the mistake".to_owned())
                }
                _ => (Severity::Error, "nothing of it was generated".to_owned()),
            }]);
        }
        stage.hand_over()?;
        Ok(standing)
    }

    /// Takes a catalog into the set, and gives what is to be said of it.
    ///
    /// # Errors
    /// What the system refused; within, why the catalog may not stand.
    fn make(
        &self,
        read: Result<Ready, Refused>,
        quadlet: &Quadlet,
        stage: &mut Stage<'_>,
        standing: &mut Standing,
    ) -> Result<Result<(Ready, Vec<Line>), Refused>, InstallError> {
        let ready = match read {
            Ok(ready) => ready,
            Err(lines) => return Ok(Err(lines)),
        };
        let podmans = self.podmans.get_or_init(|| Podmans::read(self.disk, &ready.layout));
        let Options { root, .. } = self.options;
        let scene = Scene { disk: self.disk, root, layout: &ready.layout, normal: &self.normal, podmans };
        let mut lines = taken::look(&scene, &ready.units)?;
        lines.extend(standing.taken(&ready.units));
        if lines.iter().any(|(severity, _)| *severity == Severity::Error) {
            return Ok(Err(lines));
        }
        let places = stage.lay_out(&ready.name, &ready.quadlets)?;
        if !ready.quadlets.is_empty() {
            match quadlet.convert(&root.join(&places.units), &root.join(&places.made)) {
                Ok(said) => lines.extend(said.into_iter().map(|line| (Severity::Warning, line))),
                Err(error) => {
                    let said = error.message.lines().map(|line| (Severity::Error, format!("Podman: {line}")));
                    return Ok(Err(said.collect()));
                }
            }
        }
        // Podman passes over some mistakes with status 0.
        let made = stage.made(&ready.name)?;
        if let Some((service, source)) = ready.units.services.iter().find(|(service, _)| !made.contains(service)) {
            return Ok(Err(refused(format!("{source}: Podman's generator made no `{service}` of it"))));
        }
        stage.take(&ready.name, &ready.units)?;
        standing.add(&ready);
        Ok(Ok((ready, lines)))
    }

    /// The tree of a catalog that stood before.
    fn remembered(&self, name: &Name) -> Option<Utf8PathBuf> {
        Some(self.options.state.as_ref()?.join(name.as_str())).filter(|tree| tree.is_dir())
    }

    fn remember(&self, found: &[Found], new: &[Ready]) -> Result<(), InstallError> {
        let Some(state) = &self.state else { return Ok(()) };
        for ready in new {
            generated::remember(self.disk, state, &ready.name, &ready.tree(self.options.scope))?;
        }
        generated::forget(self.disk, state, &found.iter().map(|found| &found.name).collect::<BTreeSet<_>>())
    }
}

impl Standing {
    /// What other catalogs have made already that a catalog would make as well.
    fn taken(&self, units: &Units) -> Vec<Line> {
        let services = units.services.iter().filter_map(|(name, _)| Some((name, self.services.get(name)?)));
        let slices = units.slices.iter().filter_map(|(name, text)| {
            let (other, _) = self.slices.get(name).filter(|(_, there)| !taken::say_the_same(there, text))?;
            Some((name, other))
        });
        let line = |(name, other)| (Severity::Error, format!("`{name}` is one of the catalog `{other}` already"));
        services.chain(slices).map(line).collect()
    }

    fn add(&mut self, ready: &Ready) {
        let Units { slices, services } = &ready.units;
        self.services.extend(services.iter().map(|(name, _)| (name.clone(), ready.name.clone())));
        self.slices.extend(slices.iter().map(|(name, text)| (name.clone(), (ready.name.clone(), text.clone()))));
    }
}

/// Tells the lines of a catalog, and not more of them than somebody reads.
fn tell(name: &Name, lines: &[Line], log: &mut Log<'_>) {
    for (severity, line) in lines.iter().take(MOST_LINES) {
        log(*severity, &format!("catalog `{name}`: {line}"));
    }
    if let Some(more) = lines.len().checked_sub(MOST_LINES).filter(|more| *more > 0) {
        log(Severity::Error, &format!("catalog `{name}`: and {more} more: run `plimsoll check` on it"));
    }
}
