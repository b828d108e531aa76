//! Why an install could not be done.

use std::io;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The system said no.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// With what.
        path: String,
        /// What it said.
        source: io::Error,
    },
    /// What an install remembers is not what it wrote.
    #[error("{path}: {why}")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// Somebody else may change what would be changed.
    #[error("{path} {why}")]
    Unsafe {
        /// The directory.
        path: String,
        /// Why.
        why: String,
    },
    /// Something would keep a service down; what, was told.
    #[error("{0} of what the services need {is} missing", is = if *.0 == 1 { "is" } else { "are" })]
    NotReady(usize),
    /// Images that could not be pulled.
    #[error("{}", .0.join("\nerror: "))]
    NotPulled(Vec<String>),
    /// Another install runs, and went on for longer than was waited.
    #[error("another plimsoll holds {path}: {holder}")]
    Held {
        /// The lock.
        path: String,
        /// What it says of itself.
        holder: String,
    },
}

/// An error of the system with what was tried.
pub(super) fn io(doing: &'static str, path: &str) -> impl FnOnce(io::Error) -> InstallError {
    let path = format!("/{path}");
    move |source| InstallError::Io { doing, path, source }
}
