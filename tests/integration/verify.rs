//! `plimsoll verify` from outside, on hosts that are made of files: what was seen in /proc and /sys/fs/cgroup of a real
//! one (Podman 5.4.2, systemd 257, crun), and each thing that may be wrong with it.

use std::{collections::BTreeSet, fs, os::unix::fs::symlink, path::Path};

use serde_json::Value;

use crate::{
    check::assert_valid,
    run::{Project, Ran, read},
};

const CATALOG: &str = "name = \"home\"\n[slice]\nmemory = \"2G\"\n\
    [network.lan]\ndriver = \"macvlan\"\nparent = \"eth0\"\nsubnet = \"10.99.0.0/24\"\ngateway = \"10.99.0.1\"\n";
const WEB: &str = "image = \"example.org/web:1\"\nadd_capability = [\"NET_BIND_SERVICE\"]\n\
    security_label_type = \"web_t\"\n\
    [limits]\nmemory = \"512M\"\ncpus = 4\npids = 128\n\
    [[volume]]\nsource = \"/srv/web\"\ntarget = \"/data\"\naccess = \"rw\"\n\
    [[network]]\nname = \"lan\"\nip = \"10.99.0.150\"\nmac = \"02:00:5e:10:00:01\"\n";
pub(crate) const DB: &str = "image = \"example.org/db:1\"\n[limits]\nmemory = \"64M\"\ncpus = 0.5\npids = 64\n";

pub(crate) const CGROUP: &str = "root/sys/fs/cgroup";
pub(crate) const WEB_SERVICE: &str = "root/sys/fs/cgroup/services.slice/services-web.slice/web.service";
pub(crate) const WEB_PAYLOAD: &str =
    "root/sys/fs/cgroup/services.slice/services-web.slice/web.service/libpod-payload-4f1c";
pub(crate) const DB_SERVICE: &str = "root/sys/fs/cgroup/services.slice/services-db.slice/db.service";
pub(crate) const DB_PAYLOAD: &str =
    "root/sys/fs/cgroup/services.slice/services-db.slice/db.service/libpod-payload-9a2b";
pub(crate) const WEB_PROC: &str = "root/proc/812";
pub(crate) const DB_PROC: &str = "root/proc/907";
pub(crate) const CONTROLLERS: &str = "cpuset cpu io memory pids\n";

/// A catalog of two services, and the host on which both run as they should.
pub(crate) fn host() -> Project {
    let project = with_processes(with_cgroups(
        Project::new()
            .file("services/catalog.toml", CATALOG)
            .file("services/web.toml", WEB)
            .file("services/db.toml", DB),
    ));
    for (pid, namespace) in [("1", 4_026_531_840_u64), ("812", 4_026_532_290), ("907", 4_026_532_410)] {
        link(&project, &format!("root/proc/{pid}/ns/net"), &format!("net:[{namespace}]"));
    }
    project
}

fn with_cgroups(mut project: Project) -> Project {
    let cgroups = [
        ("services.slice", "2147483648", "0", "max 100000", "max"),
        ("services.slice/services-web.slice", "536870912", "0", "400000 100000", "192"),
        ("services.slice/services-web.slice/web.service", "536870912", "0", "400000 100000", "192"),
        ("services.slice/services-web.slice/web.service/libpod-payload-4f1c", "536870912", "0", "400000 100000", "128"),
        ("services.slice/services-db.slice", "67108864", "0", "50000 100000", "128"),
        ("services.slice/services-db.slice/db.service", "67108864", "0", "50000 100000", "128"),
        ("services.slice/services-db.slice/db.service/libpod-payload-9a2b", "67108864", "0", "50000 100000", "64"),
    ];
    project = project.file(format!("{CGROUP}/cgroup.controllers"), CONTROLLERS);
    for (path, memory, swap, cpu, pids) in cgroups {
        let peak = if path.contains("db") { "41943041" } else { "209715200" };
        let high = if path.ends_with(".service") { memory } else { "max" };
        for (file, text) in [
            ("cgroup.controllers", CONTROLLERS.trim()),
            ("cgroup.procs", ""),
            ("memory.max", memory),
            ("memory.high", high),
            ("memory.swap.max", swap),
            ("cpu.max", cpu),
            ("pids.max", pids),
            ("memory.current", "20971520"),
            ("memory.peak", peak),
            ("memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0"),
            ("pids.current", "9"),
            ("pids.peak", "12"),
        ] {
            project = project.file(format!("{CGROUP}/{path}/{file}"), format!("{text}\n"));
        }
    }
    // conmon, which has no limit of its own.
    project = project
        .file(format!("{WEB_SERVICE}/runtime/cgroup.procs"), "810\n")
        .file("root/proc/810/status", "Name:\tconmon\nNSpid:\t810\n");
    // A health check stands in the same cgroup, and before the container's own first process.
    project
        .file(format!("{WEB_PAYLOAD}/cgroup.procs"), "811\n812\n")
        .file("root/proc/811/status", "Name:\twget\nNSpid:\t811\t44\nSeccomp:\t0\n")
        .file(format!("{DB_PAYLOAD}/cgroup.procs"), "907\n")
}

pub(crate) fn status(name: &str, pid: u32, capabilities: &str) -> String {
    format!(
        "Name:\t{name}\nUmask:\t0022\nPid:\t{pid}\nNSpid:\t{pid}\t1\nCapInh:\t0000000000000000\nCapPrm:\t{capabilities}\n\
         CapEff:\t{capabilities}\nCapBnd:\t{capabilities}\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"
    )
}

fn with_processes(project: Project) -> Project {
    let mountinfo = |tmp: u32, run: u32, shm: u32, data: &str| {
        format!(
            "612 540 0:44 / / ro,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w\n\
             613 612 0:50 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw\n\
             640 612 0:51 / /tmp rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,size={tmp}k,inode64\n\
             641 612 0:52 / /run rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,size={run}k,inode64\n\
             643 612 0:53 / /dev/shm rw,nosuid,nodev,noexec,relatime - tmpfs shm rw,size={shm}k\n{data}"
        )
    };
    let data = "642 612 254:0 /srv/web /data rw,nosuid,nodev,noexec,relatime,idmapped - ext4 /dev/vda rw\n";
    let head = "Inter-|   Receive                |  Transmit\n face |bytes    packets errs|bytes    packets\n";
    project
        .file(format!("{WEB_PROC}/status"), status("minio", 812, "0000000000000400"))
        .file(format!("{WEB_PROC}/uid_map"), "         0 1073741824      65536\n")
        .file(format!("{WEB_PROC}/gid_map"), "         0 1073741824      65536\n")
        .file(format!("{WEB_PROC}/mountinfo"), mountinfo(65536, 16384, 65536, data))
        .file(format!("{WEB_PROC}/attr/current"), "system_u:system_r:web_t:s0:c1,c2\0")
        .file(format!("{WEB_PROC}/net/dev"), format!("{head}    lo: 0 0\n  eth0: 1234 5\n"))
        .file(
            format!("{WEB_PROC}/net/fib_trie"),
            "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.99.0.0\n        /24 link UNICAST\n     |-- 10.99.0.150\n        \
             /32 host LOCAL\n     |-- 127.0.0.1\n        /32 host LOCAL\n",
        )
        .file(
            format!("{WEB_PROC}/net/if_inet6"),
            "fe8000000000000000005efffe100001 02 40 20 80     eth0\n00000000000000000000000000000001 01 80 10 80       lo\n",
        )
        .file(format!("{DB_PROC}/status"), status("db", 907, "0000000000000000"))
        .file(format!("{DB_PROC}/uid_map"), "         0 1073807360      65536\n")
        .file(format!("{DB_PROC}/gid_map"), "         0 1073807360      65536\n")
        .file(format!("{DB_PROC}/mountinfo"), mountinfo(8192, 4096, 8192, ""))
        .file(format!("{DB_PROC}/net/dev"), format!("{head}    lo: 0 0\n"))
}

pub(crate) fn link(project: &Project, path: &str, target: &str) {
    let path = project.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = fs::remove_file(&path);
    symlink(target, path).unwrap();
}

pub(crate) fn edit(project: &Project, path: &str, from: &str, to: &str) {
    let path = project.path().join(path);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{}: {text}", path.display());
    fs::write(path, text.replace(from, to)).unwrap();
}

fn verify(project: &Project, arguments: &str) -> Ran {
    let arguments = format!("verify --root root {arguments}");
    project.plimsoll(arguments.split_whitespace()).ran()
}

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.stderr, "");
    assert_valid(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/verify.json"), &ran.stdout);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// The promises that do not hold, or cannot be told: `web payload memory`.
fn those(value: &Value, holds: Option<bool>) -> Vec<String> {
    let promises = value["promises"].as_array().unwrap().iter().filter(|promise| promise["holds"].as_bool() == holds);
    let name = |promise: &Value| {
        let word = |key: &str| promise[key].as_str().map(|word| format!(" {word}")).unwrap_or_default();
        format!("{}{}{}{}", promise["service"].as_str().unwrap(), word("layer"), word("promise"), word("of"))
    };
    promises.map(name).collect()
}

#[test]
fn on_a_good_host_everything_holds() {
    let project = host();
    let ran = verify(&project, "--format json");
    let value = json(&ran);
    assert_eq!((those(&value, Some(false)), those(&value, None)), (Vec::new(), Vec::new()));
    assert_eq!(ran.status, 0);
    insta::assert_snapshot!("verify_good", verify(&project, "").stdout);
    insta::assert_snapshot!("verify_good_verbose", verify(&project, "-v").stdout);
    assert_eq!(verify(&project, "-q").stdout, "");
    let usage = &value["usage"][1];
    assert_eq!(usage["service"], "web");
    assert_eq!(usage["memory_peak"], 209_715_200_u64);
    assert_eq!((&usage["tasks_peak"], &usage["oom_kills"], &usage["restarts"]), (&12.into(), &0.into(), &Value::Null));
    assert_eq!(value["suggestions"], Value::Array(Vec::new()));
}

/// What is done to the good host, and the one promise that is broken by it.
type Breakage = (&'static str, &'static str, &'static str, &'static str);

const BREAKAGES: &[Breakage] = &[
    ("services.slice/memory.max", "2147483648", "max", "slice memory services.slice"),
    ("services.slice/memory.swap.max", "0", "4096", "slice swap services.slice"),
    ("services-web.slice/memory.max", "536870912", "max", "slice memory services-web.slice"),
    ("services-web.slice/memory.swap.max", "0", "max", "slice swap services-web.slice"),
    ("services-web.slice/cpu.max", "400000", "400001", "slice cpu services-web.slice"),
    ("services-web.slice/pids.max", "192", "193", "slice tasks services-web.slice"),
    ("web.service/memory.max", "536870912", "536866816", "service memory"),
    ("web.service/memory.high", "536870912", "max", "service memory_high"),
    ("web.service/memory.swap.max", "0", "536870912", "service swap"),
    ("web.service/cpu.max", "400000 100000", "max 100000", "service cpu"),
    ("web.service/pids.max", "192", "max", "service tasks"),
    ("libpod-payload-4f1c/memory.max", "536870912", "max", "payload memory"),
    ("libpod-payload-4f1c/memory.swap.max", "0", "max", "payload swap"),
    ("libpod-payload-4f1c/cpu.max", "400000", "399998", "payload cpu"),
    ("libpod-payload-4f1c/pids.max", "128", "2048", "payload tasks"),
    ("proc/812/uid_map", "1073741824", "1000", "payload uid_map"),
    ("proc/812/uid_map", "65536", "1024", "payload uid_map"),
    ("proc/812/gid_map", "1073741824", "0", "payload gid_map"),
    ("proc/812/gid_map", "65536", "65535", "payload gid_map"),
    ("proc/812/uid_map", "1073741824", "1073807359", "payload own_ids"),
    ("proc/812/gid_map", "1073741824", "1073807360", "payload own_ids"),
    ("proc/812/status", "CapBnd:\t0000000000000400", "CapBnd:\t0000000000000401", "payload bounding_capabilities"),
    ("proc/812/status", "CapBnd:\t0000000000000400", "CapBnd:\t0000000000000000", "payload bounding_capabilities"),
    ("proc/812/status", "CapEff:\t0000000000000400", "CapEff:\t0000000000200400", "payload capabilities"),
    ("proc/812/status", "CapInh:\t0000000000000000", "CapInh:\t0000000000000001", "payload capabilities"),
    ("proc/812/status", "CapAmb:\t0000000000000000", "CapAmb:\t0000010000000000", "payload capabilities"),
    ("proc/812/status", "NoNewPrivs:\t1", "NoNewPrivs:\t0", "payload no_new_privileges"),
    ("proc/812/status", "Seccomp:\t2", "Seccomp:\t0", "payload seccomp"),
    ("proc/812/attr/current", "web_t", "spc_t", "payload label type"),
    ("proc/812/mountinfo", "/ / ro", "/ / rw", "payload read_only /"),
    ("proc/812/mountinfo", "/data rw,nosuid,", "/data rw,", "payload mount /data"),
    ("proc/812/mountinfo", "/data rw,", "/data ro,", "payload mount /data"),
    ("proc/812/mountinfo", "/data rw,nosuid,nodev,noexec", "/data rw,nosuid,nodev", "payload mount /data"),
    ("proc/812/mountinfo", " /data ", " /elsewhere ", "payload mount /data"),
    ("proc/812/mountinfo", "size=65536k,inode64", "size=65540k,inode64", "payload mount /tmp"),
    ("proc/812/mountinfo", "shm rw,size=65536k", "shm rw,size=64000k", "payload mount /dev/shm"),
    ("proc/812/mountinfo", ",size=16384k", "", "payload mount /run"),
    ("proc/812/mountinfo", "- tmpfs tmpfs rw,size=65536k", "- ext4 /dev/vda rw,size=65536k", "payload mount /tmp"),
    ("proc/812/net/fib_trie", "10.99.0.150", "10.99.0.151", "payload address 10.99.0.150"),
];

/// The place of a file by its end.
fn place(path: &str) -> String {
    match path.split_once('/').unwrap() {
        ("proc", _) => format!("root/{path}"),
        ("services.slice", file) => format!("{CGROUP}/services.slice/{file}"),
        ("services-web.slice", file) => format!("{CGROUP}/services.slice/services-web.slice/{file}"),
        ("web.service", file) => format!("{WEB_SERVICE}/{file}"),
        (_, file) => format!("{WEB_PAYLOAD}/{file}"),
    }
}

#[test]
fn each_breakage_breaks_one_promise() {
    for (path, from, to, promise) in BREAKAGES {
        let project = host();
        edit(&project, &place(path), from, to);
        let ran = verify(&project, "--format json web");
        let value = json(&ran);
        assert_eq!(those(&value, Some(false)), [format!("web {promise}")], "{path}: {from} → {to}");
        assert_eq!((those(&value, None), ran.status), (Vec::new(), 1), "{path}");
    }
}

#[test]
fn networks_and_cgroups_are_looked_at_too() {
    let project = host();
    link(&project, &format!("{WEB_PROC}/ns/net"), "net:[4026531840]");
    edit(&project, &format!("{DB_PROC}/net/dev"), "    lo: 0 0\n", "    lo: 0 0\n  eth0: 1 1\n");
    // Twice the same container beneath its service: an old one was left.
    let second = format!("{DB_SERVICE}/libpod-payload-ffff");
    let project = project.file(format!("{second}/cgroup.procs"), "907\n");
    let value = json(&verify(&project, "--format json"));
    assert_eq!(those(&value, Some(false)), ["db service cgroup", "db payload network", "web payload network"]);
    // One without processes is nobody's.
    fs::write(project.path().join(second).join("cgroup.procs"), "").unwrap();
    let value = json(&verify(&project, "--format json db"));
    assert_eq!(those(&value, Some(false)), ["db payload network"]);
}

#[test]
fn a_container_that_is_elsewhere_is_told() {
    let project = host();
    fs::remove_dir_all(project.path().join(WEB_PAYLOAD)).unwrap();
    let ran = verify(&project, "--format json web");
    let value = json(&ran);
    assert_eq!((those(&value, Some(false)), ran.status), (vec!["web service cgroup".to_owned()], 1));
    assert!(those(&value, None).iter().all(|promise| promise.starts_with("web payload ")));
    // `--cgroups=disabled`: the container stands in the service's own cgroup, and has its limits.
    let project = project.file(format!("{WEB_SERVICE}/cgroup.procs"), "810\n812\n");
    let value = json(&verify(&project, "--format json web"));
    assert_eq!((those(&value, Some(false)), those(&value, None)), (vec!["web payload tasks".to_owned()], Vec::new()));
}

#[test]
fn a_controller_that_is_off_limits_nothing() {
    let project = host();
    fs::write(project.path().join(WEB_PAYLOAD).join("cgroup.controllers"), "memory pids\n").unwrap();
    fs::remove_file(project.path().join(WEB_PAYLOAD).join("cpu.max")).unwrap();
    let value = json(&verify(&project, "--format json web"));
    assert_eq!(those(&value, Some(false)), ["web payload cpu"]);
    // With the controller on, a file that is not there is only not there.
    fs::write(project.path().join(WEB_PAYLOAD).join("cgroup.controllers"), CONTROLLERS).unwrap();
    let ran = verify(&project, "--format json web");
    assert_eq!((those(&json(&ran), None), ran.status), (vec!["web payload cpu".to_owned()], 2));
}

#[test]
fn what_does_not_run_promises_nothing_that_can_be_told() {
    let project = host();
    fs::remove_dir_all(project.path().join(DB_SERVICE)).unwrap();
    let ran = verify(&project, "--format json");
    let value = json(&ran);
    assert_eq!((those(&value, Some(false)), ran.status), (Vec::new(), 2));
    let of_db = value["promises"].as_array().unwrap().iter().filter(|promise| promise["service"] == "db");
    assert!(of_db.clone().count() > 15);
    for promise in of_db {
        assert_eq!((&promise["holds"], &promise["found"]), (&Value::Null, &Value::Null));
        assert_eq!(promise["why"], "not running");
    }
    insta::assert_snapshot!("verify_not_running", verify(&project, "").stdout);
    // An image is pulled beneath the service, before there is a container.
    let project = project
        .file(format!("{DB_SERVICE}/cgroup.procs"), "950\n")
        .file("root/proc/950/status", "Name:\tpodman\nNSpid:\t950\n");
    let ran = verify(&project, "db");
    assert!(ran.stdout.starts_with("db: starting: there is no container yet, so "), "{}", ran.stdout);
    assert_eq!(ran.status, 2);
}

#[test]
fn what_vanishes_while_it_is_looked_at_cannot_be_told() {
    let project = host();
    fs::remove_dir_all(project.path().join(WEB_PROC)).unwrap();
    fs::remove_file(project.path().join("root/proc/811/status")).unwrap();
    let ran = verify(&project, "--format json");
    let value = json(&ran);
    assert_eq!((those(&value, Some(false)), ran.status), (Vec::new(), 2));
    // What it had cannot be told either, and so not whether others share it.
    let is_of_web = |promise: &String| promise.starts_with("web ") || promise.contains("own_ids");
    assert!(those(&value, None).iter().all(is_of_web), "{:?}", those(&value, None));
    assert_eq!(value["promises"].as_array().unwrap().last().unwrap()["why"], "it vanished while it was looked at");
    // Every file may be the first that is no longer there: never a panic, and never a promise that is broken.
    for file in ["status", "uid_map", "gid_map", "mountinfo", "net/fib_trie", "net/if_inet6", "ns/net"] {
        let project = host();
        fs::remove_file(project.path().join(WEB_PROC).join(file)).unwrap();
        let ran = verify(&project, "--format json web");
        assert_eq!((those(&json(&ran), Some(false)), ran.status), (Vec::new(), 2), "{file}");
    }
}

#[test]
fn what_the_kernel_does_not_write_is_never_a_number() {
    for text in ["", "\n", "-1\n", "536870912 x\n", "\u{1b}[31m536870912\n", "999999999999999999999999\n"] {
        for path in ["web.service/memory.max", "web.service/cpu.max", "proc/812/uid_map", "proc/812/status"] {
            let project = host().file(place(path), text);
            let ran = verify(&project, "--format json web");
            let value = json(&ran);
            let is_map = path.ends_with("uid_map");
            // A process without any ids is one of the things that a map may say.
            assert!(is_map && text.is_empty() || !those(&value, None).is_empty(), "{path}: {text:?}");
            assert!(!verify(&project, "-v web").stdout.contains('\u{1b}'));
        }
    }
    // A link is not followed, and neither does a pipe hold anybody up.
    let project = host();
    link(&project, &place("web.service/memory.max"), "../memory.max");
    assert_eq!(those(&json(&verify(&project, "--format json web")), None), ["web service memory"]);
}

#[test]
fn the_text_tells_what_is_broken_first() {
    let project = host().file(format!("{WEB_SERVICE}/memory.events"), "low 0\nhigh 0\nmax 812\noom 3\noom_kill 3\n");
    edit(&project, &place("libpod-payload-4f1c/memory.max"), "536870912", "max");
    edit(&project, &place("proc/812/mountinfo"), "/data rw,nosuid,", "/data rw,");
    edit(&project, &place("services.slice/memory.max"), "2147483648", "4294967296");
    fs::remove_file(project.path().join(WEB_PROC).join("net/if_inet6")).unwrap();
    let ran = verify(&project, "");
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""));
    insta::assert_snapshot!("verify_broken", ran.stdout);
    let coloured = verify(&project, "--color always web").stdout;
    assert!(coloured.contains("\u{1b}[1m\u{1b}[31mBROKEN"), "{coloured}");
}

#[test]
fn the_page_shows_what_is_printed() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify.md")).unwrap();
    let shown = page.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let project = host();
    edit(&project, &place("libpod-payload-4f1c/memory.max"), "536870912", "max");
    assert_eq!(verify(&project, "").stdout, shown);
    // Every promise has a row.
    let value = json(&verify(&project, "--format json"));
    for promise in value["promises"].as_array().unwrap() {
        assert!(page.contains(&format!("`{}`", promise["promise"].as_str().unwrap())), "{promise}");
    }
}

#[test]
fn limits_are_proposed_by_what_was_used() {
    let ran = verify(&host(), "--suggest");
    assert_eq!(ran.status, 0);
    insta::assert_snapshot!("verify_suggest", ran.stdout);
    let only = verify(&host(), "--suggest --quiet web").stdout;
    let toml: toml::Table = only.parse().unwrap();
    assert_eq!((toml["limits"]["memory"].as_str(), toml["limits"]["pids"].as_integer()), (Some("256M"), Some(16)));
    let value = json(&verify(&host(), "--suggest --format json web"));
    assert_eq!(value["suggestions"], serde_json::json!([{ "service": "web", "memory": "256M", "pids": 16 }]));
}

#[test]
fn without_a_catalog_the_last_install_says_what_is_declared() {
    let project = host();
    assert_eq!(project.plimsoll(["install", "--root", "root"]).ran().status, 0);
    let with = verify(&project, "--format json").stdout;
    assert_eq!(verify(&project, "--format json --name home").stdout, with);
    fs::rename(project.path().join("services"), project.path().join("elsewhere")).unwrap();
    assert_eq!(verify(&project, "--format json").stdout, with);
    let ran = verify(&project, "--catalog nowhere");
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("there is no catalog `nowhere`"), "{}", ran.stderr);
    assert_eq!(verify(&project, "--catalog elsewhere --format json").stdout, with);
    let ran = verify(&project, "wbe");
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("there is no service `wbe` in `home`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("write `web`"), "{}", ran.stderr);
}

#[test]
fn without_an_install_what_was_generated_at_boot_is_declared() {
    let project = host();
    let with = verify(&project, "--format json").stdout;
    let tree = "root/run/plimsoll/generator/home";
    assert_eq!(project.plimsoll(["render", "--out", tree]).ran().status, 0);
    fs::rename(project.path().join("services"), project.path().join("elsewhere")).unwrap();
    assert_eq!(verify(&project, "--format json").stdout, with);
    assert_eq!(verify(&project, "--format json --name home").stdout, with);
    let project = project.file("root/run/plimsoll/generator/other/etc/containers/systemd/other/x.network", "");
    assert_eq!(verify(&project, "--format json --name home").stdout, with);
    let ran = verify(&project, "");
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr.contains("several catalogs stand here") && ran.stderr.contains("`home`, `other`"),
        "{}",
        ran.stderr
    );
    assert_eq!(verify(&project, "--name nobody").status, 2);
}

#[test]
fn every_catalog_promises_something_of_every_container() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (catalog, status) in [("services", 2), ("tests/catalogs/kitchen-sink", 2), ("tests/catalogs/rootless", 2)] {
        let project = Project::new()
            .tree("services", &read(&root.join(catalog)))
            .file(format!("{CGROUP}/cgroup.controllers"), CONTROLLERS);
        let ran = verify(&project, "--format json --suggest");
        assert_eq!(ran.status, status, "{catalog}: {}", ran.stderr);
        let value = json(&ran);
        let services: BTreeSet<&str> =
            value["promises"].as_array().unwrap().iter().map(|promise| promise["service"].as_str().unwrap()).collect();
        let used = value["usage"].as_array().unwrap();
        assert!(used.len() > 2 && used.iter().all(|usage| services.contains(usage["service"].as_str().unwrap())));
        let text = verify(&project, "").stdout;
        assert_eq!(text.lines().count(), used.len() + 1, "a line a service, and one that sums up: {text}");
    }
}

#[test]
fn without_cgroup_v2_nothing_can_be_told() {
    let project = host();
    fs::remove_file(project.path().join(CGROUP).join("cgroup.controllers")).unwrap();
    let ran = verify(&project, "");
    assert_eq!(ran.status, 2);
    assert!(ran.stdout.contains("db: no cgroup v2 is mounted on /sys/fs/cgroup, so "), "{}", ran.stdout);
}

#[test]
fn a_users_services_are_beneath_the_users_manager() {
    let project = host();
    let user = "root/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service";
    let dir = project.path().join(user);
    fs::create_dir_all(&dir).unwrap();
    fs::rename(project.path().join(CGROUP).join("services.slice"), dir.join("services.slice")).unwrap();
    let project = project
        .file(
            "services/catalog.toml",
            "name = \"home\"\n[target]\nprofile = \"rootless\"\nuser = 1000\n[slice]\nmemory = \"2G\"\n",
        )
        .file("services/web.toml", DB.replace("64M", "512M").replace("0.5", "4").replace("64", "128"));
    // Of a user's ids, and so many as podman takes.
    for (pid, start) in [(WEB_PROC, 100_001), (DB_PROC, 101_025)] {
        for file in ["uid_map", "gid_map"] {
            fs::write(project.path().join(pid).join(file), format!("0 {start} 1024\n")).unwrap();
        }
    }
    edit(&project, &format!("{WEB_PROC}/net/dev"), "  eth0: 1234 5\n", "");
    edit(&project, &format!("{WEB_PROC}/status"), "0000000000000400", "0000000000000000");
    let ran = verify(&project, "--format json");
    let value = json(&ran);
    assert_eq!((those(&value, Some(false)), those(&value, None), ran.status), (Vec::new(), Vec::new(), 0));
    edit(&project, &format!("{WEB_PROC}/uid_map"), "100001", "1000");
    assert_eq!(those(&json(&verify(&project, "--format json")), Some(false)), ["web payload uid_map"]);
    // Nobody says whose manager runs them.
    edit(&project, "services/catalog.toml", "user = 1000\n", "");
    let ran = verify(&project, "");
    assert!(ran.status == 2 && ran.stderr.contains("are for every user"), "{}", ran.stderr);
}
