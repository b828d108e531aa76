//! Plimsoll from outside: the binary, the example catalog, the documents, Podman's own generators.
#![allow(
    unreachable_pub,
    clippy::assigning_clones,
    clippy::doc_markdown,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::nonminimal_bool,
    clippy::option_option,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::unnested_or_patterns,
    clippy::unwrap_used,
    reason = "tests: a panic is a verdict, and nothing here is anybody's interface"
)]

mod agreement;
mod catalog_help;
mod catalogs;
mod check;
mod cli;
mod determinism;
mod diff_reports;
mod docs;
mod generator;
mod hidden;
mod host_check;
mod host_files;
mod hostile;
mod injection;
mod installing;
mod invariants;
mod judge;
mod judge_itself;
mod judged;
mod keytable;
mod killed;
mod layers;
mod pairs;
mod provenance;
mod published;
mod random;
mod readme;
mod recommendations;
mod restarts;
mod rules;
mod run;
mod score;
mod searched;
mod syncs;
mod templates;
mod top;
mod verify;
mod waivers;
mod weakened;
mod wrong;
