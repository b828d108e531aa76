//! The rules: one item each, in the file of its theme. What `explain` shows and `docs/rules.md` says is written here.

mod across;
mod chosen;
mod filesystem;
mod images;
mod in_catalog;
mod integrity;
mod kernel;
mod network;
mod privilege;
mod reading;
mod resources;
mod secrets;
mod waivers;

pub(super) use across::ties;
pub(super) use chosen::Chosen;
pub use in_catalog::fix_in_catalog;
pub(super) use in_catalog::speak;
use ties::Tie;

use std::collections::BTreeMap;

use super::{
    Finding, Settings,
    facts::{Container, UnitFacts},
    quadlet::{Loaded, Tree},
};
use crate::{
    diagnostic::{Severity, Sources, Span, nearest},
    policy::Effective,
};

/// A rule.
///
/// `bad` and `good` are excerpts of unit files, laid over a hardened unit `web.container` by the tests: the one makes
/// the rule fire, the other does not. A file begins with a comment that is its name (`# api.container`), the first one
/// may leave it out. A line replaces the base's, or stands beside it where the key is a list; `# without [Service]
/// MemoryMax=` takes the base's lines away that begin so; `# podman 5.8` judges for that Podman.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// `PL203`: never given to another rule.
    pub id: &'static str,
    /// A few words: `writable-rootfs`.
    pub name: &'static str,
    /// How bad it is, unless the author says otherwise or a finding knows better.
    pub severity: Severity,
    /// When it fires, in one sentence.
    pub what: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What to do, in the words of unit files; [`fix_in_catalog`] has those of a catalog.
    pub fix: &'static str,
    /// What makes it fire.
    pub bad: &'static str,
    /// Nearly the same, and it does not.
    pub good: &'static str,
    /// Where it comes from: rows of the recommendations (`A54`, `B22`), numbers of the CIS Docker Benchmark, man pages,
    /// Podman versions.
    pub sources: &'static [&'static str],
    /// How it looks for what it says.
    pub check: Check,
}

type OfContainer = fn(&Container<'_>, &Scope<'_>, &mut Found<'_>);
type OfUnit = fn(&Loaded<'_>, &Scope<'_>, &mut Found<'_>);
type OfSlice = fn(&Effective<'_>, &Scope<'_>, &mut Found<'_>);
type OfAll = fn(&[Container<'_>], &Scope<'_>, &mut Found<'_>);

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Every `.container`.
    Container(OfContainer),
    /// Every Quadlet file.
    Unit(OfUnit),
    /// Every slice.
    Slice(OfSlice),
    /// Every network namespace: each `.container` that is in no pod, and each `.pod` as if it were a container.
    Namespace(OfContainer),
    /// Several of these.
    Several(&'static [Self]),
    /// All of them together.
    Across(OfAll),
    /// It is said where the files are read.
    Reading,
    /// It is said where waivers are held against findings.
    Waivers,
}

impl Check {
    /// Whether a waiver may accept what the rule finds.
    pub const fn can_be_waived(self) -> bool {
        !matches!(self, Self::Waivers)
    }
}

/// What a rule may look at beside its unit.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// All the files.
    pub tree: &'a Tree<'a>,
    /// What was gathered of each of the tree's units, in their order.
    pub facts: &'a [UnitFacts<'a>],
    /// How many containers each slice holds itself, by the index of its file.
    pub tenants: &'a BTreeMap<usize, usize>,
    /// What each of them says about others.
    pub ties: &'a [Vec<Tie>],
    /// What the judge was told.
    pub settings: &'a Settings,
    /// The texts, for places.
    pub sources: &'a Sources,
}

impl<'a> Scope<'a> {
    /// The facts of a unit of the tree.
    pub fn facts(&self, loaded: &Loaded<'_>) -> &'a UnitFacts<'a> {
        &self.facts[self.place(&loaded.unit)]
    }

    /// What a unit of the tree says about others.
    fn ties_of(&self, unit: &Effective<'_>) -> &'a [Tie] {
        &self.ties[self.place(unit)]
    }

    /// Which of the tree's units it is.
    fn place(&self, unit: &Effective<'_>) -> usize {
        let index = unit.index();
        self.tree.units.partition_point(|other| other.unit.index() < index)
    }
}

/// Where a rule says what it found.
#[derive(Debug)]
pub struct Found<'a> {
    rule: &'static Rule,
    severity: Severity,
    file: usize,
    findings: &'a mut Vec<Finding>,
}

impl Found<'_> {
    /// A finding about the text at `at`; its help is the rule's `fix` unless it gets another.
    pub fn at(&mut self, at: Span, message: impl Into<String>) -> &mut Finding {
        let at_end = self.findings.len();
        let mut finding = Finding::new(self.rule.id, self.severity, self.file, at, message);
        finding.help(self.rule.fix);
        self.findings.push(finding);
        &mut self.findings[at_end]
    }

    /// As [`at`](Self::at), about a unit that the rule came across.
    pub fn about(&mut self, unit: &Effective<'_>, at: Span, message: impl Into<String>) -> &mut Finding {
        self.file = unit.index();
        self.at(at, message)
    }
}

/// Every rule, by theme and then by id.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    THEMES.iter().flat_map(|(_, rules)| rules.iter())
}

/// The rule of an id (`PL203`, in any case) or a name (`writable-rootfs`), in any case.
pub fn rule(text: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id.eq_ignore_ascii_case(text) || rule.name.eq_ignore_ascii_case(text))
}

/// What to say of a word that is no rule's.
pub fn meant(word: &str) -> String {
    match nearest(word, all().flat_map(|rule| [rule.id, rule.name])) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`plimsoll explain` lists the rules".to_owned(),
    }
}

/// The rules by theme, in the order of their ids.
pub const THEMES: &[(&str, &[Rule])] = &[
    ("What Podman makes of a file", reading::RULES),
    ("Files and units", integrity::RULES),
    ("Waivers", waivers::RULES),
    ("Privilege", privilege::RULES),
    ("Files of the host", filesystem::RULES),
    ("Network", network::access::RULES),
    ("Networks and addresses", network::lan::RULES),
    ("Limits", resources::limits::RULES),
    ("Limits that are lost", resources::lost::RULES),
    ("Memory and processes", resources::memory::RULES),
    ("Lifecycle", resources::lifecycle::RULES),
    ("Health and logs", resources::health::RULES),
    ("Slices", resources::slices::RULES),
    ("Images", images::RULES),
    ("Secrets and environment", secrets::RULES),
    ("Kernel surface", kernel::RULES),
    ("Across services", across::RULES),
];

/// The severity that the author gives a rule, `None` where it is switched off.
pub fn severity(rule: &Rule, settings: &Settings) -> Option<Severity> {
    settings.severities.get(rule.id).copied().unwrap_or(Some(rule.severity))
}
