//! Finds the files of a catalog directory.

use std::{fs, sync::Arc};

use camino::Utf8Path;

use crate::{
    diagnostic::{Diagnostic, Diagnostics, FileId, SourceFile, SourceKind, Sources, Span},
    model::Name,
    parallel,
};

/// A service file.
#[derive(Debug)]
pub(crate) struct ServiceFile {
    pub(crate) stack: Option<Name>,
    pub(crate) stem: Name,
    pub(crate) file: FileId,
    /// False where the file could not be read: it still lends its name to references.
    pub(crate) readable: bool,
}

/// A sub-directory that is a stack.
#[derive(Debug)]
pub(crate) struct StackDir {
    pub(crate) name: Name,
    pub(crate) file: Option<FileId>,
    /// True where there is a stack.toml that could not be read.
    pub(crate) unread: bool,
}

/// The files of a catalog, in the order of their names.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) catalog: Option<FileId>,
    /// True where there is a catalog.toml that could not be read.
    pub(crate) catalog_unread: bool,
    pub(crate) stacks: Vec<StackDir>,
    pub(crate) services: Vec<ServiceFile>,
}

/// Reads a catalog directory and its stacks. Trouble goes to `diagnostics`; whatever can be read is.
pub(crate) fn find(dir: &Utf8Path, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Files {
    let mut finder = Finder { dir, sources, diagnostics, files: Files::default() };
    finder.top();
    finder.read_services();
    finder.files
}

struct Finder<'a> {
    dir: &'a Utf8Path,
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
    files: Files,
}

impl Finder<'_> {
    fn top(&mut self) {
        let Some(entries) = self.list(self.dir) else { return };
        let mut found_any = false;
        for (name, is_dir) in entries {
            let path = self.dir.join(&name);
            if is_dir && has_toml_suffix(&name) {
                self.refuse_path(
                    &path,
                    "a directory where a file should stand",
                    "a service is one file, a stack a directory without `.toml` in its name",
                );
            } else if is_dir {
                found_any |= self.stack(&name, &path);
            } else if name == "catalog.toml" {
                let (file, readable) = self.read(&path, name);
                self.files.catalog = readable.then_some(file);
                self.files.catalog_unread = !readable;
                found_any = true;
            } else if self.is_toml(&name, &path) {
                self.service(None, &name, &path);
                found_any = true;
            }
        }
        if !found_any && !self.diagnostics.has_errors() {
            self.refuse(
                format!("there is no catalog in {}", self.dir),
                "a catalog directory holds catalog.toml and a NAME.toml for each service; name another with --catalog",
            );
        }
    }

    /// Reads a sub-directory; false where it holds no TOML and is none of ours.
    fn stack(&mut self, name: &str, path: &Utf8Path) -> bool {
        // What cannot be a stack is none of ours, even where it cannot be looked into: lost+found, say.
        if Name::new(name).is_err() && !holds_toml(path) {
            return false;
        }
        let Some(entries) = self.list(path) else { return true };
        let members: Vec<_> = entries.into_iter().filter(|(n, is_dir)| *is_dir || has_toml_suffix(n)).collect();
        if members.iter().all(|(_, is_dir)| *is_dir) {
            // Nothing of ours, unless services stand too deep to be read.
            for (inner, _) in members.iter().filter(|(inner, _)| holds_toml(&path.join(inner))) {
                self.refuse_path(
                    &path.join(inner),
                    "a directory inside a directory of the catalog",
                    "stacks do not nest: move its services up",
                );
            }
            return false;
        }
        if name == "hosts" {
            self.refuse_path(
                path,
                "the directory `hosts` is reserved for overlays of single hosts, which this version does not read",
                "give the stack another name",
            );
            return true;
        }
        let stack = match Name::new(name) {
            Ok(stack) => stack,
            Err(invalid) => {
                self.refuse_path(
                    path,
                    invalid.message,
                    &format!("the directory is the name of the stack: {}", invalid.help),
                );
                return true;
            }
        };
        let mut file = None;
        let mut unread = false;
        for (member, is_dir) in members {
            let path = path.join(&member);
            if is_dir && !holds_toml(&path) {
                // Configuration of a service, say: none of ours.
                continue;
            }
            if is_dir {
                self.refuse_path(&path, "a directory inside a stack", "stacks do not nest: move its services up");
            } else if member == "stack.toml" {
                let (id, readable) = self.read(&path, format!("{name}/{member}"));
                file = readable.then_some(id);
                unread = !readable;
            } else if member == "catalog.toml" {
                self.refuse_path(
                    &path,
                    "catalog.toml stands in a stack",
                    "write stack.toml here, or move it to the top of the catalog",
                );
            } else if self.is_toml(&member, &path) {
                self.service(Some(&stack), &member, &path);
            }
        }
        self.files.stacks.push(StackDir { name: stack, file, unread });
        true
    }

    fn service(&mut self, stack: Option<&Name>, file_name: &str, path: &Utf8Path) {
        if stack.is_none() && file_name == "stack.toml" {
            self.refuse_path(
                path,
                "stack.toml stands outside a stack",
                "a stack is a sub-directory; at the top write catalog.toml",
            );
            return;
        }
        let shown = stack.map_or_else(|| file_name.to_owned(), |stack| format!("{stack}/{file_name}"));
        let stem = file_name.strip_suffix(".toml").unwrap_or(file_name);
        match Name::new(stem) {
            Ok(stem) => {
                let file = self.add(path, shown);
                self.files.services.push(ServiceFile { stack: stack.cloned(), stem, file, readable: true });
            }
            Err(invalid) => {
                let help = format!("the stem of the file is the name of the service: {}", invalid.help);
                self.refuse_path(path, invalid.message, &help);
            }
        }
    }

    /// True for a TOML file. A name that only looks like one would be ignored without a word: refused.
    fn is_toml(&mut self, name: &str, path: &Utf8Path) -> bool {
        if name.starts_with('.') || !has_toml_suffix(name) {
            return false;
        }
        if !name.ends_with(".toml") {
            self.refuse_path(
                path,
                "the name of the file keeps it from being read",
                "end its name in `.toml`, in lower case",
            );
            return false;
        }
        true
    }

    /// Names in a directory with whether each is a directory, sorted; hidden directories are left out.
    fn list(&mut self, dir: &Utf8Path) -> Option<Vec<(String, bool)>> {
        let read = fs::read_dir(dir).and_then(|entries| {
            entries.map(|entry| entry.map(|e| (e.file_name(), is_dir(&e)))).collect::<Result<Vec<_>, _>>()
        });
        let entries = match read {
            Ok(entries) => entries,
            Err(error) => {
                self.refuse(
                    format!("cannot read the catalog directory {dir}: {error}"),
                    "name the directory that holds catalog.toml with --catalog DIR or PLIMSOLL_CATALOG",
                );
                return None;
            }
        };
        let mut names = Vec::with_capacity(entries.len());
        for (name, is_dir) in entries {
            match name.into_string() {
                Ok(name) if is_dir && name.starts_with('.') => {}
                Ok(name) => names.push((name, is_dir)),
                Err(name) => {
                    self.refuse(format!("{dir} holds a name that is not UTF-8: {}", name.display()), "rename it");
                }
            }
        }
        names.sort_unstable();
        Some(names)
    }

    /// Reads the services, which are many: they were only named so far.
    fn read_services(&mut self) {
        let sources = &*self.sources;
        let read = parallel::map(&self.files.services, |service| text(&sources.file(service.file).path));
        for (at, read) in read.into_iter().enumerate() {
            let file = self.files.services[at].file;
            self.files.services[at].readable = self.take_in(file, read);
        }
    }

    /// Reads a file; the second value is false where that failed, and then an empty text stands for it.
    fn read(&mut self, path: &Utf8Path, name: String) -> (FileId, bool) {
        let file = self.add(path, name);
        let readable = self.take_in(file, text(path));
        (file, readable)
    }

    /// A file whose text is read later.
    fn add(&mut self, path: &Utf8Path, name: String) -> FileId {
        self.sources.add(SourceFile { path: path.to_owned(), name, text: "".into(), kind: SourceKind::Catalog })
    }

    /// Keeps what was read of a file; false where that failed.
    fn take_in(&mut self, file: FileId, read: Read) -> bool {
        self.sources.fill(file, read.text);
        let Some((message, at, help)) = read.problem else { return true };
        let start = u32::try_from(at).unwrap_or(0);
        let at = Span { file, start, end: start };
        self.diagnostics.push(Diagnostic::error(message, at).help(help));
        false
    }

    /// Refuses a file or directory for what it is, whatever is in it.
    fn refuse_path(&mut self, path: &Utf8Path, message: impl Into<String>, help: &str) {
        let name = path.strip_prefix(self.dir).unwrap_or(path).to_string();
        let file = self.add(path, name);
        let at = self.sources.whole(file);
        self.diagnostics.push(Diagnostic::error(message, at).help(help));
    }

    fn refuse(&mut self, message: String, help: &str) {
        self.diagnostics.push(Diagnostic::general(message).help(help));
    }
}

/// The text of a file, as far as it is one.
struct Read {
    text: Arc<str>,
    /// What is wrong, at which byte, and what to do.
    problem: Option<(String, usize, &'static str)>,
}

fn text(path: &Utf8Path) -> Read {
    // A pipe or a device might never end.
    let read = match fs::metadata(path) {
        Ok(meta) if !meta.is_file() => Err("not a regular file".to_owned()),
        _ => fs::read(path).map_err(|error| format!("cannot read the file: {error}")),
    };
    let read = read.and_then(|bytes| match u32::try_from(bytes.len()) {
        Ok(_) => Ok(bytes),
        Err(_) => Err("the file is larger than 4 GiB".to_owned()),
    });
    match read.map(String::from_utf8) {
        Ok(Ok(text)) => Read { text: text.into(), problem: None },
        Ok(Err(error)) => {
            let at = error.utf8_error().valid_up_to();
            // For the message: what is no text is shown by a stand-in.
            let text = String::from_utf8_lossy(error.as_bytes()).into();
            Read { text, problem: Some(("the file is not UTF-8".to_owned(), at, "save it as UTF-8")) }
        }
        Err(message) => {
            Read { text: "".into(), problem: Some((message, 0, "a catalog's files are files that you may read")) }
        }
    }
}

/// Reads `catalog.toml` and nothing else; `None` where it is not there, or cannot be read.
pub(crate) fn catalog_alone(dir: &Utf8Path, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<FileId> {
    let path = dir.join("catalog.toml");
    if !path.exists() {
        return None;
    }
    let mut finder = Finder { dir, sources, diagnostics, files: Files::default() };
    let (file, readable) = finder.read(&path, "catalog.toml".to_owned());
    readable.then_some(file)
}

/// True for a directory, and for a link to one.
fn is_dir(entry: &fs::DirEntry) -> bool {
    match entry.file_type() {
        Ok(kind) if !kind.is_symlink() => kind.is_dir(),
        _ => entry.path().is_dir(),
    }
}

/// True for a directory with a TOML file somewhere in it.
fn holds_toml(dir: &Utf8Path) -> bool {
    dir.read_dir_utf8().into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name();
        // The kind of the entry itself: a symbolic link may lead in a circle.
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        !name.starts_with('.') && (if is_dir { holds_toml(entry.path()) } else { has_toml_suffix(name) })
    })
}

fn has_toml_suffix(name: &str) -> bool {
    name.len() > 5 && name.get(name.len() - 5..).is_some_and(|suffix| suffix.eq_ignore_ascii_case(".toml"))
}
