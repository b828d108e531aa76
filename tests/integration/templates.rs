//! Templates of an author's own: what docs/templates.md shows is what happens.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll::{
    catalog,
    diagnostic::{Diagnostics, Origin, Sources},
    render::{self, Bundle, RenderedFile, Templates},
};
use tempfile::TempDir;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/services");

fn document() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/templates.md")).expect("there is a document")
}

/// The fenced blocks of a language, in their order.
fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    document().split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

/// The cells of every row of the table under this head, without their backticks and with `\|` as `|`.
fn table(head: &str) -> Vec<Vec<String>> {
    let document = document();
    let rows = document.lines().skip_while(|line| *line != head).skip(2).take_while(|line| line.starts_with('|'));
    let cell = |text: &str| text.trim().trim_matches('`').replace('\u{0}', "|");
    let rows: Vec<Vec<String>> =
        rows.map(|row| row.trim_matches('|').replace("\\|", "\u{0}").split('|').map(cell).collect()).collect();
    assert!(!rows.is_empty(), "{head}");
    rows
}

/// A rendered catalog, and the sources that its origins are about.
struct Rendered {
    bundle: Bundle,
    sources: Sources,
}

fn render(catalog: &str, templates: Option<&Utf8Path>) -> Result<Rendered, Vec<String>> {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let templates = Templates::load(templates, &mut sources, &mut diagnostics);
    let catalog = catalog::load(catalog.into(), &mut sources, &mut diagnostics);
    let bundle = catalog
        .filter(|_| !diagnostics.has_errors())
        .and_then(|catalog| render::render(&catalog, None, &templates, &sources, &mut diagnostics));
    bundle
        .map(|bundle| Rendered { bundle, sources: sources.clone() })
        .ok_or_else(|| diagnostics.sorted(&sources).iter().map(|diagnostic| diagnostic.message.clone()).collect())
}

impl Rendered {
    fn plain() -> Self {
        render(EXAMPLE, None).unwrap_or_else(|errors| panic!("{errors:#?}"))
    }

    fn file(&self, name: &str) -> &RenderedFile {
        self.bundle.files.iter().find(|file| file.file_name() == name).unwrap_or_else(|| panic!("{name}"))
    }

    /// Where a line came from, in words.
    fn origin(&self, file: &RenderedFile, line: usize) -> String {
        match file.origins.of_line(line + 1).expect("a line") {
            Origin::BuiltIn => "built in".to_owned(),
            Origin::Template(template) => format!("template {}", self.sources.file(template).name),
            Origin::At(span) => {
                let at = self.sources.position(span);
                format!("{}:{}:{}", self.sources.file(span.file).name, at.line, at.column)
            }
        }
    }

    /// The lines that say something, each with where it came from.
    fn lines(&self, file: &RenderedFile) -> Vec<(String, String)> {
        assert_eq!(file.origins.len(), file.text.lines().count(), "{}", file.path);
        let lines = file.text.lines().enumerate().filter(|(_, line)| !line.is_empty());
        lines.map(|(at, line)| (line.to_owned(), self.origin(file, at))).collect()
    }
}

/// A directory of templates.
struct Own(TempDir);

impl Own {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            fs::write(dir.path().join(name), text).expect("a file");
        }
        Self(dir)
    }

    fn path(&self) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.0.path().to_owned()).expect("UTF-8")
    }

    fn render(&self) -> Result<Rendered, Vec<String>> {
        render(EXAMPLE, Some(&self.path()))
    }
}

/// What the example of the document adds to each container, and nothing else.
fn adds_the_tag(own: &Own) {
    let plain = Rendered::plain();
    let with = own.render().unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert!(
        with.file("forge-web.container").text.contains(&blocks("ini")[0]),
        "{}",
        with.file("forge-web.container").text
    );

    let paths = |rendered: &Rendered| rendered.bundle.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>();
    assert_eq!(paths(&plain), paths(&with));
    for (before, after) in plain.bundle.files.iter().zip(&with.bundle.files) {
        let Some(stem) = before.path.ends_with(".container").then(|| before.file_name().trim_end_matches(".container"))
        else {
            assert_eq!(before.text, after.text);
            continue;
        };
        let tag = stem.replacen("forge-", "forge/", 1).replacen("feeds-", "feeds/", 1);
        let tag = if tag.contains('/') { tag } else { format!("single/{tag}") };
        let added = ["# The log collector sorts by this.".to_owned(), format!("LogOpt=tag={tag}")];
        let mut lines = with.lines(after);
        for wanted in added {
            let at = lines
                .iter()
                .position(|(line, _)| *line == wanted)
                .unwrap_or_else(|| panic!("{wanted}: {}", after.text));
            assert_eq!(lines.remove(at).1, "template container.j2");
        }
        // Comments and headings are the laying template's, whoever that is.
        let of_catalog = |lines: Vec<(String, String)>| {
            let all: Vec<String> = lines.iter().map(|(line, _)| line.clone()).collect();
            let keys = lines.into_iter().filter(|(line, _)| !line.starts_with(['#', '['])).collect::<Vec<_>>();
            (all, keys)
        };
        assert_eq!(of_catalog(plain.lines(before)), of_catalog(lines));
    }
}

#[test]
fn the_example_adds_its_line_and_changes_nothing_else() {
    adds_the_tag(&Own::new(&[("container.j2", &blocks("jinja")[0])]));
}

#[test]
fn a_part_is_included() {
    let blocks = blocks("jinja");
    adds_the_tag(&Own::new(&[("container.j2", &blocks[1]), ("_tag.j2", &blocks[2])]));
    let errors = Own::new(&[("container.j2", &blocks[1])]).render().map(|_| ()).unwrap_err();
    assert!(errors[0].contains("non-existing template"), "{errors:?}");
}

#[test]
fn a_part_may_hold_macros() {
    let part = "{% macro label(name, value) %}Label={{ (name ~ \"=\" ~ value)|word }}{% endmacro %}";
    let container = r#"{% extends "builtin/container.j2" %}
{% block process %}
{% import "_labels.j2" as labels %}
{{ super() }}
{{ labels.label("full", "5% $x") }}
{% set one %}X{{ "5%" }}{% endset %}
# {{ one }} {{ "5%" }}
{% endblock %}"#;
    let own = Own::new(&[("_labels.j2", part), ("container.j2", container)]);
    let rendered = own.render().unwrap_or_else(|errors| panic!("{errors:#?}"));
    // What was captured went through the wall once, and is not doubled again.
    let text = &rendered.file("alerts.container").text;
    assert!(text.contains("Label=\"full=5%% $$x\"\n# X5%% 5%%\n"), "{text}");
}

#[test]
fn a_block_is_looped_over() {
    let template = format!("{{% extends \"builtin/container.j2\" %}}\n{}", blocks("jinja")[3]);
    let rendered = Own::new(&[("container.j2", &template)]).render().unwrap_or_else(|errors| panic!("{errors:#?}"));
    let (plain, file) = (Rendered::plain(), rendered.file("objects02.container"));
    let secret = |(line, _): &(String, String)| line.starts_with("Secret=");
    let mut wanted = plain.lines(plain.file("objects02.container"));
    assert!(wanted.iter().any(secret));
    wanted.retain(|line| !secret(line));
    let text = |lines: &[(String, String)]| lines.iter().map(|(line, _)| line.clone()).collect::<Vec<_>>();
    assert_eq!(text(&rendered.lines(file)), text(&wanted));
    let volume = |lines: Vec<(String, String)>| {
        lines.into_iter().find(|(line, _)| line.starts_with("Volume=")).expect("it has one")
    };
    assert_eq!(volume(rendered.lines(file)), volume(plain.lines(plain.file("objects02.container"))));
}

#[test]
fn every_value_of_the_document_is_there() {
    let rows = table("| value | what it is | in |");
    let lines: String = rows.iter().map(|row| format!("# {} is {{{{ {} is defined }}}}\n", row[0], row[0])).collect();
    let template = format!(
        "{{% extends \"builtin/container.j2\" %}}\n{{% block unit %}}\n{{{{ super() }}}}\n{lines}{{% endblock %}}"
    );
    let rendered = Own::new(&[("container.j2", &template)]).render().unwrap_or_else(|errors| panic!("{errors:#?}"));
    let text = &rendered.file("forge-db.container").text;
    for row in &rows {
        assert!(text.contains(&format!("# {} is True\n", row[0])), "{}: {text}", row[0]);
    }
    let facts = "{% extends \"builtin/container.j2\" %}{% block unit %}\n{{ super() }}\n# {{ catalog.name }} {{ catalog.podman }} {{ service.name }} {{ service.stem }} {{ service.stack }} {{ service.unit }} {{ service.container_name }} {{ service.memory }} {{ service.cpus }} {{ service.pids }}\n{% endblock %}";
    let facts = facts.replace("service.stack", "service.stack or \"-\"");
    let rendered = Own::new(&[("container.j2", &facts)]).render().unwrap_or_else(|errors| panic!("{errors:#?}"));
    let text = &rendered.file("forge-db.container").text;
    assert!(text.contains("# homelab 5.4 forge-db db forge forge-db.service forge-db 805306368 1.5 256\n"), "{text}");
}

#[test]
fn the_blocks_of_the_document_are_those_of_the_templates() {
    for row in table("| template | blocks |") {
        let path = format!("{}/templates/{}", env!("CARGO_MANIFEST_DIR"), row[0]);
        let text = fs::read_to_string(&path).expect(&path);
        let blocks: Vec<&str> =
            text.split("{% block ").skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
        assert_eq!(row[1].replace('`', ""), blocks.join(", "), "{}", row[0]);
    }
    let count = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/templates")).expect("a directory").count();
    assert_eq!(table("| template | blocks |").len(), count);
}

#[test]
fn the_wall_refuses_what_the_document_says() {
    let mut wrong = Vec::new();
    for row in table("| in a template | what Plimsoll says |") {
        let (line, message) = (&row[0], row[1].replace('`', ""));
        let template = format!("[Container]\nImage=localhost/x\n{line}\n");
        let result = Own::new(&[("container.j2", &template)]).render().map(|_| ());
        let errors = result.expect_err(line);
        if !errors.iter().any(|error| error.replace('`', "").contains(&message)) {
            wrong.push(format!("{line}: {errors:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_filters_say_what_else_is_meant() {
    let template = "[Container]\nImage=localhost/x\nExec={{ \"a b\"|word }} {{ \"$x 5%\"|word }}\nLabel={{ \"%H\"|specifier }} {{ \"%H\" }}\n";
    let rendered = Own::new(&[("container.j2", template)]).render().unwrap_or_else(|errors| panic!("{errors:#?}"));
    let text = &rendered.file("alerts.container").text;
    assert!(text.contains("\nExec=\"a b\" \"$$x 5%%\"\nLabel=%H %%H\n"), "{text}");
}

#[test]
fn a_template_that_nothing_uses_is_refused() {
    let errors = Own::new(&[("contaner.j2", "")]).render().map(|_| ()).unwrap_err();
    assert_eq!(errors, ["nothing uses the template contaner.j2"]);
    assert!(Own::new(&[("notes.txt", ""), ("_unused.j2", "")]).render().is_ok());
}

#[test]
fn a_copy_of_the_built_in_template_is_no_template_of_ones_own() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/container.j2")).expect("it is there");
    let copied = Own::new(&[("container.j2", &text)]).render().unwrap_or_else(|errors| panic!("{errors:#?}"));
    let plain = Rendered::plain();
    for (before, after) in plain.bundle.files.iter().zip(&copied.bundle.files) {
        assert_eq!(plain.lines(before), copied.lines(after));
    }
}
