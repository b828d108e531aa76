//! Units that stand beside a service or a stack: `.image`, `.build`, `.pod`, `.artifact`.

use super::{Builder, Draft, Drafting, FileKind, Line, whole};
use crate::{
    diagnostic::{Diagnostic, FileId, Origin},
    model::{Companion, Image, Profile, Service, Text},
    unit::{UnitType, keys},
};

/// Keys that map ids by hand: Quadlet or podman refuses them beside `UserNS=`.
pub(super) const MAPPINGS: &[&str] =
    &["UIDMap", "GIDMap", "SubUIDMap", "SubGIDMap", "RemapUsers", "RemapUid", "RemapGid", "RemapUidSize"];

/// The `.image` unit that pulls a service's image outside its limits.
pub(super) fn image(service: &Service, drafting: &mut Drafting<'_>) -> Option<Draft> {
    let pull = service.pull_unit.as_ref()?;
    if service.companions.iter().any(|companion| companion.group == "Image") {
        return None;
    }
    let Image::Reference(reference) = &service.image.value else {
        drafting.diagnostics.push(
            Diagnostic::general("`pull_unit` without an image to pull")
                .at_origin(pull.origin)
                .help("only an image of a registry is pulled: take `pull_unit` out"),
        );
        return None;
    };
    let podman = drafting.catalog.target.podman.value;
    let policy = keys::key("Image", "Policy")?;
    if !policy.is_known_to(podman.pair()) {
        let (major, minor) = policy.since;
        drafting.diagnostics.push(
            Diagnostic::general(format!("`pull_unit` needs Podman {major}.{minor}, the target is {podman}"))
                .at_origin(pull.origin)
                .help("before it a .image unit pulls at every start, and a registry that is down would keep the service down: take `pull_unit` out, `install` pulls beforehand"),
        );
        return None;
    }
    let lines = vec![
        line("Image", "Image", reference.as_str(), service.image.origin),
        line("Image", "Policy", "missing", pull.origin),
    ];
    Some(unit(UnitType::Image, service.name.as_str(), lines, Some(service), service.file, drafting))
}

/// A unit of verbatim keys, with what it cannot do without.
pub(super) fn draft(
    companion: &Companion,
    service: Option<&Service>,
    file: FileId,
    drafting: &mut Drafting<'_>,
) -> Option<Draft> {
    let unit_type = UnitType::all().iter().copied().find(|unit_type| unit_type.group() == companion.group)?;
    let group = unit_type.group();
    let podman = drafting.catalog.target.podman.value.pair();
    let name = companion.name.as_str();
    let has = |key: &str| companion.lines.iter().any(|line| line.key == key);
    let mut lines: Vec<Line> = Vec::new();
    let mut default = |key: &'static str, value: String, origin: Origin| {
        if !has(key) && keys::key(group, key).is_some_and(|row| row.is_known_to(podman)) {
            lines.push(line(group, key, &value, origin));
        }
    };
    match unit_type {
        UnitType::Image => {
            if let Some(Image::Reference(reference)) = service.map(|service| &service.image.value) {
                default("Image", reference.as_str().to_owned(), service.map_or(companion.origin, |s| s.image.origin));
            }
            default("Policy", "missing".to_owned(), Origin::BuiltIn);
        }
        UnitType::Build => default("ImageTag", format!("localhost/{name}:latest"), companion.origin),
        UnitType::Pod => {
            // Containers and pods share one space of names in podman.
            let pod_name = if service.is_some() { format!("{name}-pod") } else { name.to_owned() };
            default("PodName", pod_name, companion.origin);
            // The members share the pod's namespaces, so that the hardened default stands here.
            let user_ns = if drafting.catalog.target.profile == Profile::Rootful { "auto:size=65536" } else { "auto" };
            // Ids are mapped by hand or by a mode, not both.
            if !MAPPINGS.iter().any(|key| has(key)) {
                default("UserNS", user_ns.to_owned(), Origin::BuiltIn);
            }
            default("Network", "none".to_owned(), Origin::BuiltIn);
        }
        _ => {}
    }
    lines.extend(companion.lines.iter().map(|l| Line {
        section: group,
        key: l.key.clone(),
        value: l.value.value.clone(),
        origin: l.value.origin,
    }));
    Some(unit(unit_type, name, lines, service, file, drafting))
}

fn line(section: &'static str, key: &str, value: &str, origin: Origin) -> Line {
    Line { section, key: key.to_owned(), value: value.to_owned(), origin }
}

fn unit(
    unit_type: UnitType,
    stem: &str,
    lines: Vec<Line>,
    service: Option<&Service>,
    file: FileId,
    drafting: &mut Drafting<'_>,
) -> Draft {
    let (what, template) = match unit_type {
        UnitType::Image => ("Image", "image.j2"),
        UnitType::Build => ("Build", "build.j2"),
        UnitType::Pod => ("Pod", "pod.j2"),
        UnitType::Artifact => ("Artifact", "artifact.j2"),
        _ => ("Kube", "kube.j2"),
    };
    let mut head = Builder::new(drafting, "Unit");
    head.systemd_text("Description", &Text::plain(format!("{what} of {stem}")), Origin::BuiltIn);
    let head = head.block("unit");
    let block = super::Block {
        name: match unit_type {
            UnitType::Image => "image",
            UnitType::Build => "build",
            UnitType::Pod => "pod",
            UnitType::Artifact => "artifact",
            _ => "kube",
        },
        lines,
    };
    Draft {
        path: drafting.quadlet_path(stem, unit_type),
        kind: FileKind::Quadlet(unit_type),
        service: service.map(|service| service.name.clone()),
        template,
        header: drafting.header(Some(file)),
        origin: whole(Some(file)),
        blocks: vec![head, block],
    }
}
