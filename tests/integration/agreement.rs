//! The judge held against the real generators: what it says Podman generates, is what Podman generates, and where Podman
//! complains of a file, so does the judge.
//!
//! `tests/agreement/cases` holds the cases, one for each thing that Podman accepts, refuses or loses; `mutants` are made
//! of them and of rendered trees by the thousand. Where the two differ on purpose, `docs/agreement.md` says so.

mod cases;
mod mutate;
mod podman;
mod verdict;

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path, thread};

use plimsoll::diagnostic::Severity;
use tempfile::TempDir;

use crate::judge::{Judge, judges};
use cases::Case;
use mutate::Mutator;
use verdict::Judged;

/// Mutants of one run of the generator.
const BATCH: usize = 250;
/// Mutants for each generator. More of them with `PLIMSOLL_MUTANTS`, others with `PLIMSOLL_SEED`.
const MUTANTS: usize = 20_000;
/// Cases with something that is no file: the judge is given files, and who reads them has to speak of these. See
/// `docs/agreement.md`.
const UNREADABLE: [&str; 5] = [
    "an empty directory with a Quadlet's name",
    "a link to nothing",
    "a link to itself",
    "a drop-in that is a directory",
    "a drop-in that is a link to nothing",
];
/// As many differences are shown.
const SHOWN: usize = 8;

#[test]
fn the_cases_cover_what_is_known() {
    let cases = cases::all();
    let titles: BTreeSet<&str> = cases.iter().map(|case| case.title.as_str()).collect();
    assert_eq!(titles.len(), cases.len(), "two cases have one title");
    assert!(cases.len() >= 300, "{} cases", cases.len());
}

#[test]
fn each_case_has_its_findings() {
    let mut table = String::new();
    for case in cases::all() {
        let dir = written(&case);
        writeln!(table, "{}", case.title).unwrap();
        for podman in [(5, 4), (5, 8)] {
            writeln!(table, "  {}.{}: {}", podman.0, podman.1, Judged::of(dir.path(), podman).summary()).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn the_judge_and_podman_agree_on_each_case() {
    let cases = cases::all();
    let differences = everywhere(&cases, |judge, case| {
        if UNREADABLE.contains(&case.title.as_str()) {
            return String::new();
        }
        let dir = written(case);
        told(judge, case, &verdict::differences(judge, dir.path(), |_| true))
    });
    assert_agreed(&differences);
}

#[test]
fn the_judge_and_podman_agree_on_mutants() {
    let number = |name, default| std::env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let (count, seed) = (number("PLIMSOLL_MUTANTS", MUTANTS), number("PLIMSOLL_SEED", 1));
    let readable = cases::all().into_iter().filter(|case| !UNREADABLE.contains(&case.title.as_str()));
    let seeds: Vec<Case> = readable.chain(cases::rendered()).collect();
    let batches: Vec<usize> = (0..count.div_ceil(BATCH)).collect();
    let differences = everywhere(&batches, |judge, batch| {
        let mut mutator = Mutator::new(&seeds, (seed as u64) << 32 | *batch as u64);
        let mutants: Vec<Case> = (0..BATCH).map(|_| mutator.next()).collect();
        batch_differences(judge, &mutants)
    });
    assert_agreed(&differences);
}

/// What differs in many cases at once. Each gets a directory and names of its own. Those that cannot have them, and
/// those that would take the others along, are asked about singly.
fn batch_differences(judge: &Judge, mutants: &[Case]) -> String {
    let all = tempfile::tempdir().unwrap();
    let mut together = Vec::new();
    let mut differences = String::new();
    for (number, mutant) in mutants.iter().enumerate() {
        let prefix = format!("n{number}_");
        let dir = all.path().join(format!("n{number}"));
        let named = mutant.with_names(&prefix);
        if let Some(named) = &named {
            named.write(&dir);
        }
        match named {
            Some(named) if !Judged::of(&dir, verdict::version(judge)).panics() => together.push((dir, named)),
            _ => {
                let _ = fs::remove_dir_all(&dir);
                let dir = written(mutant);
                differences += &told(judge, mutant, &verdict::differences(judge, dir.path(), |_| true));
            }
        }
    }
    let found = verdict::differences(judge, all.path(), |path| !path.is_empty());
    for (dir, mutant) in &together {
        let prefix = format!("{}/", dir.file_name().unwrap().to_string_lossy());
        let own: Vec<String> = found.iter().filter(|found| found.starts_with(&prefix)).cloned().collect();
        differences += &told(judge, mutant, &own);
    }
    let rest: Vec<&String> = found.iter().filter(|found| !found.starts_with('n')).collect();
    if !rest.is_empty() {
        writeln!(differences, "{}: {rest:#?}\n", judge.name).unwrap();
    }
    differences
}

/// Asks every judge about every item, as many at a time as there are processors.
fn everywhere<T: Sync>(items: &[T], ask: impl Fn(&'static Judge, &T) -> String + Sync) -> Vec<String> {
    let work: Vec<(&'static Judge, &T)> =
        judges().into_iter().flat_map(|judge| items.iter().map(move |item| (judge, item))).collect();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = work.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let shares: Vec<_> = work
            .chunks(share)
            .map(|share| scope.spawn(|| share.iter().map(|(judge, item)| ask(judge, item)).collect::<Vec<_>>()))
            .collect();
        let answers = shares.into_iter().flat_map(|share| share.join().expect("no panic"));
        answers.filter(|difference| !difference.is_empty()).collect()
    })
}

fn written(case: &Case) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    case.write(dir.path());
    dir
}

fn told(judge: &Judge, case: &Case, differences: &[String]) -> String {
    if differences.is_empty() {
        return String::new();
    }
    format!("{}, {}\n{}\n\n", judge.name, differences.join("\n"), case)
}

fn assert_agreed(differences: &[String]) {
    let shown: String = differences.iter().take(SHOWN).cloned().collect();
    assert!(differences.is_empty(), "{} differences, the first of them:\n\n{shown}", differences.len());
}

/// The directory of this crate's tests about agreement.
fn directory() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/agreement"))
}

/// Errors only: that is what Podman has to say as well.
fn is_error(severity: Severity) -> bool {
    severity == Severity::Error
}
