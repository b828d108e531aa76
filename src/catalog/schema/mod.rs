//! The shape of the TOML files, described once: it checks them, and it becomes the JSON Schema for editors.
//!
//! A file is first held against its shape, which finds every unknown key, every value of a wrong type and every noun
//! that is none; only then is its meaning read. A mistake in the defaults is thus told once, not once a service.

mod check;
mod json;
mod service;
mod settings;

pub(crate) use check::check;
pub use json::{SchemaOf, json_schema};
pub(crate) use service::{HEALTH_KEYS, TYPED as SERVICE_TYPED, service};
pub(crate) use settings::{NETWORK_TYPED, VOLUME_TYPED, catalog, stack};

use std::borrow::Cow;

use crate::{
    model::{self, Invalid},
    unit::keys::{self, Key, Syntax},
};

/// A table: what it is, and its keys.
#[derive(Debug)]
pub(crate) struct Schema {
    /// With its article: "a service".
    pub(crate) what: &'static str,
    pub(crate) fields: Vec<Field>,
    /// Keys of other tools, or of other tables, that an author may well try: the key and what to write instead.
    pub(crate) elsewhere: &'static [(&'static str, &'static str)],
}

impl Schema {
    pub(crate) fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }
}

/// A key of a table.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) key: Cow<'static, str>,
    pub(crate) kind: Kind,
    pub(crate) doc: Cow<'static, str>,
    /// How the unit's reader takes the value, where it goes into the unit as it is.
    pub(crate) syntax: Option<Syntax>,
}

/// A function that gives a table's shape; shapes refer to each other.
pub(crate) type Table = fn() -> &'static Schema;

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A text for a unit: a string, an integer, or `{ specifier = "…" }`.
    Text,
    /// A string that is a noun.
    Noun(&'static Noun),
    /// A string or an integer that is a noun.
    Number(&'static Noun),
    Bool,
    Integer(i64, i64),
    Choice(&'static [&'static str]),
    /// `true`, `false` or one of these.
    BoolOr(&'static [&'static str]),
    Date,
    /// Texts: one, or a list of them.
    Texts,
    /// Nouns: one, or a list of them.
    Nouns(&'static Noun),
    /// Words: a list, or one string of verbatim unit text.
    Command,
    /// A command in a key of one text: a list of words, or a string.
    TextOrWords,
    /// `KEY = VALUE` pairs: a table, or a list of `"KEY=VALUE"`.
    Pairs,
    /// As `Pairs`; the keys are names of environment variables.
    Variables,
    /// A table.
    Table(Table),
    /// Tables by name: `[network.NAME]`.
    Named(Table),
    /// A list of tables.
    Tables(Table),
    /// A list of tables, or of strings that stand for one.
    TablesOr(Table, &'static Noun),
    /// Sections of verbatim unit text: `[quadlet.Container]`.
    Sections(&'static [&'static str]),
}

/// A value with a grammar of its own.
pub(crate) struct Noun {
    /// With its article: "a size".
    pub(crate) what: &'static str,
    pub(crate) check: fn(&str) -> Result<(), Invalid>,
    pub(crate) examples: &'static [&'static str],
    /// A regular expression for editors; the check decides.
    pub(crate) pattern: Option<&'static str>,
}

impl std::fmt::Debug for Noun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.what)
    }
}

macro_rules! nouns {
    ($($name:ident: $what:literal, $check:expr, $examples:expr, $pattern:expr;)*) => {
        $(pub(crate) static $name: Noun = Noun { what: $what, check: $check, examples: &$examples, pattern: $pattern };)*
    };
}

nouns! {
    NAME: "a name", |t| model::Name::new(t).map(drop), ["web"], Some("^[a-z0-9][a-z0-9_-]{0,47}$");
    IMAGE: "an image", check_image, ["quay.io/minio/minio:RELEASE.2025-09-07", "app.build"], None;
    HOST_PATH: "a path on the host", |t| model::HostPath::new(t).map(drop), ["/srv/rootfs"], Some("^/");
    TARGET_PATH: "a path in the container", |t| model::AbsPath::new(t).map(drop), ["/data"], Some("^/");
    SOURCE: "a path on the host or the name of a volume", check_source, ["/srv/data", "cache"], None;
    MEMORY: "a size", |t| model::Memory::parse(t).map(drop), ["512M", "2G"], Some("^[0-9][0-9_]*([KMGT](iB)?)?$");
    LIMIT: "a size", check_limit, ["512M", "2G"], Some("^[0-9][0-9_]*([KMGT](iB)?)?$");
    CPUS: "a number of CPUs", |t| model::Cpus::parse(t).map(drop), ["4", "1.5", "0.25"], Some("^[0-9]+(\\.[0-9]+)?$");
    SPAN: "a time span", |t| model::TimeSpan::parse(t).map(drop), ["30s", "5min"], None;
    DURATION: "a duration", |t| model::go_duration(t), ["30s", "1m30s"], None;
    INTERVAL: "a duration", check_interval, ["30s", "disable"], None;
    ACCOUNT: "a user or group, by number or name", check_account, ["1000", "postgres"], None;
    MAC: "a MAC address", |t| model::Mac::parse(t).map(drop), ["02:00:5e:10:00:01"], None;
    IP: "an IP address", check_ip, ["192.168.10.150"], None;
    SUBNET: "a subnet", check_subnet, ["192.168.10.0/24"], None;
    IP_RANGE: "a range of addresses", check_ip_range, ["192.168.10.128/25"], None;
    HOST_IP: "an address of the host", |t| model::PublishedPort::parse_ip(t).map(drop), ["192.0.2.5"], None;
    PORT: "a port", |t| model::PortRange::parse(t).map(drop), ["8080", "8000-8010"], None;
    PUBLISH: "a published port", |t| model::PublishedPort::parse(t).map(drop), ["192.0.2.5:8080:80/tcp"], None;
    SECRET: "the name of a secret", model::secret_name, ["forge-db"], Some("^[A-Za-z0-9_.-]+$");
    SECRET_TARGET: "the name of a file or of a variable", check_secret_target, ["root-password", "TOKEN"], None;
    OCTAL: "a mode in octal digits", check_mode, ["0400"], Some("^[0-7]{3,4}$");
    PODMAN: "a version of Podman", |t| model::PodmanVersion::parse(t).map(drop), ["5.4"], None;
    NETWORK: "a network", check_network, ["lan", "none", "host"], None;
    UNIT: "a service of the catalog or a whole unit name", check_unit, ["db", "network-online.target"], None;
    UNIT_NAME: "a unit name", check_whole_unit, ["multi-user.target"], None;
    RESOURCE: "a podman name", check_resource, ["forge-db"], Some("^[a-zA-Z0-9][a-zA-Z0-9_.-]*$");
    PEER: "a network, an address, or the name of a service or network", check_peer, ["192.168.10.0/24", "localhost"], None;
    REGISTRY: "a registry, or a path in one", check_registry, ["quay.io", "docker.io/library"], None;
    RULE: "a rule", check_rule, ["PL203", "writable-rootfs"], Some("^((PL|HC)[0-9]{1,4}|[a-z][a-z0-9-]*)$");
    REASON: "a reason", check_reason, ["the entrypoint starts as root to chown its data, then drops"], Some("\\S.{8,}\\S");
    INTERFACE: "an interface", check_interface, ["eth0"], None;
}

impl Kind {
    /// What to expect, with its article, for a message.
    pub(crate) fn expects(self) -> String {
        let words = |list: &[&str]| list.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
        match self {
            Self::Text => "a string".to_owned(),
            Self::Noun(noun) | Self::Number(noun) => noun.what.to_owned(),
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Integer(low, high) => format!("an integer from {low} to {high}"),
            Self::Choice(list) => format!("one of {}", words(list)),
            Self::BoolOr(list) => format!("`true`, `false` or {}", words(list)),
            Self::Date => "a date".to_owned(),
            Self::Texts => "a string or a list of strings".to_owned(),
            Self::Nouns(noun) => format!("{}, or a list of them", noun.what),
            Self::TextOrWords => "a list of words, or one string".to_owned(),
            Self::Command => "a list of words, or one string of verbatim Quadlet text".to_owned(),
            Self::Pairs | Self::Variables => "a table such as { KEY = \"value\" }".to_owned(),
            Self::Table(table) => format!("a table: {}", table().what),
            Self::Named(table) => format!("a table of named tables, each {}", table().what),
            Self::Tables(table) => format!("a list of tables, each {}", table().what),
            Self::TablesOr(table, _) => format!("a list of tables or strings, each {}", table().what),
            Self::Sections(names) => format!("a table of sections: {}", words(names)),
        }
    }
}

/// The shape of a Quadlet key that means no more than its text.
pub(crate) fn plain(key: &Key) -> Field {
    let kind = match (key.group, key.name) {
        (_, "Environment" | "BuildArg") => Kind::Variables,
        ("Container", "Sysctl" | "LogOpt") => Kind::Pairs,
        ("Container", "Notify") => Kind::BoolOr(&["healthy"]),
        ("Container", "Pull") => Kind::Choice(&["always", "missing", "never", "newer"]),
        ("Image", "Policy") => Kind::Choice(&["always", "missing", "never", "newer"]),
        ("Container", "AutoUpdate") => Kind::Choice(&["registry", "local"]),
        ("Container", "ImageVolume") => Kind::Choice(&["bind", "ignore", "tmpfs"]),
        ("Container", "CgroupsMode") => Kind::Choice(&["split"]),
        ("Container", "Entrypoint" | "HealthCmd" | "HealthStartupCmd") => Kind::TextOrWords,
        ("Container", "Rootfs") => Kind::Noun(&HOST_PATH),
        ("Container", "WorkingDir") => Kind::Noun(&TARGET_PATH),
        (_, "ContainerName" | "PodName") => Kind::Noun(&RESOURCE),
        _ => match key.syntax {
            Syntax::Text => Kind::Text,
            Syntax::Bool => Kind::Bool,
            Syntax::Uint32 => Kind::Integer(0, 4_294_967_295),
            Syntax::Lines | Syntax::Strv | Syntax::Args => Kind::Texts,
            Syntax::Install => Kind::Nouns(&UNIT_NAME),
            Syntax::Pairs => Kind::Pairs,
            Syntax::Exec => Kind::Command,
        },
    };
    let since = match key.since {
        (4, 4) => String::new(),
        (major, minor) => format!(" Podman {major}.{minor}+."),
    };
    let doc = format!("{}{since} Quadlet: {}=.", key.doc, key.name);
    Field { key: key.snake().into(), kind, doc: doc.into(), syntax: Some(key.syntax) }
}

/// The plain keys of a Quadlet section, less those that a table of ours speaks for.
pub(crate) fn plain_keys<'a>(group: &'a str, typed: &'a [&'a str]) -> impl Iterator<Item = &'static Key> + 'a {
    keys::keys(group).iter().filter(move |key| !typed.contains(&key.name))
}

fn field(key: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { key: Cow::Borrowed(key), kind, doc: Cow::Borrowed(doc), syntax: None }
}

/// A text that systemd reads itself, to the end of its line.
fn prose(key: &'static str, doc: &'static str) -> Field {
    Field { syntax: Some(Syntax::Lines), ..field(key, Kind::Text, doc) }
}

fn check_image(text: &str) -> Result<(), Invalid> {
    if let Some(stem) = text.strip_suffix(".build").or_else(|| text.strip_suffix(".image"))
        && !stem.contains('/')
    {
        return model::Name::new(stem).map(drop);
    }
    model::ImageRef::parse(text).map(drop)
}

fn check_source(text: &str) -> Result<(), Invalid> {
    if text.starts_with('/') {
        return model::HostPath::new(text).map(drop);
    }
    model::Name::new(text).map(drop).map_err(|_| {
        Invalid::new(
            format!("`{}` is neither an absolute path nor the name of a volume", text.escape_debug()),
            "write the whole path from `/`, or the NAME of a [volume.NAME]",
        )
    })
}

fn check_limit(text: &str) -> Result<(), Invalid> {
    match model::Memory::parse(text)?.bytes() {
        0 => Err(Invalid::new("a limit of 0", "0 would mean no limit at all: write how much is needed")),
        _ => Ok(()),
    }
}

fn check_interval(text: &str) -> Result<(), Invalid> {
    if text == "disable" { Ok(()) } else { model::go_duration(text) }
}

fn check_account(text: &str) -> Result<(), Invalid> {
    let invalid =
        |help: &str| Err(Invalid::new(format!("`{}` is neither a user nor a group", text.escape_debug()), help));
    if text.contains(':') {
        return invalid("write the user in `user` and the group in `group`");
    }
    if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        return match text.parse::<u32>() {
            Ok(id) if id < u32::MAX => Ok(()),
            _ => invalid("ids run from 0 to 4294967294"),
        };
    }
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if text.len() <= 32
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || matches!(b, b'-' | b'.'))
    {
        return Ok(());
    }
    invalid("write a number, or a name that the image's /etc/passwd knows")
}

fn check_ip(text: &str) -> Result<(), Invalid> {
    text.parse::<std::net::IpAddr>().map(drop).map_err(|_| {
        let help = match text.split_once('/') {
            Some((ip, _)) => format!("write the address alone: `{ip}`"),
            None => "write an address, such as `192.168.10.150`".to_owned(),
        };
        Invalid::new(format!("`{}` is not an IP address", text.escape_debug()), help)
    })
}

fn check_subnet(text: &str) -> Result<(), Invalid> {
    let invalid = |help: String| Invalid::new(format!("`{}` is not a subnet", text.escape_debug()), help);
    let net: ipnet::IpNet =
        text.parse().map_err(|_| invalid("write network and prefix length, such as `192.168.10.0/24`".to_owned()))?;
    if net.trunc() == net { Ok(()) } else { Err(invalid(format!("write `{}`", net.trunc()))) }
}

fn check_ip_range(text: &str) -> Result<(), Invalid> {
    if let Some((first, last)) = text.split_once('-') {
        check_ip(first)?;
        check_ip(last)?;
        let ends: (Option<std::net::IpAddr>, Option<std::net::IpAddr>) = (first.parse().ok(), last.parse().ok());
        return match ends.0.zip(ends.1) {
            Some((first, last)) if first > last || first.is_ipv4() != last.is_ipv4() => {
                Err(Invalid::new(format!("`{text}` runs backwards"), "write the first address, `-`, and the last one"))
            }
            _ => Ok(()),
        };
    }
    check_subnet(text)
}

fn check_secret_target(text: &str) -> Result<(), Invalid> {
    match text.chars().find(|c| matches!(c, ',' | '=')) {
        None if text.is_empty() => {
            Err(Invalid::new("the target of a secret is empty", "write the name of a file, or leave it out"))
        }
        None => Ok(()),
        Some(c) => Err(Invalid::new(
            format!("`{}` holds `{c}`, which ends a part of the secret", text.escape_debug()),
            "write a target without `,` and `=`",
        )),
    }
}

fn check_mode(text: &str) -> Result<(), Invalid> {
    if (3..=4).contains(&text.len()) && text.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        return Ok(());
    }
    Err(Invalid::new(
        format!("`{}` is not a mode", text.escape_debug()),
        "write octal digits in quotes, such as \"0400\"",
    ))
}

fn check_network(text: &str) -> Result<(), Invalid> {
    let mode = text.split(':').next().unwrap_or(text);
    match mode {
        "none" | "host" | "private" if mode != text => {
            Err(Invalid::new(format!("`{mode}` takes no options"), format!("write `{mode}`")))
        }
        "none" | "host" | "private" | "bridge" | "pasta" | "slirp4netns" => Ok(()),
        "container" | "ns" => Err(Invalid::new(
            format!("`{}` joins a network namespace by hand", text.escape_debug()),
            "write NAME.container, with the name of a service of this catalog",
        )),
        _ => model::Name::new(text.strip_suffix(".container").unwrap_or(text)).map(drop),
    }
}

/// The suffixes of systemd's unit types, and Quadlet's that become a service.
pub(crate) const UNIT_SUFFIXES: &[&str] = &[
    "service",
    "socket",
    "device",
    "mount",
    "automount",
    "swap",
    "target",
    "path",
    "timer",
    "slice",
    "scope",
    "container",
];

fn check_whole_unit(text: &str) -> Result<(), Invalid> {
    let invalid = |help: &str| Err(Invalid::new(format!("`{}` is not the name of a unit", text.escape_debug()), help));
    let Some((stem, suffix)) = text.rsplit_once('.') else {
        return invalid("write it with its suffix, such as `network-online.target`");
    };
    if !UNIT_SUFFIXES.contains(&suffix) {
        return invalid("end it with a unit type of systemd, such as `.service` or `.target`");
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '.' | '-' | '@' | '\\');
    if stem.is_empty() || text.len() > 255 || !stem.chars().all(fits) {
        return invalid("a unit name holds letters, digits and `:_.-@\\` (systemd.unit(5))");
    }
    Ok(())
}

fn check_unit(text: &str) -> Result<(), Invalid> {
    if text.contains('.') { check_whole_unit(text) } else { model::Name::new(text).map(drop) }
}

fn check_resource(text: &str) -> Result<(), Invalid> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    if text.len() <= 253 && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric()) && text.bytes().all(fits) {
        return Ok(());
    }
    Err(Invalid::new(
        format!("`{}` is not a name that podman takes", text.escape_debug()),
        "begin with a letter or digit; then letters, digits, `_`, `.` and `-`",
    ))
}

fn check_peer(text: &str) -> Result<(), Invalid> {
    if matches!(text, "localhost" | "link-local" | "multicast" | "any") || text.parse::<std::net::IpAddr>().is_ok() {
        return Ok(());
    }
    if text.contains('/') {
        return check_subnet(text);
    }
    if text.contains([':', '.']) {
        return check_ip(text);
    }
    model::Name::new(text).map(drop)
}

fn check_registry(text: &str) -> Result<(), Invalid> {
    let probe = format!("{}/x", text.trim_end_matches('/'));
    let host = text.split('/').next().unwrap_or(text);
    if !text.ends_with('/')
        && (host.contains(['.', ':']) || host == "localhost")
        && model::ImageRef::parse(&probe).is_ok()
    {
        return Ok(());
    }
    Err(Invalid::new(
        format!("`{}` is not a registry", text.escape_debug()),
        "write a host such as `quay.io`, or a path in one such as `docker.io/library`",
    ))
}

/// Which rules there are is known to whoever judges.
fn check_rule(text: &str) -> Result<(), Invalid> {
    let digits = text.strip_prefix("PL").or_else(|| text.strip_prefix("HC")).unwrap_or("");
    let is_id = !digits.is_empty() && digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit());
    let in_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if is_id || text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(in_name) {
        return Ok(());
    }
    Err(Invalid::new(
        format!("`{}` is neither the id nor the name of a rule", text.escape_debug()),
        "write its id, such as `PL203`, or its name, such as `writable-rootfs`",
    ))
}

fn check_reason(text: &str) -> Result<(), Invalid> {
    let (length, least) = (text.trim().chars().count(), model::Waiver::SHORTEST_REASON);
    if length >= least {
        return Ok(());
    }
    let message = match length {
        0 => "a waiver without a reason".to_owned(),
        _ => format!("a waiver with a reason of {length} characters"),
    };
    let help = format!("say in a sentence, of at least {least} characters, why the exception is right");
    Err(Invalid::new(message, help))
}

fn check_interface(text: &str) -> Result<(), Invalid> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'@');
    if (1..=15).contains(&text.len()) && text.bytes().all(fits) && !matches!(text, "." | "..") {
        return Ok(());
    }
    Err(Invalid::new(
        format!("`{}` is not the name of an interface", text.escape_debug()),
        "write the name that `ip link` shows, at most 15 characters",
    ))
}
