//! Plimsoll from outside: the binary, the example catalog, the documents, Podman's own generators.

mod catalogs;
mod determinism;
mod injection;
mod invariants;
mod judge;
mod judge_itself;
mod judged;
mod keytable;
mod layers;
mod provenance;
mod random;
mod readme;
mod run;
mod wrong;
