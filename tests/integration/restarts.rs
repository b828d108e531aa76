//! Only what changed restarts: a change of the catalog, and exactly what systemd and podman are asked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use camino::Utf8Path;
use plimsoll::{
    install::{
        InstallError,
        carry_out::{CallError, Down, Heard, Manager, Trouble},
        disk::Disk,
        file_system::Locked,
        installer::{self, Audience, Job, Outcome, Settings, Systemd},
        transaction::Recovered,
    },
    plan::{Call, Layout, Plan, Reason, Standing, UnitLimits, Wanted, WantedFile},
    render::{Bundle, host::places, owner_line},
};

use crate::catalogs::{File, render_files};

/// Writes down what is asked, and says that all went well; except for what is to fail.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) calls: Vec<Call>,
    pub(crate) down: Vec<String>,
    pub(crate) refused: Option<Call>,
}

impl Manager for Recorder {
    fn call(&mut self, call: &Call) -> Result<(), CallError> {
        self.calls.push(call.clone());
        let refused = || CallError { command: told(call), message: "it is refused".to_owned() };
        if self.refused.as_ref() == Some(call) { Err(refused()) } else { Ok(()) }
    }

    fn not_running(&mut self, services: &[String]) -> Result<Vec<Down>, CallError> {
        let down = services.iter().filter(|service| self.down.contains(service));
        Ok(down
            .map(|service| Down { service: service.clone(), state: "failed (exit-code)".to_owned(), log: Vec::new() })
            .collect())
    }
}

/// Hears nothing.
pub(crate) struct Silent;

impl Audience for Silent {
    fn recovered(&mut self, _: &Recovered) {}
    fn planned(&mut self, _: &mut Plan, _: &Standing) -> Result<(), InstallError> {
        Ok(())
    }
    fn hear(&mut self, _: Heard<'_>) {}
    fn puts_back(&mut self, _: &Trouble) {}
}

/// What a bundle is to be on a host.
pub(crate) fn wanted(bundle: &Bundle) -> Wanted {
    let layout = Layout::system(&bundle.catalog);
    let files = bundle.files.iter().map(|file| {
        let service = file.service.as_ref().map(ToString::to_string);
        (layout.place(&file.path), WantedFile { service, text: file.text.clone() })
    });
    Wanted { files: files.collect(), ..Wanted::nothing(layout) }
}

pub(crate) fn install(root: &Utf8Path, wanted: &Wanted, manager: &mut Recorder) -> Outcome {
    let disk = Disk::beneath(root).expect("a root");
    let mut made = Vec::new();
    let lock = loop {
        // Another test's child has this process's files open, between its fork and its exec.
        if let Locked::Held(lock) = installer::lock(&disk, &wanted.layout, "a test", &mut made).expect("a lock") {
            break lock;
        }
    };
    let now = "2026-11-22T10:00:00Z".to_owned();
    let settings = Settings { force: false, systemd: Systemd::All, keep: 10, now };
    let job = Job { disk: &disk, wanted, reason: &Reason::Install, made: &made, settings: &settings };
    installer::install(job, Some(manager), &mut Silent, &lock).expect("it can be installed")
}

/// A small house: a stack of two that share a network, a service of its own with a volume, and one nobody starts.
fn house() -> BTreeMap<&'static str, String> {
    let service = |more: &str| format!("image = \"example.org/a:1\"\n{more}\n[limits]\nmemory = \"64M\"\ncpus = 1\n");
    BTreeMap::from([
        (
            "catalog.toml",
            "name = \"home\"\n[network.front]\ninternal = true\n[network.spare]\ninternal = true\n[volume.cache]\n\
             [slice]\nname = \"fleet\"\nmemory = \"2G\"\n"
                .to_owned(),
        ),
        ("forge/stack.toml", "[limits]\nmemory = \"512M\"\n[network.back]\ninternal = true\n".to_owned()),
        ("forge/db.toml", service("network = \"back\"\nlabel = { tier = \"data\" }").replace("64M", "1G")),
        (
            "forge/web.toml",
            service("network = [\"back\", \"front\"]\nrequires = [\"db\"]\nenvironment = { A = \"1\", B = \"2\" }"),
        ),
        (
            "music.toml",
            service("network = \"front\"\n[[volume]]\nsource = \"cache\"\ntarget = \"/cache\"\naccess = \"rw\""),
        ),
        (
            "once.toml",
            service("[quadlet.Install]\nWantedBy = \"\"\n")
                .replace("[quadlet.Install]\nWantedBy = \"\"\n", "wanted_by = []"),
        ),
    ])
}

type Change = (&'static str, fn(&mut BTreeMap<&'static str, String>));

fn edit(files: &mut BTreeMap<&'static str, String>, file: &'static str, from: &str, to: &str) {
    let text = files.get_mut(file).expect("a file of the house");
    assert!(text.contains(from), "{file} does not say {from}");
    *text = text.replacen(from, to, 1);
}

const CHANGES: &[Change] = &[
    ("nothing", |_| {}),
    ("another image", |files| edit(files, "music.toml", "a:1", "a:2")),
    ("another image of a service that others require", |files| edit(files, "forge/db.toml", "a:1", "a:2")),
    ("memory", |files| edit(files, "music.toml", "64M", "96M")),
    ("cpus", |files| edit(files, "music.toml", "cpus = 1", "cpus = 2")),
    ("memory, where the sizes of /tmp, /run and shared memory stay", |files| {
        edit(files, "forge/db.toml", "1G", "2G");
    }),
    ("CPUs of a service that others require", |files| edit(files, "forge/db.toml", "cpus = 1", "cpus = 0.5")),
    ("CPUs no longer", |files| edit(files, "music.toml", "cpus = 1\n", "")),
    ("CPUs, and an image", |files| {
        edit(files, "forge/db.toml", "cpus = 1", "cpus = 0.5");
        edit(files, "forge/db.toml", "a:1", "a:2");
    }),
    ("CPUs of a service that nobody starts", |files| edit(files, "once.toml", "cpus = 1", "cpus = 2")),
    ("tasks", |files| edit(files, "music.toml", "cpus = 1", "cpus = 1\npids = 99")),
    ("the memory of a stack", |files| edit(files, "forge/stack.toml", "512M", "640M")),
    ("the memory of the fleet", |files| edit(files, "catalog.toml", "2G", "3G")),
    ("a label", |files| edit(files, "forge/db.toml", "data", "store")),
    ("the order of variables", |files| {
        edit(files, "forge/web.toml", "A = \"1\", B = \"2\"", "B = \"2\", A = \"1\"");
    }),
    ("a comment in the TOML", |files| edit(files, "music.toml", "image", "# a comment\nimage")),
    ("a description", |files| edit(files, "music.toml", "image", "description = \"Music\"\nimage")),
    ("a restart policy", |files| {
        files.get_mut("music.toml").unwrap().push_str("[restart]\nsec = \"20s\"\n");
    }),
    ("a dependency", |files| edit(files, "music.toml", "image", "after = [\"forge-web\"]\nimage")),
    ("options of a network with users", |files| {
        edit(files, "catalog.toml", "[network.front]\ninternal", "[network.front]\nsubnet = \"10.1.0.0/24\"\ninternal");
    }),
    ("options of a network that others come to by requirement", |files| {
        edit(files, "forge/stack.toml", "internal", "subnet = \"10.2.0.0/24\"\ninternal");
    }),
    ("options of a network without users", |files| {
        edit(files, "catalog.toml", "[network.spare]\ninternal", "[network.spare]\nsubnet = \"10.3.0.0/24\"\ninternal");
    }),
    ("another network name", |files| {
        edit(files, "catalog.toml", "[network.spare]", "[network.spare]\nnetwork_name = \"other\"");
    }),
    ("a network goes", |files| edit(files, "catalog.toml", "[network.spare]\ninternal = true\n", "")),
    ("a network goes that a service left on whom others depend", |files| {
        edit(files, "forge/stack.toml", "[network.back]\ninternal = true\n", "");
        edit(files, "forge/db.toml", "\"back\"", "\"spare\"");
        edit(files, "forge/web.toml", "[\"back\", \"front\"]", "\"front\"");
        edit(files, "music.toml", "image", "requires = [\"forge-web\"]\nimage");
    }),
    ("a new network", |files| edit(files, "catalog.toml", "[volume", "[network.more]\ninternal = true\n[volume")),
    ("a service moves to another network", |files| edit(files, "music.toml", "\"front\"", "\"spare\"")),
    ("options of a volume", |files| {
        edit(files, "catalog.toml", "[volume.cache]", "[volume.cache]\nlabel = { a = \"b\" }");
    }),
    ("a volume goes with its service's use of it", |files| {
        edit(files, "catalog.toml", "[volume.cache]\n", "");
        edit(files, "music.toml", "source = \"cache\"", "source = \"/srv/cache\"");
    }),
    ("a new service", |files| {
        let text = files["music.toml"].replace("cache", "tunes");
        edit(files, "catalog.toml", "[volume.cache]", "[volume.cache]\n[volume.tunes]");
        files.insert("radio.toml", text);
    }),
    ("a new member of a stack", |files| {
        let text = files["forge/db.toml"].clone();
        files.insert("forge/search.toml", text);
    }),
    ("a service goes", |files| {
        files.remove("music.toml");
    }),
    ("a whole stack goes", |files| files.retain(|name, _| !name.starts_with("forge/"))),
    ("a service gets another name", |files| {
        let text = files.remove("music.toml").unwrap();
        files.insert("tunes.toml", text);
    }),
    ("another image of a service that nobody starts", |files| edit(files, "once.toml", "a:1", "a:2")),
    ("a service that nobody started is started", |files| edit(files, "once.toml", "wanted_by = []\n", "")),
    ("two at once", |files| {
        edit(files, "music.toml", "a:1", "a:2");
        edit(files, "forge/web.toml", "\"1\"", "\"3\"");
    }),
    ("everything goes but one", |files| files.retain(|name, _| matches!(*name, "catalog.toml" | "once.toml"))),
];

fn rendered(files: &BTreeMap<&'static str, String>) -> Bundle {
    let files: Vec<File> = files.iter().map(|(path, text)| ((*path).to_owned(), text.clone())).collect();
    render_files(&files).unwrap_or_else(|why| panic!("{why:#?}\n{files:#?}"))
}

fn told_limits(limits: &UnitLimits) -> String {
    let values = limits.limits.iter().map(|(key, value)| format!(" {key}={value}")).collect::<String>();
    format!("{}{values}", limits.unit)
}

fn told(call: &Call) -> String {
    match call {
        Call::Stop(units) => format!("stop {}", units.join(" ")),
        Call::RemoveNetwork(name) => format!("podman network rm {name}"),
        Call::Reload => "daemon-reload".to_owned(),
        Call::MakeUsers => "make users".to_owned(),
        Call::SetLimits(limits) => format!("set-property {}", told_limits(limits)),
        Call::SetLiveLimits(live) => {
            let (limits, podman) = (told_limits(&live.of_service()), live.podman.join(" "));
            format!("set-property {limits}\n    podman update {podman} {}", live.container)
        }
        Call::ForgetOverrides(units) => {
            format!("forget overrides {}", units.iter().map(told_limits).collect::<Vec<_>>().join(", "))
        }
        Call::CheckLimits(live) => {
            format!("read limits of {}, else restart {}", live.path, live.otherwise_restart.join(" "))
        }
        Call::Restart(units) => format!("restart {}", units.join(" ")),
        Call::RestartIfRunning(units) => format!("try-restart {}", units.join(" ")),
        Call::Start(units) => format!("start {}", units.join(" ")),
        Call::StopSlices(units) => format!("stop if empty {}", units.join(" ")),
    }
}

#[test]
fn each_change_asks_for_exactly_what_it_needs() {
    let before = wanted(&rendered(&house()));
    let mut table = String::new();
    for (what, change) in CHANGES {
        let root = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(root.path()).unwrap();
        install(root, &before, &mut Recorder::default());
        let mut files = house();
        change(&mut files);
        let mut recorder = Recorder::default();
        install(root, &wanted(&rendered(&files)), &mut recorder);
        let _ = writeln!(table, "{what}:");
        for call in &recorder.calls {
            let _ = writeln!(table, "    {}", told(call));
        }
        // Again: nothing is asked.
        let mut again = Recorder::default();
        let outcome = install(root, &wanted(&rendered(&files)), &mut again);
        assert!(matches!(outcome, Outcome::Nothing) && again.calls.is_empty(), "{what}: {:?}", again.calls);
    }
    insta::assert_snapshot!(table);
}

#[test]
fn what_does_not_come_up_is_put_back() {
    let root = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(root.path()).unwrap();
    let before = wanted(&rendered(&house()));
    install(root, &before, &mut Recorder::default());
    let tree = crate::run::read(&root.join("etc").into_std_path_buf());
    let mut files = house();
    edit(&mut files, "music.toml", "a:1", "a:2");
    let text = files["forge/db.toml"].clone();
    files.insert("forge/search.toml", text);
    let mut recorder = Recorder { down: vec!["music.service".to_owned()], ..Recorder::default() };
    let outcome = install(root, &wanted(&rendered(&files)), &mut recorder);
    let Outcome::PutBack { failed, trouble, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((failed, trouble.down.len()), (2, 1));
    assert!(crate::run::read(&root.join("etc").into_std_path_buf()) == tree, "the tree is not what it was");
    let calls: Vec<String> = recorder.calls.iter().map(told).collect();
    assert_eq!(
        calls,
        [
            "daemon-reload",
            "restart music.service",
            "start forge-search.service",
            "stop forge-search.service",
            "daemon-reload",
            "restart music.service",
            "stop if empty fleet-forge-search.slice",
        ]
    );
}

/// The house with the file of the user that owns the ids, in which this stands.
fn with_owner(text: &str) -> Wanted {
    let mut wanted = wanted(&rendered(&house()));
    let text = format!("{}\n{text}", owner_line("catalog.toml", &wanted.layout.catalog));
    wanted.files.insert(places::USERS.to_owned(), WantedFile { service: None, text: text.into() });
    wanted
}

#[test]
fn the_owner_of_the_ids_is_made_before_anything_starts() {
    let root = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(root.path()).unwrap();
    let asked = |wanted: &Wanted| {
        let mut recorder = Recorder::default();
        install(root, wanted, &mut recorder);
        recorder.calls.iter().map(told).collect::<Vec<_>>()
    };
    let first = asked(&with_owner("u containers -\n"));
    assert_eq!(first[..2], ["daemon-reload", "make users"]);
    assert!(first.len() == 3 && first[2].starts_with("start "), "{first:?}");
    // Whoever reads the file reads the same of another comment.
    assert!(asked(&with_owner("# a comment\nu containers -\n")).is_empty());
    assert_eq!(asked(&with_owner("u containers - \"Ids\"\n")), ["make users"]);
    // The user stays, and the file that names it is no longer there to be read.
    assert!(asked(&wanted(&rendered(&house()))).is_empty());
    assert!(!root.join(places::USERS).exists());
}

#[test]
fn an_owner_of_the_ids_that_cannot_be_made_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(root.path()).unwrap();
    let mut recorder = Recorder { refused: Some(Call::MakeUsers), ..Recorder::default() };
    let outcome = install(root, &with_owner("u containers -\n"), &mut recorder);
    let Outcome::PutBack { trouble, on_the_way_back, .. } = outcome else { panic!("{outcome:?}") };
    let errors: Vec<String> = trouble.errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors, ["make users: it is refused"]);
    assert!(on_the_way_back.is_none(), "{on_the_way_back:?}");
    let calls: Vec<String> = recorder.calls.iter().map(told).collect();
    assert!(calls.iter().filter(|call| *call == "make users").count() == 1, "{calls:?}");
    assert!(!calls.iter().any(|call| call.starts_with("start ")), "{calls:?}");
    assert!(!root.join(places::USERS).exists());
}
