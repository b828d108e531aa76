//! The wall: whatever goes in comes back the same, on one line, or not at all.

use proptest::prelude::*;

use super::hostile::HOSTILE;
use crate::unit::keys::{Syntax, Version};
use crate::unit::quote::*;
use crate::unit::text::Unit;

const NEW: Version = (5, 9);

/// What the value of `Key=` is, in a unit that has one line more than without it.
fn read(written: &str) -> Unit {
    let text = format!("[S]\nBefore=1\nKey={written}\nAfter=1\n");
    assert_eq!(text.lines().count(), 4, "{written:?} leaves its line");
    let unit = Unit::parse(&text).unwrap_or_else(|errors| panic!("{written:?}: {errors:?}"));
    let keys: Vec<_> = unit.entries().map(|entry| (entry.key, entry.line, entry.lines)).collect();
    assert_eq!(keys, [("Before", 2, 1), ("Key", 3, 1), ("After", 4, 1)], "{written:?}");
    unit
}

/// Holds every way of writing `value` against the way it is read.
fn check(value: &str) {
    let e = Expansion::None;
    if let Ok(written) = text(value, e) {
        let unit = read(&written);
        assert_eq!(unit.text("S", "Key"), Some(value), "text {written}");
        assert_eq!(unit.text_before_5_8("S", "Key"), Some(value), "text on 5.4: {written}");
    }
    if let Ok(written) = text_for(value, e, NEW) {
        assert_eq!(read(&written).text("S", "Key"), Some(value), "text {written}");
    }
    if let Ok(written) = line(value, e) {
        assert_eq!(read(&written).lines("S", "Key"), [value], "line {written}");
    }
    if let Ok(written) = strv_word(value, e) {
        assert_eq!(read(&written).strv("S", "Key"), [value], "strv {written}");
        let several = format!("first {written} {written} last");
        assert_eq!(read(&several).strv("S", "Key"), ["first", value, value, "last"]);
    }
    if let Ok(written) = args_word(value, e) {
        assert_eq!(read(&written).args("S", "Key"), [value], "args {written}");
        let several = format!("first {written} {written} last");
        assert_eq!(read(&several).exec("S", "Key").unwrap(), ["first", value, value, "last"]);
    }
    if let Ok(written) = pair("k", value, e) {
        let pairs = read(&written).pairs("S", "Key");
        assert_eq!(pairs.into_iter().collect::<Vec<_>>(), [("k".into(), Some(value.into()))]);
    }
    if let Ok(written) = systemd_text(value) {
        let unit = read(&written);
        assert_eq!(unit.last("S", "Key").unwrap().replace("%%", "%"), value);
    }
    for syntax in [Syntax::Text, Syntax::Lines, Syntax::Strv, Syntax::Args, Syntax::Pairs] {
        if let Ok(written) = verbatim(value, syntax) {
            assert_eq!(written, value);
            assert_eq!(read(&written).last("S", "Key"), Some(value));
        }
    }
}

/// Whether a value is good text that nothing above has a reason to refuse.
fn is_plain(value: &str) -> bool {
    guard(value).is_ok() && !value.is_empty() && value != ";"
}

#[test]
fn the_hostile_list_comes_back_or_is_refused() {
    assert!(HOSTILE.len() >= 100);
    for value in HOSTILE {
        check(value);
        // A word can say everything that is one line of text.
        assert_eq!(args_word(value, Expansion::None).is_ok(), is_plain(value), "{value:?}");
        assert_eq!(strv_word(value, Expansion::None).is_ok(), is_plain(value), "{value:?}");
        assert!(!value.contains(['\n', '\r', '\0']) || guard(value).is_err());
    }
}

#[test]
fn refusals_say_what_is_wrong() {
    let e = Expansion::None;
    for (refused, expected) in [
        (text("a\nb", e), Refusal::Forbidden('\n')),
        (line("a\tb", e), Refusal::Forbidden('\t')),
        (args_word("\u{202e}", e), Refusal::Forbidden('\u{202e}')),
        (strv_word("\u{feff}", e), Refusal::Forbidden('\u{feff}')),
        (text(r"a\", e), Refusal::TrailingBackslash),
        (line(r"a\", e), Refusal::TrailingBackslash),
        (systemd_text(r"a\"), Refusal::TrailingBackslash),
        (text("", e), Refusal::Empty),
        (args_word("", e), Refusal::EmptyWord),
        (strv_word("", e), Refusal::EmptyWord),
        (args_word(";", e), Refusal::LoneSemicolon),
        (strv_word(";", e), Refusal::LoneSemicolon),
        (text(";", e), Refusal::LoneSemicolon),
        (line(";", e), Refusal::LoneSemicolon),
        (line(" a", e), Refusal::OuterSpace),
        (line("a\u{a0}", e), Refusal::OuterSpace),
        (text(&"a".repeat(LONGEST + 1), e), Refusal::TooLong),
        (text("sh -c \"id\"", e), Refusal::OuterQuote),
        (verbatim("a \"\" b", Syntax::Args), Refusal::EmptyWord),
        (verbatim("a ';' b", Syntax::Exec), Refusal::LoneSemicolon),
        (verbatim(r"a \; b", Syntax::Exec), Refusal::BadEscape),
        (verbatim("a 'b", Syntax::Strv), Refusal::OpenQuote),
        (verbatim("a 'b", Syntax::Args), Refusal::OpenQuote),
        (verbatim("a \"b\"", Syntax::Text), Refusal::OuterQuote),
        (verbatim("a ", Syntax::Args), Refusal::OuterSpace),
    ] {
        assert_eq!(refused, Err(expected));
        let said = expected.to_string();
        assert!(said.starts_with(|c: char| c.is_lowercase()) && !expected.help().is_empty());
    }
}

#[test]
fn plain_words_stay_bare() {
    for (value, e, strv, args) in [
        ("--memory=512m", Expansion::Exec, "--memory=512m", "--memory=512m"),
        ("100%", Expansion::Specifiers, "100%%", "100%%"),
        ("$HOME", Expansion::Exec, "$$HOME", "$$HOME"),
        ("$HOME %h", Expansion::None, "\"$HOME %h\"", "\"$HOME %h\""),
        ("a b", Expansion::Exec, "\"a b\"", "\"a b\""),
        (r"a\b", Expansion::Exec, "\"a\\b\"", "\"a\\\\b\""),
        ("say \"hi\"", Expansion::Exec, "\"say \"'\"hi'\"\"\"", "\"say \\\"hi\\\"\""),
    ] {
        if !value.contains('"') {
            assert_eq!(strv_word(value, e).unwrap(), strv);
        }
        assert_eq!(args_word(value, e).unwrap(), args);
    }
    assert_eq!(text("\"a\"", Expansion::None), Err(Refusal::OuterQuote));
    assert_eq!(text_for("\"a\"", Expansion::None, NEW).unwrap(), "\"\"a\"\"");
    assert_eq!(text(" a", Expansion::None).unwrap(), "\" a\"");
    let json = r#"["mc","ready","local"]"#;
    assert_eq!(text(json, Expansion::Exec).unwrap(), json);
    assert_eq!(verbatim("\"a\"", Syntax::Text).unwrap(), "\"a\"");
}

#[test]
fn doubling_is_undone_by_what_systemd_does() {
    for value in HOSTILE {
        let doubled = escape(value, Expansion::Exec);
        let undone = doubled.replace("%%", "%").replace("$$", "$");
        assert_eq!(undone, **value);
        assert_eq!(escape(value, Expansion::None), **value);
    }
}

proptest! {
    #[test]
    fn any_text_comes_back_or_is_refused(value in any::<String>()) {
        check(&value);
    }

    #[test]
    fn any_nasty_text_comes_back_or_is_refused(
        value in r#"[ab "'\\%$;=#\[\]nx0\{\}é\u{a0}\n\r\t-]{0,12}"#,
    ) {
        check(&value);
        prop_assert_eq!(args_word(&value, Expansion::Exec).is_ok(), is_plain(&value));
    }
}
