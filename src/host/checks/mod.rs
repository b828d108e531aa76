//! The checks of a host: one item each, in the file of its theme. What `explain` shows and `docs/host-checks.md` says is
//! written beside the function that looks.

mod capacity;
mod cgroups;
mod engine;
mod ids;
mod images;
mod kernel;
mod mac;
mod network;
mod rootless;
mod storage;
mod upkeep;

use super::{config, root::Root};
use crate::{
    diagnostic::nearest,
    model::{
        Catalog, PodmanVersion, Profile, Service,
        accounts::{Account, accounts},
    },
    policy::host::{Answer, Checked, HostCheck, Status},
};

/// A check: what it says of itself, and how it looks.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// What there is to know about it.
    pub about: HostCheck,
    /// `Err` is a phrase that says why it cannot be told.
    look: fn(&Scope<'_>) -> Result<Said, String>,
}

/// Programs that are asked where no file tells.
pub trait Ask {
    /// What `podman --version` prints; nothing where nobody may be asked.
    fn podman_version(&self) -> Option<Result<String, String>>;
}

/// Nobody is asked: the host is one of files.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Ask for Nobody {
    fn podman_version(&self) -> Option<Result<String, String>> {
        None
    }
}

/// What a check may look at.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The files.
    pub root: &'a Root,
    /// What the host is to carry.
    pub catalog: Option<&'a Catalog>,
    /// Who is asked where no file tells.
    pub ask: &'a dyn Ask,
}

impl std::fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").field("root", &self.root).finish_non_exhaustive()
    }
}

impl<'a> Scope<'a> {
    /// Whether an ordinary user starts the containers; without a catalog that is root.
    fn is_rootless(&self) -> bool {
        self.catalog.is_some_and(|catalog| catalog.target.profile == Profile::Rootless)
    }

    /// The services of the catalog; none where there is none.
    fn services(&self) -> impl Iterator<Item = &'a Service> + use<'a> {
        self.catalog.into_iter().flat_map(|catalog| catalog.services.values())
    }

    /// The oldest Podman that will read the units.
    fn podman(&self) -> PodmanVersion {
        self.catalog.map_or(PodmanVersion::FIRST, |catalog| catalog.target.podman.value)
    }

    /// The user of a rootless catalog, by number.
    fn user(&self) -> Result<u32, String> {
        let user = self.catalog.and_then(|catalog| catalog.target.user);
        user.ok_or_else(|| "the catalog does not say for which user: write `user = UID` into [target]".to_owned())
    }

    /// The name and the home of that user.
    fn account(&self) -> Result<Account, String> {
        let uid = self.user()?;
        let accounts = accounts(&self.root.must("etc/passwd")?);
        let account = accounts.into_iter().find(|account| account.id == u64::from(uid));
        account.ok_or_else(|| format!("no user in /etc/passwd has the number {uid}"))
    }

    /// The home of the user who starts the containers, root or not, whose files stand before those of the host; nothing
    /// where it holds nothing.
    fn home(&self) -> Result<Option<String>, String> {
        let home = if self.is_rootless() {
            self.account()?.home
        } else {
            let passwd = self.root.text("etc/passwd")?.unwrap_or_default();
            config::home(&passwd, 0).unwrap_or_else(|| "/root".to_owned())
        };
        let files = self.root.list(home.trim_start_matches('/'))?.unwrap_or_default();
        Ok(Some(home).filter(|_| !files.is_empty()))
    }
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    status: Status,
    found: String,
    fix: Option<String>,
}

impl Said {
    /// What to do, where that is not what the check says of itself.
    fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

fn said(status: Status, found: impl Into<String>) -> Said {
    Said { status, found: found.into(), fix: None }
}

fn pass(found: impl Into<String>) -> Said {
    said(Status::Pass, found)
}

fn warn(found: impl Into<String>) -> Said {
    said(Status::Warn, found)
}

fn fail(found: impl Into<String>) -> Said {
    said(Status::Fail, found)
}

fn not_applicable(found: impl Into<String>) -> Said {
    said(Status::NotApplicable, found)
}

/// What a check found of several things. It is as bad as the worst of them, and tells of those alone that are no pass.
#[derive(Debug, Default)]
struct Parts(Vec<(Status, String)>);

impl Parts {
    fn add(&mut self, status: Status, found: impl Into<String>) {
        self.0.push((status, found.into()));
    }

    /// What could be told, or why not.
    fn told(&mut self, told: Result<(Status, String), String>) {
        self.0.push(told.unwrap_or_else(|why| (Status::Unknown, why)));
    }

    /// The worst; `nothing` where there is nothing to tell of.
    fn said(mut self, nothing: &str) -> Said {
        self.0.sort_by_key(|(status, _)| *status);
        let Some(worst) = self.0.first().map(|(status, _)| *status) else { return not_applicable(nothing) };
        let is_told = |status: Status| if worst >= Status::Pass { status == worst } else { status < Status::Pass };
        let mut found: Vec<String> =
            self.0.into_iter().filter(|(status, _)| is_told(*status)).map(|(_, found)| found).collect();
        found.dedup();
        let more = found.len().saturating_sub(MOST_PARTS);
        found.truncate(MOST_PARTS);
        if more > 0 {
            found.push(format!("and {more} more"));
        }
        said(worst, found.join("; "))
    }
}

/// Who reads more than this of one check looks for himself.
const MOST_PARTS: usize = 24;

/// The first few of many names, and how many more there are.
fn a_few<T: AsRef<str>>(names: &[T]) -> String {
    const MOST: usize = 6;
    let shown: Vec<&str> = names.iter().take(MOST).map(AsRef::as_ref).collect();
    let rest = names.len().saturating_sub(MOST);
    let shown = shown.join(", ");
    if rest == 0 { shown } else { format!("{shown} and {rest} more") }
}

/// The checks by theme.
pub const THEMES: &[(&str, &[Item])] = &[
    ("Control groups", cgroups::ITEMS),
    ("Ids", ids::ITEMS),
    ("The kernel", kernel::ITEMS),
    ("Mandatory access control", mac::ITEMS),
    ("The engine", engine::ITEMS),
    ("Images", images::ITEMS),
    ("Files and volumes", storage::ITEMS),
    ("Network", network::ITEMS),
    ("Room", capacity::ITEMS),
    ("Rootless", rootless::ITEMS),
    ("Watching and upkeep", upkeep::ITEMS),
];

/// Every check, by theme and then by id.
pub fn all() -> impl Iterator<Item = &'static Item> {
    THEMES.iter().flat_map(|(_, items)| items.iter())
}

/// The check of an id (`HC04`, in any case) or a name (`id-pool`).
pub fn check(text: &str) -> Option<&'static HostCheck> {
    all().map(|item| &item.about).find(|about| about.id.eq_ignore_ascii_case(text) || about.name == text)
}

/// The id or the name of a check that a word may have been meant for.
pub fn meant(word: &str) -> Option<&'static str> {
    nearest(word, all().flat_map(|item| [item.about.id, item.about.name]))
}

/// Makes every check.
pub fn run(scope: &Scope<'_>) -> Checked {
    Checked { answers: all().map(|item| answer(item, scope)).collect(), leftovers: Vec::new() }
}

fn answer(item: &'static Item, scope: &Scope<'_>) -> Answer {
    scope.root.take_looked_at();
    let mut said = (item.look)(scope).unwrap_or_else(|why| said(Status::Unknown, why));
    let read = scope.root.take_looked_at();
    // A pass is never taken on trust.
    if said.status == Status::Pass && read.is_empty() {
        said = self::said(Status::Unknown, "nothing was read");
    }
    Answer {
        check: &item.about,
        status: said.status,
        found: said.found,
        fix: said.fix.unwrap_or_else(|| item.about.fix.to_owned()),
        read,
        waived: None,
    }
}
