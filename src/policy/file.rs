//! The files that are judged: rendered from a catalog, or found in a directory.

use std::borrow::Cow;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    diagnostic::{FileId, SourceFile, SourceKind, Sources, Span},
    render::{FileKind, Origins, RenderedFile},
    search::Root,
    unit::UnitType,
};

/// What a file is to Podman and systemd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Quadlet turns it into a service.
    Quadlet(UnitType),
    /// A `.conf` in a directory `NAME.d`: it is merged into the units that the directory is named after.
    DropIn,
    /// systemd reads it; Quadlet ignores it without a word.
    Slice,
    /// Nobody reads it.
    Other,
}

impl Kind {
    /// What a path is by its name alone: `etc/containers/systemd/web.container.d/10-memory.conf` is a drop-in.
    pub fn of_path(path: &str) -> Self {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        match UnitType::of_file(name) {
            Some((_, unit_type)) => Self::Quadlet(unit_type),
            None if name.ends_with(".slice") => Self::Slice,
            None if name.ends_with(".conf") && dir.ends_with(".d") => Self::DropIn,
            None => Self::Other,
        }
    }
}

/// A file to judge.
#[derive(Clone, Debug)]
pub struct File {
    path: String,
    /// Where in it the name begins: it is asked for more often than anything else.
    name_at: usize,
    /// What it is.
    pub kind: Kind,
    /// Its text, among the sources.
    pub id: FileId,
    /// Where it stands on the machine, where that is not its path.
    place: Option<String>,
    /// Whether there is a text: a directory with the name of a unit, or a link to nothing, has none.
    pub readable: bool,
    /// The directory of the search that it was found by.
    pub root: Root,
    /// Where its lines came from; `None` where the file is its own source.
    origins: Option<Origins>,
}

impl File {
    /// A file of a bundle; its text moves to the sources. `out` is the folder that the reader of findings finds it in.
    pub fn rendered(file: RenderedFile, out: &Utf8Path, sources: &mut Sources) -> Self {
        let kind = match file.kind {
            FileKind::Quadlet(unit_type) => Kind::Quadlet(unit_type),
            FileKind::Slice => Kind::Slice,
            FileKind::Host => Kind::Other,
        };
        let id = sources.add(SourceFile {
            path: out.join(&file.path),
            name: file.path.clone(),
            text: file.text,
            kind: SourceKind::Unit,
        });
        Self {
            place: None,
            name_at: name_at(&file.path),
            path: file.path,
            kind,
            id,
            readable: true,
            root: Root::default(),
            origins: Some(file.origins),
        }
    }

    /// A file that was found; `shown` is its path as the reader of findings knows it.
    pub fn found(path: impl Into<String>, shown: impl Into<Utf8PathBuf>, text: String, sources: &mut Sources) -> Self {
        let path = path.into();
        let kind = Kind::of_path(&path);
        let id = sources.add(SourceFile {
            path: shown.into(),
            name: path.clone(),
            text: text.into(),
            kind: SourceKind::Unit,
        });
        Self {
            place: None,
            name_at: name_at(&path),
            path,
            kind,
            id,
            readable: true,
            root: Root::default(),
            origins: None,
        }
    }

    /// As something that has the name of a unit and is no file.
    #[must_use]
    pub fn unreadable(self) -> Self {
        Self { readable: false, ..self }
    }

    /// As found by one of several directories.
    #[must_use]
    pub fn found_by(self, root: Root) -> Self {
        Self { root, ..self }
    }

    /// With the place where it stands on this machine.
    #[must_use]
    pub fn at(self, place: impl Into<String>) -> Self {
        Self { place: Some(place.into()), ..self }
    }

    /// Where it stands on the machine, as far as that is known: `/home/…/.config/containers/systemd/web.container`. It
    /// may tell who starts it.
    pub fn place(&self) -> Cow<'_, str> {
        self.place.as_deref().map_or_else(|| Cow::Owned(format!("/{}", self.path)), Cow::Borrowed)
    }

    /// Its path, `/` between its parts: beneath the directory that was searched, or beneath the root of the host.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The name of the file.
    pub fn name(&self) -> &str {
        &self.path[self.name_at..]
    }

    /// The directory it stands in; empty at the top.
    pub fn dir(&self) -> &str {
        self.path[..self.name_at].strip_suffix('/').unwrap_or_default()
    }

    /// Whether it is a slice, or a drop-in of one: systemd reads it, and Podman does not.
    pub fn is_of_a_slice(&self) -> bool {
        let dir = self.dir().rsplit('/').next().and_then(|dir| dir.strip_suffix(".d")).unwrap_or_default();
        self.kind == Kind::Slice || self.kind == Kind::DropIn && (dir.ends_with(".slice") || dir == "slice")
    }

    /// What to show for some bytes of the file that begin on `line`, from 1: the place in the catalog that they came
    /// from, or themselves.
    pub fn span(&self, line: usize, bytes: std::ops::Range<usize>) -> Span {
        self.origins.as_ref().and_then(|origins| origins.of_line(line)?.span()).unwrap_or_else(|| {
            let byte = |at| u32::try_from(at).unwrap_or(u32::MAX);
            Span { file: self.id, start: byte(bytes.start), end: byte(bytes.end) }
        })
    }

    /// Whether it was rendered from a catalog, so that its lines may have come from there.
    pub fn is_rendered(&self) -> bool {
        self.origins.is_some()
    }

    /// What to show for the file as a whole.
    pub fn whole(&self) -> Span {
        self.span(1, 0..0)
    }
}

/// Where the name begins in a path.
fn name_at(path: &str) -> usize {
    path.rfind('/').map_or(0, |at| at + 1)
}
