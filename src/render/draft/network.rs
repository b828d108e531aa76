//! `.network` units.

use super::{Builder, Draft, Drafting, FileKind};
use crate::{
    diagnostic::Sourced,
    model::{Network, Setting, SettingValue, Text},
    unit::UnitType,
};

pub(super) fn draft(network: &Network, drafting: &mut Drafting<'_>) -> Draft {
    let mut unit = Builder::new(drafting, "Unit");
    let description = network.description.clone();
    let description =
        description.unwrap_or_else(|| Sourced::new(Text::plain(format!("Network {}", network.name)), network.origin));
    unit.systemd_text("Description", &description.value, description.origin);
    unit.verbatim(&network.verbatim, &[]);
    let unit = unit.block("unit");

    let mut keys = Builder::new(drafting, "Network");
    keys.push("NetworkName", network.network_name.value.clone(), network.network_name.origin);
    if let Some(driver) = &network.driver {
        keys.setting(&Setting {
            key: "Driver",
            value: SettingValue::Text(Text::plain(driver.value.clone())),
            origin: driver.origin,
        });
    }
    if let Some(parent) = &network.parent {
        keys.push("Options", format!("parent={}", parent.value), parent.origin);
    }
    for subnet in &network.subnets {
        keys.push("Subnet", subnet.value.to_string(), subnet.origin);
    }
    for gateway in &network.gateways {
        keys.push("Gateway", gateway.value.to_string(), gateway.origin);
    }
    for range in &network.ip_ranges {
        keys.push("IPRange", range.value.clone(), range.origin);
    }
    network.settings.iter().for_each(|setting| keys.setting(setting));
    keys.verbatim(&network.verbatim, &[]);
    let keys = keys.block("network");
    let rest = super::rest(&network.verbatim, drafting);
    Draft {
        path: drafting.quadlet_path(network.name.as_str(), UnitType::Network),
        kind: FileKind::Quadlet(UnitType::Network),
        service: None,
        template: "network.j2",
        header: drafting.header(Some(network.file)),
        origin: network.origin,
        blocks: [vec![unit, keys], rest].concat(),
    }
}
