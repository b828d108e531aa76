//! Units of the kind that people publish, judged as whoever has just found Plimsoll would: what is said first, and how
//! much there is of it.

use std::{fmt::Write as _, fs, path::Path};

use crate::run::{Project, read};

/// For each directory, what a reviewer would want to hear before anything else: a rule for each, all of them to be found
/// in the first findings. Empty for units that are done well: nothing in them is an error.
const WANTED: &[(&str, &[&str])] = &[
    ("01-jellyfin", &["PL401", "PL703", "PL302"]),
    ("02-immich", &["PL601", "PL401", "PL302"]),
    ("03-nextcloud", &["PL304", "PL601", "PL401"]),
    ("04-vaultwarden", &["PL601", "PL401"]),
    ("05-pihole", &["PL301", "PL601"]),
    ("06-traefik", &["PL202", "PL703"]),
    ("07-caddy", &["PL008", "PL401", "PL302"]),
    ("08-monitoring", &["PL106", "PL201", "PL301"]),
    ("09-forgejo", &[]),
    ("10-minio", &["PL601", "PL302"]),
    ("11-linuxserver", &["PL304", "PL403", "PL601"]),
    ("12-syncthing", &["PL201", "PL302"]),
    ("13-home-assistant", &["PL100", "PL301"]),
    ("14-wireguard", &["PL109", "PL102"]),
    ("15-postgres", &["PL601", "PL302"]),
    ("16-watchtower", &["PL012", "PL202"]),
    ("17-paperless-pod", &["PL113", "PL401"]),
    ("18-kube", &[]),
    ("19-build", &["PL401", "PL302"]),
    ("20-image", &["PL029", "PL401", "PL302"]),
    ("21-template", &["PL031", "PL401"]),
    ("22-gpu", &["PL401", "PL703", "PL302"]),
    ("23-systemd-in-container", &["PL102", "PL701"]),
    ("24-secrets-well", &[]),
    ("25-typos", &["PL001", "PL016", "PL020"]),
    ("26-newer-keys", &["PL006"]),
    ("27-drop-ins", &["PL026", "PL017"]),
    ("28-podlet", &["PL601", "PL401", "PL302"]),
    ("29-hardened", &[]),
    ("30-rootless-well", &[]),
    ("31-macvlan", &["PL304", "PL601"]),
    ("32-service-sandbox", &["PL020", "PL011"]),
    ("33-broken-file", &["PL015", "PL007", "PL008"]),
    ("34-compose", &["PL001", "PL012", "PL019"]),
];

/// How many findings are read before somebody stops.
const READ: usize = 3;

/// The findings of a text output, each with its lines; and the line that sums up.
fn findings(text: &str) -> (Vec<&str>, &str) {
    let mut parts: Vec<&str> = text.trim_end().split("\n\n").collect();
    let summary = parts.pop().unwrap_or_default();
    (parts, summary)
}

/// Rule and message, and the place beneath.
fn head(finding: &str) -> String {
    let mut lines = finding.lines();
    let title = lines.next().unwrap_or_default();
    let place = lines.next().unwrap_or_default().trim_start();
    format!("{title}\n  {place}\n")
}

#[test]
fn what_matters_most_is_said_first() {
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/published");
    let mut there: Vec<String> =
        fs::read_dir(&published).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    there.sort();
    assert_eq!(there, WANTED.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "each directory is named in WANTED");
    let project = Project::new().tree("", &read(&published));
    let mut said = String::new();
    let mut problems = Vec::new();
    for (name, wanted) in WANTED {
        let ran = project.plimsoll(["check", name, "--as-of", "2026-11-01"]).ran();
        assert_eq!((ran.stderr.as_str(), ran.status), ("", i32::from(!wanted.is_empty())), "{name}: {}", ran.stdout);
        let (findings, summary) = findings(&ran.stdout);
        let first: String = findings.iter().take(READ).map(|finding| head(finding)).collect();
        for rule in wanted.iter().filter(|rule| !first.contains(&format!("[{rule}]"))) {
            problems.push(format!("{name}: {rule} is not among the first:\n{first}"));
        }
        let _ = write!(said, "{name}: {summary}\n{first}\n");
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    insta::assert_snapshot!("published", said);
}

#[test]
fn two_directories_on_a_command_line_stay_two() {
    let web = "[Container]\nImage=docker.io/library/nginx:1\n";
    let project = Project::new().file("a/broken.container", "not a unit\n").file("b/web.container", web);
    for paths in [["a", "b"], ["./a/broken.container", "b/web.container"]] {
        let ran = project.plimsoll([&["check"], &paths[..]].concat()).ran();
        assert_eq!(ran.stderr, "");
        assert!(ran.stdout.contains("error[PL015]") && !ran.stdout.contains("loses every unit"), "{}", ran.stdout);
    }
}

#[test]
fn who_starts_a_unit_is_told_by_where_it_stands_and_by_its_neighbours() {
    let plain = "[Container]\nImage=docker.io/library/redis:7\n";
    let wanted = |target: &str| format!("{plain}[Install]\nWantedBy={target}\n");
    let pod = "[Pod]\nPodName=x\n[Install]\nWantedBy=default.target\n";
    let project = Project::new()
        .file("home/.config/containers/systemd/cache.container", plain)
        .file("user/cache.container", plain)
        .file("user/web.container", wanted("default.target"))
        .file("mixed/cache.container", plain)
        .file("mixed/web.container", wanted("default.target"))
        .file("mixed/api.container", wanted("multi-user.target"))
        .file("pod/cache.container", plain.replace("Image", "Pod=x.pod\nImage"))
        .file("pod/x.pod", pod);
    for (path, is_rootful) in [
        ("home/.config/containers/systemd", false),
        ("home/.config/containers/systemd/cache.container", false),
        ("user/cache.container", false),
        ("mixed/cache.container", true),
        ("pod/cache.container", false),
    ] {
        let said = project.plimsoll(["check", path]).ran().stdout;
        assert_eq!(said.contains("warning[PL104]"), is_rootful, "{path}: {said}");
    }
}
