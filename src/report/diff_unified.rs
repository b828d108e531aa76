//! A plan as a patch: what each file means as comments above it, and how it differs as `diff -u` shows it.

use anstyle::{AnsiColor, Style};
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use super::{
    meaning::{self, Tone},
    shown::{self, Line},
};
use crate::plan::{Action, Plan, Step};

/// How many lines around a difference are shown.
const CONTEXT: usize = 3;

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const RED: Style = AnsiColor::Red.on_default();
pub(super) const GREEN: Style = AnsiColor::Green.on_default();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();
const PLAIN: Style = Style::new();

/// How to say it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// True where it may be coloured.
    pub colour: bool,
}

/// The text for people, which `patch` and `git apply` understand where no secret is hidden in it. Empty where there is
/// no difference.
pub fn text(plan: &Plan, options: Options) -> String {
    if plan.is_empty() && plan.told().next().is_none() {
        return String::new();
    }
    let steps = crate::parallel::map(plan.told(), |step| {
        let mut page = Page { text: String::new(), colour: options.colour };
        page.step(step, plan);
        page.text.push('\n');
        page.text
    });
    steps.concat() + &meaning::totals(plan) + "\n"
}

/// The style of a meaning.
pub(super) fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => PLAIN,
        Tone::WeakerError => RED,
        Tone::Weaker => YELLOW,
        Tone::Stronger => GREEN,
    }
}

/// A text in a style, where there are colours.
pub(super) fn painted(style: Style, text: &str, colour: bool) -> String {
    if colour && style != PLAIN { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

struct Page {
    text: String,
    colour: bool,
}

impl Page {
    fn line(&mut self, style: Style, line: &str) {
        self.text += &painted(style, line, self.colour);
        self.text.push('\n');
    }

    fn step(&mut self, step: &Step, plan: &Plan) {
        let path = shown::escaped(&step.path);
        self.line(BOLD, &format!("# {} {path}", step.action.word()));
        for phrase in meaning::phrases(step, &plan.work) {
            self.line(style(phrase.tone), &format!("#   {}", shown::escaped(&phrase.sentence())));
        }
        if step.action == Action::Keep {
            return;
        }
        let diff = Diff::of(step.old.as_deref().unwrap_or_default(), step.new.as_deref().unwrap_or_default());
        for hidden in diff.hidden_changes() {
            self.line(PLAIN, &format!("#   a hidden value differs{hidden}"));
        }
        let name =
            |side: &str, is_there: bool| if is_there { format!("{side}/{path}") } else { "/dev/null".to_owned() };
        self.line(BOLD, &format!("--- {}", name("a", step.old.is_some())));
        self.line(BOLD, &format!("+++ {}", name("b", step.new.is_some())));
        for hunk in group_diff_ops(diff.ops.clone(), CONTEXT) {
            self.hunk(&diff, &hunk);
        }
    }

    fn hunk(&mut self, diff: &Diff<'_>, hunk: &[DiffOp]) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { return };
        let old = range(first.old_range().start, last.old_range().end);
        let new = range(first.new_range().start, last.new_range().end);
        self.line(CYAN, &format!("@@ -{old} +{new} @@"));
        for op in hunk {
            if op.tag() == DiffTag::Equal {
                op.new_range().for_each(|at| self.side(PLAIN, ' ', &diff.new, at));
                continue;
            }
            op.old_range().for_each(|at| self.side(RED, '-', &diff.old, at));
            op.new_range().for_each(|at| self.side(GREEN, '+', &diff.new, at));
        }
    }

    fn side(&mut self, style: Style, sign: char, side: &Side<'_>, at: usize) {
        self.line(style, &format!("{sign}{}", side.shown[at].text));
        if !side.raw[at].ends_with(b"\n") {
            self.line(PLAIN, "\\ No newline at end of file");
        }
    }
}

/// The numbers of lines in the head of a hunk.
fn range(start: usize, end: usize) -> String {
    match end - start {
        // Of no lines, the one before them is named.
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        count => format!("{},{count}", start + 1),
    }
}

/// How two texts differ. They are compared as they are, and shown as they may be.
struct Diff<'a> {
    old: Side<'a>,
    new: Side<'a>,
    ops: Vec<DiffOp>,
}

struct Side<'a> {
    raw: Vec<&'a [u8]>,
    shown: Vec<Line>,
}

impl<'a> Diff<'a> {
    fn of(old: &'a [u8], new: &'a str) -> Self {
        let side = |text: &'a [u8]| Side {
            raw: text.split_inclusive(|byte| *byte == b'\n').collect(),
            shown: shown::lines(text),
        };
        let (old, new) = (side(old), side(new.as_bytes()));
        let ops = capture_diff_slices(Algorithm::Myers, &old.raw, &new.raw);
        Self { old, new, ops }
    }

    /// Lines that differ, and look the same because what differs is hidden.
    fn hidden_changes(&self) -> Vec<String> {
        let changed = || self.ops.iter().filter(|op| op.tag() != DiffTag::Equal);
        let old: Vec<&Line> = changed().flat_map(|op| &self.old.shown[op.old_range()]).collect();
        let mut told = Vec::new();
        for at in changed().flat_map(DiffOp::new_range) {
            let line = &self.new.shown[at];
            if line.is_hidden && old.contains(&line) {
                let is_named = line.text.contains('=');
                told.push(if is_named { format!(": {}", line.text) } else { format!(" on line {}", at + 1) });
            }
        }
        told
    }
}
