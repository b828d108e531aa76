//! `.kube` and `.pod`, and what is asked of every service that runs containers.

use super::Conversion;
use crate::unit::{UnitType, Version, split::Mode};

/// Since then a `.kube` may name several files.
const SEVERAL_YAML: Version = (5, 7);
/// Since then the type of a `.kube`'s service is looked at; before, it was overwritten.
const KUBE_TYPE: Version = (4, 8);

impl Conversion<'_> {
    /// What is asked of a `.kube`.
    pub(super) fn kube(&mut self) {
        let yaml = if self.podman >= SEVERAL_YAML {
            self.keys.words("Kube", "Yaml", Mode::Strv).len()
        } else {
            usize::from(self.keys.set("Kube", "Yaml").is_some())
        };
        if yaml == 0 {
            self.refuse(self.header(), "a `.kube` file needs `Yaml=`");
        }
        self.kill_mode();
        if self.podman >= KUBE_TYPE {
            self.service_type();
        }
        self.user_mappings();
        self.networks();
        self.published_ports();
        let directory = self.keys.set("Kube", "SetWorkingDirectory");
        let Some((directory, at)) = directory.map(|said| (said.text.to_ascii_lowercase(), said.at)) else { return };
        match directory.as_str() {
            "yaml" if yaml > 1 => self.refuse(at, "`SetWorkingDirectory=yaml` goes with one file in `Yaml=` only"),
            "yaml" | "unit" => {}
            _ => self.refuse(at, "`SetWorkingDirectory=` of a `.kube` file is `yaml` or `unit`"),
        }
    }

    /// What is asked of a `.pod`.
    pub(super) fn pod(&mut self) {
        self.user_mappings();
        self.published_ports();
        self.networks();
        self.volumes();
    }

    /// Podman stops its containers itself: systemd must leave them time for it.
    pub(super) fn kill_mode(&mut self) {
        let mode = self.keys.text("Service", "KillMode").map(|said| (said.text.to_owned(), said.at));
        if let Some((mode, at)) = mode
            && !matches!(mode.as_str(), "mixed" | "control-group")
        {
            self.refuse(at, format!("`KillMode={}`: Podman allows `mixed` and `control-group`", mode.escape_debug()));
        }
    }

    /// Podman tells systemd when a container is up, or that it has ended.
    pub(super) fn service_type(&mut self) {
        let service_type = self.keys.text("Service", "Type").map(|said| (said.text.to_owned(), said.at));
        if let Some((service_type, at)) = service_type
            && !matches!(service_type.as_str(), "notify" | "oneshot")
        {
            self.refuse(at, format!("`Type={}`: Podman allows `notify` and `oneshot`", service_type.escape_debug()));
        }
    }

    /// The name of what the unit makes, once it is converted. What was known before stays as it is.
    pub(super) fn makes(&self) -> Option<String> {
        let named = |group, key| self.keys.set(group, key).map(|said| said.text.to_owned());
        let by_default = || Some(format!("systemd-{}", self.unit.file().name()));
        match self.unit_type {
            UnitType::Network => named("Network", "NetworkName").or_else(by_default),
            UnitType::Volume => named("Volume", "VolumeName").or_else(by_default),
            UnitType::Image => named("Image", "ImageTag").or_else(|| named("Image", "Image")),
            UnitType::Artifact => named("Artifact", "Artifact"),
            UnitType::Container | UnitType::Pod | UnitType::Build | UnitType::Kube => None,
        }
    }
}
