//! What runs against what was declared as JSON, version 1: one object, its lists present even when empty.
//! `docs/schema/verify.json` describes it.

use serde::Serialize;

use crate::policy::promise::{self, Verified};

#[derive(Serialize)]
struct Answer<'a> {
    version: u8,
    promises: Vec<Promise<'a>>,
    usage: Vec<Usage<'a>>,
    suggestions: Vec<Suggestion<'a>>,
}

#[derive(Serialize)]
struct Promise<'a> {
    service: &'a str,
    #[serde(rename = "promise")]
    what: &'a str,
    of: Option<&'a str>,
    layer: &'a str,
    declared: &'a str,
    found: Option<&'a str>,
    holds: Option<bool>,
    why: Option<&'a str>,
    at: Option<&'a str>,
}

#[derive(Serialize)]
struct Usage<'a> {
    service: &'a str,
    memory_current: Option<u64>,
    memory_peak: Option<u64>,
    memory_limit: Option<u64>,
    oom_kills: Option<u64>,
    tasks_current: Option<u64>,
    tasks_peak: Option<u64>,
    tasks_limit: Option<u64>,
    restarts: Option<u64>,
}

#[derive(Serialize)]
struct Suggestion<'a> {
    service: &'a str,
    memory: Option<String>,
    pids: Option<u64>,
}

/// The whole text.
pub fn text(verified: &Verified, suggest: bool) -> String {
    let asked_for = verified.usage.iter().filter(|_| suggest);
    let answer = Answer {
        version: 1,
        promises: verified.promises.iter().map(promise).collect(),
        usage: verified.usage.iter().map(usage).collect(),
        suggestions: asked_for.filter_map(suggestion).collect(),
    };
    serde_json::to_string_pretty(&answer).map_or_else(|error| error.to_string(), |text| text + "\n")
}

fn promise(promise: &promise::Promise) -> Promise<'_> {
    Promise {
        service: &promise.service,
        what: promise.promise,
        of: promise.of.as_deref(),
        layer: promise.layer.as_str(),
        declared: &promise.declared,
        found: promise.found.as_deref(),
        holds: promise.holds,
        why: promise.why.as_deref(),
        at: promise.at.as_deref(),
    }
}

fn usage(usage: &promise::Usage) -> Usage<'_> {
    Usage {
        service: &usage.service,
        memory_current: usage.memory_current,
        memory_peak: usage.memory_peak,
        memory_limit: usage.memory_limit,
        oom_kills: usage.oom_kills,
        tasks_current: usage.tasks_current,
        tasks_peak: usage.tasks_peak,
        tasks_limit: usage.tasks_limit,
        // Only systemd counts them.
        restarts: None,
    }
}

fn suggestion(usage: &promise::Usage) -> Option<Suggestion<'_>> {
    let (memory, pids) = (usage.proposed_mib().map(|mib| format!("{mib}M")), usage.proposed_tasks());
    (memory.is_some() || pids.is_some()).then_some(Suggestion { service: &usage.service, memory, pids })
}
