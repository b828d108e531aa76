//! A line of ours in a file that many write to: `/etc/subuid` and `/etc/subgid` (subuid(5)).
//!
//! An install adds its line and takes it away again; every other line stays to the byte, whatever it is.

use crate::model::{
    accounts::{Account, accounts},
    subids::{LAST_ID, SubIds, SubRange},
};

use super::{Action, InstalledFile, Meaning, Obstacle, Standing, Step, Wanted, digest};

/// The lines of a text without their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ended = text.strip_suffix(b"\n").unwrap_or(text);
    ended.split(|byte| *byte == b'\n').filter(move |_| !text.is_empty())
}

fn bare(line: &str) -> &[u8] {
    line.strip_suffix('\n').unwrap_or(line).as_bytes()
}

/// Whether a text has a line.
pub fn has(text: &[u8], line: &str) -> bool {
    lines(text).any(|there| there == bare(line))
}

/// A text with a line at its end; the same text where it has it.
pub fn with(text: &[u8], line: &str) -> Vec<u8> {
    let mut text = text.to_vec();
    if !has(&text, line) {
        if !text.is_empty() && !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        text.extend_from_slice(bare(line));
        text.push(b'\n');
    }
    text
}

/// A text without a line: without the last that reads so.
pub fn without(text: &[u8], line: &str) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let reads_so = |there: &&[u8]| there.strip_suffix(b"\n").unwrap_or(there) == bare(line);
    if let Some(at) = kept.iter().rposition(reads_so) {
        kept.remove(at);
    }
    kept.concat()
}

/// A text with a line in the place of another; at its end where that is not there.
pub fn replaced(text: &[u8], from: &str, to: &str) -> Vec<u8> {
    if !has(text, from) || has(text, to) {
        return with(&without(text, from), to);
    }
    let ended = text.ends_with(b"\n");
    let mut changed =
        lines(text).map(|line| if line == bare(from) { bare(to) } else { line }).collect::<Vec<_>>().join(&b'\n');
    if ended {
        changed.push(b'\n');
    }
    changed
}

/// The line of a text that an install wrote, without its end.
fn remembered<'t>(text: &'t [u8], file: &InstalledFile) -> Option<&'t str> {
    let is_it = |line: &&str| digest(format!("{line}\n").as_bytes()) == file.sha256;
    lines(text).filter_map(|line| std::str::from_utf8(line).ok()).find(is_it)
}

/// The range of ids that a line gives out. `None` for a comment and whatever else is none.
fn range(line: &[u8]) -> Option<SubRange> {
    let range = SubIds::parse(std::str::from_utf8(line).ok()?).ranges.pop()?;
    (range.count > 0).then_some(range)
}

/// What happens to a line. What stands there is the whole file, and the step is about the line alone.
pub(super) fn step(path: &str, wanted: &Wanted, standing: &Standing, obstacles: &mut Vec<Obstacle>) -> Option<Step> {
    let text = standing.shared.get(path).map(Vec::as_slice).unwrap_or_default();
    let new = wanted.files.get(path).map(|file| &file.text);
    let last = standing.last.as_ref().and_then(|last| last.file(path));
    let old = last.and_then(|last| remembered(text, last));
    let owner = |line: &str| line.split(':').next().map(str::to_owned);
    let mut means = Vec::new();
    let sharer = |line: &str| {
        let sha256 = digest(format!("{line}\n").as_bytes());
        let has_it = |other: &&super::Generation| other.file(path).is_some_and(|file| file.sha256 == sha256);
        standing.other_catalogs.iter().find(has_it)
    };
    let action = match (new, old) {
        (None, None) => return None,
        (None, Some(old)) => match sharer(old) {
            Some(other) => {
                means.push(Meaning::SharedWith(other.catalog.clone()));
                Action::Keep
            }
            None => Action::Remove,
        },
        (Some(new), Some(old)) if bare(new) == old.as_bytes() => Action::Keep,
        (Some(new), old) => {
            let new = new.trim_end();
            let others = || lines(text).filter(|line| old.is_none_or(|old| *line != old.as_bytes()));
            let ranges = || others().filter_map(range);
            // By name or by number, and a group's range belongs to a user as well (subgid(5)).
            let owner = owner(new);
            let users = standing.accounts.get("etc/passwd").map(|text| accounts(&String::from_utf8_lossy(text)));
            let user = users.iter().flatten().find(|user| Some(&user.name) == owner.as_ref());
            let is_same =
                |name: &str| owner.as_deref() == Some(name) || user.is_some_and(|user| user.id.to_string() == name);
            if let Some(other) = sharer(new).filter(|_| has(text, new)) {
                means.push(Meaning::SharedWith(other.catalog.clone()));
                Action::Keep
            } else if ranges().any(|range| is_same(&range.owner)) && old.is_none() {
                // Somebody has seen to it: two ranges would be given out as one.
                means.push(Meaning::GivenByOthers);
                let own = range(new.as_bytes()).map(|own| (own.start, own.count));
                let is_other = |range: &SubRange| is_same(&range.owner) && own != Some((range.start, range.count));
                if let Some(there) = ranges().find(is_other) {
                    let (first, count) = (there.start, there.count);
                    means.push(Meaning::LeftToYou(format!(
                        "write `first_id = {first}` and `id_count = {count}` into [host]: the rules of the audit go by them"
                    )));
                }
                means.extend(last.map(|_| Meaning::EditedByHand));
                Action::Keep
            } else {
                let own = range(new.as_bytes());
                let overlap = own.and_then(|own| ranges().find(|other| own.overlaps(other)));
                obstacles.extend(overlap.map(|range| overlaps(path, &range)));
                let held = range(new.as_bytes()).and_then(|own| {
                    let text = standing.accounts.get(accounts_of(path)?)?;
                    accounts(&String::from_utf8_lossy(text)).into_iter().find(|account| own.holds(account.id))
                });
                obstacles.extend(held.map(|account| holds(path, &account)));
                means.push(Meaning::OneLine);
                means.extend(last.filter(|_| old.is_none()).map(|_| Meaning::DeletedByHand));
                if old.is_some() { Action::Replace } else { Action::Create }
            }
        }
    };
    if action == Action::Remove {
        means.push(Meaning::OneLine);
    }
    let is_kept = action == Action::Keep;
    Some(Step {
        action,
        path: path.to_owned(),
        service: None,
        old: old.filter(|_| !is_kept).map(|old| format!("{old}\n").into_bytes()),
        new: new.filter(|_| !is_kept).cloned(),
        difference: None,
        means,
    })
}

/// Where the owners of the ids of such a file are, each with one of its own.
pub fn accounts_of(path: &str) -> Option<&'static str> {
    match path {
        "etc/subuid" => Some("etc/passwd"),
        "etc/subgid" => Some("etc/group"),
        _ => None,
    }
}

fn holds(path: &str, account: &Account) -> Obstacle {
    let Account { name, id, .. } = account;
    let of = accounts_of(path).unwrap_or(path);
    Obstacle {
        path: path.to_owned(),
        message: format!("would give away the id {id}, which /{of} has for `{name}`"),
        help: "write another `first_id` into [host]: a container would be that user or group on the host".to_owned(),
        can_be_forced: false,
    }
}

fn overlaps(path: &str, range: &SubRange) -> Obstacle {
    let SubRange { owner: name, start: first, .. } = range;
    let last = range.last().unwrap_or(LAST_ID);
    Obstacle {
        path: path.to_owned(),
        message: format!(
            "gives the ids {first} to {last} to `{name}`, and the range of [host] has some of them as well"
        ),
        help: "write another `first_id` into [host]: ids that two have are no wall between them".to_owned(),
        can_be_forced: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "containers:1073741824:536870912\n";

    #[test]
    fn a_line_comes_and_goes_and_the_others_stay() {
        for text in ["", "ann:100000:65536\n", "ann:100000:65536", "# a\n\n\nx\r\n:::\n", "containers:1:2\n"] {
            let more = with(text.as_bytes(), OURS);
            assert!(has(&more, OURS) && !has(text.as_bytes(), OURS));
            assert!(more.starts_with(text.as_bytes()));
            assert_eq!(with(&more, OURS), more);
            let ended = if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
            assert_eq!(without(&more, OURS), ended.as_bytes());
        }
        assert_eq!(without(b"\xff\n", OURS), b"\xff\n");
    }

    #[test]
    fn ranges_are_read_as_others_read_them() {
        let read = |line: &[u8]| range(line).map(|range| (range.owner.clone(), range.start, range.last()));
        assert_eq!(read(b"ann:100000:65536"), Some(("ann".to_owned(), 100_000, Some(165_535))));
        for none in ["", "#ann:1:2", "ann", "ann:1", "ann:x:1", "ann:1:0", "ann:1:2:3", "\u{1}:+1:-1"] {
            assert_eq!(read(none.as_bytes()), None, "{none}");
        }
        assert_eq!(read(b"ann\xff:1:2"), None);
    }
}
