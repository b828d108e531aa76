//! `PL003` to `PL005`: waivers that no longer hold, never did, or do not say why.

use super::{Check, Rule};
use crate::diagnostic::Severity;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "PL003",
        name: "waiver-expired",
        severity: Severity::Warning,
        what: "A waiver was given until a day that has passed.",
        why: "It no longer waives anything: what it accepted is told of again. That is what the date is for, to look once more \
              whether the reason still holds.",
        fix: "mend what it waived, or give it a new date",
        bad: "# plimsoll: waive PL105 until 2025-01-31: the image starts as root to own its files\n[Container]\n# without [Container] User=\n# without [Container] Group=",
        good: "# plimsoll: waive PL105 until 2029-01-31: the image starts as root to own its files\n[Container]\n# without [Container] User=\n# without [Container] Group=",
        sources: &["checkov skip", "trivy exp:", "docs/policy"],
        check: Check::Waivers,
    },
    Rule {
        id: "PL004",
        name: "waiver-unused",
        severity: Severity::Warning,
        what: "A waiver waives nothing: its rule does not fire here, there is no such rule, or it is why Podman makes no service.",
        why: "It is left over from something that was mended, or the number is a slip and the finding it was meant for is \
              still told. Left standing it would waive the next mistake of its kind without anybody having looked at it. What keeps Podman from making a service of a file cannot be \
              accepted: there would be none, whatever the reason.",
        fix: "remove it, or correct the number",
        bad: "# plimsoll: waive PL100: left over from an experiment\n[Container]\nReadOnly=true",
        good: "# plimsoll: waive PL606: the application needs the proxy of the host\n[Container]\n# without [Container] PodmanArgs=--http-proxy",
        sources: &["kube-linter ignore-check", "rustc unfulfilled_lint_expectations"],
        check: Check::Waivers,
    },
    Rule {
        id: "PL005",
        name: "waiver-without-reason",
        severity: Severity::Error,
        what: "A waiver does not say why, in at least ten characters, or is not written as one.",
        why: "Whoever finds it next year cannot tell a decision from a way to silence a message. A waiver without a reason waives \
              nothing, and neither does one whose date is garbled.",
        fix: "add the reason after a colon, at least ten characters: `# plimsoll: waive PL606: the application needs the proxy of the host`",
        bad: "# plimsoll: waive PL606:\n[Container]\n# without [Container] PodmanArgs=--http-proxy",
        good: "# plimsoll: waive PL606: the application needs the proxy of the host\n[Container]\n# without [Container] PodmanArgs=--http-proxy",
        sources: &["kube-linter ignore-check", "hadolint ignore"],
        check: Check::Waivers,
    },
];
