//! A verdict as JUnit XML: a suite for each file, a test for each thing that was found in it. What counts is a failure,
//! what was waived is skipped, and a file that nobody has a word about is one test that passed.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::verdict::Report;
use crate::{
    diagnostic::Severity,
    policy::{Finding, rules},
};

/// The whole text. `least` is the least severity that counts.
pub fn text(report: &Report<'_>, least: Option<Severity>) -> String {
    let mut by_file: BTreeMap<usize, Vec<&Finding>> =
        report.verdict.units.iter().map(|unit| (unit.file, Vec::new())).collect();
    for finding in &report.verdict.findings {
        by_file.entry(finding.file).or_default().push(finding);
    }
    let mut junit = Junit::new("plimsoll check");
    for (file, findings) in by_file {
        let path = report.path(file);
        let mut suite = TestSuite::new(path);
        if findings.is_empty() {
            suite.add_test_case(case("nothing to say", path, TestCaseStatus::success()));
        }
        suite.add_test_cases(findings.into_iter().map(|finding| test(finding, path, report, least)));
        junit.add_test_suite(suite);
    }
    // It is written to memory, where nothing fails.
    allowed(&junit.to_string().unwrap_or_else(|error| error.to_string()))
}

/// The text with a stand-in for what XML 1.0 has no place for, not even escaped.
pub(super) fn allowed(text: &str) -> String {
    let is_char = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if is_char(c) { c } else { '\u{fffd}' }).collect()
}

fn test(finding: &Finding, path: &str, report: &Report<'_>, least: Option<Severity>) -> TestCase {
    let name = rules::rule(finding.rule).map_or("", |rule| rule.name);
    let (place, position) = report.place(finding);
    let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    let said = format!("{place}:{}:{}: {}{help}", position.line, position.column, finding.message);
    let counts = least.is_some_and(|least| finding.severity <= least);
    let mut status = match (&finding.waived, counts) {
        (Some(_), _) => TestCaseStatus::skipped(),
        (None, true) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        (None, false) => TestCaseStatus::success(),
    };
    match &finding.waived {
        Some(reason) => {
            status.set_message(format!("waived: {reason}"));
        }
        None if counts => {
            status.set_message(finding.message.as_str()).set_type(finding.severity.as_str()).set_description(&said);
        }
        None => {}
    }
    let mut case = case(&format!("{} {name}, line {}", finding.rule, position.line), path, status);
    if finding.waived.is_none() && !counts {
        case.set_system_out(format!("{}: {said}", finding.severity.as_str()));
    }
    case
}

fn case(name: &str, path: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(path);
    case
}
