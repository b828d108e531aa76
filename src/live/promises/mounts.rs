//! The root and what is mounted in it, with the options that hold.

use super::{Book, Claim, Look, Saw};
use crate::{
    live::{
        kernel::Unread,
        process::{self, MountPoint},
    },
    policy::facts::{self, Container, Mount, MountKind, podman_bytes, tmpfs_bytes},
};

/// Options that take something away, and those that give it back.
const SWITCHES: [(&str, &str); 3] = [("nosuid", "suid"), ("nodev", "dev"), ("noexec", "exec")];
/// The kernel rounds the size of a tmpfs up to pages.
const PAGE: u64 = 4096;
/// Where podman mounts the shared memory.
const SHARED_MEMORY: &str = "/dev/shm";

pub(super) fn promise(look: &Look<'_>, book: &mut Book<'_>) {
    let container = look.service.container;
    let read = look.process().and_then(|process| process.read("mountinfo"));
    // Not even a root: it is not what the kernel writes.
    let mounted = read
        .map(|text| process::mounts(&text))
        .and_then(|mounted| if mounted.is_empty() { Err(Unread::Garbled) } else { Ok(mounted) });
    let at = || look.process_file("mountinfo");
    if container.run.on("read-only").is_some() {
        let saw = mounted.as_ref().map_err(Clone::clone).and_then(|mounted| {
            let root = last(mounted, "/").ok_or(Unread::Garbled)?;
            Ok(if root.is_read_only() { Saw::new("ro", true) } else { Saw::new("rw", false) })
        });
        book.tell(Claim::new("read_only", "ro", at()).of("/"), saw);
    }
    let mut tell = |target: &str, wanted: &Wanted| {
        let place = place(target);
        let claim = Claim::new("mount", wanted.shown(), at()).of(place.as_deref().unwrap_or(target));
        let saw = mounted.as_ref().map_err(Clone::clone).and_then(|mounted| {
            let Some(place) = &place else {
                return Err(Unread::Because("its place is a specifier, which only systemd fills in".to_owned()));
            };
            let Some(found) = last(mounted, place) else { return Ok(Saw::new("not mounted", false)) };
            let shown = wanted.show(found);
            Ok(match wanted.is_kept_by(found) {
                true if wanted.is_unclear => Saw::unclear(shown, "how much memory a share of it is, is not in /proc"),
                holds => Saw::new(shown, holds),
            })
        });
        book.tell(claim, saw);
    };
    for mount in container.mounts.iter().filter(|mount| is_promised(mount)) {
        let is_in_memory = |source: &str| look.host.is_none_or(|host| host.is_in_memory(source));
        tell(&mount.target, &Wanted::of(mount, is_in_memory));
    }
    if let Some(size) = shared_memory(container) {
        tell(SHARED_MEMORY, &Wanted::memory(size));
    }
}

/// The bytes of the shared memory that is the container's own: that of a pod, of the host or of another container has
/// the size that it was made with, and 0 is no limit (podman-run(1) `--shm-size`, `--ipc`).
fn shared_memory(container: &Container<'_>) -> Option<u64> {
    let is_own = container.run.last("ipc").is_none_or(|arg| matches!(&*arg.value, "" | "private" | "shareable"))
        && container.unit.last("Container", "Pod").is_none()
        && !container.mounts.iter().any(|mount| place(&mount.target).as_deref() == Some(SHARED_MEMORY));
    let size = container.run.last("shm-size").filter(|_| is_own)?;
    podman_bytes(size.value.trim()).filter(|size| *size > 0)
}

/// Images, devices and whatever a pattern finds have no place that the unit names.
fn is_promised(mount: &Mount<'_>) -> bool {
    mount.kind != MountKind::Other && !mount.target.is_empty() && !mount.source.contains(['*', '?', '['])
}

/// Of mounts upon each other the last is seen.
fn last<'m>(mounted: &'m [MountPoint], place: &str) -> Option<&'m MountPoint> {
    mounted.iter().rev().find(|mount| mount.target == place)
}

/// Where a target is, as the kernel tells it. In most images /var/run is a link to /run; no other is guessed.
fn place(target: &str) -> Option<String> {
    let plain = target.replace("%%", "\0");
    if plain.contains('%') {
        return None;
    }
    let plain = plain.replace('\0', "%");
    let mut parts: Vec<&str> = Vec::new();
    for part in plain.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    if let ["var", "run", ..] = parts[..] {
        parts.remove(0);
    }
    Some(format!("/{}", parts.join("/")))
}

/// What a mount must be.
#[derive(Default)]
struct Wanted {
    /// `Some(true)`: it is memory; `Some(false)`: files of the host that are there after the next start too.
    in_memory: Option<bool>,
    /// Its owners are shifted for the container.
    is_mapped: bool,
    /// `Some(true)`: nothing can be written.
    read_only: Option<bool>,
    switches: Vec<&'static str>,
    size: Option<u64>,
    /// Its size is a share of the memory.
    is_unclear: bool,
}

impl Wanted {
    /// So many bytes of memory.
    fn memory(size: u64) -> Self {
        Self { in_memory: Some(true), size: Some(size), ..Self::default() }
    }

    fn of(mount: &Mount<'_>, is_in_memory: impl Fn(&str) -> bool) -> Self {
        let is_tmpfs = mount.kind == MountKind::Tmpfs;
        // What a specifier stands for, only systemd knows.
        let is_of_disk = mount.kind == MountKind::Bind && mount.source.starts_with('/') && !is_in_memory(&mount.source);
        let said = mount.option("size").filter(|_| is_tmpfs);
        let size = said.and_then(tmpfs_bytes);
        let on = |(name, opposite): &(&'static str, &str)| mount.is_on(name, opposite).then_some(*name);
        Self {
            in_memory: if is_tmpfs { Some(true) } else { is_of_disk.then_some(false) },
            is_mapped: mount.has("idmap"),
            read_only: (mount.says_access() && !mount.is_overlay()).then(|| !mount.is_writable()),
            switches: SWITCHES.iter().filter_map(on).collect(),
            size: size.filter(|size| *size > 0),
            is_unclear: said.is_some() && size.is_none(),
        }
    }

    fn shown(&self) -> String {
        let access = self.read_only.map(|is| if is { "ro" } else { "rw" });
        let switches = self.switches.iter().copied().chain(self.is_mapped.then_some("idmap"));
        words(self.in_memory == Some(true), access, switches, self.size)
    }

    /// What was found of that which is promised.
    fn show(&self, found: &MountPoint) -> String {
        let access = self.read_only.map(|_| if found.is_read_only() { "ro" } else { "rw" });
        if found.is_deleted {
            return "something that was deleted on the host".to_owned();
        }
        let mapped = self.is_mapped && found.has("idmapped");
        let switches = self.switches.iter().copied().filter(|name| found.has(name)).chain(mapped.then_some("idmap"));
        let size = self.size.and_then(|_| found.size());
        words(found.kind == "tmpfs" && self.in_memory.is_some(), access, switches, size)
    }

    fn is_kept_by(&self, found: &MountPoint) -> bool {
        let is_in_memory = found.kind == "tmpfs" || found.kind == "ramfs";
        !found.is_deleted
            && self.in_memory.is_none_or(|is| is == is_in_memory)
            && (!self.is_mapped || found.has("idmapped"))
            && self.read_only.is_none_or(|is| found.is_read_only() == is)
            && self.switches.iter().all(|name| found.has(name))
            && self.size.is_none_or(|size| found.size() == Some(size.div_ceil(PAGE).saturating_mul(PAGE)))
    }
}

fn words(
    is_tmpfs: bool,
    access: Option<&str>,
    switches: impl Iterator<Item = &'static str>,
    size: Option<u64>,
) -> String {
    let mut words: Vec<String> = Vec::new();
    words.extend(is_tmpfs.then(|| "tmpfs".to_owned()));
    words.extend(access.map(str::to_owned));
    words.extend(switches.map(str::to_owned));
    words.extend(size.map(|size| format!("size={}", facts::bytes(size))));
    if words.is_empty() { "mounted".to_owned() } else { words.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_as_the_kernel_tells_them() {
        for (target, found) in [
            ("/data/", Some("/data")),
            ("//a/./b/../c", Some("/a/c")),
            ("/", Some("/")),
            ("/var/run/app", Some("/run/app")),
            ("/100%%", Some("/100%")),
            ("/%i", None),
            ("/%%i", Some("/%i")),
        ] {
            assert_eq!(place(target).as_deref(), found, "{target}");
        }
    }
}
