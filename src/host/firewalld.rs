//! Zones of firewalld: firewalld.conf(5), firewalld.zone(5).

use std::collections::BTreeMap;

use super::root::Root;

/// Whether what comes in and no zone accepts is dropped or rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Firewalld {
    /// It is, and this zone takes what no other one was told to take.
    Drops(String),
    /// This zone accepts everything, from what is said here.
    Accepts { zone: String, from: String },
}

/// What the permanent configuration comes to.
pub(super) fn read(root: &Root) -> Result<Firewalld, String> {
    let conf = root.text("etc/firewalld/firewalld.conf")?.unwrap_or_default();
    let default = conf.lines().rev().find_map(|line| line.trim().strip_prefix("DefaultZone=")).map(str::trim);
    let default = default.filter(|zone| !zone.is_empty()).unwrap_or("public");
    let mut zones = BTreeMap::new();
    for dir in ["usr/lib/firewalld/zones", "etc/firewalld/zones"] {
        for (path, text) in root.texts(dir, ".xml")? {
            let name = path[dir.len() + 1..].trim_end_matches(".xml").to_owned();
            zones.insert(name, Zone::parse(&text).ok_or_else(|| format!("/{path} is no zone of firewalld"))?);
        }
    }
    // What firewalld brings need not have been copied with the rest.
    zones.entry("trusted".to_owned()).or_insert_with(|| Zone { accepts: true, from: Vec::new() });
    for (name, zone) in zones.into_iter().filter(|(_, zone)| zone.accepts) {
        let from = if name == default { Some("wherever no other zone is set") } else { None };
        if let Some(from) = from.or(zone.from.first().map(String::as_str)) {
            return Ok(Firewalld::Accepts { from: from.to_owned(), zone: name });
        }
    }
    Ok(Firewalld::Drops(default.to_owned()))
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Zone {
    accepts: bool,
    /// Interfaces and sources that are bound to it.
    from: Vec<String>,
}

impl Zone {
    /// The zone of a file; nothing where it holds none.
    fn parse(text: &str) -> Option<Self> {
        let mut zone = None;
        let mut depth = 0_usize;
        for tag in tags(text) {
            if tag.starts_with('/') {
                depth = depth.saturating_sub(1);
                continue;
            }
            let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
            match (depth, name, &mut zone) {
                (0, "zone", None) => {
                    zone = Some(Self { accepts: attribute(tag, "target") == Some("ACCEPT"), from: Vec::new() });
                }
                // Those of a rule choose packets, and bind nothing.
                (1, "interface" | "source", Some(zone)) => {
                    let bound = ["name", "address", "mac", "ipset"].iter().find_map(|key| attribute(tag, key));
                    let bound = bound.filter(|bound| *bound != "lo");
                    zone.from.extend(bound.map(|bound| format!("{name} {bound}")));
                }
                _ => {}
            }
            if !tag.ends_with('/') {
                depth += 1;
            }
        }
        zone
    }
}

/// What stands between `<` and `>`, without comments and declarations.
fn tags(text: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('<') {
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some((tag, after)) = after.split_once('>') else { break };
        if !tag.starts_with(['?', '!']) {
            tags.push(tag.trim());
        }
        rest = after;
    }
    tags
}

/// The value of an attribute, in either kind of quotes.
fn attribute<'t>(tag: &'t str, key: &str) -> Option<&'t str> {
    let mut rest = tag.split_once(char::is_whitespace)?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, after) = after[1..].split_once(quote)?;
        if name.trim() == key {
            return Some(value);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(text: &str) -> (bool, Vec<String>) {
        let zone = Zone::parse(text).unwrap();
        (zone.accepts, zone.from)
    }

    #[test]
    fn zones_are_read() {
        assert_eq!(zone("<?xml version='1.0'?>\n<zone target='ACCEPT'></zone>"), (true, vec![]));
        assert_eq!(zone("<zone version=\"1\" target = \"ACCEPT\"/>"), (true, vec![]));
        assert_eq!(zone("<!-- <zone target=\"ACCEPT\"> --><zone target=\"DROP\">"), (false, vec![]));
        let text = "<zone target=\"ACCEPT\">\n  <short>a</short>\n  <interface name=\"eth0\"/>\n  <interface name='lo'/>\n  \
                    <source address='192.0.2.0/24'/>\n  <rule family=\"ipv4\"><source address=\"198.51.100.1\"/><accept/></rule>\n\
                    </zone>";
        assert_eq!(zone(text), (true, vec!["interface eth0".to_owned(), "source 192.0.2.0/24".to_owned()]));
        for text in ["", "<", "<zone", "<!--", "<service/>", "< >", "<a b=>"] {
            assert_eq!(Zone::parse(text), None, "{text}");
        }
    }
}
