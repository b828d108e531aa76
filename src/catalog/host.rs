//! `[host]` of `catalog.toml`: which files `host render` writes, and what stands in them.

use super::{
    fields::{self, Fields},
    node::Node,
    origin_of,
    settings::nouns,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Sourced},
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
        if path.value.as_str().matches('/').count() < 2 {
            diagnostics.push(
                Diagnostic::general(format!("`{}` holds more than old files of a service", path.value.as_str()))
                    .at_origin(path.origin)
                    .help("name a directory further down: everything old beneath it is removed"),
            );
        }
        found.push(CleanedDirectory { path, age });
    }
    found
}

fn watched(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Vec<Sourced<HostPath>> {
    let watched = nouns(fields, "watch", |text| HostPath::new(text).ok());
    for path in &watched {
        is_for_lines(path, diagnostics);
    }
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
    if let Some(program) = words.first().filter(|word| !word.value.text.starts_with('/')) {
        diagnostics.push(
            Diagnostic::general(format!("`{}` is no path of a program", program.value.text.escape_debug()))
                .at_origin(program.origin)
                .help("write the whole path from `/`, and each argument as a word of its own"),
        );
    }
    words
}
