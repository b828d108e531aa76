//! Several units with one service.

use std::collections::HashMap;

use super::{Loaded, convert::rank};
use crate::{diagnostic::Severity, policy::Finding};

/// Adds an error for each unit whose service another unit overwrites. A dry run shows them all; of a real run only the
/// one survives that is converted last (run on 5.4.2 and 5.8.6).
pub(super) fn add<'l>(units: impl Iterator<Item = &'l Loaded<'l>>, findings: &mut Vec<Finding>) {
    let mut last: HashMap<&str, &Loaded<'_>> = HashMap::new();
    let mut in_order: Vec<&Loaded<'_>> = units.filter(|loaded| loaded.generated).collect();
    in_order.sort_by_key(|loaded| rank(loaded.unit_type));
    for loaded in in_order.iter().rev() {
        let winner = *last.entry(&loaded.service).or_insert(loaded);
        if winner.unit.index() == loaded.unit.index() {
            continue;
        }
        let named = loaded.unit.last(loaded.unit_type.group(), "ServiceName");
        let other = winner.unit.file();
        let message = format!(
            "`{}.service` is made of `{}` as well, which overwrites the one made of this file",
            loaded.service,
            other.path()
        );
        let at = named.map_or_else(|| loaded.unit.header(loaded.unit_type.group()), |value| value.at);
        let mut finding = Finding::new("PL023", Severity::Error, loaded.unit.index(), at, message);
        finding.help("rename one of the files, or give it a ServiceName= of its own");
        finding.related(other.whole(), "the unit that is left");
        findings.push(finding);
    }
}
