//! A host in a directory: what stands on it, and what belongs to whom.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use plimsoll::{
    plan::{Wanted, line},
    render::host::places,
};

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    Dir(u32),
    File(u32, Vec<u8>),
    Link(String),
}

/// Everything beneath a directory, by path.
pub type Tree = BTreeMap<String, Thing>;

/// A new directory, in memory where there is such a place.
pub fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub fn tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    gather(root, "", &mut tree);
    tree
}

fn gather(root: &Path, beneath: &str, tree: &mut Tree) {
    for entry in fs::read_dir(root.join(beneath)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = if beneath.is_empty() { name } else { format!("{beneath}/{name}") };
        let metadata = entry.metadata().unwrap();
        let mode = metadata.permissions().mode() & 0o7777;
        if metadata.is_dir() {
            tree.insert(path.clone(), Thing::Dir(mode));
            gather(root, &path, tree);
        } else if metadata.is_symlink() {
            tree.insert(path, Thing::Link(fs::read_link(entry.path()).unwrap().to_string_lossy().into_owned()));
        } else {
            tree.insert(path, Thing::File(mode, fs::read(entry.path()).unwrap()));
        }
    }
}

/// Makes a tree anew: its directories have other numbers.
pub fn plant(root: &Path, tree: &Tree) {
    for (path, thing) in tree {
        let place = root.join(path);
        match thing {
            Thing::Dir(mode) => {
                fs::create_dir(&place).unwrap();
                fs::set_permissions(&place, fs::Permissions::from_mode(*mode)).unwrap();
            }
            Thing::File(mode, bytes) => {
                fs::write(&place, bytes).unwrap();
                fs::set_permissions(&place, fs::Permissions::from_mode(*mode)).unwrap();
            }
            Thing::Link(to) => symlink(to, &place).unwrap(),
        }
    }
}

pub fn put(root: &Path, path: &str, text: impl AsRef<[u8]>) {
    let place = root.join(path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, text).unwrap();
}

/// What others have on the host, beside our files and among them.
pub fn plant_foreign(root: &Path) {
    put(root, "etc/containers/registries.conf", "unqualified-search-registries = []\n");
    put(root, "etc/containers/systemd/mine.container", "[Container]\nImage=example.org/mine:1\n");
    put(root, "etc/containers/systemd/.hidden", "x");
    put(root, "etc/containers/systemd/web.container.d/50-mine.conf", "[Container]\nLabel=a=b\n");
    put(root, "etc/containers/systemd/homely/homely.container", "[Container]\nImage=example.org/homely:1\n");
    put(root, "etc/systemd/system/mine.slice", "[Slice]\nMemoryMax=1G\n");
    put(root, "etc/systemd/system/services-mine.slice", "[Slice]\nMemoryMax=1G\n");
    put(root, "etc/systemd/system/services-web.slice.d/50-mine.conf", "[Slice]\nCPUWeight=10\n");
    put(root, "etc/systemd/system/mine.service", "[Service]\nExecStart=/bin/true\n");
    put(root, "etc/systemd/system/.mine.slice.plimsoll", "not ours\n");
    put(root, "etc/systemd/system/bytes.conf", [0xff, 0xfe, 0x00]);
    put(root, "usr/share/containers/systemd/shipped.container", "[Container]\nImage=example.org/shipped:1\n");
    put(root, "var/lib/plimsoll.conf", "x\n");
    put(root, "etc/subuid", "ann:100000:65536\n# bob's\n\nbob:165536:65536\n");
    put(root, "etc/modules-load.d/mine.conf", "loop\n");
    put(root, "etc/sysusers.d/mine.conf", "u mine -\n");
    put(root, "etc/audit/rules.d/mine.rules", "-D\n");
    put(root, "etc/systemd/system/timers.target.d/mine.conf", "[Unit]\n");
    let wants = root.join("etc/systemd/system/multi-user.target.wants");
    fs::create_dir_all(&wants).unwrap();
    symlink("../mine.service", wants.join("mine.service")).unwrap();
    symlink("/etc/passwd", root.join("etc/containers/systemd/link.conf")).unwrap();
    fs::set_permissions(root.join("etc/systemd/system/mine.service"), fs::Permissions::from_mode(0o600)).unwrap();
}

const STATE: &str = "var/lib/plimsoll/home";
const STAGE: &str = "etc/containers/.home.plimsoll.d";
const UNITS: &str = "etc/containers/systemd/home";

fn is_beneath(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The files of a set outside its directory that no other catalog has as well: slices, and files of the host.
pub fn own_slices(wanted: &Wanted) -> BTreeMap<&str, &str> {
    let is_own =
        |path: &str| !is_beneath(path, UNITS) && !path.ends_with("/services.slice") && !places::is_shared(path);
    wanted.texts().into_iter().filter(|(path, _)| is_own(path)).collect()
}

/// The lines of a set in files that others write to as well.
pub fn own_lines(wanted: &Wanted) -> BTreeMap<&str, &str> {
    wanted.texts().into_iter().filter(|(path, _)| places::is_shared(path)).collect()
}

/// A file of many without the lines of the sets; none where nothing is left.
fn without_lines(path: &str, bytes: &[u8], sets: &[&Wanted]) -> Option<Vec<u8>> {
    let lines = sets.iter().filter_map(|set| own_lines(set).get(path).copied());
    let left = lines.fold(bytes.to_vec(), |text, line| line::without(&text, line));
    (!left.is_empty()).then_some(left)
}

/// What belongs to nobody of the catalog: no set's slice, and nothing in its own directories. Directories that may have
/// been made are left out if they are not in `before`.
pub fn foreign(tree: &Tree, sets: &[&Wanted], before: Option<&Tree>) -> Tree {
    let mut own: BTreeSet<String> = BTreeSet::from(["var/lib/plimsoll/lock".to_owned()]);
    for slice in sets.iter().flat_map(|set| own_slices(set).into_keys()) {
        let (dir, name) = slice.rsplit_once('/').unwrap();
        own.extend([slice.to_owned(), format!("{dir}/.{name}.plimsoll")]);
    }
    if before.is_some_and(|before| !before.contains_key("etc/systemd/system/services.slice")) {
        own.extend(["services.slice", ".services.slice.plimsoll"].map(|name| format!("etc/systemd/system/{name}")));
    }
    for path in sets.iter().flat_map(|set| own_lines(set).into_keys()) {
        let (dir, name) = path.rsplit_once('/').unwrap();
        own.insert(format!("{dir}/.{name}.plimsoll"));
    }
    let dirs = sets.iter().flat_map(|set| own_slices(set)).filter_map(|(path, _)| Some(path.rsplit_once('/')?.0));
    let ways: BTreeSet<&str> = dirs.chain([STATE, UNITS, "etc/systemd/system"]).collect();
    let is_way = |path: &str| ways.iter().any(|dir| is_beneath(dir, path));
    let is_foreign = |path: &String, thing: &Thing| {
        let is_own = [STATE, STAGE, UNITS].iter().any(|dir| is_beneath(path, dir)) || own.contains(path);
        let is_made =
            matches!(thing, Thing::Dir(_)) && is_way(path) && before.is_some_and(|then| !then.contains_key(path));
        !is_own && !is_made
    };
    tree.iter()
        .filter(|(path, thing)| is_foreign(path, thing))
        .filter_map(|(path, thing)| match thing {
            Thing::File(mode, bytes) if places::is_shared(path) => {
                Some((path.clone(), Thing::File(*mode, without_lines(path, bytes, sets)?)))
            }
            thing => Some((path.clone(), thing.clone())),
        })
        .collect()
}

/// The files of the catalog's directory by their names; `None` where there is none.
pub fn units(tree: &Tree) -> Option<BTreeMap<String, Vec<u8>>> {
    tree.get(UNITS)?;
    let inner = tree.iter().filter_map(|(path, thing)| Some((path.strip_prefix(UNITS)?.strip_prefix('/')?, thing)));
    let bytes = |thing: &Thing| match thing {
        Thing::File(_, bytes) => bytes.clone(),
        other => format!("{other:?}").into_bytes(),
    };
    Some(inner.map(|(name, thing)| (name.to_owned(), bytes(thing))).collect())
}

/// What that directory is to be for a set.
pub fn units_of(wanted: &Wanted) -> Option<BTreeMap<String, Vec<u8>>> {
    let texts = wanted.texts();
    let units = texts.iter().filter_map(|(path, text)| Some((path.strip_prefix(UNITS)?.strip_prefix('/')?, text)));
    let units: BTreeMap<_, _> = units.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect();
    (!units.is_empty()).then_some(units)
}

/// Everything on a host but what is remembered of the catalog.
pub fn without_state(tree: &Tree) -> Tree {
    tree.iter()
        .filter(|(path, _)| !is_beneath(path, STATE) && *path != "var/lib/plimsoll/lock")
        .map(|(path, thing)| (path.clone(), thing.clone()))
        .collect()
}

/// What no run that came to its end leaves behind.
pub fn left_over(tree: &Tree) -> Vec<String> {
    let is_left = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let begins = [".services", ".subuid", ".subgid", ".plimsoll-", ".plimsoll.", ".50-plimsoll", ".70-plimsoll"];
        let is_ours = is_beneath(path, STATE) || begins.iter().any(|begin| name.starts_with(begin));
        is_beneath(path, STAGE) || is_ours && (name.ends_with(".new") || name.ends_with(".plimsoll")) || {
            is_beneath(path, STATE) && name == "transaction.json"
        }
    };
    tree.keys().filter(|path| is_left(path)).cloned().collect()
}

/// Whether the journal of a run that did not end is there.
pub fn has_journal(tree: &Tree) -> bool {
    tree.contains_key(&format!("{STATE}/transaction.json"))
}

/// Whether these bytes stand anywhere: in a file of their own, or in a journal.
pub fn holds(tree: &Tree, wanted: &[u8]) -> bool {
    let quoted = serde_json::to_string(&String::from_utf8_lossy(wanted)).unwrap().into_bytes();
    let numbers = wanted.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
    tree.values().any(|thing| match thing {
        Thing::File(_, bytes) => {
            let without_blanks =
                || bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<_>>();
            bytes == wanted
                || bytes.windows(quoted.len()).any(|window| window == quoted)
                || bytes.starts_with(b"{")
                    && without_blanks().windows(numbers.len()).any(|window| window == numbers.as_bytes())
        }
        _ => false,
    })
}
