//! Diagnostics as text, in the manner of a good compiler: the phrase, the place, the line, what to write instead.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};

use crate::diagnostic::{Diagnostic, Diagnostics, Severity, Sources, Span};

/// The longest piece of a line that is shown.
const WIDTH: usize = 140;

/// All diagnostics as text, and a closing line that counts them. Empty where there are none.
pub fn text(diagnostics: &Diagnostics, sources: &Sources, colour: bool) -> String {
    let list = diagnostics.sorted(sources);
    if list.is_empty() {
        return String::new();
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH);
    let mut text = String::new();
    for diagnostic in &list {
        text.push_str(&renderer.render(&groups(diagnostic, sources)));
        text.push_str("\n\n");
    }
    text.push_str(&closing(&list));
    text.push('\n');
    text
}

fn groups<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()));
    if let Some(at) = diagnostic.at {
        let mut snippet = snippet(at, sources).annotation(
            AnnotationKind::Primary.span(range(at, sources)).label(Some(diagnostic.label.as_str()).filter(|label| !label.is_empty())),
        );
        for (span, word) in diagnostic.related.iter().filter(|(span, _)| span.file == at.file && *span != at) {
            snippet = snippet.annotation(AnnotationKind::Context.span(range(*span, sources)).label(word.as_str()));
        }
        group = group.element(snippet);
    }
    for (span, word) in diagnostic.related.iter().filter(|(span, _)| diagnostic.at.is_none_or(|at| at.file != span.file)) {
        group = group.element(
            snippet(*span, sources).annotation(AnnotationKind::Context.span(range(*span, sources)).label(word.as_str())),
        );
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    vec![group]
}

fn snippet<T: Clone>(at: Span, sources: &Sources) -> Snippet<'_, T> {
    let file = sources.file(at.file);
    Snippet::source(file.text.as_str()).path(file.path.as_str())
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
    let line_end = text[start..end].find('\n').map_or(end, |at| start + at);
    start..line_end
}

fn closing(list: &[&Diagnostic]) -> String {
    let count = |severity| list.iter().filter(|d| d.severity == severity).count();
    let of = |n: usize, what: &str| match n {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    };
    let errors = count(Severity::Error);
    let counts = [of(errors, "error"), of(count(Severity::Warning), "warning")];
    let counts = counts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if errors > 0 { format!("{counts}; nothing was written") } else { counts }
}
