//! Every key of the key table, used in a catalog for every Podman: the units hold only keys that this Podman knows, or
//! the catalog is refused with the version that the key needs.

use std::fs;

use plimsoll::render::{Bundle, FileKind};
use plimsoll::unit::keys::{self, Key, Syntax, Version};

use crate::catalogs::{File, naive, render_files};
use crate::judge::judges;

const TARGETS: [Version; 13] =
    [(4, 9), (5, 0), (5, 1), (5, 2), (5, 3), (5, 4), (5, 5), (5, 6), (5, 7), (5, 8), (6, 0), (6, 1), (6, 2)];

/// Keys that have no place in a catalog, and why.
const NO_PLACE: &[(&str, &str, &str)] = &[
    (
        "Kube",
        "*",
        "a catalog describes containers: Kubernetes YAML brings limits and volumes that no layer could state",
    ),
    ("Install", "DefaultInstance", "it is for templates, and a service of a catalog is never one"),
];

/// Keys that a table of the catalog speaks for, and how; text with the lines of a service.
const TYPED: &[(&str, &str)] = &[
    ("Image", ""),
    ("ContainerName", "container_name = \"x\""),
    ("ServiceName", "service_name = \"x\""),
    ("User", "user = 5"),
    ("Group", "user = 5\ngroup = 5"),
    ("Volume", "volume = [{ source = \"/a\", target = \"/a\" }]"),
    ("Tmpfs", "tmpfs = [{ target = \"/a\" }]"),
    ("Network", "network = \"bridge\""),
    ("PublishPort", "network = \"bridge\"\npublish_port = [\"8080:80\"]"),
    ("Secret", "secret = [\"a\"]"),
    ("PidsLimit", "limits.pids = 5"),
    ("ShmSize", "shm_size = \"1M\""),
    ("StopTimeout", "stop_timeout = 5"),
    ("IP", "network = [{ name = \"lan\", ip = \"10.0.0.5\" }]"),
    ("IP6", "network = [{ name = \"lan\", ip6 = \"2001:db8::5\" }]"),
    ("Rootfs", "rootfs = \"/srv/root\""),
    // In [limits], where podman's arguments say it to every version; the key itself would be a second truth.
    ("Memory", "limits.memory = \"1G\""),
];

/// Values that mean something; any other key takes a word.
fn value(key: &Key) -> &'static str {
    match (key.group, key.name) {
        (_, "Notify") => "true",
        (_, "Pull" | "Policy") => "\"missing\"",
        (_, "AutoUpdate") => "\"registry\"",
        (_, "ImageVolume") => "\"ignore\"",
        (_, "CgroupsMode") => "\"split\"",
        (_, "WorkingDir" | "SetWorkingDirectory" | "File") => "\"/srv\"",
        (_, "Environment" | "Label" | "Annotation" | "Sysctl" | "LogOpt" | "Options" | "BuildArg") => {
            match key.syntax {
                Syntax::Text => "\"a\"",
                _ => "\"a=b\"",
            }
        }
        (_, "Image") => "\"quay.io/a/b:1\"",
        (_, "Mount") => "[\"type=bind,source=/a,target=/b\"]",
        (_, "ExposeHostPort") => "\"80\"",
        (
            _,
            "HealthInterval" | "HealthTimeout" | "HealthStartPeriod" | "HealthStartupInterval" | "HealthStartupTimeout",
        ) => "\"5s\"",
        (
            _,
            "HealthRetries"
            | "HealthStartupRetries"
            | "HealthStartupSuccess"
            | "HealthMaxLogCount"
            | "HealthMaxLogSize",
        ) => "5",
        (_, "HealthOnFailure") => "\"kill\"",
        (_, "Subnet") => "\"10.9.0.0/24\"",
        (_, "Gateway") => "\"10.9.0.1\"",
        (_, "IPRange") => "\"10.9.0.0/25\"",
        ("Volume", "Driver") => "\"local\"",
        (_, "Volume") => "\"/a:/a\"",
        (_, "PublishPort") => "\"8080:80\"",
        ("Install", "Alias") => "[\"other.service\"]",
        ("Install", _) => "[\"graphical.target\"]",
        (_, "ReloadCmd") => "[\"a\", \"b c\"]",
        (_, "RemapUsers") => "\"manual\"",
        (_, "RemapUid" | "RemapGid" | "UIDMap" | "GIDMap") => "\"0:1:2\"",
        (_, "UserNS") => "\"auto\"",
        _ => match key.syntax {
            Syntax::Bool => "true",
            Syntax::Uint32 => "5",
            _ => "\"a\"",
        },
    }
}

/// The catalogs that use a key: by the name that the schema has for it, and verbatim.
fn uses(key: &Key, target: Version) -> Vec<Vec<File>> {
    let named = |top: &str, web: &str| {
        let top = format!("target.podman = \"{}.{}\"\n{top}", target.0, target.1);
        let image = if web.contains("rootfs") { "" } else { "image = \"quay.io/a/b:1\"\n" };
        vec![("catalog.toml".to_owned(), top), ("web.toml".to_owned(), format!("{image}{web}\n"))]
    };
    let snake = key.snake();
    let value = value(key);
    let pair = match value.strip_prefix("\"a=") {
        Some(value) => format!("{{ a = \"{value} }}").replace("\" }", "\" }"),
        None => value.to_owned(),
    };
    let plain =
        format!("{snake} = {}", if value.starts_with("\"a=") { format!("[{value}]") } else { value.to_owned() });
    let verbatim = match key.name {
        "ReloadCmd" => "ReloadCmd = \"a 'b c'\"".to_owned(),
        name => format!("{name} = {value}"),
    };
    match key.group {
        "Container" => {
            let lan = "[network.lan]\nsubnet = [\"10.0.0.0/24\", \"2001:db8::/64\"]\n";
            let pod = key.name == "Pod" || key.name == "StartWithPod";
            if let Some((_, text)) = TYPED.iter().find(|(name, _)| *name == key.name) {
                return vec![named(lan, text)];
            }
            if pod {
                let mut files = named("", "");
                files.pop();
                let own = if key.name == "Pod" { String::new() } else { format!("{plain}\n") };
                files.push(("p/stack.toml".to_owned(), "[quadlet.Pod]\nPodName = \"p\"\n".to_owned()));
                files.push(("p/web.toml".to_owned(), format!("image = \"quay.io/a/b:1\"\npod = \"p.pod\"\n{own}")));
                return vec![files];
            }
            if let Some(health) = key.name.strip_prefix("Health") {
                let name = Key { name: health, ..*key }.snake();
                let cmd = if name == "cmd" { String::new() } else { "health.cmd = \"x\"\n".to_owned() };
                return vec![named("", &format!("{cmd}health.{name} = {value}"))];
            }
            let beside = match key.name {
                "RemapUid" | "RemapGid" => "remap_users = \"manual\"\n",
                "RemapUidSize" => "remap_users = \"auto\"\n",
                _ => "",
            };
            let mut all = vec![named("", &format!("{beside}{plain}"))];
            if matches!(key.syntax, Syntax::Pairs) {
                all.push(named("", &format!("{snake} = {pair}")));
            }
            // Verbatim too, where no default of ours has it already.
            if ![
                "UserNS",
                "DropCapability",
                "NoNewPrivileges",
                "ReadOnly",
                "ReadOnlyTmpfs",
                "ImageVolume",
                "HttpProxy",
                "Pull",
                "LogDriver",
            ]
            .contains(&key.name)
            {
                all.push(named("", &format!("{beside}[quadlet.Container]\n{verbatim}")));
            }
            all
        }
        "Network" => {
            let beside = if matches!(key.name, "Gateway" | "IPRange") { "subnet = \"10.9.0.0/24\"\n" } else { "" };
            match key.name {
                "ServiceName" => vec![named(&format!("[network.x.quadlet.Network]\n{verbatim}"), "")],
                _ => vec![named(&format!("[network.x]\n{beside}{plain}"), "")],
            }
        }
        "Volume" => {
            let beside = if matches!(key.name, "Type" | "Options") { "device = \"a\"\n" } else { "" };
            match key.name {
                "ServiceName" => vec![named(&format!("[volume.x.quadlet.Volume]\n{verbatim}"), "")],
                _ => vec![named(&format!("[volume.x]\n{beside}{plain}"), "")],
            }
        }
        "Build" => {
            let beside = if matches!(key.name, "File" | "SetWorkingDirectory") {
                ""
            } else {
                "SetWorkingDirectory = \"/srv\"\n"
            };
            let mut files = named("", &format!("[quadlet.Build]\n{beside}{verbatim}"));
            let web = &mut files[1].1;
            *web = web.replace("image = \"quay.io/a/b:1\"\n", "");
            vec![files]
        }
        "Image" => vec![named("", &format!("[quadlet.Image]\n{verbatim}"))],
        "Artifact" => {
            let beside = if key.name == "Artifact" { "" } else { "Artifact = \"quay.io/a/b:1\"\n" };
            vec![named("", &format!("[quadlet.Artifact]\n{beside}{verbatim}"))]
        }
        "Pod" => {
            let beside = match key.name {
                "RemapUid" | "RemapGid" => "RemapUsers = \"manual\"\n",
                "RemapUidSize" => "RemapUsers = \"auto\"\n",
                _ => "",
            };
            let mut files = named("", "");
            files.push(("p/stack.toml".to_owned(), format!("[quadlet.Pod]\n{beside}{verbatim}\n")));
            files.push(("p/app.toml".to_owned(), "image = \"quay.io/a/b:1\"\npod = \"p.pod\"\n".to_owned()));
            vec![files]
        }
        "Install" => vec![named("", &plain)],
        "Quadlet" => {
            let mut all = vec![named("", &plain), named("", &format!("[quadlet.Quadlet]\n{verbatim}"))];
            all.push(named(&format!("[network.x.quadlet.Quadlet]\n{verbatim}"), ""));
            all.push(named(&format!("[volume.x.quadlet.Quadlet]\n{verbatim}"), ""));
            all
        }
        group => panic!("{group} has neither a use nor a reason"),
    }
}

/// Keys of a bundle that this Podman does not know.
fn unknown(bundle: &Bundle, podman: Version) -> Vec<String> {
    let mut found = Vec::new();
    for file in bundle.files.iter().filter(|file| file.kind != FileKind::Slice) {
        let FileKind::Quadlet(unit_type) = file.kind else { continue };
        if unit_type.since() > podman {
            found.push(format!("{}: {podman:?} does not read such files", file.path));
        }
        for line in naive(&file.text).unwrap_or_else(|why| panic!("{why}\n{}", file.text)) {
            if matches!(line.section.as_str(), "Unit" | "Service") {
                continue;
            }
            if keys::key(&line.section, &line.key).is_none_or(|key| !key.is_known_to(podman)) {
                found.push(format!("{}: [{}] {}=", file.path, line.section, line.key));
            }
        }
    }
    found
}

#[test]
fn every_key_is_known_to_its_target_or_refused_with_the_version() {
    let mut counts = [0; 3];
    let mut wrong = Vec::new();
    let mut judged: Vec<(String, Bundle, Version)> = Vec::new();
    for key in keys::all() {
        if NO_PLACE.iter().any(|(group, name, _)| *group == key.group && (*name == "*" || *name == key.name)) {
            counts[2] += 1;
            continue;
        }
        for target in TARGETS {
            for (at, files) in uses(key, target).into_iter().enumerate() {
                let what = format!("{}.{} for {}.{}, {at}", key.group, key.name, target.0, target.1);
                match render_files(&files) {
                    Ok(bundle) => {
                        counts[0] += 1;
                        wrong.extend(unknown(&bundle, target).into_iter().map(|why| format!("{what}: {why}")));
                        // A key that this Podman knows is used, not forgotten.
                        let holds = |section: &str| {
                            bundle.files.iter().any(|file| {
                                naive(&file.text)
                                    .unwrap()
                                    .iter()
                                    .any(|line| line.section == section && line.key == key.name)
                            })
                        };
                        // The address stands in Network=, and Memory= among the arguments.
                        let elsewhere = key.group == "Container" && ["IP", "IP6", "Memory"].contains(&key.name);
                        if key.is_known_to(target) && !elsewhere && !holds(key.group) {
                            wrong.push(format!("{what}: the key is not there"));
                        }
                        if matches!(target, (5, 4) | (5, 8)) {
                            judged.push((what, bundle, target));
                        }
                    }
                    Err(why) => {
                        counts[1] += 1;
                        let (major, minor) = key.since;
                        // A whole unit type may be younger than its key's neighbours.
                        let needs = why.iter().any(|why| why.contains(&format!("needs Podman {major}.{minor}")));
                        let group = keys::UnitType::all().iter().find(|t| {
                            t.group() == key.group
                                || key.name == "Pod"
                                || key.name == "StartWithPod" && t.group() == "Pod"
                        });
                        let by_type = group.is_some_and(|_| {
                            keys::UnitType::all().iter().any(|t| {
                                t.since() > target
                                    && why.iter().any(|why| {
                                        why.contains(&format!("needs Podman {}.{}", t.since().0, t.since().1))
                                    })
                            })
                        });
                        if key.is_known_to(target) && !by_type || !needs && !by_type {
                            wrong.push(format!("{what}: {why:?}"));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {counts:?}: {wrong:#?}", wrong.len());
    assert!(counts[0] > 2000 && counts[1] > 100 && counts[2] > 19, "{counts:?}");
    the_generators_agree(&judged);
}

/// The generators of 5.4 and 5.8 make a service of every unit.
fn the_generators_agree(judged: &[(String, Bundle, Version)]) {
    for judge in judges() {
        let own = if judge.name.starts_with("podman 5.4") { (5, 4) } else { (5, 8) };
        let dir = tempfile::tempdir().unwrap();
        let mut expected = 0;
        for (at, (_, bundle, _)) in judged.iter().enumerate().filter(|(_, (.., target))| *target == own) {
            let directory = dir.path().join(at.to_string());
            fs::create_dir(&directory).unwrap();
            for file in bundle.files.iter().filter(|file| file.kind != FileKind::Slice) {
                // Of one name only the first file is read: each bundle's units have names of their own.
                let text =
                    file.text.replace("web.build", &format!("web{at}.build")).replace("p.pod", &format!("p{at}.pod"));
                let text = text
                    .replace("web.image", &format!("web{at}.image"))
                    .replace("lan.network", &format!("lan{at}.network"));
                let text: Vec<&str> = text.lines().filter(|line| !line.starts_with("ServiceName=")).collect();
                let (stem, suffix) = file.file_name().rsplit_once('.').unwrap();
                fs::write(directory.join(format!("{stem}{at}.{suffix}")), text.join("\n") + "\n").unwrap();
                expected += 1;
            }
        }
        let verdict = judge.dry_run(dir.path(), false);
        let said: Vec<_> = verdict
            .complaints()
            .into_iter()
            .map(|line| {
                let at = line.find("web").or(line.find("/x")).map_or(line, |at| &line[at..]);
                let number: String =
                    at.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
                let what = number.parse().ok().and_then(|at: usize| judged.get(at)).map(|(what, ..)| what.as_str());
                format!("{line} ({})", what.unwrap_or("?"))
            })
            .collect();
        assert!(said.is_empty(), "{}: {said:#?}", judge.name);
        assert_eq!((verdict.status, verdict.services.len()), (0, expected), "{}", judge.name);
    }
}
