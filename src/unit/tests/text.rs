//! Documents: byte for byte, and read as Podman reads.

use proptest::prelude::*;

use crate::unit::quote::Refusal;
use crate::unit::text::{Dialect, SyntaxKind, Unit, Writer};

fn parse(text: &str) -> Unit {
    let unit = Unit::parse(text).unwrap_or_else(|errors| panic!("{text:?}: {errors:?}"));
    assert_eq!(unit.to_string(), text);
    unit
}

/// The only value of `K` in `S`.
fn value(text: &str) -> Option<String> {
    parse(text).last("S", "K").map(str::to_owned)
}

#[test]
fn entries_know_their_place() {
    let text = "# head\n\n[S]\n  Key = a b \n;c\nLong=one \\\n# between\n  two\n[T]\nKey=\n";
    let unit = parse(text);
    let entries: Vec<_> = unit.entries().collect();
    let [key, long, empty] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((key.section, key.key, &*key.value), ("S", "Key", "a b"));
    assert_eq!((key.line, key.lines), (4, 1));
    assert_eq!(&text[key.key_range.clone()], "Key");
    assert_eq!((&*long.value, long.raw), ("one two", "one \\\n# between\n  two"));
    assert_eq!((long.line, long.lines), (6, 3));
    assert_eq!(&text[long.range.clone()], long.raw);
    assert_eq!((empty.section, &*empty.value, empty.line), ("T", "", 10));
    let comments: Vec<_> = unit.comments().map(|found| (found.line, found.text)).collect();
    assert_eq!(comments, [(1, "# head"), (5, ";c"), (7, "# between")]);
    assert_eq!(unit.sections().collect::<Vec<_>>(), [("S", 3), ("T", 9)]);
}

#[test]
fn continued_lines_join_as_podman_joins_them() {
    for (text, expected) in [
        ("[S]\nK=a\\\nb\n", Some("ab")),
        ("[S]\nK=a \\\n   b\n", Some("a b")),
        ("[S]\nK=a\\  \nb\n", Some("ab")),
        ("[S]\nK=a\\\n\n#x\n;y\nb\n", Some("ab")),
        ("[S]\nK=a\\\\\nb\n", Some("a\\b")),
        ("[S]\nK=\\\nv\n", Some("v")),
        ("[S]\nK\\\n=v\n", Some("v")),
        ("[\\\nS]\nK=v\n", Some("v")),
        ("[S]\nK=a\\", Some("a")),
        ("[S]\nK=a\\\n", Some("a")),
        ("[S]\nK=a\\\n\n", None),
        ("[S]\r\nK=a\r\n", Some("a")),
        ("[S]\nK=a\u{a0}\n", Some("a")),
        ("[S]\nK=\u{a0}a\n", Some("\u{a0}a")),
    ] {
        assert_eq!(value(text).as_deref(), expected, "{text:?}");
    }
    assert_eq!(parse("[S]\nK=a\\\n\n").lost(), Some(2));
}

#[test]
fn continued_lines_join_as_systemd_joins_them() {
    for (text, expected) in [
        ("[S]\nK=a\\\nb\n", "a b"),
        ("[S]\nK=a \\\n   b\n", "a  b"),
        ("[S]\nK=a\\\n#x\nb\n", "a b"),
        ("[S]\nK=a\\\n\nL=b\n", "a"),
        ("[S]\nK=a\\\\\nL=b\n", "a\\\\"),
        ("[S]\nK=a\\\n", "a"),
        ("[S]\nK=a\\", "a"),
        ("\u{feff}[S]\nK=a\n", "a"),
    ] {
        let unit = Unit::parse_as(text, Dialect::Systemd).expect(text);
        assert_eq!(unit.to_string(), text);
        assert_eq!(unit.last("S", "K"), Some(expected), "{text:?}");
    }
}

#[test]
fn every_error_is_gathered() {
    use SyntaxKind::{NotALine, OutsideSection, SectionName};

    let text = "K=v\n[S]\njunk\nA=1\n  [ ] x\n=v\n[]\nB=2\n[a\u{7}]\nmore \\\njunk\n";
    let errors = Unit::parse(text).unwrap_err();
    let found: Vec<_> = errors.iter().map(|e| (e.line, e.column, e.kind, e.text.as_str())).collect();
    assert_eq!(
        found,
        [
            (1, 1, OutsideSection, "K=v"),
            (3, 1, NotALine, "junk"),
            (5, 3, NotALine, "[ ] x"),
            (6, 1, NotALine, "=v"),
            (7, 1, SectionName, "[]"),
            (9, 1, SectionName, "[a\u{7}]"),
            (10, 1, NotALine, "more \\"),
        ]
    );
    for text in ["\u{feff}[S]\nA=1\n", "\u{feff}# x\n[S]\n", "\u{feff}A=1\n"] {
        let errors = Unit::parse(text).unwrap_err();
        assert_eq!((errors[0].kind, errors[0].line), (SyntaxKind::ByteOrderMark, 1), "{text:?}");
    }
    parse("");
    parse("# only a comment");
    parse("[S] \t\n[a] b=c\n");
}

#[test]
fn sections_merge_and_an_empty_assignment_resets_a_list() {
    let unit = parse("[S]\nK=a b\nK=c\n[T]\nK=z\n[S]\nK=\nK=\"d e\" f\n");
    assert_eq!(unit.last("S", "K"), Some("\"d e\" f"));
    assert_eq!(unit.lines("S", "K"), ["\"d e\" f"]);
    assert_eq!(unit.strv("S", "K"), ["d e", "f"]);
    assert_eq!(unit.entries_of("S", "K").count(), 4);
    assert!(unit.has_section("T") && !unit.has_section("U"));
    assert_eq!(parse("[S]\nK=a\nK=b c\n").args("S", "K"), ["a", "b", "c"]);
    assert_eq!(parse("[S]\nK=a\nK=b c\n").exec("S", "K").unwrap(), ["b", "c"]);
    assert_eq!(parse("[S]\nK=a \\;\n").exec("S", "K"), None);
    let pairs = parse("[S]\nK=b=1 a=2\nK=b=3 c \"d=x y\"\n").pairs("S", "K");
    let pairs: Vec<_> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_deref())).collect();
    assert_eq!(pairs, [("a", Some("2")), ("b", Some("3")), ("c", None), ("d", Some("x y"))]);
}

#[test]
fn single_values() {
    for (written, new, old) in [
        ("a", "a", "a"),
        ("\"a\"", "a", "a"),
        ("a\"", "a\"", "a"),
        ("\"", "\"", ""),
        ("\"\"a\"\"", "\"a\"", "a"),
        ("'a'", "'a'", "'a'"),
    ] {
        let unit = parse(&format!("[S]\nK={written}\n"));
        assert_eq!((unit.text("S", "K"), unit.text_before_5_8("S", "K")), (Some(new), Some(old)));
    }
    for (written, boolean, number) in [
        ("1", true, 1),
        ("YES", true, 0),
        ("on", true, 0),
        ("enabled", false, 0),
        ("0100", false, 64),
        ("0x1F", false, 31),
        ("+7", false, 7),
        ("-1", false, 0),
        ("postgres", false, 0),
        ("4294967296", false, 0),
    ] {
        let unit = parse(&format!("[S]\nK={written}\n"));
        assert_eq!(unit.boolean("S", "K"), Some(boolean), "{written}");
        assert_eq!(unit.uint32("S", "K"), Some(number), "{written}");
    }
    assert_eq!(parse("[S]\n").boolean("S", "K"), None);
}

#[test]
fn the_writer_adds_one_line_a_call() {
    let mut writer = Writer::new();
    writer.comment("head").unwrap().comment("").unwrap().blank();
    writer.section("S").unwrap().entry("K", "v w").unwrap().reset("L").unwrap();
    let text = writer.clone().finish();
    assert_eq!(text, "# head\n#\n\n[S]\nK=v w\nL=\n");
    for (refused, expected) in [
        (writer.entry("K", "a\nB=c").err(), Refusal::Forbidden('\n')),
        (writer.entry("K", "a\\").err(), Refusal::TrailingBackslash),
        (writer.entry("K=", "a").err(), Refusal::Forbidden('=')),
        (writer.entry("#K", "a").err(), Refusal::Forbidden('#')),
        (writer.entry("", "a").err(), Refusal::Empty),
        (writer.section("S]").err(), Refusal::Forbidden(']')),
        (writer.comment("a\rb").err(), Refusal::Forbidden('\r')),
        (writer.comment("a\\").err(), Refusal::TrailingBackslash),
    ] {
        assert_eq!(refused, Some(expected));
    }
    assert_eq!(writer.finish(), text);
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z]{1,6} ?= ?[ -~é]{0,12}\\\\?",
        "\\[[A-Z]{1,2}\\] {0,2}",
        "[#;][ -~]{0,8}",
        " {0,2}\r?",
        "[ -~]{0,8}\\\\",
        "\\\\",
    ]
}

proptest! {
    #[test]
    fn any_text_that_parses_is_kept(text in "\\PC{0,40}|[\\[\\]A=\\\\\n #;\r\"é\u{a0}]{0,40}") {
        for dialect in [Dialect::Quadlet, Dialect::Systemd] {
            if let Ok(unit) = Unit::parse_as(&text, dialect) {
                prop_assert_eq!(unit.to_string(), text.clone());
            }
        }
    }

    #[test]
    fn entries_stand_where_they_say(lines in prop::collection::vec(line(), 0..12)) {
        let text = format!("[S]\n{}", lines.join("\n"));
        for dialect in [Dialect::Quadlet, Dialect::Systemd] {
            let Ok(unit) = Unit::parse_as(&text, dialect) else { continue };
            prop_assert_eq!(unit.to_string(), text.clone());
            let (mut end, mut last) = (0, 0);
            for entry in unit.entries() {
                prop_assert!(end <= entry.key_range.start && entry.key_range.end <= entry.range.start);
                prop_assert_eq!(&text[entry.range.clone()], entry.raw);
                prop_assert!(last < entry.line && entry.lines >= 1);
                let first = text[..entry.key_range.start].matches('\n').count() + 1;
                prop_assert!(entry.line <= first && first < entry.line + entry.lines);
                if entry.lines == 1 && !entry.raw.ends_with('\\') {
                    prop_assert_eq!(&*entry.value, entry.raw);
                }
                prop_assert!(!entry.value.contains('\n'));
                end = entry.range.end;
                last = entry.line + entry.lines - 1;
            }
        }
    }
}
