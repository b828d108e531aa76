//! stub
/// t
pub fn text(_plan: &crate::plan::Plan) -> String { String::new() }
