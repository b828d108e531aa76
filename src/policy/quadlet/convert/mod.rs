//! What Podman demands of a unit as a whole.
//!
//! Podman converts one unit after the other and stops with a unit at the first thing it cannot accept. Here everything
//! is told that is wrong with it. Only where a `Mount=` makes the generator panic it matters what comes first: a unit
//! that is refused before never gets there.

mod build;
mod container;
mod csv;
mod dependencies;
mod mount;
mod ports;
mod references;
mod resources;
mod services;
mod users;

use std::collections::{HashMap, HashSet};

use super::{Candidate, assigned::Assigned, entries, install, names, report::Report, search::Fate, sections};
use crate::{
    diagnostic::Span,
    parallel,
    policy::Effective,
    unit::{UnitType, Version},
};

/// What becomes of a unit.
#[derive(Debug)]
pub(super) struct Converted {
    /// Its service, without `.service`.
    pub(super) service: String,
    /// Whether Podman generates it.
    pub(super) generated: bool,
    /// What there is to say about it.
    pub(super) report: Report,
}

/// A unit that others may refer to by its file name.
#[derive(Debug)]
struct Known {
    /// Which of the candidates it is.
    at: usize,
    /// Whether it is lost with its directory: only units that share its fate find it.
    lost: bool,
    /// The name of what it makes; empty as long as Podman does not know it.
    makes: String,
}

/// A unit that another one needs.
#[derive(Debug)]
struct Need {
    file_name: String,
    at: Span,
    /// The rule that says so where that unit is not generated.
    rule: &'static str,
}

/// What converting a unit comes to, as far as it can be told without those that are converted later.
#[derive(Debug)]
struct Outcome {
    report: Report,
    needs: Vec<Need>,
    /// Where the generator panics.
    panic: Option<Span>,
}

/// A unit on its way.
struct Conversion<'c> {
    unit: &'c Effective<'c>,
    unit_type: UnitType,
    keys: Assigned<'c>,
    podman: Version,
    known: &'c HashMap<&'c str, Known>,
    /// The names of files that Podman does not read.
    unread: &'c HashSet<&'c str>,
    /// Whether it is lost with its directory, whatever stands in it.
    lost: bool,
    report: Report,
    needs: Vec<Need>,
    /// Where the generator panics.
    panic: Option<Span>,
}

/// Where a unit type stands in the order in which Podman converts: what others refer to comes first.
pub(super) fn rank(unit_type: UnitType) -> u8 {
    match unit_type {
        UnitType::Image | UnitType::Artifact => 1,
        UnitType::Network | UnitType::Volume => 2,
        UnitType::Build => 3,
        UnitType::Container | UnitType::Kube => 4,
        UnitType::Pod => 5,
    }
}

/// Converts the units, which are in the order in which Podman came to them; `unread` are the names of files that it does
/// not read.
pub(super) fn all(units: &[Candidate<'_>], unread: &HashSet<&str>, podman: Version) -> Vec<Converted> {
    let services: Vec<String> =
        units.iter().map(|unit| names::service(&unit.effective, unit.unit_type, podman)).collect();
    let mut known = HashMap::with_capacity(units.len());
    for (at, unit) in units.iter().enumerate().filter(|(_, unit)| !matches!(unit.fate, Fate::ShadowedBy(_))) {
        let makes = names::known_before(&unit.effective, unit.unit_type, &services[at], podman);
        let lost = matches!(unit.fate, Fate::LostWith(_));
        known.insert(unit.effective.file().name(), Known { at, lost, makes });
    }

    let mut done: Vec<Option<Outcome>> = units.iter().map(|_| None).collect();
    for rank_now in 1..=5 {
        // What is converted together does not look at each other: only at what came before, or was known from the start.
        let now = (0..units.len()).filter(|&at| rank(units[at].unit_type) == rank_now);
        let outcomes = parallel::map(now, |at| (at, convert(&units[at], &services[at], (&known, unread), podman)));
        for (at, (outcome, makes)) in outcomes {
            if let Some(makes) = makes
                && let Some(known) = known.get_mut(units[at].effective.file().name()).filter(|known| known.at == at)
            {
                known.makes = makes;
            }
            done[at] = Some(outcome);
        }
    }
    finish(units, services, done.into_iter().flatten().collect(), &known)
}

/// Holds a unit against everything; gives the name of what it makes, if it comes to that.
fn convert(
    unit: &Candidate<'_>,
    service: &str,
    (known, unread): (&HashMap<&str, Known>, &HashSet<&str>),
    podman: Version,
) -> (Outcome, Option<String>) {
    let effective = &unit.effective;
    let mut conversion = Conversion {
        unit: effective,
        unit_type: unit.unit_type,
        keys: Assigned::of(effective, podman),
        podman,
        known,
        unread,
        lost: matches!(unit.fate, Fate::LostWith(_)),
        report: Report::new(effective.index()),
        needs: Vec::new(),
        panic: None,
    };
    let Conversion { keys, report, .. } = &mut conversion;
    sections::check(effective, unit.unit_type, podman, report);
    entries::check(effective, unit.unit_type, keys, podman, report);
    install::check(service, keys, report);
    conversion.service_name(service);
    conversion.dependencies();
    match unit.unit_type {
        UnitType::Container => conversion.container(),
        UnitType::Kube => conversion.kube(),
        UnitType::Pod => conversion.pod(),
        UnitType::Network => conversion.network(),
        UnitType::Volume => conversion.volume(),
        UnitType::Image => conversion.image(),
        UnitType::Artifact => conversion.artifact(),
        UnitType::Build => conversion.build(),
    }
    let makes = (!conversion.report.is_refused()).then(|| conversion.makes()).flatten();
    let Conversion { report, needs, panic, .. } = conversion;
    (Outcome { report, needs, panic }, makes)
}

/// Decides which units are generated, and tells those that are what they will miss.
fn finish(
    units: &[Candidate<'_>],
    services: Vec<String>,
    done: Vec<Outcome>,
    known: &HashMap<&str, Known>,
) -> Vec<Converted> {
    let survives = survivors(units, &done);
    let is_generated =
        |at: usize| !done[at].report.is_refused() && survives[at] && !matches!(units[at].fate, Fate::LostWith(_));
    let generated: Vec<bool> = (0..units.len()).map(is_generated).collect();
    let mut converted = Vec::with_capacity(units.len());
    for (at, (Outcome { mut report, needs, panic }, service)) in done.into_iter().zip(services).enumerate() {
        if let Some(place) = panic {
            let is_reached = units[at].fate == Fate::Loaded;
            panics(
                place,
                is_reached,
                units.len() - generated.iter().filter(|generated| **generated).count(),
                &mut report,
            );
        }
        // Where it is not generated itself, what it needs is the lesser trouble.
        for need in needs.into_iter().filter(|_| generated[at]) {
            if known.get(need.file_name.as_str()).is_some_and(|known| !generated[known.at]) {
                let message =
                    format!("the unit is generated, but `{}` is not, and without that it cannot work", need.file_name);
                report.error(need.rule, need.at, message);
            }
        }
        converted.push(Converted { service, generated: generated[at], report });
    }
    converted
}

/// Up to so many units Go sorts them without changing the order of equals.
const SORTED_BY_INSERTION: usize = 12;

/// Which units a panic leaves: those that were converted before it. Podman sorts the units by type; among more than
/// twelve the order within a type is nobody's to know, and all of the type that panics counts as lost.
fn survivors(units: &[Candidate<'_>], done: &[Outcome]) -> Vec<bool> {
    let takes_part = |at: &usize| matches!(units[*at].fate, Fate::Loaded);
    let mut order: Vec<usize> = (0..units.len()).filter(takes_part).collect();
    order.sort_by_key(|&at| rank(units[at].unit_type));
    let Some(mut first) = order.iter().position(|&at| done[at].panic.is_some()) else { return vec![true; units.len()] };
    if order.len() > SORTED_BY_INSERTION {
        let rank_of = |at: usize| rank(units[at].unit_type);
        let panicking = rank_of(order[first]);
        first = order.iter().position(|&at| rank_of(at) == panicking).unwrap_or(first);
    }
    let mut survives = vec![true; units.len()];
    for &at in &order[first..] {
        survives[at] = false;
    }
    survives
}

fn panics(at: Span, is_reached: bool, lost: usize, report: &mut Report) {
    if !is_reached {
        report.refuse("PL020", at, "the generator would panic over this mount without a source, if it came to it");
        return;
    }
    let message = match lost {
        0 | 1 => "the generator panics over this mount without a source".to_owned(),
        lost => format!(
            "the generator panics over this mount without a source: {lost} units are lost with it, from every directory"
        ),
    };
    report.refuse("PL021", at, message).help("name the source, or judge for Podman 5.7");
}

impl Conversion<'_> {
    /// The section that is named after the type.
    fn group(&self) -> &'static str {
        self.unit_type.group()
    }

    /// What to show where something is missing in the section of the type.
    fn header(&self) -> Span {
        self.unit.header(self.group())
    }

    /// Podman makes no service of the unit.
    fn refuse(&mut self, at: Span, message: impl Into<String>) {
        self.report.refuse("PL020", at, message);
    }

    /// What a name of a service comes to that no unit can have.
    fn service_name(&mut self, service: &str) {
        let named = self.keys.text(self.group(), "ServiceName").map(|said| said.at);
        let at = named.unwrap_or_else(|| self.unit.file().whole());
        let name = format!("{service}.service");
        if named.is_some() && service.contains('/') {
            let message = format!("`{service}` has a `/`: Podman writes the service where systemd does not look");
            self.report.error("PL017", at, message);
        } else if !service.contains('%') && !names::is_unit_name(&name) {
            let message = format!("systemd loads no unit named `{}`", name.escape_debug());
            self.report.error("PL017", at, message).help("use letters, digits and `:_.-@` only");
        } else if named.is_some() && service.ends_with(".service") {
            let message = format!("Podman adds the suffix: the service is called `{name}`");
            self.report.warn("PL020", at, message).help("take `.service` away");
        }
    }
}
