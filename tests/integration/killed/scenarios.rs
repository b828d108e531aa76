//! What is killed.

use std::collections::BTreeSet;

use plimsoll::plan::{Reason, Wanted};

use super::{
    Act, Scenario, Start,
    host::{Tree, directory, plant_foreign, tree},
    mortal::Way,
    sets::{first, first_hosted, neighbour, nothing, one, second, second_hosted, third},
    systemd::Systemd,
};

fn install(wanted: Wanted) -> Act {
    Act { ends: wanted.clone(), wanted, reason: Reason::Install, force: false, down: BTreeSet::new() }
}

fn rollback(wanted: Wanted) -> Act {
    Act { reason: Reason::Rollback(1), ..install(wanted) }
}

fn uninstall() -> Act {
    Act { reason: Reason::Uninstall, ..install(nothing("home")) }
}

/// A service of the set does not come up, and what was there before is put back.
fn that_fails(act: Act, before: Wanted) -> Act {
    Act { down: BTreeSet::from(["new.service".to_owned()]), ends: before, ..act }
}

fn forced(act: Act) -> Act {
    Act { force: true, ..act }
}

/// A new machine.
fn bare() -> Start {
    Start { tree: Tree::new(), systemd: Systemd::default() }
}

/// One on which others have their files, and another catalog.
fn inhabited() -> Start {
    let dir = directory();
    plant_foreign(dir.path());
    let start = Start { tree: tree(dir.path()), systemd: Systemd::default() };
    // That catalog's services do not matter here.
    Start { systemd: Systemd::default(), ..start.after(&install(neighbour())) }
}

/// The first set installed beside others, with a service that somebody started.
fn installed() -> Start {
    let mut start = inhabited().after(&install(first()));
    start.systemd.start("job.service").unwrap();
    start
}

fn scenario(name: &'static str, start: Start, act: Act, stands: Vec<Wanted>, least: usize) -> Scenario {
    let nexts = vec![act.clone()];
    Scenario { name, start, before: None, act, stands, nexts, by_hand: Vec::new(), least }
}

#[test]
fn a_first_install_on_a_bare_host() {
    let stands = vec![nothing("home"), first()];
    scenario("first install, bare", bare(), install(first()), stands, 80).kill_everywhere();
}

#[test]
fn a_first_install_beside_others() {
    let stands = vec![nothing("home"), first()];
    let scenario = scenario("first install", inhabited(), install(first()), stands, 80);
    let nexts = vec![install(first()), install(second()), uninstall()];
    Scenario { nexts, ..scenario }.kill_everywhere();
}

#[test]
fn an_upgrade() {
    let scenario = scenario("upgrade", installed(), install(second()), vec![first(), second()], 80);
    let nexts = vec![install(second()), install(first()), install(third()), uninstall()];
    Scenario { nexts, ..scenario }.kill_everywhere();
}

#[test]
fn a_removal_of_all_but_one() {
    let scenario = scenario("removal", installed(), install(one()), vec![first(), one()], 50);
    let nexts = vec![install(one()), install(first()), install(third())];
    Scenario { nexts, ..scenario }.kill_everywhere();
}

#[test]
fn a_rollback() {
    let start = installed().after(&install(second()));
    let scenario = scenario("rollback", start, rollback(first()), vec![second(), first()], 80);
    let nexts = vec![rollback(first()), install(second()), install(third())];
    Scenario { nexts, ..scenario }.kill_everywhere();
}

#[test]
fn an_uninstall() {
    let start = installed().after(&install(second()));
    let scenario = scenario("uninstall", start, uninstall(), vec![second(), nothing("home")], 50);
    let nexts = vec![uninstall(), install(second()), install(third())];
    Scenario { nexts, ..scenario }.kill_everywhere();
}

#[test]
fn an_uninstall_after_many_generations() {
    let mut start = installed();
    for _ in 0..5 {
        start = start.after(&install(second())).after(&install(first()));
    }
    let scenario = scenario("uninstall, many generations", start, uninstall(), vec![first(), nothing("home")], 50);
    let nexts = vec![uninstall(), install(first())];
    Scenario { nexts, ..scenario }.kill_everywhere();
}

#[test]
fn an_install_that_is_put_back() {
    let act = that_fails(install(second()), first());
    let scenario = scenario("put back", installed(), act.clone(), vec![first(), second()], 150);
    let nexts = vec![install(second()), install(first()), act, install(third())];
    Scenario { nexts, ..scenario }.kill_everywhere();
}

#[test]
fn a_first_install_that_is_put_back() {
    let act = that_fails(install(second()), nothing("home"));
    let scenario = scenario("first install put back", inhabited(), act.clone(), vec![nothing("home"), second()], 100);
    let nexts = vec![install(second()), install(first())];
    Scenario { nexts, ..scenario }.kill_everywhere();
}

#[test]
fn a_forced_install_over_what_was_edited() {
    let mut start = installed();
    let mut edited = first();
    let mut by_hand = Vec::new();
    for path in ["etc/containers/systemd/home/db.container", "etc/systemd/system/services-web.slice"] {
        let text = format!("{}# by hand\n", edited.files[path].text);
        by_hand.push(text.clone().into_bytes());
        let place = start.tree.get_mut(path).unwrap();
        *place = super::host::Thing::File(0o644, text.clone().into_bytes());
        edited.files.get_mut(path).unwrap().text = text.into();
    }
    let scenario = scenario("forced", start, forced(install(second())), vec![edited, first(), second()], 80);
    Scenario { nexts: vec![forced(install(second())), forced(install(third()))], by_hand, ..scenario }
        .kill_everywhere();
}

/// The first set with files of the host, installed beside others.
fn installed_hosted() -> Start {
    let mut start = inhabited().after(&install(first_hosted()));
    start.systemd.start("job.service").unwrap();
    start
}

#[test]
fn a_first_install_with_files_of_the_host_on_a_bare_host() {
    let stands = vec![nothing("home"), first_hosted()];
    scenario("first install with the host, bare", bare(), install(first_hosted()), stands, 90).kill_everywhere();
}

#[test]
fn an_upgrade_of_files_of_the_host() {
    let stands = vec![first_hosted(), second_hosted()];
    let scenario = scenario("upgrade of the host", installed_hosted(), install(second_hosted()), stands, 100);
    let nexts = vec![install(second_hosted()), install(first_hosted()), install(third()), uninstall()];
    Scenario { nexts, ..scenario }.kill_everywhere();
}

#[test]
fn an_uninstall_of_files_of_the_host() {
    let stands = vec![first_hosted(), nothing("home")];
    let scenario = scenario("uninstall of the host", installed_hosted(), uninstall(), stands, 60);
    let nexts = vec![uninstall(), install(second_hosted()), install(third())];
    Scenario { nexts, ..scenario }.kill_everywhere();
}

#[test]
fn an_install_of_files_of_the_host_that_is_put_back() {
    let act = that_fails(install(second_hosted()), first_hosted());
    let stands = vec![first_hosted(), second_hosted()];
    let scenario = scenario("put back with the host", installed_hosted(), act.clone(), stands, 150);
    let nexts = vec![install(second_hosted()), install(first_hosted()), act];
    Scenario { nexts, ..scenario }.kill_everywhere();
}

/// The third set on top of an upgrade to the second that was killed.
fn on_top(name: &'static str, marker: &'static str, way: Way) {
    let stands = vec![first(), second(), third()];
    let scenario = scenario(name, installed(), install(third()), stands, 80);
    let before = Some((install(second()), marker, way));
    let nexts = vec![install(third()), install(second()), install(first()), uninstall()];
    Scenario { before, nexts, ..scenario }.kill_everywhere();
}

#[test]
fn an_install_after_one_that_was_killed_before_the_exchange() {
    on_top("after one killed before the exchange", "exchange ", Way::Before);
}

#[test]
fn an_install_after_one_that_was_killed_after_the_exchange() {
    on_top("after one killed after the exchange", "exchange ", Way::After);
}

#[test]
fn an_install_after_one_that_was_killed_in_the_calls() {
    on_top("after one killed in the calls", "Reload", Way::Before);
}

#[test]
fn an_install_after_one_that_was_killed_among_the_restarts() {
    on_top("after one killed among the restarts", "Restart", Way::Half);
}
