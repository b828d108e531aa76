//! The shape of `catalog.toml` and `stack.toml`.

use std::sync::LazyLock;

use super::{
    INTERFACE, IP, IP_RANGE, Kind, NAME, PODMAN, REGISTRY, RESOURCE, RULE, SUBNET, Schema, field, plain, plain_keys,
    prose,
    service::{limits, service, waive},
};

/// Keys of `[Network]` that have more meaning than their text.
pub(crate) const NETWORK_TYPED: &[&str] = &["Driver", "Subnet", "Gateway", "IPRange", "NetworkName", "ServiceName"];

/// Keys of `[Volume]` that have more meaning than their text.
pub(crate) const VOLUME_TYPED: &[&str] = &["VolumeName", "ServiceName"];

/// `catalog.toml`.
pub(crate) fn catalog() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "a catalog",
        fields: vec![
            field(
                "name",
                Kind::Noun(&NAME),
                "The catalog's name and that of its directory on the host; `plimsoll` unless set.",
            ),
            field("target", Kind::Table(target), "The host that the units are for."),
            field("slice", Kind::Table(slice), "The slice over all services, with limits of its own."),
            field("defaults", Kind::Table(service), "Whatever a service may say, for all of them."),
            field("network", Kind::Named(network), "Networks."),
            field("volume", Kind::Named(volume), "Named volumes."),
            field("policy", Kind::Table(policy), "What `check` goes by."),
            field("waive", Kind::Tables(waive), "Exceptions from rules, for the whole catalog."),
        ],
        elsewhere: &[
            ("limits", "limits of the fleet stand in [slice], limits of every service in [defaults.limits]"),
            ("networks", "write [network.NAME]"),
            ("volumes", "write [volume.NAME]"),
            ("image", "a service has a file of its own: services/NAME.toml"),
            ("service", "a service has a file of its own: services/NAME.toml"),
        ],
    });
    &SCHEMA
}

/// `stack.toml`.
pub(crate) fn stack() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "a stack",
        fields: vec![
            prose("description", "What the stack is, in a few words."),
            field("limits", Kind::Table(limits), "Limits of the stack's own slice, over all its services."),
            field("defaults", Kind::Table(service), "Whatever a service may say, for the services of this stack."),
            field("network", Kind::Named(network), "Networks of the stack; its services find them first."),
            field("volume", Kind::Named(volume), "Named volumes of the stack; its services find them first."),
            field(
                "quadlet",
                Kind::Sections(&["Pod"]),
                "Verbatim Quadlet keys: [quadlet.Pod] makes the pod STACK.pod. Podman 5.0+.",
            ),
            field("systemd", Kind::Sections(&["Unit", "Slice"]), "Verbatim systemd directives of the stack's slice."),
        ],
        elsewhere: &[
            ("name", "the name of a stack is that of its directory"),
            ("image", "a service has a file of its own in this directory"),
            ("slice", "limits of the stack stand in [limits]"),
            ("target", "the target stands in catalog.toml"),
        ],
    });
    &SCHEMA
}

fn target() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "a target",
        fields: vec![
            field(
                "podman",
                Kind::Noun(&PODMAN),
                "The oldest Podman that will read the units, major and minor; \"5.4\" unless set.",
            ),
            field("profile", Kind::Choice(&["rootful", "rootless"]), "rootful unless set."),
            field("user", Kind::Integer(1, 4_294_967_294), "The user of a rootless catalog, by number."),
            field("selinux", Kind::Bool, "Label volumes for SELinux (z, Z); true unless set."),
        ],
        elsewhere: &[("podman_version", "write `podman`"), ("uid", "write `user`")],
    });
    &SCHEMA
}

fn slice() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        let mut fields = vec![
            field("name", Kind::Noun(&NAME), "Its name, without .slice; `services` unless set."),
            field("systemd", Kind::Sections(&["Unit", "Slice"]), "Verbatim systemd directives of the slice."),
        ];
        // The fleet has the limits of any other level, as keys of its own table.
        fields.extend(limits().fields.iter().map(|f| super::Field {
            key: f.key.clone(),
            kind: f.kind,
            doc: f.doc.clone(),
            syntax: f.syntax,
        }));
        Schema { what: "the fleet's slice", fields, elsewhere: limits().elsewhere }
    });
    &SCHEMA
}

fn network() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        let mut fields = vec![
            prose("description", "What the network is for. systemd: Description=."),
            field("external", Kind::Bool, "Made elsewhere: nothing is rendered, services may refer to it."),
            field(
                "driver",
                Kind::Noun(&RESOURCE),
                "bridge unless set; macvlan and ipvlan put containers on the host's own network. Quadlet: Driver=.",
            ),
            field(
                "parent",
                Kind::Noun(&INTERFACE),
                "The host's interface beneath a macvlan or ipvlan. Quadlet: Options=parent=.",
            ),
            field("subnet", Kind::Nouns(&SUBNET), "Its subnet, or a list of subnets. Quadlet: Subnet=."),
            field("gateway", Kind::Nouns(&IP), "The gateway of each subnet. Quadlet: Gateway=."),
            field(
                "ip_range",
                Kind::Nouns(&IP_RANGE),
                "The range that podman gives addresses from, for each subnet. Quadlet: IPRange=.",
            ),
            field(
                "network_name",
                Kind::Noun(&RESOURCE),
                "Its podman name; the unit's name unless set. Quadlet: NetworkName=.",
            ),
            field("quadlet", Kind::Sections(&["Network", "Quadlet"]), "Verbatim Quadlet keys."),
            field("systemd", Kind::Sections(&["Unit", "Service", "Install"]), "Verbatim systemd directives."),
        ];
        fields.extend(plain_keys("Network", NETWORK_TYPED).map(plain));
        Schema {
            what: "a network",
            fields,
            elsewhere: &[
                ("name", "the name of a network is NAME in [network.NAME]"),
                ("subnets", "write `subnet`"),
                ("range", "write `ip_range`"),
            ],
        }
    });
    &SCHEMA
}

fn volume() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        let mut fields = vec![
            prose("description", "What the volume holds. systemd: Description=."),
            field("external", Kind::Bool, "Made elsewhere: nothing is rendered, services may refer to it."),
            field(
                "volume_name",
                Kind::Noun(&RESOURCE),
                "Its podman name; the unit's name unless set. Quadlet: VolumeName=.",
            ),
            field("quadlet", Kind::Sections(&["Volume", "Quadlet"]), "Verbatim Quadlet keys."),
            field("systemd", Kind::Sections(&["Unit", "Service", "Install"]), "Verbatim systemd directives."),
        ];
        fields.extend(plain_keys("Volume", VOLUME_TYPED).map(plain));
        Schema {
            what: "a named volume",
            fields,
            elsewhere: &[
                ("name", "the name of a volume is NAME in [volume.NAME]"),
                (
                    "source",
                    "a named volume lives in podman's own storage; a directory of the host is named by the service",
                ),
            ],
        }
    });
    &SCHEMA
}

fn policy() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "a policy",
        fields: vec![
            field(
                "trusted_registries",
                Kind::Nouns(&REGISTRY),
                "Registries, or paths in them, that images may come from.",
            ),
            field("error", Kind::Nouns(&RULE), "Rules, by id or name, whose findings are errors."),
            field("warning", Kind::Nouns(&RULE), "Rules, by id or name, whose findings are warnings."),
            field("info", Kind::Nouns(&RULE), "Rules, by id or name, whose findings are infos."),
            field("off", Kind::Nouns(&RULE), "Rules, by id or name, that are switched off."),
        ],
        elsewhere: &[
            ("registries", "write `trusted_registries`"),
            ("disable", "write `off`"),
            ("severity", "write `error`, `warning`, `info` or `off`, each a list of rules"),
        ],
    });
    &SCHEMA
}
