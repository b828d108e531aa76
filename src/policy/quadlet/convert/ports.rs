//! Ports, of which Podman's generator checks little and podman the rest.

use super::Conversion;
use crate::{policy::facts::parse_port, unit::Version};

/// Since then the generator does not look at `PublishPort=` any more.
const PUBLISHED_UNCHECKED: Version = (5, 3);

impl Conversion<'_> {
    /// `ExposeHostPort=`. The generator only looks at the end of the value: `a80` passes, and podman refuses it.
    pub(super) fn exposed_ports(&mut self) {
        for line in self.keys.lines("Container", "ExposeHostPort").to_vec() {
            let port = line.text.trim();
            let message = format!("`{}` is no port: write `80`, `80-90` or `80/udp`", port.escape_debug());
            if !ends_like_a_port(port) {
                self.report.refuse("PL022", line.at, message);
            } else if !port.contains('%') && (port.contains(':') || parse_port(port).is_none()) {
                self.report.error("PL022", line.at, format!("podman refuses to start it: {message}"));
            }
        }
    }

    /// `PublishPort=`, which nobody reads before podman does.
    pub(super) fn published_ports(&mut self) {
        for line in self.keys.lines(self.group(), "PublishPort").to_vec() {
            let port = line.text.trim();
            let message = format!(
                "`{}` is no published port: write `[[ADDRESS:][HOST]:]CONTAINER[/PROTOCOL]`",
                port.escape_debug()
            );
            if self.podman < PUBLISHED_UNCHECKED && !passed_before(port) {
                self.report.refuse("PL022", line.at, message);
            } else if !port.contains(['%', '$']) && parse_port(port).is_none() {
                self.report.error("PL022", line.at, format!("podman refuses to start it: {message}"));
            }
        }
    }
}

/// What the generator demands of a port: digits at the end, perhaps with a protocol.
fn ends_like_a_port(port: &str) -> bool {
    let number = port.strip_suffix("/udp").or(port.strip_suffix("/tcp")).unwrap_or(port);
    number.ends_with(|c: char| c.is_ascii_digit())
}

/// What the generator demanded of a published port: at most three parts, those but the address like ports.
fn passed_before(port: &str) -> bool {
    let mut in_brackets = false;
    let parts: Vec<&str> = port
        .split(|c| {
            in_brackets = c == '[' || in_brackets && c != ']';
            c == ':' && !in_brackets
        })
        .collect();
    let without_address = &parts[parts.len().saturating_sub(2)..];
    parts.len() <= 3 && without_address.iter().all(|port| port.is_empty() || ends_like_a_port(port))
}
