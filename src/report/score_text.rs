//! Exposures for people: a table of services, or one service facet by facet.

use std::fmt::{self, Write as _};

use super::diagnostics::escaped;
use crate::policy::score::{Contribution, Exposure, LeftOut, Points, Scored, Weighed, Why};

/// The text. With `detail` every facet of every service is told; a single service is told so in any case. What has no
/// exposure is named at the end; `path` is that of a file as the reader knows it.
pub fn text<'a>(weighed: &Weighed, path: impl Fn(usize) -> &'a str, detail: bool) -> String {
    let mut text = exposures(&weighed.services, detail);
    if !weighed.left_out.is_empty() {
        let rows: Vec<_> = weighed.left_out.iter().map(|left_out| not_weighed(left_out, path(left_out.file))).collect();
        let head = ["NOT WEIGHED", "WHY"].map(str::to_owned);
        text += "\n";
        text += &table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    }
    text
}

fn not_weighed(left_out: &LeftOut, path: &str) -> [String; 2] {
    let reason = printable(&left_out.reason);
    let why = match left_out.why {
        Why::Unreadable => format!("Podman cannot read it: {reason}"),
        Why::Refused => format!("Podman makes no service of it: {reason}"),
        Why::Unsearched | Why::Kube => reason,
    };
    [printable(path), why]
}

fn exposures(services: &[Scored], detail: bool) -> String {
    let mut services: Vec<&Scored> = services.iter().collect();
    // The most exposed first: what is to be done stands on top.
    services.sort_by_key(|scored| {
        (std::cmp::Reverse((scored.score.high, scored.score.low)), scored.service.as_str(), scored.file)
    });
    match services.as_slice() {
        [] => "no services\n".to_owned(),
        all if detail || all.len() == 1 => all.iter().map(|scored| one(scored)).collect::<Vec<_>>().join("\n"),
        all => {
            let head = ["SERVICE", "EXPOSURE", "BAND", "MOST OF IT", "NEXT STEP"].map(str::to_owned);
            table(&std::iter::once(head).chain(all.iter().map(|scored| row(scored))).collect::<Vec<_>>())
        }
    }
}

fn row(scored: &Scored) -> [String; 5] {
    let score = &scored.score;
    let gate = score.gates.first().map(|open| open.gate.id.to_owned());
    let facet = || score.contributions.first().map(|most| format!("{} {}", most.facet.id, points(most)));
    [
        printable(&scored.service),
        interval(score.low, score.high),
        score.band().to_owned(),
        gate.or_else(facet).unwrap_or_default(),
        score.next_step.as_ref().map_or_else(String::new, |next| next.step.to_owned()),
    ]
}

/// One service: the gates that are open, what each facet adds, and what to do next.
fn one(scored: &Scored) -> String {
    let score = &scored.score;
    let mut text = format!("{}: {} {}\n", printable(&scored.service), interval(score.low, score.high), score.band());
    if !score.gates.is_empty() {
        let rows = score.gates.iter().map(|open| {
            let perhaps = if open.certain { "" } else { "perhaps " };
            let floor = format!("at least {}", Exposure::of_tenths(open.gate.floor));
            [floor, open.gate.id.to_owned(), format!("{perhaps}{}", printable(&open.why))]
        });
        text += "\n";
        text += &table(&rows.collect::<Vec<_>>());
    }
    if !score.contributions.is_empty() {
        let rows = score
            .contributions
            .iter()
            .map(|contribution| [points(contribution), contribution.facet.id.to_owned(), printable(&contribution.why)]);
        let head = ["POINTS", "FACET", "WHY"].map(str::to_owned);
        text += "\n";
        text += &table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    }
    if let Some(next) = &score.next_step {
        let gain = if next.gain > Points::default() { format!(" ({} less)", next.gain) } else { String::new() };
        let _ = write!(text, "\nnext step, {}: {}{gain}\n", next.of, next.step);
    }
    text
}

fn points(contribution: &Contribution) -> String {
    interval(contribution.low, contribution.high)
}

/// `0.4`, or `0.4-1.3` where it is not certain.
fn interval<T: fmt::Display + PartialEq>(low: T, high: T) -> String {
    if low == high { high.to_string() } else { format!("{low}-{high}") }
}

/// Columns as wide as their widest cell.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// What stands in a unit, without what a terminal would obey or hide.
fn printable(text: &str) -> String {
    escaped(text).into_owned()
}
