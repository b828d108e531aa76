//! References to images.

use std::fmt;

use super::Invalid;

/// What a container runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// An image in a registry or in the local store.
    Reference(ImageRef),
    /// A `.image` or `.build` unit of this catalog, by its whole name.
    Unit(String),
    /// A directory that holds a root file system: Quadlet's `Rootfs=`.
    Rootfs(String),
}

/// A reference to an image: `[REGISTRY/]PATH[:TAG][@DIGEST]`, the grammar of the distribution project's reference
/// package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRef(String);

impl ImageRef {
    /// Checks a text.
    ///
    /// # Errors
    /// Says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let shape = "write registry, path and tag or digest, such as `quay.io/minio/minio:RELEASE.2025-09-07`";
        let refuse = |what: &str, help: &str| Err(Invalid::new(format!("`{}` {what}", text.escape_debug()), help));
        if text.contains("://") || text.starts_with("docker:") {
            return refuse("names a transport", "write the image alone, without `docker://`");
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        if digest.is_some_and(|d| !is_digest(d)) {
            return refuse("has a digest that is none", "a digest is `sha256:` and 64 hexadecimal digits");
        }
        // A colon after the last slash begins the tag; one before it belongs to the registry's port.
        let path_start = rest.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match rest[path_start..].find(':') {
            Some(at) => (&rest[..path_start + at], Some(&rest[path_start + at + 1..])),
            None => (rest, None),
        };
        if tag.is_some_and(|t| !is_tag(t)) {
            return refuse(
                "has a tag that is none",
                "a tag has at most 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two",
            );
        }
        let mut parts: Vec<&str> = name.split('/').collect();
        let names_registry = parts.len() > 1 && (parts[0].contains(['.', ':']) || parts[0] == "localhost");
        if names_registry && !is_registry(parts.remove(0)) {
            return refuse("begins with a registry that is none", shape);
        }
        if name.len() > 255 || !parts.iter().all(|part| is_component(part)) {
            let lower = text.replacen(name, &name.to_ascii_lowercase(), 1);
            let help = if lower != text && Self::parse(&lower).is_ok() {
                &format!("write `{lower}`, in lower case")
            } else {
                shape
            };
            return refuse("is not a reference to an image", help);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .map(|hex| (hex, 64))
        .or_else(|| text.strip_prefix("sha512:").map(|hex| (hex, 128)))
        .is_some_and(|(hex, length)| {
            hex.len() == length && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
}

fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=128).contains(&text.len())
        && word(text.as_bytes()[0])
        && text.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

fn is_registry(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let label = |l: &str| {
        !l.is_empty()
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.split('.').all(label) && port.is_none_or(|p| p.parse::<u16>().is_ok_and(|p| p > 0))
}

/// Lower-case words joined by one `.`, one or two `_`, or any number of `-`.
fn is_component(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = text.bytes().next().is_some_and(word) && text.bytes().last().is_some_and(word);
    let mut separators = text.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()).filter(|s| !s.is_empty());
    ends && separators.all(|s| matches!(s, "." | "_" | "__") || s.bytes().all(|b| b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        for text in [
            "nginx",
            "docker.io/library/nginx:1.27",
            "quay.io/minio/minio:RELEASE.2025-09-07",
            "localhost/app",
            "localhost:5000/app:1",
            "registry.example:5000/a/b-c/d_e/f__g.h:v1",
            &format!("quay.io/x/y:1@{digest}"),
            &format!("quay.io/x/y@{digest}"),
        ] {
            assert!(ImageRef::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            " ",
            "a b",
            "UPPER/case",
            "nginx:",
            "nginx:la test",
            "nginx@sha256:12",
            "quay.io/",
            "/x",
            "a//b",
            "docker://nginx",
            "a..b/c",
            "x_-y",
            "-x",
            "registry.example:99999/x",
            "quay.io/x:tag:tag",
            "nginx\n",
            "nginx;",
            "$IMAGE",
        ] {
            assert!(ImageRef::parse(text).is_err(), "{text}");
        }
    }
}
