//! Secrets that no output may show, wherever they stand, and those that `PL601` tells of.

use crate::run::Project;

const FORMATS: [&str; 5] = ["text", "json", "sarif", "github", "junit"];

#[test]
fn no_format_tells_a_secret_with_a_blank_in_it() {
    for line in [
        "LogOpt=splunk-token=\"my hunter2\"",
        "LogOpt=\"splunk-token=my hunter2\"",
        "LogOpt=splunk-token='my hunter2' x",
        "PodmanArgs=--log-opt splunk-token=\"my hunter2\"",
        "Environment='DB_PASSWORD=my hunter2' x",
    ] {
        let unit = format!("[Container]\nImage=quay.io/x/y:1\n{line}\n");
        let project = Project::new().file("units/web.container", unit);
        for format in FORMATS {
            for podman in ["4.4", "5.4"] {
                let ran = project.plimsoll(["check", "units", "-v", "--format", format, "--podman", podman]).ran();
                assert_eq!((ran.status, ran.stderr.as_str()), (1, ""), "{line}");
                assert!(!ran.stdout.contains("hunter2"), "{line}\n{}", ran.stdout);
            }
        }
    }
}

#[test]
fn no_format_tells_the_secret_of_a_waivers_reason() {
    for reason in ["DB_PASSWORD=hunter2 must be there", "https://me:hunter2@host/x must be there"] {
        let unit = format!("# plimsoll: waive PL503: {reason}\n[Container]\nImage=quay.io/x/y:1\n");
        let service = format!(
            "image = \"quay.io/x/y:1\"\n[limits]\nmemory = \"64M\"\ncpus = 1\n\
             [[waive]]\nrule = \"PL503\"\nreason = \"{reason}\"\n"
        );
        let project = Project::new().file("units/web.container", unit).file("services/web.toml", service);
        for format in FORMATS {
            for paths in [&["units"][..], &[]] {
                let arguments = ["check", "-v", "--format", format].into_iter().chain(paths.iter().copied());
                let ran = project.plimsoll(arguments).ran();
                assert_eq!(ran.stderr, "");
                assert!(!ran.stdout.contains("hunter2"), "{reason}\n{}", ran.stdout);
                // It is waived all the same; annotations tell of nothing that is.
                let is_told = ran.stdout.contains("for a reason that holds a secret, and is not shown");
                assert_eq!(is_told, format != "github", "{format}: {}", ran.stdout);
            }
        }
    }
}

#[test]
fn no_mistake_in_a_list_of_many_lines_tells_a_secret() {
    for lines in [
        "exec = [\n  \"server\",\n  \"--password\",\n  \"hunter2\", \"\",\n]\n",
        "exec = [\n  \"redis-cli\",\n  # [\n  \"-a\",\n  \"hunter2\", \"\",\n]\n",
        "environment = [\n  \"\"\"\nDB_PASSWORD=\\\n  hunter2\"\"\", 1,\n]\n",
    ] {
        let project = Project::new().file("services/web.toml", format!("image = \"quay.io/x/y:1\"\n{lines}"));
        for command in ["render", "check", "score"] {
            let ran = project.plimsoll([command]).ran();
            assert_eq!(ran.status, 2, "{lines}");
            assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"), "{lines}\n{}", ran.stderr);
        }
    }
    // A list of podman's secrets holds none, and is shown.
    let list = "secret = [\n  \"forge-db\",\n  \"forge web\",\n]\n";
    let project = Project::new().file("services/web.toml", format!("image = \"quay.io/x/y:1\"\n{list}"));
    let ran = project.plimsoll(["check"]).ran();
    assert!(ran.stderr.contains("4 |   \"forge web\""), "{}", ran.stderr);
}

#[test]
fn passwords_of_command_lines_are_findings() {
    let found = |lines: &str| {
        let unit = format!("[Container]\nImage=quay.io/x/y:1\n{lines}\n");
        let ran =
            Project::new().file("units/web.container", unit).plimsoll(["check", "units", "--format", "json"]).ran();
        let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert!(!ran.stdout.contains("hunter2"), "{lines}");
        value["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == "PL601").count()
    };
    for line in [
        "Exec=mysqladmin -u root -phunter2 ping",
        "Exec=sh -c \"redis-cli -a hunter2 ping\"",
        "HealthCmd=curl -fsS -u me:hunter2 http://localhost",
        "HealthCmd=curl -H \"Authorization: Bearer hunter2\" http://localhost",
        "PodmanArgs=\"--health-cmd=redis-cli -a hunter2 ping\"",
        "[Service]\nExecStartPost=/usr/bin/curl -u me:hunter2 http://localhost",
    ] {
        assert_eq!(found(line), 1, "{line}");
    }
    for line in [
        "HealthCmd=mysqladmin ping -p$$MYSQL_ROOT_PASSWORD",
        "HealthCmd=curl -u $USER:$PASSWORD http://localhost",
        "PodmanArgs=\"--health-cmd=curl http://localhost\" -u 1000:1000",
        "Exec=proxy --auth Bearer --realm web",
        "Label=\"help=redis-cli -a secret\"",
    ] {
        assert_eq!(found(line), 0, "{line}");
    }
}
