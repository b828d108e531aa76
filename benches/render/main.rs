//! `plimsoll render` beside two programs that everybody has: Podman's own generator, which converts what was rendered, and
//! `cp -r`, which only copies it. `docs/performance.md` says how to read the figures.
//!
//! `cargo bench --bench render` measures 100, 1,000 and 10,000 services; `-- 100 1000` only these.
#![allow(
    unreachable_pub,
    clippy::cast_precision_loss,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a benchmark prints its figures, and nothing here is anybody's interface"
)]

mod catalog;
mod judge;
mod measure;
mod table;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use judge::Judge;
use measure::{median, peak_memory, time};

const PLIMSOLL: &str = env!("CARGO_BIN_EXE_plimsoll");

/// How often each program runs, in turn with the others.
const ROUNDS: usize = 7;

/// A program: how often it is timed, how long it took, and its memory.
struct Measured {
    name: String,
    time: Duration,
    memory: u64,
}

/// What one catalog showed.
struct Size {
    services: usize,
    files: usize,
    /// Into a folder that is not there.
    fresh: Measured,
    /// Into the folder that holds the same already.
    again: Measured,
    copy: Measured,
    judges: Vec<Measured>,
}

fn main() {
    // `cargo test --all-targets` starts benchmarks too: figures are no tests.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if asked.is_empty() { vec![100, 1_000, 10_000] } else { asked };
    let judges = judge::find();
    // One file system for all of it: a copy across two would be another comparison.
    let temp = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the target directory can be written to");
    let sizes: Vec<Size> = sizes.into_iter().map(|services| measure(temp.path(), services, &judges)).collect();
    let one = one_service(temp.path());
    print!("{}", table::text(&sizes, one, fs::metadata(PLIMSOLL).expect("the binary is there").len()));
}

/// Measures one size: the programs take turns, so that whatever else the machine does meets all of them.
fn measure(temp: &Path, services: usize, judges: &[Judge]) -> Size {
    let dir = temp.join(services.to_string());
    let (out, copy) = (dir.join("out"), dir.join("copy"));
    catalog::write(&dir.join("services"), services).expect("the catalog can be written");
    time(&mut render(&dir));
    let files = files_in(&out);
    let mut programs: Vec<(String, Command)> = vec![
        ("`render`".into(), render(&dir)),
        ("`render`, nothing changed".into(), render(&dir)),
        ("`cp -r`".into(), cp(&out, &copy)),
    ];
    for judge in judges {
        judge.must_convert(&out.join(judge::UNITS), services);
        programs.push((format!("generator of {}", judge.name), judge.dry_run(&out.join(judge::UNITS))));
    }
    let mut times = vec![Vec::new(); programs.len()];
    for _ in 0..ROUNDS {
        remove(&out);
        remove(&copy);
        for ((_, program), times) in programs.iter_mut().zip(&mut times) {
            times.push(time(program));
        }
    }
    remove(&out);
    remove(&copy);
    let measured = programs.into_iter().zip(times).map(|((name, mut program), times)| Measured {
        name,
        time: median(times),
        memory: peak_memory(&mut program),
    });
    let mut measured = measured.collect::<Vec<_>>().into_iter();
    let mut next = || measured.next().expect("three programs and the judges");
    let (fresh, again, copy) = (next(), next(), next());
    Size { services, files, fresh, again, copy, judges: measured.collect() }
}

/// The whole process for a catalog of one service, into a folder that is not there.
fn one_service(temp: &Path) -> Duration {
    let dir = temp.join("one");
    catalog::write(&dir.join("services"), 1).expect("the catalog can be written");
    let fresh = || {
        remove(&dir.join("out"));
        time(&mut render(&dir))
    };
    median(std::iter::repeat_with(fresh).take(101).collect())
}

fn render(dir: &Path) -> Command {
    let mut command = Command::new(PLIMSOLL);
    command.arg("render").arg("--catalog").arg(dir.join("services")).arg("--out").arg(dir.join("out"));
    command
}

fn cp(from: &Path, to: &Path) -> Command {
    let mut command = Command::new("cp");
    command.arg("-r").arg(from).arg(to);
    command
}

fn remove(dir: &PathBuf) {
    if dir.exists() {
        fs::remove_dir_all(dir).expect("what the benchmark made it can remove");
    }
}

fn files_in(dir: &Path) -> usize {
    let entries = fs::read_dir(dir).expect("the tree was rendered").map(|entry| entry.expect("an entry").path());
    entries.map(|path| if path.is_dir() { files_in(&path) } else { 1 }).sum()
}
