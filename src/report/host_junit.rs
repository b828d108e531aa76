//! What was found of a host as JUnit XML: a test for each check. What fails is a failure, what cannot be told, does not
//! apply or was waived is skipped, and a warning is a test that passed with something to say.

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::check_junit::allowed;
use crate::policy::host::{Answer, Checked, Status};

/// The whole text.
pub fn text(checked: &Checked) -> String {
    let mut junit = Junit::new("plimsoll host check");
    let mut suite = TestSuite::new("host");
    suite.add_test_cases(checked.answers.iter().map(test));
    junit.add_test_suite(suite);
    // It is written to memory, where nothing fails.
    allowed(&junit.to_string().unwrap_or_else(|error| error.to_string()))
}

fn test(answer: &Answer) -> TestCase {
    let said = format!("{}\nhelp: {}", answer.found, answer.fix);
    let mut status = match (answer.status, &answer.waived) {
        (_, Some(_)) | (Status::Unknown | Status::NotApplicable, None) => TestCaseStatus::skipped(),
        (Status::Fail, None) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        (Status::Warn | Status::Pass, None) => TestCaseStatus::success(),
    };
    match (answer.status, &answer.waived) {
        (_, Some(reason)) => {
            status.set_message(format!("waived: {reason}"));
        }
        (Status::Unknown | Status::NotApplicable, None) => {
            status.set_message(format!("{}: {}", answer.status.as_str(), answer.found));
        }
        (Status::Fail, None) => {
            status.set_message(answer.found.as_str()).set_type("fail").set_description(&said);
        }
        (Status::Warn | Status::Pass, None) => {}
    }
    let mut case = TestCase::new(format!("{} {}", answer.check.id, answer.check.name), status);
    case.set_classname("host");
    if answer.status == Status::Warn && answer.waived.is_none() {
        case.set_system_out(format!("warn: {said}"));
    }
    case
}
