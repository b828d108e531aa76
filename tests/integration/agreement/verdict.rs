//! What the judge says, and how it differs from what Podman says.

use std::{
    collections::{BTreeSet, HashSet},
    fmt, fs,
    path::{Component, Path, PathBuf},
};

use plimsoll::{
    diagnostic::Sources,
    policy::{File, Finding, JudgedUnit, quadlet},
    unit::{UnitType, Version},
};

use super::{
    is_error,
    podman::{About, Complaint, Run},
};
use crate::judge::Judge;

/// What no unit has that Podman generates.
const REFUSALS: [&str; 3] = ["PL015", "PL020", "PL021"];

/// What the judge says of a directory.
#[derive(Debug)]
pub(super) struct Judged {
    files: Vec<File>,
    units: Vec<JudgedUnit>,
    findings: Vec<Finding>,
}

impl Judged {
    pub(super) fn of(dir: &Path, podman: Version) -> Self {
        let mut sources = Sources::new();
        let mut files = Vec::new();
        walk(dir, "", &mut HashSet::new(), &mut sources, &mut files);
        let (units, findings) = {
            let (tree, findings) = quadlet::load(&files, &sources, podman);
            (tree.judged, findings)
        };
        Self { files, units, findings }
    }

    /// Whether the generator panics over some file.
    pub(super) fn panics(&self) -> bool {
        self.findings.iter().any(|finding| finding.rule == "PL021")
    }

    /// The rules by file, and which files are not generated.
    pub(super) fn summary(&self) -> String {
        let mut said: BTreeSet<String> = BTreeSet::new();
        for finding in &self.findings {
            let mark = if is_error(finding.severity) { "" } else { "?" };
            said.insert(format!("{} {}{mark}", self.files[finding.file].path(), finding.rule));
        }
        for unit in self.units.iter().filter(|unit| !unit.generated) {
            said.insert(format!("{} -", self.files[unit.file].path()));
        }
        said.into_iter().collect::<Vec<_>>().join(", ")
    }

    fn has(&self, file: usize, rules: &[&str]) -> bool {
        let is_one = |finding: &&Finding| finding.file == file && is_error(finding.severity);
        self.findings.iter().filter(is_one).any(|finding| rules.is_empty() || rules.contains(&finding.rule))
    }

    /// The files that a complaint is about. One about a directory is about all in it.
    fn named(&self, about: &About, dir: &Path) -> Vec<usize> {
        let is_it = |file: &File| match about {
            About::Name(name) => name == file.name(),
            About::Path(path) => dir.join(file.path()).starts_with(path) || real(dir, file.path()).starts_with(path),
        };
        self.files.iter().enumerate().filter(|(_, file)| is_it(file)).map(|(index, _)| index).collect()
    }

    /// Whether it lost its name to another file: then it counts as generated, and Podman never reads it.
    fn is_shadowed(&self, file: usize) -> bool {
        let says = |finding: &Finding| {
            finding.file == file && finding.rule == "PL023" && finding.message.contains("of the same name")
        };
        self.findings.iter().any(says)
    }
}

/// The series of a judge.
pub(super) fn version(judge: &Judge) -> Version {
    if judge.name.starts_with("podman 5.4") { (5, 4) } else { (5, 8) }
}

/// Something on which both do not agree.
#[derive(Debug)]
pub(super) struct Difference {
    /// The file it is about, or all of them.
    pub(super) path: Option<String>,
    message: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.as_deref().unwrap_or("all"), self.message)
    }
}

/// On what both do not agree in a directory.
pub(super) fn differences(judge: &Judge, dir: &Path) -> Vec<Difference> {
    let judged = Judged::of(dir, version(judge));
    let run = Run::of(judge, dir);
    let mut differences = Vec::new();
    let mut say = |path: Option<&str>, message: String| {
        differences.push(Difference { path: path.map(str::to_owned), message });
    };
    if (run.status == 2) != judged.panics() {
        say(None, format!("the generator ends with {}, the judge sees a panic: {}", run.status, judged.panics()));
    }
    let complained: Vec<(Vec<usize>, &Complaint)> =
        run.errors.iter().map(|error| (judged.named(&error.about, dir), error)).collect();
    for unit in &judged.units {
        let path = judged.files[unit.file].path();
        let service = run.services.get(&real(dir, path));
        match service {
            Some(_) if !unit.generated => say(Some(path), "generated, and the judge says it is not".to_owned()),
            None if unit.generated && !judged.is_shadowed(unit.file) => {
                say(Some(path), "not generated, and the judge says it is".to_owned());
            }
            Some(service) if *service != clean(&format!("{}.service", unit.service)) => {
                say(Some(path), format!("becomes {service}, and the judge says {}", unit.service));
            }
            _ => {}
        }
        let is_told_of = complained.iter().any(|(files, _)| files.contains(&unit.file));
        if service.is_some() && !is_told_of && !is_behind_a_quadlets_name(path) && judged.has(unit.file, &REFUSALS) {
            say(Some(path), format!("generated without a word, and the judge speaks of {REFUSALS:?}"));
        }
    }
    for (files, Complaint { about, message }) in complained {
        if !files.iter().any(|file| judged.has(*file, &[])) {
            let path = match (files.first(), about) {
                (Some(file), _) => judged.files[*file].path().to_owned(),
                (None, About::Name(name)) => name.clone(),
                (None, About::Path(path)) => path.strip_prefix(dir).unwrap_or(path).display().to_string(),
            };
            say(Some(&path), format!("Podman complains, and the judge does not: {message}"));
        }
    }
    differences
}

/// That a directory has the name of a Quadlet file is said at a file in it, which may well be generated.
fn is_behind_a_quadlets_name(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(dir, _)| dir.split('/').any(|name| UnitType::of_file(name).is_some()))
}

/// The path of a file as the generator knows it: links to directories resolved.
fn real(dir: &Path, path: &str) -> PathBuf {
    let path = dir.join(path);
    let (parent, name) = (path.parent().unwrap(), path.file_name().unwrap());
    fs::canonicalize(parent).unwrap().join(name)
}

/// A path as Go joins it: without `.` and `..`.
fn clean(path: &str) -> String {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in Path::new(path).components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                parts.pop();
            }
            (Component::ParentDir, Some(Component::RootDir)) => {}
            _ => parts.push(part),
        }
    }
    parts.iter().collect::<PathBuf>().display().to_string()
}

/// Reads a directory as the generator does: links are followed, and no directory is read twice.
fn walk(dir: &Path, beneath: &str, visited: &mut HashSet<PathBuf>, sources: &mut Sources, files: &mut Vec<File>) {
    // A directory for drop-ins is read by its name, however often.
    if !visited.insert(fs::canonicalize(dir).unwrap()) && !beneath.ends_with(".d") {
        return;
    }
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    for name in names {
        let path = dir.join(&name);
        let shown = if beneath.is_empty() { name } else { format!("{beneath}/{name}") };
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => walk(&path, &shown, visited, sources, files),
            Ok(_) => {
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                files.push(File::found(shown.clone(), &shown, text, sources));
            }
            Err(_) => {}
        }
    }
}
