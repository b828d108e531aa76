//! What is mounted into a container, said by `Volume=`, `Mount=`, `Tmpfs=` or an argument.

use super::Run;
use crate::diagnostic::Span;

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
    pub source: String,
    /// Where it appears in the container.
    pub target: String,
    /// Its options, in order: `ro`, `Z`, `size=64m`.
    pub options: Vec<String>,
    /// The key that says it.
    pub key: &'a str,
    /// Where.
    pub at: Span,
}

impl Mount<'_> {
    /// Whether it has an option of that name, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.option(name).is_some()
    }

    /// The last value of an option; empty for one without a value.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find_map(|option| match option.split_once('=') {
            Some((found, value)) => (found == name).then_some(value),
            None => (option == name).then_some(""),
        })
    }

    /// Whether the container may write to it.
    pub fn is_writable(&self) -> bool {
        let read_only = |option: &String| {
            matches!(option.as_str(), "ro" | "readonly" | "ro=true" | "readonly=true" | "rw=false" | "O")
        };
        self.kind != MountKind::Other && !self.options.iter().any(read_only)
    }

    /// Whether it is relabelled for SELinux: `z` for many, `Z` for this container alone.
    pub fn relabel(&self) -> Option<char> {
        self.options.iter().rev().find_map(|option| match option.as_str() {
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
        let mount = match arg.flag.as_ref() {
            "volume" => volume(&arg.value),
            "mount" => Some(mount(&arg.value)),
            "tmpfs" => Some(tmpfs(&arg.value)),
            _ => None,
        };
        if let Some((kind, source, target, options)) = mount {
            mounts.push(Mount { kind, source, target, options, key: arg.key, at: arg.at });
        }
    }
    mounts
}

type Parts = (MountKind, String, String, Vec<String>);

/// `SOURCE:TARGET:OPTIONS` of podman-run(1) `--volume`; `TARGET` alone is an anonymous volume.
fn volume(text: &str) -> Option<Parts> {
    let mut parts = text.splitn(3, ':');
    let first = parts.next().filter(|first| !first.is_empty())?;
    let Some(target) = parts.next() else {
        return Some((MountKind::Volume, String::new(), first.to_owned(), Vec::new()));
    };
    Some((kind_of_source(first), first.to_owned(), target.to_owned(), options(parts.next().unwrap_or_default())))
}

/// `type=TYPE,source=…,target=…,OPTION…` of podman-run(1) `--mount`.
fn mount(text: &str) -> Parts {
    let (mut kind, mut source, mut target, mut rest) = ("volume", "", "", Vec::new());
    for part in text.split(',') {
        match part.split_once('=') {
            Some(("type", value)) => kind = value,
            Some(("source" | "src", value)) => source = value,
            Some(("target" | "destination" | "dst", value)) => target = value,
            _ if part.is_empty() => {}
            Some(("tmpfs-size", value)) => rest.push(format!("size={value}")),
            Some(("tmpfs-mode", value)) => rest.push(format!("mode={value}")),
            Some(("bind-propagation", value)) => rest.push(value.to_owned()),
            _ => rest.push(part.to_owned()),
        }
    }
    let kind = match kind {
        "bind" | "glob" => MountKind::Bind,
        "volume" => kind_of_source(source),
        "tmpfs" | "ramfs" => MountKind::Tmpfs,
        _ => MountKind::Other,
    };
    (kind, source.to_owned(), target.to_owned(), rest)
}

/// `TARGET:OPTIONS` of podman-run(1) `--tmpfs`.
fn tmpfs(text: &str) -> Parts {
    let (target, rest) = text.split_once(':').unwrap_or((text, ""));
    (MountKind::Tmpfs, String::new(), target.to_owned(), options(rest))
}

/// A path is one that begins like a path; podman takes everything else for a name. A specifier may become a path:
/// `%h` does.
fn kind_of_source(source: &str) -> MountKind {
    let specifier = source.starts_with('%') && !source.starts_with("%%");
    if source.starts_with(['/', '.', '~']) || specifier { MountKind::Bind } else { MountKind::Volume }
}

fn options(text: &str) -> Vec<String> {
    text.split(',').filter(|option| !option.is_empty()).map(str::to_owned).collect()
}
