//! `plimsoll schema`.

use std::io;

use super::{Status, Streams};
use crate::catalog;

pub use crate::catalog::SchemaOf;

/// Prints the JSON Schema of the catalog's TOML files.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(of: SchemaOf, streams: &mut Streams<'_>) -> io::Result<Status> {
    writeln!(streams.out, "{}", catalog::json_schema(of))?;
    Ok(Status::Clean)
}
