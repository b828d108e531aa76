//! `PL4xx`: how much a container may take, how it starts and stops, and who hears of it.

pub(super) mod health;
pub(super) mod lifecycle;
pub(super) mod limits;
pub(super) mod lost;
pub(super) mod memory;
pub(super) mod slices;
