//! What an install would do, and what each of it means. Pure: it reads no disk and asks no systemd.
//!
//! [`plan`] holds what is wanted against what stands there. `diff` prints what comes of it, `install` carries it out: they
//! cannot disagree.
//!
//! - [`layout`]: where a catalog's files belong; [`wanted`]: the files; [`standing`]: what was found, and what the last
//!   install wrote.
//! - [`change`]: how far the difference between two texts reaches.
//! - [`work`]: what is asked of systemd and podman, and in which order.
//! - [`mod@line`]: a line of ours in a file of many; `host`: what a file of the host means.
//! - `obstacles`: why an install would refuse.

pub mod change;
pub mod drop_ins;
mod host;
pub mod layout;
pub mod line;
pub mod live_limits;
mod meaning;
mod obstacles;
pub mod standing;
pub mod step;
mod units;
pub mod wanted;
pub mod work;

pub use layout::{Home, Layout, Owner};
pub use live_limits::LiveLimits;
pub use obstacles::service_made_of;
pub use standing::{Generation, InstalledFile, Reason, Standing};
pub use step::{Action, Meaning, News, Obstacle, Step};
pub use units::missing;
pub use wanted::{Wanted, WantedFile};
pub use work::{Call, UnitLimits, Work};

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use crate::{
    diagnostic::Severity,
    render::{self, host::places},
};

/// What an install would do.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What happens to each file, in the order of their places.
    pub steps: Vec<Step>,
    /// Why an install would refuse.
    pub obstacles: Vec<Obstacle>,
    /// What is asked of systemd and podman afterwards.
    pub work: Work,
}

/// What a rule says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The file's name.
    pub file: String,
    /// The rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it says.
    pub message: String,
}

impl Plan {
    /// Whether an install would change no file, make nothing run anew and have nothing to remember.
    pub fn is_empty(&self) -> bool {
        let is_news = |meaning: &Meaning| matches!(meaning, Meaning::Adopted | Meaning::EditedByHand);
        let stays = |step: &Step| step.action == Action::Keep && !step.means.iter().any(is_news);
        self.work.is_empty() && self.steps.iter().all(stays)
    }

    /// The steps that change something, or of which there is something to say.
    pub fn told(&self) -> impl Iterator<Item = &Step> {
        let is_news = |meaning: &Meaning| !matches!(meaning, Meaning::SharedWith(_) | Meaning::GivenByOthers);
        self.steps.iter().filter(move |step| step.action != Action::Keep || step.means.iter().any(is_news))
    }

    /// How many steps do that.
    pub fn count(&self, action: Action) -> usize {
        self.steps.iter().filter(|step| step.action == action).count()
    }

    /// Adds what gets weaker and what gets stronger: what the rules said of the files that stand there, and what they say
    /// of those that are to.
    pub fn weigh(&mut self, before: &[Judgement], after: &[Judgement]) {
        let (before, after) = (by_file(before), by_file(after));
        for step in self.steps.iter_mut().filter(|step| matches!(step.action, Action::Create | Action::Replace)) {
            let name = step.path.rsplit('/').next().unwrap_or(&step.path);
            let old = before.get(name).map(Vec::as_slice).unwrap_or_default();
            let new = after.get(name).map(Vec::as_slice).unwrap_or_default();
            step.means.extend(news(new, old).map(|judgement| Meaning::Weaker {
                rule: judgement.rule,
                severity: judgement.severity,
                message: judgement.message.clone(),
            }));
            step.means.extend(news(old, new).map(|judgement| Meaning::Stronger {
                rule: judgement.rule,
                severity: judgement.severity,
                message: judgement.message.clone(),
            }));
        }
    }
}

fn by_file(all: &[Judgement]) -> BTreeMap<&str, Vec<&Judgement>> {
    let mut by_file: BTreeMap<&str, Vec<&Judgement>> = BTreeMap::new();
    for judgement in all {
        by_file.entry(&judgement.file).or_default().push(judgement);
    }
    by_file
}

/// What is said `now` and not `before`. A rule that says as much as before in other words, with another number in them,
/// says nothing new.
fn news<'a>(now: &[&'a Judgement], before: &[&'a Judgement]) -> impl Iterator<Item = &'a Judgement> {
    let rules: BTreeSet<&str> = now.iter().map(|judgement| judgement.rule).collect();
    let news = rules.into_iter().flat_map(|rule| {
        let said = |all: &[&'a Judgement]| all.iter().filter(|said| said.rule == rule).copied().collect::<Vec<_>>();
        let (said_now, said_before) = (said(now), said(before));
        let more = said_now.len().saturating_sub(said_before.len());
        let is_new = |judgement: &&Judgement| !said_before.iter().any(|other| other.message == judgement.message);
        said_now.into_iter().filter(is_new).take(more).collect::<Vec<_>>()
    });
    news.collect::<Vec<_>>().into_iter()
}

/// The services of a set that are started by themselves, with `.service`, in order.
pub fn running_services(wanted: &Wanted) -> Vec<String> {
    let units = units::Units::read(wanted.texts());
    units.wanted_services().collect()
}

/// The SHA-256 of a text, in hexadecimal digits.
pub fn digest(text: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What an install of `wanted` would do where `standing` is found.
pub fn plan(wanted: &Wanted, standing: &Standing) -> Plan {
    let mut plan = Plan::default();
    let there = standing.units.keys().chain(standing.slices.keys()).chain(standing.shared.keys());
    let paths: BTreeSet<&str> = wanted.files.keys().chain(there).map(String::as_str).collect();
    for path in paths {
        plan.steps.extend(step(path, wanted, standing, &mut plan.obstacles));
    }
    obstacles::add(wanted, standing, &mut plan.obstacles);
    meaning::add(&mut plan, wanted, standing);
    plan
}

/// What happens to one file.
fn step(path: &str, wanted: &Wanted, standing: &Standing, obstacles: &mut Vec<Obstacle>) -> Option<Step> {
    if wanted.left_alone.contains(path) {
        return Some(made(path, Action::Keep, wanted, standing, None, Vec::new()));
    }
    if places::is_shared(path) {
        return line::step(path, wanted, standing, obstacles);
    }
    let new = wanted.files.get(path);
    let old = standing.units.get(path).or_else(|| standing.slices.get(path));
    let remembered = standing.last.as_ref().and_then(|last| last.file(path));
    let is_unit = standing.units.contains_key(path);
    let shared = standing.other_catalogs.iter().find(|other| other.file(path).is_some());
    let mut means = Vec::new();
    let mut difference = None;
    let action = match (new, old) {
        (None, None) => return None,
        (Some(_), None) => {
            means.extend(remembered.map(|_| Meaning::DeletedByHand));
            Action::Create
        }
        (Some(new), Some(old)) if new.text.as_bytes() == old.as_slice() => {
            match shared {
                Some(other) => means.push(Meaning::SharedWith(other.catalog.clone())),
                None if standing.last.is_none() => means.push(Meaning::Adopted),
                // Somebody was there before us: nobody knows whether systemd has read it.
                None if remembered.is_none_or(|remembered| remembered.sha256 != digest(old)) => {
                    means.push(Meaning::EditedByHand);
                }
                None => {}
            }
            Action::Keep
        }
        (Some(new), Some(old)) => {
            let found = change::compare(path, &String::from_utf8_lossy(old), &new.text);
            if let Some(other) = shared {
                // What both say is said, in the words of either.
                if found != change::Difference::TextOnly {
                    obstacles.push(obstacles::shared_but_different(path, other));
                }
                means.push(Meaning::SharedWith(other.catalog.clone()));
                return Some(made(path, Action::Keep, wanted, standing, None, means));
            }
            difference = Some(found);
            match remembered {
                Some(remembered) if remembered.sha256 == digest(old) => {}
                Some(_) => {
                    means.push(Meaning::EditedByHand);
                    obstacles.push(obstacles::edited(path));
                }
                None if render::is_of(old, &wanted.layout.catalog) => adopt(path, standing, &mut means, obstacles),
                None => obstacles.push(obstacles::foreign(path)),
            }
            Action::Replace
        }
        (None, Some(old)) => {
            if let Some(other) = shared {
                means.push(Meaning::SharedWith(other.catalog.clone()));
                return Some(made(path, Action::Keep, wanted, standing, None, means));
            }
            match remembered {
                Some(remembered) if remembered.sha256 == digest(old) => {}
                Some(_) => {
                    means.push(Meaning::EditedByHand);
                    obstacles.push(obstacles::edited(path));
                }
                None if !is_unit && standing.last.is_none() && render::is_of(old, &wanted.layout.catalog) => {
                    adopt(path, standing, &mut means, obstacles);
                }
                None if !is_unit => return None,
                None if standing.last.is_some() => {
                    means.push(Meaning::AddedByHand);
                    obstacles.push(obstacles::added(path));
                }
                None if render::is_of(old, &wanted.layout.catalog) => adopt(path, standing, &mut means, obstacles),
                None => obstacles.push(obstacles::foreign(path)),
            }
            Action::Remove
        }
    };
    Some(made(path, action, wanted, standing, difference, means))
}

/// Takes over a file that was rendered from the catalog and that no install recorded.
fn adopt(path: &str, standing: &Standing, means: &mut Vec<Meaning>, obstacles: &mut Vec<Obstacle>) {
    means.push(Meaning::Adopted);
    // Beside an install it is what an interrupted one left; without one nobody knows.
    obstacles.extend(standing.last.is_none().then(|| obstacles::not_installed(path)));
}

fn made(
    path: &str,
    action: Action,
    wanted: &Wanted,
    standing: &Standing,
    difference: Option<change::Difference>,
    means: Vec<Meaning>,
) -> Step {
    let new = wanted.files.get(path);
    let is_kept = action == Action::Keep;
    let remembered = || standing.last.as_ref()?.file(path)?.service.clone();
    Step {
        action,
        path: path.to_owned(),
        service: new.map_or_else(remembered, |new| new.service.clone()),
        old: standing.units.get(path).or_else(|| standing.slices.get(path)).filter(|_| !is_kept).cloned(),
        new: new.filter(|_| !is_kept).map(|new| new.text.clone()),
        difference,
        means,
    }
}
