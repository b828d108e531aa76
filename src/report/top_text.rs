//! What every service uses, for people: a table, then a line that sums up.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{diagnostics::escaped, verify_text::mib};
use crate::policy::{
    facts::cpus,
    load::{Load, is_near, percent},
};

const HEAD: [&str; 10] =
    ["SERVICE", "USER", "STATE", "MEMORY", "PEAK", "OOM KILLS", "RESTARTS", "TASKS", "CPU", "HOST UIDS"];

/// What nobody knows, or what is not there.
const NOTHING: &str = "-";

/// More ids than a namespace can have: it is the host's own.
const ALL_IDS: u64 = u32::MAX as u64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tone {
    Plain,
    /// Too near to a limit, or the trace of one that was reached.
    Marked,
    /// It does not run.
    Down,
}

struct Cell {
    text: String,
    tone: Tone,
}

/// The whole text.
pub fn text(loads: &[Load], colour: bool, quiet: bool) -> String {
    if loads.is_empty() {
        return if quiet { String::new() } else { "no services\n".to_owned() };
    }
    let rows: Vec<[Cell; HEAD.len()]> = loads.iter().map(row).collect();
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|at| rows.iter().map(|row| row[at].text.chars().count()).max().unwrap_or(0).max(HEAD[at].len()))
        .collect();
    let mut text = line(HEAD.iter().map(|head| (*head, Tone::Plain)), &widths, colour);
    for row in &rows {
        text += &line(row.iter().map(|cell| (cell.text.as_str(), cell.tone)), &widths, colour);
    }
    if !quiet {
        text += &summary(loads);
    }
    text
}

fn line<'c>(cells: impl Iterator<Item = (&'c str, Tone)>, widths: &[usize], colour: bool) -> String {
    let mut text = String::new();
    let mut pad = 0;
    for ((cell, tone), width) in cells.zip(widths) {
        text += &" ".repeat(pad);
        let style = match tone {
            Tone::Plain => Style::new(),
            Tone::Marked => Style::new().bold().fg_color(Some(AnsiColor::Yellow.into())),
            Tone::Down => Style::new().bold().fg_color(Some(AnsiColor::Red.into())),
        };
        let _ =
            if colour && tone != Tone::Plain { write!(text, "{style}{cell}{style:#}") } else { write!(text, "{cell}") };
        pad = width - cell.chars().count() + 2;
    }
    text + "\n"
}

fn row(load: &Load) -> [Cell; HEAD.len()] {
    let usage = &load.usage;
    let plain = |text: String| Cell { text, tone: Tone::Plain };
    let marked = |text: String, is_marked| Cell { text, tone: if is_marked { Tone::Marked } else { Tone::Plain } };
    let number = |number: Option<u64>| number.map_or_else(|| NOTHING.to_owned(), |number| number.to_string());
    let of = |used: Option<String>, limit: Option<String>, percent: Option<u64>| {
        let text = match (used, limit) {
            (None, None) => NOTHING.to_owned(),
            (None, Some(limit)) => format!("{NOTHING} of {limit}"),
            (Some(used), None) => used,
            (Some(used), Some(limit)) => format!("{used} of {limit}"),
        };
        let mark = if is_near(percent) { "!" } else { "" };
        let text = percent.map_or_else(|| text.clone(), |percent| format!("{text} {percent}%{mark}"));
        marked(text, is_near(percent))
    };
    [
        plain(escaped(&usage.service).into_owned()),
        plain(load.user.map_or_else(|| "system".to_owned(), |uid| uid.to_string())),
        Cell { text: escaped(&load.state).into_owned(), tone: if load.is_running { Tone::Plain } else { Tone::Down } },
        of(usage.memory_current.map(mib), usage.memory_limit.map(mib), load.memory()),
        plain(usage.memory_peak.map_or_else(|| NOTHING.to_owned(), mib)),
        marked(number(usage.oom_kills), usage.oom_kills.is_some_and(|kills| kills > 0)),
        plain(number(load.restarts)),
        of(usage.tasks_current.map(|n| n.to_string()), usage.tasks_limit.map(|n| n.to_string()), load.tasks()),
        plain(cpu(load)),
        plain(load.uids.as_deref().map_or_else(|| NOTHING.to_owned(), ids)),
    ]
}

/// `24% of 0.25`: of the CPUs that it may use. `12.34s` is what it has used in all, where only that is known.
fn cpu(load: &Load) -> String {
    let limit = load.usage.cpu_limit;
    let of = |shown: String| limit.map_or_else(|| shown.clone(), |limit| format!("{shown} of {}", cpus(limit)));
    match (load.cpu_used, load.usage.cpu_time) {
        (Some(used), _) => match percent(Some(used), limit) {
            Some(percent) => of(format!("{percent}%")),
            None => hundredths(used / 1000),
        },
        (None, Some(micros)) => format!("{}s", hundredths(micros / 10_000)),
        (None, None) => of(NOTHING.to_owned()),
    }
}

fn hundredths(number: u64) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

fn ids(ranges: &[std::ops::Range<u64>]) -> String {
    let range = |range: &std::ops::Range<u64>| match range.end.saturating_sub(range.start) {
        ALL_IDS.. if range.start == 0 => "all: the host's own".to_owned(),
        0 | 1 => range.start.to_string(),
        _ => format!("{}-{}", range.start, range.end - 1),
    };
    if ranges.is_empty() { "none".to_owned() } else { ranges.iter().map(range).collect::<Vec<_>>().join(", ") }
}

fn summary(loads: &[Load]) -> String {
    let running = loads.iter().filter(|load| load.is_running).count();
    let services = if loads.len() == 1 { "1 service".to_owned() } else { format!("{} services", loads.len()) };
    let listed = |is_one: &dyn Fn(&Load) -> bool| {
        let those = loads.iter().filter(|load| is_one(load)).map(|load| escaped(&load.usage.service));
        those.collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("{services}, {running} running");
    let near = listed(&|load| !load.near_limits().is_empty());
    if !near.is_empty() {
        let _ = write!(text, "; near a limit: {near}");
    }
    let killed = listed(&|load| load.usage.oom_kills.is_some_and(|kills| kills > 0));
    if !killed.is_empty() {
        let _ = write!(text, "; killed for want of memory: {killed}");
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::promise::Usage;

    #[test]
    fn cpu_time_is_a_share_of_what_is_allowed() {
        let shown = |cpu_used, cpu_time, cpu_limit| {
            cpu(&Load { cpu_used, usage: Usage { cpu_time, cpu_limit, ..Usage::default() }, ..Load::default() })
        };
        assert_eq!(shown(Some(24_000), Some(7), Some(25_000)), "96% of 0.25");
        assert_eq!(shown(Some(150_000), Some(7), None), "1.50");
        assert_eq!(shown(None, Some(12_345_678), Some(25_000)), "12.34s");
        assert_eq!((shown(None, None, Some(200_000)), shown(None, None, None)), ("- of 2".to_owned(), "-".to_owned()));
    }

    /// A name is no command to a terminal, and moves no column.
    #[test]
    fn columns_stand_one_under_the_other() {
        let load = |service: &str, state: &str| Load {
            state: state.to_owned(),
            usage: Usage { service: service.to_owned(), ..Usage::default() },
            ..Load::default()
        };
        let text = text(&[load("a\u{1b}[2J", "running"), load("b", "failed (oom-kill)")], false, true);
        assert!(!text.contains('\u{1b}'), "{text}");
        let columns: Vec<Option<usize>> = text.lines().map(|line| line.find("system").or(line.find("USER"))).collect();
        assert_eq!(columns, [columns[0]; 3], "{text}");
        assert_eq!(super::text(&[], false, false), "no services\n");
    }
}
