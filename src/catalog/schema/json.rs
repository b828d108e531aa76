//! The shape of the TOML files as JSON Schema (draft 7, which every TOML editor reads).

use serde_json::{Map, Value, json};

use super::{Kind, Noun, Schema, Table, catalog, service, stack};

/// Which file a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaOf {
    /// Any of the three.
    Any,
    /// `catalog.toml`.
    Catalog,
    /// `stack.toml`.
    Stack,
    /// A service's file.
    Service,
}

/// The JSON Schema, as text.
pub fn json_schema(of: SchemaOf) -> String {
    let mut definitions = Map::new();
    let root = match of {
        SchemaOf::Catalog => vec![reference(catalog(), &mut definitions)],
        SchemaOf::Stack => vec![reference(stack(), &mut definitions)],
        SchemaOf::Service => vec![reference(service(), &mut definitions)],
        SchemaOf::Any => [service(), catalog(), stack()].map(|schema| reference(schema, &mut definitions)).to_vec(),
    };
    definitions.sort_keys();
    let mut document = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A TOML file of a Plimsoll catalog",
    });
    match <[Value; 1]>::try_from(root) {
        Ok([one]) => document["allOf"] = json!([one]),
        Err(several) => document["anyOf"] = several.into(),
    }
    document["definitions"] = definitions.into();
    format!("{document:#}")
}

/// A reference to a table's shape, which is added to the definitions when it is first met.
fn reference(schema: &'static Schema, definitions: &mut Map<String, Value>) -> Value {
    let name = schema.what.trim_start_matches("a ").trim_start_matches("the ").replace([' ', '\''], "-");
    if !definitions.contains_key(&name) {
        // Shapes refer to each other: the name is taken before the shape is looked into.
        definitions.insert(name.clone(), Value::Null);
        let properties: Map<String, Value> = schema
            .fields
            .iter()
            .map(|field| {
                let mut value = kind(field.kind, definitions);
                value["description"] = field.doc.as_ref().into();
                (field.key.to_string(), value)
            })
            .collect();
        let table = json!({ "type": "object", "additionalProperties": false, "properties": properties });
        definitions.insert(name.clone(), table);
    }
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn kind(kind: Kind, definitions: &mut Map<String, Value>) -> Value {
    let text = || {
        json!([
            { "type": ["string", "integer"] },
            {
                "type": "object",
                "properties": { "specifier": { "type": "string", "description": "A text in which systemd expands % specifiers (systemd.unit(5))." } },
                "required": ["specifier"],
                "additionalProperties": false,
            },
        ])
    };
    let mut list_of = |table: Table| json!({ "type": "array", "items": reference(table(), definitions) });
    match kind {
        Kind::Text => json!({ "anyOf": text() }),
        Kind::Noun(noun) => string(noun),
        Kind::Number(noun) => json!({ "anyOf": [string(noun), { "type": "number" }] }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Integer(i64::MIN, _) => json!({ "type": "integer", "minimum": 1 }),
        Kind::Integer(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::BoolOr(words) => json!({ "anyOf": [{ "type": "boolean" }, { "enum": words }] }),
        // A TOML date has no type of its own in JSON Schema: editors hand it over as a string.
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::Texts | Kind::TextOrWords => {
            let item = text();
            let mut any = item.clone();
            if let Some(any) = any.as_array_mut() {
                any.push(json!({ "type": "array", "items": { "anyOf": item } }));
            }
            json!({ "anyOf": any })
        }
        Kind::Nouns(noun) => json!({ "anyOf": [string(noun), { "type": "array", "items": string(noun) }] }),
        Kind::Command => {
            json!({ "anyOf": [{ "type": "array", "items": { "anyOf": text() } }, { "type": "string" }] })
        }
        Kind::Pairs | Kind::Variables => json!({ "anyOf": [
            { "type": "object", "additionalProperties": { "anyOf": text() } },
            { "type": "array", "items": { "type": "string", "pattern": "=" } },
        ] }),
        Kind::Table(table) => json!({ "allOf": [reference(table(), definitions)] }),
        Kind::Named(table) => json!({ "type": "object", "additionalProperties": reference(table(), definitions) }),
        Kind::Tables(table) => list_of(table),
        Kind::TablesOr(table, noun) => json!({ "anyOf": [
            { "type": "array", "items": { "anyOf": [reference(table(), definitions), string(noun)] } },
            string(noun),
        ] }),
        Kind::Sections(names) => {
            let value = json!({ "type": ["string", "integer", "boolean", "array"] });
            let section = json!({ "type": "object", "additionalProperties": value });
            let sections: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), section.clone())).collect();
            json!({ "type": "object", "additionalProperties": false, "properties": sections })
        }
    }
}

fn string(noun: &Noun) -> Value {
    let mut value = json!({ "type": "string", "title": noun.what, "examples": noun.examples });
    if let Some(pattern) = noun.pattern {
        value["pattern"] = pattern.into();
    }
    value
}
