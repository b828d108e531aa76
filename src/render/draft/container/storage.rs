//! Volumes, file systems in memory, and secrets.

use super::{Builder, push_line};
use crate::{
    model::{Access, Mount, Secret, SecretKind, Service, Text, Tmpfs},
    render::draft::encode::encoded,
    unit::quote,
};

pub(super) fn lines(builder: &mut Builder<'_, '_>, service: &Service) {
    for tmpfs in &service.tmpfs {
        push_line(builder, "Tmpfs", tmpfs_value(tmpfs), tmpfs.origin);
    }
    for mount in &service.mounts {
        let value = mount_value(mount, builder.drafting.catalog.target.selinux);
        push_line(builder, "Volume", value, mount.origin);
    }
    for secret in &service.secrets {
        let value = encoded(&Text::plain(secret_value(secret)), quote::args_word);
        builder.push_result("Secret", value, secret.origin);
    }
}

fn tmpfs_value(tmpfs: &Tmpfs) -> String {
    let exec = if tmpfs.exec { "exec" } else { "noexec" };
    format!("{}:rw,nosuid,nodev,{exec},size={},mode={}", tmpfs.target.value, tmpfs.size.bytes(), tmpfs.mode)
}

/// All three of nosuid, nodev and noexec are named: on a real host naming one option lost the defaults of the others
/// (real-host.md section 3).
fn mount_value(mount: &Mount, selinux: bool) -> String {
    let label = match (selinux, mount.shared) {
        (false, _) => None,
        (true, false) => Some("Z"),
        (true, true) => Some("z"),
    };
    let options = [
        Some(if mount.access == Access::Rw { "rw" } else { "ro" }),
        label,
        mount.idmap.then_some("idmap"),
        Some("nosuid"),
        Some("nodev"),
        Some(if mount.exec { "exec" } else { "noexec" }),
    ];
    let options: Vec<&str> = options.into_iter().flatten().collect();
    format!("{}:{}:{}", mount.source.value, mount.target.value, options.join(","))
}

fn secret_value(secret: &Secret) -> String {
    let name = &secret.name.value;
    match &secret.kind {
        SecretKind::Env { target } => {
            let target = target.as_ref().map(|target| format!(",target={target}")).unwrap_or_default();
            format!("{name},type=env{target}")
        }
        SecretKind::Mount { target, mode, uid, gid } => {
            let parts = [
                target.as_ref().map(|target| format!("target={target}")),
                uid.map(|uid| format!("uid={uid}")),
                gid.map(|gid| format!("gid={gid}")),
                Some(format!("mode={mode}")),
            ];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            format!("{name},type=mount,{}", parts.join(","))
        }
    }
}
