//! Finds what runs of a service: its cgroup, that of its container within, and the container's first process.
//!
//! Quadlet runs containers with `--cgroups=split`: podman makes `libpod-payload-ID` beneath the service for the
//! container, and leaves conmon in a sibling (seen with Podman 5.4.2 and crun).

use std::cell::OnceCell;

use super::{
    cgroups,
    kernel::{Directory, Unread},
    process,
};
use crate::model::{is_beneath, mountinfo::mount_of};

/// Where cgroup v2 is mounted, beneath the root.
const CGROUPS: &str = "sys/fs/cgroup";
const PAYLOAD: &str = "libpod-payload-";
/// Control groups of a container may nest; deeper than this nobody's do.
const DEEPEST: usize = 16;
/// More links than this the kernel does not follow (`path_resolution(7)`).
const MOST_LINKS: usize = 40;
/// Directories of a host that systemd keeps in memory (file-hierarchy(7)).
const MEMORY: [&str; 3] = ["/run", "/tmp", "/dev"];

/// A host's cgroups and processes.
#[derive(Debug)]
pub struct Host {
    root: Directory,
    /// The cgroup of the manager that runs the services, with a slash at its end; empty for the system's.
    manager: String,
    /// What is mounted on it, once somebody asked.
    mounts: OnceCell<Vec<process::MountPoint>>,
}

/// A container that runs.
#[derive(Debug)]
pub struct Payload {
    /// Its cgroup, as [`Host::cgroup`] takes it.
    pub cgroup: String,
    /// How many containers there are beneath the service.
    pub siblings: usize,
    /// Its first process; a cgroup can be looked at where that cannot.
    pub process: Result<Process, Unread>,
}

/// A process; what is read of it is of this one, even when its number has been given to another.
#[derive(Debug)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its directory.
    pub dir: Directory,
    /// Its status.
    pub status: process::Status,
}

impl Process {
    /// The text of one of its files.
    ///
    /// # Errors
    /// It cannot be read, or the process has ended.
    pub fn read(&self, file: &str) -> Result<String, Unread> {
        self.dir.read(file).map_err(|error| self.or_vanished(error))
    }

    /// Where one of its links leads.
    ///
    /// # Errors
    /// It cannot be read, or the process has ended.
    pub fn link(&self, file: &str) -> Result<String, Unread> {
        self.dir.link(file).map_err(|error| self.or_vanished(error))
    }

    /// A file that is not there, and a process that is not there any more, are two things.
    fn or_vanished(&self, error: Unread) -> Unread {
        let is_here = error != Unread::Gone || self.dir.read("status").is_ok();
        if is_here { error } else { Unread::Vanished }
    }
}

/// What runs of a service.
#[derive(Debug)]
pub enum Running {
    /// A container.
    Container(Box<Payload>),
    /// Only conmon: the container is somewhere else.
    Elsewhere,
}

impl Host {
    /// The host beneath a root, with the services of the system, or of the user of that number.
    ///
    /// # Errors
    /// There is no cgroup v2.
    pub fn new(root: Directory, user: Option<u32>) -> Result<Self, Unread> {
        match root.read(&format!("{CGROUPS}/cgroup.controllers")) {
            Ok(_) => {}
            Err(Unread::Gone) => {
                return Err(Unread::Because(format!("no cgroup v2 is mounted on /{CGROUPS}")));
            }
            Err(error) => return Err(error),
        }
        let manager = user.map_or_else(String::new, |uid| format!("user.slice/user-{uid}.slice/user@{uid}.service/"));
        Ok(Self { root, manager, mounts: OnceCell::new() })
    }

    /// The path of a unit's cgroup: the slices from the outside in, then the unit.
    pub fn path<'u>(&self, units: impl IntoIterator<Item = &'u str>) -> String {
        let units: Vec<String> = units.into_iter().map(cgroups::directory).collect();
        format!("{CGROUPS}/{}{}", self.manager, units.join("/"))
    }

    /// The users whose managers run, in order.
    pub fn users(root: &Directory) -> Vec<u32> {
        let Ok(slices) = root.open(&format!("{CGROUPS}/user.slice")) else { return Vec::new() };
        let of = |name: &String| {
            let uid = name.strip_prefix("user-")?.strip_suffix(".slice")?.parse().ok()?;
            slices.open(&format!("user-{uid}.slice/user@{uid}.service")).is_ok().then_some(uid)
        };
        let mut users: Vec<u32> = slices.directories().unwrap_or_default().iter().filter_map(of).collect();
        users.sort_unstable();
        users
    }

    /// Where a unit's cgroup is, whatever slices it stands in; as [`Host::cgroup`] takes it.
    pub fn find(&self, unit: &str) -> Option<String> {
        let name = cgroups::directory(unit);
        let mut todo = vec![(format!("{CGROUPS}/{}", self.manager.trim_end_matches('/')), DEEPEST)];
        while let Some((path, depth)) = todo.pop() {
            let path = path.trim_end_matches('/');
            let mut inner = self.root.open(path).and_then(|dir| dir.directories()).unwrap_or_default();
            if inner.contains(&name) {
                return Some(format!("{path}/{name}"));
            }
            inner.sort_unstable();
            let slices = inner.into_iter().filter(|inner| depth > 0 && inner.ends_with(".slice"));
            todo.extend(slices.map(|slice| (format!("{path}/{slice}"), depth - 1)));
        }
        None
    }

    /// A cgroup.
    ///
    /// # Errors
    /// It is not there, or cannot be opened.
    pub fn cgroup(&self, path: &str) -> Result<Directory, Unread> {
        self.root.open(path)
    }

    /// The network of the host, as its namespace.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn network(&self) -> Result<String, Unread> {
        self.outside(|pid| self.root.link(&format!("proc/{pid}/ns/net")))
    }

    /// The interfaces of the host, as the kernel writes them.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn interfaces(&self) -> Result<String, Unread> {
        self.outside(|pid| self.root.read(&format!("proc/{pid}/net/dev")))
    }

    /// Whether a path of the host leads into memory, by its links and what is mounted there.
    pub fn is_in_memory(&self, path: &str) -> bool {
        let path = self.resolved(path);
        let read = || self.outside(|pid| self.root.read(&format!("proc/{pid}/mountinfo")));
        let mounts = self.mounts.get_or_init(|| process::mounts(&read().unwrap_or_default()));
        match mount_of(mounts, &path) {
            Some(mount) => ["tmpfs", "ramfs", "devtmpfs"].contains(&&*mount.kind),
            None => MEMORY.iter().any(|dir| is_beneath(&path, dir)),
        }
    }

    /// Where the links of a path lead, beneath the root.
    fn resolved(&self, path: &str) -> String {
        let mut todo: Vec<String> = path.rsplit('/').map(str::to_owned).collect();
        let mut done: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(part) = todo.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => drop(done.pop()),
                _ => done.push(part),
            }
            let Some(target) = self.root.link(&done.join("/")).ok().filter(|_| links < MOST_LINKS) else { continue };
            links += 1;
            if target.starts_with('/') {
                done.clear();
            } else {
                done.pop();
            }
            todo.extend(target.rsplit('/').map(str::to_owned));
        }
        format!("/{}", done.join("/"))
    }

    /// What is read of a process that is in no container: of the host's first, or where only root may look at that, of
    /// the user's manager.
    fn outside<T>(&self, read: impl Fn(u32) -> Result<T, Unread>) -> Result<T, Unread> {
        let first = read(1);
        if self.manager.is_empty() || first.is_ok() {
            return first;
        }
        let processes = self.root.read(&format!("{CGROUPS}/{}init.scope/cgroup.procs", self.manager))?;
        let found = cgroups::processes(&processes).into_iter().find_map(|pid| read(pid).ok());
        found.map_or(first, Ok)
    }

    /// What runs in a service's cgroup.
    ///
    /// # Errors
    /// It does not run, or cannot be looked at.
    pub fn running(&self, service: &str) -> Result<Running, Unread> {
        let dir = self.cgroup(service).map_err(|error| match error {
            Unread::Gone => Unread::NotRunning,
            error => error,
        })?;
        let names = dir.directories()?;
        let payloads: Vec<&String> = names.iter().filter(|name| name.starts_with(PAYLOAD)).collect();
        let mut populated: Vec<(String, Vec<u32>)> = Vec::new();
        for name in &payloads {
            // What a container left behind has no process.
            let found = dir.open(name).map(|cgroup| members(&cgroup, DEEPEST)).unwrap_or_default();
            if !found.is_empty() {
                populated.push((format!("{service}/{name}"), found));
            }
        }
        let siblings = populated.len();
        if let Some((cgroup, pids)) = populated.into_iter().next() {
            let members = members(&self.cgroup(&cgroup)?, DEEPEST);
            // Its number may have been given to another before it was opened.
            let is_here = |process: Process| {
                if members.contains(&process.pid) { Ok(process) } else { Err(Unread::Vanished) }
            };
            let process = self.first(&pids, |_| true).and_then(is_here);
            return Ok(Running::Container(Box::new(Payload { cgroup, siblings, process })));
        }
        let pids = members(&dir, DEEPEST);
        if pids.is_empty() {
            return Err(Unread::NotRunning);
        }
        // A process in a process namespace of its own is no helper, whatever it calls itself.
        let is_helper = |process: &Process, names: &[&str]| {
            process.status.numbers.len() < 2 && names.contains(&process.status.name.as_str())
        };
        let payload = self.first(&pids, |process| !is_helper(process, &["conmon", "podman"]));
        if let Ok(process) = payload {
            let payload = Payload { cgroup: service.to_owned(), siblings: 1, process: Ok(process) };
            return Ok(Running::Container(Box::new(payload)));
        }
        // conmon lives as long as its container; podman alone is still pulling the image.
        if self.first(&pids, |process| is_helper(process, &["conmon"])).is_ok() {
            return Ok(Running::Elsewhere);
        }
        match self.first(&pids, |_| true) {
            Ok(_) => Err(Unread::Starting),
            Err(error) => Err(error),
        }
    }

    /// The first process of a container: the one that is 1 in its own process namespace, else the first that is there.
    /// What was started in it later, by a health check or by hand, stands in the same cgroup.
    fn first(&self, pids: &[u32], is_wanted: impl Fn(&Process) -> bool) -> Result<Process, Unread> {
        let open = |pid: u32| -> Result<Process, Unread> {
            let dir = self.root.open(&format!("proc/{pid}"))?;
            let status = process::status(&dir.read("status")?);
            Ok(Process { pid, dir, status })
        };
        let mut others = Vec::new();
        let mut any_gone = pids.is_empty();
        for pid in pids {
            match open(*pid) {
                Ok(process) if !is_wanted(&process) => {}
                Ok(process) if process.status.numbers.len() > 1 && process.status.numbers.last() == Some(&1) => {
                    return Ok(process);
                }
                Ok(process) => others.push(process),
                Err(Unread::Gone) => any_gone = true,
                Err(error) => return Err(error),
            }
        }
        // Any other may have been the one: a health check says nothing of its container.
        others.into_iter().next().filter(|_| !any_gone).ok_or(Unread::Vanished)
    }
}

/// The processes of a cgroup and of those in it.
fn members(cgroup: &Directory, depth: usize) -> Vec<u32> {
    let mut pids = cgroup.read("cgroup.procs").map(|text| cgroups::processes(&text)).unwrap_or_default();
    if depth > 0 {
        for name in cgroup.directories().unwrap_or_default() {
            if let Ok(inner) = cgroup.open(&name) {
                pids.extend(members(&inner, depth - 1));
            }
        }
    }
    pids
}
