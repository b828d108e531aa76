//! What `render` says when it is done: the services with their load line, and what happened to the tree.

use std::fmt::Write as _;

use crate::{
    model::{Access, Catalog, Image, NetworkRef, Protocol, Service, SettingValue},
    render::{Bundle, Changes},
};

/// Above so many services the table is shown only on request.
const TABLE: usize = 50;

/// The text for people.
pub fn text(catalog: &Catalog, bundle: &Bundle, changes: &Changes, out: &str, verbose: bool) -> String {
    let mut text = String::new();
    if !catalog.services.is_empty() && (verbose || catalog.services.len() <= TABLE) {
        text.push_str(&table(catalog));
        text.push('\n');
    }
    let _ = writeln!(text, "{}", contents(catalog));
    let _ = writeln!(text, "{}", tree(bundle, changes, out));
    text
}

fn contents(catalog: &Catalog) -> String {
    let parts = [
        counted(catalog.services.len(), "service"),
        counted(catalog.stacks.len(), "stack"),
        counted(catalog.networks.len(), "network"),
        counted(catalog.volumes.len(), "volume"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let parts = if parts.is_empty() { "no services".to_owned() } else { parts.join(", ") };
    format!("{}: {parts}, for Podman {} and later", catalog.name, catalog.target.podman.value)
}

/// What happened to the folder, in a line.
pub fn tree(bundle: &Bundle, changes: &Changes, out: &str) -> String {
    let all = bundle.files.len();
    if changes.is_empty() {
        return format!("{out}: all {all} files are up to date");
    }
    let parts = [
        (changes.created.len(), "created"),
        (changes.replaced.len(), "replaced"),
        (changes.removed.len(), "removed"),
        (changes.unchanged, "unchanged"),
    ];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    format!("{out}: {} ({})", counted(all, "file").unwrap_or_else(|| "no files".to_owned()), parts.join(", "))
}

fn counted(count: usize, noun: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {noun}")),
        n => Some(format!("{n} {noun}s")),
    }
}

fn table(catalog: &Catalog) -> String {
    let head =
        ["SERVICE", "MEMORY", "CPUS", "PIDS", "REACHED AT", "WRITES TO", "WEAKER THAN THE DEFAULT"].map(str::to_owned);
    let rows: Vec<[String; 7]> = std::iter::once(head).chain(catalog.services.values().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let pad = widths[column] - cell.chars().count();
            // Numbers are read from the right.
            let right = (1..=3).contains(&column);
            let spaces = " ".repeat(pad);
            let _ = if right { write!(line, "{spaces}{cell}  ") } else { write!(line, "{cell}{spaces}  ") };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn row(service: &Service) -> [String; 7] {
    let none = || "-".to_owned();
    let limits = &service.limits;
    let throttled = limits.memory_policy.as_ref().is_some_and(|p| p.value == crate::model::MemoryPolicy::Throttle);
    [
        service.name.to_string(),
        limits.memory.as_ref().map_or_else(none, |m| format!("{}{}", if throttled { "~" } else { "" }, m.value)),
        limits.cpus.as_ref().map_or_else(none, |cpus| cpus.value.to_string()),
        limits.pids.as_ref().map_or_else(none, |pids| pids.value.payload().to_string()),
        joined(reached_at(service)),
        joined(service.mounts.iter().filter(|m| m.access == Access::Rw).map(|m| m.target.value.to_string()).collect()),
        // Nothing of what is weaker is left out.
        Some(weaker(service).join(", ")).filter(|list| !list.is_empty()).unwrap_or_else(none),
    ]
}

/// The first few of a list, and how many more there are: a row is for the eye.
fn joined(parts: Vec<String>) -> String {
    const SHOWN: usize = 3;
    match parts.len() {
        0 => "-".to_owned(),
        1..=SHOWN => parts.join(", "),
        all => format!("{} and {} more", parts[..SHOWN].join(", "), all - SHOWN),
    }
}

fn reached_at(service: &Service) -> Vec<String> {
    let ports = service.ports.iter().map(|port| {
        let ip = port.value.host_ip.map_or_else(|| "*".to_owned(), |ip| ip.to_string());
        let host = port.value.host.map_or_else(|| "any port".to_owned(), |host| host.to_string());
        match port.value.protocol {
            None | Some(Protocol::Tcp) => format!("{ip}:{host}"),
            Some(Protocol::Udp) => format!("{ip}:{host}/udp"),
            Some(Protocol::Sctp) => format!("{ip}:{host}/sctp"),
        }
    });
    let networks = service.networks.iter().map(|attachment| match (&attachment.network, attachment.ips.first()) {
        (_, Some(ip)) => ip.value.to_string(),
        (NetworkRef::Catalog(name), None) => name.to_string(),
        (NetworkRef::Service(name), None) => format!("with {name}"),
        (NetworkRef::External(name) | NetworkRef::Mode(name), None) => name.clone(),
    });
    ports.chain(networks).collect()
}

/// What the author has taken back of the hardened default.
fn weaker(service: &Service) -> Vec<String> {
    let mut list = Vec::new();
    let is = |key: &str, yes: bool| service.setting(key).is_some_and(|s| s.value == SettingValue::Bool(yes));
    let texts = |key: &str| match service.setting(key).map(|setting| &setting.value) {
        Some(SettingValue::List(items)) => items.iter().map(|item| item.value.text.clone()).collect(),
        _ => Vec::<String>::new(),
    };
    if is("ReadOnly", false) {
        list.push("writable root".to_owned());
    }
    if !texts("DropCapability").iter().any(|cap| cap.eq_ignore_ascii_case("all")) {
        list.push("podman's capabilities".to_owned());
    }
    list.extend(
        texts("AddCapability")
            .into_iter()
            .map(|cap| format!("+{}", cap.to_ascii_uppercase().trim_start_matches("CAP_"))),
    );
    if is("NoNewPrivileges", false) {
        list.push("new privileges".to_owned());
    }
    if service.text("UserNS").is_some_and(|mode| matches!(mode, "host" | "")) {
        list.push("host's user ids".to_owned());
    }
    if service.text("SeccompProfile") == Some("unconfined") {
        list.push("no seccomp".to_owned());
    }
    if is("SecurityLabelDisable", true) {
        list.push("no SELinux".to_owned());
    }
    if service.networks.iter().any(|a| matches!(&a.network, NetworkRef::Mode(mode) if mode == "host")) {
        list.push("host's network".to_owned());
    }
    if service.mounts.iter().any(|mount| mount.exec) {
        list.push("runs programs from a volume".to_owned());
    }
    // What podman is told by hand nobody here can weigh.
    let by_hand = |key: &str| service.setting(key).is_some() || service.verbatim.iter().any(|line| line.key == key);
    for (key, what) in [
        ("PodmanArgs", "podman arguments by hand"),
        ("GlobalArgs", "podman arguments by hand"),
        ("Mount", "mounts by hand"),
    ] {
        if by_hand(key) && !list.iter().any(|told| told == what) {
            list.push(what.to_owned());
        }
    }
    if matches!(service.image.value, Image::Rootfs(_)) {
        list.push("a root file system of the host".to_owned());
    }
    list
}
