//! What Podman's own generator and systemd say of rendered catalogs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use plimsoll::render::{Bundle, FileKind};
use plimsoll::unit::{Unit, UnitType};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tempfile::TempDir;

use crate::catalogs::{naive, render_dir, render_files, standing, values};
use crate::judge::{GeneratedService, Judge, judges};
use crate::random::{Declared, RandomCatalog, seed};

/// Random catalogs, and how many of them one run of a generator reads.
const CATALOGS: usize = 300;
const BATCH: usize = 100;

/// A bundle as it lies on a host.
fn tree(bundle: &Bundle, beneath: &Path) {
    for file in &bundle.files {
        let path = beneath.join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &*file.text).unwrap();
    }
}

/// The Quadlet files of a bundle in one directory.
fn quadlets(bundle: &Bundle, directory: &Path) {
    fs::create_dir_all(directory).unwrap();
    for file in bundle.files.iter().filter(|file| file.kind != FileKind::Slice) {
        fs::write(directory.join(file.file_name()), &*file.text).unwrap();
    }
}

/// The services that Quadlet should make of a bundle.
fn expected_services(bundle: &Bundle) -> Vec<String> {
    let units = bundle.files.iter().filter(|file| file.kind != FileKind::Slice);
    let mut names: Vec<_> = units
        .map(|file| {
            let (stem, unit_type) = UnitType::of_file(file.file_name()).unwrap();
            let unit = Unit::parse(&file.text).unwrap();
            let own = unit.text(unit_type.group(), "ServiceName").map(|name| format!("{name}.service"));
            own.unwrap_or_else(|| unit_type.service_name(stem))
        })
        .collect();
    names.sort();
    names
}

fn is_rootless(bundle: &Bundle) -> bool {
    bundle.files.iter().any(|file| file.path.contains("/users/"))
}

/// Both judges on a bundle of its own, which needs at least this Podman.
fn judge(name: &str, bundle: &Bundle, accepts: impl Fn(&Judge) -> bool) {
    let dir = tempfile::tempdir().unwrap();
    tree(bundle, dir.path());
    // The kitchen sink leans on a mount of the host's.
    let mount = "etc/systemd/system/srv-galley.mount";
    fs::create_dir_all(dir.path().join("etc/systemd/system")).unwrap();
    fs::write(dir.path().join(mount), "[Mount]\nWhat=/dev/null\nWhere=/srv/galley\n").unwrap();
    for judge in judges().iter().filter(|judge| accepts(judge)) {
        let verdict = judge.dry_run(&dir.path().join("etc/containers/systemd"), is_rootless(bundle));
        assert_eq!((verdict.status, verdict.complaints()), (0, vec![]), "{}, {name}", judge.name);
        assert_eq!(verdict.services.keys().cloned().collect::<Vec<_>>(), expected_services(bundle), "{}", judge.name);
        // Quadlet copies what it does not know: every line of [Service] must be there.
        for file in &bundle.files {
            let Some((stem, unit_type)) = UnitType::of_file(file.file_name()) else { continue };
            let own = naive(&file.text).unwrap();
            let service = values(&own, unit_type.group(), "ServiceName");
            let service =
                service.first().map_or_else(|| unit_type.service_name(stem), |name| format!("{name}.service"));
            service_lines(&file.text, &verdict.services[&service]);
        }
        assert_eq!(judge.verify(dir.path()), Vec::<String>::new(), "{}, {name}", judge.name);
    }
}

fn service_lines(text: &str, service: &GeneratedService) {
    let lines = naive(text).unwrap();
    for line in lines.iter().filter(|line| line.section == "Service") {
        let found = service.values("Service", &line.key);
        assert!(found.contains(&line.value), "{line:?} is not in {found:?}");
    }
}

#[test]
fn the_standing_catalogs_content_both_judges() {
    for (name, dir) in standing() {
        let bundle = render_dir(&dir).unwrap_or_else(|why| panic!("{name}: {why:#?}"));
        // The kitchen sink is for 5.8.
        judge(name, &bundle, |judge| !name.contains("sink") || judge.name.starts_with("podman 5.8"));
    }
}

/// `--flag value` and `--flag=value` alike, in the order of the command line; and what follows the image.
fn arguments(words: &[String], image: &str) -> (BTreeMap<String, Vec<String>>, Vec<String>) {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let end = words.iter().rposition(|word| word == image).unwrap_or(words.len());
    let mut rest = words[..end].iter().peekable();
    while let Some(word) = rest.next() {
        if !word.starts_with('-') {
            continue;
        }
        match word.split_once('=').filter(|_| word.starts_with("--")) {
            Some((flag, value)) => found.entry(flag.to_owned()).or_default().push(value.to_owned()),
            None => {
                let value = rest.next_if(|next| !next.starts_with('-')).cloned().unwrap_or_default();
                found.entry(word.clone()).or_default().push(value);
            }
        }
    }
    for values in found.values_mut() {
        values.sort();
    }
    (found, words.get(end + 1..).unwrap_or_default().to_vec())
}

/// What podman is told, held against what the catalog declares.
fn told(declared: &Declared, service: &GeneratedService) -> Result<(), String> {
    let words = service.exec_start();
    let pairs =
        |map: &BTreeMap<String, String>| map.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>();
    let (found, tail) = arguments(&words, &declared.image);
    let is = |flag: &str, mut expected: Vec<String>| {
        expected.sort();
        let got = found.get(flag).cloned().unwrap_or_default();
        if got == expected { Ok(()) } else { Err(format!("{flag}: {got:#?} instead of {expected:#?}\n{words:#?}")) }
    };
    if tail != declared.exec {
        return Err(format!("the command is {tail:#?} instead of {:#?}\n{words:#?}", declared.exec));
    }
    is("--env", pairs(&declared.environment))?;
    is("--label", pairs(&declared.label))?;
    is("-v", declared.volumes.clone())?;
    is("--tmpfs", declared.tmpfs.clone())?;
    is("--secret", declared.secrets.clone())?;
    is("--publish", declared.publish.clone())?;
    is("--pids-limit", vec![declared.pids.to_string()])?;
    is("--cpus", declared.cpus.clone().into_iter().collect())?;
    is("--memory", declared.memory.map(|bytes| format!("{bytes}b")).into_iter().collect())?;
    is("--memory-swap", declared.memory.map(|bytes| format!("{}b", bytes + declared.swap)).into_iter().collect())?;
    is("--read-only", vec![String::new()])?;
    is("--cap-drop", vec!["all".to_owned()])?;
    is("--image-volume", vec!["ignore".to_owned()])?;
    is("--http-proxy", vec!["false".to_owned()])?;
    let health = declared.health_cmd.as_ref().map(|words| serde_json::to_string(words).unwrap());
    is("--health-cmd", health.into_iter().collect())?;
    let empty = Vec::new();
    if !found.get("--security-opt").unwrap_or(&empty).contains(&"no-new-privileges".to_owned()) {
        return Err(format!("no --security-opt=no-new-privileges: {words:#?}"));
    }
    let mut networks = found.get("--network").cloned().unwrap_or_default();
    for expected in &declared.networks {
        let at = networks
            .iter()
            .position(|got| got == expected || expected.ends_with("mac=02:") && got.starts_with(expected));
        networks.remove(at.ok_or_else(|| format!("no --network {expected}: {words:#?}"))?);
    }
    if networks.is_empty() { Ok(()) } else { Err(format!("--network {networks:?} beside the declared ones")) }
}

/// The same catalogs in every run.
fn catalogs() -> Vec<RandomCatalog> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, b"plimsoll: the judges' own dice  ");
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = seed((5, 4));
    (0..CATALOGS).map(|at| strategy.new_tree(&mut runner).unwrap().current().build(&format!("c{at}"))).collect()
}

#[test]
fn random_catalogs_content_both_judges() {
    if judges().is_empty() {
        return;
    }
    let catalogs = catalogs();
    assert!(catalogs.iter().any(|catalog| catalog.rootless) && catalogs.iter().any(|catalog| !catalog.rootless));
    let bundles: Vec<Bundle> = catalogs
        .iter()
        .map(|catalog| render_files(&catalog.files).unwrap_or_else(|why| panic!("{why:#?}\n{:#?}", catalog.files)))
        .collect();

    let all: Vec<_> = catalogs.iter().zip(&bundles).collect();
    let (rootless, rootful): (Vec<_>, Vec<_>) = all.into_iter().partition(|(catalog, _)| catalog.rootless);
    let mut services = 0;
    for (user, group) in [(true, rootless), (false, rootful)] {
        for batch in group.chunks(BATCH) {
            let dir = tempfile::tempdir().unwrap();
            for (catalog, bundle) in batch {
                quadlets(bundle, &dir.path().join(&catalog.name));
            }
            for judge in judges() {
                let verdict = judge.dry_run(dir.path(), user);
                assert_eq!((verdict.status, verdict.complaints()), (0, vec![]), "{}", judge.name);
                let mut expected: Vec<_> = batch.iter().flat_map(|(_, bundle)| expected_services(bundle)).collect();
                expected.sort();
                assert_eq!(verdict.services.keys().cloned().collect::<Vec<_>>(), expected, "{}", judge.name);
                for (catalog, bundle) in batch {
                    for declared in &catalog.services {
                        services += 1;
                        let generated = &verdict.services[&format!("{}.service", declared.unit)];
                        let name = format!("{}.container", declared.unit);
                        let file = bundle.files.iter().find(|file| file.file_name() == name).unwrap();
                        service_lines(&file.text, generated);
                        if let Err(why) = told(declared, generated) {
                            panic!("{}, {}: {why}\n{}", judge.name, declared.unit, file.text);
                        }
                    }
                }
            }
        }
    }
    assert!(services > 2 * CATALOGS, "{services} services for both judges");
}

#[test]
fn systemd_has_nothing_to_say_of_random_catalogs() {
    let catalogs = catalogs();
    let parent = tempfile::tempdir().unwrap();
    let trees: Vec<PathBuf> = catalogs
        .iter()
        .map(|catalog| {
            let path = parent.path().join(&catalog.name);
            tree(&render_files(&catalog.files).unwrap_or_else(|why| panic!("{why:#?}\n{:#?}", catalog.files)), &path);
            path
        })
        .collect();
    for judge in judges() {
        for (said, catalog) in judge.verify_all(&trees).iter().zip(&catalogs) {
            assert!(said.is_empty(), "{}: {said:#?}\n{:#?}", judge.name, catalog.files);
        }
    }
}

#[test]
fn objects02_is_told_to_podman_as_it_is_declared() {
    let (_, dir) = &standing()[0];
    let bundle = render_dir(dir).unwrap();
    let host = TempDir::new().unwrap();
    tree(&bundle, host.path());
    for judge in judges() {
        let verdict = judge.dry_run(&host.path().join("etc/containers/systemd"), false);
        let service = &verdict.services["objects02.service"];
        let words = service.exec_start();
        let next = |flag: &str, value: &str| words.windows(2).any(|pair| pair[0] == flag && pair[1] == value);
        assert!(words.contains(&"--read-only".to_owned()), "{words:#?}");
        assert!(next("--cap-drop", "all"), "{words:#?}");
        assert!(words.contains(&"--security-opt=no-new-privileges".to_owned()), "{words:#?}");
        assert!(next("--userns", "auto:size=65536"), "{words:#?}");
        for word in ["--cpus=4", "--memory=512000000b", "--memory-swap=512000000b", "--cgroups=split"] {
            assert!(words.contains(&word.to_owned()), "{word}: {words:#?}");
        }
        let network = words.iter().find(|word| word.starts_with("lan:")).unwrap();
        assert!(network.starts_with("lan:ip=192.168.10.150,mac=02:"), "{network}");
        assert!(
            words
                .ends_with(&["quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z", "server", "/data"].map(str::to_owned))
        );
        for (key, value) in [
            ("Slice", "services-objects02.slice"),
            ("CPUQuota", "400%"),
            ("MemoryHigh", "512000000"),
            ("MemoryMax", "512000000"),
            ("MemorySwapMax", "0"),
            ("TasksMax", "320"),
            ("OOMPolicy", "kill"),
        ] {
            assert_eq!(service.values("Service", key), [value], "{key}");
        }
    }
    let slice = bundle.files.iter().find(|file| file.path == "etc/systemd/system/services-objects02.slice").unwrap();
    let lines = naive(&slice.text).unwrap();
    assert_eq!(values(&lines, "Slice", "MemoryMax"), ["512000000"]);
    assert_eq!(values(&lines, "Slice", "CPUQuota"), ["400%"]);
}
