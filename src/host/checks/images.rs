//! Where images may come from.

use std::collections::BTreeMap;

use super::{Item, Parts, Said, Scope, a_few, fail, pass};
use crate::{
    host::{
        config,
        registries_conf::RegistriesConf,
        signature_policy::{Asked, SignaturePolicy, asked},
    },
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
            warns: Some("by default it accepts everything, or everything from registries"),
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
            fails: Some("a registry or mirror is insecure, or podman cannot read one of the files"),
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
    let policy = match SignaturePolicy::parse(&text) {
        Ok(policy) => policy,
        Err(why) => return Ok(fail(format!("/{path} is no policy, and podman pulls nothing: {why}"))),
    };
    let default = asked(&policy.default);
    let mut parts = Parts::default();
    match default {
        Asked::Nothing => parts.add(Status::Warn, format!("/{path} accepts every image by default")),
        Asked::Signature => parts.add(Status::Pass, format!("/{path}: a signature is asked for by default")),
        Asked::Refused => parts.add(Status::Pass, format!("/{path}: everything is refused by default")),
    }
    // What other transports bring is on the host already.
    for transport in ["docker", "atomic"] {
        if default != Asked::Nothing && policy.of_transport(transport) == Some(Asked::Nothing) {
            let what = format!("/{path} accepts every image of a registry by default: the scope \"\" of {transport}");
            parts.add(Status::Warn, what);
        }
    }
    for key in policy.keys() {
        if scope.root.owned(key.trim_start_matches('/'))?.is_none() {
            parts.add(Status::Fail, format!("/{path} names the key {key}, which is not there"));
        }
    }
    let (mut refused, mut unsigned) = (Vec::new(), 0);
    let mut images = 0;
    for service in scope.services() {
        let Image::Reference(image) = &service.image.value else { continue };
        if service.text("Pull") == Some("never") || image.to_string().starts_with("localhost/") {
            continue;
        }
        images += 1;
        match policy.of_image(&image.to_string()).unwrap_or(default) {
            Asked::Refused => refused.push(format!("{} ({image})", service.name)),
            Asked::Nothing => unsigned += 1,
            Asked::Signature => {}
        }
    }
    if !refused.is_empty() {
        parts.add(Status::Fail, format!("/{path} refuses {}", a_few(&refused)));
    } else if images > 0 {
        parts.add(Status::Pass, format!("it accepts the catalog's images, {unsigned} of {images} without a signature"));
    }
    Ok(parts.said(""))
}

fn registries(scope: &Scope<'_>) -> Result<Said, String> {
    let mut files: Vec<(String, String)> = Vec::new();
    let home = scope.home()?;
    let own = |name: &str| home.as_deref().map(|home| config::own_file(home, name));
    let main = config::containers_file(scope.root, home.as_deref(), "registries.conf")?;
    // containers-registries.conf.d(5): beside a registries.conf of the user's own the host's drop-ins are not read.
    let is_own = main.as_ref().is_some_and(|(path, _)| own("registries.conf").as_ref() == Some(path));
    files.extend(main);
    let mains = files.len();
    if !is_own {
        files.extend(scope.root.texts("etc/containers/registries.conf.d", ".conf")?);
    }
    if let Some(dir) = own("registries.conf.d") {
        files.extend(scope.root.texts(&dir, ".conf")?);
    }
    let mut parts = Parts::default();
    let mut search: Vec<String> = Vec::new();
    let mut mode = ("permissive".to_owned(), "nothing sets it".to_owned());
    let mut insecure: BTreeMap<String, (&str, Vec<String>)> = BTreeMap::new();
    for (at, (path, text)) in files.iter().enumerate() {
        let conf = match RegistriesConf::parse(text, at >= mains) {
            Ok(conf) => conf,
            Err(why) => {
                parts.add(Status::Fail, format!("/{path} cannot be read, and podman pulls nothing: {why}"));
                continue;
            }
        };
        insecure.extend(conf.insecure.into_iter().map(|(prefix, names)| (prefix, (path.as_str(), names))));
        search = conf.search.unwrap_or(search);
        if let Some(set) = conf.short_name_mode {
            mode = (set, format!("/{path}"));
        }
    }
    for (path, names) in insecure.into_values() {
        for name in names {
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
