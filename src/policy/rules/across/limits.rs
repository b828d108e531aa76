//! Slices: how they nest, what they hold, and where their files lie.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Check, Found, PODMANS, Rule, Scope};
use crate::{
    diagnostic::{Severity, Span},
    policy::{
        Effective,
        facts::{Container, Limit, podman_bytes, systemd_bytes},
    },
};

pub(super) const SLICE_NESTING: Rule = Rule {
    id: "PL806",
    name: "slice-nesting",
    severity: Severity::Warning,
    what: "The slice of one service lies inside that of another.",
    why: "Dashes nest: `apps-my-db.slice` is a part of `apps-my.slice`. A service in the outer one shares its limits with the \
          inner one, and either can starve the other.",
    fix: r"write a dash that is part of a name as \x2d: apps-my\x2ddb.slice",
    bad: "# web.container\n[Service]\nSlice=apps-my.slice\n# api.container\n[Service]\nSlice=apps-my-api.slice\n# apps-my.slice\n[Slice]\nMemoryMax=1G\n# apps-my-api.slice\n[Slice]\nMemoryMax=1G",
    good: "# web.container\n[Service]\nSlice=apps-my.slice\n# api.container\n[Service]\nSlice=apps-my\\x2dapi.slice\n# apps-my.slice\n[Slice]\nMemoryMax=1G\nMemorySwapMax=0\nCPUQuota=100%\nTasksMax=320\n# apps-my\\x2dapi.slice\n[Slice]\nMemoryMax=1G\nMemorySwapMax=0\nCPUQuota=100%\nTasksMax=320",
    sources: &["B33", "systemd.slice(5)", "systemd-escape(1)"],
    check: Check::Across(slice_nesting),
};

pub(super) const SUM: Rule = Rule {
    id: "PL808",
    name: "limit-sum-exceeds-slice",
    severity: Severity::Info,
    what: "The memory limits of what is in a slice come to more than the slice has.",
    why: "No service reaches its own limit when all of them are busy: the kernel then looks for a victim in the whole slice, \
          and kills one that has kept to its share. That may be a bet worth taking; it should be one that was taken.",
    fix: "raise MemoryMax= of the slice or lower those of its services",
    bad: "# services.slice\n[Slice]\nMemoryMax=256M",
    good: "# services.slice\n[Slice]\nMemoryMax=512M",
    sources: &["B35", "systemd.resource-control(5) MemoryMax="],
    check: Check::Across(sum),
};

pub(super) const SLICE_AMONG_QUADLETS: Rule = Rule {
    id: "PL905",
    name: "slice-in-quadlet-dir",
    severity: Severity::Error,
    what: "A slice lies where Podman looks for its units and systemd does not.",
    why: "`.slice` is no file of Quadlet's: it is skipped there without a message, systemd makes up a slice of that name \
          without limits, and everything seems to work. Outside a directory of the name containers/systemd it is a \
          warning: the files may be installed elsewhere.",
    fix: "install it in /etc/systemd/system, or in ~/.config/systemd/user for units without root",
    bad: "# etc/containers/systemd/services-api.slice\n[Slice]\nMemoryMax=512M",
    good: "# etc/systemd/system/services-api.slice\n[Slice]\nMemoryMax=512M\nMemorySwapMax=0\nCPUQuota=100%\nTasksMax=320",
    sources: &["B33", "podman-systemd.unit(5)", "systemd.unit(5) unit load path"],
    check: Check::Across(slice_among_quadlets),
};

/// The slices that systemd has of its own; everybody may be in them.
const OF_SYSTEMD: &[&str] =
    &["-.slice", "app.slice", "background.slice", "machine.slice", "session.slice", "system.slice", "user.slice"];

/// The longest name of a unit that systemd knows.
const LONGEST: usize = 255;

/// A service and the slice it names.
struct Placed<'a> {
    unit: &'a Effective<'a>,
    name: &'a str,
    slice: String,
    at: Span,
}

/// Every service that names a slice, in the order of the files.
fn placed<'a>(scope: &'a Scope<'a>) -> Vec<Placed<'a>> {
    let units = scope.tree.units.iter().filter_map(|loaded| {
        let value = loaded.unit.last("Service", "Slice")?;
        let slice = value.text.trim();
        let is_open = slice.contains('%') || slice.len() > LONGEST;
        (!is_open).then(|| Placed { unit: &loaded.unit, name: &loaded.service, slice: slice.to_owned(), at: value.at })
    });
    units.collect()
}

/// The slice around a slice; none around those at the top.
fn outer(slice: &str) -> Option<String> {
    let stem = slice.strip_suffix(".slice")?;
    stem.rsplit_once('-').filter(|(outer, _)| !outer.is_empty()).map(|(outer, _)| format!("{outer}.slice"))
}

fn slice_nesting(_: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let placed = placed(scope);
    let mut first_in: HashMap<&str, &Placed<'_>> = HashMap::new();
    for one in &placed {
        first_in.entry(&one.slice).or_insert(one);
    }
    let mut told = HashSet::new();
    for one in &placed {
        let mut around = outer(&one.slice);
        while let Some(slice) = around {
            if let Some(other) = first_in.get(slice.as_str())
                && !OF_SYSTEMD.contains(&slice.as_str())
                && told.insert((other.unit.index(), one.slice.as_str()))
            {
                let message = format!("`{}` of `{}` lies inside `{slice}` of `{}`", one.slice, one.name, other.name);
                found.about(one.unit, one.at, message).related(other.at, "the outer slice");
            }
            around = outer(&slice);
        }
    }
}

fn memory_max(unit: &Effective<'_>, section: &str) -> Option<(u64, Span)> {
    let value = unit.last(section, "MemoryMax")?;
    Some((systemd_bytes(value.text.trim()).and_then(Limit::exactly)?, value.at))
}

fn sum(containers: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let mut inside: HashMap<String, u64> = HashMap::new();
    for container in containers {
        let Some(slice) = container.service("Slice") else { continue };
        let of_podman = || podman_bytes(&container.run.last("memory")?.value);
        let bytes = memory_max(container.unit, "Service").map(|(bytes, _)| bytes).or_else(of_podman).unwrap_or(0);
        let all = inside.entry(slice.text.trim().to_owned()).or_default();
        *all = all.saturating_add(bytes);
    }
    // From the inside out: the more dashes, the deeper. A slice that has a limit takes no more than that.
    let depth = |slice: &str| slice.bytes().filter(|byte| *byte == b'-').count();
    let files: HashMap<&str, &Effective<'_>> =
        scope.tree.slices.iter().map(|unit| (unit.file().name(), unit)).collect();
    let mut names: BTreeSet<(usize, String)> = BTreeSet::new();
    for name in files.keys().map(|name| (*name).to_owned()).chain(inside.keys().cloned()).filter(|n| n.len() <= LONGEST)
    {
        let mut next = Some(name);
        while let Some(name) = next.filter(|name| names.insert((depth(name), name.clone()))) {
            next = outer(&name);
        }
    }
    let mut limits: BTreeMap<usize, (&Effective<'_>, Span, u64, u64)> = BTreeMap::new();
    for (_, name) in names.iter().rev() {
        let taken = inside.get(name).copied().unwrap_or(0);
        let unit = files.get(name.as_str());
        let limit = unit.and_then(|unit| memory_max(unit, "Slice"));
        if let (Some(unit), Some((limit, at))) = (unit, limit.filter(|(limit, _)| taken > *limit)) {
            limits.insert(unit.index(), (unit, at, taken, limit));
        }
        if let Some(outer) = outer(name) {
            let all = inside.entry(outer).or_default();
            *all = all.saturating_add(limit.map_or(taken, |(limit, _)| limit));
        }
    }
    for (unit, at, taken, limit) in limits.into_values() {
        let message = format!("what is in it may take {} together, and it has {}", shown(taken), shown(limit));
        found.about(unit, at, message);
    }
}

/// Bytes in the greatest unit that leaves one digit after the point.
fn shown(bytes: u64) -> String {
    const UNITS: &[(&str, u32)] = &[("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let Some((unit, shift)) = UNITS.iter().find(|(_, shift)| bytes >> shift > 0) else {
        return format!("{bytes} bytes");
    };
    let tenths = u128::from(bytes) * 10 / (1_u128 << shift);
    match tenths % 10 {
        0 => format!("{} {unit}", tenths / 10),
        tenth => format!("{}.{tenth} {unit}", tenths / 10),
    }
}

fn slice_among_quadlets(_: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let dirs: HashSet<&str> = scope.tree.units.iter().map(|loaded| loaded.unit.file().dir()).collect();
    for slice in &scope.tree.slices {
        let file = slice.file();
        let shown = scope.sources.file(file.id).path.as_str();
        let is_podmans = |path: &str| path.contains(PODMANS);
        if is_podmans(file.path()) || is_podmans(shown) {
            found.about(slice, slice.header("Slice"), format!("nobody reads `{}` here", file.name()));
        } else if dirs.contains(file.dir()) {
            let message = format!("`{}` lies among units that go to Podman, which does not read it", file.name());
            found.about(slice, slice.header("Slice"), message).severity(Severity::Warning);
        }
    }
}
