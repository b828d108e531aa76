//! What the command line says of itself: completions and the man page.

use std::io::{self, Write as _};

use clap::CommandFactory as _;
use clap_mangen::Man;

use super::{AFTER_HELP, Cli};

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
        command_section(&mut text, command, command.get_name())?;
        for within in command.get_subcommands().filter(|within| within.get_name() != "help") {
            command_section(&mut text, within, &format!("{} {}", command.get_name(), within.get_name()))?;
        }
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
    writeln!(
        text,
        ".SH SEE ALSO\npodman\\-systemd.unit(5), systemd.slice(5), systemd.generator(7), systemd.resource\\-control(5)"
    )?;
    Ok(text)
}

/// What a man page says of one command.
fn command_section(text: &mut Vec<u8>, command: &clap::Command, name: &str) -> io::Result<()> {
    // What every command takes stands above already.
    let page = Man::new(command.clone().mut_args(|arg| {
        let common = arg.is_global_set() || arg.get_id() == "help";
        arg.hide(common)
    }));
    section(text, &format!(".SS {name}"), |text| page.render_synopsis_section(text))?;
    section(text, ".PP", |text| page.render_description_section(text))?;
    section(text, ".PP", |text| page.render_options_section(text))
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
