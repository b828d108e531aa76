//! The arguments of the commands that look at a host or change it.

use std::time::Duration;

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

use super::{Format, Global, folder};
use crate::commands::{
    diff,
    host::{Host, Name, Systemd, TimeSpan},
    incoming,
    install::{self, How},
    installed, top, verify,
};

/// The host.
#[derive(Args, Debug)]
pub struct HostArgs {
    /// Where the files of the host begin; another root than / talks to neither systemd nor podman
    #[arg(long, value_name = "DIR", default_value = "/", value_parser = folder)]
    pub root: Utf8PathBuf,
    /// For yourself, below `$XDG_CONFIG_HOME`, and not for the system
    #[arg(long)]
    pub user: bool,
}

impl HostArgs {
    fn host(self) -> Host {
        // A root that is written in another way is still the root.
        let is_root = self.root.canonicalize_utf8().is_ok_and(|real| real == "/");
        Host { root: if is_root { "/".into() } else { self.root }, user: self.user }
    }
}

/// Which installed catalog.
#[derive(Args, Debug)]
pub struct WhichArgs {
    /// The name of the catalog [default: that of the catalog directory, else the only one that is installed]
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub name: Option<Name>,
}

impl WhichArgs {
    fn which(self, global: &Global) -> installed::Which {
        installed::Which { place: global.place(), name: self.name }
    }
}

/// How to print differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// Every line that differs, with its meaning above each file
    Unified,
    /// One line a unit, then totals
    Summary,
    /// One object, version 1
    Json,
}

impl From<DiffFormat> for diff::Format {
    fn from(format: DiffFormat) -> Self {
        match format {
            DiffFormat::Unified => Self::Unified,
            DiffFormat::Summary => Self::Summary,
            DiffFormat::Json => Self::Json,
        }
    }
}

/// Options of `diff`.
#[derive(Args, Debug)]
pub struct DiffArgs {
    /// The host.
    #[command(flatten)]
    pub host: HostArgs,
    /// A rendered tree, in place of the catalog
    #[arg(long, value_name = "DIR", value_parser = folder)]
    pub from: Option<Utf8PathBuf>,
    /// The files of the host as well, as the table `host` of catalog.toml says
    #[arg(long)]
    pub with_host: bool,
    /// How to print the differences
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = DiffFormat::Unified)]
    pub format: DiffFormat,
}

impl DiffArgs {
    /// The options of the command.
    pub fn options(self, global: &Global, is_terminal: bool) -> diff::Options {
        diff::Options {
            incoming: incoming::Options {
                place: global.place(),
                from: self.from,
                only: Vec::new(),
                with_host: self.with_host,
            },
            host: self.host.host(),
            paged: is_terminal && self.format == DiffFormat::Unified,
            format: self.format.into(),
            quiet: global.quiet,
        }
    }
}

/// What happens to the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Restart {
    /// What changed restarts, what is new starts, what is gone stops
    Changed,
    /// systemd reads the units, and everything goes on as it runs
    None,
}

/// How the set goes in.
#[derive(Args, Debug)]
pub struct HowArgs {
    /// The host.
    #[command(flatten)]
    pub host: HostArgs,
    /// Print what would be done, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Throw away what was edited by hand; it is kept beside the generation
    #[arg(long)]
    pub force: bool,
    /// Ask nothing of systemd
    #[arg(long, conflicts_with = "restart")]
    pub no_reload: bool,
    /// What happens to the services
    #[arg(long, value_name = "WHICH", value_enum, default_value_t = Restart::Changed)]
    pub restart: Restart,
    /// How long to wait for each job of systemd, and for another plimsoll
    #[arg(long, value_name = "TIME", default_value = "10min", value_parser = span)]
    pub wait: Duration,
    /// How many generations to keep
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub keep: u16,
    /// How to print what changes
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub format: Option<DiffFormat>,
}

impl HowArgs {
    fn how(self, global: &Global) -> How {
        let systemd = match (self.no_reload, self.restart) {
            (true, _) => Systemd::Nothing,
            (_, Restart::None) => Systemd::ReloadOnly,
            (_, Restart::Changed) => Systemd::All,
        };
        How {
            host: self.host.host(),
            force: self.force,
            systemd,
            wait: self.wait,
            keep: self.keep.into(),
            quiet: global.quiet,
            is_json: self.format == Some(DiffFormat::Json),
        }
    }

    /// A dry run says what `diff` says; who installs gets a line a unit.
    fn format(&self) -> diff::Format {
        let default = if self.dry_run { DiffFormat::Unified } else { DiffFormat::Summary };
        self.format.unwrap_or(default).into()
    }
}

/// Options of `install`.
#[derive(Args, Debug)]
pub struct InstallArgs {
    /// How.
    #[command(flatten)]
    pub how: HowArgs,
    /// A rendered tree, in place of the catalog
    #[arg(long, value_name = "DIR", value_parser = folder)]
    pub from: Option<Utf8PathBuf>,
    /// Only these services, with the networks and volumes they need; all else stays as it was installed
    #[arg(long, value_name = "SERVICE", num_args = 1..)]
    pub only: Vec<String>,
    /// The files of the host as well, as the table `host` of catalog.toml says; without it those that are installed stay as they are
    #[arg(long, conflicts_with = "only")]
    pub with_host: bool,
    /// Do not pull the images of new and changed services first
    #[arg(long)]
    pub no_pull: bool,
}

impl InstallArgs {
    /// The options of the command.
    pub fn options(self, global: &Global) -> install::Options {
        install::Options {
            incoming: incoming::Options {
                place: global.place(),
                from: self.from,
                only: self.only,
                with_host: self.with_host,
            },
            dry_run: self.how.dry_run,
            format: self.how.format(),
            how: self.how.how(global),
            no_pull: self.no_pull,
        }
    }
}

/// Options of `status` and `history`.
#[derive(Args, Debug)]
pub struct InstalledArgs {
    /// The host.
    #[command(flatten)]
    pub host: HostArgs,
    /// Which.
    #[command(flatten)]
    pub which: WhichArgs,
    /// How to print it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

impl InstalledArgs {
    /// The options of `status`.
    pub fn status(self, global: &Global) -> installed::StatusOptions {
        installed::StatusOptions {
            which: self.which.which(global),
            host: self.host.host(),
            json: self.format == Format::Json,
        }
    }

    /// The options of `history`.
    pub fn history(self, global: &Global) -> installed::HistoryOptions {
        let installed::StatusOptions { which, host, json } = self.status(global);
        installed::HistoryOptions { which, host, json }
    }
}

/// Options of `rollback`.
#[derive(Args, Debug)]
pub struct RollbackArgs {
    /// How.
    #[command(flatten)]
    pub how: HowArgs,
    /// Which.
    #[command(flatten)]
    pub which: WhichArgs,
    /// The generation to go back to [default: the former one that came up]
    #[arg(value_name = "GENERATION")]
    pub generation: Option<u32>,
}

impl RollbackArgs {
    /// The options of the command.
    pub fn options(self, global: &Global) -> installed::RollbackOptions {
        installed::RollbackOptions {
            which: self.which.which(global),
            dry_run: self.how.dry_run,
            format: self.how.format(),
            how: self.how.how(global),
            generation: self.generation,
        }
    }
}

/// Options of `uninstall`.
#[derive(Args, Debug)]
pub struct UninstallArgs {
    /// How.
    #[command(flatten)]
    pub how: HowArgs,
    /// Which.
    #[command(flatten)]
    pub which: WhichArgs,
}

impl UninstallArgs {
    /// The options of the command.
    pub fn options(self, global: &Global) -> installed::UninstallOptions {
        installed::UninstallOptions {
            which: self.which.which(global),
            dry_run: self.how.dry_run,
            format: self.how.format(),
            how: self.how.how(global),
        }
    }
}

/// Options of `verify`.
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// The host.
    #[command(flatten)]
    pub host: HostArgs,
    /// Which.
    #[command(flatten)]
    pub which: WhichArgs,
    /// How to print it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Propose limits of which the most that was used is 80 %
    #[arg(long)]
    pub suggest: bool,
    /// Only these services
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
}

impl VerifyArgs {
    /// The options of the command.
    pub fn options(self, global: &Global) -> verify::Options {
        verify::Options {
            which: self.which.which(global),
            host: self.host.host(),
            services: self.services,
            format: self.format.into(),
            suggest: self.suggest,
            quiet: global.quiet,
            verbose: global.verbose,
        }
    }
}

/// Options of `top`.
#[derive(Args, Debug)]
pub struct TopArgs {
    /// The host.
    #[command(flatten)]
    pub host: HostArgs,
    /// The name of the catalog [default: that of the catalog directory, else all that stand on the host]
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub name: Option<Name>,
    /// Look again every 2 seconds, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Only these services
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
}

impl TopArgs {
    /// The options of the command; whether the table goes to a terminal.
    pub fn options(self, global: &Global, to_terminal: bool) -> top::Options {
        top::Options {
            which: installed::Which { place: global.place(), name: self.name },
            host: self.host.host(),
            services: self.services,
            format: self.format.into(),
            watch: self.watch,
            clear: to_terminal && self.format == Format::Text,
            quiet: global.quiet,
        }
    }
}

fn name(text: &str) -> Result<Name, String> {
    Name::new(text).map_err(|invalid| format!("{}: {}", invalid.message, invalid.help))
}

fn span(text: &str) -> Result<Duration, String> {
    let span = TimeSpan::parse(text).map_err(|invalid| format!("{}: {}", invalid.message, invalid.help))?;
    Ok(span.micros().map_or(Duration::MAX, Duration::from_micros))
}
