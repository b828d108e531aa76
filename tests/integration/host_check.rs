//! `plimsoll host check` on hosts that are made of files: three whole ones, and small changes to them.
//!
//! `tests/host-check/NAME.host` holds a host: `== PATH` begins a file, `== PATH -> TARGET` is a link, `== PATH/` a
//! directory, and a mode may stand behind the path. A change is written in the same way; `== -PATH` takes away.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, chown, symlink},
    path::{Path, PathBuf},
};

use camino::Utf8Path;
use plimsoll::{
    catalog,
    diagnostic::{Diagnostics, Sources},
    host::{
        checks::{self, Ask, Nobody, Scope},
        root::Root,
    },
    model::Catalog,
    policy::{
        host::{Checked, Status},
        rules,
    },
};
use proptest::prelude::*;

use crate::run::{Project, Ran, read};

const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/host-check");

#[derive(Clone, Debug)]
enum Entry {
    File(String, u32),
    Link(String),
    Dir(u32),
}

/// The files of a host by their paths.
#[derive(Clone, Debug, Default)]
struct Host(BTreeMap<String, Entry>);

impl Host {
    fn named(name: &str) -> Self {
        let text = fs::read_to_string(format!("{DIR}/{name}.host")).expect("a host");
        Self::default().with(&text)
    }

    fn with(mut self, text: &str) -> Self {
        let mut at: Option<String> = None;
        for line in text.lines() {
            let Some(head) = line.strip_prefix("== ") else {
                if let Some(Entry::File(text, _)) = at.as_ref().and_then(|at| self.0.get_mut(at)) {
                    *text += line;
                    text.push('\n');
                }
                continue;
            };
            if let Some(path) = head.strip_prefix('-') {
                self.0.retain(|other, _| other != path && !other.starts_with(&format!("{path}/")));
                at = None;
                continue;
            }
            let (path, entry) = match (head.split_once(" -> "), head.split_once(' ')) {
                (Some((path, target)), _) => (path, Entry::Link(target.to_owned())),
                (None, given) => {
                    let (path, mode) = given.map_or((head, None), |(path, mode)| (path, Some(mode)));
                    let mode = |default| mode.map_or(default, |mode| u32::from_str_radix(mode, 8).expect("a mode"));
                    match path.strip_suffix('/') {
                        Some(path) => (path, Entry::Dir(mode(0o755))),
                        None => (path, Entry::File(String::new(), mode(0o644))),
                    }
                }
            };
            self.0.insert(path.to_owned(), entry);
            at = Some(path.to_owned());
        }
        self
    }

    /// Writes it beneath a directory. An umask takes permissions away, and adds none.
    fn write(&self, root: &Path) {
        let make = |path: &Path| {
            fs::DirBuilder::new().recursive(true).mode(0o755).create(path).expect("directories");
        };
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
        make(root);
        for (path, entry) in &self.0 {
            let path = root.join(path);
            if let Entry::Dir(_) = entry {
                make(&path);
                continue;
            }
            make(path.parent().expect("beneath the root"));
            match entry {
                Entry::File(text, mode) => {
                    let mut file =
                        fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(&path).expect("a file");
                    file.write_all(text.as_bytes()).expect("written");
                    if *mode != 0o644 {
                        set(&path, *mode);
                    }
                }
                Entry::Link(target) => symlink(target, &path).expect("a link"),
                Entry::Dir(_) => {}
            }
        }
        for (path, entry) in &self.0 {
            if let Entry::Dir(mode) = entry {
                set(&root.join(path), *mode);
            }
        }
    }

    /// What the checks say of it.
    fn checked(&self, catalog: Option<&Catalog>, ask: &dyn Ask) -> Checked {
        let dir = tempfile::tempdir().expect("a directory");
        self.write(dir.path());
        let root = Root::open(Utf8Path::from_path(dir.path()).expect("UTF-8")).expect("a root");
        checks::run(&Scope { root: &root, catalog, ask })
    }

    /// A project with this host in `host` and the rootful catalog in `services`.
    fn project(&self) -> Project {
        let project = Project::new().tree("services", &read(&Path::new(DIR).join("rootful")));
        self.write(&project.path().join("host"));
        project
    }
}

fn load(name: &str) -> Catalog {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let catalog =
        catalog::load_what_can_be_read(Utf8Path::new(DIR).join(name).as_path(), &mut sources, &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    catalog.expect("a catalog")
}

fn status(checked: &Checked, id: &str) -> (Status, String) {
    let answer = checked.answers.iter().find(|answer| answer.check.id == id).unwrap_or_else(|| panic!("no {id}"));
    (answer.status, answer.found.clone())
}

const CHECK: [&str; 6] = ["host", "check", "--root", "host", "--as-of", "2026-01-01"];

fn run(project: &Project, more: &[&str]) -> Ran {
    project.plimsoll([&CHECK[..], more].concat()).ran()
}

#[test]
fn whole_hosts_are_told_as_a_whole() {
    for (name, wanted) in [("hardened", 0), ("debian", 1), ("bad", 1)] {
        let ran = run(&Host::named(name).project(), &[]);
        assert_eq!((ran.stderr.as_str(), ran.status), ("", wanted), "{name}: {}", ran.stdout);
        insta::assert_snapshot!(format!("host-check-{name}"), ran.stdout);
    }
    let ran = run(&Host::named("hardened").project(), &["-v"]);
    insta::assert_snapshot!("host-check-hardened-verbose", ran.stdout);
}

/// A check, how it must end, the host, what is changed of it, and the catalog.
type Case = (&'static str, Status, &'static str, &'static str, &'static str);

/// How checks end on hosts that differ little from the three.
const CASES: &[Case] = &[
    (
        "HC01",
        Status::Fail,
        "debian",
        "== proc/self/mountinfo\n27 26 0:27 / /sys/fs/cgroup rw - cgroup2 c rw\n28 1 0:28 / /old rw - cgroup c rw,cpu\n",
        "",
    ),
    ("HC01", Status::Fail, "debian", "== proc/self/mountinfo\n24 1 254:1 / / rw - ext4 /dev/vda1 rw\n", ""),
    ("HC01", Status::Unknown, "debian", "== -proc/self\n", ""),
    ("HC02", Status::Warn, "debian", "== sys/fs/cgroup/cgroup.controllers\ncpu memory pids\n", ""),
    ("HC02", Status::Unknown, "debian", "== -sys/fs/cgroup\n", ""),
    ("HC03", Status::Pass, "debian", "", "rootless"),
    (
        "HC03",
        Status::Pass,
        "bad",
        "== etc/systemd/system/user@.service.d/delegate.conf\n[Service]\nDelegate=cpu\n",
        "rootless",
    ),
    (
        "HC03",
        Status::Pass,
        "bad",
        "== sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers\ncpu memory pids\n",
        "rootless",
    ),
    ("HC03", Status::Fail, "bad", "", "rootless"),
    (
        "HC03",
        Status::Fail,
        "debian",
        "== etc/systemd/system/user@.service.d/none.conf\n[Service]\nDelegate=\n",
        "rootless",
    ),
    ("HC03", Status::Unknown, "debian", "== -usr/lib/systemd/system\n", "rootless"),
    ("HC03", Status::NotApplicable, "bad", "", "rootful"),
    ("HC04", Status::Fail, "debian", "== etc/subgid\nalice:100000:65536\n", ""),
    ("HC04", Status::Fail, "debian", "== -etc/subuid\n", ""),
    ("HC04", Status::Warn, "hardened", "== etc/subuid\ncontainers:1073741824:536870912\nfrank:oops\n", ""),
    // The owner of the range is no user: a podman that asks libsubid is told of no range.
    ("HC04", Status::Pass, "hardened", "", "rootful"),
    ("HC04", Status::Warn, "debian", "", "rootful"),
    ("HC04", Status::Warn, "debian", "== etc/passwd\ncontainer:x:990:990::/:/bin/false\n", ""),
    ("HC04", Status::Pass, "debian", "== etc/passwd\ncontainers:x:990:990::/:/bin/false\n", ""),
    (
        "HC04",
        Status::Warn,
        "hardened",
        "== etc/containers/storage.conf\n[storage.options]\nroot-auto-userns-user = \"pool\"\n\
         == etc/subuid\npool:1073741824:65536\n== etc/subgid\npool:1073741824:65536\n",
        "",
    ),
    ("HC04", Status::Fail, "debian", "== -etc/passwd\n== -etc/subgid\n", ""),
    ("HC04", Status::Unknown, "debian", "== -etc/passwd\n", ""),
    (
        "HC04",
        Status::Pass,
        "debian",
        "== etc/containers/storage.conf\n[storage.options]\nroot-auto-userns-user = \"alice\"\n",
        "",
    ),
    (
        "HC04",
        Status::Fail,
        "debian",
        "== etc/containers/storage.conf\n[storage.options]\nroot-auto-userns-user = \"pool\"\n",
        "",
    ),
    ("HC04", Status::Pass, "debian", "", "rootless"),
    (
        "HC04",
        Status::Pass,
        "debian",
        "== etc/subuid\n1000:100000:65536\n== etc/subgid\n1000:100000:65536\n",
        "rootless",
    ),
    ("HC04", Status::Fail, "debian", "== etc/subuid\ncontainers:1073741824:536870912\n", "rootless"),
    ("HC04", Status::Unknown, "debian", "== etc/containers/storage.conf\n[storage\n", ""),
    (
        "HC04",
        Status::Pass,
        "hardened",
        "== etc/subuid\n990:1073741824:536870912\n== etc/subgid\n990:1073741824:536870912\n",
        "rootful",
    ),
    ("HC08", Status::Pass, "hardened", "== etc/subuid\n990:1073741824:536870912\n", "rootful"),
    // Of the sources of subid the first alone is asked.
    ("HC04", Status::Unknown, "hardened", "== etc/nsswitch.conf\npasswd: files\nsubid: sss files\n", ""),
    ("HC04", Status::Unknown, "hardened", "== -etc/subuid\n== etc/nsswitch.conf\nsubid:sss\n", ""),
    ("HC04", Status::Pass, "hardened", "== etc/nsswitch.conf\nsubid: files sss\n", ""),
    ("HC08", Status::Unknown, "hardened", "== etc/nsswitch.conf\nsubid: sss\n", "rootful"),
    ("HC05", Status::Warn, "hardened", "== etc/subuid\ncontainers:1073741824:65536\ncontainers:1073741824:65536\n", ""),
    ("HC05", Status::Warn, "hardened", "== etc/subuid\nalice:524288:65536\n1000:524288:65536\n", ""),
    ("HC05", Status::Fail, "hardened", "== etc/passwd\nweb:x:1073741830:100::/:/bin/sh\n", ""),
    ("HC05", Status::Warn, "hardened", "== etc/login.defs\nUID_MAX 600000\n", ""),
    ("HC05", Status::Unknown, "hardened", "== -etc/passwd\n", ""),
    ("HC05", Status::Unknown, "hardened", "== etc/passwd\nbad:x:1073741900 :5::/:/x\n", ""),
    ("HC05", Status::Unknown, "hardened", "== etc/group\n", ""),
    ("HC05", Status::Unknown, "hardened", "== etc/subuid\ncontainers:1073741824:65536\neve:0x40000000:65536\n", ""),
    ("HC05", Status::NotApplicable, "hardened", "== -etc/subuid\n== -etc/subgid\n", ""),
    ("HC06", Status::Pass, "debian", "== etc/subuid\na:1:2\n== etc/subgid\na:2147483583:65\n", ""),
    ("HC06", Status::Warn, "debian", "== etc/subuid\na:1:2\n== etc/subgid\na:2147483583:66\n", ""),
    ("HC07", Status::Pass, "debian", "", ""),
    ("HC07", Status::Fail, "debian", "== etc/subgid\ncontainers:4294967294:2\n", ""),
    ("HC08", Status::Fail, "hardened", "== etc/subuid\ncontainers:1073741824:131072\n", "rootful"),
    (
        "HC08",
        Status::Pass,
        "hardened",
        "== etc/subuid\ncontainers:1073741824:131072\ncontainers:1173741824:65536\n",
        "rootful",
    ),
    (
        "HC08",
        Status::Fail,
        "hardened",
        "== etc/subuid\ncontainers:1073741824:131072\ncontainers:1073741824:65536\n",
        "rootful",
    ),
    ("HC08", Status::Warn, "debian", "== etc/subuid\nalice:100000:1024\n", "rootless"),
    ("HC08", Status::NotApplicable, "bad", "", ""),
    ("HC09", Status::Fail, "hardened", "== proc/sys/user/max_user_namespaces\n2\n", "rootful"),
    ("HC09", Status::Fail, "debian", "== proc/sys/kernel/unprivileged_userns_clone\n0\n", "rootless"),
    ("HC09", Status::Pass, "debian", "== proc/sys/kernel/unprivileged_userns_clone\n0\n", "rootful"),
    ("HC09", Status::Warn, "debian", "== proc/sys/kernel/apparmor_restrict_unprivileged_userns\n1\n", "rootless"),
    ("HC09", Status::Unknown, "debian", "== proc/sys/user/max_user_namespaces\nlots\n", ""),
    ("HC10", Status::Warn, "hardened", "== sys/fs/selinux/enforce\n0\n", ""),
    ("HC10", Status::Warn, "hardened", "== etc/selinux/config\nSELINUX=permissive\nSELINUXTYPE=targeted\n", ""),
    (
        "HC10",
        Status::Warn,
        "hardened",
        "== -var/lib/selinux/targeted/active/modules/200/container\n== var/lib/selinux/targeted/active/modules/100/base/hll\n",
        "",
    ),
    ("HC10", Status::Unknown, "hardened", "== -var/lib/selinux\n", ""),
    ("HC10", Status::Unknown, "hardened", "== sys/fs/selinux/enforce\n?\n", ""),
    ("HC10", Status::NotApplicable, "debian", "", ""),
    ("HC10", Status::Warn, "hardened", "== etc/containers/containers.conf.d/z.conf\n[containers]\nlabel = false\n", ""),
    (
        "HC10",
        Status::Unknown,
        "hardened",
        "== etc/containers/containers.conf.d/z.conf\n[containers]\nlabel = \"no\"\n",
        "",
    ),
    (
        "HC10",
        Status::Warn,
        "hardened",
        "== root/.config/containers/containers.conf.d/z.conf\n[containers]\nlabel = false\n",
        "",
    ),
    ("HC10", Status::Warn, "hardened", "== var/lib/selinux/targeted/active/modules/disabled/container\n", ""),
    (
        "HC10",
        Status::Pass,
        "hardened",
        "== -var/lib/selinux\n== etc/selinux/targeted/active/modules/200/container/hll\n== etc/selinux/semanage.conf\nmodule-store = direct\nstore-root=/etc/selinux\n",
        "",
    ),
    ("HC11", Status::Pass, "debian", "", ""),
    ("HC11", Status::Warn, "debian", "== -usr/sbin/apparmor_parser\n", ""),
    ("HC11", Status::Warn, "debian", "== sys/module/apparmor/parameters/enabled\nN\n", ""),
    (
        "HC11",
        Status::Warn,
        "debian",
        "== etc/containers/containers.conf\n[containers]\napparmor_profile = \"unconfined\"\n",
        "",
    ),
    ("HC12", Status::Pass, "debian", "== -usr/share/containers/seccomp.json\n", ""),
    ("HC12", Status::Fail, "debian", "== -proc/sys/kernel/seccomp\n", ""),
    (
        "HC12",
        Status::Fail,
        "debian",
        "== etc/containers/containers.conf\n[containers]\nseccomp_profile = \"unconfined\"\n",
        "",
    ),
    // Whoever starts the containers may have a containers.conf of his own.
    (
        "HC12",
        Status::Fail,
        "debian",
        "== home/alice/.config/containers/containers.conf\n[containers]\nseccomp_profile = \"unconfined\"\n",
        "rootless",
    ),
    (
        "HC12",
        Status::Pass,
        "debian",
        "== home/alice/.config/containers/containers.conf\n[containers]\nseccomp_profile = \"unconfined\"\n",
        "rootful",
    ),
    ("HC12", Status::Fail, "debian", "== usr/share/containers/seccomp.json\n{\n", ""),
    ("HC12", Status::Unknown, "debian", "== -proc\n", ""),
    ("HC13", Status::Pass, "debian", "", ""),
    ("HC13", Status::Warn, "debian", "== -usr/bin/crun\n== usr/bin/runc\n", ""),
    (
        "HC13",
        Status::Warn,
        "debian",
        "== usr/bin/runc\n== etc/containers/containers.conf.d/z.conf\n[engine]\nruntime = \"runc\"\n",
        "",
    ),
    ("HC13", Status::Fail, "debian", "== -usr/bin/crun\n", ""),
    ("HC13", Status::Unknown, "debian", "== etc/containers/containers.conf\n[engine\n", ""),
    ("HC13", Status::Unknown, "debian", "== etc/containers/containers.conf\n[engine]\nruntime = 5\n", ""),
    ("HC13", Status::Fail, "debian", "== -usr/bin/crun\n== usr/bin/crun -> /usr/bin/none\n", ""),
    // [engine.runtimes] comes before $PATH, and where nothing of it is there $PATH is what counts.
    (
        "HC13",
        Status::Pass,
        "debian",
        "== -usr/bin/crun\n== opt/crun\n== etc/containers/containers.conf\n[engine]\nruntime = \"crun\"\n[engine.runtimes]\ncrun = [\"/opt/none\", \"/opt/crun\"]\n",
        "",
    ),
    (
        "HC13",
        Status::Pass,
        "debian",
        "== -usr/bin/crun\n== opt/crun\n== etc/containers/containers.conf\n[engine.runtimes]\ncrun = [\"/opt/crun\"]\n",
        "",
    ),
    (
        "HC13",
        Status::Pass,
        "debian",
        "== etc/containers/containers.conf\n[engine.runtimes]\ncrun = [\"/none/crun\"]\n",
        "",
    ),
    (
        "HC13",
        Status::Fail,
        "debian",
        "== -usr/bin/crun\n== opt/x\n== etc/containers/containers.conf\n[engine.runtimes]\ncrun = [\"/opt/crun\"]\n",
        "",
    ),
    (
        "HC13",
        Status::Unknown,
        "debian",
        "== etc/containers/containers.conf\n[engine.runtimes]\ncrun = \"/usr/bin/crun\"\n",
        "",
    ),
    ("HC14", Status::Warn, "hardened", "== proc/cmdline\naudit=0\n", ""),
    (
        "HC14",
        Status::Warn,
        "hardened",
        "== etc/audit/rules.d/70-plimsoll.rules\n# -w /etc/containers -p wa\n-w /etc/containers-old -p wa\n",
        "",
    ),
    ("HC14", Status::Warn, "hardened", "== etc/systemd/system/auditd.service -> /dev/null\n", ""),
    // A removed package left its link.
    ("HC14", Status::Warn, "hardened", "== -usr/lib/systemd/system/auditd.service\n", ""),
    (
        "HC14",
        Status::Warn,
        "hardened",
        "== usr/lib/systemd/system/multi-user.target.wants/auditd.service -> ../auditd.service\n\
         == etc/systemd/system/multi-user.target.wants/auditd.service -> /dev/null\n",
        "",
    ),
    (
        "HC14",
        Status::Pass,
        "hardened",
        "== -usr/lib/systemd/system/auditd.service\n== -lib\n== lib/systemd/system/auditd.service\n[Service]\n",
        "",
    ),
    (
        "HC14",
        Status::Warn,
        "hardened",
        "== etc/audit/rules.d/70-plimsoll.rules\n-a never,exit -F dir=/etc/containers -F perm=wa\n",
        "",
    ),
    ("HC14", Status::Warn, "hardened", "== etc/audit/rules.d/70-plimsoll.rules\n-w /etc/containers -p r\n", ""),
    (
        "HC14",
        Status::Warn,
        "hardened",
        "== etc/audit/rules.d/70-plimsoll.rules\n-w /etc/containers/policy.json -p wa\n",
        "",
    ),
    // augenrules has `-D` come first, and writes its file again.
    ("HC14", Status::Pass, "hardened", "== etc/audit/rules.d/audit.rules\n## First rule\n-D\n\n-b 8192\n-f 1\n", ""),
    (
        "HC14",
        Status::Pass,
        "hardened",
        "== etc/audit/audit.rules\n## This file is automatically generated from /etc/audit/rules.d\n-D\n-a task,never\n",
        "",
    ),
    ("HC14", Status::Warn, "hardened", "== etc/audit/rules.d/10-no-audit.rules\n-D\n-a task,never\n", ""),
    ("HC14", Status::Warn, "hardened", "== etc/audit/rules.d/99.rules\n-a never,task\n", ""),
    // Nothing says who loads the rules: the file may be what is loaded.
    (
        "HC14",
        Status::Warn,
        "hardened",
        "== -usr/lib/systemd/system/audit-rules.service\n== etc/audit/audit.rules\n-a never,task\n",
        "",
    ),
    ("HC14", Status::Warn, "hardened", "== etc/audit/rules.d/10.rules\n-e 0\n", ""),
    ("HC14", Status::Warn, "hardened", "== -etc/audit/rules.d\n== etc/audit/audit.rules\n-w /etc -p wa\n-D\n", ""),
    ("HC14", Status::Pass, "hardened", "== -etc/audit/rules.d\n== etc/audit/audit.rules\n-D\n-w /etc -p wa\n", ""),
    (
        "HC14",
        Status::Warn,
        "hardened",
        "== usr/lib/systemd/system/audit-rules.service\n[Service]\nExecStart=/sbin/auditctl -R /etc/audit/audit.rules\n",
        "",
    ),
    (
        "HC14",
        Status::Warn,
        "hardened",
        "== -etc/audit/rules.d/70-plimsoll.rules\n== etc/audit/rules.d/.old.rules\n-w /etc -p wa\n",
        "",
    ),
    ("HC14", Status::Pass, "hardened", "== etc/audit/rules.d/70-plimsoll.rules\n-w /etc -p wa\n", ""),
    (
        "HC14",
        Status::Pass,
        "hardened",
        "== etc/audit/rules.d/70-plimsoll.rules\n-a always,exit -F dir=/etc/containers -F perm=wa\n== etc/audit/rules.d/80.rules\n-w /etc/containers/ -p wa\n",
        "",
    ),
    ("HC15", Status::Pass, "hardened", "", "rootful"),
    (
        "HC15",
        Status::Fail,
        "hardened",
        "== etc/containers/policy.json\n{\"default\": [{\"type\": \"reject\"}]}\n",
        "rootful",
    ),
    ("HC15", Status::Pass, "hardened", "== etc/containers/policy.json\n{\"default\": [{\"type\": \"reject\"}]}\n", ""),
    ("HC15", Status::Fail, "debian", "== etc/containers/policy.json\n[]\n", ""),
    (
        "HC15",
        Status::Fail,
        "hardened",
        "== etc/containers/policy.json\n{\"default\": [{\"type\": \"reject\"}], \"comment\": \"mine\"}\n",
        "",
    ),
    (
        "HC15",
        Status::Fail,
        "hardened",
        "== etc/containers/policy.json\n{\"default\": [{\"type\": \"sigstoreSigned\", \"keyPath\": \"/etc/none.pub\"}]}\n",
        "",
    ),
    (
        "HC15",
        Status::Pass,
        "hardened",
        "== etc/key.pub\nx\n== etc/containers/policy.json\n{\"default\": [{\"type\": \"sigstoreSigned\", \"keyPath\": \"/etc/key.pub\"}]}\n",
        "",
    ),
    ("HC15", Status::Fail, "debian", "== -etc/containers/policy.json\n", ""),
    // The empty scope is the default of its transport; what is in podman's storage is let through by everybody.
    (
        "HC15",
        Status::Warn,
        "hardened",
        "== etc/containers/policy.json\n{\"default\": [{\"type\": \"reject\"}], \"transports\": {\"docker\": {\"\": [{\"type\": \"insecureAcceptAnything\"}]}}}\n",
        "",
    ),
    (
        "HC15",
        Status::Pass,
        "hardened",
        "== etc/containers/policy.json\n{\"default\": [{\"type\": \"reject\"}], \"transports\": {\"containers-storage\": {\"\": [{\"type\": \"insecureAcceptAnything\"}]}}}\n",
        "",
    ),
    (
        "HC15",
        Status::Fail,
        "hardened",
        "== etc/key.pub\nx\n== etc/containers/policy.json\n{\"default\": [{\"type\": \"sigstoreSigned\", \"keyPath\": \"/etc/key.pub\", \"signedIdentity\": {\"type\": \"nope\"}}]}\n",
        "",
    ),
    (
        "HC15",
        Status::Fail,
        "hardened",
        "== etc/containers/policy.json\n{\"default\": [{\"type\": \"sigstoreSigned\", \"keyData\": \"no base64\"}]}\n",
        "",
    ),
    // A user's own file stands in the place of the host's, for root too.
    (
        "HC15",
        Status::Fail,
        "debian",
        "== home/alice/.config/containers/policy.json\n{\"default\": [{\"type\": \"reject\"}]}\n",
        "rootless",
    ),
    ("HC15", Status::Warn, "debian", "", "rootless"),
    (
        "HC15",
        Status::Warn,
        "debian",
        "== home/alice/.config/containers/policy.json\n{\"default\": [{\"type\": \"reject\"}]}\n",
        "rootful",
    ),
    (
        "HC15",
        Status::Warn,
        "hardened",
        "== root/.config/containers/policy.json\n{\"default\": [{\"type\": \"insecureAcceptAnything\"}]}\n",
        "",
    ),
    (
        "HC15",
        Status::Fail,
        "hardened",
        "== root/.config/containers/policy.json\n{\"default\": [{\"type\": \"reject\"}]}\n",
        "rootful",
    ),
    ("HC15", Status::Pass, "hardened", "== root/\n", ""),
    (
        "HC16",
        Status::Fail,
        "hardened",
        "== etc/containers/registries.conf.d/a.conf\n[[registry]]\nprefix = \"a.example\"\n[[registry.mirror]]\nlocation = \"b.example\"\ninsecure = true\n",
        "",
    ),
    ("HC16", Status::Warn, "hardened", "== -etc/containers/registries.conf.d\n", ""),
    (
        "HC16",
        Status::Pass,
        "hardened",
        "== etc/containers/registries.conf.d/z.conf\nunqualified-search-registries = [\"quay.io\"]\n",
        "",
    ),
    ("HC16", Status::Fail, "hardened", "== etc/containers/registries.conf.d/z.conf\n[[\n", ""),
    (
        "HC16",
        Status::Fail,
        "hardened",
        "== etc/containers/registries.conf.d/z.conf\nunqualified-search-registries = \"docker.io\"\n",
        "",
    ),
    (
        "HC16",
        Status::Fail,
        "hardened",
        "== etc/containers/registries.conf.d/z.conf\n[[registry]]\nlocation = \"a.example\"\ninsecure = \"true\"\n",
        "",
    ),
    ("HC16", Status::Fail, "hardened", "== etc/containers/registries.conf.d/z.conf\n[[registry]]\n", ""),
    (
        "HC16",
        Status::Fail,
        "hardened",
        "== home/alice/.config/containers/registries.conf.d/z.conf\n[[registry]]\nlocation = \"a.example\"\ninsecure = true\n",
        "rootless",
    ),
    (
        "HC16",
        Status::Pass,
        "hardened",
        "== home/alice/.config/containers/registries.conf\nunqualified-search-registries = []\n== etc/containers/registries.conf.d/z.conf\n[[registry]]\nlocation = \"a.example\"\ninsecure = true\n",
        "rootless",
    ),
    (
        "HC16",
        Status::Fail,
        "hardened",
        "== root/.config/containers/registries.conf\n[[registry]]\nlocation = \"a.example\"\ninsecure = true\n",
        "",
    ),
    (
        "HC16",
        Status::Fail,
        "hardened",
        "== root/.config/containers/registries.conf.d/z.conf\n[[registry]]\nlocation = \"a.example\"\ninsecure = true\n",
        "",
    ),
    (
        "HC16",
        Status::Fail,
        "hardened",
        "== etc/containers/registries.conf.d/z.conf\nshort-name-mode = \"strict\"\n",
        "",
    ),
    // The form of version 1 is no drop-in's, and never beside that of version 2.
    (
        "HC16",
        Status::Warn,
        "debian",
        "== etc/containers/registries.conf\n[registries.search]\nregistries = [\"docker.io\", \"quay.io\"]\n",
        "",
    ),
    (
        "HC16",
        Status::Fail,
        "debian",
        "== etc/containers/registries.conf\nshort-name-mode = \"enforcing\"\n[registries.search]\nregistries = [\"docker.io\"]\n",
        "",
    ),
    (
        "HC16",
        Status::Fail,
        "debian",
        "== etc/containers/registries.conf.d/z.conf\n[registries.search]\nregistries = [\"docker.io\"]\n",
        "",
    ),
    // A drop-in's registry takes the place of that of the same prefix, mirrors and all.
    (
        "HC16",
        Status::Pass,
        "debian",
        "== etc/containers/registries.conf\n[[registry]]\nlocation = \"a.example\"\ninsecure = true\n== etc/containers/registries.conf.d/z.conf\n[[registry]]\nlocation = \"a.example/\"\n",
        "",
    ),
    (
        "HC16",
        Status::Fail,
        "debian",
        "== etc/containers/registries.conf\n[[registry]]\nlocation = \"a.example\"\ninsecure = true\n== etc/containers/registries.conf.d/z.conf\n[[registry]]\nprefix = \"b.example\"\nlocation = \"a.example\"\n",
        "",
    ),
    ("HC17", Status::Pass, "debian", "", "rootful"),
    (
        "HC17",
        Status::Pass,
        "debian",
        "== -sys/module\n== sys/module/overlay/x\n== proc/sys/kernel/modules_disabled\n1\n== sys/module/nf_tables/x\n== sys/module/macvlan/x\n",
        "rootful",
    ),
    ("HC17", Status::Fail, "debian", "== proc/sys/kernel/modules_disabled\n1\n", "rootful"),
    (
        "HC17",
        Status::Fail,
        "debian",
        "== usr/lib/modules/6.12.48+deb13-amd64/modules.dep\nkernel/fs/overlayfs/overlay.ko.xz:\n",
        "rootless",
    ),
    (
        "HC17",
        Status::Unknown,
        "debian",
        "== -usr/lib/modules/6.12.48+deb13-amd64\n== usr/lib/modules/6.1.0/x\n",
        "rootful",
    ),
    ("HC18", Status::Pass, "hardened", "", "rootful"),
    ("HC18", Status::Fail, "hardened", "== proc/sys/kernel/osrelease\n5.11.0\n", "rootful"),
    ("HC18", Status::Unknown, "hardened", "== proc/self/mountinfo\n24 1 0:1 / / rw - zfs rpool rw\n", "rootful"),
    ("HC18", Status::NotApplicable, "hardened", "", "rootless"),
    ("HC19", Status::Pass, "debian", "", ""),
    (
        "HC19",
        Status::Warn,
        "debian",
        "== etc/systemd/system/sockets.target.wants/podman.socket -> /usr/lib/systemd/system/podman.socket\n",
        "",
    ),
    (
        "HC19",
        Status::Pass,
        "debian",
        "== etc/systemd/system/sockets.target.wants/podman.socket -> x\n== etc/systemd/system/podman.socket -> /dev/null\n",
        "",
    ),
    ("HC19", Status::Fail, "debian", "== run/podman/podman.sock 0666\n", ""),
    ("HC19", Status::Warn, "debian", "== etc/systemd/system/default.target.wants/podman.service -> x\n", ""),
    ("HC19", Status::Warn, "debian", "== etc/systemd/system/multi-user.target.wants/podman.service -> x\n", ""),
    ("HC19", Status::Warn, "debian", "== etc/systemd/system/graphical.target.wants/podman.service -> x\n", ""),
    ("HC19", Status::Warn, "debian", "== etc/systemd/system/sockets.target.requires/podman.socket -> x\n", ""),
    (
        "HC19",
        Status::Pass,
        "debian",
        "== etc/systemd/system/default.target.wants/podman.service -> x\n== etc/systemd/system/podman.socket -> /dev/null\n",
        "",
    ),
    (
        "HC19",
        Status::Fail,
        "debian",
        "== etc/systemd/system/default.target.wants/podman.service -> x\n== etc/systemd/system/podman.service.d/tcp.conf\n\
         [Service]\nExecStart=\nExecStart=/usr/bin/podman system service --time=0 tcp:0.0.0.0:2375\n",
        "",
    ),
    ("HC20", Status::Pass, "hardened", "", "rootful"),
    ("HC20", Status::Warn, "debian", "", "rootful"),
    (
        "HC20",
        Status::Pass,
        "debian",
        "== etc/systemd/system/plimsoll-prune.timer\n[Timer]\n== etc/systemd/system/timers.target.d/prune.conf\n[Unit]\nWants=x.timer plimsoll-prune.timer\n",
        "rootful",
    ),
    (
        "HC20",
        Status::Fail,
        "hardened",
        "== -etc/systemd/system/timers.target.wants/podman-auto-update.timer\n",
        "rootful",
    ),
    ("HC20", Status::Pass, "hardened", "== -etc/systemd/system/timers.target.wants/podman-auto-update.timer\n", ""),
    ("HC21", Status::Pass, "hardened", "", ""),
    ("HC21", Status::Warn, "hardened", "== proc/sys/kernel/kptr_restrict\n0\n", ""),
    (
        "HC20",
        Status::Pass,
        "debian",
        "== home/alice/.config/systemd/user/podman-prune.timer\n[Timer]\n== home/alice/.config/systemd/user/timers.target.wants/podman-prune.timer -> x\n",
        "rootless",
    ),
    ("HC20", Status::Warn, "hardened", "", "rootless"),
    ("HC21", Status::Pass, "hardened", "== -proc/sys/kernel/kexec_load_disabled\n", ""),
    ("HC21", Status::Warn, "hardened", "== -proc/sys/kernel/yama/ptrace_scope\n== proc/sys/kernel/yama/x\n", ""),
    ("HC21", Status::Unknown, "hardened", "== -proc/sys/net\n", ""),
    ("HC20", Status::Fail, "hardened", "== -usr/lib/systemd/system/podman-auto-update.timer\n", "rootful"),
    ("HC20", Status::Warn, "hardened", "== -etc/systemd/system/plimsoll-prune.timer\n", ""),
    ("HC22", Status::Pass, "hardened", "", ""),
    ("HC22", Status::Warn, "hardened", "== -usr/lib/systemd/system/nftables.service\n", ""),
    ("HC22", Status::Warn, "hardened", "== etc/nftables/host.nft\ntable inet host { }\n", ""),
    (
        "HC22",
        Status::Warn,
        "hardened",
        "== etc/nftables/host.nft\ntable ip f {\nchain input { type filter hook input priority 0; policy drop; }\n}\n",
        "",
    ),
    (
        "HC22",
        Status::Pass,
        "hardened",
        "== etc/nftables/host.nft\ntable ip f {\nchain input { type filter hook input priority 0; policy drop; }\n}\ntable ip6 f {\nchain input { type filter hook input priority 0; policy drop; }\n}\n",
        "",
    ),
    (
        "HC22",
        Status::Pass,
        "hardened",
        "== etc/nftables/host.nft\ntable ip f {\nchain input { type filter hook input priority 0; policy drop; }\n}\n== proc/cmdline\nipv6.disable=1\n",
        "",
    ),
    (
        "HC22",
        Status::Pass,
        "hardened",
        "== etc/nftables/host.nft\ntable ip f {\nchain input { type filter hook input priority 0; policy drop; }\n}\n== proc/sys/net/ipv6/conf/all/disable_ipv6\n1\n",
        "",
    ),
    (
        "HC22",
        Status::Pass,
        "hardened",
        "== etc/nftables/host.nft\ntable ip f {\nchain input { type filter hook input priority 0; policy drop; }\n}\n\
         == proc/sys/net/ipv4/ip_forward\n0\n",
        "",
    ),
    (
        "HC22",
        Status::Warn,
        "hardened",
        "== etc/nftables/host.nft\ntable inet f {\nchain input { type filter hook input priority 0; policy drop; }\n}\ndelete table inet f\n",
        "",
    ),
    (
        "HC22",
        Status::Warn,
        "hardened",
        "== etc/nftables/host.nft\ntable inet f { flags dormant;\nchain input { type filter hook input priority 0; policy drop; }\n}\n",
        "",
    ),
    // What nothing includes is not loaded, nor a file that includes what is not there.
    ("HC22", Status::Warn, "hardened", "== etc/sysconfig/nftables.conf\nflush ruleset\n", ""),
    (
        "HC22",
        Status::Warn,
        "hardened",
        "== -etc/nftables/host.nft\n== etc/sysconfig/nftables.conf\ninclude \"/etc/nftables/host.nft\"\ntable inet f {\nchain input { type filter hook input priority 0; policy drop; }\n}\n",
        "",
    ),
    ("HC22", Status::Pass, "hardened", "== etc/sysconfig/nftables.conf\ninclude \"nftables/*.nft\"\n", ""),
    ("HC22", Status::Unknown, "hardened", "== etc/sysconfig/nftables.conf\ninclude \"/etc/nftables/[a-h]*.nft\"\n", ""),
    (
        "HC22",
        Status::Pass,
        "hardened",
        "== etc/systemd/system/nftables.service.d/own.conf\n[Service]\nExecStart=\nExecStart=/sbin/nft -f /etc/nftables/host.nft\n",
        "",
    ),
    (
        "HC22",
        Status::Warn,
        "debian",
        "== usr/lib/systemd/system/firewalld.service\n[Service]\n== etc/systemd/system/multi-user.target.wants/firewalld.service -> x\n== etc/firewalld/zones/public.xml\n<zone target='ACCEPT'></zone>\n",
        "",
    ),
    (
        "HC22",
        Status::Warn,
        "debian",
        "== usr/lib/systemd/system/firewalld.service\n[Service]\n== etc/systemd/system/multi-user.target.wants/firewalld.service -> x\n== etc/firewalld/zones/trusted.xml\n<zone target=\"ACCEPT\">\n<interface name=\"eth0\"/>\n</zone>\n",
        "",
    ),
    (
        "HC22",
        Status::Pass,
        "debian",
        "== usr/lib/systemd/system/firewalld.service\n[Service]\n== etc/systemd/system/multi-user.target.wants/firewalld.service -> x\n== etc/firewalld/zones/trusted.xml\n<zone target=\"ACCEPT\">\n</zone>\n",
        "",
    ),
    (
        "HC22",
        Status::Unknown,
        "debian",
        "== usr/lib/systemd/system/firewalld.service\n[Service]\n== etc/systemd/system/multi-user.target.wants/firewalld.service -> x\n== etc/firewalld/zones/trusted.xml\n\n",
        "",
    ),
    (
        "HC22",
        Status::Warn,
        "hardened",
        "== etc/nftables/host.nft\ntable arp f {\nchain input { type filter hook input priority 0; policy drop; }\n}\n",
        "",
    ),
    (
        "HC22",
        Status::Pass,
        "debian",
        "== usr/lib/systemd/system/firewalld.service\n[Service]\n== etc/systemd/system/multi-user.target.wants/firewalld.service -> x\n",
        "",
    ),
    (
        "HC22",
        Status::Warn,
        "debian",
        "== usr/lib/systemd/system/firewalld.service\n[Service]\n== etc/systemd/system/multi-user.target.wants/firewalld.service -> x\n== etc/firewalld/firewalld.conf\nDefaultZone=trusted\n",
        "",
    ),
    (
        "HC22",
        Status::Pass,
        "debian",
        "== usr/lib/systemd/system/ufw.service\n[Service]\n== etc/systemd/system/multi-user.target.wants/ufw.service -> x\n== etc/ufw/ufw.conf\nENABLED=yes\n",
        "",
    ),
    (
        "HC22",
        Status::Warn,
        "debian",
        "== usr/lib/systemd/system/ufw.service\n[Service]\n== etc/systemd/system/multi-user.target.wants/ufw.service -> x\n== etc/ufw/ufw.conf\nENABLED=yes\n== etc/default/ufw\nDEFAULT_INPUT_POLICY=\"ACCEPT\"\n",
        "",
    ),
    (
        "HC23",
        Status::Pass,
        "debian",
        "== usr/bin/unattended-upgrade\n== etc/apt/apt.conf.d/20auto-upgrades\nAPT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n",
        "",
    ),
    (
        "HC23",
        Status::Warn,
        "debian",
        "== usr/bin/unattended-upgrade\n== etc/apt/apt.conf.d/20auto-upgrades\nAPT::Periodic::Unattended-Upgrade \"0\";\n",
        "",
    ),
    (
        "HC23",
        Status::Warn,
        "debian",
        "== usr/bin/unattended-upgrade\n== etc/apt/apt.conf.d/20auto-upgrades\nAPT::Periodic::Unattended-Upgrade \"1\";\n",
        "",
    ),
    (
        "HC23",
        Status::Warn,
        "debian",
        "== usr/bin/unattended-upgrade\n== etc/apt/apt.conf.d/20auto-upgrades\nAPT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n== etc/systemd/system/apt-daily-upgrade.timer -> /dev/null\n",
        "",
    ),
    (
        "HC23",
        Status::Warn,
        "debian",
        "== usr/bin/unattended-upgrade\n== etc/apt/apt.conf.d/20auto-upgrades\nAPT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n== -etc/systemd/system/timers.target.wants/apt-daily-upgrade.timer\n",
        "",
    ),
    (
        "HC23",
        Status::Warn,
        "debian",
        "== usr/bin/unattended-upgrade\n== etc/apt/apt.conf.d/20auto-upgrades\nAPT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n== -etc/systemd/system/timers.target.wants/apt-daily.timer\n",
        "",
    ),
    (
        "HC23",
        Status::Warn,
        "debian",
        "== usr/bin/unattended-upgrade\n== etc/apt/apt.conf.d/20auto-upgrades\nAPT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n== etc/apt/apt.conf.d/10periodic\nAPT::Periodic::Enable \"0\";\n",
        "",
    ),
    (
        "HC23",
        Status::Warn,
        "debian",
        "== usr/bin/unattended-upgrade\n== etc/apt/apt.conf.d/20auto-upgrades.dpkg-old\nAPT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n",
        "",
    ),
    (
        "HC23",
        Status::Warn,
        "debian",
        "== usr/bin/unattended-upgrade\n== etc/apt/apt.conf.d/20auto-upgrades\nAPT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n== etc/apt/apt.conf\nAPT::Periodic::Update-Package-Lists \"0\";\n",
        "",
    ),
    (
        "HC23",
        Status::Warn,
        "debian",
        "== usr/bin/unattended-upgrade\n== etc/apt/apt.conf.d/20auto-upgrades\nAPT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n== etc/apt/apt.conf\nAPT::Periodic::Unattended-Upgrade \"0\";\n",
        "",
    ),
    (
        "HC23",
        Status::Pass,
        "debian",
        "== usr/bin/unattended-upgrade\n== etc/apt/apt.conf\nAPT { Periodic { Update-Package-Lists \"1\"; Unattended-Upgrade \"1\"; }; };\n",
        "",
    ),
    (
        "HC23",
        Status::Unknown,
        "debian",
        "== usr/bin/unattended-upgrade\n== etc/apt/apt.conf.d/20auto-upgrades\nAPT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n== etc/apt/apt.conf\n#include \"/srv/apt.conf\";\n",
        "",
    ),
    (
        "HC23",
        Status::Pass,
        "debian",
        "== usr/lib/systemd/system/zincati.service\n[Service]\n== etc/systemd/system/multi-user.target.wants/zincati.service -> x\n",
        "",
    ),
    (
        "HC23",
        Status::Warn,
        "debian",
        "== usr/lib/systemd/system/zincati.service\n[Service]\n== etc/systemd/system/multi-user.target.wants/zincati.service -> x\n== etc/zincati/config.d/90-disable-auto-updates.toml\n[updates]\nenabled = false\n",
        "",
    ),
    (
        "HC23",
        Status::Pass,
        "debian",
        "== usr/lib/systemd/system/zincati.service\n[Service]\n== etc/systemd/system/multi-user.target.wants/zincati.service -> x\n== usr/lib/zincati/config.d/10.toml\n[updates]\nenabled = false\n== etc/zincati/config.d/10.toml -> /dev/null\n",
        "",
    ),
    (
        "HC23",
        Status::Unknown,
        "debian",
        "== usr/lib/systemd/system/zincati.service\n[Service]\n== etc/systemd/system/multi-user.target.wants/zincati.service -> x\n== etc/zincati/config.d/90.toml\nupdates\n",
        "",
    ),
    (
        "HC23",
        Status::Warn,
        "debian",
        "== usr/lib/systemd/system/rpm-ostreed-automatic.timer\n[Timer]\n== etc/systemd/system/timers.target.wants/rpm-ostreed-automatic.timer -> x\n",
        "",
    ),
    (
        "HC23",
        Status::Warn,
        "debian",
        "== usr/lib/systemd/system/rpm-ostreed-automatic.timer\n[Timer]\n== etc/systemd/system/timers.target.wants/rpm-ostreed-automatic.timer -> x\n== etc/rpm-ostreed.conf\n[Daemon]\nAutomaticUpdatePolicy=none\n",
        "",
    ),
    (
        "HC23",
        Status::Pass,
        "debian",
        "== usr/lib/systemd/system/rpm-ostreed-automatic.timer\n[Timer]\n== etc/systemd/system/timers.target.wants/rpm-ostreed-automatic.timer -> x\n== etc/rpm-ostreed.conf\n[Daemon]\nAutomaticUpdatePolicy=stage\n",
        "",
    ),
    (
        "HC23",
        Status::Pass,
        "debian",
        "== usr/lib/systemd/system/bootc-fetch-apply-updates.timer\n[Timer]\n== usr/lib/systemd/system/default.target.wants/bootc-fetch-apply-updates.timer -> ../bootc-fetch-apply-updates.timer\n",
        "",
    ),
    ("HC23", Status::Warn, "hardened", "== -usr/lib/systemd/system/dnf-automatic.timer\n", ""),
    ("HC23", Status::Warn, "hardened", "== etc/dnf/automatic.conf\n[commands]\napply_updates = no\n", ""),
    ("HC24", Status::Pass, "hardened", "", ""),
    ("HC24", Status::Warn, "hardened", "== usr/lib/modules/6.12.0-55.31.1.el10_0.x86_64/modules.dep\n", ""),
    ("HC24", Status::Pass, "hardened", "== usr/lib/modules/9.9.9-leftover/source/x\n", ""),
    ("HC24", Status::Warn, "debian", "== proc/sys/kernel/osrelease\n6.13.0\n", ""),
    ("HC24", Status::Unknown, "debian", "== -usr/lib/modules\n", ""),
    ("HC24", Status::Pass, "debian", "== usr/lib/modules/6.12.48+deb13-rt-amd64/modules.dep\n", ""),
    ("HC24", Status::Warn, "debian", "== usr/lib/modules/6.12.57+deb13-amd64/modules.dep\n", ""),
    ("HC24", Status::Warn, "hardened", "== run/ostree/staged-deployment\n", ""),
    ("HC25", Status::Warn, "debian", "== usr/local/bin/k3s\n", ""),
    ("HC26", Status::Pass, "debian", "", "rootless"),
    ("HC26", Status::Warn, "bad", "", "rootless"),
    ("HC27", Status::Pass, "debian", "", "rootful"),
    ("HC27", Status::Unknown, "hardened", "", "rootful"),
    (
        "HC27",
        Status::Fail,
        "debian",
        "== var/lib/dpkg/status\nPackage: podman\nStatus: install ok installed\nVersion: 1:5.3.2-1\n",
        "rootful",
    ),
    (
        "HC27",
        Status::Pass,
        "debian",
        "== var/lib/dpkg/status\nPackage: podman\nStatus: install ok installed\nVersion: 1:5.3.2-1\n",
        "",
    ),
    ("HC27", Status::Fail, "debian", "== -usr/lib/systemd/system-generators\n", ""),
    ("HC27", Status::Fail, "debian", "== -usr/lib/podman\n", "rootful"),
    ("HC27", Status::Pass, "hardened", "== var/lib/pacman/local/podman-5.6.1-1/desc\n", "rootful"),
    ("HC28", Status::Pass, "hardened", "", "rootful"),
    ("HC28", Status::Warn, "hardened", "== sys/devices/system/cpu/online\n0\n", "rootful"),
    ("HC28", Status::Warn, "hardened", "== proc/sys/kernel/pid_max\n900\n", "rootful"),
    ("HC28", Status::Warn, "hardened", "== proc/meminfo\nMemTotal: 1700000 kB\n", "rootful"),
    ("HC28", Status::Unknown, "hardened", "== proc/meminfo\nMemFree: 1 kB\n", "rootful"),
    (
        "HC29",
        Status::Fail,
        "hardened",
        "== sys/devices/pci0000:00/0000:00:03.0/virtio0/net/eth0/operstate\ndown\n",
        "rootful",
    ),
    (
        "HC29",
        Status::Fail,
        "hardened",
        "== sys/devices/pci0000:00/0000:00:03.0/virtio0/net/eth0/wireless/\n",
        "rootful",
    ),
    ("HC29", Status::Fail, "hardened", "== -sys/class/net/eth0\n", "rootful"),
    ("HC29", Status::Unknown, "hardened", "== -sys/class\n", "rootful"),
    ("HC30", Status::Pass, "hardened", "", "rootful"),
    ("HC30", Status::Warn, "debian", "", "rootful"),
    ("HC30", Status::Pass, "debian", "", "rootless"),
    ("HC31", Status::Pass, "hardened", "", "rootful"),
    ("HC31", Status::Warn, "debian", "", "rootful"),
    // Subvolumes and bind mounts have the room of /; where / is an image, that of /etc is the one that matters.
    (
        "HC31",
        Status::Warn,
        "hardened",
        "== proc/self/mountinfo\n22 1 0:21 /@/snapshot / ro - btrfs /dev/vda3 ro\n30 22 0:21 /@/var /var rw - btrfs /dev/vda3 rw\n",
        "",
    ),
    (
        "HC31",
        Status::Warn,
        "hardened",
        "== proc/self/mountinfo\n22 1 0:30 / / ro - overlay composefs ro\n23 22 254:4 /ostree/etc /etc rw - xfs /dev/vda4 rw\n24 22 254:4 /ostree/var /var rw - xfs /dev/vda4 rw\n",
        "",
    ),
    (
        "HC31",
        Status::Warn,
        "hardened",
        "== etc/containers/storage.conf\n[storage]\nimagestore = \"/data/images\"\n",
        "",
    ),
    ("HC31", Status::Pass, "hardened", "== etc/containers/storage.conf\n[storage]\nimagestore = \"/srv/images\"\n", ""),
    ("HC32", Status::Pass, "debian", "", "rootless"),
    (
        "HC32",
        Status::Warn,
        "debian",
        "== home/alice/.config/containers/storage.conf\n[storage]\ndriver = \"vfs\"\n",
        "rootless",
    ),
    (
        "HC32",
        Status::Warn,
        "debian",
        "== etc/containers/storage.conf\n[storage.options.overlay]\nmount_program = \"/usr/bin/fuse-overlayfs\"\n",
        "rootless",
    ),
    ("HC32", Status::Pass, "bad", "", "rootless"),
    ("HC33", Status::Pass, "debian", "", "rootless"),
    ("HC33", Status::Fail, "debian", "== -var/lib/systemd/linger\n== var/lib/systemd/timers/\n", "rootless"),
    ("HC33", Status::Unknown, "debian", "== -var/lib/systemd\n", "rootless"),
    ("HC33", Status::Unknown, "debian", "== etc/passwd\nroot:x:0:0::/root:/bin/sh\n", "rootless"),
    ("HC34", Status::Pass, "hardened", "", "rootful"),
    ("HC34", Status::Fail, "hardened", "== etc/lab/web.env 0640\n", "rootful"),
    ("HC34", Status::Pass, "hardened", "== etc/lab/web.env 0640\n", ""),
    ("HC34", Status::Fail, "hardened", "== etc/systemd/system/x.service 0664\n", ""),
    // Links are followed, and whoever may change a directory on the way changes the unit.
    (
        "HC34",
        Status::Pass,
        "hardened",
        "== srv/q/x.container\n== etc/containers/systemd/q -> /srv/q\n== etc/containers/systemd/again -> ..\n",
        "",
    ),
    ("HC34", Status::Fail, "hardened", "== srv/q/x.container 0666\n== etc/containers/systemd/q -> /srv/q\n", ""),
    (
        "HC34",
        Status::Fail,
        "hardened",
        "== srv/q/x.container 0666\n== etc/containers/systemd/x.container -> ../../../srv/q/x.container\n",
        "",
    ),
    (
        "HC34",
        Status::Fail,
        "hardened",
        "== srv/q/ 0777\n== srv/q/x.container\n== etc/containers/systemd/x.container -> /srv/q/x.container\n",
        "",
    ),
    ("HC34", Status::Fail, "hardened", "== etc/ 0777\n", ""),
    ("HC34", Status::Fail, "hardened", "== etc/systemd/ 0777\n", ""),
    // In /tmp others may make what is missing, and leave alone what is root's.
    (
        "HC34",
        Status::Pass,
        "hardened",
        "== tmp/ 1777\n== tmp/x.service\n== etc/systemd/system/x.service -> /tmp/x.service\n",
        "",
    ),
    ("HC34", Status::Fail, "hardened", "== tmp/ 1777\n== etc/systemd/system/x.service -> /tmp/x.service\n", ""),
    ("HC35", Status::Pass, "hardened", "", "rootful"),
    ("HC35", Status::Fail, "hardened", "== -srv/db\n", "rootful"),
    ("HC35", Status::Fail, "hardened", "== -srv/db\n== srv/db -> /nowhere\n", "rootful"),
    (
        "HC35",
        Status::Fail,
        "hardened",
        "== var/lib/containers/storage/secrets/secrets.json\n{\"nameToID\": {}}\n",
        "rootful",
    ),
    ("HC35", Status::Unknown, "hardened", "== -var/lib/containers\n", "rootful"),
    ("HC35", Status::NotApplicable, "hardened", "", "rootless"),
    ("HC36", Status::Pass, "debian", "", ""),
    ("HC36", Status::Warn, "debian", "== etc/subuid\nalice:600000:65536\n== var/lib/machines/web/\n", ""),
    ("HC36", Status::Pass, "debian", "== var/lib/machines/web/\n", ""),
];

#[test]
fn every_check_ends_in_every_way_it_can() {
    let catalogs = BTreeMap::from(["rootful", "rootless"].map(|name| (name, load(name))));
    let mut seen: BTreeMap<&str, BTreeSet<Status>> = BTreeMap::new();
    let mut problems = Vec::new();
    let mut known: BTreeMap<(&str, &str, &str), Checked> = BTreeMap::new();
    for (id, wanted, base, change, catalog) in CASES {
        let checked = known
            .entry((base, change, catalog))
            .or_insert_with(|| Host::named(base).with(change).checked(catalogs.get(catalog), &Nobody));
        let (found, why) = status(checked, id);
        if found != *wanted {
            problems.push(format!(
                "{id} on {base} with {change:?} {catalog}: {} and not {}: {why}",
                found.as_str(),
                wanted.as_str()
            ));
        }
        seen.entry(id).or_default().insert(found);
    }
    for (host, catalog) in
        [("hardened", "rootful"), ("debian", "rootful"), ("bad", "rootful"), ("", "rootful"), ("", "rootless")]
    {
        let host = if host.is_empty() { Host::default() } else { Host::named(host) };
        for answer in host.checked(catalogs.get(catalog), &Nobody).answers {
            seen.entry(answer.check.id).or_default().insert(answer.status);
        }
    }
    for item in checks::all() {
        let about = item.about;
        let ends = seen.remove(about.id).unwrap_or_default();
        let mut wanted = vec![Status::Pass, Status::Unknown];
        wanted.extend(about.fails.map(|_| Status::Fail));
        wanted.extend(about.warns.map(|_| Status::Warn));
        for status in wanted.iter().filter(|status| !ends.contains(status)) {
            problems.push(format!("{}: no host where it ends with {}", about.id, status.as_str()));
        }
        let is_told = |status: &&Status| matches!(status, Status::Fail | Status::Warn) && !wanted.contains(status);
        for status in ends.iter().filter(is_told) {
            problems.push(format!("{}: it does not say of itself when it ends with {}", about.id, status.as_str()));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_masked_unit_is_not_somebody_elses() {
    let found = |change: &str| {
        let dir = tempfile::tempdir().expect("a directory");
        Host::named("hardened").with("== dev/null\n").with(change).write(dir.path());
        // In a container it belongs to nobody. Without the right to say so, what is looked at is still counted.
        let _ = chown(dir.path().join("dev/null"), Some(65_534), None);
        let root = Root::open(Utf8Path::from_path(dir.path()).expect("UTF-8")).expect("a root");
        status(&checks::run(&Scope { root: &root, catalog: None, ask: &Nobody }), "HC34")
    };
    let without = found("");
    assert_eq!(without.0, Status::Pass, "{}", without.1);
    assert_eq!(found("== etc/systemd/system/x.service -> /dev/null\n"), without);
}

#[test]
fn of_an_empty_root_nothing_is_told() {
    for catalog in [None, Some(load("rootful")), Some(load("rootless"))] {
        for answer in Host::default().checked(catalog.as_ref(), &Nobody).answers {
            let is_silent = matches!(answer.status, Status::Unknown | Status::NotApplicable);
            assert!(is_silent, "{}: {}: {}", answer.check.id, answer.status.as_str(), answer.found);
        }
    }
}

#[test]
fn programs_are_asked_only_where_files_do_not_tell() {
    struct Says(Result<String, String>);
    impl Ask for Says {
        fn podman_version(&self) -> Option<Result<String, String>> {
            Some(self.0.clone())
        }
    }
    let catalog = load("rootful");
    for (answer, host, wanted) in [
        (Ok("podman version 5.6.0\n"), "hardened", Status::Pass),
        (Ok("podman version 5.3.1\n"), "hardened", Status::Fail),
        (Ok("podman version 5.3.1\n"), "debian", Status::Pass),
        (Ok("what?\n"), "hardened", Status::Unknown),
        (Err("podman --version: cannot be run"), "hardened", Status::Unknown),
    ] {
        let says = Says(answer.map(str::to_owned).map_err(str::to_owned));
        let (found, why) = status(&Host::named(host).checked(Some(&catalog), &says), "HC27");
        assert_eq!(found, wanted, "{answer:?} {host}: {why}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whatever_is_missing_or_garbled_no_pass_is_made_up(
        base in prop_oneof!["hardened", "debian", "bad"],
        fates in prop::collection::vec(0_u8..8, 120),
        garbage in "\\PC{0,40}|[0-9:=\\[\\]{}\" \n/-]{0,60}",
    ) {
        let mut host = Host::named(&base);
        let mut fates = fates.into_iter().cycle();
        host.0.retain(|_, _| fates.next() != Some(0));
        for entry in host.0.values_mut() {
            if let (Entry::File(text, _), Some(1)) = (entry, fates.next()) {
                text.clone_from(&garbage);
            }
        }
        let catalog = load("rootful");
        let checked = host.checked(Some(&catalog), &Nobody);
        prop_assert_eq!(checked.answers.len(), checks::all().count());
        for answer in checked.answers {
            prop_assert!(!answer.found.is_empty() && !answer.fix.is_empty());
            prop_assert!(answer.status != Status::Pass || !answer.read.is_empty(), "{}", answer.check.id);
        }
    }
}

#[test]
fn what_the_checks_say_of_themselves_is_whole() {
    let mut names = BTreeSet::new();
    let ids: BTreeSet<&str> = checks::all().map(|item| item.about.id).collect();
    assert_eq!(ids, (1..=36).map(|n| format!("HC{n:02}")).collect::<Vec<_>>().iter().map(String::as_str).collect());
    for item in checks::all() {
        let about = item.about;
        assert!(names.insert(about.name) && rules::rule(about.name).is_none(), "{} is given twice", about.name);
        assert!(about.what.ends_with('.') && about.why.ends_with('.'), "{}: what and why are sentences", about.id);
        assert!(about.today.is_none_or(|today| today.ends_with('.')), "{}: today is a sentence", about.id);
        for phrase in [Some(about.fix), about.fails, about.warns].into_iter().flatten() {
            assert!(!phrase.is_empty() && !phrase.ends_with('.'), "{}: `{phrase}` is a phrase", about.id);
        }
        assert!(about.fails.is_some() || about.warns.is_some(), "{}: it never says anything", about.id);
        assert!(!about.reads.is_empty() && !about.sources.is_empty(), "{} comes from nowhere", about.id);
    }
    for (theme, items) in checks::THEMES {
        assert!(items.is_sorted_by_key(|item| item.about.id), "{theme}: not in the order of the ids");
    }
}

#[test]
fn nothing_is_written_and_no_secret_is_told() {
    let project = Host::named("bad").project();
    let before = listed(&project.path().join("host"));
    for more in [&["-v"][..], &["--format", "json"], &["--format", "sarif"], &["--format", "junit"]] {
        let ran = run(&project, more);
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        assert!(!ran.stdout.contains("hunter2"), "{}", ran.stdout);
    }
    assert_eq!(listed(&project.path().join("host")), before);
}

/// What is in a directory and when it was changed, links as they are.
fn listed(dir: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        let meta = fs::symlink_metadata(&path).expect("it is there");
        if meta.is_dir() {
            found.extend(listed(&path));
        }
        let says = (meta.permissions().mode(), meta.modified().expect("a time"), meta.len());
        found.insert(path, format!("{says:?}"));
    }
    found
}

#[test]
fn every_format_is_what_its_schema_says() {
    let project = Host::named("bad").project();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/host-check.json");
    for host in ["bad", "hardened"] {
        crate::check::assert_valid(&schema, &run(&Host::named(host).project(), &["--format", "json"]).stdout);
    }
    crate::check::assert_valid(&crate::check::sarif_schema(), &run(&project, &["--format", "sarif"]).stdout);
    crate::check::assert_junit(&run(&project, &["--format", "junit"]).stdout);
    let json: serde_json::Value = serde_json::from_str(&run(&project, &["--format", "json"]).stdout).unwrap();
    assert_eq!((json["version"].as_u64(), json["checks"].as_array().map(Vec::len)), (Some(1), Some(36)));
    let fail = &json["checks"].as_array().unwrap().iter().find(|check| check["id"] == "HC04").unwrap();
    assert_eq!(fail["status"], "fail");
    assert!(fail["read"].as_array().unwrap().contains(&"/etc/subuid".into()), "{fail:#}");
}

#[test]
fn waivers_and_policy_of_the_catalog_hold() {
    let waive = |rule: &str, more: &str| {
        format!("[[waive]]\nrule = \"{rule}\"\nreason = \"it is a host for trying things out\"\n{more}")
    };
    let with = |more: &str| {
        let catalog = fs::read_to_string(format!("{DIR}/rootful/catalog.toml")).unwrap();
        Host::named("debian").project().file("services/catalog.toml", format!("{catalog}\n{more}"))
    };
    let of = |ran: &Ran, id: &str| {
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
        json["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).cloned()
    };
    let json = |more: &str| run(&with(more), &["--format", "json"]);

    let plain = json("");
    assert_eq!((plain.status, of(&plain, "HC34").unwrap()["status"].as_str()), (1, Some("fail")));
    let waived = json(&waive("HC34", "expires = 2026-01-01\n"));
    assert_eq!((waived.status, waived.stderr.as_str()), (0, ""));
    assert_eq!(of(&waived, "HC34").unwrap()["waived"], "it is a host for trying things out");
    let text = run(&with(&waive("HC34", "")), &[]).stdout;
    assert!(!text.contains("HC34") && text.contains("1 is waived"), "{text}");

    for (more, status, told) in [
        (waive("HC34", "expires = 2025-12-31\n"), 1, "the waiver of HC34 ended on 2025-12-31"),
        (waive("HC34", "") + &waive("HC01", ""), 0, "the waiver of HC01 is not needed"),
        (waive("HC34", "") + &waive("HC99", ""), 0, "the waiver is for HC99, which is no check"),
    ] {
        let ran = json(&more);
        assert_eq!(ran.status, status, "{}", ran.stderr);
        assert!(ran.stderr.contains(told) && ran.stderr.contains("services/catalog.toml:"), "{}", ran.stderr);
    }
    // What cannot be told is not accepted, and its waiver is not left over either.
    let unknown = Host::named("hardened").project();
    let catalog = fs::read_to_string(format!("{DIR}/rootful/catalog.toml")).unwrap();
    let unknown = unknown.file("services/catalog.toml", format!("{catalog}\n{}", waive("HC27", "")));
    let ran = run(&unknown, &["--format", "json"]);
    assert_eq!((ran.stderr.as_str(), of(&ran, "HC27").unwrap()["waived"].clone()), ("", serde_json::Value::Null));

    let off = json("[policy]\noff = [\"HC34\"]\nerror = [\"HC21\"]\nwarning = [\"HC30\"]\n");
    assert_eq!((off.status, of(&off, "HC34")), (1, None));
    assert_eq!(of(&off, "HC21").unwrap()["status"], "fail");
    let mild = json("[policy]\nwarning = [\"HC34\"]\n");
    assert_eq!((mild.status, of(&mild, "HC34").unwrap()["status"].as_str()), (0, Some("warn")));
    let wrong = json("[policy]\noff = [\"HC99\"]\n");
    assert_eq!((wrong.status, wrong.stdout.as_str()), (2, ""));
    assert!(wrong.stderr.contains("there is no check `HC99`"), "{}", wrong.stderr);
}

#[test]
fn checks_are_named_by_their_ids_in_any_case() {
    let check = |catalog: &str| {
        let host = Host::named("hardened").with("== etc/nftables/host.nft\ntable inet host { }\n");
        let services = fs::read_to_string(format!("{DIR}/rootful/catalog.toml")).unwrap();
        run(&host.project().file("services/catalog.toml", format!("{services}\n{catalog}")), &["--format", "json"])
    };
    let reason = "reason = \"the gateway filters for all of us\"\n";
    let ran = check(&format!("[[waive]]\nrule = \"hc22\"\n{reason}"));
    assert!(
        ran.stdout.contains("the gateway filters") && !ran.stderr.contains("waiver"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert!(!check("[policy]\noff = [\"hc22\"]\n").stdout.contains("HC22"));
    for catalog in [
        format!("[[waive]]\nrule = \"default-deny-firewall\"\n{reason}"),
        "[policy]\noff = [\"default-deny-firewall\"]\n".to_owned(),
    ] {
        let ran = check(&catalog);
        assert!(ran.status == 2 && ran.stderr.contains("write `HC22`"), "{catalog}{}", ran.stderr);
    }
}

#[test]
fn a_waiver_of_the_host_is_no_units() {
    let waive = "[[waive]]\nrule = \"HC22\"\nreason = \"the gateway filters for all of us\"\n";
    let web = "image = \"quay.io/example/web:1\"\n[limits]\nmemory = \"64M\"\ncpus = 1\n";
    let project = Project::new().file("services/web.toml", web).file("services/catalog.toml", waive);
    let ran = project.plimsoll(["render", "--stdout"]).ran();
    assert!(ran.status == 0 && !ran.stdout.contains("HC22"), "{}{}", ran.stdout, ran.stderr);
    let project = Project::new().file("services/web.toml", format!("{web}{waive}"));
    let ran = project.plimsoll(["render", "--stdout"]).ran();
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr.contains("HC22 is a check of the host") && ran.stderr.contains("services/web.toml:6"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_cannot_be_looked_at_is_said() {
    let project = Host::named("hardened").project();
    let ran = project.plimsoll(["host", "check", "--root", "none"]).ran();
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("the root `none` cannot be opened"), "{}", ran.stderr);
    let ran = run(&project, &["--catalog", "elsewhere"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    let broken = project.file("services/web.toml", "image = 5\n");
    let ran = run(&broken, &[]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("nothing was looked at"), "{}", ran.stderr);
}

#[test]
fn without_a_catalog_the_host_alone_is_told() {
    let project = Project::new();
    Host::named("hardened").write(&project.path().join("host"));
    let ran = run(&project, &[]);
    assert_eq!((ran.stderr.as_str(), ran.status), ("", 0), "{}", ran.stdout);
    let quiet = run(&project, &["-q"]);
    assert!(quiet.stdout.lines().all(|line| line.starts_with("unknown  HC27")), "{}", quiet.stdout);
}

#[test]
fn checks_are_explained_like_rules() {
    let project = Project::new();
    let ran = project.plimsoll(["explain", "HC04", "default-deny-firewall"]).ran();
    assert_eq!((ran.stderr.as_str(), ran.status), ("", 0));
    insta::assert_snapshot!("explain-host-check", ran.stdout);
    let list = project.plimsoll(["explain"]).ran().stdout;
    assert!(checks::all().all(|item| list.contains(item.about.id)), "{list}");
    let ran = project.plimsoll(["explain", "HC40"]).ran();
    assert!(ran.status == 2 && ran.stderr.contains("did you mean `HC"), "{}", ran.stderr);
}
