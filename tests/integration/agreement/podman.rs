//! What a dry run of the real generator says.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::judge::Judge;

/// One run.
#[derive(Debug)]
pub(super) struct Run {
    /// 2 is a panic.
    pub(super) status: i32,
    /// The services by the path of the file that they were made of.
    pub(super) services: BTreeMap<PathBuf, String>,
    pub(super) errors: Vec<Complaint>,
}

/// An error, and what it is about.
#[derive(Debug)]
pub(super) struct Complaint {
    pub(super) about: About,
    pub(super) message: String,
}

#[derive(Debug)]
pub(super) enum About {
    /// Only the name is told.
    Name(String),
    Path(PathBuf),
}

impl Run {
    pub(super) fn of(judge: &Judge, dir: &Path) -> Self {
        let output = judge.generator(dir, false);
        Self {
            status: output.status.code().unwrap_or(-1),
            services: services(&String::from_utf8_lossy(&output.stdout)),
            errors: String::from_utf8_lossy(&output.stderr).lines().filter_map(complaint).collect(),
        }
    }
}

/// Every service says in its last `SourcePath=` what it was made of.
fn services(stdout: &str) -> BTreeMap<PathBuf, String> {
    let mut services = BTreeMap::new();
    let mut open: Option<(String, Option<PathBuf>)> = None;
    let mut close = |open: Option<(String, Option<PathBuf>)>| {
        if let Some((name, path)) = open {
            services.insert(path.expect("a service says what it was made of"), name);
        }
    };
    for line in stdout.lines() {
        let name = line.strip_prefix("---").and_then(|line| line.strip_suffix("---"));
        if let Some(name) = name.filter(|name| name.ends_with(".service")) {
            close(open.replace((name.to_owned(), None)));
        } else if let (Some(path), Some((_, source))) = (line.strip_prefix("SourcePath="), &mut open) {
            *source = Some(PathBuf::from(path));
        }
    }
    close(open);
    services
}

/// 5.4 writes its prefix once before all errors, 5.8 before each.
fn complaint(line: &str) -> Option<Complaint> {
    let said = match line.split_once("]: ") {
        Some((prefix, said)) if prefix.starts_with("quadlet-generator[") => said,
        _ => line,
    };
    let quoted = |rest: &str| Some(unquote(rest.strip_prefix('"')?));
    if let Some(rest) = said.strip_prefix("converting ") {
        let (name, message) = quoted(rest)?;
        return Some(Complaint { about: About::Name(name), message });
    }
    let (path, message) = quoted(said.strip_prefix("error loading ")?)?;
    Some(Complaint { about: About::Path(PathBuf::from(path)), message })
}

/// A quoted text of Go's, and what follows it.
fn unquote(text: &str) -> (String, String) {
    let mut unquoted = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => unquoted.extend(chars.next()),
            c => unquoted.push(c),
        }
    }
    (unquoted, chars.collect())
}
