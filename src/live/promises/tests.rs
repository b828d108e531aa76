//! Promises of single lines, against a process made of files.

use camino::Utf8Path;

use super::*;
use crate::{
    diagnostic::Sources,
    live::kernel::Directory,
    model::Profile,
    policy::{File, Settings, container, quadlet},
};

const SERVICE: &str = "sys/fs/cgroup/system.slice/web.service";

/// What a container with those lines promises, on a host with those files: `/proc/7` is its first process.
fn told(lines: &str, profile: Profile, files: &[(&str, &str)]) -> Vec<(String, Option<bool>)> {
    let own = [(&*format!("{SERVICE}/libpod-payload-1/cgroup.procs"), "7\n"), ("proc/7/status", "NSpid:\t7\t1\n")];
    let name = |promise: Promise| {
        let of = promise.of.map(|of| format!(" {of}")).unwrap_or_default();
        (format!("{}{of}", promise.promise), promise.holds)
    };
    verified(&[("web", lines)], profile, &[&own, files].concat()).into_iter().map(name).collect()
}

/// What containers with those lines promise, on a host with those files.
fn verified(units: &[(&str, &str)], profile: Profile, files: &[(&str, &str)]) -> Vec<Promise> {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [("sys/fs/cgroup/cgroup.controllers", "memory\n")].iter().chain(files) {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut sources = Sources::new();
    let mut file = |(name, lines): &(&str, &str)| {
        let unconfined = "PodmanArgs=--security-opt=seccomp=unconfined";
        let text = format!("[Container]\nImage=example.org/web:1\n{unconfined}\n{lines}\n");
        File::found(format!("{name}.container"), format!("{name}.container"), text, &mut sources)
    };
    let files: Vec<File> = units.iter().map(&mut file).collect();
    let settings = Settings {
        podman: (5, 4),
        profile: Some(profile),
        trusted_registries: Vec::new(),
        severities: std::collections::BTreeMap::default(),
        as_of: "2026-11-01".to_owned(),
    };
    let (tree, _) = quadlet::load(&files, &sources, settings.podman);
    let containers: Vec<_> = tree.units.iter().map(|loaded| container(loaded, &tree, &settings)).collect();
    let limits: Vec<_> = containers.iter().map(|container| container.limits(&tree)).collect();
    let each = containers.iter().zip(&limits);
    let services: Vec<Service<'_>> =
        each.map(|(container, limits)| Service { name: container.name, container, limits, asked_for: true }).collect();
    let root = Directory::root(Utf8Path::from_path(dir.path()).unwrap()).unwrap();
    verify(&Host::new(root, None), &services).promises
}

/// Whether one promise holds; nothing where it is not made.
fn holds(promise: &str, lines: &str, files: &[(&str, &str)]) -> Option<&'static str> {
    let found = told(lines, Profile::Rootful, files).into_iter().find(|(name, _)| name == promise);
    found.map(|(_, holds)| holds.map_or("unknown", |holds| if holds { "yes" } else { "no" }))
}

const YES: Option<&str> = Some("yes");
const NO: Option<&str> = Some("no");
const UNKNOWN: Option<&str> = Some("unknown");

#[test]
fn ids_are_those_that_the_unit_chooses() {
    for (lines, map, expected) in [
        ("", "0 0 4294967295", None),
        ("UserNS=host", "0 0 4294967295", None),
        ("UserNS=auto", "0 1073741824 1024", YES),
        ("UserNS=auto", "", NO),
        ("UserNS=auto", "garbled", UNKNOWN),
        ("UserNS=auto", "0 4294967000 65536", UNKNOWN),
        ("UserNS=auto", "0 65535 1", NO),
        ("UserNS=auto:size=10", "0 1073741824 4\n4 1073750000 6", YES),
        ("UserNS=auto:size=10,uidmapping=0:1000:1", "0 1000 1\n1 1073741824 9", YES),
        ("UserNS=auto:size=10,uidmapping=0:1000:1", "0 1001 1\n1 1073741824 9", NO),
        ("UIDMap=0:100000:1000\nGIDMap=0:200000:1000", "0 100000 1000", YES),
        ("UIDMap=0:100000:1000\nGIDMap=0:200000:1000", "0 100000 1001", NO),
        ("GIDMap=0:200000:1000", "0 200000 1000", YES),
        ("UIDMap=0:0:10", "0 0 10", YES),
        ("UIDMap=+0:1000:1", "0 1000 1\n1 100000 9", UNKNOWN),
        ("UIDMap=0:100000:1000\nUIDMap=+1:2000:1", "0 300000 7", UNKNOWN),
        ("UIDMap=0:@2000:1000", "0 0 1000", NO),
        ("SubUIDMap=web", "0 100000 10", YES),
        ("SubUIDMap=web", "0 0 10", NO),
        ("UserNS=nomap", "0 100000 65536", YES),
        ("UserNS=keep-id", "0 100000 1000\n1000 1000 1\n1001 101000 9", YES),
        ("UserNS=keep-id", "0 100000 1000\n1000 1000 2", NO),
    ] {
        assert_eq!(holds("uid_map", lines, &[("proc/7/uid_map", map)]), expected, "{lines}: {map}");
    }
}

#[test]
fn capabilities_may_be_fewer_than_podmans_default() {
    for (lines, bounding, expected) in [
        ("DropCapability=all", "0", YES),
        ("DropCapability=all", "1", NO),
        ("DropCapability=all\nAddCapability=CHOWN", "1", YES),
        ("DropCapability=all\nAddCapability=CHOWN", "0", NO),
        ("", "00000000800405fb", YES),
        ("", "0", YES),
        ("", "00000000a80425fb", NO),
        ("DropCapability=CHOWN", "1", NO),
        ("AddCapability=NET_RAW", "1", NO),
        ("AddCapability=NET_RAW", "2000", YES),
        ("AddCapability=all", "1ffffffffff", None),
        ("AddCapability=all\nDropCapability=CHOWN", "1ffffffffff", NO),
        ("AddCapability=all\nDropCapability=CHOWN", "1fffffffffe", YES),
        ("PodmanArgs=--privileged", "1ffffffffff", None),
        ("DropCapability=all", "x", UNKNOWN),
    ] {
        let status = format!("NSpid:\t7\t1\nCapBnd:\t{bounding}\n");
        let found = holds("bounding_capabilities", lines, &[("proc/7/status", &status)]);
        assert_eq!(found, expected, "{lines}: {bounding}");
    }
}

#[test]
fn mounts_have_what_was_declared_and_nothing_is_asked_beyond() {
    for (line, mount, promise, expected) in [
        ("Volume=/a:/b", "/b rw,relatime - ext4 x rw", "mount /b", YES),
        ("Volume=/a:/b:ro", "/b rw - ext4 x ro", "mount /b", YES),
        ("Volume=/a:/b:ro", "/b rw - ext4 x rw", "mount /b", NO),
        ("Volume=/a:/b:rw", "/b rw - ext4 x ro", "mount /b", NO),
        ("Volume=/a:/b:O", "/b rw - overlay x rw", "mount /b", YES),
        ("Volume=/a:/b:ro,noexec,exec", "/b ro - ext4 x rw", "mount /b", YES),
        ("Volume=/a:/b%%c", "/b%c rw - ext4 x rw", "mount /b%c", YES),
        ("Volume=/a:/%i", "/x rw - ext4 x rw", "mount /%i", UNKNOWN),
        ("Tmpfs=/var/run:size=5000", "/run rw - tmpfs x rw,size=8k", "mount /run", YES),
        ("Tmpfs=/t:size=1m", "/t rw - tmpfs x rw,size=1028k", "mount /t", NO),
        ("Tmpfs=/t:size=50%", "/t rw - tmpfs x rw,size=8k", "mount /t", UNKNOWN),
        ("Tmpfs=/t:noexec,size=50%", "/t rw - tmpfs x rw,size=8k", "mount /t", NO),
        ("Mount=type=bind,source=/a,destination=/b,ro=true", "/b ro - ext4 x rw", "mount /b", YES),
        ("Mount=type=glob,source=/a/*,destination=/b", "/b/x ro - ext4 x rw", "mount /b", None),
        ("Mount=type=image,source=x,destination=/b", "/b ro - ext4 x rw", "mount /b", None),
        // Files of the host that are gone at the next start.
        ("Volume=/a:/b", "/b rw - tmpfs x rw", "mount /b", NO),
        ("Volume=/run/a:/b", "/b rw - tmpfs x rw", "mount /b", YES),
        ("Volume=/mnt/ram/a:/b", "/b rw - tmpfs x rw", "mount /b", YES),
        ("Volume=/runner:/b", "/b rw - tmpfs x rw", "mount /b", NO),
        ("Volume=/a:/b:idmap", "/b rw,idmapped - ext4 x rw", "mount /b", YES),
        ("Volume=/a:/b:idmap", "/b rw - ext4 x rw", "mount /b", NO),
        ("ShmSize=16m", "/dev/shm rw - tmpfs shm rw,size=16384k", "mount /dev/shm", YES),
        ("ShmSize=16m", "/dev/shm rw - tmpfs shm rw,size=64000k", "mount /dev/shm", NO),
        ("PodmanArgs=--shm-size=5000b", "/dev/shm rw - tmpfs shm rw,size=8k", "mount /dev/shm", YES),
        ("ShmSize=16m", "/dev rw - tmpfs x rw", "mount /dev/shm", NO),
        ("ShmSize=0", "/dev/shm rw - tmpfs shm rw", "mount /dev/shm", None),
        ("ShmSize=16m\nPodmanArgs=--ipc=host", "/dev/shm rw - tmpfs shm rw", "mount /dev/shm", None),
        ("ShmSize=16m\nTmpfs=/dev/shm:size=8m", "/dev/shm rw - tmpfs x rw,size=8192k", "mount /dev/shm", YES),
    ] {
        let text = format!("1 0 0:1 / / ro - overlay x rw\n2 1 0:2 / {mount}\n");
        let hosts = "1 0 8:1 / / rw - ext4 x rw\n2 1 0:9 / /run rw - tmpfs x rw\n3 1 0:8 / /mnt/ram rw - tmpfs x rw\n";
        assert_eq!(
            holds(promise, line, &[("proc/7/mountinfo", &text), ("proc/1/mountinfo", hosts)]),
            expected,
            "{line}: {mount}"
        );
    }
    // What is mounted upon it is what is seen.
    let text = "2 1 0:2 / /b ro - ext4 x rw\n3 2 0:2 / /b rw - ext4 x rw\n";
    assert_eq!(holds("mount /b", "Volume=/a:/b:ro", &[("proc/7/mountinfo", text)]), NO);
    let text = "2 1 0:2 /srv/a//deleted /b rw - ext4 x rw\n";
    assert_eq!(holds("mount /b", "Volume=/a:/b", &[("proc/7/mountinfo", text)]), NO);
    for text in ["", "garbage\n"] {
        assert_eq!(holds("mount /b", "Volume=/a:/b", &[("proc/7/mountinfo", text)]), UNKNOWN, "{text}");
    }
}

#[test]
fn ids_of_others_that_cannot_be_read_prove_nothing() {
    let other = "sys/fs/cgroup/system.slice/db.service/libpod-payload-2/cgroup.procs";
    let own = |files: &[(&str, &str)]| {
        let web = format!("{SERVICE}/libpod-payload-1/cgroup.procs");
        let map = "0 1073741824 1024\n";
        let base = [
            (web.as_str(), "7\n"),
            ("proc/7/status", "NSpid:\t7\t1\n"),
            ("proc/7/uid_map", map),
            ("proc/7/gid_map", map),
        ];
        let units = [("web", "UserNS=auto"), ("db", "UserNS=auto")];
        let promises = verified(&units, Profile::Rootful, &[&base, files].concat());
        let found =
            promises.into_iter().find(|promise| promise.service == "web" && promise.promise == "own_ids").unwrap();
        (found.holds, found.found.unwrap())
    };
    let status = ("proc/8/status", "NSpid:\t8\t1\n");
    let maps = |text| [("proc/8/uid_map", text), ("proc/8/gid_map", text)];
    let of = |text| own(&[&[(other, "8\n"), status][..], &maps(text)].concat());
    assert_eq!(own(&[]).0, Some(true), "the other one does not run");
    assert_eq!(of("0 1073742848 1024\n").0, Some(true));
    assert_eq!(of("0 1073742000 1024\n").0, Some(false));
    assert_eq!(of("garbled\n"), (None, "0:1073741824:1024; those of db could not be read".to_owned()));
    assert_eq!(own(&[(other, "8\n"), status]).0, None);
    let (holds, found) = own(&[
        (other, "8\n"),
        status,
        ("proc/8/uid_map", "0 1073742848 1024\n"),
        ("proc/8/gid_map", "0 1073741824 1024\n"),
    ]);
    assert_eq!((holds, found.as_str()), (Some(false), "groups 0:1073741824:1024, shared with db"));
    // Another slice than its own has its ids all the same.
    let elsewhere = "sys/fs/cgroup/a.slice/a-b.slice/db.service/libpod-payload-2/cgroup.procs";
    assert_eq!(own(&[&[(elsewhere, "8\n"), status][..], &maps("0 1073742000 1024\n")].concat()).0, Some(false));
}

#[test]
fn limits_are_looked_at_where_the_process_cannot_be() {
    let (payload, max) = (format!("{SERVICE}/libpod-payload-1"), "max\n");
    let files = [("cgroup.procs", "7\n"), ("pids.max", max)].map(|(file, text)| (format!("{payload}/{file}"), text));
    let service = (format!("{SERVICE}/memory.max"), max);
    let files: Vec<(&str, &str)> = files.iter().chain([&service]).map(|(path, text)| (path.as_str(), *text)).collect();
    let lines = "PidsLimit=20\nReadOnly=true\n[Service]\nMemoryMax=64M";
    let promises = verified(&[("web", lines)], Profile::Rootful, &files);
    let of = |name| promises.iter().find(|promise| promise.promise == name).unwrap();
    assert_eq!((of("memory").holds, of("tasks").holds, of("cgroup").holds), (Some(false), Some(false), Some(true)));
    assert_eq!((of("read_only").holds, of("read_only").found.as_deref()), (None, None));
}

#[test]
fn a_link_of_the_host_may_lead_into_memory() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    for dir in ["sys/fs/cgroup", "etc", "proc/1", "run/a"] {
        std::fs::create_dir_all(root.join(dir)).unwrap();
    }
    std::fs::write(root.join("sys/fs/cgroup/cgroup.controllers"), "").unwrap();
    std::os::unix::fs::symlink("../run/a/stub.conf", root.join("etc/resolv.conf")).unwrap();
    std::os::unix::fs::symlink("/etc/loop", root.join("etc/loop")).unwrap();
    let host = || Host::new(Directory::root(Utf8Path::from_path(root).unwrap()).unwrap(), None).unwrap();
    for (path, expected) in [("/etc/resolv.conf", true), ("/etc/hosts", false), ("/etc/loop", false), ("/run/x", true)]
    {
        assert_eq!(host().is_in_memory(path), expected, "{path}");
    }
    std::fs::write(root.join("proc/1/mountinfo"), "1 0 8:1 / / rw - ext4 x rw\n").unwrap();
    assert!(!host().is_in_memory("/etc/resolv.conf"), "here /run is a directory like any other");
}

#[test]
fn a_service_in_another_slice_is_found_there() {
    let elsewhere = "sys/fs/cgroup/other.slice/web.service/libpod-payload-1/cgroup.procs";
    let files = [(elsewhere, "7\n"), ("proc/7/status", "NSpid:\t7\t1\n")];
    let promises = verified(&[("web", "")], Profile::Rootful, &files);
    let found = promises.iter().find(|promise| promise.promise == "cgroup").unwrap();
    assert_eq!((found.holds, found.found.as_deref()), (Some(false), Some("the service outside its slice")));
    assert_eq!(found.at.as_deref(), Some("/sys/fs/cgroup/other.slice/web.service"));
    let promises = verified(&[("web", "")], Profile::Rootful, &[]);
    assert!(promises.iter().all(|promise| promise.why.as_deref() == Some("not running")), "{promises:?}");
}

#[test]
fn labels_are_asked_for_where_the_host_has_them() {
    let selinux = "system_u:system_r:container_t:s0:c1,c2\n";
    for (line, label, promise, expected) in [
        ("SecurityLabelType=container_t", selinux, "label type", YES),
        ("SecurityLabelType=web_t", selinux, "label type", NO),
        ("SecurityLabelLevel=s0:c1,c2", selinux, "label level", YES),
        ("SecurityLabelLevel=s0:c1,c3", selinux, "label level", NO),
        ("SecurityLabelType=web_t", "unconfined\n", "label type", None),
        ("SecurityLabelType=web_t\nSecurityLabelDisable=true", selinux, "label type", None),
        ("PodmanArgs=--security-opt apparmor=web", "web (enforce)\n", "label apparmor", YES),
        ("PodmanArgs=--security-opt apparmor=web", "web (complain)\n", "label apparmor", NO),
        ("PodmanArgs=--security-opt apparmor=web", "unconfined\n", "label apparmor", NO),
        ("PodmanArgs=--security-opt apparmor=web", selinux, "label apparmor", None),
        ("PodmanArgs=--security-opt apparmor=unconfined", "unconfined\n", "label apparmor", None),
    ] {
        assert_eq!(holds(promise, line, &[("proc/7/attr/current", label)]), expected, "{line}: {label}");
    }
    assert_eq!(holds("label type", "SecurityLabelType=web_t", &[]), None, "no module, no label");
}

#[test]
fn limits_in_every_spelling_are_read_as_their_readers_do() {
    let payload = format!("{SERVICE}/libpod-payload-1");
    let (memory, swap, cpu) =
        (format!("{payload}/memory.max"), format!("{payload}/memory.swap.max"), format!("{payload}/cpu.max"));
    for (line, path, text, promise, expected) in [
        ("PodmanArgs=--memory=512m", &memory, "536870912\n", "memory", YES),
        ("PodmanArgs=--memory 10000", &memory, "8192\n", "memory", YES),
        ("PodmanArgs=--memory 0", &memory, "max\n", "memory", None),
        ("PodmanArgs=-m=1g --memory-swap 3g", &swap, "2147483648\n", "swap", YES),
        ("PodmanArgs=-m=1g --memory-swap 3g", &swap, "3221225472\n", "swap", NO),
        ("PodmanArgs=--cpus 0.29", &cpu, "28999 100000\n", "cpu", YES),
        ("PodmanArgs=--cpu-quota 5000 --cpu-period 10000", &cpu, "5000 10000\n", "cpu", YES),
        ("PodmanArgs=--cpus 0.29", &cpu, "28998 100000\n", "cpu", NO),
    ] {
        assert_eq!(holds(promise, line, &[(path, text)]), expected, "{line}: {text}");
    }
    let share = [(&*format!("{SERVICE}/memory.max"), "536870912\n")];
    assert_eq!(holds("memory", "[Service]\nMemoryMax=50%", &share), UNKNOWN);
}

#[test]
fn no_network_is_asked_of_who_takes_another() {
    for (lines, expected) in [
        ("Network=none", UNKNOWN),
        ("", UNKNOWN),
        ("Network=lan", UNKNOWN),
        ("Network=host", None),
        ("Network=container:db", None),
        ("Network=ns:/run/x", None),
    ] {
        assert_eq!(holds("network", lines, &[]), expected, "{lines}");
    }
    let two = "fe8000000000000000005efffe100002 02 40 20 80 eth0\n20010db8000000000000000000000005 02 40 00 80 eth0\n";
    let files = [("proc/7/net/if_inet6", two)];
    assert_eq!(holds("address 2001:db8::5", "IP6=2001:db8::5", &files), YES);
    assert_eq!(holds("address 2001:db8::6", "Network=lan:ip=2001:db8::6", &files), NO);
    assert_eq!(holds("mac 02:00:5E:10:00:02", "Network=lan:mac=02:00:5E:10:00:02", &files), YES);
    let other = ("mac 02:00:5e:10:00:03", "PodmanArgs=--mac-address 02:00:5e:10:00:03");
    assert_eq!(holds(other.0, other.1, &files), UNKNOWN);
    for (interfaces, expected) in [("eth0: 0 0\n", NO), ("eth0: 0 0\neth1: 0 0\n", UNKNOWN)] {
        let dev = format!("Inter-|   Receive\n face |bytes\n    lo: 0 0\n{interfaces}");
        assert_eq!(holds(other.0, other.1, &[files[0], ("proc/7/net/dev", &dev)]), expected, "{interfaces}");
    }
}
