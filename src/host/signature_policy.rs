//! `policy.json` (containers-policy.json(5)), as strictly as podman reads it: an unknown key, a requirement without what it needs
//! or an empty list is no policy, and then nothing is pulled.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What is asked of images, by where they come from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignaturePolicy {
    /// Where nothing else fits.
    pub(super) default: Vec<Requirement>,
    /// By transport (`docker` is a registry) and scope.
    #[serde(default)]
    transports: BTreeMap<String, BTreeMap<String, Vec<Requirement>>>,
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
    #[serde(rename_all = "camelCase")]
    SignedBy {
        #[expect(dead_code, reason = "it must be there")]
        key_type: String,
        key_path: Option<String>,
        key_paths: Option<Vec<String>>,
        key_data: Option<String>,
        #[expect(dead_code, reason = "it may be there")]
        signed_identity: Option<serde_json::Value>,
    },
    /// Signed with sigstore.
    SigstoreSigned(Box<Sigstore>),
}

/// How an image is signed with sigstore.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Sigstore {
    key_path: Option<String>,
    key_paths: Option<Vec<String>>,
    key_data: Option<String>,
    key_datas: Option<Vec<String>>,
    fulcio: Option<serde_json::Value>,
    pki: Option<serde_json::Value>,
    rekor_public_key_path: Option<String>,
    rekor_public_key_paths: Option<Vec<String>>,
    #[expect(dead_code, reason = "it may be there")]
    rekor_public_key_data: Option<String>,
    #[expect(dead_code, reason = "it may be there")]
    rekor_public_key_datas: Option<Vec<String>>,
    #[expect(dead_code, reason = "it may be there")]
    signed_identity: Option<serde_json::Value>,
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
        std::iter::once(&self.default).chain(self.transports.values().flat_map(BTreeMap::values))
    }

    /// The files of keys that are named anywhere.
    pub(super) fn keys(&self) -> Vec<&str> {
        self.lists().flatten().flat_map(Requirement::keys).collect()
    }

    /// What is asked of an image from a registry, by the scope that fits best; `None` where only the default fits.
    pub(super) fn of_image(&self, image: &str) -> Option<Asked> {
        let scopes = self.transports.get("docker")?;
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
            Self::Reject {} => Asked::Refused,
            Self::SignedBy { .. } | Self::SigstoreSigned(_) => Asked::Signature,
        }
    }

    /// podman wants one source of keys, and one alone.
    fn check(&self) -> Result<(), String> {
        let (name, sources) = match self {
            Self::InsecureAcceptAnything {} | Self::Reject {} => return Ok(()),
            Self::SignedBy { key_path, key_paths, key_data, .. } => {
                ("signedBy", vec![key_path.is_some(), key_paths.is_some(), key_data.is_some()])
            }
            Self::SigstoreSigned(sigstore) => ("sigstoreSigned", sigstore.sources()),
        };
        match sources.into_iter().filter(|is_there| *is_there).count() {
            1 => Ok(()),
            0 => Err(format!("`{name}` names no key")),
            _ => Err(format!("`{name}` names keys in more than one way")),
        }
    }

    fn keys(&self) -> Vec<&str> {
        let (one, several) = match self {
            Self::InsecureAcceptAnything {} | Self::Reject {} => return Vec::new(),
            Self::SignedBy { key_path, key_paths, .. } => (vec![key_path], vec![key_paths]),
            Self::SigstoreSigned(sigstore) => (
                vec![&sigstore.key_path, &sigstore.rekor_public_key_path],
                vec![&sigstore.key_paths, &sigstore.rekor_public_key_paths],
            ),
        };
        let several = several.into_iter().flatten().flatten();
        one.into_iter().flatten().chain(several).map(String::as_str).collect()
    }
}

impl Sigstore {
    fn sources(&self) -> Vec<bool> {
        vec![
            self.key_path.is_some(),
            self.key_paths.is_some(),
            self.key_data.is_some(),
            self.key_datas.is_some(),
            self.fulcio.is_some(),
            self.pki.is_some(),
        ]
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
    fn what_podman_does_not_read_is_no_policy() {
        for text in [
            r#"{"default": [{"type": "reject"}], "comment": "mine"}"#,
            r#"{"default": [{"type": "reject"}], "default": [{"type": "reject"}]}"#,
            r#"{"default": [{"type": "reject", "comment": "mine"}]}"#,
            r#"{"default": []}"#,
            r#"{"default": [{"type": "sigstoreSigned"}]}"#,
            r#"{"default": [{"type": "signedBy", "keyPath": "/a"}]}"#,
            r#"{"default": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/a", "keyData": "eA=="}]}"#,
            r#"{"default": [{"type": "trust"}]}"#,
            r#"{"transports": {}}"#,
            "[]",
        ] {
            assert!(SignaturePolicy::parse(text).is_err(), "{text}");
        }
    }
}
