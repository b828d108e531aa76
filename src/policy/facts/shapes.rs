//! Values that are told by what they look like: keys that machines made, of services that mark theirs, and fingerprints,
//! which are no secret.

/// Letters and digits in a long row, as machines make keys.
pub(super) fn looks_random(value: &str) -> bool {
    let in_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '=' | '-' | '_');
    let mut kinds: Vec<char> = value.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    (20..=200).contains(&value.len())
        && value.chars().all(in_key)
        && kinds.len() >= 10
        && kinds.iter().any(char::is_ascii_digit)
        && kinds.iter().any(char::is_ascii_alphabetic)
}

/// Beginnings of keys that say what they are, and how many more characters follow at least.
const BEGINNINGS: &[(&str, usize)] = &[
    ("-----BEGIN PRIVATE KEY", 0),
    ("-----BEGIN RSA PRIVATE KEY", 0),
    ("-----BEGIN EC PRIVATE KEY", 0),
    ("-----BEGIN OPENSSH PRIVATE KEY", 0),
    ("AIza", 35),
    // Ids of access keys of AWS: of users, and temporary ones.
    ("AKIA", 16),
    ("ASIA", 16),
    ("SG.", 40),
    ("dckr_pat_", 20),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("github_pat_", 30),
    ("glpat-", 18),
    ("hf_", 30),
    ("npm_", 30),
    ("sk-ant-", 30),
    ("sk_live_", 20),
    ("tskey-", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
];

pub(super) fn has_known_beginning(word: &str) -> bool {
    let in_key = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let begins = |key: &str| {
        // Nearly every word is ruled out by its first byte.
        let first = key.as_bytes().first();
        let mut beginnings = BEGINNINGS.iter().filter(|(beginning, _)| beginning.as_bytes().first() == first);
        let is_one = beginnings.any(|(beginning, more)| {
            key.strip_prefix(beginning).is_some_and(|rest| rest.chars().take_while(in_key).count() >= *more)
        });
        is_one || is_web_token(key)
    };
    let mut in_word = false;
    word.char_indices().any(|(at, c)| {
        let after_word = std::mem::replace(&mut in_word, c.is_ascii_alphanumeric());
        !after_word && begins(&word[at..])
    })
}

/// Whether a text begins with a JSON Web Token: two parts that are JSON in base64, and a signature (RFC 7519).
fn is_web_token(text: &str) -> bool {
    if !text.starts_with("eyJ") {
        return false;
    }
    let in_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut parts = text.split('.').map(|part| &part[..part.find(|c| !in_part(c)).unwrap_or(part.len())]);
    let is_json = |part: Option<&str>| part.is_some_and(|part| part.starts_with("eyJ") && part.len() >= 10);
    is_json(parts.next()) && is_json(parts.next()) && parts.next().is_some_and(|part| part.len() >= 10)
}

/// Whether a value is the fingerprint of a PGP key, as official images name who signed what they hold (RFC 9580).
pub(super) fn is_fingerprint(value: &str) -> bool {
    matches!(value.len(), 40 | 64) && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}
