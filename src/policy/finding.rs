//! What the judge says: findings, each of a rule, each with its place.

use std::{borrow::Cow, cmp::Ordering};

use super::concern::Concern;
use crate::diagnostic::{Severity, Sources, Span};

/// Something a rule has to say about a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id: `PL203`. [`rules::rule`](super::rules::rule) knows the rest.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// A phrase in lower case, without a full stop.
    pub message: String,
    /// The unit file it is about, as an index into the files that were judged.
    pub file: usize,
    /// The text to show: in the catalog's TOML where the line of the unit came from there, else in the unit.
    pub at: Span,
    /// Other places that matter, each with a word about it.
    pub related: Vec<(Span, String)>,
    /// What to write instead.
    pub help: Option<Cow<'static, str>>,
    /// The reason why it is accepted, where a waiver says so.
    pub waived: Option<String>,
    /// Whether the lines it points at hold a secret: a report says where they are, and never shows them.
    pub hidden: bool,
    /// Whether Podman makes no service of the file because of it: no waiver makes one.
    pub refused: bool,
    /// Whether it is about several services alike, and the file is only the first of theirs.
    pub shared: bool,
}

impl Finding {
    /// A finding of a rule about a judged file, with nothing beside its message.
    pub fn new(rule: &'static str, severity: Severity, file: usize, at: Span, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            rule,
            severity,
            message,
            file,
            at,
            related: Vec::new(),
            help: None,
            waived: None,
            hidden: false,
            refused: false,
            shared: false,
        }
    }

    /// Sets what to write instead.
    pub fn help(&mut self, help: impl Into<Cow<'static, str>>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Sets how bad it is, where that is not what the rule says.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }

    /// Adds another place that matters.
    pub fn related(&mut self, at: Span, word: impl Into<String>) -> &mut Self {
        self.related.push((at, word.into()));
        self
    }

    /// Keeps the lines it points at out of reports.
    pub fn hide(&mut self) -> &mut Self {
        self.hidden = true;
        self
    }

    /// The order in which findings are told: the worst first, then by what is at stake, then rule by rule, so that what
    /// is wrong in several places is told in one go.
    pub fn order(&self, other: &Self, sources: &Sources) -> Ordering {
        let path = |finding: &Self| &sources.file(finding.at.file).path;
        (self.severity.cmp(&other.severity))
            .then_with(|| Concern::of(self.rule).cmp(&Concern::of(other.rule)))
            .then_with(|| self.rule.cmp(other.rule))
            .then_with(|| path(self).cmp(path(other)))
            .then_with(|| (self.at.start, self.at.end).cmp(&(other.at.start, other.at.end)))
            .then_with(|| self.message.cmp(&other.message))
    }
}
