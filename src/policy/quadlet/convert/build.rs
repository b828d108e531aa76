//! `.build`: where an image is built, and from what.

use super::Conversion;
use crate::{diagnostic::Span, policy::quadlet::names, unit::Version};

/// Since then a `File=` that begins with a specifier counts as absolute.
const SPECIFIER_IS_ABSOLUTE: Version = (5, 7);

impl Conversion<'_> {
    /// What is asked of a `.build`.
    pub(super) fn build(&mut self) {
        if names::known_before(self.unit, self.unit_type, "", self.podman).is_empty() {
            self.refuse(self.header(), "a `.build` file needs `ImageTag=`");
        }
        self.networks();
        self.volumes();
        let Some(context) = self.context() else { return };
        let file = self.keys.text("Build", "File").map(|said| (said.text.to_owned(), said.at));
        let (file, at) = file.unwrap_or_else(|| (String::new(), self.header()));
        match context {
            Context::Argument => {}
            Context::None if file.is_empty() => {
                self.refuse(self.header(), "a `.build` file needs `File=` or `SetWorkingDirectory=`");
            }
            Context::None if !self.is_absolute(&file) => {
                self.refuse(at, "a relative `File=` needs `SetWorkingDirectory=` beside it");
            }
            Context::None | Context::WorkingDirectory => {}
        }
    }

    /// What the image is built in. Nothing if Podman refuses the unit because of it.
    fn context(&mut self) -> Option<Context> {
        let own = self.keys.set("Service", "WorkingDirectory").is_some();
        let otherwise = if own { Context::WorkingDirectory } else { Context::None };
        let directory = self.keys.set("Build", "SetWorkingDirectory").map(|said| (said.text.to_owned(), said.at));
        let Some((directory, at)) = directory else { return Some(otherwise) };
        match directory.to_ascii_lowercase().as_str() {
            "yaml" => self.no_context(at, "`SetWorkingDirectory=yaml` is for `.kube` files"),
            "file" => match self.keys.text("Build", "File").map(|said| said.text.is_empty()) {
                None => self.no_context(at, "`SetWorkingDirectory=file` needs a `File=` beside it"),
                Some(true) => Some(otherwise),
                Some(false) => Some(Context::WorkingDirectory),
            },
            "unit" => Some(Context::WorkingDirectory),
            // The unit's own directory is where a relative one begins, unless [Service] says otherwise.
            _ if !directory.starts_with('/') && !is_url(&directory) && own => Some(Context::WorkingDirectory),
            _ => Some(Context::Argument),
        }
    }

    fn no_context(&mut self, at: Span, message: &str) -> Option<Context> {
        self.refuse(at, message);
        None
    }

    fn is_absolute(&self, file: &str) -> bool {
        let specifier = file.starts_with('%') && !file.starts_with("%%") && self.podman >= SPECIFIER_IS_ABSOLUTE;
        specifier || file.starts_with('/') || is_url(file)
    }
}

/// What an image is built in.
enum Context {
    /// A path or an address, handed on to podman.
    Argument,
    /// The directory that the service runs in.
    WorkingDirectory,
    /// Nothing was said.
    None,
}

/// What Podman takes for an address. It is generous: whatever begins with `http`, or has `github.com/` in it.
fn is_url(text: &str) -> bool {
    let on_github = text.split_once("github.com/").is_some_and(|(_, rest)| !rest.is_empty());
    text.starts_with("http") || text.starts_with("git://") || on_github
}
