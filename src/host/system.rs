//! What several checks ask about the kernel of a host.

use std::cmp::Ordering;

use super::root::{Found, Root};

/// Where programs are. podman looks for runtimes in the same directories (containers.conf(5), [engine.runtimes]).
pub(super) const PROGRAMS: &[&str] = &["usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "bin", "sbin"];

/// The path of a program in the first of these directories that has it.
pub(super) fn program(root: &Root, name: &str, dirs: &[&str]) -> Found<String> {
    let paths = dirs.iter().map(|dir| format!("{dir}/{name}"));
    let is_one = |path: &String| root.owned(path).is_ok_and(|owned| owned.is_some_and(|owned| !owned.is_dir));
    if let Some(path) = paths.into_iter().find(is_one) {
        return Ok(Some(path));
    }
    // Where not even /usr can be looked into, nothing is known.
    root.has(&format!("usr/bin/{name}")).map(|_| None)
}

/// The release of the kernel that runs: `6.12.48+deb13-amd64`.
pub(super) fn release(root: &Root) -> Result<String, String> {
    let release = root.must("proc/sys/kernel/osrelease")?.trim().to_owned();
    if release.is_empty() || release.contains('/') {
        return Err("/proc/sys/kernel/osrelease holds no release".to_owned());
    }
    Ok(release)
}

/// Major and minor of the kernel that runs.
pub(super) fn kernel(root: &Root) -> Result<(u32, u32), String> {
    let release = release(root)?;
    let digits = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok());
    let mut parts = release.split('.');
    let version = parts.next().and_then(digits).zip(parts.next().and_then(digits));
    version.ok_or_else(|| format!("the kernel's release `{}` is no version", release.escape_debug()))
}

/// Where the modules of all kernels are.
pub(super) fn modules_dir(root: &Root) -> Result<&'static str, String> {
    root.any(&["usr/lib/modules", "lib/modules"])?.ok_or_else(|| "/lib/modules is not there".to_owned())
}

/// The name of a module by its file: `kernel/fs/overlayfs/overlay.ko.xz` is overlay. A dash is an underscore.
pub(super) fn module_name(path: &str) -> Option<String> {
    let (name, _) = path.trim().rsplit('/').next()?.split_once(".ko")?;
    Some(name.replace('-', "_"))
}

/// The modules that modprobe(8) will not load: `install NAME /bin/false`. A `blacklist` only ignores their aliases.
pub(super) fn refused_modules(root: &Root) -> Result<Vec<String>, String> {
    let mut refused = Vec::new();
    for dir in ["etc/modprobe.d", "usr/lib/modprobe.d"] {
        for (_, text) in root.texts(dir, ".conf")? {
            for line in text.lines() {
                let words: Vec<&str> = line.split_ascii_whitespace().collect();
                if let ["install", name, program, ..] = words.as_slice()
                    && (program.ends_with("/false") || program.ends_with("/true"))
                {
                    refused.push(name.replace('-', "_"));
                }
            }
        }
    }
    Ok(refused)
}

/// Which of two releases is the newer one: runs of digits count as numbers.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    fn runs(text: &str) -> Vec<(u64, &str)> {
        let mut runs = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let other = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let end = rest[other..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |end| other + end);
            runs.push((rest[other..end].parse().unwrap_or(0), &rest[..other]));
            rest = &rest[end..];
        }
        runs
    }
    let (a, b) = (runs(a), runs(b));
    let words = |(number, before): &(u64, &str)| (before.trim_matches(['.', '-']).to_owned(), *number);
    a.iter().map(words).cmp(b.iter().map(words))
}

/// Whether a release is that of a newer kernel, and not another build of the same: `6.1.0-30-rt-amd64` is no newer than
/// `6.1.0-30-amd64`.
pub(super) fn is_newer(release: &str, than: &str) -> bool {
    let version = |text: &str| {
        let end = text.find(|c: char| c.is_ascii_alphabetic() || c == '+' || c == '_').unwrap_or(text.len());
        text[..end].trim_end_matches(['.', '-']).to_owned()
    };
    let words = |text: &str| text.replace(|c: char| !c.is_ascii_alphabetic(), "");
    match compare(&version(release), &version(than)) {
        Ordering::Equal => words(release) == words(than) && compare(release, than) == Ordering::Greater,
        order => order == Ordering::Greater,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_by_their_numbers() {
        for (old, new) in [
            ("6.1.0-9-amd64", "6.1.0-37-amd64"),
            ("6.9.12-200.fc40.x86_64", "6.10.3-200.fc40.x86_64"),
            ("5.14.0-427.13.1.el9_4.x86_64", "5.14.0-427.16.1.el9_4.x86_64"),
            ("6.12.9", "6.12.10"),
        ] {
            assert_eq!((compare(old, new), compare(new, old)), (Ordering::Less, Ordering::Greater), "{old} {new}");
        }
        assert_eq!(compare("6.1.0-9-amd64", "6.1.0-9-amd64"), Ordering::Equal);
        for (running, other) in [
            ("6.1.0-30-amd64", "6.1.0-30-rt-amd64"),
            ("6.12.48+deb13-amd64", "6.12.48+deb13-cloud-amd64"),
            ("6.12.0-55.el10.x86_64", "6.12.0-55.el10.x86_64+debug"),
            ("5.14.0-427.el9.aarch64", "5.14.0-427.el9.aarch64+64k"),
        ] {
            assert!(!is_newer(other, running) && !is_newer(running, other), "{running} {other}");
        }
        for (running, newer) in [
            ("6.1.0-30-amd64", "6.1.0-31-rt-amd64"),
            ("6.1.0-37-amd64", "6.12.48+deb13-amd64"),
            ("6.12.1-arch1-1", "6.12.1-arch1-2"),
            ("5.14.0-427.el9.x86_64", "5.14.0-427.13.1.el9_4.x86_64"),
        ] {
            assert!(is_newer(newer, running) && !is_newer(running, newer), "{running} {newer}");
        }
        assert_eq!(module_name("kernel/net/netfilter/nf-tables.ko.xz").as_deref(), Some("nf_tables"));
        assert_eq!(module_name("nonsense"), None);
    }
}
