//! Where images may come from.

use serde_json::Value;

use super::{Item, Parts, Said, Scope, a_few, fail, pass};
use crate::{
    host::config,
    model::Image,
    policy::host::{HostCheck, Status},
};

pub(super) const ITEMS: &[Item] = &[
    Item {
        about: HostCheck {
            id: "HC15",
            name: "signature-policy",
            what: "The host refuses images from anywhere that nobody named.",
            fails: Some("there is no policy, it cannot be read, or it refuses an image of the catalog"),
            warns: Some("by default it accepts everything"),
            why: "The policy is what podman holds every image against before it is unpacked. With the one that distributions ship, a slip in a name is enough to run somebody else's image as it is.",
            fix: "write a policy.json whose default is reject, with the registries that you trust as scopes (`plimsoll host render` does, from trusted_registries), and a key for each of those that sign",
            today: Some(
                "Most registries' images are not signed in a way that podman can check, so a policy that asks for a signature everywhere refuses nearly everything: name the registries first, and keys where there are any.",
            ),
            reads: &[
                "~/.config/containers/policy.json",
                "/etc/containers/policy.json",
                "/usr/share/containers/policy.json",
                "the catalog",
            ],
            sources: &["A28", "A31", "A32", "containers-policy.json(5)", "CIS 4.5"],
        },
        look: policy,
    },
    Item {
        about: HostCheck {
            id: "HC16",
            name: "registries",
            what: "Registries are asked over TLS, and a short name stands for one image.",
            fails: Some("a registry or mirror is insecure, or the files cannot be read"),
            warns: Some("several registries are searched for short names, or short-name-mode does not enforce"),
            why: "Without TLS whoever is on the way decides what is run. With several registries to search, the first that has an image of that name wins, and anybody can register a name at a public one.",
            fix: "take insecure = true away, and write unqualified-search-registries = [] and short-name-mode = \"enforcing\" into /etc/containers/registries.conf.d/50-plimsoll.conf (`plimsoll host render` does)",
            today: Some("podman's own mode, where nothing is set, is permissive."),
            reads: &[
                "~/.config/containers/registries.conf",
                "~/.config/containers/registries.conf.d",
                "/etc/containers/registries.conf",
                "/usr/share/containers/registries.conf",
                "/etc/containers/registries.conf.d",
            ],
            sources: &["A29", "A30", "containers-registries.conf(5)", "CIS 2.5"],
        },
        look: registries,
    },
];

fn policy(scope: &Scope<'_>) -> Result<Said, String> {
    let home = scope.home()?;
    let Some((path, text)) = config::containers_file(scope.root, home.as_deref(), "policy.json")? else {
        return Ok(fail("there is no policy.json: podman pulls nothing"));
    };
    let policy: Value = match serde_json::from_str(&text) {
        Ok(policy) => policy,
        Err(error) => return Ok(fail(format!("/{path} is no JSON: {error}"))),
    };
    let Some(default) = requirement(&policy["default"]) else {
        return Ok(fail(format!("/{path} has no default that says anything: podman pulls nothing")));
    };
    let mut parts = Parts::default();
    match default {
        "insecureAcceptAnything" => parts.add(Status::Warn, format!("/{path} accepts every image by default")),
        other => parts.add(Status::Pass, format!("/{path}: {} by default", phrase(other))),
    }
    let (mut refused, mut unsigned) = (Vec::new(), 0);
    let mut images = 0;
    for service in scope.services() {
        let Image::Reference(image) = &service.image.value else { continue };
        if service.text("Pull") == Some("never") || image.to_string().starts_with("localhost/") {
            continue;
        }
        images += 1;
        match required(&policy, &image.to_string()).unwrap_or(default) {
            "reject" => refused.push(format!("{} ({image})", service.name)),
            "insecureAcceptAnything" => unsigned += 1,
            _ => {}
        }
    }
    if !refused.is_empty() {
        parts.add(Status::Fail, format!("/{path} refuses {}", a_few(&refused)));
    } else if images > 0 {
        parts.add(Status::Pass, format!("it accepts the catalog's images, {unsigned} of {images} without a signature"));
    }
    Ok(parts.said(""))
}

/// What a list of requirements comes to: all of them must hold, so the hardest is told.
fn requirement(list: &Value) -> Option<&str> {
    let kinds: Vec<&str> = list.as_array()?.iter().filter_map(|one| one["type"].as_str()).collect();
    let hardest = ["reject", "sigstoreSigned", "signedBy", "insecureAcceptAnything"];
    hardest.into_iter().find(|kind| kinds.contains(kind))
}

fn phrase(requirement: &str) -> &str {
    match requirement {
        "reject" => "everything is refused",
        "sigstoreSigned" | "signedBy" => "a signature is asked for",
        other => other,
    }
}

/// What is asked of an image from a registry, by the scope that fits best (containers-policy.json(5)).
fn required<'p>(policy: &'p Value, image: &str) -> Option<&'p str> {
    let scopes = policy["transports"]["docker"].as_object()?;
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
    tried.iter().find_map(|scope| requirement(scopes.get(scope)?))
}

fn registries(scope: &Scope<'_>) -> Result<Said, String> {
    let mut files: Vec<(String, String)> = Vec::new();
    let home = scope.home()?;
    let own = |name: &str| home.as_deref().map(|home| config::own_file(home, name));
    let main = config::containers_file(scope.root, home.as_deref(), "registries.conf")?;
    // containers-registries.conf.d(5): beside a registries.conf of the user's own the host's drop-ins are not read.
    let is_own = main.as_ref().is_some_and(|(path, _)| own("registries.conf").as_ref() == Some(path));
    files.extend(main);
    if !is_own {
        files.extend(scope.root.texts("etc/containers/registries.conf.d", ".conf")?);
    }
    if let Some(dir) = own("registries.conf.d") {
        files.extend(scope.root.texts(&dir, ".conf")?);
    }
    let mut parts = Parts::default();
    let mut search: Vec<String> = Vec::new();
    let mut mode = ("permissive".to_owned(), "nothing sets it".to_owned());
    for (path, text) in &files {
        let table = match config::toml(path, text) {
            Ok(table) => table,
            Err(why) => {
                parts.add(Status::Fail, format!("{why}: podman pulls nothing"));
                continue;
            }
        };
        if let Some(set) = table.get("unqualified-search-registries").and_then(toml::Value::as_array) {
            search = set.iter().filter_map(|one| Some(one.as_str()?.to_owned())).collect();
        }
        if let Some(set) = table.get("short-name-mode").and_then(toml::Value::as_str) {
            mode = (set.to_owned(), format!("/{path}"));
        }
        for name in insecure(&table) {
            parts.add(Status::Fail, format!("/{path} makes {name} insecure"));
        }
    }
    if search.len() > 1 {
        parts.add(Status::Warn, format!("a short name is looked for at {}", a_few(&search)));
    }
    // Where nothing is searched, a short name is refused whatever the mode.
    if !search.is_empty() && mode.0 != "enforcing" {
        parts.add(Status::Warn, format!("short-name-mode is {} ({})", mode.0, mode.1));
    }
    if files.is_empty() {
        return Ok(pass("there is no registries.conf: short names are refused"));
    }
    parts.add(
        Status::Pass,
        match search.as_slice() {
            [] => "all registries with TLS, short names are refused".to_owned(),
            one => format!("all registries with TLS, a short name is looked for at {}", a_few(one)),
        },
    );
    Ok(parts.said(""))
}

/// The registries and mirrors that are asked without TLS, or whoever answers.
fn insecure(table: &toml::Table) -> Vec<String> {
    let mut found = Vec::new();
    let is_insecure = |table: &toml::Value| table.get("insecure").and_then(toml::Value::as_bool) == Some(true);
    let name = |table: &toml::Value| {
        let name = table.get("location").or_else(|| table.get("prefix")).and_then(toml::Value::as_str);
        name.unwrap_or("a registry without a name").to_owned()
    };
    for registry in table.get("registry").and_then(toml::Value::as_array).into_iter().flatten() {
        let mirrors = registry.get("mirror").and_then(toml::Value::as_array).into_iter().flatten();
        found.extend(std::iter::once(registry).chain(mirrors).filter(|one| is_insecure(one)).map(name));
    }
    // The form of version 1, which podman still reads.
    let old = table.get("registries").and_then(|old| old.get("insecure")?.get("registries")?.as_array());
    found.extend(old.into_iter().flatten().filter_map(|one| Some(one.as_str()?.to_owned())));
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_scope_that_fits_best_decides() {
        let accept = json!([{"type": "insecureAcceptAnything"}]);
        let reject = json!([{"type": "reject"}]);
        let signed = json!([{"type": "insecureAcceptAnything"}, {"type": "sigstoreSigned"}]);
        let policy = json!({"default": reject, "transports": {"docker": {
            "docker.io/library": accept, "docker.io/library/evil": reject, "quay.io/a/b:1": signed, "*.example.org": accept,
        }}});
        for (image, wanted) in [
            ("docker.io/library/nginx:1.27", Some("insecureAcceptAnything")),
            ("docker.io/library/evil@sha256:00", Some("reject")),
            ("docker.io/other/nginx", None),
            ("quay.io/a/b:1@sha256:00", Some("sigstoreSigned")),
            ("quay.io/a/b:2", None),
            ("eu.hub.example.org:5000/a", Some("insecureAcceptAnything")),
            ("example.org/a", None),
        ] {
            assert_eq!(required(&policy, image), wanted, "{image}");
        }
    }
}
