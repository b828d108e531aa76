//! Reading a table through its layers: the built-in defaults, `[defaults]`, the stack's, and the service's own.
//!
//! Nothing is copied to merge: a lookup asks the strongest layer first. Scalars and lists replace, tables merge key by
//! key. What the shape check has already refused reads as if it were not there.

use indexmap::IndexMap;

use super::node::{Entry, Map, Node, Value};
use crate::{
    diagnostic::{Origin, Sourced, Span},
    model::{Invalid, Text},
};

/// A table, seen through its layers.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'n> {
    /// The weakest first.
    layers: Vec<&'n Map>,
    /// Where the table stands, for what is missing in it.
    pub(crate) place: Option<Span>,
}

impl<'n> Fields<'n> {
    /// Layers of tables, the weakest first; what is no table is left out.
    pub(crate) fn new(layers: impl IntoIterator<Item = &'n Node>, place: Option<Span>) -> Self {
        let layers = layers
            .into_iter()
            .filter_map(|node| match &node.value {
                Value::Table(map) => Some(map),
                _ => None,
            })
            .collect();
        Self { layers, place }
    }

    /// A single table.
    pub(crate) fn one(node: &'n Node) -> Self {
        Self::new([node], Some(node.span))
    }

    /// An item of a list of tables; none where the shape check has told that it is no table.
    pub(crate) fn item(node: &'n Node) -> Option<Self> {
        matches!(node.value, Value::Table(_)).then(|| Self::one(node))
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.layers.iter().rev().find_map(|layer| layer.get(key))
    }

    pub(crate) fn node(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// A table inside this one, merged over the layers.
    pub(crate) fn table(&self, key: &str) -> Fields<'n> {
        let mut layers = Vec::new();
        let mut place = self.place;
        for layer in self.layers.iter().rev() {
            match layer.get(key) {
                Some(Entry { node: Node { value: Value::Table(map), span, by_author }, .. }) => {
                    if layers.is_empty() && *by_author {
                        place = Some(*span);
                    }
                    layers.push(map);
                }
                Some(_) => break,
                None => {}
            }
        }
        layers.reverse();
        Fields { layers, place }
    }

    /// Every key of every layer: one that several layers set comes as often.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'n str> {
        self.layers.iter().flat_map(|layer| layer.iter()).map(|(key, _)| key)
    }

    /// Every key of the merged table with its strongest value, in the order of the layers.
    pub(crate) fn entries(&self) -> IndexMap<&'n str, &'n Entry> {
        self.layers.iter().flat_map(|layer| layer.iter()).collect()
    }

    pub(crate) fn string(&self, key: &str) -> Option<Sourced<&'n str>> {
        let node = self.node(key)?;
        match &node.value {
            Value::String(text) => Some(Sourced::new(text.as_str(), node.origin())),
            _ => None,
        }
    }

    pub(crate) fn text(&self, key: &str) -> Option<Sourced<Text>> {
        text(self.node(key)?)
    }

    pub(crate) fn bool(&self, key: &str) -> Option<Sourced<bool>> {
        let node = self.node(key)?;
        match node.value {
            Value::Boolean(yes) => Some(Sourced::new(yes, node.origin())),
            _ => None,
        }
    }

    /// A boolean that is false unless set.
    pub(crate) fn yes(&self, key: &str) -> bool {
        self.bool(key).is_some_and(|yes| yes.value)
    }

    pub(crate) fn integer(&self, key: &str) -> Option<Sourced<i64>> {
        let node = self.node(key)?;
        match node.value {
            Value::Integer(number) => Some(Sourced::new(number, node.origin())),
            _ => None,
        }
    }

    /// An integer that the shape has already bounded.
    pub(crate) fn bounded(&self, key: &str) -> Option<Sourced<u32>> {
        let number = self.integer(key)?;
        Some(Sourced::new(u32::try_from(number.value).ok()?, number.origin))
    }

    /// A noun; one that is none was told by the shape check.
    pub(crate) fn noun<T>(&self, key: &str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<Sourced<T>> {
        noun(self.node(key)?, parse)
    }

    /// The items of a list, or a single value as a list of one; `None` where the key is not set.
    pub(crate) fn items(&self, key: &str) -> Option<&'n [Node]> {
        self.node(key).map(items)
    }

    /// `KEY = VALUE` pairs: a table merged over the layers, or a list of `"KEY=VALUE"`.
    pub(crate) fn pairs(&self, key: &str) -> Option<Vec<(String, Sourced<Text>)>> {
        let node = self.node(key)?;
        if let Value::Array(items) = &node.value {
            return Some(items.iter().filter_map(pair).collect());
        }
        let entries = self.table(key).entries();
        Some(entries.into_iter().filter_map(|(key, entry)| Some((key.to_owned(), text(&entry.node)?))).collect())
    }
}

/// The items of a list, or a single value as a list of one.
pub(crate) fn items(node: &Node) -> &[Node] {
    match &node.value {
        Value::Array(items) => items,
        _ => std::slice::from_ref(node),
    }
}

/// A text for a unit.
pub(crate) fn text(node: &Node) -> Option<Sourced<Text>> {
    let value = match &node.value {
        Value::String(text) => Text::plain(text.clone()),
        Value::Integer(number) => Text::plain(number.to_string()),
        Value::Table(map) => match &map.get("specifier")?.node.value {
            Value::String(text) => Text { text: text.clone(), specifiers: true },
            _ => return None,
        },
        _ => return None,
    };
    Some(Sourced::new(value, node.origin()))
}

/// A noun from a string or a number.
pub(crate) fn noun<T>(node: &Node, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<Sourced<T>> {
    let parsed = match &node.value {
        Value::String(text) | Value::Float(text) => parse(text),
        Value::Integer(number) => parse(&number.to_string()),
        _ => return None,
    };
    parsed.ok().map(|value| Sourced::new(value, node.origin()))
}

fn pair(node: &Node) -> Option<(String, Sourced<Text>)> {
    let Value::String(pair) = &node.value else { return None };
    let (key, value) = pair.split_once('=')?;
    Some((key.to_owned(), Sourced::new(Text::plain(value), node.origin())))
}

/// Where a node stands, as an origin.
pub(crate) fn origin(node: Option<&Node>) -> Origin {
    node.map_or(Origin::BuiltIn, Node::origin)
}
