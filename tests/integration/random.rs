//! Random catalogs, every one of them valid: what they declare is drawn first, then written as TOML, so that a test
//! knows what must come out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::catalogs::{File, toml_list, toml_string};

const MIB: u64 = 1 << 20;
/// Podman reads sizes through a 64-bit float.
const EXACT: u64 = 1 << 53;
const LARGEST: u64 = 8_388_607 << 40;

/// A catalog and what it declares.
#[derive(Clone, Debug)]
pub(crate) struct RandomCatalog {
    pub(crate) files: Vec<File>,
    pub(crate) name: String,
    pub(crate) rootless: bool,
    pub(crate) services: Vec<Declared>,
}

/// What podman should be told of a service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declared {
    pub(crate) unit: String,
    pub(crate) image: String,
    pub(crate) memory: Option<u64>,
    pub(crate) swap: u64,
    /// As a decimal without needless zeros.
    pub(crate) cpus: Option<String>,
    pub(crate) pids: u32,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) label: BTreeMap<String, String>,
    pub(crate) exec: Vec<String>,
    pub(crate) volumes: Vec<String>,
    pub(crate) tmpfs: Vec<String>,
    /// On macvlan a link-layer address follows.
    pub(crate) networks: Vec<String>,
    pub(crate) publish: Vec<String>,
    pub(crate) secrets: Vec<String>,
    pub(crate) health_cmd: Option<Vec<String>>,
}

/// What a catalog is for.
#[derive(Clone, Debug)]
struct Target {
    podman: (u16, u16),
    rootless: bool,
    selinux: bool,
}

#[derive(Clone, Debug)]
struct Limits {
    /// As written, and in bytes.
    memory: Option<(String, u64)>,
    swap: Option<(String, u64)>,
    cpus: Option<u32>,
    pids: Option<u32>,
    throttle: Option<bool>,
    cpu_weight: Option<u16>,
    io_weight: Option<u16>,
}

#[derive(Clone, Debug)]
struct Texts {
    description: Option<String>,
    exec: Vec<String>,
    environment: BTreeMap<String, String>,
    label: BTreeMap<String, String>,
    annotation: BTreeMap<String, String>,
    host_name: Option<String>,
    health: Option<Vec<String>>,
}

#[derive(Clone, Debug)]
struct Storage {
    volumes: Vec<(u8, u8, bool, bool, Option<bool>)>,
    tmpfs: Vec<(u8, Option<(String, u64)>, bool)>,
    shm: Option<(String, u64)>,
    secrets: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Life {
    policy: Option<&'static str>,
    sec: Option<(&'static str, u64)>,
    burst: Option<u32>,
    interval: Option<Option<u64>>,
    start: Option<&'static str>,
    stop_timeout: Option<u32>,
    stop: Option<u32>,
    oom: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Service {
    stack: u8,
    style: u8,
    limits: Limits,
    texts: Texts,
    storage: Storage,
    life: Life,
    user: Option<u32>,
    group: bool,
    networks: (u8, u8),
    dependencies: Vec<(u8, u8)>,
    allow: Option<u8>,
    plain: u32,
}

/// A catalog before it has names.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    target: Target,
    fleet: Option<Limits>,
    stack: Option<Limits>,
    defaults: Limits,
    default_environment: BTreeMap<String, String>,
    stack_environment: BTreeMap<String, String>,
    services: Vec<Service>,
}

/// Catalogs for any target.
pub(crate) fn any_seed() -> BoxedStrategy<Seed> {
    let podman = select(vec![(4, 9), (5, 0), (5, 2), (5, 3), (5, 4), (5, 5), (5, 6), (5, 8), (6, 0), (6, 2)]);
    podman.prop_flat_map(seed).boxed()
}

/// Catalogs for one target.
pub(crate) fn seed(podman: (u16, u16)) -> BoxedStrategy<Seed> {
    let target = (prop::bool::weighted(0.25), any::<bool>()).prop_map(move |(rootless, selinux)| Target {
        podman,
        rootless,
        selinux,
    });
    let defaults = (limits(), environment(), environment());
    (target, of(limits()), of(limits()), defaults, vec(service(), 1..6))
        .prop_map(|(target, fleet, stack, (defaults, default_environment, stack_environment), services)| Seed {
            target,
            fleet,
            stack,
            defaults,
            default_environment,
            stack_environment,
            services,
        })
        .boxed()
}

/// Text with whatever gives trouble, but that can stand in a word of a unit.
pub(crate) fn odd_text() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "a",
        "b c",
        " ",
        "'",
        "\"",
        "\\",
        "%",
        "$",
        "%n",
        "$HOME",
        "${X}",
        ";",
        "#",
        "=",
        ",",
        ":",
        "[Service]",
        "--privileged",
        "é",
        "☕",
        "`id`",
        "{{ x }}",
        "{% y %}",
        "*",
        "~",
        "!",
        "@",
        "\u{3000}",
        "100%",
        "{\"a\":1}",
        "x\\n",
        "\\x41",
        "日本",
    ]);
    vec(piece, 1..6).prop_map(|pieces| pieces.concat()).prop_filter("a lone semicolon", |text| text != ";")
}

/// Text for a key that holds one string as it stands: nothing at its ends that a reader takes off.
fn plain_text() -> impl Strategy<Value = String> {
    odd_text().prop_map(|text| format!("x{}x", text.trim_matches('"')))
}

fn environment() -> impl Strategy<Value = BTreeMap<String, String>> {
    let key = select(vec!["PLAIN", "dotted.key", "lower_case", "ÜNÏ", "K1", "K2", "A-B", "[C]", "#D"]);
    let value = prop_oneof![1 => Just(String::new()), 6 => odd_text()];
    prop::collection::btree_map(key.prop_map(str::to_owned), value, 0..4)
}

fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    let key = select(vec!["plain", "org.example.a", "org.example/with-slash", "two words", "it's", "5%", "$x", "é"]);
    prop::collection::btree_map(key.prop_map(str::to_owned), odd_text(), 0..4)
}

fn size() -> impl Strategy<Value = (String, u64)> {
    let unit = select(vec![
        ("", 0),
        ("K", 10),
        ("M", 20),
        ("G", 30),
        ("T", 40),
        ("KiB", 10),
        ("MiB", 20),
        ("GiB", 30),
        ("TiB", 40),
    ]);
    prop_oneof![
        2 => (1..20_000_u64).prop_map(|bytes| (bytes.to_string(), bytes)),
        2 => select(vec![1, 4095, 4096, 4097, 512_000_000, 300_000_001, EXACT, EXACT - 1, LARGEST]).prop_map(|bytes| (bytes.to_string(), bytes)),
        8 => (1..2000_u64, unit).prop_map(|(number, (unit, shift))| (toml_string(&format!("{number}{unit}")), number << shift)),
        1 => Just((toml_string("8388607T"), LARGEST)),
        1 => (EXACT / 1024..LARGEST / 1024).prop_map(|kib| ((kib * 1024).to_string(), kib * 1024)),
        2 => (EXACT / 4..EXACT).prop_map(|bytes| (bytes.to_string(), bytes)),
    ]
}

fn limits() -> BoxedStrategy<Limits> {
    let cpus = prop_oneof![
        10..1000_u32,
        1000..65_000_u32,
        10..=8_192_000_u32,
        select(vec![10, 11, 290, 333, 570, 1000, 4000, 1500, 8_192_000, 8_191_999]),
    ];
    let pids = prop_oneof![1..2000_u32, select(vec![1, 256, 4_194_304])];
    let weight = || of(select(vec![1, 100, 10_000]));
    (of(size()), of(size()), of(cpus), of(pids), of(any::<bool>()), weight(), weight())
        .prop_map(|(memory, swap, cpus, pids, throttle, cpu_weight, io_weight)| Limits {
            memory,
            swap,
            cpus,
            pids,
            throttle,
            cpu_weight,
            io_weight,
        })
        .boxed()
}

fn texts() -> BoxedStrategy<Texts> {
    let text = (
        of(plain_text()),
        vec(odd_text(), 0..5),
        environment(),
        labels(),
        labels(),
        of(plain_text()),
        of(vec(odd_text(), 1..4)),
    );
    text.prop_map(|(description, exec, environment, label, annotation, host_name, health)| Texts {
        description,
        exec,
        environment,
        label,
        annotation,
        host_name,
        health,
    })
    .boxed()
}

fn storage() -> BoxedStrategy<Storage> {
    let volumes = vec((0..6_u8, 0..5_u8, any::<bool>(), any::<bool>(), of(any::<bool>())), 0..4);
    let tmpfs = vec((0..4_u8, of(size()), any::<bool>()), 0..3);
    (volumes, tmpfs, of(size()), vec(0..5_u8, 0..3))
        .prop_map(|(volumes, tmpfs, shm, secrets)| Storage { volumes, tmpfs, shm, secrets })
        .boxed()
}

fn life() -> BoxedStrategy<Life> {
    let sec = select(vec![
        ("0", 0),
        ("\"1s\"", 1_000_000),
        ("10", 10_000_000),
        ("\"1min 30s\"", 90_000_000),
        ("\"250ms\"", 250_000),
        ("\"1.5h\"", 5_400_000_000),
    ]);
    let policy = select(vec!["no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"]);
    let burst = prop_oneof![1..20_u32, Just(1_000_000)];
    let start = select(vec!["300", "\"15min\"", "\"infinity\"", "0"]);
    (
        of(policy),
        of(sec),
        of(burst),
        of(of(0..1000_u64)),
        of(start),
        of(0..=86_400_u32),
        of(0..1000_u32),
        of(select(vec!["kill", "stop", "continue"])),
    )
        .prop_map(|(policy, sec, burst, interval, start, stop_timeout, stop, oom)| Life {
            policy,
            sec,
            burst,
            interval,
            start,
            stop_timeout,
            stop,
            oom,
        })
        .boxed()
}

fn service() -> BoxedStrategy<Service> {
    let user = of(select(vec![0, 1, 1000, 65_535]));
    let rest = (user, any::<bool>(), any::<(u8, u8)>(), vec(any::<(u8, u8)>(), 0..4), of(any::<u8>()), any::<u32>());
    (0..4_u8, 0..4_u8, limits(), texts(), storage(), life(), rest)
        .prop_map(
            |(stack, style, limits, texts, storage, life, (user, group, networks, dependencies, allow, plain))| {
                Service {
                    stack,
                    style,
                    limits,
                    texts,
                    storage,
                    life,
                    user,
                    group,
                    networks,
                    dependencies,
                    allow,
                    plain,
                }
            },
        )
        .boxed()
}

impl Seed {
    /// Writes the catalog. Every name in it begins with `prefix`, so that several can stand side by side.
    pub(crate) fn build(&self, prefix: &str) -> RandomCatalog {
        let names: Vec<Name> =
            self.services.iter().enumerate().map(|(at, service)| Name::new(prefix, at, service)).collect();
        let mut files = vec![("catalog.toml".to_owned(), self.top(prefix))];
        for stack in ["one", "two"] {
            let stack = format!("{prefix}{stack}");
            if names.iter().any(|name| name.stack.as_ref() == Some(&stack)) {
                files.push((format!("{stack}/stack.toml"), self.stack(&stack)));
            }
        }
        let mut services = Vec::new();
        for (at, (service, name)) in self.services.iter().zip(&names).enumerate() {
            let mut writer = Writer {
                seed: self,
                service,
                names: &names,
                at,
                prefix,
                text: String::new(),
                declared: Declared::default(),
            };
            writer.write();
            files.push((name.path.clone(), writer.text));
            services.push(writer.declared);
        }
        RandomCatalog { files, name: prefix.to_owned(), rootless: self.target.rootless, services }
    }

    fn top(&self, prefix: &str) -> String {
        let (major, minor) = self.target.podman;
        let mut text = format!(
            "name = \"{prefix}\"\n\n[target]\npodman = \"{major}.{minor}\"\nselinux = {}\n",
            self.target.selinux
        );
        if self.target.rootless {
            text += "profile = \"rootless\"\nuser = 1000\n";
        }
        text += &format!("\n[slice]\nname = \"{prefix}fleet\"\n");
        text += &self.fleet.as_ref().map(Limits::toml).unwrap_or_default();
        text += "\n[defaults]\nlog_driver = \"journald\"\n";
        text += &map("environment", &self.default_environment);
        text += "\n[defaults.limits]\n";
        text += &self.defaults.toml();
        if !self.target.rootless {
            text += &format!(
                "\n[network.{prefix}lan]\ndriver = \"macvlan\"\nparent = \"eth0\"\nsubnet = \"192.168.10.0/24\"\ngateway = \"192.168.10.1\"\nip_range = \"192.168.10.128/25\"\n"
            );
        }
        text += &format!("\n[network.{prefix}inner]\ninternal = true\n");
        text += &format!(
            "\n[network.{prefix}six]\nipv6 = true\nsubnet = [\"10.6.0.0/24\", \"2001:db8:6::/64\"]\ngateway = [\"10.6.0.1\", \"2001:db8:6::1\"]\nlabel = {{ a = \"b c\" }}\n"
        );
        text += &format!("\n[network.{prefix}up]\nexternal = true\n");
        text += &format!(
            "\n[volume.{prefix}cache]\nlabel = {{ a = \"b c\" }}\n\n[volume.{prefix}attic]\nexternal = true\n"
        );
        text
    }

    fn stack(&self, stack: &str) -> String {
        let mut text = format!("description = \"The stack {stack}\"\n\n[limits]\n");
        text += &self.stack.as_ref().map(Limits::toml).unwrap_or_default();
        text += "\n[defaults]\n";
        text += &map("environment", &self.stack_environment);
        text + "\n[network.back]\ninternal = true\n"
    }
}

impl Limits {
    fn swap(&self) -> Option<&(String, u64)> {
        let memory = self.memory.as_ref()?.1;
        self.swap.as_ref().filter(|swap| {
            let both = memory + swap.1;
            both <= LARGEST && (both <= EXACT || both.is_multiple_of(1024))
        })
    }

    fn toml(&self) -> String {
        let mut text = String::new();
        if let Some((memory, _)) = &self.memory {
            text += &format!("memory = {memory}\n");
        }
        if let Some((swap, _)) = self.swap() {
            text += &format!("swap = {swap}\n");
        }
        if let Some(cpus) = self.cpus {
            // Each spelling that means the same.
            text += &match cpus % 3 {
                0 => format!("cpus = \"{}\"\n", decimal(cpus)),
                1 => format!("cpus = {}\n", decimal(cpus)),
                _ => format!("cpus = {}.{:03}0\n", cpus / 1000, cpus % 1000),
            };
        }
        for (key, number) in [
            ("pids", self.pids),
            ("cpu_weight", self.cpu_weight.map(u32::from)),
            ("io_weight", self.io_weight.map(u32::from)),
        ] {
            text += &number.map(|number| format!("{key} = {number}\n")).unwrap_or_default();
        }
        if let Some(throttle) = self.throttle {
            text += if throttle { "memory_policy = \"throttle\"\n" } else { "memory_policy = \"kill\"\n" };
        }
        text
    }
}

fn decimal(millis: u32) -> String {
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn map(key: &str, map: &BTreeMap<String, String>) -> String {
    let pairs: Vec<_> =
        map.iter().map(|(key, value)| format!("{} = {}", toml_string(key), toml_string(value))).collect();
    format!("{key} = {{ {} }}\n", pairs.join(", "))
}

struct Name {
    stack: Option<String>,
    unit: String,
    path: String,
}

impl Name {
    fn new(prefix: &str, at: usize, service: &Service) -> Self {
        let tail = ["", "-x", "_y--z", "-of-a-name-that-is-quite-long"][usize::from(service.style)];
        let stem = format!("{prefix}s{at}{tail}");
        let stack =
            [None, None, Some("one"), Some("two")][usize::from(service.stack)].map(|stack| format!("{prefix}{stack}"));
        let unit = stack.as_ref().map_or_else(|| stem.clone(), |stack| format!("{stack}-{stem}"));
        let path = stack.as_ref().map_or_else(|| format!("{stem}.toml"), |stack| format!("{stack}/{stem}.toml"));
        Self { stack, unit, path }
    }
}

struct Writer<'a> {
    seed: &'a Seed,
    service: &'a Service,
    names: &'a [Name],
    at: usize,
    prefix: &'a str,
    text: String,
    declared: Declared,
}

impl Writer<'_> {
    fn line(&mut self, line: impl AsRef<str>) {
        self.text += line.as_ref();
        self.text.push('\n');
    }

    fn is(&self, bit: u32) -> bool {
        self.service.plain & (1 << bit) != 0
    }

    fn rootful(&self) -> bool {
        !self.seed.target.rootless
    }

    fn write(&mut self) {
        self.declared.unit.clone_from(&self.names[self.at].unit);
        self.declared.image = format!("quay.io/random/{}app:1.{}", self.prefix, self.at);
        self.line(format!("image = \"{}\"", self.declared.image));
        if self.is(0) && self.seed.target.podman >= (5, 6) {
            self.line("pull_unit = true");
            self.declared.image = String::new();
        }
        self.texts();
        self.accounts();
        self.plain();
        self.dependencies();
        self.allow();
        self.networks();
        self.life();
        self.limits();
        self.storage();
        if self.is(1) {
            self.line("\n[quadlet.Container]\nRunInit = true\nDNSOption = [\"ndots:1\"]");
        }
        if self.is(2) {
            self.line("\n[systemd.Service]\nNice = 5\n[systemd.Unit]\nDocumentation = [\"man:podman(1)\", \"https://example.com/\"]");
        }
        if self.is(3) {
            self.line("\n[[waive]]\nrule = \"PL105\"\nreason = \"because the dice say so\"\nexpires = 2031-12-31");
        }
    }

    fn texts(&mut self) {
        let texts = self.service.texts.clone();
        if let Some(description) = texts.description {
            self.line(format!("description = {}", toml_string(&description)));
        }
        if !texts.exec.is_empty() {
            self.line(format!("exec = {}", toml_list(&texts.exec)));
        }
        self.text += &map("environment", &texts.environment);
        self.text += &map("label", &texts.label);
        self.text += &map("annotation", &texts.annotation);
        if let Some(name) = texts.host_name {
            self.line(format!("host_name = {}", toml_string(&name)));
        }
        if let Some(words) = &texts.health {
            self.line(format!(
                "health = {{ cmd = {}, interval = \"30s\", retries = 4, on_failure = \"kill\" }}",
                toml_list(words)
            ));
        }
        self.declared.environment.clone_from(&self.seed.default_environment);
        if self.names[self.at].stack.is_some() {
            self.declared.environment.extend(self.seed.stack_environment.clone());
        }
        self.declared.environment.extend(texts.environment);
        self.declared.label = texts.label;
        self.declared.exec = texts.exec;
        self.declared.health_cmd = texts.health;
    }

    fn accounts(&mut self) {
        if let Some(user) = self.service.user {
            self.line(format!("user = {user}"));
            if self.service.group {
                self.line("group = 77");
            }
        }
    }

    fn plain(&mut self) {
        let lines = [
            "timezone = \"Etc/UTC\"",
            "add_host = [\"printer:192.0.2.40\", \"nas:192.0.2.41\"]",
            "dns = \"192.0.2.53\"",
            "sysctl = { \"net.core.somaxconn\" = 1024, \"net.ipv4.ip_unprivileged_port_start\" = \"0\" }",
            "ulimit = \"nofile=1024:2048\"",
            "mask = [\"/proc/kallsyms\", \"/proc/with space\"]",
            "add_capability = [\"CHOWN\", \"SETUID\"]",
            "stop_signal = \"SIGINT\"",
            "auto_update = \"registry\"",
            "working_dir = \"/srv/a b\"",
            "log_opt = { tag = \"a b\" }",
            "pull = \"newer\"",
            "environment_file = [\"/etc/a.env\", \"/etc/b c.env\"]",
            "umask = \"0027\"",
            "network_alias = [\"other\"]",
            "default_dependencies = false",
            "wanted_by = [\"multi-user.target\", \"graphical.target\"]",
            "entrypoint = [\"/usr/bin/entry\", \"two words\"]",
        ];
        for (bit, line) in lines.into_iter().enumerate() {
            // The network of another kind has no names, and 5.3 brought the section [Quadlet].
            let fits = match line.split(' ').next() {
                Some("network_alias") => false,
                Some("default_dependencies") => self.seed.target.podman >= (5, 3),
                _ => true,
            };
            if fits && self.is(8 + u32::try_from(bit).unwrap()) {
                self.line(line);
                if line.starts_with("auto_update") {
                    // Quadlet says it with a label.
                    self.declared.label.insert("io.containers.autoupdate".to_owned(), "registry".to_owned());
                }
            }
        }
    }

    /// Only on services before this one, or before services after it: no circle.
    fn dependencies(&mut self) {
        let mut lists: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (kind, other) in &self.service.dependencies {
            let kind = ["requires", "wants", "binds_to", "part_of", "after", "before"][usize::from(*kind) % 6];
            let (low, high) = if kind == "before" { (self.at + 1, self.names.len()) } else { (0, self.at) };
            let unit = if low < high {
                self.names[low + usize::from(*other) % (high - low)].unit.clone()
            } else if kind == "before" {
                "shutdown.target".to_owned()
            } else {
                // Known to the system's manager and to the users'.
                "basic.target".to_owned()
            };
            lists.entry(kind).or_default().push(unit);
        }
        for (kind, units) in lists {
            self.line(format!("{kind} = {}", toml_list(&units)));
        }
    }

    fn allow(&mut self) {
        let Some(allow) = self.service.allow.filter(|_| self.rootful()) else { return };
        let lan = format!("{}lan", self.prefix);
        let all = ["192.0.2.0/24", "2001:db8::7", "localhost", &lan, "198.51.100.7", "link-local"];
        let chosen: Vec<_> =
            all.iter().enumerate().filter(|(bit, _)| allow & (1 << bit) != 0).map(|(_, entry)| *entry).collect();
        self.line(format!("ip_address_allow = {}", toml_list(&chosen)));
    }

    fn networks(&mut self) {
        let prefix = self.prefix;
        let (mode, chosen) = self.service.networks;
        let host = 20 + self.at;
        match mode % 8 {
            0 => self.declared.networks.push("none".to_owned()),
            1 => {
                self.line("network = \"host\"");
                self.declared.networks.push("host".to_owned());
            }
            2 => {
                self.line("network = \"bridge\"\npublish_port = [\"192.0.2.5:8080:80/tcp\", { host_ip = \"2001:db8::5\", host = \"9000-9001\", container = \"9000-9001\", protocol = \"udp\" }, \"443\"]");
                self.declared.networks.push("bridge".to_owned());
                self.declared.publish =
                    ["192.0.2.5:8080:80/tcp", "[2001:db8::5]:9000-9001:9000-9001/udp", "443"].map(str::to_owned).into();
            }
            3 if self.seed.target.rootless => {
                self.line("network = \"pasta:--map-gw\"");
                self.declared.networks.push("pasta:--map-gw".to_owned());
            }
            _ => {
                let mut tables = Vec::new();
                if chosen & 1 != 0 && self.rootful() {
                    tables.push(format!("{{ name = \"{prefix}lan\", ip = \"192.168.10.{host}\" }}"));
                    self.declared.networks.push(format!("{prefix}lan:ip=192.168.10.{host},mac=02:"));
                }
                if chosen & 2 != 0 {
                    tables.push(format!("\"{prefix}inner\""));
                    self.declared.networks.push(format!("{prefix}inner"));
                }
                if chosen & 4 != 0 {
                    tables.push(format!(
                        "{{ name = \"{prefix}six\", ip = \"10.6.0.{host}\", ip6 = \"2001:db8:6::{host:x}\", mac = \"02:00:00:00:00:{host:02x}\", alias = [\"first\", \"second.name\"] }}"
                    ));
                    self.declared.networks.push(format!(
                        "{prefix}six:ip=10.6.0.{host},ip6=2001:db8:6::{host:x},mac=02:00:00:00:00:{host:02x},alias=first,alias=second.name"
                    ));
                }
                if chosen & 8 != 0 {
                    tables.push(format!("{{ name = \"{prefix}up\" }}"));
                    self.declared.networks.push(format!("{prefix}up"));
                }
                if let Some(stack) = self.names[self.at].stack.as_ref().filter(|_| chosen & 16 != 0) {
                    tables.push("\"back\"".to_owned());
                    self.declared.networks.push(format!("{stack}-back"));
                }
                if tables.is_empty() {
                    self.declared.networks.push("none".to_owned());
                }
                self.line(format!("network = [{}]", tables.join(", ")));
            }
        }
    }

    fn life(&mut self) {
        let life = self.service.life.clone();
        if let Some(seconds) = life.stop_timeout {
            self.line(format!("stop_timeout = {seconds}"));
        }
        if let Some(policy) = life.oom {
            self.line(format!("oom_policy = \"{policy}\""));
        }
        let mut restart = Vec::new();
        restart.extend(life.policy.map(|policy| format!("policy = \"{policy}\"")));
        restart.extend(life.sec.map(|(text, _)| format!("sec = {text}")));
        restart.extend(life.burst.map(|burst| format!("burst = {burst}")));
        let needed = (life.sec.map_or(10_000_000, |(_, micros)| micros) + 1_000_000)
            * u64::from(life.burst.unwrap_or(5))
            / 1_000_000
            + 1;
        restart.extend(life.interval.map(|more| match more {
            Some(more) => format!("interval = {}", needed + more),
            None => "interval = \"infinity\"".to_owned(),
        }));
        self.line(format!("restart = {{ {} }}", restart.join(", ")));
        let mut timeouts = Vec::new();
        timeouts.extend(life.start.map(|start| format!("start = {start}")));
        timeouts.extend(life.stop.map(|more| format!("stop = {}", life.stop_timeout.unwrap_or(0) + 10 + more)));
        self.line(format!("timeouts = {{ {} }}", timeouts.join(", ")));
    }

    fn limits(&mut self) {
        let mut own = self.service.limits.clone();
        let inherited = &self.seed.defaults;
        // Memory and swap come from one level: together they might be more than podman counts.
        if own.memory.is_some() && own.swap().is_none() {
            own.swap = Some(("0".to_owned(), 0));
        }
        let text = own.toml();
        let from = if own.memory.is_some() { &own } else { inherited };
        self.declared.memory = from.memory.as_ref().map(|memory| memory.1);
        self.declared.swap = from.swap().map_or(0, |swap| swap.1);
        self.declared.cpus = own.cpus.or(inherited.cpus).map(decimal);
        self.declared.pids = own.pids.or(inherited.pids).unwrap_or(256);
        self.line(format!("\n[limits]\n{text}"));
    }

    fn storage(&mut self) {
        let storage = self.service.storage.clone();
        let prefix = self.prefix;
        if let Some((shm, _)) = storage.shm {
            // Before the tables.
            self.text = format!("shm_size = {shm}\n{}", self.text);
        }
        for (at, (kind, target, rw, exec, idmap)) in storage.volumes.iter().enumerate() {
            let source = match kind {
                0 | 1 => format!("/srv/{}/{at}", self.declared.unit),
                2 => format!("/srv/{}/h%lf;{at}#é", self.declared.unit),
                3 => format!("/srv/shared/{prefix}"),
                4 => format!("{prefix}cache"),
                _ => format!("{prefix}attic"),
            };
            let shared = *kind > 2;
            let target = format!(
                "{}{at}",
                ["/mnt/v", "/mnt/with space ", "/mnt/ü", "/mnt/$x%", "/mnt/'q\""][usize::from(*target)]
            );
            let idmap = idmap.filter(|_| self.rootful());
            let access = if *rw { "rw" } else { "ro" };
            let mut table = format!(
                "\n[[volume]]\nsource = {}\ntarget = {}\naccess = \"{access}\"\nshared = {shared}\nexec = {exec}\n",
                toml_string(&source),
                toml_string(&target)
            );
            if let Some(idmap) = idmap {
                let _ = writeln!(table, "idmap = {idmap}");
            }
            self.line(table);
            let label = if !self.seed.target.selinux {
                ""
            } else if shared {
                ",z"
            } else {
                ",Z"
            };
            let idmap = if idmap.unwrap_or(self.rootful()) { ",idmap" } else { "" };
            let exec = if *exec { "exec" } else { "noexec" };
            self.declared.volumes.push(format!("{source}:{target}:{access}{label}{idmap},nosuid,nodev,{exec}"));
        }
        self.tmpfs(&storage.tmpfs);
        self.secrets(&storage.secrets);
    }

    fn tmpfs(&mut self, tmpfs: &[(u8, Option<(String, u64)>, bool)]) {
        let share = |part: u64, most: u64| self.declared.memory.map_or(most, |memory| (memory / part).clamp(1, most));
        let (eighth, sixteenth) = (share(8, 64 * MIB), share(16, 16 * MIB));
        let mut own: BTreeMap<String, String> = BTreeMap::new();
        for (target, size, exec) in tmpfs {
            let target = ["/tmp", "/run", "/var/cache/a", "/var/cache/b c"][usize::from(*target)];
            if own.contains_key(target) {
                continue;
            }
            let written = size.as_ref().map(|(size, _)| format!("size = {size}\n")).unwrap_or_default();
            self.text += &format!("\n[[tmpfs]]\ntarget = \"{target}\"\nexec = {exec}\nmode = \"0755\"\n{written}");
            let bytes = size.as_ref().map_or(eighth, |(_, bytes)| *bytes);
            let exec = if *exec { "exec" } else { "noexec" };
            own.insert(target.to_owned(), format!("{target}:rw,nosuid,nodev,{exec},size={bytes},mode=0755"));
        }
        let run = if self.service.user.is_none_or(|user| user == 0) { "0755" } else { "1777" };
        for (target, size, mode) in [("/tmp", eighth, "1777"), ("/run", sixteenth, run)] {
            let built_in = format!("{target}:rw,nosuid,nodev,noexec,size={size},mode={mode}");
            own.entry(target.to_owned()).or_insert(built_in);
        }
        self.declared.tmpfs = own.into_values().collect();
    }

    fn secrets(&mut self, secrets: &[u8]) {
        let ids = match (self.service.user, self.service.group) {
            (Some(user), true) => format!("uid={user},gid=77,"),
            (Some(user), false) => format!("uid={user},"),
            (None, _) => String::new(),
        };
        for (at, kind) in secrets.iter().enumerate() {
            let name = format!("{}.secret-{at}", self.prefix);
            let (toml, value) = match kind {
                0 => (String::new(), format!("{name},type=mount,{ids}mode=0400")),
                1 => (
                    "target = \"file\"\nmode = \"0440\"".to_owned(),
                    format!("{name},type=mount,target=file,{ids}mode=0440"),
                ),
                2 => (
                    "target = \"/with space/50%\"".to_owned(),
                    format!("{name},type=mount,target=/with space/50%,{ids}mode=0400"),
                ),
                3 => ("type = \"env\"".to_owned(), format!("{name},type=env")),
                _ => ("type = \"env\"\ntarget = \"TOKEN\"".to_owned(), format!("{name},type=env,target=TOKEN")),
            };
            self.text += &format!("\n[[secret]]\nname = \"{name}\"\n{toml}\n");
            self.declared.secrets.push(value);
        }
    }
}
