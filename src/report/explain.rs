//! What there is to know about a rule: for a terminal, and for `docs/rules.md`.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::{
    diagnostic::Severity,
    policy::rules::{Rule, THEMES, fix_in_catalog},
};

/// One rule.
pub fn text(rule: &Rule, colour: bool) -> String {
    let styled = |style: Style, text: &str| {
        if colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    };
    let heading = |text: &str| styled(Style::new().bold(), text);
    let severity = match rule.severity {
        Severity::Error => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Info => AnsiColor::Cyan,
    };
    let severity = styled(severity.on_default().bold(), rule.severity.as_str());
    let mut text = format!("{} {}: {severity}\n\n", heading(rule.id), heading(rule.name));
    let _ = write!(text, "{}\n\n{}\n\n", filled(rule.what), filled(rule.why));
    let _ = write!(text, "{}\n{}\n\n", heading("Bad"), indented(rule.bad));
    let _ = write!(text, "{}\n{}\n\n", heading("Good"), indented(rule.good));
    let _ = write!(text, "{}\n{}\n\n", heading("To mend it"), indented(&filled(rule.fix)));
    if let Some(fix) = fix_in_catalog(rule.id) {
        let _ = write!(text, "{}\n{}\n\n", heading("To mend it, in a catalog"), indented(&filled(fix)));
    }
    // What is said of a waiver is not waived by another one.
    if rule.check.can_be_waived() {
        let heads = ["To accept it, in the file of the service", "To accept it, in a Quadlet file"];
        for (head, how) in heads.into_iter().zip([in_toml(rule), in_unit(rule)]) {
            let _ = write!(text, "{}\n{}\n\n", heading(head), indented(&how));
        }
    }
    let _ = write!(text, "{}\n{}\n", heading("To change it, in catalog.toml"), indented(&in_policy(rule)));
    let _ = write!(text, "\n{}\n{}\n", heading("Where it comes from"), indented(&rule.sources.join("\n")));
    text
}

/// All rules, a line each.
pub fn list(colour: bool) -> String {
    let mut text = String::new();
    let widest = THEMES.iter().flat_map(|(_, rules)| *rules).map(|rule| rule.name.len()).max().unwrap_or_default();
    for (theme, rules) in THEMES {
        let style = Style::new().bold();
        let _ = if colour { writeln!(text, "{style}{theme}{style:#}") } else { writeln!(text, "{theme}") };
        for rule in *rules {
            let _ =
                writeln!(text, "  {}  {:<7}  {:<widest$}  {}", rule.id, rule.severity.as_str(), rule.name, rule.what);
        }
        text.push('\n');
    }
    let count: usize = THEMES.iter().map(|(_, rules)| rules.len()).sum();
    let _ = writeln!(text, "{count} rules; `plimsoll explain RULE` says more about one");
    text
}

/// The part of `docs/rules.md` that is made from the rules.
pub fn markdown() -> String {
    let mut text = String::new();
    for (theme, rules) in THEMES {
        let _ = writeln!(text, "## {theme}\n\n| rule | severity | name | when it fires |\n|---|---|---|---|");
        for rule in *rules {
            let (id, name) = (rule.id, rule.name);
            let link = format!("{}-{name}", id.to_lowercase());
            let severity = rule.severity.as_str();
            let _ = writeln!(text, "| [{id}](#{link}) | {severity} | {name} | {} |", rule.what.replace('|', "\\|"));
        }
        text.push('\n');
        for rule in *rules {
            let _ = write!(text, "### {} {}\n\n{} {}\n\n", rule.id, rule.name, rule.what, rule.why);
            let _ = write!(text, "Bad:\n\n```ini\n{}\n```\n\nGood:\n\n```ini\n{}\n```\n\n", rule.bad, rule.good);
            let _ = write!(text, "To mend it: {}.\n\n", rule.fix);
            if let Some(fix) = fix_in_catalog(rule.id) {
                let _ = write!(text, "In a catalog: {fix}.\n\n");
            }
            let _ = write!(text, "From: {}.\n\n", rule.sources.join(", "));
        }
    }
    text
}

fn in_toml(rule: &Rule) -> String {
    format!("[[waive]]\nrule = \"{}\"\nreason = \"why it is right here, in a sentence\"", rule.id)
}

fn in_unit(rule: &Rule) -> String {
    format!("# plimsoll: waive {} until 2027-06-01: why it is right here, in a sentence", rule.id)
}

fn in_policy(rule: &Rule) -> String {
    let other = if rule.severity == Severity::Error { "warning" } else { "error" };
    format!("[policy]\n{other} = [\"{}\"]    # or info, or off", rule.id)
}

pub(super) fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!("    {line}") });
    lines.collect::<Vec<_>>().join("\n")
}

/// The text in lines of at most 80 columns.
pub(super) fn filled(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= 80 => *line = format!("{line} {word}"),
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
