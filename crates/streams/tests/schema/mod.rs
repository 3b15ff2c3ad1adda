//! As much of JSON Schema 2020-12 as `docs/protocol.schema.json` uses. A keyword that is not
//! understood here is an error, so the schema cannot say what nobody checks.

use serde_json::{Map, Value};

pub struct Schema {
    root: Value,
}

impl Schema {
    pub fn read() -> Self {
        let text = include_str!("../../../../docs/protocol.schema.json");
        Self {
            root: serde_json::from_str(text).expect("the schema is JSON"),
        }
    }

    pub fn definition(&self, name: &str) -> &Value {
        self.resolve(&format!("#/$defs/{name}"))
    }

    /// The messages of one direction: `toApplication` or `fromApplication`.
    pub fn messages(&self, direction: &str) -> Vec<&Map<String, Value>> {
        let refs = self.definition(direction)["oneOf"]
            .as_array()
            .expect("a list");
        let message = |reference: &Value| self.resolve(reference["$ref"].as_str().expect("a ref"));
        refs.iter()
            .map(|reference| message(reference).as_object().expect("an object"))
            .collect()
    }

    fn resolve(&self, reference: &str) -> &Value {
        let pointer = reference
            .strip_prefix('#')
            .expect("a reference within the schema");
        self.root
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    /// What is wrong with a value; `None` where it fits. Properties that the schema does not
    /// name are wrong, although it would let readers ignore them.
    pub fn fault(&self, schema: &Value, value: &Value) -> Option<String> {
        let rules = schema.as_object().expect("a schema is an object");
        rules
            .iter()
            .find_map(|(keyword, rule)| self.broken(keyword, rule, rules, value))
    }

    fn broken(
        &self,
        keyword: &str,
        rule: &Value,
        rules: &Map<String, Value>,
        value: &Value,
    ) -> Option<String> {
        let fits = match keyword {
            "description" | "title" | "examples" => true,
            "$ref" => return self.fault(self.resolve(rule.as_str()?), value),
            "const" => rule == value,
            "enum" => rule.as_array()?.contains(value),
            "type" => match rule.as_str()? {
                "string" => value.is_string(),
                "integer" => value.is_i64() || value.is_u64(),
                "array" => value.is_array(),
                "object" => value.is_object(),
                other => panic!("type {other} is not understood"),
            },
            "minimum" => value
                .as_i64()
                .is_none_or(|number| Some(number) >= rule.as_i64()),
            "maximum" => value
                .as_i64()
                .is_none_or(|number| Some(number) <= rule.as_i64()),
            "minLength" => length(value).is_none_or(|length| Some(length) >= rule.as_u64()),
            "maxLength" => length(value).is_none_or(|length| Some(length) <= rule.as_u64()),
            "required" => {
                let missing =
                    |name: &&Value| value.get(name.as_str().unwrap_or_default()).is_none();
                return rule
                    .as_array()?
                    .iter()
                    .find(missing)
                    .map(|name| format!("no {name}"));
            }
            "items" => {
                return value
                    .as_array()?
                    .iter()
                    .find_map(|item| self.fault(rule, item));
            }
            "properties" | "additionalProperties" => {
                return self.properties(rules, value);
            }
            "oneOf" => {
                let fitting = rule
                    .as_array()?
                    .iter()
                    .filter(|s| self.fault(s, value).is_none());
                let count = fitting.count();
                return (count != 1).then(|| format!("{value} fits {count} of oneOf"));
            }
            other => panic!("keyword {other} is not understood"),
        };
        (!fits).then(|| format!("{value} breaks {keyword} {rule}"))
    }

    fn properties(&self, rules: &Map<String, Value>, value: &Value) -> Option<String> {
        value.as_object()?.iter().find_map(|(name, value)| {
            let named = rules
                .get("properties")
                .and_then(|properties| properties.get(name));
            match named.or(rules.get("additionalProperties")) {
                Some(schema) => self
                    .fault(schema, value)
                    .map(|fault| format!("{name}: {fault}")),
                None => Some(format!("{name} is not described")),
            }
        })
    }
}

fn length(value: &Value) -> Option<u64> {
    value.as_str().map(|text| text.chars().count() as u64)
}

/// The `type` that a message's definition asks for.
pub fn type_of(message: &Map<String, Value>) -> &str {
    message["properties"]["type"]["const"]
        .as_str()
        .expect("every message has its type")
}
