//! Small sets of files that differ in every way that counts.

use plimsoll::{
    model::Name,
    plan::{Layout, Wanted, WantedFile},
    render::{host::places, owner_line},
};

/// An empty set of a catalog.
pub fn nothing(catalog: &str) -> Wanted {
    Wanted::nothing(Layout::system(&Name::new(catalog).unwrap()))
}

/// Each file by its name and the lines after the one that names its owner.
fn set(catalog: &str, files: &[(&str, String)]) -> Wanted {
    let mut wanted = nothing(catalog);
    let owner = owner_line("services.toml", &wanted.layout.catalog);
    for (name, text) in files {
        let place = wanted.layout.place(name);
        wanted.files.insert(place, WantedFile { service: None, text: format!("{owner}\n\n{text}").into() });
    }
    wanted
}

fn container(name: &str, tag: u32, network: &str) -> (String, String) {
    let text = format!(
        "[Container]\nContainerName={name}\nImage=example.org/{name}:{tag}\nNetwork={network}\n\n\
         [Service]\nSlice=services-{name}.slice\n"
    );
    (format!("{name}.container"), text)
}

fn wanted_by_boot((name, text): (String, String)) -> (String, String) {
    (name, format!("{text}\n[Install]\nWantedBy=multi-user.target\n"))
}

/// One that is given so much of a CPU.
fn with_cpus(hundredths: u32, (name, text): (String, String)) -> (String, String) {
    let slice = "[Service]\n";
    let podman = format!("PodmanArgs=--cpus=0.{hundredths}\n\n{slice}CPUQuota={hundredths}%\n");
    (name, text.replace(&format!("\n{slice}"), &podman))
}

fn network(name: &str, subnet: u32) -> (String, String) {
    (format!("{name}.network"), format!("[Network]\nNetworkName={name}\nSubnet=10.0.{subnet}.0/24\n"))
}

fn slice(name: &str, limits: &str) -> (String, String) {
    (format!("services-{name}.slice"), format!("[Slice]\n{limits}\n"))
}

/// The slice that both catalogs say the same of.
fn services() -> (String, String) {
    ("services.slice".to_owned(), "[Slice]\nMemoryMax=4G\n".to_owned())
}

fn built(catalog: &str, files: Vec<(String, String)>) -> Wanted {
    set(catalog, &files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect::<Vec<_>>())
}

/// What stands first.
pub fn first() -> Wanted {
    built(
        "home",
        vec![
            wanted_by_boot(container("web", 1, "lan.network")),
            wanted_by_boot(with_cpus(50, container("db", 1, "none"))),
            wanted_by_boot(container("old", 1, "back.network")),
            container("job", 1, "none"),
            network("lan", 1),
            network("back", 1),
            services(),
            slice("web", "MemoryMax=1G"),
            slice("db", "MemoryMax=1G"),
            slice("old", "MemoryMax=1G"),
            slice("job", "MemoryMax=1G"),
        ],
    )
}

/// Another image, other limits alone, a new service, one less, and another network, slice and service that nothing starts.
pub fn second() -> Wanted {
    built(
        "home",
        vec![
            wanted_by_boot(container("web", 2, "lan.network")),
            wanted_by_boot(with_cpus(75, container("db", 1, "none"))),
            wanted_by_boot(container("new", 1, "none")),
            container("job", 2, "none"),
            network("lan", 2),
            services(),
            slice("web", "MemoryMax=2G"),
            slice("db", "MemoryMax=1G"),
            slice("new", "MemoryMax=1G"),
            slice("job", "MemoryMax=1G"),
        ],
    )
}

/// What the first removed is back, and other limits of what the second limited.
pub fn third() -> Wanted {
    built(
        "home",
        vec![
            wanted_by_boot(container("web", 3, "lan.network")),
            wanted_by_boot(container("old", 2, "back.network")),
            wanted_by_boot(container("new", 1, "none")),
            network("lan", 2),
            network("back", 2),
            services(),
            slice("web", "MemoryMax=2G\nTasksMax=9"),
            slice("old", "MemoryMax=2G"),
            slice("new", "MemoryMax=1G"),
        ],
    )
}

/// All but one are gone.
pub fn one() -> Wanted {
    built(
        "home",
        vec![wanted_by_boot(with_cpus(50, container("db", 1, "none"))), services(), slice("db", "MemoryMax=1G")],
    )
}

/// With files of the host.
fn hosted(mut wanted: Wanted, files: &[(&str, &str)]) -> Wanted {
    let owner = owner_line("catalog.toml", &wanted.layout.catalog);
    for (path, text) in files {
        let text = if places::is_shared(path) { (*text).to_owned() } else { format!("{owner}\n\n{text}") };
        assert!(places::is_place(path), "{path}");
        wanted.files.insert((*path).to_owned(), WantedFile { service: None, text: text.into() });
    }
    wanted
}

const PRUNE: &str = "[Unit]\nWants=plimsoll-prune.timer\n";

/// The first set, with a timer, a module, ids and their owner.
pub fn first_hosted() -> Wanted {
    let files = [
        ("etc/modules-load.d/plimsoll-home.conf", "overlay\n"),
        ("etc/subgid", "containers:1073741824:65536\n"),
        ("etc/subuid", "containers:1073741824:65536\n"),
        ("etc/systemd/system/plimsoll-prune.timer", "[Timer]\nOnCalendar=daily\n"),
        ("etc/systemd/system/timers.target.d/50-plimsoll-prune.conf", PRUNE),
        (places::USERS, "u containers -\n"),
    ];
    hosted(first(), &files)
}

/// The second, with another timer and other ids, rules of the audit, one timer more and no module.
pub fn second_hosted() -> Wanted {
    let files = [
        ("etc/audit/rules.d/70-plimsoll.rules", "-a always,exit -F dir=/etc -F perm=wa -F key=x\n"),
        ("etc/subgid", "containers:1073741824:65536\n"),
        ("etc/subuid", "containers:1073741824:131072\n"),
        ("etc/systemd/system/plimsoll-prune.timer", "[Timer]\nOnCalendar=weekly\n"),
        ("etc/systemd/system/plimsoll-oom.timer", "[Timer]\nOnActiveSec=1min\n"),
        ("etc/systemd/system/timers.target.d/50-plimsoll-oom.conf", "[Unit]\nWants=plimsoll-oom.timer\n"),
        ("etc/systemd/system/timers.target.d/50-plimsoll-prune.conf", PRUNE),
    ];
    hosted(second(), &files)
}

/// Another catalog of the host.
pub fn neighbour() -> Wanted {
    built("cabin", vec![container("oven", 1, "none"), services(), slice("oven", "MemoryMax=1G")])
}
