//! Exposures as JSON, version 1: one object, its lists present even when empty. `docs/schema/score.json` describes it.

use serde::Serialize;

use crate::policy::score::{self, Exposure, MODEL, Points, Scored, Weighed};

#[derive(Serialize)]
struct Scores<'a> {
    version: u8,
    score_model: u32,
    services: Vec<Service<'a>>,
    left_out: Vec<LeftOut<'a>>,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    service: &'a str,
    path: &'a str,
    why: &'a str,
    reason: &'a str,
    counts: bool,
}

#[derive(Serialize)]
struct Service<'a> {
    #[serde(rename = "service")]
    name: &'a str,
    path: &'a str,
    low: f64,
    high: f64,
    band: &'a str,
    gates: Vec<Gate<'a>>,
    contributions: Vec<Contribution<'a>>,
    next_step: Option<NextStep<'a>>,
}

#[derive(Serialize)]
struct Gate<'a> {
    #[serde(rename = "gate")]
    id: &'a str,
    floor: f64,
    certain: bool,
    why: &'a str,
}

#[derive(Serialize)]
struct Contribution<'a> {
    facet: &'a str,
    points: f64,
    low: f64,
    why: &'a str,
}

#[derive(Serialize)]
struct NextStep<'a> {
    of: &'a str,
    step: &'a str,
    gain: f64,
}

/// The whole text, the services in the order of the files; `path` is that of a file as the reader knows it.
pub fn text<'a>(weighed: &'a Weighed, path: impl Fn(usize) -> &'a str) -> String {
    let services = weighed.services.iter().map(|scored| service(scored, path(scored.file))).collect();
    let left_out = |left_out: &'a score::LeftOut| LeftOut {
        service: &left_out.service,
        path: path(left_out.file),
        why: left_out.why.as_str(),
        reason: &left_out.reason,
        counts: left_out.counts(),
    };
    let left_out = weighed.left_out.iter().map(left_out).collect();
    let scores = Scores { version: 1, score_model: MODEL, services, left_out };
    serde_json::to_string_pretty(&scores).map_or_else(|error| error.to_string(), |text| text + "\n")
}

fn service<'a>(scored: &'a Scored, path: &'a str) -> Service<'a> {
    let score = &scored.score;
    let gates = score.gates.iter().map(|open| Gate {
        id: open.gate.id,
        floor: tenths(Exposure::of_tenths(open.gate.floor)),
        certain: open.certain,
        why: &open.why,
    });
    let contributions = score.contributions.iter().map(|contribution| Contribution {
        facet: contribution.facet.id,
        points: hundredths(contribution.high),
        low: hundredths(contribution.low),
        why: &contribution.why,
    });
    Service {
        name: &scored.service,
        path,
        low: tenths(score.low),
        high: tenths(score.high),
        band: score.band(),
        gates: gates.collect(),
        contributions: contributions.collect(),
        next_step: score.next_step.as_ref().map(|next| NextStep {
            of: next.of,
            step: next.step,
            gain: hundredths(next.gain),
        }),
    }
}

// Division rounds to the nearest float, which is the one that the decimal number is read as and printed from: 35
// hundredths are written 0.35.

fn tenths(exposure: Exposure) -> f64 {
    f64::from(exposure.tenths()) / 10.0
}

fn hundredths(points: Points) -> f64 {
    f64::from(points.hundredths()) / 100.0
}
