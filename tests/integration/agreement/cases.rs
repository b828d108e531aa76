//! The cases: small directories of files, written down in `tests/agreement/cases/*.txt`.
//!
//! ```text
//! === what the case is about
//! --- x.container
//! [Container]
//! Image=quay.io/acme/app:1
//! --- sub/
//! --- x@1.container -> x@.container
//! ```
//!
//! A name that ends in `/` is a directory, one with an arrow a symbolic link. What cannot be seen is written as a mark:
//! `‹BOM›`, `‹CR›`, `‹TAB›`, `‹VT›`, `‹SP›`, `‹NBSP›`, `‹LS›`, `‹NUL›`, `‹FF›` for a byte that is no UTF-8, and `‹EOF›`
//! for a file that ends there without a line break.

use std::{fmt, fs, os::unix, path::Path};

use plimsoll::{render::FileKind, unit::UnitType};

use crate::catalogs::{render_dir, standing};

/// What cannot be seen in a text, and what stands for it.
const MARKS: &[(&str, &[u8])] = &[
    ("‹BOM›", "\u{feff}".as_bytes()),
    ("‹CR›", b"\r"),
    ("‹TAB›", b"\t"),
    ("‹VT›", b"\x0b"),
    ("‹SP›", b" "),
    ("‹NBSP›", "\u{a0}".as_bytes()),
    ("‹LS›", "\u{2028}".as_bytes()),
    ("‹NUL›", b"\0"),
    ("‹FF›", b"\xff"),
    ("‹EOF›\n", b""),
];

/// A directory of files.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) title: String,
    pub(super) entries: Vec<Entry>,
}

/// Something in a directory.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) what: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    File(Vec<u8>),
    Directory,
    Link(String),
}

/// Every case, in the order of the files and of the cases in them.
pub(super) fn all() -> Vec<Case> {
    let mut paths: Vec<_> =
        fs::read_dir(super::directory().join("cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().flat_map(|path| read(&fs::read_to_string(path).unwrap())).collect()
}

/// The rendered catalogs of this repository: a case for each container, with what it refers to.
pub(super) fn rendered() -> Vec<Case> {
    let mut cases = Vec::new();
    for (_, dir) in standing() {
        let bundle = render_dir(&dir).unwrap();
        let quadlets: Vec<_> = bundle.files.iter().filter(|file| file.kind != FileKind::Slice).collect();
        for main in quadlets.iter().filter(|file| file.path.ends_with(".container")) {
            let needed = quadlets.iter().filter(|file| file.path == main.path || main.text.contains(file.file_name()));
            let entries = needed.map(|file| {
                let what = What::File(file.text.as_bytes().to_vec());
                Entry { path: file.file_name().to_owned(), what }
            });
            cases.push(Case { title: main.path.clone(), entries: entries.collect() });
        }
    }
    cases
}

fn read(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("=== ") {
            cases.push(Case { title: title.to_owned(), entries: Vec::new() });
            continue;
        }
        let entries = &mut cases.last_mut().expect("a case begins with its title").entries;
        if let Some(name) = line.strip_prefix("--- ") {
            let (path, what) = match (name.split_once(" -> "), name.strip_suffix('/')) {
                (Some((path, target)), _) => (path, What::Link(target.to_owned())),
                (None, Some(path)) => (path, What::Directory),
                (None, None) => (name, What::File(Vec::new())),
            };
            entries.push(Entry { path: path.to_owned(), what });
        } else if let Some(Entry { what: What::File(bytes), .. }) = entries.last_mut() {
            bytes.extend(line.as_bytes());
            bytes.push(b'\n');
        }
    }
    for entry in cases.iter_mut().flat_map(|case| &mut case.entries) {
        if let What::File(bytes) = &mut entry.what {
            // The blank line before the next case is not the file's.
            if bytes.ends_with(b"\n\n") || bytes == b"\n" {
                bytes.pop();
            }
            for (mark, meant) in MARKS {
                *bytes = replace(bytes, mark.as_bytes(), meant);
            }
        }
    }
    cases
}

/// All of one byte string by another.
pub(super) fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(from) {
            replaced.extend(to);
            at += from.len();
        } else {
            replaced.push(bytes[at]);
            at += 1;
        }
    }
    replaced
}

impl Case {
    /// Writes it into a directory.
    pub(super) fn write(&self, dir: &Path) {
        fs::create_dir_all(dir).unwrap();
        for Entry { path, what } in &self.entries {
            let path = dir.join(path);
            // A mutant may have a file where it has a directory: then the first comer stays.
            if fs::create_dir_all(path.parent().unwrap()).is_err() || path.symlink_metadata().is_ok() {
                continue;
            }
            match what {
                What::File(bytes) => fs::write(path, bytes).unwrap(),
                What::Directory => fs::create_dir(path).unwrap(),
                What::Link(target) => unix::fs::symlink(target, path).unwrap(),
            }
        }
    }

    pub(super) fn has_no_links(&self) -> bool {
        self.entries.iter().all(|entry| !matches!(entry.what, What::Link(_)))
    }

    /// The same case with a prefix before the names of its units, so that it can stand beside others. None where that
    /// is not possible: `container.d` is about the units of all.
    pub(super) fn with_names(&self, prefix: &str) -> Option<Self> {
        let is_unit = |name: &str| UnitType::of_file(name.strip_suffix(".d").unwrap_or(name)).is_some();
        let is_wide = |name: &str| name.strip_suffix(".d").is_some_and(|name| UnitType::from_suffix(name).is_some());
        if self.entries.iter().any(|entry| entry.path.split('/').any(is_wide)) {
            return None;
        }
        let mut names: Vec<&str> =
            self.entries.iter().flat_map(|entry| entry.path.split('/')).filter(|name| is_unit(name)).collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        names.dedup();
        let rename = |path: &str| {
            let parts =
                path.split('/').map(|name| if is_unit(name) { format!("{prefix}{name}") } else { name.to_owned() });
            parts.collect::<Vec<_>>().join("/")
        };
        let entries = self.entries.iter().map(|Entry { path, what }| {
            let what = match what {
                What::File(bytes) => {
                    // By way of placeholders: one name may stand within another.
                    let mut bytes = bytes.clone();
                    for (number, name) in names.iter().enumerate() {
                        bytes = replace(&bytes, name.as_bytes(), format!("\u{1}{number}\u{2}").as_bytes());
                    }
                    for (number, name) in names.iter().enumerate() {
                        let placeholder = format!("\u{1}{number}\u{2}");
                        bytes = replace(&bytes, placeholder.as_bytes(), format!("{prefix}{name}").as_bytes());
                    }
                    What::File(bytes)
                }
                What::Directory => What::Directory,
                What::Link(target) => What::Link(rename(target)),
            };
            Entry { path: rename(path), what }
        });
        Some(Self { title: self.title.clone(), entries: entries.collect() })
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "=== {}", self.title)?;
        for Entry { path, what } in &self.entries {
            match what {
                What::File(bytes) => {
                    writeln!(f, "--- {path}\n{}", bytes.escape_ascii().to_string().replace("\\n", "\n"))?;
                }
                What::Directory => writeln!(f, "--- {path}/")?,
                What::Link(target) => writeln!(f, "--- {path} -> {target}")?,
            }
        }
        Ok(())
    }
}
