//! Waivers: comments in a unit that accept what a rule has to say about it.
//!
//! `# plimsoll: waive PL105 until 2027-06-01: the entrypoint starts as root and then drops` holds for the file it stands
//! in and for its drop-ins; in a drop-in it holds for the units that this is merged into. A rendered unit carries those of its TOML file. The same words in several files are one
//! waiver, which is used where any of the files needs it. What keeps Podman from making a service cannot be accepted:
//! there would be none.

use std::collections::BTreeMap;

use super::{
    File, Finding, Kind, Settings,
    quadlet::Tree,
    rules::{self, Rule},
};
use crate::{
    diagnostic::{Sources, Span},
    model::{Waiver as Declared, is_of_the_host},
    parallel,
    unit::{UnitType, text::lines},
};

/// A waiver as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Waiver {
    words: Words,
    file: usize,
    at: Span,
}

/// What a waiver says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Words {
    rule: String,
    until: Option<String>,
    reason: String,
    /// What stands before the colon and is neither a rule nor a day.
    odd: Option<String>,
}

/// What became of a waiver.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    /// Its rule has something to say.
    is_needed: bool,
    /// And some of that is why Podman makes no service of a file.
    is_in_vain: bool,
}

/// Marks the findings that are waived, and adds what there is to say about the waivers themselves.
pub(super) fn apply(
    files: &[File],
    sources: &Sources,
    settings: &Settings,
    tree: &Tree<'_>,
    findings: &mut Vec<Finding>,
) {
    let waivers = parallel::map(files.iter().enumerate(), |(index, file)| of_file(index, file, sources));
    let waivers: Vec<Waiver> = waivers.into_iter().flatten().collect();
    if waivers.is_empty() {
        return;
    }
    let mut by_file: BTreeMap<usize, Vec<&Waiver>> = BTreeMap::new();
    for waiver in &waivers {
        by_file.entry(waiver.file).or_default().push(waiver);
    }
    let by_source: BTreeMap<_, usize> = files.iter().enumerate().map(|(index, file)| (file.id, index)).collect();
    let drop_ins = drop_ins_with(&by_file, tree);
    let mut used: BTreeMap<&Words, Use> = waivers.iter().map(|waiver| (&waiver.words, Use::default())).collect();
    for finding in findings.iter_mut() {
        // A drop-in may waive what it brings about.
        let shown_in = by_source.get(&finding.at.file).copied().filter(|file| *file != finding.file);
        let of_unit = drop_ins.get(&finding.file).into_iter().flatten().copied();
        let files = [Some(finding.file), shown_in].into_iter().flatten().chain(of_unit);
        let of_files = files.filter_map(|file| by_file.get(&file));
        for waiver in of_files.flatten().filter(|waiver| names(&waiver.words, finding.rule)) {
            let used = used.entry(&waiver.words).or_default();
            used.is_needed = true;
            used.is_in_vain |= finding.refused;
            if !finding.refused && waiver.words.is_valid() && !waiver.words.has_expired(settings) {
                finding.waived.get_or_insert_with(|| waiver.words.reason.clone());
            }
        }
    }
    let mut by_words: BTreeMap<&Words, Vec<&Waiver>> = BTreeMap::new();
    for waiver in &waivers {
        by_words.entry(&waiver.words).or_default().push(waiver);
    }
    for (words, same) in by_words {
        let Some((waiver, shared)) = whose(&same, files) else { continue };
        let complaint = complaint(waiver, used[words], settings);
        findings.extend(complaint.map(|finding| Finding { shared, ..finding }));
    }
}

/// Of one waiver in several files, that of the container: its slice and what is built for it carry it along. And whether
/// it is one line of a catalog that holds for several containers.
fn whose<'w>(same: &[&'w Waiver], files: &[File]) -> Option<(&'w Waiver, bool)> {
    let of_container = |waiver: &&&Waiver| files[waiver.file].kind == Kind::Quadlet(UnitType::Container);
    let mut containers = same.iter().filter(of_container);
    let first = containers.next().or(same.first())?;
    Some((first, containers.any(|other| other.at == first.at)))
}

/// The drop-ins with a waiver in them of each unit and slice.
fn drop_ins_with(waivers: &BTreeMap<usize, Vec<&Waiver>>, tree: &Tree<'_>) -> BTreeMap<usize, Vec<usize>> {
    let units = tree.units.iter().map(|loaded| &loaded.unit).chain(&tree.slices);
    let of_unit = units.filter_map(|unit| {
        let drop_ins = unit.parts()[1..].iter().map(|part| part.index);
        let drop_ins: Vec<usize> = drop_ins.filter(|index| waivers.contains_key(index)).collect();
        (!drop_ins.is_empty()).then(|| (unit.index(), drop_ins))
    });
    of_unit.collect()
}

fn names(words: &Words, rule: &'static str) -> bool {
    rules::rule(&words.rule).is_some_and(|named| named.id == rule)
}

impl Words {
    /// Whether it gives a reason and, if it ends, a day.
    fn is_valid(&self) -> bool {
        self.odd.is_none() && self.has_a_reason() && self.until.as_deref().is_none_or(is_a_day)
    }

    fn has_a_reason(&self) -> bool {
        self.reason.chars().count() >= Declared::SHORTEST_REASON
    }

    /// The last day is a day on which it holds.
    fn has_expired(&self, settings: &Settings) -> bool {
        self.until.as_deref().is_some_and(|until| until < settings.as_of.as_str())
    }
}

/// The waivers in a file, found in its text: a file that Podman cannot read has comments all the same.
fn of_file(index: usize, file: &File, sources: &Sources) -> Vec<Waiver> {
    let text = &sources.file(file.id).text;
    if !has_word(text, OURS) {
        return Vec::new();
    }
    let mut waivers = Vec::new();
    for (number, line, start) in lines(text) {
        let end = start + line.trim_end().len();
        if let Some(words) = line.trim().strip_prefix(['#', ';']).and_then(words) {
            waivers.extend(parse(words).into_iter().map(|words| Waiver {
                words,
                file: index,
                at: file.span(number + 1, start..end),
            }));
        }
    }
    waivers
}

/// Whom a comment is for that is more than a comment.
const OURS: &str = "plimsoll";

/// Whether a text holds a word, in any case.
fn has_word(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|bytes| bytes.eq_ignore_ascii_case(word.as_bytes()))
}

/// What a comment says after `plimsoll: waive`; nothing where it says something else to Plimsoll, which is a mistake.
fn words(comment: &str) -> Option<&str> {
    let (whom, rest) = comment.split_once(':')?;
    if !whom.trim().eq_ignore_ascii_case(OURS) {
        return None;
    }
    let rest = rest.trim_start();
    let (verb, words) = rest.split_at(rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len()));
    Some(if verb.eq_ignore_ascii_case("waive") { words } else { "" })
}

/// `PL105, PL203 until 2027-06-01: the reason`: one for each of the rules. Where there is no reason, what is no rule
/// was to be one.
fn parse(words: &str) -> Vec<Words> {
    let (head, reason) = words.split_once(':').unwrap_or((words, ""));
    let (rules, until) = match head.split_once(" until ") {
        Some((rules, until)) => (rules, Some(until.trim().to_owned())),
        None => (head, None),
    };
    let all = rules.split([',', ' ']).filter(|rule| !rule.is_empty());
    let is_rule = |rule: &&str| words.contains(':') || rules::rule(rule).is_some();
    let mut rules: Vec<&str> = all.take_while(is_rule).collect();
    // Whoever misspells `until` must not have waived for ever.
    let odd =
        rules.iter().skip(1).position(|rule| !looks_like_a_rule(rule)).map(|at| rules.split_off(at + 1).join(" "));
    if rules.is_empty() {
        rules.push("");
    }
    let words = |rule: &str| Words {
        rule: rule.to_owned(),
        until: until.clone(),
        reason: reason.trim().to_owned(),
        odd: odd.clone(),
    };
    rules.into_iter().map(words).collect()
}

/// Whether a word is a rule's, or could be but for its number.
fn looks_like_a_rule(word: &str) -> bool {
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    rules::rule(word).is_some() || word.strip_prefix("PL").or(word.strip_prefix("HC")).is_some_and(is_id)
}

/// `2027-06-01`, and nothing else, so that days can be compared as texts.
fn is_a_day(text: &str) -> bool {
    text.parse::<jiff::civil::Date>().is_ok_and(|day| day.to_string() == text)
}

/// What there is to say about a waiver.
fn complaint(waiver: &Waiver, used: Use, settings: &Settings) -> Option<Finding> {
    let Words { rule, until, reason, odd } = &waiver.words;
    let known = rules::rule(rule);
    // Those of the host are held against another command's findings.
    if known.is_none() && is_of_the_host(rule) {
        return None;
    }
    let (id, message) = if rule.is_empty() {
        ("PL004", "the comment waives nothing: it names no rule".to_owned())
    } else if known.is_none() {
        ("PL004", format!("the waiver is for `{}`, which is no rule", rule.escape_debug()))
    } else if let Some(odd) = odd {
        (
            "PL005",
            format!("the waiver waives nothing: `{}` is neither a rule nor `until` and a day", odd.escape_debug()),
        )
    } else if let Some(day) = until.as_deref().filter(|day| !is_a_day(day)) {
        ("PL005", format!("the waiver ends on `{}`, which is no day", day.escape_debug()))
    } else if !waiver.words.has_a_reason() {
        let what = if reason.is_empty() {
            "no reason".to_owned()
        } else {
            format!("a reason of {} characters", reason.chars().count())
        };
        ("PL005", format!("the waiver of {rule} has {what}"))
    } else if waiver.words.has_expired(settings) {
        ("PL003", format!("the waiver of {rule} ended on {}", until.as_deref().unwrap_or_default()))
    } else if used.is_in_vain {
        ("PL004", format!("{rule} cannot be waived: Podman makes no service of the file"))
    } else if !used.is_needed {
        ("PL004", format!("the waiver of {rule} is not needed: the rule has nothing to say here"))
    } else {
        return None;
    };
    finding(rules::rule(id)?, message, waiver, used, settings)
}

fn finding(rule: &'static Rule, message: String, waiver: &Waiver, used: Use, settings: &Settings) -> Option<Finding> {
    let mut finding = Finding::new(rule.id, rules::severity(rule, settings)?, waiver.file, waiver.at, message);
    let is_in_vain = used.is_in_vain && rule.id == "PL004";
    let Words { rule: named, until, odd, .. } = &waiver.words;
    let is_misspelt = named.is_empty() || odd.is_some() || until.as_deref().is_some_and(|day| !is_a_day(day));
    if !named.is_empty() && rules::rule(named).is_none() {
        finding.help(rules::meant(named));
    } else if is_misspelt {
        finding.help("write `# plimsoll: waive RULE until YEAR-MONTH-DAY: the reason`");
    } else if is_in_vain {
        finding.help("mend what the rule tells, and remove the waiver");
    } else {
        finding.help(rule.fix);
    }
    Some(finding)
}
