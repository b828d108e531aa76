//! What the judge says, and how it differs from what Podman says.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fs,
    path::{Component, Path, PathBuf},
};

use plimsoll::{
    diagnostic::Sources,
    policy::{File, Finding, JudgedUnit, quadlet},
    unit::{UnitType, Version},
};

use super::{
    is_error,
    podman::{About, Run},
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
            said.insert(format!("{} {}{mark}", self.files[finding.file].path, finding.rule));
        }
        for unit in self.units.iter().filter(|unit| !unit.generated) {
            said.insert(format!("{} -", self.files[unit.file].path));
        }
        said.into_iter().collect::<Vec<_>>().join(", ")
    }

    fn has(&self, file: usize, rules: &[&str]) -> bool {
        let is_one = |finding: &&Finding| finding.file == file && is_error(finding.severity);
        self.findings.iter().filter(is_one).any(|finding| rules.is_empty() || rules.contains(&finding.rule))
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

/// What differs, each difference beginning with the path of its file.
pub(super) fn differences(judge: &Judge, dir: &Path, counts: impl Fn(&str) -> bool) -> Vec<String> {
    let judged = Judged::of(dir, version(judge));
    let run = Run::of(judge, dir);
    let mut differences = Vec::new();
    if (run.status == 2) != judged.panics() {
        differences.push(format!(
            "the generator ends with {}, the judge sees a panic: {}",
            run.status,
            judged.panics()
        ));
    }
    let real = |path: &str| {
        let path = dir.join(path);
        let parent = path.parent().unwrap();
        fs::canonicalize(parent).unwrap().join(path.file_name().unwrap())
    };
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for unit in &judged.units {
        let path = &judged.files[unit.file].path;
        by_name.entry(judged.files[unit.file].name()).or_default().push(unit.file);
        if !counts(path) {
            continue;
        }
        let service = run.services.get(&real(path));
        match service {
            Some(_) if !unit.generated => differences.push(format!("{path}: generated, and the judge says it is not")),
            None if unit.generated && !judged.is_shadowed(unit.file) => {
                differences.push(format!("{path}: not generated, and the judge says it is"));
            }
            Some(service) if *service != clean(&format!("{}.service", unit.service)) => {
                differences.push(format!("{path}: becomes {service}, and the judge says {}", unit.service));
            }
            _ => {}
        }
        let complaint = run.errors.iter().find(|error| match &error.about {
            About::Name(name) => name == judged.files[unit.file].name(),
            About::Path(named) => *named == real(path),
        });
        // That a directory has the name of a Quadlet file is said at a file in it, which may well be generated.
        let behind =
            path.rsplit_once('/').is_some_and(|(dir, _)| dir.split('/').any(|name| UnitType::of_file(name).is_some()));
        if service.is_some() && complaint.is_none() && !behind && judged.has(unit.file, &REFUSALS) {
            differences.push(format!("{path}: generated without a word, and the judge speaks of {REFUSALS:?}"));
        }
    }
    for error in &run.errors {
        let (files, name): (Vec<usize>, String) = match &error.about {
            About::Name(name) => (by_name.get(name.as_str()).cloned().unwrap_or_default(), name.clone()),
            About::Path(path) => {
                let is_it =
                    |(_, file): &(usize, &File)| real(&file.path) == *path || path_within(&real(&file.path), path);
                let files = judged.files.iter().enumerate().filter(is_it).map(|(index, _)| index).collect();
                (files, path.strip_prefix(dir).unwrap_or(path).display().to_string())
            }
        };
        if !files.iter().any(|file| judged.has(*file, &[])) {
            let path = files.first().map_or(name, |file| judged.files[*file].path.clone());
            differences.push(format!("{path}: Podman complains, and the judge does not: {}", error.message));
        }
    }
    differences
}

fn path_within(path: &Path, dir: &Path) -> bool {
    path.starts_with(dir)
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
