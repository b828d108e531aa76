//! Can the judges tell good from bad? A judge that is always content is worth nothing.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::judge::{Judge, can_verify, judges};

const GOOD: [(&str, &str); 5] = [
    (
        "etc/containers/systemd/homelab/a-b.container",
        r#"# plimsoll: catalog homelab, services/a-b.toml
[Unit]
Description=Object store, 100%% full
StartLimitIntervalSec=300
StartLimitBurst=5

[Container]
ContainerName=a-b
Image=quay.io/minio/minio:RELEASE.2025-09-07
Exec="server" "a b" "back\\slash" "$$5" "3%%"
ReadOnly=true
ReadOnlyTmpfs=false
DropCapability=all
NoNewPrivileges=true
UserNS=auto:size=65536
Network=lan.network:ip=192.168.10.150,mac=02:11:22:33:44:55
Volume=cache.volume:/cache:rw,Z,idmap,nosuid,nodev,noexec
Tmpfs=/tmp:rw,size=64m,noexec,nosuid,nodev
LogDriver=journald
PidsLimit=256
PodmanArgs=--memory=536870912b
PodmanArgs=--memory-swap=536870912b
PodmanArgs=--cpus=4

[Service]
Slice=services-a\x2db.slice
MemoryHigh=536870912
MemoryMax=536870912
MemorySwapMax=0
CPUQuota=400%
TasksMax=320
IPAddressDeny=any
IPAddressAllow=192.168.10.0/24
Restart=on-failure
OOMPolicy=kill

[Install]
WantedBy=multi-user.target
"#,
    ),
    (
        "etc/containers/systemd/homelab/lan.network",
        "[Network]\nNetworkName=lan\nDriver=macvlan\nSubnet=192.168.10.0/24\nGateway=192.168.10.1\nOptions=parent=eth0\n",
    ),
    ("etc/containers/systemd/homelab/cache.volume", "[Volume]\nVolumeName=cache\n"),
    (
        r"etc/systemd/system/services-a\x2db.slice",
        "[Slice]\nMemoryMax=536870912\nMemorySwapMax=0\nCPUQuota=400%\nTasksMax=320\n",
    ),
    ("etc/systemd/system/services.slice", "[Slice]\nMemoryMax=25769803776\n"),
];

const ROOTLESS: [(&str, &str); 2] = [
    (
        "etc/containers/systemd/users/1000/homelab/web.container",
        "[Container]\nImage=quay.io/a/b:1\n\n[Service]\nSlice=services-web.slice\nMemoryMax=64M\n\n[Install]\nWantedBy=default.target\n",
    ),
    ("etc/systemd/user/services-web.slice", "[Slice]\nMemoryMax=67108864\n"),
];

fn tree(files: &[(&str, &str)]) -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = tree.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    tree
}

fn container(text: &str) -> TempDir {
    tree(&[("etc/containers/systemd/homelab/x.container", &format!("[Container]\nImage=quay.io/a/b:1\n{text}"))])
}

fn quadlets(tree: &TempDir) -> impl AsRef<Path> {
    tree.path().join("etc/containers/systemd")
}

#[test]
fn a_good_tree_contents_every_judge() {
    let good = tree(&GOOD);
    for judge in judges() {
        let verdict = judge.dry_run(quadlets(&good).as_ref(), false);
        assert_eq!((verdict.status, verdict.complaints()), (0, vec![]), "{}", judge.name);
        assert_eq!(
            verdict.services.keys().collect::<Vec<_>>(),
            ["a-b.service", "cache-volume.service", "lan-network.service"]
        );

        let service = &verdict.services["a-b.service"];
        assert_eq!(service.values("Service", "MemoryMax"), ["536870912"]);
        assert_eq!(service.values("Unit", "Description"), ["Object store, 100%% full"]);
        let words = service.exec_start();
        assert!(words.contains(&"--memory=536870912b".to_owned()), "{words:#?}");
        assert!(words.ends_with(&["server", "a b", r"back\slash", "$5", "3%"].map(str::to_owned)), "{words:#?}");

        assert!(judge.verify(good.path()).is_empty(), "{}: {:#?}", judge.name, judge.verify(good.path()));
    }
}

#[test]
fn a_rootless_tree_is_judged_by_the_users_generator_and_manager() {
    let good = tree(&ROOTLESS);
    let bad = tree(&[ROOTLESS[0], (ROOTLESS[1].0, "[Slice]\nTasksMax=0\n")]);
    for judge in judges() {
        let verdict = judge.dry_run(quadlets(&good).as_ref(), true);
        assert_eq!((verdict.status, verdict.services.len()), (0, 1), "{}", verdict.stderr);
        assert!(judge.verify(good.path()).is_empty(), "{:#?}", judge.verify(good.path()));
        assert_verify(judge, bad.path(), "services-web.slice:2: Maximum tasks value '0' out of range");
    }
}

#[test]
fn what_systemd_ignores_is_said() {
    let trees = [
        container("[Service]\nMemoryMax=64m\n"),
        container("[Service]\nMemoryMx=64M\n"),
        container("[Service]\nSlice=services--x.slice\n"),
        container("[Service]\nExecStartPre=/no/such/program\n"),
    ];
    let expected = [
        "Invalid memory limit '64m', ignoring",
        "Unknown key 'MemoryMx'",
        "services--x.slice",
        "Command /no/such/program is not executable",
    ];
    for judge in judges() {
        let said = judge.verify_all(&trees.each_ref().map(TempDir::path));
        for (said, expected) in said.iter().zip(expected) {
            assert!(!can_verify() || says(said, expected), "{}: {expected:?} is not in {said:#?}", judge.name);
        }
    }
}

#[test]
fn what_quadlet_refuses_is_said_and_generates_nothing() {
    let unknown = container("NoSuchKey=1\n");
    let broken = container("this is no line\n");
    fs::write(quadlets(&broken).as_ref().join("homelab/fine.container"), "[Container]\nImage=quay.io/a/b:1\n").unwrap();
    for judge in judges() {
        for (tree, why) in [(&unknown, "unsupported key 'NoSuchKey'"), (&broken, "file contains line 3")] {
            let verdict = judge.dry_run(quadlets(tree).as_ref(), false);
            assert_eq!(verdict.status, 1);
            assert!(verdict.services.is_empty(), "{:?}", verdict.services);
            assert!(verdict.complaints().iter().any(|line| line.contains(why)), "{}", verdict.stderr);
            assert_verify(judge, tree.path(), why);
        }
    }
}

#[test]
fn a_tree_that_is_not_read_does_not_content_a_judge() {
    let empty = tree(&[("etc/containers/systemd/usersapp/x.container", "[Container]\nImage=quay.io/a/b:1\n")]);
    for judge in judges() {
        assert_verify(judge, empty.path(), "nothing to judge");
    }
}

#[track_caller]
fn assert_verify(judge: &Judge, tree: &Path, expected: &str) {
    let said = judge.verify(tree);
    assert!(!can_verify() || says(&said, expected), "{}: {expected:?} is not in {said:#?}", judge.name);
}

fn says(lines: &[String], expected: &str) -> bool {
    lines.iter().any(|line| line.contains(expected))
}
