//! A disk and a manager that die, or fail, at a point that was told before.

use std::{
    io,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use plimsoll::{
    install::{
        carry_out::{CallError, Down, Manager},
        disk::Disk,
        file_system::{Entry, FileSystem, Kind, Locked},
    },
    plan::Call,
};

use super::systemd::Systemd;

/// What is thrown where the process would be killed.
#[derive(Debug)]
pub struct Killed;

/// How a run ends at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Killed before it is done.
    Before,
    /// Killed once it is done.
    After,
    /// Killed when half of the bytes are written, or half of the units asked for.
    Half,
    /// The file system is full, this once.
    Full,
    /// It is full from here on.
    StaysFull,
    /// It fails.
    Fails,
}

/// Where a run ends, and how.
#[derive(Clone, Copy, Debug)]
pub struct Fate {
    pub at: usize,
    pub way: Way,
}

/// What can be done at a point.
#[derive(Clone, Debug)]
pub struct Point {
    pub what: String,
    /// A write: of bytes, or of a name that needs room.
    pub takes_room: bool,
    /// It has two halves.
    pub has_halves: bool,
}

impl Point {
    /// The ways in which a run can end here.
    pub fn ways(&self) -> Vec<Way> {
        let mut ways = vec![Way::Before, Way::After, Way::Fails];
        if self.takes_room {
            ways.extend([Way::Full, Way::StaysFull]);
        }
        if self.has_halves {
            ways.push(Way::Half);
        }
        ways
    }
}

/// The points of a run in the order in which they came.
#[derive(Debug, Default)]
pub struct Clock {
    fate: Option<Fate>,
    points: Mutex<Vec<Point>>,
    is_dead: AtomicBool,
    is_full: AtomicBool,
}

enum Verdict {
    Live,
    DieAfter,
    DieHalfway,
    FailHalfway,
    Fail,
}

impl Clock {
    pub fn new(fate: Option<Fate>) -> Self {
        Self { fate, ..Self::default() }
    }

    pub fn points(&self) -> Vec<Point> {
        self.points.lock().unwrap().clone()
    }

    /// Nothing is done by the dead: no destructor either.
    fn alive(&self) {
        if self.is_dead.load(Ordering::SeqCst) {
            self.die();
        }
    }

    fn die(&self) -> ! {
        self.is_dead.store(true, Ordering::SeqCst);
        std::panic::resume_unwind(Box::new(Killed));
    }

    fn point(&self, what: String, takes_room: bool, has_halves: bool) -> Verdict {
        self.alive();
        let at = {
            let mut points = self.points.lock().unwrap();
            points.push(Point { what, takes_room, has_halves });
            points.len() - 1
        };
        if takes_room && self.is_full.load(Ordering::SeqCst) {
            return Verdict::FailHalfway;
        }
        match self.fate.filter(|fate| fate.at == at).map(|fate| fate.way) {
            None => Verdict::Live,
            Some(Way::Before) => self.die(),
            Some(Way::After) => Verdict::DieAfter,
            Some(Way::Half) => Verdict::DieHalfway,
            Some(Way::Full) => Verdict::FailHalfway,
            Some(Way::StaysFull) => {
                self.is_full.store(true, Ordering::SeqCst);
                Verdict::FailHalfway
            }
            Some(Way::Fails) => Verdict::Fail,
        }
    }

    fn change<T>(
        &self,
        what: String,
        takes_room: bool,
        half: Option<&dyn Fn()>,
        whole: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        match self.point(what, takes_room, half.is_some()) {
            Verdict::Live => whole(),
            Verdict::DieAfter => {
                let _ = whole();
                self.die()
            }
            Verdict::DieHalfway => {
                half.inspect(|half| half());
                self.die()
            }
            Verdict::FailHalfway => {
                half.inspect(|half| half());
                Err(io::Error::from_raw_os_error(28))
            }
            Verdict::Fail => Err(io::Error::from_raw_os_error(5)),
        }
    }
}

/// The real disk, as far as it goes.
pub struct Mortal<'a> {
    pub disk: &'a Disk,
    pub clock: &'a Clock,
}

impl FileSystem for Mortal<'_> {
    fn entry(&self, path: &str) -> io::Result<Option<Entry>> {
        self.clock.alive();
        self.disk.entry(path)
    }

    fn list(&self, dir: &str) -> io::Result<Option<Vec<(String, Kind)>>> {
        self.clock.alive();
        self.disk.list(dir)
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.clock.alive();
        self.disk.read(path)
    }

    fn make_dir(&self, path: &str) -> io::Result<()> {
        self.clock.change(format!("make_dir {path}"), true, None, || self.disk.make_dir(path))
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let half = || drop(self.disk.write(path, &bytes[..bytes.len() / 2]));
        self.clock.change(format!("write {path}"), true, Some(&half), || self.disk.write(path, bytes))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.clock.change(format!("rename {from} {to}"), false, None, || self.disk.rename(from, to))
    }

    fn exchange(&self, one: &str, other: &str) -> io::Result<()> {
        self.clock.change(format!("exchange {one} {other}"), false, None, || self.disk.exchange(one, other))
    }

    fn remove_file(&self, path: &str) -> io::Result<()> {
        self.clock.change(format!("remove_file {path}"), false, None, || self.disk.remove_file(path))
    }

    fn remove_dir(&self, path: &str) -> io::Result<()> {
        self.clock.change(format!("remove_dir {path}"), false, None, || self.disk.remove_dir(path))
    }

    /// A process that is killed loses nothing of what it wrote, so nothing is waited for.
    fn sync(&self, path: &str) -> io::Result<()> {
        self.clock.change(format!("sync {path}"), false, None, || match path {
            "" => Ok(()),
            path => self.disk.entry(path)?.map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into()),
        })
    }

    fn lock(&self, path: &str, who: &str) -> io::Result<Locked> {
        self.clock.change(format!("lock {path}"), true, None, || held(self.disk, path, who))
    }
}

/// The lock, tried again while another test's child has this process's files open, between its fork and its exec.
pub fn held(disk: &dyn FileSystem, path: &str, who: &str) -> io::Result<Locked> {
    loop {
        match disk.lock(path, who)? {
            Locked::ByOthers(_) => std::thread::sleep(std::time::Duration::from_millis(1)),
            held @ Locked::Held(_) => return Ok(held),
        }
    }
}

/// systemd and podman, as far as they are asked.
pub struct MortalManager<'a> {
    pub systemd: &'a mut Systemd,
    pub clock: &'a Clock,
}

fn refused(call: &str) -> CallError {
    CallError { command: call.to_owned(), message: "no answer".to_owned() }
}

impl Manager for MortalManager<'_> {
    fn call(&mut self, call: &Call) -> Result<(), CallError> {
        let what = format!("{call:?}");
        let half = match call {
            Call::Stop(units) => Some(Call::Stop(units[..units.len() / 2].to_vec())),
            Call::Start(units) => Some(Call::Start(units[..units.len() / 2].to_vec())),
            Call::Restart(units) => Some(Call::Restart(units[..units.len() / 2].to_vec())),
            _ => None,
        };
        match self.clock.point(what.clone(), false, half.is_some()) {
            Verdict::Live => self.systemd.call(call),
            Verdict::DieAfter => {
                let _ = self.systemd.call(call);
                self.clock.die()
            }
            Verdict::DieHalfway => {
                let _ = half.map(|half| self.systemd.call(&half));
                self.clock.die()
            }
            Verdict::Fail | Verdict::FailHalfway => Err(refused(&what)),
        }
    }

    fn not_running(&mut self, services: &[String]) -> Result<Vec<Down>, CallError> {
        let what = format!("not_running {services:?}");
        match self.clock.point(what.clone(), false, false) {
            Verdict::Live => Ok(self.systemd.not_running(services)),
            Verdict::DieAfter | Verdict::DieHalfway => self.clock.die(),
            Verdict::Fail | Verdict::FailHalfway => Err(refused(&what)),
        }
    }
}
