//! Lookups, each named by how the value is read.

use std::collections::BTreeMap;

use super::document::Unit;
use crate::unit::quote::unpair;
use crate::unit::split::{Mode, split};

impl Unit {
    /// The last assignment, continued lines joined, quotes left on.
    pub fn last(&self, section: &str, key: &str) -> Option<&str> {
        self.assignments_of(section, key).next_back().map(|found| self.value_of(found))
    }

    /// The last assignment without trailing white space and without one matched pair of double
    /// quotes around it.
    ///
    /// This is how Podman reads since 5.8.2. Before, it took off every double quote at either end,
    /// paired or not: see [`text_before_5_8`](Self::text_before_5_8).
    pub fn text(&self, section: &str, key: &str) -> Option<&str> {
        Some(unpair(self.last(section, key)?.trim_end()))
    }

    /// The last assignment as Podman before 5.8.2 reads it: every double quote at either end taken
    /// off, paired or not.
    pub fn text_before_5_8(&self, section: &str, key: &str) -> Option<&str> {
        Some(self.last(section, key)?.trim_end().trim_matches('"'))
    }

    /// The last assignment as a boolean: `1`, `yes`, `true` and `on` are true in any case, and
    /// **everything else is false** without a message.
    pub fn boolean(&self, section: &str, key: &str) -> Option<bool> {
        let value = self.text(section, key)?;
        Some(["1", "yes", "true", "on"].iter().any(|yes| value.eq_ignore_ascii_case(yes)))
    }

    /// The last assignment as a number: `0x` is hexadecimal, a leading 0 octal, and **everything
    /// that is no number is 0** without a message.
    pub fn uint32(&self, section: &str, key: &str) -> Option<u32> {
        let value = self.text(section, key)?;
        let value = value.strip_prefix('+').unwrap_or(value);
        let (digits, radix) = match value.strip_prefix("0x").or_else(|| value.strip_prefix("0X")) {
            Some(digits) => (digits, 16),
            None if value.starts_with('0') => (value, 8),
            None => (value, 10),
        };
        Some(u32::from_str_radix(digits, radix).unwrap_or(0))
    }

    /// Every assignment since the last empty one, unsplit, quotes left on.
    pub fn lines(&self, section: &str, key: &str) -> Vec<&str> {
        let mut values = Vec::new();
        for found in self.assignments_of(section, key) {
            match self.value_of(found) {
                "" => values.clear(),
                value => values.push(value),
            }
        }
        values
    }

    /// The words of every assignment since the last empty one: quotes taken off, escapes retained.
    pub fn strv(&self, section: &str, key: &str) -> Vec<String> {
        self.words(section, key, Mode::Strv)
    }

    /// The words of every assignment since the last empty one, split like a command line.
    pub fn args(&self, section: &str, key: &str) -> Vec<String> {
        self.words(section, key, Mode::Args)
    }

    /// The `KEY=VALUE` words of every assignment since the last empty one. The last of a key wins,
    /// and podman gets them sorted by key. A word without `=` has no value: Podman drops it before
    /// 5.6, and since then takes an environment variable's value from the host.
    pub fn pairs(&self, section: &str, key: &str) -> BTreeMap<String, Option<String>> {
        let pairs = self.words(section, key, Mode::Args).into_iter();
        pairs
            .map(|word| match word.split_once('=') {
                Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                None => (word, None),
            })
            .collect()
    }

    /// The words of the last assignment, split like a command line. Nothing if Podman drops the
    /// line, because of an unknown escape.
    pub fn exec(&self, section: &str, key: &str) -> Option<Vec<String>> {
        let split = split(self.last(section, key)?, Mode::Args);
        split.lost.is_none().then(|| split.into_texts())
    }

    fn words(&self, section: &str, key: &str, mode: Mode) -> Vec<String> {
        let lines = self.lines(section, key);
        lines.into_iter().flat_map(|line| split(line, mode).into_texts()).collect()
    }
}
