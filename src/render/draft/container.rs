//! `.container` units: the blocks of a service, one for each concern.

mod network;
mod storage;

use super::{Block, Builder, Draft, Drafting, FileKind, companion, encode::encoded, limits, slice, whole};
use crate::{
    diagnostic::{Origin, Sourced},
    model::{AllowEntry, DependencyKind, Image, Service, Setting, SettingValue, Text, Verbatim},
    unit::{UnitType, quote},
};

/// Which block a plain key stands in, and in which order; whatever is not named stands with the process.
const THEMES: &[(&str, &[&str])] = &[
    (
        "image",
        &["Pull", "AutoUpdate", "Retry", "RetryDelay", "ContainersConfModule", "GlobalArgs", "Pod", "StartWithPod"],
    ),
    (
        "privileges",
        &[
            "GroupAdd",
            "UserNS",
            "UIDMap",
            "GIDMap",
            "SubUIDMap",
            "SubGIDMap",
            "RemapUsers",
            "RemapUid",
            "RemapGid",
            "RemapUidSize",
            "DropCapability",
            "AddCapability",
            "NoNewPrivileges",
            "SeccompProfile",
            "AppArmor",
            "SecurityLabelDisable",
            "SecurityLabelType",
            "SecurityLabelLevel",
            "SecurityLabelFileType",
            "SecurityLabelNested",
            "Mask",
            "Unmask",
            "AddDevice",
            "Sysctl",
            "Umask",
            "CgroupsMode",
        ],
    ),
    ("storage", &["ReadOnly", "ReadOnlyTmpfs", "ImageVolume", "Mount", "VolatileTmp"]),
    (
        "network",
        &["HostName", "AddHost", "DNS", "DNSOption", "DNSSearch", "NetworkAlias", "ExposeHostPort", "HttpProxy"],
    ),
    ("limits", &["Ulimit"]),
    ("lifecycle", &["LogDriver", "LogOpt", "Notify", "StopSignal", "ReloadCmd", "ReloadSignal", "RunInit"]),
];

/// The block of a key and its place in it; keys without a place keep the order of the key table.
fn theme(key: &str) -> (&'static str, usize) {
    if key.starts_with("Health") {
        return ("health", usize::MAX);
    }
    let place = |(theme, keys): &(&'static str, &[&str])| Some((*theme, keys.iter().position(|name| *name == key)?));
    THEMES.iter().find_map(place).unwrap_or(("process", usize::MAX))
}

/// The plain keys of a service with their blocks, those of one block in their order.
fn themed(service: &Service) -> Vec<(&'static str, &Setting)> {
    let settings = service.settings.iter().filter(|setting| setting.key != "PodmanArgs");
    let mut themed: Vec<_> = settings.map(|setting| (theme(setting.key), setting)).collect();
    themed.sort_by_key(|((_, place), _)| *place);
    themed.into_iter().map(|((theme, _), setting)| (theme, setting)).collect()
}

/// Drafts a service's container and the units beside it.
pub(super) fn draft(service: &Service, drafting: &mut Drafting<'_>, drafts: &mut Vec<Draft>) {
    let mut blocks = vec![unit_section(service, drafting)];
    let mut container = |name: &'static str, drafting: &mut Drafting<'_>, lines: &dyn Fn(&mut Builder<'_, '_>)| {
        let mut builder = Builder::new(drafting, "Container");
        lines(&mut builder);
        blocks.push(builder.block(name));
    };
    let settings = themed(service);
    let set = |key: &str| service.setting(key).is_some() || service.verbatim.iter().any(|line| line.key == key);
    let mapped = set("Pod") || companion::MAPPINGS.iter().any(|key| set(key));
    let plain = |builder: &mut Builder<'_, '_>, name: &str| {
        // A pod's member is in the pod's user namespace, and ids are mapped by hand or by a mode, not both.
        for (_, setting) in settings.iter().filter(|(theme, _)| *theme == name) {
            if mapped && setting.key == "UserNS" && setting.origin == Origin::BuiltIn {
                continue;
            }
            builder.setting(setting);
        }
    };
    container("image", drafting, &|builder| {
        image(builder, service);
        plain(builder, "image");
    });
    container("process", drafting, &|builder| plain(builder, "process"));
    container("privileges", drafting, &|builder| {
        accounts(builder, service);
        plain(builder, "privileges");
    });
    container("storage", drafting, &|builder| {
        plain(builder, "storage");
        storage::lines(builder, service);
    });
    container("network", drafting, &|builder| {
        network::lines(builder, service);
        plain(builder, "network");
    });
    container("limits", drafting, &|builder| {
        plain(builder, "limits");
        limits::podman(builder, &service.limits, &service.shm_size);
    });
    container("health", drafting, &|builder| plain(builder, "health"));
    container("lifecycle", drafting, &|builder| {
        plain(builder, "lifecycle");
        stop_timeout(builder, service);
    });
    let mut own = Builder::new(drafting, "Container");
    if let Some(setting) = service.setting("PodmanArgs") {
        own.setting(setting);
    }
    own.verbatim(&service.verbatim, &blocks.iter().collect::<Vec<_>>());
    blocks.push(own.block("verbatim"));
    blocks.extend(tail_sections(service, drafting));

    drafts.push(Draft {
        path: drafting.quadlet_path(service.name.as_str(), UnitType::Container),
        kind: FileKind::Quadlet(UnitType::Container),
        service: Some(service.name.clone()),
        template: "container.j2",
        header: drafting.header(Some(service.file)),
        origin: whole(Some(service.file)),
        blocks,
    });
    drafts.extend(companion::image(service, drafting));
    for companion in &service.companions {
        drafts.extend(companion::draft(companion, Some(service), service.file, drafting));
    }
}

fn unit_section(service: &Service, drafting: &mut Drafting<'_>) -> Block {
    let mut unit = Builder::new(drafting, "Unit");
    let description = service.description.clone();
    let description = description.unwrap_or_else(|| Sourced::built_in(Text::plain(service.name.to_string())));
    unit.systemd_text("Description", &description.value, description.origin);
    // Of one kind, each unit once; whatever is required is also waited for.
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for dependency in &service.dependencies {
        let waits = dependency.kind.waits() && dependency.kind != DependencyKind::After;
        let directives = [Some(dependency.kind.directive()), waits.then_some("After")];
        for directive in directives.into_iter().flatten() {
            let own_name = dependency.service.as_ref().and_then(|name| drafting_unit(unit.drafting, name));
            let target = own_name.unwrap_or_else(|| dependency.unit.clone());
            if !seen.contains(&(directive, dependency.unit.as_str())) {
                seen.push((directive, &dependency.unit));
                unit.push_result(directive, quote::strv_word(&target, quote::Expansion::Specifiers), dependency.origin);
            }
        }
    }
    unit.push("StartLimitIntervalSec", service.restart.interval.value.to_string(), service.restart.interval.origin);
    unit.push("StartLimitBurst", service.restart.burst.value.to_string(), service.restart.burst.origin);
    let host = &unit.drafting.catalog.host;
    let is_own = |line: &Verbatim| line.section == "Unit" && line.key == "OnFailure";
    // Whoever has a unit of his own for that is told by it.
    if host.is_told() && !service.verbatim.iter().any(is_own) {
        let origin = host.notify.as_ref().map_or(Origin::BuiltIn, |notify| notify.origin);
        unit.push("OnFailure", crate::render::host::failure_unit(), origin);
    }
    unit.verbatim(&service.verbatim, &[]);
    unit.block("unit")
}

/// The systemd service of a service of the catalog, which its `service_name` may have renamed.
fn drafting_unit(drafting: &Drafting<'_>, name: &crate::model::Name) -> Option<String> {
    drafting.catalog.services.get(name).map(Service::unit)
}

fn image(builder: &mut Builder<'_, '_>, service: &Service) {
    let origin = service.image.origin;
    let own_unit = service.pull_unit.is_some() || service.companions.iter().any(|companion| companion.group == "Image");
    match &service.image.value {
        Image::Reference(_) if own_unit => builder.push("Image", format!("{}.image", service.name), origin),
        Image::Reference(reference) => builder.push("Image", reference.as_str(), origin),
        Image::Unit(unit) => builder.push("Image", unit.clone(), origin),
        // A plain key, which stands with the process.
        Image::Rootfs(_) => {}
    }
    let name = &service.container_name;
    builder.push("ContainerName", name.value.clone(), name.origin);
    if let Some(name) = &service.service_name {
        builder.setting(&Setting {
            key: "ServiceName",
            value: SettingValue::Text(Text::plain(name.value.clone())),
            origin: name.origin,
        });
    }
}

fn accounts(builder: &mut Builder<'_, '_>, service: &Service) {
    for (key, account) in [("User", &service.user), ("Group", &service.group)] {
        if let Some(account) = account {
            builder.push(key, account.value.to_string(), account.origin);
        }
    }
}

fn stop_timeout(builder: &mut Builder<'_, '_>, service: &Service) {
    let stop = &service.timeouts.podman_stop;
    builder.setting(&Setting {
        key: "StopTimeout",
        value: SettingValue::Text(Text::plain(stop.value.to_string())),
        origin: stop.origin,
    });
}

/// `[Service]`, `[Install]` and `[Quadlet]`.
fn tail_sections(service: &Service, drafting: &mut Drafting<'_>) -> Vec<Block> {
    let mut section = Builder::new(drafting, "Service");
    let slice = slice::name_of(&section.drafting.catalog.slice.name, service);
    section.push("Slice", slice, Origin::BuiltIn);
    limits::systemd(&mut section, &service.limits, limits::Level::Service);
    let limits = section.block("service_limits");

    let mut section = Builder::new(drafting, "Service");
    section.push("OOMPolicy", service.oom_policy.value, service.oom_policy.origin);
    section.push("Restart", service.restart.policy.value, service.restart.policy.origin);
    section.push("RestartSec", service.restart.sec.value.to_string(), service.restart.sec.origin);
    section.push("TimeoutStartSec", service.timeouts.start.value.to_string(), service.timeouts.start.origin);
    section.push("TimeoutStopSec", service.timeouts.stop.value.to_string(), service.timeouts.stop.origin);
    address_filter(&mut section, service);
    section.verbatim(&service.verbatim, &[]);
    let rest = section.block("service");

    let mut install = Builder::new(drafting, "Install");
    service.install.iter().for_each(|setting| install.setting(setting));
    install.verbatim(&service.verbatim, &[]);
    let install = install.block("install");

    let mut quadlet = Builder::new(drafting, "Quadlet");
    service.settings.iter().for_each(|setting| quadlet.setting(setting));
    quadlet.verbatim(&service.verbatim, &[]);
    let quadlet = quadlet.block("quadlet");
    vec![limits, rest, install, quadlet]
}

/// A firewall on the service's cgroup: everybody is denied but those who are named.
fn address_filter(section: &mut Builder<'_, '_>, service: &Service) {
    let Some(allow) = &service.ip_address_allow else { return };
    section.push("IPAddressDeny", "any", allow.origin);
    let catalog = section.drafting.catalog;
    for entry in &allow.value {
        let addresses: Vec<String> = match &entry.value {
            AllowEntry::Keyword(keyword) => vec![(*keyword).to_owned()],
            AllowEntry::Net(net) if net.prefix_len() == net.max_prefix_len() => vec![net.addr().to_string()],
            AllowEntry::Net(net) => vec![net.to_string()],
            AllowEntry::Network(name) => catalog
                .networks
                .get(name)
                .into_iter()
                .flat_map(|network| &network.subnets)
                .map(|s| s.value.to_string())
                .collect(),
            AllowEntry::Service(name) => catalog
                .services
                .get(name)
                .into_iter()
                .flat_map(|peer| &peer.networks)
                .flat_map(|attachment| &attachment.ips)
                .map(|ip| ip.value.to_string())
                .collect(),
        };
        for address in addresses {
            section.push("IPAddressAllow", address, entry.origin);
        }
    }
}

/// Writes one value of a key that takes one value a line.
fn push_line(builder: &mut Builder<'_, '_>, key: &str, text: String, origin: Origin) {
    builder.push_result(key, encoded(&Text::plain(text), quote::line), origin);
}
