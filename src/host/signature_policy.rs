//! `policy.json` (containers-policy.json(5)), as strictly as podman reads it: an unknown key, a requirement without what it needs
//! or an empty list is no policy, and then nothing is pulled.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};

/// What is asked of images, by where they come from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignaturePolicy {
    /// Where nothing else fits.
    pub(super) default: Vec<Requirement>,
    /// By transport (`docker` is a registry) and scope.
    #[serde(default)]
    transports: Named<Named<Vec<Requirement>>>,
}

/// Values by their names, no name twice.
#[derive(Debug)]
struct Named<V>(BTreeMap<String, V>);

impl<V> Default for Named<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Named<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Names<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Names<V> {
            type Value = Named<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut named = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, V>()? {
                    if named.contains_key(&name) {
                        return Err(A::Error::custom(format!("`{}` stands there twice", name.escape_debug())));
                    }
                    named.insert(name, value);
                }
                Ok(Named(named))
            }
        }

        from.deserialize_map(Names(PhantomData))
    }
}

/// One of the things that an image must be.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum Requirement {
    /// Anything at all.
    InsecureAcceptAnything {},
    /// Nothing that there is.
    Reject {},
    /// Signed with GPG.
    SignedBy {
        #[expect(dead_code, reason = "it must be there")]
        key_type: KeyType,
        key_path: Option<String>,
        key_paths: Option<Vec<String>>,
        key_data: Option<Base64>,
        signed_identity: Option<Identity>,
    },
    /// Signed in its lowest layer: podman reads this, and accepts nothing by it.
    SignedBaseLayer { base_layer_identity: Identity },
    /// Signed with sigstore.
    SigstoreSigned(Box<Sigstore>),
}

#[derive(Debug, Deserialize)]
pub(super) enum KeyType {
    #[serde(rename = "GPGKeys")]
    Gpg,
    #[serde(rename = "signedByGPGKeys")]
    SignedByGpg,
    #[serde(rename = "X509Certificates")]
    X509,
    #[serde(rename = "signedByX509CAs")]
    SignedByX509,
}

/// Which name a signature must speak of.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum Identity {
    MatchExact {},
    MatchRepoDigestOrExact {},
    MatchRepository {},
    ExactReference {
        docker_reference: String,
    },
    ExactRepository {
        docker_repository: String,
    },
    #[serde(rename = "remapIdentity")]
    Remapped {
        prefix: String,
        signed_prefix: String,
    },
}

/// Data in base64; what it holds is not looked at.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Base64;

impl TryFrom<String> for Base64 {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        let digits = text.trim_end_matches('=');
        let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let is_whole = text.len().is_multiple_of(4) && text.len() - digits.len() <= 2;
        if is_whole && digits.bytes().all(is_digit) { Ok(Self) } else { Err("a key or certificate is no base64") }
    }
}

/// How an image is signed with sigstore.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Sigstore {
    key_path: Option<String>,
    key_paths: Option<Vec<String>>,
    key_data: Option<Base64>,
    key_datas: Option<Vec<Base64>>,
    fulcio: Option<Fulcio>,
    pki: Option<Pki>,
    rekor_public_key_path: Option<String>,
    rekor_public_key_paths: Option<Vec<String>>,
    rekor_public_key_data: Option<Base64>,
    rekor_public_key_datas: Option<Vec<Base64>>,
    signed_identity: Option<Identity>,
}

/// Certificates that Fulcio gave out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fulcio {
    ca_path: Option<String>,
    ca_data: Option<Base64>,
    oidc_issuer: Option<String>,
    subject_email: Option<String>,
}

/// Certificates of one's own.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Pki {
    ca_roots_path: Option<String>,
    ca_roots_data: Option<Base64>,
    ca_intermediates_path: Option<String>,
    ca_intermediates_data: Option<Base64>,
    subject_email: Option<String>,
    subject_hostname: Option<String>,
}

/// What a list of requirements comes to: all of them must hold, so the hardest is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asked {
    /// Every image is accepted.
    Nothing,
    /// A signature.
    Signature,
    /// Every image is refused.
    Refused,
}

impl SignaturePolicy {
    /// Reads a file.
    ///
    /// # Errors
    /// As a phrase, why podman reads none of it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let policy: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        for list in policy.lists() {
            if list.is_empty() {
                return Err("a list of requirements is empty".to_owned());
            }
            list.iter().try_for_each(Requirement::check)?;
        }
        Ok(policy)
    }

    fn lists(&self) -> impl Iterator<Item = &Vec<Requirement>> {
        std::iter::once(&self.default).chain(self.transports.0.values().flat_map(|scopes| scopes.0.values()))
    }

    /// What is asked of the images of a transport where no scope fits, if the transport has an answer of its own.
    pub(super) fn of_transport(&self, transport: &str) -> Option<Asked> {
        self.transports.0.get(transport)?.0.get("").map(|list| asked(list))
    }

    /// The files of keys and certificates that are named anywhere.
    pub(super) fn keys(&self) -> Vec<&str> {
        self.lists().flatten().flat_map(Requirement::keys).collect()
    }

    /// What is asked of an image from a registry, by the scope that fits best; `None` where only the default fits.
    pub(super) fn of_image(&self, image: &str) -> Option<Asked> {
        let scopes = &self.transports.0.get("docker")?.0;
        let mut at = image.split_once('@').map_or(image, |(name, _)| name).to_owned();
        let mut tried = vec![image.to_owned(), at.clone()];
        let last_slash = at.rfind('/').map_or(0, |slash| slash + 1);
        if let Some(colon) = at[last_slash..].find(':') {
            at.truncate(last_slash + colon);
            tried.push(at.clone());
        }
        while let Some((above, _)) = at.rsplit_once('/') {
            at = above.to_owned();
            tried.push(at.clone());
        }
        let mut host = at.split(':').next().unwrap_or_default();
        while let Some((_, domain)) = host.split_once('.') {
            tried.push(format!("*.{domain}"));
            host = domain;
        }
        tried.push(String::new());
        tried.iter().find_map(|scope| scopes.get(scope)).map(|list| asked(list))
    }
}

/// What a list of requirements comes to.
pub(super) fn asked(list: &[Requirement]) -> Asked {
    list.iter().map(Requirement::asked).max().unwrap_or(Asked::Nothing)
}

impl Requirement {
    fn asked(&self) -> Asked {
        match self {
            Self::InsecureAcceptAnything {} => Asked::Nothing,
            Self::Reject {} | Self::SignedBaseLayer { .. } => Asked::Refused,
            Self::SignedBy { .. } | Self::SigstoreSigned(_) => Asked::Signature,
        }
    }

    /// podman wants one source of keys, and one alone.
    fn check(&self) -> Result<(), String> {
        match self {
            Self::InsecureAcceptAnything {} | Self::Reject {} => Ok(()),
            Self::SignedBy { key_path, key_paths, key_data, signed_identity, .. } => {
                one_key("signedBy", &[is_set(key_path.as_ref()), key_paths.is_some(), key_data.is_some()])?;
                signed_identity.as_ref().map_or(Ok(()), Identity::check)
            }
            Self::SignedBaseLayer { base_layer_identity } => base_layer_identity.check(),
            Self::SigstoreSigned(sigstore) => sigstore.check(),
        }
    }

    fn keys(&self) -> Vec<&str> {
        let (one, several) = match self {
            Self::InsecureAcceptAnything {} | Self::Reject {} | Self::SignedBaseLayer { .. } => return Vec::new(),
            Self::SignedBy { key_path, key_paths, .. } => (vec![key_path], vec![key_paths]),
            Self::SigstoreSigned(sigstore) => sigstore.keys(),
        };
        let several = several.into_iter().flatten().flatten();
        one.into_iter().flatten().chain(several).map(String::as_str).collect()
    }
}

impl Identity {
    fn check(&self) -> Result<(), String> {
        let (name, is_one) = match self {
            Self::MatchExact {} | Self::MatchRepoDigestOrExact {} | Self::MatchRepository {} => return Ok(()),
            Self::ExactReference { docker_reference } => {
                let last = docker_reference.rsplit('/').next().unwrap_or_default();
                (docker_reference, last.contains([':', '@']))
            }
            Self::ExactRepository { docker_repository } => (docker_repository, true),
            Self::Remapped { prefix, signed_prefix } => (prefix, !signed_prefix.is_empty()),
        };
        let is_name = is_one && !name.is_empty() && !name.contains(char::is_whitespace);
        if is_name { Ok(()) } else { Err(format!("a `signedIdentity` names `{}`", name.escape_debug())) }
    }
}

impl Sigstore {
    fn check(&self) -> Result<(), String> {
        let lists = [self.key_paths.as_ref().map(Vec::len), self.key_datas.as_ref().map(Vec::len)];
        let keys = [is_set(self.key_path.as_ref()), self.key_data.is_some(), self.fulcio.is_some(), self.pki.is_some()];
        one_key("sigstoreSigned", &[&keys[..], &lists.map(|list| list.is_some())].concat())?;
        let rekor_lists =
            [self.rekor_public_key_paths.as_ref().map(Vec::len), self.rekor_public_key_datas.as_ref().map(Vec::len)];
        let rekor = [is_set(self.rekor_public_key_path.as_ref()), self.rekor_public_key_data.is_some()];
        let rekor = count(&[&rekor[..], &rekor_lists.map(|list| list.is_some())].concat());
        if lists.iter().chain(&rekor_lists).any(|list| *list == Some(0)) {
            return Err("`sigstoreSigned` has an empty list of keys".to_owned());
        }
        let fits = match (&self.fulcio, &self.pki) {
            (Some(_), _) => rekor == 1,
            (_, Some(_)) => rekor == 0,
            _ => rekor <= 1,
        };
        if !fits {
            return Err("`sigstoreSigned` names the wrong number of keys of Rekor".to_owned());
        }
        self.fulcio.as_ref().map_or(Ok(()), Fulcio::check)?;
        self.pki.as_ref().map_or(Ok(()), Pki::check)?;
        self.signed_identity.as_ref().map_or(Ok(()), Identity::check)
    }

    fn keys(&self) -> (Vec<&Option<String>>, Vec<&Option<Vec<String>>>) {
        let mut one = vec![&self.key_path, &self.rekor_public_key_path];
        one.extend(self.fulcio.iter().map(|fulcio| &fulcio.ca_path));
        one.extend(self.pki.iter().flat_map(|pki| [&pki.ca_roots_path, &pki.ca_intermediates_path]));
        (one, vec![&self.key_paths, &self.rekor_public_key_paths])
    }
}

impl Fulcio {
    fn check(&self) -> Result<(), String> {
        one_key("fulcio", &[is_set(self.ca_path.as_ref()), self.ca_data.is_some()])?;
        let is_whole = is_set(self.oidc_issuer.as_ref()) && is_set(self.subject_email.as_ref());
        if is_whole { Ok(()) } else { Err("`fulcio` needs oidcIssuer and subjectEmail".to_owned()) }
    }
}

impl Pki {
    fn check(&self) -> Result<(), String> {
        one_key("pki", &[is_set(self.ca_roots_path.as_ref()), self.ca_roots_data.is_some()])?;
        if is_set(self.ca_intermediates_path.as_ref()) && self.ca_intermediates_data.is_some() {
            return Err("`pki` names intermediate certificates in more than one way".to_owned());
        }
        let is_whole = is_set(self.subject_email.as_ref()) || is_set(self.subject_hostname.as_ref());
        if is_whole { Ok(()) } else { Err("`pki` needs subjectEmail or subjectHostname".to_owned()) }
    }
}

fn is_set(text: Option<&String>) -> bool {
    text.is_some_and(|text| !text.is_empty())
}

fn count(given: &[bool]) -> usize {
    given.iter().filter(|is_there| **is_there).count()
}

fn one_key(name: &str, given: &[bool]) -> Result<(), String> {
    match count(given) {
        1 => Ok(()),
        0 => Err(format!("`{name}` names no key")),
        _ => Err(format!("`{name}` names keys in more than one way")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_that_fits_best_decides() {
        let accept = r#"[{"type": "insecureAcceptAnything"}]"#;
        let reject = r#"[{"type": "reject"}]"#;
        let signed = r#"[{"type": "insecureAcceptAnything"}, {"type": "sigstoreSigned", "keyPath": "/etc/key.pub"}]"#;
        let policy = SignaturePolicy::parse(&format!(
            r#"{{"default": {reject}, "transports": {{"docker": {{"docker.io/library": {accept},
                "docker.io/library/evil": {reject}, "quay.io/a/b:1": {signed}, "*.example.org": {accept}}}}}}}"#
        ))
        .unwrap();
        for (image, wanted) in [
            ("docker.io/library/nginx:1.27", Some(Asked::Nothing)),
            ("docker.io/library/evil:1", Some(Asked::Refused)),
            ("docker.io/libraryx/nginx", None),
            ("quay.io/a/b:1", Some(Asked::Signature)),
            ("quay.io/a/b:2", None),
            ("registry.example.org:5000/x@sha256:aa", Some(Asked::Nothing)),
        ] {
            assert_eq!(policy.of_image(image), wanted, "{image}");
        }
        assert_eq!((asked(&policy.default), policy.keys()), (Asked::Refused, vec!["/etc/key.pub"]));
    }

    #[test]
    fn what_podman_reads_is_a_policy() {
        for (requirement, keys) in [
            (r#""type": "signedBaseLayer", "baseLayerIdentity": {"type": "matchRepository"}"#, &[][..]),
            (r#""type": "signedBy", "keyType": "GPGKeys", "keyData": "eA==""#, &[]),
            (
                r#""type": "sigstoreSigned", "keyDatas": ["eHh4", "eHg="], "rekorPublicKeyPath": "/r",
                    "signedIdentity": {"type": "remapIdentity", "prefix": "a.example", "signedPrefix": "b.example"}"#,
                &["/r"],
            ),
            (
                r#""type": "sigstoreSigned", "rekorPublicKeyData": "eA==",
                    "fulcio": {"caPath": "/a", "oidcIssuer": "b", "subjectEmail": "c"}"#,
                &["/a"],
            ),
            (
                r#""type": "sigstoreSigned", "pki": {"caRootsPath": "/a", "subjectHostname": "b"},
                    "signedIdentity": {"type": "exactReference", "dockerReference": "localhost:5000/a:1"}"#,
                &["/a"],
            ),
        ] {
            let policy = SignaturePolicy::parse(&format!(r#"{{"default": [{{{requirement}}}]}}"#));
            assert_eq!(policy.as_ref().map(SignaturePolicy::keys), Ok(keys.to_vec()), "{requirement}");
        }
    }

    #[test]
    fn what_podman_does_not_read_is_no_policy() {
        for text in [
            r#"{"default": [{"type": "reject"}], "comment": "mine"}"#,
            r#"{"default": [{"type": "reject"}], "default": [{"type": "reject"}]}"#,
            r#"{"default": [{"type": "reject"}], "transports": {"docker": {}, "docker": {}}}"#,
            r#"{"default": [{"type": "reject"}], "transports": {"docker": {"a": [{"type": "reject"}], "a": [{"type": "reject"}]}}}"#,
            r#"{"default": [{"type": "reject"}, {"type": "reject", "type": "reject"}]}"#,
            r#"{"default": [{"type": "reject", "comment": "mine"}]}"#,
            r#"{"default": []}"#,
            r#"{"default": [{"type": "sigstoreSigned"}]}"#,
            r#"{"default": [{"type": "signedBy", "keyPath": "/a"}]}"#,
            r#"{"default": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/a", "keyData": "eA=="}]}"#,
            r#"{"default": [{"type": "trust"}]}"#,
            r#"{"default": [{"type": "sigstoreSigned", "keyPath": "/a", "signedIdentity": {"type": "nope"}}]}"#,
            r#"{"default": [{"type": "sigstoreSigned", "keyPath": "/a", "signedIdentity": {"type": "matchExact", "x": 1}}]}"#,
            r#"{"default": [{"type": "sigstoreSigned", "keyPath": "/a", "signedIdentity": {"type": "exactReference", "dockerReference": "a/b"}}]}"#,
            r#"{"default": [{"type": "sigstoreSigned", "keyData": "no base64"}]}"#,
            r#"{"default": [{"type": "sigstoreSigned", "keyData": "eA="}]}"#,
            r#"{"default": [{"type": "sigstoreSigned", "keyPaths": []}]}"#,
            r#"{"default": [{"type": "sigstoreSigned", "keyPath": ""}]}"#,
            r#"{"default": [{"type": "sigstoreSigned", "fulcio": {"caPath": "/a", "oidcIssuer": "b", "subjectEmail": "c"}}]}"#,
            r#"{"default": [{"type": "signedBy", "keyType": "PGP", "keyPath": "/a"}]}"#,
            r#"{"transports": {}}"#,
            "[]",
        ] {
            assert!(SignaturePolicy::parse(text).is_err(), "{text}");
        }
    }
}
