//! The shape of a service file, of `[defaults]`, and of the tables in them.

use std::sync::LazyLock;

use super::{
    ACCOUNT, CPUS, DURATION, Field, HOST_IP, IMAGE, INTERFACE, INTERVAL, IP, Kind, LIMIT, MAC, MEMORY, NETWORK, OCTAL,
    PEER, PORT, PUBLISH, REASON, RESOURCE, RULE, SECRET, SECRET_TARGET, SOURCE, SPAN, Schema, TARGET_PATH, UNIT, field,
    plain, plain_keys, prose,
};
use crate::unit::keys;

/// Keys of `[Container]` that a table or a typed key of the catalog speaks for.
pub(crate) const TYPED: &[&str] = &[
    "Image",
    "User",
    "Group",
    "Volume",
    "Tmpfs",
    "Network",
    "PublishPort",
    "Secret",
    "Memory",
    "PidsLimit",
    "IP",
    "IP6",
    "StopTimeout",
    "ShmSize",
    "ContainerName",
    "ServiceName",
    "Pod",
];

/// The keys of `[health]` and the Quadlet keys that they are.
pub(crate) const HEALTH_KEYS: &[(&str, &str)] = &[
    ("cmd", "HealthCmd"),
    ("interval", "HealthInterval"),
    ("timeout", "HealthTimeout"),
    ("retries", "HealthRetries"),
    ("start_period", "HealthStartPeriod"),
    ("on_failure", "HealthOnFailure"),
    ("startup_cmd", "HealthStartupCmd"),
    ("startup_interval", "HealthStartupInterval"),
    ("startup_timeout", "HealthStartupTimeout"),
    ("startup_retries", "HealthStartupRetries"),
    ("startup_success", "HealthStartupSuccess"),
    ("log_destination", "HealthLogDestination"),
    ("max_log_count", "HealthMaxLogCount"),
    ("max_log_size", "HealthMaxLogSize"),
];

/// Keys that an author may try in a service and that have another place.
const ELSEWHERE: &[(&str, &str)] = &[
    ("memory", "write it in [limits]: `memory`, stated in every layer"),
    ("cpus", "write it in [limits]: `cpus`, stated in every layer"),
    ("cpu", "write it in [limits]: `cpus`"),
    ("pids", "write it in [limits]: `pids`"),
    ("pids_limit", "write it in [limits]: `pids`, stated in every layer"),
    ("swap", "write it in [limits]: `swap`"),
    ("memory_max", "write it in [limits]: `memory`"),
    ("cpu_quota", "write it in [limits]: `cpus`"),
    ("tasks_max", "write it in [limits]: `pids`"),
    ("ip", "write it in [[network]]: `ip`, beside the network it belongs to"),
    ("ip6", "write it in [[network]]: `ip6`, beside the network it belongs to"),
    ("mac", "write it in [[network]]: `mac`"),
    ("ports", "write [[publish_port]]"),
    ("port", "write [[publish_port]]"),
    ("volumes", "write [[volume]] tables"),
    ("mounts", "write [[volume]] tables"),
    ("networks", "write [[network]] tables"),
    ("secrets", "write [[secret]] tables"),
    ("env", "write `environment`"),
    ("command", "write `exec`: the arguments; the program itself is `entrypoint`"),
    ("cmd", "write `exec`: the arguments; the program itself is `entrypoint`"),
    ("depends_on", "write `requires`"),
    ("restart_policy", "write it in [restart]: `policy`"),
    ("restart_sec", "write it in [restart]: `sec`"),
    ("timeout_start_sec", "write it in [timeouts]: `start`"),
    ("timeout_stop_sec", "write it in [timeouts]: `stop`"),
    ("name", "the name of a service is the stem of its file"),
    ("privileged", "there is no key for it: add the one capability or device that is needed"),
    ("suppress", "write [[waive]]"),
];

/// A service.
pub(crate) fn service() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        let mut fields = typed_fields();
        fields.extend(plain_keys("Container", TYPED).filter(|key| !key.name.starts_with("Health")).map(plain));
        fields.extend(keys::keys("Install").iter().filter(|key| key.name != "DefaultInstance").map(plain));
        fields.extend(keys::keys("Quadlet").iter().map(plain));
        Schema { what: "a service", fields, elsewhere: ELSEWHERE }
    });
    &SCHEMA
}

fn typed_fields() -> Vec<Field> {
    vec![
        prose("description", "What the service is, in a few words. systemd: Description=."),
        field(
            "image",
            Kind::Noun(&IMAGE),
            "The image: registry, path, tag or digest; or a NAME.build or NAME.image of this catalog. Quadlet: Image=.",
        ),
        field(
            "pull_unit",
            Kind::Bool,
            "Pull the image in a .image unit of its own, outside the service's memory limit. Podman 5.6+.",
        ),
        field(
            "container_name",
            Kind::Noun(&RESOURCE),
            "The podman name of the container; the unit's name unless set. Quadlet: ContainerName=.",
        ),
        field(
            "service_name",
            Kind::Noun(&RESOURCE),
            "The name of the systemd service, without .service. Podman 5.3+. Quadlet: ServiceName=.",
        ),
        field("pod", Kind::Noun(&RESOURCE), "A pod of this catalog, NAME.pod. Podman 5.0+. Quadlet: Pod=."),
        field("user", Kind::Number(&ACCOUNT), "The user inside the container, by number or name. Quadlet: User=."),
        field("group", Kind::Number(&ACCOUNT), "The group inside the container; needs `user`. Quadlet: Group=."),
        field("limits", Kind::Table(limits), "The load line, stated in the slice, in [Service] and for podman."),
        field("volume", Kind::Tables(volume), "Directories and named volumes of the service. Quadlet: Volume=."),
        field(
            "tmpfs",
            Kind::Tables(tmpfs),
            "File systems in memory. /tmp and /run are built in; an entry of the same target replaces one, an empty list removes both. Quadlet: Tmpfs=.",
        ),
        field("shm_size", Kind::Number(&LIMIT), "Size of /dev/shm; min(64M, memory/8) unless set. Quadlet: ShmSize=."),
        field(
            "network",
            Kind::TablesOr(network, &NETWORK),
            "Networks of the service; without one it gets `Network=none`. Quadlet: Network=.",
        ),
        field(
            "publish_port",
            Kind::TablesOr(publish_port, &PUBLISH),
            "Ports of the container on the host. Quadlet: PublishPort=.",
        ),
        field(
            "ip_address_allow",
            Kind::Nouns(&PEER),
            "Whom the service may talk to; everybody else is denied. systemd: IPAddressAllow= with IPAddressDeny=any.",
        ),
        field("secret", Kind::TablesOr(secret, &SECRET), "Podman secrets, by name; never a value. Quadlet: Secret=."),
        field("health", Kind::Table(health), "The health check. Quadlet: Health*=."),
        field("restart", Kind::Table(restart), "When and how often systemd starts the service again."),
        field("timeouts", Kind::Table(timeouts), "How long starting and stopping may take."),
        field(
            "stop_timeout",
            Kind::Integer(0, 86_400),
            "Seconds between the stop signal and the kill; 60 unless set. Quadlet: StopTimeout=.",
        ),
        field(
            "oom_policy",
            Kind::Choice(&["kill", "stop", "continue"]),
            "What systemd does when the kernel kills for memory. systemd: OOMPolicy=.",
        ),
        field(
            "requires",
            Kind::Nouns(&UNIT),
            "Units it cannot run without, started first. systemd: Requires= and After=.",
        ),
        field("wants", Kind::Nouns(&UNIT), "Units it would like to have, started first. systemd: Wants= and After=."),
        field("binds_to", Kind::Nouns(&UNIT), "Units it stops with, started first. systemd: BindsTo= and After=."),
        field("part_of", Kind::Nouns(&UNIT), "Units whose stop and restart it follows. systemd: PartOf=."),
        field("after", Kind::Nouns(&UNIT), "Units it starts after. systemd: After=."),
        field("before", Kind::Nouns(&UNIT), "Units it starts before. systemd: Before=."),
        field("waive", Kind::Tables(waive), "Exceptions from rules of `check`, each with its reason."),
        field(
            "quadlet",
            Kind::Sections(&["Container", "Quadlet", "Image", "Build", "Pod", "Artifact"]),
            "Verbatim Quadlet keys. [quadlet.Container] goes into the container; the others make a unit of that type beside it.",
        ),
        field("systemd", Kind::Sections(&["Unit", "Service", "Install"]), "Verbatim systemd directives."),
    ]
}

/// `[limits]`.
pub(crate) fn limits() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "limits",
        fields: vec![
            field("memory", Kind::Number(&LIMIT), "Memory: bytes, or a number with K, M, G or T, base 1024."),
            field("cpus", Kind::Number(&CPUS), "CPUs, a decimal with at most three places, at least 0.01."),
            field("pids", Kind::Integer(1, 4_194_304), "Processes and threads of the payload; 256 unless set."),
            field("swap", Kind::Number(&MEMORY), "Swap beyond the memory; 0 unless set."),
            field(
                "memory_policy",
                Kind::Choice(&["kill", "throttle"]),
                "What happens at the limit: `kill` (MemoryHigh = MemoryMax), or `throttle` (MemoryHigh at 90 %).",
            ),
            field(
                "cpu_weight",
                Kind::Integer(1, 10_000),
                "Share of CPU under contention; systemd's default is 100. systemd: CPUWeight=.",
            ),
            field(
                "io_weight",
                Kind::Integer(1, 10_000),
                "Share of I/O under contention; systemd's default is 100. systemd: IOWeight=.",
            ),
        ],
        elsewhere: &[
            ("memory_max", "write `memory`"),
            ("cpu", "write `cpus`"),
            ("cpu_quota", "write `cpus`"),
            ("tasks_max", "write `pids`"),
            ("memory_swap", "write `swap`: what may be swapped beyond `memory`"),
        ],
    });
    &SCHEMA
}

fn volume() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "a volume",
        fields: vec![
            field("source", Kind::Noun(&SOURCE), "An absolute path on the host, or the NAME of a [volume.NAME]."),
            field("target", Kind::Noun(&TARGET_PATH), "Where in the container."),
            field("access", Kind::Choice(&["ro", "rw"]), "Read only (`ro`) unless set to `rw`."),
            field("shared", Kind::Bool, "True where another service mounts the same source: labelled z instead of Z."),
            field("idmap", Kind::Bool, "Files on disk keep the container's ids; true in the rootful profile."),
            field("exec", Kind::Bool, "Programs may be run from it; false unless set."),
        ],
        elsewhere: &[
            ("read_only", "write `access = \"ro\"`"),
            ("rw", "write `access = \"rw\"`"),
            ("mode", "write `access`"),
            ("ro", "write `access = \"ro\"`"),
            ("options", "write `access`, `shared`, `idmap` and `exec`"),
            ("destination", "write `target`"),
            ("path", "write `source`"),
        ],
    });
    &SCHEMA
}

fn tmpfs() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "a file system in memory",
        fields: vec![
            field("target", Kind::Noun(&TARGET_PATH), "Where in the container."),
            field("size", Kind::Number(&LIMIT), "How much it may hold; min(64M, memory/8) unless set."),
            field("mode", Kind::Noun(&OCTAL), "Mode of its root, octal digits in quotes; \"1777\" unless set."),
            field("exec", Kind::Bool, "Programs may be run from it; false unless set."),
        ],
        elsewhere: &[("destination", "write `target`"), ("path", "write `target`")],
    });
    &SCHEMA
}

fn network() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "a network of the service",
        fields: vec![
            field(
                "name",
                Kind::Noun(&NETWORK),
                "The NAME of a [network.NAME], a mode of podman's (none, host, bridge, pasta), or NAME.container.",
            ),
            field("ip", Kind::Nouns(&IP), "Fixed IPv4 address, or a list of addresses."),
            field("ip6", Kind::Noun(&IP), "Fixed IPv6 address."),
            field("mac", Kind::Noun(&MAC), "Fixed MAC address; on macvlan a stable one is derived unless set."),
            field("alias", Kind::Nouns(&RESOURCE), "Other names by which containers on this network find it."),
            field("interface_name", Kind::Noun(&INTERFACE), "Name of the interface inside the container."),
        ],
        elsewhere: &[("address", "write `ip`"), ("aliases", "write `alias`")],
    });
    &SCHEMA
}

fn publish_port() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "a published port",
        fields: vec![
            field("host_ip", Kind::Noun(&HOST_IP), "The address of the host that answers; without one, all of them."),
            field("host", Kind::Number(&PORT), "The host's port, or a range \"8000-8010\"."),
            field("container", Kind::Number(&PORT), "The container's port, or a range of the same length."),
            field("protocol", Kind::Choice(&["tcp", "udp", "sctp"]), "tcp unless set."),
        ],
        elsewhere: &[
            ("ip", "write `host_ip`"),
            ("port", "write `host` and `container`"),
            ("target", "write `container`"),
            ("published", "write `host`"),
        ],
    });
    &SCHEMA
}

fn secret() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "a secret",
        fields: vec![
            field("name", Kind::Noun(&SECRET), "The name that `podman secret ls` shows."),
            field(
                "type",
                Kind::Choice(&["mount", "env"]),
                "A file (`mount`, the default) or an environment variable (`env`).",
            ),
            field(
                "target",
                Kind::Noun(&SECRET_TARGET),
                "The file's name or path, or the variable's name; the secret's own unless set.",
            ),
            field("mode", Kind::Noun(&OCTAL), "Mode of the file, octal digits in quotes; \"0400\" unless set."),
            field("uid", Kind::Integer(0, 4_294_967_294), "Owner of the file; a numeric `user` unless set."),
            field("gid", Kind::Integer(0, 4_294_967_294), "Group of the file; a numeric `group` unless set."),
        ],
        elsewhere: &[
            ("value", "a catalog never holds a secret: `podman secret create NAME -` takes it"),
            ("file", "a catalog never holds a secret: `podman secret create NAME FILE` takes it"),
            ("env", "write `type = \"env\"` and `target`"),
        ],
    });
    &SCHEMA
}

fn health() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        let kind = |key: &str| match key {
            "cmd" | "startup_cmd" => Kind::TextOrWords,
            "interval" | "startup_interval" => Kind::Noun(&INTERVAL),
            "timeout" | "start_period" | "startup_timeout" => Kind::Noun(&DURATION),
            "retries" | "startup_retries" | "startup_success" | "max_log_count" | "max_log_size" => {
                Kind::Integer(0, 4_294_967_295)
            }
            "on_failure" => Kind::Choice(&["none", "kill", "restart", "stop"]),
            _ => Kind::Text,
        };
        let fields = HEALTH_KEYS
            .iter()
            .map(|(ours, name)| {
                let key = keys::key("Container", name).expect("every health key is in the key table");
                Field { key: (*ours).into(), kind: kind(ours), doc: plain(key).doc, syntax: Some(key.syntax) }
            })
            .collect();
        Schema {
            what: "a health check",
            fields,
            elsewhere: &[
                ("command", "write `cmd`"),
                ("test", "write `cmd`"),
                ("health_cmd", "write `cmd`"),
                ("start_interval", "write `startup_interval`"),
            ],
        }
    });
    &SCHEMA
}

fn restart() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "a restart policy",
        fields: vec![
            field(
                "policy",
                Kind::Choice(&["no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"]),
                "on-failure unless set. systemd: Restart=.",
            ),
            field(
                "sec",
                Kind::Number(&SPAN),
                "How long to wait before a restart; 10s unless set. systemd: RestartSec=.",
            ),
            field(
                "burst",
                Kind::Integer(1, 1_000_000),
                "Starts within the interval after which systemd gives up; 5 unless set. systemd: StartLimitBurst=.",
            ),
            field(
                "interval",
                Kind::Number(&SPAN),
                "The interval, longer than burst times sec; 300s unless set. systemd: StartLimitIntervalSec=.",
            ),
        ],
        elsewhere: &[("delay", "write `sec`"), ("max_retries", "write `burst`"), ("name", "write `policy`")],
    });
    &SCHEMA
}

fn timeouts() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "timeouts",
        fields: vec![
            field(
                "start",
                Kind::Number(&SPAN),
                "How long a start may take; 300 seconds unless set. systemd: TimeoutStartSec=.",
            ),
            field(
                "stop",
                Kind::Number(&SPAN),
                "How long a stop may take, at least ten seconds more than `stop_timeout`; 70 seconds unless set. systemd: TimeoutStopSec=.",
            ),
        ],
        elsewhere: &[],
    });
    &SCHEMA
}

/// `[[waive]]`.
pub(crate) fn waive() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema {
        what: "a waiver",
        fields: vec![
            field("rule", Kind::Noun(&RULE), "The rule, by its id or its name."),
            field("reason", Kind::Noun(&REASON), "Why the exception is right, in at least ten characters."),
            field("expires", Kind::Date, "The day the exception ends."),
        ],
        elsewhere: &[("id", "write `rule`"), ("until", "write `expires`")],
    });
    &SCHEMA
}
