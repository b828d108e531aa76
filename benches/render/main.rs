//! `plimsoll render` and `plimsoll check` beside two programs that everybody has: Podman's own generator, which converts
//! what was rendered, and `cp -r`, which only copies it. `docs/performance.md` says how to read the figures.
//!
//! `cargo bench --bench render` measures 100, 1,000 and 10,000 services; `-- 100 1000` only these. All of it happens on one
//! file system: that of the target directory, or of the directory that `PLIMSOLL_BENCH_DIR` names.
#![allow(
    unreachable_pub,
    clippy::cast_precision_loss,
    clippy::format_push_string,
    clippy::needless_for_each,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a benchmark prints its figures, and nothing here is anybody's interface"
)]

mod catalog;
mod judge;
mod measure;
mod table;

use std::{fs, path::Path, process::Command, time::Duration};

use judge::Judge;
use measure::{median, peak_memory, time};

const PLIMSOLL: &str = env!("CARGO_BIN_EXE_plimsoll");

/// How often each program runs, in turn with the others.
const ROUNDS: usize = 5;

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
    /// `check` of the catalog.
    check: Measured,
    /// `check` of the tree that was rendered.
    check_tree: Measured,
    /// `diff` of the catalog and a host on which it is installed.
    diff: Measured,
    /// The same with the tree in place of the catalog.
    diff_from: Measured,
    /// `diff -rq` of the tree and that host.
    diff_rq: Measured,
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
    let dir = std::env::var_os("PLIMSOLL_BENCH_DIR").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    let temp = tempfile::tempdir_in(dir).expect("the directory can be written to");
    let sizes: Vec<Size> = sizes.into_iter().map(|services| measure(temp.path(), services, &judges)).collect();
    let one = one_service(temp.path());
    let one_checked = one_service_checked(temp.path());
    print!("{}", table::text(&sizes, one, one_checked, fs::metadata(PLIMSOLL).expect("the binary is there").len()));
}

/// Measures one size: the programs take turns, so that whatever else the machine does meets all of them.
///
/// Each round has folders of its own and nothing is removed before the end: ext4 avoids the inodes of files that were just
/// deleted, and searching past thousands of them takes longer than anything that is measured here.
fn measure(temp: &Path, services: usize, judges: &[Judge]) -> Size {
    let dir = temp.join(services.to_string());
    catalog::write(&dir.join("services"), services).expect("the catalog can be written");
    install(&dir);
    let first = programs(&dir, 0, judges);
    let names: Vec<String> = first.iter().map(|(name, _)| name.clone()).collect();
    // Each waits for the one before it: what is copied and converted is what was rendered.
    let memory: Vec<u64> = first.into_iter().map(|(_, mut program)| peak_memory(&mut program)).collect();
    let out = dir.join("out-0");
    for judge in judges {
        judge.must_convert(&out.join(judge::UNITS), services);
    }
    let mut times = vec![Vec::new(); names.len()];
    for round in 1..=ROUNDS {
        for ((_, mut program), times) in programs(&dir, round, judges).into_iter().zip(&mut times) {
            times.push(time(&mut program));
        }
    }
    let measured = names.into_iter().zip(times).zip(memory);
    let mut measured = measured.map(|((name, times), memory)| Measured { name, time: median(times), memory });
    let mut next = || measured.next().expect("eight programs before the judges");
    let (fresh, again, copy, check, check_tree) = (next(), next(), next(), next(), next());
    let (diff, diff_from, diff_rq) = (next(), next(), next());
    let judges = measured.collect();
    Size { services, files: files_in(&out), fresh, again, copy, check, check_tree, diff, diff_from, diff_rq, judges }
}

/// The programs of a round, in their order.
fn programs(dir: &Path, round: usize, judges: &[Judge]) -> Vec<(String, Command)> {
    let (out, copy) = (dir.join(format!("out-{round}")), dir.join(format!("copy-{round}")));
    let mut programs = vec![
        ("`render`".to_owned(), render(dir, &out)),
        ("`render`, nothing changed".to_owned(), render(dir, &out)),
        ("`cp -r`".to_owned(), cp(&out, &copy)),
        ("`check`".to_owned(), check(&dir.join("services"))),
        ("`check` of the tree".to_owned(), check_tree(&out)),
        ("`diff`, nothing changed".to_owned(), diff(dir)),
        ("`diff --from` the tree".to_owned(), diff_from(&out, dir)),
        ("`diff -rq`".to_owned(), diff_rq(&out, dir)),
    ];
    let units = out.join(judge::UNITS);
    programs.extend(judges.iter().map(|judge| (judge.name.clone(), judge.dry_run(&units))));
    programs
}

/// The whole process for a catalog of one service, into a folder that is not there.
fn one_service(temp: &Path) -> Duration {
    let dir = temp.join("one");
    catalog::write(&dir.join("services"), 1).expect("the catalog can be written");
    median((0..101).map(|round| time(&mut render(&dir, &dir.join(format!("out-{round}"))))).collect())
}

/// The whole process that judges a catalog of one service.
fn one_service_checked(temp: &Path) -> Duration {
    let services = temp.join("one/services");
    median((0..101).map(|_| time(&mut check(&services))).collect())
}

fn render(dir: &Path, out: &Path) -> Command {
    let mut command = Command::new(PLIMSOLL);
    command.arg("render").arg("--catalog").arg(dir.join("services")).arg("--out").arg(out);
    command
}

fn check(catalog: &Path) -> Command {
    let mut command = Command::new(PLIMSOLL);
    command.arg("check").arg("--catalog").arg(catalog);
    command
}

/// Judges a tree from a directory that has no catalog, so that none is looked at.
fn check_tree(tree: &Path) -> Command {
    let mut command = Command::new(PLIMSOLL);
    command.arg("check").arg(tree).current_dir("/");
    command
}

/// Brings the catalog onto a host of its own, which is not measured: it waits for the disk.
fn install(dir: &Path) {
    let mut command = Command::new(PLIMSOLL);
    fs::create_dir(dir.join("host")).expect("a directory");
    command
        .arg("install")
        .arg("--quiet")
        .arg("--catalog")
        .arg(dir.join("services"))
        .arg("--root")
        .arg(dir.join("host"));
    time(&mut command);
}

fn diff(dir: &Path) -> Command {
    let mut command = Command::new(PLIMSOLL);
    command.arg("diff").arg("--catalog").arg(dir.join("services")).arg("--root").arg(dir.join("host"));
    command
}

fn diff_from(out: &Path, dir: &Path) -> Command {
    let mut command = Command::new(PLIMSOLL);
    command.arg("diff").arg("--from").arg(out).arg("--root").arg(dir.join("host")).current_dir("/");
    command
}

fn diff_rq(out: &Path, dir: &Path) -> Command {
    let mut command = Command::new("diff");
    command.arg("-rq").arg(out.join("etc")).arg(dir.join("host/etc"));
    command
}

fn cp(from: &Path, to: &Path) -> Command {
    let mut command = Command::new("cp");
    command.arg("-r").arg(from).arg(to);
    command
}

fn files_in(dir: &Path) -> usize {
    let entries = fs::read_dir(dir).expect("the tree was rendered").map(|entry| entry.expect("an entry").path());
    entries.map(|path| if path.is_dir() { files_in(&path) } else { 1 }).sum()
}
