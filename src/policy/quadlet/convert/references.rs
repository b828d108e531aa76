//! Units that a unit refers to by their file names.

use super::{Conversion, Known, Need};
use crate::{
    diagnostic::{Span, nearest},
    unit::{UnitType, Version},
};

/// Before, a network or volume that is not there was believed to be called `systemd-NAME`, and the unit generated.
const NETWORKS_ARE_LOOKED_UP: Version = (5, 3);
/// Since then a container can join the network of another by its file name.
const JOIN_BY_FILE: Version = (5, 3);
/// Since then `Image=` may name a `.image`.
const IMAGE_UNITS: Version = (4, 8);
/// Since then `Image=` may name a `.build`.
const BUILD_UNITS: Version = (5, 2);
/// Since then a `Volume=` or a `Mount=` may name an `.artifact`.
pub(super) const ARTIFACT_SOURCES: Version = (5, 7);
/// Since then a `Mount=` may name a `.image`.
pub(super) const IMAGE_SOURCES: Version = (5, 3);

/// Among more units than these it is not worth while to look for a name that is like the one that is missing.
const FEW: usize = 1000;

impl<'c> Conversion<'c> {
    /// The unit of that file name, if Podman finds it. One that is lost with its directory is found by nobody else.
    pub(super) fn find(&mut self, file_name: &str, at: Span, rule: &'static str) -> Option<&'c Known> {
        let known = self.known.get(file_name).filter(|known| !known.lost || self.lost)?;
        self.needs.push(Need { file_name: file_name.to_owned(), at, rule });
        Some(known)
    }

    /// A unit that is not there.
    pub(super) fn missing(&mut self, rule: &'static str, at: Span, file_name: &str, is_fatal: bool) {
        let lost = self.known.get(file_name).is_some_and(|known| known.lost);
        let unread = self.unread.contains(file_name);
        let name = file_name.escape_debug();
        let message = if lost {
            format!("`{name}` is lost with its directory")
        } else if unread {
            format!("`{name}` is there, and Podman does not read it")
        } else {
            format!("there is no `{name}` among the files that are judged")
        };
        let finding =
            if is_fatal { self.report.refuse(rule, at, message) } else { self.report.error(rule, at, message) };
        if lost || unread {
            return;
        }
        let same_type = UnitType::of_file(file_name).map_or("", |(_, unit_type)| unit_type.suffix());
        let names = self.known.keys().copied().filter(|known| known.ends_with(same_type));
        let meant = if self.known.len() > FEW { None } else { nearest(file_name, names) };
        finding.help(match meant {
            Some(meant) => format!("is `{meant}` meant?"),
            None => "write it, or judge the directory that holds it along with this one".to_owned(),
        });
    }

    /// The networks that are joined.
    pub(super) fn networks(&mut self) {
        for line in self.keys.lines(self.group(), "Network").to_vec() {
            let (name, options) =
                line.text.split_once(':').map_or((&*line.text, None), |(name, rest)| (name, Some(rest)));
            let is_container = name.ends_with(".container") && self.podman >= JOIN_BY_FILE;
            if !is_container && !name.ends_with(".network") {
                continue;
            }
            let rule = if is_container { "PL008" } else { "PL007" };
            let is_fatal = self.podman >= NETWORKS_ARE_LOOKED_UP;
            match self.find(name, line.at, rule) {
                None => self.missing(rule, line.at, name, is_fatal),
                Some(known) if known.makes.is_empty() && is_fatal => {
                    let message = if is_container {
                        format!("Podman cannot tell what the container of `{name}` is called")
                    } else {
                        format!("`{name}` is refused, and this unit with it")
                    };
                    self.report.refuse(if is_container { "PL020" } else { rule }, line.at, message);
                }
                Some(_) if is_container && options.is_some() => {
                    self.refuse(line.at, "options are not possible where another container's network is joined");
                }
                Some(_) => {}
            }
        }
    }

    /// What an `Image=` comes to; empty if it names a unit that makes none.
    pub(super) fn image_source(&mut self, image: &str, at: Span) -> String {
        let mut image = image.to_owned();
        for (suffix, since) in [(".build", BUILD_UNITS), (".image", IMAGE_UNITS)] {
            if self.podman < since || !image.ends_with(suffix) {
                continue;
            }
            match self.find(&image, at, "PL008") {
                // Before 5.3 a unit was only known once it was converted.
                Some(known) if known.makes.is_empty() && self.podman < NETWORKS_ARE_LOOKED_UP => {
                    let message = format!("`{image}` is refused, and this unit with it");
                    self.report.refuse("PL008", at, message);
                    return String::new();
                }
                Some(known) => image.clone_from(&known.makes),
                None => {
                    self.missing("PL008", at, &image, true);
                    return String::new();
                }
            }
        }
        image
    }

    /// The volumes that are mounted.
    pub(super) fn volumes(&mut self) {
        for line in self.keys.lines(self.group(), "Volume").to_vec() {
            if let Some((source, _)) = line.text.split_once(':')
                && !source.is_empty()
            {
                self.storage_source(source, line.at, false);
            }
        }
    }

    /// A source that may be a unit. Paths are left to podman: those that begin with a dot, too.
    pub(super) fn storage_source(&mut self, source: &str, at: Span, is_mount: bool) {
        let is_unit = source.ends_with(".volume")
            || is_mount && source.ends_with(".image") && self.podman >= IMAGE_SOURCES
            || source.ends_with(".artifact") && self.podman >= ARTIFACT_SOURCES;
        if is_unit && !source.starts_with(['.', '/']) && self.find(source, at, "PL008").is_none() {
            self.missing("PL008", at, source, self.podman >= NETWORKS_ARE_LOOKED_UP);
        }
    }

    /// The pod that a container is a member of.
    pub(super) fn pod_membership(&mut self) {
        let Some(pod) = self.keys.set("Container", "Pod").map(|said| (said.text.to_owned(), said.at)) else { return };
        let (pod, at) = pod;
        if !pod.ends_with(".pod") {
            self.refuse(at, format!("`{}` is no `.pod` file", pod.escape_debug()));
        } else if self.find(&pod, at, "PL008").is_none() {
            self.missing("PL008", at, &pod, true);
        }
    }
}
