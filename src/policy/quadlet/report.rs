//! What there is to say about one unit, and whether Podman makes a service of it.

use crate::{
    diagnostic::{Severity, Span},
    policy::Finding,
};

/// The findings about one unit.
#[derive(Debug)]
pub(super) struct Report {
    file: usize,
    /// Of the findings, the first that says why Podman makes no service of it.
    refusal: Option<usize>,
    findings: Vec<Finding>,
}

impl Report {
    /// Nothing to say yet about the unit of that file, an index into the files that are judged.
    pub(super) fn new(file: usize) -> Self {
        Self { file, refusal: None, findings: Vec::new() }
    }

    /// Podman makes no service of the unit.
    pub(super) fn refuse(&mut self, rule: &'static str, at: Span, message: impl Into<String>) -> &mut Finding {
        self.refusal.get_or_insert(self.findings.len());
        let finding = self.error(rule, at, message);
        finding.refused = true;
        finding
    }

    /// Something that the author wrote is lost, or will keep the service from starting.
    pub(super) fn error(&mut self, rule: &'static str, at: Span, message: impl Into<String>) -> &mut Finding {
        self.push(rule, Severity::Error, at, message.into())
    }

    /// Something is suspicious, but means what it says.
    pub(super) fn warn(&mut self, rule: &'static str, at: Span, message: impl Into<String>) -> &mut Finding {
        self.push(rule, Severity::Warning, at, message.into())
    }

    /// Whether Podman makes no service of the unit.
    pub(super) fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// The first reason why Podman makes no service of the unit.
    pub(super) fn refusal(&self) -> Option<&Finding> {
        self.refusal.map(|at| &self.findings[at])
    }

    /// All that was said.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    fn push(&mut self, rule: &'static str, severity: Severity, at: Span, message: String) -> &mut Finding {
        let last = self.findings.len();
        self.findings.push(Finding::new(rule, severity, self.file, at, message));
        &mut self.findings[last]
    }
}
