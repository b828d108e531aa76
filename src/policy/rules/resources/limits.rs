//! The load line: one number in every layer.

use super::super::Rule;

pub(in crate::policy::rules) const RULES: &[Rule] = &[];
