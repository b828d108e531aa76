//! What is said of each of them.
