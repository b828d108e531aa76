//! What is to be installed: the catalog's bundle, or a tree that was rendered before.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    catalog::{self, Place},
    host::Host,
    judged,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity, Sourced, Sources},
    install::{
        InstallError,
        disk::Disk,
        file_system::{FileSystem as _, Kind},
        transaction,
    },
    model::{Name, PodmanVersion, Profile, Target},
    plan::{Judgement, Layout, Owner, Plan, Standing, Wanted, WantedFile},
    policy::{self, File, Settings, Verdict},
    render::{self, RenderedFile, host::places, source_of},
    unit::Unit,
};

/// Where what is to be installed comes from.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the catalog is.
    pub place: Place,
    /// A rendered tree, in place of the catalog.
    pub from: Option<Utf8PathBuf>,
    /// Only these services.
    pub only: Vec<String>,
    /// The files of the host as well.
    pub with_host: bool,
}

impl Options {
    /// A rendered tree and nothing beside it.
    pub(super) fn of_tree(tree: Utf8PathBuf) -> Self {
        let place = Place { catalog: tree.join(Place::DEFAULT), templates: None };
        Self { place, from: Some(tree), only: Vec::new(), with_host: false }
    }
}

/// What is to be installed, and what it takes to judge it.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) wanted: Wanted,
    /// The files as they were rendered, for their provenance; empty for a tree.
    pub(super) rendered: Vec<RenderedFile>,
    with_host: bool,
    pub(super) settings: Settings,
    pub(super) sources: Sources,
}

/// What the judge says of what stands there and of what is to.
#[derive(Debug, Default)]
pub(super) struct Weighed {
    /// The errors of what is to stand there: an install stops at them.
    pub(super) errors: Vec<Judgement>,
}

/// Gathers what is to be installed; there is something exactly where nothing is an error.
pub(super) fn gather(
    options: &Options,
    host: &Host,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Incoming> {
    let incoming = match &options.from {
        None => of_catalog(options, host, sources, diagnostics),
        Some(dir) => of_tree(options, dir, host, sources, diagnostics),
    };
    let (wanted, rendered, settings) = incoming.filter(|_| !diagnostics.has_errors())?;
    let with_host = options.with_host;
    Some(Incoming { wanted, rendered, with_host, settings, sources: std::mem::take(sources) })
}

type Gathered = (Wanted, Vec<RenderedFile>, Settings);

fn judge_options(place: &Place) -> judged::Options {
    judged::Options { place: place.clone(), paths: Vec::new(), podman: None, profile: None, as_of: None }
}

fn of_catalog(
    options: &Options,
    host: &Host,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Gathered> {
    if !options.place.catalog.exists() {
        let message = format!("there is no catalog `{}`", options.place.catalog);
        diagnostics.push(Diagnostic::general(message).help("name a catalog with --catalog DIR"));
        return None;
    }
    let (catalog, bundle) = catalog::load(&options.place, &[], sources, diagnostics)?;
    let layout = host.layout(&catalog.name, &catalog.target).map_err(|error| diagnostics.push(error)).ok()?;
    let judge = judge_options(&options.place);
    let settings = judged::settings(&judge, Some((&catalog.target, &catalog.policy)), diagnostics);
    let file = |file: &RenderedFile| {
        let service = file.service.as_ref().map(ToString::to_string);
        (layout.place(&file.path), WantedFile { service, text: file.text.clone() })
    };
    let mut files: BTreeMap<_, _> = bundle.files.iter().map(file).collect();
    if options.with_host {
        is_for_host(&layout, diagnostics);
        let of_host = render::host::render(&catalog, sources, diagnostics)?;
        files.extend(of_host.files.iter().filter_map(|file| on_host(&file.path, &file.text, &catalog.name)));
    }
    Some((Wanted { files, ..Wanted::nothing(layout) }, bundle.files, settings))
}

/// A file of a rendered tree that is one of the host, as it is to stand there.
fn on_host(path: &str, text: &Arc<str>, catalog: &Name) -> Option<(String, WantedFile)> {
    let place = places::on_host(path).filter(|place| places::is_place_of(place, catalog))?;
    Some((place.to_owned(), WantedFile { service: None, text: render::host::text_on_host(place, text) }))
}

/// The files of the host are read for everybody on it.
fn is_for_host(layout: &Layout, diagnostics: &mut Diagnostics) {
    if layout.manager == Owner::Oneself {
        diagnostics.push(
            Diagnostic::general("the files of the host are not one user's, and this installs for yourself")
                .help("leave --with-host out, and have root install the catalog with it"),
        );
    }
}

/// A tree that mirrors a host, as `render` makes it: `etc/containers/systemd/NAME/`, `etc/systemd/system/`.
fn of_tree(
    options: &Options,
    dir: &Utf8PathBuf,
    host: &Host,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Gathered> {
    let mut complain = |message: String, help: &str| diagnostics.push(Diagnostic::general(message).help(help));
    let disk = match Disk::beneath(dir) {
        Ok(disk) => disk,
        Err(error) => {
            complain(
                format!("the tree `{dir}` cannot be opened: {error}"),
                "--from names what `plimsoll render` wrote",
            );
            return None;
        }
    };
    let mut paths = Vec::new();
    let mut tops = vec!["etc/containers/systemd", "etc/systemd/system", "etc/systemd/user"];
    tops.extend(options.with_host.then(places::directories).into_iter().flatten());
    for top in tops {
        walk(&disk, top, &mut paths, &mut |path, why| {
            complain(
                format!("`{dir}/{path}` {why}"),
                "a tree holds directories and files, and nothing else is installed",
            );
        });
    }
    paths.sort_unstable();
    paths.dedup();
    // Others may have files in a tree, and beside units only those of the host are looked for.
    let is_unit = |path: &String| path.starts_with("etc/containers/systemd/") || path.starts_with("etc/systemd/");
    let (of_host, mut paths): (Vec<String>, Vec<String>) =
        paths.into_iter().partition(|path| places::on_host(path).is_some());
    paths.retain(is_unit);
    let mut names: BTreeSet<(Option<Option<u32>>, String)> = BTreeSet::new();
    for path in &paths {
        let Some(rest) = path.strip_prefix("etc/containers/systemd/") else { continue };
        let parts: Vec<&str> = rest.split('/').collect();
        match parts[..] {
            ["users", name, _] => names.insert((Some(None), name.to_owned())),
            ["users", uid, name, _] => names.insert((Some(uid.parse().ok()), name.to_owned())),
            [name, _] => names.insert((None, name.to_owned())),
            _ => {
                complain(
                    format!("`{dir}/{path}` is in no catalog's directory"),
                    "units stand in etc/containers/systemd/NAME/",
                );
                false
            }
        };
    }
    let mut names = names.into_iter();
    let (Some((users, name)), None) = (names.next(), names.next()) else {
        let help = "a rendered tree holds one directory in etc/containers/systemd/";
        complain(format!("`{dir}` is not the tree of one catalog"), help);
        return None;
    };
    let Ok(name) = Name::new(&name) else {
        complain(format!("`{name}` is no name of a catalog"), "a rendered tree holds etc/containers/systemd/NAME/");
        return None;
    };
    let profile = if users.is_some() { Profile::Rootless } else { Profile::Rootful };
    let podman = Sourced::built_in(PodmanVersion { major: 5, minor: 4 });
    let target = Target { podman, profile, user: users.flatten(), selinux: true };
    let mut files = BTreeMap::new();
    let mut read = Vec::new();
    for path in &paths {
        match disk.read(path).map(String::from_utf8) {
            Ok(Ok(text)) => match source_of(&text, &name) {
                Some(source) => {
                    read.push((path.clone(), service_of(source), text));
                }
                None => complain(
                    format!("`{dir}/{path}` was not rendered from the catalog `{name}`"),
                    "take it out of the tree: what is installed is what a catalog says",
                ),
            },
            Ok(Err(_)) => complain(format!("`{dir}/{path}` is not UTF-8"), "render the tree anew"),
            Err(error) => complain(format!("`{dir}/{path}` cannot be read: {error}"), "render the tree anew"),
        }
    }
    let layout = host.layout(&name, &target).map_err(|error| diagnostics.push(error)).ok()?;
    // Every service that is rendered has a slice of its own. A tree without any has lost them, and systemd would make them
    // up without a limit.
    if !paths.iter().any(|path| path.ends_with(".slice"))
        && let Some((path, slice)) = read.iter().find_map(|(path, _, text)| Some((path, slice_of(text)?)))
    {
        diagnostics.push(
            Diagnostic::general(format!("`{dir}/{path}` is to run in `{slice}`, and there is no slice in the tree"))
                .help("the slices are in etc/systemd: take the whole tree that `plimsoll render` wrote"),
        );
    }
    for (path, service, text) in read {
        files.insert(layout.place(&path), WantedFile { service, text: text.into() });
    }
    if options.with_host {
        is_for_host(&layout, diagnostics);
        files.extend(host_of_tree(dir, &disk, &of_host, &name, diagnostics));
    }
    let own = crate::catalog::target_and_policy(&options.place.catalog, sources, diagnostics);
    let judge = judge_options(&options.place);
    let mut settings = judged::settings(&judge, own.as_ref().map(|(target, policy)| (target, policy)), diagnostics);
    settings.profile = Some(profile);
    Some((Wanted { files, ..Wanted::nothing(layout) }, Vec::new(), settings))
}

/// The slice that a unit runs in, where it says so.
fn slice_of(text: &str) -> Option<String> {
    let unit = Unit::parse(text).ok()?;
    unit.text("Service", "Slice").filter(|slice| slice.ends_with(".slice")).map(str::to_owned)
}

/// The files of the host in a rendered tree.
fn host_of_tree(
    dir: &Utf8Path,
    disk: &Disk,
    paths: &[String],
    catalog: &Name,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<String, WantedFile> {
    let mut files = BTreeMap::new();
    for path in paths {
        let text = match disk.read(path).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => {
                let message = format!("`{dir}/{path}` is not UTF-8");
                diagnostics.push(Diagnostic::general(message).help("render the tree anew"));
                continue;
            }
            Err(error) => {
                let message = format!("`{dir}/{path}` cannot be read: {error}");
                diagnostics.push(Diagnostic::general(message).help("render the tree anew"));
                continue;
            }
        };
        let is_rendered = path == places::POLICY && render::host::signatures::is_rendered(text.as_bytes());
        if is_rendered || source_of(&text, catalog).is_some() {
            files.extend(on_host(path, &text.into(), catalog));
        } else {
            let message = format!("`{dir}/{path}` was not rendered from the catalog `{catalog}`");
            let help = "take it out of the tree: what is installed is what a catalog says";
            diagnostics.push(Diagnostic::general(message).help(help));
        }
    }
    files
}

/// The service of a file of the catalog: `forge/web.toml` is `forge-web`, and `catalog.toml` is nobody's alone.
fn service_of(source: &str) -> Option<String> {
    let stem = source.strip_suffix(".toml")?;
    let is_shared = matches!(stem.rsplit('/').next(), Some("catalog" | "stack"));
    (!is_shared).then(|| stem.replace('/', "-"))
}

fn walk(disk: &Disk, dir: &str, paths: &mut Vec<String>, complain: &mut dyn FnMut(&str, String)) {
    let names = match disk.list(dir) {
        Ok(names) => names.unwrap_or_default(),
        Err(error) => return complain(dir, format!("cannot be read: {error}")),
    };
    for (name, kind) in names {
        let path = format!("{dir}/{name}");
        match kind {
            Kind::Directory => walk(disk, &path, paths, complain),
            Kind::File => paths.push(path),
            Kind::Link | Kind::Other => complain(&path, format!("is {}", kind.noun())),
        }
    }
}

impl Incoming {
    /// Leaves the files of the host as they are, where nobody asked for them: what was installed is remembered.
    pub(super) fn leave_host_alone(&mut self, disk: &Disk, force: bool, diagnostics: &mut Diagnostics) {
        if self.with_host {
            return;
        }
        let layout = &self.wanted.layout;
        let installed = match transaction::standing_files(disk, layout) {
            Ok(installed) => installed.files,
            // What is damaged is told by whoever goes by it, and is nothing to who goes on without it.
            Err(InstallError::Damaged { .. }) if force => return,
            Err(error) => return diagnostics.push(Diagnostic::general(error.to_string())),
        };
        for (path, file) in installed.into_iter().filter(|(path, _)| places::is_place(path)) {
            self.wanted.left_alone.insert(path.clone());
            self.wanted.files.insert(path, file);
        }
    }

    /// What is to be said whatever comes of it.
    pub(super) fn note(&self) -> Option<String> {
        let unit = render::host::failure_unit();
        let template = unit.replace("%n", "");
        let names_it = |file: &&WantedFile| file.text.contains(&format!("OnFailure={unit}"));
        let is_there = self.wanted.files.keys().any(|path| path.ends_with(&format!("/{template}")));
        let is_named = self.wanted.files.values().any(|file| names_it(&file));
        (is_named && !is_there).then(|| {
            format!("note: services name {template} in OnFailure=, and it is not installed: `--with-host` brings it")
        })
    }

    /// Has the judge look at both sets, where anything changes: what gets weaker or stronger goes into the plan.
    pub(super) fn weigh(&mut self, plan: &mut Plan, standing: &Standing) -> Weighed {
        if plan.is_empty() {
            return Weighed::default();
        }
        let files = self.files(Utf8Path::new(""), Utf8Path::new("/"));
        let after = judgements(&files, &self.sources, &self.settings);
        let lossy = |text: &Vec<u8>| String::from_utf8_lossy(text).into_owned();
        let standing = standing.units.iter().chain(&standing.slices);
        let standing = standing.filter(|(path, _)| !places::is_place(path));
        let before = self.judge_texts(standing.map(|(path, text)| (path.as_str(), lossy(text))).collect());
        plan.weigh(&before, &after);
        Weighed { errors: after.into_iter().filter(|judgement| judgement.severity == Severity::Error).collect() }
    }

    fn judge_texts(&self, texts: Vec<(&str, String)>) -> Vec<Judgement> {
        let mut sources = Sources::new();
        let files: Vec<File> =
            texts.into_iter().map(|(path, text)| File::found(path, path, text, &mut sources)).collect();
        judgements(&files, &sources, &self.settings)
    }

    /// What the judge says of what is to be installed, whatever stands there. Lines of a tree are shown beneath `tree`.
    pub(super) fn verdict(&mut self, tree: &Utf8Path) -> (Vec<File>, Verdict) {
        let files = self.files(tree, tree);
        let verdict = policy::judge(&files, &self.sources, &self.settings);
        (files, verdict)
    }

    /// The files for the judge, those of a catalog with the places that their lines came from.
    fn files(&mut self, tree: &Utf8Path, out: &Utf8Path) -> Vec<File> {
        if !self.rendered.is_empty() {
            let rendered = std::mem::take(&mut self.rendered);
            return rendered.into_iter().map(|file| File::rendered(file, out, &mut self.sources)).collect();
        }
        let texts = self.wanted.files.iter().filter(|(path, _)| !places::is_place(path));
        texts
            .map(|(path, file)| File::found(path.as_str(), tree.join(path), file.text.to_string(), &mut self.sources))
            .collect()
    }

    /// Where the files belong.
    pub(super) fn layout(&self) -> &Layout {
        &self.wanted.layout
    }
}

fn judgements(files: &[File], sources: &Sources, settings: &Settings) -> Vec<Judgement> {
    let verdict = policy::judge(files, sources, settings);
    let told = verdict.findings.into_iter().filter(|finding| finding.waived.is_none());
    told.map(|finding| Judgement {
        file: files[finding.file].name().to_owned(),
        rule: finding.rule,
        severity: finding.severity,
        message: finding.message,
    })
    .collect()
}
