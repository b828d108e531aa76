//! A verdict with all that is needed to tell of it.

use std::collections::HashMap;

use crate::{
    diagnostic::{Position, Severity, Sources},
    policy::{File, Finding, Verdict},
    unit::Version,
};

/// A verdict with all that is needed to tell of it.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What the judge said.
    pub verdict: &'a Verdict,
    /// What was judged.
    pub files: &'a [File],
    /// The texts.
    pub sources: &'a Sources,
    /// The Podman it was judged for.
    pub podman: Version,
    /// The file of a catalog whose target and policy held for other units than its own.
    pub by: Option<&'a str>,
}

impl<'a> Report<'a> {
    /// The path of a judged file as the reader knows it.
    pub fn path(&self, file: usize) -> &'a str {
        self.sources.file(self.files[file].id).path.as_str()
    }

    /// The path, line and column that a finding points at.
    pub fn place(&self, finding: &Finding) -> (&'a str, Position) {
        (self.sources.file(finding.at.file).path.as_str(), self.sources.position(finding.at))
    }

    /// The services that findings are about.
    pub fn services(&self) -> Services<'a> {
        Services(self.verdict.units.iter().map(|unit| (unit.file, unit.service.as_str())).collect())
    }

    /// How many findings of a severity there are that nobody waived.
    pub fn count(&self, severity: Severity) -> usize {
        self.verdict.findings.iter().filter(|f| f.waived.is_none() && f.severity == severity).count()
    }

    /// How many findings were waived.
    pub fn waived(&self) -> usize {
        self.verdict.findings.iter().filter(|finding| finding.waived.is_some()).count()
    }
}

/// The services by the file they are made of.
#[derive(Clone, Debug)]
pub struct Services<'a>(HashMap<usize, &'a str>);

impl<'a> Services<'a> {
    /// The one service that a finding is about.
    pub fn of(&self, finding: &Finding) -> Option<&'a str> {
        self.0.get(&finding.file).copied().filter(|_| !finding.shared)
    }
}
