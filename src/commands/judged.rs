//! What is judged: the catalog's units, or files that were found.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use super::catalog::{self, Place};
pub use crate::model::{PodmanVersion, Profile};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity, Sourced, Sources},
    model::{Policy, Target, is_of_the_host},
    parallel,
    policy::{File, Settings, rules},
    search,
};
pub use jiff::civil::Date;

/// The Podman that files are judged for where nobody says another: that of Debian 13 and RHEL 9.6 and 10.0.
const PODMAN: PodmanVersion = PodmanVersion { major: 5, minor: 4 };

/// What to judge, and for whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the catalog is.
    pub place: Place,
    /// Directories or files in place of the catalog's units.
    pub paths: Vec<Utf8PathBuf>,
    /// The Podman that will read the units, in place of the catalog's target.
    pub podman: Option<PodmanVersion>,
    /// Who starts the units, in place of what the catalog or each file says.
    pub profile: Option<Profile>,
    /// The day that decides whether a waiver has expired.
    pub as_of: Option<Date>,
}

/// The files to judge, and what the judge is told.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) files: Vec<File>,
    pub(super) settings: Settings,
    /// For each file, whether it was asked for.
    pub(super) asked_for: Vec<bool>,
    /// The file of a catalog whose target and policy hold, where it is not the catalog that is judged.
    pub(super) by: Option<Utf8PathBuf>,
}

/// Gathers the files; complaints go to `diagnostics`, and there are files exactly where none is an error.
pub(super) fn gather(options: &Options, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<Judged> {
    let judged = if options.paths.is_empty() {
        of_catalog(options, sources, diagnostics)
    } else {
        Some(of_paths(options, sources, diagnostics))
    };
    judged.filter(|_| !diagnostics.has_errors())
}

fn of_catalog(options: &Options, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<Judged> {
    if !options.place.catalog.exists() {
        let message = format!("there is no catalog `{}`", options.place.catalog);
        let help = "name a catalog with --catalog DIR, or a directory of Quadlet files: `plimsoll check DIR`";
        diagnostics.push(Diagnostic::general(message).help(help));
        return None;
    }
    let (catalog, bundle) = catalog::load(&options.place, &[], sources, diagnostics)?;
    let settings = settings(options, Some((&catalog.target, &catalog.policy)), diagnostics);
    // So many are freed on all processors.
    parallel::map(catalog.services, drop);
    // A line that is in no TOML file is shown where `render` writes it, whether it has done so or not.
    let out = options.place.beside("out");
    sources.reserve(bundle.files.len());
    let files: Vec<File> = bundle.files.into_iter().map(|file| File::rendered(file, &out, sources)).collect();
    Some(Judged { asked_for: vec![true; files.len()], files, settings, by: None })
}

/// The catalog directory that somebody named must be there; the one that nobody named need not.
fn check_named(place: &Place, diagnostics: &mut Diagnostics) {
    if !place.catalog.is_dir() && place.catalog != Place::DEFAULT {
        let message = format!("`{}` is no catalog directory", place.catalog);
        diagnostics.push(
            Diagnostic::general(message)
                .help("its target and policy hold for other units too: name one that is there, or none"),
        );
    }
}

fn of_paths(options: &Options, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Judged {
    check_named(&options.place, diagnostics);
    let found = search::find(&options.paths, diagnostics);
    // Its target and its policy hold for these files too, but nobody needs to have one.
    let catalog = crate::catalog::target_and_policy(&options.place.catalog, sources, diagnostics);
    let by = catalog.is_some().then(|| options.place.catalog.join("catalog.toml"));
    let catalog = catalog.as_ref().map(|(target, policy)| (target, policy));
    let mut settings = settings(options, catalog, diagnostics);
    settings.profile = options.profile;
    sources.reserve(found.len());
    let mut files = Vec::with_capacity(found.len());
    let mut asked_for = Vec::with_capacity(found.len());
    for file in found {
        asked_for.push(file.asked_for);
        let place = std::path::absolute(&file.shown).map(|place| place.to_string_lossy().into_owned());
        let place = place.unwrap_or_else(|_| file.shown.to_string());
        let is_file = file.text.is_some();
        let found = File::found(file.path, file.shown, file.text.unwrap_or_default(), sources);
        let found = found.at(place).found_by(file.root);
        files.push(if is_file { found } else { found.unreadable() });
    }
    Judged { files, settings, asked_for, by }
}

pub(super) fn settings(
    options: &Options,
    catalog: Option<(&Target, &Policy)>,
    diagnostics: &mut Diagnostics,
) -> Settings {
    let (target, policy) = catalog.unzip();
    let podman = options.podman.or_else(|| Some(target?.podman.value)).unwrap_or(PODMAN);
    Settings {
        podman: podman.pair(),
        profile: options.profile.or_else(|| Some(target?.profile)),
        trusted_registries: policy.map_or_else(Vec::new, |policy| {
            policy.trusted_registries.iter().map(|registry| registry.value.clone()).collect()
        }),
        severities: policy.map_or_else(Default::default, |policy| severities(policy, diagnostics)),
        as_of: as_of(options, diagnostics).to_string(),
    }
}

/// What `[policy]` says of single rules, held against those that there are.
fn severities(policy: &Policy, diagnostics: &mut Diagnostics) -> BTreeMap<&'static str, Option<Severity>> {
    let mut severities = BTreeMap::new();
    let mut named: BTreeMap<&str, &Sourced<String>> = BTreeMap::new();
    for (name, severity) in &policy.severities {
        match rules::rule(&name.value) {
            Some(rule) => {
                severities.insert(rule.id, *severity);
                // The same word twice was told by whoever read the catalog.
                if let Some(first) = named.insert(rule.id, name).filter(|first| first.value != name.value) {
                    let message = format!("`[policy]` names {} twice: it is `{}`", rule.id, rule.name);
                    diagnostics.push(
                        Diagnostic::general(message)
                            .at_origin(name.origin)
                            .related(first.origin, "first here")
                            .help("leave it in one of the lists"),
                    );
                }
            }
            // Those of the host are looked at by another command.
            None if is_of_the_host(&name.value) => {}
            None => diagnostics.push(
                Diagnostic::general(format!("there is no rule `{}`", name.value))
                    .at_origin(name.origin)
                    .help(rules::meant(&name.value)),
            ),
        }
    }
    severities
}

/// The day: as asked for, else that of `SOURCE_DATE_EPOCH` (reproducible-builds.org), else today in UTC.
pub(super) fn as_of(options: &Options, diagnostics: &mut Diagnostics) -> Date {
    if let Some(day) = options.as_of {
        return day;
    }
    let utc = |timestamp: jiff::Timestamp| timestamp.to_zoned(jiff::tz::TimeZone::UTC).date();
    let epoch = std::env::var("SOURCE_DATE_EPOCH").ok().filter(|epoch| !epoch.is_empty());
    let today = || utc(jiff::Timestamp::now());
    let Some(epoch) = epoch else { return today() };
    let timestamp = epoch.parse().ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    timestamp.map_or_else(
        || {
            let message = format!("SOURCE_DATE_EPOCH is `{}`, which is no time", epoch.escape_debug());
            diagnostics
                .push(Diagnostic::general(message).help("write seconds since 1970, or take it out of the environment"));
            today()
        },
        utc,
    )
}
