//! The keys of `[Artifact]`, in `.artifact` files, in the order of their names.

use super::Key;
use super::Syntax::{Args, Bool, Lines, Text};

const G: &str = "Artifact";

#[rustfmt::skip] // one row a key
pub(super) const KEYS: &[Key] = &[
    Key::new(G, "Artifact", (5, 7), Text, "Names the artifact to pull."),
    Key::new(G, "AuthFile", (5, 7), Text, "Names the file with the registry's credentials."),
    Key::new(G, "CertDir", (5, 7), Text, "Names the directory with the registry's certificates."),
    Key::new(G, "ContainersConfModule", (5, 7), Lines, "Loads a containers.conf module."),
    Key::new(G, "Creds", (5, 7), Text, "Gives the credentials for the registry."),
    Key::new(G, "DecryptionKey", (5, 7), Text, "Names the key that decrypts the artifact."),
    Key::new(G, "GlobalArgs", (5, 7), Args, "Adds arguments between podman and its command."),
    Key::new(G, "PodmanArgs", (5, 7), Args, "Adds arguments to the podman command."),
    Key::new(G, "Quiet", (5, 7), Bool, "Pulls without showing progress."),
    Key::new(G, "Retry", (5, 7), Text, "Sets how often a failed pull is tried again."),
    Key::new(G, "RetryDelay", (5, 7), Text, "Sets the time between tries of a pull."),
    Key::new(G, "ServiceName", (5, 7), Text, "Names the service, without .service."),
    Key::new(G, "TLSVerify", (5, 7), Bool, "Checks the registry's certificate; podman does by default."),
];
