//! Slices: of the fleet, of a stack, of a service. Their names are paths: `services-forge-web.slice` is inside
//! `services-forge.slice` inside `services.slice` (systemd.slice(5)).

use super::{Builder, Draft, Drafting, FileKind, limits, whole};
use crate::{
    diagnostic::{FileId, Sourced},
    model::{Limits, Name, Service, Stack, Text, Verbatim},
};

/// The name of a service's slice.
pub(super) fn name_of(fleet: &Name, service: &Service) -> String {
    let stack = service.stack.as_ref().map(|stack| format!("{}-", stack.slice_level())).unwrap_or_default();
    format!("{}-{stack}{}.slice", fleet.slice_level(), service.stem.slice_level())
}

/// The slice of a service: always there, because without a file systemd would make one without limits.
pub(super) fn of_service(service: &Service, drafting: &mut Drafting<'_>) -> Draft {
    let name = name_of(&drafting.catalog.slice.name, service);
    let parts = Parts {
        name,
        file: Some(service.file),
        service: Some(&service.name),
        description: Sourced::built_in(Text::plain(format!("Limits of {}", service.name))),
        limits: &service.limits,
        verbatim: &[],
    };
    draft(parts, drafting)
}

/// The slice of a stack, where it says something.
pub(super) fn of_stack(stack: &Stack, drafting: &mut Drafting<'_>) -> Option<Draft> {
    if says_nothing(&stack.limits, &stack.verbatim) {
        return None;
    }
    let description = stack.description.clone();
    let parts = Parts {
        name: format!("{}-{}.slice", drafting.catalog.slice.name.slice_level(), stack.name.slice_level()),
        file: stack.file,
        service: None,
        description: description
            .unwrap_or_else(|| Sourced::built_in(Text::plain(format!("Limits of the stack {}", stack.name)))),
        limits: &stack.limits,
        verbatim: &stack.verbatim,
    };
    Some(draft(parts, drafting))
}

/// The slice of the fleet, where it says something.
pub(super) fn of_fleet(drafting: &mut Drafting<'_>) -> Option<Draft> {
    let slice = &drafting.catalog.slice;
    if says_nothing(&slice.limits, &slice.verbatim) {
        return None;
    }
    let parts = Parts {
        name: format!("{}.slice", slice.name.slice_level()),
        file: drafting.catalog.file,
        service: None,
        description: Sourced::built_in(Text::plain("Limits of all services")),
        limits: &slice.limits,
        verbatim: &slice.verbatim,
    };
    Some(draft(parts, drafting))
}

fn says_nothing(limits: &Limits, verbatim: &[Verbatim]) -> bool {
    *limits == Limits::default() && verbatim.is_empty()
}

struct Parts<'a> {
    name: String,
    file: Option<FileId>,
    service: Option<&'a Name>,
    description: Sourced<Text>,
    limits: &'a Limits,
    verbatim: &'a [Verbatim],
}

fn draft(parts: Parts<'_>, drafting: &mut Drafting<'_>) -> Draft {
    let mut unit = Builder::new(drafting, "Unit");
    if !parts.verbatim.iter().any(|line| line.section == "Unit" && line.key == "Description") {
        unit.systemd_text("Description", &parts.description.value, parts.description.origin);
    }
    unit.verbatim(parts.verbatim, &[]);
    let unit = unit.block("unit");
    let mut slice = Builder::new(drafting, "Slice");
    let level = if parts.service.is_some() { limits::Level::OwnSlice } else { limits::Level::Above };
    limits::systemd(&mut slice, parts.limits, level);
    slice.verbatim(parts.verbatim, &[]);
    let slice = slice.block("slice");
    Draft {
        path: drafting.slice_path(&parts.name),
        kind: FileKind::Slice,
        service: parts.service.cloned(),
        template: "slice.j2",
        header: drafting.header(parts.file),
        origin: whole(parts.file),
        blocks: vec![unit, slice],
    }
}
