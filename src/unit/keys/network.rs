//! The keys of `[Network]`, in `.network` files, in the order of their names.

use super::Key;
use super::Syntax::{Args, Bool, Lines, Pairs, Text};

const G: &str = "Network";

#[rustfmt::skip] // one row a key
pub(super) const KEYS: &[Key] = &[
    Key::new(G, "ContainersConfModule", (4, 8), Lines, "Loads a containers.conf module."),
    Key::new(G, "DNS", (4, 7), Lines, "Sets a DNS server for the network's own resolver."),
    Key::new(G, "DisableDNS", (4, 4), Bool, "Turns the DNS of the network off."),
    Key::new(G, "Driver", (4, 4), Text, "Chooses the driver: bridge, macvlan, ipvlan."),
    Key::new(G, "Gateway", (4, 4), Lines, "Sets the gateway of a subnet."),
    Key::new(G, "GlobalArgs", (4, 8), Args, "Adds arguments between podman and its command."),
    Key::new(G, "IPAMDriver", (4, 4), Text, "Chooses who hands out addresses."),
    Key::new(G, "IPRange", (4, 4), Lines, "Limits the addresses that are handed out."),
    Key::new(G, "IPv6", (4, 4), Bool, "Makes the network dual-stack."),
    Key::new(G, "InterfaceName", (5, 6), Text, "Names the bridge or the parent interface on the host.").flag_since("--interface-name", (4, 5)),
    Key::new(G, "Internal", (4, 4), Bool, "Keeps the network from reaching outside."),
    Key::new(G, "Label", (4, 4), Pairs, "Sets labels."),
    Key::new(G, "NetworkDeleteOnStop", (5, 5), Bool, "Removes the network when its service stops."),
    Key::new(G, "NetworkName", (4, 7), Text, "Names the network, in place of systemd-UNIT."),
    Key::new(G, "Options", (4, 4), Pairs, "Sets driver options."),
    Key::new(G, "PodmanArgs", (4, 6), Args, "Adds arguments to the podman command."),
    Key::new(G, "ServiceName", (5, 3), Text, "Names the service, without .service."),
    Key::new(G, "Subnet", (4, 4), Lines, "Sets a subnet in CIDR notation."),
];
