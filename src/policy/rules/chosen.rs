//! The rules that are not switched off: chosen once, and not again for each of ten thousand units.

use super::{Check, Found, OfAll, OfContainer, OfSlice, OfUnit, Rule, Scope, all, severity};
use crate::{
    diagnostic::Severity,
    parallel,
    policy::{Effective, Finding, Settings, facts::Container, quadlet::Loaded},
};

/// A rule, how it looks, and how bad what it finds is.
type On<F> = (&'static Rule, F, Severity);

/// The rules that hold, by what they look at.
#[derive(Debug, Default)]
pub(in crate::policy) struct Chosen {
    containers: Vec<On<OfContainer>>,
    units: Vec<On<OfUnit>>,
    slices: Vec<On<OfSlice>>,
    namespaces: Vec<On<OfContainer>>,
    across: Vec<On<OfAll>>,
}

impl Chosen {
    /// Those that the author has not switched off.
    pub(in crate::policy) fn by(settings: &Settings) -> Self {
        let mut chosen = Self::default();
        for (rule, severity) in all().filter_map(|rule| Some((rule, severity(rule, settings)?))) {
            chosen.take(rule, rule.check, severity);
        }
        chosen
    }

    fn take(&mut self, rule: &'static Rule, check: Check, severity: Severity) {
        match check {
            Check::Container(check) => self.containers.push((rule, check, severity)),
            Check::Unit(check) => self.units.push((rule, check, severity)),
            Check::Slice(check) => self.slices.push((rule, check, severity)),
            Check::Namespace(check) => self.namespaces.push((rule, check, severity)),
            Check::Across(check) => self.across.push((rule, check, severity)),
            Check::Several(checks) => checks.iter().for_each(|check| self.take(rule, *check, severity)),
            Check::Reading | Check::Waivers => {}
        }
    }

    /// What is said of a container alone.
    pub(in crate::policy) fn container(&self, container: &Container<'_>, scope: &Scope<'_>, to: &mut Vec<Finding>) {
        run(&self.containers, container, container.unit.index(), scope, to);
    }

    /// What is said of the network of a container that is in no pod, or of a pod.
    pub(in crate::policy) fn namespace(&self, of: &Container<'_>, scope: &Scope<'_>, to: &mut Vec<Finding>) {
        run(&self.namespaces, of, of.unit.index(), scope, to);
    }

    /// What is said of any Quadlet file alone.
    pub(in crate::policy) fn unit(&self, loaded: &Loaded<'_>, scope: &Scope<'_>, to: &mut Vec<Finding>) {
        run(&self.units, loaded, loaded.unit.index(), scope, to);
    }

    /// What is said of a slice alone.
    pub(in crate::policy) fn slice(&self, slice: &Effective<'_>, scope: &Scope<'_>, to: &mut Vec<Finding>) {
        run(&self.slices, slice, slice.index(), scope, to);
    }

    /// What is said of all containers together, by several rules at once.
    pub(in crate::policy) fn across(&self, containers: &[Container<'_>], scope: &Scope<'_>) -> Vec<Finding> {
        let found = parallel::map_weighed(scope.tree.units.len(), self.across.iter().collect(), |one| {
            let mut findings = Vec::new();
            run(std::slice::from_ref(one), containers, 0, scope, &mut findings);
            findings
        });
        found.into_iter().flatten().collect()
    }
}

fn run<T: ?Sized>(
    rules: &[On<impl Fn(&T, &Scope<'_>, &mut Found<'_>)>],
    thing: &T,
    file: usize,
    scope: &Scope<'_>,
    findings: &mut Vec<Finding>,
) {
    for (rule, check, severity) in rules {
        check(thing, scope, &mut Found { rule, severity: *severity, file, findings });
    }
}
