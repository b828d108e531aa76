//! Health checks, alarms and logs.

use super::super::Rule;

pub(in crate::policy::rules) const RULES: &[Rule] = &[];
