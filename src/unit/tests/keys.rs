//! The table held against its source, and the names made from it.

use crate::unit::directives::{directives, is_directive, is_gone};
use crate::unit::keys::*;

const TSV: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/quadlet-keys.tsv"));

fn syntax(meaning: &str) -> Syntax {
    let prefixes = [
        ("string; last wins", Syntax::Text),
        ("one value per line", Syntax::Lines),
        ("whitespace-split, quotes stripped", Syntax::Strv),
        ("whitespace-split exec-like", Syntax::Args),
        ("whitespace-split KEY=VALUE", Syntax::Pairs),
        ("last wins; split exec-like", Syntax::Exec),
        ("bool", Syntax::Bool),
        ("uint32", Syntax::Uint32),
        ("handled by generator", Syntax::Install),
    ];
    prefixes.iter().find(|(prefix, _)| meaning.starts_with(prefix)).expect(meaning).1
}

#[test]
fn the_table_says_what_its_source_says() {
    let mut rows = 0;
    for row in TSV.lines().skip(1) {
        let columns: Vec<_> = row.split('\t').collect();
        let [suffix, group, name, since, repeatable, notes, meaning] = columns[..] else {
            panic!("{row}");
        };
        let found = key(group, name).unwrap_or_else(|| panic!("{group}.{name} is not in the table"));
        let mut version = since.split('.').map(|part| part.parse::<u16>().unwrap());
        assert_eq!(found.since, (version.next().unwrap(), version.next().unwrap()), "{row}");
        assert_eq!(found.syntax, syntax(meaning), "{row}");
        assert_eq!(found.list, repeatable == "list", "{row}");
        assert_eq!(found.deprecated, notes.starts_with("DEPRECATED"), "{row}");
        assert_eq!(found.group, group);
        match UnitType::from_suffix(suffix) {
            Some(kind) => assert_eq!(kind.group(), group),
            None => assert_eq!(suffix, "*"),
        }
        rows += 1;
    }
    assert_eq!(rows, 243);
    assert_eq!(all().count(), rows);
}

#[test]
fn each_section_is_sorted_and_each_key_explained() {
    for group in groups() {
        assert!(keys(group).is_sorted_by(|a, b| a.name < b.name), "{group}");
    }
    for found in all() {
        let doc = found.doc;
        assert!(doc.ends_with('.') && doc.starts_with(char::is_uppercase), "{}: {doc}", found.name);
        assert!(doc.len() < 90, "{doc}");
        if let Fallback::Flag { flag, since } = found.fallback {
            assert!(flag.starts_with("--") && QUADLET <= since && since <= found.since, "{flag}");
        }
    }
    assert!(keys("Service").is_empty() && key("Container", "Cpus").is_none());
}

#[test]
fn names_in_the_catalog() {
    for (name, expected) in [
        ("AddHost", "add_host"),
        ("DNS", "dns"),
        ("DNSOption", "dns_option"),
        ("UserNS", "user_ns"),
        ("UIDMap", "uid_map"),
        ("GIDMap", "gid_map"),
        ("SubUIDMap", "sub_uid_map"),
        ("IP6", "ip6"),
        ("IPRange", "ip_range"),
        ("IPAMDriver", "ipam_driver"),
        ("IPv6", "ipv6"),
        ("DisableDNS", "disable_dns"),
        ("TLSVerify", "tls_verify"),
        ("OS", "os"),
        ("ForceRM", "force_rm"),
        ("HttpProxy", "http_proxy"),
        ("AppArmor", "app_armor"),
        ("PidsLimit", "pids_limit"),
        ("ReadOnlyTmpfs", "read_only_tmpfs"),
        ("NoNewPrivileges", "no_new_privileges"),
        ("HealthMaxLogCount", "health_max_log_count"),
    ] {
        let found = all().find(|key| key.name == name).expect(name);
        assert_eq!(found.snake(), expected);
    }
    for group in groups() {
        let mut names: Vec<_> = keys(group).iter().map(Key::snake).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), keys(group).len(), "two keys of {group} share a name");
    }
}

#[test]
fn fall_backs_for_an_older_podman() {
    let argument = |group, name, podman, value| key(group, name).and_then(|key| key.fallback.argument(podman, value));
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(argument("Container", "Memory", (4, 9), "512m"), some("--memory=512m"));
    assert_eq!(argument("Container", "AppArmor", (5, 4), "x"), some("--security-opt=apparmor=x"));
    assert_eq!(argument("Container", "Retry", (4, 9), "3"), None);
    assert_eq!(argument("Container", "Retry", (5, 4), "3"), some("--retry=3"));
    assert_eq!(argument("Volume", "UID", (5, 6), "1"), some("--uid=1"));
    assert_eq!(argument("Container", "ReloadSignal", (5, 4), "HUP"), None);
}

#[test]
fn unit_types_and_their_services() {
    for (file, service) in [
        ("web.container", "web.service"),
        ("lan.network", "lan-network.service"),
        ("foo@.volume", "foo-volume@.service"),
        ("foo@one.container", "foo@one.service"),
        ("a.b.pod", "a.b-pod.service"),
        ("k.kube", "k.service"),
        ("i.image", "i-image.service"),
        ("b.build", "b-build.service"),
        ("m.artifact", "m-artifact.service"),
    ] {
        let (stem, kind) = UnitType::of_file(file).expect(file);
        assert_eq!(kind.service_name(stem), service);
    }
    assert_eq!(UnitType::of_file("services.slice"), None);
    assert_eq!(UnitType::from_suffix("container"), Some(UnitType::Container));
    for kind in UnitType::all() {
        assert_eq!(UnitType::from_suffix(kind.suffix()), Some(*kind));
        assert!(keys(kind.group()).iter().all(|key| kind.since() <= key.since));
    }
}

#[test]
fn gates_are_about_keys_and_come_after_them() {
    for gate in VALUE_GATES {
        let key = key(gate.group, gate.name).expect(gate.name);
        assert!(key.since < gate.since, "{gate:?}");
    }
    assert_eq!(value_gates("Container", "Image").count(), 2);
}

#[test]
fn directives_of_systemd() {
    for section in ["Unit", "Service", "Slice", "Install"] {
        assert!(directives(section).is_sorted() && !directives(section).is_empty());
    }
    for (section, name, known) in [
        ("Service", "MemoryMax", true),
        ("Slice", "MemoryMax", true),
        ("Unit", "MemoryMax", false),
        ("Service", "MemoryMx", false),
        ("Service", "X-Anything", true),
        ("Unit", "StartLimitBurst", true),
        ("Service", "IPAddressDeny", true),
        ("Install", "WantedBy", true),
        ("Container", "Image", false),
    ] {
        assert_eq!(is_directive(section, name), known, "{section}.{name}");
    }
    assert!(is_gone("MemoryLimit") && !is_gone("MemoryMax"));
}
