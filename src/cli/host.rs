//! The arguments of `plimsoll host`: the host itself, and not what is installed on it.

use camino::Utf8PathBuf;
use clap::{Args, Subcommand, ValueEnum};

use super::{Global, folder, judged::day};
use crate::commands::{host_check, judged::Date};

/// What to do about the host.
#[derive(Debug, Subcommand)]
pub enum HostCommand {
    /// Say where the host stands: what containers rely on, and what is open
    ///
    /// Reads files beneath --root, and changes nothing. Each check passes, warns, fails, does not apply or cannot be told;
    /// what could not be read never passes. With a catalog it also says whether the host can carry it. `plimsoll explain
    /// HC04` says more about a check.
    Check(HostCheckArgs),
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
    /// `JUnit` XML, for test reports
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
