//! What tests of facts need.

use super::Container;
use crate::{
    diagnostic::Sources,
    model::Profile,
    policy::{Effective, File, effective::Part},
};

/// Shows the facts of a rootful container with those lines.
pub(in crate::policy) fn container(lines: &str, show: impl FnOnce(&Container<'_>)) {
    let mut sources = Sources::new();
    let text = format!("[Container]\nImage=quay.io/example/web:1\n{lines}\n");
    let file = File::found("web.container", "web.container", text, &mut sources);
    let part = Part::read(&file, 0, &sources.file(file.id).text).expect("the lines can be read");
    let unit = Effective::new(part, Vec::new());
    show(&Container::of(&unit, "web", None, Profile::Rootful, (5, 4)));
}
