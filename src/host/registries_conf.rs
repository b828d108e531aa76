//! `registries.conf` (containers-registries.conf(5)), as far as a check looks at it: what is of another type keeps podman from
//! reading the file.

use serde::Deserialize;

/// A file, or a drop-in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RegistriesConf {
    /// Where short names are looked for.
    pub(super) unqualified_search_registries: Option<Vec<String>>,
    /// What podman does where a short name could mean several images.
    pub(super) short_name_mode: Option<String>,
    #[serde(default)]
    registry: Vec<Registry>,
    /// The form of version 1, which podman still reads.
    registries: Option<First>,
}

#[derive(Debug, Deserialize)]
struct Registry {
    prefix: Option<String>,
    location: Option<String>,
    #[serde(default)]
    insecure: bool,
    #[serde(default)]
    mirror: Vec<Registry>,
}

#[derive(Debug, Deserialize)]
struct First {
    insecure: Option<Listed>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    #[serde(default)]
    registries: Vec<String>,
}

impl Registry {
    fn name(&self) -> &str {
        self.location.as_deref().or(self.prefix.as_deref()).unwrap_or("a registry without a name")
    }
}

impl RegistriesConf {
    /// Reads a file.
    ///
    /// # Errors
    /// As a phrase, why podman reads none of it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let conf: Self = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let is_empty = |name: &Option<String>| name.as_ref().is_none_or(String::is_empty);
        for registry in &conf.registry {
            let has_wildcard = registry.prefix.as_ref().is_some_and(|prefix| prefix.starts_with("*."));
            if is_empty(&registry.location) && is_empty(&registry.prefix) {
                return Err("a [[registry]] has neither a location nor a prefix".to_owned());
            }
            if is_empty(&registry.location) && !has_wildcard {
                return Err(
                    "a [[registry]] has no location, and its prefix is not of the form *.example.com".to_owned()
                );
            }
        }
        Ok(conf)
    }

    /// The registries and mirrors that are asked without TLS, or whoever answers.
    pub(super) fn insecure(&self) -> Vec<&str> {
        let all = self.registry.iter().flat_map(|registry| std::iter::once(registry).chain(&registry.mirror));
        let mut found: Vec<&str> = all.filter(|registry| registry.insecure).map(Registry::name).collect();
        let old = self.registries.iter().filter_map(|old| old.insecure.as_ref());
        found.extend(old.flat_map(|old| old.registries.iter().map(String::as_str)));
        found
    }
}
