//! Diagnostics as text, in the manner of a good compiler: the phrase, the place, the line, what to write instead.

use std::borrow::Cow;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, renderer::DecorStyle};

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity, Sources, Span},
    policy::facts::{Lines, Redaction, is_secret_in},
};

/// The longest piece of a line that is shown.
const WIDTH: usize = 140;

/// The most columns that are marked.
const MARKED: usize = 100;

/// The most bytes between two places of a file that are shown in one piece: whatever lies between them is rendered too,
/// and left out only then.
const TOGETHER: u32 = 8 * 1024;

/// All diagnostics as text, and a closing line that counts them and says what errors have kept from being done:
/// "nothing was written". Empty where there are none.
pub fn text(diagnostics: &Diagnostics, sources: &Sources, colour: bool, undone: &str) -> String {
    let list = diagnostics.sorted(sources);
    if list.is_empty() {
        return String::new();
    }
    let renderer = renderer(colour);
    let lines_of = lines_of(&list, sources);
    let mut text = String::new();
    for diagnostic in &list {
        let safe = without_secrets(diagnostic, &lines_of);
        let beside = Beside { hidden: safe.is_some(), ..Beside::default() };
        text.push_str(&one(safe.as_ref().unwrap_or(diagnostic), beside, sources, &renderer));
        text.push_str("\n\n");
    }
    text.push_str(&closing(&list, undone));
    text.push('\n');
    text
}

/// The lines that diagnostics are about.
pub(super) fn lines_of<'s>(list: &[&Diagnostic], sources: &'s Sources) -> Lines<'s> {
    Lines::of(list.iter().flat_map(|diagnostic| places(diagnostic)), sources)
}

fn places(diagnostic: &Diagnostic) -> impl Iterator<Item = Span> {
    diagnostic.at.into_iter().chain(diagnostic.related.iter().map(|(at, _)| *at))
}

/// What may be said where a secret stands on a line; nothing where none does.
pub(super) fn without_secrets(diagnostic: &Diagnostic, lines_of: &Lines<'_>) -> Option<Diagnostic> {
    let lines: Vec<&str> = places(diagnostic).map(|at| lines_of.at(at)).filter(|lines| holds_secret(lines)).collect();
    let mut safe = diagnostic.clone();
    for lines in &lines {
        let secret = Redaction::of(lines);
        safe.message = secret.redacted_or_bare(&safe.message);
        safe.help = safe.help.and_then(|help| secret.redacted(&help));
    }
    (!lines.is_empty()).then_some(safe)
}

/// Whether lines of a catalog hold a secret. `secret = ["db"]` names one of podman's.
fn holds_secret(lines: &str) -> bool {
    let holds = |lines: &str| match lines.split_once('=') {
        Some((key, value)) if key.trim() == "secret" => value.contains("value") || is_secret_in(value),
        _ => is_secret_in(lines),
    };
    lines.lines().any(holds) || (lines.contains('\n') && holds(lines))
}

/// What draws them all.
pub(super) fn renderer(colour: bool) -> Renderer {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH)
}

/// What a finding says beside its diagnostic.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside<'a> {
    /// The id of the rule that speaks.
    pub(super) id: Option<&'a str>,
    /// A word beneath it.
    pub(super) note: Option<&'a str>,
    /// Other places of which the same is to be said, each with its own words.
    pub(super) also: &'a [String],
    /// Whether the text is kept out of sight: a secret stands on its line.
    pub(super) hidden: bool,
}

/// One of them.
pub(super) fn one(diagnostic: &Diagnostic, beside: Beside<'_>, sources: &Sources, renderer: &Renderer) -> String {
    renderer.render(&groups(diagnostic, beside, sources))
}

fn groups<'a>(diagnostic: &'a Diagnostic, beside: Beside<'a>, sources: &'a Sources) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = level.primary_title(escaped(&diagnostic.message));
    let title = match beside.id {
        Some(id) => title.id(id),
        None => title,
    };
    let mut group = Group::with_title(title);
    if let Some(at) = diagnostic.at.filter(|at| beside.hidden || sources.file(at.file).text.is_empty()) {
        // A file or directory that is wrong as a whole has no line to show.
        let path = escaped(sources.file(at.file).path.as_str());
        let position = sources.position(at);
        group = group.element(Origin::path(path).line(position.line).char_column(position.column));
    } else if let Some(at) = diagnostic.at {
        let beside = diagnostic.related.iter().filter(|(span, _)| *span != at && is_near(*span, at));
        let window = Window::around(std::iter::once(at).chain(beside.clone().map(|(span, _)| *span)), sources);
        let mut snippet = window.snippet(at, sources).annotation(
            AnnotationKind::Primary
                .span(window.range(at, sources))
                .label(Some(diagnostic.label.as_str()).filter(|label| !label.is_empty())),
        );
        for (span, word) in beside {
            let range = window.range(*span, sources);
            snippet = snippet.annotation(AnnotationKind::Context.span(range).label(word.as_str()));
        }
        group = group.element(snippet);
    }
    let elsewhere = |span: Span| diagnostic.at.is_none_or(|at| !is_near(span, at));
    for (span, word) in diagnostic.related.iter().filter(|(span, _)| !beside.hidden && elsewhere(*span)) {
        let window = Window::around(std::iter::once(*span), sources);
        let range = window.range(*span, sources);
        let snippet = window.snippet(*span, sources);
        group = group.element(snippet.annotation(AnnotationKind::Context.span(range).label(word.as_str())));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(escaped(help)));
    }
    for also in beside.also {
        group = group.element(Level::NOTE.with_name("also").message(escaped(also)));
    }
    if let Some(note) = beside.note {
        group = group.element(Level::NOTE.message(escaped(note)));
    }
    vec![group]
}

/// Whether two places are shown in one piece.
fn is_near(one: Span, other: Span) -> bool {
    one.file == other.file && one.start.abs_diff(other.start) <= TOGETHER
}

/// The lines of a file that a snippet may show: of a long file with many findings, each shows its own.
struct Window(std::ops::Range<usize>);

impl Window {
    /// The lines of some places in one file, and those next to them.
    fn around(places: impl Iterator<Item = Span>, sources: &Sources) -> Self {
        let mut window: Option<Self> = None;
        for at in places {
            let text = &sources.file(at.file).text;
            let range = range(at, sources);
            let begins = |before: usize| text[..before].rfind('\n');
            let first = begins(range.start).map_or(0, |end| begins(end).map_or(0, |end| end + 1));
            let ends = |after: usize| text[after..].find('\n').map_or(text.len(), |more| after + more + 1);
            let last = ends(ends(range.end));
            let all = window.map_or(first..last, |Self(all)| all.start.min(first)..all.end.max(last));
            window = Some(Self(all));
        }
        window.unwrap_or(Self(0..0))
    }

    fn snippet<'s, T: Clone>(&self, at: Span, sources: &'s Sources) -> Snippet<'s, T> {
        let file = sources.file(at.file);
        let start = u32::try_from(self.0.start).unwrap_or(u32::MAX);
        let line = sources.position(Span { file: at.file, start, end: start }).line;
        let snippet = Snippet::source(visible(&file.text[self.0.clone()])).line_start(line);
        snippet.path(escaped(file.path.as_str()))
    }

    /// A place within what the snippet may show.
    fn range(&self, at: Span, sources: &Sources) -> std::ops::Range<usize> {
        let range = range(at, sources);
        range.start - self.0.start..range.end - self.0.start
    }
}

/// A text of one line, whatever the name of a file in it may hold.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if is_hidden(c) { c.escape_debug().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

/// Control characters, marks that turn the text around, and what has no width.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The text with a stand-in for what a terminal would obey or hide: control characters, marks that turn the text
/// around, byte order marks. Each stand-in has as many bytes as what it stands for, so that spans stay true.
fn visible(text: &str) -> Cow<'_, str> {
    let stand_in = |c: char| match c {
        // What the renderer itself shows in a way of its own.
        '\0'..='\x7f' => None,
        '\u{80}'..='\u{9f}' => Some('¿'),
        c => is_hidden(c).then_some('\u{fffd}'),
    };
    if !text.contains(|c| stand_in(c).is_some()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| stand_in(c).unwrap_or(c)).collect())
}

/// The span as a range of the text: on the boundaries of characters, and not beyond the first line of a value of many.
fn range(at: Span, sources: &Sources) -> std::ops::Range<usize> {
    let text = &sources.file(at.file).text;
    let mut start = (at.start as usize).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = (at.end as usize).clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let line_end = text[start..end].find(['\r', '\n']).map_or(end, |at| start + at);
    // The renderer cuts a line around what is marked, so that a mark as long as the line would show all of it. Only a
    // letter of several bytes may take two columns.
    let mut columns = 0;
    let cut = text[start..line_end].char_indices().find(|(_, c)| {
        columns += c.len_utf8().min(2);
        columns > MARKED
    });
    start..cut.map_or(line_end, |(at, _)| start + at)
}

fn closing(list: &[&Diagnostic], undone: &str) -> String {
    let count = |severity| list.iter().filter(|d| d.severity == severity).count();
    let of = |n: usize, what: &str| match n {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    };
    let errors = count(Severity::Error);
    let counts = [of(errors, "error"), of(count(Severity::Warning), "warning")];
    let counts = counts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if errors > 0 { format!("{counts}; {undone}") } else { counts }
}
