//! What was installed when.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::shown::escaped;
use crate::plan::{Generation, Reason};

/// A generation that is kept.
#[derive(Clone, Debug)]
pub enum Entry {
    /// Its record.
    Whole {
        /// The record.
        generation: Box<Generation>,
        /// Whether it did not come up.
        is_failed: bool,
    },
    /// It cannot be read.
    Damaged {
        /// Its number.
        number: u32,
        /// Why.
        why: String,
    },
}

/// Why a generation was made, in a few words.
fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Install => "install".to_owned(),
        Reason::Rollback(to) => format!("rollback to {to}"),
        Reason::PutBack(failed) => format!("put back after {failed} did not come up"),
        Reason::Uninstall => "uninstall".to_owned(),
    }
}

/// A line for each generation, the newest first: that is the one that is installed.
pub fn text(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "nothing was installed yet\n".to_owned();
    }
    let mut text = format!("{:>10}  {:<20}  {:>5}  WHY\n", "GENERATION", "MADE", "FILES");
    for (at, entry) in entries.iter().enumerate().rev() {
        let now = if at + 1 == entries.len() { " (installed)" } else { "" };
        let _ = match entry {
            Entry::Whole { generation, is_failed } => {
                let failed = if *is_failed { ", did not come up" } else { "" };
                let (number, files) = (generation.generation, generation.files.len());
                let made = escaped(&generation.made);
                writeln!(text, "{number:>10}  {made:<20}  {files:>5}  {}{failed}{now}", reason(&generation.reason))
            }
            Entry::Damaged { number, why } => writeln!(text, "{number:>10}  {}", escaped(why)),
        };
    }
    text
}

/// One object, version 1, the oldest generation first.
pub fn json(entries: &[Entry]) -> String {
    let generations: Vec<Value> = entries
        .iter()
        .map(|entry| match entry {
            Entry::Whole { generation, is_failed } => json!({
                "generation": generation.generation,
                "made": generation.made,
                "why": reason(&generation.reason),
                "files": generation.files.len(),
                "failed": is_failed,
                "damaged": Value::Null,
            }),
            Entry::Damaged { number, why } => json!({
                "generation": number, "made": Value::Null, "why": Value::Null, "files": Value::Null,
                "failed": Value::Null, "damaged": why,
            }),
        })
        .collect();
    let mut text =
        serde_json::to_string_pretty(&json!({ "version": 1, "generations": generations })).unwrap_or_default();
    text.push('\n');
    text
}
