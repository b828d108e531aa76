//! What is declared of the services that run: what the units of a catalog say, wherever they stand.

use super::{generator, host::Host, incoming, installed::Which, judged};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Sources, nearest},
    install::{disk::Disk, transaction},
    live::{kernel::Directory, payload, promises::Service},
    parallel,
    plan::{Layout, Owner, Wanted},
    policy::{self, File, Settings, facts::Container, quadlet},
    render::host::places,
};

/// What was declared by one catalog.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) wanted: Wanted,
    pub(super) settings: Settings,
}

/// The units of the catalog, or where there is none those of the last install, or of the generator.
pub(super) fn one(
    which: &Which,
    host: &Host,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Declared> {
    if which.name.is_none() && which.place.is_there(diagnostics)? {
        return of_catalog(which, host, sources, diagnostics);
    }
    let disk = host.disk().map_err(|error| diagnostics.push(error)).ok()?;
    let mut generated = generator::standing(host, which.name.as_ref());
    let installed = host.all_installed(&disk, which.name.as_ref()).len();
    match (installed, generated.len()) {
        (_, 0) => {}
        (0, 1) => return gather(&incoming::Options::of_tree(generated.remove(0).1), host, sources, diagnostics),
        _ => {
            let names: Vec<String> = generated.iter().map(|(name, _)| format!("`{name}`")).collect();
            let message = format!("several catalogs stand here, generated at boot among them: {}", names.join(", "));
            diagnostics.push(Diagnostic::general(message).help("say which with --name NAME"));
            return None;
        }
    }
    let layout = host.installed(&disk, which.name.as_ref(), &which.place, diagnostics)?;
    of_install(which, &disk, layout, diagnostics)
}

/// The same of every catalog that stands on the host, where none is named and there is no catalog directory: those of the
/// system and of users whose managers run.
pub(super) fn all(
    which: &Which,
    host: &Host,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Declared>> {
    if which.name.is_none() && which.place.is_there(diagnostics)? {
        return Some(vec![of_catalog(which, host, sources, diagnostics)?]);
    }
    let name = which.name.as_ref();
    let disk = host.disk().map_err(|error| diagnostics.push(error)).ok()?;
    let mut all = Vec::new();
    let installed = host.all_installed(&disk, name);
    let known: Vec<String> = installed.iter().map(|layout| layout.state.clone()).collect();
    for layout in installed {
        all.extend(of_install(which, &disk, layout, diagnostics));
    }
    for (_, tree) in generator::standing(host, name) {
        all.extend(gather(&incoming::Options::of_tree(tree), host, sources, diagnostics));
    }
    if !host.user {
        for uid in payload::Host::users(&root(host, diagnostics)?) {
            // What a user has in a home hides nobody else's services.
            let theirs = host.installed_by(&disk, uid, name).into_iter();
            let theirs = theirs.filter(|layout| !known.contains(&layout.state));
            all.extend(theirs.filter_map(|layout| of_install(which, &disk, layout, &mut Diagnostics::new())));
        }
    }
    if diagnostics.has_errors() {
        return None;
    }
    if all.is_empty() {
        // It says what is missing.
        host.installed(&disk, name, &which.place, diagnostics)?;
    }
    Some(all)
}

fn of_catalog(which: &Which, host: &Host, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<Declared> {
    let place = which.place.clone();
    gather(&incoming::Options { place, from: None, only: Vec::new(), with_host: false }, host, sources, diagnostics)
}

fn gather(
    from: &incoming::Options,
    host: &Host,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Declared> {
    let incoming = incoming::gather(from, host, sources, diagnostics)?;
    Some(Declared { wanted: incoming.wanted, settings: incoming.settings })
}

fn of_install(which: &Which, disk: &Disk, layout: Layout, diagnostics: &mut Diagnostics) -> Option<Declared> {
    let mut wanted = transaction::standing_files(disk, &layout)
        .map_err(|error| diagnostics.push(Diagnostic::general(error.to_string())))
        .ok()?;
    // The files of the host promise nothing of a service.
    wanted.files.retain(|path, _| !places::is_place(path));
    let place = which.place.clone();
    let judge = judged::Options { place, paths: Vec::new(), podman: None, profile: None, as_of: None };
    let mut settings = judged::settings(&judge, None, diagnostics);
    settings.profile = Some(layout.profile());
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

/// The root of a host, to read the kernel's files beneath.
pub(super) fn root(host: &Host, diagnostics: &mut Diagnostics) -> Option<Directory> {
    let opened = Directory::root(&host.root).map_err(|error| {
        let message = format!("the root `{}` cannot be opened: {error}", host.root);
        diagnostics.push(Diagnostic::general(message).help("--root DIR names a directory that holds proc and sys"));
    });
    opened.ok()
}

/// Complains of services that were asked for and are none of these.
pub(super) fn are_there(asked: &[String], names: &[&str], of: &str, diagnostics: &mut Diagnostics) -> Option<()> {
    for asked in asked.iter().filter(|asked| !names.contains(&asked.as_str())) {
        let help = nearest(asked, names.iter().copied()).map_or_else(
            || "in a stack the name of a service is STACK-STEM".to_owned(),
            |name| format!("write `{name}`"),
        );
        let message = format!("there is no service `{}` in {of}", asked.escape_debug());
        diagnostics.push(Diagnostic::general(message).help(help));
    }
    (!diagnostics.has_errors()).then_some(())
}

impl Declared {
    /// Gives the services to somebody who looks at them.
    pub(super) fn with_units<T>(&self, look: impl FnOnce(Vec<Service<'_>>) -> T) -> T {
        let mut sources = Sources::new();
        let mut services = Vec::new();
        let mut files = Vec::new();
        for (path, file) in &self.wanted.files {
            services.push(file.service.as_deref());
            files.push(File::found(path.clone(), path.clone(), file.text.to_string(), &mut sources));
        }
        Units { files: &files, services: &services, sources: &sources, settings: &self.settings }.with(look)
    }
}

/// Units, and the services of the catalog that they belong to.
pub(super) struct Units<'a> {
    pub(super) files: &'a [File],
    pub(super) services: &'a [Option<&'a str>],
    pub(super) sources: &'a Sources,
    pub(super) settings: &'a Settings,
}

impl Units<'_> {
    /// Gives the services to somebody who looks at them; all are asked for.
    pub(super) fn with<T>(&self, look: impl FnOnce(Vec<Service<'_>>) -> T) -> T {
        let Self { files, services, sources, settings } = *self;
        let (tree, _) = quadlet::load(files, sources, settings.podman);
        let loaded: Vec<_> = tree.containers().collect();
        let containers: Vec<Container<'_>> =
            parallel::map(loaded.iter().copied(), |loaded| policy::container(loaded, &tree, settings));
        let limits: Vec<_> = containers.iter().map(|container| container.limits(&tree)).collect();
        let services = containers.iter().zip(&limits).map(|(container, limits)| {
            let name = services.get(container.unit.index()).copied().flatten().unwrap_or(container.name);
            Service { name, container, limits, asked_for: true }
        });
        look(services.collect())
    }
}
