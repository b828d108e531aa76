//! The user namespace: whose ids on the host the container's are.

use super::{Book, Claim, Look, Saw};
use crate::{
    live::{
        kernel::Unread,
        payload::Process,
        process::{Ids, id_map},
    },
    model::Profile,
    policy::facts::{Container, IdRange, UserNamespace},
};

/// Below are the users and services of the host, whoever they are (systemd: UIDS-GIDS.md); ranges for containers are
/// above.
const POOL: u64 = 65536;

pub(super) fn read(process: &Process, file: &str) -> Result<Vec<Ids>, Unread> {
    id_map(&process.read(file)?).ok_or(Unread::Garbled)
}

pub(super) fn promise(look: &Look<'_>, all: &[Look<'_>], book: &mut Book<'_>) {
    let container = look.service.container;
    // The file, the argument of podman that says it, and the one that is taken where that is missing.
    let maps = [("uid_map", "uidmap", "gidmap", &look.uids), ("gid_map", "gidmap", "uidmap", &look.gids)];
    for (file, flag, other, found) in maps {
        let Some(wanted) = Wanted::of(container, flag, other) else { return };
        let claim = Claim::new(file, wanted.shown.clone(), look.process_file(file));
        let saw = found.as_ref().map(|found| match wanted.is_kept_by(found) {
            true if wanted.is_unclear => Saw::unclear(show(found), "which ids these flags come to, podman works out"),
            holds => Saw::new(show(found), holds),
        });
        book.tell(claim, saw.map_err(Clone::clone));
    }
    if matches!(container.user_namespace, UserNamespace::Auto(..)) {
        let claim = Claim::new("own_ids", "shared with no other service", look.process_file("uid_map"));
        book.tell(claim, own_ids(look, all));
    }
}

/// `0:1073741824:65536`, as podman writes ranges.
fn show(found: &[Ids]) -> String {
    let ranges = found.iter().map(|ids| format!("{}:{}:{}", ids.inside, ids.outside, ids.count));
    let shown = ranges.collect::<Vec<_>>().join(", ");
    if shown.is_empty() { "no ids at all".to_owned() } else { shown }
}

/// What a map of ids must be.
struct Wanted {
    shown: String,
    /// Exactly these ranges.
    exactly: Option<Vec<Ids>>,
    /// So many ids in all.
    size: Option<u64>,
    /// Ranges that the unit itself takes from the host.
    allowed: Vec<Ids>,
    /// How many ids below the pool it may have without naming them.
    of_host: u64,
    /// Whether everything else must be above the ids of the host's users.
    in_pool: bool,
    /// Podman works the map out of more than the unit says.
    is_unclear: bool,
}

impl Wanted {
    fn of(container: &Container<'_>, flag: &str, other: &str) -> Option<Self> {
        let nothing = Self {
            shown: String::new(),
            exactly: None,
            size: None,
            allowed: Vec::new(),
            of_host: 0,
            in_pool: true,
            is_unclear: false,
        };
        let is_rootful = container.profile == Profile::Rootful;
        Some(match &container.user_namespace {
            UserNamespace::Host(_) | UserNamespace::Other(..) | UserNamespace::Unknown(..) => return None,
            UserNamespace::Auto(options, _) => {
                let mapping = format!("{flag}ping=");
                let own: Vec<&str> = options.iter().filter_map(|option| option.strip_prefix(&mapping)).collect();
                let size = container.user_namespace.option("size").and_then(|size| size.parse().ok());
                Self {
                    shown: words("auto", options),
                    size: size.filter(|_| own.is_empty()),
                    allowed: own.iter().filter_map(|text| plain(text)).collect(),
                    ..nothing
                }
            }
            // The user's own id is what it is for.
            UserNamespace::KeepId(options, _) => Self { shown: words("keep-id", options), of_host: 1, ..nothing },
            UserNamespace::NoMap(_) => Self { shown: "nomap".to_owned(), ..nothing },
            UserNamespace::Mapped(..) => {
                let of = |flag| container.run.all(flag).map(|arg| arg.value.to_string()).collect::<Vec<_>>();
                let said = Some(of(flag)).filter(|said| !said.is_empty()).unwrap_or_else(|| of(other));
                // Flags (`+`, `@`, `u`, `g`) work on a map that podman makes; names are those of /etc/subuid.
                let ranges: Option<Vec<Ids>> = said.iter().map(|text| plain(text)).collect();
                let mut ranges = ranges.filter(|ranges| !ranges.is_empty());
                if let Some(ranges) = &mut ranges {
                    ranges.sort_unstable();
                }
                let is_unclear = ranges.is_none() && !said.is_empty();
                let total =
                    ranges.as_ref().map(|ranges| ranges.iter().map(|ids| ids.count).fold(0, u64::saturating_add));
                // Without root the ids are counted within the user's own: so many they are.
                let (exactly, size) = if is_rootful { (ranges, None) } else { (None, total) };
                let shown = if said.is_empty() { "ids of its own".to_owned() } else { said.join(", ") };
                Self { shown, exactly, size, in_pool: false, is_unclear, ..nothing }
            }
        })
    }

    fn is_kept_by(&self, found: &[Ids]) -> bool {
        if let Some(wanted) = &self.exactly {
            let mut found = found.to_vec();
            found.sort_unstable();
            return found == *wanted;
        }
        let others = found.iter().filter(|ids| !self.allowed.contains(ids));
        let of_host: u64 = others
            .clone()
            .map(|ids| ids.outside().end.min(POOL).saturating_sub(ids.outside))
            .fold(0, u64::saturating_add);
        let is_root = others.clone().any(|ids| ids.outside == 0);
        let total = found.iter().map(|ids| ids.count).fold(0, u64::saturating_add);
        !found.is_empty()
            && !is_root
            && (!self.in_pool || of_host <= self.of_host)
            && self.size.is_none_or(|size| total == size)
    }
}

/// A range as it is written, where it is one without flags.
fn plain(text: &str) -> Option<Ids> {
    let range = text.starts_with(|c: char| c.is_ascii_digit()).then(|| IdRange::of(text)).flatten()?;
    Some(Ids { inside: range.inside, outside: range.outside, count: range.count })
}

fn words(mode: &str, options: &[String]) -> String {
    if options.is_empty() { mode.to_owned() } else { format!("{mode}:{}", options.join(",")) }
}

impl Look<'_> {
    /// Whether it runs, or may run, with ids that could not be read.
    fn may_have_ids(&self) -> bool {
        let has_none = matches!(self.running, Err(Unread::NotRunning | Unread::Starting));
        !has_none && (self.uids.is_err() || self.gids.is_err())
    }
}

/// Whether another service that runs has ids of this one. Members of a pod share theirs on purpose.
fn own_ids(look: &Look<'_>, all: &[Look<'_>]) -> Result<Saw, Unread> {
    let (uids, gids) = (look.uids.as_ref().map_err(Clone::clone)?, look.gids.as_ref().map_err(Clone::clone)?);
    let pod = |look: &Look<'_>| {
        let unit = look.service.container.unit;
        unit.last("Container", "Pod").map(|pod| pod.unquoted().to_owned())
    };
    let own_pod = pod(look);
    let is_other = |other: &Look<'_>| {
        !std::ptr::eq(other, look)
            && other.service.container.user_namespace.is_private()
            && (own_pod.is_none() || pod(other) != own_pod)
    };
    let shares = |other: &Look<'_>, (own, theirs): (&[Ids], &Result<Vec<Ids>, Unread>)| {
        is_other(other) && overlap(own, theirs.as_deref().unwrap_or_default())
    };
    let names = |of: &dyn Fn(&&Look<'_>) -> bool| -> String {
        all.iter().filter(of).map(|other| other.service.name).collect::<Vec<_>>().join(", ")
    };
    let users = names(&|other| shares(other, (uids, &other.uids)));
    if !users.is_empty() {
        return Ok(Saw::new(format!("{}, shared with {users}", show(uids)), false));
    }
    let groups = names(&|other| shares(other, (gids, &other.gids)));
    if !groups.is_empty() {
        return Ok(Saw::new(format!("groups {}, shared with {groups}", show(gids)), false));
    }
    let unread = names(&|other| is_other(other) && other.may_have_ids());
    Ok(if unread.is_empty() {
        Saw::new(show(uids), true)
    } else {
        Saw::unclear(
            format!("{}; those of {unread} could not be read", show(uids)),
            "not all ids that are in use are known",
        )
    })
}

fn overlap(own: &[Ids], theirs: &[Ids]) -> bool {
    let meet = |a: Ids, b: Ids| a.outside().start < b.outside().end && b.outside().start < a.outside().end;
    own.iter().any(|a| theirs.iter().any(|b| meet(*a, *b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(inside: u64, outside: u64, count: u64) -> Ids {
        Ids { inside, outside, count }
    }

    #[test]
    fn ranges_meet_or_do_not() {
        let own = [ids(0, 1000, 10)];
        for (theirs, meet) in [((1010, 5), false), ((1009, 1), true), ((990, 10), false), ((990, 11), true)] {
            assert_eq!(overlap(&own, &[ids(0, theirs.0, theirs.1)]), meet, "{theirs:?}");
        }
        assert!(overlap(&[ids(0, u64::MAX - 1, 9)], &[ids(0, u64::MAX - 1, 1)]));
        assert!(!overlap(&own, &[]));
    }

    #[test]
    fn flags_make_a_range_unclear() {
        assert_eq!(plain("0:100000:65536"), Some(ids(0, 100_000, 65536)));
        for text in ["+0:1:1", "u0:1:1", "0:@1000:1", "", "0"] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}
