//! The binary and its output, held against the world outside.

mod run;
mod wrong;
