//! `plimsoll render`: the catalog becomes the tree.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Status, Streams};
use crate::{
    catalog,
    diagnostic::{Diagnostic, Diagnostics, Sources, nearest},
    install::tree,
    model::{Catalog, Name},
    render::{self, Bundle, Changes, Templates},
    report,
};

/// What to render, and where to.
#[derive(Clone, Debug)]
pub struct Options {
    /// The catalog directory.
    pub catalog: Utf8PathBuf,
    /// The author's templates; without it `templates` beside the catalog, if it is there.
    pub templates: Option<Utf8PathBuf>,
    /// The folder of the tree; without it `out` beside the catalog.
    pub out: Option<Utf8PathBuf>,
    /// What to do with the tree.
    pub mode: Mode,
    /// Only these services.
    pub services: Vec<String>,
    /// Say nothing that is not asked for.
    pub quiet: bool,
    /// Say more.
    pub verbose: bool,
}

/// What to do with the rendered tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Bring the folder to hold it.
    Write,
    /// Say whether the folder holds it.
    Check,
    /// Print it in podman's `.quadlets` form.
    Stdout,
}

/// Renders.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(options: &Options, streams: &mut Streams<'_>) -> io::Result<Status> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let rendered = load(options, &mut sources, &mut diagnostics);
    write!(streams.err, "{}", report::diagnostics::text(&diagnostics, &sources, streams.colour))?;
    let Some((catalog, bundle)) = rendered else { return Ok(Status::Failed) };
    if options.mode == Mode::Stdout {
        write!(streams.out, "{}", report::quadlets::text(&bundle))?;
        return Ok(Status::Clean);
    }
    let out = options.out.clone().unwrap_or_else(|| beside(&options.catalog, "out"));
    // Held until everything is written: of two runs at once the second waits for the first.
    let _lock = if options.mode == Mode::Write { tree::lock(out.as_std_path()) } else { None };
    let changes = match tree::compare(out.as_std_path(), &bundle, !options.services.is_empty()) {
        Ok(changes) => changes,
        Err(error) => return fail(&error.to_string(), streams),
    };
    if options.mode == Mode::Check {
        return check(options, &bundle, &changes, &out, streams);
    }
    if let Err(error) = tree::write(out.as_std_path(), &bundle, &changes) {
        return fail(&error.to_string(), streams);
    }
    if !options.quiet {
        let summary = report::summary::text(&catalog, &bundle, &changes, out.as_str(), options.verbose);
        write!(streams.out, "{summary}")?;
    }
    Ok(Status::Clean)
}

/// Reads and renders. What could be read is rendered even where something could not, for the complaints that only
/// show there: one run tells all of them.
fn load(options: &Options, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<(Catalog, Bundle)> {
    let catalog = catalog::load_what_can_be_read(&options.catalog, sources, diagnostics);
    let beside = beside(&options.catalog, "templates");
    let dir = options.templates.clone().or_else(|| beside.is_dir().then_some(beside));
    let templates = Templates::load(dir.as_deref(), sources, diagnostics);
    let catalog = catalog?;
    let only = choose(&catalog, &options.services, diagnostics);
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

fn check(
    options: &Options,
    bundle: &Bundle,
    changes: &Changes,
    out: &Utf8Path,
    streams: &mut Streams<'_>,
) -> io::Result<Status> {
    if changes.is_empty() {
        if !options.quiet {
            writeln!(streams.out, "{out}: all {} files are up to date", bundle.files.len())?;
        }
        return Ok(Status::Clean);
    }
    let old = |path: &str| options.verbose.then(|| std::fs::read_to_string(out.join(path)).ok()).flatten();
    write!(streams.out, "{}", report::changes::text(changes, bundle, out.as_str(), old))?;
    let count = changes.created.len() + changes.replaced.len() + changes.removed.len();
    let files = if count == 1 { "file" } else { "files" };
    writeln!(streams.err, "{out} differs from the catalog in {count} {files}: run `plimsoll render`")?;
    Ok(Status::Differs)
}

fn fail(message: &str, streams: &mut Streams<'_>) -> io::Result<Status> {
    for line in message.lines() {
        writeln!(streams.err, "error: {line}")?;
    }
    Ok(Status::Failed)
}

/// A folder beside the catalog directory.
fn beside(catalog: &Utf8Path, name: &str) -> Utf8PathBuf {
    match (catalog.parent(), catalog.file_name()) {
        (Some(parent), Some(_)) => parent.join(name),
        _ => catalog.join("..").join(name),
    }
}
