//! The shape of `catalog.toml` and `stack.toml`.

use std::sync::LazyLock;

use super::{
    HOST_PATH, INTERFACE, IP, IP_RANGE, Kind, NAME, PODMAN, REGISTRY, RESOURCE, RULE, SPAN, SUBNET, Schema, field,
    plain, plain_keys, prose,
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
            field("host", Kind::Table(host), "Which files `host render` writes, and what stands in them."),
            field("waive", Kind::Tables(waive), "Exceptions from rules, for the whole catalog."),
        ],
        elsewhere: &[
            ("hosts", "write [host]"),
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

fn host() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "a host",
        fields: vec![
            field(
                "engine",
                Kind::Bool,
                "Podman's runtime, log driver and limit of processes for containers of no catalog; true unless set.",
            ),
            field(
                "ids",
                Kind::Bool,
                "The user `containers` and its range of ids, from which `UserNS=auto` takes its own; true unless set, false where rootless.",
            ),
            field(
                "first_id",
                Kind::Integer(65_536, 4_294_901_759),
                "The first id of that range; 1073741824 unless set.",
            ),
            field("id_count", Kind::Integer(65_536, 4_294_901_759), "How many ids it has; 536870912 unless set."),
            field("modules", Kind::Bool, "Kernel modules that the networks need, loaded at boot; true unless set."),
            field("registries", Kind::Bool, "No image by a short name; true unless set."),
            field(
                "signatures",
                Kind::Bool,
                "Images from [policy] trusted_registries alone: the whole of /etc/containers/policy.json; false unless set.",
            ),
            field("signed", Kind::Tables(signed), "Registries whose images must be signed; needs `signatures`."),
            field(
                "audit",
                Kind::Bool,
                "Rules of the kernel's audit for the files and ids of containers; true unless set.",
            ),
            field(
                "watch",
                Kind::Nouns(&HOST_PATH),
                "Directories of the host in which the audit records every write; they must be there at boot.",
            ),
            field(
                "firewall",
                Kind::Bool,
                "A sample for nftables that denies by default; nothing loads it; true unless set.",
            ),
            field(
                "delegation",
                Kind::Bool,
                "All controllers for the managers of users; false unless set, true where rootless.",
            ),
            field(
                "prune",
                Kind::Bool,
                "A timer that removes images without a name which nobody uses, a week after they were made: what a tag pointed to before an update. True unless set.",
            ),
            field("clean", Kind::Tables(clean), "Directories of the host whose old files go."),
            field(
                "notify",
                Kind::Bool,
                "Services say `OnFailure=plimsoll-failure@%n.service`, and failures and memory that ran out are told; false unless set.",
            ),
            field(
                "notify_command",
                Kind::Texts,
                "A command that is told, beside the journal: a list of words; the unit or the message comes last.",
            ),
            field(
                "auto_update",
                Kind::Bool,
                "The timer of `podman auto-update` runs; unless set, where a service has `auto_update`.",
            ),
        ],
        elsewhere: &[
            ("subuid", "write `ids`, `first_id` and `id_count`"),
            ("policy", "write `signatures`"),
            ("on_failure", "write `notify`"),
            ("nftables", "write `firewall`"),
            ("tmpfiles", "write [[host.clean]]"),
        ],
    });
    &SCHEMA
}

fn signed() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "a signed registry",
        fields: vec![
            field("registry", Kind::Noun(&REGISTRY), "The registry, or a path in one. Required."),
            field("key", Kind::Noun(&HOST_PATH), "The public key of its sigstore signatures, on the host. Required."),
        ],
        elsewhere: &[],
    });
    &SCHEMA
}

fn clean() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "a cleaned directory",
        fields: vec![
            field("path", Kind::Noun(&HOST_PATH), "The directory. Required."),
            field(
                "age",
                Kind::Noun(&SPAN),
                "How long its files are kept since they were last read or changed, such as `30d`. Required.",
            ),
        ],
        elsewhere: &[],
    });
    &SCHEMA
}
