//! What `systemctl set-property --runtime` leaves behind: a drop-in for each property that stands above the unit's own file,
//! so that a later text of that file would count for nothing until the next boot (seen with systemd 257).

use rustix::{
    fs::{self, AtFlags, Mode, OFlags},
    io::Errno,
};

use super::{CommandError, Whose};

/// Removes the drop-ins of these properties of a unit; systemd is told by the next `daemon-reload`.
///
/// # Errors
/// What the system refused.
pub fn forget(whose: &Whose, unit: &str, properties: &[String]) -> Result<(), CommandError> {
    let control = match whose {
        Whose::System => "/run/systemd/system.control".to_owned(),
        Whose::Own => format!("/run/user/{}/systemd/user.control", rustix::process::geteuid().as_raw()),
        Whose::User(uid) => format!("/run/user/{uid}/systemd/user.control"),
    };
    let dir = format!("{unit}.d");
    remove(&control, &dir, properties).map_err(|error| CommandError {
        command: format!("rm {control}/{dir}/50-*.conf"),
        message: std::io::Error::from(error).to_string(),
    })
}

/// No link is followed on the way: beneath `/run/user` a user decides what stands there.
fn remove(control: &str, dir: &str, properties: &[String]) -> Result<(), Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut at = fs::open("/", flags, Mode::empty())?;
    for part in control.split('/').filter(|part| !part.is_empty()) {
        match fs::openat(&at, part, flags, Mode::empty()) {
            Ok(next) => at = next,
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    let of_unit = match fs::openat(&at, dir, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(()),
        of_unit => of_unit?,
    };
    for property in properties {
        match fs::unlinkat(&of_unit, format!("50-{property}.conf"), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error),
        }
    }
    match fs::unlinkat(&at, dir, AtFlags::REMOVEDIR) {
        // Somebody else has set something as well.
        Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_set_goes_and_no_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let control = dir.path().to_str().unwrap().to_owned();
        let unit = dir.path().join("a.service.d");
        std::fs::create_dir(&unit).unwrap();
        for name in ["50-MemoryMax.conf", "50-CPUWeight.conf", "note"] {
            std::fs::write(unit.join(name), "").unwrap();
        }
        let both = ["MemoryMax".to_owned(), "TasksMax".to_owned()];
        remove(&control, "a.service.d", &both).unwrap();
        let left = |dir: &std::path::Path| {
            let mut names: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(left(&unit), ["50-CPUWeight.conf", "note"]);
        std::os::unix::fs::symlink("a.service.d", dir.path().join("b.service.d")).unwrap();
        assert!(remove(&control, "b.service.d", &["CPUWeight".to_owned()]).is_err());
        assert_eq!(left(&unit), ["50-CPUWeight.conf", "note"]);
        assert_eq!(remove(&control, "none.service.d", &both), Ok(()));
        assert_eq!(remove("/nonexistent/at/all", "none.service.d", &both), Ok(()));
        for name in ["50-CPUWeight.conf", "note"] {
            std::fs::remove_file(unit.join(name)).unwrap();
        }
        remove(&control, "a.service.d", &both).unwrap();
        assert!(!unit.exists());
    }
}
