//! What `render --check` says: which files are not what the catalog says, and on request how they differ.

use std::fmt::Write as _;

use similar::TextDiff;

use crate::render::{Bundle, Changes};

/// One line for each file that is missing, differs or is left over; behind one that differs the difference as `diff -u`
/// shows it, where `old` gives what the file holds.
pub fn text(changes: &Changes, bundle: &Bundle, out: &str, old: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::new();
    for path in &changes.created {
        let _ = writeln!(text, "missing: {out}/{path}");
    }
    for path in &changes.replaced {
        let _ = writeln!(text, "differs: {out}/{path}");
        let new = bundle.files.iter().find(|file| file.path == *path);
        if let (Some(old), Some(new)) = (old(path), new) {
            let diff = TextDiff::from_lines(old.as_str(), &*new.text);
            let names = (format!("{out}/{path}"), format!("{path}, rendered"));
            let _ = write!(text, "{}", diff.unified_diff().header(&names.0, &names.1));
        }
    }
    for path in &changes.removed {
        let _ = writeln!(text, "left over: {out}/{path}");
    }
    text
}
