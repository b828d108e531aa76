//! `plimsoll verify`: whether the kernel holds the running services to what their units declare.

use std::io;

use super::{Status, Streams, diff, generator, host::Host, incoming, installed::Which, judged};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Sources, nearest},
    install::{generations, transaction},
    live::{
        kernel::{Directory, Unread},
        payload,
        promises::{self, Service},
    },
    model::Profile,
    parallel,
    plan::{Layout, Owner, Wanted},
    policy::{self, File, Settings, facts::Container, quadlet},
    render::host::places,
    report::{self, verify_text::Much},
};

/// What to look at, and how to say it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which catalog.
    pub which: Which,
    /// Where.
    pub host: Host,
    /// Only these services.
    pub services: Vec<String>,
    /// How to print it.
    pub format: Format,
    /// Propose limits by what was used.
    pub suggest: bool,
    /// Only what does not hold.
    pub quiet: bool,
    /// Every promise.
    pub verbose: bool,
}

/// How to print promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One object, version 1.
    Json,
}

/// What was declared.
struct Declared {
    wanted: Wanted,
    settings: Settings,
}

/// Looks at what runs.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(options: &Options, streams: &mut Streams<'_>) -> io::Result<Status> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let verified = declared(options, &mut sources, &mut diagnostics)
        .and_then(|declared| look(options, &declared, &mut diagnostics));
    let Some(verified) = verified else { return diff::fail(&diagnostics, &sources, "nothing was looked at", streams) };
    let text = match options.format {
        Format::Json => report::verify_json::text(&verified, options.suggest),
        Format::Text => {
            let how = report::verify_text::Options {
                colour: streams.colour_out,
                much: match (options.quiet, options.verbose) {
                    (true, _) => Much::Quiet,
                    (_, true) => Much::Verbose,
                    _ => Much::Normal,
                },
                suggest: options.suggest,
            };
            report::verify_text::text(&verified, how)
        }
    };
    write!(streams.out, "{text}")?;
    Ok(match (verified.count(Some(false)), verified.count(None)) {
        (0, 0) => Status::Clean,
        (0, _) => Status::Failed,
        _ => Status::Differs,
    })
}

/// The units of the catalog, or where there is none those of the last install, or of the generator.
fn declared(options: &Options, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<Declared> {
    let place = &options.which.place;
    if options.which.name.is_none() && place.is_there(diagnostics)? {
        let from = incoming::Options { place: place.clone(), from: None, only: Vec::new(), with_host: false };
        let incoming = incoming::gather(&from, &options.host, sources, diagnostics)?;
        return Some(Declared { wanted: incoming.wanted, settings: incoming.settings });
    }
    let disk = options.host.disk().map_err(|error| diagnostics.push(error)).ok()?;
    let mut generated = generator::standing(&options.host, options.which.name.as_ref());
    let installed = options.host.all_installed(&disk, options.which.name.as_ref()).len();
    match (installed, generated.len()) {
        (_, 0) => {}
        (0, 1) => {
            let from = incoming::Options::of_tree(generated.remove(0).1);
            let incoming = incoming::gather(&from, &options.host, sources, diagnostics)?;
            return Some(Declared { wanted: incoming.wanted, settings: incoming.settings });
        }
        _ => {
            let names: Vec<String> = generated.iter().map(|(name, _)| format!("`{name}`")).collect();
            let message = format!("several catalogs stand here, generated at boot among them: {}", names.join(", "));
            diagnostics.push(Diagnostic::general(message).help("say which with --name NAME"));
            return None;
        }
    }
    let layout = options.host.installed(&disk, options.which.name.as_ref(), place, diagnostics)?;
    let wanted = transaction::standing_generation(&disk, &layout).and_then(|last| match last {
        Some(last) => generations::files(&disk, &layout, &last),
        None => Ok(Wanted::nothing(layout.clone())),
    });
    let mut wanted = wanted.map_err(|error| diagnostics.push(Diagnostic::general(error.to_string()))).ok()?;
    // The files of the host promise nothing of a service.
    wanted.files.retain(|path, _| !places::is_place(path));
    let judge = judged::Options { place: place.clone(), paths: Vec::new(), podman: None, profile: None, as_of: None };
    let mut settings = judged::settings(&judge, None, diagnostics);
    settings.profile = Some(if layout.manager == Owner::System { Profile::Rootful } else { Profile::Rootless });
    Some(Declared { wanted, settings })
}

/// The user whose manager runs the services; `Err` where every user may have them.
pub(super) fn user(layout: &Layout) -> Result<Option<u32>, Diagnostic> {
    match layout.manager {
        Owner::System => Ok(None),
        Owner::Oneself => Ok(Some(rustix::process::geteuid().as_raw())),
        Owner::User(Some(uid)) => Ok(Some(uid)),
        Owner::User(None) => Err(Diagnostic::general(format!(
            "the services of `{}` are for every user, and it is not said whose to look at",
            layout.catalog
        ))
        .help("write `user = UID` into [target] of catalog.toml, or run `plimsoll verify --user` as the user")),
    }
}

fn look(options: &Options, declared: &Declared, diagnostics: &mut Diagnostics) -> Option<policy::promise::Verified> {
    let Declared { wanted, settings } = declared;
    let user = user(&wanted.layout).map_err(|error| diagnostics.push(error)).ok()?;
    let root = match Directory::root(&options.host.root) {
        Ok(root) => root,
        Err(error) => {
            let message = format!("the root `{}` cannot be opened: {error}", options.host.root);
            diagnostics.push(Diagnostic::general(message).help("--root DIR names a directory that holds proc and sys"));
            return None;
        }
    };
    let mut sources = Sources::new();
    let mut services = Vec::new();
    let mut files = Vec::new();
    for (path, file) in &wanted.files {
        services.push(file.service.as_deref());
        files.push(File::found(path.clone(), path.clone(), file.text.to_string(), &mut sources));
    }
    let asked = |names: &[String]| {
        for asked in options.services.iter().filter(|asked| !names.contains(asked)) {
            let help = nearest(asked, names.iter().map(String::as_str)).map_or_else(
                || "in a stack the name of a service is STACK-STEM".to_owned(),
                |name| format!("write `{name}`"),
            );
            let message = format!("there is no service `{}` in `{}`", asked.escape_debug(), wanted.layout.catalog);
            diagnostics.push(Diagnostic::general(message).help(help));
        }
        (!diagnostics.has_errors()).then(|| options.services.clone())
    };
    let units = Units { files: &files, services: &services, sources: &sources, settings };
    units.verify(&payload::Host::new(root, user), asked)
}

/// What stands in these files, held against what runs.
pub(super) fn of_files(
    files: &[File],
    sources: &Sources,
    settings: &Settings,
    root: Directory,
    user: Option<u32>,
) -> policy::promise::Verified {
    let units = Units { files, services: &[], sources, settings };
    units.verify(&payload::Host::new(root, user), |_| Some(Vec::new())).unwrap_or_default()
}

/// Units, and the services of the catalog that they belong to.
struct Units<'a> {
    files: &'a [File],
    services: &'a [Option<&'a str>],
    sources: &'a Sources,
    settings: &'a Settings,
}

impl Units<'_> {
    /// Looks at those of the services that `asked` names, given all their names; at all where it names none.
    fn verify(
        &self,
        host: &Result<payload::Host, Unread>,
        asked: impl FnOnce(&[String]) -> Option<Vec<String>>,
    ) -> Option<policy::promise::Verified> {
        let Self { files, services, sources, settings } = *self;
        let (tree, _) = quadlet::load(files, sources, settings.podman);
        let loaded: Vec<_> = tree.containers().collect();
        let containers: Vec<Container<'_>> =
            parallel::map(loaded.iter().copied(), |loaded| policy::container(loaded, &tree, settings));
        let name = |container: &Container<'_>| services.get(container.unit.index()).copied().flatten();
        let names: Vec<String> =
            containers.iter().map(|container| name(container).unwrap_or(container.name).to_owned()).collect();
        let asked = asked(&names)?;
        let limits: Vec<_> = containers.iter().map(|container| container.limits(&tree)).collect();
        let services: Vec<Service<'_>> = containers
            .iter()
            .zip(&limits)
            .zip(&names)
            .map(|((container, limits), name)| Service {
                name,
                container,
                limits,
                asked_for: asked.is_empty() || asked.contains(name),
            })
            .collect();
        Some(promises::verify(host, &services))
    }
}
