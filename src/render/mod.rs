//! A catalog becomes a [`Bundle`]: the files of the tree, each line with the place it came from.
//!
//! Two steps for each file. A *draft* says which lines it has, in blocks: every value already in the dialect of its
//! key, held by the wall of [`crate::unit::quote`], with its origin. A *template* then lays the blocks out. What the
//! template wrote is parsed back, so that nothing reaches the bundle that is not a unit.

mod bundle;
mod draft;
mod finish;
pub mod host;
mod origins;
mod templates;

pub use bundle::{
    Bundle, Changes, FileKind, RenderedFile, WAIVER_MARK, is_of, is_ours, owner_line, source_of, waiver_line,
};
pub use origins::Origins;
pub use templates::Templates;

use crate::{
    diagnostic::{Diagnostics, Sources},
    model::{Catalog, Name},
    parallel,
};
use draft::Drafting;

/// Renders the whole catalog, or with `only` the files of those services alone.
///
/// Complaints go to `diagnostics`; there is a bundle exactly where no complaint is an error.
pub fn render(
    catalog: &Catalog,
    only: Option<&[Name]>,
    templates: &Templates,
    sources: &Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Bundle> {
    // A draft takes more memory than its file: each becomes one before the next is made.
    let rendered = parallel::map(draft::subjects(catalog, only), |subject| {
        let mut diagnostics = Diagnostics::new();
        let drafts = draft::of(subject, Drafting { catalog, sources, diagnostics: &mut diagnostics });
        let finish = |draft| finish::finish(draft, catalog, templates, &mut diagnostics);
        let files: Vec<RenderedFile> = drafts.into_iter().filter_map(finish).collect();
        (files, diagnostics)
    });
    let mut files = Vec::with_capacity(rendered.iter().map(|(files, _)| files.len()).sum());
    for (of_subject, complaints) in rendered {
        files.extend(of_subject);
        diagnostics.extend(complaints);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    (!diagnostics.has_errors()).then(|| Bundle { catalog: catalog.name.clone(), files })
}
