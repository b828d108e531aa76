//! What `podman run` is told: the keys of a unit and the words of its `PodmanArgs=`, under one set of names.

use std::borrow::Cow;

use crate::{
    diagnostic::Span,
    policy::{Effective, effective::Value},
    unit::{
        Fallback, Key, Syntax, UnitType, keys,
        split::{Mode, split},
    },
};

/// A flag of podman, said by a key or by an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg<'a> {
    /// The long name of the flag, without dashes: `cap-add`.
    pub flag: Cow<'a, str>,
    /// Its value; a switch has `true` or `false`.
    pub value: Cow<'a, str>,
    /// The key that says it: `AddCapability`, `PodmanArgs`.
    pub key: &'static Key,
    /// Where.
    pub at: Span,
}

impl Arg<'_> {
    /// Whether it is an argument that the author wrote in podman's own words.
    pub fn is_raw(&self) -> bool {
        self.key.name == "PodmanArgs"
    }

    /// Whether podman takes it for true: Go's spelling of booleans.
    pub fn is_true(&self) -> bool {
        ["1", "t", "T", "true", "TRUE", "True"].contains(&self.value.as_ref())
    }
}

/// Everything podman is told, in the order in which Quadlet tells it: keys first, then `PodmanArgs=`, so that of a flag
/// that holds one value the last counts.
#[derive(Clone, Debug, Default)]
pub struct Run<'a> {
    args: Vec<Arg<'a>>,
    global: Vec<Arg<'a>>,
}

/// Keys whose flag is not the one of the table's fall-back, with the beginning of its value. Source: the arguments that
/// the generators of 5.4.2 and 5.8.6 write.
const FLAGS: &[(&str, &str, &str)] = &[
    ("AddCapability", "cap-add", ""),
    ("AddDevice", "device", ""),
    ("Annotation", "annotation", ""),
    ("AppArmor", "security-opt", "apparmor="),
    ("ContainerName", "name", ""),
    ("DNS", "dns", ""),
    ("DNSOption", "dns-option", ""),
    ("DNSSearch", "dns-search", ""),
    ("DropCapability", "cap-drop", ""),
    ("Environment", "env", ""),
    ("EnvironmentFile", "env-file", ""),
    ("EnvironmentHost", "env-host", ""),
    ("ExposeHostPort", "expose", ""),
    ("GIDMap", "gidmap", ""),
    ("HealthCmd", "health-cmd", ""),
    ("HealthInterval", "health-interval", ""),
    ("HealthOnFailure", "health-on-failure", ""),
    ("HealthRetries", "health-retries", ""),
    ("HealthStartPeriod", "health-start-period", ""),
    ("HealthStartupCmd", "health-startup-cmd", ""),
    ("HealthStartupInterval", "health-startup-interval", ""),
    ("HealthStartupRetries", "health-startup-retries", ""),
    ("HealthStartupSuccess", "health-startup-success", ""),
    ("HealthStartupTimeout", "health-startup-timeout", ""),
    ("HealthTimeout", "health-timeout", ""),
    ("HostName", "hostname", ""),
    ("IP", "ip", ""),
    ("IP6", "ip6", ""),
    ("Label", "label", ""),
    ("LogDriver", "log-driver", ""),
    ("Mask", "security-opt", "mask="),
    ("Mount", "mount", ""),
    ("Network", "network", ""),
    ("NoNewPrivileges", "security-opt", "no-new-privileges"),
    ("PidsLimit", "pids-limit", ""),
    ("PodName", "name", ""),
    ("PublishPort", "publish", ""),
    ("Pull", "pull", ""),
    ("ReadOnly", "read-only", ""),
    ("ReadOnlyTmpfs", "read-only-tmpfs", ""),
    ("RemapGid", "gidmap", ""),
    ("RemapUid", "uidmap", ""),
    ("RemapUsers", "userns", ""),
    ("Rootfs", "rootfs", ""),
    ("RunInit", "init", ""),
    ("SeccompProfile", "security-opt", "seccomp="),
    ("Secret", "secret", ""),
    ("SecurityLabelDisable", "security-opt", "label=disable"),
    ("SecurityLabelFileType", "security-opt", "label=filetype:"),
    ("SecurityLabelLevel", "security-opt", "label=level:"),
    ("SecurityLabelNested", "security-opt", "label=nested"),
    ("SecurityLabelType", "security-opt", "label=type:"),
    ("ShmSize", "shm-size", ""),
    ("SubGIDMap", "subgidname", ""),
    ("SubUIDMap", "subuidname", ""),
    ("Sysctl", "sysctl", ""),
    ("Timezone", "tz", ""),
    ("Tmpfs", "tmpfs", ""),
    ("UIDMap", "uidmap", ""),
    ("Unmask", "security-opt", "unmask="),
    ("User", "user", ""),
    ("UserNS", "userns", ""),
    ("Volume", "volume", ""),
    ("WorkingDir", "workdir", ""),
];

/// podman-run(1) and podman-network-create(1): flags without a value. All others take one, after `=` or as the next word.
const SWITCHES: &[&str] = &[
    "detach",
    "disable-content-trust",
    "disable-dns",
    "env-host",
    "help",
    "http-proxy",
    "ignore",
    "init",
    "interactive",
    "internal",
    "ipv6",
    "no-healthcheck",
    "no-hostname",
    "no-hosts",
    "oom-kill-disable",
    "passwd",
    "privileged",
    "publish-all",
    "quiet",
    "read-only",
    "read-only-tmpfs",
    "replace",
    "rm",
    "rmi",
    "rootfs",
    "sig-proxy",
    "tls-verify",
    "tty",
    "unsetenv-all",
];

/// podman-run(1): one-letter flags, and those whose long name has a second spelling.
const ALIASES: &[(&str, &str)] = &[
    ("a", "attach"),
    ("c", "cpu-shares"),
    ("d", "detach"),
    ("e", "env"),
    ("h", "hostname"),
    ("i", "interactive"),
    ("l", "label"),
    ("m", "memory"),
    ("p", "publish"),
    ("P", "publish-all"),
    ("q", "quiet"),
    ("t", "tty"),
    ("u", "user"),
    ("v", "volume"),
    ("w", "workdir"),
    ("net", "network"),
    ("net-alias", "network-alias"),
    ("dns-opt", "dns-option"),
    ("storage-opts", "storage-opt"),
];

impl<'a> Run<'a> {
    /// What a `.container` tells `podman run`.
    pub fn of_container(unit: &'a Effective<'a>) -> Self {
        Self::of(unit, UnitType::Container)
    }

    /// What a `.pod` tells `podman pod create`.
    pub fn of_pod(unit: &'a Effective<'a>) -> Self {
        Self::of(unit, UnitType::Pod)
    }

    /// What the arguments of a `.network` tell `podman network create`.
    pub fn of_network(unit: &'a Effective<'a>) -> Self {
        Self::of(unit, UnitType::Network)
    }

    /// What a unit of any type tells podman.
    pub fn of(unit: &'a Effective<'a>, unit_type: UnitType) -> Self {
        let mut run = Self::default();
        let group = unit_type.group();
        let mut podman_args = Vec::new();
        let mut global_args = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for value in unit.section(group) {
            if seen.contains(&value.key) {
                continue;
            }
            seen.push(value.key);
            let Some(key) = keys::key(group, value.key) else { continue };
            match key.name {
                "PodmanArgs" => podman_args = parse(key, unit),
                "GlobalArgs" => global_args = parse(key, unit),
                _ => run.push_key(key, unit),
            }
        }
        run.args.extend(podman_args);
        run.global.extend(global_args);
        run.args.shrink_to_fit();
        run.global.shrink_to_fit();
        run
    }

    fn push_key(&mut self, key: &'static Key, unit: &'a Effective<'a>) {
        let Some((flag, prefix)) = flag_of(key) else { return };
        let mut push = |value: Cow<'a, str>, at| {
            let value = if prefix.is_empty() { value } else { Cow::Owned(format!("{prefix}{value}")) };
            self.args.push(Arg { flag: Cow::Borrowed(flag), value, key, at });
        };
        match key.syntax {
            Syntax::Bool => {
                let Some(value) = unit.last(key.group, key.name) else { return };
                if prefix.is_empty() {
                    push(Cow::Borrowed(if value.is_true() { "true" } else { "false" }), value.at);
                } else if value.is_true() {
                    push(Cow::Borrowed(""), value.at);
                }
            }
            Syntax::Text | Syntax::Uint32 if !key.list => {
                if let Some(value) = unit.last(key.group, key.name) {
                    let at = value.at;
                    push(value.into_unquoted(), at);
                }
            }
            Syntax::Text | Syntax::Uint32 | Syntax::Lines | Syntax::Install => {
                for value in unit.list(key.group, key.name) {
                    push(value.text, value.at);
                }
            }
            Syntax::Strv => {
                for value in unit.list(key.group, key.name) {
                    value.split(Mode::Strv).into_texts().into_iter().for_each(|word| push(word.into(), value.at));
                }
            }
            Syntax::Args | Syntax::Pairs => {
                for value in unit.list(key.group, key.name) {
                    value.split(Mode::Args).into_texts().into_iter().for_each(|word| push(word.into(), value.at));
                }
            }
            Syntax::Exec => {}
        }
    }

    /// Takes over what a pod decides for its members, or hands down to them: namespaces, host names, ports, volumes,
    /// devices and confinement.
    pub(super) fn join_pod(&mut self, pod: Self) {
        const OF_POD: &[&str] = &[
            "network",
            "publish",
            "userns",
            "uidmap",
            "gidmap",
            "subuidname",
            "subgidname",
            "ip",
            "ip6",
            "mac-address",
            "dns",
            "dns-option",
            "dns-search",
            "add-host",
            "hostname",
            "network-alias",
            "pid",
            "uts",
            "sysctl",
            "security-opt",
            "device",
        ];
        let shared = pod.args.into_iter().filter(|arg| OF_POD.contains(&arg.flag.as_ref()) || arg.flag == "volume");
        self.args.splice(0..0, shared);
    }

    /// Everything, in order.
    pub fn args(&self) -> &[Arg<'a>] {
        &self.args
    }

    /// What `GlobalArgs=` says, between `podman` and `run`.
    pub fn global(&self) -> &[Arg<'a>] {
        &self.global
    }

    /// Every value of a flag, in order.
    pub fn all<'s>(&'s self, flag: &'s str) -> impl DoubleEndedIterator<Item = &'s Arg<'a>> {
        self.args.iter().filter(move |arg| arg.flag == flag)
    }

    /// The last value of a flag: the one that counts where it holds one.
    pub fn last<'s>(&'s self, flag: &'s str) -> Option<&'s Arg<'a>> {
        self.all(flag).next_back()
    }

    /// The argument that switches a flag on, unless a later one switches it off.
    pub fn on<'s>(&'s self, flag: &'s str) -> Option<&'s Arg<'a>> {
        self.last(flag).filter(|arg| arg.is_true())
    }

    /// The values of `--security-opt` that begin so, without that beginning. podman takes `:` for `=` after the name.
    pub fn security<'s>(&'s self, name: &'s str) -> impl DoubleEndedIterator<Item = (&'s str, &'s Arg<'a>)> {
        self.all("security-opt").filter_map(move |arg| {
            let rest = arg.value.strip_prefix(name)?;
            match rest.strip_prefix(['=', ':']) {
                Some(value) => Some((value, arg)),
                None => rest.is_empty().then_some(("", arg)),
            }
        })
    }

    /// Where `--security-opt=no-new-privileges` holds, said by key or argument.
    pub fn no_new_privileges(&self) -> Option<&Arg<'a>> {
        self.security("no-new-privileges").next_back().filter(|(value, _)| *value != "false").map(|(_, arg)| arg)
    }
}

/// The flag of a key, and what stands before its value.
fn flag_of(key: &'static Key) -> Option<(&'static str, &'static str)> {
    if let Some((_, flag, prefix)) = FLAGS.iter().find(|(name, _, _)| *name == key.name) {
        return Some((flag, prefix));
    }
    match key.fallback {
        Fallback::Flag { flag, .. } => {
            let bare = flag.strip_prefix("--").unwrap_or(flag);
            Some(bare.split_once('=').map_or((bare, ""), |(name, _)| (name, &bare[name.len() + 1..])))
        }
        Fallback::None => None,
    }
}

/// The flags in the words of `PodmanArgs=` or `GlobalArgs=`. A word that is neither a flag nor the value of one is left
/// out: podman would take it for the image.
fn parse<'a>(key: &'static Key, unit: &Effective<'_>) -> Vec<Arg<'a>> {
    let lines = unit.list(key.group, key.name);
    let words_of = |line: &Value<'_>| {
        split(&line.text, Mode::Args).into_texts().into_iter().map(|word| (word, line.at)).collect::<Vec<_>>()
    };
    let mut args = Vec::new();
    let mut words = lines.iter().flat_map(words_of);
    while let Some((word, at)) = words.next() {
        let mut push = |flag: String, value: String| args.push(Arg { flag: flag.into(), value: value.into(), key, at });
        let mut next = || words.next().map(|(word, _)| word).unwrap_or_default();
        if let Some(long) = word.strip_prefix("--").filter(|long| !long.is_empty()) {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            let name = canonical(name);
            let value = value.unwrap_or_else(|| if is_switch(&name) { "true".to_owned() } else { next() });
            push(name, value);
        } else if let Some(short) = word.strip_prefix('-').filter(|short| !short.is_empty()) {
            // `-it` is `-i -t`; `-p80:80` and `-p 80:80` are `--publish=80:80`.
            for (at, letter) in short.char_indices() {
                let name = canonical(letter.encode_utf8(&mut [0; 4]));
                let rest = &short[at + letter.len_utf8()..];
                if is_switch(&name) {
                    push(name, "true".to_owned());
                    continue;
                }
                let value = rest.strip_prefix('=').unwrap_or(rest);
                push(name, if value.is_empty() { next() } else { value.to_owned() });
                break;
            }
        }
    }
    args
}

fn canonical(name: &str) -> String {
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, long)| long).to_owned()
}

fn is_switch(name: &str) -> bool {
    SWITCHES.binary_search(&name).is_ok()
}
