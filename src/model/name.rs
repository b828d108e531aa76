//! Names: of services, stacks, networks, volumes, catalogs; of environment variables and secrets.

use std::fmt;

use super::Invalid;

/// The longest name. systemd allows 255 bytes for a whole unit name; a slice of a stack's member carries three names,
/// each dash in them written as four characters.
const LONGEST: usize = 48;

/// The name of a service, stack, network, volume, slice or catalog: `[a-z0-9][a-z0-9_-]*`, at most 48 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// Checks a text.
    ///
    /// # Errors
    /// Says which character or length is wrong and offers a name.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let rule =
            "a name is made of a-z, 0-9, `-` and `_`, begins with a letter or digit, and has at most 48 characters";
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if text.is_empty() {
            return Err(Invalid::new("a name is empty", rule));
        }
        if text.len() > LONGEST {
            return Err(Invalid::new(format!("the name is {} characters long", text.chars().count()), rule));
        }
        let first = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if first && text.chars().all(fits) {
            return Ok(Self(text.to_owned()));
        }
        let offered: String = text
            .to_ascii_lowercase()
            .chars()
            .map(|c| if fits(c) { c } else { '-' })
            .collect::<String>()
            .trim_matches(['-', '_'])
            .to_owned();
        let help = if offered.is_empty() { rule.to_owned() } else { format!("write `{offered}`: {rule}") };
        Err(Invalid::new(format!("`{}` is not a name", text.escape_debug()), help))
    }

    /// A member of a stack: `STACK-STEM`, the name of its units.
    pub fn member(stack: &Self, stem: &Self) -> Self {
        Self(format!("{stack}-{stem}"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as one level of a slice name, where a plain `-` would open a level of its own: `-` becomes `\x2d`
    /// (systemd.slice(5), as systemd-escape does it).
    pub fn slice_level(&self) -> String {
        self.0.replace('-', r"\x2d")
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks the name of an environment variable: not empty, without `=`, white space, quotes or control characters.
///
/// # Errors
/// Names the character that is in the way.
pub fn env_name(text: &str) -> Result<(), Invalid> {
    let help = "letters, digits, `_` and `.` make a name that every image understands";
    if text.is_empty() {
        return Err(Invalid::new("the name of a variable is empty", help));
    }
    match text
        .chars()
        .find(|c| matches!(c, '=' | '"' | '\'' | '`' | '\\' | '$' | '%') || c.is_whitespace() || c.is_control())
    {
        Some(c) => Err(Invalid::new(format!("the name of a variable holds {}", super::shown(c)), help)),
        None => Ok(()),
    }
}

/// Checks the name of a podman secret: `[A-Za-z0-9_.-]+` (podman-secret-create(1)).
///
/// # Errors
/// Says what a name is made of.
pub fn secret_name(text: &str) -> Result<(), Invalid> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if !text.is_empty() && text.len() <= 253 && text.chars().all(fits) {
        return Ok(());
    }
    Err(Invalid::new(
        format!("`{}` is not the name of a secret", text.escape_debug()),
        "write the name that `podman secret ls` shows: letters, digits, `_`, `.` and `-`; never the secret itself",
    ))
}
