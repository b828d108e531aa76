mod catalogs;
mod determinism;
mod injection;
mod invariants;
mod judge;
mod judge_itself;
mod judged;
mod random;
