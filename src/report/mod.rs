//! What people and programs read: one file for each form.

pub mod changes;
pub mod check_github;
pub mod check_json;
pub mod check_junit;
pub mod check_sarif;
pub mod check_text;
pub mod diagnostics;
pub mod explain;
pub mod quadlets;
pub mod score_json;
pub mod score_text;
pub mod summary;
pub mod verdict;
