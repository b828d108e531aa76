//! Every line of a rendered unit knows where it came from.

use camino::Utf8Path;
use plimsoll::{
    catalog,
    diagnostic::{Diagnostics, Origin, Sources},
    render::{Templates, render},
};

/// A unit of a catalog, each line behind its place.
fn traced(dir: &str, templates: Option<&Utf8Path>, file_name: &str) -> String {
    let dir = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let catalog = catalog::load(&dir, &mut sources, &mut diagnostics).expect("it loads");
    let templates = Templates::load(templates, &mut sources, &mut diagnostics);
    let bundle = render(&catalog, None, &templates, &sources, &mut diagnostics).expect("it renders");
    for file in &bundle.files {
        assert_eq!(file.origins.len(), file.text.lines().count(), "{}", file.path);
    }
    let file = bundle.files.iter().find(|file| file.file_name() == file_name).expect("it is there");
    let place = |origin: Origin| match origin {
        Origin::BuiltIn => "built in".to_owned(),
        Origin::At(span) => {
            let position = sources.position(span);
            format!("{}:{}:{}", sources.file(span.file).name, position.line, position.column)
        }
        Origin::Template(file) => format!("template {}", sources.file(file).name),
    };
    let lines = file.text.lines().zip(file.origins.iter());
    lines.map(|(line, origin)| format!("{:<22}| {line}\n", place(origin)).replace("| \n", "|\n")).collect()
}

#[test]
fn a_service_through_its_defaults() {
    insta::assert_snapshot!(traced("services", None, "objects02.container"));
}

#[test]
fn a_member_of_a_stack() {
    insta::assert_snapshot!(traced("tests/catalogs/kitchen-sink", None, "bar-web.container"));
}

#[test]
fn a_network_a_volume_and_a_slice() {
    for name in ["forge-backend.network", "metrics-data.volume", "services-forge.slice"] {
        insta::assert_snapshot!(name, traced("services", None, name));
    }
}
