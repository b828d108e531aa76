//! Plimsoll from outside: the binary, the example catalog, the documents, Podman's own generators.
#![allow(
    unreachable_pub,
    clippy::assigning_clones,
    clippy::doc_markdown,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests: a panic is a verdict, and nothing here is anybody's interface"
)]

mod cli;
mod docs;
mod judge;
mod judge_itself;
mod layers;
mod provenance;
mod readme;
mod templates;
