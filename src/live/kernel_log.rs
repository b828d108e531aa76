//! The kernel's log: what is heard of a program that runs before the journal does.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
};

use crate::diagnostic::Severity;

/// A record that is longer is refused as a whole (printk's `LOG_LINE_MAX`, less what goes before it).
const LONGEST: usize = 900;

/// The facility of system daemons (syslog(3)), in a record's first number.
const DAEMON: u8 = 3 << 3;

/// The kernel's log, open for writing.
#[derive(Debug)]
pub struct KernelLog(File);

impl KernelLog {
    /// Opens it; `None` where that is not allowed, as in a container or for a user.
    pub fn open() -> Option<Self> {
        OpenOptions::new().write(true).open("/dev/kmsg").ok().map(Self)
    }

    /// Adds a line, cut where it is too long for a record. False where it could not be added.
    pub fn say(&mut self, severity: Severity, line: &str) -> bool {
        // One write is one record.
        self.0.write_all(record(severity, line).as_bytes()).is_ok()
    }
}

fn record(severity: Severity, line: &str) -> String {
    let level = match severity {
        Severity::Error => 3,
        Severity::Warning => 4,
        Severity::Info => 6,
    };
    let pid = std::process::id();
    let text = format!("<{}>plimsoll-generator[{pid}]: {line}", DAEMON | level);
    if text.len() <= LONGEST {
        return text + "\n";
    }
    let end = (0..=LONGEST).rfind(|end| text.is_char_boundary(*end)).unwrap_or_default();
    format!("{}…\n", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_that_the_kernel_takes() {
        let short = record(Severity::Error, "web.toml:3:1: error");
        assert!(short.starts_with("<27>plimsoll-generator[") && short.ends_with("]: web.toml:3:1: error\n"), "{short}");
        assert!(record(Severity::Warning, "x").starts_with("<28>"));
        let long = record(Severity::Error, &"é".repeat(2000));
        assert!(long.len() < 976 && long.ends_with("é…\n"), "{}", long.len());
    }
}
