//! Runs a program and says how long it took and how much memory it had.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How often the memory of a running program is read.
const GLANCE: Duration = Duration::from_micros(500);

/// The wall time of a run from start to end, everything it prints thrown away.
pub fn time(command: &mut Command) -> Duration {
    let start = Instant::now();
    let status = quiet(command).wait().expect("a program that was started ends");
    let took = start.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    took
}

/// The most memory that a run had resident, in bytes: the kernel's own high-water mark, read until the program ends.
///
/// Only what is added in the last half millisecond is missed. Looking costs time, so that no run is both timed and
/// looked at.
pub fn peak_memory(command: &mut Command) -> u64 {
    let mut child = quiet(command);
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let status = loop {
        // A program that has ended is still listed, without its memory, until it is waited for.
        if let Some(now) = high_water(Path::new(&status_file)) {
            peak = peak.max(now);
        }
        if let Some(status) = child.try_wait().expect("a program that was started can be asked") {
            break status;
        }
        thread::sleep(GLANCE);
    };
    assert!(status.success(), "{command:?}: {status}");
    peak
}

fn high_water(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

fn quiet(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// The middle one.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
