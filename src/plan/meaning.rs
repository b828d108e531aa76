//! What the steps mean for what runs, and so what is asked of systemd and podman.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Action, LiveLimits, Meaning, News, Plan, Standing, Step, UnitLimits, Wanted,
    change::{Difference, Reach},
    drop_ins, live_limits,
    units::{OneUnit, Units},
};
use crate::{
    render::host::places,
    unit::{Dialect, Unit, UnitType},
};

/// Says for each step what it means, and gathers the work.
pub(super) fn add(plan: &mut Plan, wanted: &Wanted, standing: &Standing) {
    let drift = drop_in_news(wanted, standing);
    let is_quiet = |step: &Step| step.action == Action::Keep && !step.means.contains(&Meaning::EditedByHand);
    if drift.is_empty() && plan.steps.iter().all(is_quiet) {
        return;
    }
    let old = Units::read(
        standing.units.iter().filter_map(|(path, text)| Some((path.as_str(), std::str::from_utf8(text).ok()?))),
    );
    let new = Units::read(wanted.files.iter().map(|(path, file)| (path.as_str(), &*file.text)));
    let Plan { steps, work, .. } = plan;
    let mut effects = Effects { old: &old, new: &new, work: std::mem::take(work) };
    for step in steps.iter_mut() {
        effects.of_file(step);
        if let Some(news) = drift.get(step.path.as_str()) {
            effects.of_drop_ins(step, news);
        }
        step.means.sort_by_key(rank);
    }
    effects.work.reload |= !drift.is_empty();
    *work = effects.settled();
}

/// The most important first.
fn rank(meaning: &Meaning) -> u8 {
    match meaning {
        Meaning::EditedByHand | Meaning::DeletedByHand | Meaning::AddedByHand | Meaning::Adopted => 0,
        Meaning::Stop(_) => 1,
        Meaning::RecreateNetwork { .. } | Meaning::RemoveNetwork(_) => 2,
        Meaning::Restart(_) | Meaning::Start(_) | Meaning::NotStarted(_) => 3,
        Meaning::VolumeUnapplied(_) | Meaning::VolumeStays(_) | Meaning::MakeUser(_) | Meaning::UserStays(_) => 4,
        Meaning::Weaker { .. } => 5,
        Meaning::Stronger { .. } => 6,
        Meaning::Limits(_) => 7,
        Meaning::DropIn { .. } => 8,
        Meaning::OneLine
        | Meaning::SharedWith(_)
        | Meaning::GivenByOthers
        | Meaning::ReloadOnly
        | Meaning::TextOnly => 9,
        Meaning::LeftToYou(_) => 10,
    }
}

struct Effects<'a> {
    /// The units that stand there.
    old: &'a Units<'a>,
    /// Those that are to.
    new: &'a Units<'a>,
    work: super::Work,
}

fn list(services: &BTreeSet<String>) -> Vec<String> {
    services.iter().cloned().collect()
}

impl Effects<'_> {
    fn of_file(&mut self, step: &mut Step) {
        if places::is_place(&step.path) && step.action != Action::Keep {
            return super::host::add(step, &mut self.work);
        }
        if step.action == Action::Keep {
            if step.means.contains(&Meaning::EditedByHand) {
                self.work.reload |= !places::is_place(&step.path) || step.path.starts_with("etc/systemd/");
                self.work.users |= step.path == places::USERS;
                if let Some(unit) = self.new.get(&step.path).filter(|unit| runs(unit.unit_type)) {
                    self.restart(step, unit);
                }
            }
            return;
        }
        self.work.reload = true;
        if step.path.ends_with(".slice") {
            return self.of_slice(step);
        }
        let (old, new) = (self.old.get(&step.path), self.new.get(&step.path));
        match (step.action, old, new) {
            (Action::Create, _, Some(unit)) => self.created(step, unit),
            (Action::Remove, Some(unit), _) => self.removed(step, unit),
            (Action::Replace, Some(old), Some(unit)) => self.replaced(step, old, unit),
            // What stood there was no unit: nothing runs of it.
            (Action::Replace, None, Some(unit)) => self.created(step, unit),
            _ => self.of_own_drop_in(step),
        }
    }

    /// A drop-in that stands in the catalog's own directory, and goes: the units that it was merged into are others by
    /// now.
    fn of_own_drop_in(&mut self, step: &mut Step) {
        let dir = step.path.rsplit('/').nth(1).unwrap_or_default().to_owned();
        let (old, new) = (self.old, self.new);
        for (name, unit) in new.all().filter(|_| drop_ins::is_directory_of_drop_ins(&dir)) {
            let is_merged =
                drop_ins::directories(name).contains(&dir) || drop_ins::directories(&unit.service).contains(&dir);
            if is_merged && runs(unit.unit_type) && old.get(name).is_some() {
                self.restart(step, unit);
            }
        }
    }

    fn of_slice(&mut self, step: &mut Step) {
        let name = step.path.rsplit('/').next().unwrap_or(&step.path).to_owned();
        match step.action {
            Action::Remove => {
                self.work.stop_slices.insert(name);
            }
            Action::Replace => {
                let reach = step.difference.as_ref().map_or(Reach::Nothing, |difference| difference.reach(&step.path));
                match reach {
                    Reach::Nothing => step.means.push(Meaning::TextOnly),
                    Reach::Reload => step.means.push(Meaning::ReloadOnly),
                    Reach::Limits | Reach::Restart => {
                        let (limits, told) = limits(step);
                        step.means.push(Meaning::Limits(told));
                        self.work.limits.insert(UnitLimits { unit: name, limits });
                    }
                }
            }
            Action::Create | Action::Keep => {}
        }
    }

    fn created(&mut self, step: &mut Step, unit: &OneUnit) {
        if !runs(unit.unit_type) {
            return;
        }
        if step.means.contains(&Meaning::DeletedByHand) {
            // It may still run as it was.
            self.restart(step, unit);
        } else if unit.is_wanted {
            self.work.start.insert(unit.service.clone());
            step.means.push(Meaning::Start(vec![unit.service.clone()]));
        } else {
            step.means.push(Meaning::NotStarted(unit.service.clone()));
        }
    }

    fn removed(&mut self, step: &mut Step, unit: &OneUnit) {
        self.work.stop.insert(unit.service.clone());
        match unit.unit_type {
            UnitType::Network => {
                let network = unit.network_name(&step.path);
                self.work.remove_networks.insert(network.clone());
                step.means.push(Meaning::RemoveNetwork(network));
            }
            UnitType::Volume => step.means.push(Meaning::VolumeStays(volume_name(&step.path, unit))),
            other if runs(other) => step.means.push(Meaning::Stop(vec![unit.service.clone()])),
            _ => {}
        }
    }

    fn replaced(&mut self, step: &mut Step, old: &OneUnit, unit: &OneUnit) {
        let reach = step.difference.as_ref().map_or(Reach::Restart, |difference| difference.reach(&step.path));
        // Under another name it is another service.
        if old.service != unit.service {
            self.removed(step, old);
            self.created(step, unit);
            return;
        }
        // With a reach that restarts it, the restart starts it as well.
        if !old.is_wanted && unit.is_wanted && runs(unit.unit_type) && reach <= Reach::Reload {
            self.work.start.insert(unit.service.clone());
            step.means.push(Meaning::Start(vec![unit.service.clone()]));
        }
        match (reach, unit.unit_type) {
            (Reach::Nothing, _) => step.means.push(Meaning::TextOnly),
            (Reach::Reload, _) => step.means.push(Meaning::ReloadOnly),
            (_, UnitType::Network) => self.recreate_network(step, old, unit),
            (_, UnitType::Volume) => step.means.push(Meaning::VolumeUnapplied(volume_name(&step.path, unit))),
            (Reach::Limits, _) => {
                let (systemd, told) = limits(step);
                step.means.push(Meaning::Limits(told));
                let live = live_limits::of(step, unit, systemd).filter(|_| old.is_wanted && unit.is_wanted);
                // Of what hands have changed nobody knows what runs.
                let is_known = !step.means.iter().any(|meaning| rank(meaning) == 0);
                match live.filter(|_| is_known) {
                    Some(live) => {
                        let otherwise_restart = self.with_dependents(unit);
                        self.work.live.insert(LiveLimits { otherwise_restart, ..live });
                    }
                    None => self.restart(step, unit),
                }
            }
            (Reach::Restart, UnitType::Container | UnitType::Kube) => self.restart(step, unit),
            (Reach::Restart, _) => {
                // A pod takes its members along; whoever uses an image or a build runs on with the old one.
                let mut services = self.new.users(&step.path);
                services.retain(|service| self.old.users(&step.path).contains(service));
                services.insert(unit.service.clone());
                self.work.restart.extend(services.iter().cloned());
                step.means.push(Meaning::Restart(list(&services)));
            }
        }
    }

    fn restart(&mut self, step: &mut Step, unit: &OneUnit) {
        if unit.is_wanted {
            self.work.restart.insert(unit.service.clone());
        } else {
            self.work.restart_if_running.insert(unit.service.clone());
        }
        let services = self.with_dependents(unit);
        // systemd restarts them along (seen with 257), but waits for none of them: asked for by name, each is waited for.
        self.work.restart.extend(services[1..].iter().filter(|service| self.new.is_wanted(service)).cloned());
        step.means.push(Meaning::Restart(services));
    }

    /// The service of a unit, and then those that require it.
    fn with_dependents(&self, unit: &OneUnit) -> Vec<String> {
        let mut services = vec![unit.service.clone()];
        let all = self.new.with_dependents(BTreeSet::from([unit.service.clone()]));
        services.extend(all.into_iter().filter(|service| *service != unit.service));
        services
    }

    fn recreate_network(&mut self, step: &mut Step, old: &OneUnit, unit: &OneUnit) {
        let network = old.network_name(&step.path);
        // Whoever requires a user stops with it, and must come back as well.
        let users_before = self.old.with_dependents(self.old.users(&step.path));
        self.work.stop.extend(users_before.iter().cloned());
        self.work.stop.insert(old.service.clone());
        self.work.remove_networks.insert(network.clone());
        self.work.start.insert(unit.service.clone());
        self.work.start.extend(users_before.iter().filter(|service| self.new.is_wanted(service)).cloned());
        step.means.push(Meaning::RecreateNetwork { network, users: list(&users_before) });
    }

    fn of_drop_ins(&mut self, step: &mut Step, news: &[(String, News)]) {
        for (path, news) in news {
            step.means.push(Meaning::DropIn { path: path.clone(), news: *news });
        }
        if step.action == Action::Keep
            && let Some(unit) = self.new.get(&step.path)
            && runs(unit.unit_type)
        {
            self.restart(step, unit);
        }
    }

    /// The work, with no unit in two minds: what stops and is to run afterwards is started, and not restarted.
    fn settled(self) -> super::Work {
        let mut work = self.work;
        // Whoever requires what stops, stops with it, and nobody but us starts it again.
        let along = self.old.with_dependents(work.stop.clone());
        let back = along.iter().filter(|service| !work.stop.contains(*service) && self.new.is_wanted(service));
        work.start.extend(back.filter(|service| !work.restart.contains(*service)).cloned());
        let stopped = work.stop.clone();
        let back: Vec<String> = work.restart.iter().filter(|unit| stopped.contains(*unit)).cloned().collect();
        work.start.extend(back);
        work.restart.retain(|unit| !stopped.contains(unit) && !work.start.contains(unit));
        work.restart_if_running.retain(|unit| !stopped.contains(unit) && !work.start.contains(unit));
        let restarts =
            |unit: &String| stopped.contains(unit) || work.start.contains(unit) || work.restart.contains(unit);
        work.live.retain(|live| !restarts(&live.service));
        work
    }
}

/// Whether something runs of a unit of that type, and does not end by itself.
pub(super) fn runs(unit_type: UnitType) -> bool {
    matches!(unit_type, UnitType::Container | UnitType::Kube | UnitType::Pod)
}

fn volume_name(path: &str, unit: &OneUnit) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.strip_suffix(".volume").unwrap_or(name);
    unit.podman_name.clone().unwrap_or_else(|| format!("systemd-{stem}"))
}

/// The limits of systemd that a step changes, and all of them as they are told: `MemoryMax 1024 → 2048`.
fn limits(step: &Step) -> (Vec<(String, String)>, Vec<String>) {
    let Some(Difference::Keys(changes)) = &step.difference else { return (Vec::new(), Vec::new()) };
    let mut told = Vec::new();
    for change in changes {
        let shown = |values: &[String]| if values.is_empty() { "none".to_owned() } else { values.join(" ") };
        if change.key == "PodmanArgs" {
            // The same numbers stand in systemd's directives.
            continue;
        }
        told.push(format!("{} {} → {}", change.key, shown(&change.old), shown(&change.new)));
    }
    let dialect = if step.path.ends_with(".slice") { Dialect::Systemd } else { Dialect::Quadlet };
    let text = step.new.as_deref().unwrap_or_default();
    let is_there = Unit::parse_as(text, dialect).is_ok();
    let systemd = changes.iter().filter(|change| is_there && matches!(change.section.as_str(), "Slice" | "Service"));
    let limits = systemd.map(|change| (change.key.clone(), change.new.last().cloned().unwrap_or_default())).collect();
    (limits, told)
}

/// What is new about the drop-ins of others, for each of the wanted files that they are merged into.
fn drop_in_news(wanted: &Wanted, standing: &Standing) -> BTreeMap<String, Vec<(String, News)>> {
    let Some(last) = &standing.last else { return BTreeMap::new() };
    let mut by_dir: BTreeMap<&str, Vec<(String, News)>> = BTreeMap::new();
    let paths: BTreeSet<&String> = standing.drop_ins.keys().chain(last.drop_ins.keys()).collect();
    for path in paths {
        let news = match (last.drop_ins.get(path), standing.drop_ins.get(path)) {
            (before, now) if before == now => continue,
            (None, _) => News::New,
            (_, None) => News::Gone,
            _ => News::Changed,
        };
        let dir = path.rsplit('/').nth(1).unwrap_or_default();
        by_dir.entry(dir).or_default().push((path.clone(), news));
    }
    if by_dir.is_empty() {
        return BTreeMap::new();
    }
    let mut found = BTreeMap::new();
    for (path, file) in &wanted.files {
        let news: Vec<(String, News)> = names_of_drop_ins(path, &file.text)
            .iter()
            .filter_map(|dir| by_dir.get(dir.as_str()))
            .flatten()
            .cloned()
            .collect();
        if !news.is_empty() {
            found.insert(path.clone(), news);
        }
    }
    found
}

/// The directories whose drop-ins are merged into a file, or into the service that Quadlet makes of it.
pub(super) fn names_of_drop_ins(path: &str, text: &str) -> Vec<String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut names = drop_ins::directories(name);
    if let Some((stem, unit_type)) = UnitType::of_file(name) {
        let own = text.contains("ServiceName=").then(|| Unit::parse(text).ok()).flatten();
        let own = own.and_then(|unit| Some(format!("{}.service", unit.text(unit_type.group(), "ServiceName")?)));
        names.extend(drop_ins::directories(&own.unwrap_or_else(|| unit_type.service_name(stem))));
    }
    names
}
