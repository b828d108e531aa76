//! Volumes, file systems in memory, and secrets of a service.

use super::{
    super::{
        fields::{self, Fields},
        node::Node,
    },
    Reference, Scope, has_user_namespace, resolve, string,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Origin, Sourced},
    model::{
        AbsPath, Access, Account, HostPath, Memory, Mount, MountSource, Profile, Secret, SecretKind, Service, Setting,
        Tmpfs, env_name,
    },
};

const MIB: u64 = 1 << 20;

/// A share of the service's memory, at most so much; never 0, which would mean no limit at all (tmpfs(5)).
fn share(memory: Option<Memory>, divisor: u64, most: u64) -> Memory {
    let bytes = memory.map_or(most, |memory| (memory.bytes() / divisor).clamp(1, most));
    Memory::from_bytes(bytes).expect("a few MiB")
}

/// Reads `volume`.
pub(super) fn mounts(
    fields: &Fields<'_>,
    settings: &[Setting],
    scope: &Scope<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<Mount> {
    let rootful = scope.target.profile == Profile::Rootful;
    let default_idmap = rootful && has_user_namespace(settings, scope.target);
    let nodes = fields.items("volume").unwrap_or_default();
    nodes.iter().filter_map(|node| mount(node, default_idmap, scope, diagnostics)).collect()
}

fn mount(node: &Node, default_idmap: bool, scope: &Scope<'_>, diagnostics: &mut Diagnostics) -> Option<Mount> {
    let table = Fields::item(node)?;
    for (key, help) in [
        ("source", "write an absolute path on the host, or the NAME of a [volume.NAME]"),
        ("target", "write the path in the container"),
    ] {
        if !table.has(key) {
            diagnostics.push(Diagnostic::error(format!("a volume without `{key}`"), node.span).help(help));
        }
    }
    let idmap = table.bool("idmap");
    if let Some(idmap) = idmap.as_ref().filter(|idmap| idmap.value && scope.target.profile == Profile::Rootless) {
        diagnostics.push(
            Diagnostic::general("a rootless container cannot map the ids of a volume")
                .at_origin(idmap.origin)
                .help("podman maps them for root only: take `idmap` out, or take the rootful profile"),
        );
    }
    let source = table.node("source").and_then(|node| source(node, scope, diagnostics));
    Some(Mount {
        target: table.noun("target", AbsPath::new)?,
        source: source?,
        access: if table.string("access").is_some_and(|word| word.value == "rw") { Access::Rw } else { Access::Ro },
        shared: table.yes("shared"),
        idmap: idmap.map_or(default_idmap, |idmap| idmap.value),
        exec: table.yes("exec"),
        origin: node.origin(),
    })
}

fn source(node: &Node, scope: &Scope<'_>, diagnostics: &mut Diagnostics) -> Option<Sourced<MountSource>> {
    let text = string(node)?;
    if text.starts_with('/') {
        return HostPath::new(text).ok().map(|path| Sourced::new(MountSource::Path(path), node.origin()));
    }
    crate::model::Name::new(text).ok()?;
    let volume = resolve(scope.volume(text), Reference::Volume, node, text, scope, diagnostics)?;
    let source = if volume.external {
        MountSource::External(volume.volume_name.value.clone())
    } else {
        MountSource::Volume(volume.name.clone())
    };
    Some(Sourced::new(source, node.origin()))
}

/// The built-in file systems in memory, which an entry of the same target replaces and an empty list removes; then the
/// author's own.
pub(super) fn tmpfs(
    fields: &Fields<'_>,
    memory: Option<Memory>,
    user: Option<&Sourced<Account>>,
    diagnostics: &mut Diagnostics,
) -> Vec<Tmpfs> {
    let nodes = fields.items("tmpfs");
    let own: Vec<Tmpfs> =
        nodes.unwrap_or_default().iter().filter_map(|node| own_tmpfs(node, memory, diagnostics)).collect();
    let root = user.is_none_or(|user| user.value.is_root());
    let built_in = |target: &str, size: Memory, mode: &str| Tmpfs {
        target: Sourced::built_in(AbsPath::new(target).expect("a path of Plimsoll's own")),
        size,
        mode: mode.to_owned(),
        exec: false,
        origin: Origin::BuiltIn,
    };
    let mounted: Vec<&str> = fields
        .items("volume")
        .unwrap_or_default()
        .iter()
        .filter_map(|node| string(Fields::one(node).node("target")?))
        .collect();
    let mut all = Vec::new();
    if nodes.is_none_or(|nodes| !nodes.is_empty()) {
        all.push(built_in("/tmp", share(memory, 8, 64 * MIB), "1777"));
        // Whoever the container runs as must be able to write its pid files and sockets.
        all.push(built_in("/run", share(memory, 16, 16 * MIB), if root { "0755" } else { "1777" }));
        all.retain(|entry| {
            let target = entry.target.value.as_str();
            own.iter().all(|tmpfs| tmpfs.target.value.as_str() != target) && !mounted.contains(&target)
        });
    }
    all.extend(own);
    all
}

fn own_tmpfs(node: &Node, memory: Option<Memory>, diagnostics: &mut Diagnostics) -> Option<Tmpfs> {
    let table = Fields::item(node)?;
    if !table.has("target") {
        diagnostics.push(
            Diagnostic::error("a tmpfs without `target`", node.span)
                .help("write the path in the container, such as \"/var/cache\""),
        );
    }
    Some(Tmpfs {
        target: table.noun("target", AbsPath::new)?,
        size: table.noun("size", Memory::parse).map_or_else(|| share(memory, 8, 64 * MIB), |size| size.value),
        mode: table.string("mode").map_or_else(|| "1777".to_owned(), |mode| mode.value.to_owned()),
        exec: table.yes("exec"),
        origin: node.origin(),
    })
}

/// Reads `shm_size`.
pub(super) fn shm_size(fields: &Fields<'_>, memory: Option<Memory>) -> Sourced<Memory> {
    fields.noun("shm_size", Memory::parse).unwrap_or_else(|| Sourced::built_in(share(memory, 8, 64 * MIB)))
}

/// Reads `secret`: tables, or names.
pub(super) fn secrets(
    fields: &Fields<'_>,
    user: Option<&Sourced<Account>>,
    group: Option<&Sourced<Account>>,
    diagnostics: &mut Diagnostics,
) -> Vec<Secret> {
    let id = |account: Option<&Sourced<Account>>| account.and_then(|account| account.value.id());
    let (uid, gid) = (id(user), id(group));
    let nodes = fields.items("secret").unwrap_or_default();
    nodes.iter().filter_map(|node| secret(node, uid, gid, diagnostics)).collect()
}

fn secret(node: &Node, uid: Option<u32>, gid: Option<u32>, diagnostics: &mut Diagnostics) -> Option<Secret> {
    let file = |target, mode: &str, uid, gid| SecretKind::Mount { target, mode: mode.to_owned(), uid, gid };
    if string(node).is_some() {
        let name = fields::noun(node, |text| Ok(text.to_owned()))?;
        return Some(Secret { name, kind: file(None, "0400", uid, gid), origin: node.origin() });
    }
    let table = Fields::item(node)?;
    if !table.has("name") {
        diagnostics.push(
            Diagnostic::error("a secret without a `name`", node.span)
                .help("write the name that `podman secret ls` shows"),
        );
    }
    let target = table.string("target");
    let kind = if table.string("type").is_some_and(|kind| kind.value == "env") {
        for key in ["mode", "uid", "gid"] {
            if let Some(node) = table.node(key) {
                diagnostics.push(
                    Diagnostic::error(format!("`{key}` is for a secret that is a file"), node.span)
                        .help("take it out, or write `type = \"mount\"`"),
                );
            }
        }
        if let Some(Err(invalid)) = target.as_ref().map(|target| env_name(target.value)) {
            diagnostics.push(
                Diagnostic::general(invalid.message)
                    .at_origin(target.as_ref().map_or(Origin::BuiltIn, |t| t.origin))
                    .help(invalid.help),
            );
        }
        SecretKind::Env { target: target.map(|target| target.value.to_owned()) }
    } else {
        let own = |key: &str, inherited: Option<u32>| table.bounded(key).map(|id| id.value).or(inherited);
        let mode = table.string("mode").map_or("0400", |mode| mode.value);
        file(target.map(|target| target.value.to_owned()), mode, own("uid", uid), own("gid", gid))
    };
    Some(Secret { name: table.noun("name", |text| Ok(text.to_owned()))?, kind, origin: node.origin() })
}

/// Two mounts cannot stand on one path.
pub(super) fn check_targets(service: &Service, diagnostics: &mut Diagnostics) {
    let mounts = service.mounts.iter().map(|mount| &mount.target);
    let targets: Vec<_> = mounts.chain(service.tmpfs.iter().map(|tmpfs| &tmpfs.target)).collect();
    for (at, target) in targets.iter().enumerate() {
        if let Some(first) = targets[..at].iter().find(|earlier| earlier.value == target.value) {
            diagnostics.push(
                Diagnostic::general(format!("two mounts on `{}`", target.value))
                    .at_origin(target.origin)
                    .related(first.origin, "the other one")
                    .help("the container would not start: give one of them another target"),
            );
        }
        if target.value.as_str() == "/" {
            diagnostics.push(
                Diagnostic::general("a mount on `/` of the container")
                    .at_origin(target.origin)
                    .help("it would hide the image: mount a directory inside it"),
            );
        }
    }
}
