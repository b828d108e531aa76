//! `registries.conf` (containers-registries.conf(5)), as far as a check looks at it, and as strictly as podman reads it: a
//! value of another type, or two that contradict each other, keep it from reading the file.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

/// What a file says, or a drop-in.
#[derive(Debug)]
pub(super) struct RegistriesConf {
    /// Where short names are looked for.
    pub(super) search: Option<Vec<String>>,
    /// What podman does where a short name could mean several images.
    pub(super) short_name_mode: Option<String>,
    /// By the prefix of a registry, those that are asked without TLS, or whoever answers: itself or its mirrors. A later
    /// file with the same prefix takes the place of the whole registry.
    pub(super) insecure: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    unqualified_search_registries: Option<Vec<String>>,
    short_name_mode: Option<String>,
    registry: Option<Vec<Registry>>,
    credential_helpers: Option<IgnoredAny>,
    aliases: Option<IgnoredAny>,
    /// The form of version 1, which podman still reads.
    registries: Option<First>,
}

#[derive(Debug, Deserialize)]
struct Registry {
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    location: String,
    #[serde(default)]
    insecure: bool,
    #[serde(default)]
    blocked: bool,
    #[serde(default)]
    mirror: Vec<Mirror>,
}

#[derive(Debug, Deserialize)]
struct Mirror {
    #[serde(default)]
    location: String,
    #[serde(default)]
    insecure: bool,
}

#[derive(Debug, Deserialize)]
struct First {
    #[serde(default)]
    search: Listed,
    #[serde(default)]
    insecure: Listed,
    #[serde(default)]
    block: Listed,
}

#[derive(Debug, Default, Deserialize)]
struct Listed {
    registries: Option<Vec<String>>,
}

impl RegistriesConf {
    /// Reads a file.
    ///
    /// # Errors
    /// As a phrase, why podman reads none of it.
    pub(super) fn parse(text: &str, is_drop_in: bool) -> Result<Self, String> {
        let mut file: File = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        if let Some(first) = file.registries.take().filter(First::says_something) {
            if is_drop_in {
                return Err("it is in the form of version 1, which no drop-in may have".to_owned());
            }
            if file.says_something() {
                return Err("it mixes the forms of version 1 and version 2".to_owned());
            }
            file = first.into();
        }
        let mode = file.short_name_mode.filter(|mode| !mode.is_empty());
        if let Some(mode) = mode.as_ref().filter(|mode| !MODES.contains(&mode.as_str())) {
            return Err(format!("there is no short-name-mode `{}`", mode.escape_debug()));
        }
        let search = match file.unqualified_search_registries {
            Some(names) => Some(names.iter().map(|name| searched(name)).collect::<Result<_, _>>()?),
            None => None,
        };
        let registries = file.registry.unwrap_or_default();
        let registries: Vec<Registry> = registries.into_iter().map(Registry::checked).collect::<Result<_, _>>()?;
        let mut insecure = BTreeMap::new();
        for registry in &registries {
            let others = registries.iter().filter(|other| other.place() == registry.place());
            if others.into_iter().any(|other| (other.insecure, other.blocked) != (registry.insecure, registry.blocked))
            {
                return Err(format!("{} is both insecure or blocked and not", registry.place()));
            }
            // Of the same prefix the first counts.
            insecure.entry(registry.prefix.clone()).or_insert_with(|| registry.insecure());
        }
        Ok(Self { search, short_name_mode: mode, insecure })
    }
}

/// The values of short-name-mode.
const MODES: [&str; 3] = ["disabled", "enforcing", "permissive"];

impl File {
    /// Whether it has anything of version 2.
    fn says_something(&self) -> bool {
        self.unqualified_search_registries.is_some()
            || self.short_name_mode.as_ref().is_some_and(|mode| !mode.is_empty())
            || self.registry.is_some()
            || self.credential_helpers.is_some()
            || self.aliases.is_some()
    }
}

impl First {
    fn says_something(&self) -> bool {
        [&self.search, &self.insecure, &self.block].iter().any(|listed| listed.registries.is_some())
    }
}

impl From<First> for File {
    fn from(first: First) -> Self {
        let blocked = first.block.registries.unwrap_or_default();
        let insecure = first.insecure.registries.unwrap_or_default();
        let registries = insecure.into_iter().map(|location| Registry {
            prefix: String::new(),
            blocked: blocked.contains(&location),
            location,
            insecure: true,
            mirror: Vec::new(),
        });
        Self {
            unqualified_search_registries: first.search.registries,
            short_name_mode: None,
            registry: Some(registries.collect()),
            credential_helpers: None,
            aliases: None,
            registries: None,
        }
    }
}

impl Registry {
    /// With the names as podman compares them.
    fn checked(mut self) -> Result<Self, String> {
        self.location = location(&self.location)?;
        self.prefix = location(&self.prefix)?;
        let has_wildcard = self.prefix.starts_with("*.");
        if self.location.is_empty() && self.prefix.is_empty() {
            return Err("a [[registry]] has neither a location nor a prefix".to_owned());
        }
        if self.location.is_empty() && !has_wildcard {
            return Err("a [[registry]] has no location, and its prefix is not of the form *.example.com".to_owned());
        }
        if has_wildcard && self.prefix.contains(['/', '@', ':']) {
            return Err(format!("the prefix {} is not of the form *.example.com", self.prefix.escape_debug()));
        }
        if self.prefix.is_empty() {
            self.prefix.clone_from(&self.location);
        }
        for mirror in &mut self.mirror {
            mirror.location = location(&mirror.location)?;
            if mirror.location.is_empty() {
                return Err(format!("a mirror of {} has no location", self.prefix.escape_debug()));
            }
        }
        Ok(self)
    }

    fn place(&self) -> &str {
        if self.location.is_empty() { &self.prefix } else { &self.location }
    }

    /// Those that are asked without TLS, or whoever answers; of a blocked one nobody is asked.
    fn insecure(&self) -> Vec<String> {
        let own = self.insecure.then_some(self.place());
        let mirrors = self.mirror.iter().filter(|mirror| mirror.insecure).map(|mirror| mirror.location.as_str());
        if self.blocked { Vec::new() } else { own.into_iter().chain(mirrors).map(str::to_owned).collect() }
    }
}

fn location(text: &str) -> Result<String, String> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return Err(format!("{} has a scheme", text.escape_debug()));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// A host, and perhaps a port.
fn searched(text: &str) -> Result<String, String> {
    let name = location(text)?;
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_host) {
        return Err(format!("`{}` is no registry to search", text.escape_debug()));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_podman_does_not_read_says_nothing() {
        for text in [
            "unqualified-search-registries = [\"docker.io/library\"]",
            "unqualified-search-registries = [\"https://docker.io\"]",
            "short-name-mode = \"strict\"",
            "[[registry]]\nprefix = \"*.a.example/b\"",
            "[[registry]]\nlocation = \"a.example\"\n[[registry.mirror]]\ninsecure = true",
            "[[registry]]\nlocation = \"a\"\ninsecure = true\n[[registry]]\nlocation = \"a\"\nprefix = \"b\"",
            "aliases = { a = \"b.example/a\" }\n[registries.insecure]\nregistries = []",
        ] {
            assert!(RegistriesConf::parse(text, false).is_err(), "{text}");
        }
        let first = "[registries.insecure]\nregistries = [\"a\", \"b\"]\n[registries.block]\nregistries = [\"b\"]";
        let conf = RegistriesConf::parse(first, false).unwrap();
        assert_eq!(conf.insecure["a"], ["a"]);
        assert!(conf.insecure["b"].is_empty() && RegistriesConf::parse(first, true).is_err());
        assert!(RegistriesConf::parse("short-name-mode = \"\"\n[registries.search]\n", true).is_ok());
    }

    #[test]
    fn of_one_prefix_the_first_registry_counts() {
        let text = "[[registry]]\nprefix = \"a\"\nlocation = \"b\"\n[[registry]]\nprefix = \"a/\"\nlocation = \"c\"\ninsecure = true";
        assert!(RegistriesConf::parse(text, false).unwrap().insecure["a"].is_empty());
    }
}
