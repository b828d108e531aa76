//! `plimsoll top`: what every service uses of what it may.

use std::{
    collections::BTreeMap,
    io, thread,
    time::{Duration, Instant},
};

use super::{
    Format, Status, Streams,
    declared::{self, Declared},
    diff,
    host::Host,
    installed::Which,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, Sources},
    live::{
        Whose, payload,
        site::Site,
        systemd::{Systemd, UnitState},
    },
    policy::load::Load,
    report,
};

/// What to look at, and how to say it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which catalog; all where none is named.
    pub which: Which,
    /// Where.
    pub host: Host,
    /// Only these services.
    pub services: Vec<String>,
    /// How to print it.
    pub format: Format,
    /// Look again and again.
    pub watch: bool,
    /// Clear the terminal before each look but the first of one.
    pub clear: bool,
    /// Only the table.
    pub quiet: bool,
}

/// Between two looks.
const AGAIN: Duration = Duration::from_secs(2);
/// Between the two reads of the CPU time that one look needs.
const GLANCE: Duration = Duration::from_secs(1);
/// systemd is asked for the states of units: no longer than this.
const WAIT: Duration = Duration::from_secs(10);

/// ECMA-48: the cursor home, then everything behind it away.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

/// A service and the manager that runs it.
struct Target {
    catalog: String,
    user: Option<u32>,
    site: Site,
}

/// When the CPU time of a service was read, and what it was.
type Samples = BTreeMap<(Option<u32>, String), (Instant, u64)>;

/// Looks at what runs, once or until nobody reads it any more.
///
/// # Errors
/// A stream that cannot be written to.
pub fn run(options: &Options, streams: &mut Streams<'_>) -> io::Result<Status> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let mut samples = Samples::new();
    let mut wait = GLANCE;
    let Some(mut targets) = targets(options, &mut sources, &mut diagnostics) else {
        return diff::fail(&diagnostics, &sources, "nothing was looked at", streams);
    };
    // Without the counters of this machine there is no time between two reads.
    if options.host.is_live() {
        look(options, &targets, false, &mut samples, &mut Diagnostics::new());
    }
    loop {
        if !samples.is_empty() {
            thread::sleep(wait);
        }
        let Some(loads) = look(options, &targets, true, &mut samples, &mut diagnostics) else {
            return diff::fail(&diagnostics, &sources, "nothing was looked at", streams);
        };
        let text = match options.format {
            Format::Json => report::top_json::text(&loads),
            Format::Text => report::top_text::text(&loads, streams.colour_out, options.quiet),
        };
        let clear = if options.watch && options.clear { CLEAR } else { "" };
        write!(streams.out, "{clear}{text}")?;
        if !options.watch {
            return Ok(Status::Clean);
        }
        streams.out.flush()?;
        if samples.is_empty() {
            thread::sleep(AGAIN);
        }
        wait = AGAIN;
        // What was installed meanwhile is seen; where it is half written, what was there is still what runs.
        if let Some(new) = self::targets(options, &mut Sources::new(), &mut Diagnostics::new()) {
            targets = new;
        }
    }
}

/// The services to look at, by their names.
fn targets(options: &Options, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<Vec<Target>> {
    let all = declared::all(&options.which, &options.host, sources, diagnostics)?;
    let root = declared::root(&options.host, diagnostics)?;
    let users = payload::Host::users(&root);
    let mut targets: Vec<Target> = all.iter().flat_map(|declared| of_one(declared, &users)).collect();
    let names: Vec<&str> = targets.iter().map(|target| target.site.limits().service.as_str()).collect();
    let of = match &all[..] {
        [only] => format!("`{}`", only.wanted.layout.catalog),
        _ => "any catalog that stands here".to_owned(),
    };
    declared::are_there(&options.services, &names, &of, diagnostics)?;
    let asked =
        |target: &Target| options.services.is_empty() || options.services.contains(&target.site.limits().service);
    targets.retain(asked);
    targets.sort_by(|a, b| {
        let key = |target: &'_ Target| (target.site.limits().service.clone(), target.user, target.catalog.clone());
        key(a).cmp(&key(b))
    });
    Some(targets)
}

fn of_one(declared: &Declared, users: &[u32]) -> Vec<Target> {
    let layout = &declared.wanted.layout;
    // Units for every user run under each manager that there is.
    let users: Vec<Option<u32>> = match declared::user(layout) {
        Ok(user) => vec![user],
        Err(_) => users.iter().copied().map(Some).collect(),
    };
    let sites: Vec<Site> = declared.with_units(|services| {
        services.iter().map(|service| Site::of(service.name, service.container, service.limits)).collect()
    });
    let of = |user: Option<u32>| {
        let catalog = layout.catalog.to_string();
        sites.iter().map(move |site| Target { catalog: catalog.clone(), user, site: site.clone() })
    };
    users.into_iter().flat_map(of).collect()
}

/// Reads the kernel's files of every service, and where `whole` also asks systemd.
fn look(
    options: &Options,
    targets: &[Target],
    whole: bool,
    samples: &mut Samples,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Load>> {
    let mut hosts: BTreeMap<Option<u32>, payload::Host> = BTreeMap::new();
    for target in targets {
        if hosts.contains_key(&target.user) {
            continue;
        }
        let root = declared::root(&options.host, diagnostics)?;
        let host = payload::Host::new(root, target.user);
        let host = host.map_err(|error| diagnostics.push(Diagnostic::general(error.to_string())));
        hosts.insert(target.user, host.ok()?);
    }
    let said = if whole && options.host.is_live() { ask(targets) } else { BTreeMap::new() };
    let mut now = Samples::new();
    let mut loads = Vec::new();
    for target in targets {
        let Some(host) = hosts.get(&target.user) else { continue };
        let key = (target.user, target.site.unit().to_owned());
        let mut load = if whole { target.site.look(host) } else { Load::default() };
        let time = if whole { load.usage.cpu_time } else { target.site.cpu_time(host) };
        if let Some(time) = time.filter(|_| options.host.is_live()) {
            let at = Instant::now();
            load.cpu_used = samples.get(&key).and_then(|before| share(*before, (at, time)));
            now.insert(key.clone(), (at, time));
        }
        load.catalog.clone_from(&target.catalog);
        load.user = target.user;
        if let Some(state) = said.get(&key) {
            load.restarts = state.restarts;
            let is_up = state.active == "active" && state.sub == "running";
            if !state.load.is_empty() && !is_up {
                state.words().split(':').next().unwrap_or_default().clone_into(&mut load.state);
            }
        }
        loads.push(load);
    }
    *samples = now;
    Some(loads)
}

/// CPU time used in 100 ms, in microseconds; nothing where the service was started anew in between.
fn share(before: (Instant, u64), now: (Instant, u64)) -> Option<u64> {
    let elapsed = now.0.duration_since(before.0).as_micros();
    let used = now.1.checked_sub(before.1)?;
    u64::try_from((u128::from(used) * 100_000).checked_div(elapsed)?).ok()
}

/// What systemd says of the services: each manager is asked once. One that does not answer leaves gaps, no more.
fn ask(targets: &[Target]) -> BTreeMap<(Option<u32>, String), UnitState> {
    let mut units: BTreeMap<Option<u32>, Vec<String>> = BTreeMap::new();
    for target in targets {
        units.entry(target.user).or_default().push(target.site.unit().to_owned());
    }
    let own = rustix::process::geteuid().as_raw();
    let mut said = BTreeMap::new();
    for (user, units) in units {
        let whose = match user {
            None => Whose::System,
            Some(uid) if uid == own => Whose::Own,
            Some(uid) => Whose::User(uid),
        };
        let states = Systemd::new(whose, WAIT).states(&units).unwrap_or_default();
        said.extend(states.into_iter().map(|(unit, state)| ((user, unit), state)));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_taken_by_the_time_that_has_passed() {
        let start = Instant::now();
        let later = |millis| start + Duration::from_millis(millis);
        // A quarter of a CPU for two seconds.
        assert_eq!(share((start, 7), (later(2000), 500_007)), Some(25_000));
        assert_eq!(share((start, 7), (later(500), 1_000_007)), Some(200_000));
        assert_eq!(share((start, 7), (later(1000), 6)), None, "it was started anew");
        assert_eq!(share((start, 7), (start, 8)), None, "no time has passed");
    }
}
