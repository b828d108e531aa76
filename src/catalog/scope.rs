//! What a name in a service may refer to.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::{fields::Fields, schema, settings};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, FileId, Span},
    model::{Name, Network, Target, Volume},
};

/// Every name of the catalog. A file that could not be read still lends its name, so that nobody is told of a
/// reference that is right.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) services: BTreeSet<Name>,
    /// `None` where it is declared but not readable.
    networks: IndexMap<Name, Option<Network>>,
    volumes: IndexMap<Name, Option<Volume>>,
    /// Whole names of further units: `app.build`, `forge.pod`.
    pub(crate) companions: BTreeSet<String>,
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
            let network = settings::network((short, &name), entry, file, target, diagnostics);
            self.networks.insert(name, network);
        }
        for (short, entry) in fields.table("volume").entries() {
            let Some(name) = unit_name(short) else { continue };
            let volume = settings::volume((short, &name), entry, file, target, diagnostics);
            self.volumes.insert(name, volume);
        }
    }

    /// The networks and volumes that could be read.
    pub(crate) fn into_parts(self) -> (IndexMap<Name, Network>, IndexMap<Name, Volume>) {
        let networks = self.networks.into_iter().filter_map(|(name, n)| Some((name, n?))).collect();
        let volumes = self.volumes.into_iter().filter_map(|(name, v)| Some((name, v?))).collect();
        (networks, volumes)
    }
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
        self.candidates(text).find(|name| self.known.services.contains(name))
    }

    /// The network of a name; the second value is `None` where it is declared but not readable.
    pub(crate) fn network(self, text: &str) -> Option<(Name, Option<&'a Network>)> {
        let name = self.candidates(text).find(|name| self.known.networks.contains_key(name))?;
        let network = self.known.networks.get(&name).and_then(Option::as_ref);
        Some((name, network))
    }

    pub(crate) fn volume(self, text: &str) -> Option<(Name, Option<&'a Volume>)> {
        let name = self.candidates(text).find(|name| self.known.volumes.contains_key(name))?;
        let volume = self.known.volumes.get(&name).and_then(Option::as_ref);
        Some((name, volume))
    }

    /// The complaint about a name that refers to nothing.
    pub(crate) fn undefined(self, what: Reference, text: &str, at: Span) -> Diagnostic {
        let (noun, how) = match what {
            Reference::Service => ("service", format!("a service is a file {text}.toml; any other unit is named in full, such as `{text}.service`")),
            Reference::Network => ("network", format!("declare it in catalog.toml as [network.{text}], with `external = true` if it is made elsewhere")),
            Reference::Volume => ("volume", format!("declare it in catalog.toml as [volume.{text}], or write an absolute path")),
        };
        let shown = text.escape_debug();
        let mut names: Vec<&str> = match what {
            Reference::Service => self.known.services.iter().map(Name::as_str).collect(),
            Reference::Network => self.known.networks.keys().map(Name::as_str).collect(),
            Reference::Volume => self.known.volumes.keys().map(Name::as_str).collect(),
        };
        // Inside a stack its own names are written without its prefix.
        let prefix = self.stack.map(|stack| format!("{stack}-"));
        names.extend(names.clone().into_iter().filter_map(|name| name.strip_prefix(prefix.as_deref()?)));
        let near = schema::nearest(text, names.into_iter());
        let help = near.map_or(how, |near| format!("write `{near}`"));
        Diagnostic::error(format!("there is no {noun} `{shown}` in this catalog"), at).help(help)
    }
}

/// What a name should refer to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reference {
    Service,
    Network,
    Volume,
}
