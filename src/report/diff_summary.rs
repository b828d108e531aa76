//! stub
use crate::plan::Plan;
/// o
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// c
    pub colour: bool,
}
/// t
pub fn text(plan: &Plan, _options: Options) -> String {
    plan.told().map(|s| format!("{} {} {:?}\n", s.action.word(), s.path, s.means)).collect()
}
/// o
pub fn obstacles(plan: &Plan, _force: bool) -> String {
    plan.obstacles.iter().map(|o| format!("error: /{} {}\n", o.path, o.message)).collect()
}
