//! A temporary directory and the real binary in it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A directory of its own for one test; gone with the value.
#[derive(Debug)]
pub(crate) struct Project {
    dir: TempDir,
}

/// One run of the binary to come.
#[derive(Debug)]
pub(crate) struct Run {
    command: Command,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    /// -1: it was killed.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Every file beneath a directory, by its path in it.
pub(crate) type Tree = BTreeMap<PathBuf, Vec<u8>>;

impl Project {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary directory") }
    }

    /// Writes a file, and the directories above it.
    pub(crate) fn file(self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a file has a directory")).expect("directories");
        fs::write(path, text).expect("a file");
        self
    }

    /// Writes a whole tree beneath a directory.
    pub(crate) fn tree(self, beneath: &str, tree: &Tree) -> Self {
        tree.iter().fold(self, |project, (path, text)| project.file(Path::new(beneath).join(path), text))
    }

    /// Copies a directory of this repository.
    pub(crate) fn copy_of(dir: &Path) -> Self {
        Self::new().tree("", &read(dir))
    }

    /// The example catalog and its tree.
    pub(crate) fn copy_of_example() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self::new().tree("services", &read(&root.join("services"))).tree("out", &read(&root.join("out")))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The files beneath one of its directories.
    pub(crate) fn read(&self, beneath: &str) -> Tree {
        read(&self.path().join(beneath))
    }

    /// The binary with these arguments. It runs inside the directory, so that every path that it tells is relative,
    /// and knows nothing of this machine's environment.
    pub(crate) fn plimsoll<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(arguments).current_dir(self.path()).env_clear().stdin(Stdio::null());
        Run { command }
    }
}

impl Run {
    /// Sets a variable of the environment.
    pub(crate) fn env(mut self, key: &str, value: &str) -> Self {
        self.command.env(key, value);
        self
    }

    /// Runs it to its end.
    pub(crate) fn ran(mut self) -> Ran {
        let output = self.command.output().expect("the binary runs");
        let text = |bytes| String::from_utf8(bytes).expect("the binary writes UTF-8");
        Ran { status: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Every file beneath a directory.
pub(crate) fn read(dir: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut open = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let inside = path.strip_prefix(dir).expect("a path beneath").to_owned();
                tree.insert(inside, fs::read(&path).expect("a file"));
            }
        }
    }
    tree
}
