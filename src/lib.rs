//! Plimsoll renders a catalog of services into hardened Podman Quadlet and systemd units.
//!
//! The layers, each of which may use only those above it (`tests/integration/layers.rs` holds them to it):
//!
//! | layer | modules |
//! |---|---|
//! | 0 | [`diagnostic`], [`parallel`] |
//! | 1 | [`model`], [`unit`](mod@unit) |
//! | 2 | [`catalog`], [`render`], [`search`] |
//! | 3 | [`plan`](mod@plan), [`policy`] |
//! | 4 | [`host`], [`install`], [`live`], [`report`] |
//! | 5 | [`commands`] |
//! | 6 | [`cli`], `main` |

pub mod catalog;
pub mod cli;
pub mod commands;
pub mod diagnostic;
pub mod host;
pub mod install;
pub mod live;
pub mod model;
pub mod parallel;
pub mod plan;
pub mod policy;
pub mod render;
pub mod report;
pub mod search;
pub mod unit;
