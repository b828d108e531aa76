//! The figures as tables for people, and which of the goals they meet.

use std::{fmt::Write as _, time::Duration};

use super::{Measured, ROUNDS, Size};

const MIB: f64 = 1024.0 * 1024.0;

/// The text: ratios, absolute figures, goals.
pub fn text(sizes: &[Size], one: Duration, one_checked: Duration, binary: u64) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "## Ratios: `render` against the others, 1.00 is as long\n");
    ratios(&mut text, sizes);
    let _ = writeln!(text, "\n## Ratios: `check` of the catalog and of the tree against the generators\n");
    check_ratios(&mut text, sizes);
    let _ = writeln!(text, "\n## Of this machine: the median of {ROUNDS} runs, the most memory of another\n");
    absolute(&mut text, sizes);
    let _ = writeln!(text, "\none service, whole process: {:.1} ms; binary: {:.2} MiB", ms(one), binary as f64 / MIB);
    let _ = writeln!(text, "\n## Goals\n\n| Goal | Measured | Met |\n|---|---|---|");
    goals(&mut text, sizes);
    goal(&mut text, "one service in less than 5 ms", &format!("{:.1} ms", ms(one)), Some(ms(one) < 5.0));
    let checked = ms(one_checked);
    goal(&mut text, "`check` of one service in less than 5 ms", &format!("{checked:.1} ms"), Some(checked < 5.0));
    goal(
        &mut text,
        "the binary smaller than 8 MiB",
        &format!("{:.2} MiB", binary as f64 / MIB),
        Some((binary as f64) < 8.0 * MIB),
    );
    text
}

fn ratios(text: &mut String, sizes: &[Size]) {
    let judges = sizes.first().map_or(&[][..], |size| &size.judges);
    let _ = write!(text, "| Services | Files | `cp -r` | nothing changed / `cp -r` |");
    judges.iter().for_each(|judge| text.push_str(&format!(" {} |", judge.name)));
    let _ = writeln!(text, "{}", if judges.is_empty() { " generator |" } else { "" });
    let _ = writeln!(text, "|{}", "---:|".repeat(4 + judges.len().max(1)));
    for size in sizes {
        let (fresh, again) = (ratio(&size.fresh, &size.copy), ratio(&size.again, &size.copy));
        let _ = write!(text, "| {} | {} | {fresh:.2} | {again:.2} |", size.services, size.files);
        size.judges.iter().for_each(|judge| text.push_str(&format!(" {:.2} |", ratio(&size.fresh, judge))));
        let _ = writeln!(text, "{}", if judges.is_empty() { " NOT MEASURED |" } else { "" });
    }
}

fn check_ratios(text: &mut String, sizes: &[Size]) {
    let judges = sizes.first().map_or(&[][..], |size| &size.judges);
    let _ = write!(text, "| Services | `check` of |");
    judges.iter().for_each(|judge| text.push_str(&format!(" {} |", judge.name)));
    let _ = writeln!(text, " `render` |\n|---:|---|{}", "---:|".repeat(judges.len() + 1));
    for size in sizes {
        for (what, check) in [("the catalog", &size.check), ("the tree", &size.check_tree)] {
            let _ = write!(text, "| {} | {what} |", size.services);
            for other in size.judges.iter().chain([&size.fresh]) {
                let _ = write!(text, " {:.2} |", ratio(check, other));
            }
            text.push('\n');
        }
    }
}

fn absolute(text: &mut String, sizes: &[Size]) {
    let _ = writeln!(text, "| Services | Program | Time | Peak memory |\n|---:|---|---:|---:|");
    for size in sizes {
        for program in [
            &size.fresh,
            &size.again,
            &size.copy,
            &size.check,
            &size.check_tree,
            &size.diff,
            &size.diff_from,
            &size.diff_rq,
        ]
        .into_iter()
        .chain(&size.judges)
        {
            let (time, memory) = (ms(program.time), program.memory as f64 / MIB);
            let _ = writeln!(text, "| {} | {} | {time:.1} ms | {memory:.1} MiB |", size.services, program.name);
        }
    }
}

/// The goals that have to do with sizes: at the largest, and from a tenth of it to it.
fn goals(text: &mut String, sizes: &[Size]) {
    let Some(largest) = sizes.iter().max_by_key(|size| size.services) else { return };
    let at = format!("at {} services: ", largest.services);
    let judges = largest.judges.iter().map(|judge| ratio(&largest.fresh, judge));
    match judges.reduce(f64::max) {
        Some(worst) => goal(
            text,
            &format!("{at}no slower than Podman's generator"),
            &format!("{worst:.2} of its time"),
            Some(worst <= 1.0),
        ),
        None => goal(text, &format!("{at}no slower than Podman's generator"), "NOT MEASURED", None),
    }
    for (what, check) in [("the catalog", &largest.check), ("the tree", &largest.check_tree)] {
        let goal_of_check = format!("{at}`check` of {what} no slower than Podman's generator");
        match largest.judges.iter().map(|judge| ratio(check, judge)).reduce(f64::max) {
            Some(worst) => goal(text, &goal_of_check, &format!("{worst:.2} of its time"), Some(worst <= 1.0)),
            None => goal(text, &goal_of_check, "NOT MEASURED", None),
        }
        let memory = check.memory as f64 / MIB;
        let what = format!("{at}`check` of {what} in less than 150 MiB");
        goal(text, &what, &format!("{memory:.1} MiB"), Some(memory < 150.0));
    }
    for (what, diff) in [("the catalog", &largest.diff), ("the tree", &largest.diff_from)] {
        let diff = ratio(diff, &largest.diff_rq);
        let what = format!("{at}`diff` of {what} within twice `diff -rq`");
        goal(text, &what, &format!("{diff:.2} times"), Some(diff <= 2.0));
    }
    let memory = largest.diff.memory as f64 / MIB;
    goal(text, &format!("{at}`diff` in less than 150 MiB"), &format!("{memory:.1} MiB"), Some(memory < 150.0));
    let copy = ratio(&largest.fresh, &largest.copy);
    goal(text, &format!("{at}within twice `cp -r`"), &format!("{copy:.2} times"), Some(copy <= 2.0));
    let memory = largest.fresh.memory.max(largest.again.memory) as f64 / MIB;
    goal(text, &format!("{at}less than 150 MiB"), &format!("{memory:.1} MiB"), Some(memory < 150.0));
    for size in sizes.iter().filter(|size| size.services * 10 == largest.services) {
        let scale = ratio(&largest.fresh, &size.fresh);
        let what = format!("from {} to {} services at most 11 times", size.services, largest.services);
        goal(text, &what, &format!("{scale:.2} times"), Some(scale <= 11.0));
        for (name, many, few) in
            [("the catalog", &largest.check, &size.check), ("the tree", &largest.check_tree, &size.check_tree)]
        {
            let scale = ratio(many, few);
            goal(text, &format!("{what}, `check` of {name}"), &format!("{scale:.2} times"), Some(scale <= 11.0));
        }
    }
}

fn goal(text: &mut String, what: &str, measured: &str, met: Option<bool>) {
    let met = match met {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "not known",
    };
    let _ = writeln!(text, "| {what} | {measured} | {met} |");
}

fn ratio(one: &Measured, other: &Measured) -> f64 {
    one.time.as_secs_f64() / other.time.as_secs_f64()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
