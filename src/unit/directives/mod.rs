//! The names that systemd accepts in the sections Quadlet passes through.
//!
//! systemd ignores a directive it does not know with a line in the journal, and Quadlet does not
//! look at all: a misspelt limit is no limit.
//!
//! Source: `systemd --dump-configuration-items` of systemd 257 and 262, both lists joined.

mod service;
mod slice;
mod unit;

/// The directives of `Unit`, `Service`, `Slice` or `Install`, sorted. None for another section.
pub fn directives(section: &str) -> &'static [&'static str] {
    match section {
        "Unit" => unit::UNIT,
        "Service" => service::SERVICE,
        "Slice" => slice::SLICE,
        "Install" => slice::INSTALL,
        _ => &[],
    }
}

/// Whether systemd 257 or 262 accepts `name` in `section`. It skips every name that begins with
/// `X-`, so those are always allowed as long as they are names: letters, digits and `-`.
pub fn is_directive(section: &str, name: &str) -> bool {
    let extension = name
        .strip_prefix("X-")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    extension || directives(section).binary_search(&name).is_ok()
}

/// Whether `name` is one that systemd 257 still accepts and 262 ignores, `MemoryLimit=` for one.
pub fn is_gone(name: &str) -> bool {
    GONE.binary_search(&name).is_ok()
}

const GONE: &[&str] = &[
    "BlockIOAccounting",
    "BlockIODeviceWeight",
    "BlockIOReadBandwidth",
    "BlockIOWeight",
    "BlockIOWriteBandwidth",
    "CPUAccounting",
    "CPUShares",
    "DefaultMemoryLow",
    "DefaultMemoryMin",
    "DefaultStartupMemoryLow",
    "MemoryLimit",
    "StartupBlockIOWeight",
    "StartupCPUShares",
];
