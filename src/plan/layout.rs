//! Where on a host a catalog's files belong, and who else is read there.

use camino::Utf8Path;

use crate::model::{Name, Profile};

/// The directories of a catalog on a host, beneath its root and without a leading slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The catalog.
    pub catalog: Name,
    /// Whose systemd reads the units.
    pub manager: Owner,
    /// The directory that the catalog owns in Quadlet's search path: `etc/containers/systemd/homelab`.
    pub units: String,
    /// Where its slices stand, among those of others: `etc/systemd/system`.
    pub slices: String,
    /// What an install remembers of it: `var/lib/plimsoll/homelab`.
    pub state: String,
    /// Quadlet's search path, the directory that wins first (podman-systemd.unit(5)).
    pub search: Vec<String>,
    /// Where plain units stand that win over generated ones, and those that lose (systemd.unit(5)).
    pub plain_units: Vec<String>,
}

/// Whose systemd reads the units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The system's.
    System,
    /// That of another user, by number; `None` where the units are for every user.
    User(Option<u32>),
    /// That of the user who runs the program.
    Oneself,
}

/// The directories of the user who runs the program, beneath the root and without a leading slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// `$XDG_CONFIG_HOME`.
    pub config: String,
    /// `$XDG_STATE_HOME`.
    pub state: String,
    /// `$XDG_RUNTIME_DIR`, if there is one.
    pub runtime: Option<String>,
    /// The user's number.
    pub uid: u32,
}

const SYSTEM_STATE: &str = "var/lib/plimsoll";

impl Layout {
    /// The system's own services.
    pub fn system(catalog: &Name) -> Self {
        let search = ["run/containers/systemd", "etc/containers/systemd", "usr/share/containers/systemd"];
        let plain =
            ["etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system"];
        Self {
            catalog: catalog.clone(),
            manager: Owner::System,
            units: format!("etc/containers/systemd/{catalog}"),
            slices: "etc/systemd/system".to_owned(),
            state: format!("{SYSTEM_STATE}/{catalog}"),
            search: search.map(str::to_owned).to_vec(),
            plain_units: plain.map(str::to_owned).to_vec(),
        }
    }

    /// The services of a user, or of every user, written by root.
    pub fn for_user(catalog: &Name, uid: Option<u32>) -> Self {
        let users = "etc/containers/systemd/users";
        let own = uid.map_or_else(|| users.to_owned(), |uid| format!("{users}/{uid}"));
        let search = [own.clone(), users.to_owned(), "usr/share/containers/systemd/users".to_owned()];
        let mut search = search.to_vec();
        search.dedup();
        Self {
            catalog: catalog.clone(),
            manager: Owner::User(uid),
            units: format!("{own}/{catalog}"),
            slices: "etc/systemd/user".to_owned(),
            state: format!("{SYSTEM_STATE}/{catalog}"),
            search,
            plain_units: ["etc/systemd/user", "usr/lib/systemd/user"].map(str::to_owned).to_vec(),
        }
    }

    /// The services of the user who runs the program.
    pub fn for_oneself(catalog: &Name, home: &Home) -> Self {
        let mut search: Vec<String> = home.runtime.iter().map(|dir| format!("{dir}/containers/systemd")).collect();
        search.push(format!("{}/containers/systemd", home.config));
        search.push(format!("etc/containers/systemd/users/{}", home.uid));
        search.push("etc/containers/systemd/users".to_owned());
        Self {
            catalog: catalog.clone(),
            manager: Owner::Oneself,
            units: format!("{}/containers/systemd/{catalog}", home.config),
            slices: format!("{}/systemd/user", home.config),
            state: format!("{}/plimsoll/{catalog}", home.state),
            search,
            plain_units: vec![
                format!("{}/systemd/user", home.config),
                "etc/systemd/user".to_owned(),
                "usr/lib/systemd/user".to_owned(),
            ],
        }
    }

    /// Where a file of the rendered tree belongs: units into the catalog's directory, slices to the others.
    pub fn place(&self, path: &str) -> String {
        let name = Utf8Path::new(path).file_name().unwrap_or(path);
        let dir = if name.ends_with(".slice") { &self.slices } else { &self.units };
        format!("{dir}/{name}")
    }

    /// Whether root's podman runs the services, or a user's.
    pub fn profile(&self) -> Profile {
        if self.manager == Owner::System { Profile::Rootful } else { Profile::Rootless }
    }

    /// Whether a place is beneath the catalog's own directory.
    pub fn is_unit(&self, path: &str) -> bool {
        path.strip_prefix(&self.units).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The directory that holds the state of every catalog.
    pub fn all_states(&self) -> &str {
        self.state.rsplit_once('/').map_or("", |(dir, _)| dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_where_podman_and_systemd_look() {
        let name = Name::new("home").unwrap();
        let home = Home {
            config: "home/ann/.config".to_owned(),
            state: "home/ann/.local/state".to_owned(),
            runtime: Some("run/user/1000".to_owned()),
            uid: 1000,
        };
        let places = |layout: &Layout| (layout.place("x/web.container"), layout.place("x/services-web.slice"));
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            places(&Layout::system(&name)),
            pair("etc/containers/systemd/home/web.container", "etc/systemd/system/services-web.slice")
        );
        assert_eq!(
            places(&Layout::for_user(&name, Some(1000))),
            pair("etc/containers/systemd/users/1000/home/web.container", "etc/systemd/user/services-web.slice")
        );
        assert_eq!(
            places(&Layout::for_oneself(&name, &home)),
            pair(
                "home/ann/.config/containers/systemd/home/web.container",
                "home/ann/.config/systemd/user/services-web.slice"
            )
        );
        assert_eq!(Layout::system(&name).all_states(), "var/lib/plimsoll");
    }
}
