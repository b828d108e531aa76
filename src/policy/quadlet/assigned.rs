//! The assignments of a unit by key, read as that Podman reads them.

use std::collections::HashMap;

use crate::{
    diagnostic::Span,
    policy::{Effective, effective::Value},
    unit::{
        Version,
        quote::unpair,
        split::{Mode, split},
    },
};

/// Since this series Podman takes only a matched pair of double quotes off a single value; before, every double quote
/// at either end. The change came with 5.8.2 (its parser; run on 5.4.2 and 5.8.6).
const PAIRED_QUOTES: Version = (5, 8);

/// A value or a word, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<T> {
    /// What is said.
    pub(super) text: T,
    /// Where.
    pub(super) at: Span,
}

/// Every assignment of a unit and its drop-ins, by section and key.
#[derive(Debug)]
pub(super) struct Assigned<'u> {
    /// The few sections, each with its assignments in the [order](order) of their keys; those to one key as they follow
    /// each other.
    sections: Vec<(&'u str, Vec<Value<'u>>)>,
    podman: Version,
}

impl<'u> Assigned<'u> {
    /// The assignments of a unit.
    pub(super) fn of(unit: &'u Effective<'_>, podman: Version) -> Self {
        let mut sections: Vec<(&str, Vec<Value<'_>>)> = Vec::new();
        let mut at_section: HashMap<&str, usize> = HashMap::new();
        let mut above = ("", 0);
        for part in unit.parts() {
            for entry in part.unit.entries() {
                // Most assignments stand below one of the same section.
                if above.0 != entry.section || sections.is_empty() {
                    let at = *at_section.entry(entry.section).or_insert(sections.len());
                    if at == sections.len() {
                        sections.push((entry.section, Vec::new()));
                    }
                    above = (entry.section, at);
                }
                let at = part.span(&entry);
                sections[above.1].1.push(Value { key: entry.key, text: entry.value, at });
            }
        }
        for (_, values) in &mut sections {
            values.sort_by_key(|value| order(value.key));
        }
        Self { sections, podman }
    }

    /// The last assignment, be it empty.
    pub(super) fn last(&self, section: &str, key: &str) -> Option<&Value<'u>> {
        self.all(section, key).last()
    }

    /// The last assignment, be it empty, without the quotes that Podman takes off.
    pub(super) fn text(&self, section: &str, key: &str) -> Option<Said<&str>> {
        self.last(section, key).map(|value| Said { text: unquote(&value.text, self.podman), at: value.at })
    }

    /// The last assignment, if it says something.
    pub(super) fn set(&self, section: &str, key: &str) -> Option<Said<&str>> {
        self.text(section, key).filter(|said| !said.text.is_empty())
    }

    /// The assignments since the last empty one.
    pub(super) fn lines(&self, section: &str, key: &str) -> &[Value<'u>] {
        let all = self.all(section, key);
        let after = all.iter().rposition(|value| value.text.is_empty()).map_or(0, |at| at + 1);
        &all[after..]
    }

    /// The words of the assignments since the last empty one.
    pub(super) fn words(&self, section: &str, key: &str, mode: Mode) -> Vec<Said<String>> {
        let words = |value: &Value<'_>| {
            let at = value.at;
            split(&value.text, mode).into_texts().into_iter().map(move |text| Said { text, at })
        };
        self.lines(section, key).iter().flat_map(words).collect()
    }

    /// Whether that Podman takes quotes off a single value that belong to what is in it: `sh -c "id"`.
    pub(super) fn cuts_quotes(&self, value: &str) -> bool {
        unquote(value, self.podman) != unpair(value.trim_end())
    }

    fn all(&self, section: &str, key: &str) -> &[Value<'u>] {
        let Some((_, values)) = self.sections.iter().find(|(name, _)| *name == section) else { return &[] };
        let first = values.partition_point(|value| order(value.key) < order(key));
        // Most keys that are asked for are not there.
        let found = &values[first..];
        if found.first().is_none_or(|value| value.key != key) {
            return &[];
        }
        &found[..found.partition_point(|value| value.key == key)]
    }
}

/// Keys in an order that mostly their lengths tell.
fn order(key: &str) -> (usize, &str) {
    (key.len(), key)
}

/// A single value without the quotes around it.
pub(super) fn unquote(value: &str, podman: Version) -> &str {
    let value = value.trim_end();
    if podman >= PAIRED_QUOTES { unpair(value) } else { value.trim_matches('"') }
}
