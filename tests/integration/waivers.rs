//! Waivers and `[policy]` of a catalog and of units, as whoever runs `check` meets them.

use crate::run::{Project, Ran};

const WEB: &str = "image = \"quay.io/example/web:1\"\n[limits]\nmemory = \"64M\"\ncpus = 1\n";

/// The findings of a run that was to give JSON.
fn findings(ran: &Ran) -> Vec<serde_json::Value> {
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    value["findings"].as_array().unwrap().clone()
}

fn of_rule(ran: &Ran, rule: &str) -> Vec<serde_json::Value> {
    findings(ran).into_iter().filter(|finding| finding["rule"] == rule).collect()
}

const CHECK: [&str; 5] = ["check", "--format", "json", "--as-of", "2026-01-01"];

#[test]
fn rules_are_called_by_their_names_wherever_they_are_called() {
    let waiver = "[[waive]]\nrule = \"no-digest\"\nreason = \"the registry is on this host\"\n";
    let project = Project::new().file("services/web.toml", format!("{WEB}{waiver}"));
    let found = of_rule(&project.plimsoll(CHECK).ran(), "PL503");
    assert_eq!(found.iter().map(|finding| finding["waived"].clone()).collect::<Vec<_>>(), [true], "{found:#?}");
    for (list, severity) in
        [("error", Some("error")), ("warning", Some("warning")), ("info", Some("info")), ("off", None)]
    {
        let policy = format!("[policy]\n{list} = [\"no-digest\"]\n");
        let project = Project::new().file("services/web.toml", WEB).file("services/catalog.toml", policy);
        let found = of_rule(&project.plimsoll(CHECK).ran(), "PL503");
        assert_eq!(found.first().map(|finding| finding["severity"].as_str().unwrap()), severity, "{list}");
    }
}

#[test]
fn a_reason_has_ten_characters_in_a_catalog_and_in_a_unit() {
    for (reason, is_one) in [("nine char", false), ("ten charac", true), ("neun äöüß", false), ("zehn äöüßé", true)]
    {
        let waiver = format!("[[waive]]\nrule = \"PL503\"\nreason = \" {reason} \"\n");
        let ran = Project::new().file("services/web.toml", format!("{WEB}{waiver}")).plimsoll(CHECK).ran();
        assert_eq!(ran.status == 2, !is_one, "{reason}: {}", ran.stderr);
        assert_eq!(ran.stderr.contains("a waiver with a reason of 9 characters"), !is_one, "{reason}: {}", ran.stderr);
        let unit = format!("# plimsoll: waive PL503:  {reason} \n[Container]\nImage=quay.io/example/web:1\n");
        let project = Project::new().file("units/web.container", unit);
        let ran = project.plimsoll(["check", "units", "--format", "json"]).ran();
        let kept: Vec<_> = of_rule(&ran, "PL503").iter().map(|finding| finding["waived"].clone()).collect();
        assert_eq!(kept, [is_one], "{reason}");
        let said: Vec<_> = of_rule(&ran, "PL005").iter().map(|finding| finding["message"].clone()).collect();
        assert_eq!(said, ["the waiver of PL503 has a reason of 9 characters"][usize::from(is_one)..], "{reason}");
    }
}

#[test]
fn a_rule_that_has_two_names_is_named_once() {
    let policy = "[policy]\nerror = [\"PL503\"]\noff = [\"no-digest\"]\n";
    let project = Project::new().file("services/web.toml", WEB).file("services/catalog.toml", policy);
    let ran = project.plimsoll(CHECK).ran();
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("`[policy]` names PL503 twice: it is `no-digest`"), "{}", ran.stderr);
}

#[test]
fn a_name_that_is_nearly_a_rules_is_told() {
    let reason = "the vendor's image writes its licence file into /opt at every start";
    let unit = format!("# plimsoll: waive writable-rotfs: {reason}\n[Container]\nImage=quay.io/example/web:1\n");
    let project = Project::new().file("units/web.container", unit);
    let found = of_rule(&project.plimsoll(["check", "units", "--format", "json"]).ran(), "PL004");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["help"], "did you mean `writable-rootfs`?");
    let project = Project::new()
        .file("services/web.toml", WEB)
        .file("services/catalog.toml", "[policy]\noff = [\"writable-rotfs\"]\n");
    let ran = project.plimsoll(["check"]).ran();
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("help: did you mean `writable-rootfs`?"), "{}", ran.stderr);
}

#[test]
fn a_waiver_that_nothing_needs_is_told_of_its_service() {
    let waiver = |rule: &str| format!("[[waive]]\nrule = \"{rule}\"\nreason = \"left over from an experiment\"\n");
    // `web.build` comes before `web.container`.
    let built = "image = \"web.build\"\n[limits]\nmemory = \"64M\"\ncpus = 1\n[quadlet.Build]\n\
                 SetWorkingDirectory = \"/srv/web\"\n";
    let project = Project::new()
        .file("services/catalog.toml", waiver("PL102"))
        .file("services/api.toml", format!("{WEB}{}", waiver("PL106")))
        .file("services/web.toml", format!("{built}{}", waiver("PL100")));
    let services = |ran: &Ran| {
        let of = |finding: &serde_json::Value| {
            let words = finding["message"].as_str().unwrap();
            (words.split(' ').find(|word| word.starts_with("PL")).unwrap().to_owned(), finding["service"].clone())
        };
        let mut all: Vec<_> = of_rule(ran, "PL004").iter().map(of).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.into_iter().map(|(rule, service)| format!("{rule} {service}")).collect::<Vec<_>>()
    };
    // That of the whole catalog is nobody's.
    let expected = ["PL100 \"web\"", "PL102 null", "PL106 \"api\""];
    assert_eq!(services(&project.plimsoll(CHECK).ran()), expected);
    assert_eq!(project.plimsoll(["render"]).ran().status, 0);
    // A tree without its catalog has the words alone, and slices may come first.
    let tree = ["check", "out/etc/systemd", "out/etc/containers", "--format", "json"];
    assert_eq!(services(&project.plimsoll(tree).ran()), ["PL100 \"web\"", "PL102 \"api\"", "PL106 \"api\""]);
}

#[test]
fn what_podman_refuses_cannot_be_waived() {
    let reason = "the vendor ships it like this";
    let unit = |rule: &str, lines: &str| {
        format!("# plimsoll: waive {rule}: {reason}\n[Container]\nImage=quay.io/example/web:1\n{lines}\n")
    };
    let files = [
        ("PL015", "web.container", unit("PL015", "PodmanArgs=--privileged\nNetwork host")),
        ("PL001", "web.container", unit("PL001", "Privileged=true")),
        ("PL006", "web.artifact", unit("PL006", "")),
        ("PL020", "web.container", unit("PL020", "[Service]\nKillMode=process")),
    ];
    for (rule, name, text) in files {
        let project = Project::new().file(format!("units/{name}"), &text);
        let ran = project.plimsoll(["check", "units", "--format", "json"]).ran();
        let found = of_rule(&ran, rule);
        assert_eq!(ran.status, 1, "{rule}: {}", ran.stdout);
        assert!(!found.is_empty() && found.iter().all(|finding| finding["waived"] == false), "{rule}: {found:#?}");
        let told = of_rule(&ran, "PL004");
        assert_eq!(told.len(), 1, "{rule}");
        assert_eq!(told[0]["message"], format!("{rule} cannot be waived: Podman makes no service of the file"));
    }
    // What only a part of the rule's findings says is another matter: these let the service come into being.
    let mild = "# plimsoll: waive PL020: the suffix is what our scripts look for\n[Container]\n\
                Image=quay.io/example/web:1\nServiceName=web.service\n";
    let ran = Project::new().file("units/web.container", mild).plimsoll(["check", "units", "--format", "json"]).ran();
    assert_eq!(of_rule(&ran, "PL020")[0]["waived"], true);
    assert!(of_rule(&ran, "PL004").is_empty(), "{}", ran.stdout);
}

#[test]
fn a_waiver_in_a_drop_in_holds_for_its_units() {
    let unit = "[Container]\nImage=quay.io/example/web:1\n";
    let waiver = "# plimsoll: waive PL105: the entrypoint starts as root and drops\n[Container]\n";
    let project = Project::new()
        .file("units/a.container", unit)
        .file("units/a.container.d/1.conf", waiver)
        .file("units/b.container", unit)
        .file("units/app-web.container", unit)
        .file("units/app-.container.d/1.conf", waiver.replace("PL105", "PL203"));
    let ran = project.plimsoll(["check", "units", "--format", "json"]).ran();
    let by_unit = |rule: &str| -> Vec<String> {
        let of = |finding: &serde_json::Value| format!("{} {}", finding["unit"].as_str().unwrap(), finding["waived"]);
        of_rule(&ran, rule).iter().map(of).collect()
    };
    let expected = ["units/a.container true", "units/app-web.container false", "units/b.container false"];
    assert_eq!(by_unit("PL105"), expected);
    let expected = ["units/a.container false", "units/app-web.container true", "units/b.container false"];
    assert_eq!(by_unit("PL203"), expected);
    assert_eq!(by_unit("PL004"), [""; 0], "{}", ran.stdout);
}
