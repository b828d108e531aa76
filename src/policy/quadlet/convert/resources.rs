//! `.network`, `.volume`, `.image` and `.artifact`.

use super::Conversion;
use crate::unit::Version;

/// Since then a volume can be made of an image.
const IMAGE_DRIVER: Version = (4, 8);
/// Since then a volume may have options without a device.
const OPTIONS_ALONE: Version = (6, 0);

impl Conversion<'_> {
    /// What is asked of a `.network`.
    pub(super) fn network(&mut self) {
        let lines = |key| self.keys.lines("Network", key);
        let subnets = lines("Subnet").len();
        let pairs = [("Gateway", "gateway"), ("IPRange", "range")];
        let wrong: Vec<_> = pairs
            .into_iter()
            .filter_map(|(key, what)| lines(key).get(subnets).map(|line| (line.at, key, what)))
            .collect();
        for (at, key, what) in wrong {
            let message = match subnets {
                0 => format!("`{key}=` needs a `Subnet=` beside it"),
                _ => format!("there is a {what} more than there are subnets"),
            };
            self.refuse(at, message);
        }
    }

    /// What is asked of a `.volume`.
    pub(super) fn volume(&mut self) {
        let is_image = self.keys.text("Volume", "Driver").is_some_and(|driver| driver.text == "image");
        if is_image && self.podman >= IMAGE_DRIVER {
            match self.keys.text("Volume", "Image").map(|said| (said.text.to_owned(), said.at)) {
                None => self.refuse(self.header(), "a volume with the driver `image` needs `Image=`"),
                Some((image, at)) => {
                    self.image_source(&image, at);
                }
            }
            return;
        }
        if self.keys.set("Volume", "Device").is_some() {
            return;
        }
        for key in ["Type", "Options"] {
            if let Some(at) = self.keys.set("Volume", key).map(|said| said.at)
                && (key == "Type" || self.podman < OPTIONS_ALONE)
            {
                self.refuse(at, format!("`{key}=` needs a `Device=` beside it"));
            }
        }
    }

    /// What is asked of an `.image`.
    pub(super) fn image(&mut self) {
        if self.keys.set("Image", "Image").is_none() {
            self.refuse(self.header(), "an `.image` file needs `Image=`");
        }
    }

    /// What is asked of an `.artifact`.
    pub(super) fn artifact(&mut self) {
        if self.keys.set("Artifact", "Artifact").is_none() {
            self.refuse(self.header(), "an `.artifact` file needs `Artifact=`");
        }
    }
}
