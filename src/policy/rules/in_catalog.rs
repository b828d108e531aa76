//! What to do about a finding in the words of a catalog, where the catalog has words of its own for it.
//!
//! A rule's `fix` speaks of unit files, and whoever writes those lines into a catalog is refused. Rules that are not
//! here say it in words that hold for both.

use super::super::{File, Finding, Kind};
use crate::unit::UnitType;

/// What to do in a catalog, by rule. `` `[table] key = value` `` is a line of the service's file.
const FIXES: &[(&str, &str)] = &[
    ("PL101", "write `drop_capability = [\"all\"]`, and `add_capability` for what the service is then missing"),
    ("PL103", "set `user` to the user that the service steps down to, and own its volumes by that user"),
    ("PL104", "write `user_ns = \"auto:size=65536\"` (`auto` without root), and leave `idmap` of volumes true"),
    ("PL105", "set `user` to a number other than 0, the user that the image is made for"),
    ("PL107", "write `no_new_privileges = true`"),
    ("PL110", "write `user_ns = \"auto:size=65536\"`"),
    ("PL111", "map to a range that no user of the host has with `uid_map`, or write `user_ns = \"auto:size=65536\"`"),
    ("PL112", "add `user`"),
    ("PL203", "write `read_only = true`, and a `[[tmpfs]]` or `[[volume]]` for what the service writes to"),
    (
        "PL204",
        "write it as a `[[volume]]`, with `selinux = true` in [target] of catalog.toml, and `shared = true` where another \
         service mounts it as well",
    ),
    ("PL205", "write it as a `[[volume]]`, and `access = \"rw\"` in it where the service writes there"),
    ("PL207", "write `image_volume = \"ignore\"`, and a `[[volume]]` for what is to be kept"),
    ("PL209", "write it as a `[[tmpfs]]` with a `size`"),
    (
        "PL219",
        "write it as a `[[volume]]` or `[[tmpfs]]` with `exec` false, unless the service runs programs from there",
    ),
    ("PL220", "write it as a `[[volume]]` or `[[tmpfs]]`, which are `nosuid,nodev`"),
    ("PL221", "write `read_only_tmpfs = false`, and a `[[tmpfs]]` for what is needed"),
    ("PL302", "name the address in `host_ip` of the `[[publish_port]]`, 127.0.0.1 where a proxy stands before it"),
    ("PL305", "name a network of the catalog in `network`, or leave `network` out to have none"),
    ("PL307", "name the port of the host in `host` of the `[[publish_port]]`"),
    ("PL308", "write `internal = true` in [network.NAME], or say in `ip_address_allow` whom the service may talk to"),
    ("PL309", "name both, `ip` and `mac`, in the `[[network]]` of the service"),
    ("PL317", "say in `ip_address_allow` whom the service may talk to: everybody else is denied with it"),
    ("PL319", "write `parent` in [network.NAME], with the name of the interface"),
    ("PL401", "write `[limits] memory = \"512M\"`"),
    ("PL402", "write `[limits] cpus = 1.5`"),
    ("PL404", "write `[limits] pids = 256`"),
    ("PL405", "state it once, in `[limits]`, which is written into every layer, and take the other line out"),
    ("PL406", "state it in `[limits]`, which is written into every layer"),
    ("PL407", "write `[limits] memory` and `swap`, which are written into every layer"),
    ("PL408", "write `[limits] memory_policy = \"kill\"`, or `throttle`, which puts MemoryHigh= at 90 %"),
    ("PL411", "write `pull_unit = true` (Podman 5.6 and later), or pull beforehand and write `pull = \"never\"`"),
    ("PL412", "write a smaller `size` in the `[[tmpfs]]`, or more `memory` in `[limits]`"),
    ("PL413", "take it out: `pids` in `[limits]` counts the container's own"),
    ("PL414", "write `oom_policy = \"kill\"`"),
    ("PL415", "write a `shm_size` that fits `memory` in `[limits]`, or leave it out"),
    ("PL418", "take it out: `[limits] memory_policy = \"throttle\"` is a soft limit"),
    ("PL420", "write `[restart] policy = \"on-failure\"`"),
    ("PL421", "write an `interval` in `[restart]` that is longer than `burst` times `sec`"),
    ("PL422", "write `stop_timeout` and, ten seconds longer, `stop` in `[timeouts]`"),
    ("PL423", "write `[timeouts] start = \"300s\"`, or `pull_unit = true`"),
    ("PL424", "write `[restart] burst = 5` and `[restart] interval = \"300s\"`"),
    ("PL425", "write `[restart] sec = \"10s\"`, and an `interval` that goes with it"),
    ("PL430", "write `[health] cmd = [\"…\"]`, the words of the check, and `[health] on_failure = \"kill\"`"),
    ("PL431", "write `[health] on_failure = \"kill\"`"),
    ("PL432", "write `[systemd.Unit] OnFailure = \"alarm@%n.service\"`, with a unit of yours that sends a message"),
    ("PL433", "write `log_driver = \"journald\"`"),
    ("PL444", "state `memory`, `cpus` and `pids` in [slice] of catalog.toml, or in `[limits]` of the stack"),
    ("PL502", "take the image from a trusted registry, or add its registry to `trusted_registries` in [policy]"),
    ("PL506", "either pin a digest and leave `auto_update` out, or name registry and tag and let it follow them"),
    ("PL507", "write `pull = \"missing\"`"),
    ("PL601", "make it a podman secret and name it in a `[[secret]]`, and set the image's …_FILE variable"),
    ("PL602", "take `environment_host` out, and name the variables that are needed in `environment`"),
    ("PL603", "leave `type` out of the `[[secret]]`, and set the image's …_FILE variable where it has one"),
    ("PL606", "write `http_proxy = false`"),
    ("PL607", "write `mode = \"0400\"` in the `[[secret]]`: its owner follows a numeric `user` and `group`"),
    ("PL702", "write the whole path in `seccomp_profile`"),
    ("PL703", "take it out: every `[[volume]]` is labelled"),
    (
        "PL709",
        "take it out, or write two categories that no other container has, `security_label_level = \"s0:c100,c200\"`",
    ),
    ("PL805", "write `shared = true` in the `[[volume]]` of all of them"),
    ("PL817", "write `wanted_by = [\"multi-user.target\"]`, or default.target without root"),
];

/// What to do in a catalog about what a rule finds, where that is another thing than in a unit file.
pub fn fix_in_catalog(rule: &str) -> Option<&'static str> {
    FIXES.iter().find(|(id, _)| *id == rule).map(|(_, fix)| *fix)
}

/// Has findings about rendered files say what to write in the catalog. The units that a catalog makes word by word, as
/// `[quadlet.Pod]`, keep the words of units.
pub(in crate::policy) fn speak(files: &[File], findings: &mut [Finding]) {
    let has_keys = |kind| {
        use UnitType::{Container, Network, Volume};
        matches!(kind, Kind::Slice | Kind::Quadlet(Container | Network | Volume))
    };
    for finding in findings.iter_mut() {
        let file = &files[finding.file];
        if file.is_rendered()
            && has_keys(file.kind)
            && let Some(fix) = fix_in_catalog(finding.rule)
        {
            finding.help(fix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fix_is_of_a_rule() {
        let rules: Vec<&str> = super::super::all().map(|rule| rule.id).collect();
        assert!(FIXES.is_sorted() && FIXES.iter().all(|(id, _)| rules.contains(id)));
    }
}
