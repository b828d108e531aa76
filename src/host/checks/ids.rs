//! Ids of the host that containers take.

use super::{Item, Parts, Said, Scope, a_few, fail, not_applicable, pass, warn};
use crate::{
    host::config,
    model::{
        Service, accounts,
        subids::{Flaw, POOL_OWNER, SubIds, SubRange},
    },
    policy::host::{HostCheck, Status},
};

/// The two files, and what real ids each of them must keep clear of.
const FILES: [(&str, &str, &str); 2] = [("etc/subuid", "etc/passwd", "user"), ("etc/subgid", "etc/group", "group")];

/// The ids that podman may give one container where nobody says how many (storage.conf(5), auto-userns-max-size).
const MOST_PER_SERVICE: u64 = 65_536;

/// systemd's range for containers (systemd: `UIDS-GIDS.md`).
const CONTAINERS: std::ops::RangeInclusive<u64> = 524_288..=1_879_048_191;

pub(super) const ITEMS: &[Item] = &[
    Item {
        about: HostCheck {
            id: "HC04",
            name: "id-pool",
            what: "Whoever starts the containers has subordinate ids, of users and of groups.",
            fails: Some("/etc/subuid or /etc/subgid has no line for `containers` (rootful) or for the user (rootless)"),
            warns: Some(
                "a line of the files cannot be read, or there is a range and (rootful) no user of that name in /etc/passwd",
            ),
            why: "UserNS=auto gives each container ids of its own out of these ranges, so that root inside is nobody outside. Without a range the container does not start. Nor does it where podman asks libsubid for the range and no such user is known: it is told of none, whatever the files say. A line that is none makes a podman that reads the file itself give up, whoever's line it is.",
            fix: "add `containers:1073741824:536870912` to /etc/subuid and /etc/subgid (`plimsoll host render` writes the lines), and have `systemd-sysusers /etc/sysusers.d/plimsoll.conf` (a file of `plimsoll host render`) or `useradd --system containers` make the user that owns them; where rootless, usermod --add-subuids and --add-subgids",
            today: Some(
                "The range `containers:2147483647:2147483647` that is often copied works, and lies where ids are taken for negative: see HC06. After a change, a rootless user runs `podman system migrate`, which stops that user's containers; rootful services only need a restart. Where nsswitch.conf names another source for subid, such as sss, the files are not what libsubid reads. Whether a user `containers` must be there depends on podman: 5.8.6 on Debian sid asks libsubid, and no container with UserNS=auto starts without; 5.4.2 on Debian 13 needs none. `getsubids containers` shows what libsubid says.",
            ),
            reads: &["/etc/subuid", "/etc/subgid", "/etc/containers/storage.conf", "/etc/passwd", "/etc/nsswitch.conf"],
            sources: &[
                "A12",
                "A13",
                "B24",
                "B25",
                "subuid(5)",
                "getsubids(1)",
                "containers-storage.conf(5)",
                "seen: Podman 5.8.6 on Debian sid",
            ],
        },
        look: pool,
    },
    Item {
        about: HostCheck {
            id: "HC05",
            name: "id-ranges-overlap",
            what: "No two ranges share ids, and none has an id of a user or group of the host.",
            fails: Some("two ranges share ids, or a range has the id of an account"),
            warns: Some(
                "one owner has the same ids twice, or new users may get ids out of a range (UID_MAX in /etc/login.defs)",
            ),
            why: "An id that belongs to two is no boundary: what breaks out of one container owns the files of the other, or those of a person.",
            fix: "give one of them another range; then chown what it owns, or for rootless containers run `podman system migrate`",
            today: None,
            reads: &["/etc/subuid", "/etc/subgid", "/etc/passwd", "/etc/group", "/etc/login.defs"],
            sources: &["A12", "A24", "B25", "subuid(5)", "login.defs(5)"],
        },
        look: overlaps,
    },
    Item {
        about: HostCheck {
            id: "HC06",
            name: "ids-beyond-signed",
            what: "No range has ids from 2147483648 on.",
            fails: None,
            warns: Some("a range goes beyond 2147483647"),
            why: "These ids are negative where a program, or a part of the kernel, takes them for signed numbers of 32 bits: devpts and setfsuid() do. systemd strongly recommends to stay away from them.",
            fix: "take a range of systemd's own for containers, within 524288 to 1879048191: `containers:1073741824:536870912`",
            today: Some(
                "podman's own manual and the documents that cite it show a range from 2147483647 on. It mostly works, and it is systemd's \"HIC SVNT LEONES\".",
            ),
            reads: &["/etc/subuid", "/etc/subgid"],
            sources: &["B25", "podman-run(1) --userns", "systemd UIDS-GIDS"],
        },
        look: signed,
    },
    Item {
        about: HostCheck {
            id: "HC07",
            name: "id-range-bounds",
            what: "Every range holds ids, ends where ids end, and leaves the host its own.",
            fails: Some("a range is empty, goes beyond 4294967294, or has an id below 65536"),
            warns: None,
            why: "An empty range gives no ids. 4294967295 is no id but -1, and means \"leave it as it is\". Below 65536 are the host's own users and services, and 65534, which stands for nobody.",
            fix: "write a range within 65536 to 4294967294, best within 524288 to 1879048191",
            today: Some(
                "`containers:2147483647:2147483647` ends at 4294967293, not at 4294967294, and podman's manual with a count of 2147483648 at 4294967294. Neither overflows: see HC06 for what is wrong with them.",
            ),
            reads: &["/etc/subuid", "/etc/subgid"],
            sources: &["B25", "subuid(5)", "systemd UIDS-GIDS"],
        },
        look: bounds,
    },
    Item {
        about: HostCheck {
            id: "HC08",
            name: "id-pool-size",
            what: "The ranges hold enough ids for every service of the catalog at once.",
            fails: Some("the services that say their size need more ids than there are"),
            warns: Some(
                "there would be too few if the services that do not say their size took 65536 each, the most that podman gives",
            ),
            why: "Each service with UserNS=auto takes its ids from the same pool while it runs. Which one finds none left depends on the order of starting, and may be seen for the first time after a reboot.",
            fix: "make the range larger, or give services a smaller one: user_ns = \"auto:size=4096\"",
            today: Some(
                "Without a size podman does not take 65536 ids: it estimates them from the image, from 1024 on, and takes the first free range, not a random one.",
            ),
            reads: &["/etc/subuid", "/etc/subgid", "/etc/nsswitch.conf", "the catalog"],
            sources: &["B24", "B26", "podman-run(1) --userns"],
        },
        look: capacity,
    },
    Item {
        about: HostCheck {
            id: "HC36",
            name: "ids-of-nspawn",
            what: "No other container manager picks ids out of the same ranges.",
            fails: None,
            warns: Some("machines of systemd-nspawn are set up, and a range lies where it picks ids"),
            why: "systemd-nspawn with PrivateUsers=pick takes ranges from 524288 on, and looks for their owners among users and groups, not in /etc/subuid. It and podman could so give the same ids to two containers.",
            fix: "set PrivateUsers= of these machines to a range outside those of /etc/subuid",
            today: Some(
                "Not tried: systemd-nspawn is said to reserve what it picks through NSS, which does not know of /etc/subuid.",
            ),
            reads: &["/etc/systemd/nspawn", "/var/lib/machines", "/etc/subuid"],
            sources: &["systemd-nspawn(1) --private-users", "systemd UIDS-GIDS"],
        },
        look: nspawn,
    },
];

/// The names by which whoever starts the containers is known in the two files: login name or number, even of groups
/// (subuid(5), subgid(5)).
fn owners(scope: &Scope<'_>) -> Result<Vec<String>, String> {
    if scope.is_rootless() {
        let account = scope.account()?;
        return Ok(vec![account.name, account.id.to_string()]);
    }
    let conf = config::storage_conf(scope.root, None)?;
    let set = conf.as_ref().and_then(|(_, table)| config::storage_text(table, &["options", "root-auto-userns-user"]));
    let name = set.unwrap_or(POOL_OWNER).to_owned();
    let users = accounts::accounts(&scope.root.text("etc/passwd")?.unwrap_or_default());
    let number = users.iter().find(|user| user.name == name).map(|user| user.id.to_string());
    Ok(std::iter::once(name).chain(number).collect())
}

/// Whom libsubid asks for ranges where that is not the two files: the first source of `subid:`, and no other (subuid(5)).
fn other_source(scope: &Scope<'_>) -> Result<Option<String>, String> {
    let text = scope.root.text("etc/nsswitch.conf")?.unwrap_or_default();
    let sources = |line: &str| {
        let (key, sources) = line.split_once(':')?;
        key.eq_ignore_ascii_case("subid").then(|| sources.split_ascii_whitespace().next().map(str::to_owned))?
    };
    Ok(text.lines().find_map(sources).filter(|source| source != "files"))
}

fn not_files(source: &str) -> String {
    format!(
        "/etc/nsswitch.conf has libsubid ask `{source}` for ranges, and not the files: what a podman that asks it gets cannot be told"
    )
}

/// Both files; a missing one has nothing in it.
fn files(scope: &Scope<'_>) -> Result<[SubIds; 2], String> {
    let read = |path: &str| Ok::<_, String>(SubIds::parse(&scope.root.text(path)?.unwrap_or_default()));
    Ok([read(FILES[0].0)?, read(FILES[1].0)?])
}

fn shown(range: &SubRange) -> String {
    format!("{}:{}:{}", range.owner, range.start, range.count)
}

/// What a service asks of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// So many ids.
    Exactly(u64),
    /// As many as podman finds right.
    Some,
}

/// What a service asks of the pool; nothing where its ids come from elsewhere.
fn from_pool(service: &Service) -> Option<Asked> {
    let mode = service.text("UserNS")?;
    let options = match mode.split_once(':') {
        Some(("auto", options)) => options,
        None if mode == "auto" => "",
        _ => return None,
    };
    let size = options.split(',').find_map(|option| option.strip_prefix("size=")?.parse().ok());
    Some(size.map_or(Asked::Some, Asked::Exactly))
}

fn pool(scope: &Scope<'_>) -> Result<Said, String> {
    if scope.catalog.is_some() && !scope.is_rootless() && !scope.services().any(|service| from_pool(service).is_some())
    {
        return Ok(not_applicable("no service of the catalog takes ids from a pool"));
    }
    let owners = owners(scope)?;
    let names: Vec<&str> = owners.iter().map(String::as_str).collect();
    let mut parts = Parts::default();
    let mut has_all = true;
    let other = other_source(scope)?;
    if let Some(source) = &other {
        parts.add(Status::Unknown, not_files(source));
    }
    for ((path, ..), ids) in FILES.iter().zip(files(scope)?) {
        let ranges: Vec<String> = ids.of(&names).map(shown).collect();
        has_all &= !ranges.is_empty();
        if ranges.is_empty() {
            let status = if other.is_some() { Status::Unknown } else { Status::Fail };
            parts.add(status, format!("/{path} has no range for `{}`", names[0]));
        } else {
            parts.add(Status::Pass, format!("/{path} has {}", a_few(&ranges)));
        }
        if let Some(broken) = ids.broken.first() {
            parts.add(Status::Warn, format!("line {} of /{path} is no range: {}", broken.line, broken.why));
        }
    }
    if has_all && !scope.is_rootless() {
        let users = accounts::accounts(&scope.root.must("etc/passwd")?);
        if !users.iter().any(|user| user.name == owners[0]) {
            let what = format!(
                "there is no user `{}` in /etc/passwd, and a podman that asks libsubid finds no ids",
                owners[0]
            );
            parts.add(Status::Warn, what);
        }
    }
    Ok(parts.said(""))
}

fn overlaps(scope: &Scope<'_>) -> Result<Said, String> {
    let mut parts = Parts::default();
    let highest_user = highest_user(scope)?;
    for ((path, of, kind), ids) in FILES.iter().zip(files(scope)?) {
        // One tells that they are there.
        for broken in ids.broken.iter().take(1) {
            let what = format!(
                "line {} of /{path} is no range ({}): whose ids it means cannot be told",
                broken.line, broken.why
            );
            parts.add(Status::Unknown, what);
        }
        if ids.ranges.is_empty() {
            continue;
        }
        let text = scope.root.must(of)?;
        if let Some(line) = accounts::no_account(&text) {
            parts.add(Status::Unknown, format!("line {line} of /{of} is no account: what id it means cannot be told"));
        }
        let owners = accounts::accounts(&text);
        let users = accounts::accounts(&scope.root.text("etc/passwd")?.unwrap_or_default());
        let number = |owner: &str| {
            users.iter().find(|user| user.name == owner).map_or_else(|| owner.to_owned(), |user| user.id.to_string())
        };
        for (first, second) in ids.overlaps() {
            let is_same = number(&first.owner) == number(&second.owner);
            let status = if is_same { Status::Warn } else { Status::Fail };
            parts.add(
                status,
                format!(
                    "/{path}: {} and {} (lines {} and {}) share ids",
                    shown(first),
                    shown(second),
                    first.line,
                    second.line
                ),
            );
        }
        for range in &ids.ranges {
            let held: Vec<&str> =
                owners.iter().filter(|account| range.holds(account.id)).map(|account| account.name.as_str()).collect();
            if !held.is_empty() {
                parts.add(Status::Fail, format!("/{path}: {} has the {kind} {}", shown(range), a_few(&held)));
            }
        }
        if let Some(range) = ids.ranges.iter().find(|range| range.count > 0 && range.start <= highest_user) {
            parts.add(
                Status::Warn,
                format!(
                    "/{path}: {} begins where new users may get their ids (UID_MAX is {highest_user})",
                    shown(range)
                ),
            );
        }
        let many = ids.ranges.len();
        parts.add(
            Status::Pass,
            format!("/{path}: {many} {}", if many == 1 { "range, of nobody else" } else { "ranges, all apart" }),
        );
    }
    Ok(parts.said("there are no ranges"))
}

/// The highest id that useradd(8) gives by itself: 60000 unless set (login.defs(5)).
fn highest_user(scope: &Scope<'_>) -> Result<u64, String> {
    let text = scope.root.text("etc/login.defs")?.unwrap_or_default();
    let set = text.lines().find_map(|line| line.trim().strip_prefix("UID_MAX")?.trim().parse().ok());
    Ok(set.unwrap_or(60_000))
}

/// The ranges that have a flaw among these, with the file they stand in.
fn flawed(scope: &Scope<'_>, wanted: &[Flaw]) -> Result<(usize, Vec<String>), String> {
    let mut found = Vec::new();
    let mut all = 0;
    for ((path, ..), ids) in FILES.iter().zip(files(scope)?) {
        all += ids.ranges.len();
        for range in &ids.ranges {
            for flaw in range.flaws().into_iter().filter(|flaw| wanted.contains(flaw)) {
                let what = match flaw {
                    Flaw::Empty => "is empty".to_owned(),
                    Flaw::BeyondLast => "goes beyond the last id, 4294967294".to_owned(),
                    Flaw::OfTheHost => "has ids below 65536, which are the host's".to_owned(),
                    Flaw::Signed => {
                        range.last().map_or_else(|| "has no end".to_owned(), |last| format!("ends at {last}"))
                    }
                };
                found.push(format!("/{path}: {} {what}", shown(range)));
            }
        }
    }
    Ok((all, found))
}

fn signed(scope: &Scope<'_>) -> Result<Said, String> {
    Ok(match flawed(scope, &[Flaw::Signed])? {
        (0, _) => not_applicable("there are no ranges"),
        (_, found) if found.is_empty() => pass("all ranges end before 2147483648"),
        (_, found) => warn(found.join("; ")),
    })
}

fn bounds(scope: &Scope<'_>) -> Result<Said, String> {
    Ok(match flawed(scope, &[Flaw::Empty, Flaw::BeyondLast, Flaw::OfTheHost])? {
        (0, _) => not_applicable("there are no ranges"),
        (_, found) if found.is_empty() => pass("all ranges hold ids, from 65536 to 4294967294"),
        (_, found) => fail(found.join("; ")),
    })
}

fn capacity(scope: &Scope<'_>) -> Result<Said, String> {
    if scope.catalog.is_none() {
        return Ok(not_applicable("without a catalog nobody needs ids"));
    }
    let asked: Vec<Asked> = scope.services().filter_map(from_pool).collect();
    if asked.is_empty() {
        return Ok(not_applicable("no service of the catalog takes ids from a pool"));
    }
    if let Some(source) = other_source(scope)? {
        return Err(not_files(&source));
    }
    let owners = owners(scope)?;
    let names: Vec<&str> = owners.iter().map(String::as_str).collect();
    let [users, groups] = files(scope)?.map(|ids| ids.capacity(&names));
    let there = users.min(groups);
    let sizes = asked.iter().filter_map(|asked| if let Asked::Exactly(size) = asked { Some(*size) } else { None });
    let said = sizes.fold(0, u64::saturating_add);
    let unsaid = asked.iter().filter(|asked| **asked == Asked::Some).count() as u64;
    let most = said.saturating_add(unsaid.saturating_mul(MOST_PER_SERVICE));
    let services =
        if asked.len() == 1 { "1 service takes".to_owned() } else { format!("{} services take", asked.len()) };
    Ok(if said > there || there == 0 {
        fail(format!("{services} {said} ids, and `{}` has {there}", names[0]))
    } else if most > there {
        warn(format!("{services} up to {most} ids, {unsaid} of them without a size, and `{}` has {there}", names[0]))
    } else {
        pass(format!("{services} {most} of {there} ids"))
    })
}

fn nspawn(scope: &Scope<'_>) -> Result<Said, String> {
    let mut machines = scope.root.list("etc/systemd/nspawn")?.unwrap_or_default();
    machines.extend(scope.root.list("var/lib/machines")?.unwrap_or_default());
    machines.retain(|name| !name.starts_with('.'));
    if machines.is_empty() {
        return Ok(pass("no machine of systemd-nspawn is set up"));
    }
    let [users, _] = files(scope)?;
    let picked = |range: &&SubRange| {
        range.start <= *CONTAINERS.end() && range.last().is_some_and(|last| last >= *CONTAINERS.start())
    };
    Ok(match users.ranges.iter().find(picked) {
        Some(range) => warn(format!("machines {} and the range {}", a_few(&machines), shown(range))),
        None => pass(format!("machines {}, and no range where systemd-nspawn picks ids", a_few(&machines))),
    })
}
