//! Splitting, example by example.

use proptest::prelude::*;

use super::hostile::HOSTILE;
use crate::unit::split::{Loss, Mode, split};

fn words(value: &str, mode: Mode) -> Vec<String> {
    split(value, mode).into_texts()
}

#[test]
fn both_modes_part_at_white_space_and_take_quotes_off() {
    for (value, expected) in [
        ("", &[][..]),
        ("  ", &[]),
        ("a", &["a"]),
        (" a\t b ", &["a", "b"]),
        (r#""a b" c"#, &["a b", "c"]),
        (r#"'a "b' c"#, &["a \"b", "c"]),
        (r#"a"b c"d"#, &["ab cd"]),
        (r#"a""b"#, &["ab"]),
        (r#"x"" y"#, &["x", "y"]),
        ("a\u{a0}b c", &["a\u{a0}b", "c"]),
    ] {
        assert_eq!(words(value, Mode::Strv), expected, "{value}");
        assert_eq!(words(value, Mode::Args), expected, "{value}");
    }
}

#[test]
fn escapes_are_undone_in_args_and_kept_in_strv() {
    for (value, args) in [
        (r"a\x20b", "a b"),
        (r"\101\102", "AB"),
        (r"\u00e9", "\u{e9}"),
        (r"\U0001f980", "\u{1f980}"),
        (r"\xff", "\u{ff}"),
        (r"\ud800", "\u{fffd}"),
        (r"\s\\", " \\"),
        (r"a\", "a"),
    ] {
        assert_eq!(words(value, Mode::Args), [args], "{value}");
        assert_eq!(words(value, Mode::Strv), [value], "{value}");
    }
}

#[test]
fn an_unknown_escape_loses_the_whole_line() {
    for (value, at) in [(r"a \; b", 2), (r"\d", 0), (r"x \x00", 2), (r"\400", 0), (r"\U00110000", 0)] {
        let split = split(value, Mode::Args);
        assert_eq!((split.words.len(), split.lost), (0, Some((at, Loss::BadEscape))), "{value}");
    }
}

#[test]
fn an_empty_word_cuts_the_list_and_says_where() {
    for mode in [Mode::Strv, Mode::Args] {
        for (value, kept, cut) in [(r#"a "" b"#, 1, 2), (r#""" a"#, 0, 0), ("a b ''", 2, 4), ("a\0b", 1, 1)] {
            let split = split(value, mode);
            assert_eq!((split.words.len(), split.cut), (kept, Some(cut)), "{value:?}");
            assert!(!split.is_clean());
        }
    }
}

#[test]
fn an_open_quote_is_closed_in_args_and_loses_the_line_in_strv() {
    let args = split(r#"a "b c"#, Mode::Args);
    assert_eq!(args.open_quote, Some(2));
    assert_eq!(args.into_texts(), ["a", "b c"]);
    let strv = split(r#"a "b c"#, Mode::Strv);
    assert_eq!((strv.words.len(), strv.lost), (0, Some((2, Loss::OpenQuote))));
}

#[test]
fn words_know_where_they_were_written() {
    let value = r#" a  "b c"'d' e"#;
    let split = split(value, Mode::Args);
    let written: Vec<_> = split.words.iter().map(|word| &value[word.range.clone()]).collect();
    assert_eq!(written, ["a", r#""b c"'d'"#, "e"]);
}

#[test]
fn nothing_hostile_makes_it_panic() {
    for value in HOSTILE {
        split(value, Mode::Strv);
        split(value, Mode::Args);
    }
}

proptest! {
    #[test]
    fn words_are_never_empty_and_stand_in_order(value in r#"[ab "'\\\tx0-9é]{0,24}"#) {
        for mode in [Mode::Strv, Mode::Args] {
            let split = split(&value, mode);
            let mut end = 0;
            for word in &split.words {
                prop_assert!(!word.text.is_empty());
                prop_assert!(end <= word.range.start && word.range.start < word.range.end);
                end = word.range.end;
            }
            prop_assert!(split.cut.is_none_or(|cut| end <= cut));
        }
    }
}
