//! Devices that are handed over, said by `AddDevice=` or `--device`.

use super::Arg;

/// A device as podman is told of it: `[-]HOST[:CONTAINER][:PERMISSIONS]`, or a name of the Container Device Interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device<'a> {
    /// All of it, without the `-` with which Quadlet passes over a device that is not there.
    pub text: &'a str,
    /// The path on the host, or `nvidia.com/gpu=all`.
    pub source: &'a str,
    /// Whether the container may only read it.
    pub is_read_only: bool,
}

impl<'a> Device<'a> {
    /// Reads the value of `AddDevice=`, or of `--device`.
    pub fn of(arg: &'a Arg<'_>) -> Self {
        let text = arg.value.strip_prefix('-').unwrap_or(&arg.value);
        let mut parts = text.split(':');
        let source = parts.next().unwrap_or_default();
        let source = if source.len() > 1 { source.trim_end_matches('/') } else { source };
        Self { text, source, is_read_only: parts.next_back().is_some_and(|permissions| permissions == "r") }
    }
}
