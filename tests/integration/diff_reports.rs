//! What `diff` tells of a plan, in each of its forms.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use plimsoll::{
    diagnostic::Severity,
    model::Name,
    plan::{self, Generation, InstalledFile, Judgement, Layout, Plan, Reason, Standing, Wanted, WantedFile, digest},
    report::{diff_json, diff_summary, diff_unified, diff_unified::Options},
};

use crate::check::assert_valid;

const UNITS: &str = "etc/containers/systemd/homelab";
const SLICES: &str = "etc/systemd/system";
const PLAIN: Options = Options { colour: false };

/// A host with an install of a catalog, and what the catalog says now.
struct Host {
    wanted: Wanted,
    standing: Standing,
}

impl Host {
    fn new() -> Self {
        let layout = Layout::system(&Name::new("homelab").unwrap());
        let last = generation("homelab");
        let standing = Standing { last: Some(last), ..Standing::default() };
        Self { wanted: Wanted::nothing(layout), standing }
    }

    /// A file before and afterwards.
    fn file(mut self, name: &str, old: Option<&str>, new: Option<&str>) -> Self {
        self = self.installed(name, old);
        if let Some(new) = new {
            self = self.wants(name, new);
        }
        if let Some(old) = old {
            self = self.stands(name, old);
        }
        self
    }

    fn wants(mut self, name: &str, text: &str) -> Self {
        self.wanted.files.insert(place(name), WantedFile { service: service(name), text: text.into() });
        self
    }

    fn stands(mut self, name: &str, text: impl AsRef<[u8]>) -> Self {
        let files = if name.ends_with(".slice") { &mut self.standing.slices } else { &mut self.standing.units };
        files.insert(place(name), text.as_ref().to_vec());
        self
    }

    fn installed(mut self, name: &str, text: Option<&str>) -> Self {
        if let (Some(last), Some(text)) = (&mut self.standing.last, text) {
            last.files.push(InstalledFile {
                path: place(name),
                service: service(name),
                sha256: digest(text.as_bytes()),
            });
            last.files.sort_by(|a, b| a.path.cmp(&b.path));
        }
        self
    }

    fn drop_in(mut self, path: &str, old: Option<&str>, new: Option<&str>) -> Self {
        if let Some(last) = &mut self.standing.last {
            last.drop_ins.extend(old.map(|old| (path.to_owned(), old.to_owned())));
        }
        self.standing.drop_ins.extend(new.map(|new| (path.to_owned(), new.to_owned())));
        self
    }

    /// A file of the host that is wanted, and what stands there of a file of many.
    fn host_file(mut self, path: &str, shared: Option<&str>, text: &str) -> Self {
        self.wanted.files.insert(path.to_owned(), WantedFile { service: None, text: text.into() });
        self.standing.shared.extend(shared.map(|shared| (path.to_owned(), shared.as_bytes().to_vec())));
        self
    }

    fn plan(&self) -> Plan {
        plan::plan(&self.wanted, &self.standing)
    }
}

fn generation(catalog: &str) -> Generation {
    Generation {
        made_files: BTreeSet::new(),
        version: 1,
        catalog: catalog.to_owned(),
        generation: 7,
        reason: Reason::Install,
        made: "2026-11-22T10:00:00Z".to_owned(),
        units: UNITS.to_owned(),
        slices: SLICES.to_owned(),
        files: Vec::new(),
        drop_ins: BTreeMap::new(),
        directories: Vec::new(),
    }
}

fn place(name: &str) -> String {
    format!("{}/{name}", if name.ends_with(".slice") { SLICES } else { UNITS })
}

fn service(name: &str) -> Option<String> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match name.rsplit_once('.')?.1 {
        "container" => Some(stem.to_owned()),
        "slice" => stem.strip_prefix("services-").map(str::to_owned),
        _ => None,
    }
}

fn container(image: &str, more: &str) -> String {
    format!("[Container]\nImage=quay.io/home/{image}\n{more}\n[Install]\nWantedBy=multi-user.target\n")
}

fn judgement(file: &str, rule: &'static str, severity: Severity, message: &str) -> Judgement {
    Judgement { file: file.to_owned(), rule, severity, message: message.to_owned() }
}

/// A day's change set in which each thing happens once.
fn day() -> Plan {
    let both = |host: Host, name: &str, text: &str| host.file(name, Some(text), Some(text));
    let change = |host: Host, name: &str, old: &str, new: &str| host.file(name, Some(old), Some(new));
    let mut host = Host::new();
    host =
        change(host, "web.container", &container("web:1.2", "ReadOnly=true"), &container("web:1.3", "ReadOnly=false"));
    host = both(host, "forge.container", &(container("forge:1", "") + "[Unit]\nRequires=web.service\n"));
    host = change(host, "lan.network", "[Network]\nNetworkName=lan\n", "[Network]\nNetworkName=lan\nInternal=true\n");
    host = both(host, "api.container", &container("api:1", "Network=lan.network"));
    host = host.file("left.container", Some(&container("left:1", "Network=lan.network")), None);
    host = host.file("base.container", Some(&container("base:1", "")), None);
    host = both(host, "needy.container", &(container("needy:1", "") + "[Unit]\nRequires=base.service\n"));
    let limits = |bytes: u64, pids: u32| {
        let more = format!("PidsLimit={pids}\nPodmanArgs=--memory={bytes}b\n[Service]\nMemoryHigh={bytes}\n");
        container("db:1", &format!("{more}MemoryMax={bytes}\nTasksMax={}", pids + 64))
    };
    host = change(host, "db.container", &limits(536_870_912, 256), &limits(1_073_741_824, 300));
    let slice = |bytes: u64| format!("[Slice]\nMemoryMax={bytes}\n");
    host = change(host, "services-db.slice", &slice(536_870_912), &slice(1_073_741_824));
    host = change(host, "services-api.slice", &slice(999_999_999), "[Slice]\nCPUQuota=50%\n");
    host = host.file("services-left.slice", Some(&slice(1024)), None);
    host = host.file("services-new.slice", None, Some(&slice(1024)));
    host = host.file("new.container", None, Some(&container("new:1", "")));
    host = host.file("lazy.container", None, Some("[Container]\nImage=quay.io/home/lazy:1\n"));
    let by_hand = "[Container]\nImage=quay.io/home/batch:1\nExec=";
    host = change(host, "batch.container", &format!("{by_hand}run\n"), &format!("{by_hand}walk\n"));
    host = change(host, "cache.volume", "[Volume]\nVolumeName=cache\n", "[Volume]\nVolumeName=cache\nLabel=a=b\n");
    host = host.file("data.volume", Some("[Volume]\n"), None);
    host = host.file("back.network", Some("[Network]\n"), None);
    host = change(host, "lone.network", "[Network]\n", "[Network]\nIPv6=true\n");
    host = change(host, "notes.container", &container("notes:1", "# one"), &container("notes:1", "# two"));
    let restart = |policy: &str| container("mail:1", &format!("[Service]\nRestart={policy}"));
    host = change(host, "mail.container", &restart("no"), &restart("always"));
    host = change(host, "app.pod", "[Pod]\nPodName=app\n", "[Pod]\nPodName=app\nHostName=app\n");
    host = both(host, "one.container", &container("one:1", "Pod=app.pod"));
    host = both(host, "two.container", &container("two:1", "Pod=app.pod"));
    host = host.installed("edited.container", Some(&container("edited:1", "")));
    host = host.stands("edited.container", container("edited:1", "User=0"));
    host = host.wants("edited.container", &container("edited:1", ""));
    host = host.installed("ahead.container", Some(&container("ahead:1", "")));
    host = host.stands("ahead.container", container("ahead:2", "")).wants("ahead.container", &container("ahead:2", ""));
    host = host.installed("gone.container", Some("[Container]\nImage=quay.io/home/gone:1\n"));
    host = host.wants("gone.container", &container("gone:1", ""));
    host = host.stands("stray.container", container("stray:1", ""));
    host = both(host, "services.slice", "[Slice]\nMemoryMax=1G\n");
    let mut other = generation("work");
    other.files.push(InstalledFile { path: place("services.slice"), service: None, sha256: String::new() });
    host.standing.other_catalogs.push(other);
    host = both(host, "tuned.container", &container("tuned:1", ""));
    let dir = "etc/containers/systemd/tuned.container.d";
    host = host.drop_in(&format!("{dir}/10.conf"), None, Some("a"));
    host = host.drop_in(&format!("{dir}/20.conf"), Some("a"), Some("b"));
    host = host.drop_in("etc/systemd/system/tuned.service.d/x.conf", Some("a"), None);
    let ids = "containers:1073741824:536870912\n";
    host = host.host_file("etc/subuid", Some("ann:100000:65536\n"), ids);
    host = host.host_file("etc/subgid", Some("containers:524288:65536\n"), ids);
    host = host.host_file("etc/modules-load.d/plimsoll-homelab.conf", None, "overlay\n");
    host = host.host_file("etc/sysusers.d/plimsoll.conf", None, "u containers -\n");
    let wants = "[Unit]\nWants=plimsoll-prune.timer\n";
    host = host.host_file("etc/systemd/system/timers.target.d/50-plimsoll-prune.conf", None, wants);
    let mut plan = host.plan();
    let writable = "the root file system is writable";
    plan.weigh(
        &[judgement("edited.container", "PL202", Severity::Error, "runs as root")],
        &[
            judgement("web.container", "PL203", Severity::Warning, writable),
            judgement("web.container", "PL204", Severity::Error, "has every capability"),
            judgement("new.container", "PL203", Severity::Warning, writable),
        ],
    );
    plan
}

/// A tree that was rendered into its place, and is now installed for the first time.
fn first() -> Plan {
    let head = "# Rendered by Plimsoll from web.toml of the catalog \"homelab\": change that file, not this one.\n";
    let mut host = Host::new();
    host.standing.last = None;
    host.wants("web.container", head).stands("web.container", head).plan()
}

/// What a catalog gave the host goes with it.
fn leaving() -> Plan {
    let (path, text) = ("etc/sysusers.d/plimsoll.conf", "u containers -\n");
    let mut host = Host::new();
    let file = InstalledFile { path: path.to_owned(), service: None, sha256: digest(text.as_bytes()) };
    host.standing.last.as_mut().unwrap().files.push(file);
    host.standing.slices.insert(path.to_owned(), text.as_bytes().to_vec());
    host.plan()
}

fn forms(plan: &Plan) -> [(&'static str, String); 3] {
    [
        ("unified", diff_unified::text(plan, PLAIN)),
        ("summary", diff_summary::text(plan, PLAIN)),
        ("json", diff_json::text(plan)),
    ]
}

#[test]
fn every_form_tells_of_a_days_changes() {
    for (form, text) in forms(&day()) {
        insta::assert_snapshot!(format!("diff_{form}"), text);
    }
    for (form, text) in forms(&first()) {
        insta::assert_snapshot!(format!("diff_first_{form}"), text);
    }
    for (form, text) in forms(&leaving()) {
        insta::assert_snapshot!(format!("diff_leaving_{form}"), text);
    }
}

#[test]
fn the_days_changes_hold_everything_that_can_happen() {
    let (day, first, leaving) = (day(), first(), leaving());
    let steps = || day.steps.iter().chain(&first.steps).chain(&leaving.steps);
    let word = |text: String| text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
    let means: BTreeSet<String> =
        steps().flat_map(|step| &step.means).map(|meaning| word(format!("{meaning:?}"))).collect();
    let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/plan/step.rs")).unwrap();
    let all = source.split("pub enum Meaning {").nth(1).and_then(|rest| rest.split("\n}").next()).unwrap();
    let variants = all.lines().filter(|line| line.starts_with("    ") && line[4..].starts_with(char::is_uppercase));
    let variants: BTreeSet<String> = variants.map(|line| word(line.trim().to_owned())).collect();
    assert!(variants.len() > 15);
    assert_eq!(means, variants);
    let actions: BTreeSet<&str> = steps().map(|step| step.action.word()).collect();
    assert_eq!(actions.len(), 4);
}

#[test]
fn json_is_what_the_schema_says() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/diff.json");
    for plan in [day(), first(), leaving(), Plan::default()] {
        assert_valid(&schema, &diff_json::text(&plan));
    }
    let nothing: serde_json::Value = serde_json::from_str(&diff_json::text(&Plan::default())).unwrap();
    let lists = ["steps", "obstacles", "stop", "start", "restart"];
    assert!(lists.iter().all(|list| nothing[list].as_array().is_some_and(Vec::is_empty)));
}

#[test]
fn obstacles_are_errors_until_they_are_forced() {
    let mut host = Host::new();
    host = host.installed("edited.container", Some("[Container]\n"));
    host = host.stands("edited.container", "[Container]\nImage=x\n").wants("edited.container", "[Container]\n");
    host = host.stands("web.container", "[Container]\n").wants("web.container", "[Container]\nImage=x\n");
    let plan = host.plan();
    insta::assert_snapshot!(
        "diff_obstacles",
        format!("{}--- forced\n{}", diff_summary::obstacles(&plan, false), diff_summary::obstacles(&plan, true))
    );
    let value: serde_json::Value = serde_json::from_str(&diff_json::text(&plan)).unwrap();
    let forced: Vec<_> = value["obstacles"].as_array().unwrap().iter().map(|o| o["forced_by"].as_str()).collect();
    assert_eq!(forced, [Some("--force"), None]);
}

#[test]
fn nothing_to_do_is_said_in_a_line() {
    let host = Host::new();
    let host = (0..40).fold(host, |host, n| {
        let (name, text) = (format!("a{n}.container"), container("a:1", ""));
        host.file(&name, Some(&text), Some(&text))
    });
    let plan = host.plan();
    let line = "nothing to do: all 40 files are as they should be\n";
    assert_eq!(diff_summary::text(&plan, PLAIN), line);
    assert_eq!(diff_unified::text(&plan, PLAIN), "", "an empty patch");
    let one = Host::new().file("a.container", Some("[Container]\n"), Some("[Container]\n")).plan();
    assert_eq!(diff_summary::text(&one, PLAIN), "nothing to do: the only file is as it should be\n");
    assert_eq!(diff_summary::text(&Plan::default(), PLAIN), "nothing to do: there are no files\n");
    let created = Host::new().file("a.image", None, Some("[Image]\n")).plan();
    assert!(diff_summary::text(&created, PLAIN).ends_with("\n\n1 file created\n"));
}

#[test]
fn no_form_tells_a_secret() {
    let unit = |secret: &str, other: &str| {
        container(
            &format!("web:{other}"),
            &format!(
                "Environment=DB_PASSWORD={secret}\nEnvironment=URL=https://me:{secret}@host/{other}\n\
                 Environment=API_KEY=\\\n  {secret}key\nPodmanArgs=--build-arg TOKEN={secret}key --{other}\n\
                 # Environment=OLD_PASSWORD={secret}\nExec=app --password {secret}\n[Service]\n\
                 MemoryMax=--password={secret}"
            ),
        )
    };
    let image = |secret: &str| format!("[Container]\nImage=me:{secret}@quay.io/x/y:1\n");
    let slice = |secret: &str| format!("[Slice]\nMemoryMax=DB_PASSWORD={secret}\nTasksMax=DB_PASSWORD={secret}x\n");
    let mut host = Host::new();
    host = host.file("both.container", Some(&unit("hunter2", "1")), Some(&unit("tulip99", "2")));
    host = host.file("new.container", None, Some(&unit("hunter2", "1")));
    host = host.file("old.container", Some(&unit("hunter2", "1")), None);
    host = host.file("image.container", Some(&image("hunter2")), Some(&image("tulip99")));
    host = host.file("services-x.slice", Some(&slice("hunter2")), Some(&slice("tulip99")));
    host = host.installed("hand.container", Some("[Container]\n")).wants("hand.container", "[Container]\nImage=x\n");
    host = host.stands("hand.container", b"[Container]\nEnvironment=DB_PASSWORD=\x1bhunter2\xff\nno unit\n");
    let mut plan = host.plan();
    plan.weigh(&[], &[judgement("new.container", "PL601", Severity::Error, "holds DB_PASSWORD=hunter2")]);
    for (form, text) in forms(&plan) {
        assert!(!text.contains("hunter2") && !text.contains("tulip99"), "{form}:\n{text}");
        assert!(text.contains('…'), "{form}");
    }
    let one = Host::new().file("both.container", Some(&unit("hunter2", "1")), Some(&unit("tulip99", "1"))).plan();
    insta::assert_snapshot!("diff_hidden", diff_unified::text(&one, PLAIN));
}

#[test]
fn nothing_of_a_host_reaches_the_terminal() {
    let bad = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}";
    let mut host = Host::new().installed("web.container", Some("[Container]\n"));
    let old = format!("[Container]\nNetwork=lan{bad}\nEnvironment=A={bad}\nImage=x{bad}:1\r\n");
    let old = [old.as_bytes(), b"# \xff\xfe \x9b\n[Service]\nMemoryMax=\x1b\n# no end"].concat();
    host = host.stands("web.container", old).wants("web.container", "[Container]\nImage=x:2\n");
    host = host.stands(&format!("s{bad}\ntray.container"), container("stray:1", bad));
    host = host.file("lan.network", Some(&format!("[Network]\nNetworkName={bad}\n")), None);
    host.standing.obstructed.insert(format!("etc/{bad}"), "a directory");
    host = host.drop_in(&format!("etc/containers/systemd/web.container.d/{bad}.conf"), None, Some("a"));
    let plan = host.plan();
    let mut all = forms(&plan).to_vec();
    all.push(("obstacles", diff_summary::obstacles(&plan, false)));
    for (form, text) in &all {
        let told = text.chars().find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
        assert_eq!(told, None, "{form}: {text:?}");
    }
    insta::assert_snapshot!("diff_escaped", all[0].1);
    let json: serde_json::Value = serde_json::from_str(&all[2].1).unwrap();
    assert!(json["steps"].to_string().contains(bad.trim_start_matches('\u{1b}').trim_start_matches("]0;x\u{7}")));
}

#[test]
fn colours_say_what_is_better_and_what_is_worse() {
    let plan = day();
    let coloured =
        [diff_unified::text(&plan, Options { colour: true }), diff_summary::text(&plan, Options { colour: true })];
    let bare = [diff_unified::text(&plan, PLAIN), diff_summary::text(&plan, PLAIN)];
    for (coloured, plain) in coloured.iter().zip(&bare) {
        assert_eq!(&anstream::adapter::strip_str(coloured).to_string(), plain);
    }
    for line in [
        "\u{1b}[31m-ReadOnly=true\u{1b}[0m",
        "\u{1b}[32m+ReadOnly=false\u{1b}[0m",
        "\u{1b}[1m--- a/etc/containers/systemd/homelab/web.container\u{1b}[0m",
        "\u{1b}[33m#   weaker PL203 the root file system is writable\u{1b}[0m",
        "\u{1b}[31m#   weaker PL204 has every capability\u{1b}[0m",
        "\u{1b}[32m#   stronger PL202 no longer: runs as root\u{1b}[0m",
    ] {
        assert!(coloured[0].lines().any(|found| found == line), "{line:?}");
    }
    assert!(coloured[1].contains("\u{1b}[33m~ web.container\u{1b}[0m"));
}
