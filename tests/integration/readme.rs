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

    let container = fs::read_to_string(dir.path().join("out/etc/containers/systemd/plimsoll/hello.container")).expect("rendered");
    let slice = fs::read_to_string(dir.path().join("out/etc/systemd/system/services-hello.slice")).expect("rendered");
    let rows: Vec<Vec<String>> = readme()
        .lines()
        .filter(|line| line.starts_with("| the slice") || line.starts_with("| `[Service]`") || line.starts_with("| podman |"))
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
        assert!(container.lines().any(|l| l == argument || l == format!("PodmanArgs={argument}")), "{argument} for podman");
    }

    fs::write(&service, toml.replace("64M", "64MB")).expect("a file");
    let (status, stdout, stderr) = render(dir.path());
    assert_eq!((status, stdout.as_str()), (2, ""));
    assert_eq!(stderr, blocks("text")[1]);
}

#[test]
fn the_schemas_are_current_and_every_catalog_file_holds_to_them() {
    use plimsoll::catalog::{SchemaOf, json_schema};
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, of) in [("catalog", SchemaOf::Catalog), ("stack", SchemaOf::Stack), ("service", SchemaOf::Service)] {
        let path = root.join(format!("docs/schema/{name}.json"));
        let wanted = json_schema(of) + "\n";
        if std::env::var_os("PLIMSOLL_UPDATE_DOCS").is_some() {
            fs::write(&path, &wanted).expect("written");
        }
        let found = fs::read_to_string(&path).expect("it is there");
        assert!(found == wanted, "{name}.json is not what `plimsoll schema {name}` prints: PLIMSOLL_UPDATE_DOCS=1 cargo test");
    }
}
