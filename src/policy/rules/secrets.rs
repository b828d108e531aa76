//! `PL6xx`: secrets, and what else is in the environment of a container.

use std::collections::HashMap;

use super::{Check, Found, Rule, Scope};
use crate::{
    diagnostic::{Severity, Span},
    policy::{
        facts::{Container, plain_secrets},
        quadlet::Loaded,
    },
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "PL601",
        name: "secret-in-plain-text",
        severity: Severity::Error,
        what: "A password, a token or a key stands in the unit itself.",
        why: "Unit files are world-readable and end up in version control. What stands in them is in the generated service \
              too, where every user of the host may read it with `systemctl cat`; as a variable or an argument it is in \
              `podman inspect`, in /proc and in every crash report, and child processes inherit it.",
        fix: "make it a podman secret and mount it: Secret=NAME,type=mount,mode=0400, and the image's …_FILE variable",
        bad: "[Container]\nEnvironment=DB_PASSWORD=tulips-and-windmills",
        good: "[Container]\nEnvironment=DB_PASSWORD_FILE=/run/secrets/db\nSecret=db,type=mount,uid=1000,gid=1000,mode=0400",
        sources: &["C-0012", "DS-0031", "CIS-DI-0010", "podman-secret-create(1)"],
        check: Check::Unit(in_plain_text),
    },
    Rule {
        id: "PL602",
        name: "env-host",
        severity: Severity::Warning,
        what: "The container gets the whole environment of the podman process.",
        why: "That is what systemd, its drop-ins and `systemctl set-environment` put there: what the container sees changes \
              with the host, and a variable that was meant for podman, proxy credentials for instance, is handed to the \
              application.",
        fix: "name the variables that are needed with Environment=",
        bad: "[Container]\nEnvironmentHost=true",
        good: "[Container]\nEnvironment=TZ=Europe/Berlin",
        sources: &["podman-run(1) --env-host", "podman-systemd.unit(5) EnvironmentHost="],
        check: Check::Container(env_host),
    },
    Rule {
        id: "PL603",
        name: "secret-as-variable",
        severity: Severity::Info,
        what: "A podman secret is handed over as an environment variable.",
        why: "The value is no longer in the unit, but every process of the container inherits it, debug pages and crash \
              reports print it, and `podman exec` shows it to whoever may enter. A file can be given to one user, and an \
              application that has read it may forget it.",
        fix: "mount it, type=mount, and use the image's …_FILE variable where it has one",
        bad: "[Container]\nSecret=db,type=env,target=DB_PASSWORD",
        good: "[Container]\nSecret=db,type=mount,uid=1000,gid=1000,mode=0400",
        sources: &["kube-linter read-secret-from-env-var", "podman-run(1) --secret"],
        check: Check::Container(as_variable),
    },
    Rule {
        id: "PL604",
        name: "variable-set-twice",
        severity: Severity::Warning,
        what: "A file gives a variable two values.",
        why: "podman takes the last one without a message, and words of PodmanArgs= come after all keys: whoever changes \
              the other line changes nothing. Where a drop-in overrides a variable of the unit that is what drop-ins are for, and \
              the rule keeps silent.",
        fix: "leave one of them",
        bad: "[Container]\nEnvironment=LEVEL=info\nEnvironment=LEVEL=debug",
        good: "[Container]\nEnvironment=LEVEL=info\nEnvironment=FORMAT=json",
        sources: &["kube-linter duplicate-env-var", "podman-run(1) --env"],
        check: Check::Container(set_twice),
    },
    Rule {
        id: "PL605",
        name: "environment-file-beside-unit",
        severity: Severity::Info,
        what: "`EnvironmentFile=` names a file in the directory of the unit.",
        why: "A relative path starts at the unit's directory, where everybody may read: files are installed there with mode \
              0644, and kept with the units in version control. Environment files are where passwords are put.",
        fix: "keep it elsewhere with mode 0600, or make its passwords podman secrets",
        bad: "[Container]\nEnvironmentFile=web.env",
        good: "[Container]\nEnvironmentFile=/etc/web/web.env",
        sources: &["podman-systemd.unit(5) EnvironmentFile=", "podman-quadlet-install(1)"],
        check: Check::Container(file_beside_unit),
    },
    Rule {
        id: "PL606",
        name: "http-proxy-inherited",
        severity: Severity::Info,
        what: "The proxy variables of the host are passed on to the container.",
        why: "podman does so unless it is told not to: `http_proxy`, `https_proxy`, `no_proxy` and their like, with the \
              user name and password that a proxy URL may hold. Set once on the host for pulling images, they also send the \
              application's own requests through the proxy.",
        fix: "write HttpProxy=false, or PodmanArgs=--http-proxy=false for a Podman before 5.7",
        bad: "[Container]\n# without [Container] PodmanArgs=--http-proxy",
        good: "[Container]\n# podman 5.8\n# without [Container] PodmanArgs=--http-proxy\nHttpProxy=false",
        sources: &["podman-run(1) --http-proxy", "Podman 5.7"],
        check: Check::Container(http_proxy),
    },
    Rule {
        id: "PL607",
        name: "secret-mode",
        severity: Severity::Info,
        what: "The file of a secret may be read by everybody in the container, or not by the user that needs it.",
        why: "podman makes it root's with mode 0444 unless told otherwise: every process in the container may read it, \
              whichever user it became. With a narrower mode the owner matters: a file of root's with mode 0400 is shut to a \
              container that runs as another user.",
        fix: "write uid=, gid= and mode=0400 with the numbers of the user that reads it",
        bad: "[Container]\nSecret=db,type=mount,uid=1000,gid=1000",
        good: "[Container]\nSecret=db,type=mount,uid=1000,gid=1000,mode=0400",
        sources: &["podman-run(1) --secret", "podman-secret-create(1)"],
        check: Check::Container(mode),
    },
];

fn in_plain_text(loaded: &Loaded<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for secret in plain_secrets(&loaded.unit) {
        let message = match secret.name.as_str() {
            "" => "a secret stands here in plain text".to_owned(),
            name => format!("`{name}` holds a secret in plain text"),
        };
        found.at(secret.at, message).hide();
    }
}

fn env_host(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if let Some(arg) = container.run.on("env-host") {
        found.at(arg.at, "the container gets podman's whole environment");
    } else if let Some(arg) = container.run.all("env").find(|arg| arg.value == "*") {
        found.at(arg.at, "the container gets podman's whole environment");
    }
}

/// A secret of podman's as `--secret` takes it: `NAME[,OPTION=VALUE]…`.
struct SecretUse<'a> {
    name: &'a str,
    options: HashMap<&'a str, &'a str>,
    at: Span,
}

fn secrets<'a>(container: &'a Container<'_>) -> impl Iterator<Item = SecretUse<'a>> {
    container.run.all("secret").filter(|arg| !arg.value.is_empty()).map(|arg| {
        let mut parts = arg.value.split(',');
        let name = parts.next().unwrap_or_default();
        let options = parts.filter_map(|part| part.split_once('=')).collect();
        SecretUse { name, options, at: arg.at }
    })
}

fn as_variable(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for secret in secrets(container).filter(|secret| secret.options.get("type") == Some(&"env")) {
        found.at(secret.at, format!("the secret `{}` is in the environment", secret.name));
    }
}

fn set_twice(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let mut seen: HashMap<&str, (&str, Span)> = HashMap::new();
    for arg in container.run.all("env") {
        let Some((name, value)) = arg.value.split_once('=') else { continue };
        let Some((before, first)) = seen.insert(name, (value, arg.at)) else { continue };
        if first.file == arg.at.file && before != value {
            let finding = found.at(arg.at, format!("`{name}` has another value already"));
            finding.related(first, "which nobody sees");
        }
    }
}

fn file_beside_unit(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    for value in container.unit.list("Container", "EnvironmentFile") {
        let path = value.unquoted().trim_start_matches('-');
        if !path.starts_with(['/', '%', '~', '$']) {
            found.at(value.at, format!("`{path}` lies beside the unit, for everybody to read"));
        }
    }
}

fn http_proxy(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    match container.run.last("http-proxy") {
        Some(arg) if arg.is_true() => found.at(arg.at, "the proxy variables of the host are passed on"),
        Some(_) => return,
        None => found.at(container.whole(), "nothing keeps the proxy variables of the host out"),
    };
}

fn mode(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let user = container.run.last("user").map(|arg| arg.value.split(':').next().unwrap_or_default());
    for secret in secrets(container).filter(|secret| secret.options.get("type").is_none_or(|kind| *kind == "mount")) {
        let name = secret.name;
        let option = |key: &str| secret.options.get(key).copied();
        // podman reads the number in base 8 whether it begins with 0 or not.
        let mode = option("mode").and_then(|mode| u32::from_str_radix(mode.trim_start_matches("0o"), 8).ok());
        let others = mode.is_none_or(|mode| mode & 0o007 != 0);
        let owner = option("uid").unwrap_or("0");
        if others {
            found.at(secret.at, format!("everybody in the container may read the secret `{name}`"));
        } else if let Some(user) = user.filter(|user| !user.is_empty() && !user.starts_with(['%', '$']))
            && owner == "0"
            && !["0", "root"].contains(&user)
            && mode.is_some_and(|mode| mode & 0o040 == 0)
        {
            let message = format!("the secret `{name}` is root's, and the container runs as {user}");
            found.at(secret.at, message).severity(Severity::Warning);
        }
    }
}
