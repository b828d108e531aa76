//! A service: its merged table becomes a [`Service`].

mod lifecycle;
pub(crate) mod limits;
mod network;
mod storage;

use super::{
    fields::Fields,
    files::ServiceFile,
    mount,
    node::Node,
    plain, schema,
    scope::{Reference, Scope},
    settings, verbatim,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Origin, Severity, Sourced, nearest},
    model::{
        Account, Companion, Image, ImageRef, Invalid, Name, Profile, Service, Setting, SettingValue, Target, Text,
        Waiver,
    },
    unit::keys,
};

/// The whole names of the further units that a service file asks for: `app.build`.
pub(crate) fn companion_units(file: &ServiceFile, tree: &Node) -> Vec<String> {
    let quadlet = Fields::one(tree).table("quadlet");
    let name = unit_name(file);
    let types = keys::UnitType::all().iter().filter(|t| t.group() != "Container" && quadlet.has(t.group()));
    types.map(|t| format!("{name}{}", t.suffix())).collect()
}

fn unit_name(file: &ServiceFile) -> Name {
    file.stack.as_ref().map_or_else(|| file.stem.clone(), |stack| Name::member(stack, &file.stem))
}

/// Reads a service through the layers of its defaults.
pub(crate) fn read(
    file: &ServiceFile,
    fields: &Fields<'_>,
    scope: &Scope<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Service> {
    let name = unit_name(file);
    let companions = verbatim::companions(fields, &name, scope.target, diagnostics);
    let image = image(&name, fields, scope, &companions, diagnostics);
    let limits = limits::read(&fields.table("limits"), diagnostics);
    let memory = limits.memory.as_ref().map(|memory| memory.value);
    let user = account("user", fields);
    let group = account("group", fields);
    if let (None, Some(group)) = (&user, &group) {
        diagnostics.push(
            Diagnostic::general("`group` without `user`")
                .at_origin(group.origin)
                .help("Podman would not generate the unit: write `user` as well"),
        );
    }
    let mut settings = plain::read("Container", schema::SERVICE_TYPED, fields);
    settings.retain(|setting| !setting.key.starts_with("Health"));
    settings.extend(health(&fields.table("health")));
    settings.extend(plain::read("Quadlet", &[], fields));
    settings.extend(pod(fields, scope, diagnostics));
    check_settings(&settings, [user.as_ref(), group.as_ref()], diagnostics);
    let networks = network::attachments(fields, scope, diagnostics);
    let service = Service {
        stem: file.stem.clone(),
        stack: file.stack.clone(),
        file: file.file,
        description: fields.text("description"),
        pull_unit: fields.bool("pull_unit").filter(|yes| yes.value),
        container_name: resource("container_name", fields).unwrap_or_else(|| Sourced::built_in(name.to_string())),
        service_name: resource("service_name", fields),
        mounts: storage::mounts(fields, &settings, scope, diagnostics),
        tmpfs: storage::tmpfs(fields, memory, user.as_ref(), diagnostics),
        shm_size: storage::shm_size(fields, memory),
        ports: network::ports(fields, &networks, diagnostics),
        networks,
        secrets: storage::secrets(fields, user.as_ref(), group.as_ref(), diagnostics),
        restart: lifecycle::restart(&fields.table("restart"), diagnostics),
        timeouts: lifecycle::timeouts(fields, diagnostics),
        oom_policy: lifecycle::oom_policy(fields),
        dependencies: lifecycle::dependencies(&name, fields, scope, diagnostics),
        ip_address_allow: network::allow(fields, scope, diagnostics),
        install: plain::read("Install", &["DefaultInstance"], fields),
        verbatim: verbatim::lines(fields, &["Container", "Quadlet"], scope.target, diagnostics),
        waivers: waivers(fields, diagnostics),
        image: image?,
        name,
        user,
        group,
        settings,
        limits,
        companions,
    };
    storage::check_targets(&service, diagnostics);
    Some(service)
}

/// The service's exceptions from rules. What the host is like is no service's to accept.
fn waivers(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Vec<Waiver> {
    let waivers = settings::waivers(fields, diagnostics);
    for waiver in waivers.iter().filter(|waiver| waiver.is_of_the_host()) {
        diagnostics.push(
            Diagnostic::general(format!("{} is a check of the host, and not of a service", waiver.rule.value))
                .at_origin(waiver.rule.origin)
                .help("move the [[waive]] into catalog.toml"),
        );
    }
    waivers
}

fn image(
    name: &Name,
    fields: &Fields<'_>,
    scope: &Scope<'_>,
    companions: &[Companion],
    diagnostics: &mut Diagnostics,
) -> Option<Sourced<Image>> {
    if let Some(rootfs) = fields.string("rootfs") {
        if let Some(image) = fields.node("image") {
            diagnostics.push(
                Diagnostic::error("both `image` and `rootfs`", image.span)
                    .related(rootfs.origin, "the other one")
                    .help("a container runs one of them: take the other out"),
            );
        }
        return Some(rootfs.map(|path| Image::Rootfs(path.to_owned())));
    }
    let Some(node) = fields.node("image") else {
        if let Some(build) = companions.iter().find(|companion| companion.group == "Build") {
            return Some(Sourced::new(Image::Unit(format!("{name}.build")), build.origin));
        }
        // A [quadlet.Build] that the target cannot have was told already.
        if !fields.table("quadlet").has("Build") {
            let place = fields.place.expect("a service has a file");
            diagnostics.push(
                Diagnostic::error("the service has no `image`", place)
                    .help("write `image = \"REGISTRY/PATH:TAG\"`, such as \"quay.io/minio/minio:RELEASE.2025-09-07\""),
            );
        }
        return None;
    };
    let image = fields.string("image")?;
    if image.value.ends_with(".build") || image.value.ends_with(".image") {
        let unit = image.value.to_owned();
        if !scope.known.companions.contains(&unit) {
            let group = if unit.ends_with(".build") { "Build" } else { "Image" };
            diagnostics.push(
                Diagnostic::error(format!("there is no unit `{unit}` in this catalog"), node.span)
                    .help(format!("a service makes it with a table [quadlet.{group}]")),
            );
            return None;
        }
        return Some(Sourced::new(Image::Unit(unit), image.origin));
    }
    fields.noun("image", ImageRef::parse).map(|image| image.map(Image::Reference))
}

/// A number, also as text, is an id.
fn account(key: &str, fields: &Fields<'_>) -> Option<Sourced<Account>> {
    fields
        .noun(key, |text| Ok::<_, Invalid>(text.parse().map_or_else(|_| Account::Named(text.to_owned()), Account::Id)))
}

fn resource(key: &str, fields: &Fields<'_>) -> Option<Sourced<String>> {
    fields.noun(key, |text| Ok(text.to_owned()))
}

/// Reads `pod`: the pod of a stack or of a service of the catalog, with or without its suffix.
fn pod(fields: &Fields<'_>, scope: &Scope<'_>, diagnostics: &mut Diagnostics) -> Option<Setting> {
    let node = fields.node("pod")?;
    let text = string(node)?;
    let stem = text.strip_suffix(".pod").unwrap_or(text);
    let pods = || scope.known.companions.iter().filter_map(|unit| unit.strip_suffix(".pod"));
    if Name::new(stem).is_ok() && !pods().any(|pod| pod == stem) {
        let near = nearest(stem, pods());
        let help = near.map_or_else(
            || "a stack makes it with a table [quadlet.Pod] in its stack.toml".to_owned(),
            |near| format!("write `{near}.pod`"),
        );
        diagnostics.push(Diagnostic::error(format!("there is no pod `{stem}` in this catalog"), node.span).help(help));
    }
    Some(Setting { key: "Pod", value: SettingValue::Text(Text::plain(format!("{stem}.pod"))), origin: node.origin() })
}

fn health(fields: &Fields<'_>) -> Vec<Setting> {
    let of = |&(ours, name): &(&str, &str)| plain::one(keys::key("Container", name)?, ours, fields);
    schema::HEALTH_KEYS.iter().filter_map(of).collect()
}

/// What plain keys cannot say together.
fn check_settings(settings: &[Setting], accounts: [Option<&Sourced<Account>>; 2], diagnostics: &mut Diagnostics) {
    let find = |key: &str| settings.iter().find(|setting| setting.key == key);
    if let (Some(command), Some(signal)) = (find("ReloadCmd"), find("ReloadSignal")) {
        diagnostics.push(
            Diagnostic::general("both `reload_cmd` and `reload_signal`")
                .at_origin(signal.origin)
                .related(command.origin, "the other one")
                .help("Podman would not generate the unit: keep one of them"),
        );
    }
    if let Some(arguments) = find("PodmanArgs")
        && let SettingValue::List(words) = &arguments.value
    {
        verbatim::podman_args(words.iter().map(|word| (word.value.text.as_str(), word.origin)), diagnostics);
    }
    check_words(settings, diagnostics);
    if let Some(Setting { value: SettingValue::List(mounts), .. }) = find("Mount") {
        for mount in mounts {
            mount::check(&mount.value.text, mount.origin, diagnostics);
        }
    }
    check_user_namespace(settings, accounts, diagnostics);
}

/// Lists that people know as one line of words, and files that podman looks for on the host.
fn check_words(settings: &[Setting], diagnostics: &mut Diagnostics) {
    for setting in settings {
        let SettingValue::List(items) = &setting.value else { continue };
        for item in items {
            let text = item.value.text.as_str();
            let (message, help) = match setting.key {
                "AddCapability" | "DropCapability" if text.contains(char::is_whitespace) => {
                    ("a capability with white space in it", "write each in quotes of its own: [\"CHOWN\", \"SETUID\"]")
                }
                // A list is words, and says so; a string with several flags in it was meant as several words.
                "PodmanArgs" | "GlobalArgs" if text.contains(" -") && setting.origin == item.origin => {
                    ("several arguments in one string", "write a list of words: [\"--first=1\", \"--second\"]")
                }
                "EnvironmentFile" if !text.starts_with('/') && !item.value.specifiers => (
                    "not an absolute path",
                    "Quadlet would look beside the unit: write the whole path from `/`, or { specifier = \"%h/x.env\" }",
                ),
                _ => continue,
            };
            let mut diagnostic = Diagnostic::general(format!("`{}`: {message}", text.escape_debug()));
            // Somebody may put the file there.
            if setting.key == "EnvironmentFile" {
                diagnostic.severity = Severity::Warning;
            }
            diagnostics.push(diagnostic.at_origin(item.origin).help(help));
        }
    }
}

fn check_user_namespace(settings: &[Setting], accounts: [Option<&Sourced<Account>>; 2], diagnostics: &mut Diagnostics) {
    let find = |key: &str| settings.iter().find(|setting| setting.key == key);
    let Some(Setting { value: SettingValue::Text(mode), origin, .. }) = find("UserNS") else { return };
    let mapping = ["UIDMap", "GIDMap", "SubUIDMap", "SubGIDMap"].into_iter().find_map(find);
    if let Some(mapping) = mapping.filter(|_| *origin != Origin::BuiltIn) {
        diagnostics.push(
            Diagnostic::general(format!(
                "both `user_ns` and `{}`",
                keys::key("Container", mapping.key).map(keys::Key::snake).unwrap_or_default()
            ))
            .at_origin(mapping.origin)
            .related(*origin, "the other one")
            .help("podman refuses the two together: keep one of them"),
        );
    }
    let size = mode.text.strip_prefix("auto:").and_then(|options| {
        options.split(',').find_map(|option| option.strip_prefix("size=")).and_then(|size| size.parse::<u32>().ok())
    });
    let Some(size) = size.filter(|_| mapping.is_none()) else { return };
    for (what, account) in ["user", "group"].into_iter().zip(accounts) {
        let id = account.and_then(|account| Some((account.value.id()?, account.origin)));
        if let Some((id, origin)) = id.filter(|(id, _)| *id >= size) {
            diagnostics.push(
                Diagnostic::general(format!("the {what} {id} is not in a namespace of {size} ids"))
                    .at_origin(origin)
                    .help(format!(
                        "the container would not start: write `user_ns = \"auto:size={}\"` or a smaller id",
                        u64::from(id) + 1
                    )),
            );
        }
    }
}

/// True where the container's ids are not the host's.
pub(super) fn has_user_namespace(settings: &[Setting], target: &Target) -> bool {
    let find = |key: &str| settings.iter().find(|setting| setting.key == key);
    match find("UserNS").map(|setting| &setting.value) {
        Some(SettingValue::Text(mode)) => !matches!(mode.text.as_str(), "host" | ""),
        _ => target.profile == Profile::Rootless || find("UIDMap").is_some() || find("SubUIDMap").is_some(),
    }
}

/// Looks a reference up; where there is none, says so.
fn resolve<T>(
    found: Option<T>,
    what: Reference,
    node: &Node,
    text: &str,
    scope: &Scope<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<T> {
    // What is no name at all was told by the shape check.
    if found.is_none() && Name::new(text).is_ok() && !scope.may_be_unread(what) {
        diagnostics.push(scope.undefined(what, text, node.span));
    }
    found
}

/// The text of a node that is a string.
fn string(node: &Node) -> Option<&str> {
    match &node.value {
        super::node::Value::String(text) => Some(text),
        _ => None,
    }
}

/// The strings of a key that takes one or a list.
fn strings<'n>(fields: &Fields<'n>, key: &str) -> impl Iterator<Item = (&'n Node, &'n str)> {
    fields.items(key).unwrap_or_default().iter().filter_map(|node| Some((node, string(node)?)))
}
