//! The only writer: whatever Plimsoll changes on a disk, it changes here.

pub mod tree;
