//! The word that was probably meant.

/// The text without what people vary: case, `-` and `_`.
pub fn squash(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// The known word that an unknown one was probably meant to be.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let squashed = squash(word);
    let allowed = (squashed.chars().count() / 3).clamp(1, 3);
    // A word that is longer or shorter by more than that is further away, and need not be measured.
    let length = squashed.len();
    known
        .map(|candidate| (squash(candidate), candidate))
        .filter(|(word, _)| word.len().abs_diff(length) <= 4 * allowed)
        .map(|(word, candidate)| (strsim::damerau_levenshtein(&squashed, &word), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
