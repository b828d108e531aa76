//! What every service uses as JSON, version 1: one object, its list present even when empty. `docs/schema/top.json`
//! describes it.

use serde::Serialize;

use crate::policy::load::Load;

#[derive(Serialize)]
struct Answer<'a> {
    version: u8,
    services: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    service: &'a str,
    catalog: &'a str,
    user: Option<u32>,
    unit: &'a str,
    running: bool,
    state: &'a str,
    memory_current: Option<u64>,
    memory_peak: Option<u64>,
    memory_limit: Option<u64>,
    oom_kills: Option<u64>,
    tasks_current: Option<u64>,
    tasks_peak: Option<u64>,
    tasks_limit: Option<u64>,
    cpu_usec: Option<u64>,
    cpu_millis: Option<u64>,
    cpu_limit_millis: Option<u64>,
    restarts: Option<u64>,
    uids: Option<Vec<Ids>>,
    near_limits: Vec<&'a str>,
}

#[derive(Serialize)]
struct Ids {
    start: u64,
    count: u64,
}

/// The whole text.
pub fn text(loads: &[Load]) -> String {
    let answer = Answer { version: 1, services: loads.iter().map(row).collect() };
    serde_json::to_string_pretty(&answer).map_or_else(|error| error.to_string(), |text| text + "\n")
}

fn row(load: &Load) -> Row<'_> {
    let usage = &load.usage;
    // Of 100 ms a thousandth is 100 µs.
    let millis = |micros: u64| micros.div_ceil(100);
    let ids = |range: &std::ops::Range<u64>| Ids { start: range.start, count: range.end.saturating_sub(range.start) };
    Row {
        service: &usage.service,
        catalog: &load.catalog,
        user: load.user,
        unit: &load.unit,
        running: load.is_running,
        state: &load.state,
        memory_current: usage.memory_current,
        memory_peak: usage.memory_peak,
        memory_limit: usage.memory_limit,
        oom_kills: usage.oom_kills,
        tasks_current: usage.tasks_current,
        tasks_peak: usage.tasks_peak,
        tasks_limit: usage.tasks_limit,
        cpu_usec: usage.cpu_time,
        cpu_millis: load.cpu_used.map(millis),
        cpu_limit_millis: usage.cpu_limit.map(millis),
        restarts: load.restarts,
        uids: load.uids.as_ref().map(|uids| uids.iter().map(ids).collect()),
        near_limits: load.near_limits(),
    }
}
