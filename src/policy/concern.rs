//! What a finding is about, in the order in which whoever has to mend something wants to hear of it.

/// What is at stake, from what cannot wait to what can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Concern {
    /// One file takes the services of others along.
    Others,
    /// There is no service at all.
    Gone,
    /// Something does not work, or a line comes to nothing: whoever wrote it believes otherwise.
    Lost,
    /// The unit hands something of the host to the container.
    Host,
    /// A secret can be read.
    Secret,
    /// Somebody can reach the service, or stand in for its image.
    Reach,
    /// A hardening is missing.
    Hardening,
    /// The load, the lifecycle, and how things are called.
    Upkeep,
}

impl Concern {
    /// That of a rule.
    pub(super) fn of(rule: &str) -> Self {
        let number: u16 = rule.get(2..).and_then(|digits| digits.parse().ok()).unwrap_or_default();
        match number {
            15 | 21 => Self::Others,
            1 | 6..=8 | 16 | 20 | 23 => Self::Gone,
            11..=14
            | 17..=19
            | 22
            | 24..=29
            | 31..=33
            | 109
            | 112..=113
            | 116..=118
            | 213
            | 215
            | 218
            | 222
            | 304
            | 310..=312
            | 317
            | 403
            | 410
            | 441..=443
            | 506
            | 702
            | 801..=803
            | 807
            | 813
            | 905 => Self::Lost,
            100 | 102 | 106 | 108 | 111 | 201..=202 | 206 | 301 | 315..=316 | 701 | 703..=705 | 708 => Self::Host,
            601..=603 | 605 | 607 => Self::Secret,
            302..=303 | 306..=307 | 502 | 505 => Self::Reach,
            100..=399 | 700..=799 => Self::Hardening,
            _ => Self::Upkeep,
        }
    }
}
