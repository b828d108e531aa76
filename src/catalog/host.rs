//! `[host]` of `catalog.toml`: which files `host render` writes, and what stands in them.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{
    fields::{self, Fields},
    node::Node,
    origin_of,
    settings::nouns,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Origin, Sourced},
    model::{CleanedDirectory, HostPath, HostSettings, IdRange, Policy, Profile, SignedRegistry, TimeSpan},
    unit::quote::guard,
};

/// The highest id that there is: 4294967295 is the kernel's word for none.
const LAST_ID: u64 = 4_294_967_294;

/// Reads `[host]`; without it everything has its default.
pub(crate) fn read(
    catalog: &Fields<'_>,
    policy: &Policy,
    profile: Profile,
    diagnostics: &mut Diagnostics,
) -> HostSettings {
    let fields = catalog.table("host");
    let is = |key: &str, unless_set: bool| fields.bool(key).map_or(unless_set, |set| set.value);
    let is_rootless = profile == Profile::Rootless;
    let ids = ids(&fields, !is_rootless, diagnostics);
    let signed = signed(&fields, diagnostics);
    let signatures = fields.bool("signatures");
    let is_signed = signatures.as_ref().is_some_and(|yes| yes.value);
    if let Some(signatures) = signatures.filter(|yes| yes.value && policy.trusted_registries.is_empty()) {
        diagnostics.push(
            Diagnostic::general("`signatures` without a trusted registry would refuse every image")
                .at_origin(signatures.origin)
                .help("name the registries in [policy] `trusted_registries`, or take `signatures` out"),
        );
    }
    for one in &signed {
        check_signed(one, is_signed, policy, diagnostics);
    }
    let notify_command = words(&fields, diagnostics);
    let notify = fields.bool("notify");
    if let (Some(word), false) = (notify_command.first(), notify.as_ref().is_some_and(|notify| notify.value)) {
        diagnostics.push(
            Diagnostic::general("`notify_command` without `notify` is never run")
                .at_origin(word.origin)
                .help("add `notify = true`, or take the command out"),
        );
    }
    HostSettings {
        origin: origin_of(catalog.node("host")),
        engine: is("engine", true),
        ids,
        modules: is("modules", true),
        signatures: is_signed,
        signed,
        registries: is("registries", true),
        audit: is("audit", true),
        watch: watched(&fields, diagnostics),
        firewall: is("firewall", true),
        delegation: is("delegation", is_rootless),
        prune: is("prune", true),
        clean: clean(&fields, diagnostics),
        notify,
        notify_command,
        auto_update: fields.bool("auto_update").map(|set| set.value),
    }
}

fn ids(fields: &Fields<'_>, unless_set: bool, diagnostics: &mut Diagnostics) -> Option<IdRange> {
    let (first, count) = (fields.bounded("first_id"), fields.bounded("id_count"));
    let range = IdRange {
        first: first.as_ref().map_or(IdRange::DEFAULT.first, |first| first.value),
        count: count.as_ref().map_or(IdRange::DEFAULT.count, |count| count.value),
    };
    if range.last() > LAST_ID {
        let at = count.as_ref().or(first.as_ref()).map(|set| set.origin);
        let most = LAST_ID - u64::from(range.first) + 1;
        let mut error =
            Diagnostic::general(format!("the ids end at {}, and there are none above {LAST_ID}", range.last()))
                .help(format!("from {} there are {most}: write a smaller `id_count`", range.first));
        if let Some(at) = at {
            error = error.at_origin(at);
        }
        diagnostics.push(error);
    }
    fields.bool("ids").map_or(unless_set, |set| set.value).then_some(range)
}

/// A required key of a table in a list.
fn required<T>(node: &Node, what: &str, key: &str, found: Option<T>, diagnostics: &mut Diagnostics) -> Option<T> {
    let is_set = Fields::item(node).is_none_or(|fields| fields.has(key));
    if !is_set {
        diagnostics.push(Diagnostic::error(format!("{what} without `{key}`"), node.span).help(format!("add `{key}`")));
    }
    found
}

fn signed(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Vec<SignedRegistry> {
    let mut found = Vec::new();
    for node in fields.items("signed").unwrap_or_default() {
        let Some(own) = Fields::item(node) else { continue };
        let registry = own.noun("registry", |text| Ok(text.to_owned()));
        let registry = required(node, "a signed registry", "registry", registry, diagnostics);
        let key = required(node, "a signed registry", "key", own.noun("key", HostPath::new), diagnostics);
        found.extend(registry.zip(key).map(|(registry, key)| SignedRegistry { registry, key }));
    }
    once(found.iter().map(|one: &SignedRegistry| (one.registry.value.as_str(), one.registry.origin)), diagnostics);
    found
}

fn check_signed(one: &SignedRegistry, is_signed: bool, policy: &Policy, diagnostics: &mut Diagnostics) {
    let registry = &one.registry;
    if !is_signed {
        diagnostics.push(
            Diagnostic::general("a signed registry without `signatures` is never looked at")
                .at_origin(registry.origin)
                .help("add `signatures = true` to [host]"),
        );
    }
    let is_within = |trusted: &Sourced<String>| {
        let rest = registry.value.strip_prefix(trusted.value.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if !policy.trusted_registries.iter().any(is_within) {
        diagnostics.push(
            Diagnostic::general(format!("`{}` is no trusted registry, nor within one", registry.value))
                .at_origin(registry.origin)
                .help("add it to [policy] `trusted_registries`"),
        );
    }
    if let Err(refusal) = guard(one.key.value.as_str()) {
        diagnostics.push(Diagnostic::general(refusal.to_string()).at_origin(one.key.origin).help(refusal.help()));
    }
}

fn clean(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Vec<CleanedDirectory> {
    let mut found = Vec::new();
    for node in fields.items("clean").unwrap_or_default() {
        let Some(own) = Fields::item(node) else { continue };
        let path = required(node, "a directory to clean", "path", own.noun("path", HostPath::new), diagnostics);
        let age = required(node, "a directory to clean", "age", own.noun("age", TimeSpan::parse), diagnostics);
        let (Some(path), Some(age)) = (path, age) else { continue };
        is_for_lines(&path, diagnostics);
        if age.value.micros().is_none_or(|micros| micros == 0) {
            diagnostics.push(
                Diagnostic::general(format!("an age of `{}` says nothing of what is old", age.value))
                    .at_origin(age.origin)
                    .help("write how long files are kept, such as \"30d\""),
            );
        }
        if let Some(help) = not_cleaned(path.value.as_str()) {
            diagnostics.push(
                Diagnostic::general(format!("`{}` holds more than old files of a service", path.value.as_str()))
                    .at_origin(path.origin)
                    .help(help),
            );
        }
        found.push(CleanedDirectory { path, age });
    }
    once(
        found.iter().map(|cleaned: &CleanedDirectory| (cleaned.path.value.as_str(), cleaned.path.origin)),
        diagnostics,
    );
    found
}

/// Where nothing is old because nobody touched it: programs, settings, the kernel's own files (file-hierarchy(7)), and
/// what package managers, podman, systemd and Plimsoll itself keep.
const KEPT: &[&str] = &[
    "/bin",
    "/boot",
    "/dev",
    "/efi",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/lib/apt",
    "/var/lib/containers",
    "/var/lib/dbus",
    "/var/lib/dnf",
    "/var/lib/dpkg",
    "/var/lib/pacman",
    "/var/lib/plimsoll",
    "/var/lib/rpm",
    "/var/lib/selinux",
    "/var/lib/systemd",
    "/var/log/audit",
    "/var/log/journal",
    "/var/spool/cron",
];

/// Why old files beneath a directory are not to be removed, as what to do instead.
fn not_cleaned(path: &str) -> Option<&'static str> {
    let is_shallow = path.matches('/').count() < 2;
    let holds_all = path.strip_prefix("/var/").or(path.strip_prefix("/home/")).is_some_and(|rest| !rest.contains('/'));
    if is_shallow || holds_all {
        return Some("name a directory further down: everything old beneath it is removed");
    }
    let is_kept =
        KEPT.iter().any(|kept| path.strip_prefix(kept).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    let is_hidden = path.starts_with("/home/") && path.contains("/.");
    (is_kept || is_hidden)
        .then_some("the host lives by what is there, however old: let the service keep its files elsewhere")
}

/// Refuses what a list has twice.
fn once<'p>(said: impl Iterator<Item = (&'p str, Origin)>, diagnostics: &mut Diagnostics) {
    let mut first: BTreeMap<&str, Origin> = BTreeMap::new();
    for (text, origin) in said {
        match first.entry(text) {
            Entry::Vacant(entry) => drop(entry.insert(origin)),
            Entry::Occupied(entry) => diagnostics.push(
                Diagnostic::general(format!("`{text}` stands here twice"))
                    .at_origin(origin)
                    .related(*entry.get(), "first here")
                    .help("leave one of the two"),
            ),
        }
    }
}

fn watched(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Vec<Sourced<HostPath>> {
    let watched = nouns(fields, "watch", |text| HostPath::new(text).ok());
    for path in &watched {
        is_for_lines(path, diagnostics);
        if ["/", "/dev", "/proc", "/sys"].contains(&path.value.as_str()) {
            diagnostics.push(
                Diagnostic::general(format!("`{}` changes all the time", path.value.as_str()))
                    .at_origin(path.origin)
                    .help("name the directory whose changes somebody would look at"),
            );
        }
    }
    once(watched.iter().map(|path| (path.value.as_str(), path.origin)), diagnostics);
    watched
}

/// A path goes into a line of a file that has no quotes.
fn is_for_lines(path: &Sourced<HostPath>, diagnostics: &mut Diagnostics) {
    let glob = path.value.as_str().chars().find(|c| matches!(c, '*' | '?' | '[' | ']' | '#'));
    let message = match (guard(path.value.as_str()), glob) {
        (Err(refusal), _) => refusal.to_string(),
        (Ok(()), Some(c)) => format!("the path `{}` holds `{c}`, which stands for other names", path.value.as_str()),
        (Ok(()), None) => return,
    };
    diagnostics.push(Diagnostic::general(message).at_origin(path.origin).help("name one directory, as it is called"));
}

fn words(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Vec<Sourced<crate::model::Text>> {
    let items = fields.items("notify_command").unwrap_or_default();
    let words: Vec<_> = items.iter().filter_map(fields::text).collect();
    let is_path = |text: &str| text.starts_with('/') && !text.contains(char::is_whitespace);
    if let Some(program) = words.first().filter(|word| !is_path(&word.value.text)) {
        diagnostics.push(
            Diagnostic::general(format!("`{}` is no path of a program", program.value.text.escape_debug()))
                .at_origin(program.origin)
                .help("write the whole path from `/`, and each argument as a word of its own: [\"/usr/local/bin/tell\", \"phone\"]"),
        );
    }
    words
}
