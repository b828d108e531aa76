//! A disk with somebody at work beside the install.

use std::{io, sync::Mutex};

use plimsoll::install::{
    disk::Disk,
    file_system::{Entry, FileSystem, Kind, Locked},
};

use crate::killed::mortal::held;

/// What meddles.
pub enum Deed<'a> {
    /// Nothing: it is only written down what is called.
    Watches,
    /// Something happens right before the n-th call that changes something.
    Before(usize, &'a (dyn Fn() + Sync)),
}

pub struct Meddler<'a> {
    pub disk: &'a Disk,
    pub deed: Deed<'a>,
    /// The paths of every call that changes something.
    pub calls: Mutex<Vec<Vec<String>>>,
}

impl<'a> Meddler<'a> {
    pub fn new(disk: &'a Disk, deed: Deed<'a>) -> Self {
        Self { disk, deed, calls: Mutex::default() }
    }

    fn call(&self, paths: &[&str]) {
        let at = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(paths.iter().map(|path| (*path).to_owned()).collect());
            calls.len() - 1
        };
        if let Deed::Before(n, deed) = &self.deed
            && *n == at
        {
            deed();
        }
    }
}

impl FileSystem for Meddler<'_> {
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
        self.call(&[path]);
        self.disk.make_dir(path)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.call(&[path]);
        self.disk.write(path, bytes)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.call(&[from, to]);
        self.disk.rename(from, to)
    }

    fn exchange(&self, one: &str, other: &str) -> io::Result<()> {
        self.call(&[one, other]);
        self.disk.exchange(one, other)
    }

    fn remove_file(&self, path: &str) -> io::Result<()> {
        self.call(&[path]);
        self.disk.remove_file(path)
    }

    fn remove_dir(&self, path: &str) -> io::Result<()> {
        self.call(&[path]);
        self.disk.remove_dir(path)
    }

    fn sync(&self, path: &str) -> io::Result<()> {
        self.call(&[path]);
        self.disk.sync(path)
    }

    fn lock(&self, path: &str, who: &str) -> io::Result<Locked> {
        self.call(&[path]);
        held(self.disk, path, who)
    }
}
