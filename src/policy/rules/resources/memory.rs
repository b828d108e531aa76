//! What the numbers of memory and processes come to.

use super::super::Rule;

pub(in crate::policy::rules) const RULES: &[Rule] = &[];
