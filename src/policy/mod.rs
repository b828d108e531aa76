//! The judge: what Podman would say of a set of unit files, and what it should have said.
//!
//! It judges text, never TOML: a catalog is rendered first, so that what is installed is what was judged. The way
//! through: [`quadlet`] reads the files as Podman would, [`facts`] gathers what each unit comes to, [`rules`] look at
//! the facts, and waivers say which findings are accepted.

mod concern;
mod effective;
pub mod facts;
mod file;
mod finding;
mod hide;
pub mod host;
pub mod load;
mod profile;
pub mod promise;
pub mod quadlet;
mod reach;
pub mod rules;
pub mod score;
mod settings;
mod waivers;

pub use effective::{Effective, Part, Value};
pub use file::{File, Kind};
pub use finding::Finding;
pub use settings::Settings;

use std::{collections::BTreeMap, sync::Arc};

use crate::{diagnostic::Sources, model::Profile, parallel, unit::UnitType};
use facts::{Container, Run, UnitFacts};
use quadlet::{Loaded, Tree};
use rules::{Chosen, Scope, ties};

/// What the judge says of a Quadlet file as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedUnit {
    /// The file, as an index into the files that were judged.
    pub file: usize,
    /// The service it becomes, without `.service`.
    pub service: String,
    /// Whether that Podman generates the service.
    pub generated: bool,
}

/// What the judge says.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Every file with a Quadlet suffix, in the order of the files.
    pub units: Vec<JudgedUnit>,
    /// Everything there is to say, waived or not, in the order in which it is told.
    pub findings: Vec<Finding>,
}

/// Judges a set of files.
pub fn judge(files: &[File], sources: &Sources, settings: &Settings) -> Verdict {
    let (tree, mut findings) = quadlet::load(files, sources, settings.podman);
    let facts = parallel::map(&tree.units, UnitFacts::of);
    let ties = ties::of(&tree);
    let tenants = tenants(&tree);
    let scope = Scope { tree: &tree, facts: &facts, tenants: &tenants, ties: &ties, settings, sources };
    let rules = Chosen::by(settings);
    let judged =
        parallel::map(tree.units.iter().zip(&facts), |(loaded, facts)| judge_unit(loaded, facts, &rules, &scope));
    let mut containers = Vec::with_capacity(tree.containers().count());
    for (container, of_unit) in judged {
        containers.extend(container.map(|container| *container));
        findings.extend(of_unit);
    }
    let of_slices = parallel::map(&tree.slices, |slice| {
        let mut findings = Vec::new();
        rules.slice(slice, &scope, &mut findings);
        findings
    });
    findings.extend(of_slices.into_iter().flatten());
    findings.extend(rules.across(&containers, &scope));
    // What the author says of a rule holds for all it says.
    findings.retain_mut(|finding| match settings.severities.get(finding.rule) {
        Some(Some(severity)) => {
            finding.severity = *severity;
            true
        }
        Some(None) => false,
        None => true,
    });
    waivers::apply(files, sources, settings, &tree, &mut findings);
    rules::speak(files, &mut findings);
    hide::hide(&mut findings, sources);
    parallel::sort_by(&mut findings, |a, b| a.order(b, sources));
    let count = tree.units.len();
    parallel::leave(containers, count);
    parallel::leave((facts, ties), count);
    let Tree { units, judged, .. } = tree;
    parallel::leave(units, count);
    Verdict { units: judged, findings }
}

/// How many containers each slice of the tree holds itself, by the index of its file.
fn tenants(tree: &Tree<'_>) -> BTreeMap<usize, usize> {
    let mut tenants = BTreeMap::new();
    let slices = parallel::map(tree.containers(), |loaded| facts::nearest_slice(&loaded.unit, tree));
    for slice in slices.into_iter().flatten() {
        *tenants.entry(slice).or_default() += 1;
    }
    tenants
}

/// What the rules about single units say of one, and its facts if it is a container.
fn judge_unit<'a>(
    loaded: &'a Loaded<'a>,
    facts: &'a UnitFacts<'a>,
    rules: &Chosen,
    scope: &Scope<'a>,
) -> (Option<Box<Container<'a>>>, Vec<Finding>) {
    let mut findings = Vec::new();
    rules.unit(loaded, scope, &mut findings);
    if loaded.unit_type == UnitType::Pod {
        let profile = scope.settings.profile.unwrap_or(Profile::Rootful);
        let pod = Container::of_pod(&loaded.unit, &loaded.service, profile, scope.settings.podman);
        rules.namespace(&pod, scope, &mut findings);
    }
    if !loaded.is_a_container() {
        return (None, findings);
    }
    let mut container = container_with(Arc::clone(&facts.run), loaded, scope.tree, scope.settings);
    container.gather_limits(scope.tree);
    rules.container(&container, scope, &mut findings);
    if !container.is_member() {
        rules.namespace(&container, scope, &mut findings);
    }
    container.let_go_of_limits();
    findings.shrink_to_fit();
    // Among the units are many that are none, and room for a container is large.
    (Some(Box::new(container)), findings)
}

/// The facts of a container, with those of its pod.
pub fn container<'a>(loaded: &'a Loaded<'a>, tree: &'a Tree<'a>, settings: &Settings) -> Container<'a> {
    container_with(Arc::new(Run::of_container(&loaded.unit)), loaded, tree, settings)
}

fn container_with<'a>(
    run: Arc<Run<'a>>,
    loaded: &'a Loaded<'a>,
    tree: &'a Tree<'a>,
    settings: &Settings,
) -> Container<'a> {
    let unit = &loaded.unit;
    let pod = unit.last("Container", "Pod").and_then(|pod| Some(&tree.unit(pod.unquoted())?.unit));
    let profile = settings.profile.unwrap_or_else(|| {
        let of_pod = || pod.and_then(profile::of);
        let of_neighbours = || tree.neighbours.profile(unit.file().dir());
        profile::of(unit).or_else(of_pod).or_else(of_neighbours).unwrap_or(Profile::Rootful)
    });
    Container::with(run, unit, &loaded.service, pod, profile, settings.podman)
}
