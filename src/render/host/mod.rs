//! The files of the host itself: what `host render` writes and an install brings in beside the units if it is asked to.
//!
//! Each says in its first lines whose it is, why it is there, and which recommendation it serves (A and B are the rows of
//! the two documents behind the design). `policy.json` cannot: its reader refuses a file with anything unknown in it
//! (containers-policy.json(5)), so it is known by its form.

mod files;
mod firewall;
pub mod places;
pub mod signatures;
mod units;

use std::{fmt::Write as _, sync::Arc};

pub use units::failure_unit;

use super::{Bundle, FileKind, RenderedFile, owner_line};
use crate::{
    diagnostic::{Diagnostics, Origin, Sources, Span},
    model::{Catalog, Profile},
};

/// What a file of a rendered tree comes to on a host: of one with a line for a file of many, that line alone.
pub fn text_on_host(place: &str, text: &Arc<str>) -> Arc<str> {
    if !places::is_shared(place) {
        return Arc::clone(text);
    }
    let is_line = |line: &&str| !line.trim_end().is_empty() && !line.starts_with('#');
    text.split_inclusive('\n').filter(is_line).collect::<String>().into()
}

/// What the writer of a file needs to know.
struct Host<'a> {
    catalog: &'a Catalog,
    /// The first line of every file.
    owner: String,
    /// Where its lines come from.
    origin: Origin,
    files: Vec<RenderedFile>,
}

impl Host<'_> {
    fn is_rootless(&self) -> bool {
        self.catalog.target.profile == Profile::Rootless
    }

    /// The directory of the manager that starts the services.
    fn units(&self) -> &'static str {
        if self.is_rootless() { places::USER_UNITS } else { places::SYSTEM_UNITS }
    }

    /// Adds a file: why it is there, which recommendations it serves, and what stands in it.
    fn add(&mut self, path: impl Into<String>, why: &[&str], serves: &str, body: &str) {
        let mut text = format!("{}\n#\n", self.owner);
        for line in why {
            let _ = writeln!(text, "# {line}");
        }
        let _ = write!(text, "# Serves {serves}.\n\n{body}");
        self.add_text(path, text);
    }

    fn add_text(&mut self, path: impl Into<String>, text: String) {
        let origins = text.lines().map(|_| self.origin).collect();
        let (path, text) = (path.into(), text.into());
        self.files.push(RenderedFile { path, kind: FileKind::Host, service: None, text, origins });
    }
}

/// Renders the files that `[host]` switches on, in the order of their paths.
///
/// Complaints go to `diagnostics`; there is a bundle exactly where none is an error.
pub fn render(catalog: &Catalog, sources: &Sources, diagnostics: &mut Diagnostics) -> Option<Bundle> {
    let source = catalog.file.map_or("the built-in defaults", |file| &sources.file(file).name);
    let whole = || catalog.file.map_or(Origin::BuiltIn, |file| Origin::At(Span { file, start: 0, end: 0 }));
    let own = catalog.host.origin;
    let origin = if own == Origin::BuiltIn { whole() } else { own };
    let owner = owner_line(source, &catalog.name);
    let mut host = Host { catalog, owner, origin, files: Vec::new() };
    files::add(&mut host);
    firewall::add(&mut host);
    signatures::add(&mut host);
    units::add(&mut host, diagnostics);
    host.files.sort_by(|a, b| a.path.cmp(&b.path));
    (!diagnostics.has_errors()).then(|| Bundle { catalog: catalog.name.clone(), files: host.files })
}
