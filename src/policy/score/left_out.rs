//! Quadlet files without an exposure: nobody should take them for closed.

use crate::{
    diagnostic::Sources,
    policy::{File, Finding, Kind, hide, quadlet::Tree},
    unit::UnitType,
};

/// Why a file has no exposure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Podman cannot read it, and makes no service of it.
    Unreadable,
    /// Podman makes no service of it.
    Refused,
    /// Podman does not look for it where it stands.
    Unsearched,
    /// Its containers stand in a Kubernetes file, which is not looked at.
    Kube,
}

impl Why {
    /// `unreadable`, `refused`, `unsearched`, `kube`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Refused => "refused",
            Self::Unsearched => "unsearched",
            Self::Kube => "kube",
        }
    }
}

/// A Quadlet file that has no exposure.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// The file, as an index into the files.
    pub file: usize,
    /// The service that it is meant to become, without `.service`.
    pub service: String,
    /// Why.
    pub why: Why,
    /// What is wrong with it, as a phrase.
    pub reason: String,
}

impl LeftOut {
    /// Whether its author takes it for a service that is weighed: nothing is known of its exposure.
    pub fn counts(&self) -> bool {
        matches!(self.why, Why::Unreadable | Why::Refused)
    }
}

/// The files among those with a Quadlet suffix that have no exposure, in their order: what would make containers, and
/// whatever cannot be read, for units beside it are lost with it or refer to it.
pub(super) fn of(tree: &Tree<'_>, files: &[File], sources: &Sources) -> Vec<LeftOut> {
    let left_out = tree.judged.iter().filter_map(|judged| {
        let left_out = |why, reason| Some(LeftOut { file: judged.file, service: judged.service.clone(), why, reason });
        if let Some(wrong) = tree.unreadable.get(&judged.file) {
            return left_out(Why::Unreadable, wrong.to_string());
        }
        let Kind::Quadlet(unit_type @ (UnitType::Container | UnitType::Kube)) = files[judged.file].kind else {
            return None;
        };
        let Ok(at) = tree.units.binary_search_by_key(&judged.file, |loaded| loaded.unit.index()) else {
            return left_out(Why::Unsearched, "Podman does not look for units in its directory".to_owned());
        };
        let loaded = &tree.units[at];
        match &loaded.refusal {
            Some(refusal) => left_out(Why::Refused, told(refusal, sources)),
            None if unit_type == UnitType::Kube => {
                left_out(Why::Kube, "its containers stand in a Kubernetes file, which is not looked at".to_owned())
            }
            None if !loaded.is_a_container() => left_out(Why::Refused, "it has no section `[Container]`".to_owned()),
            None => None,
        }
    });
    left_out.collect()
}

/// What a finding says, without a secret that may stand on its line.
fn told(refusal: &Finding, sources: &Sources) -> String {
    let mut one = [refusal.clone()];
    hide::hide(&mut one, sources);
    let [told] = one;
    told.message
}
