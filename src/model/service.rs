//! A service, as it is after all defaults have been merged in.

use std::{fmt, net::IpAddr};

use ipnet::IpNet;

use super::{AbsPath, Companion, HostPath, Image, Limits, Mac, Memory, Name, PublishedPort, TimeSpan};
use crate::diagnostic::{FileId, Origin, Sourced};

/// A text that goes into a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text, unescaped.
    pub text: String,
    /// True where the author asked for systemd's `%` specifiers to be expanded.
    pub specifiers: bool,
}

impl Text {
    /// A text in which `%` is a percent sign.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), specifiers: false }
    }
}

/// The value of a plain Quadlet key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// One text.
    Text(Text),
    /// Yes or no.
    Bool(bool),
    /// Several texts: words of one line or values of several lines, as the key reads them.
    List(Vec<Sourced<Text>>),
    /// `KEY=VALUE` pairs.
    Pairs(Vec<(String, Sourced<Text>)>),
    /// Unit text of the author's, written as it stands.
    Verbatim(String),
}

/// A Quadlet key that means no more than its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key's name in the unit: `HostName`.
    pub key: &'static str,
    /// Its value.
    pub value: SettingValue,
    /// Where it was set.
    pub origin: Origin,
}

/// A user or group inside the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// A number.
    Id(u32),
    /// A name that the image's own files know.
    Named(String),
}

impl Account {
    /// True for 0 and `root`.
    pub fn is_root(&self) -> bool {
        match self {
            Self::Id(id) => *id == 0,
            Self::Named(name) => name == "root",
        }
    }

    /// The number, where it is one.
    pub fn id(&self) -> Option<u32> {
        match self {
            Self::Id(id) => Some(*id),
            Self::Named(_) => None,
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// Whether a mount may be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading only.
    Ro,
    /// Reading and writing.
    Rw,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountSource {
    /// A path on the host.
    Path(HostPath),
    /// A volume of the catalog, by the name of its unit.
    Volume(Name),
    /// A volume made elsewhere, by its podman name.
    External(String),
}

impl fmt::Display for MountSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.write_str(path.as_str()),
            Self::Volume(name) => write!(f, "{name}.volume"),
            Self::External(name) => f.write_str(name),
        }
    }
}

/// A volume of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// What is mounted.
    pub source: Sourced<MountSource>,
    /// Where in the container.
    pub target: Sourced<AbsPath>,
    /// Read or write.
    pub access: Access,
    /// True where other services mount the same source.
    pub shared: bool,
    /// True where files on disk keep the container's ids.
    pub idmap: bool,
    /// True where programs may be run from it.
    pub exec: bool,
    /// Where it was written.
    pub origin: Origin,
}

/// A file system in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tmpfs {
    /// Where in the container.
    pub target: Sourced<AbsPath>,
    /// How much it may hold; charged to the service's memory.
    pub size: Memory,
    /// Mode of its root, octal digits.
    pub mode: String,
    /// True where programs may be run from it.
    pub exec: bool,
    /// Where it was written.
    pub origin: Origin,
}

/// What a service is attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkRef {
    /// A network of the catalog, by the name of its unit.
    Catalog(Name),
    /// A network made elsewhere, by its podman name.
    External(String),
    /// A mode of podman's: `none`, `host`, `bridge`, `pasta`, with its options.
    Mode(String),
    /// The network namespace of another service of the catalog.
    Service(Name),
}

/// A network of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Which.
    pub network: NetworkRef,
    /// Fixed IPv4 and IPv6 addresses.
    pub ips: Vec<Sourced<IpAddr>>,
    /// Fixed link-layer address.
    pub mac: Option<Sourced<Mac>>,
    /// Other names by which containers on this network find it.
    pub aliases: Vec<Sourced<String>>,
    /// Name of the interface inside the container.
    pub interface_name: Option<Sourced<String>>,
    /// Where it was written.
    pub origin: Origin,
}

/// How a secret reaches the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// A file, `/run/secrets/NAME` unless `target` names another.
    Mount {
        /// The file's name or path.
        target: Option<String>,
        /// Its mode, octal digits.
        mode: String,
        /// Its owner.
        uid: Option<u32>,
        /// Its group.
        gid: Option<u32>,
    },
    /// An environment variable, `target` or the secret's own name.
    Env {
        /// The variable's name.
        target: Option<String>,
    },
}

/// A podman secret; never its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its name.
    pub name: Sourced<String>,
    /// How it gets in.
    pub kind: SecretKind,
    /// Where it was written.
    pub origin: Origin,
}

/// systemd's `Restart=` (systemd.service(5)).
pub type RestartPolicy = &'static str;

/// When and how often systemd starts the service again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    /// `Restart=`.
    pub policy: Sourced<RestartPolicy>,
    /// `RestartSec=`.
    pub sec: Sourced<TimeSpan>,
    /// `StartLimitBurst=`.
    pub burst: Sourced<u32>,
    /// `StartLimitIntervalSec=`: longer than the burst lasts, or the limit would never be reached.
    pub interval: Sourced<TimeSpan>,
}

/// How long systemd and podman wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// `TimeoutStartSec=`.
    pub start: Sourced<TimeSpan>,
    /// `TimeoutStopSec=`: at least ten seconds more than podman's own.
    pub stop: Sourced<TimeSpan>,
    /// `StopTimeout=`: seconds between the stop signal and the kill.
    pub podman_stop: Sourced<u32>,
}

/// How a unit leans on another (systemd.unit(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DependencyKind {
    /// `Requires=`, with `After=`.
    Requires,
    /// `Wants=`, with `After=`.
    Wants,
    /// `BindsTo=`, with `After=`.
    BindsTo,
    /// `PartOf=`.
    PartOf,
    /// `After=`.
    After,
    /// `Before=`.
    Before,
}

impl DependencyKind {
    /// The directive.
    pub fn directive(self) -> &'static str {
        match self {
            Self::Requires => "Requires",
            Self::Wants => "Wants",
            Self::BindsTo => "BindsTo",
            Self::PartOf => "PartOf",
            Self::After => "After",
            Self::Before => "Before",
        }
    }

    /// True where the unit waits for the other one to be up.
    pub fn waits(self) -> bool {
        matches!(self, Self::Requires | Self::Wants | Self::BindsTo | Self::After)
    }
}

/// A dependency on a service of the catalog or on any unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Which kind.
    pub kind: DependencyKind,
    /// The whole name of the unit: `forge-db.service`.
    pub unit: String,
    /// The service of the catalog that it is, by unit name.
    pub service: Option<Name>,
    /// Where it was written.
    pub origin: Origin,
}

/// Whom a service may talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowEntry {
    /// A network or an address.
    Net(IpNet),
    /// `localhost`, `link-local`, `multicast` or `any` (systemd.resource-control(5)).
    Keyword(&'static str),
    /// The subnets of a network of the catalog.
    Network(Name),
    /// The fixed addresses of a service of the catalog.
    Service(Name),
}

/// A line of a unit that the author wrote himself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verbatim {
    /// The section it stands in.
    pub section: String,
    /// The key.
    pub key: String,
    /// The value, as it stands in the unit.
    pub value: Sourced<String>,
}

/// An exception from a rule of `check`, with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The rule, by its id or its name: `PL105`.
    pub rule: Sourced<String>,
    /// Why the exception is right.
    pub reason: Sourced<String>,
    /// The day it ends, `YYYY-MM-DD`.
    pub expires: Option<Sourced<String>>,
}

impl Waiver {
    /// A reason of fewer characters says nothing.
    pub const SHORTEST_REASON: usize = 10;

    /// Whether it is for a check of the host, and not for a rule about units.
    pub fn is_of_the_host(&self) -> bool {
        is_of_the_host(&self.rule.value)
    }
}

/// Whether a word is the id of a check of the host, in any case, and not a rule's: `HC16`.
pub fn is_of_the_host(word: &str) -> bool {
    let begins = word.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("HC"));
    begins && word[2..].starts_with(|c: char| c.is_ascii_digit())
}

/// A service of the catalog.
#[derive(Clone, Debug)]
pub struct Service {
    /// The name of its units: `objects02`, `forge-web`.
    pub name: Name,
    /// The stem of its file: `web`.
    pub stem: Name,
    /// The stack it belongs to.
    pub stack: Option<Name>,
    /// Its file.
    pub file: FileId,
    /// `Description=`.
    pub description: Option<Sourced<Text>>,
    /// What it runs.
    pub image: Sourced<Image>,
    /// True where a `.image` unit of its own pulls the image.
    pub pull_unit: Option<Sourced<bool>>,
    /// The podman name of the container.
    pub container_name: Sourced<String>,
    /// The name of its systemd service, without `.service`.
    pub service_name: Option<Sourced<String>>,
    /// `User=` of the container.
    pub user: Option<Sourced<Account>>,
    /// `Group=` of the container.
    pub group: Option<Sourced<Account>>,
    /// Every plain key, in the order of the key table.
    pub settings: Vec<Setting>,
    /// Its limits.
    pub limits: Limits,
    /// Its volumes.
    pub mounts: Vec<Mount>,
    /// Its file systems in memory.
    pub tmpfs: Vec<Tmpfs>,
    /// Size of /dev/shm.
    pub shm_size: Sourced<Memory>,
    /// Its networks; none means `Network=none`.
    pub networks: Vec<Attachment>,
    /// Its ports on the host.
    pub ports: Vec<Sourced<PublishedPort>>,
    /// Its secrets.
    pub secrets: Vec<Secret>,
    /// When systemd starts it again.
    pub restart: Restart,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// `OOMPolicy=` (systemd.service(5)).
    pub oom_policy: Sourced<&'static str>,
    /// What it leans on.
    pub dependencies: Vec<Dependency>,
    /// Whom it may talk to; `None` sets no filter.
    pub ip_address_allow: Option<Sourced<Vec<Sourced<AllowEntry>>>>,
    /// `[Install]`.
    pub install: Vec<Setting>,
    /// Lines of the author's.
    pub verbatim: Vec<Verbatim>,
    /// Further Quadlet units that belong to it.
    pub companions: Vec<Companion>,
    /// Exceptions from rules.
    pub waivers: Vec<Waiver>,
}

impl Service {
    /// The systemd service that Quadlet makes of it: `forge-web.service`.
    pub fn unit(&self) -> String {
        let stem = self.service_name.as_ref().map_or(self.name.as_str(), |name| name.value.as_str());
        format!("{stem}.service")
    }

    /// The value of a plain key.
    pub fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key == key)
    }

    /// The text of a plain key.
    pub fn text(&self, key: &str) -> Option<&str> {
        match &self.setting(key)?.value {
            SettingValue::Text(text) => Some(&text.text),
            _ => None,
        }
    }
}
