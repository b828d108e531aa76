//! docs/catalog.md: its tables come from the schema and the key table, its examples are rendered.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use camino::Utf8Path;
use plimsoll::{
    catalog::{self, SchemaOf, json_schema},
    diagnostic::{Diagnostics, Sources},
    render::{self, Templates},
    unit::keys::{self, Fallback, Key},
};
use serde_json::{Map, Value};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/catalog.md");

fn document() -> String {
    fs::read_to_string(PATH).expect("there is a document")
}

#[test]
fn the_tables_are_current() {
    let old = document();
    let mut new = String::new();
    let mut lines = old.lines();
    while let Some(line) = lines.next() {
        new += &format!("{line}\n");
        let marker = line
            .strip_prefix("<!-- ")
            .and_then(|line| line.strip_suffix(" -->"))
            .and_then(|text| text.split_once(": "));
        let Some((kind, name)) = marker else { continue };
        new += &match kind {
            "keys" => typed(name),
            "plain" => plain(name),
            _ => panic!("an unknown marker: {line}"),
        };
        let end = format!("<!-- /{kind} -->");
        lines.find(|line| *line == end).expect("the block has an end");
        new += &format!("{end}\n");
    }
    if std::env::var_os("PLIMSOLL_UPDATE_DOCS").is_some() {
        fs::write(PATH, &new).expect("written");
    }
    assert!(document() == new, "docs/catalog.md is not current: PLIMSOLL_UPDATE_DOCS=1 cargo test");
}

#[test]
fn every_table_of_the_schema_is_shown() {
    let document = document();
    for name in definitions().keys() {
        assert!(document.contains(&format!("<!-- keys: {name} -->")), "{name}");
    }
}

/// The tables of all three kinds of files.
fn definitions() -> Map<String, Value> {
    let schema: Value = serde_json::from_str(&json_schema(SchemaOf::Any)).expect("JSON");
    schema["definitions"].as_object().expect("a table").clone()
}

/// The sections whose plain keys stand in a table.
fn sections(definition: &str) -> &'static [&'static str] {
    match definition {
        "service" => &["Container", "Install", "Quadlet"],
        "network" => &["Network"],
        "named-volume" => &["Volume"],
        _ => &[],
    }
}

/// The Quadlet key that a property is no more than.
fn plain_key(definition: &str, name: &str, value: &Value) -> Option<&'static Key> {
    let doc = value["description"].as_str().expect("every key is described");
    sections(definition)
        .iter()
        .flat_map(|section| keys::keys(section))
        .find(|key| key.snake() == name && doc.starts_with(key.doc))
}

/// A table of the keys that have more meaning than their text.
fn typed(definition: &str) -> String {
    let definitions = definitions();
    let properties = definitions[definition]["properties"].as_object().expect("a table has properties");
    let mut text = "\n| key | value | meaning |\n|---|---|---|\n".to_owned();
    for (name, value) in properties {
        if plain_key(definition, name, value).is_none() {
            let doc = value["description"].as_str().expect("every key is described");
            let _ = writeln!(text, "| `{name}` | {} | {} |", words(value), cell(doc));
        }
    }
    text + "\n"
}

/// A table of the plain keys of a section and, for a service, of those that every unit may have.
fn plain(section: &str) -> String {
    let definition = ["service", "network", "named-volume"].into_iter().find(|name| sections(name).contains(&section));
    let definition = definition.expect("a section with plain keys");
    let definitions = definitions();
    let properties = definitions[definition]["properties"].as_object().expect("a table has properties");
    let mut text =
        "\n| key | Quadlet | value | what it does | since | before |\n|---|---|---|---|---|---|\n".to_owned();
    for (name, value) in properties {
        let Some(key) = plain_key(definition, name, value) else { continue };
        let (major, minor) = key.since;
        let before = match key.fallback {
            Fallback::Flag { flag, .. } => format!("`{}`", flag.trim_end_matches('=')),
            Fallback::None => String::new(),
        };
        let deprecated = if key.deprecated { " Deprecated." } else { "" };
        let _ = writeln!(
            text,
            "| `{name}` | `{}=` | {} | {}{deprecated} | {major}.{minor} | {before} |",
            key.name,
            words(value),
            cell(key.doc)
        );
    }
    text + "\n"
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// What a value may be, in a few words.
fn words(value: &Value) -> String {
    if let Some(any) = value["anyOf"].as_array() {
        let text = |value: &Value| value["type"] == Value::from(vec!["string", "integer"]);
        let has = |kind: &str| any.iter().any(|value| value["type"] == kind);
        let named = any.iter().find(|value| value["title"].is_string());
        return match named {
            Some(noun) if any.iter().any(|value| value["items"]["anyOf"].is_array()) => {
                format!("a list of tables, or of {}", plural(noun))
            }
            Some(noun) if has("array") => format!("{}, or a list", title(noun)),
            Some(noun) => title(noun),
            None if has("boolean") => {
                let choice = any.iter().find(|value| value["enum"].is_array()).map_or_else(String::new, words);
                format!("`true`, `false` or {choice}")
            }
            None if any.iter().any(text) && has("array") => "a text, or a list of them".to_owned(),
            None if any.iter().any(text) => "a text".to_owned(),
            None if any.iter().any(|value| value["additionalProperties"].is_object()) => {
                "a table of texts, or a list of `\"KEY=VALUE\"`".to_owned()
            }
            None => "a list of words, or verbatim text".to_owned(),
        };
    }
    if let Some(choice) = value["enum"].as_array() {
        let choice: Vec<String> = choice.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        return choice.join(", ");
    }
    if value["allOf"].is_array() {
        return "a table".to_owned();
    }
    match value["type"].as_str().unwrap_or_default() {
        "string" if value["format"] == "date" => "a date".to_owned(),
        "string" => title(value),
        "boolean" => "`true`, `false`".to_owned(),
        "integer" => "a whole number".to_owned(),
        "array" => "a list of tables".to_owned(),
        "object" if value["properties"].is_object() => "tables of unit keys".to_owned(),
        "object" => "tables by name".to_owned(),
        other => panic!("{other}: {value}"),
    }
}

fn title(noun: &Value) -> String {
    noun["title"].as_str().expect("a noun has a title").to_owned()
}

/// "a published port" for many of them, by its first example.
fn plural(noun: &Value) -> String {
    format!("strings such as `{}`", noun["examples"][0].as_str().expect("a noun has an example"))
}

/// The fenced blocks of a language whose first line is a comment that names a file: the name and the rest.
fn examples(language: &str) -> Vec<(String, String)> {
    let document = document();
    let fence = format!("```{language}\n# ");
    let blocks = document.split(&fence).skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter_map(|block| block.split_once('\n')).map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// The rendered files by their names, or the errors.
fn rendered(root: &Path) -> Result<BTreeMap<String, String>, Vec<String>> {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let templates = Templates::load(None, &mut sources, &mut diagnostics);
    let dir = Utf8Path::from_path(root).expect("UTF-8").join("services");
    let bundle = catalog::load(&dir, &mut sources, &mut diagnostics)
        .and_then(|catalog| render::render(&catalog, None, &templates, &sources, &mut diagnostics));
    let named = |bundle: render::Bundle| {
        bundle.files.iter().map(|file| (file.file_name().to_owned(), file.text.to_string())).collect()
    };
    bundle.map(named).ok_or_else(|| diagnostics.sorted(&sources).iter().map(|found| found.message.clone()).collect())
}

/// A directory with the document's examples in it.
fn example_catalog() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    for (name, text) in examples("toml") {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    dir
}

#[test]
fn the_examples_are_rendered_as_shown() {
    let dir = example_catalog();
    let files = rendered(dir.path()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let shown = examples("ini");
    assert!(shown.len() >= 5, "{shown:?}");
    for (name, text) in shown {
        let file = files.get(&name).unwrap_or_else(|| panic!("{name}: {:?}", files.keys()));
        for line in text.lines() {
            assert!(file.lines().any(|found| found == line), "{line} in {name}:\n{file}");
        }
    }
}

#[test]
fn the_load_line_is_as_shown() {
    let dir = example_catalog();
    let files = rendered(dir.path()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let document = document();
    for (head, file) in [
        ("| the slice |", "services-objects.slice"),
        ("| `[Service]` |", "objects.container"),
        ("| podman |", "objects.container"),
    ] {
        let row = document.lines().find(|line| line.starts_with(head)).expect(head).trim_start_matches(head);
        for word in row.split('`').skip(1).step_by(2) {
            let is_it = |line: &str| line == word || line.strip_prefix("PodmanArgs=") == Some(word);
            assert!(files[file].lines().any(is_it), "{word} in {file}:\n{}", files[file]);
        }
    }
}

#[test]
fn the_built_in_defaults_are_as_shown() {
    let document = document();
    let shown = document.split("### The built-in defaults").nth(1).and_then(|rest| rest.split("```toml\n").nth(1));
    let shown: toml::Table = shown.and_then(|rest| rest.split("```").next()).expect("a block").parse().expect("TOML");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalog/defaults/rootful.toml");
    let real: toml::Table = fs::read_to_string(path).expect("readable").parse().expect("TOML");
    assert_eq!(shown, real);
}

#[test]
fn what_is_refused_is_refused_as_shown() {
    let document = document();
    let head = "| in a service | what Plimsoll says |";
    let rows = document.lines().skip_while(|line| *line != head).skip(2).take_while(|line| line.starts_with('|'));
    let (mut count, mut wrong) = (0, Vec::new());
    for row in rows {
        let mut cells = row.trim_matches('|').split(" | ").map(str::trim);
        let (key, message) = (cells.next().expect("a key"), cells.next().expect("a message"));
        let dir = example_catalog();
        let text = format!("image = \"localhost/app:1\"\n{}\n", key.trim_matches('`'));
        fs::write(dir.path().join("services/refused.toml"), text).expect("a file");
        let errors = rendered(dir.path()).map(|_| ()).expect_err(key);
        // In Markdown a space at the end of code is written as it is.
        if !errors.iter().any(|error| error.contains(message)) {
            wrong.push(format!("{key}: {errors:?}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 30, "{count} rows");
}

#[test]
fn the_rules_are_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let old = fs::read_to_string(&path).expect("there is a document");
    let (before, rest) = old.split_once("<!-- rules -->\n").expect("the rules begin");
    let (_, after) = rest.split_once("<!-- /rules -->").expect("the rules end");
    let rules = plimsoll::report::explain::markdown();
    let new = format!("{before}<!-- rules -->\n\n{rules}<!-- /rules -->{after}");
    if std::env::var_os("PLIMSOLL_UPDATE_DOCS").is_some() {
        fs::write(&path, &new).expect("written");
    }
    let current = fs::read_to_string(&path).expect("there is a document");
    assert!(current == new, "docs/rules.md is not current: PLIMSOLL_UPDATE_DOCS=1 cargo test");
}

#[test]
fn the_checks_of_the_host_are_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/host-checks.md");
    let old = fs::read_to_string(&path).expect("there is a document");
    let (before, rest) = old.split_once("<!-- checks -->\n").expect("the checks begin");
    let (_, after) = rest.split_once("<!-- /checks -->").expect("the checks end");
    let checks = plimsoll::report::host_explain::markdown(&plimsoll::commands::explain::host_checks());
    let new = format!("{before}<!-- checks -->\n\n{checks}<!-- /checks -->{after}");
    if std::env::var_os("PLIMSOLL_UPDATE_DOCS").is_some() {
        fs::write(&path, &new).expect("written");
    }
    let current = fs::read_to_string(&path).expect("there is a document");
    assert!(current == new, "docs/host-checks.md is not current: PLIMSOLL_UPDATE_DOCS=1 cargo test");
}
