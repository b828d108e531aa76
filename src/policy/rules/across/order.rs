//! Who starts whom, and in what order.

use std::collections::{HashMap, HashSet, VecDeque};

use super::{
    Check, Found, Rule, Scope,
    ties::{Says, Tie},
};
use crate::{
    diagnostic::{Severity, Span, nearest},
    policy::facts::Container,
    unit::UnitType,
};

pub(super) const CYCLE: Rule = Rule {
    id: "PL807",
    name: "dependency-cycle",
    severity: Severity::Error,
    what: "Services wait for each other in a circle.",
    why: "systemd breaks an ordering cycle by leaving one of the jobs out: a service is not started at boot, and which one \
          depends on the order in which the jobs were looked at. A unit that is named in Network=, Volume=, Image= or Pod= is \
          waited for as if it stood in After=.",
    fix: "take one of the After= or Before= out; Wants= without After= makes no order",
    bad: "# web.container\n[Unit]\nAfter=api.service\n# api.container\n[Unit]\nAfter=web.service",
    good: "# web.container\n[Unit]\nAfter=api.service\n# api.container\n[Unit]\nWants=web.service",
    sources: &["systemd.unit(5) After=", "podman-systemd.unit(5) dependencies"],
    check: Check::Across(cycle),
};

pub(super) const NEVER_STARTED: Rule = Rule {
    id: "PL817",
    name: "never-started",
    severity: Severity::Info,
    what: "Nothing starts the service, or a target that is misspelt.",
    why: "`systemctl enable` does not work for a generated unit: what it would do is said by `[Install]` in the file. Without \
          it, and without another unit that wants it, the service stays down after the next boot, and all looks well until then. A target \
          that is nearly one of systemd's own, as `multiuser.target`, is a warning: one of that name may be the host's.",
    fix: "add [Install] with WantedBy=multi-user.target, or default.target without root",
    bad: "[Container]\n# without [Install] WantedBy=",
    good: "[Install]\nWantedBy=default.target",
    sources: &["podman-systemd.unit(5) enabling unit files", "systemd.unit(5) [Install]"],
    check: Check::Across(never_started),
};

/// The services as nodes; an edge goes from one to those it waits for, with the line that says so.
type Graph = Vec<Vec<(usize, Span)>>;

fn graph(scope: &Scope<'_>) -> Graph {
    let mut graph: Graph = vec![Vec::new(); scope.ties.len()];
    for (node, ties) in scope.ties.iter().enumerate() {
        // systemd drops what a unit says about itself.
        for Tie { to, says, at } in ties.iter().filter(|tie| tie.to != node) {
            match says {
                Says::After | Says::Uses => graph[node].push((*to, *at)),
                Says::Before => graph[*to].push((node, *at)),
                Says::Starts | Says::Requisite | Says::PartOf => {}
            }
        }
    }
    graph
}

fn cycle(_: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let graph = graph(scope);
    let part = parts(&graph);
    let mut told = HashSet::new();
    for start in 0..graph.len() {
        // One circle of each part is told of; a part may have many.
        if told.contains(&part[start]) {
            continue;
        }
        let Some(path) = circle(start, &graph, &part) else { continue };
        told.insert(part[start]);
        let name = |node: &usize| format!("`{}`", scope.tree.units[*node].service);
        let first = &scope.tree.units[start];
        let at = path.first().map_or_else(|| first.unit.file().whole(), |(_, at)| *at);
        let way: Vec<String> = path.iter().take(6).map(|(node, _)| name(node)).collect();
        let more = if path.len() > 6 { " after others".to_owned() } else { String::new() };
        let way = format!("{} waits for {}{more}", name(&start), way.join(", which waits for "));
        let finding = found.about(&first.unit, at, way);
        for (_, at) in path.iter().skip(1).take(5) {
            finding.related(*at, "and here");
        }
    }
}

/// The shortest way from a node back to itself, without the node at its beginning.
fn circle(start: usize, graph: &Graph, part: &[usize]) -> Option<Vec<(usize, Span)>> {
    let is_alone = !graph[start].iter().any(|(other, _)| part[*other] == part[start]);
    if is_alone {
        return None;
    }
    let mut came: HashMap<usize, (usize, Span)> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for (other, at) in graph[node].iter().filter(|(other, _)| part[*other] == part[start]) {
            if came.contains_key(other) {
                continue;
            }
            came.insert(*other, (node, *at));
            queue.push_back(*other);
        }
    }
    let mut path = Vec::new();
    let mut node = start;
    loop {
        let (before, at) = *came.get(&node)?;
        path.push((node, at));
        node = before;
        if node == start {
            path.reverse();
            return Some(path);
        }
    }
}

/// For every node the strongly connected part it is in, after Tarjan, without recursion: chains may be long.
fn parts(graph: &Graph) -> Vec<usize> {
    const NONE: usize = usize::MAX;
    let mut number = vec![NONE; graph.len()];
    let mut low = vec![0; graph.len()];
    let mut part = vec![NONE; graph.len()];
    let mut stack = Vec::new();
    let mut count = 0;
    for start in 0..graph.len() {
        if number[start] != NONE {
            continue;
        }
        let mut work = vec![(start, 0)];
        while let Some((node, edge)) = work.pop() {
            if edge == 0 {
                (number[node], low[node]) = (count, count);
                count += 1;
                stack.push(node);
            }
            if let Some((other, _)) = graph[node].get(edge) {
                work.push((node, edge + 1));
                if number[*other] == NONE {
                    work.push((*other, 0));
                } else if part[*other] == NONE {
                    low[node] = low[node].min(number[*other]);
                }
                continue;
            }
            if low[node] == number[node] {
                while let Some(top) = stack.pop() {
                    part[top] = node;
                    if top == node {
                        break;
                    }
                }
            }
            if let Some((above, _)) = work.last() {
                low[*above] = low[*above].min(low[node]);
            }
        }
    }
    part
}

/// The targets of systemd.special(7) that services are started with, without `.target`.
const TARGETS: &[&str] = &["multi-user", "default", "graphical", "network-online", "basic", "timers", "sockets"];

/// The target that a name of one was to be, where it is nearly that.
fn meant(target: &str) -> Option<&'static str> {
    let name = target.strip_suffix(".target").filter(|name| !TARGETS.contains(name))?;
    nearest(name, TARGETS.iter().copied())
}

fn never_started(_: &[Container<'_>], scope: &Scope<'_>, found: &mut Found<'_>) {
    let tree = scope.tree;
    let starts = |tie: &&Tie| matches!(tie.says, Says::Starts | Says::Uses);
    let wanted = scope.ties.iter().flatten().filter(starts).map(|tie| tree.units[tie.to].service.as_str());
    let wanted: HashSet<&str> = wanted.collect();
    for loaded in &tree.units {
        let unit = &loaded.unit;
        let runs = matches!(loaded.unit_type, UnitType::Container | UnitType::Pod | UnitType::Kube);
        // A pod starts its members; a job is started by a timer or by hand.
        let by_pod = unit.last("Container", "Pod").is_some()
            && unit.last("Container", "StartWithPod").is_none_or(|value| value.is_true());
        let is_job = unit.last("Service", "Type").is_some_and(|value| value.unquoted() == "oneshot");
        let installed =
            ["WantedBy", "RequiredBy", "UpheldBy", "Alias"].iter().any(|key| !unit.list("Install", key).is_empty());
        let is_template = loaded.service.contains('@');
        if runs && !by_pod && !is_job && !installed && !is_template && !wanted.contains(loaded.service.as_str()) {
            let at = unit.header(loaded.unit_type.group());
            found.about(unit, at, format!("nothing starts `{}.service`", loaded.service));
        }
        for key in ["WantedBy", "RequiredBy", "UpheldBy"] {
            for value in unit.list("Install", key) {
                for (word, near) in value.text.split_whitespace().filter_map(|word| Some((word, meant(word)?))) {
                    let message = format!("systemd brings no `{word}` that could start `{}.service`", loaded.service);
                    let finding = found.about(unit, value.at, message).severity(Severity::Warning);
                    finding.help(format!("did you mean `{near}.target`?"));
                }
            }
        }
    }
}
