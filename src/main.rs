//! The binary: arguments in, one command, an exit status out.

use std::{
    cell::Cell,
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
    let is_told = Cell::new(false);
    let mut out = io::BufWriter::new(Unread { stream: io::stdout().lock(), is_told: &is_told });
    let mut err = Unread { stream: io::stderr().lock(), is_told: &Cell::new(false) };
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
        Command::Top(args) => {
            let options = args.options(&cli.global, io::stdout().is_terminal());
            // Who looks again and again must hear that nobody reads it any more.
            is_told.set(options.watch);
            match commands::top::run(&options, &mut streams) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Status::Clean),
                ended => ended?,
            }
        }
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
struct Unread<'t, W> {
    stream: W,
    /// Whether the command wants to know of it all the same.
    is_told: &'t Cell<bool>,
}

impl<W: io::Write> io::Write for Unread<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.stream.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && !self.is_told.get() => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.stream.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && !self.is_told.get() => Ok(()),
            flushed => flushed,
        }
    }
}
