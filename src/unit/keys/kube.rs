//! The keys of `[Kube]`, in `.kube` files, in the order of their names.

use super::Key;
use super::Syntax::{Args, Bool, Lines, Strv, Text, Uint32};

const G: &str = "Kube";

#[rustfmt::skip] // one row a key
pub(super) const KEYS: &[Key] = &[
    Key::new(G, "AutoUpdate", (4, 7), Strv, "Lets podman auto-update replace the images."),
    Key::new(G, "ConfigMap", (4, 4), Strv, "Reads a Kubernetes ConfigMap file."),
    Key::new(G, "ContainersConfModule", (4, 8), Lines, "Loads a containers.conf module."),
    Key::new(G, "ExitCodePropagation", (4, 6), Text, "Says how the exit codes of the containers become the service's."),
    Key::new(G, "GlobalArgs", (4, 8), Args, "Adds arguments between podman and its command."),
    Key::new(G, "KubeDownForce", (4, 8), Bool, "Removes volumes too when the service stops."),
    Key::new(G, "LogDriver", (4, 5), Text, "Chooses the log driver."),
    Key::new(G, "LogOpt", (5, 2), Strv, "Sets an option of the log driver.").flag("--log-opt"),
    Key::new(G, "Network", (4, 4), Lines, "Joins a network or a .network unit."),
    Key::new(G, "PodmanArgs", (4, 6), Args, "Adds arguments to the podman command."),
    Key::new(G, "PublishPort", (4, 4), Lines, "Publishes a port on the host, over what the YAML says."),
    Key::new(G, "RemapGid", (4, 4), Strv, "Maps group ids; use UserNS and GIDMap.").deprecated(),
    Key::new(G, "RemapUid", (4, 4), Strv, "Maps user ids; use UserNS and UIDMap.").deprecated(),
    Key::new(G, "RemapUidSize", (4, 4), Uint32, "Sets the size of an automatic user namespace; use UserNS.").deprecated(),
    Key::new(G, "RemapUsers", (4, 4), Text, "Chooses a user namespace; use UserNS.").deprecated(),
    Key::new(G, "ServiceName", (5, 3), Text, "Names the service, without .service."),
    Key::new(G, "SetWorkingDirectory", (4, 7), Text, "Sets the directory that relative paths start from."),
    Key::new(G, "UserNS", (4, 5), Text, "Chooses the user namespace of the pods."),
    Key::new(G, "Yaml", (4, 4), Strv, "Names the Kubernetes YAML file."),
];
