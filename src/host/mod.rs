//! Looks at the host itself, by its files.

mod apt_conf;
mod audit;
pub mod checks;
mod config;
mod firewalld;
mod nftables;
mod packages;
mod registries_conf;
pub mod root;
mod signature_policy;
mod system;
mod units;
mod updates;

pub use config::home;
