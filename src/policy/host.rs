//! Checks of a host: what they say of themselves, how one ends, and what waivers and `[policy]` make of that.
//!
//! The looking is done elsewhere; nothing here touches a host.

use std::collections::BTreeMap;

use crate::{
    diagnostic::{Severity, Sourced},
    model::Waiver,
};

/// What there is to know about a check, whatever a host is like.
#[derive(Clone, Copy, Debug)]
pub struct HostCheck {
    /// `HC04`: never given to another check.
    pub id: &'static str,
    /// A few words: `id-pool`.
    pub name: &'static str,
    /// What is so where it passes, in one sentence.
    pub what: &'static str,
    /// When it fails, as a phrase; nothing where it never does.
    pub fails: Option<&'static str>,
    /// When it warns, as a phrase; nothing where it never does.
    pub warns: Option<&'static str>,
    /// Why that matters.
    pub why: &'static str,
    /// What to do, as a phrase.
    pub fix: &'static str,
    /// What is true today, where the documents that ask for it say something else, or nobody has tried it.
    pub today: Option<&'static str>,
    /// What is read, beneath the root.
    pub reads: &'static [&'static str],
    /// Where it comes from: rows of the recommendations (`A11`, `B25`), the CIS Docker Benchmark, man pages.
    pub sources: &'static [&'static str],
}

/// How a check ended, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It is not so.
    Fail,
    /// It could be better, or it could go wrong.
    Warn,
    /// It cannot be told: something could not be read.
    Unknown,
    /// It is so.
    Pass,
    /// There is nothing here that it is about.
    NotApplicable,
}

impl Status {
    /// `fail`, `warn`, `unknown`, `pass`, `not-applicable`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Pass => "pass",
            Self::NotApplicable => "not-applicable",
        }
    }

    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [Self::Fail, Self::Warn, Self::Unknown, Self::Pass, Self::NotApplicable];
}

/// How a check ended on one host.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Which.
    pub check: &'static HostCheck,
    /// How.
    pub status: Status,
    /// What was found, or why it cannot be told, as a phrase.
    pub found: String,
    /// What to do about it.
    pub fix: String,
    /// The files that were looked at, from the root of the host, in order.
    pub read: Vec<String>,
    /// The reason why it is accepted, where a waiver says so.
    pub waived: Option<String>,
}

impl Answer {
    /// Whether it makes the command fail.
    pub fn counts(&self) -> bool {
        self.status == Status::Fail && self.waived.is_none()
    }

    /// Whether somebody should look at it.
    pub fn is_open(&self) -> bool {
        self.waived.is_none() && matches!(self.status, Status::Fail | Status::Warn | Status::Unknown)
    }
}

/// Something to say of a waiver of the catalog itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The check that it names.
    pub rule: Sourced<String>,
    /// What is wrong with it, as a phrase.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Every check, in the order of the registry.
    pub answers: Vec<Answer>,
    /// Waivers that waive nothing.
    pub leftovers: Vec<Leftover>,
}

impl Checked {
    /// How many checks ended so, waived ones apart.
    pub fn count(&self, status: Status) -> usize {
        self.answers.iter().filter(|answer| answer.status == status && answer.waived.is_none()).count()
    }

    /// How many were waived.
    pub fn waived(&self) -> usize {
        self.answers.iter().filter(|answer| answer.waived.is_some()).count()
    }

    /// Does what `[policy]` says of single checks: `error` turns a warning into a failure, `warning` and `info` a
    /// failure into a warning, `off` takes the check out.
    pub fn weigh(&mut self, severities: &BTreeMap<&'static str, Option<Severity>>) {
        self.answers.retain_mut(|answer| {
            let Some(severity) = severities.get(answer.check.id) else { return true };
            answer.status = match (severity, answer.status) {
                (None, _) => return false,
                (Some(Severity::Error), Status::Warn) => Status::Fail,
                (Some(Severity::Warning | Severity::Info), Status::Fail) => Status::Warn,
                (_, status) => status,
            };
            true
        });
    }

    /// Holds the waivers of a catalog against what was found. What is unknown is not waived: nobody knows what for.
    pub fn waive(&mut self, waivers: &[Waiver], as_of: &str) {
        for waiver in waivers.iter().filter(|waiver| waiver.is_of_the_host()) {
            let rule = &waiver.rule;
            let mut leave = |message: String, help: &str| {
                self.leftovers.push(Leftover { rule: rule.clone(), message, help: help.to_owned() });
            };
            let answer = self.answers.iter_mut().find(|answer| answer.check.id.eq_ignore_ascii_case(&rule.value));
            let expired = waiver.expires.as_ref().filter(|day| day.value.as_str() < as_of);
            match (answer, expired) {
                (None, _) => {
                    leave(
                        format!("the waiver is for {}, which is no check that was made", rule.value),
                        "correct the number, or remove it",
                    );
                }
                (Some(answer), Some(day)) if answer.is_open() => {
                    leave(
                        format!("the waiver of {} ended on {}", rule.value, day.value),
                        "mend what it waived, or give it a new date",
                    );
                }
                (Some(answer), None) if matches!(answer.status, Status::Fail | Status::Warn) => {
                    answer.waived.get_or_insert_with(|| waiver.reason.value.trim().to_owned());
                }
                (Some(answer), _) if answer.status == Status::Unknown => {}
                (Some(_), _) => {
                    leave(
                        format!("the waiver of {} is not needed: there is nothing to accept here", rule.value),
                        "remove it",
                    );
                }
            }
        }
    }
}
