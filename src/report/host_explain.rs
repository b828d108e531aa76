//! What there is to know about a check of a host: for a terminal, and for `docs/host-checks.md`.

use std::fmt::Write as _;

use anstyle::Style;

use super::explain::{filled, indented};
use crate::policy::host::HostCheck;

/// The checks by theme.
pub type Themes<'a> = &'a [(&'a str, Vec<&'a HostCheck>)];

/// One check.
pub fn text(check: &HostCheck, colour: bool) -> String {
    let style = Style::new().bold();
    let heading = |text: &str| if colour { format!("{style}{text}{style:#}") } else { text.to_owned() };
    let mut text = format!("{} {}: a check of the host\n\n", heading(check.id), heading(check.name));
    let _ = write!(text, "{}\n\n{}\n\n", filled(check.what), filled(check.why));
    for (head, when) in [("It fails where", check.fails), ("It warns where", check.warns)] {
        if let Some(when) = when {
            let _ = write!(text, "{}\n{}\n\n", heading(head), indented(&filled(when)));
        }
    }
    let _ = write!(text, "{}\n{}\n\n", heading("To mend it"), indented(&filled(check.fix)));
    if let Some(today) = check.today {
        let _ = write!(text, "{}\n{}\n\n", heading("What is true today"), indented(&filled(today)));
    }
    let accepted = format!("[[waive]]\nrule = \"{}\"\nreason = \"why it is right here, in a sentence\"", check.id);
    let _ = write!(text, "{}\n{}\n\n", heading("To accept it, in catalog.toml"), indented(&accepted));
    let changed = if check.warns.is_some() { "error" } else { "warning" };
    let changed = format!("[policy]\n{changed} = [\"{}\"]    # or off", check.id);
    let _ = write!(text, "{}\n{}\n\n", heading("To change it, in catalog.toml"), indented(&changed));
    let _ = write!(text, "{}\n{}\n\n", heading("What is read"), indented(&check.reads.join("\n")));
    let _ = writeln!(text, "{}\n{}", heading("Where it comes from"), indented(&check.sources.join("\n")));
    text
}

/// All checks, a line each.
pub fn list(themes: Themes<'_>, colour: bool) -> String {
    let mut text = String::new();
    let all = || themes.iter().flat_map(|(_, checks)| checks);
    let widest = all().map(|check| check.name.len()).max().unwrap_or_default();
    for (theme, checks) in themes {
        let style = Style::new().bold();
        let _ = if colour { writeln!(text, "{style}Host: {theme}{style:#}") } else { writeln!(text, "Host: {theme}") };
        for check in checks {
            let _ = writeln!(text, "  {}  {:<4}  {:<widest$}  {}", check.id, worst(check), check.name, check.what);
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{} checks of the host; `plimsoll explain CHECK` says more about one", all().count());
    text
}

fn worst(check: &HostCheck) -> &'static str {
    if check.fails.is_some() { "fail" } else { "warn" }
}

/// The part of `docs/host-checks.md` that is made from the checks.
pub fn markdown(themes: Themes<'_>) -> String {
    let mut text = String::new();
    for (theme, checks) in themes {
        let _ = writeln!(text, "## {theme}\n\n| check | worst | name | it passes where |\n|---|---|---|---|");
        for check in checks {
            let (id, name) = (check.id, check.name);
            let link = format!("{}-{name}", id.to_lowercase());
            let _ =
                writeln!(text, "| [{id}](#{link}) | {} | {name} | {} |", worst(check), check.what.replace('|', "\\|"));
        }
        text.push('\n');
        for check in checks {
            let _ = write!(text, "### {} {}\n\n{} {}\n\n", check.id, check.name, check.what, check.why);
            for (head, when) in [("Fails where", check.fails), ("Warns where", check.warns)] {
                if let Some(when) = when {
                    let _ = write!(text, "{head} {when}.\n\n");
                }
            }
            let _ = write!(text, "To mend it: {}.\n\n", check.fix);
            if let Some(today) = check.today {
                let _ = write!(text, "What is true today: {today}\n\n");
            }
            let is_path = |read: &str| read.starts_with(['/', '~']);
            let shown = |read: &&str| if is_path(read) { format!("`{read}`") } else { (*read).to_owned() };
            let reads: Vec<String> = check.reads.iter().map(shown).collect();
            let _ = write!(text, "Reads: {}.\n\nFrom: {}.\n\n", reads.join(", "), check.sources.join(", "));
        }
    }
    text
}
