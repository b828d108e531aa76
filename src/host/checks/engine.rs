//! Podman, what it runs containers with, and who else does.

use super::{Item, Parts, Said, Scope, a_few, fail, pass, warn};
use crate::{
    host::{
        config, packages,
        root::Root,
        system::{PROGRAMS, program},
        units,
    },
    policy::host::{HostCheck, Status},
};

pub(super) const ITEMS: &[Item] = &[
    Item {
        about: HostCheck {
            id: "HC13",
            name: "oci-runtime",
            what: "Containers are started by crun.",
            fails: Some("the runtime that is set, or any at all, is not there"),
            warns: Some("it is runc"),
            why: "Everything that Plimsoll renders was seen to hold with crun. It starts a container faster and with less memory than runc, which matters where limits are small.",
            fix: "install crun, and write runtime = \"crun\" below [engine] into /etc/containers/containers.conf.d/50-plimsoll.conf (`plimsoll host render` does)",
            today: Some(
                "crun has been podman's first choice for years, and runc knows version 2 too: where nothing is set and crun is installed, nothing needs to be done. Leave containers.conf itself to the distribution.",
            ),
            reads: &[
                "/usr/share/containers/containers.conf",
                "/etc/containers/containers.conf",
                "/etc/containers/containers.conf.d",
                "~/.config/containers/containers.conf",
                "/usr/bin/crun",
            ],
            sources: &["A17", "containers.conf(5)"],
        },
        look: runtime,
    },
    Item {
        about: HostCheck {
            id: "HC19",
            name: "api-socket",
            what: "Nobody can talk to podman through a socket.",
            fails: Some("everybody may open the socket, or it listens on the network"),
            warns: Some("the socket of root is switched on, or the service that brings it up"),
            why: "Whoever may open root's socket is root: one request starts a container with the host's / in it. It asks for no password, and a container that gets it as a volume is out.",
            fix: "systemctl disable --now podman.socket podman.service; where it is needed, run that of an ordinary user",
            today: Some(
                "The varlink interface that documents tell of was removed in Podman 3.0. What listens today is podman.socket, a REST interface over HTTP with mode 0660.",
            ),
            reads: &[
                "/etc/systemd/system/sockets.target.wants/podman.socket",
                "/etc/systemd/system/default.target.wants/podman.service",
                "/etc/systemd/system/podman.socket.d",
                "/etc/systemd/system/podman.service.d",
                "/run/podman/podman.sock",
            ],
            sources: &["A63", "A64", "A65", "podman-system-service(1)", "CIS 5.32"],
        },
        look: socket,
    },
    Item {
        about: HostCheck {
            id: "HC25",
            name: "other-engines",
            what: "Podman is the only engine for containers here.",
            fails: None,
            warns: Some("Docker, containerd, CRI-O or Kubernetes is there as well"),
            why: "Each brings a daemon of root's, rules of its own for the firewall and images that nobody updates with the others. Docker's socket is root for its whole group.",
            fix: "remove what is not used",
            today: Some(
                "How many services a host should have is a matter of opinion: only other engines are looked for.",
            ),
            reads: &[
                "/usr/bin/dockerd",
                "/usr/bin/containerd",
                "/usr/bin/crio",
                "/usr/bin/kubelet",
                "/usr/local/bin/k3s",
                "/run/docker.sock",
            ],
            sources: &["A01", "A04", "A05", "A09"],
        },
        look: others,
    },
    Item {
        about: HostCheck {
            id: "HC27",
            name: "podman-version",
            what: "Podman is there with Quadlet, and as new as the catalog's target.",
            fails: Some(
                "podman or its generator is not there, it is older than the target, or the catalog has networks and netavark is missing",
            ),
            warns: None,
            why: "One key that the host's Quadlet does not know keeps the whole unit from being made: the service is gone after the next daemon-reload, and the only trace is a line in the journal.",
            fix: "install a newer podman, or write the one that is there into [target] podman",
            today: None,
            reads: &[
                "/usr/bin/podman",
                "/usr/lib/systemd/system-generators/podman-system-generator",
                "/var/lib/dpkg/status",
                "/var/lib/pacman/local",
                "podman --version, where DIR is /",
            ],
            sources: &["A02", "B13", "podman-systemd.unit(5)"],
        },
        look: version,
    },
];

fn runtime(scope: &Scope<'_>) -> Result<Said, String> {
    let conf = config::containers_conf(scope.root, scope.home()?.as_deref())?;
    let set = config::text(config::last(&conf, "engine", "runtime"), "runtime")?;
    let (name, whence) = match set {
        Some((path, name)) if name.starts_with('/') => {
            let is_there = scope.root.leads(name.trim_start_matches('/'))?;
            let found = format!("/{path} says {name}");
            return Ok(if is_there { pass(found) } else { fail(format!("{found}, which is not there")) });
        }
        Some((path, name)) => (name, format!("/{path} says {name}")),
        None if config::runtime(scope.root, &conf, "crun")?.is_some() => {
            ("crun", "nothing is set, and crun comes first".to_owned())
        }
        None if config::runtime(scope.root, &conf, "runc")?.is_some() => {
            ("runc", "nothing is set, and crun is not there".to_owned())
        }
        None => return Ok(fail("neither crun nor runc is there")),
    };
    let is_there = config::runtime(scope.root, &conf, name)?.is_some();
    Ok(match (is_there, name) {
        (false, _) => fail(format!("{whence}, which is not there")),
        (true, "runc") => warn(whence),
        (true, _) => pass(whence),
    })
}

fn socket(scope: &Scope<'_>) -> Result<Said, String> {
    let mut parts = Parts::default();
    let is_enabled = units::is_enabled(scope.root, "podman.socket", units::SYSTEM)?;
    let serves = serves(scope.root)?;
    let owned = scope.root.owned("run/podman/podman.sock");
    let is_there = matches!(owned, Ok(Some(_)));
    if !is_enabled && !serves && !is_there {
        return Ok(pass("podman.socket is not switched on"));
    }
    parts.add(
        Status::Warn,
        match (is_enabled, serves) {
            (true, _) => "podman.socket is switched on",
            (false, true) => "podman.service is switched on, and the socket comes with it",
            (false, false) => "/run/podman/podman.sock is there",
        },
    );
    if let Ok(Some(owned)) = owned
        && owned.mode & 0o006 != 0
    {
        parts.add(Status::Fail, format!("everybody may open /run/podman/podman.sock: its mode is {:04o}", owned.mode));
    }
    let mode = units::values(scope.root, "podman.socket", ("Socket", "SocketMode"), units::SYSTEM)?;
    if let Some(mode) = mode.as_ref().and_then(|modes| modes.last())
        && u32::from_str_radix(mode, 8).is_ok_and(|mode| mode & 0o006 != 0)
    {
        parts.add(Status::Fail, format!("everybody may open it: SocketMode={mode}"));
    }
    let listens =
        units::values(scope.root, "podman.socket", ("Socket", "ListenStream"), units::SYSTEM)?.unwrap_or_default();
    if let Some(address) = listens.iter().find(|address| !address.starts_with(['/', '%', '@'])) {
        parts.add(Status::Fail, format!("it listens on the network: ListenStream={address}"));
    }
    // The socket starts the service, whatever that listens on besides.
    let commands =
        units::values(scope.root, "podman.service", ("Service", "ExecStart"), units::SYSTEM)?.unwrap_or_default();
    if let Some(address) = commands.iter().find_map(|command| network_address(command)) {
        parts.add(Status::Fail, format!("podman.service listens on the network: {address}"));
    }
    Ok(parts.said(""))
}

/// Whether podman.service is started by itself. It requires its socket: without that it does not start.
fn serves(root: &Root) -> Result<bool, String> {
    if !units::is_enabled(root, "podman.service", units::SYSTEM)? {
        return Ok(false);
    }
    let required = units::values(root, "podman.service", ("Unit", "Requires"), units::SYSTEM)?.unwrap_or_default();
    let needs_socket = required.iter().any(|units| units.split_ascii_whitespace().any(|unit| unit == "podman.socket"));
    Ok(!needs_socket || units::can_start(root, "podman.socket", units::SYSTEM)?)
}

/// Where a command has podman listen, if that is no socket of the file system (podman-system-service(1)).
fn network_address(command: &str) -> Option<&str> {
    let mut words = command.split_ascii_whitespace().map(|word| word.trim_matches(['"', '\'']));
    words.find(|word| word.starts_with("tcp:"))
}

fn others(scope: &Scope<'_>) -> Result<Said, String> {
    let mut found: Vec<String> = Vec::new();
    for name in ["dockerd", "containerd", "crio", "kubelet", "k3s"] {
        found.extend(program(scope.root, name, PROGRAMS)?.map(|path| format!("/{path}")));
    }
    // An image of a host has nothing in /run.
    if scope.root.has("run/docker.sock").unwrap_or(false) {
        found.push("/run/docker.sock".to_owned());
    }
    Ok(if found.is_empty() { pass("no other engine is there") } else { warn(a_few(&found)) })
}

fn version(scope: &Scope<'_>) -> Result<Said, String> {
    if !scope.root.has("usr/bin/podman")? {
        return Ok(fail("/usr/bin/podman is not there").fix("install podman"));
    }
    let mut parts = Parts::default();
    if !scope.root.has("usr/lib/systemd/system-generators/podman-system-generator")? {
        parts.add(Status::Fail, "podman has no generator for systemd: it was built without Quadlet");
    }
    let helpers = ["usr/libexec/podman", "usr/lib/podman", "usr/bin"];
    let has_networks = scope.catalog.is_some_and(|catalog| catalog.networks.values().any(|network| !network.external));
    if has_networks && program(scope.root, "netavark", &helpers)?.is_none() {
        parts.add(Status::Fail, "netavark is not there, which makes the catalog's networks");
    }
    let target = scope.podman();
    parts.told(installed(scope).map(|(text, version)| {
        let target_is = if scope.catalog.is_some() {
            format!("the target is {target}")
        } else {
            format!("Quadlet came with {target}")
        };
        let status = if version < target.pair() { Status::Fail } else { Status::Pass };
        (status, format!("podman is {text}, {target_is}"))
    }));
    Ok(parts.said(""))
}

/// The version of podman, as it is written and as it is compared.
fn installed(scope: &Scope<'_>) -> Result<(String, (u16, u16)), String> {
    let text = match packages::version(scope.root, "podman") {
        Ok(Some(version)) => version,
        told => match scope.ask.podman_version() {
            Some(Ok(answer)) => answer.trim().rsplit(' ').next().unwrap_or_default().to_owned(),
            Some(Err(why)) => return Err(why),
            None => {
                return Err(told.err().unwrap_or_else(|| "no list of packages tells the version of podman".to_owned()));
            }
        },
    };
    // An epoch of Debian's stands before a colon.
    let bare = text.rsplit(':').next().unwrap_or(&text);
    let numbers = bare.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
    let numbers: Vec<u16> = numbers.take(2).collect();
    match numbers.as_slice() {
        &[major, minor] => Ok((bare.to_owned(), (major, minor))),
        _ => Err(format!("podman says that its version is `{}`", text.escape_debug())),
    }
}
