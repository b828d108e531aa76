//! What people and programs read: one file for each form.

pub mod changes;
pub mod check_github;
pub mod check_json;
pub mod check_junit;
pub mod check_sarif;
pub mod check_text;
pub mod diagnostics;
pub mod diff_json;
pub mod diff_summary;
pub mod diff_unified;
pub mod explain;
pub mod history;
pub mod log;
mod meaning;
pub mod quadlets;
pub mod score_json;
pub mod score_text;
mod shown;
pub mod status;
pub mod summary;
pub mod verdict;
pub mod verify_json;
pub mod verify_text;
