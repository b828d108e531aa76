//! Rules of nft(8), as far as a check looks at them.

/// What a block of a file is.
#[derive(Debug)]
enum Block {
    /// A table; whether packets of IPv4 come through it.
    Table(bool),
    /// A chain.
    Chain(Chain),
    /// Anything else with braces around it.
    Other,
}

#[derive(Debug, Default)]
struct Chain {
    is_of_input: bool,
    drops: bool,
    accepts_all: bool,
}

/// Whether what a file leaves behind drops what comes in and no rule accepts: a base chain of the hook input, in a table that
/// IPv4 comes through, with the policy drop.
pub(super) fn drops_input(text: &str) -> bool {
    let mut blocks: Vec<Block> = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    // Braces within a statement hold a set.
    let mut sets = 0_usize;
    let mut drops = false;
    for token in tokens(text) {
        match token {
            "{" if sets > 0 || !opens_a_block(&words) => {
                sets += 1;
                words.push(token);
            }
            "}" if sets > 0 => {
                sets -= 1;
                words.push(token);
            }
            "{" => blocks.push(block(&std::mem::take(&mut words))),
            "}" => {
                statement(&std::mem::take(&mut words), blocks.last_mut(), &mut drops);
                let closed = blocks.pop();
                let is_of_ipv4 = matches!(blocks.last(), Some(Block::Table(true)));
                if let Some(Block::Chain(chain)) = closed {
                    drops |= is_of_ipv4 && chain.is_of_input && chain.drops && !chain.accepts_all;
                }
            }
            ";" | "\n" if sets == 0 => statement(&std::mem::take(&mut words), blocks.last_mut(), &mut drops),
            ";" | "\n" => {}
            word => words.push(word),
        }
    }
    statement(&words, None, &mut drops);
    // nft loads a file whole or not at all.
    drops && blocks.is_empty()
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').flat_map(|line| {
        let (said, end) = line.strip_suffix('\n').map_or((line, None), |said| (said, Some("\n")));
        let bare = said.split('#').next().unwrap_or_default();
        let words = bare.split_ascii_whitespace().flat_map(|word| {
            word.split_inclusive(['{', '}', ';']).flat_map(|part| {
                let (word, mark) = part.split_at(part.trim_end_matches(['{', '}', ';']).len());
                [word, mark]
            })
        });
        words.filter(|word| !word.is_empty()).chain(end)
    })
}

fn opens_a_block(words: &[&str]) -> bool {
    const BLOCKS: &[&str] =
        &["table", "chain", "set", "map", "flowtable", "counter", "quota", "limit", "synproxy", "secmark"];
    let first = words.iter().find(|word| !["add", "create"].contains(word));
    // `ct helper NAME {` is a block, and `ct state { … }` is a rule; `counter` and `limit` of a rule have no braces after them.
    first.is_none_or(|first| BLOCKS.contains(first) || *first == "ct" && words.len() == 3)
}

fn block(words: &[&str]) -> Block {
    let words: Vec<&str> = words.iter().copied().skip_while(|word| ["add", "create"].contains(word)).collect();
    match words.as_slice() {
        ["table", _] | ["table", "ip" | "inet", _] => Block::Table(true),
        ["table", ..] => Block::Table(false),
        ["chain", ..] => Block::Chain(Chain::default()),
        _ => Block::Other,
    }
}

fn statement(words: &[&str], within: Option<&mut Block>, drops: &mut bool) {
    match within {
        Some(Block::Chain(chain)) => {
            let is_base = words.first() == Some(&"type");
            chain.is_of_input |= is_base && words.windows(2).any(|pair| pair == ["hook", "input"]);
            match words {
                ["policy", policy] => chain.drops = *policy == "drop",
                ["accept"] | ["counter", "accept"] => chain.accepts_all = true,
                _ => {}
            }
        }
        None if words == ["flush", "ruleset"] => *drops = false,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::drops_input;

    fn input(family: &str, rules: &str) -> String {
        format!(
            "table {family} filter {{\n  chain input {{\n    type filter hook input priority 0; policy drop;\n    {rules}\n  }}\n}}\n"
        )
    }

    #[test]
    fn a_policy_of_drop_holds_what_no_rule_accepts() {
        let rules = "ct state { established, related } accept\n    tcp dport {22,80} accept # ssh\n    iif lo accept";
        for family in ["inet", "ip", ""] {
            assert!(drops_input(&input(family, rules)), "{family}");
        }
        assert!(drops_input(&format!("#!/usr/sbin/nft -f\nflush ruleset\n{}", input("inet", rules))));
        assert!(drops_input("table inet f{chain i{type filter hook input priority 0;policy drop;}}"));
        assert!(drops_input("table inet f { chain i { type filter hook input priority 0\n policy drop\n } }"));
    }

    #[test]
    fn what_lets_everything_in_is_not_held() {
        for text in [
            input("arp", ""),
            input("bridge", ""),
            input("ip6", ""),
            input("inet", "accept"),
            input("inet", "counter accept"),
            format!("{}flush ruleset\n", input("inet", "")),
            format!("{}table inet other {{\n", input("inet", "")),
            input("inet", "").replace("policy drop", "policy accept"),
            input("inet", "").replace("hook input", "hook forward"),
            input("inet", "").replace("policy drop", "# policy drop"),
            // The drop is another chain's.
            "table inet f {\n chain forward {\n type filter hook forward priority 0; policy drop;\n }\n chain input {\n type \
             filter hook input priority 0;\n }\n}\n"
                .to_owned(),
            String::new(),
        ] {
            assert!(!drops_input(&text), "{text}");
        }
    }

    #[test]
    fn nothing_panics() {
        for text in ["}", "{{{", "}}}{", "table", ";;;", "a{b}c", "\n}\n{"] {
            assert!(!drops_input(text));
        }
    }
}
