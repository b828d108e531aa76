//! Paths on the host and in the container.

use std::fmt;

use super::Invalid;

/// An absolute, normalised path: no `.`, `..`, `//`, no slash at the end, no `:` and no `,`, which separate the parts
/// of a mount.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AbsPath(String);

impl AbsPath {
    /// Checks a text.
    ///
    /// # Errors
    /// Says which part is in the way and, where it can, what to write.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let shown = text.escape_debug();
        if !text.starts_with('/') {
            return Err(Invalid::new(format!("`{shown}` is not an absolute path"), "write the whole path from `/`"));
        }
        if let Some(c) = text.chars().find(|c| matches!(c, ':' | ',')) {
            return Err(Invalid::new(
                format!("the path `{shown}` holds `{c}`, which ends a part of a mount"),
                "give the directory a name without it",
            ));
        }
        let normal = normalise(text);
        if normal != text {
            return Err(Invalid::new(
                format!("the path `{shown}` is not normalised"),
                format!("write `{}`", normal.escape_debug()),
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AbsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path on the host that a service mounts.
///
/// Quadlet copies it into `RequiresMountsFor=` as it stands. systemd splits that line into words and expands no `$`
/// there, so that a path with white space, quotes, a backslash or a dollar would wait for another mount than the one
/// that is meant, and the service could start on the empty directory beneath it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPath(AbsPath);

impl HostPath {
    /// Checks a text.
    ///
    /// # Errors
    /// As [`AbsPath::new`], and for the characters that `RequiresMountsFor=` cannot carry.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        if let Some(c) = text.chars().find(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | '$')) {
            return Err(Invalid::new(
                format!("the path `{}` holds {}", text.escape_debug(), super::shown(c)),
                "systemd could not wait for its mount (RequiresMountsFor=): give the directory a name without it",
            ));
        }
        AbsPath::new(text).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

fn normalise(text: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Whether a path is a directory or lies in it, as both are written: no link is followed.
pub fn is_beneath(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for text in ["/", "/data", "/data/objects02", "/a b", "/..x", "/.hidden", "/ünïcode"] {
            assert!(AbsPath::new(text).is_ok(), "{text}");
        }
        for (text, help) in [
            ("data", "from `/`"),
            ("", "from `/`"),
            ("/data/", "`/data`"),
            ("/a/../b", "`/b`"),
            ("/a/./b", "`/a/b`"),
            ("//a", "`/a`"),
            ("/../etc", "`/etc`"),
            ("/a:b", "without it"),
            ("/a,b", "without it"),
        ] {
            let refused = AbsPath::new(text).expect_err(text);
            assert!(refused.help.contains(help), "{text}: {refused:?}");
        }
        for text in ["/a b", "/a$b", "/a\\b", "/a\"b", "/a\tb"] {
            assert!(HostPath::new(text).is_err(), "{text}");
        }
    }
}
