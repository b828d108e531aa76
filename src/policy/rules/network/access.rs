//! Networks and ports: what a container can reach, and who can reach it.

use super::{
    super::{Check, Found, Rule, Scope},
    joined,
};
use crate::{
    diagnostic::Severity,
    model::Profile,
    policy::facts::{Container, ImageRef, NetworkMode, Port, Unforwarded, parse_port, slice_of},
    unit::UnitType,
};

pub(in crate::policy::rules) const RULES: &[Rule] = &[
    Rule {
        id: "PL301",
        name: "host-network",
        severity: Severity::Error,
        what: "The container shares the network of the host.",
        why: "It sees every interface, can listen on every address, and reaches what listens on 127.0.0.1 or on an \
              abstract unix socket in the belief that only the host itself can. A port of it is open without being \
              published, and published ports are ignored.",
        fix: "give it a network of its own and publish the ports that are needed",
        bad: "[Container]\nNetwork=host",
        good: "[Container]\nNetwork=none",
        sources: &["A52", "A27", "CIS 5.10", "podman-run(1) --network"],
        check: Check::Namespace(host_network),
    },
    Rule {
        id: "PL302",
        name: "publish-all-interfaces",
        severity: Severity::Warning,
        what: "A port is published on every address of the host.",
        why: "Without an address podman binds the port on all of them, those of interfaces that are added later among \
              them. What root's podman forwards does not pass the rules for the host's own ports, so that a port may \
              stand open that firewalld or ufw seem to close.",
        fix: "name the address it is meant for, 127.0.0.1 where a proxy stands before it",
        bad: "[Container]\nNetwork=bridge\nPublishPort=8080:80",
        good: "[Container]\nNetwork=bridge\nPublishPort=127.0.0.1:8080:80",
        sources: &["A49", "CIS 5.14", "podman-run(1) --publish"],
        check: Check::Namespace(all_interfaces),
    },
    Rule {
        id: "PL303",
        name: "privileged-host-port",
        severity: Severity::Warning,
        what: "A port below 1024 of the host is published.",
        why: "Those ports are the host's own services: a container that answers on one speaks for the host. An ordinary \
              user cannot bind them unless net.ipv4.ip_unprivileged_port_start is lowered, and then everybody can. 80 \
              and 443 of a web server are what they are there for, and only an info.",
        fix: "publish a port from 1024 on, and let one proxy have 80 and 443",
        bad: "[Container]\nNetwork=bridge\nPublishPort=192.0.2.5:389:3389",
        good: "[Container]\nNetwork=bridge\nPublishPort=192.0.2.5:3389:389",
        sources: &["A51", "A21", "CIS 5.8"],
        check: Check::Namespace(privileged_port),
    },
    Rule {
        id: "PL304",
        name: "publish-without-effect",
        severity: Severity::Error,
        what: "A port is published that the container's network does not forward.",
        why: "Only bridge and user-mode networks forward ports. On macvlan and ipvlan the container answers on its own \
              address whatever is published, so the address and the port that are written here protect nothing; on the \
              network of the host, or without any, the line is ignored; in a pod podman refuses it. For an internal network \
              root's podman forwards nothing, which is a warning.",
        fix: "take the port out, or join a bridge network",
        bad: "[Container]\nNetwork=none\nPublishPort=127.0.0.1:8080:80",
        good: "[Container]\nNetwork=bridge\nPublishPort=127.0.0.1:8080:80",
        sources: &["B44", "podman-run(1) --publish", "podman-network-create(1)"],
        check: Check::Several(&[Check::Namespace(not_published), Check::Container(in_a_pod)]),
    },
    Rule {
        id: "PL305",
        name: "default-network",
        severity: Severity::Warning,
        what: "No network is named, so that podman takes its default one.",
        why: "Root's default is one bridge that all such containers share: each reaches every port of every other one, \
              published or not. Where none is needed, `Network=none` leaves nothing to attack; a network of its own \
              holds those that belong together, and gives them names. The default of an ordinary user is a user-mode \
              network that nobody shares, and only an info.",
        fix: "write `Network=none`, or name a .network of its own",
        bad: "# without [Container] Network=\n[Container]\nUser=1000",
        good: "[Container]\nNetwork=none",
        sources: &["A48", "CIS 5.30", "podman-run(1) --network"],
        check: Check::Namespace(default_network),
    },
    Rule {
        id: "PL306",
        name: "ssh-in-container",
        severity: Severity::Warning,
        what: "The container offers SSH.",
        why: "A shell in a container is `podman exec`, which the host authorises and logs. An SSH server is a second way \
              in, with keys, users and updates of its own. For Git over SSH it is the service itself: waive it there.",
        fix: "use `podman exec`, and take the port out",
        bad: "[Container]\nNetwork=bridge\nPublishPort=192.0.2.5:2222:22",
        good: "[Container]\nNetwork=bridge\nPublishPort=192.0.2.5:8080:80",
        sources: &["A50", "CIS 5.7"],
        check: Check::Several(&[Check::Namespace(ssh_port), Check::Container(ssh_server)]),
    },
    Rule {
        id: "PL307",
        name: "random-host-port",
        severity: Severity::Warning,
        what: "A port is published without saying on which port of the host.",
        why: "podman takes a free one at each start, so neither a firewall nor whoever wants to connect knows where it \
              is, and after a restart it is another one.",
        fix: "name the port of the host, `127.0.0.1:8080:80`",
        bad: "[Container]\nNetwork=bridge\nPublishPort=127.0.0.1::80",
        good: "[Container]\nNetwork=bridge\nPublishPort=127.0.0.1:8080:80",
        sources: &["CIS 5.9", "podman-run(1) --publish"],
        check: Check::Namespace(random_port),
    },
    Rule {
        id: "PL308",
        name: "egress-unrestricted",
        severity: Severity::Info,
        what: "The container may connect to any address.",
        why: "What has broken in fetches its tools from outside and sends home what it finds. `Internal=true` on the \
              network leaves no way out; `IPAddressDeny=any` with an `IPAddressAllow=` in [Service] filters at the \
              cgroup, which holds on macvlan too, where the firewall of the host sees nothing.",
        fix: "use an internal network, or state IPAddressDeny=any and what is allowed",
        bad: "[Container]\nNetwork=bridge",
        good: "[Container]\nNetwork=bridge\n[Service]\nIPAddressDeny=any\nIPAddressAllow=192.0.2.0/24",
        sources: &["A48", "B46", "systemd.resource-control(5) IPAddressDeny="],
        check: Check::Namespace(egress),
    },
    Rule {
        id: "PL315",
        name: "host-loopback",
        severity: Severity::Warning,
        what: "The user-mode network leads to the loopback of the host.",
        why: "Services that listen on 127.0.0.1 trust that only the host reaches them: databases without a password, \
              administration pages, agents. podman keeps that door shut; this option opens it for all ports.",
        fix: "take the option out, and publish or proxy the one port that is needed",
        bad: "[Container]\nNetwork=pasta:--map-gw",
        good: "[Container]\nNetwork=pasta:--mtu,1500",
        sources: &["B13", "podman-run(1) --network pasta", "pasta(1) --map-gw"],
        check: Check::Namespace(host_loopback),
    },
    Rule {
        id: "PL317",
        name: "ip-allow-without-deny",
        severity: Severity::Error,
        what: "Addresses are allowed, and none is denied.",
        why: "systemd lets everything pass that no list names: `IPAddressAllow=` only makes exceptions from \
              `IPAddressDeny=`. The list looks like a firewall and filters nothing.",
        fix: "add `IPAddressDeny=any` to [Service]",
        bad: "[Service]\nIPAddressAllow=192.0.2.0/24",
        good: "[Service]\nIPAddressDeny=any\nIPAddressAllow=192.0.2.0/24",
        sources: &["A48", "systemd.resource-control(5) IPAddressAllow="],
        check: Check::Container(allow_without_deny),
    },
    Rule {
        id: "PL318",
        name: "ip-filter-without-root",
        severity: Severity::Warning,
        what: "Addresses are filtered in a service of a user's own.",
        why: "The filter is a BPF program that only root may attach. The systemd of a user takes the lines and drops \
              them with a line in the journal: everything passes.",
        fix: "use an internal network, or run the service as root's",
        bad: "[Service]\nIPAddressDeny=any\nIPAddressAllow=localhost\n[Install]\nWantedBy=default.target",
        good: "[Service]\nIPAddressDeny=any\nIPAddressAllow=localhost",
        sources: &["systemd.resource-control(5) IPAddressDeny="],
        check: Check::Container(filter_without_root),
    },
];

fn host_network(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if let Some(network) = container.networks.iter().find(|network| network.mode == NetworkMode::Host) {
        found.at(network.at, "the container shares the network of the host");
    }
}

/// The ports that reach the container because they are published.
fn forwarded<'a>(container: &'a Container<'_>, scope: &Scope<'_>) -> impl Iterator<Item = &'a Port<'a>> {
    let none = not_forwarded(container, scope).is_some();
    container.ports.iter().filter(move |_| !none)
}

/// Why published ports do not reach the container.
fn not_forwarded(container: &Container<'_>, scope: &Scope<'_>) -> Option<Unforwarded> {
    let known: Vec<_> = joined(container, scope).into_iter().map(|(_, unit)| unit).collect();
    Unforwarded::of(container, &known)
}

fn all_interfaces(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    for port in forwarded(container, scope).filter(|port| port.is_on_all_addresses()) {
        let name = port.host.map_or_else(|| format!("{} of the container", port.container), |host| host.to_string());
        let (noun, are) = if port.container.count() > 1 { ("ports", "are") } else { ("port", "is") };
        found.at(port.at, format!("{} {noun} {name} {are} published on every address of the host", port.protocol));
    }
}

fn privileged_port(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    const WEB: &[u16] = &[80, 443];
    for port in forwarded(container, scope) {
        let Some(host) = port.host.filter(|host| host.first < 1024) else { continue };
        let is_rootless = container.profile == Profile::Rootless;
        let why =
            if is_rootless { "only free without root where a sysctl says so" } else { "one of its own, below 1024" };
        let finding = found.at(port.at, format!("{} port {host} of the host is {why}", port.protocol));
        if is_rootless {
            finding.help("publish a port from 1024 on, or lower net.ipv4.ip_unprivileged_port_start on the host");
        } else if WEB.contains(&host.first) && host.count() == 1 {
            finding.severity(Severity::Info);
        }
    }
}

fn in_a_pod(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if !container.is_member() {
        return;
    }
    for port in container.unit.list("Container", "PublishPort") {
        let message = format!("podman refuses to publish `{}` in the member of a pod", port.text);
        found.at(port.at, message).help("publish it in the .pod");
    }
}

fn not_published(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let Some(why) = not_forwarded(container, scope) else { return };
    let is_internal = matches!(why, Unforwarded::Internal(_));
    for port in &container.ports {
        let finding = found.at(port.at, format!("port {} is not published: {why}", port.container));
        // The service is there all the same, at another place; or at none but to its neighbours.
        if is_internal || why == Unforwarded::OnHost {
            finding.severity(Severity::Warning);
        }
        if is_internal {
            finding.help("take the port out, or join a network as well that is not internal");
        }
    }
}

fn default_network(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    match container.run.last("network").filter(|arg| !arg.value.is_empty()) {
        None => {
            let group = container.unit.unit_type().map_or("Container", UnitType::group);
            let finding = found.at(container.unit.header(group), "no network is named: podman takes its default one");
            // An ordinary user's default is a user-mode network, which nobody shares.
            if container.profile == Profile::Rootless {
                finding.severity(Severity::Info);
            }
        }
        // `podman` is what the default bridge is called.
        Some(arg) if ["bridge", "podman"].contains(&arg.value.split(':').next().unwrap_or_default()) => {
            found.at(arg.at, format!("`{}` is the bridge that everything without a network shares", arg.value));
        }
        Some(_) => {}
    }
}

fn ssh_port(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let published = forwarded(container, scope).map(|port| (port.container, port.at));
    let exposed = container.run.all("expose").filter_map(|arg| Some((parse_port(&arg.value)?.2, arg.at)));
    if let Some((_, at)) = published.chain(exposed).find(|(ports, _)| ports.first <= 22 && ports.last >= 22) {
        found.at(at, "port 22 of the container is SSH");
    }
}

fn ssh_server(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    const IMAGES: &[&str] = &["sshd", "openssh", "openssh-server", "ssh-server", "docker-sshd"];
    let image = container.unit.last("Container", "Image");
    if let Some(image) = image.filter(|image| !ImageRef::is_unit(image.unquoted())) {
        let repository = ImageRef::of(image.unquoted()).repository;
        if IMAGES.contains(&repository.rsplit('/').next().unwrap_or_default()) {
            found.at(image.at, format!("the image {repository} is an SSH server"));
        }
    }
    if let Some(exec) = container.unit.last("Container", "Exec") {
        let is_sshd = |word: &str| word == "sshd" || word.ends_with("/sshd");
        if exec.text.split_whitespace().any(is_sshd) {
            found.at(exec.at, "the command is an SSH server");
        }
    }
}

fn random_port(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    for port in forwarded(container, scope).filter(|port| port.host.is_none()) {
        let message =
            format!("port {} is published on a port of the host that nobody knows beforehand", port.container);
        found.at(port.at, message);
    }
}

fn egress(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let denied = container.service("IPAddressDeny").is_some();
    if denied || container.is_on_host_network() {
        return;
    }
    let open = container.networks.iter().find_map(|network| match &network.mode {
        NetworkMode::Bridge | NetworkMode::Pasta => Some((network.at, network.name().to_owned())),
        _ => None,
    });
    let open = open.or_else(|| {
        let units = joined(container, scope);
        let (network, unit) = units.iter().find(|(_, unit)| unit.internal.is_none())?;
        Some((network.at, unit.name.to_owned()))
    });
    if let Some((at, name)) = open {
        found.at(at, format!("{name} leads anywhere, and no IPAddressDeny= holds the container back"));
    }
}

fn host_loopback(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    const OPEN: &[&str] = &["--map-gw", "--map-host-loopback", "-T", "--tcp-ns", "-U", "--udp-ns"];
    for network in container.networks.iter().filter(|network| network.mode == NetworkMode::Pasta) {
        let opens = |option: &&String| {
            let name = option.split('=').next().unwrap_or_default();
            OPEN.contains(&name) || option.as_str() == "allow_host_loopback=true"
        };
        if let Some(option) = network.options.iter().find(opens) {
            found.at(network.at, format!("`{option}` leads to the loopback of the host"));
        }
    }
}

fn allow_without_deny(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let allow = container.unit.list("Service", "IPAddressAllow");
    let Some(first) = allow.first() else { return };
    if container.service("IPAddressDeny").is_some() {
        return;
    }
    // The lists of the slices around it count as well.
    let slice = slice_of(container.unit);
    let around = slice.as_deref().map(|name| scope.tree.slice(name));
    if around.flatten().is_some_and(|slice| slice.last("Slice", "IPAddressDeny").is_some()) {
        return;
    }
    let message =
        format!("`IPAddressAllow={}` without an IPAddressDeny= lets every other address pass too", first.text);
    let finding = found.at(first.at, message);
    if around.is_some_and(|slice| slice.is_none()) {
        finding.severity(Severity::Warning);
    }
}

fn filter_without_root(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if container.profile == Profile::Rootless
        && let Some(deny) = container.service("IPAddressDeny")
    {
        found.at(deny.at, format!("`IPAddressDeny={}` filters nothing in a service that root does not run", deny.text));
    }
}
