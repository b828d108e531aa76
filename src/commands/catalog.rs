//! The way from a catalog directory to its bundle, which every command that reads a catalog goes.

use camino::Utf8PathBuf;

use crate::{
    catalog,
    diagnostic::{Diagnostic, Diagnostics, Sources, nearest},
    model::{Catalog, Name},
    render::{self, Bundle, Templates},
};

/// Where a catalog is.
#[derive(Clone, Debug)]
pub struct Place {
    /// The catalog directory.
    pub catalog: Utf8PathBuf,
    /// The author's templates; without it `templates` beside the catalog, if it is there.
    pub templates: Option<Utf8PathBuf>,
}

impl Place {
    /// The catalog directory that is read where nobody names one.
    pub const DEFAULT: &str = "services";

    /// A folder beside the catalog directory.
    pub fn beside(&self, name: &str) -> Utf8PathBuf {
        match (self.catalog.parent(), self.catalog.file_name()) {
            (Some(parent), Some(_)) => parent.join(name),
            _ => self.catalog.join("..").join(name),
        }
    }

    /// Whether there is a catalog. The one that somebody named must be there; the one that nobody named need not.
    pub(super) fn is_there(&self, diagnostics: &mut Diagnostics) -> Option<bool> {
        let is_there = self.catalog.is_dir();
        if !is_there && self.catalog != Self::DEFAULT {
            let message = format!("there is no catalog `{}`", self.catalog);
            diagnostics.push(Diagnostic::general(message).help("name a catalog directory with --catalog DIR"));
            return None;
        }
        Some(is_there)
    }
}

/// Reads and renders. What could be read is rendered even where something could not, for the complaints that only
/// show there: one run tells all of them.
pub(super) fn load(
    place: &Place,
    services: &[String],
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<(Catalog, Bundle)> {
    let catalog = catalog::load_what_can_be_read(&place.catalog, sources, diagnostics);
    let beside = place.beside("templates");
    let dir = place.templates.clone().or_else(|| beside.is_dir().then_some(beside));
    let templates = Templates::load(dir.as_deref(), sources, diagnostics);
    let catalog = catalog?;
    let only = choose(&catalog, services, diagnostics);
    let mut complaints = Diagnostics::new();
    let bundle = render::render(&catalog, only.as_deref(), &templates, sources, &mut complaints);
    diagnostics.extend_with_news(complaints);
    Some((catalog, bundle.filter(|_| !diagnostics.has_errors())?))
}

/// The services that were named, `None` for all of them.
fn choose(catalog: &Catalog, names: &[String], diagnostics: &mut Diagnostics) -> Option<Vec<Name>> {
    if names.is_empty() {
        return None;
    }
    let mut chosen = Vec::new();
    for text in names {
        let known = || catalog.services.keys().map(Name::as_str);
        if let Some(name) = catalog.services.keys().find(|name| name.as_str() == text) {
            chosen.push(name.clone());
            continue;
        }
        let member = known().find(|name| name.strip_suffix(text.as_str()).is_some_and(|stack| stack.ends_with('-')));
        let help = match member.or_else(|| nearest(text, known())) {
            Some(name) => format!("write `{name}`"),
            None => "the name of a service is the stem of its file; in a stack, STACK-STEM".to_owned(),
        };
        diagnostics.push(
            Diagnostic::general(format!("there is no service `{}` in this catalog", text.escape_debug())).help(help),
        );
    }
    Some(chosen)
}
