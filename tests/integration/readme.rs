//! What the README shows is what happens.

use std::{fs, path::Path, process::Command};

fn readme() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("there is a README")
}

/// The fenced blocks of a language, in their order.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

fn render(dir: &Path) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .arg("render")
        .current_dir(dir)
        .env_remove("PLIMSOLL_CATALOG")
        .output()
        .expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

#[test]
fn the_first_catalog_gives_what_the_readme_says() {
    let dir = tempfile::tempdir().expect("a directory");
    let service = dir.path().join("services/hello.toml");
    fs::create_dir_all(service.parent().expect("it has one")).expect("a directory");
    let toml = &blocks("toml")[0];
    fs::write(&service, toml).expect("a file");

    let (status, stdout, stderr) = render(dir.path());
    assert_eq!((status, stderr.as_str()), (0, ""));
    assert_eq!(stdout, blocks("text")[0]);

    let container =
        fs::read_to_string(dir.path().join("out/etc/containers/systemd/plimsoll/hello.container")).expect("rendered");
    let slice = fs::read_to_string(dir.path().join("out/etc/systemd/system/services-hello.slice")).expect("rendered");
    let rows: Vec<Vec<String>> = readme()
        .lines()
        .filter(|line| {
            line.starts_with("| the slice") || line.starts_with("| `[Service]`") || line.starts_with("| podman |")
        })
        .map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned).collect())
        .collect();
    assert_eq!(rows.len(), 3);
    for line in &rows[0] {
        assert!(slice.lines().any(|l| l == line), "{line} in the slice");
    }
    for line in rows[1].iter().skip(1) {
        assert!(container.lines().any(|l| l == line), "{line} in [Service]");
    }
    for argument in &rows[2] {
        assert!(
            container.lines().any(|l| l == argument || l == format!("PodmanArgs={argument}")),
            "{argument} for podman"
        );
    }

    fs::write(&service, toml.replace("64M", "64MB")).expect("a file");
    let (status, stdout, stderr) = render(dir.path());
    assert_eq!((status, stdout.as_str()), (2, ""));
    assert_eq!(stderr, blocks("text")[1]);
}

#[test]
fn the_schemas_are_current() {
    use plimsoll::catalog::{SchemaOf, json_schema};
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, of) in [("catalog", SchemaOf::Catalog), ("stack", SchemaOf::Stack), ("service", SchemaOf::Service)] {
        let path = root.join(format!("docs/schema/{name}.json"));
        let wanted = json_schema(of) + "\n";
        if std::env::var_os("PLIMSOLL_UPDATE_DOCS").is_some() {
            fs::write(&path, &wanted).expect("written");
        }
        let found = fs::read_to_string(&path).expect("it is there");
        assert!(
            found == wanted,
            "{name}.json is not what `plimsoll schema {name}` prints: PLIMSOLL_UPDATE_DOCS=1 cargo test"
        );
    }
}

#[test]
fn the_schemas_accept_every_example_and_refuse_mistakes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    let mut compile = |name: &str| {
        let path = root.join(format!("docs/schema/{name}.json"));
        compiler.compile(&path.to_string_lossy(), &mut schemas).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let (catalog, stack, service) = (compile("catalog"), compile("stack"), compile("service"));
    let mut files = Vec::new();
    for dir in ["services", "tests/catalogs/rootless", "tests/catalogs/kitchen-sink"] {
        toml_files(&root.join(dir), &mut files);
    }
    assert!(files.len() > 50, "{} files", files.len());
    for path in files {
        let schema = match path.file_name().and_then(|name| name.to_str()) {
            Some("catalog.toml") => catalog,
            Some("stack.toml") => stack,
            _ => service,
        };
        let value = json(&fs::read_to_string(&path).expect("readable"));
        schemas.validate(&value, schema).unwrap_or_else(|error| panic!("{}: {error:#}", path.display()));
    }
    for (schema, wrong) in [
        (service, "imagee = 'x'"),
        (service, "[limits]\nmemory = '512MB'"),
        (service, "read_only = 'yes'"),
        (service, "[[volume]]\naccess = 'write'"),
        (service, "[quadlet.Containr]\nX = 1"),
        (catalog, "[target]\npodmann = '5.4'"),
        (stack, "image = 'x'"),
    ] {
        assert!(schemas.validate(&json(wrong), schema).is_err(), "{wrong}");
    }
}

fn toml_files(dir: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            toml_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
}

/// A TOML text as an editor hands it to a validator: a date is a string.
fn json(text: &str) -> serde_json::Value {
    fn value(from: toml::Value) -> serde_json::Value {
        match from {
            toml::Value::Datetime(date) => date.to_string().into(),
            toml::Value::Array(items) => items.into_iter().map(value).collect(),
            toml::Value::Table(table) => table.into_iter().map(|(key, item)| (key, value(item))).collect(),
            other => serde_json::to_value(other).expect("plain values"),
        }
    }
    value(toml::Value::Table(text.parse().expect("TOML")))
}
