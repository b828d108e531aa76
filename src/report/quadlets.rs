//! A bundle as one text in podman's `.quadlets` form (podman-quadlet-install(1), Podman 5.8): units between lines of
//! `---`, each named by a `# FileName=` comment.
//!
//! Slices are no Quadlet type, and podman refuses a part without one: a slice stands as a comment at the end of a unit,
//! that of a service behind its own.

use std::fmt::Write as _;

use crate::render::{Bundle, FileKind, RenderedFile};

/// The text.
pub fn text(bundle: &Bundle) -> String {
    let is_slice = |file: &&RenderedFile| file.kind == FileKind::Slice;
    let (slices, units): (Vec<_>, Vec<_>) = bundle.files.iter().partition(is_slice);
    let mut text = String::new();
    let mut shared = slices.iter().filter(|slice| slice.service.is_none()).peekable();
    for (at, unit) in units.iter().enumerate() {
        if at > 0 {
            text.push_str("---\n");
        }
        let stem = unit.file_name().rsplit_once('.').map_or(unit.file_name(), |(stem, _)| stem);
        let _ = writeln!(text, "# FileName={stem}");
        text.push_str(&unit.text);
        // The slices above the services stand with the first unit.
        for slice in std::iter::from_fn(|| if at == 0 { shared.next() } else { None }) {
            comment(&mut text, slice);
        }
        let is_container = unit.path.ends_with(".container");
        for slice in
            slices.iter().filter(|slice| is_container && slice.service.is_some() && slice.service == unit.service)
        {
            comment(&mut text, slice);
        }
    }
    text
}

fn comment(text: &mut String, slice: &RenderedFile) {
    let _ = writeln!(text, "\n# A slice is no Quadlet: put this into /{}", slice.path);
    for line in slice.text.lines() {
        let _ = writeln!(text, "{}", if line.is_empty() { "#".to_owned() } else { format!("#   {line}") });
    }
}
