//! The keys of `[Pod]`, in `.pod` files, in the order of their names.

use super::Key;
use super::Syntax::{Args, Lines, Pairs, Strv, Text, Uint32};

const G: &str = "Pod";

#[rustfmt::skip] // one row a key
pub(super) const KEYS: &[Key] = &[
    Key::new(G, "AddHost", (5, 3), Lines, "Adds a `name:address` line to /etc/hosts of every container.").flag("--add-host"),
    Key::new(G, "ContainersConfModule", (5, 0), Lines, "Loads a containers.conf module."),
    Key::new(G, "DNS", (5, 3), Lines, "Sets a DNS server.").flag("--dns"),
    Key::new(G, "DNSOption", (5, 3), Lines, "Sets a resolver option.").flag("--dns-option"),
    Key::new(G, "DNSSearch", (5, 3), Lines, "Sets a DNS search domain.").flag("--dns-search"),
    Key::new(G, "ExitPolicy", (5, 6), Text, "Says what the pod does when its last container exits.").flag("--exit-policy"),
    Key::new(G, "GIDMap", (5, 3), Strv, "Maps group ids into the user namespace.").flag("--gidmap"),
    Key::new(G, "GlobalArgs", (5, 0), Args, "Adds arguments between podman and its command."),
    Key::new(G, "HostName", (5, 5), Lines, "Sets the host name of the pod.").flag("--hostname"),
    Key::new(G, "IP", (5, 3), Text, "Sets a static IPv4 address.").flag("--ip"),
    Key::new(G, "IP6", (5, 3), Text, "Sets a static IPv6 address.").flag("--ip6"),
    Key::new(G, "Label", (5, 6), Pairs, "Sets labels of the pod.").flag("--label"),
    Key::new(G, "Network", (5, 0), Lines, "Joins a network or a .network unit."),
    Key::new(G, "NetworkAlias", (5, 2), Lines, "Adds a name for the pod on its networks.").flag("--network-alias"),
    Key::new(G, "PodName", (5, 0), Text, "Names the pod, in place of systemd-UNIT."),
    Key::new(G, "PodmanArgs", (5, 0), Args, "Adds arguments to the podman command."),
    Key::new(G, "PublishPort", (5, 0), Lines, "Publishes a port on the host."),
    Key::new(G, "RemapGid", (5, 3), Strv, "Maps group ids; use UserNS and GIDMap.").deprecated(),
    Key::new(G, "RemapUid", (5, 3), Strv, "Maps user ids; use UserNS and UIDMap.").deprecated(),
    Key::new(G, "RemapUidSize", (5, 3), Uint32, "Sets the size of an automatic user namespace; use UserNS.").deprecated(),
    Key::new(G, "RemapUsers", (5, 3), Text, "Chooses a user namespace; use UserNS.").deprecated(),
    Key::new(G, "ServiceName", (5, 3), Text, "Names the service, without .service."),
    Key::new(G, "ShmSize", (5, 4), Text, "Limits the size of /dev/shm that the containers share.").flag("--shm-size"),
    Key::new(G, "StopTimeout", (5, 7), Text, "Sets the seconds until a pod that does not stop is killed."),
    Key::new(G, "SubGIDMap", (5, 3), Text, "Takes the group id mapping from a name in /etc/subgid.").flag("--subgidname"),
    Key::new(G, "SubUIDMap", (5, 3), Text, "Takes the user id mapping from a name in /etc/subuid.").flag("--subuidname"),
    Key::new(G, "UIDMap", (5, 3), Strv, "Maps user ids into the user namespace.").flag("--uidmap"),
    Key::new(G, "UserNS", (5, 3), Text, "Chooses the user namespace of the pod.").flag("--userns"),
    Key::new(G, "Volume", (5, 0), Lines, "Mounts a volume into every container of the pod."),
];
