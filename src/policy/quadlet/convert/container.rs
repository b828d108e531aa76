//! `.container`.

use super::Conversion;
use crate::unit::{Version, split::Mode};

/// Since then a container may be reloaded.
const RELOAD: Version = (5, 5);
/// Until then a `Tmpfs=` had at most one colon.
const TMPFS_UNCHECKED: Version = (5, 3);

impl Conversion<'_> {
    /// What is asked of a `.container`, in Podman's order up to the mounts.
    pub(super) fn container(&mut self) {
        let image = self.keys.set("Container", "Image").map(|said| (said.text.to_owned(), said.at));
        let rootfs = self.keys.set("Container", "Rootfs").map(|said| said.at);
        match (image, rootfs) {
            (None, None) => self.refuse(self.header(), "a `.container` file needs `Image=` or `Rootfs=`"),
            (Some(_), Some(at)) => self.refuse(at, "`Image=` and `Rootfs=` exclude each other"),
            (Some((image, at)), None) => {
                self.image_source(&image, at);
            }
            (None, Some(_)) => {}
        }
        self.kill_mode();
        self.reload();
        self.networks();
        self.service_type();
        self.user();
        self.user_mappings();
        self.volumes();
        self.exposed_ports();
        self.published_ports();
        self.tmpfs();
        self.mounts();
        self.pod_membership();
    }

    fn reload(&mut self) {
        let signal = self.keys.set("Container", "ReloadSignal").map(|said| said.at);
        let is_command =
            self.keys.last("Container", "ReloadCmd").is_some_and(|command| !command.split(Mode::Args).words.is_empty());
        if let Some(at) = signal
            && is_command
            && self.podman >= RELOAD
        {
            self.refuse(at, "`ReloadCmd=` and `ReloadSignal=` exclude each other");
        }
    }

    fn tmpfs(&mut self) {
        if self.podman >= TMPFS_UNCHECKED {
            return;
        }
        for line in self.keys.lines("Container", "Tmpfs").to_vec() {
            if line.text.matches(':').count() > 1 {
                self.refuse(line.at, "a `Tmpfs=` is a path, or a path, a colon and options");
            }
        }
    }
}
