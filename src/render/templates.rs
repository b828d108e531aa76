//! The templates: built in, and those of the author's that replace or extend them.

use std::{borrow::Cow, fmt, fs, sync::Arc};

use camino::Utf8Path;
use indexmap::IndexMap;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
    syntax::SyntaxConfig,
    value::{Enumerator, Object, ObjectRepr},
};

use super::draft::{Block, Line};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, FileId, SourceFile, SourceKind, Sources, Span},
    unit::quote::{self, Expansion},
};

/// Instructions a template may take for one file before it counts as endless; the built-in ones take some hundreds.
const FUEL: u64 = 1_000_000;

const BUILT_IN: &[(&str, &str, &str)] = &[
    ("container.j2", "builtin/container.j2", include_str!("../../templates/container.j2")),
    ("network.j2", "builtin/network.j2", include_str!("../../templates/network.j2")),
    ("volume.j2", "builtin/volume.j2", include_str!("../../templates/volume.j2")),
    ("image.j2", "builtin/image.j2", include_str!("../../templates/image.j2")),
    ("slice.j2", "builtin/slice.j2", include_str!("../../templates/slice.j2")),
    ("build.j2", "builtin/build.j2", include_str!("../../templates/build.j2")),
    ("pod.j2", "builtin/pod.j2", include_str!("../../templates/pod.j2")),
    ("artifact.j2", "builtin/artifact.j2", include_str!("../../templates/artifact.j2")),
];

/// The templates of one run.
pub struct Templates {
    environment: Environment<'static>,
    /// Templates whose source is known, by the name they are called by.
    files: IndexMap<String, FileId>,
    /// Those of them that are the author's.
    authors: IndexMap<String, FileId>,
    built_in: FileId,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Templates {
    /// The built-in templates, and over them the `*.j2` files of `dir`, if there is one.
    ///
    /// A file named like a built-in template replaces it; it may extend the built-in one as `builtin/NAME`. A file whose
    /// name begins with `_` is a part that others include. Any other name is refused, since nothing would use it.
    pub fn load(dir: Option<&Utf8Path>, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Self {
        let mut templates = Self::built_in(sources);
        let Some(dir) = dir else { return templates };
        for (name, text) in read_dir(dir, diagnostics) {
            let path = dir.join(&name);
            let file = sources.add(SourceFile {
                path,
                name: name.clone(),
                text: text.as_str().into(),
                kind: SourceKind::Template,
            });
            if !name.starts_with('_') && !BUILT_IN.iter().any(|(own, ..)| *own == name) {
                let known: Vec<&str> = BUILT_IN.iter().map(|(own, ..)| *own).collect();
                diagnostics.push(
                    Diagnostic::error(format!("nothing uses the template {name}"), sources.whole(file)).help(format!(
                        "name it after the one it replaces ({}), or begin its name with `_` if others include it",
                        known.join(", ")
                    )),
                );
                continue;
            }
            // The built-in text itself is no template of the author's.
            if BUILT_IN.iter().any(|(own, _, source)| *own == name && *source == text) {
                continue;
            }
            templates.files.insert(name.clone(), file);
            templates.authors.insert(name.clone(), file);
            if let Err(error) = templates.environment.add_template_owned(name, text) {
                diagnostics.push(templates.explain(&error));
            }
        }
        templates
    }

    fn built_in(sources: &mut Sources) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_syntax(
            SyntaxConfig::builder()
                .trim_blocks(true)
                .lstrip_blocks(true)
                .keep_trailing_newline(true)
                .build()
                .expect("the default delimiters"),
        );
        environment.set_formatter(wall);
        // What a macro or a `set` block has written went through the wall: printing it must not double anything again.
        environment.set_auto_escape_callback(|_| AutoEscape::Custom("unit".into()));
        environment.add_filter("specifier", specifier);
        environment.add_filter("word", word);
        // Only those that a run needs are compiled, when it needs them.
        environment.set_loader(|asked| {
            let found = BUILT_IN.iter().find(|(name, own, _)| asked == *name || asked == *own);
            Ok(found.map(|(.., source)| (*source).to_owned()))
        });
        let mut files = IndexMap::new();
        let mut first = None;
        for (name, own, source) in BUILT_IN {
            for name in [name, own] {
                let file = sources.add(SourceFile {
                    path: (*own).into(),
                    name: (*own).to_owned(),
                    text: (*source).into(),
                    kind: SourceKind::BuiltIn,
                });
                first = first.or(Some(file));
                files.insert((*name).to_owned(), file);
            }
        }
        // The ranges of errors come with the debug information, whose cost is paid only where there is an error.
        environment.set_debug(true);
        Self { environment, files, authors: IndexMap::new(), built_in: first.expect("there are built-in templates") }
    }

    /// The author's file of a template's name, if he has one.
    pub(super) fn author_file(&self, name: &str) -> Option<FileId> {
        self.authors.get(name).copied()
    }

    /// Where a template of the author's begins a line so; the start of his file where he puts that line together.
    pub(super) fn line_place(&self, name: &str, begins: &str) -> Option<Span> {
        let file = self.author_file(name)?;
        let source =
            self.environment.get_template(name).map(|template| template.source().to_owned()).unwrap_or_default();
        let mut start = 0;
        for line in source.split_inclusive('\n') {
            let indent = line.len() - line.trim_start().len();
            if line.trim_start().starts_with(begins) {
                let at = |n: usize| u32::try_from(n).unwrap_or(0);
                return Some(Span { file, start: at(start + indent), end: at(start + indent + begins.len()) });
            }
            start += line.len();
        }
        Some(Span { file, start: 0, end: 0 })
    }

    /// Lays out a draft's blocks.
    pub(super) fn render(&self, name: &str, context: Value) -> Result<String, Diagnostic> {
        let template = self.environment.get_template(name).map_err(|error| self.explain(&error))?;
        template.render(context).map_err(|error| self.explain(&error))
    }

    /// A template's error with its place. Its message never holds a value: that might be nobody's business.
    fn explain(&self, error: &Error) -> Diagnostic {
        let mut cause = error;
        // The innermost template is the one to mend.
        while let Some(inner) = std::error::Error::source(cause).and_then(|source| source.downcast_ref::<Error>()) {
            cause = inner;
        }
        let at = cause.name().and_then(|name| self.files.get(name)).map(|file| {
            let range = cause.range().unwrap_or(0..0);
            let line_start = || {
                let text = cause.template_source().unwrap_or_default();
                text.split_inclusive('\n').take(cause.line().unwrap_or(1).saturating_sub(1)).map(str::len).sum()
            };
            let start: usize = if range.is_empty() { line_start() } else { range.start };
            let end = range.end.max(start);
            let at = |n: usize| u32::try_from(n).unwrap_or(0);
            Span { file: *file, start: at(start), end: at(end) }
        });
        let detail = cause.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        let (message, help) = match cause.kind() {
            ErrorKind::UndefinedError => (
                format!("the template asks for a value that there is not{detail}"),
                "docs/templates.md lists the values; ask with `is defined` for one that may be missing",
            ),
            ErrorKind::SyntaxError => {
                (format!("a syntax error in the template{detail}"), "see docs/templates.md for the syntax")
            }
            ErrorKind::OutOfFuel => (
                "the template does not end".to_owned(),
                "a template may take a million steps for one file: shorten its loops",
            ),
            ErrorKind::TemplateNotFound => (
                cause.detail().unwrap_or("there is no such template").to_owned(),
                "the built-in ones are called builtin/NAME.j2; parts of your own begin with `_`",
            ),
            kind if detail.is_empty() => (format!("the template fails: {kind}"), "see docs/templates.md"),
            _ => (format!("the template fails{detail}"), "see docs/templates.md"),
        };
        let diagnostic = Diagnostic::general(message).help(help);
        match at {
            Some(at) => diagnostic.at(at),
            None => diagnostic.at(Span { file: self.built_in, start: 0, end: 0 }),
        }
    }
}

fn read_dir(dir: &Utf8Path, diagnostics: &mut Diagnostics) -> Vec<(String, String)> {
    let mut refuse = |message: String, help: &str| diagnostics.push(Diagnostic::general(message).help(help));
    let entries = match fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        Err(error) => {
            refuse(
                format!("cannot read the templates in {dir}: {error}"),
                "name the directory of your templates with --templates DIR",
            );
            return Vec::new();
        }
    };
    let mut found = Vec::new();
    for entry in entries {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.ends_with(".j2") || name.starts_with('.') {
            continue;
        }
        match fs::read_to_string(entry.path()) {
            Ok(text) => found.push((name, text)),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                refuse(format!("the template {dir}/{name} is not UTF-8"), "save it as UTF-8");
            }
            Err(error) => refuse(
                format!("cannot read the template {dir}/{name}: {error}"),
                "a template is a file that you may read",
            ),
        }
    }
    found.sort_unstable();
    found
}

/// What every `{{ … }}` goes through. A block's lines are already held by the wall; anything else is guarded here, its
/// percent signs doubled unless it comes from the `specifier` or `word` filter.
fn wall(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let refuse = |detail: String| Err(Error::new(ErrorKind::InvalidOperation, detail));
    if let Some(block) = value.downcast_object_ref::<BlockValue>() {
        return block.write(|text| out.write_str(text)).map_err(Error::from);
    }
    if let Some(line) = value.downcast_object_ref::<LineValue>() {
        let Line { key, value, .. } = line.line();
        return write!(out, "{key}={value}").map_err(Error::from);
    }
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    if value.is_none()
        || matches!(
            value.kind(),
            minijinja::value::ValueKind::Seq | minijinja::value::ValueKind::Map | minijinja::value::ValueKind::Iterable
        )
    {
        return refuse(format!("a value of the kind `{}` cannot be printed: print its parts", value.kind()));
    }
    let text = value.to_string();
    if let Err(refusal) = quote::guard(&text) {
        return refuse(refusal.to_string());
    }
    if text.ends_with('\\') {
        return refuse(quote::Refusal::TrailingBackslash.to_string());
    }
    let written: Cow<'_, str> =
        if value.is_safe() { text.as_str().into() } else { quote::escape(&text, Expansion::Specifiers) };
    out.write_str(&written).map_err(Error::from)
}

/// `{{ "%t/x"|specifier }}`: the percent signs are meant.
fn specifier(value: &Value) -> Value {
    Value::from_safe_string(value.to_string())
}

/// `Exec={{ text|word }}`: one word of a command line, quoted where it must be, nothing in it expanded.
fn word(value: &Value) -> Result<Value, Error> {
    quote::args_word(&value.to_string(), Expansion::Exec)
        .map(Value::from_safe_string)
        .map_err(|refusal| Error::new(ErrorKind::InvalidOperation, refusal.to_string()))
}

/// A block as a template sees it: printed, it is its lines; looped over, each line has `key` and `value`; it is true
/// where it has lines.
#[derive(Debug)]
pub(super) struct BlockValue(Arc<Block>);

impl BlockValue {
    pub(super) fn value(block: Arc<Block>) -> Value {
        Value::from_object(Self(block))
    }

    fn write(&self, mut write: impl FnMut(&str) -> fmt::Result) -> fmt::Result {
        for (at, line) in self.0.lines.iter().enumerate() {
            if at > 0 {
                write("\n")?;
            }
            write(&line.key)?;
            write("=")?;
            write(&line.value)?;
        }
        Ok(())
    }
}

impl Object for BlockValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = key.as_usize()?;
        (at < self.0.lines.len()).then(|| Value::from_object(LineValue { block: Arc::clone(&self.0), at }))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.lines.len())
    }
}

/// A line as a template sees it: `key`, and `value` as it stands in the unit.
#[derive(Debug)]
struct LineValue {
    block: Arc<Block>,
    at: usize,
}

impl LineValue {
    fn line(&self) -> &Line {
        &self.block.lines[self.at]
    }
}

impl Object for LineValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let line = self.line();
        match key.as_str()? {
            "key" => Some(Value::from(line.key.as_str())),
            // Held by the wall when it was drafted: printing it must not double anything again.
            "value" => Some(Value::from_safe_string(line.value.clone())),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["key", "value"])
    }
}
