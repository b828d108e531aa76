//! The parts of an image reference.

/// `[TRANSPORT:][REGISTRY/]REPOSITORY[:TAG][@DIGEST]` (containers-transports(5)), or the name of an `.image` or `.build`
/// unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageRef<'a> {
    /// The transport with its colon, `docker://` and none meaning a registry.
    pub transport: Option<&'a str>,
    /// The host of the registry, if one is named.
    pub registry: Option<&'a str>,
    /// The repository, without the registry.
    pub repository: &'a str,
    /// The tag.
    pub tag: Option<&'a str>,
    /// The digest, `sha256:…`.
    pub digest: Option<&'a str>,
}

/// Transports that do not name a registry.
const LOCAL: &[&str] = &["containers-storage:", "dir:", "docker-archive:", "docker-daemon:", "oci:", "oci-archive:"];

impl<'a> ImageRef<'a> {
    /// Takes a reference apart; it is not held against any grammar.
    pub fn of(text: &'a str) -> Self {
        if let Some(transport) = LOCAL.iter().find(|transport| text.starts_with(**transport)) {
            let repository = &text[transport.len()..];
            return Self { transport: Some(transport), registry: None, repository, tag: None, digest: None };
        }
        let rest = text.strip_prefix("docker://").unwrap_or(text);
        let (rest, digest) = rest.split_once('@').map_or((rest, None), |(rest, digest)| (rest, Some(digest)));
        let name_at = rest.rfind('/').map_or(0, |at| at + 1);
        let (rest, tag) = match rest[name_at..].split_once(':') {
            Some((name, tag)) => (&rest[..name_at + name.len()], Some(tag)),
            None => (rest, None),
        };
        let (registry, repository) = match rest.split_once('/') {
            // The first part is a host where it looks like one.
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (Some(host), path),
            _ => (None, rest),
        };
        Self { transport: None, registry, repository, tag, digest }
    }

    /// Whether it names an `.image` or a `.build` unit.
    pub fn is_unit(text: &str) -> bool {
        text.ends_with(".image") || text.ends_with(".build")
    }

    /// Whether systemd or a template decides about it when the unit starts, so that it cannot be judged by its text.
    pub fn is_open(text: &str) -> bool {
        text.contains('$') || text.replace("%%", "").contains('%')
    }

    /// Whether it only exists on this host: another transport, or a name below `localhost`, where builds land.
    pub fn is_local(&self) -> bool {
        self.transport.is_some() || self.registry == Some("localhost")
    }

    /// Whether the digest is one: `sha256:` and 64 hexadecimal digits, or the same of sha384 and sha512.
    pub fn has_whole_digest(&self) -> bool {
        const LENGTHS: &[(&str, usize)] = &[("sha256", 64), ("sha384", 96), ("sha512", 128)];
        let parts = self.digest.and_then(|digest| digest.split_once(':'));
        parts.is_some_and(|(algorithm, hex)| {
            let small = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            LENGTHS.contains(&(algorithm, hex.len())) && hex.bytes().all(small)
        })
    }

    /// Registry and repository in full: `docker.io/nginx` is `docker.io/library/nginx`.
    pub fn full_name(&self) -> String {
        match self.registry {
            Some("docker.io" | "index.docker.io") if !self.repository.contains('/') => {
                format!("docker.io/library/{}", self.repository)
            }
            _ => self.name(),
        }
    }

    /// Registry and repository, as `trusted_registries` names them.
    pub fn name(&self) -> String {
        self.registry.map_or_else(|| self.repository.to_owned(), |host| format!("{host}/{}", self.repository))
    }
}
