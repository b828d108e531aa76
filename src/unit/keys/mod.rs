//! The key table: every key that Quadlet knows, from Podman 4.4 to 6.2.
//!
//! A key that a Podman does not know keeps it from generating the unit at all, so each row says
//! since when it may be written, how its value is read, and how to say the same with `PodmanArgs=`
//! to an older Podman. A new key is a row in the file of its unit type.
//!
//! Source: the key tables in `pkg/systemd/quadlet/quadlet.go` of 53 releases from 4.4.0 on, held
//! against 16 real generators; the rows of 6.1 and 6.2 from the release notes. Flags of the
//! fall-backs: the manual pages of podman from 4.4 on.

mod artifact;
mod build;
mod common;
mod container;
mod gates;
mod image;
mod kube;
mod network;
mod pod;
mod volume;

pub use gates::{Gated, VALUE_GATES, ValueGate, value_gates};

/// A release series of Podman: major and minor.
pub type Version = (u16, u16);

/// The first Podman that has Quadlet.
pub const QUADLET: Version = (4, 4);

/// The newest Podman whose keys are known.
pub const NEWEST: Version = (6, 2);

/// The kinds of files that Quadlet turns into services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitType {
    /// `.container`: one container.
    Container,
    /// `.pod`: containers that share their namespaces.
    Pod,
    /// `.network`: a podman network.
    Network,
    /// `.volume`: a podman volume.
    Volume,
    /// `.image`: an image to pull.
    Image,
    /// `.build`: an image to build.
    Build,
    /// `.kube`: Kubernetes YAML to play.
    Kube,
    /// `.artifact`: an OCI artifact to pull.
    Artifact,
}

impl UnitType {
    /// Every unit type.
    pub const fn all() -> &'static [Self] {
        &[Self::Container, Self::Pod, Self::Network, Self::Volume, Self::Image, Self::Build, Self::Kube, Self::Artifact]
    }

    /// The suffix of its files, with the dot.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Container => ".container",
            Self::Pod => ".pod",
            Self::Network => ".network",
            Self::Volume => ".volume",
            Self::Image => ".image",
            Self::Build => ".build",
            Self::Kube => ".kube",
            Self::Artifact => ".artifact",
        }
    }

    /// The section that holds its keys.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Container => "Container",
            Self::Pod => "Pod",
            Self::Network => "Network",
            Self::Volume => "Volume",
            Self::Image => "Image",
            Self::Build => "Build",
            Self::Kube => "Kube",
            Self::Artifact => "Artifact",
        }
    }

    /// The first Podman that reads such files.
    pub const fn since(self) -> Version {
        match self {
            Self::Container | Self::Network | Self::Volume | Self::Kube => QUADLET,
            Self::Image => (4, 8),
            Self::Pod => (5, 0),
            Self::Build => (5, 2),
            Self::Artifact => (5, 7),
        }
    }

    /// The unit type of a suffix, with the dot or without it.
    pub fn from_suffix(suffix: &str) -> Option<Self> {
        let bare = suffix.strip_prefix('.').unwrap_or(suffix);
        Self::all().iter().copied().find(|found| &found.suffix()[1..] == bare)
    }

    /// The unit type of a file name, and the name without its suffix.
    pub fn of_file(name: &str) -> Option<(&str, Self)> {
        Self::all().iter().find_map(|&found| Some((name.strip_suffix(found.suffix())?, found)))
    }

    /// The service that Quadlet makes of a file, unless its `ServiceName=` says otherwise: the
    /// service of `lan.network` is `lan-network.service`, that of `foo@.volume` is
    /// `foo-volume@.service`.
    pub fn service_name(self, stem: &str) -> String {
        let kind = match self {
            Self::Container | Self::Kube => "",
            other => &other.suffix()[1..],
        };
        let (base, instance) = match stem.find('@') {
            Some(at) => stem.split_at(at),
            None => (stem, ""),
        };
        let dash = if kind.is_empty() { "" } else { "-" };
        format!("{base}{dash}{kind}{instance}.service")
    }
}

/// How Podman reads the value of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// One string: the last assignment wins, a pair of double quotes around it is taken off.
    Text,
    /// One value a line, as it stands; an empty assignment resets the list.
    Lines,
    /// Words, quotes taken off, escapes retained; an empty assignment resets the list.
    Strv,
    /// Words split like a command line; an empty assignment resets the list.
    Args,
    /// `KEY=VALUE` words split like a command line; the last of a key wins.
    Pairs,
    /// Words split like a command line, of the last assignment only.
    Exec,
    /// `1`, `yes`, `true` or `on`; anything else is false without a message.
    Bool,
    /// A number; anything else is 0 without a message, and a leading 0 means octal.
    Uint32,
    /// An `[Install]` key: words that the generator makes links of.
    Install,
}

/// How to say to an older Podman what the key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fallback {
    /// There is no honest equivalent.
    None,
    /// A `PodmanArgs=` word: the flag, and the value after a `=`.
    Flag {
        /// The flag as podman knows it. If it ends with `=` the value follows at once.
        flag: &'static str,
        /// The first Podman whose command has it, but none before Quadlet itself.
        since: Version,
    },
}

impl Fallback {
    /// The unquoted `PodmanArgs=` word for `value`, if `podman` knows the flag.
    pub fn argument(self, podman: Version, value: &str) -> Option<String> {
        match self {
            Self::Flag { flag, since } if since <= podman => {
                let equals = if flag.ends_with('=') { "" } else { "=" };
                Some(format!("{flag}{equals}{value}"))
            }
            Self::Flag { .. } | Self::None => None,
        }
    }
}

/// One key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The section it belongs to.
    pub group: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The first Podman that knows it.
    pub since: Version,
    /// How its value is read.
    pub syntax: Syntax,
    /// Whether it may be given several times.
    pub list: bool,
    /// Whether it only stays for old files' sake.
    pub deprecated: bool,
    /// What to write for an older Podman.
    pub fallback: Fallback,
    /// What it does, in one sentence.
    pub doc: &'static str,
}

impl Key {
    /// A key whose syntax says whether it is a list.
    const fn new(group: &'static str, name: &'static str, since: Version, syntax: Syntax, doc: &'static str) -> Self {
        let list = matches!(syntax, Syntax::Lines | Syntax::Strv | Syntax::Args | Syntax::Pairs | Syntax::Install);
        Self { group, name, since, syntax, list, deprecated: false, fallback: Fallback::None, doc }
    }

    const fn deprecated(self) -> Self {
        Self { deprecated: true, ..self }
    }

    const fn single(self) -> Self {
        Self { list: false, ..self }
    }

    /// A fall-back that every Podman with Quadlet has.
    const fn flag(self, flag: &'static str) -> Self {
        self.flag_since(flag, QUADLET)
    }

    const fn flag_since(self, flag: &'static str, since: Version) -> Self {
        Self { fallback: Fallback::Flag { flag, since }, ..self }
    }

    /// Whether that Podman knows the key.
    pub fn is_known_to(&self, podman: Version) -> bool {
        self.since <= podman
    }

    /// Its name in the catalog: `AddHost` is `add_host`, `DNSOption` is `dns_option`, `IPv6` is
    /// `ipv6`.
    pub fn snake(&self) -> String {
        snake(self.name)
    }
}

/// Words that a rule about capital letters would cut wrongly.
const SNAKE: &[(&str, &str)] = &[("IPv6", "ipv6")];

/// Puts a `_` before each capital that follows a small letter or a digit, or that begins a word
/// after an abbreviation.
fn snake(name: &str) -> String {
    if let Some((_, snake)) = SNAKE.iter().find(|(known, _)| *known == name) {
        return (*snake).to_owned();
    }
    let bytes = name.as_bytes();
    let mut snake = String::with_capacity(name.len() + 4);
    for (at, byte) in bytes.iter().enumerate() {
        let next_is_small = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let after_word = at > 0 && !bytes[at - 1].is_ascii_uppercase();
        if at > 0 && byte.is_ascii_uppercase() && (after_word || next_is_small) {
            snake.push('_');
        }
        snake.push(char::from(byte.to_ascii_lowercase()));
    }
    snake
}

/// The keys of a section, in the order of their names. No keys for a section that is not Quadlet's.
pub fn keys(group: &str) -> &'static [Key] {
    GROUPS.iter().find(|(name, _)| *name == group).map_or(&[], |(_, keys)| keys)
}

/// The key of that name in that section.
pub fn key(group: &str, name: &str) -> Option<&'static Key> {
    let keys = keys(group);
    keys.binary_search_by(|key| key.name.cmp(name)).ok().and_then(|at| keys.get(at))
}

/// Every section that Quadlet reads itself: those of the unit types, `Quadlet` and `Install`.
pub fn groups() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().map(|(name, _)| *name)
}

/// Every key of every section.
pub fn all() -> impl Iterator<Item = &'static Key> {
    GROUPS.iter().flat_map(|(_, keys)| keys.iter())
}

const GROUPS: &[(&str, &[Key])] = &[
    ("Container", container::KEYS),
    ("Pod", pod::KEYS),
    ("Network", network::KEYS),
    ("Volume", volume::KEYS),
    ("Image", image::KEYS),
    ("Build", build::KEYS),
    ("Kube", kube::KEYS),
    ("Artifact", artifact::KEYS),
    ("Quadlet", common::QUADLET),
    ("Install", common::INSTALL),
];
