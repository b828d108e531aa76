//! A plan in a few words: a line for each unit, then what stops, restarts, starts and gets weaker. Obstacles by themselves.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use anstyle::Style;

use super::{
    diagnostics::{self, Beside},
    diff_unified::{BOLD, GREEN, RED, YELLOW, painted},
    meaning::{self, Restart, and, file_name, service_of, who_comes_back},
    shown,
};
use crate::{
    diagnostic::{Diagnostic, Severity, Sources},
    plan::{
        Action, Meaning, News, Plan, Step,
        change::{Difference, KeyChange},
    },
    render::host::places,
};

pub use super::diff_unified::Options;

/// The most keys that are named for one restart.
const MOST_KEYS: usize = 3;

/// The whole text.
pub fn text(plan: &Plan, options: Options) -> String {
    let slices = slices_of_services(plan);
    let rows = plan.told().filter(|step| !slices.values().any(|slice| slice.path == step.path));
    let rows: Vec<(&Step, String, String)> = rows
        .map(|step| {
            let slice = slices.get(step.path.as_str()).copied();
            // The names of files of the host say little by themselves.
            let is_of_host = places::is_place(&step.path);
            let name = if is_of_host { format!("/{}", step.path) } else { file_name(&step.path).to_owned() };
            (step, shown::escaped(&name), shown::escaped(&brief(step, slice, plan)))
        })
        .collect();
    let width = rows.iter().map(|(_, name, _)| name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (step, name, said) in &rows {
        let (mark, style) = match step.action {
            Action::Create => ('+', GREEN),
            Action::Replace => ('~', YELLOW),
            Action::Remove => ('-', RED),
            Action::Keep => ('=', Style::new()),
        };
        let pad = " ".repeat(width - name.chars().count());
        let _ = writeln!(text, "{} {pad} {said}", painted(style, &format!("{mark} {name}"), options.colour));
    }
    if !rows.is_empty() {
        text.push('\n');
    }
    for (word, what) in closing(plan) {
        let _ = writeln!(text, "{} {what}", painted(BOLD, &format!("{word}:"), options.colour));
    }
    text + &meaning::totals(plan) + "\n"
}

/// Why an install would refuse, in the manner of all errors. What `--force` throws away is then a warning.
pub fn obstacles(plan: &Plan, force: bool) -> String {
    let renderer = diagnostics::renderer(false);
    let sources = Sources::new();
    let mut text = String::new();
    for obstacle in &plan.obstacles {
        let is_forced = force && obstacle.can_be_forced;
        let diagnostic = Diagnostic {
            severity: if is_forced { Severity::Warning } else { Severity::Error },
            message: format!("/{} {}", obstacle.path, shown::redacted(&obstacle.message)),
            at: None,
            label: String::new(),
            related: Vec::new(),
            help: Some(obstacle.help.clone()).filter(|_| !is_forced),
        };
        let note = is_forced.then_some("`--force` throws that away");
        text += &diagnostics::one(&diagnostic, Beside { note, ..Beside::default() }, &sources, &renderer);
        text += "\n\n";
    }
    text
}

/// Slices of which nothing but limits changes, by the place of the unit of their service that changes in the same way.
fn slices_of_services(plan: &Plan) -> BTreeMap<&str, &Step> {
    let only_limits = |step: &&Step| {
        step.action == Action::Replace
            && step.means.iter().any(|meaning| matches!(meaning, Meaning::Limits(_)))
            && step.means.iter().all(|meaning| matches!(meaning, Meaning::Limits(_) | Meaning::Restart(_)))
    };
    let (slices, units): (Vec<&Step>, Vec<&Step>) =
        plan.told().filter(only_limits).partition(|step| step.path.ends_with(".slice"));
    let mut found = BTreeMap::new();
    for slice in slices {
        let unit = units.iter().find(|unit| slice.service.is_some() && unit.service == slice.service);
        if let Some(unit) = unit {
            found.entry(unit.path.as_str()).or_insert(slice);
        }
    }
    found
}

/// What a step means, in a few words.
fn brief(step: &Step, slice: Option<&Step>, plan: &Plan) -> String {
    let mut parts: Vec<String> = Vec::new();
    for meaning in &step.means {
        parts.extend(in_few_words(meaning, step, slice, plan));
    }
    parts.extend(weaker(step));
    let stronger: Vec<&str> = step.means.iter().filter_map(|meaning| rule(meaning, false)).collect();
    if !stronger.is_empty() {
        parts.push(format!("stronger: {}", and(&stronger)));
    }
    if parts.is_empty() {
        let done = match step.action {
            Action::Create => "new",
            Action::Replace => "replaced",
            Action::Remove => "removed",
            Action::Keep => "kept",
        };
        parts.push(done.to_owned());
    }
    parts.join("; ")
}

fn in_few_words(meaning: &Meaning, step: &Step, slice: Option<&Step>, plan: &Plan) -> Option<String> {
    let services = |verb: &str, services: &[String]| match services {
        [one] if service_of(step).as_ref() == Some(one) => verb.to_owned(),
        all => format!("{verb} {}", and(&all.iter().map(|service| stem(service)).collect::<Vec<_>>())),
    };
    Some(match meaning {
        Meaning::Stop(all) => services("stops", all),
        Meaning::Start(all) => services("starts", all),
        Meaning::Restart(all) => restarts(&Restart::of(step, all, &plan.work), step),
        Meaning::NotStarted(_) => "not started by itself".to_owned(),
        Meaning::RecreateNetwork { network, users } if users.is_empty() => format!("network {network} is recreated"),
        Meaning::RecreateNetwork { network, users } => {
            let (back, gone) = who_comes_back(users, &plan.work);
            let names = |users: &[&str]| users.iter().map(|user| stem(user).to_owned()).collect::<Vec<_>>().join(", ");
            let mut text = format!("network {network} is recreated: stops and starts {}", names(&back));
            if !gone.is_empty() {
                let _ = write!(text, "; stops {}", names(&gone));
            }
            text
        }
        Meaning::RemoveNetwork(network) => format!("network {network} is removed"),
        Meaning::VolumeUnapplied(volume) => format!("volume change not applied: podman keeps {volume} and its data"),
        Meaning::VolumeStays(volume) => format!("volume {volume} and its data stay"),
        Meaning::MakeUser(user) => format!("makes the user {user}"),
        Meaning::UserStays(user) => format!("the user {user} stays"),
        Meaning::Limits(told) => {
            let of_slice = slice.map(limits_of).unwrap_or_default();
            let told: Vec<String> = told.iter().cloned().chain(of_slice).collect();
            let told = without_echoes(&told);
            let also = if slice.is_some() { " (its slice too)" } else { "" };
            if told.is_empty() {
                format!("limits only{also}")
            } else {
                format!("limits only: {}{also}", told.join(", "))
            }
        }
        Meaning::EditedByHand => "edited by hand".to_owned(),
        Meaning::DeletedByHand => "deleted by hand".to_owned(),
        Meaning::AddedByHand => "added by hand".to_owned(),
        Meaning::Adopted => "adopted".to_owned(),
        Meaning::DropIn { path, news: News::New } => format!("new drop-in /{path}"),
        Meaning::DropIn { path, news: News::Changed } => format!("changed drop-in /{path}"),
        Meaning::DropIn { path, news: News::Gone } => format!("drop-in /{path} is gone"),
        Meaning::SharedWith(catalog) => format!("shared with the catalog {catalog}"),
        Meaning::ReloadOnly => "reload only, nothing restarts".to_owned(),
        Meaning::OneLine => match step.action {
            Action::Remove => "one line goes",
            Action::Replace => "one line changes",
            Action::Create | Action::Keep => "one line more",
        }
        .to_owned(),
        Meaning::GivenByOthers => "somebody else has seen to it".to_owned(),
        Meaning::LeftToYou(what) => format!("left to you: {what}"),
        Meaning::TextOnly => "comments or order only".to_owned(),
        Meaning::Weaker { .. } | Meaning::Stronger { .. } => return None,
    })
}

/// `restarts, image 1.2 → 1.3, and takes web along`.
fn restarts(restart: &Restart<'_>, step: &Step) -> String {
    let mut text = "restarts".to_owned();
    if service_of(step).is_none_or(|own| own != restart.service) {
        text = format!("{text} {}", stem(restart.service));
    }
    if restart.if_running {
        text += " if it runs";
    }
    let is_limits = step.means.iter().any(|meaning| matches!(meaning, Meaning::Limits(_)));
    match &step.difference {
        Some(Difference::Keys(changes)) if !is_limits => text += &causes(changes),
        _ => {}
    }
    if !restart.others.is_empty() {
        let others: Vec<&str> = restart.others.iter().map(|other| stem(other)).collect();
        let _ = write!(text, ", and takes {} along", and(&others));
    }
    text
}

/// What differs, the image first.
fn causes(changes: &[KeyChange]) -> String {
    let (images, others): (Vec<&KeyChange>, Vec<&KeyChange>) = changes.iter().partition(|change| change.key == "Image");
    let mut text = String::new();
    for change in images {
        let _ = write!(text, ", {}", image(change));
    }
    let mut keys: Vec<&str> = Vec::new();
    for change in others {
        if !keys.contains(&change.key.as_str()) {
            keys.push(&change.key);
        }
    }
    let more = keys.len().saturating_sub(MOST_KEYS);
    match keys.as_slice() {
        [] => {}
        [key] => {
            let _ = write!(text, ", {key} differs");
        }
        keys if more == 0 => {
            let _ = write!(text, ", {} differ", and(keys));
        }
        keys => {
            let _ = write!(text, ", {} and {more} more differ", keys[..MOST_KEYS].join(", "));
        }
    }
    text
}

/// `image 1.2 → 1.3`; with their names where those differ too.
fn image(change: &KeyChange) -> String {
    let (old, new) = (change.old.last(), change.new.last());
    let (Some(old), Some(new)) = (old, new) else { return "image differs".to_owned() };
    let (old, new) = (shown::value("Image", old), shown::value("Image", new));
    if old == new {
        return "image differs".to_owned();
    }
    match (version(&old), version(&new)) {
        ((name, Some(old)), (new_name, Some(new))) if name == new_name && old != new => format!("image {old} → {new}"),
        _ => format!("image {old} → {new}"),
    }
}

/// The name of an image, and its tag and the beginning of its digest.
fn version(image: &str) -> (&str, Option<String>) {
    let (tagged, digest) = image.split_once('@').map_or((image, None), |(tagged, digest)| (tagged, Some(digest)));
    let (name, tag) = match tagged.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (tagged, None),
    };
    let digest = digest.map(|digest| format!("@{}", digest.chars().take("sha256:".len() + 12).collect::<String>()));
    let version = format!("{}{}", tag.unwrap_or_default(), digest.unwrap_or_default());
    (name, Some(version).filter(|version| !version.is_empty()))
}

fn limits_of(step: &Step) -> Vec<String> {
    let told = step.means.iter().filter_map(|meaning| match meaning {
        Meaning::Limits(told) => Some(told.clone()),
        _ => None,
    });
    told.flatten().collect()
}

/// Limits for people, without those that say another one again in the words of another layer.
fn without_echoes(told: &[String]) -> Vec<String> {
    let all = meaning::limits(told);
    let says = |key: &str, change: &str| all.iter().any(|limit| limit.strip_prefix(key) == Some(change));
    let mut kept: Vec<String> = Vec::new();
    for limit in &all {
        let is_echo = match limit.split_once(' ') {
            Some(("MemoryHigh" | "Memory", _)) => says("MemoryMax", &limit[limit.find(' ').unwrap_or(0)..]),
            Some(("TasksMax", _)) => all.iter().any(|limit| limit.starts_with("PidsLimit ")),
            _ => false,
        };
        if !is_echo && !kept.contains(limit) {
            kept.push(limit.clone());
        }
    }
    kept
}

/// What gets weaker: the first in words.
fn weaker(step: &Step) -> Option<String> {
    let mut all = step.means.iter().filter_map(|meaning| match meaning {
        Meaning::Weaker { rule, message, .. } => Some(format!("weaker: {rule} {}", shown::redacted(message))),
        _ => None,
    });
    let first = all.next()?;
    Some(match all.count() {
        0 => first,
        more => format!("{first} and {more} more"),
    })
}

fn rule(meaning: &Meaning, is_weaker: bool) -> Option<&'static str> {
    match meaning {
        Meaning::Weaker { rule, .. } if is_weaker => Some(rule),
        Meaning::Stronger { rule, .. } if !is_weaker => Some(rule),
        _ => None,
    }
}

/// What happens to all services together: at most four lines.
fn closing(plan: &Plan) -> Vec<(&'static str, String)> {
    let (mut stopped, mut started, mut restarted) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut weaker: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut networks = BTreeSet::new();
    for step in &plan.steps {
        for meaning in &step.means {
            match meaning {
                Meaning::Stop(services) => stopped.extend(services),
                Meaning::Start(services) => started.extend(services),
                Meaning::Restart(services) => restarted.extend(services),
                Meaning::RecreateNetwork { users, .. } => {
                    let (back, gone): (Vec<_>, Vec<_>) = users.iter().partition(|user| plan.work.start.contains(*user));
                    restarted.extend(back);
                    stopped.extend(gone);
                    networks.extend(service_of(step));
                }
                _ => {}
            }
        }
        for rule in step.means.iter().filter_map(|meaning| rule(meaning, true)) {
            let services = weaker.entry(rule).or_default();
            let name = step.service.clone().unwrap_or_else(|| file_name(&step.path).to_owned());
            if !services.contains(&name) {
                services.push(name);
            }
        }
    }
    // What stops along with others and is started again is in no file that changes.
    restarted.extend(plan.work.start.iter().filter(|service| !networks.contains(*service)));
    restarted.retain(|service| !started.contains(service));
    stopped.retain(|service| !started.contains(service) && !restarted.contains(service));
    let names = |services: BTreeSet<&String>| {
        let if_running = |service: &String| plan.work.restart_if_running.contains(service);
        let name = |service: &String| if if_running(service) { " (if it runs)" } else { "" };
        let names = services.into_iter().map(|service| format!("{}{}", stem(service), name(service)));
        shown::escaped(&names.collect::<Vec<_>>().join(", "))
    };
    let weaker = weaker.into_iter().map(|(rule, services)| format!("{rule} ({})", services.join(", ")));
    let lines = [
        ("stops", names(stopped)),
        ("restarts", names(restarted)),
        ("starts", names(started)),
        ("weaker", shown::escaped(&weaker.collect::<Vec<_>>().join(", "))),
    ];
    lines.into_iter().filter(|(_, what)| !what.is_empty()).collect()
}

/// The name of a service or a file without its suffix.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
