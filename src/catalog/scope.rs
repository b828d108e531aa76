//! What a name in a service may refer to.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use indexmap::IndexMap;

use super::{fields::Fields, settings};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, FileId, Origin, Span, nearest},
    model::{Name, Network, Target, Volume},
};

/// Every name of the catalog. A file that could not be read still lends its name, so that nobody is told of a
/// reference that is right.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// With the file of each.
    pub(crate) services: BTreeMap<Name, FileId>,
    networks: IndexMap<Name, Network>,
    volumes: IndexMap<Name, Volume>,
    /// Where each of them is declared.
    places: BTreeMap<(&'static str, Name), Span>,
    /// Whole names of further units: `app.build`, `forge.pod`.
    pub(crate) companions: BTreeSet<String>,
    /// Where a catalog.toml (`None`) or the stack.toml of a stack has no tree: nobody knows what it declares.
    pub(crate) unread: BTreeSet<Option<Name>>,
}

impl Known {
    /// Takes in the `[network.*]` and `[volume.*]` of a file.
    pub(crate) fn declare(
        &mut self,
        stack: Option<&Name>,
        fields: &Fields<'_>,
        file: FileId,
        target: &Target,
        diagnostics: &mut Diagnostics,
    ) {
        let unit_name = |name: &str| {
            let name = Name::new(name).ok()?;
            Some(stack.map_or_else(|| name.clone(), |stack| Name::member(stack, &name)))
        };
        for (short, entry) in fields.table("network").entries() {
            let Some(name) = unit_name(short) else { continue };
            self.take("network", &name, entry.key, diagnostics);
            let network = settings::network((short, &name), entry, file, target, diagnostics);
            self.networks.insert(name, network);
        }
        for (short, entry) in fields.table("volume").entries() {
            let Some(name) = unit_name(short) else { continue };
            self.take("volume", &name, entry.key, diagnostics);
            let volume = settings::volume((short, &name), entry, file, target, diagnostics);
            self.volumes.insert(name, volume);
        }
    }

    /// Keeps a name from being declared twice: `[network.a-b]` of the catalog, `[network.b]` of the stack `a`.
    fn take(&mut self, what: &'static str, name: &Name, at: Span, diagnostics: &mut Diagnostics) {
        match self.places.entry((what, name.clone())) {
            Entry::Occupied(first) => diagnostics.push(same_name(what, name, at, *first.get())),
            Entry::Vacant(place) => drop(place.insert(at)),
        }
    }

    /// The networks and volumes.
    pub(crate) fn into_parts(self) -> (IndexMap<Name, Network>, IndexMap<Name, Volume>) {
        (self.networks, self.volumes)
    }
}

/// The complaint about two things of one name: that of a stack's member begins with the stack's.
pub(crate) fn same_name(what: &str, name: &Name, at: Span, first: Span) -> Diagnostic {
    Diagnostic::error(format!("two {what}s are called `{name}`"), at)
        .related(Origin::At(first), "the first one")
        .help("a member of a stack is called STACK-NAME: rename one of the two")
}

/// What a service sees: the names of its own stack first, then those of the catalog.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) known: &'a Known,
    pub(crate) stack: Option<&'a Name>,
    pub(crate) target: &'a Target,
}

impl<'a> Scope<'a> {
    /// The full names that a short one may stand for, the nearest first.
    fn candidates(self, text: &str) -> impl Iterator<Item = Name> {
        let name = Name::new(text).ok();
        let member = self.stack.zip(name.as_ref()).map(|(stack, name)| Name::member(stack, name));
        member.into_iter().chain(name)
    }

    pub(crate) fn service(self, text: &str) -> Option<Name> {
        self.candidates(text).find(|name| self.known.services.contains_key(name))
    }

    pub(crate) fn network(self, text: &str) -> Option<&'a Network> {
        self.candidates(text).find_map(|name| self.known.networks.get(&name))
    }

    pub(crate) fn volume(self, text: &str) -> Option<&'a Volume> {
        self.candidates(text).find_map(|name| self.known.volumes.get(&name))
    }

    /// True where a name may be declared in a file that could not be read: then nobody is told that it is not.
    pub(crate) fn may_be_unread(self, what: Reference) -> bool {
        let declared_in_files = matches!(what, Reference::Network | Reference::Volume | Reference::Peer);
        let own = || self.stack.is_some_and(|stack| self.known.unread.contains(&Some(stack.clone())));
        declared_in_files && (self.known.unread.contains(&None) || own())
    }

    /// The complaint about a name that refers to nothing.
    pub(crate) fn undefined(self, what: Reference, text: &str, at: Span) -> Diagnostic {
        let (noun, how) = match what {
            Reference::Unit => (
                "service",
                format!(
                    "a service is a file {text}.toml; any other unit is named in full, such as `network-online.target`"
                ),
            ),
            Reference::Service => {
                ("service", format!("a service is a file {text}.toml in the directory of the catalog"))
            }
            Reference::Peer => (
                "service or network",
                "write the name of one, a network such as `192.168.10.0/24`, or an address".to_owned(),
            ),
            Reference::Network => (
                "network",
                format!(
                    "declare it in catalog.toml as [network.{text}], with `external = true` if it is made elsewhere"
                ),
            ),
            Reference::Volume => {
                ("volume", format!("declare it in catalog.toml as [volume.{text}], or write an absolute path"))
            }
        };
        let shown = text.escape_debug();
        let mut names: Vec<&str> = match what {
            Reference::Unit | Reference::Service => self.known.services.keys().map(Name::as_str).collect(),
            Reference::Peer => self.known.services.keys().chain(self.known.networks.keys()).map(Name::as_str).collect(),
            Reference::Network => self.known.networks.keys().map(Name::as_str).collect(),
            Reference::Volume => self.known.volumes.keys().map(Name::as_str).collect(),
        };
        // Inside a stack its own names are written without its prefix.
        let prefix = self.stack.map(|stack| format!("{stack}-"));
        names.extend(names.clone().into_iter().filter_map(|name| name.strip_prefix(prefix.as_deref()?)));
        // From outside a stack its members are named with the prefix.
        let member =
            names.iter().copied().find(|name| name.strip_suffix(text).is_some_and(|stack| stack.ends_with('-')));
        let near = member.or_else(|| nearest(text, names.iter().copied()));
        let help = near.map_or(how, |near| format!("write `{near}`"));
        Diagnostic::error(format!("there is no {noun} `{shown}` in this catalog"), at).help(help)
    }
}

/// What a name should refer to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reference {
    /// A service, where any unit of systemd's may stand as well.
    Unit,
    Service,
    /// A service or network that may be talked to.
    Peer,
    Network,
    Volume,
}
