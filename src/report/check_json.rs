//! A verdict as JSON, version 1: one object, its lists present even when empty. `docs/schema/check.json` describes it.

use serde::Serialize;

use super::verdict::Report;
use crate::{diagnostic::Severity, policy::rules};

#[derive(Serialize)]
struct Verdict<'a> {
    version: u8,
    podman: String,
    units: Vec<Unit<'a>>,
    findings: Vec<Finding<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Unit<'a> {
    path: &'a str,
    service: &'a str,
    generated: bool,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    name: &'a str,
    severity: &'a str,
    message: &'a str,
    path: &'a str,
    line: usize,
    column: usize,
    service: Option<&'a str>,
    unit: &'a str,
    help: Option<&'a str>,
    waived: bool,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Summary {
    units: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
    waived: usize,
}

/// The whole text.
pub fn text(report: &Report<'_>) -> String {
    let services = report.services();
    let findings = report.verdict.findings.iter().map(|finding| {
        let (path, position) = report.place(finding);
        Finding {
            rule: finding.rule,
            name: rules::rule(finding.rule).map_or("", |rule| rule.name),
            severity: finding.severity.as_str(),
            message: &finding.message,
            path,
            line: position.line,
            column: position.column,
            service: services.of(finding),
            unit: report.path(finding.file),
            help: finding.help.as_deref(),
            waived: finding.waived.is_some(),
            reason: finding.waived.as_deref(),
        }
    });
    let units = report.verdict.units.iter().map(|unit| Unit {
        path: report.path(unit.file),
        service: &unit.service,
        generated: unit.generated,
    });
    let verdict = Verdict {
        version: 1,
        podman: format!("{}.{}", report.podman.0, report.podman.1),
        units: units.collect(),
        findings: findings.collect(),
        summary: Summary {
            units: report.verdict.units.len(),
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            infos: report.count(Severity::Info),
            waived: report.waived(),
        },
    };
    serde_json::to_string_pretty(&verdict).map_or_else(|error| error.to_string(), |text| text + "\n")
}
