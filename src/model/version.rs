//! Versions of Podman.

use std::fmt;

use super::Invalid;

/// The Podman that will read the units: major and minor. Quadlet's keys never changed inside a minor series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodmanVersion {
    /// 5 of 5.4.
    pub major: u16,
    /// 4 of 5.4.
    pub minor: u16,
}

impl PodmanVersion {
    /// The first Podman with Quadlet.
    pub const FIRST: Self = Self { major: 4, minor: 4 };

    /// Reads `5.4`, and `5.4.2` as the same.
    ///
    /// # Errors
    /// Refuses what is no version, and what is older than Quadlet.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let help = "write major and minor, such as \"5.4\"; `podman --version` shows them";
        let parts: Option<Vec<u16>> = text.split('.').map(|part| part.parse().ok()).collect();
        let version = match parts.as_deref() {
            Some(&[major, minor] | &[major, minor, _]) => Self { major, minor },
            _ => return Err(Invalid::new(format!("`{}` is not a version of Podman", text.escape_debug()), help)),
        };
        if version < Self::FIRST {
            return Err(Invalid::new(
                format!("Podman {version} has no Quadlet"),
                "Quadlet is part of Podman from 4.4 on; write the oldest Podman that will read the units",
            ));
        }
        Ok(version)
    }

    /// Major and minor, to compare with the key table.
    pub fn pair(self) -> (u16, u16) {
        (self.major, self.minor)
    }
}

impl fmt::Display for PodmanVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
