//! Runs a program, and waits for it no longer than it was told to.

use std::{
    io::Read as _,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How often a program that runs is looked at.
const GLANCE: Duration = Duration::from_millis(20);

/// What a program could not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{command}: {message}")]
pub struct CommandError {
    /// The command, as it would be typed.
    pub command: String,
    /// What it said.
    pub message: String,
}

/// What a program printed, and how it ended.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) success: bool,
    pub(super) out: String,
    pub(super) err: String,
}

/// The command as it would be typed, cut where it gets long.
fn shown(program: &str, arguments: &[String]) -> String {
    const MOST: usize = 8;
    let mut text = program.to_owned();
    for argument in arguments.iter().take(MOST) {
        text = format!("{text} {argument}");
    }
    if arguments.len() > MOST {
        text = format!("{text} … ({} more)", arguments.len() - MOST);
    }
    text
}

/// Runs a program to its end.
pub(super) fn run(program: &str, arguments: &[String], wait: Duration) -> Result<Done, CommandError> {
    let fail = |message: String| CommandError { command: shown(program, arguments), message };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // What is read here is read in one language.
    command.env("LC_ALL", "C").env("SYSTEMD_COLORS", "0").env("SYSTEMD_PAGER", "");
    let mut child = command.spawn().map_err(|error| fail(format!("cannot be run: {error}")))?;
    let reader = |stream: Option<Box<dyn std::io::Read + Send>>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut stream) = stream {
                let _ = stream.read_to_end(&mut bytes);
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let out = reader(child.stdout.take().map(|stream| Box::new(stream) as _));
    let err = reader(child.stderr.take().map(|stream| Box::new(stream) as _));
    let start = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|error| fail(error.to_string()))? {
            Some(status) => break status,
            None if start.elapsed() >= wait => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(fail(format!("was not done after {} seconds", wait.as_secs())));
            }
            None => thread::sleep(GLANCE),
        }
    };
    let text = |reader: thread::JoinHandle<String>| reader.join().unwrap_or_default();
    Ok(Done { success: status.success(), out: text(out), err: text(err) })
}

/// The same where only success will do.
pub(super) fn must(program: &str, arguments: &[String], wait: Duration) -> Result<String, CommandError> {
    let done = run(program, arguments, wait)?;
    if done.success {
        return Ok(done.out);
    }
    let said = [done.err.trim(), done.out.trim()].into_iter().find(|said| !said.is_empty());
    let message = said.unwrap_or("it failed and said nothing").to_owned();
    Err(CommandError { command: shown(program, arguments), message })
}
