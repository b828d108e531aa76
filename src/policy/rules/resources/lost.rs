//! Limits that their reader ignores or refuses, or that do not reach the container.

use super::super::Rule;

pub(in crate::policy::rules) const RULES: &[Rule] = &[];
