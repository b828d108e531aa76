//! What people and programs read: one file for each form.

pub mod changes;
pub mod check_json;
pub mod check_text;
pub mod diagnostics;
pub mod quadlets;
pub mod summary;
pub mod verdict;
