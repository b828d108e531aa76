//! What `check` tells to write about a catalog can be written into a catalog, and helps.

use plimsoll::policy::rules;

use crate::run::{Project, Ran};

const LIMITS: &str = "[limits]\nmemory = \"64M\"\ncpus = 1\n";

fn check(service: &str) -> Ran {
    Project::new().file("services/web.toml", service).plimsoll(["check", "--format", "json"]).ran()
}

/// The help of what a rule says of a service.
fn help(service: &str, rule: &str) -> Option<String> {
    let ran = check(service);
    let value: serde_json::Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{service}\n{}", ran.stderr));
    let finding = value["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == rule)?;
    Some(finding["help"].as_str().unwrap_or_default().to_owned())
}

/// A service with what stands in backquotes, as a line of TOML or a table and a line.
fn followed(service: &str, help: &str) -> String {
    let mut service: toml::Table = service.parse().unwrap();
    for words in help.split('`').skip(1).step_by(2) {
        let (tables, line) = words.strip_prefix('[').and_then(|rest| rest.split_once("] ")).unwrap_or(("", words));
        let Some(line) = line.parse::<toml::Table>().ok().filter(|_| !line.starts_with('[')) else { continue };
        let mut table = &mut service;
        for name in tables.split('.').filter(|name| !name.is_empty()) {
            let value = table.entry(name).or_insert_with(|| toml::Table::new().into());
            table = value.as_table_mut().unwrap();
        }
        table.extend(line);
    }
    service.to_string()
}

#[test]
fn what_is_told_about_a_catalog_can_be_followed_in_it() {
    let image = "image = \"quay.io/example/web:1\"\n";
    let cases = [
        ("PL401", image.to_owned()),
        ("PL402", image.to_owned()),
        ("PL430", format!("{image}{LIMITS}")),
        ("PL431", format!("{image}{LIMITS}[health]\ncmd = [\"true\"]\non_failure = \"none\"\n")),
        ("PL432", format!("{image}{LIMITS}")),
        ("PL101", format!("{image}drop_capability = [\"NET_RAW\"]\n{LIMITS}")),
        ("PL104", format!("{image}user_ns = \"host\"\n{LIMITS}")),
        ("PL107", format!("{image}no_new_privileges = false\n{LIMITS}")),
        ("PL110", format!("{image}user_ns = \"auto\"\n{LIMITS}")),
        ("PL203", format!("{image}read_only = false\n{LIMITS}")),
        ("PL207", format!("{image}image_volume = \"bind\"\n{LIMITS}")),
        ("PL221", format!("{image}read_only_tmpfs = true\n{LIMITS}")),
        ("PL414", format!("{image}oom_policy = \"continue\"\n{LIMITS}")),
        ("PL420", format!("{image}{LIMITS}[restart]\npolicy = \"no\"\n")),
        ("PL433", format!("{image}log_driver = \"k8s-file\"\n{LIMITS}")),
        ("PL507", format!("{image}pull = \"always\"\n{LIMITS}")),
        ("PL606", format!("{image}http_proxy = true\n{LIMITS}")),
        ("PL817", format!("{image}wanted_by = []\n{LIMITS}")),
    ];
    for (rule, service) in cases {
        let help = help(&service, rule).unwrap_or_else(|| panic!("{rule} says nothing of\n{service}"));
        assert_eq!(Some(help.as_str()), rules::fix_in_catalog(rule), "{rule}");
        let mended = followed(&service, &help);
        assert_ne!(mended, followed(&service, ""), "{rule}: {help}");
        assert_eq!(self::help(&mended, rule), None, "{rule}: {help}:\n{mended}");
    }
}

#[test]
fn the_words_for_catalogs_are_explained() {
    let spoken = rules::all().filter_map(|rule| Some((rule, rules::fix_in_catalog(rule.id)?)));
    let spoken: Vec<_> = spoken.collect();
    let (rule, fix) = spoken.iter().find(|(rule, _)| rule.id == "PL401").unwrap();
    let explained = Project::new().plimsoll(["explain", rule.id]).ran().stdout;
    assert!(explained.contains("To mend it, in a catalog") && explained.contains(*fix), "{explained}");
    for (rule, fix) in &spoken {
        assert!(!fix.ends_with('.') && *fix != rule.fix, "{}", rule.id);
    }
}

#[test]
fn a_unit_file_is_told_of_in_the_words_of_unit_files() {
    let project = Project::new().file("units/web.container", "[Container]\nImage=quay.io/example/web:1\n");
    let ran = project.plimsoll(["check", "units"]).ran();
    assert!(ran.stdout.contains("`MemoryMax=512M` in [Service]") && !ran.stdout.contains("[limits]"), "{}", ran.stdout);
}
