//! Lines that no report may show: whatever a finding is about, a secret may stand on its line.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{
    Finding,
    facts::{Lines, Redaction, is_secret_in},
};
use crate::{
    diagnostic::{Sources, Span},
    parallel,
};

/// Places whose lines hold a secret, with what takes it out of a text.
type Secrets<'s> = HashMap<Span, (&'s str, Redaction)>;

/// Hides every finding that points at a line with a secret, and takes the secret out of what it says.
pub(super) fn hide(findings: &mut [Finding], sources: &Sources) {
    // The reason of a waiver is shown beside what it accepts.
    for reason in findings.iter_mut().filter_map(|finding| finding.waived.as_mut()) {
        if is_secret_in(reason) {
            *reason = "for a reason that holds a secret, and is not shown".into();
        }
    }
    // Of one long line there may be many findings: it is looked at once.
    let places: HashSet<Span> = findings.iter().filter(|finding| !finding.hidden).flat_map(places).collect();
    let lines_of = Lines::of(places.iter().copied(), sources);
    let secrets = parallel::map(places, |at| {
        let lines = lines_of.at(at);
        is_secret_in(lines).then(|| (at, (lines, Redaction::of(lines))))
    });
    let secrets: Secrets<'_> = secrets.into_iter().flatten().collect();
    if secrets.is_empty() {
        return;
    }
    // A rule that looks for secrets names them, and takes care itself.
    parallel::map(findings.iter_mut().filter(|finding| !finding.hidden), |finding| hide_one(finding, &secrets));
}

fn places(finding: &Finding) -> impl Iterator<Item = Span> {
    std::iter::once(finding.at).chain(finding.related.iter().map(|(at, _)| *at))
}

fn hide_one(finding: &mut Finding, secrets: &Secrets<'_>) {
    let mut told: Vec<&(&str, Redaction)> = places(finding).filter_map(|at| secrets.get(&at)).collect();
    told.dedup_by_key(|(lines, _)| *lines);
    finding.hidden = !told.is_empty();
    for (_, secret) in told {
        finding.message = secret.redacted_or_bare(&finding.message);
        finding.help = finding.help.take().and_then(|help| secret.redacted(&help)).map(Cow::Owned);
        for (_, word) in &mut finding.related {
            *word = secret.redacted_or_bare(word);
        }
    }
}
