//! The keys of `[Build]`, in `.build` files, in the order of their names.

use super::Key;
use super::Syntax::{Args, Bool, Lines, Pairs, Text};

const G: &str = "Build";

#[rustfmt::skip] // one row a key
pub(super) const KEYS: &[Key] = &[
    Key::new(G, "Annotation", (5, 2), Pairs, "Sets OCI annotations of the image."),
    Key::new(G, "Arch", (5, 2), Text, "Overrides the architecture."),
    Key::new(G, "AuthFile", (5, 2), Text, "Names the file with the registry's credentials."),
    Key::new(G, "BuildArg", (5, 7), Pairs, "Sets build arguments.").flag("--build-arg"),
    Key::new(G, "ContainersConfModule", (5, 2), Lines, "Loads a containers.conf module."),
    Key::new(G, "DNS", (5, 2), Lines, "Sets a DNS server."),
    Key::new(G, "DNSOption", (5, 2), Lines, "Sets a resolver option."),
    Key::new(G, "DNSSearch", (5, 2), Lines, "Sets a DNS search domain."),
    Key::new(G, "Environment", (5, 2), Pairs, "Sets environment variables of the build and of the image."),
    Key::new(G, "File", (5, 2), Text, "Names the Containerfile."),
    Key::new(G, "ForceRM", (5, 2), Bool, "Removes intermediate containers, even after a failed build."),
    Key::new(G, "GlobalArgs", (5, 2), Args, "Adds arguments between podman and its command."),
    Key::new(G, "GroupAdd", (5, 2), Lines, "Adds a supplementary group."),
    Key::new(G, "IgnoreFile", (5, 7), Text, "Names the ignore file.").flag("--ignorefile"),
    Key::new(G, "ImageTag", (5, 2), Lines, "Names the image that is built."),
    Key::new(G, "Label", (5, 2), Pairs, "Sets labels of the image."),
    Key::new(G, "Network", (5, 2), Lines, "Builds in a network or a .network unit."),
    Key::new(G, "PodmanArgs", (5, 2), Args, "Adds arguments to the podman command."),
    Key::new(G, "Pull", (5, 2), Text, "Says when to pull the base image."),
    Key::new(G, "Retry", (5, 5), Text, "Sets how often a failed pull is tried again.").flag("--retry"),
    Key::new(G, "RetryDelay", (5, 5), Text, "Sets the time between tries of a pull.").flag("--retry-delay"),
    Key::new(G, "Secret", (5, 2), Args, "Gives the build a secret."),
    Key::new(G, "ServiceName", (5, 3), Text, "Names the service, without .service."),
    Key::new(G, "SetWorkingDirectory", (5, 2), Text, "Sets the directory that relative paths start from."),
    Key::new(G, "TLSVerify", (5, 2), Bool, "Checks the registries' certificates; podman does by default."),
    Key::new(G, "Target", (5, 2), Text, "Builds up to this stage."),
    Key::new(G, "Variant", (5, 2), Text, "Overrides the variant of the architecture."),
    Key::new(G, "Volume", (5, 2), Lines, "Mounts a volume during the build."),
];
