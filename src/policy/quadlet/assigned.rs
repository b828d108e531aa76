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
    sections: HashMap<&'u str, HashMap<&'u str, Vec<Value<'u>>>>,
    podman: Version,
}

impl<'u> Assigned<'u> {
    /// The assignments of a unit.
    pub(super) fn of(unit: &'u Effective<'_>, podman: Version) -> Self {
        let mut sections: HashMap<_, HashMap<_, Vec<_>>> = HashMap::new();
        for part in unit.parts() {
            for entry in part.unit.entries() {
                let at = part.span(&entry);
                let value = Value { key: entry.key, text: entry.value, at };
                sections.entry(entry.section).or_default().entry(entry.key).or_default().push(value);
            }
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
        self.sections.get(section).and_then(|keys| keys.get(key)).map_or(&[], Vec::as_slice)
    }
}

/// A single value without the quotes around it.
pub(super) fn unquote(value: &str, podman: Version) -> &str {
    let value = value.trim_end();
    if podman >= PAIRED_QUOTES { unpair(value) } else { value.trim_matches('"') }
}
