//! What apt is set to: apt.conf(5).

use std::collections::BTreeMap;

use super::root::Root;

/// Options by their names in small letters, as apt does not tell letters apart, with the files that have the last word.
#[derive(Debug, Default)]
pub(super) struct Options(BTreeMap<String, (String, String)>);

/// Reads what apt reads, in its order: the parts by name, then the file itself.
pub(super) fn read(root: &Root) -> Result<Options, String> {
    const PARTS: &str = "etc/apt/apt.conf.d";
    let mut options = Options::default();
    let names = root.list(PARTS)?.unwrap_or_default();
    let parts = names.into_iter().filter(|name| is_read(name)).map(|name| format!("{PARTS}/{name}"));
    for path in parts.chain(["etc/apt/apt.conf".to_owned()]) {
        if root.owned(&path)?.is_none_or(|owned| owned.is_dir) {
            continue;
        }
        options.add(&path, &root.text(&path)?.unwrap_or_default())?;
    }
    Ok(options)
}

/// Whether apt reads a file of this name: backups of dpkg and editors it passes over.
fn is_read(name: &str) -> bool {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    is_plain && !name.starts_with('.') && name.rsplit_once('.').is_none_or(|(_, extension)| extension == "conf")
}

impl Options {
    /// What an option is, and the file that says so.
    pub(super) fn get(&self, name: &str) -> Option<(&str, &str)> {
        self.0.get(&name.to_ascii_lowercase()).map(|(value, path)| (value.as_str(), path.as_str()))
    }

    fn add(&mut self, path: &str, text: &str) -> Result<(), String> {
        let mut scopes: Vec<String> = Vec::new();
        let mut words: Vec<String> = Vec::new();
        for token in tokens(text) {
            match token {
                Token::Word(word) => words.push(word),
                Token::Open => {
                    let name = std::mem::take(&mut words).into_iter().next().unwrap_or_default();
                    scopes.push(within(&scopes, &name));
                }
                Token::Close | Token::End => {
                    let said = std::mem::take(&mut words);
                    match said.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                        ["#include", ..] => return Err(format!("/{path} includes other files")),
                        ["#clear", names @ ..] => names.iter().for_each(|name| self.clear(name)),
                        [name, value, ..] => {
                            self.0.insert(within(&scopes, name), ((*value).to_owned(), path.to_owned()));
                        }
                        [] | [_] => {}
                    }
                    if token == Token::Close {
                        scopes.pop();
                    }
                }
            }
        }
        if words.is_empty() { Ok(()) } else { Err(format!("/{path} ends within an option: apt reads none of it")) }
    }

    fn clear(&mut self, name: &str) {
        let name = name.trim_end_matches("::").to_ascii_lowercase();
        let beneath = format!("{name}::");
        self.0.retain(|other, _| *other != name && !other.starts_with(&beneath));
    }
}

/// The whole name of an option in a scope.
fn within(scopes: &[String], name: &str) -> String {
    let name = name.to_ascii_lowercase();
    scopes.last().map_or(name.clone(), |scope| format!("{scope}::{name}"))
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Open,
    Close,
    End,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = |mark: &str| rest.split_once(mark).map_or("", |(_, after)| after);
        let is_directive = rest.starts_with("#clear") || rest.starts_with("#include");
        if first == '"' {
            let (word, after) = rest[1..].split_once('"').unwrap_or((&rest[1..], ""));
            tokens.push(Token::Word(word.to_owned()));
            rest = after;
        } else if rest.starts_with("/*") {
            rest = after("*/");
        } else if rest.starts_with("//") || first == '#' && !is_directive {
            rest = after("\n");
        } else if let Some(token) = match first {
            '{' => Some(Token::Open),
            '}' => Some(Token::Close),
            ';' => Some(Token::End),
            _ => None,
        } {
            tokens.push(token);
            rest = &rest[1..];
        } else if first.is_whitespace() {
            rest = rest.trim_start();
        } else {
            let is_end = |c: char| c.is_whitespace() || "{};\"".contains(c);
            let end = rest.find(is_end).unwrap_or(rest.len());
            let end = rest[..end].find("//").filter(|at| *at > 0).unwrap_or(end);
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<String> {
        let mut options = Options::default();
        options.add("file", text).unwrap();
        options.get("APT::Periodic::Enable").map(|(value, _)| value.to_owned())
    }

    #[test]
    fn every_form_of_an_option_is_read() {
        for (text, wanted) in [
            ("APT::Periodic::Enable \"1\";", Some("1")),
            ("apt::periodic::ENABLE 1;\n", Some("1")),
            ("APT { Periodic { Update \"0\"; Enable \"1\"; }; };", Some("1")),
            ("APT\n{\n  Periodic::Enable \"1\";\n}\n", Some("1")),
            ("APT::Periodic { Enable \"1\" }", Some("1")),
            ("APT { Get { Yes \"1\"; } Periodic { Enable \"1\"; } }", Some("1")),
            ("APT { Get { Yes \"1\"; }; }; Periodic { Enable \"1\"; };", None),
            (
                "// APT::Periodic::Enable \"1\";\n# APT::Periodic::Enable \"1\";\n/* APT::Periodic::Enable \"1\"; */",
                None,
            ),
            ("APT::Periodic::Enable \"1\"; // \"0\"\n", Some("1")),
            ("APT::Periodic::Enable \"1\";\nAPT::Periodic::Enable \"0\";\n", Some("0")),
            ("APT::Periodic::Enable \"1\";\n#clear APT::Periodic;\n", None),
            ("Dir \"http://a//b\"; APT::Periodic::Enable \"1\";\n", Some("1")),
            ("}; { ; {", None),
        ] {
            assert_eq!(value(text).as_deref(), wanted, "{text}");
        }
        for text in ["#include \"/etc/other\";", "APT::Periodic::Enable \"1\"", "APT::Periodic::Enable", "\""] {
            assert!(Options::default().add("file", text).is_err(), "{text}");
        }
    }

    #[test]
    fn backups_are_no_parts() {
        for name in ["20auto-upgrades", "52local.conf"] {
            assert!(is_read(name), "{name}");
        }
        for name in ["20auto-upgrades.dpkg-old", "20auto-upgrades~", ".hidden", "52local.conf.bak", "20auto.ucf-dist"] {
            assert!(!is_read(name), "{name}");
        }
    }
}
