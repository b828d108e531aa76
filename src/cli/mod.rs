//! The command line: clap's types, and how they become the options of a command.

mod host;
mod hosts;
mod judged;
mod pages;

pub use host::{HostCheckArgs, HostCheckFormat, HostCommand, HostRenderArgs};
pub use hosts::{
    DiffArgs, DiffFormat, HostArgs, HowArgs, InstallArgs, InstalledArgs, Restart, RollbackArgs, TopArgs, UninstallArgs,
    VerifyArgs, WhichArgs,
};
pub use judged::{CheckArgs, CheckFormat, FailOn, JudgedArgs, ProfileArg, ScoreArgs};
pub use pages::{completions, man};

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::{self, catalog::Place, generator::Called, schema::SchemaOf};

/// Renders a catalog of services into hardened Podman Quadlet and systemd units, and judges units.
///
/// A catalog is a directory of TOML files, one for each service. Plimsoll renders it into a tree of units that mirrors
/// the host, every limit stated in every layer that can enforce it.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, arg_required_else_help = true, after_help = AFTER_HELP)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Exit status:
  0  done, nothing to say
  1  differences, findings at or above --fail-on, a service above --threshold, a failing check
  2  it could not be done, and nothing was changed";

/// How to print where there are two ways
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One object, version 1
    Json,
}

impl From<Format> for commands::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Json => Self::Json,
        }
    }
}

/// Options of every command.
#[derive(Args, Debug)]
pub struct Global {
    /// The catalog directory
    #[arg(long, global = true, value_name = "DIR", env = "PLIMSOLL_CATALOG", default_value = Place::DEFAULT)]
    pub catalog: Utf8PathBuf,
    /// Templates of your own [default: templates, beside the catalog directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub templates: Option<Utf8PathBuf>,
    /// When to colour messages; NO_COLOR is honoured
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
    /// Print only what was asked for
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print more
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

impl Global {
    fn place(&self) -> Place {
        Place { catalog: self.catalog.clone(), templates: self.templates.clone() }
    }
}

/// When to colour messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Render the catalog into a tree of units
    ///
    /// The tree mirrors the host: Quadlet units in etc/containers/systemd/NAME/, slices in etc/systemd/system/. The
    /// folder is left holding exactly what the catalog says; files of other tools in it are left alone. Nothing is
    /// written where anything is wrong.
    Render(RenderArgs),
    /// Judge the catalog's units, or any directory of Quadlet files
    ///
    /// Says what Podman and systemd would refuse, ignore or lose, and what weakens a service. Without PATH the catalog
    /// is rendered and judged; with PATH the .container, .volume, .network, .pod, .kube, .image, .build and .artifact
    /// files found there, their drop-ins and slices. `plimsoll explain RULE` says more about a finding.
    Check(CheckArgs),
    /// Explain a rule of `check` or a check of the host, or list them all
    ///
    /// Says when it fires and why that matters, shows what is bad and what is good, how to mend it, how to accept it,
    /// and where it comes from.
    Explain {
        /// Ids or names of rules and checks: PL203, writable-rootfs, HC04
        #[arg(value_name = "RULE")]
        rules: Vec<String>,
    },
    /// Tell how exposed each service is, from 0.0 to 10.0
    ///
    /// The scale and the names of its bands are those of `systemd-analyze security`, but it weighs what the container
    /// may do and not what podman may. Where the unit does not tell, the exposure is an interval. A single service, or
    /// all with -v, are told facet by facet.
    Score(ScoreArgs),
    /// Show what an install would change on the host, and what each change means
    ///
    /// Nothing is changed, and no root is needed where the files can be read. The meaning of each change stands above its
    /// file: what restarts, what stops, what gets weaker. On a terminal a pager is used if `PLIMSOLL_PAGER` or `PAGER`
    /// names one.
    Diff(DiffArgs),
    /// Install the catalog on the host, all of it or nothing
    ///
    /// The units go in as one, with one rename; then systemd stops what is gone, starts what is new and restarts what
    /// changed, and nothing else. What does not come up puts the former set back. Errors of `check`, files edited by hand
    /// and names that are taken stop an install before anything is touched.
    Install(InstallArgs),
    /// Say how the catalog, the last install and the disk stand to each other
    Status(InstalledArgs),
    /// List what was installed when
    History(InstalledArgs),
    /// Go back to what was installed before
    Rollback(RollbackArgs),
    /// Take the catalog away from the host: everything that it owns, and nothing else
    ///
    /// Volumes and their data stay.
    Uninstall(UninstallArgs),
    /// Hold the running services against what their units declare
    ///
    /// Reads the kernel's files in /proc and /sys/fs/cgroup, and asks neither systemd nor podman: limits at every layer,
    /// ids, capabilities, mounts, the network. Without a catalog the last install says what is declared, or what was
    /// generated at boot. The exit status is 1 if a promise does not hold, 2 if one could not be read and none is broken.
    Verify(VerifyArgs),
    /// Show what every service uses of what it may
    ///
    /// One table of memory, OOM kills, restarts, tasks, CPU time, ids on the host and state, across the services of the
    /// system and of users; from 80 % of a limit on, memory and tasks are marked. Without a catalog directory it is those
    /// of all catalogs that stand on the host. Read from the kernel's files; only the restarts and the state are
    /// systemd's, which is not asked beneath another root than /.
    Top(TopArgs),
    /// Make units of the catalogs in /etc/plimsoll when the machine boots
    ///
    /// Called by systemd (see systemd.generator(7)) at boot and at every daemon-reload, for the catalogs beneath
    /// /etc/plimsoll and /usr/share/plimsoll, or for a user beneath ~/.config/plimsoll: through a link to this program in
    /// /usr/lib/systemd/system-generators/ or user-generators/ that is called plimsoll-generator. Run by hand it writes
    /// into NORMAL and nowhere else, and remembers nothing. --catalog and --templates count for nothing here.
    Generator(GeneratorArgs),
    /// The host itself: where it stands, and the files that bring it there
    #[command(subcommand)]
    Host(HostCommand),
    /// Print the JSON Schema of the catalog's TOML files
    ///
    /// Editors complete and check the files with it; see the README for how to switch it on.
    Schema {
        /// The kind of file
        #[arg(value_enum, default_value_t = FileKind::Any, value_name = "FILE")]
        of: FileKind,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the man page
    Man,
}

/// Options of `generator`.
#[derive(Args, Debug)]
pub struct GeneratorArgs {
    /// The directory for units
    #[arg(value_name = "NORMAL", value_parser = folder)]
    pub normal: Utf8PathBuf,
    /// That for units that go before everything else; nothing is written there
    #[arg(value_name = "EARLY")]
    pub early: Option<Utf8PathBuf>,
    /// That for units that everything else goes before; nothing is written there
    #[arg(value_name = "LATE")]
    pub late: Option<Utf8PathBuf>,
}

impl GeneratorArgs {
    /// The call of the generator.
    pub fn called(self) -> Called {
        Called::by_command(self.normal)
    }
}

/// A folder that has a name: an empty one comes of a variable that was not set.
fn folder(text: &str) -> Result<Utf8PathBuf, String> {
    if text.is_empty() { Err("the name of the folder is empty".to_owned()) } else { Ok(text.into()) }
}

/// A kind of TOML file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FileKind {
    /// Whatever the file is
    Any,
    /// catalog.toml
    Catalog,
    /// stack.toml
    Stack,
    /// The file of a service
    Service,
}

impl From<FileKind> for SchemaOf {
    fn from(kind: FileKind) -> Self {
        match kind {
            FileKind::Any => Self::Any,
            FileKind::Catalog => Self::Catalog,
            FileKind::Stack => Self::Stack,
            FileKind::Service => Self::Service,
        }
    }
}

/// Options of `render`.
#[derive(Args, Debug)]
pub struct RenderArgs {
    /// The folder of the tree [default: out, beside the catalog directory]
    #[arg(long, value_name = "DIR", conflicts_with = "stdout", value_parser = folder)]
    pub out: Option<Utf8PathBuf>,
    /// Print the units in podman's .quadlets form in place of writing them
    #[arg(long, conflicts_with = "check")]
    pub stdout: bool,
    /// Say whether the tree is what the catalog says, and write nothing; with -v also how it differs
    #[arg(long)]
    pub check: bool,
    /// Only these services; then nothing is removed
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
}

impl RenderArgs {
    /// The options of the command.
    pub fn options(self, global: &Global) -> commands::render::Options {
        let mode = match (self.stdout, self.check) {
            (true, _) => commands::render::Mode::Stdout,
            (_, true) => commands::render::Mode::Check,
            _ => commands::render::Mode::Write,
        };
        commands::render::Options {
            place: global.place(),
            out: self.out,
            mode,
            services: self.services,
            quiet: global.quiet,
            verbose: global.verbose,
        }
    }
}
