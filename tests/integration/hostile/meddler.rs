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
    /// Every call that changes something fails with this number.
    Refuses(i32),
    /// Every call that takes room fails with this number.
    HasNoRoom(i32),
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

    fn call(&self, paths: &[&str], takes_room: bool) -> io::Result<()> {
        let at = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(paths.iter().map(|path| (*path).to_owned()).collect());
            calls.len() - 1
        };
        match &self.deed {
            Deed::Before(n, deed) if *n == at => deed(),
            Deed::Refuses(number) => return Err(io::Error::from_raw_os_error(*number)),
            Deed::HasNoRoom(number) if takes_room => return Err(io::Error::from_raw_os_error(*number)),
            _ => {}
        }
        Ok(())
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
        self.call(&[path], true)?;
        self.disk.make_dir(path)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.call(&[path], true)?;
        self.disk.write(path, bytes)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.call(&[from, to], false)?;
        self.disk.rename(from, to)
    }

    fn exchange(&self, one: &str, other: &str) -> io::Result<()> {
        self.call(&[one, other], false)?;
        self.disk.exchange(one, other)
    }

    fn remove_file(&self, path: &str) -> io::Result<()> {
        self.call(&[path], false)?;
        self.disk.remove_file(path)
    }

    fn remove_dir(&self, path: &str) -> io::Result<()> {
        self.call(&[path], false)?;
        self.disk.remove_dir(path)
    }

    fn sync(&self, path: &str) -> io::Result<()> {
        self.call(&[path], false)?;
        self.disk.sync(path)
    }

    fn lock(&self, path: &str, who: &str) -> io::Result<Locked> {
        self.call(&[path], true)?;
        held(self.disk, path, who)
    }
}
