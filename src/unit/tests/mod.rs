//! Tests of the layer: tables of examples, then properties of any text.

mod hostile;
mod keys;
mod quote;
mod split;
mod text;
