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
use verdict::{Difference, Judged};

/// Mutants of one run of the generator, which looks for the drop-ins of each unit in every directory.
const BATCH: usize = 40;
/// Mutants for each generator. More of them with `PLIMSOLL_MUTANTS`, others with `PLIMSOLL_SEED`.
const MUTANTS: usize = 20_000;
/// As many differences are shown.
const SHOWN: usize = 8;

#[test]
fn the_cases_cover_what_is_known() {
    let cases = cases::all();
    let titles: BTreeSet<&str> = cases.iter().map(|case| case.title.as_str()).collect();
    assert_eq!(titles.len(), cases.len(), "two cases have one title");
    assert!(cases.len() >= 300, "{} cases", cases.len());
    assert_eq!(cases.iter().filter(|case| !is_asked(case)).count(), 5, "docs/agreement.md names other cases");
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
    let cases: Vec<Case> = cases::all().into_iter().filter(is_asked).collect();
    assert_agreed(&everywhere(&cases, differences));
}

#[test]
fn the_judge_and_podman_agree_on_mutants() {
    let number = |name, default| std::env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let (count, seed) = (number("PLIMSOLL_MUTANTS", MUTANTS), number("PLIMSOLL_SEED", 1));
    // Of a link, a mutant would make one to nothing.
    let cases = cases::all().into_iter().filter(|case| is_asked(case) && case.has_no_links());
    let seeds: Vec<Case> = cases.chain(cases::rendered()).collect();
    let batches: Vec<usize> = (0..count.div_ceil(BATCH)).collect();
    assert_agreed(&everywhere(&batches, |batch| {
        let mut mutator = Mutator::new(&seeds, (seed as u64) << 32 | *batch as u64);
        let mutants: Vec<Case> = (0..BATCH).map(|_| mutator.next()).collect();
        differences_of_batch(&mutants)
    }));
}

/// What differs in many cases at once. Each gets a directory and names of its own. Those that cannot have them, and
/// those that would take the others along, are asked about singly.
fn differences_of_batch(mutants: &[Case]) -> String {
    let all = directory_in_memory();
    let mut together = Vec::new();
    let mut differences = String::new();
    for (number, mutant) in mutants.iter().enumerate() {
        let name = format!("n{number}");
        let dir = all.path().join(&name);
        match mutant.with_names(&format!("{name}_")) {
            Some(named) => {
                named.write(&dir);
                if judges().iter().any(|judge| Judged::of(&dir, verdict::version(judge)).panics()) {
                    fs::remove_dir_all(&dir).unwrap();
                    differences += &self::differences(mutant);
                } else {
                    together.push((name, named));
                }
            }
            None => differences += &self::differences(mutant),
        }
    }
    for judge in judges() {
        let (of_cases, of_all): (Vec<_>, Vec<_>) =
            verdict::differences(judge, all.path()).into_iter().partition(|found| found.path.is_some());
        for (name, case) in &together {
            let is_of_case =
                |found: &&Difference| found.path.as_ref().is_some_and(|path| path.split('/').next() == Some(name));
            differences += &told(judge, case, of_cases.iter().filter(is_of_case));
        }
        for difference in of_all {
            writeln!(differences, "{}, a batch: {difference}\n", judge.name).unwrap();
        }
    }
    differences
}

/// What differs in one case.
fn differences(case: &Case) -> String {
    let dir = written(case);
    judges().iter().map(|judge| told(judge, case, &verdict::differences(judge, dir.path()))).collect()
}

/// Asks about every item, as many at a time as there are processors.
fn everywhere<T: Sync>(items: &[T], ask: impl Fn(&T) -> String + Sync) -> Vec<String> {
    if judges().is_empty() {
        return Vec::new();
    }
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let ask = |share: &[T]| share.iter().map(&ask).collect::<Vec<_>>();
        let shares: Vec<_> = items.chunks(share).map(|share| scope.spawn(move || ask(share))).collect();
        let answers = shares.into_iter().flat_map(|share| share.join().expect("no panic"));
        answers.filter(|difference| !difference.is_empty()).collect()
    })
}

fn written(case: &Case) -> TempDir {
    let dir = directory_in_memory();
    case.write(dir.path());
    dir
}

/// A temporary directory, in memory where that is possible: the files are small and many.
fn directory_in_memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory")
}

fn told<'d>(judge: &Judge, case: &Case, differences: impl IntoIterator<Item = &'d Difference>) -> String {
    let told: String = differences.into_iter().map(|difference| format!("{}, {difference}\n", judge.name)).collect();
    if told.is_empty() { told } else { format!("{told}{case}\n") }
}

/// Whether the judge is asked about a case: `docs/agreement.md` says about which it is not, and why.
fn is_asked(case: &Case) -> bool {
    !include_str!("../../docs/agreement.md").contains(&format!("\n- *{}*: ", case.title))
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
