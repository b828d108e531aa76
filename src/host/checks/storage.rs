//! File systems beneath containers, and the files that are given to them.

use std::collections::BTreeSet;

use super::{Item, Parts, Said, Scope, a_few, fail, not_applicable, pass, warn};
use crate::{
    host::{
        config,
        root::{Owned, Way},
        system,
    },
    model::{
        Access, Mount, MountSource, Service, SettingValue,
        mountinfo::{self, MountPoint, mount_of},
    },
    policy::host::{HostCheck, Status},
};

/// The kernel from which on a file system can be mounted with other ids (`mount_setattr(2)`).
const IDMAPPED_SINCE: &[(&str, (u32, u32))] = &[
    ("ext4", (5, 12)),
    ("xfs", (5, 12)),
    ("vfat", (5, 12)),
    ("btrfs", (5, 15)),
    ("f2fs", (5, 18)),
    ("erofs", (5, 19)),
    ("squashfs", (6, 2)),
    ("tmpfs", (6, 3)),
    ("ceph", (6, 7)),
];

/// How many files beneath a directory of units are looked at.
const MOST_FILES: usize = 2000;

pub(super) const ITEMS: &[Item] = &[
    Item {
        about: HostCheck {
            id: "HC18",
            name: "idmap-possible",
            what: "Every idmapped volume of the catalog is on a file system that can be mounted so.",
            fails: Some("the file system cannot be idmapped at all, or not by this kernel"),
            warns: None,
            why: "idmap keeps the numbers on disk while the ids of the container move. Where the file system cannot do that the container does not start, and the message speaks of an invalid argument.",
            fix: "move the data to ext4, xfs or btrfs, or write idmap = false and give the files to fixed ids (uid_map)",
            today: Some(
                "What is said of ZFS depends on OpenZFS, not on the kernel: it is said to work from 2.2 on, and has not been tried here, so it is told as unknown. Rootless podman has no idmapped volumes.",
            ),
            reads: &[
                "/proc/self/mountinfo",
                "/proc/sys/kernel/osrelease",
                "/etc/containers/storage.conf",
                "the catalog",
            ],
            sources: &["B31", "mount_setattr(2)", "podman-run(1) --volume"],
        },
        look: idmap,
    },
    Item {
        about: HostCheck {
            id: "HC31",
            name: "storage-apart",
            what: "Images, containers and writable volumes are not on the file system of /.",
            fails: None,
            warns: Some("podman's storage, or a writable volume, shares the file system of /"),
            why: "A service that fills its volume, or a pull that fills the image store, then fills / and takes logging, logins and updates down with it. A file system of its own is also the simplest quota.",
            fix: "mount a file system of its own on /var/lib/containers and one for data, or give volumes a quota of their file system",
            today: None,
            reads: &["/proc/self/mountinfo", "/etc/containers/storage.conf", "the catalog"],
            sources: &["B16", "B36", "CIS 1.1.1"],
        },
        look: apart,
    },
    Item {
        about: HostCheck {
            id: "HC34",
            name: "unit-permissions",
            what: "Only root can change units and the configuration of podman, and read files of secrets.",
            fails: Some(
                "a directory or file, or a directory on the way there or to where a link leads, is not root's, or group or others may write to it, or may read a file of environment variables",
            ),
            warns: None,
            why: "Whoever can write a file in one of these directories runs a program as root at the next daemon-reload. A file of environment variables often holds a password.",
            fix: "chown root:root and chmod go-w what is named; chmod 0600 the files of environment variables",
            today: None,
            reads: &[
                "/etc/containers",
                "/etc/containers/systemd",
                "/etc/systemd/system",
                "the catalog's environment files",
            ],
            sources: &["CIS 3.1", "CIS 3.2", "CIS 3.17", "podman-systemd.unit(5)"],
        },
        look: permissions,
    },
    Item {
        about: HostCheck {
            id: "HC35",
            name: "given-files",
            what: "Every directory, file and secret that the catalog gives to a service is there.",
            fails: Some("one is missing"),
            warns: None,
            why: "podman makes no missing source of a bind mount, and no secret: the service fails at its start, after a reboot or an update when nobody is looking.",
            fix: "make them, for whoever the service runs as: install -d DIR, podman secret create NAME FILE",
            today: None,
            reads: &["the sources of the catalog's volumes", "/var/lib/containers/storage/secrets/secrets.json"],
            sources: &["A21", "A43", "podman-run(1) --volume", "podman-secret-create(1)"],
        },
        look: given,
    },
];

fn mounts(scope: &Scope<'_>) -> Result<Vec<MountPoint>, String> {
    Ok(mountinfo::mounts(&scope.root.must("proc/self/mountinfo")?))
}

/// The catalog's mounts with the paths of the host that they are, less those that only podman can find.
fn sources<'c>(scope: &Scope<'c>, graph_root: &str) -> Vec<(&'c Service, &'c Mount, String)> {
    let path = |mount: &Mount| match &mount.source.value {
        MountSource::Path(path) => path.as_str().to_owned(),
        // A named volume lies in podman's storage unless its driver says otherwise.
        MountSource::Volume(name) => format!("/{graph_root}/volumes/{name}"),
        MountSource::External(name) => format!("/{graph_root}/volumes/{name}"),
    };
    scope.services().flat_map(|service| service.mounts.iter().map(move |mount| (service, mount, path(mount)))).collect()
}

fn idmap(scope: &Scope<'_>) -> Result<Said, String> {
    let idmapped = |service: &Service| service.mounts.iter().any(|mount| mount.idmap);
    if !scope.services().any(idmapped) {
        return Ok(not_applicable(if scope.catalog.is_some() {
            "no volume of the catalog is idmapped"
        } else {
            "without a catalog there is no volume"
        }));
    }
    let kernel = system::kernel(scope.root)?;
    let mounts = mounts(scope)?;
    let graph_root = config::graph_root(scope.root)?;
    let mut parts = Parts::default();
    let mut fine: Vec<&str> = Vec::new();
    let mut volumes = 0;
    for (service, mount, path) in sources(scope, &graph_root) {
        if !mount.idmap {
            continue;
        }
        volumes += 1;
        let Some(on) = mount_of(&mounts, &path) else {
            parts.add(Status::Unknown, format!("{}: nothing tells on what file system {path} is", service.name));
            continue;
        };
        match can_be_idmapped(&on.kind, kernel) {
            Ok(()) => fine.push(&on.kind),
            Err((status, why)) => parts.add(status, format!("{}: {path} is on {}, {why}", service.name, on.kind)),
        }
    }
    fine.sort_unstable();
    fine.dedup();
    let shown = if volumes == 1 { "1 volume".to_owned() } else { format!("{volumes} volumes") };
    parts.add(Status::Pass, format!("{shown} on {}, Linux {}.{}", fine.join(", "), kernel.0, kernel.1));
    Ok(parts.said(""))
}

fn can_be_idmapped(kind: &str, kernel: (u32, u32)) -> Result<(), (Status, String)> {
    if let Some((_, since)) = IDMAPPED_SINCE.iter().find(|(name, _)| *name == kind) {
        let why = || {
            (
                Status::Fail,
                format!(
                    "which can be idmapped from Linux {}.{} on, and this is {}.{}",
                    since.0, since.1, kernel.0, kernel.1
                ),
            )
        };
        return if kernel >= *since { Ok(()) } else { Err(why()) };
    }
    let never =
        kind.starts_with("nfs") || kind.starts_with("fuse") || ["cifs", "smb3", "9p", "ecryptfs"].contains(&kind);
    Err(if never {
        (Status::Fail, "which cannot be idmapped".to_owned())
    } else {
        (Status::Unknown, "of which it is not known whether it can be idmapped: try it".to_owned())
    })
}

fn apart(scope: &Scope<'_>) -> Result<Said, String> {
    let mounts = mounts(scope)?;
    let home = if scope.is_rootless() { Some(scope.account()?.home) } else { None };
    let graph_root = match &home {
        Some(home) => format!("{}/.local/share/containers/storage", home.trim_start_matches('/')),
        None => config::graph_root(scope.root)?,
    };
    let on = |path: &str| mount_of(&mounts, path).ok_or("/proc/self/mountinfo does not have /");
    // A subvolume or a bind mount has a place of its own, and the same room. Where / is an image, /etc lies on what is written.
    let hosts = [&on("/")?.device, &on("/etc")?.device];
    let is_shared = |path: &str| Ok::<_, String>(hosts.contains(&&on(path)?.device));
    let conf = config::storage_conf(scope.root, home.as_deref())?;
    let images = conf.as_ref().and_then(|(_, table)| config::storage_text(table, &["imagestore"]));
    let images = images.filter(|path| path.starts_with('/')).map(str::to_owned);
    let storage = format!("/{graph_root}");
    let mut shared = Vec::new();
    for path in std::iter::once(storage.clone()).chain(images) {
        if is_shared(&path)? {
            shared.push(path);
        }
    }
    for (_, mount, path) in sources(scope, &graph_root) {
        let is_bound = matches!(mount.source.value, MountSource::Path(_));
        let is_written = is_bound && mount.access == Access::Rw && !path.contains('%');
        if is_written && !shared.contains(&path) && is_shared(&path)? {
            shared.push(path);
        }
    }
    Ok(if shared.is_empty() {
        pass(format!("podman's storage is on {}, and no writable volume on /", on(&storage)?.target))
    } else {
        warn(format!("on the file system of /: {}", a_few(&shared)))
    })
}

fn permissions(scope: &Scope<'_>) -> Result<Said, String> {
    let mut todo: Vec<String> = vec!["etc/containers".to_owned(), "etc/systemd/system".to_owned()];
    let mut wrong = BTreeSet::new();
    let mut looked = BTreeSet::new();
    let roots = scope.root.owner();
    let is_roots = |owned: Owned| owned.uid == 0 || owned.uid == roots;
    while let Some(path) = todo.pop() {
        // A mask says nothing: whose /dev/null is, is another matter.
        if scope.root.link(&path)?.as_deref() == Some("/dev/null") {
            continue;
        }
        // systemd and Quadlet follow links: whoever may change the way changes the unit.
        let Way { mut passed, is_whole } = scope.root.way(&path)?;
        let end = if is_whole { passed.pop() } else { None };
        for (dir, owned) in passed {
            // Where the sticky bit is set nobody replaces what is another's; what is missing may be made by anybody.
            let is_kept = is_whole && owned.mode & 0o1000 != 0;
            if !is_roots(owned) {
                wrong.insert(format!("/{dir} belongs to user {}", owned.uid));
            }
            if owned.mode & 0o022 != 0 && !is_kept {
                wrong.insert(format!("/{dir} has mode {:04o}", owned.mode));
            }
        }
        let Some((path, owned)) = end else { continue };
        if !looked.insert(path.clone()) {
            continue;
        }
        if looked.len() > MOST_FILES {
            return Err(format!(
                "there are more than {MOST_FILES} files beneath /etc/containers and /etc/systemd/system"
            ));
        }
        if !is_roots(owned) {
            wrong.insert(format!("/{path} belongs to user {}", owned.uid));
        }
        if owned.mode & 0o022 != 0 {
            wrong.insert(format!("/{path} has mode {:04o}", owned.mode));
        }
        if owned.is_dir {
            todo.extend(scope.root.list(&path)?.unwrap_or_default().into_iter().map(|name| format!("{path}/{name}")));
        }
    }
    let mut looked = looked.len();
    for path in environment_files(scope) {
        if let Some(owned) = scope.root.owned(path.trim_start_matches('/'))? {
            looked += 1;
            if owned.mode & 0o077 != 0 {
                wrong.insert(format!("{path} has mode {:04o}", owned.mode));
            }
        }
    }
    if !wrong.is_empty() {
        return Ok(fail(a_few(&wrong.into_iter().collect::<Vec<_>>())));
    }
    let shown = if looked == 1 { "1 file or directory".to_owned() } else { format!("{looked} files and directories") };
    Ok(match looked {
        0 => not_applicable("neither /etc/containers nor /etc/systemd/system is there"),
        _ => pass(format!("{shown}, all of them root's alone")),
    })
}

/// The files of environment variables that the catalog names by whole paths.
fn environment_files(scope: &Scope<'_>) -> Vec<String> {
    let mut files = Vec::new();
    for setting in scope.services().filter_map(|service| service.setting("EnvironmentFile")) {
        match &setting.value {
            SettingValue::Text(text) => files.push(text.text.clone()),
            SettingValue::List(list) => files.extend(list.iter().map(|text| text.value.text.clone())),
            SettingValue::Verbatim(text) => files.push(text.clone()),
            SettingValue::Bool(_) | SettingValue::Pairs(_) => {}
        }
    }
    files.retain(|file| file.starts_with('/') && !file.contains('%'));
    files.sort();
    files.dedup();
    files
}

#[expect(clippy::unnecessary_wraps, reason = "every check has this form")]
fn given(scope: &Scope<'_>) -> Result<Said, String> {
    let mut parts = Parts::default();
    let mut there = 0;
    for (service, mount, path) in sources(scope, "") {
        if !matches!(mount.source.value, MountSource::Path(_)) || path.contains('%') {
            continue;
        }
        match scope.root.leads(path.trim_start_matches('/')) {
            Ok(true) => there += 1,
            Ok(false) => parts.add(Status::Fail, format!("{} mounts {path}, which is not there", service.name)),
            Err(why) => parts.add(Status::Unknown, format!("{}: {why}", service.name)),
        }
    }
    let secrets: Vec<(&Service, &str)> = scope
        .services()
        .flat_map(|service| service.secrets.iter().map(move |secret| (service, secret.name.value.as_str())))
        .collect();
    if !secrets.is_empty() {
        match known_secrets(scope) {
            Ok(known) => {
                for (service, name) in secrets {
                    if known.iter().any(|known| known == name) {
                        there += 1;
                    } else {
                        parts
                            .add(Status::Fail, format!("{} needs the secret {name}, which is not there", service.name));
                    }
                }
            }
            Err(why) => parts.add(Status::Unknown, why),
        }
    }
    if there > 0 {
        parts.add(Status::Pass, if there == 1 { "it is there".to_owned() } else { format!("all {there} are there") });
    }
    Ok(parts.said(if scope.catalog.is_some() {
        "the catalog gives no file, directory or secret to a service"
    } else {
        "without a catalog nothing is given to anybody"
    }))
}

/// The names of the secrets that podman has; their values are elsewhere, and not read.
fn known_secrets(scope: &Scope<'_>) -> Result<Vec<String>, String> {
    let store = if scope.is_rootless() {
        format!("{}/.local/share/containers/storage", scope.account()?.home.trim_start_matches('/'))
    } else {
        config::graph_root(scope.root)?
    };
    if scope.root.list(&store)?.is_none() {
        return Err(format!("/{store} is not there, where podman keeps secrets"));
    }
    let path = format!("{store}/secrets/secrets.json");
    let Some(text) = scope.root.text(&path)? else { return Ok(Vec::new()) };
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|_| format!("/{path} is no JSON"))?;
    let names = value["nameToID"].as_object().ok_or_else(|| format!("/{path} has no nameToID"))?;
    Ok(names.keys().cloned().collect())
}
