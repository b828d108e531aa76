//! A catalog directory becomes a [`Catalog`]: TOML in, nouns out, and every mistake told with its place.
//!
//! The way through: `files` finds what is there, `node` parses it, `schema` holds every file against its shape,
//! `settings` and `service` read the meaning through the layers of defaults, and `relations` looks at what only shows
//! between services. Each step gathers its complaints and goes on, so that one run tells all of them.

mod fields;
mod files;
mod host;
mod mount;
mod node;
mod plain;
mod relations;
mod schema;
mod scope;
mod service;
mod settings;
mod verbatim;

use camino::Utf8Path;
use indexmap::IndexMap;

use crate::{
    diagnostic::{Diagnostics, Origin, SourceFile, SourceKind, Sources, Span},
    model::{Catalog, FleetSlice, Name, Policy, Profile, Target},
    parallel,
};
use fields::Fields;
use files::Files;
use node::Node;
use scope::{Known, Scope};

pub use schema::{SchemaOf, json_schema};

const ROOTFUL: &str = include_str!("defaults/rootful.toml");
const ROOTLESS: &str = include_str!("defaults/rootless.toml");

/// Reads the catalog directory `dir`.
///
/// Every file that was read is added to `sources`, every complaint to `diagnostics`. There is a catalog exactly where
/// no complaint is an error.
pub fn load(dir: &Utf8Path, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<Catalog> {
    let catalog = load_what_can_be_read(dir, sources, diagnostics);
    catalog.filter(|_| !diagnostics.has_errors())
}

/// As [`load`], but gives whatever could be read, so that those who come later can complain in the same run. `None`
/// where not even the target is known.
pub fn load_what_can_be_read(dir: &Utf8Path, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<Catalog> {
    let files = files::find(dir, sources, diagnostics);
    let built_in = BuiltIn::parse(sources);
    let trees = Trees::parse(&files, sources, diagnostics);
    let trees_read = !files.catalog_unread && (files.catalog.is_none() || trees.catalog.is_some());
    let catalog = assemble(&files, trees, &built_in, diagnostics);
    relations::check(&catalog, diagnostics);
    let settings_read = trees_read && !(files.services.is_empty() && diagnostics.has_errors());
    settings_read.then_some(catalog)
}

/// The target and the policy that `catalog.toml` in `dir` gives, where there is one: what is asked of a catalog by those
/// who judge other units than its own. Nothing else of it is read.
pub fn target_and_policy(
    dir: &Utf8Path,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<(Target, Policy)> {
    let file = files::catalog_alone(dir, sources, diagnostics)?;
    let tree = node::parse(sources, file, diagnostics)?;
    schema::check(&tree, schema::catalog(), diagnostics);
    let settings = settings::read(Some(&tree), diagnostics);
    Some((settings.target, settings.policy))
}

/// The name and the target of the catalog in `dir`, where there is one, and nothing else of it.
pub fn name_and_target(dir: &Utf8Path, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<(Name, Target)> {
    if !dir.is_dir() {
        return None;
    }
    let tree = match files::catalog_alone(dir, sources, diagnostics) {
        Some(file) => Some(node::parse(sources, file, diagnostics)?),
        None => None,
    };
    let settings = settings::read(tree.as_ref(), diagnostics);
    Some((settings.name, settings.target))
}

/// The built-in defaults, which are TOML like any other.
struct BuiltIn {
    rootful: Node,
    rootless: Node,
}

impl BuiltIn {
    fn parse(sources: &mut Sources) -> Self {
        let mut read = |name: &str, text: &str| {
            let mut diagnostics = Diagnostics::new();
            let path = format!("builtin/{name}");
            let file = sources.add(SourceFile {
                path: path.clone().into(),
                name: path,
                text: text.into(),
                kind: SourceKind::BuiltIn,
            });
            let node = node::parse(sources, file, &mut diagnostics);
            node.expect("the built-in defaults are TOML")
        };
        Self { rootful: read("rootful.toml", ROOTFUL), rootless: read("rootless.toml", ROOTLESS) }
    }

    fn layers(&self, profile: Profile) -> Vec<&Node> {
        match profile {
            Profile::Rootful => vec![&self.rootful],
            Profile::Rootless => vec![&self.rootful, &self.rootless],
        }
    }
}

/// The parsed files; `None` where a file has no tree.
struct Trees {
    catalog: Option<Node>,
    stacks: Vec<Option<Node>>,
    services: Vec<Option<Node>>,
}

impl Trees {
    fn parse(files: &Files, sources: &Sources, diagnostics: &mut Diagnostics) -> Self {
        let parse = |file, schema, diagnostics: &mut Diagnostics| {
            let tree = node::parse(sources, file, diagnostics)?;
            schema::check(&tree, schema, diagnostics);
            Some(tree)
        };
        Self {
            catalog: files.catalog.and_then(|file| parse(file, schema::catalog(), diagnostics)),
            stacks: files.stacks.iter().map(|stack| parse(stack.file?, schema::stack(), diagnostics)).collect(),
            services: each(&files.services, diagnostics, |service, diagnostics| {
                parse(service.readable.then_some(service.file)?, schema::service(), diagnostics)
            }),
        }
    }
}

fn assemble(files: &Files, trees: Trees, built_in: &BuiltIn, diagnostics: &mut Diagnostics) -> Catalog {
    let top = trees.catalog.as_ref();
    let settings = settings::read(top, diagnostics);
    let mut known = Known::default();
    if files.catalog_unread || (files.catalog.is_some() && top.is_none()) {
        known.unread.insert(None);
    }
    for (file, tree) in files.catalog.iter().zip(top) {
        known.declare(None, &Fields::one(tree), *file, &settings.target, diagnostics);
    }
    let mut stacks = IndexMap::new();
    let mut companions = Vec::new();
    for (dir, tree) in files.stacks.iter().zip(&trees.stacks) {
        let stack = settings::stack(dir, tree.as_ref(), &settings.target, &mut companions, diagnostics);
        if let (Some(file), Some(tree)) = (dir.file, tree) {
            known.declare(Some(&dir.name), &Fields::one(tree), file, &settings.target, diagnostics);
        }
        if dir.unread || (dir.file.is_some() && tree.is_none()) {
            known.unread.insert(Some(dir.name.clone()));
        }
        stacks.insert(dir.name.clone(), stack);
    }
    for file in &files.services {
        let name = file.stack.as_ref().map_or_else(|| file.stem.clone(), |stack| Name::member(stack, &file.stem));
        if let Some(first) = known.services.insert(name.clone(), file.file) {
            let at = Span { file: file.file, start: 0, end: 0 };
            let first = Span { file: first, start: 0, end: 0 };
            diagnostics.push(scope::same_name("service", &name, at, first));
        }
    }
    known.companions.extend(companions.iter().map(|(_, c)| format!("{}.{}", c.name, c.group.to_ascii_lowercase())));
    for (file, tree) in files.services.iter().zip(&trees.services) {
        known.companions.extend(tree.iter().flat_map(|tree| service::companion_units(file, tree)));
    }

    let defaults = top.and_then(|tree| Fields::one(tree).node("defaults"));
    // A tree takes more memory than its service: each is gone when it has been read.
    let files_and_trees = files.services.iter().zip(trees.services);
    let read = each(files_and_trees, diagnostics, |(file, tree), diagnostics| {
        let tree = tree.as_ref()?;
        // The stacks are in the order of their directories.
        let stack_at = file.stack.as_ref().and_then(|stack| stacks.get_index_of(stack));
        let stack_tree = stack_at.and_then(|at| trees.stacks[at].as_ref());
        let mut layers = built_in.layers(settings.target.profile);
        layers.extend(defaults);
        layers.extend(stack_tree.and_then(|tree| Fields::one(tree).node("defaults")));
        layers.push(tree);
        let place = Span { file: file.file, start: 0, end: 0 };
        let scope = Scope { known: &known, stack: file.stack.as_ref(), target: &settings.target };
        service::read(file, &Fields::new(layers, Some(place)), &scope, diagnostics)
    });
    let mut services = IndexMap::with_capacity(read.len());
    services.extend(read.into_iter().flatten().map(|service| (service.name.clone(), service)));

    let (networks, volumes) = known.into_parts();
    Catalog {
        name: settings.name,
        file: files.catalog,
        target: settings.target,
        slice: FleetSlice {
            name: settings.slice_name,
            limits: settings.slice_limits,
            verbatim: settings.slice_verbatim,
            origin: settings.slice_origin,
        },
        stacks,
        networks,
        volumes,
        services,
        companions,
        policy: settings.policy,
        host: settings.host,
        waivers: settings.waivers,
    }
}

/// Does the same for each of the services, many at once; complaints come in the order of the services.
fn each<T: Send, R: Send>(
    services: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator + Send>,
    diagnostics: &mut Diagnostics,
    work: impl Fn(T, &mut Diagnostics) -> R + Sync,
) -> Vec<R> {
    let worked = parallel::map(services, |service| {
        let mut found = Diagnostics::new();
        (work(service, &mut found), found)
    });
    let take = |(result, found)| {
        diagnostics.extend(found);
        result
    };
    worked.into_iter().map(take).collect()
}

/// A name that was checked when the shape was.
fn known_name(text: &str) -> Name {
    Name::new(text).expect("a name of Plimsoll's own is a name")
}

/// The origin of something that may not have been written.
fn origin_of(node: Option<&Node>) -> Origin {
    fields::origin(node)
}
