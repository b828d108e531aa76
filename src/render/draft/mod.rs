//! Drafts: which lines a file has, before a template lays them out.

mod companion;
mod container;
mod encode;
mod limits;
mod network;
mod references;
mod slice;
mod volume;

use crate::{
    diagnostic::{Diagnostic, Diagnostics, FileId, Origin, Sources, Span},
    model::{Catalog, Companion, Name, Network, Profile, Service, Setting, Stack, Text, Verbatim, Volume},
    unit::{UnitType, keys, quote::Refusal},
};

use super::{bundle::FileKind, owner_line};

/// A line of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) section: &'static str,
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) origin: Origin,
}

/// Lines that a template lays out together, under a name.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) name: &'static str,
    pub(crate) lines: Vec<Line>,
}

/// A file before its template.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) path: String,
    pub(crate) kind: FileKind,
    pub(crate) service: Option<Name>,
    pub(crate) template: &'static str,
    pub(crate) header: String,
    /// What it comes from as a whole: the origin of its header.
    pub(crate) origin: Origin,
    pub(crate) blocks: Vec<Block>,
}

/// What files are drafted for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'a> {
    Service(&'a Service),
    Fleet,
    Stack(&'a Stack),
    Network(&'a Network),
    Volume(&'a Volume),
    Companion(FileId, &'a Companion),
}

/// Everything in the catalog that has files, or some services alone.
pub(crate) fn subjects<'a>(catalog: &'a Catalog, only: Option<&[Name]>) -> Vec<Subject<'a>> {
    if let Some(only) = only {
        return catalog
            .services
            .values()
            .filter(|service| only.contains(&service.name))
            .map(Subject::Service)
            .collect();
    }
    let mut subjects: Vec<Subject<'_>> = catalog.services.values().map(Subject::Service).collect();
    subjects.push(Subject::Fleet);
    subjects.extend(catalog.stacks.values().map(Subject::Stack));
    subjects.extend(catalog.networks.values().filter(|network| !network.external).map(Subject::Network));
    subjects.extend(catalog.volumes.values().filter(|volume| !volume.external).map(Subject::Volume));
    subjects.extend(catalog.companions.iter().map(|(file, companion)| Subject::Companion(*file, companion)));
    subjects
}

/// Every draft of a subject.
pub(crate) fn of(subject: Subject<'_>, mut drafting: Drafting<'_>) -> Vec<Draft> {
    let drafts = drafts(subject, &mut drafting);
    references::check(&drafts, drafting.catalog, drafting.diagnostics);
    drafts
}

fn drafts(subject: Subject<'_>, drafting: &mut Drafting<'_>) -> Vec<Draft> {
    match subject {
        Subject::Service(service) => {
            let mut drafts = Vec::new();
            container::draft(service, drafting, &mut drafts);
            drafts.push(slice::of_service(service, drafting));
            drafts
        }
        Subject::Fleet => slice::of_fleet(drafting).into_iter().collect(),
        Subject::Stack(stack) => slice::of_stack(stack, drafting).into_iter().collect(),
        Subject::Network(network) => vec![network::draft(network, drafting)],
        Subject::Volume(volume) => vec![volume::draft(volume, drafting)],
        Subject::Companion(file, companion) => companion::draft(companion, None, file, drafting).into_iter().collect(),
    }
}

/// A file of the catalog as a whole.
fn whole(file: Option<FileId>) -> Origin {
    file.map_or(Origin::BuiltIn, |file| Origin::At(Span { file, start: 0, end: 0 }))
}

/// What drafting needs to know, and where it complains.
pub(crate) struct Drafting<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) sources: &'a Sources,
    pub(crate) diagnostics: &'a mut Diagnostics,
}

impl Drafting<'_> {
    /// The first line of a file, and the directory it belongs into.
    fn header(&self, file: Option<FileId>) -> String {
        let source = file.map_or("the built-in defaults", |file| &self.sources.file(file).name);
        owner_line(source, &self.catalog.name)
    }

    fn quadlet_path(&self, stem: &str, unit_type: UnitType) -> String {
        let users = match (self.catalog.target.profile, self.catalog.target.user) {
            (Profile::Rootful, _) => String::new(),
            (Profile::Rootless, Some(user)) => format!("users/{user}/"),
            (Profile::Rootless, None) => "users/".to_owned(),
        };
        format!("etc/containers/systemd/{users}{}/{stem}{}", self.catalog.name, unit_type.suffix())
    }

    fn slice_path(&self, slice: &str) -> String {
        let manager = match self.catalog.target.profile {
            Profile::Rootful => "system",
            Profile::Rootless => "user",
        };
        format!("etc/systemd/{manager}/{slice}")
    }

    /// Tells why a value cannot be written.
    fn refuse(&mut self, key: &str, refusal: Refusal, origin: Origin) {
        self.diagnostics
            .push(Diagnostic::general(format!("{refusal} (in {key}=)")).at_origin(origin).help(refusal.help()));
    }
}

/// A block in the making.
pub(crate) struct Builder<'d, 'a> {
    drafting: &'d mut Drafting<'a>,
    section: &'static str,
    lines: Vec<Line>,
}

impl<'d, 'a> Builder<'d, 'a> {
    pub(crate) fn new(drafting: &'d mut Drafting<'a>, section: &'static str) -> Self {
        Self { drafting, section, lines: Vec::new() }
    }

    /// The finished block.
    pub(crate) fn block(self, name: &'static str) -> Block {
        Block { name, lines: self.lines }
    }

    /// A line whose value is Plimsoll's own or was made from checked nouns.
    pub(crate) fn push(&mut self, key: &str, value: impl Into<String>, origin: Origin) {
        self.lines.push(Line { section: self.section, key: key.to_owned(), value: value.into(), origin });
    }

    /// A line that may have been refused.
    pub(crate) fn push_result(&mut self, key: &str, value: Result<String, Refusal>, origin: Origin) {
        match value {
            Ok(value) => self.push(key, value, origin),
            Err(refusal) => self.drafting.refuse(key, refusal, origin),
        }
    }

    /// A Quadlet key, in the spelling that the target's Podman knows.
    pub(crate) fn setting(&mut self, setting: &Setting) {
        let Some(key) = keys::key(self.section, setting.key) else { return };
        encode::setting(self, key, setting);
    }

    /// Free text that systemd reads: `Description=`.
    pub(crate) fn systemd_text(&mut self, key: &str, text: &Text, origin: Origin) {
        let written = if text.specifiers {
            crate::unit::quote::verbatim(&text.text, keys::Syntax::Lines)
        } else {
            crate::unit::quote::systemd_text(&text.text)
        };
        self.push_result(key, written, origin);
    }

    /// The author's own lines of this section. A key that holds one value and is already set would be two truths.
    pub(crate) fn verbatim(&mut self, lines: &[Verbatim], so_far: &[&Block]) {
        let section = self.section;
        for line in lines.iter().filter(|line| line.section == section) {
            let single = keys::key(section, &line.key).is_some_and(|key| !key.list);
            let set = |lines: &[Line]| lines.iter().any(|l| l.section == self.section && l.key == line.key);
            if single && (set(&self.lines) || so_far.iter().any(|block| set(&block.lines))) {
                let ours = match keys::key(section, &line.key) {
                    Some(key) if !key.name.starts_with("Health") => format!("`{}`", key.snake()),
                    _ => "it in [health]".to_owned(),
                };
                self.drafting.diagnostics.push(
                    Diagnostic::general(format!("`{}` is set twice", line.key))
                        .at_origin(line.value.origin)
                        .help(format!("it has a name of its own: write {ours} in place of the verbatim key")),
                );
                continue;
            }
            self.push(&line.key, line.value.value.clone(), line.value.origin);
        }
    }
}

/// `[Service]`, `[Install]` and `[Quadlet]` of a unit that has only its author's lines there.
fn rest(verbatim: &[Verbatim], drafting: &mut Drafting<'_>) -> Vec<Block> {
    let mut block = |section, name| {
        let mut builder = Builder::new(drafting, section);
        builder.verbatim(verbatim, &[]);
        builder.block(name)
    };
    vec![block("Service", "service"), block("Install", "install"), block("Quadlet", "quadlet")]
}
