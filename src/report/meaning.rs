//! What the steps of a plan mean, in words: every form of `diff` says them from here.

use std::fmt::Write as _;

use super::shown;
use crate::{
    diagnostic::Severity,
    model::Memory,
    plan::{Action, Meaning, News, Step, Work},
    unit::{Unit, UnitType},
};

/// What a meaning is said about, as far as it has a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// What is neither good nor bad.
    Plain,
    /// A rule speaks that did not, an error.
    WeakerError,
    /// The same, less than an error.
    Weaker,
    /// A rule no longer speaks.
    Stronger,
}

/// A meaning in words. It holds no secret; what of it came from a host may hold control characters.
#[derive(Clone, Debug)]
pub(super) struct Phrase {
    /// What it begins with, which stays as it is from version to version.
    pub(super) word: &'static str,
    /// The rest of it.
    pub(super) rest: String,
    /// Its colour.
    pub(super) tone: Tone,
}

impl Phrase {
    /// As programs read it: `restart web.service`.
    pub(super) fn stable(&self) -> String {
        format!("{}{}", self.word, self.rest)
    }

    /// As a sentence about the file: `restarts web.service`.
    pub(super) fn sentence(&self) -> String {
        match self.word.split_once(' ').unwrap_or((self.word, "")) {
            (verb @ ("stop" | "start" | "restart" | "recreate" | "remove"), "") => format!("{verb}s{}", self.rest),
            (verb @ ("recreate" | "remove" | "make"), noun) => format!("{verb}s {noun}{}", self.rest),
            _ => self.stable(),
        }
    }
}

/// What a step means, in its order.
pub(super) fn phrases(step: &Step, work: &Work) -> Vec<Phrase> {
    step.means.iter().map(|meaning| phrase(meaning, step, work)).collect()
}

fn phrase(meaning: &Meaning, step: &Step, work: &Work) -> Phrase {
    let plain = |word: &'static str, rest: String| Phrase { word, rest, tone: Tone::Plain };
    match meaning {
        Meaning::Stop(services) => plain("stop", format!(" {}", and(services))),
        Meaning::Restart(services) => plain("restart", format!(" {}", Restart::of(step, services, work).sentence())),
        Meaning::RecreateNetwork { network, users } if users.is_empty() => {
            plain("recreate network", format!(" {network}, which nobody is on"))
        }
        Meaning::RecreateNetwork { network, users } => {
            let (back, gone) = who_comes_back(users, work);
            let verbs = [("stops and starts", back), ("stops", gone)];
            let said = verbs.iter().filter(|(_, users)| !users.is_empty());
            let said: Vec<String> = said.map(|(verb, users)| format!("{verb} {}", and(users))).collect();
            plain("recreate network", format!(" {network}: {}", said.join(", ")))
        }
        Meaning::RemoveNetwork(network) => plain("remove network", format!(" {network}")),
        Meaning::VolumeUnapplied(volume) => {
            plain("not applied", format!(": podman keeps volume {volume} as it is, with its data"))
        }
        Meaning::VolumeStays(volume) => plain("kept", format!(": volume {volume} and its data stay")),
        Meaning::MakeUser(user) => plain("make the user", format!(" {user}, if it is not there")),
        Meaning::UserStays(user) => {
            plain("kept", format!(": the user {user} stays, who owns nothing and cannot log in"))
        }
        Meaning::Limits(told) if told.is_empty() => plain("limits", " are set anew".to_owned()),
        Meaning::Limits(told) => plain("limits", format!(" {}", limits(told).join(", "))),
        Meaning::Start(services) => plain("start", format!(" {}", and(services))),
        Meaning::NotStarted(service) => {
            plain("not started", format!(": nothing but another unit or a person starts {service}"))
        }
        Meaning::Weaker { rule, severity, message } => {
            let tone = if *severity == Severity::Error { Tone::WeakerError } else { Tone::Weaker };
            Phrase { word: "weaker", rest: format!(" {rule} {}", shown::redacted(message)), tone }
        }
        Meaning::Stronger { rule, message, .. } => {
            let rest = format!(" {rule} no longer: {}", shown::redacted(message));
            Phrase { word: "stronger", rest, tone: Tone::Stronger }
        }
        Meaning::EditedByHand => plain("edited by hand", " since the last install".to_owned()),
        Meaning::DeletedByHand => plain("deleted by hand", " since the last install".to_owned()),
        Meaning::AddedByHand => plain("added by hand", ": no install wrote it".to_owned()),
        Meaning::Adopted => plain("adopted", ": it was rendered from this catalog, and no install wrote it".to_owned()),
        Meaning::DropIn { path, news } => plain("drop-in", format!(" {path} {}", is_news(*news))),
        Meaning::SharedWith(catalog) => plain("kept", format!(": the catalog {catalog} has it too")),
        Meaning::OneLine => plain("one line", ": every other line of the file stays as it is".to_owned()),
        Meaning::GivenByOthers => plain("kept", ": somebody else has seen to it".to_owned()),
        Meaning::LeftToYou(what) => plain("left to you", format!(": {what}")),
        Meaning::ReloadOnly => plain("reload only", ": systemd reads it anew, and nothing restarts".to_owned()),
        Meaning::TextOnly => {
            plain("text only", ": comments or the order of lines, and it says what it said before".to_owned())
        }
    }
}

fn is_news(news: News) -> &'static str {
    match news {
        News::New => "is new",
        News::Changed => "has changed",
        News::Gone => "is gone",
    }
}

/// The users of a network that is made anew: those that are started again, and those that are not.
pub(super) fn who_comes_back<'a>(users: &'a [String], work: &Work) -> (Vec<&'a str>, Vec<&'a str>) {
    users.iter().map(String::as_str).partition(|user| work.start.contains(*user))
}

/// Who restarts, and who comes along.
#[derive(Debug)]
pub(super) struct Restart<'a> {
    /// The service that the others come along with.
    pub(super) service: &'a str,
    /// Whether that is so only while it runs: nothing starts it by itself.
    pub(super) if_running: bool,
    /// Those that ran before, and restart because of it.
    pub(super) others: Vec<&'a str>,
    /// What they have to do with it: `requires`, `require`.
    why: (&'static str, &'static str),
}

impl<'a> Restart<'a> {
    pub(super) fn of(step: &Step, services: &'a [String], work: &Work) -> Self {
        let own = service_of(step);
        let is_own = |service: &&String| own.as_ref() == Some(*service);
        let service = services.iter().find(is_own).or(services.first()).map_or("", String::as_str);
        // What is started for the first time was not there to restart.
        let is_new = |service: &str| work.start.contains(service) && !work.stop.contains(service);
        let others = services.iter().map(String::as_str).filter(|other| *other != service && !is_new(other));
        let why = match UnitType::of_file(file_name(&step.path)).map(|(_, unit_type)| unit_type) {
            Some(UnitType::Pod) => ("belongs to", "belong to"),
            Some(UnitType::Image | UnitType::Build) => ("uses", "use"),
            _ => ("requires", "require"),
        };
        Self { service, if_running: work.restart_if_running.contains(service), others: others.collect(), why }
    }

    fn sentence(&self) -> String {
        let mut text = self.service.to_owned();
        if self.if_running {
            text += " if it runs";
        }
        match self.others.as_slice() {
            [] => {}
            [other] => {
                let _ = write!(text, ", and with it {other}, which {} it", self.why.0);
            }
            others => {
                let _ = write!(text, ", and with it {}, which {} it", and(others), self.why.1);
            }
        }
        text
    }
}

/// The service that a file becomes, or became.
pub(super) fn service_of(step: &Step) -> Option<String> {
    let (name, unit_type) = UnitType::of_file(file_name(&step.path))?;
    let old = || std::str::from_utf8(step.old.as_deref()?).ok();
    let named = step.new.as_deref().or_else(old).filter(|text| text.contains("ServiceName="));
    let named = named.and_then(|text| Unit::parse(text).ok());
    let named = named.and_then(|unit| Some(format!("{}.service", unit.text(unit_type.group(), "ServiceName")?)));
    Some(named.unwrap_or_else(|| unit_type.service_name(name)))
}

/// Limits as the plan tells them, `MemoryMax 536870912 → 1073741824`, with sizes for people where those are exact.
pub(super) fn limits(told: &[String]) -> Vec<String> {
    let readable = |told: &String| {
        let change = told.split_once(' ').and_then(|(key, rest)| Some((key, rest.split_once(" → ")?)));
        let Some((key, (old, new))) = change else { return shown::redacted(told) };
        let size = |value: &str| {
            let bytes = value.parse::<u64>().ok().filter(|_| key.starts_with("Memory"));
            let memory = bytes.and_then(|bytes| Memory::from_bytes(bytes).ok());
            memory.map_or_else(|| shown::value(key, value), |memory| memory.to_string())
        };
        format!("{key} {} → {}", size(old), size(new))
    };
    told.iter().map(readable).collect()
}

/// What a plan comes to, in a line: `3 files created, 2 replaced, 1 removed, 40 unchanged`.
pub(super) fn totals(plan: &crate::plan::Plan) -> String {
    let all = plan.steps.len();
    if plan.is_empty() && plan.obstacles.is_empty() {
        return match all {
            0 => "nothing to do: there are no files".to_owned(),
            1 => "nothing to do: the only file is as it should be".to_owned(),
            _ => format!("nothing to do: all {all} files are as they should be"),
        };
    }
    let mut counts = Vec::new();
    for (action, done) in [
        (Action::Create, "created"),
        (Action::Replace, "replaced"),
        (Action::Remove, "removed"),
        (Action::Keep, "unchanged"),
    ] {
        let noun = if counts.is_empty() { "file" } else { "" };
        match plan.count(action) {
            0 => {}
            count if noun.is_empty() => counts.push(format!("{count} {done}")),
            1 => counts.push(format!("1 {noun} {done}")),
            count => counts.push(format!("{count} {noun}s {done}")),
        }
    }
    if counts.is_empty() { "no files".to_owned() } else { counts.join(", ") }
}

/// The name of a file without its directory.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn and<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}
