//! `PL3xx`: what a container can reach, and who can reach it.

pub(super) mod access;
pub(super) mod lan;

use super::{Found, Scope};
use crate::{
    model::Profile,
    policy::facts::{Container, NetworkMode, NetworkUnit, NetworkUse},
    unit::UnitType,
};

/// Looks once at each network namespace: those of the containers that are in no pod, and those of the pods.
fn each(
    containers: &[Container<'_>],
    scope: &Scope<'_>,
    found: &mut Found<'_>,
    check: fn(&Container<'_>, &Scope<'_>, &mut Found<'_>),
) {
    for container in containers.iter().filter(|container| !container.is_member()) {
        found.file = container.unit.index();
        check(container, scope, found);
    }
    for loaded in scope.tree.of_type(UnitType::Pod) {
        let profile = scope.settings.profile.unwrap_or(Profile::Rootful);
        let pod = Container::of_pod(&loaded.unit, &loaded.service, profile, scope.settings.podman);
        found.file = loaded.unit.index();
        check(&pod, scope, found);
    }
}

/// The networks a container joins that are among the judged files.
fn joined<'a, 't>(container: &'a Container<'_>, scope: &Scope<'t>) -> Vec<(&'a NetworkUse<'a>, &'t NetworkUnit<'t>)> {
    let units = container.networks.iter().filter_map(|network| {
        let NetworkMode::Unit(name) = &network.mode else { return None };
        Some((network, scope.facts(scope.tree.unit(name)?).network.as_ref()?))
    });
    units.collect()
}
