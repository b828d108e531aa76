//! Which units a drop-in is merged into, by the name of its directory.

use crate::unit::UnitType;

/// The names of the directories that are searched for drop-ins of a file, by Quadlet or systemd: its own first, then
/// those of ever shorter beginnings, then that of every unit of its kind.
///
/// Sources: podman-systemd.unit(5) of 5.4, systemd.unit(5).
pub fn directories(file_name: &str) -> Vec<String> {
    let Some((stem, suffix)) = file_name.rsplit_once('.') else { return Vec::new() };
    let (name, instance) = stem.split_once('@').map_or((stem, None), |(name, instance)| (name, Some(instance)));
    let mut names = vec![format!("{file_name}.d")];
    if instance.is_some_and(|instance| !instance.is_empty()) {
        names.push(format!("{name}@.{suffix}.d"));
    }
    for (dash, _) in name.rmatch_indices('-') {
        names.push(format!("{}.{suffix}.d", &name[..=dash]));
    }
    names.push(format!("{suffix}.d"));
    names
}

/// Whether a directory holds drop-ins of units of a kind that is of interest here.
pub fn is_directory_of_drop_ins(name: &str) -> bool {
    let Some(unit) = name.strip_suffix(".d") else { return false };
    let kind = unit.rsplit('.').next().unwrap_or(unit);
    matches!(kind, "service" | "slice") || UnitType::from_suffix(kind).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_name_comes_first() {
        assert_eq!(directories("a-b.container"), ["a-b.container.d", "a-.container.d", "container.d"]);
        assert_eq!(directories("x.service"), ["x.service.d", "service.d"]);
        assert!(is_directory_of_drop_ins("container.d"));
        assert!(is_directory_of_drop_ins("a-.slice.d"));
        assert!(!is_directory_of_drop_ins("conf.d"));
        assert!(!is_directory_of_drop_ins("web.container"));
    }
}
