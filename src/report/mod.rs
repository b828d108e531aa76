//! What people and programs read: one file for each form.

pub mod changes;
pub mod diagnostics;
pub mod quadlets;
pub mod summary;
