//! A catalog is read and judged, as `install` does it.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    Scope,
    found::{self, Found},
};
use crate::{
    commands::{
        host::Host,
        incoming::{self, Incoming},
    },
    diagnostic::{Diagnostics, Severity, Sources},
    install::generated::Units,
    model::Name,
    plan::{Layout, Owner},
    render::source_of,
    report::log::{self, Line},
    unit::UnitType,
};

/// A catalog that may stand.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) name: Name,
    /// Its Quadlet units by name.
    pub(super) quadlets: BTreeMap<String, String>,
    /// What becomes of them, and its slices.
    pub(super) units: Units,
    pub(super) layout: Layout,
}

/// Why a catalog may not stand.
pub(super) type Refused = Vec<Line>;

pub(super) fn refused(message: impl Into<String>) -> Refused {
    vec![(Severity::Error, message.into())]
}

/// Reads a catalog, and has it judged.
pub(super) fn read(found: &Found, host: &Host) -> Result<Ready, Refused> {
    if found::leads_nowhere(&found.dir) {
        let help = "mount what it leads to before systemd starts, or remove it; a link to /dev/null hides a catalog";
        return Err(refused(format!("{}: the link leads to nothing; {help}", found.dir)));
    }
    let tree = found.tree();
    if tree.as_ref().is_some_and(|tree| !tree.is_dir()) {
        return Err(refused(format!("{} holds neither services/ nor out/", found.dir)));
    }
    let options = incoming::Options { place: found.place(), from: tree.clone(), only: Vec::new(), with_host: false };
    let mut incoming = gather(options, host)?;
    // The clock of a machine that boots may be wrong, and a service that ran yesterday is no worse today: `check` tells
    // of waivers that have expired.
    incoming.settings.as_of = String::new();
    let shown = tree.unwrap_or_else(|| found.dir.join("out"));
    let (ready, mut findings) = ready(found, incoming, &shown)?;
    findings.retain(|(severity, _)| *severity == Severity::Error);
    if findings.is_empty() { Ok(ready) } else { Err(findings) }
}

/// Reads what stood of a catalog before, which was judged then.
pub(super) fn read_remembered(found: &Found, tree: &Utf8Path, host: &Host) -> Result<Ready, Refused> {
    let incoming = gather(incoming::Options::of_tree(tree.to_owned()), host)?;
    Ok(ready(found, incoming, tree)?.0)
}

fn gather(options: incoming::Options, host: &Host) -> Result<Incoming, Refused> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let incoming = incoming::gather(&options, host, &mut sources, &mut diagnostics);
    incoming.ok_or_else(|| log::diagnostics(&diagnostics, &sources))
}

/// What becomes of what was gathered, with everything that the judge says of it.
fn ready(found: &Found, mut incoming: Incoming, shown: &Utf8Path) -> Result<(Ready, Vec<Line>), Refused> {
    let layout = incoming.wanted.layout.clone();
    if layout.catalog != found.name {
        let (called, dir) = (&layout.catalog, &found.dir);
        return Err(refused(format!(
            "the catalog in {dir} is called `{called}`: rename the directory, or write `name = \"{}\"` into catalog.toml",
            found.name
        )));
    }
    if matches!(layout.manager, Owner::User(_)) {
        let message = "it is rootless: its place is /etc/plimsoll/users, or /etc/plimsoll/users/UID";
        return Err(refused(format!("{}: {message}", found.dir)));
    }
    let texts: BTreeMap<String, String> =
        incoming.wanted.files.iter().map(|(path, file)| (file_name(path).to_owned(), file.text.to_string())).collect();
    let (files, verdict) = incoming.verdict(shown);
    let mut services: Vec<(bool, String, String)> = Vec::new();
    for unit in &verdict.units {
        let name = files[unit.file].name();
        let text = texts.get(name).map_or("", String::as_str);
        // A container comes after what it is connected to.
        let is_last = UnitType::of_file(name).is_some_and(|(_, unit_type)| unit_type == UnitType::Container);
        services.push((is_last, format!("{}.service", unit.service), found.source(name, text).to_string()));
    }
    services.sort();
    let (slices, quadlets) = texts.into_iter().partition(|(name, _)| name.ends_with(".slice"));
    let services = services.into_iter().map(|(_, service, source)| (service, source)).collect();
    let told = verdict.findings.iter().filter(|finding| finding.waived.is_none());
    let lines = told.map(|finding| log::finding(finding, &incoming.sources)).collect();
    Ok((Ready { name: found.name.clone(), quadlets, units: Units { slices, services }, layout }, lines))
}

impl Found {
    /// The file that somebody would change to change a unit.
    fn source(&self, name: &str, text: &str) -> Utf8PathBuf {
        let Some(tree) = self.tree() else {
            let place = self.place().catalog;
            return source_of(text, &self.name).map_or_else(|| place.clone(), |source| place.join(source));
        };
        let uid = rustix::process::geteuid().as_raw();
        let dirs = [String::new(), "users/".to_owned(), format!("users/{uid}/")];
        let mut places =
            dirs.iter().map(|users| tree.join(format!("etc/containers/systemd/{users}{}/{name}", self.name)));
        places.find(|place| place.is_file()).unwrap_or(tree)
    }
}

impl Ready {
    /// The rendered tree that says the same, by path.
    pub(super) fn tree(&self, scope: Scope) -> BTreeMap<String, String> {
        let (users, manager) = match scope {
            Scope::System => ("", "system"),
            Scope::User => ("users/", "user"),
        };
        let units = |name: &String| format!("etc/containers/systemd/{users}{}/{name}", self.name);
        let slices = |name: &String| format!("etc/systemd/{manager}/{name}");
        let quadlets = self.quadlets.iter().map(|(name, text)| (units(name), text.clone()));
        quadlets.chain(self.units.slices.iter().map(|(name, text)| (slices(name), text.clone()))).collect()
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
