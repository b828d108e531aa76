//! Secrets that stand in a unit as they are: `Environment=DB_PASSWORD=…`, a password in a URL, a key in an argument.
//! What is found is only ever told by name. A secret is known by the end of its name (`PASSWORD`, but not
//! `PASSWORD_FILE`), by the beginning of its value (`ghp_`), or by its place in a URL. Values that point to a secret
//! and are none, paths and variables and switches, are left alone.

use super::{
    redact::{is_assigned_in_quotes, lies_bare, of_commands},
    shapes::{has_known_beginning, is_fingerprint, looks_random},
};
use crate::{
    diagnostic::Span,
    policy::{Effective, effective::Value},
    unit::split::Mode,
};

/// A secret that stands in a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainSecret {
    /// The name of the variable, option or key that holds it.
    pub name: String,
    /// Where.
    pub at: Span,
}

/// Keys whose values are words, some of them `NAME=VALUE`.
const KEYS: &[&str] = &[
    "Annotation",
    "BuildArg",
    "Entrypoint",
    "Environment",
    "Exec",
    "GlobalArgs",
    "HealthCmd",
    "HealthStartupCmd",
    "Label",
    "LogOpt",
    "Options",
    "PodmanArgs",
    "ReloadCmd",
];

/// Those of them that hold a command, beside `Exec`.
const COMMANDS: &[&str] = &["Entrypoint", "HealthCmd", "HealthStartupCmd", "ReloadCmd"];

/// Keys that hold `USER:PASSWORD` or `KEY:PASSPHRASE`.
const CREDENTIALS: &[&str] = &["Creds", "DecryptionKey"];

/// Every secret of a unit, at most one a line. An assignment that a later one takes back still stands in the file.
pub fn of(unit: &Effective<'_>) -> Vec<PlainSecret> {
    let group = unit.unit_type().map_or("Slice", crate::unit::UnitType::group);
    let own = unit.among(group, |key| KEYS.contains(&key) || CREDENTIALS.contains(&key));
    let service = unit.among("Service", |key| key == "Environment" || key.starts_with("Exec"));
    own.chain(service).filter_map(|value| Some(PlainSecret { name: in_value(&value)?, at: value.at })).collect()
}

/// Whether lines of any kind of file, of a unit or of a catalog, hold a secret. It errs on the side of yes.
pub fn is_in(lines: &str) -> bool {
    let lines = without_name(lines);
    let credentials = |line: &str| {
        let value = line.split_once('=').filter(|(key, _)| CREDENTIALS.contains(&key.trim()));
        value.is_some_and(|(_, value)| value.contains(':'))
    };
    if lines.lines().any(credentials) || lines.contains("PRIVATE KEY-----") || !lies_bare(lines).is_empty() {
        return true;
    }
    let bare = lines.replace(['[', ']', '{', '}', '"', '\'', '\\', ','], " ");
    let text = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.replace(" = ", "=").replace(" =", "=").replace("= ", "=").replace("=--", " --");
    in_words(text.split(' '), false).is_some() || is_assigned_in_quotes(lines)
}

/// What follows the name of a secret of podman's, which is none itself: of `Secret=NAME,OPTION…` in a unit, and of the
/// list in a catalog, which holds no values.
fn without_name(lines: &str) -> &str {
    let line = lines.trim_start();
    let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let of_unit = line.strip_prefix("Secret=").filter(|rest| !has_known_beginning(rest));
    if let Some(rest) = of_unit.map(|rest| rest.trim_start_matches(in_name)) {
        return if rest.is_empty() || rest.starts_with([',', '\n', '\r']) { rest } else { lines };
    }
    let of_catalog = line.strip_prefix("secret").and_then(|rest| rest.trim_start().strip_prefix('='));
    of_catalog.map(str::trim_start).filter(|list| list.starts_with('[') && !list.contains("value")).unwrap_or(lines)
}

/// Whether a name and its value are a secret's.
pub(super) fn is_assigned(name: &str, value: &str) -> bool {
    kind_of(name, value).is_some() || matches!(name, "creds" | "Creds" | "DecryptionKey") && has_password(value)
}

fn in_value(value: &Value<'_>) -> Option<String> {
    if CREDENTIALS.contains(&value.key) {
        return has_password(value.unquoted()).then(|| value.key.to_owned());
    }
    let split = value.split(Mode::Args);
    let arguments = matches!(value.key, "PodmanArgs" | "GlobalArgs");
    let words = || split.words.iter().map(|word| word.text.as_str());
    let in_command = || {
        let is_one = match value.key {
            // A whole command may be one argument; those beside it are podman's.
            "PodmanArgs" => words().any(|word| !of_commands(word).is_empty()),
            key if key.starts_with("Exec") || COMMANDS.contains(&key) => {
                !of_commands(&words().collect::<Vec<_>>().join(" ")).is_empty()
            }
            _ => false,
        };
        is_one.then(String::new)
    };
    let named = match split.lost {
        // Podman reads nothing of the line; whoever reads the file reads all of it.
        Some(_) => in_words(value.text.split_whitespace(), arguments),
        // `username=me,password=…`
        None if value.key == "Options" => in_words(split.words.iter().flat_map(|w| w.text.split(',')), arguments),
        None => in_words(words(), arguments),
    };
    named.or_else(in_command)
}

/// The name of the first secret among words; `podman` where they are podman's arguments.
fn in_words<'w>(words: impl Iterator<Item = &'w str>, podman: bool) -> Option<String> {
    let mut flag: Option<&str> = None;
    for word in words.filter(|word| !word.is_empty()) {
        // `--password hunter2`
        if let Some(name) = flag.take() {
            let is_one = name == "creds" && has_password(word) || kind_of(name, word).is_some();
            if is_one && !word.starts_with('-') {
                return Some(shown(name));
            }
        }
        let bare = word.trim_start_matches('-');
        // `--secret db` names a secret of podman's.
        if podman && bare.split('=').next() == Some("secret") && bare != word {
            continue;
        }
        if let Some(name) = in_word(bare) {
            return Some(name);
        }
        if bare != word && !bare.contains('=') {
            flag = Some(bare);
        }
    }
    None
}

/// The name of a secret in one word, which may be a whole command or connection string.
fn in_word(word: &str) -> Option<String> {
    let outer = word.split_once('=').map_or("", |(name, _)| name);
    if word.match_indices("://").any(|(at, _)| url_has_password(&word[at + 3..])) {
        return Some(shown(outer));
    }
    let whole = word.split_once('=').filter(|(name, value)| !name.contains(' ') && kind_of(name, value).is_some());
    if whole.is_some() || has_known_beginning(word) {
        return Some(shown(outer));
    }
    let pieces = word.split([' ', '\t', '\n', ';', '&', '?', ',', '"', '\'', '|']);
    for piece in pieces {
        let mut rest = piece.trim_start_matches('-');
        while let Some((name, value)) = rest.split_once('=') {
            if name == "creds" && has_password(value) || kind_of(name, value).is_some() {
                return Some(shown(if outer.is_empty() || outer.contains(' ') { name } else { outer }));
            }
            rest = value;
        }
    }
    None
}

/// A name that may be shown: it is one, and no part of a value.
fn shown(name: &str) -> String {
    let name = name.trim_start_matches('-');
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.len() > 80 || !name.chars().all(is_name) || has_known_beginning(name) {
        return String::new();
    }
    name.to_owned()
}

/// What a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word that somebody made up, and be it 1234.
    Password,
    /// Something long that a machine made up.
    Key,
}

/// Ends of names that hold a password.
const PASSWORDS: &[&str] = &["password", "passwd", "passphrase", "passwort", "passwords"];
const PASSWORD_WORDS: &[&str] =
    &["pass", "pwd", "psw", "dbpass", "requirepass", "masterauth", "passcode", "pw", "dbpw", "rootpw"];
/// Ends of names that hold a key.
const SECRETS: &[&str] =
    &["secret", "token", "credential", "credentials", "apikey", "authkey", "secretkey", "privatekey"];
const SECRET_WORDS: &[&str] = &["psk", "salt"];
/// Words before `KEY` that make it a secret one.
const KEY_OF: &[&str] = &[
    "api",
    "app",
    "auth",
    "cookie",
    "cipher",
    "crypt",
    "crypto",
    "encrypt",
    "encryption",
    "hmac",
    "jwt",
    "master",
    "preshared",
    "private",
    "secret",
    "session",
    "shared",
    "sign",
    "signing",
    "vault",
];
/// Words before `KEY` that make it a public one, or none at all.
const NO_KEY_OF: &[&str] = &["public", "site", "sort", "primary", "foreign", "cache", "partition", "host", "pub"];
/// First words that turn a name into a question or a rule about secrets.
const NO_NAME: &[&str] = &[
    "no", "disable", "enable", "without", "require", "skip", "reset", "show", "hide", "use", "generate", "min", "max",
];

/// What a variable holds, where it is a secret.
fn kind_of(name: &str, value: &str) -> Option<Kind> {
    let words = words_of(name);
    let (last, before) = words.split_last()?;
    if before.first().is_some_and(|first| NO_NAME.contains(&first.as_str())) {
        return None;
    }
    let ends = |ends: &[&str]| ends.iter().any(|end| last.ends_with(end));
    let before_last = before.last().map_or("", String::as_str);
    let any = |word: &str| before.iter().any(|found| found == word);
    if last == "auth" {
        // `USER:PASSWORD`, `USER/PASSWORD`
        let password = value.split_once([':', '/']).filter(|_| any("basic") || any("neo4j"));
        return password.filter(|(_, password)| is_literal(password, Kind::Password)).map(|_| Kind::Password);
    }
    if last == "users" && before_last == "basicauth" {
        return value.contains(':').then_some(Kind::Password);
    }
    let is_key = match last.as_str() {
        "key" if any("public") || NO_KEY_OF.contains(&before_last) => false,
        "key" if matches!(before_last, "gpg" | "pgp") && is_fingerprint(value) => false,
        "key" => KEY_OF.contains(&before_last) || any("secret") || (!before.is_empty() && looks_random(value)),
        "keys" => before_last == "api",
        "base" => before_last == "key" && any("secret"),
        last => ends(SECRETS) || SECRET_WORDS.contains(&last),
    };
    let kind = if ends(PASSWORDS) || PASSWORD_WORDS.contains(&last.as_str()) {
        Kind::Password
    } else if is_key {
        Kind::Key
    } else {
        return None;
    };
    is_literal(value, kind).then_some(kind)
}

/// `dbAdmin_PASSWORD2` is `db`, `admin`, `password`.
fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut fresh = true;
    let mut was_small = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            fresh = true;
            was_small = false;
            continue;
        }
        if fresh || (was_small && c.is_ascii_uppercase()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c.to_ascii_lowercase());
        }
        fresh = false;
        was_small = c.is_ascii_lowercase();
    }
    while let Some(last) = words.last_mut() {
        let bare = last.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        last.truncate(bare);
        if bare > 0 {
            break;
        }
        words.pop();
    }
    words
}

/// Words that stand where a secret could, and are none.
const WORDS: &[&str] = &[
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "enabled",
    "disabled",
    "none",
    "null",
    "nil",
    "undefined",
    "default",
    "auto",
    "required",
    "optional",
    "basic",
    "random",
];
/// Beginnings of values that say where the secret is.
const REFERENCES: &[&str] = &[
    "/", "`", "./", "../", "~/", "{", "<", "file:", "env:", "op:", "vault:", "ssm:", "secret:", "http://", "https://",
];

/// Whether a value is a secret itself, and not a switch, a number, or where to find it.
pub(super) fn is_literal(value: &str, kind: Kind) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let shortest = if kind == Kind::Password { 1 } else { 4 };
    // What is taken out already is told as `…`.
    if value == "…" || value.len() < shortest || WORDS.iter().any(|word| value.eq_ignore_ascii_case(word)) {
        return false;
    }
    if is_number(value.trim_end_matches(['s', 'm', 'h', 'd'])) {
        return kind == Kind::Password && value.len() >= 4 && is_number(value);
    }
    !REFERENCES.iter().any(|beginning| value.starts_with(beginning)) && !is_variable(value)
}

/// `$NAME`, `${NAME}`, `%d`: what systemd or a shell puts in its place. `$$` and `%%` stand for themselves.
fn is_variable(value: &str) -> bool {
    let mut chars = value.chars();
    match (chars.next(), chars.next()) {
        // A shell in the container sees `$NAME` where the unit says `$$NAME`.
        (Some('$'), Some('$')) => value[2..].starts_with(['_', '{', '(']) || is_shouted(&value[2..]),
        (Some('$'), Some(next)) => next.is_ascii_alphabetic() || matches!(next, '_' | '{' | '('),
        (Some('%'), Some(next)) => next != '%',
        _ => false,
    }
}

/// `DB_PASSWORD`, as variables are written.
fn is_shouted(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// `USER:PASSWORD@HOST…`, which follows `://`.
fn url_has_password(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#', ' ', '"', '\'', ',']).next().unwrap_or(rest);
    authority.rsplit_once('@').is_some_and(|(user, _)| has_password(user))
}

/// `USER:PASSWORD`.
pub(super) fn has_password(text: &str) -> bool {
    text.split_once(':').is_some_and(|(_, password)| {
        let password = password.trim();
        !password.is_empty() && !is_variable(password) && !password.starts_with(['<', '{'])
    })
}

#[cfg(test)]
mod tests {
    use super::{in_words, is_in};

    #[test]
    fn secrets_are_told_from_what_only_speaks_of_them() {
        let secrets = [
            "POSTGRES_PASSWORD=postgres",
            "MYSQL_ROOT_PASSWORD=1234",
            "DB_PASS=x",
            "dbPassword2=tulip",
            "PGPASSWORD=tulip",
            "JWT_SECRET=tulip-fields",
            "SECRET_KEY_BASE=0123abcd",
            "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI",
            "APP_KEY=base64:dHVsaXA=",
            "NEO4J_AUTH=neo4j/tulip",
            "DATABASE_URL=postgres://app:tulip@db:5432/app",
            "REDIS_URL=redis://:tulip@cache",
            "DSN=host=db user=app password=tulip",
            "--requirepass=tulip",
            "--env=DB_PASSWORD=tulip",
            "homepage.widget.key=0a1b2c3d4e5f67890a1b2c3d",
            "GIT=ghp_0123456789012345678901234567890123456",
            "mysqladmin --password=tulip ping",
        ];
        for word in secrets {
            assert!(in_words([word].into_iter(), false).is_some(), "{word}");
            assert!(is_in(&format!("Environment={word}")), "{word}");
        }
        let others = [
            "POSTGRES_PASSWORD_FILE=/run/secrets/x",
            "PASSWD__FILE=/run/secrets/x",
            "DB_PASSWORD=/run/secrets/x",
            "DB_PASSWORD=${DB_PASSWORD}",
            "DB_PASSWORD=$DB_PASSWORD",
            "PGPASSWORD=$$POSTGRES_PASSWORD",
            "DB_PASSWORD=",
            "REQUIRE_PASSWORD=true",
            "MIN_PASSWORD=12",
            "PASSWORD=true",
            "TOKEN_TTL=3600",
            "REFRESH_TOKEN=24h",
            "SECRET_NAME=db",
            "OAUTH_CLIENT_ID=grafana",
            "POSTGRES_USER=secret",
            "SSH_AUTH_SOCK=/run/agent",
            "NEO4J_AUTH=none",
            "TOKENIZERS_PARALLELISM=false",
            "BYPASS=everything",
            "PUBLIC_KEY=AAAAC3NzaC1lZDI1NTE5AAAAIKd",
            "ROOT_URL=https://user@example.com/?a=b",
            "CONNECT=redis://cache:6379/0",
            "IMAGE=quay.io/x/y:1@sha256:0123",
            "--pids-limit=256",
            "admin-password,type=mount,target=db",
        ];
        for word in others {
            assert_eq!(in_words([word].into_iter(), false), None, "{word}");
        }
        assert_eq!(in_words(["--password", "tulip"].into_iter(), false).as_deref(), Some("password"));
        assert_eq!(in_words(["--no-password", "tulip"].into_iter(), false), None);
        assert_eq!(in_words(["--secret", "db", "--secret=db_password"].into_iter(), true), None);
        assert_eq!(in_words(["--creds", "me:tulip"].into_iter(), true).as_deref(), Some("creds"));
    }

    #[test]
    fn lines_of_a_catalog_are_known_too() {
        for line in [
            "DB_PASSWORD = \"tulip\"",
            "environment = { A = \"1\", DB_PASSWORD = \"tulip\" }",
            "exec = [\"--password\", \"tulip\"]",
            "Creds=me:tulip",
            "Exec=redis-server --requirepass \\\n  tulip",
        ] {
            assert!(is_in(line), "{line}");
        }
        assert!(!is_in("POSTGRES_PASSWORD_FILE = \"/run/secrets/x\"\nimage = \"quay.io/a/b:1\""));
    }

    #[test]
    fn the_name_is_never_the_value() {
        let name = |word| in_words([word].into_iter(), false);
        assert_eq!(name("DATABASE_URL=postgres://app:tulip@db/app").as_deref(), Some("DATABASE_URL"));
        assert_eq!(name("postgres://app:tulip@db/app?sslmode=off").as_deref(), Some(""));
        assert_eq!(name("sh -c PASSWORD=tulip").as_deref(), Some("PASSWORD"));
        assert_eq!(name("ghp_0123456789012345678901234567890123456=x").as_deref(), Some(""));
    }
}
