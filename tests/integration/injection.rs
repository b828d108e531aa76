//! The wall: whatever stands in a value of a catalog, it is refused or it stays that value.
//!
//! Every place of the catalog that takes a value is rendered twice: with a harmless word, and with a hostile one. The
//! two trees must have the same files with the same sections, keys and lines, and each value, decoded the way its key
//! is read, must be the harmless one with the words exchanged.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use plimsoll::render::{Bundle, RenderedFile};
use plimsoll::unit::Unit;
use plimsoll::unit::keys::{self, Syntax};
use plimsoll::unit::split::{Mode, split};
use proptest::prelude::*;

use crate::catalogs::{Assignment, File, naive, render_files, toml_string};

/// How a value comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    /// As the same text.
    Same,
    /// As the same text, unchanged to the last sign: the author's own unit text.
    Verbatim,
    /// As the same text in a name, where a slice writes `-` as `\x2d`.
    Name,
    /// In another spelling (a number, an address): what it says is not held here, only that it is plain and in place.
    Spelt,
}

/// A place of the catalog that takes a value.
struct Place {
    name: &'static str,
    /// What the place is filled with to compare with.
    harmless: &'static str,
    comes: Comes,
    /// The target; the newest has every key, an older one says some of them with podman's arguments.
    podman: &'static str,
    /// Where it stands: a file, and text with `@@` where the value goes as a TOML string.
    file: &'static str,
    text: &'static str,
}

const H: &str = "harmless";

const fn place(name: &'static str, file: &'static str, text: &'static str) -> Place {
    Place { name, harmless: H, comes: Comes::Same, podman: "6.2", file, text }
}

const fn noun(name: &'static str, harmless: &'static str, file: &'static str, text: &'static str) -> Place {
    Place { name, harmless, comes: Comes::Same, podman: "6.2", file, text }
}

const fn spelt(name: &'static str, harmless: &'static str, file: &'static str, text: &'static str) -> Place {
    Place { name, harmless, comes: Comes::Spelt, podman: "6.2", file, text }
}

const fn verbatim(name: &'static str, file: &'static str, text: &'static str) -> Place {
    Place { name, harmless: H, comes: Comes::Verbatim, podman: "6.2", file, text }
}

const fn name(name: &'static str, file: &'static str, text: &'static str) -> Place {
    Place { name, harmless: H, comes: Comes::Name, podman: "6.2", file, text }
}

const fn old(podman: &'static str, place: Place) -> Place {
    Place { podman, ..place }
}

const WEB: &str = "web.toml";
const TOP: &str = "catalog.toml";

#[rustfmt::skip] // one row a place
const PLACES: &[Place] = &[
    // Text of the author's.
    place("description", WEB, "description = @@"),
    place("description of a network", TOP, "[network.extra]\ndescription = @@"),
    place("description of a volume", TOP, "[volume.extra]\ndescription = @@"),
    place("description of a stack", "forge/stack.toml", "description = @@\nlimits.memory = \"1G\""),
    place("value of a variable", WEB, "environment = { A = @@ }"),
    place("value of a variable with another before it", WEB, "environment = { A = \"1\", B = @@, C = \"3\" }"),
    place("key of a variable", WEB, "environment = { @@ = \"x\" }"),
    place("variable in a list", WEB, "environment = [@@]").with("A=harmless"),
    place("default variable", TOP, "[defaults]\nenvironment = { A = @@ }"),
    place("variable of a stack", "forge/stack.toml", "[defaults]\nenvironment = { A = @@ }"),
    place("value of a label", WEB, "label = { \"org.example.a\" = @@ }"),
    place("key of a label", WEB, "label = { @@ = \"x y\" }"),
    place("value of an annotation", WEB, "annotation = { \"org.example.a\" = @@ }"),
    place("key of an annotation", WEB, "annotation = { @@ = \"x\" }"),
    place("value of a sysctl", WEB, "sysctl = { \"net.a\" = @@ }"),
    place("key of a sysctl", WEB, "sysctl = { @@ = 1 }"),
    place("log option", WEB, "log_opt = { tag = @@ }"),
    place("word of exec", WEB, "exec = [\"serve\", @@, \"last\"]"),
    place("only word of exec", WEB, "exec = [@@]"),
    place("entrypoint", WEB, "entrypoint = @@"),
    place("word of the entrypoint", WEB, "entrypoint = [\"sh\", @@]"),
    place("health command", WEB, "health.cmd = @@"),
    place("word of the health command", WEB, "health.cmd = [\"check\", @@, \"x\"]"),
    place("word of the startup check", WEB, "health.startup_cmd = [\"check\", @@]"),
    place("health log destination", WEB, "health.log_destination = @@"),
    place("reload command", WEB, "reload_cmd = [\"kill\", @@]"),
    place("host name", WEB, "host_name = @@"),
    place("time zone", WEB, "timezone = @@"),
    place("host entry", WEB, "add_host = [@@]"),
    place("host entry, not in a list", WEB, "add_host = @@"),
    place("name server", WEB, "dns = [@@]"),
    place("resolver option", WEB, "dns_option = [@@]"),
    place("search domain", WEB, "dns_search = [@@, \"b.example\"]"),
    place("network alias", WEB, "network_alias = [@@]"),
    place("exposed port", WEB, "expose_host_port = [@@]"),
    place("device", WEB, "add_device = [@@]"),
    place("capability added", WEB, "add_capability = [\"CHOWN\", @@]"),
    place("capability dropped", WEB, "drop_capability = [@@, \"KILL\"]"),
    place("supplementary group", WEB, "group_add = [@@]"),
    place("user namespace", WEB, "user_ns = @@"),
    place("id map", WEB, "uid_map = [@@]\ngid_map = [@@]"),
    place("name of an id map", WEB, "sub_uid_map = @@"),
    place("limit of the process", WEB, "ulimit = [@@]"),
    place("masked path", WEB, "mask = [@@, \"/x\"]"),
    place("unmasked path", WEB, "unmask = [@@]"),
    place("mount", WEB, "mount = [@@]").with("type=bind,source=/srv/x,destination=/x"),
    place("podman argument", WEB, "podman_args = [\"--label=a=b\", @@]"),
    place("global argument", WEB, "global_args = [@@]"),
    place("containers.conf module", WEB, "containers_conf_module = [@@]"),
    place("environment file", WEB, "environment_file = [@@]"),
    place("seccomp profile", WEB, "seccomp_profile = @@"),
    place("AppArmor profile", WEB, "app_armor = @@"),
    place("SELinux type", WEB, "security_label_type = @@"),
    place("SELinux level", WEB, "security_label_level = @@"),
    place("SELinux file type", WEB, "security_label_file_type = @@"),
    place("log driver", WEB, "log_driver = @@"),
    place("stop signal", WEB, "stop_signal = @@"),
    place("reload signal", WEB, "reload_signal = @@"),
    place("umask", WEB, "umask = @@"),
    place("retries of a pull", WEB, "retry = @@"),
    place("target of a secret", WEB, "secret = [{ name = \"a\", target = @@ }]"),
    place("target of a secret in a variable", WEB, "secret = [{ name = \"a\", type = \"env\", target = @@ }]"),
    // Said with podman's arguments to an older target.
    old("5.0", place("AppArmor profile by argument", WEB, "app_armor = @@")),
    old("5.0", place("umask by argument", WEB, "umask = @@")),
    old("5.0", place("stop signal by argument", WEB, "stop_signal = @@")),
    old("5.0", place("log option by argument", WEB, "log_opt = { tag = @@ }")),
    old("5.0", place("host entry by argument", WEB, "add_host = [@@]")),
    old("5.0", place("network alias by argument", WEB, "network_alias = [@@]")),
    old("4.9", place("supplementary group by argument", WEB, "group_add = [@@]")),
    old("4.9", place("entrypoint by argument", WEB, "entrypoint = @@")),
    old("4.9", place("word of the entrypoint by argument", WEB, "entrypoint = [\"sh\", @@]")),
    // Nouns, which are checked for what they are.
    noun("image", "quay.io/a/harmless:1", WEB, "image = @@"),
    spelt("user", H, WEB, "user = @@"),
    spelt("group", H, WEB, "user = 5\ngroup = @@"),
    noun("working directory", "/harmless", WEB, "working_dir = @@"),
    noun("source of a volume", "/srv/harmless", WEB, "volume = [{ source = @@, target = \"/a\" }]"),
    noun("target of a volume", "/srv/harmless", WEB, "volume = [{ source = \"/x\", target = @@ }]"),
    noun("target of a tmpfs", "/harmless", WEB, "tmpfs = [{ target = @@ }]"),
    noun("mode of a tmpfs", "0755", WEB, "tmpfs = [{ target = \"/a\", mode = @@ }]"),
    noun("name of a secret", H, WEB, "secret = [@@]"),
    noun("name of a secret in a table", H, WEB, "secret = [{ name = @@ }]"),
    noun("mode of a secret", "0440", WEB, "secret = [{ name = \"a\", mode = @@ }]"),
    noun("alias on a network", H, WEB, "network = [{ name = \"lan\", alias = [@@] }]"),
    noun("interface inside", H, WEB, "network = [{ name = \"lan\", interface_name = @@ }]"),
    noun("network mode", "bridge:harmless", WEB, "network = @@"),
    noun("container name", H, WEB, "container_name = @@"),
    noun("service name", H, WEB, "service_name = @@"),
    noun("pod", "web.pod", WEB, "pod = @@\n[quadlet.Pod]\nPodName = \"x\""),
    noun("root file system", "/harmless", "rooted.toml", "rootfs = @@"),
    noun("interval of the health check", "7s", WEB, "health.cmd = \"x\"\nhealth.interval = @@"),
    noun("time between restarts", "7s", WEB, "restart = { sec = @@, interval = \"infinity\" }"),
    noun("interval of the start limit", "777s", WEB, "restart.interval = @@"),
    noun("time to start", "777s", WEB, "timeouts.start = @@"),
    noun("time to stop", "777s", WEB, "timeouts.stop = @@\nstop_timeout = 1"),
    noun("unit to wait for", "harmless.target", WEB, "after = [@@]"),
    noun("unit that wants it", "harmless.target", WEB, "wanted_by = [@@]"),
    noun("other name", "harmless.service", WEB, "alias = [@@]"),
    noun("when to pull", "never", WEB, "pull = @@"),
    noun("when to update", "local", WEB, "auto_update = @@"),
    noun("notification", "healthy", WEB, "notify = @@"),
    noun("restart policy", "always", WEB, "restart.policy = @@"),
    noun("OOM policy", "stop", WEB, "oom_policy = @@"),
    noun("action on failure", "stop", WEB, "health.cmd = \"x\"\nhealth.on_failure = @@"),
    spelt("memory", "77M", WEB, "limits.memory = @@"),
    spelt("swap", "77M", WEB, "limits = { memory = \"1G\", swap = @@ }"),
    spelt("cpus", "0.77", WEB, "limits.cpus = @@"),
    spelt("memory policy", "throttle", WEB, "limits = { memory = \"1G\", memory_policy = @@ }"),
    spelt("size of /dev/shm", "7M", WEB, "shm_size = @@"),
    spelt("size of a tmpfs", "7M", WEB, "tmpfs = [{ target = \"/a\", size = @@ }]"),
    spelt("address", "192.168.10.77", WEB, "network = [{ name = \"lan\", ip = @@ }]"),
    spelt("link-layer address", "02:00:00:00:00:77", WEB, "network = [{ name = \"lan\", mac = @@ }]"),
    spelt("published port", "192.0.2.7:77:77", WEB, "network = \"bridge\"\npublish_port = [@@]"),
    spelt("address of a published port", "192.0.2.7", WEB, "network = \"bridge\"\npublish_port = [{ host_ip = @@, container = 7 }]"),
    spelt("address that is allowed", "192.0.2.7", WEB, "ip_address_allow = [@@]"),
    spelt("access to a volume", "rw", WEB, "volume = [{ source = \"/a\", target = \"/a\", access = @@ }]"),
    // Networks and volumes.
    noun("driver of a network", H, TOP, "[network.extra]\ndriver = @@"),
    noun("interface beneath a network", H, TOP, "[network.extra]\ndriver = \"macvlan\"\nparent = @@"),
    spelt("subnet", "10.77.0.0/24", TOP, "[network.extra]\nsubnet = @@"),
    spelt("gateway", "10.0.0.77", TOP, "[network.extra]\nsubnet = \"10.0.0.0/24\"\ngateway = @@"),
    noun("range of addresses", "10.0.0.64/26", TOP, "[network.extra]\nsubnet = \"10.0.0.0/24\"\nip_range = @@"),
    noun("podman name of a network", H, TOP, "[network.extra]\nnetwork_name = @@"),
    place("option of a network", TOP, "[network.extra]\noptions = { mtu = @@ }"),
    place("key of an option of a network", TOP, "[network.extra]\noptions = { @@ = 1 }"),
    place("label of a network", TOP, "[network.extra]\nlabel = { a = @@ }"),
    place("key of a label of a network", TOP, "[network.extra]\nlabel = { @@ = \"b\" }"),
    place("name server of a network", TOP, "[network.extra]\ndns = [@@]"),
    place("IPAM driver", TOP, "[network.extra]\nipam_driver = @@"),
    place("interface of a network", TOP, "[network.extra]\ninterface_name = @@"),
    place("podman argument of a network", TOP, "[network.extra]\npodman_args = [@@, \"--x\"]"),
    old("5.4", place("interface of a network by argument", TOP, "[network.extra]\ninterface_name = @@")),
    noun("podman name of a volume", H, TOP, "[volume.extra]\nvolume_name = @@"),
    place("label of a volume", TOP, "[volume.extra]\nlabel = { a = @@ }"),
    place("options of a volume", TOP, "[volume.extra]\ndevice = \"x\"\noptions = @@"),
    place("device of a volume", TOP, "[volume.extra]\ndevice = @@"),
    place("type of a volume", TOP, "[volume.extra]\ndevice = \"x\"\ntype = @@"),
    place("driver of a volume", TOP, "[volume.extra]\ndriver = @@"),
    place("image of a volume", TOP, "[volume.extra]\nimage = @@"),
    place("user of a volume", TOP, "[volume.extra]\nuid = @@"),
    place("podman argument of a volume", TOP, "[volume.extra]\npodman_args = [@@]"),
    // Names.
    name("name of the catalog", TOP, "name = @@"),
    name("name of the fleet's slice", TOP, "[slice]\nname = @@\nmemory = \"1G\""),
    name("name of a network", TOP, "[network.@@]"),
    name("name of a volume", TOP, "[volume.@@]"),
    // Not rendered at all, which is to be seen too.
    noun("reason of a waiver", "harmless, as everybody knows", WEB, "waive = [{ rule = \"PL105\", reason = @@ }]"),
    noun("rule of a waiver", "PL105", WEB, "waive = [{ rule = @@, reason = \"because it is so\" }]"),
    noun("trusted registry", "quay.io/harmless", TOP, "[policy]\ntrusted_registries = [@@]"),
    // The author's own unit text.
    verbatim("exec as text", WEB, "exec = @@"),
    verbatim("reload command as text", WEB, "reload_cmd = @@"),
    verbatim("[quadlet.Container] one string", WEB, "[quadlet.Container]\nHostName = @@"),
    verbatim("[quadlet.Container] a line", WEB, "[quadlet.Container]\nUlimit = [@@, \"core=0\"]"),
    verbatim("[quadlet.Container] words", WEB, "[quadlet.Container]\nPodmanArgs = @@"),
    verbatim("[quadlet.Container] pairs", WEB, "[quadlet.Container]\nLabel = @@"),
    verbatim("[quadlet.Container] words with escapes", WEB, "[quadlet.Container]\nSysctl = @@"),
    verbatim("[systemd.Service]", WEB, "[systemd.Service]\nEnvironment = @@"),
    verbatim("[systemd.Unit]", WEB, "[systemd.Unit]\nDocumentation = [@@, \"man:podman(1)\"]"),
    verbatim("[systemd.Unit] of all", TOP, "[defaults.systemd.Unit]\nOnFailure = @@"),
    verbatim("[slice.systemd.Slice]", TOP, "[slice.systemd.Slice]\nManagedOOMPreference = @@"),
    verbatim("[quadlet.Network]", TOP, "[network.extra.quadlet.Network]\nLabel = @@"),
    verbatim("[quadlet.Volume]", TOP, "[volume.extra.quadlet.Volume]\nLabel = @@"),
    verbatim("[quadlet.Build]", WEB, "image = \"web.build\"\n[quadlet.Build]\nFile = @@"),
    verbatim("[quadlet.Build] words", WEB, "image = \"web.build\"\n[quadlet.Build]\nFile = \"/x\"\nPodmanArgs = @@"),
    verbatim("[quadlet.Image]", WEB, "[quadlet.Image]\nArch = @@"),
    verbatim("[quadlet.Artifact]", WEB, "[quadlet.Artifact]\nArtifact = @@"),
    verbatim("[quadlet.Pod]", "forge/stack.toml", "[quadlet.Pod]\nLabel = @@"),
    verbatim("key of [systemd.Service]", WEB, "[systemd.Service]\n@@ = \"x\"").with("X-Harmless"),
    verbatim("key of [systemd.Unit]", WEB, "[systemd.Unit]\nX-@@ = \"x\"").with("harmless"),
    verbatim("key of [quadlet.Container]", WEB, "[quadlet.Container]\n@@ = \"x\"").with("HostName"),
];

impl Place {
    const fn with(self, harmless: &'static str) -> Self {
        Self { harmless, ..self }
    }

    /// The catalog with a value in this place.
    fn catalog(&self, value: &str) -> Vec<File> {
        // `X-@@`: the value is a part of a quoted key.
        let text = self.text.replace("X-@@", &toml_string(&format!("X-{value}")).replace("@@", "@"));
        let text = text.replace("@@", &toml_string(value));
        let mut top = format!("target.podman = \"{}\"\n", self.podman);
        let mut web = String::new();
        let mut files: Vec<File> = Vec::new();
        match self.file {
            TOP => top += &text,
            WEB => web += &text,
            other => files.push((other.to_owned(), text.clone())),
        }
        if text.contains("\"lan\"") {
            top += "\n[network.lan]\ndriver = \"macvlan\"\nsubnet = \"192.168.10.0/24\"\n";
        }
        if !self.text.starts_with("image = ") {
            web = format!("image = \"quay.io/a/web:1\"\n{web}");
        }
        if self.file.starts_with("forge/") {
            files.push(("forge/app.toml".to_owned(), "image = \"quay.io/a/app:1\"\n".to_owned()));
        }
        files.extend([(TOP.to_owned(), top), (WEB.to_owned(), web)]);
        files
    }

    /// What is wrong with the tree of a value, held against the harmless one.
    fn judge(&self, harmless: &Bundle, hostile: &Bundle, value: &str) -> Result<(), String> {
        if harmless.files.len() != hostile.files.len() {
            return Err(format!("{} files instead of {}", hostile.files.len(), harmless.files.len()));
        }
        for file in &hostile.files {
            let origin_count = file.origins.len();
            if origin_count != file.text.split('\n').count() - 1 {
                return Err(format!("{}: {origin_count} origins for its lines", file.path));
            }
            let plain = |c: char| c.is_ascii_alphanumeric() || "/._-\\".contains(c);
            if !file.path.chars().all(plain) || file.path.contains("..") {
                return Err(format!("an odd path: {:?}", file.path));
            }
            let found = harmless.files.iter().find(|h| {
                h.path == file.path || self.comes == Comes::Name && self.renamed(&h.path, value) == file.path
            });
            let before = found.ok_or_else(|| format!("nobody asked for {}", file.path))?;
            self.compare(before, file, value).map_err(|why| format!("{}: {why}\n{}", file.path, file.text))?;
        }
        Ok(())
    }

    fn compare(&self, harmless: &RenderedFile, hostile: &RenderedFile, value: &str) -> Result<(), String> {
        let count = |file: &RenderedFile| file.text.split('\n').count();
        if count(harmless) != count(hostile) {
            return Err(format!("{} lines instead of {}", count(hostile), count(harmless)));
        }
        let lines = both_readers(&hostile.text)?;
        let before = both_readers(&harmless.text)?;
        if lines.len() != before.len() {
            return Err(format!("{} assignments instead of {}", lines.len(), before.len()));
        }
        for (line, before) in lines.iter().zip(&before) {
            if line.section != before.section {
                return Err(format!("{line:?} is in another section than {before:?}"));
            }
            self.compare_line(before, line, value)?;
        }
        Ok(())
    }

    fn compare_line(&self, before: &Assignment, line: &Assignment, value: &str) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("{what}: {line:?}, where the harmless one is {before:?}"));
        if self.comes == Comes::Verbatim {
            let key = before.key.replace(self.harmless, value);
            return match () {
                () if line == before => Ok(()),
                () if key == line.key && before.value.replace(self.harmless, value) == line.value => Ok(()),
                () => wrong("not as it was written"),
            };
        }
        if line.key != before.key {
            return wrong("another key");
        }
        if line == before {
            return Ok(());
        }
        match self.comes {
            Comes::Same => {
                let json = is_json(before);
                let expected = decode(before, json)?.into_iter().map(|word| word.replace(self.harmless, value));
                let read = decode(line, json)?;
                if expected.eq(read.iter().cloned()) { Ok(()) } else { wrong(&format!("read as {read:?}")) }
            }
            Comes::Name if self.renamed(&before.value, value) == line.value => Ok(()),
            Comes::Name if before.value.replace(self.harmless, value) == line.value => Ok(()),
            Comes::Name => wrong("not the name"),
            Comes::Spelt => {
                let plain = |c: char| c.is_ascii_alphanumeric() || "=:/.,%-_[]".contains(c);
                if line.value.chars().all(plain) { Ok(()) } else { wrong("not plain") }
            }
            Comes::Verbatim => Ok(()),
        }
    }

    fn renamed(&self, text: &str, value: &str) -> String {
        let value = if text.ends_with(".slice") { value.replace('-', "\\x2d") } else { value.to_owned() };
        text.replace(self.harmless, &value)
    }
}

/// What both readers see; an error where they differ.
fn both_readers(text: &str) -> Result<Vec<Assignment>, String> {
    let unit = Unit::parse(text).map_err(|errors| format!("it does not parse: {errors:?}"))?;
    let lines = naive(text)?;
    let entries: Vec<_> = unit
        .entries()
        .map(|entry| Assignment {
            section: entry.section.to_owned(),
            key: entry.key.to_owned(),
            value: entry.value.clone().into_owned(),
        })
        .collect();
    if entries != lines {
        return Err(format!("two readers, two readings: {entries:#?} and {lines:#?}"));
    }
    if unit.entries().any(|entry| entry.lines != 1) || unit.lost().is_some() {
        return Err("an assignment over several lines".to_owned());
    }
    Ok(lines)
}

/// Whether a line holds a command as a JSON array, which podman reads as its words.
fn is_json(line: &Assignment) -> bool {
    line.value.starts_with("[\"") || line.value.starts_with(r#""--entrypoint=[\""#)
}

/// The strings that podman gets of a line, or systemd where it is systemd's.
fn decode(line: &Assignment, json: bool) -> Result<Vec<String>, String> {
    let row = keys::key(&line.section, &line.key);
    let words = match row.map(|row| row.syntax) {
        None | Some(Syntax::Lines) => vec![line.value.clone()],
        Some(Syntax::Text | Syntax::Bool | Syntax::Uint32) => {
            let value = line.value.as_str();
            // Before 5.8.2 Podman takes every quote off that it finds at an end: only a pair may be there.
            let inside = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
            if inside.starts_with('"') || inside.ends_with('"') {
                return Err(format!("a quote at an end of {value}"));
            }
            vec![inside.to_owned()]
        }
        Some(Syntax::Strv | Syntax::Install) => words(&line.value, Mode::Strv)?,
        Some(Syntax::Args | Syntax::Exec | Syntax::Pairs) => words(&line.value, Mode::Args)?,
    };
    // What is left of a doubled sign; a single one would be expanded.
    let in_command = row.is_some() && !matches!(line.section.as_str(), "Install" | "Quadlet");
    let mut decoded = Vec::new();
    for word in words {
        let mut word = halve(&word, '%')?;
        if in_command {
            word = halve(&word, '$')?;
        }
        if json {
            let list = word.strip_prefix("--entrypoint=").unwrap_or(&word);
            let list: Vec<String> = serde_json::from_str(list).map_err(|error| error.to_string())?;
            decoded.extend(list);
        } else {
            decoded.push(word);
        }
    }
    Ok(decoded)
}

fn words(value: &str, mode: Mode) -> Result<Vec<String>, String> {
    let split = split(value, mode);
    if !split.is_clean() {
        return Err(format!("a part of {value} is dropped"));
    }
    let words = split.into_texts();
    match words.iter().find(|word| word.is_empty() || *word == ";") {
        Some(word) => Err(format!("the word {word:?} in {value}")),
        None => Ok(words),
    }
}

fn halve(text: &str, sign: char) -> Result<String, String> {
    let mut halved = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        halved.push(c);
        if c == sign && rest.next_if_eq(&sign).is_none() {
            return Err(format!("a single {sign} in {text}"));
        }
    }
    Ok(halved)
}

/// Values that have broken a renderer somewhere, or could.
#[rustfmt::skip] // many to a line
const HOSTILE: &[&str] = &[
    // Nothing, or nearly.
    "", " ", "   ", "\t", "\n", "\r", "\r\n", "\0", "\u{b}", "\u{c}", "\u{85}", "\u{a0}", "\u{2003}", "\u{200b}",
    "\u{3000}", "\u{feff}", "\u{2028}", "\u{2029}", "\u{1b}[31m", "\u{7f}", "\u{80}", "\u{9f}", "\u{fffd}", "\u{10ffff}",
    // Leaving the line.
    "a\nPodmanArgs=--privileged", "a\r\nPodmanArgs=--privileged", "a\rPodmanArgs=--privileged", "\nb", "a\n", "a\n\n",
    "x\n[Service]\nExecStartPre=/bin/sh", "a\u{2028}b=c", "a\u{2029}b=c", "a\u{85}b=c", "a\u{b}b=c", "a\u{c}b=c", "a\0b",
    "a\\\nb", "a\tb", "\tb", "a\t", "X-a\nExecStartPre=/bin/sh", "X-a=b\nExecStartPre", "X-a b", "X-a", "X-", "X-a]", "X-\u{e9}",
    "Environment\nExecStartPre=/bin/sh\nX-a",
    // Joining the next line.
    "\\", "a\\", "a\\\\", "a\\\\\\", "a \\", "a\\ ", "\\a", "\"a\\", "'a\\", "\\a\\", "a\\\\ ", "\u{e9}\\",
    // Quotes.
    "\"", "\"\"", "\"\"\"", "\"a\"", "\"a", "a\"", "a\"b", "\"a\"b\"", "\"a\" \"b\"", "'", "''", "'''", "'a'", "'a", "a'",
    "a'b", "\"'", "'\"", "\"'\"", "'\"'", "a'b\"c", "it's", "say \"hi\"", "\\\"", "\\'", "a\\\"b", "`id`", "\u{201c}a\u{201d}",
    "\"a\" b 'c' d", "\" a \"", "sh -c \"id\"", "\"sh\" -c id", "\\\"a\\\"", "a\"\\",
    // Empty words, comments, commands.
    "a \"\" b", "\"\" a", "''", "a '' b", ";", " ; ", "a ; b", ";;", "; a", "a;", "\\;", "\";\"", "';'", "#", "# a", "a # b", ";a",
    // Escapes.
    "\\n", "\\t", "\\x41", "\\x00", "\\xzz", "\\u0041", "\\ud800", "\\U00110000", "\\101", "\\400", "\\8", "\\s", "\\d", "\\ ",
    "\\\\n", "C:\\dir\\n", "^\\d+\\.\\w*$", "a\\x20b", "\\x", "\\x3b", "\\073", "\\x0aPodmanArgs=--privileged",
    // Specifiers and variables.
    "%", "%%", "%n", "%N", "%h/data", "100%", "%%n", "%%%", "% a", "$", "$$", "$HOME", "${HOME}", "$$HOME", "a$b", "$1", "$(id)",
    "${", "$%", "%$", "$${HOME}", "cost: $5 (10 %)", "${X:-a}",
    // Flags, keys and sections inside a value.
    "--privileged", "-v", "-", "--", "a --privileged", "a\" --privileged \"", "a' --privileged '", "a=b", "=", "=a", "a=", "a==b",
    "a=b c=d", "a b", "a  b", " a", "a ", " a b ", "a\u{a0}", "\u{a0}a", "[Service]", "[Container", "]", "[", "[]", "[a] b=c",
    // Separators of the parts of a value.
    ",", ":", "a,b", "a:b", ",mode=0777", ":rw", ":rw,exec", "a,target=/b", "type=bind,source=/,target=/x", "/a:/b", "/a,b", "/..",
    "..", ".", "../..", "/../etc", "//", "/", "/a/", "/a b", "/a\"b", "/a'b", "/a\\", "/a%n", "/a$b", "/a;b", "/a#b", "/a=b", "/\u{e9}",
    "a/b", "*", "?", "~", "~/x", "!", "@a", "+a", "-a", ":a", "|a", "a|b", "a&b", "a>b", "a<b", "a@b.service", "a.service", "a.network",
    "x.container", "x.build", "none", "host", "host:x", "container:x", "bridge:ip=1", "bridge:a b", "pasta:--map-gw", "bridge:%n",
    // Other languages' text.
    "{{ 7*7 }}", "{% raw %}", "{# a #}", "{{ service.name }}", "{%- include 'x' -%}", "{\"a\":[1,2]}", "[\"a\",\"b\"]", "[\"a\"", "[1]",
    "['a', 'b']", "<b>&amp;</b>", "Host(`a`) && PathPrefix(`/b`)", "sh -c 'echo \"$HOME\"'", "test \"$(cat /x)\" = \"1\"", "a: b", "---",
    "curl -fsS \"http://a/b?c=%20\"", "CMD-SHELL pg_isready -U \"$POSTGRES_USER\" || exit 1", "!include x", "0x10", "010", "1e3", "1_000",
    "true", "yes", "null", "infinity", "-1", "0", "18446744073709551616", "9223372036854775807", "5.", ".5", "5. s", "1 2", "1.5h",
    // Other alphabets.
    "\u{e9}", "stra\u{df}e", "\u{1f980}", "\u{65e5}\u{672c}", "e\u{301}", "\u{7d0}", "\u{ff1b}", "\u{ff1d}", "\u{37e}", "\u{2019}",
    "\u{ad}", "\u{180e}", "\u{200d}", "a\u{200b}b", "\u{202e}abc", "\u{2066}x\u{2069}", "\u{200f}", "\u{200e}", "\u{61c}", "A", "\u{130}",
    // Values that some nouns take.
    "a-b", "a--b", "a_b", "x2d", "users", "users-x", "hosts", "0", "65534", "4294967295", "harmless", "192.168.10.9", "::1", "10.9.0.0/16",
];

fn all_hostile() -> Vec<String> {
    let mut values: Vec<String> = HOSTILE.iter().map(|value| (*value).to_owned()).collect();
    values.push("a".repeat(70 << 10));
    values
}

/// Holds values against a place; gives how many were accepted.
fn hold(place: &Place, values: &[String]) -> usize {
    static HARMLESS: Mutex<BTreeMap<&str, Bundle>> = Mutex::new(BTreeMap::new());
    let known = HARMLESS.lock().unwrap_or_else(PoisonError::into_inner).get(place.name).cloned();
    let harmless = known.unwrap_or_else(|| {
        let rendered = render_files(&place.catalog(place.harmless));
        let rendered = rendered.unwrap_or_else(|why| panic!("{}: the harmless value is refused: {why:#?}", place.name));
        HARMLESS.lock().unwrap_or_else(PoisonError::into_inner).insert(place.name, rendered.clone());
        rendered
    });
    let mut accepted = 0;
    for value in values {
        let shown: String = value.escape_debug().take(80).collect();
        let rendered = catch_unwind(AssertUnwindSafe(|| render_files(&place.catalog(value))));
        let rendered = rendered.unwrap_or_else(|_| panic!("{}: {shown:?} makes it panic", place.name));
        if let Ok(bundle) = rendered {
            accepted += 1;
            if let Err(why) = place.judge(&harmless, &bundle, value) {
                panic!("{}: {shown:?} leaves its place: {why}", place.name);
            }
        }
    }
    accepted
}

/// The shares of the table that run beside each other.
const SHARES: usize = 4;

fn share(number: usize) {
    let values = all_hostile();
    for place in PLACES.iter().skip(number).step_by(SHARES) {
        let accepted = hold(place, &values);
        // A place that refuses everything would hold without having been tried.
        let own = hold(place, &[place.harmless.to_owned()]);
        assert_eq!(own, 1, "{}", place.name);
        assert!(accepted < values.len(), "{}: nothing is refused", place.name);
        let free = place.comes == Comes::Same && place.text.contains("environment = {");
        assert!(!free || accepted > 25, "{}: only {accepted} accepted", place.name);
    }
}

#[test]
fn hostile_values_stay_in_their_place_1() {
    share(0);
}

#[test]
fn hostile_values_stay_in_their_place_2() {
    share(1);
}

#[test]
fn hostile_values_stay_in_their_place_3() {
    share(2);
}

#[test]
fn hostile_values_stay_in_their_place_4() {
    share(3);
}

/// Any text, with the signs that matter more often than chance has them.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "\\", "\"", "'", "%", "$", " ", ";", "#", "=", ",", ":", "\n", "\r", "\t", "\u{2028}", "[", "]", "{", "}", "\0", "`", "\u{85}",
        ]).prop_map(str::to_owned),
        3 => "[a-z0-9/._-]{1,6}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn any_text_stays_in_its_place(place in 0..PLACES.len(), value in any_text()) {
        hold(&PLACES[place], &[value]);
    }
}

#[test]
fn long_values_stay_in_their_place() {
    let long = [
        "\\".repeat(70 << 10),
        "\u{1f980}".repeat(16 << 10),
        "%".repeat(40_000),
        "a ".repeat(20_000) + "b",
        "'\"".repeat(20_000),
    ];
    for place in PLACES.iter().step_by(7) {
        hold(place, &long);
    }
}

/// The judge itself: a tree in which a value has left its place is told from one in which it has not.
#[test]
fn the_comparison_sees_a_value_that_leaves_its_place() {
    let place = PLACES.iter().find(|place| place.name == "host name").unwrap();
    let harmless = render_files(&place.catalog(H)).unwrap();
    let changed = |from: &str, to: &str| {
        let mut bundle = harmless.clone();
        for file in &mut bundle.files {
            file.text = file.text.replace(from, to).into();
            file.origins = file.text.lines().map(|_| plimsoll::diagnostic::Origin::BuiltIn).collect();
        }
        bundle
    };
    assert_eq!(place.judge(&harmless, &harmless, H), Ok(()));
    assert_eq!(place.judge(&harmless, &changed("HostName=harmless", "HostName=100%%"), "100%"), Ok(()));
    for (to, value) in [
        ("HostName=a\nPodmanArgs=--privileged", "a\nPodmanArgs=--privileged"),
        ("HostName=100%", "100%"),
        ("HostName=$HOME", "$HOME"),
        ("HostName=b", "a"),
        ("HostName=a\\", "a\\"),
        ("HostName=a ", "a "),
        ("HostName=a\rb", "a\rb"),
        ("DomainName=a", "a"),
    ] {
        assert!(place.judge(&harmless, &changed("HostName=harmless", to), value).is_err(), "{to:?}");
    }
    let fewer = changed("ReadOnly=true\n", "");
    assert!(place.judge(&harmless, &fewer, H).is_err());
}
