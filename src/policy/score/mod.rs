//! How exposed a container is, on the scale that systemd-analyze(1) `security` uses for services: 0.0 to 10.0.
//!
//! [`FACETS`] is the table of what is asked, each with its weight. An answer is bad by so many permille of the weight,
//! and the exposure is the sum, rounded up to a tenth. A gate ([`GATES`]) is a way out of the container that is open
//! whatever the rest says: it sets a floor. What the unit does not tell is taken for good once and for bad once, so an
//! exposure is an interval. Waivers are not looked at: a reason makes nothing safer.
//!
//! Numbers are integers throughout: permille of a weight, and [`TOTAL`] of weight for the whole scale.

mod capabilities;
mod facets;
mod facts;
mod gates;
mod host_paths;
mod image;
mod left_out;
mod limits;
mod network;
mod weights;

pub use gates::{GATES, Gate};
pub use left_out::{LeftOut, Why};
pub use weights::{FACETS, Facet, MODEL, TOTAL};

use std::{cmp::Reverse, fmt};

use super::{
    File, Settings, container,
    facts::Container,
    quadlet::{self, Loaded, Tree},
};
use crate::{diagnostic::Sources, parallel};
use facts::{Assume, Facts};

/// An exposure in tenths, from 0 to 100: `0.4` is 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exposure(u32);

impl Exposure {
    /// The greatest.
    pub const MAX: Self = Self(100);

    /// An exposure of so many tenths; more than 100 are 100.
    pub fn of_tenths(tenths: u32) -> Self {
        Self(tenths.min(Self::MAX.0))
    }

    /// Reads `4`, `4.5` or `10.0`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
        let digit = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 2 || tenth.len() != 1 || !digit(whole) || !digit(tenth) {
            return None;
        }
        let tenths = whole.parse::<u32>().ok()? * 10 + tenth.parse::<u32>().ok()?;
        (tenths <= Self::MAX.0).then_some(Self(tenths))
    }

    /// How many tenths it is.
    pub fn tenths(self) -> u32 {
        self.0
    }

    /// The name that systemd gives it.
    pub fn band(self) -> &'static str {
        BANDS.iter().find(|(least, _)| self.0 >= *least).map_or("PERFECT", |(_, name)| name)
    }
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0 / 10, self.0 % 10)
    }
}

/// The bands of systemd-analyze(1), each from so many tenths on.
pub const BANDS: &[(u32, &str)] =
    &[(100, "DANGEROUS"), (90, "UNSAFE"), (75, "EXPOSED"), (50, "MEDIUM"), (10, "OK"), (1, "SAFE"), (0, "PERFECT")];

/// A part of the scale in hundredths: `0.35` is 35.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Points(u32);

impl Points {
    /// The points of so many thousandths of weight, rounded to the nearest hundredth.
    fn of(weighed: u64) -> Self {
        let scale = u64::from(TOTAL);
        Self(u32::try_from((weighed + scale / 2) / scale).unwrap_or(u32::MAX))
    }

    /// How many hundredths it is.
    pub fn hundredths(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// How exposed a container is.
#[derive(Clone, Debug)]
pub struct Score {
    /// If everything that the unit does not tell is good.
    pub low: Exposure,
    /// If everything that the unit does not tell is bad.
    pub high: Exposure,
    /// The gates that are open, the highest floor first.
    pub gates: Vec<OpenGate>,
    /// The facets that are not good, the greatest first.
    pub contributions: Vec<Contribution>,
    /// The change that pays best; `None` where nothing is left to do.
    pub next_step: Option<NextStep>,
}

impl Score {
    /// The band of the high end: what is not known is not good.
    pub fn band(&self) -> &'static str {
        self.high.band()
    }
}

/// A gate that is open.
#[derive(Clone, Debug)]
pub struct OpenGate {
    /// Which.
    pub gate: &'static Gate,
    /// Whether the unit alone tells that it is.
    pub certain: bool,
    /// What opens it.
    pub why: String,
}

/// What a facet adds to the exposure.
#[derive(Clone, Debug)]
pub struct Contribution {
    /// Which.
    pub facet: &'static Facet,
    /// To the low end.
    pub low: Points,
    /// To the high end.
    pub high: Points,
    /// Why, as a phrase.
    pub why: String,
}

/// A change that lowers the exposure.
#[derive(Clone, Debug)]
pub struct NextStep {
    /// The facet or the gate that it mends.
    pub of: &'static str,
    /// What to write, as a phrase.
    pub step: &'static str,
    /// What it takes off the middle of the exposure.
    pub gain: Points,
}

/// The exposure of a container.
pub fn score(container: &Container<'_>, tree: &Tree<'_>) -> Score {
    let best = Facts::of(container, tree, Assume::Best);
    let worst = Facts::of(container, tree, Assume::Worst);
    let gates = GATES.iter().filter_map(|gate| {
        let why = (gate.find)(&worst)?;
        Some(OpenGate { gate, certain: (gate.find)(&best).is_some(), why })
    });
    let gates: Vec<OpenGate> = gates.collect();
    let mut contributions: Vec<_> = FACETS.iter().filter_map(|facet| contribution(facet, &best, &worst)).collect();
    contributions.sort_by_key(|contribution| (Reverse((contribution.high, contribution.low)), contribution.facet.id));
    Score {
        low: exposure(&best),
        high: exposure(&worst),
        next_step: next_step(&gates, &best, &worst),
        gates,
        contributions,
    }
}

fn contribution(facet: &'static Facet, best: &Facts, worst: &Facts) -> Option<Contribution> {
    let (low, high) = (facet.badness(best).permille, facet.badness(worst));
    let why = if low < high.permille && low == 0 { format!("perhaps {}", high.why) } else { high.why.into_owned() };
    let weighed = |permille| Points::of(u64::from(facet.weight) * u64::from(permille));
    (high.permille > 0).then(|| Contribution { facet, low: weighed(low), high: weighed(high.permille), why })
}

/// All facets together, in thousandths of weight.
fn sum(facts: &Facts) -> u64 {
    FACETS.iter().map(|facet| u64::from(facet.weight) * u64::from(facet.badness(facts).permille)).sum()
}

/// The sum, rounded up to a tenth as systemd does, or the floor of the highest gate.
fn exposure(facts: &Facts) -> Exposure {
    let tenths = sum(facts).div_ceil(u64::from(TOTAL) * 10);
    let floor = GATES.iter().filter(|gate| (gate.find)(facts).is_some()).map(|gate| gate.floor).max().unwrap_or(0);
    Exposure::of_tenths(u32::try_from(tenths).unwrap_or(u32::MAX).max(floor))
}

/// The first gate to close, or the facet whose step gains most for its effort. A step is taken on the facts and
/// everything is weighed again, so that it counts what it does to other facets.
fn next_step(gates: &[OpenGate], best: &Facts, worst: &Facts) -> Option<NextStep> {
    let gain = |mend: &dyn Fn(&mut Facts), weigh: &dyn Fn(&Facts) -> u64| {
        let of_end = |facts: &Facts| {
            let mut mended = facts.clone();
            mend(&mut mended);
            weigh(facts).saturating_sub(weigh(&mended))
        };
        u64::midpoint(of_end(best), of_end(worst))
    };
    if let Some(OpenGate { gate, .. }) = gates.first() {
        let weigh = |facts: &Facts| u64::from(exposure(facts).0) * 10 * u64::from(TOTAL);
        return Some(NextStep { of: gate.id, step: gate.step, gain: Points::of(gain(&gate.close, &weigh)) });
    }
    let steps = FACETS.iter().map(|facet| (facet, gain(&|facts| facet.mend(facts), &sum)));
    let (facet, gain) = steps
        .filter(|(_, gain)| *gain > 0)
        .min_by_key(|(facet, gain)| (Reverse(gain / u64::from(facet.effort)), Reverse(*gain), facet.id))?;
    Some(NextStep { of: facet.id, step: facet.step_for(worst), gain: Points::of(gain) })
}

/// A container among the files, and its exposure.
#[derive(Clone, Debug)]
pub struct Scored {
    /// Its file, as an index into the files.
    pub file: usize,
    /// The service it becomes, without `.service`.
    pub service: String,
    /// Its exposure.
    pub score: Score,
}

/// The exposures of a set of files, and what has none.
#[derive(Clone, Debug, Default)]
pub struct Weighed {
    /// The containers, in the order of the files.
    pub services: Vec<Scored>,
    /// The files that should make containers, and of which nothing is known, in their order.
    pub left_out: Vec<LeftOut>,
}

/// The exposure of every container among the files that Podman would make a service of, or would if no file beside it
/// were broken.
pub fn weigh(files: &[File], sources: &Sources, settings: &Settings) -> Weighed {
    let (tree, _) = quadlet::load(files, sources, settings.podman);
    let services = scored(&tree, settings, |loaded| loaded.refusal.is_none());
    Weighed { services, left_out: left_out::of(&tree, files, sources) }
}

/// The exposure of every container among the files that can be read, be it that Podman refuses it, in their order.
pub fn all(files: &[File], sources: &Sources, settings: &Settings) -> Vec<Scored> {
    let (tree, _) = quadlet::load(files, sources, settings.podman);
    scored(&tree, settings, |_| true)
}

fn scored(tree: &Tree<'_>, settings: &Settings, is_weighed: fn(&Loaded<'_>) -> bool) -> Vec<Scored> {
    let containers: Vec<_> = tree.containers().filter(|loaded| is_weighed(loaded)).collect();
    parallel::map(&containers, |loaded| Scored {
        file: loaded.unit.index(),
        service: loaded.service.clone(),
        score: score(&container(loaded, tree, settings), tree),
    })
}
