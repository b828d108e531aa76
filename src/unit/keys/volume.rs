//! The keys of `[Volume]`, in `.volume` files, in the order of their names.

use super::Key;
use super::Syntax::{Args, Bool, Lines, Pairs, Text, Uint32};

const G: &str = "Volume";

#[rustfmt::skip] // one row a key
pub(super) const KEYS: &[Key] = &[
    Key::new(G, "ContainersConfModule", (4, 8), Lines, "Loads a containers.conf module."),
    Key::new(G, "Copy", (4, 4), Bool, "Fills an empty volume from the image; podman does by default."),
    Key::new(G, "Device", (4, 4), Text, "Names what is mounted as the volume."),
    Key::new(G, "Driver", (4, 8), Text, "Chooses the volume driver; `image` needs Image."),
    Key::new(G, "GID", (6, 0), Text, "Sets the owning group, by number or name.").flag_since("--gid", (5, 6)),
    Key::new(G, "GlobalArgs", (4, 8), Args, "Adds arguments between podman and its command."),
    Key::new(G, "Group", (4, 4), Uint32, "Sets the owning group by number; a name becomes 0."),
    Key::new(G, "Image", (4, 8), Text, "Names the image the volume is made of."),
    Key::new(G, "Label", (4, 4), Pairs, "Sets labels."),
    Key::new(G, "Options", (4, 4), Text, "Sets mount options."),
    Key::new(G, "PodmanArgs", (4, 6), Args, "Adds arguments to the podman command."),
    Key::new(G, "ServiceName", (5, 3), Text, "Names the service, without .service."),
    Key::new(G, "Type", (4, 4), Text, "Sets the type of the file system of Device."),
    Key::new(G, "UID", (6, 0), Text, "Sets the owning user, by number or name.").flag_since("--uid", (5, 6)),
    Key::new(G, "User", (4, 4), Uint32, "Sets the owning user by number; a name becomes 0."),
    Key::new(G, "VolumeName", (4, 7), Text, "Names the volume, in place of systemd-UNIT."),
];
