//! The keys of `[Image]`, in `.image` files, in the order of their names.

use super::Key;
use super::Syntax::{Args, Bool, Lines, Text};

const G: &str = "Image";

#[rustfmt::skip] // one row a key
pub(super) const KEYS: &[Key] = &[
    Key::new(G, "AllTags", (4, 8), Bool, "Pulls every tag of the image."),
    Key::new(G, "Arch", (4, 8), Text, "Overrides the architecture of the image."),
    Key::new(G, "AuthFile", (4, 8), Text, "Names the file with the registry's credentials."),
    Key::new(G, "CertDir", (4, 8), Text, "Names the directory with the registry's certificates."),
    Key::new(G, "ContainersConfModule", (4, 8), Lines, "Loads a containers.conf module."),
    Key::new(G, "Creds", (4, 8), Text, "Gives the credentials for the registry."),
    Key::new(G, "DecryptionKey", (4, 8), Text, "Names the key that decrypts the image."),
    Key::new(G, "GlobalArgs", (4, 8), Args, "Adds arguments between podman and its command."),
    Key::new(G, "Image", (4, 8), Text, "Names the image to pull."),
    Key::new(G, "ImageTag", (4, 8), Text, "Names the image for the units that refer to this one."),
    Key::new(G, "OS", (4, 8), Text, "Overrides the operating system."),
    Key::new(G, "PodmanArgs", (4, 8), Args, "Adds arguments to the podman command."),
    Key::new(G, "Policy", (5, 6), Text, "Says when to pull: `always`, `missing`, `never` or `newer`.").flag_since("--policy", (5, 6)),
    Key::new(G, "Retry", (5, 5), Text, "Sets how often a failed pull is tried again.").flag_since("--retry", (5, 0)),
    Key::new(G, "RetryDelay", (5, 5), Text, "Sets the time between tries of a pull.").flag_since("--retry-delay", (5, 0)),
    Key::new(G, "ServiceName", (5, 3), Text, "Names the service, without .service."),
    Key::new(G, "TLSVerify", (4, 8), Bool, "Checks the registry's certificate; podman does by default."),
    Key::new(G, "Variant", (4, 8), Text, "Overrides the variant of the architecture."),
];
