//! What runs against what was declared, for people: what does not hold on top, then a line a service, then one that
//! sums up.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::diagnostics::escaped;
use crate::policy::promise::{Layer, Promise, Usage, Verified};

/// How much to say.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// True where it may be coloured.
    pub colour: bool,
    /// Which promises.
    pub much: Much,
    /// Propose limits too.
    pub suggest: bool,
}

/// Which promises to tell one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Much {
    /// Those that do not hold, or could not be read, and nothing else.
    Quiet,
    /// The same, and a line of everything else.
    Normal,
    /// All.
    Verbose,
}

/// The whole text.
pub fn text(verified: &Verified, options: Options) -> String {
    let mut services: Vec<(&str, &[Promise])> = verified.by_service().collect();
    // Broken promises first, then what could not be read; within these, the services stay in their order.
    services.sort_by_key(|(_, promises)| promises.iter().map(|promise| rank(promise.holds)).min());
    let mut text = String::new();
    for (service, promises) in services {
        text += &one(service, promises, options);
    }
    if options.much != Much::Quiet {
        if verified.promises.is_empty() {
            text += "no services\n";
        } else {
            text += &summary(verified, options);
        }
    }
    if options.suggest {
        let proposals: Vec<String> = verified.usage.iter().filter_map(proposal).collect();
        if !text.is_empty() && !proposals.is_empty() {
            text += "\n";
        }
        text += &proposals.join("\n");
    }
    text
}

fn rank(holds: Option<bool>) -> u8 {
    match holds {
        Some(false) => 0,
        None => 1,
        Some(true) => 2,
    }
}

fn one(service: &str, promises: &[Promise], options: Options) -> String {
    let service = escaped(service);
    let all = count(promises.len(), "promise");
    if options.much != Much::Verbose {
        if promises.iter().all(|promise| promise.holds == Some(true)) {
            let hold = if promises.len() == 1 { "holds" } else { "hold" };
            return if options.much == Much::Quiet { String::new() } else { format!("{service}: {all} {hold}\n") };
        }
        // Where nothing could be looked at, all say the same.
        if let Some(Promise { why: Some(why), .. }) = promises.first()
            && promises.iter().all(|promise| promise.holds.is_none() && promise.why.as_ref() == Some(why))
        {
            return format!("{service}: {}, so {all} could not be looked at\n", escaped(why));
        }
    }
    let mut text = format!("{service}\n");
    let mut shown: Vec<&Promise> =
        promises.iter().filter(|promise| options.much == Much::Verbose || promise.holds != Some(true)).collect();
    shown.sort_by_key(|promise| rank(promise.holds));
    for promise in &shown {
        text += &line(promise, options.colour);
    }
    let hidden = promises.len() - shown.len();
    if hidden > 0 && options.much != Much::Quiet {
        let _ = writeln!(text, "  {hidden} more {}", if hidden == 1 { "holds" } else { "hold" });
    }
    text
}

/// `  BROKEN   memory of the payload: declared 512M, found no limit`, and where.
fn line(promise: &Promise, colour: bool) -> String {
    let (mark, style) = match promise.holds {
        Some(false) => ("BROKEN ", Style::new().bold().fg_color(Some(AnsiColor::Red.into()))),
        None => ("unknown", Style::new().fg_color(Some(AnsiColor::Yellow.into()))),
        Some(true) => ("holds  ", Style::new().fg_color(Some(AnsiColor::Green.into()))),
    };
    let mark = if colour { format!("{style}{mark}{style:#}") } else { mark.to_owned() };
    let declared = escaped(&promise.declared);
    let mut text = format!("  {mark}  {}: ", what(promise));
    let _ = match (&promise.found, promise.holds, &promise.why) {
        (Some(found), Some(true), _) if *found == promise.declared => writeln!(text, "{declared}"),
        (Some(found), _, Some(why)) => {
            writeln!(text, "declared {declared}, found {}, and {}", escaped(found), escaped(why))
        }
        (Some(found), ..) => writeln!(text, "declared {declared}, found {}", escaped(found)),
        (None, _, why) => writeln!(text, "{}", escaped(why.as_deref().unwrap_or("not read"))),
    };
    if promise.holds != Some(true)
        && let Some(at) = &promise.at
    {
        let _ = writeln!(text, "           {}", escaped(at));
    }
    text
}

/// `memory of services.slice`, `memory of the payload`, `mount /data`.
fn what(promise: &Promise) -> String {
    const LIMITS: [&str; 5] = ["memory", "memory_high", "swap", "cpu", "tasks"];
    let name = promise.promise.replace('_', " ");
    match &promise.of {
        Some(of) if promise.layer == Layer::Slice => format!("{name} of {}", escaped(of)),
        Some(of) => format!("{name} {}", escaped(of)),
        None if LIMITS.contains(&promise.promise) => format!("{name} of the {}", promise.layer.as_str()),
        None => name,
    }
}

fn summary(verified: &Verified, options: Options) -> String {
    let services = count(verified.usage.len(), "service");
    let (broken, unread) = (verified.count(Some(false)), verified.count(None));
    let all = count(verified.promises.len(), "promise");
    let mut parts = Vec::new();
    match broken {
        0 => {}
        1 => parts.push("1 is broken".to_owned()),
        n => parts.push(format!("{n} are broken")),
    }
    if unread > 0 {
        parts.push(format!("{unread} could not be read"));
    }
    if parts.is_empty() {
        parts.push("all of them hold".to_owned());
    }
    let mut text = format!("{services}, {all}: {}\n", parts.join(", "));
    let kills: Vec<String> = verified.usage.iter().filter_map(killed).collect();
    if !kills.is_empty() {
        let _ = writeln!(text, "killed for want of memory: {}", kills.join(", "));
    }
    if options.much == Much::Verbose {
        text += &verified.usage.iter().filter_map(used).collect::<String>();
    }
    text
}

fn killed(usage: &Usage) -> Option<String> {
    let kills = usage.oom_kills.filter(|kills| *kills > 0)?;
    Some(format!("{} ({})", escaped(&usage.service), count(usize::try_from(kills).unwrap_or(usize::MAX), "process")))
}

/// `web used at most 210M of 512M of memory and 12 of 256 tasks`
fn used(usage: &Usage) -> Option<String> {
    let said = peaks(usage);
    (!said.is_empty()).then(|| format!("{} used at most {said}\n", escaped(&usage.service)))
}

fn peaks(usage: &Usage) -> String {
    let of =
        |peak: String, limit: Option<String>| limit.map_or_else(|| peak.clone(), |limit| format!("{peak} of {limit}"));
    let memory = usage.memory_peak.map(|peak| format!("{} of memory", of(mib(peak), usage.memory_limit.map(mib))));
    let limit = usage.tasks_limit.map(|limit| limit.to_string());
    let tasks = usage.tasks_peak.map(|peak| format!("{} tasks", of(peak.to_string(), limit)));
    [memory, tasks].into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// Rounded up, as nobody reads bytes.
pub(super) fn mib(bytes: u64) -> String {
    format!("{}M", bytes.div_ceil(1 << 20))
}

/// A snippet of TOML for the file of a service.
fn proposal(usage: &Usage) -> Option<String> {
    let (memory, tasks) = (usage.proposed_mib(), usage.proposed_tasks());
    if memory.is_none() && tasks.is_none() {
        return None;
    }
    let mut text = format!("# {}: used at most {}\n[limits]\n", escaped(&usage.service), peaks(usage));
    if let Some(mib) = memory {
        let _ = writeln!(text, "memory = \"{mib}M\"");
    }
    if let Some(tasks) = tasks {
        let _ = writeln!(text, "pids   = {tasks}");
    }
    Some(text)
}

fn count(n: usize, what: &str) -> String {
    let many = if what.ends_with('s') { "es" } else { "s" };
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}{many}") }
}
