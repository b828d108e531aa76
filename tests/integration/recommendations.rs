//! docs/recommendations.md: every row of the two documents behind the project, how it is served and what tests it.
//!
//! Rules, checks, files and facets say themselves which rows they serve; `tests/data/recommendations.toml` has the rest.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use camino::Utf8Path;
use plimsoll::{
    catalog::{self, SchemaOf, json_schema},
    commands::explain,
    diagnostic::{Diagnostics, Sources},
    policy::{rules, score},
    render::{self, Templates},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{host_files, run::Project};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    document: Vec<Document>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    letter: char,
    title: String,
    section: Vec<Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    title: String,
    row: Vec<Row>,
}

/// A row of a document; the file says of each field what it is.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Row {
    id: String,
    asks: String,
    standing: Option<String>,
    today: Option<String>,
    how: Option<String>,
    renders: Vec<String>,
    keys: Vec<String>,
    files: Vec<String>,
    commands: Vec<String>,
    docs: Vec<String>,
    unserved: Option<String>,
    tests: Vec<String>,
}

/// How many rows each document has.
const ROWS: &[(char, usize)] = &[('A', 65), ('B', 49)];

/// What may be said of a row that does not simply hold.
const STANDINGS: &[&str] = &["in part", "obsolete", "wrong", "disputed"];

/// What stands in the last column for the test that takes all of a kind.
const OF_ALL: &[(&str, &str, &str)] = &[
    ("default", "each such line is found in a rendered catalog", "recommendations: what_is_named_exists"),
    (
        "rules",
        "each fires on its bad example and not on its good one",
        "rules: every_rule_fires_on_its_bad_example_and_not_on_its_good_one",
    ),
    (
        "checks",
        "each has a host where it passes, hosts where it does not, and one where it cannot be told",
        "host_check: every_check_ends_in_every_way_it_can",
    ),
    (
        "files",
        "each says why it is there, and stands whole in a snapshot",
        "host_files: every_file_says_why_it_is_there",
    ),
    ("score", "each facet counts", "score: the_ends_of_the_scale_are_reached_and_every_facet_counts"),
    ("text", "there is nothing but words and names to test: these exist", "recommendations: what_is_named_exists"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| {
        let told = toml::from_str(&text("tests/data/recommendations.toml"));
        told.unwrap_or_else(|error| panic!("tests/data/recommendations.toml: {error}"))
    })
}

fn all_rows() -> impl Iterator<Item = &'static Row> {
    data().document.iter().flat_map(|document| &document.section).flat_map(|section| &section.row)
}

/// Whether a source is a row of one of the documents, there or not.
fn is_row(source: &str) -> bool {
    source.strip_prefix(['A', 'B']).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

/// What serves the rows by its own words: per row the rules, checks, files and facets, as the page shows them.
#[derive(Default)]
struct Serving {
    rules: BTreeMap<String, Vec<String>>,
    checks: BTreeMap<String, Vec<String>>,
    files: BTreeMap<String, Vec<String>>,
    facets: BTreeMap<String, Vec<String>>,
}

impl Serving {
    /// Every row that somebody names, and who does.
    fn named(&self) -> impl Iterator<Item = (&String, &Vec<String>)> {
        [&self.rules, &self.checks, &self.files, &self.facets].into_iter().flatten()
    }
}

fn note(map: &mut BTreeMap<String, Vec<String>>, sources: &[&str], shown: &str) {
    for source in sources.iter().filter(|source| is_row(source)) {
        map.entry((*source).to_owned()).or_default().push(shown.to_owned());
    }
}

fn serving() -> &'static Serving {
    static SERVING: OnceLock<Serving> = OnceLock::new();
    SERVING.get_or_init(|| {
        let mut serving = Serving::default();
        let link = |id: &str, page: &str, name: &str| format!("[{id}]({page}#{}-{name})", id.to_lowercase());
        let mut every: Vec<_> = rules::all().collect();
        every.sort_by_key(|rule| rule.id);
        for rule in every {
            note(&mut serving.rules, rule.sources, &link(rule.id, "rules.md", rule.name));
        }
        let mut every: Vec<_> = explain::host_checks().into_iter().flat_map(|(_, checks)| checks).collect();
        every.sort_by_key(|check| check.id);
        for check in every {
            note(&mut serving.checks, check.sources, &link(check.id, "host-checks.md", check.name));
        }
        for (path, sources) in host_files() {
            let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
            note(&mut serving.files, &sources, &format!("`{path}`"));
        }
        for facet in score::FACETS {
            note(&mut serving.facets, facet.sources, &format!("`{}`", facet.id));
        }
        serving
    })
}

/// The files of a host with everything switched on, as docs/host.md names them, and the rows that each names itself.
fn host_files() -> &'static BTreeMap<String, Vec<String>> {
    static FILES: OnceLock<BTreeMap<String, Vec<String>>> = OnceLock::new();
    FILES.get_or_init(|| {
        let service = "image = \"quay.io/a/b:1\"\nauto_update = \"registry\"\n[limits]\nmemory = \"64M\"\ncpus = 1\n";
        let project = Project::new().file("services/catalog.toml", host_files::ALL).file("services/web.toml", service);
        let ran = project.plimsoll(["host", "render"]).ran();
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        let tree = project.read("out");
        let read = |path: &PathBuf| fs::read_to_string(project.path().join("out").join(path)).expect("a file");
        tree.keys().map(|path| (place(path), rows_in(served_line(&read(path))))).collect()
    })
}

/// The place of a file of the host, without what its catalog is called.
fn place(path: &Path) -> String {
    let path = path.to_str().expect("UTF-8").replace("plimsoll-home", "plimsoll-NAME");
    format!("/{}", path.strip_suffix(".plimsoll").unwrap_or(&path))
}

fn served_line(text: &str) -> &str {
    text.lines().find(|line| line.starts_with("# Serves ")).unwrap_or_default()
}

fn rows_in(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| is_row(word)).map(str::to_owned).collect()
}

/// How a row is served, in a cell.
fn how(row: &Row) -> String {
    let mut sentences: Vec<String> = row.how.iter().cloned().collect();
    sentences.extend(serve(row));
    sentences.extend(row.unserved.iter().map(|why| format!("Not served: {why}")));
    sentences.join(" ")
}

/// Everything that serves a row, as sentences; none where nothing does.
fn serve(row: &Row) -> Vec<String> {
    let serving = serving();
    let of = |map: &BTreeMap<String, Vec<String>>| map.get(&row.id).cloned().unwrap_or_default();
    let code = |words: &[String]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>();
    let mut files = of(&serving.files);
    files.extend(code(&row.files));
    let commands: Vec<_> = row.commands.iter().map(|line| format!("`plimsoll {line}`")).collect();
    let page = |link: &String| format!("[{}]({link})", link.split('#').next().expect("a page"));
    let docs: Vec<_> = row.docs.iter().map(page).collect();
    let mut sentences = Vec::new();
    for (what, whats, named) in [
        ("Default", "Default", code(&row.renders)),
        ("Key", "Keys", code(&row.keys)),
        ("Rule", "Rules", of(&serving.rules)),
        ("Check", "Checks", of(&serving.checks)),
        ("File", "Files", files),
        ("Score", "Score", of(&serving.facets)),
        ("Command", "Commands", commands),
        ("See", "See", docs),
    ] {
        match named.len() {
            0 => {}
            1 => sentences.push(format!("{what}: {}.", named[0])),
            _ => sentences.push(format!("{whats}: {}.", named.join(", "))),
        }
    }
    sentences
}

/// The kinds of things that serve a row and have a test that takes them all.
fn kinds(row: &Row) -> Vec<&'static str> {
    let serving = serving();
    let has = |kind: &str| match kind {
        "default" => !row.renders.is_empty(),
        "rules" => serving.rules.contains_key(&row.id),
        "checks" => serving.checks.contains_key(&row.id),
        "files" => serving.files.contains_key(&row.id) || !row.files.is_empty(),
        "score" => serving.facets.contains_key(&row.id),
        _ => false,
    };
    let mut kinds: Vec<_> = OF_ALL.iter().map(|(kind, ..)| *kind).filter(|kind| has(kind)).collect();
    if kinds.is_empty() && row.tests.is_empty() {
        kinds.push("text");
    }
    kinds
}

/// What tests a row.
fn tested(row: &Row) -> String {
    let kinds = kinds(row).into_iter().map(|kind| format!("*{kind}*"));
    kinds.chain(row.tests.iter().map(|test| shown(test))).collect::<Vec<_>>().join(", ")
}

/// A test as the page shows it.
fn shown(test: &str) -> String {
    let found = find(test).unwrap_or_default();
    let (file, name) = test.split_once(": ").unwrap_or((test, ""));
    let name = if found.extension().is_some() { format!("`{name}`") } else { name.to_owned() };
    format!("[`{file}`](../{}) {name}", found.display())
}

/// Where a test is, beneath the root, if there is one of that name.
fn find(test: &str) -> Option<PathBuf> {
    let (file, name) = test.split_once(": ")?;
    let holds = |path: &Path, is_it: &dyn Fn(&str) -> bool| {
        fs::read_to_string(root().join(path)).is_ok_and(|text| is_it(&text)).then(|| path.to_owned())
    };
    if file.starts_with(|c: char| c.is_ascii_digit()) {
        let boots = fs::read_dir(root().join("tests/host/guest")).expect("scenarios").flatten();
        let mut paths = boots.map(|boot| Path::new("tests/host/guest").join(boot.file_name()).join(file));
        let check = format!("check '{name}' ");
        return paths.find_map(|path| holds(&path, &|text| text.lines().any(|line| line.starts_with(&check))));
    }
    let is_test = |text: &str| {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let at = lines.iter().position(|line| line.starts_with(&format!("fn {name}(")));
        let attributes = |at: usize| lines[..at].iter().rev().take_while(|line| line.starts_with(['#', '/']));
        at.is_some_and(|at| attributes(at).any(|line| *line == "#[test]"))
    };
    let mut paths = ["tests/integration", "src"].map(|dir| Path::new(dir).join(format!("{file}.rs"))).into_iter();
    paths.find_map(|path| holds(&path, &is_test))
}

/// What is asked for, and what is true of it today.
fn asked(row: &Row) -> String {
    let standing = row.standing.as_deref().map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..]));
    match (standing, &row.today) {
        (Some(word), Some(today)) => format!("{}.<br>**{word}:** {today}", row.asks),
        (_, Some(today)) => format!("{}.<br>**Today:** {today}", row.asks),
        _ => format!("{}.", row.asks),
    }
}

/// What stands between the markers of the page.
fn page() -> String {
    let mut text = "\n".to_owned();
    for (kind, what, test) in OF_ALL {
        let _ = writeln!(text, "- *{kind}*: {what} ({})", shown(test));
    }
    text += "\nNames that begin with a number are scenarios on a booted host (`tests/host/run`, no part of `cargo test`).\n\n";
    let count = |standing| all_rows().filter(|row| row.standing.as_deref() == standing).count();
    let _ = writeln!(
        text,
        "Of {} rows {} hold, {} hold in part, {} are obsolete, {} are wrong, {} are disputed. {} are not served.",
        all_rows().count(),
        count(None),
        count(Some("in part")),
        count(Some("obsolete")),
        count(Some("wrong")),
        count(Some("disputed")),
        all_rows().filter(|row| row.unserved.is_some()).count()
    );
    for document in &data().document {
        let _ = writeln!(text, "\n## {}: {}", document.letter, document.title);
        for section in &document.section {
            let _ = writeln!(text, "\n### {}: {}\n", document.letter, section.title);
            text += "| row | what is asked for | how it is served | what tests it |\n|---|---|---|---|\n";
            for row in &section.row {
                let cells = [asked(row), how(row), tested(row)].map(|cell| cell.replace('|', "\\|"));
                let _ = writeln!(text, "| {} | {} |", row.id, cells.join(" | "));
            }
        }
    }
    text + "\n"
}

#[test]
fn the_page_is_current() {
    let path = root().join("docs/recommendations.md");
    let old = text(&path);
    let (before, rest) = old.split_once("<!-- recommendations -->\n").expect("the rows begin");
    let (_, after) = rest.split_once("<!-- /recommendations -->").expect("the rows end");
    let new = format!("{before}<!-- recommendations -->\n{}<!-- /recommendations -->{after}", page());
    if std::env::var_os("PLIMSOLL_UPDATE_DOCS").is_some() {
        fs::write(&path, &new).expect("written");
    }
    assert!(text(&path) == new, "docs/recommendations.md is not current: PLIMSOLL_UPDATE_DOCS=1 cargo test");
}

#[test]
fn every_row_is_there_once_and_says_something() {
    let wanted = ROWS.iter().flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}{number:02}")));
    let ids: Vec<&str> = all_rows().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, wanted.collect::<Vec<_>>());
    assert_eq!(ids.len(), 114);
    let mut problems = Vec::new();
    let mut no = |row: &Row, what: &str| problems.push(format!("{}: {what}", row.id));
    for row in all_rows() {
        if row.asks.len() < 8 || row.asks.ends_with('.') {
            no(row, "`asks` is a phrase");
        }
        if row.standing.as_ref().is_some_and(|word| !STANDINGS.contains(&word.as_str())) {
            no(row, "there is no such `standing`");
        }
        if row.standing.is_some() && row.today.is_none() {
            no(row, "what is true today?");
        }
        for (name, sentence) in [("today", &row.today), ("how", &row.how), ("unserved", &row.unserved)] {
            if sentence.as_ref().is_some_and(|told| told.len() < 20 || !told.ends_with('.')) {
                no(row, &format!("`{name}` is a sentence"));
            }
        }
        match (!serve(row).is_empty(), row.unserved.is_some()) {
            (false, false) => no(row, "nothing serves it, and nothing says why"),
            (true, true) => no(row, "it is `unserved`, and something serves it"),
            _ => {}
        }
        if tested(row).is_empty() {
            no(row, "nothing tests it");
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn whoever_names_a_row_names_one_that_is_there() {
    let known: BTreeSet<&str> = all_rows().map(|row| row.id.as_str()).collect();
    for (id, who) in serving().named() {
        assert!(known.contains(id.as_str()), "{} come from {id}, which is no row", who.join(", "));
    }
}

#[test]
fn what_is_named_exists() {
    let lines = rendered_lines();
    let schema: Value = serde_json::from_str(&json_schema(SchemaOf::Any)).expect("JSON");
    let tables = schema["definitions"].as_object().expect("a table").values();
    let keys: BTreeSet<&String> =
        tables.filter_map(|table| table["properties"].as_object()).flat_map(|t| t.keys()).collect();
    let mut problems = Vec::new();
    for row in all_rows() {
        let mut no = |what: &str, name: &str| problems.push(format!("{}: there is no {what} {name}", row.id));
        row.renders.iter().filter(|part| !lines.iter().any(|line| line.contains(*part))).for_each(|l| no("line", l));
        row.keys.iter().filter(|key| !keys.contains(key)).for_each(|key| no("key", key));
        row.files.iter().filter(|path| !host_files().contains_key(*path)).for_each(|path| no("file", path));
        row.commands.iter().filter(|line| !is_command(line)).for_each(|line| no("command", line));
        row.docs.iter().filter(|link| !leads_somewhere(link)).for_each(|link| no("heading", link));
        row.tests.iter().filter(|test| find(test).is_none()).for_each(|test| no("test", test));
    }
    for (kind, _, test) in OF_ALL.iter().filter(|(.., test)| find(test).is_none()) {
        problems.push(format!("{kind}: there is no test {test}"));
    }
    for link in page().split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        if !leads_somewhere(link) {
            problems.push(format!("{link} leads nowhere"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The lines of the rendered example and the standing catalogs, without comments.
fn rendered_lines() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for dir in ["services", "tests/catalogs/kitchen-sink", "tests/catalogs/rootless"] {
        let dir = root().join(dir);
        let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
        let templates = Templates::load(None, &mut sources, &mut diagnostics);
        let bundle = catalog::load(Utf8Path::from_path(&dir).expect("UTF-8"), &mut sources, &mut diagnostics)
            .and_then(|catalog| render::render(&catalog, None, &templates, &sources, &mut diagnostics));
        for file in bundle.expect("the standing catalogs are rendered").files {
            lines.extend(file.text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned));
        }
    }
    lines
}

/// Whether there is such a command, with the options and values that follow.
fn is_command(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    let at = words.iter().position(|word| word.starts_with('-')).unwrap_or(words.len());
    let ran = Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(&words[..at]).arg("--help").output().expect("it runs");
    let help = String::from_utf8(ran.stdout).expect("UTF-8");
    let has = |word: &&str| help.split(|c: char| !(c.is_alphanumeric() || c == '-')).any(|found| found == *word);
    ran.status.success() && words[at..].iter().all(has)
}

/// Whether a link beneath docs/ leads to a file, and to a heading of it.
fn leads_somewhere(link: &str) -> bool {
    let (page, heading) = link.split_once('#').unwrap_or((link, ""));
    let Ok(text) = fs::read_to_string(root().join("docs").join(page)) else { return false };
    heading.is_empty() || text.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line) == heading)
}

/// What a heading is called in links.
fn anchor(line: &str) -> String {
    let kept = line.trim_start_matches('#').trim().to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn the_files_serve_what_their_page_says() {
    let page = text("docs/host.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let told: BTreeSet<String> = rows.filter_map(|line| line.rsplit('|').nth(1)).flat_map(rows_in).collect();
    let mut served: BTreeSet<String> = host_files().values().flatten().cloned().collect();
    served.extend(all_rows().filter(|row| !row.files.is_empty()).map(|row| row.id.clone()));
    assert_eq!(told, served);
}
