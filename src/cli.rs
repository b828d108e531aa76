//! The command line: clap's types, and how they become the options of a command.

use std::io::{self, Write as _};

use camino::Utf8PathBuf;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_mangen::Man;

use crate::commands::{
    self,
    catalog::Place,
    check,
    judged::{Date, PodmanVersion, Profile},
    schema::SchemaOf,
    score,
};

/// Renders a catalog of services into hardened Podman Quadlet and systemd units.
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
  1  differences, findings at or above --fail-on, or a service above --threshold
  2  it could not be done, and nothing was changed";

/// Options of every command.
#[derive(Args, Debug)]
pub struct Global {
    /// The catalog directory
    #[arg(long, global = true, value_name = "DIR", env = "PLIMSOLL_CATALOG", default_value = "services")]
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
    /// Explain a rule of `check`, or list them all
    ///
    /// Says when it fires and why that matters, shows what is bad and what is good, how to mend it, how to accept it,
    /// and where it comes from.
    Explain {
        /// Ids or names of rules: PL203, writable-rootfs
        #[arg(value_name = "RULE")]
        rules: Vec<String>,
    },
    /// Tell how exposed each service is, from 0.0 to 10.0
    ///
    /// The scale and the names of its bands are those of `systemd-analyze security`, but it weighs what the container
    /// may do and not what podman may. Where the unit does not tell, the exposure is an interval. A single service, or
    /// all with -v, are told facet by facet.
    Score(ScoreArgs),
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

/// What to judge, and for whom.
#[derive(Args, Debug)]
pub struct JudgedArgs {
    /// Directories of Quadlet files, or single ones, in place of the catalog
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
    fn options(self, global: &Global, as_of: Option<Date>) -> commands::judged::Options {
        commands::judged::Options {
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
    /// `JUnit` XML, for test reports
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

/// How to print exposures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScoreFormat {
    /// For people
    Text,
    /// One object, version 1
    Json,
}

impl From<ScoreFormat> for score::Format {
    fn from(format: ScoreFormat) -> Self {
        match format {
            ScoreFormat::Text => Self::Text,
            ScoreFormat::Json => Self::Json,
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
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = ScoreFormat::Text)]
    pub format: ScoreFormat,
    /// The greatest exposure that is accepted; the exit status is 1 if the high end of any service is above
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

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "write the day as YYYY-MM-DD".to_owned())
}

/// The completions of a shell.
pub fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "plimsoll", &mut text);
    text
}

/// The man page, with all commands in one: the program first, then each command with the options of its own.
pub fn man() -> io::Result<Vec<u8>> {
    let mut cli = Cli::command().subcommand_value_name("command").disable_help_subcommand(true);
    cli.build();
    let mut text = Vec::new();
    let page = Man::new(cli.clone());
    page.render_title(&mut text)?;
    section(&mut text, ".SH NAME", |text| page.render_name_section(text))?;
    section(&mut text, ".SH SYNOPSIS", |text| page.render_synopsis_section(text))?;
    section(&mut text, ".SH DESCRIPTION", |text| page.render_description_section(text))?;
    section(&mut text, ".SH OPTIONS", |text| page.render_options_section(text))?;
    writeln!(text, ".SH COMMANDS")?;
    for command in cli.get_subcommands() {
        // What every command takes stands above already.
        let page = Man::new(command.clone().mut_args(|arg| {
            let common = arg.is_global_set() || arg.get_id() == "help";
            arg.hide(common)
        }));
        section(&mut text, &format!(".SS {}", command.get_name()), |text| page.render_synopsis_section(text))?;
        section(&mut text, ".PP", |text| page.render_description_section(text))?;
        section(&mut text, ".PP", |text| page.render_options_section(text))?;
    }
    writeln!(text, ".SH EXIT STATUS")?;
    for (status, meaning) in AFTER_HELP.lines().filter_map(|line| line.trim().split_once("  ")) {
        writeln!(text, ".TP\n{status}\n{meaning}")?;
    }
    writeln!(
        text,
        ".SH ENVIRONMENT\n.TP\nPLIMSOLL_CATALOG\nThe catalog directory, where \\fB\\-\\-catalog\\fR names none"
    )?;
    writeln!(
        text,
        ".TP\nNO_COLOR\nWhere it is set to anything, messages are not coloured unless \\fB\\-\\-color\\fR says so"
    )?;
    writeln!(text, ".SH SEE ALSO\npodman\\-systemd.unit(5), systemd.slice(5), systemd.resource\\-control(5)")?;
    Ok(text)
}

/// A section of a man page under a heading of our own, without the preamble that the title has already.
fn section(
    text: &mut Vec<u8>,
    heading: &str,
    render: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut section = Vec::new();
    render(&mut section)?;
    let skipped: [&[u8]; 3] = [b".SH ", b".ie ", b".el "];
    writeln!(text, "{heading}")?;
    section
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| !skipped.iter().any(|start| line.starts_with(start)))
        .try_for_each(|line| text.write_all(line))
}
