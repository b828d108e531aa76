//! The parser of unit files: whatever the bytes, it does not panic, loses none of them, and reads its own places back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll::unit::{Dialect, Unit, split};

fuzz_target!(|text: &str| {
    for dialect in [Dialect::Quadlet, Dialect::Systemd] {
        let Ok(unit) = Unit::parse_as(text, dialect) else { continue };
        assert_eq!(unit.as_str(), text);
        for entry in unit.entries() {
            assert_eq!(&text[entry.range.clone()], entry.raw);
            assert!(text.get(entry.key_range.clone()).is_some());
            for mode in [split::Mode::Strv, split::Mode::Args] {
                for word in split::split(&entry.value, mode).words {
                    assert!(entry.value.get(word.range).is_some());
                }
            }
            let _ = (unit.text(entry.section, entry.key), unit.boolean(entry.section, entry.key));
            let _ = (unit.uint32(entry.section, entry.key), unit.pairs(entry.section, entry.key));
        }
    }
});
