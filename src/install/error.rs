//! Why an install could not be done.

use std::io;

use rustix::io::Errno;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The system said no.
    #[error("cannot {doing} {path}: {source}{}", advice(.source))]
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

/// What to do about it, where the system's own words do not say.
fn advice(source: &io::Error) -> &'static str {
    match Errno::from_io_error(source) {
        Some(Errno::ROFS) => ": what is mounted there can only be read; mount it writable",
        Some(Errno::NOSPC | Errno::DQUOT) => ": free some room there, and run it again",
        Some(Errno::ACCESS | Errno::PERM) => ": run it as the owner of that directory, which is root without `--user`",
        Some(Errno::LOOP) => ": it is a symbolic link, and none is followed; remove it",
        Some(Errno::EXIST | Errno::NOTEMPTY) => ": somebody put something there meanwhile; remove it, and run it again",
        Some(Errno::ISDIR | Errno::NOTDIR) => ": remove it",
        _ => "",
    }
}

/// An error of the system with what was tried.
pub(super) fn io(doing: &'static str, path: &str) -> impl FnOnce(io::Error) -> InstallError {
    let path = format!("/{path}");
    move |source| InstallError::Io { doing, path, source }
}
