//! The binary: arguments in, one command, an exit status out.

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use clap::Parser as _;
use plimsoll::{
    cli::{self, Cli, Colour, Command, HostCommand},
    commands::{
        self, Status, Streams,
        generator::{self, Called},
    },
};

fn main() -> ExitCode {
    // By this name systemd calls at every boot: whoever has no catalog should not notice.
    if let Some(called) = Called::by_name(std::env::args_os()) {
        return exit(generator::run_as_called(&called, &mut io::stderr()));
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match run(cli) {
        Ok(status) => exit(status),
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: cannot write: {error}");
            ExitCode::from(2)
        }
    }
}

fn exit(status: Status) -> ExitCode {
    match status {
        Status::Clean => ExitCode::SUCCESS,
        Status::Differs => ExitCode::from(1),
        Status::Failed => ExitCode::from(2),
    }
}

fn run(cli: Cli) -> io::Result<Status> {
    let wanted = |is_terminal: bool| match cli.global.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let (colour, colour_out) = (wanted(io::stderr().is_terminal()), wanted(io::stdout().is_terminal()));
    let mut out = io::BufWriter::new(Unread(io::stdout().lock()));
    let mut err = Unread(io::stderr().lock());
    let mut streams = Streams { out: &mut out, err: &mut err, colour, colour_out };
    let status = match cli.command {
        Command::Check(args) => commands::check::run(&args.options(&cli.global), &mut streams)?,
        Command::Explain { rules } => commands::explain::run(&rules, &mut streams)?,
        Command::Render(args) => commands::render::run(&args.options(&cli.global), &mut streams)?,
        Command::Score(args) => commands::score::run(&args.options(&cli.global), &mut streams)?,
        Command::Diff(args) => {
            let options = args.options(&cli.global, io::stdout().is_terminal());
            commands::diff::run(&options, &mut streams)?
        }
        Command::Install(args) => commands::install::run(&args.options(&cli.global), &mut streams)?,
        Command::Status(args) => commands::installed::status(&args.status(&cli.global), &mut streams)?,
        Command::History(args) => commands::installed::history(&args.history(&cli.global), &mut streams)?,
        Command::Rollback(args) => commands::installed::rollback(&args.options(&cli.global), &mut streams)?,
        Command::Uninstall(args) => commands::installed::uninstall(&args.options(&cli.global), &mut streams)?,
        Command::Verify(args) => commands::verify::run(&args.options(&cli.global), &mut streams)?,
        Command::Generator(args) => generator::run_as_called(&args.called(), streams.err),
        Command::Host(HostCommand::Render(args)) => {
            commands::host_render::run(&args.options(&cli.global), &mut streams)?
        }
        Command::Host(HostCommand::Check(args)) => commands::host_check::run(&args.options(&cli.global), &mut streams)?,
        Command::Schema { of } => commands::schema::run(of.into(), &mut streams)?,
        Command::Completions { shell } => {
            streams.out.write_all(&cli::completions(shell))?;
            Status::Clean
        }
        Command::Man => {
            streams.out.write_all(&cli::man()?)?;
            Status::Clean
        }
    };
    out.flush()?;
    Ok(status)
}

/// A stream whose reader may stop reading: that is no failure, and it hides none. What the command found out still
/// decides how it ends.
struct Unread<W>(W);

impl<W: io::Write> io::Write for Unread<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}
