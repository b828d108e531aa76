//! What is wrong and where: source files, spans into them, and diagnostics.
//!
//! Everything above this layer speaks of places as [`Span`]s. Lines and columns are computed only when somebody
//! is told about them.

mod nearest;
mod source;

pub use nearest::{nearest, squash};
pub use source::{FileId, Position, SourceFile, SourceKind, Sources, Span};

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The run cannot go on: nothing is written.
    Error,
    /// Worth knowing; the run goes on.
    Warning,
    /// Worth a thought, no more.
    Info,
}

impl Severity {
    /// `error`, `warning` or `info`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A value and the place it was written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// A value with its place.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// A value of Plimsoll's own.
    pub fn built_in(value: T) -> Self {
        Self { value, origin: Origin::BuiltIn }
    }

    /// The same place, another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced { value: f(self.value), origin: self.origin }
    }
}

/// Where a line of a rendered unit, or a value of the catalog, comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The built-in defaults, or a line that every unit of its kind has.
    BuiltIn,
    /// A place in a TOML file of the catalog.
    At(Span),
    /// A template of the author's own: the file as a whole.
    Template(FileId),
}

impl Origin {
    /// The place in a TOML file, if it is one.
    pub fn span(self) -> Option<Span> {
        match self {
            Self::At(span) => Some(span),
            Self::BuiltIn | Self::Template(_) => None,
        }
    }
}

/// One thing to tell the author: a phrase, its place, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A phrase in lower case, without a full stop.
    pub message: String,
    /// The text it is about; `None` where there is no file to show.
    pub at: Option<Span>,
    /// What to write under the marked text; may be empty.
    pub label: String,
    /// Other places that matter, each with a word about it.
    pub related: Vec<(Span, String)>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error about the text at `at`.
    pub fn error(message: impl Into<String>, at: Span) -> Self {
        Self::general(message).at(at)
    }

    /// An error that no file shows.
    pub fn general(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            at: None,
            label: String::new(),
            related: Vec::new(),
            help: None,
        }
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, at: Span) -> Self {
        self.at = Some(at);
        self
    }

    /// Sets the place, where the origin has one.
    #[must_use]
    pub fn at_origin(mut self, origin: Origin) -> Self {
        self.at = origin.span();
        self
    }

    /// Sets the words under the marked text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Sets what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds another place that matters, where the origin has one.
    #[must_use]
    pub fn related(mut self, origin: Origin, word: impl Into<String>) -> Self {
        if let Origin::At(span) = origin {
            self.related.push((span, word.into()));
        }
        self
    }
}

/// The diagnostics of one run, gathered so that all of them are told at once.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one. The same thing said about the same place is kept once: a mistake in the defaults is met again in
    /// every service that inherits it.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        // Only neighbours in time can be equal often enough to matter; `sorted` removes the rest.
        self.0.push(diagnostic);
    }

    /// Adds all of another run's.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Adds what a later step says and an earlier one has not: a mistake that was told is met again by whoever works
    /// with it, at the same place, or in the same words with a little more to them.
    pub fn extend_with_news(&mut self, other: Self) {
        let told: Vec<(Span, String)> = self.0.iter().filter_map(|d| Some((d.at?, d.message.clone()))).collect();
        let is_old = |at: Span, message: &str| {
            told.iter().any(|(span, words)| {
                span.file == at.file
                    && (span.start <= at.end && at.start <= span.end || message.starts_with(words.as_str()))
            })
        };
        self.0.extend(other.0.into_iter().filter(|new| new.at.is_none_or(|at| !is_old(at, &new.message))));
    }

    /// True where something keeps the run from going on.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// True where there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them in the order of the files and of the places in them, each once.
    pub fn sorted(&self, sources: &Sources) -> Vec<&Diagnostic> {
        let mut list: Vec<&Diagnostic> = self.0.iter().collect();
        list.sort_by(|a, b| {
            let key = |d: &Diagnostic| d.at.map(|s| (sources.file(s.file).path.clone(), s.start, s.end));
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        list.dedup();
        list
    }
}
