//! References to other Quadlet units: a name of one that is not there keeps Podman from making the unit.

use super::{Draft, Line};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, nearest},
    model::{Catalog, Name},
    unit::UnitType,
};

/// Refuses every reference to a unit that the catalog does not have. Those that were made from names of the catalog are
/// right already; what is left is the author's own text.
pub(super) fn check(drafts: &[Draft], catalog: &Catalog, diagnostics: &mut Diagnostics) {
    for line in drafts.iter().flat_map(|draft| &draft.blocks).flat_map(|block| &block.lines) {
        let Some((stem, unit_type)) = reference(line) else { continue };
        if exists(catalog, stem, unit_type) {
            continue;
        }
        let unit = format!("{stem}{}", unit_type.suffix());
        let networks = catalog.networks.keys().map(Name::as_str);
        let known = networks.chain(catalog.volumes.keys().chain(catalog.services.keys()).map(Name::as_str));
        let near = nearest(stem, known.filter(|name| exists(catalog, name, unit_type)));
        let help = near.map_or_else(
            || "Podman would not generate the unit: name one of the catalog, or leave the line out".to_owned(),
            |near| format!("write `{near}{}`", unit_type.suffix()),
        );
        let message = format!("there is no unit `{unit}` in this catalog (in {}=)", line.key);
        diagnostics.push(Diagnostic::general(message).at_origin(line.origin).help(help));
    }
}

/// True where the catalog renders such a unit.
fn exists(catalog: &Catalog, stem: &str, unit_type: UnitType) -> bool {
    let Ok(name) = Name::new(stem) else { return false };
    let service = catalog.services.get(&name);
    match unit_type {
        UnitType::Network => catalog.networks.get(&name).is_some_and(|network| !network.external),
        UnitType::Volume => catalog.volumes.get(&name).is_some_and(|volume| !volume.external),
        UnitType::Container => service.is_some(),
        _ => {
            let pulls = unit_type == UnitType::Image && service.is_some_and(|service| service.pull_unit.is_some());
            let own = service.into_iter().flat_map(|service| &service.companions);
            let all = own.chain(catalog.companions.iter().map(|(_, companion)| companion));
            pulls || all.into_iter().any(|c| c.name == name && c.group == unit_type.group())
        }
    }
}

/// The unit that a line of a Quadlet section refers to (quadlet.md section 2), without its suffix, and its type.
fn reference(line: &Line) -> Option<(&str, UnitType)> {
    use UnitType::{Artifact, Build, Container, Image, Network, Pod, Volume};
    let value = line.value.as_str();
    let (name, referring) = match line.key.as_str() {
        "Network" => (value.split(':').next()?, [Network, Container].as_slice()),
        "Volume" => (value.split(':').next()?, [Volume].as_slice()),
        "Image" => (value, [Image, Build].as_slice()),
        "Pod" => (value, [Pod].as_slice()),
        "Mount" => {
            let mut parts = value.trim_matches('"').split(',');
            let source = parts.find_map(|part| part.strip_prefix("source=").or_else(|| part.strip_prefix("src=")))?;
            (source, [Volume, Image, Artifact].as_slice())
        }
        _ => return None,
    };
    let in_quadlet_section = UnitType::all().iter().any(|unit_type| unit_type.group() == line.section);
    let (stem, unit_type) = UnitType::of_file(name).filter(|_| in_quadlet_section && !name.contains('/'))?;
    referring.contains(&unit_type).then_some((stem, unit_type))
}
