//! Plimsoll from outside: the binary, the example catalog, the documents, Podman's own generators.

mod cli;
mod judge;
mod judge_itself;
mod layers;
mod provenance;
mod readme;
mod templates;
