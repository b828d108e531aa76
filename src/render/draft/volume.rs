//! `.volume` units.

use super::{Builder, Draft, Drafting, FileKind};
use crate::{
    diagnostic::{Diagnostic, Sourced},
    model::{Text, Volume},
    unit::{
        UnitType,
        keys::{Gated, value_gates},
    },
};

pub(super) fn draft(volume: &Volume, drafting: &mut Drafting<'_>) -> Draft {
    needs_device(volume, drafting);
    let mut unit = Builder::new(drafting, "Unit");
    let description = volume.description.clone();
    let description =
        description.unwrap_or_else(|| Sourced::new(Text::plain(format!("Volume {}", volume.name)), volume.origin));
    unit.systemd_text("Description", &description.value, description.origin);
    unit.verbatim(&volume.verbatim, &[]);
    let unit = unit.block("unit");

    let mut keys = Builder::new(drafting, "Volume");
    keys.push("VolumeName", volume.volume_name.value.clone(), volume.volume_name.origin);
    volume.settings.iter().for_each(|setting| keys.setting(setting));
    keys.verbatim(&volume.verbatim, &[]);
    let keys = keys.block("volume");
    let rest = super::rest(&volume.verbatim, drafting);
    Draft {
        path: drafting.quadlet_path(volume.name.as_str(), UnitType::Volume),
        kind: FileKind::Quadlet(UnitType::Volume),
        service: None,
        template: "volume.j2",
        header: drafting.header(Some(volume.file)),
        origin: volume.origin,
        blocks: [vec![unit, keys], rest].concat(),
    }
}

/// `Type=` always, and `Options=` before Podman 6.0, stand only beside a `Device=`.
fn needs_device(volume: &Volume, drafting: &mut Drafting<'_>) {
    let has = |key: &str| volume.settings.iter().find(|setting| setting.key == key);
    if has("Device").is_some() || volume.verbatim.iter().any(|line| line.key == "Device") {
        return;
    }
    let podman = drafting.catalog.target.podman.value;
    let since =
        value_gates("Volume", "Options").find(|gate| gate.value == Gated::Without("Device")).map(|gate| gate.since);
    for setting in
        [has("Type"), has("Options").filter(|_| since.is_some_and(|since| podman.pair() < since))].into_iter().flatten()
    {
        let newer = match (setting.key, since) {
            ("Options", Some((major, minor))) => format!(", or set the target to Podman {major}.{minor}"),
            _ => String::new(),
        };
        drafting.diagnostics.push(
            Diagnostic::general(format!("`{}` without `device`", setting.key.to_ascii_lowercase()))
                .at_origin(setting.origin)
                .help(format!("Podman {podman} would not generate the unit: write `device` as well{newer}")),
        );
    }
}
