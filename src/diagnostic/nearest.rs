//! The word that was probably meant.

/// The text without what people vary: case, `-` and `_`.
pub fn squash(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// The known word that an unknown one was probably meant to be; of two as near, the first in the alphabet, whatever order
/// they come in.
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
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_order_of_the_known_words_does_not_matter() {
        for known in [["x.container", "y.container"], ["y.container", "x.container"]] {
            assert_eq!(nearest("i.container", known.into_iter()), Some("x.container"));
        }
    }
}
