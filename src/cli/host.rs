//! The arguments of `plimsoll host`: the host itself, and not what is installed on it.

use camino::Utf8PathBuf;
use clap::{Args, Subcommand, ValueEnum};

use super::{Global, folder, judged::day};
use crate::commands::{host_check, judged::Date, render};

/// What to do about the host.
#[derive(Debug, Subcommand)]
pub enum HostCommand {
    /// Say where the host stands: what containers rely on, and what is open
    ///
    /// Reads files beneath --root, and changes nothing. Each check passes, warns, fails, does not apply or cannot be told;
    /// what could not be read never passes. With a catalog it also says whether the host can carry it. `plimsoll explain
    /// HC04` says more about a check.
    Check(HostCheckArgs),
    /// Render the files of the host itself into the tree of the units
    ///
    /// Podman's settings, ids, modules, audit rules, timers and more, as the table `host` of catalog.toml says; each file tells why it
    /// is there. `plimsoll install --with-host` brings them in, and `plimsoll diff --with-host` shows what that changes.
    Render(HostRenderArgs),
}

/// How to print the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HostCheckFormat {
    /// For people
    Text,
    /// One object, version 1
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for test reports
    Junit,
}

impl From<HostCheckFormat> for host_check::Format {
    fn from(format: HostCheckFormat) -> Self {
        match format {
            HostCheckFormat::Text => Self::Text,
            HostCheckFormat::Json => Self::Json,
            HostCheckFormat::Sarif => Self::Sarif,
            HostCheckFormat::Junit => Self::Junit,
        }
    }
}

/// Options of `host check`.
#[derive(Args, Debug)]
pub struct HostCheckArgs {
    /// Where the files of the host begin; for another root than / no program is asked
    #[arg(long, value_name = "DIR", default_value = "/", value_parser = folder)]
    pub root: Utf8PathBuf,
    /// How to print the checks
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = HostCheckFormat::Text)]
    pub format: HostCheckFormat,
    /// The day that decides whether a waiver has expired [default: `SOURCE_DATE_EPOCH`, else today]
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Option<Date>,
}

impl HostCheckArgs {
    /// The options of the command.
    pub fn options(self, global: &Global) -> host_check::Options {
        // A root that is written in another way is still the root.
        let is_root = self.root.canonicalize_utf8().is_ok_and(|real| real == "/");
        host_check::Options {
            place: global.place(),
            root: if is_root { "/".into() } else { self.root },
            format: self.format.into(),
            as_of: self.as_of,
            quiet: global.quiet,
            verbose: global.verbose,
        }
    }
}

/// Options of `host render`.
#[derive(Args, Debug)]
pub struct HostRenderArgs {
    /// The folder of the tree [default: out, beside the catalog directory]
    #[arg(long, value_name = "DIR", value_parser = folder)]
    pub out: Option<Utf8PathBuf>,
    /// Say whether the tree is what the catalog says, and write nothing; with -v also how it differs
    #[arg(long)]
    pub check: bool,
}

impl HostRenderArgs {
    /// The options of the command.
    pub fn options(self, global: &Global) -> render::Options {
        render::Options {
            place: global.place(),
            out: self.out,
            mode: if self.check { render::Mode::Check } else { render::Mode::Write },
            services: Vec::new(),
            quiet: global.quiet,
            verbose: global.verbose,
        }
    }
}
