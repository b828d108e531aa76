//! What is to stand on the host.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::Layout;

/// The set of files that a host is to hold.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where they belong.
    pub layout: Layout,
    /// The files by their place on the host.
    pub files: BTreeMap<String, WantedFile>,
    /// Those of them that stay as they are, whatever stands there: an install that was not asked for the files of the host
    /// goes on remembering them.
    pub left_alone: BTreeSet<String>,
}

/// A file that a host is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedFile {
    /// The service of the catalog it belongs to; none for what several share.
    pub service: Option<String>,
    /// Its whole text.
    pub text: Arc<str>,
}

impl Wanted {
    /// Nothing at all.
    pub fn nothing(layout: Layout) -> Self {
        Self { layout, files: BTreeMap::new(), left_alone: BTreeSet::new() }
    }

    /// The texts of the files by their places.
    pub fn texts(&self) -> BTreeMap<&str, &str> {
        self.files.iter().map(|(path, file)| (path.as_str(), &*file.text)).collect()
    }
}
