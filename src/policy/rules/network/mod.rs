//! `PL3xx`: what a container can reach, and who can reach it.

pub(super) mod access;
pub(super) mod lan;

use super::Scope;
use crate::policy::facts::{Container, NetworkMode, NetworkUnit, NetworkUse};

/// The networks a container joins that are among the judged files.
fn joined<'a, 't>(container: &'a Container<'_>, scope: &Scope<'t>) -> Vec<(&'a NetworkUse<'a>, &'t NetworkUnit<'t>)> {
    let units = container.networks.iter().filter_map(|network| {
        let NetworkMode::Unit(name) = &network.mode else { return None };
        Some((network, scope.facts(scope.tree.unit(name)?).network.as_ref()?))
    });
    units.collect()
}
