//! The arguments of the commands that judge: `check` and `score`.

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

use super::{Format, Global};
use crate::commands::{
    check,
    judged::{self, Date, PodmanVersion, Profile},
    score,
};

/// What to judge, and for whom.
#[derive(Args, Debug)]
pub struct JudgedArgs {
    /// Directories of Quadlet files, or single ones, in place of the catalog; searched in this order
    #[arg(value_name = "PATH")]
    pub paths: Vec<Utf8PathBuf>,
    /// The Podman that will read the units [default: the catalog's target, else 5.4]
    #[arg(long, value_name = "X.Y", value_parser = podman)]
    pub podman: Option<PodmanVersion>,
    /// Who starts the units [default: the catalog's target, or what each file looks like]
    #[arg(long, value_name = "WHO", value_enum)]
    pub profile: Option<ProfileArg>,
}

impl JudgedArgs {
    fn options(self, global: &Global, as_of: Option<Date>) -> judged::Options {
        judged::Options {
            place: global.place(),
            paths: self.paths,
            podman: self.podman,
            profile: self.profile.map(Into::into),
            as_of,
        }
    }
}

/// Who starts the units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProfileArg {
    /// root
    Rootful,
    /// An ordinary user
    Rootless,
}

impl From<ProfileArg> for Profile {
    fn from(profile: ProfileArg) -> Self {
        match profile {
            ProfileArg::Rootful => Self::Rootful,
            ProfileArg::Rootless => Self::Rootless,
        }
    }
}

/// How to print findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people, in the manner of a compiler
    Text,
    /// One object, version 1
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// JUnit XML, for test reports
    Junit,
}

impl From<CheckFormat> for check::Format {
    fn from(format: CheckFormat) -> Self {
        match format {
            CheckFormat::Text => Self::Text,
            CheckFormat::Json => Self::Json,
            CheckFormat::Sarif => Self::Sarif,
            CheckFormat::Github => Self::Github,
            CheckFormat::Junit => Self::Junit,
        }
    }
}

/// What makes `check` fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors
    Error,
    /// Warnings and errors
    Warning,
    /// Anything at all
    Info,
    /// Nothing
    Never,
}

impl From<FailOn> for check::FailOn {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Error => Self::Error,
            FailOn::Warning => Self::Warning,
            FailOn::Info => Self::Info,
            FailOn::Never => Self::Never,
        }
    }
}

/// Options of `check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// What to judge.
    #[command(flatten)]
    pub judged: JudgedArgs,
    /// How to print the findings
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
    /// The least severity that makes the exit status 1
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = FailOn::Error)]
    pub fail_on: FailOn,
    /// The day that decides whether a waiver has expired [default: `SOURCE_DATE_EPOCH`, else today]
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Option<Date>,
}

impl CheckArgs {
    /// The options of the command.
    pub fn options(self, global: &Global) -> check::Options {
        check::Options {
            judged: self.judged.options(global, self.as_of),
            format: self.format.into(),
            fail_on: self.fail_on.into(),
            quiet: global.quiet,
            verbose: global.verbose,
        }
    }
}

/// Options of `score`.
#[derive(Args, Debug)]
pub struct ScoreArgs {
    /// What to weigh.
    #[command(flatten)]
    pub judged: JudgedArgs,
    /// How to print the exposures
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The greatest exposure that is accepted; the exit status is 1 if the high end of any service is above, or a
    /// file that should be a service could not be weighed
    #[arg(long, value_name = "N", value_parser = exposure)]
    pub threshold: Option<score::Exposure>,
}

impl ScoreArgs {
    /// The options of the command.
    pub fn options(self, global: &Global) -> score::Options {
        score::Options {
            judged: self.judged.options(global, None),
            format: self.format.into(),
            threshold: self.threshold,
            quiet: global.quiet,
            verbose: global.verbose,
        }
    }
}

fn exposure(text: &str) -> Result<score::Exposure, String> {
    score::Exposure::parse(text).ok_or_else(|| "write a number from 0.0 to 10.0, with one decimal".to_owned())
}

fn podman(text: &str) -> Result<PodmanVersion, String> {
    PodmanVersion::parse(text).map_err(|invalid| format!("{}: {}", invalid.message, invalid.help))
}

pub(super) fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "write the day as YYYY-MM-DD".to_owned())
}
