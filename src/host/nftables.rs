//! Rules of nft(8), as far as a check looks at them.

use std::collections::BTreeMap;

use super::root::{Found, Root};

/// Which packets are dropped that come in and no rule accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Drops {
    /// Those of IPv4.
    pub ipv4: bool,
    /// Those of IPv6.
    pub ipv6: bool,
}

/// What loading files one after another leaves behind; nothing dropped where nft refuses one of them.
pub(super) fn loaded(root: &Root, paths: &[String]) -> Result<Drops, String> {
    let mut all = String::new();
    for path in paths {
        match expanded(root, path, 0)? {
            Some(text) => all += &text,
            None => return Ok(Drops::default()),
        }
    }
    Ok(drops(&all))
}

/// The text of a file with what it includes. Nothing where nft finds no such file.
fn expanded(root: &Root, path: &str, depth: usize) -> Found<String> {
    /// nft's own limit.
    const DEEPEST: usize = 16;
    let Some(text) = root.text(path)? else { return Ok(None) };
    let mut all = String::new();
    for line in text.lines() {
        let included = line.trim().strip_prefix("include").and_then(|rest| rest.trim().split('"').nth(1));
        let Some(included) = included else {
            all += line;
            all.push('\n');
            continue;
        };
        if depth == DEEPEST {
            return Ok(None);
        }
        for path in matching(root, included)? {
            match expanded(root, &path, depth + 1)? {
                Some(text) => all += &text,
                None => return Ok(None),
            }
        }
    }
    Ok(Some(all))
}

/// The files that an include names. A pattern may name none.
fn matching(root: &Root, included: &str) -> Result<Vec<String>, String> {
    // What is not there, nft looks for below /etc; the service works in /.
    let path = match included.strip_prefix('/').or_else(|| included.strip_prefix("./")) {
        Some(path) => path.to_owned(),
        None => format!("etc/{included}"),
    };
    let (dir, name) = path.rsplit_once('/').unwrap_or((".", &path));
    if !path.contains(['*', '?', '[']) {
        return Ok(vec![path]);
    }
    let Some((before, after)) = name.split_once('*').filter(|_| path.matches(['*', '?', '[']).count() == 1) else {
        return Err(format!("nftables includes `{}`, a pattern that is not understood here", included.escape_debug()));
    };
    let names = root.list(dir)?.unwrap_or_default();
    let fits = |name: &String| {
        name.len() >= before.len() + after.len()
            && name.starts_with(before)
            && name.ends_with(after)
            && (!name.starts_with('.') || before.starts_with('.'))
    };
    Ok(names.into_iter().filter(fits).map(|name| format!("{dir}/{name}")).collect())
}

/// A table by its family and its name.
type Key = (String, String);

#[derive(Debug, Default)]
struct Table {
    is_dormant: bool,
    chains: BTreeMap<String, Chain>,
}

#[derive(Debug, Default)]
struct Chain {
    is_of_input: bool,
    drops: bool,
    steps: Vec<Step>,
}

/// A rule that every packet meets, or every packet of one family.
#[derive(Clone, Debug)]
struct Step {
    family: Option<&'static str>,
    act: Act,
}

#[derive(Clone, Debug)]
enum Act {
    Accept,
    Drop,
    Jump(String),
    Goto(String),
}

/// What a block of a file is.
#[derive(Debug)]
enum Block {
    Table(Key),
    Chain(Key, String),
    /// Anything else with braces around it.
    Other,
}

type Tables = BTreeMap<Key, Table>;

fn drops(text: &str) -> Drops {
    let mut tables = Tables::new();
    let mut blocks: Vec<Block> = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    // Braces within a statement hold a set.
    let mut sets = 0_usize;
    for token in tokens(text) {
        match token {
            "{" if sets > 0 || !opens_a_block(&words, blocks.last()) => {
                sets += 1;
                words.push(token);
            }
            "}" if sets > 0 => {
                sets -= 1;
                words.push(token);
            }
            "{" => blocks.push(block(&std::mem::take(&mut words), blocks.last(), &mut tables)),
            "}" => {
                statement(&std::mem::take(&mut words), blocks.last(), &mut tables);
                blocks.pop();
            }
            ";" | "\n" if sets == 0 => statement(&std::mem::take(&mut words), blocks.last(), &mut tables),
            ";" | "\n" => {}
            word => words.push(word),
        }
    }
    statement(&words, blocks.last(), &mut tables);
    // nft loads a file whole or not at all.
    if !blocks.is_empty() || sets > 0 {
        return Drops::default();
    }
    Drops { ipv4: holds(&tables, "ip"), ipv6: holds(&tables, "ip6") }
}

/// Whether a base chain of the hook input drops what none of its rules accepts, in a table that the family comes through.
fn holds(tables: &Tables, family: &str) -> bool {
    tables.iter().filter(|((of, _), table)| (of == family || of == "inet") && !table.is_dormant).any(|(_, table)| {
        table.chains.values().filter(|chain| chain.is_of_input).any(|chain| {
            let is_dropped = verdict(table, chain, family, 0);
            is_dropped.unwrap_or(chain.drops)
        })
    })
}

/// Whether a chain drops whatever comes, or accepts it; nothing where it leaves that to its policy, or to who called it.
fn verdict(table: &Table, chain: &Chain, family: &str, depth: usize) -> Option<bool> {
    /// The kernel's own limit.
    const DEEPEST: usize = 16;
    let of = |name: &String| table.chains.get(name).filter(|_| depth < DEEPEST);
    let of = |name: &String| of(name).and_then(|chain| verdict(table, chain, family, depth + 1));
    for step in chain.steps.iter().filter(|step| step.family.is_none_or(|of| of == family)) {
        match &step.act {
            Act::Accept => return Some(false),
            Act::Drop => return Some(true),
            Act::Goto(name) => return of(name),
            Act::Jump(name) => {
                let said = of(name);
                if said.is_some() {
                    return said;
                }
            }
        }
    }
    None
}

fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            '{' | '}' | ';' | '\n' => 1,
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '\\' if rest.starts_with("\\\n") => 2,
            first if first.is_whitespace() => first.len_utf8(),
            _ => rest.find(|c: char| c.is_whitespace() || "{};\"#".contains(c)).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(end);
        if first == '\n' || !first.is_whitespace() && first != '#' && token != "\\\n" {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}

fn opens_a_block(words: &[&str], within: Option<&Block>) -> bool {
    const BLOCKS: &[&str] =
        &["table", "chain", "set", "map", "flowtable", "counter", "quota", "limit", "synproxy", "secmark"];
    if let Some(Block::Chain(..)) = within {
        return words.is_empty();
    }
    let first = words.iter().find(|word| !["add", "create"].contains(word));
    // `ct helper NAME {` is a block.
    first.is_none_or(|first| BLOCKS.contains(first) || *first == "ct" && words.len() == 3)
}

/// A table as a command names it, and what stands behind its name. Without a family it is of IPv4.
fn table_of<'w, 't>(words: &'w [&'t str]) -> Option<(Key, &'w [&'t str])> {
    const FAMILIES: &[&str] = &["ip", "ip6", "inet", "arp", "bridge", "netdev"];
    let (family, rest) = match words {
        [family, rest @ ..] if FAMILIES.contains(family) && !rest.is_empty() => (*family, rest),
        rest => ("ip", rest),
    };
    let (name, rest) = rest.split_first()?;
    Some(((family.to_owned(), name.trim_matches('"').to_owned()), rest))
}

fn block(words: &[&str], within: Option<&Block>, tables: &mut Tables) -> Block {
    let at = words.iter().position(|word| !["add", "create"].contains(word)).unwrap_or(words.len());
    let chain = match (&words[at..], within) {
        (["table", named @ ..], None) => {
            let Some((key, _)) = table_of(named) else { return Block::Other };
            // Naming it without the flag wakes it up.
            tables.entry(key.clone()).or_default().is_dormant = false;
            return Block::Table(key);
        }
        (["chain", named @ ..], None) => {
            table_of(named).and_then(|(key, rest)| Some((key, (*rest.first()?).to_owned())))
        }
        (["chain", name], Some(Block::Table(key))) => Some((key.clone(), (*name).to_owned())),
        _ => None,
    };
    let Some((key, name)) = chain else { return Block::Other };
    tables.entry(key.clone()).or_default().chains.entry(name.clone()).or_default();
    Block::Chain(key, name)
}

fn statement(words: &[&str], within: Option<&Block>, tables: &mut Tables) {
    match within {
        None => command(words, tables),
        Some(Block::Table(key)) => {
            if let (["flags", flags @ ..], Some(table)) = (words, tables.get_mut(key)) {
                table.is_dormant |= flags.iter().any(|flags| flags.split(',').any(|flag| flag == "dormant"));
            }
        }
        Some(Block::Chain(key, name)) => {
            let Some(chain) = tables.get_mut(key).and_then(|table| table.chains.get_mut(name)) else { return };
            match words {
                ["type", ..] => chain.is_of_input |= words.windows(2).any(|pair| pair == ["hook", "input"]),
                ["policy", policy] => chain.drops = *policy == "drop",
                rule => chain.steps.extend(step(rule)),
            }
        }
        Some(Block::Other) => {}
    }
}

/// A command outside of any block.
fn command(words: &[&str], tables: &mut Tables) {
    let chain = |named: &[&str]| table_of(named).and_then(|(key, rest)| Some((key, (*rest.first()?).to_owned())));
    match words {
        ["flush", "ruleset"] => tables.clear(),
        ["flush", "ruleset", family] => tables.retain(|(of, _), _| of != family),
        ["table", named @ ..] | ["add" | "create", "table", named @ ..] => {
            if let Some((key, _)) = table_of(named) {
                tables.entry(key).or_default().is_dormant = false;
            }
        }
        ["delete" | "destroy", "table", named @ ..] => {
            if let Some((key, _)) = table_of(named) {
                tables.remove(&key);
            }
        }
        ["flush", "table", named @ ..] => {
            if let Some(table) = table_of(named).and_then(|(key, _)| tables.get_mut(&key)) {
                table.chains.values_mut().for_each(|chain| chain.steps.clear());
            }
        }
        ["delete" | "destroy", "chain", named @ ..] => {
            if let Some((key, name)) = chain(named) {
                tables.entry(key).or_default().chains.remove(&name);
            }
        }
        ["flush", "chain", named @ ..] => {
            if let Some((key, name)) = chain(named) {
                tables.entry(key).or_default().chains.entry(name).or_default().steps.clear();
            }
        }
        [how @ ("add" | "insert"), "rule", named @ ..] => {
            if let Some((key, [name, rule @ ..])) = table_of(named) {
                let steps = &mut tables.entry(key).or_default().chains.entry((*name).to_owned()).or_default().steps;
                let at = if *how == "insert" { 0 } else { steps.len() };
                steps.splice(at..at, step(rule));
            }
        }
        _ => {}
    }
}

/// What a rule does with every packet; nothing where it chooses some.
fn step(rule: &[&str]) -> Option<Step> {
    /// What counts or tells, and lets everything go on.
    const ASIDE: &[&str] = &["counter", "packets", "bytes", "log", "prefix", "level", "group", "flags", "all"];
    let (family, rule) = match rule {
        ["meta", "nfproto", "ipv4", rest @ ..] => (Some("ip"), rest),
        ["meta", "nfproto", "ipv6", rest @ ..] => (Some("ip6"), rest),
        rule => (None, rule),
    };
    let is_aside = |at: usize| {
        let word = rule[at];
        let is_value = word.starts_with('"') || word.bytes().all(|byte| byte.is_ascii_digit());
        is_value || ASIDE.contains(&word) || at > 0 && rule[at - 1] == "level"
    };
    let at = (0..rule.len()).find(|at| !is_aside(*at))?;
    let act = match &rule[at..] {
        ["accept", ..] => Act::Accept,
        ["drop" | "reject", ..] => Act::Drop,
        ["jump", name, ..] => Act::Jump((*name).to_owned()),
        ["goto", name, ..] => Act::Goto((*name).to_owned()),
        _ => return None,
    };
    Some(Step { family, act })
}

#[cfg(test)]
mod tests {
    use super::{Drops, drops};

    fn input(family: &str, rules: &str) -> String {
        format!(
            "table {family} filter {{\n  chain input {{\n    type filter hook input priority 0; policy drop;\n    {rules}\n  }}\n}}\n"
        )
    }

    const BOTH: Drops = Drops { ipv4: true, ipv6: true };

    #[test]
    fn a_policy_of_drop_holds_what_no_rule_accepts() {
        let rules = "ct state { established, related } accept\n    tcp dport {22,80} accept # ssh\n    iif lo accept\n    \
                     counter ip saddr { 192.0.2.1 } accept\n    counter log prefix \"in # { \" comment \"}\"";
        for (family, wanted) in [
            ("inet", BOTH),
            ("ip", Drops { ipv4: true, ipv6: false }),
            ("", Drops { ipv4: true, ipv6: false }),
            ("ip6", Drops { ipv4: false, ipv6: true }),
        ] {
            assert_eq!(drops(&input(family, rules)), wanted, "{family}");
        }
        for text in [
            format!("#!/usr/sbin/nft -f\nflush ruleset\n{}", input("inet", rules)),
            format!("table inet filter\ndelete table inet filter\n{}", input("inet", rules)),
            format!("{}{}", input("ip", rules), input("ip6", rules)),
            format!("{}flush ruleset ip\ndelete table ip filter\n", input("inet", rules)),
            "table inet f{chain i{type filter hook input priority 0;policy drop;}}".to_owned(),
            "table inet f { chain i { type filter hook input priority 0\n policy drop\n } }".to_owned(),
            "add table inet f\nadd chain inet f i { type filter hook input priority 0 ; policy drop ; }\n\
             add rule inet f i tcp dport { 22 } accept\n"
                .to_owned(),
            // The last rule is as good as the policy.
            input("inet", "tcp dport 22 accept\n counter drop").replace("policy drop", "policy accept"),
            input("inet", "log prefix \"in \" level warn reject with icmpx admin-prohibited").replace("drop", "accept"),
            input("inet", "jump rest\n }\n chain rest {\n tcp dport 22 accept\n drop").replace("policy drop", ""),
            input("inet", "").replace("  chain", "  flags owner,persist\n  chain"),
            format!("table inet filter {{ flags dormant; }}\n{}", input("inet", "")),
        ] {
            assert_eq!(drops(&text), BOTH, "{text}");
        }
    }

    #[test]
    fn what_lets_everything_in_is_not_held() {
        for text in [
            input("arp", ""),
            input("bridge", ""),
            input("inet", "accept"),
            input("inet", "counter accept"),
            input("inet", "counter packets 0 bytes 0 accept comment \"all\""),
            input("inet", "jump rest\n }\n chain rest {\n accept"),
            input("inet", "goto rest\n }\n chain rest {\n tcp dport 22 drop\n accept"),
            format!("{}flush ruleset\n", input("inet", "")),
            format!("{}flush ruleset inet\n", input("inet", "")),
            format!("{}delete table inet filter\n", input("inet", "")),
            format!("{}destroy table inet filter\n", input("inet", "")),
            format!("{}delete chain inet filter input\n", input("inet", "")),
            format!("{}insert rule inet filter input accept\n", input("inet", "drop")),
            format!("{}add rule inet filter input accept\n", input("inet", "")),
            format!("{}flush table inet filter\n", input("inet", "drop").replace("policy drop", "policy accept")),
            format!("{}table inet other {{\n", input("inet", "")),
            input("inet", "").replace("  chain", "  flags dormant;\n  chain"),
            input("inet", "").replace("policy drop", "policy accept"),
            input("inet", "").replace("hook input", "hook forward"),
            input("inet", "").replace("policy drop", "# policy drop"),
            // The drop is another chain's.
            "table inet f {\n chain forward {\n type filter hook forward priority 0; policy drop;\n }\n chain input {\n type \
             filter hook input priority 0;\n }\n}\n"
                .to_owned(),
            String::new(),
        ] {
            assert_eq!(drops(&text), Drops::default(), "{text}");
        }
        let half = drops(&input("inet", "meta nfproto ipv6 accept"));
        assert_eq!(half, Drops { ipv4: true, ipv6: false });
    }

    #[test]
    fn nothing_panics() {
        for text in
            ["}", "{{{", "}}}{", "table", ";;;", "a{b}c", "\n}\n{", "\"", "é\u{a0}{", "\\", "chain {", "add rule"]
        {
            assert_eq!(drops(text), Drops::default());
        }
    }
}
