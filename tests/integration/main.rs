//! Plimsoll from outside: the binary, the example catalog, the documents.

mod provenance;
mod readme;
