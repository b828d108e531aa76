//! From a draft to a file of the bundle: lay it out, parse it back, find out where each line came from.

use std::sync::Arc;

use minijinja::{
    Value, context,
    value::{Enumerator, Object, Serde},
};
use serde::Serialize;

use super::{
    RenderedFile, Templates,
    bundle::{FileKind, waiver_line},
    draft::{Draft, Line},
    templates::BlockValue,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, FileId, Origin, Span},
    model::{Catalog, Name, Service},
    unit::{
        Dialect, Unit, UnitType, directives, keys,
        quote::guard,
        text::{self, Entry},
    },
};

/// Lays out a draft; complaints of the template go to `diagnostics`.
pub(super) fn finish(
    draft: Draft,
    catalog: &Catalog,
    templates: &Templates,
    diagnostics: &mut Diagnostics,
) -> Option<RenderedFile> {
    let author = templates.author_file(draft.template);
    let blocks: Vec<_> = draft.blocks.into_iter().map(Arc::new).collect();
    let context = context(&blocks, draft.service.as_ref().and_then(|name| catalog.services.get(name)), catalog);
    let body = match templates.render(draft.template, context) {
        Ok(body) => body,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return None;
        }
    };
    let waivers = waivers(draft.service.as_ref(), catalog, diagnostics);
    let header = waivers.iter().fold(draft.header, |header, (line, _)| header + "\n" + line);
    let text: Arc<str> = tidy(&header, &body).into();
    let unit = match Unit::parse_shared(&text, Dialect::Quadlet) {
        Ok(unit) => unit,
        Err(errors) => {
            for error in errors {
                let message =
                    format!("the template writes a line that is none of a unit: {}", error.text.escape_debug());
                let place = templates.line_place(draft.template, error.text.trim());
                diagnostics.push(at_template(message, place).help("write sections, KEY=VALUE lines and comments"));
            }
            return None;
        }
    };
    if author.is_some() {
        let place = |begins: &str| templates.line_place(draft.template, begins);
        check_template(&unit, draft.kind, &place, diagnostics);
        check_template_lines(&unit, draft.kind, catalog, &place, diagnostics);
    }
    let lines: Vec<&Line> = blocks.iter().flat_map(|block| &block.lines).collect();
    let mut origins = origins(&unit, &lines, draft.origin, author);
    for ((_, origin), line) in waivers.iter().zip(origins.iter_mut().skip(1)) {
        *line = *origin;
    }
    Some(RenderedFile {
        path: draft.path,
        kind: draft.kind,
        service: draft.service,
        origins: origins.into_iter().collect(),
        text,
    })
}

/// The exceptions that hold for a file, as comments: whoever judges the tree without the catalog knows them too. Each
/// comes with the place of its rule.
fn waivers(service: Option<&Name>, catalog: &Catalog, diagnostics: &mut Diagnostics) -> Vec<(String, Origin)> {
    let of_service = service.and_then(|name| catalog.services.get(name)).map(|service| &service.waivers);
    let waivers = catalog.waivers.iter().chain(of_service.into_iter().flatten());
    // Those of the host say nothing of a unit.
    let waivers = waivers.filter(|waiver| !waiver.is_of_the_host());
    let mut lines = Vec::new();
    for waiver in waivers {
        match guard(&waiver.reason.value) {
            Ok(()) => lines.push((waiver_line(waiver), waiver.rule.origin)),
            Err(refusal) => diagnostics.push(
                Diagnostic::general(format!("{refusal} (in a waiver's reason)"))
                    .at_origin(waiver.reason.origin)
                    .help(refusal.help()),
            ),
        }
    }
    lines
}

/// What a template may say of its service beside the blocks.
#[derive(Serialize)]
struct Facts<'a> {
    name: &'a str,
    stem: &'a str,
    stack: Option<&'a str>,
    unit: String,
    container_name: &'a str,
    memory: Option<u64>,
    cpus: Option<String>,
    pids: Option<u32>,
    image: String,
}

fn facts(service: &Service) -> Facts<'_> {
    Facts {
        name: service.name.as_str(),
        stem: service.stem.as_str(),
        stack: service.stack.as_ref().map(Name::as_str),
        unit: service.unit(),
        container_name: &service.container_name.value,
        memory: service.limits.memory.as_ref().map(|memory| memory.value.bytes()),
        cpus: service.limits.cpus.as_ref().map(|cpus| cpus.value.to_string()),
        pids: service.limits.pids.as_ref().map(|pids| pids.value.payload()),
        image: match &service.image.value {
            crate::model::Image::Reference(reference) => reference.as_str().to_owned(),
            crate::model::Image::Unit(unit) => unit.clone(),
            crate::model::Image::Rootfs(path) => path.clone(),
        },
    }
}

fn context(blocks: &[Arc<super::draft::Block>], service: Option<&Service>, catalog: &Catalog) -> Value {
    let mut values: Vec<(&'static str, Value)> = blocks
        .iter()
        .map(|block| {
            // `service` is the service itself; its block has another name.
            let name = if block.name == "service" { "service_lines" } else { block.name };
            (name, BlockValue::value(Arc::clone(block)))
        })
        .collect();
    values.push((
        "catalog",
        context! { name => catalog.name.as_str(), podman => catalog.target.podman.value.to_string() },
    ));
    if let Some(service) = service {
        values.push(("service", Value::from(Serde(facts(service)))));
    }
    Value::from_object(Context(values))
}

/// The names a template may use: few, so that a list is quicker than a map.
#[derive(Debug)]
struct Context(Vec<(&'static str, Value)>);

impl Object for Context {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(name, _)| Value::from(*name)).collect())
    }
}

/// The header, then the body with at most one empty line between its parts and none before its end.
fn tidy(header: &str, body: &str) -> String {
    let mut text = String::with_capacity(header.len() + body.len() + 2);
    text.push_str(header);
    text.push('\n');
    let mut gap = true;
    let mut after_header = false;
    for line in text::lines(body).map(|(_, line, _)| line.trim_end()) {
        if line.is_empty() {
            gap = true;
            continue;
        }
        // No gap between a section's name and its first line.
        if gap && !after_header {
            text.push('\n');
        }
        gap = false;
        after_header = line.starts_with('[') && line.ends_with(']');
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Where each line of the text came from. The lines of the draft are found again in their order; whatever else there is
/// was written by the template.
fn origins(unit: &Unit, lines: &[&Line], header: Origin, author: Option<FileId>) -> Vec<Origin> {
    let own = author.map_or(Origin::BuiltIn, Origin::Template);
    let count = text::lines(unit.as_str()).filter(|(_, line, at)| at + line.len() < unit.as_str().len()).count();
    let mut origins = vec![own; count];
    if let Some(first) = origins.first_mut() {
        *first = header;
    }
    let mut used = vec![false; lines.len()];
    let mut next = 0;
    for entry in unit.entries() {
        let is_it = |at: usize| !used[at] && same(&entry, lines[at]);
        let found = (next..lines.len()).chain(0..next).find(|at| is_it(*at));
        if let Some(at) = found {
            used[at] = true;
            next = at + 1;
            for line in entry.line..entry.line + entry.lines {
                if let Some(origin) = origins.get_mut(line - 1) {
                    *origin = lines[at].origin;
                }
            }
        }
    }
    origins
}

fn same(entry: &Entry<'_>, line: &Line) -> bool {
    entry.key == line.key && entry.section == line.section && entry.raw == line.value
}

/// What an author's template may not do to the lines it is given: join them, or leave out the image.
fn check_template(unit: &Unit, kind: FileKind, place: &dyn Fn(&str) -> Option<Span>, diagnostics: &mut Diagnostics) {
    // No value ends in a backslash: this one is the template's.
    for entry in unit.entries().filter(|entry| entry.lines > 1) {
        let message =
            format!("the template ends the line of {}= with a backslash, which joins the next line to it", entry.key);
        let place = place(&format!("{}=", entry.key));
        diagnostics.push(at_template(message, place).help("end the line with another character"));
    }
    let is_container = kind == FileKind::Quadlet(UnitType::Container);
    if is_container && !unit.entries().any(|e| e.section == "Container" && matches!(e.key, "Image" | "Rootfs")) {
        let message = "the template writes neither Image= nor Rootfs=".to_owned();
        diagnostics.push(
            at_template(message, place("[Container]"))
                .help("Podman would not generate the unit: print the block `image`"),
        );
    }
}

/// What an author's template may not write: a section or key that Podman or systemd does not know.
fn check_template_lines(
    unit: &Unit,
    kind: FileKind,
    catalog: &Catalog,
    place: &dyn Fn(&str) -> Option<Span>,
    diagnostics: &mut Diagnostics,
) {
    let podman = catalog.target.podman.value;
    let group = match kind {
        FileKind::Quadlet(unit_type) => unit_type.group(),
        FileKind::Slice => "Slice",
        // No template makes one.
        FileKind::Host => return,
    };
    let known = [group, "Unit", "Service", "Install", "Quadlet"];
    for (section, _) in unit.sections() {
        if !section.starts_with("X-") && !known.contains(&section) {
            let message = format!("the template writes a section [{section}], which nothing reads in such a unit");
            diagnostics.push(
                at_template(message, place(&format!("[{section}]")))
                    .help(format!("the sections are {}", known.map(|k| format!("[{k}]")).join(", "))),
            );
        }
    }
    for entry in unit.entries().filter(|entry| !entry.section.starts_with("X-")) {
        let (section, key) = (entry.section, entry.key);
        let problem = match keys::key(section, key) {
            Some(row) if !row.is_known_to(podman.pair()) => Some(format!(
                "the template writes {key}=, which needs Podman {}.{}; the target is {podman}",
                row.since.0, row.since.1
            )),
            Some(_) => None,
            None if section == group && group != "Slice" || section == "Quadlet" => {
                Some(format!("the template writes {key}=, which [{section}] has in no Podman"))
            }
            None if known.contains(&section) && !directives::is_directive(section, key) => {
                Some(format!("the template writes {key}=, which [{section}] does not have"))
            }
            None => None,
        };
        if let Some(message) = problem {
            diagnostics.push(
                at_template(message, place(&format!("{key}=")))
                    .help("Podman or systemd would not read the unit as it is meant: take the line out"),
            );
        }
    }
}

fn at_template(message: String, place: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::general(message);
    match place {
        Some(place) => diagnostic.at(place),
        None => diagnostic,
    }
}
