//! What is mounted into a container, said by `Volume=`, `Mount=`, `Tmpfs=` or an argument.

use std::borrow::Cow;

use super::Run;
use crate::{diagnostic::Span, model::Profile};

/// What a mount brings in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountKind {
    /// A path of the host.
    Bind,
    /// A named volume, a `.volume` unit, or an anonymous volume.
    Volume,
    /// Memory.
    Tmpfs,
    /// An image, an artifact, a device pseudo file system or anything else podman knows.
    Other,
}

/// A mount of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount<'a> {
    /// What it brings in.
    pub kind: MountKind,
    /// The path of the host, or the name of the volume; empty where there is none.
    pub source: Cow<'a, str>,
    /// Where it appears in the container.
    pub target: Cow<'a, str>,
    /// Its options, in order and parted by commas: those of ten thousand containers are held at once.
    options: Cow<'a, str>,
    /// The flag of podman whose grammar it is written in: `volume`, `mount` or `tmpfs`.
    pub flag: &'static str,
    /// The key that says it.
    pub key: &'a str,
    /// Where.
    pub at: Span,
}

impl Mount<'_> {
    /// Its options, in order: `ro`, `Z`, `size=64m`.
    pub fn options(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.options.split(',').filter(|option| !option.is_empty())
    }

    /// Whether it has an option of that name, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.option(name).is_some()
    }

    /// The last value of an option; empty for one without a value.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options().rev().find_map(|option| match option.split_once('=') {
            Some((found, value)) => (found == name).then_some(value),
            None => (option == name).then_some(""),
        })
    }

    /// The last of some options that say opposite things, as it is written.
    pub fn last_of<'s>(&'s self, names: &[&str]) -> Option<&'s str> {
        let is_one = |option: &str| names.contains(&option.split_once('=').map_or(option, |(name, _)| name));
        self.options().rev().find(|option| is_one(option))
    }

    /// Whether a switch holds: `noexec` unless a later `exec` takes it back.
    pub fn is_on(&self, name: &str, opposite: &str) -> bool {
        self.last_of(&[name, opposite]) == Some(name)
    }

    /// Whether the container may write to it; to an overlay it may, and nothing is left of it afterwards.
    pub fn is_writable(&self) -> bool {
        self.kind != MountKind::Other && !self.is_overlay() && !self.is_read_only()
    }

    fn is_read_only(&self) -> bool {
        let Some(option) = self.last_of(&["ro", "rw", "readonly"]) else { return false };
        let (name, value) = option.split_once('=').unwrap_or((option, "true"));
        (name != "rw") == value.eq_ignore_ascii_case("true")
    }

    /// Whether it says itself that the container may, or may not, write to it.
    pub fn says_access(&self) -> bool {
        self.is_overlay() || self.last_of(&["ro", "rw", "readonly"]).is_some()
    }

    /// Whether what is written goes to a layer that is thrown away.
    pub fn is_overlay(&self) -> bool {
        self.has("O")
    }

    /// Whether podman gives all of it to the container's user at each start.
    pub fn is_chowned(&self) -> bool {
        let option = self.last_of(&["U", "chown"]);
        option
            .is_some_and(|option| !option.split_once('=').is_some_and(|(_, value)| value.eq_ignore_ascii_case("false")))
    }

    /// Where it lies on the host: an absolute path without `.`, `..` and doubled slashes, the homes of users as `~`,
    /// `/var/run` as `/run`, the specifiers of systemd.unit(5) filled in. `None` where it is no path of the host, or
    /// only the host knows which.
    pub fn host_path(&self, profile: Profile) -> Option<String> {
        (self.kind == MountKind::Bind).then(|| host_path(&self.source, profile)).flatten()
    }

    /// Whether it is relabelled for SELinux: `z` for many, `Z` for this container alone.
    pub fn relabel(&self) -> Option<char> {
        self.options().rev().find_map(|option| match option {
            "z" | "relabel=shared" => Some('z'),
            "Z" | "relabel=private" => Some('Z'),
            _ => None,
        })
    }
}

/// Every mount, in order.
pub(super) fn of<'a>(run: &Run<'a>) -> Vec<Mount<'a>> {
    let mut mounts = Vec::new();
    for arg in run.args() {
        let Some(flag) = FLAGS.iter().find(|flag| **flag == arg.flag) else { continue };
        let parts = match &arg.value {
            Cow::Borrowed(text) => parts(flag, text),
            Cow::Owned(text) => parts(flag, text).map(Parts::into_owned),
        };
        if let Some(Parts { kind, source, target, options }) = parts {
            mounts.push(Mount { kind, source, target, options, flag, key: arg.key.name, at: arg.at });
        }
    }
    mounts.shrink_to_fit();
    mounts
}

/// The flags of podman that mount something.
const FLAGS: &[&str] = &["volume", "mount", "tmpfs"];

fn parts<'t>(flag: &str, text: &'t str) -> Option<Parts<'t>> {
    match flag {
        "volume" => volume(text),
        "mount" => Some(mount(text)),
        "tmpfs" => Some(tmpfs(text)),
        _ => None,
    }
}

/// What a text says of a mount.
struct Parts<'t> {
    kind: MountKind,
    source: Cow<'t, str>,
    target: Cow<'t, str>,
    options: Cow<'t, str>,
}

impl<'t> Parts<'t> {
    fn new(kind: MountKind, source: &'t str, target: &'t str, options: &'t str) -> Self {
        Self { kind, source: source.into(), target: target.into(), options: options.into() }
    }

    fn into_owned<'o>(self) -> Parts<'o> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let Self { kind, source, target, options } = self;
        Parts { kind, source: owned(source), target: owned(target), options: owned(options) }
    }
}

/// `SOURCE:TARGET:OPTIONS` of podman-run(1) `--volume`; `TARGET` alone is an anonymous volume.
fn volume(text: &str) -> Option<Parts<'_>> {
    let mut parts = text.splitn(3, ':');
    let first = parts.next().filter(|first| !first.is_empty())?;
    let Some(target) = parts.next() else { return Some(Parts::new(MountKind::Volume, "", first, "")) };
    Some(Parts::new(kind_of_source(first), first, target, parts.next().unwrap_or_default()))
}

/// `type=TYPE,source=…,target=…,OPTION…` of podman-run(1) `--mount`.
fn mount(text: &str) -> Parts<'_> {
    let (mut kind, mut source, mut target, mut rest) = ("volume", "", "", String::new());
    let mut option = |name: &str, value: &str| {
        rest.extend([if rest.is_empty() { "" } else { "," }, name, value]);
    };
    for part in text.split(',') {
        match part.split_once('=') {
            Some(("type", value)) => kind = value,
            Some(("source" | "src", value)) => source = value,
            Some(("target" | "destination" | "dst", value)) => target = value,
            Some(("tmpfs-size", value)) => option("size=", value),
            Some(("tmpfs-mode", value)) => option("mode=", value),
            Some(("bind-propagation", value)) => option("", value),
            _ => option("", part),
        }
    }
    let kind = match kind {
        "bind" | "glob" => MountKind::Bind,
        "volume" => kind_of_source(source),
        "tmpfs" | "ramfs" => MountKind::Tmpfs,
        _ => MountKind::Other,
    };
    Parts { options: rest.into(), ..Parts::new(kind, source, target, "") }
}

/// `TARGET:OPTIONS` of podman-run(1) `--tmpfs`.
fn tmpfs(text: &str) -> Parts<'_> {
    let (target, options) = text.split_once(':').unwrap_or((text, ""));
    Parts::new(MountKind::Tmpfs, "", target, options)
}

/// systemd.unit(5): the specifiers of directories, for root and for users.
const DIRECTORIES: &[(&str, &str, &str)] = &[
    ("%h", "~", "~"),
    ("%t", "/run", "/run/user/%U"),
    ("%S", "/var/lib", "~/.local/state"),
    ("%C", "/var/cache", "~/.cache"),
    ("%L", "/var/log", "~/.local/state/log"),
    ("%E", "/etc", "~/.config"),
    ("%T", "/tmp", "/tmp"),
    ("%V", "/var/tmp", "/var/tmp"),
];

/// A path of the host as [`Mount::host_path`] tells it.
pub(in crate::policy) fn host_path(source: &str, profile: Profile) -> Option<String> {
    let of_root = profile == Profile::Rootful;
    let begins = DIRECTORIES.iter().find_map(|(specifier, root, user)| {
        let rest = source.strip_prefix(specifier)?;
        Some(format!("{}{rest}", if of_root { root } else { user }))
    });
    let text = begins.unwrap_or_else(|| source.to_owned());
    if !text.starts_with(['/', '~']) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    // What systemd links, and where homes are.
    let skipped = match parts.as_slice() {
        ["var", "run", ..] => 1,
        ["var", "home", _, ..] => 3,
        ["home", _, ..] => 2,
        ["root", ..] => 1,
        ["~", ..] => 1,
        _ => 0,
    };
    let in_home = skipped > 0 && parts.first() != Some(&"var") || skipped == 3;
    let rest = parts.get(skipped..).unwrap_or_default().join("/");
    Some(match (in_home, rest.is_empty()) {
        (true, true) => "~".to_owned(),
        (true, false) => format!("~/{rest}"),
        (false, _) => format!("/{rest}"),
    })
}

/// A path is one that begins like a path; podman takes everything else for a name. A specifier may become a path:
/// `%h` does.
fn kind_of_source(source: &str) -> MountKind {
    let specifier = source.starts_with('%') && !source.starts_with("%%");
    if source.starts_with(['/', '.', '~']) || specifier { MountKind::Bind } else { MountKind::Volume }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::facts::tests::container;

    fn one(line: &str, show: impl FnOnce(&Mount<'_>)) {
        container(line, |container| match container.mounts.as_slice() {
            [mount] => show(mount),
            mounts => panic!("{line}: {mounts:?}"),
        });
    }

    #[test]
    fn a_volume_is_taken_apart() {
        one("Volume=/srv/a:/a:ro,Z,idmap=uids=0-1-10#10-11-10", |mount| {
            assert_eq!((mount.kind, &*mount.source, &*mount.target), (MountKind::Bind, "/srv/a", "/a"));
            assert_eq!(mount.relabel(), Some('Z'));
            assert_eq!(mount.option("idmap"), Some("uids=0-1-10#10-11-10"));
            assert!(!mount.is_writable());
        });
        one("Volume=/data", |mount| assert_eq!((mount.kind, &*mount.target), (MountKind::Volume, "/data")));
        one("Volume=web.volume:/data:U", |mount| assert!(mount.kind == MountKind::Volume && mount.is_chowned()));
        one("Volume=%h/x:/x:O", |mount| assert!(mount.kind == MountKind::Bind && !mount.is_writable()));
        one("PodmanArgs=-v /srv/a:/a", |mount| assert!(mount.is_writable() && !mount.says_access()));
        container("Volume=:/a\nVolume=", |container| assert!(container.mounts.is_empty()));
    }

    #[test]
    fn a_mount_is_taken_apart() {
        one("Mount=type=bind,src=/srv/a,dst=/a,readonly=true,relabel=shared,U=true", |mount| {
            assert_eq!((mount.kind, &*mount.source, &*mount.target), (MountKind::Bind, "/srv/a", "/a"));
            assert_eq!(mount.relabel(), Some('z'));
            assert!(!mount.is_writable() && mount.is_chowned());
        });
        one("Mount=type=bind,src=/srv/a,dst=/a,ro=false,U=false", |mount| {
            assert!(mount.is_writable() && !mount.is_chowned());
        });
        one("Mount=type=tmpfs,destination=/tmp,tmpfs-size=1m,noexec", |mount| {
            assert_eq!((mount.kind, mount.option("size")), (MountKind::Tmpfs, Some("1m")));
            assert!(mount.is_on("noexec", "exec"));
        });
    }

    #[test]
    fn the_last_word_counts() {
        one("Tmpfs=/tmp:noexec,exec", |mount| assert!(!mount.is_on("noexec", "exec")));
        one("Mount=type=bind,src=/a,dst=/a,ro,rw", |mount| assert!(mount.is_writable()));
    }

    #[test]
    fn paths_are_told_alike() {
        let root = |text| host_path(text, Profile::Rootful);
        let user = |text| host_path(text, Profile::Rootless);
        for (text, path) in [
            ("/", "/"),
            ("//etc/./ssh/../", "/etc"),
            ("/../..", "/"),
            ("/var/run/docker.sock", "/run/docker.sock"),
            ("/root/x", "~/x"),
            ("/home", "/home"),
            ("/home/ann", "~"),
            ("/var/home/ann/x", "~/x"),
            ("/var/lib", "/var/lib"),
            ("%h/.ssh", "~/.ssh"),
            ("%t/podman/podman.sock", "/run/podman/podman.sock"),
        ] {
            assert_eq!(root(text).as_deref(), Some(path), "{text}");
        }
        assert_eq!(user("%t/podman/podman.sock").as_deref(), Some("/run/user/%U/podman/podman.sock"));
        assert_eq!(user("%E/systemd").as_deref(), Some("~/.config/systemd"));
        for text in ["./data", "%i/data", "", "data"] {
            assert_eq!(root(text), None, "{text}");
        }
    }
}
