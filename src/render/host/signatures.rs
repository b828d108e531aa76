//! `/etc/containers/policy.json`: images from trusted registries, signed where that is asked for, and no others.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Host, places};

/// The policy for images: nothing but what these registries have, and what is in podman's storage already. `keys` are
/// registries with the public key that their images are signed by.
///
/// A signature of sigstore names a repository and no tag, so the repository is what it is held against
/// (containers-policy.json(5)).
pub fn policy(trusted: &[&str], keys: &[(&str, &str)]) -> String {
    let accepted = || json!([{ "type": "insecureAcceptAnything" }]);
    // In the order of their names, whichever comes first in the catalog.
    let mut docker: BTreeMap<String, Value> = BTreeMap::new();
    for registry in trusted {
        docker.insert((*registry).to_owned(), accepted());
    }
    for (registry, key) in keys {
        let signed = json!([{
            "keyPath": key,
            "signedIdentity": { "type": "matchRepository" },
            "type": "sigstoreSigned",
        }]);
        docker.insert((*registry).to_owned(), signed);
    }
    let whole = json!({
        "default": [{ "type": "reject" }],
        // What a pull brought in was held against the rest of this when it came.
        "transports": { "containers-storage": { "": accepted() }, "docker": docker },
    });
    serde_json::to_string_pretty(&whole).unwrap_or_default() + "\n"
}

/// Whether a text is a policy that [`policy`] wrote: whatever it says, said again by it, is the same to the byte. The
/// format has no comments, and no room for a name.
pub fn is_rendered(text: &[u8]) -> bool {
    let Ok(whole) = serde_json::from_slice::<Value>(text) else { return false };
    let Some(docker) = whole.pointer("/transports/docker").and_then(Value::as_object) else { return false };
    let (mut trusted, mut keys) = (Vec::new(), Vec::new());
    for (registry, requirements) in docker {
        match requirements.pointer("/0/keyPath").and_then(Value::as_str) {
            Some(key) => keys.push((registry.as_str(), key)),
            None => trusted.push(registry.as_str()),
        }
    }
    policy(&trusted, &keys).as_bytes() == text
}

pub(super) fn add(host: &mut Host<'_>) {
    let catalog = host.catalog;
    if !catalog.host.signatures {
        return;
    }
    let trusted: Vec<&str> = catalog.policy.trusted_registries.iter().map(|registry| registry.value.as_str()).collect();
    let signed = &catalog.host.signed;
    let keys: Vec<_> = signed.iter().map(|one| (one.registry.value.as_str(), one.key.value.as_str())).collect();
    host.add_text(places::POLICY, policy(&trusted, &keys));
    if signed.is_empty() {
        return;
    }
    let why = [
        "Podman looks for the signatures of these images beside them in their registry: without this it finds",
        "none, and policy.json refuses the image.",
    ];
    let entry = |registry: &str| format!("  {registry}:\n    use-sigstore-attachments: true\n");
    let body: String = keys.iter().map(|(registry, _)| entry(registry)).collect();
    host.add(places::ATTACHMENTS, &why, "A31 (signed images)", &format!("docker:\n{body}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_known_by_its_form() {
        let ours = policy(&["quay.io", "docker.io/library"], &[("quay.io/me", "/etc/pki/me.pub")]);
        assert!(is_rendered(ours.as_bytes()));
        assert!(is_rendered(policy(&[], &[]).as_bytes()));
        let shipped = "{\n  \"default\": [\n    {\n      \"type\": \"insecureAcceptAnything\"\n    }\n  ]\n}\n";
        for other in [
            shipped.to_owned(),
            format!("{ours}\n"),
            ours.replace("reject", "insecureAcceptAnything"),
            ours.replace("sigstoreSigned", "signedBy"),
            String::new(),
        ] {
            assert!(!is_rendered(other.as_bytes()), "{other}");
        }
    }
}
