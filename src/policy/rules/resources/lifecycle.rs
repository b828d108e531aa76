//! Starts, stops and restarts.

use super::super::Rule;

pub(in crate::policy::rules) const RULES: &[Rule] = &[];
