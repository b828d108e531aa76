//! Who may import whom: the layers of the source, and the size of its files.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The layers, the lowest first. A module uses those of lower layers, and none of its own.
const LAYERS: &[&[&str]] = &[
    &["diagnostic", "parallel"],
    &["model", "unit"],
    &["catalog", "render", "search"],
    &["policy", "plan"],
    &["install", "report", "host", "live"],
    &["commands"],
    &["cli", "main"],
];

/// Those at the edge are narrower than their layer.
const EDGE: &[(&str, &[&str])] = &[("cli", &["commands"]), ("main", &["cli", "commands"])];

/// The longest file of the source that can still be held in the head.
const LONGEST: usize = 500;

#[test]
fn a_module_uses_only_the_layers_below_its_own() {
    let mut problems = Vec::new();
    for file in sources() {
        problems
            .extend(complaints(&file.module, &file.text).into_iter().map(|what| format!("src/{}: {what}", file.shown)));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_module_has_a_layer_and_is_told_of_in_the_crate_documentation() {
    let lib = fs::read_to_string(root().join("lib.rs")).expect("there is a lib.rs");
    let modules: BTreeSet<String> = sources().into_iter().filter_map(|file| file.module.into_iter().next()).collect();
    for module in &modules {
        let layer = layer(module).unwrap_or_else(|| panic!("{module} stands in no layer: LAYERS in {}", file!()));
        let row = format!("//! | {layer} |");
        let told = lib.lines().any(|line| line.starts_with(&row) && line.contains(&format!("`{module}`")));
        assert!(told, "the table in src/lib.rs does not put `{module}` into layer {layer}");
    }
}

#[test]
fn no_file_outgrows_a_room() {
    for file in sources() {
        let lines = file.text.lines().count();
        assert!(lines <= LONGEST, "src/{} has {lines} lines: cut it where its subjects part", file.shown);
    }
}

#[test]
fn every_way_around_the_layers_is_seen() {
    let of = |module: &[&str], text: &str| {
        let module: Vec<String> = module.iter().map(|part| (*part).to_owned()).collect();
        complaints(&module, text).len()
    };
    for (module, text) in [
        (&["model", "name"][..], "use crate::catalog::Node;"),
        (&["model"], "use crate::{diagnostic::Span, render::{Bundle, Templates}};"),
        (&["model"], "fn f(x: &crate::unit::Unit) {}"),
        (&["model", "name"], "use super::super::catalog::Node;"),
        (&["model", "name"], "use super::{super::catalog, Invalid};"),
        (&["report", "summary"], "use crate::install::tree::Changes;"),
        (&["model"], "mod tests { use super::super::render; }"),
        (&["model"], "use crate::*;"),
        (&["model"], "mod tests { mod deeper { fn f() { super::super::super::report::text() } } }"),
        (&["unit", "text"], "use crate::nowhere::X;"),
        (&["cli"], "use crate::catalog::SchemaOf;"),
        (&["commands"], "use crate::cli::Cli;"),
        (&["main"], "use plimsoll::{cli, render::Bundle};"),
        (&["model"], "pub use crate as whole;"),
    ] {
        assert_eq!(of(module, text), 1, "{module:?}: {text}");
    }
    for (module, text) in [
        (&["catalog", "fields"][..], "use crate::{diagnostic::Span, model, unit::keys};"),
        (&["catalog", "service", "limits"], "use super::super::fields::Fields;"),
        (
            &["catalog", "fields"],
            "use super::node; // use crate::report::text\n/* crate::install /* crate::x */ crate::y */",
        ),
        (
            &["model"],
            "mod tests { use super::*; const A: &str = \"crate::report\"; const B: &str = r#\"\"crate::report\"#; }",
        ),
        (&["model"], "fn f<'a>(c: char) -> bool { c == '\"' || c == '\\'' } pub(crate) fn g() {} pub(super) fn h() {}"),
        (&["main"], "use plimsoll::{cli::{self, Cli}, commands};"),
        (&["report"], "use crate::render::Bundle;"),
    ] {
        assert_eq!(of(module, text), 0, "{module:?}: {text}");
    }
}

/// A file of the source.
struct Source {
    /// Its path beneath `src`.
    shown: String,
    /// The path of its module in the crate: `catalog`, `service`, `limits`.
    module: Vec<String>,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file of the source but `lib.rs`, which only names the modules.
fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root(), &mut found);
    assert!(found.len() > 20, "{} files", found.len());
    found
}

fn walk(dir: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let inside = path.strip_prefix(root()).expect("beneath src").with_extension("");
            let mut module: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            module.retain(|part| part != "mod");
            if module != ["lib"] {
                let text = fs::read_to_string(&path).expect("readable");
                found.push(Source { shown: format!("{}.rs", inside.display()), module, text });
            }
        }
    }
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// What is wrong with what a file imports, each once.
fn complaints(module: &[String], text: &str) -> BTreeSet<String> {
    let own = module[0].as_str();
    let own_layer = layer(own);
    let mut complaints = BTreeSet::new();
    for used in imports(module, text) {
        let Some(layer) = layer(&used) else {
            complaints.insert(format!("uses `crate::{used}`, which is no module of a layer"));
            continue;
        };
        let narrow = EDGE.iter().find(|(name, _)| *name == own).map(|(_, allowed)| *allowed);
        let allowed = match narrow {
            Some(allowed) => allowed.contains(&used.as_str()),
            None => own_layer.is_some_and(|own| layer < own),
        };
        if used != own && !allowed {
            complaints.insert(format!("`{own}` (layer {own_layer:?}) uses `{used}` (layer {layer})"));
        }
    }
    complaints
}

/// The top-level modules that a file names, by whatever path.
fn imports(module: &[String], text: &str) -> BTreeSet<String> {
    let tokens = tokens(text);
    let mut imports = BTreeSet::new();
    // Modules inside the file: the depth of the braces at which each was opened.
    let mut inline: Vec<(usize, &str)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if inline.last().is_some_and(|(opened, _)| *opened == depth) {
                    inline.pop();
                }
            }
            "mod" if tokens.get(at + 2).is_some_and(|token| token == "{") => inline.push((depth, &tokens[at + 1])),
            "crate" if tokens.get(at + 1).is_some_and(|token| token == "as") => {
                imports.insert("*".to_owned());
            }
            "crate" | "super" | "plimsoll" | "self" if tokens.get(at + 1).is_some_and(|token| token == "::") => {
                let mut place: Vec<&str> = module.iter().map(String::as_str).collect();
                place.extend(inline.iter().map(|(_, name)| *name));
                at = follow(&tokens, at, &place, false, &mut imports);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    imports
}

/// Follows the path at `at` from the module `place`, every branch of it, and gives the token behind it. Where it goes
/// through the root of the crate (`at_root`), the next name is a module of a layer.
fn follow(
    tokens: &[String],
    mut at: usize,
    place: &[&str],
    mut at_root: bool,
    imports: &mut BTreeSet<String>,
) -> usize {
    let mut place = place.to_vec();
    let mut resolved = false;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "crate" | "plimsoll" => {
                place.clear();
                at_root = true;
            }
            "super" => {
                place.pop();
                at_root = place.is_empty();
            }
            "self" => {}
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    let from = at;
                    // A branch behind a module that is known brings nothing new.
                    let mut inside = BTreeSet::new();
                    at = follow(tokens, at, &place, at_root && !resolved, &mut inside);
                    if !resolved {
                        imports.extend(inside);
                    }
                    at = if tokens.get(at).is_some_and(|token| token == ",") { at + 1 } else { at.max(from + 1) };
                }
                return at + 1;
            }
            name => {
                if at_root && !resolved {
                    imports.insert(name.to_owned());
                }
                resolved = true;
            }
        }
        match tokens.get(at + 1).map(String::as_str) {
            Some("::") => at += 2,
            // `super::name as other`
            Some("as") => return at + 3,
            _ => return at + 1,
        }
    }
    at
}

/// Names, `::` and single signs, without comments, strings and characters.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let ahead = |at: usize, what: &str| what.chars().enumerate().all(|(n, c)| chars.get(at + n) == Some(&c));
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens: Vec<String> = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if ahead(at, "//") {
            at = (at..chars.len()).find(|n| chars[*n] == '\n').unwrap_or(chars.len());
        } else if ahead(at, "/*") {
            let mut open = 0;
            loop {
                if ahead(at, "/*") {
                    open += 1;
                    at += 2;
                } else if ahead(at, "*/") {
                    open -= 1;
                    at += 2;
                } else {
                    at += 1;
                }
                if open == 0 || at >= chars.len() {
                    break;
                }
            }
        } else if let Some(end) = raw_string(&chars, at) {
            at = end;
        } else if chars[at] == '"' {
            at += 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if chars[at] == '\'' {
            // A character, or the beginning of a lifetime.
            let escaped = chars.get(at + 1) == Some(&'\\');
            let end = if escaped { (at + 3..chars.len()).find(|n| chars[*n] == '\'') } else { Some(at + 2) };
            at = end.filter(|end| chars.get(*end) == Some(&'\'')).map_or(at + 1, |end| end + 1);
        } else if is_name(chars[at]) {
            let end = (at..chars.len()).find(|n| !is_name(chars[*n])).unwrap_or(chars.len());
            tokens.push(chars[at..end].iter().collect());
            at = end;
        } else if ahead(at, "::") {
            tokens.push("::".to_owned());
            at += 2;
        } else {
            if !chars[at].is_whitespace() {
                tokens.push(chars[at].to_string());
            }
            at += 1;
        }
    }
    tokens
}

/// The end of the raw string that begins at `at`, if one does.
fn raw_string(chars: &[char], at: usize) -> Option<usize> {
    let before = at.checked_sub(1).and_then(|n| chars.get(n));
    if chars[at] != 'r' || before.is_some_and(|c| c.is_alphanumeric() || *c == '_') {
        return None;
    }
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    if chars.get(at + 1 + hashes) != Some(&'"') {
        return None;
    }
    let begin = at + 2 + hashes;
    (begin..chars.len())
        .find(|n| chars[*n] == '"' && chars[*n + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes)
        .map(|end| end + 1 + hashes)
}
