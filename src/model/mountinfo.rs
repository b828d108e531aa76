//! `/proc/PID/mountinfo`: what is mounted where, as the process itself sees it.

use super::is_beneath;

/// Something that is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountPoint {
    /// Where.
    pub target: String,
    /// The number of the file system, `254:1`: mounts of one file system have the same, whatever part of it they show.
    pub device: String,
    /// Options of this mount: `rw,nosuid,nodev,noexec`.
    options: String,
    /// The kind of file system.
    pub kind: String,
    /// Options of the file system, whoever mounts it: `rw,size=65536k`.
    whole: String,
    /// Whether what was mounted has been deleted since, and another thing may stand in its place.
    pub is_deleted: bool,
    /// Whether what is mounted beneath it shows in copies of it (`mount_namespaces(7)`).
    pub is_shared: bool,
}

impl MountPoint {
    /// Whether this mount has an option.
    pub fn has(&self, option: &str) -> bool {
        self.options.split(',').any(|has| has == option)
    }

    /// Whether nothing can be written here, because of this mount or of the whole file system.
    pub fn is_read_only(&self) -> bool {
        self.has("ro") || self.whole.split(',').any(|has| has == "ro")
    }

    /// The size of a tmpfs in bytes; the kernel tells it in KiB, and not where it is the default.
    pub fn size(&self) -> Option<u64> {
        let size = self.whole.split(',').find_map(|option| option.strip_prefix("size="))?;
        let digits = size.strip_suffix('k')?;
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<u64>().ok()).flatten()?.checked_mul(1024)
    }
}

/// Reads `mountinfo`; lines that are none are left out.
pub fn mounts(text: &str) -> Vec<MountPoint> {
    text.lines().filter_map(mount).collect()
}

/// The mount that a path is on: the innermost of those around it, and of several upon each other the last.
pub fn mount_of<'m>(mounts: &'m [MountPoint], path: &str) -> Option<&'m MountPoint> {
    mounts.iter().filter(|mount| is_beneath(path, &mount.target)).max_by_key(|mount| mount.target.len())
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn mount(line: &str) -> Option<MountPoint> {
    // A field holds no space: the kernel writes it as `\040`.
    let mut fields = line.split(' ');
    let (device, root, target, options) = (fields.nth(2)?, fields.next()?, fields.next()?, fields.next()?);
    let mut is_shared = false;
    fields.find(|field| {
        is_shared |= field.starts_with("shared:");
        *field == "-"
    })?;
    let (kind, _, whole) = (fields.next()?, fields.next()?, fields.next()?);
    Some(MountPoint {
        target: unescape(target),
        device: device.to_owned(),
        is_deleted: root.ends_with("//deleted"),
        options: options.to_owned(),
        kind: kind.to_owned(),
        whole: whole.to_owned(),
        is_shared,
    })
}

/// `\040` is a space: three octal digits.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let octal = match tail {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] if *first == b'\\' => {
                Some((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'))
            }
            _ => None,
        };
        bytes.push(octal.unwrap_or(*first));
        rest = if octal.is_some() { &tail[3..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As seen on a host.
    const SEEN: &str = "\
612 540 0:44 / / ro,nodev,relatime - overlay overlay rw,lowerdir=/a:/b,upperdir=/c,workdir=/d
640 612 0:51 / /tmp rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,size=65536k,uid=1073741824
641 612 254:0 /srv/my\\040data /data rw,nosuid,nodev,noexec,relatime,idmapped shared:7 master:1 - ext4 /dev/vda rw
";

    #[test]
    fn mounts_are_read() {
        let read = mounts(SEEN);
        let targets: Vec<&str> = read.iter().map(|mount| mount.target.as_str()).collect();
        assert_eq!(targets, ["/", "/tmp", "/data"]);
        assert!(read[0].is_read_only() && !read[1].is_read_only());
        assert_eq!((read[1].size(), read[2].size()), (Some(64 << 20), None));
        assert!(read[2].has("nosuid") && !read[0].has("nosuid") && !read[2].has("suid"));
        assert_eq!((read[2].kind.as_str(), read[2].device.as_str()), ("ext4", "254:0"));
        assert_eq!(read.iter().map(|mount| mount.is_shared).collect::<Vec<_>>(), [false, false, true]);
    }

    #[test]
    fn hostile_lines_are_left_out_or_read_as_they_are() {
        for garbled in ["", "- - -", "1 2 3 4 /x rw", "1 2 3 4 /x rw - ext4", "1 2 3 4 /x rw ext4 a rw"] {
            assert_eq!(mounts(garbled), [], "{garbled:?}");
        }
        let odd = mounts("1 2 3 4 /a\\134040\\012\\9\\4007\\ rw - tmpfs x\\040- ro,size=1\n");
        assert_eq!(odd[0].target, "/a\\040\n\\9\\4007\\");
        assert_eq!((odd[0].is_read_only(), odd[0].size()), (true, None));
        let size = |size: &str| mounts(&format!("1 2 3 4 /a rw - tmpfs x rw,size={size}"))[0].size();
        assert_eq!((size("18446744073709551615k"), size("-1k"), size("k")), (None, None, None));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[0-9a /\\\\,=k\\n-]{0,80}|\\PC{0,60}") {
            for mount in mounts(&text) {
                let _ = (mount.size(), mount.is_read_only(), mount.has("ro"));
            }
        }
    }

    #[test]
    fn the_innermost_mount_and_the_last_upon_another_is_seen() {
        let text = "1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / /var rw - ext4 b rw\n3 2 8:3 / /var rw - xfs c rw\n";
        let mounts = mounts(text);
        let on = |path: &str| mount_of(&mounts, path).map(|mount| mount.device.as_str());
        assert_eq!(["/", "/var", "/var/lib", "/variable"].map(on), ["8:1", "8:3", "8:3", "8:1"].map(Some));
        assert_eq!(mount_of(&mounts[1..], "/srv"), None);
    }
}
