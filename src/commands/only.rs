//! `--only`: some services of what is to be installed, and all else as it was.

use std::collections::BTreeMap;

use super::incoming::Incoming;
use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    install::{disk::Disk, transaction},
    plan::{Wanted, WantedFile, missing},
    unit::{Unit, UnitType},
};

impl Incoming {
    /// Leaves everything of the last install as it is but some services, with what they cannot be without.
    pub(super) fn only(&mut self, services: &[String], disk: &Disk, diagnostics: &mut Diagnostics) {
        if services.is_empty() {
            return;
        }
        let layout = self.layout().clone();
        let installed = match transaction::standing_files(disk, &layout) {
            Ok(installed) => installed,
            Err(error) => return diagnostics.push(Diagnostic::general(error.to_string())),
        };
        let is_known = |name: &String| {
            let of = |wanted: &Wanted| wanted.files.values().any(|file| file.service.as_ref() == Some(name));
            of(&self.wanted) || of(&installed)
        };
        for name in services.iter().filter(|name| !is_known(name)) {
            let message = format!("there is no service `{}` in this catalog, nor is it installed", name.escape_debug());
            diagnostics.push(Diagnostic::general(message).help("in a stack the name of a service is STACK-STEM"));
        }
        let is_one = |file: &WantedFile| file.service.as_ref().is_some_and(|service| services.contains(service));
        let of = |wanted: &Wanted, one: bool| -> BTreeMap<String, WantedFile> {
            let files = wanted.files.iter().filter(|(_, file)| is_one(file) == one);
            files.map(|(path, file)| (path.clone(), file.clone())).collect()
        };
        let (mut files, named) = (of(&installed, false), of(&self.wanted, true));
        // Networks, volumes and slices that they name come along where they are missing.
        let mut needed: Vec<String> = named.values().flat_map(|file| names_in(&file.text)).collect();
        files.extend(named);
        while let Some(name) = needed.pop() {
            let place = layout.place(&name);
            if let Some(file) = self.wanted.files.get(&place)
                && !files.contains_key(&place)
            {
                needed.extend(names_in(&file.text));
                files.insert(place, file.clone());
            }
        }
        let whole = std::mem::replace(&mut self.wanted.files, files);
        let whole = Wanted { files: whole, ..Wanted::nothing(layout) };
        let left_out = missing(self.wanted.texts(), whole.texts());
        let gone = missing(self.wanted.texts(), installed.texts());
        for (file, service) in &left_out {
            let message = format!("`{file}` requires `{service}`, which would not be there");
            diagnostics
                .push(Diagnostic::general(message).help("name that service as well, or install the whole catalog"));
        }
        for (file, service) in gone.difference(&left_out) {
            let message = format!("`{file}` is installed and requires `{service}`, which would be gone");
            diagnostics.push(Diagnostic::general(message).help("name the service of that file as well"));
        }
        self.rendered.clear();
    }
}

/// The names of units and slices that a unit names.
fn names_in(text: &str) -> Vec<String> {
    let Ok(unit) = Unit::parse(text) else { return Vec::new() };
    let mut names = Vec::new();
    for entry in unit.entries() {
        let parts = entry.value.split([':', ',', '=', ' ']);
        let is_name = |part: &&str| UnitType::of_file(part).is_some() || part.ends_with(".slice");
        names.extend(parts.filter(is_name).map(str::to_owned));
    }
    // A slice stands in those that its name begins with.
    let slices: Vec<String> = names.iter().filter(|name| name.ends_with(".slice")).cloned().collect();
    for slice in slices {
        let stem = slice.trim_end_matches(".slice");
        names.extend(stem.match_indices('-').map(|(at, _)| format!("{}.slice", &stem[..at])));
    }
    names
}
