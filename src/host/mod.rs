//! Looks at the host itself, by its files.

pub mod checks;
mod config;
mod packages;
pub mod root;
mod system;

pub use config::home;
