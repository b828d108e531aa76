//! Comma-separated values, as strictly as Podman reads those of a `Mount=`.

/// The fields of the only record of a text; `None` if it is malformed or does not hold exactly one.
///
/// A quote may only open a field, `""` is one within, and a line break outside of quotes ends the record. Source: RFC
/// 4180, tried on 5.4.2 and 5.8.6 with everything that `tests/agreement` writes into a `Mount=`.
pub(super) fn record(text: &str) -> Option<Vec<String>> {
    let text = text.replace("\r\n", "\n");
    let text = text.strip_suffix('\r').unwrap_or(&text);
    // Empty lines are no records.
    let mut rest = text.trim_start_matches('\n');
    if rest.is_empty() {
        return None;
    }
    let mut fields = Vec::new();
    loop {
        let (field, after) =
            if let Some(quoted) = rest.strip_prefix('"') { self::quoted(quoted)? } else { bare(rest)? };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            // Nothing but empty lines may follow.
            None => return after.trim_start_matches('\n').is_empty().then_some(fields),
        }
    }
}

/// A field without quotes, and what follows it.
fn bare(text: &str) -> Option<(String, &str)> {
    let (field, after) = text.split_at(text.find([',', '\n']).unwrap_or(text.len()));
    (!field.contains('"')).then(|| (field.to_owned(), after))
}

/// A field whose opening quote is taken off already, and what follows it.
fn quoted(mut text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    loop {
        let (before, after) = text.split_once('"')?;
        field.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                text = next;
            }
            None if after.is_empty() || after.starts_with([',', '\n']) => return Some((field, after)),
            None => return None,
        }
    }
}
