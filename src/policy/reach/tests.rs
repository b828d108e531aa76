//! The tables, and that whatever they say floors an exposure is told of by a rule.

use std::collections::BTreeMap;

use super::*;
use crate::{
    diagnostic::Sources,
    model::Profile,
    policy::{File, Settings, judge, score},
};

/// The rules that tell of what a container sees of the host.
const RULES: &[&str] = &["PL108", "PL201", "PL202"];

/// For containers with these lines, what the rules say of each, the worst; and the floor of its highest gate, in tenths.
fn judged(lines: &[String], profile: Profile) -> Vec<(Option<Severity>, u32)> {
    let mut sources = Sources::new();
    let mut file = |(at, lines): (usize, &String)| {
        let name = format!("web{at}.container");
        let text = format!("[Container]\n{lines}\n");
        File::found(format!("etc/containers/systemd/{name}"), name, text, &mut sources)
    };
    let files: Vec<File> = lines.iter().enumerate().map(&mut file).collect();
    let settings = Settings {
        podman: (5, 4),
        profile: Some(profile),
        trusted_registries: Vec::new(),
        severities: BTreeMap::new(),
        as_of: "2026-01-01".to_owned(),
    };
    let mut told = vec![(None, 0); lines.len()];
    for finding in judge(&files, &sources, &settings).findings {
        if RULES.contains(&finding.rule) {
            let worst = &mut told[finding.file].0;
            *worst = worst.map_or(Some(finding.severity), |worst: Severity| Some(worst.min(finding.severity)));
        }
    }
    for scored in score::all(&files, &sources, &settings) {
        told[scored.file].1 = scored.score.gates.first().map_or(0, |open| open.gate.floor);
    }
    told
}

/// Every path of the tables, as somebody would write it.
fn paths() -> impl Iterator<Item = String> {
    let engines = sockets::ENGINES.iter().map(|(name, _)| format!("/srv/elsewhere/{name}"));
    let sockets = sockets::SOCKETS.iter().map(|socket| socket.path.to_owned());
    let devices = devices::DEVICES.iter().map(|(path, ..)| (*path).to_owned());
    let places = places::PLACES.iter().map(|place| place.path.to_owned());
    engines.chain(sockets).chain(devices).chain(places).map(|path| path.replace('~', "/home/me").replace('*', "1"))
}

#[test]
fn whatever_floors_an_exposure_is_an_error_or_a_warning() {
    let mut lines: Vec<String> = Vec::new();
    for path in paths() {
        lines.extend([format!("AddDevice={path}"), format!("Rootfs={path}")]);
        let beneath = [format!("{path}/x"), format!("{path}/x/y")];
        let above = path.match_indices('/').map(|(at, _)| if at == 0 { "/" } else { &path[..at] }.to_owned());
        for path in above.chain([path.clone()]).chain(beneath) {
            lines.extend(["ro", "rw"].map(|access| format!("Volume={path}:/x:{access}")));
        }
    }
    lines.sort();
    lines.dedup();
    for (ids, profile) in [("", Profile::Rootful), ("UserNS=auto\n", Profile::Rootful), ("", Profile::Rootless)] {
        let lines: Vec<String> = lines.iter().map(|line| format!("{ids}{line}")).collect();
        let judged = judged(&lines, profile);
        assert!(judged.iter().filter(|(_, floor)| *floor >= 90).count() > 200);
        let unsaid = |(_, (told, floor)): &(&String, &(Option<Severity>, u32))| {
            *floor > 0 && !told.is_some_and(|severity| severity <= Severity::Warning)
        };
        let unsaid: Vec<_> = lines.iter().zip(&judged).filter(unsaid).collect();
        assert!(unsaid.is_empty(), "{profile:?}: {unsaid:#?}");
    }
}

#[test]
fn what_the_tables_call_an_error_is_one_and_floors_the_exposure() {
    let dangerous: Vec<_> = places::PLACES.iter().filter(|place| place.danger.is_some()).collect();
    let mount =
        |path: &str, access: &str| format!("Volume={}:/x:{access}", path.replace('~', "/home/me").replace('*', "1"));
    let lines: Vec<String> = dangerous.iter().map(|place| mount(place.path, "rw")).collect();
    for (place, (told, floor)) in dangerous.iter().zip(judged(&lines, Profile::Rootful)) {
        // The directory of the units itself is worth more than what lies in it.
        let is_more = places::of(place.path).is_some_and(|own| own.writable < place.writable);
        assert!(told == place.writable || is_more, "{}: {told:?}", place.path);
        assert!(floor >= 90, "{}: {floor}", place.path);
    }
    for access in ["ro", "rw"] {
        let lines: Vec<String> = sockets::SOCKETS.iter().map(|socket| mount(socket.path, access)).collect();
        for (socket, told) in sockets::SOCKETS.iter().zip(judged(&lines, Profile::Rootful)) {
            let severity = if socket.is_engine || socket.is_root { Severity::Error } else { Severity::Warning };
            assert_eq!(told, (Some(severity), if socket.is_engine { 90 } else { 80 }), "{}", socket.path);
        }
    }
}

#[test]
fn the_tables_are_in_order() {
    assert!(places::PLACES.is_sorted_by_key(|place| place.path));
    assert!(devices::DEVICES.is_sorted_by_key(|(path, ..)| *path));
    assert!(sockets::SOCKETS.is_sorted_by_key(|socket| (!socket.is_engine, socket.path)));
}

#[test]
fn the_narrowest_place_counts() {
    let what = |path| places::of(path).map(|place| place.what);
    assert_eq!(what("/etc/systemd/system"), Some("the services of the host"));
    assert_eq!(what("/proc/sys/net"), Some("the parameters of the kernel"));
    assert_eq!(what("/run/user/%U"), Some("the sockets of a user, podman's and systemd's among them"));
    assert_eq!(what("/home"), Some("the keys and files of every user"));
    for path in [
        "/etc/localtime",
        "/etc/traefik",
        "/srv/data",
        "~/data",
        "~/.config/containers/volumes/web",
        "/etc/containers/web",
        "/bootleg",
        "/usr/share/zoneinfo",
    ] {
        assert_eq!(what(path), None, "{path}");
        assert_eq!(danger(path), None, "{path}");
    }
}

#[test]
fn sockets_are_known_by_their_names_and_directories() {
    let is_root = |path| sockets::at(path).map(|socket| socket.is_root);
    for (path, expected) in [
        ("/run/docker.sock", Some(true)),
        ("/run/podman", Some(true)),
        ("/run/user/1000/podman/podman.sock", Some(false)),
        ("/run/user/%U/podman", Some(false)),
        ("/run/user/1000/bus", Some(false)),
        ("~/.docker/run/docker.sock", Some(false)),
        ("/run/dbus/system_bus_socket", Some(false)),
        ("/run/systemd/private", Some(true)),
        ("/run/postgresql", None),
        ("/run/user", None),
    ] {
        assert_eq!(is_root(path), expected, "{path}");
    }
}
