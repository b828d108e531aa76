//! The versions of installed packages, where that is told by a file that can be read without a program: dpkg's and
//! pacman's. RPM keeps them in a database.

use super::root::{Found, Root};

/// The version of a package as its distribution writes it.
pub(super) fn version(root: &Root, package: &str) -> Found<String> {
    if let Some(status) = root.text("var/lib/dpkg/status")? {
        return Ok(of_dpkg(&status, package));
    }
    let local = root.list("var/lib/pacman/local")?.unwrap_or_default();
    Ok(local.iter().find_map(|entry| of_pacman(entry, package)))
}

fn of_dpkg(status: &str, package: &str) -> Option<String> {
    let stanzas = status.split("\n\n");
    let field = |stanza: &str, key: &str| {
        stanza.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": ").map(str::to_owned))
    };
    let mut own = stanzas.filter(|stanza| field(stanza, "Package").as_deref() == Some(package));
    own.find(|stanza| field(stanza, "Status").is_some_and(|status| status.ends_with(" installed")))
        .and_then(|stanza| field(stanza, "Version"))
}

/// `podman-5.4.2-1`
fn of_pacman(entry: &str, package: &str) -> Option<String> {
    let mut parts = entry.rsplitn(3, '-');
    let (release, version, name) = (parts.next()?, parts.next()?, parts.next()?);
    (name == package).then(|| format!("{version}-{release}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_packages() {
        let status = "Package: podman-docker\nStatus: install ok installed\nVersion: 1\n\nPackage: podman\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.4.2+ds1-2+b1\n\nPackage: crun\nStatus: deinstall ok config-files\nVersion: 1.2\n";
        assert_eq!(of_dpkg(status, "podman").as_deref(), Some("5.4.2+ds1-2+b1"));
        assert_eq!((of_dpkg(status, "crun"), of_dpkg(status, "pod")), (None, None));
        assert_eq!(of_pacman("podman-5.4.2-1", "podman").as_deref(), Some("5.4.2-1"));
        assert_eq!(of_pacman("podman-docker-5.4.2-1", "podman"), None);
    }
}
