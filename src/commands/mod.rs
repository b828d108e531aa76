//! The commands: each joins the layers below and says how it ended.

pub mod catalog;
pub mod check;
mod declared;
pub mod diff;
pub mod explain;
pub mod generator;
pub mod host;
pub mod host_check;
pub mod host_render;
pub mod incoming;
pub mod install;
pub mod installed;
pub mod judged;
mod manager;
mod only;
mod preflight;
pub mod render;
mod running_limits;
pub mod schema;
pub mod score;
pub mod top;
pub mod verify;

use std::io;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done, nothing to say: exit status 0.
    Clean,
    /// Differences, or findings: exit status 1.
    Differs,
    /// It could not be done, and nothing was changed: exit status 2.
    Failed,
}

/// How the commands print that have two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One object, version 1.
    Json,
}

/// Where a command writes.
pub struct Streams<'a> {
    /// Results.
    pub out: &'a mut dyn io::Write,
    /// Everything else.
    pub err: &'a mut dyn io::Write,
    /// True where diagnostics may be coloured.
    pub colour: bool,
    /// True where results may be coloured.
    pub colour_out: bool,
}

impl std::fmt::Debug for Streams<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").field("colour", &self.colour).finish_non_exhaustive()
    }
}
