//! Rules of this theme.

use super::Rule;

pub(super) const RULES: &[Rule] = &[];
