//! Timers and services that look after the host: what is no longer used goes, what fails is told.

use super::Host;
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Sourced},
    model::{SettingValue, Text},
    unit::quote::{Expansion, args_word},
};

/// The unit that a service names in `OnFailure=`, where the catalog asks for it: `%n` is the service.
pub fn failure_unit() -> &'static str {
    "plimsoll-failure@%n.service"
}

/// The message of systemd when the kernel killed a process of a unit because memory ran out
/// (`SD_MESSAGE_UNIT_OUT_OF_MEMORY`, sd-messages.h).
const OUT_OF_MEMORY: &str = "fe6faa94e7774663a0da52717891d8ef";

pub(super) fn add(host: &mut Host<'_>, diagnostics: &mut Diagnostics) {
    prune(host);
    notify(host, diagnostics);
    auto_update(host);
    let taken = ["plimsoll-oom", "plimsoll-prune"];
    for service in host.catalog.services.values() {
        let unit = service.unit();
        if taken.iter().any(|name| unit.strip_suffix(".service") == Some(name)) {
            diagnostics.push(
                Diagnostic::general(format!("the service {unit} would be hidden by the unit of that name in [host]"))
                    .at_origin(service.image.origin)
                    .help("give the service another name"),
            );
        }
    }
}

/// Has a timer started at boot. A drop-in does what `systemctl enable` does with a link, and is a file like any other.
fn wanted(host: &mut Host<'_>, name: &str, timer: &str, serves: &str) {
    let first = format!("Starts {timer} with the other timers at boot. It does what `systemctl enable`");
    let why = [&first, "does with a link; remove it by switching the timer off in [host]."];
    let path = format!("{}/timers.target.d/50-plimsoll-{name}.conf", host.units());
    host.add(path, &why, serves, &format!("[Unit]\nWants={timer}\n"));
}

fn prune(host: &mut Host<'_>) {
    if !host.catalog.host.prune {
        return;
    }
    let dir = host.units();
    let serves = "A57 (unused images and containers are removed)";
    let why = [
        "Removes images without a name that nothing uses and that are older than a week: what an update left",
        "behind. An image with a name stays, so that a service that is stopped starts again without its",
        "registry. Containers go by themselves when they stop, and volumes are never touched.",
    ];
    let body = "[Unit]\n\
                Description=Remove images that an update left behind\n\
                Documentation=man:podman-image-prune(1)\n\
                \n\
                [Service]\n\
                Type=oneshot\n\
                Nice=19\n\
                IOSchedulingClass=idle\n\
                ExecStart=/usr/bin/podman image prune --force --filter until=168h\n";
    host.add(format!("{dir}/plimsoll-prune.service"), &why, serves, body);
    let why = ["Once a day, not on every host at once."];
    let body = "[Unit]\n\
                Description=Remove images that an update left behind, daily\n\
                \n\
                [Timer]\n\
                OnCalendar=daily\n\
                RandomizedDelaySec=1h\n\
                Persistent=true\n";
    host.add(format!("{dir}/plimsoll-prune.timer"), &why, serves, body);
    wanted(host, "prune", "plimsoll-prune.timer", serves);
}

fn notify(host: &mut Host<'_>, diagnostics: &mut Diagnostics) {
    if !host.catalog.host.is_told() {
        return;
    }
    let command = command(&host.catalog.host.notify_command, diagnostics);
    let manager = if host.is_rootless() { " --user" } else { "" };
    let dir = host.units();
    let serves = "B38 (out of memory and restart loops are told) and A56 (what is not normal is seen)";
    let why = [
        "Services name this unit in OnFailure=: systemd starts it when one has failed for good, after as many",
        "restarts as it may have. Beside the journal, `notify_command` of [host] is told, with the unit as its",
        "last word.",
    ];
    let told = if command.is_empty() { String::new() } else { format!("ExecStart={command} %i\n") };
    let body = format!(
        "[Unit]\n\
         Description=Tell that %i has failed\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         SyslogIdentifier=plimsoll-failure\n\
         SyslogLevel=alert\n\
         ExecStart=/usr/bin/echo \"%i has failed\"\n\
         ExecStart=-/usr/bin/systemctl{manager} show --property=Result,ExecMainStatus,NRestarts -- %i\n\
         {told}"
    );
    host.add(format!("{dir}/plimsoll-failure@.service"), &why, serves, &body);
    let why = [
        "Says of which units the kernel has killed a process because memory ran out: such a service is restarted",
        "at once, and OnFailure= would tell of it only when it has failed for good. What was told is remembered",
        "until the next boot.",
    ];
    // `$` and `%` are systemd's in this line.
    let told = if command.is_empty() { "" } else { "; \"$$@\" \"$$line\"" };
    let script = format!(
        "journalctl{manager} --boot --quiet --no-pager --output=cat --cursor-file=\"$$RUNTIME_DIRECTORY/cursor\" \
         MESSAGE_ID={OUT_OF_MEMORY} | while IFS= read -r line; do echo \"$$line\"{told}; done"
    );
    let words = if command.is_empty() { String::new() } else { format!(" plimsoll-oom {command}") };
    let body = format!(
        "[Unit]\n\
         Description=Tell of units that ran out of memory\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         SyslogIdentifier=plimsoll-oom\n\
         SyslogLevel=alert\n\
         RuntimeDirectory=plimsoll-oom\n\
         RuntimeDirectoryPreserve=yes\n\
         ExecStart=/bin/sh -c '{script}'{words}\n"
    );
    host.add(format!("{dir}/plimsoll-oom.service"), &why, serves, &body);
    let why = ["Looks once a minute."];
    let body = "[Unit]\n\
                Description=Tell of units that ran out of memory, every minute\n\
                \n\
                [Timer]\n\
                OnActiveSec=1min\n\
                OnUnitInactiveSec=1min\n\
                AccuracySec=10s\n";
    host.add(format!("{dir}/plimsoll-oom.timer"), &why, serves, body);
    wanted(host, "oom", "plimsoll-oom.timer", serves);
}

/// The author's command as systemd reads it.
fn command(words: &[Sourced<Text>], diagnostics: &mut Diagnostics) -> String {
    let mut written = Vec::new();
    for word in words {
        let expansion = if word.value.specifiers { Expansion::None } else { Expansion::Exec };
        match args_word(&word.value.text, expansion) {
            Ok(word) => written.push(word),
            Err(refusal) => diagnostics.push(
                Diagnostic::general(format!("{refusal} (in notify_command)"))
                    .at_origin(word.origin)
                    .help(refusal.help()),
            ),
        }
    }
    written.join(" ")
}

fn auto_update(host: &mut Host<'_>) {
    let asks = |service: &crate::model::Service| {
        let setting = service.setting("AutoUpdate");
        setting.is_some_and(|setting| !matches!(&setting.value, SettingValue::Text(text) if text.text.is_empty()))
    };
    let is_asked = || host.catalog.services.values().any(asks);
    if host.catalog.host.auto_update.unwrap_or_else(is_asked) {
        let serves = "A58 (images are updated)";
        wanted(host, "auto-update", "podman-auto-update.timer", serves);
    }
}
