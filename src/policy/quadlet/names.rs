//! The names of services and of what they make.

use super::assigned::unquote;
use crate::{
    policy::Effective,
    unit::{UnitType, Version},
};

/// Since then `ServiceName=` names the service, and a container may join the network of another.
pub(super) const SERVICE_NAME: Version = (5, 3);

/// Since then `foo@.volume` becomes `foo-volume@.service`; before, `foo@-volume.service` (run on 5.4.2 and 5.8.6).
const TEMPLATE_SUFFIX: Version = (5, 7);

/// The service of a unit, without `.service`.
pub(super) fn service(unit: &Effective<'_>, unit_type: UnitType, podman: Version) -> String {
    if podman >= SERVICE_NAME
        && let Some(name) = unit.all(unit_type.group(), "ServiceName").last()
    {
        return unquote(&name.text, podman).to_owned();
    }
    service_of_file(unit.file().name(), unit_type, podman)
}

/// The service of a file that does not name one, without `.service`.
pub(super) fn service_of_file(file_name: &str, unit_type: UnitType, podman: Version) -> String {
    let suffix = match unit_type {
        UnitType::Container | UnitType::Kube => String::new(),
        other => other.suffix().replacen('.', "-", 1),
    };
    let base = base(file_name);
    match base.strip_suffix('@').filter(|_| podman >= TEMPLATE_SUFFIX) {
        Some(template) => format!("{template}{suffix}@"),
        None => format!("{base}{suffix}"),
    }
}

/// The name of what a unit makes, as far as others may know it before it is converted: a container's, unless a
/// specifier is left in it, and a built image's. Empty where they cannot.
pub(super) fn known_before(unit: &Effective<'_>, unit_type: UnitType, service: &str, podman: Version) -> String {
    match unit_type {
        UnitType::Container => {
            let named = unit.all("Container", "ContainerName").last();
            let named = named.as_ref().map(|value| unquote(&value.text, podman)).filter(|name| !name.is_empty());
            let default = if unit.file().name().contains('@') { "systemd-%p_%i" } else { "systemd-%N" };
            let name = named.unwrap_or(default).replace("%N", service);
            if name.contains('%') { String::new() } else { name }
        }
        UnitType::Build if podman >= SERVICE_NAME => {
            unit.list("Build", "ImageTag").first().map_or_else(String::new, |tag| tag.text.as_ref().to_owned())
        }
        UnitType::Build => {
            unit.all("Build", "ImageTag").last().map_or_else(String::new, |tag| unquote(&tag.text, podman).to_owned())
        }
        _ => String::new(),
    }
}

/// A file name up to its last dot, unless that is the first character.
fn base(file_name: &str) -> &str {
    match file_name.rfind('.') {
        Some(at) if at > 0 => &file_name[..at],
        _ => file_name,
    }
}

/// Whether systemd accepts it as the name of a unit: systemd.unit(5).
pub(super) fn is_unit_name(name: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '.' | '-' | '\\' | '@');
    let base = name.strip_suffix(".service").unwrap_or(name);
    !base.is_empty() && !base.starts_with('@') && name.len() <= 255 && name.chars().all(is_allowed)
}
