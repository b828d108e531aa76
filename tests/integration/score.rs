//! The exposure of containers: its bounds, its order, and that nothing hardening ever counts against a unit.

use std::{fmt::Write as _, fs, path::Path};

use plimsoll::{
    diagnostic::Sources,
    model::Profile,
    policy::{
        File, Settings,
        score::{BANDS, Exposure, FACETS, GATES, Score, Scored, all},
    },
};
use proptest::prelude::*;
use serde_json::Value;

use crate::{check::assert_valid, run::Project};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Settings from the hardest to the weakest; a line that begins with `Service:` belongs to `[Service]`.
const LADDERS: &[&[&str]] = &[
    &["UserNS=auto:size=65536", "", "UserNS=host"],
    &["UserNS=auto:size=65536", "UserNS=auto:uidmapping=0:0:1"],
    &["UIDMap=0:100000:65536", "UIDMap=0:0:1"],
    &["User=1000", "", "User=0"],
    &["User=1000", "User=app", "User=root"],
    &["DropCapability=all", "DropCapability=SETUID SETGID", ""],
    &["", "AddCapability=CHOWN", "AddCapability=CHOWN DAC_OVERRIDE", "AddCapability=ALL"],
    &["", "AddCapability=NET_BIND_SERVICE", "AddCapability=NET_BIND_SERVICE NET_RAW"],
    &["", "AddCapability=CAP_NET_ADMIN"],
    &["", "AddCapability=sys_admin"],
    &["", "AddCapability=SYS_PTRACE"],
    &["", "AddCapability=SYS_MODULE"],
    &["", "AddCapability=DAC_READ_SEARCH"],
    &["", "AddCapability=IPC_LOCK", "AddCapability=IPC_LOCK NOT_YET_KNOWN"],
    &["NoNewPrivileges=true", ""],
    &["ReadOnly=true", ""],
    &["ReadOnlyTmpfs=false", ""],
    &["", "Tmpfs=/t:noexec", "Tmpfs=/t"],
    &["PodmanArgs=--image-volume=ignore", "", "PodmanArgs=--image-volume=bind"],
    &["", "SeccompProfile=unconfined"],
    &["", "SecurityLabelDisable=true"],
    &["", "SecurityLabelType=spc_t"],
    &["PodmanArgs=--security-opt=apparmor=mine", "", "PodmanArgs=--security-opt=apparmor=unconfined"],
    &["", "Unmask=/proc/kcore", "Unmask=ALL"],
    &["", "AddDevice=/dev/dri/renderD128", "AddDevice=/dev/nvme0n1"],
    &["", "PodmanArgs='--device-cgroup-rule=b 8:* rwm'"],
    &["", "PodmanArgs=--pid=host"],
    &["", "PodmanArgs=--ipc=host"],
    &["", "PodmanArgs=--cgroupns=host"],
    &["", "Volume=/srv/data:/data:ro", "Volume=/srv/data:/data:noexec", "Volume=/srv/data:/data"],
    &["", "Volume=/etc/localtime:/l:ro", "Volume=/etc:/l:ro", "Volume=/etc:/l"],
    &["", "Volume=/home/me/media:/m:ro", "Volume=/home/me:/m:ro", "Volume=/home/me:/m", "Volume=/:/m"],
    &["", "Volume=/sys:/s:ro", "Volume=/sys:/s"],
    &["", "Volume=/run/dbus:/d:ro"],
    &["", "Volume=/srv/x:/x:ro", "Volume=/srv/x:/x:ro,rshared"],
    &["Network=none", "Network=back.network", "Network=own.network", "", "Network=lan.network", "Network=host"],
    &["", "PublishPort=127.0.0.1:80:80", "PublishPort=192.0.2.1:80:80", "PublishPort=80:80", "PodmanArgs=-P"],
    &["Service:IPAddressDeny=any", ""],
    &["", "CgroupsMode=enabled"],
    &["Service:MemoryMax=1G\nPodmanArgs=--memory=1g", "Service:MemoryMax=1G", "Service:MemoryMax=1g"],
    &["Service:CPUQuota=50%\nPodmanArgs=--cpus=0.5", "PodmanArgs=--cpus=0.5", ""],
    &["PidsLimit=256", "", "PidsLimit=-1"],
    &["Service:TasksMax=100", "Service:TasksMax=infinity"],
    &["Service:MemorySwapMax=0", ""],
    &["Image=q.io/a/b:1@sha256:00", "Image=q.io/a/b:1", "Image=q.io/a/b:latest", "Image=b"],
    &["", "PodmanArgs=--tls-verify=false"],
    &["", "Secret=a,type=env", "Environment=DB_PASSWORD=hunter2"],
    &["PodmanArgs=--http-proxy=false", "", "EnvironmentHost=true"],
    &["", "PodmanArgs=--privileged"],
];

const NETWORKS: &[(&str, &str)] = &[
    ("back.network", "[Network]\nInternal=true\n"),
    ("own.network", "[Network]\n"),
    ("lan.network", "[Network]\nDriver=macvlan\nOptions=parent=eth0\n"),
];

/// Every way to hand over an engine's socket.
const SOCKETS: &[&str] = &[
    "Volume=/run/podman/podman.sock:/s",
    "Volume=/run/podman/podman.sock:/s:ro",
    "Volume=/var/run/docker.sock:/var/run/docker.sock:ro,Z",
    "Volume=/run/podman:/s:ro",
    "Volume=/run:/s:ro",
    "Volume=/var/run:/s:ro",
    "Volume=/var/./lib/..//run/:/s:ro",
    "Volume=/:/s:ro",
    "Volume=/proc/1/root/run/podman:/s:ro",
    "Volume=/proc/1/root/proc/1/root/var/run:/s:ro",
    "Volume=/run/user/1000/podman:/s:ro",
    "Volume=/run/user/1000/podman/podman.sock:/s",
    "Volume=/run/user:/s:ro",
    "Volume=%t/podman/podman.sock:/s",
    "Volume=../../../run/podman:/s",
    "Volume=/run/containerd/containerd.sock:/s",
    "Volume=/srv/elsewhere/docker.sock:/s",
    "Volume=sock.volume:/s",
    "Mount=type=bind,source=/run/podman/podman.sock,target=/s,ro",
    "Mount=type=bind,src=/run,dst=/s,readonly=true",
    "Mount=type=glob,src=/run/podman/*.sock,dst=/s",
    "Mount=type=volume,source=x,target=/s,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/run/podman",
    "PodmanArgs=-v /run/podman/podman.sock:/s:ro",
    "PodmanArgs=-v=/var/run/docker.sock:/s",
    "PodmanArgs=--volume /run:/s",
    "PodmanArgs=\"--mount=type=bind,src=/run/podman,dst=/s\"",
    "Rootfs=/",
];

fn unit(settings: &[&str]) -> String {
    let lines = || settings.iter().flat_map(|setting| setting.lines());
    let container: String = lines().filter(|l| !l.starts_with("Service:")).map(|line| format!("{line}\n")).collect();
    let service: String = lines().filter_map(|line| line.strip_prefix("Service:")).map(|l| format!("{l}\n")).collect();
    format!("[Container]\n{container}[Service]\n{service}")
}

fn scored(files: &[(&str, String)], profile: Option<Profile>) -> Vec<Scored> {
    let mut sources = Sources::new();
    let file = |(path, text): &(&str, String), sources: &mut Sources| {
        File::found(format!("etc/containers/systemd/{path}"), *path, text.clone(), sources)
    };
    let files: Vec<File> = files.iter().map(|named| file(named, &mut sources)).collect();
    let settings = Settings {
        podman: (5, 4),
        profile,
        trusted_registries: Vec::new(),
        severities: std::collections::BTreeMap::new(),
        as_of: "2026-01-01".to_owned(),
    };
    all(&files, &sources, &settings)
}

fn score(settings: &[&str], profile: Profile) -> Score {
    let mut files = vec![("web.container", unit(settings))];
    files.extend(NETWORKS.iter().map(|(name, text)| (*name, (*text).to_owned())));
    files.push(("sock.volume", "[Volume]\nDevice=/run/podman\nType=none\nOptions=bind\n".to_owned()));
    scored(&files, Some(profile)).remove(0).score
}

fn profiles() -> impl Strategy<Value = Profile> {
    prop_oneof![Just(Profile::Rootful), Just(Profile::Rootless)]
}

/// A step of every ladder. Ladders that speak of one key are not taken together: the last would win.
fn steps() -> impl Strategy<Value = Vec<usize>> {
    LADDERS.iter().map(|ladder| 0..ladder.len()).collect::<Vec<_>>()
}

fn key(setting: &str) -> &str {
    setting.split_once('=').map_or("", |(key, _)| key)
}

/// The settings on these steps, without those that would stand beside another setting of the same single-valued key
/// as `kept` has.
fn settings(steps: &[usize], kept: usize, step: usize) -> Vec<&'static str> {
    const SINGLE: &[&str] = &["UserNS", "UIDMap", "User", "SeccompProfile", "Network", "Image", "PidsLimit"];
    let mut taken: Vec<&str> = LADDERS[kept].iter().map(|setting| key(setting)).collect();
    // A user namespace is said by one of two keys.
    if taken.contains(&"UserNS") || taken.contains(&"UIDMap") {
        taken.extend(["UserNS", "UIDMap"]);
    }
    let mut settings = vec![LADDERS[kept][step]];
    for (at, ladder) in LADDERS.iter().enumerate() {
        let setting = ladder[steps[at]];
        let single = SINGLE.contains(&key(setting));
        if at == kept || (single && taken.contains(&key(setting))) {
            continue;
        }
        if single {
            taken.push(key(setting));
        }
        settings.push(setting);
    }
    settings
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn hardening_never_counts_against_a_unit(
        steps in steps(), profile in profiles(), ladder in 0..LADDERS.len(), a in 0..8usize, b in 0..8usize,
    ) {
        let (a, b) = (a % LADDERS[ladder].len(), b % LADDERS[ladder].len());
        let (hard, weak) = (settings(&steps, ladder, a.min(b)), settings(&steps, ladder, a.max(b)));
        let (harder, weaker) = (score(&hard, profile), score(&weak, profile));
        prop_assert!(harder.low <= weaker.low && harder.high <= weaker.high,
            "{profile:?}: {} {}-{}, {} {}-{}, beside {hard:?}", LADDERS[ladder][a.min(b)], harder.low, harder.high,
            LADDERS[ladder][a.max(b)], weaker.low, weaker.high);
    }

    #[test]
    fn an_exposure_is_an_interval_of_the_scale(steps in steps(), profile in profiles()) {
        let score = score(&settings(&steps, 0, steps[0]), profile);
        prop_assert!(score.low <= score.high && score.high <= Exposure::MAX, "{score:?}");
        for contribution in &score.contributions {
            prop_assert!(contribution.low <= contribution.high, "{contribution:?}");
        }
        // Each is rounded to the nearest hundredth, the exposure up to the next tenth.
        let sum: u32 = score.contributions.iter().map(|contribution| contribution.high.hundredths()).sum();
        if score.gates.is_empty() {
            let slack = u32::try_from(FACETS.len()).unwrap();
            let hundredths = score.high.tenths() * 10;
            prop_assert!(sum <= hundredths + slack && hundredths <= sum + 10 + slack, "{sum}: {score:?}");
        }
    }

    #[test]
    fn the_privileged_and_those_with_an_engine_socket_are_never_below_nine(
        steps in steps(), profile in profiles(), socket in 0..SOCKETS.len(), privileged in any::<bool>(),
    ) {
        let mut settings = settings(&steps, 0, steps[0]);
        settings.push(if privileged { "PodmanArgs=--privileged" } else { SOCKETS[socket] });
        let score = score(&settings, profile);
        prop_assert!(score.low.tenths() >= 90, "{settings:?}: {}-{}", score.low, score.high);
    }
}

#[test]
fn every_engine_socket_is_seen_in_the_hardest_unit() {
    let hardest: Vec<&str> = LADDERS.iter().map(|ladder| ladder[0]).collect();
    for socket in SOCKETS {
        for profile in [Profile::Rootful, Profile::Rootless] {
            let score = score(&[&hardest[..], &[*socket]].concat(), profile);
            assert!(score.low.tenths() >= 90, "{socket}: {}-{}", score.low, score.high);
            assert!(score.next_step.is_some_and(|next| next.of == score.gates[0].gate.id), "{socket}");
        }
    }
    for harmless in ["Volume=/run/postgresql:/s", "Volume=/srv/docker:/s", "Volume=podman.sock.d:/s"] {
        let score = score(&[&hardest[..], &[harmless]].concat(), Profile::Rootful);
        assert!(score.gates.is_empty(), "{harmless}: {:?}", score.gates);
    }
}

#[test]
fn the_ends_of_the_scale_are_reached_and_every_facet_counts() {
    let best = [
        "UserNS=auto",
        "User=1000",
        "DropCapability=all",
        "NoNewPrivileges=true",
        "ReadOnly=true",
        "ReadOnlyTmpfs=false",
        "PodmanArgs=--image-volume=ignore --http-proxy=false --security-opt=apparmor=mine",
        "Network=none",
        "PidsLimit=256",
        "PodmanArgs=--memory=1g --memory-swap=1g --cpus=1",
        "Service:MemoryMax=1G",
        "Service:CPUQuota=100%",
        "Image=q.io/a/b@sha256:00",
    ];
    let score_of_best = score(&best, Profile::Rootful);
    assert_eq!((score_of_best.low.to_string(), score_of_best.high.to_string()), ("0.0".into(), "0.0".into()));
    assert!(score_of_best.contributions.is_empty() && score_of_best.next_step.is_none(), "{score_of_best:?}");
    let worst = [
        "User=0",
        "AddCapability=ALL",
        "PodmanArgs=--privileged --pid=host --ipc=host --cgroupns=host -P",
        "PodmanArgs=--image-volume=bind --tls-verify=false --security-opt=label=disable",
        "Volume=/:/h:rshared",
        "Network=host",
        "PidsLimit=0",
        "Environment=DB_PASSWORD=hunter2",
        "EnvironmentHost=true",
        "Image=b",
    ];
    let score_of_worst = score(&worst, Profile::Rootful);
    assert_eq!(score_of_worst.high.to_string(), "10.0", "{:#?}", score_of_worst.contributions);
    assert_eq!(score_of_worst.contributions.len(), FACETS.len());
}

#[test]
fn every_gate_can_be_opened_and_sets_its_floor() {
    let openers = [
        ("privileged", "PodmanArgs=--privileged"),
        ("engine-socket", "Volume=/run:/r:ro"),
        ("host-root", "Volume=/:/h"),
        ("raw-device", "AddDevice=/dev/sda:/dev/sda:r"),
        ("kernel-settings", "Volume=/proc:/p"),
        ("host-programs", "Volume=/etc:/e"),
        ("engine-store", "Volume=/var/lib/docker:/d"),
        ("host-processes", "PodmanArgs=--pid=host"),
        ("kernel-modules", "AddCapability=SYS_MODULE"),
        ("unconfined", "SecurityLabelDisable=true\nSeccompProfile=unconfined"),
        ("strong-capability", "AddCapability=SYS_ADMIN"),
        ("manager-socket", "Volume=/run/dbus/system_bus_socket:/b:ro"),
    ];
    assert_eq!(openers.map(|(gate, _)| gate).to_vec(), GATES.iter().map(|gate| gate.id).collect::<Vec<_>>());
    assert!(GATES.is_sorted_by(|a, b| a.floor >= b.floor));
    for ((id, opener), gate) in openers.iter().zip(GATES) {
        let score = score(&[opener], Profile::Rootful);
        let open: Vec<&str> = score.gates.iter().map(|open| open.gate.id).collect();
        assert_eq!(open, [*id], "{opener}");
        assert!(score.low.tenths() >= gate.floor, "{opener}: {}", score.low);
    }
}

#[test]
fn a_device_that_need_not_be_there_weighs_what_it_is() {
    for (setting, open) in [
        ("AddDevice=-/dev/nvme0n1", true),
        ("AddDevice=-/dev/sda:/dev/sda:r", true),
        ("AddDevice=-/dev/dri/renderD128", false),
    ] {
        let score = score(&[setting], Profile::Rootful);
        assert_eq!(score.gates.iter().any(|open| open.gate.id == "raw-device"), open, "{setting}");
        let told = score.contributions.iter().find(|c| c.facet.id == "devices").expect("devices count");
        assert!(!told.why.contains('-'), "{setting}: {}", told.why);
    }
}

#[test]
fn what_is_not_known_widens_and_is_not_taken_for_good() {
    let of = |setting| score(&[setting], Profile::Rootful);
    let facet = |score: &Score, id: &str| {
        let found = score.contributions.iter().find(|c| c.facet.id == id);
        found.map_or((0, 0), |c| (c.low.hundredths(), c.high.hundredths()))
    };
    assert_eq!(facet(&of("User=app"), "root-user"), (0, 27));
    assert_eq!(facet(&of("User=1000:1000"), "root-user"), (0, 0));
    assert_eq!(facet(&of("SeccompProfile=/etc/own.json"), "seccomp"), (0, 50));
    assert_eq!(facet(&of("UserNS=container:other"), "user-namespace"), (0, 67));
    assert_eq!(facet(&of("Network=elsewhere"), "network"), (4, 29));
    assert_eq!(facet(&of("Image=none.image"), "image-pin"), (0, 20));
    assert_eq!(facet(&of("Service:MemoryMax=512m"), "memory"), (20, 20));
    assert_eq!(facet(&of("PublishPort=%i:80"), "published-ports"), (0, 27));
}

#[test]
fn no_step_cuts_a_service_off_from_those_who_connect_to_it() {
    let closed = [
        "UserNS=auto",
        "User=1000",
        "DropCapability=all",
        "NoNewPrivileges=true",
        "ReadOnly=true",
        "ReadOnlyTmpfs=false",
        "PodmanArgs=--image-volume=ignore --http-proxy=false --security-opt=apparmor=mine",
        "PidsLimit=256",
        "PodmanArgs=--memory=1g --memory-swap=1g --cpus=1",
        "Service:MemoryMax=1G",
        "Service:CPUQuota=100%",
        "Image=q.io/a/b@sha256:00",
    ];
    let next = |more: &[&str], profile| {
        let next = score(&[&closed[..], more].concat(), profile).next_step.expect("something is left");
        (next.of, next.step)
    };
    let port = "PublishPort=127.0.0.1:80:80";
    for network in ["Network=own.network", "Network=host"] {
        let (of, step) = next(&[network, port], Profile::Rootful);
        assert!(["egress", "network"].contains(&of) && !step.contains("Internal="), "{network}: {of}: {step}");
        // Where nothing is published, there is nothing to cut off.
        assert!(next(&[network], Profile::Rootful).1.contains("Internal="), "{network}");
    }
    // The filter of a user's service is not applied, and an internal network of his forwards ports.
    let (of, step) = next(&["Network=own.network", port], Profile::Rootless);
    assert_eq!((of, step), ("egress", "join a network with `Internal=true`"));
}

#[test]
fn a_port_that_is_not_published_is_not_weighed() {
    let why = |setting: &str, profile| {
        let score = score(&[setting, "PublishPort=80:80"], profile);
        score.contributions.into_iter().find(|c| c.facet.id == "published-ports").map(|c| c.why)
    };
    let everywhere = Some("every address of the host has its ports".to_owned());
    assert_eq!(why("Network=back.network", Profile::Rootful), None);
    assert_eq!(why("Network=none", Profile::Rootful), None);
    assert_eq!(why("Network=back.network", Profile::Rootless), everywhere);
    assert_eq!(why("Network=own.network", Profile::Rootful), everywhere);
    assert_eq!(why("Network=back.network\nNetwork=own.network", Profile::Rootful), everywhere);
    assert_eq!(why("Network=lan.network", Profile::Rootful), Some("each of its ports is open to the LAN".to_owned()));
}

#[test]
fn a_step_counts_what_it_does_to_other_facets() {
    let next = score(&["Image=nginx"], Profile::Rootful).next_step.unwrap();
    let own = FACETS.iter().find(|facet| facet.id == "user-namespace").unwrap().weight / 30;
    assert_eq!(next.of, "user-namespace");
    assert!(next.gain.hundredths() > own + 30, "{}", next.gain);
}

#[test]
fn typical_units_are_in_this_order() {
    let services = typical();
    let order: Vec<&str> = services.iter().map(|(service, _)| service.as_str()).collect();
    let expected = [
        "exporter",
        "privileged",
        "socket",
        "vpn",
        "automation",
        "run",
        "linuxserver",
        "postgres",
        "rootless",
        "partly",
        "nginx-hardened",
        "postgres-hardened",
        "default",
    ];
    assert_eq!(order, expected);
    assert!(services.iter().all(|(service, score)| service != "default" || score.high.tenths() < 10));
}

#[test]
fn the_example_catalog_is_little_exposed() {
    let (status, json) = json(&["score", "--format", "json"]);
    assert_eq!(status, 0);
    let services = json["services"].as_array().unwrap();
    assert!(services.len() > 10);
    for service in services {
        assert!(service["high"].as_f64().unwrap() <= 2.0, "{service:#}");
        assert!(service["low"].as_f64().unwrap() <= 1.0, "{service:#}");
    }
}

#[test]
fn the_json_is_as_its_schema_says() {
    let mut schemas = boon::Schemas::new();
    let schema = boon::Compiler::new().compile(&format!("{ROOT}/docs/schema/score.json"), &mut schemas).unwrap();
    for args in [&["score", "--format", "json"][..], &["score", "tests/score", "--format", "json"]] {
        let (_, json) = json(args);
        schemas.validate(&json, schema).unwrap_or_else(|error| panic!("{error:#}"));
    }
    let (_, mut wrong) = json(&["score", "--format", "json"]);
    wrong["services"][0]["high"] = 10.1.into();
    assert!(schemas.validate(&wrong, schema).is_err());
}

#[test]
fn numbers_are_the_decimals_they_mean() {
    let ran = plimsoll(&["score", "tests/score", "--format", "json"]);
    let number = |line: &&str| ["\"points\":", "\"low\":", "\"high\":", "\"gain\":"].iter().any(|k| line.contains(k));
    let lines: Vec<&str> = ran.1.lines().filter(number).collect();
    assert!(lines.len() > 100);
    for line in lines {
        let (_, decimals) = line.trim_end_matches(',').rsplit_once('.').expect(line);
        assert!(decimals.len() <= 2, "{line}");
    }
}

#[test]
fn a_threshold_decides_the_exit_status() {
    let run = |threshold: &str| plimsoll(&["score", "tests/score/run.container", "--threshold", threshold]);
    let high = typical().into_iter().find(|(service, _)| service == "run").unwrap().1.high;
    let below = Exposure::of_tenths(high.tenths() - 1).to_string();
    assert_eq!(run(&high.to_string()).0, 0);
    assert_eq!(run(&below).0, 1);
    assert_eq!(run(&below).2, format!("1 of 1 service is above {below}\n"));
    for wrong in ["10.1", "-1", "x", "1.23", "", "1.", ".5"] {
        assert_eq!(run(wrong).0, 2, "{wrong}");
    }
}

#[test]
fn what_could_not_be_weighed_is_named_and_fails_the_threshold() {
    const PRIVILEGED: &str = "[Container]\nImage=docker.io/library/x:1\nPodmanArgs=--privileged\nVolume=/:/h\n";
    let run = |files: &[(&str, &str)], args: &[&str]| {
        let project = files.iter().fold(Project::new(), |p, (name, text)| p.file(format!("units/{name}"), *text));
        project.plimsoll([&["score", "units", "--threshold", "10.0"], args].concat()).ran()
    };
    let stray = format!("{PRIVILEGED}oops\n");
    let marked = format!("\u{feff}{PRIVILEGED}");
    let unread = "Podman cannot read it: line";
    let refused = "Podman makes no service of it:";
    for (name, text, why, says) in [
        ("web.container", stray.as_str(), "unreadable", format!("{unread} 5, column 1: neither a section")),
        ("web.container", &marked, "unreadable", format!("{unread} 1, column 1: a byte order mark")),
        ("web.container", "[Container]\nImage=docker.io/library/x:1\nBogus=1\n", "refused", format!("{refused} ")),
        ("web.container", "[Container]\nPodmanArgs=--privileged\n", "refused", format!("{refused} ")),
        ("web.container", "[Service]\nRestart=no\n", "refused", format!("{refused} ")),
        ("lan.network", "[Network]\noops\n", "unreadable", format!("{unread} 2, column 1: neither a section")),
        ("web.kube", "[Kube]\nYaml=/srv/web.yaml\n", "kube", "its containers stand in a Kubernetes file".to_owned()),
        ("x.d/web.container", PRIVILEGED, "unsearched", "Podman does not look".to_owned()),
    ] {
        let counts = ["unreadable", "refused"].contains(&why);
        let good = ("good.container", "[Container]\nImage=docker.io/library/x:1\n");
        for files in [&[(name, text)][..], &[(name, text), good]] {
            let ran = run(files, &[]);
            let told = format!("units/{name}  {says}");
            assert!(ran.stdout.contains(&told), "{name}: {text}\n{told}\n{}", ran.stdout);
            assert_eq!(ran.status, i32::from(counts), "{name}: {}", ran.stdout);
            assert_eq!(ran.stderr.contains("1 file could not be weighed"), counts, "{}", ran.stderr);
            assert_eq!(ran.stdout.contains("good"), files.len() == 2, "{}", ran.stdout);
            let json: Value = serde_json::from_str(&run(files, &["--format", "json"]).stdout).unwrap();
            let services: Vec<&str> =
                json["services"].as_array().unwrap().iter().filter_map(|s| s["service"].as_str()).collect();
            assert_eq!(services, if files.len() == 2 { vec!["good"] } else { vec![] });
            let left_out = json["left_out"].as_array().unwrap();
            assert_eq!(left_out.len(), 1, "{json:#}");
            assert_eq!(
                (left_out[0]["path"].as_str(), left_out[0]["why"].as_str(), left_out[0]["counts"].as_bool()),
                (Some(&*format!("units/{name}")), Some(why), Some(counts)),
            );
            assert_valid(&Path::new(ROOT).join("docs/schema/score.json"), &json.to_string());
        }
    }
    // Without a threshold nothing fails, and a secret on a line is not shown.
    let secret =
        "[Container]\nImage=docker.io/library/x:1\nDB_PASSWORD=hunter2hunter2\nEnvironment=\"DB_PASSWORD=hunter2\n";
    let project = Project::new().file("units/web.container", secret);
    let ran = project.plimsoll(["score", "units"]).ran();
    assert!(ran.status == 0 && ran.stdout.contains("NOT WEIGHED") && !ran.stdout.contains("hunter2"), "{}", ran.stdout);
}

#[test]
fn what_is_no_unit_at_all_makes_nothing_fall_over() {
    for text in ["", "[Container]", "[Container]\nImage=\nVolume=:\nUIDMap=:\nPodmanArgs=--userns\nPublishPort=:::\n"] {
        // Without that section there is no container to speak of.
        let expected = usize::from(text.contains("[Container]"));
        assert_eq!(scored(&[("x.container", text.to_owned())], None).len(), expected, "{text}");
    }
    let project = Project::new().file("units/a\u{1b}[31m.container", "[Container]\nImage=a\nVolume=/etc/\u{7}:/e\n");
    let ran = project.plimsoll(["score", "units"]).ran();
    assert!(!ran.stdout.chars().any(|c| c.is_control() && c != '\n'), "{:?}", ran.stdout);
}

#[test]
fn the_document_is_current() {
    let path = format!("{ROOT}/docs/score.md");
    let old = fs::read_to_string(&path).unwrap();
    let mut new = String::new();
    let mut lines = old.lines();
    while let Some(line) = lines.next() {
        new += &format!("{line}\n");
        let name = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->"));
        let Some(name) = name else { continue };
        new += &block(name);
        let end = format!("<!-- /{name} -->");
        lines.find(|line| *line == end).expect("the block has an end");
        new += &format!("{end}\n");
    }
    if std::env::var_os("PLIMSOLL_UPDATE_DOCS").is_some() {
        fs::write(&path, &new).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert!(found == new, "docs/score.md is not current: PLIMSOLL_UPDATE_DOCS=1 cargo test");
}

fn block(name: &str) -> String {
    let mut text = String::new();
    match name {
        "bands" => {
            text += "\n| from | band |\n|---:|---|\n";
            for (least, band) in BANDS {
                let _ = writeln!(text, "| {} | {band} |", Exposure::of_tenths(*least));
            }
            text += "\n";
        }
        "example" => text = format!("\n```text\n{}```\n\n", plimsoll(&["score", "tests/score/partly.container"]).1),
        "facets" => {
            text +=
                "\n| facet | weight | when it counts | the step | effort | sources |\n|---|---:|---|---|---:|---|\n";
            for f in FACETS {
                let sources = f.sources.join(", ");
                let _ =
                    writeln!(text, "| `{}` | {} | {} | {} | {} | {sources} |", f.id, f.weight, f.bad, f.step, f.effort);
            }
            text += "\n";
        }
        "capabilities" => {
            text += "\n| facet | capabilities |\n|---|---|\n";
            for facet in FACETS {
                let weighed: Vec<String> =
                    facet.capabilities().iter().map(|(name, permille)| format!("{name} {permille}")).collect();
                if !weighed.is_empty() {
                    let _ = writeln!(text, "| `{}` | {} |", facet.id, weighed.join(", "));
                }
            }
            text += "\n";
        }
        "gates" => {
            text += "\n| gate | floor | when it is open | the step |\n|---|---:|---|---|\n";
            for gate in GATES {
                let floor = Exposure::of_tenths(gate.floor);
                let _ = writeln!(text, "| `{}` | {floor} | {} | {} |", gate.id, gate.open, gate.step);
            }
            text += "\n";
        }
        "order" => {
            text += "\n| unit | exposure | band | most of it |\n|---|---:|---|---|\n";
            for (service, score) in typical() {
                let exposure = if score.low == score.high {
                    score.high.to_string()
                } else {
                    format!("{}-{}", score.low, score.high)
                };
                let gate = score.gates.first().map(|open| open.gate.id);
                let most = gate.or_else(|| Some(score.contributions.first()?.facet.id)).unwrap_or_default();
                let link = format!("[{service}](../tests/score/{service}.container)");
                let _ = writeln!(text, "| {link} | {exposure} | {} | `{most}` |", score.band());
            }
            text += "\n";
        }
        _ => panic!("an unknown block: {name}"),
    }
    text
}

/// The typical units, the most exposed first.
fn typical() -> Vec<(String, Score)> {
    let mut files: Vec<(String, String)> = fs::read_dir(Path::new(ROOT).join("tests/score"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    let files: Vec<(&str, String)> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    let mut services: Vec<_> = scored(&files, None).into_iter().map(|scored| (scored.service, scored.score)).collect();
    services.sort_by_key(|(service, score)| (std::cmp::Reverse((score.high, score.low)), service.clone()));
    services
}

/// Status, stdout and stderr of a run in the repository.
fn plimsoll(args: &[&str]) -> (i32, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(args)
        .current_dir(ROOT)
        .env_clear()
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(args: &[&str]) -> (i32, Value) {
    let (status, out, err) = plimsoll(args);
    (status, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}")))
}
