//! The number of syncs of an install does not grow faster than its files.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
};

use camino::Utf8Path;
use plimsoll::{
    install::{
        disk::Disk,
        file_system::{Entry, FileSystem, Kind, Locked},
        installer::{self, Job, Settings, Systemd},
    },
    model::Name,
    plan::{Layout, Reason, Wanted, WantedFile},
    render::owner_line,
};

use crate::{killed::mortal::held, restarts::Silent};

/// A disk that counts how often it is waited for, and does not wait.
struct Counting<'a> {
    disk: &'a Disk,
    syncs: AtomicUsize,
}

impl FileSystem for Counting<'_> {
    fn entry(&self, path: &str) -> io::Result<Option<Entry>> {
        self.disk.entry(path)
    }
    fn list(&self, dir: &str) -> io::Result<Option<Vec<(String, Kind)>>> {
        self.disk.list(dir)
    }
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.disk.read(path)
    }
    fn make_dir(&self, path: &str) -> io::Result<()> {
        self.disk.make_dir(path)
    }
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.disk.write(path, bytes)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn exchange(&self, one: &str, other: &str) -> io::Result<()> {
        self.disk.exchange(one, other)
    }
    fn remove_file(&self, path: &str) -> io::Result<()> {
        self.disk.remove_file(path)
    }
    fn remove_dir(&self, path: &str) -> io::Result<()> {
        self.disk.remove_dir(path)
    }
    fn sync(&self, _: &str) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    fn lock(&self, path: &str, who: &str) -> io::Result<Locked> {
        held(self.disk, path, who)
    }
}

/// So many containers, each with its slice.
fn wanted(services: usize) -> Wanted {
    let layout = Layout::system(&Name::new("home").unwrap());
    let mut wanted = Wanted::nothing(layout);
    for at in 0..services {
        let owner = owner_line(&format!("s{at}.toml"), &wanted.layout.catalog);
        for (name, text) in [
            (format!("s{at}.container"), "[Container]\nImage=example.org/a:1\n"),
            (format!("services-s{at}.slice"), "[Slice]\nTasksMax=9\n"),
        ] {
            let file = WantedFile { service: Some(format!("s{at}")), text: format!("{owner}\n\n{text}").into() };
            wanted.files.insert(wanted.layout.place(&name), file);
        }
    }
    wanted
}

fn syncs(services: usize) -> usize {
    let root = tempfile::tempdir().unwrap();
    let disk = Disk::beneath(Utf8Path::from_path(root.path()).unwrap()).unwrap();
    let disk = Counting { disk: &disk, syncs: AtomicUsize::new(0) };
    let wanted = wanted(services);
    let mut made = Vec::new();
    let Locked::Held(lock) = installer::lock(&disk, &wanted.layout, "a test", &mut made).unwrap() else {
        panic!("it was waited for");
    };
    let settings = Settings { force: false, systemd: Systemd::Nothing, keep: 10, now: String::new() };
    let job = Job { disk: &disk, wanted: &wanted, reason: &Reason::Install, made: &made, settings: &settings };
    installer::install(job, None, &mut Silent, &lock).unwrap();
    disk.syncs.load(Ordering::Relaxed)
}

#[test]
fn each_file_is_waited_for_as_often_however_many_there_are() {
    let (few, many) = (syncs(10), syncs(1000));
    // Each file once where it stands and once in its generation; the rest is the same for any number.
    assert_eq!(many - few, 2 * 2 * (1000 - 10), "{few} for 20 files, {many} for 2,000");
    assert!(few < 2 * 20 + 50, "{few} for 20 files");
}
