//! Slices and who runs in them.

use super::super::Rule;

pub(in crate::policy::rules) const RULES: &[Rule] = &[];
