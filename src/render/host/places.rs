//! Where the files of the host stand: the only places outside the catalog's own directory, and beside its slices, that an
//! install writes to.

use crate::model::Name;

pub(super) const SYSTEM_UNITS: &str = "etc/systemd/system";
pub(super) const USER_UNITS: &str = "etc/systemd/user";

pub(super) const ENGINE: &str = "etc/containers/containers.conf.d/50-plimsoll.conf";
pub(super) const REGISTRIES: &str = "etc/containers/registries.conf.d/50-plimsoll.conf";
pub(super) const ATTACHMENTS: &str = "etc/containers/registries.d/50-plimsoll.yaml";
pub(super) const AUDIT: &str = "etc/audit/rules.d/70-plimsoll.rules";
pub(super) const DELEGATION: &str = "etc/systemd/system/user@.service.d/50-plimsoll.conf";
/// The system user that owns the ids of `UserNS=auto`, as systemd-sysusers(8) makes it.
pub const USERS: &str = "etc/sysusers.d/plimsoll.conf";
/// The policy for images, which has no drop-ins: whoever writes it writes all of it.
pub const POLICY: &str = "etc/containers/policy.json";

/// Files that many write to, one line each: an install adds its own line, and no other one changes.
const SHARED: [&str; 2] = ["etc/subuid", "etc/subgid"];
/// What the file with such a line is called in a rendered tree: who copies the tree does not copy over everybody's ids.
const LINES: &str = ".plimsoll";

/// Places that are the same for every catalog of a host: catalogs share what they say the same of.
const FIXED: &[&str] = &[ENGINE, REGISTRIES, ATTACHMENTS, AUDIT, DELEGATION, USERS, POLICY, SHARED[0], SHARED[1]];

/// Directories, beginnings and ends of files that each catalog has of its own.
const NAMED: &[(&str, &str)] = &[
    ("etc/audit/rules.d/71-plimsoll-", ".rules"),
    ("etc/modules-load.d/plimsoll-", ".conf"),
    ("etc/nftables/plimsoll-", ".nft"),
    ("etc/tmpfiles.d/plimsoll-", ".conf"),
];

/// Units and drop-ins of the manager that starts the services, the same for every catalog.
const UNITS: &[&str] = &[
    "plimsoll-failure@.service",
    "plimsoll-oom.service",
    "plimsoll-oom.timer",
    "plimsoll-prune.service",
    "plimsoll-prune.timer",
    "timers.target.d/50-plimsoll-auto-update.conf",
    "timers.target.d/50-plimsoll-oom.conf",
    "timers.target.d/50-plimsoll-prune.conf",
];

/// Which of the two files with ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    Users,
    Groups,
}

/// The file of a rendered tree that holds the line for one of the files with ids.
pub(super) fn ids(of: Ids) -> String {
    format!("{}{LINES}", if of == Ids::Users { SHARED[0] } else { SHARED[1] })
}

pub(super) fn named(directory_and_beginning: &str, catalog: &Name) -> String {
    let end = NAMED.iter().find(|(begin, _)| *begin == directory_and_beginning).map_or("", |(_, end)| end);
    format!("{directory_and_beginning}{catalog}{end}")
}

/// Every place on a host where a file of the host of a catalog may stand.
pub fn all(catalog: &Name) -> Vec<String> {
    let fixed = FIXED.iter().map(|path| (*path).to_owned());
    let named = NAMED.iter().map(|(begin, end)| format!("{begin}{catalog}{end}"));
    let units =
        [SYSTEM_UNITS, USER_UNITS].into_iter().flat_map(|dir| UNITS.iter().map(move |name| format!("{dir}/{name}")));
    fixed.chain(named).chain(units).collect()
}

/// Whether a place on a host is one of a file of the host, whatever the catalog.
pub fn is_place(path: &str) -> bool {
    let is_named = |(begin, end): &(&str, &str)| {
        let name = path.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end));
        name.is_some_and(|name| Name::new(name).is_ok())
    };
    let is_unit = |dir: &str| {
        path.strip_prefix(dir).and_then(|rest| rest.strip_prefix('/')).is_some_and(|name| UNITS.contains(&name))
    };
    FIXED.contains(&path) || NAMED.iter().any(is_named) || is_unit(SYSTEM_UNITS) || is_unit(USER_UNITS)
}

/// Whether a place is one that a catalog may write to.
pub fn is_place_of(path: &str, catalog: &Name) -> bool {
    let is_named = |(begin, end): &(&str, &str)| {
        path.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end)) == Some(catalog.as_str())
    };
    let is_any_named = NAMED.iter().any(|(begin, end)| path.starts_with(begin) && path.ends_with(end));
    is_place(path) && (!is_any_named || NAMED.iter().any(is_named))
}

/// Whether an install only adds a line to what stands there.
pub fn is_shared(path: &str) -> bool {
    SHARED.contains(&path)
}

/// The place on a host of a file of a rendered tree, if it is one of the host.
pub fn on_host(path: &str) -> Option<&str> {
    let shared = path.strip_suffix(LINES).filter(|place| is_shared(place));
    shared.or_else(|| Some(path).filter(|path| is_place(path) && !is_shared(path)))
}

/// The place in a rendered tree of a file of the host.
pub fn in_tree(place: &str) -> String {
    if is_shared(place) { format!("{place}{LINES}") } else { place.to_owned() }
}

/// The directories of a rendered tree in which files of the host may stand.
pub fn directories() -> Vec<&'static str> {
    let dir = |path: &&'static str| path.rsplit_once('/').map(|(dir, _)| dir);
    let named = NAMED.iter().filter_map(|(begin, _)| dir(begin));
    let mut all: Vec<&str> = FIXED.iter().filter_map(dir).chain(named).collect();
    all.extend([SYSTEM_UNITS, USER_UNITS]);
    all.extend(["etc/systemd/system/timers.target.d", "etc/systemd/user/timers.target.d"]);
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_known_by_its_path() {
        let (own, other) = (Name::new("home").unwrap(), Name::new("cabin").unwrap());
        for path in all(&own) {
            assert!(is_place(&path) && is_place_of(&path, &own), "{path}");
            assert_eq!(on_host(&in_tree(&path)), Some(path.as_str()));
            let dir = path.rsplit_once('/').unwrap().0;
            assert!(directories().contains(&dir), "{path}");
        }
        assert!(!is_place_of("etc/modules-load.d/plimsoll-home.conf", &other));
        assert!(is_place_of(ENGINE, &other));
        let strange =
            ["etc/passwd", "etc/subuid-", "etc/modules-load.d/plimsoll-../x.conf", "etc/modules-load.d/plimsoll-.conf"];
        for path in strange {
            assert!(!is_place(path), "{path}");
        }
        assert_eq!((on_host("etc/subuid"), on_host("etc/subuid.plimsoll")), (None, Some("etc/subuid")));
    }
}
