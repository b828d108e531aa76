//! Catalogs made on the spot, rendered in this process, and two ways to read what came out.

use std::cell::RefCell;
use std::fs;
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll::catalog;
use plimsoll::diagnostic::{Diagnostics, Severity, Sources};
use plimsoll::render::{self, Bundle, Templates};
use tempfile::TempDir;

/// A file of a catalog: its path inside the directory, and its text.
pub(crate) type File = (String, String);

/// Renders the catalog in `dir`, or gives every error: its message and its help.
pub(crate) fn render_dir(dir: &Utf8Path) -> Result<Bundle, Vec<String>> {
    static TEMPLATES: OnceLock<(Templates, Sources)> = OnceLock::new();
    let (templates, sources) = TEMPLATES.get_or_init(|| {
        let mut sources = Sources::new();
        let templates = Templates::load(None, &mut sources, &mut Diagnostics::new());
        (templates, sources)
    });
    let mut sources = sources.clone();
    let mut diagnostics = Diagnostics::new();
    let bundle = catalog::load(dir, &mut sources, &mut diagnostics)
        .and_then(|catalog| render::render(&catalog, None, templates, &sources, &mut diagnostics));
    bundle.ok_or_else(|| {
        let errors = diagnostics.sorted(&sources).into_iter().filter(|d| d.severity == Severity::Error);
        let errors: Vec<_> =
            errors.map(|d| format!("{} ({})", d.message, d.help.as_deref().unwrap_or("no help"))).collect();
        assert!(!errors.is_empty(), "no bundle and no error");
        errors
    })
}

/// Writes a catalog into a directory of this thread's and renders it. The directory stays for the next one: making
/// and removing it took longer than the rendering.
pub(crate) fn render_files(files: &[File]) -> Result<Bundle, Vec<String>> {
    thread_local! {
        static DIR: RefCell<(TempDir, Vec<String>)> = RefCell::new((tempfile::tempdir().unwrap(), Vec::new()));
    }
    DIR.with_borrow_mut(|(dir, paths)| {
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        let same = paths.iter().eq(files.iter().map(|(path, _)| path));
        if !same {
            for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
            }
            *paths = files.iter().map(|(path, _)| path.clone()).collect();
        }
        write_files(dir, files);
        render_dir(dir)
    })
}

/// Writes files beneath a directory.
pub(crate) fn write_files(dir: &Utf8Path, files: &[File]) {
    for (path, text) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The catalogs that stand in this repository.
pub(crate) fn standing() -> [(&'static str, Utf8PathBuf); 3] {
    ["services", "tests/catalogs/kitchen-sink", "tests/catalogs/rootless"]
        .map(|name| (name, Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join(name)))
}

/// A text as a TOML string on one line, whatever is in it.
pub(crate) fn toml_string(text: &str) -> String {
    let mut written = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            ' '..='~' => written.push(c),
            _ if u32::from(c) > 0xffff => written += &format!("\\U{:08X}", u32::from(c)),
            _ => written += &format!("\\u{:04X}", u32::from(c)),
        }
    }
    written + "\""
}

/// A list of strings.
pub(crate) fn toml_list<S: AsRef<str>>(items: &[S]) -> String {
    let items: Vec<_> = items.iter().map(|item| toml_string(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

/// One assignment as a reader sees it that knows nothing of quotes, continuations or sections that end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) section: String,
    pub(crate) key: String,
    pub(crate) value: String,
}

/// Reads a unit line by line. Whatever could make another reader see something else is an error: a character that
/// ends a line somewhere, a backslash that would join two, white space around a value.
pub(crate) fn naive(text: &str) -> Result<Vec<Assignment>, String> {
    let mut found = Vec::new();
    let mut section = String::new();
    let strange = |c: char| {
        c != '\n' && c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200e}' | '\u{200f}')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    if let Some(c) = text.chars().find(|c| strange(*c)) {
        return Err(format!("U+{:04X} is in the text", u32::from(c)));
    }
    if !text.ends_with('\n') {
        return Err("the text does not end with a line".to_owned());
    }
    for line in text.split('\n') {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.ends_with('\\') {
            return Err(format!("a line that goes on: {line}"));
        }
        if line.trim() != line {
            return Err(format!("white space around a line: {line:?}"));
        }
        if let Some(name) = line.strip_prefix('[') {
            let name = name.strip_suffix(']').ok_or_else(|| format!("a section left open: {line}"))?;
            if !name.chars().all(|c| c.is_ascii_alphabetic()) {
                return Err(format!("no name of a section: {line}"));
            }
            section = name.to_owned();
            continue;
        }
        let (key, value) = line.split_once('=').ok_or_else(|| format!("no line of a unit: {line}"))?;
        if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(format!("no key: {line}"));
        }
        if section.is_empty() || value.is_empty() || value.trim() != value {
            return Err(format!("outside a section, or without a clean value: {line:?}"));
        }
        found.push(Assignment { section: section.clone(), key: key.to_owned(), value: value.to_owned() });
    }
    Ok(found)
}

/// The values of a key.
pub(crate) fn values<'a>(lines: &'a [Assignment], section: &str, key: &str) -> Vec<&'a str> {
    lines.iter().filter(|l| l.section == section && l.key == key).map(|l| l.value.as_str()).collect()
}
