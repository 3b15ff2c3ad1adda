//! What a language model may do on every call.

use serde_json::json;
use trunkline_call::{Digit, Target};

use crate::history::ToolCall;
use crate::settings::{Settings, ToolSpec};

/// The most keys pressed at once.
const KEYS_MAX: usize = 32;

/// What a call of a tool asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked {
    /// End the call once all is said.
    HangUp,
    /// Hand the caller over once all is said.
    Transfer(Target),
    /// Press keys toward the caller.
    Press(Vec<Digit>),
    /// Something of the settings.
    Other,
    /// It cannot be done; why, for the model.
    Wrong(String),
}

impl Settings {
    /// Every function that a language model is told of.
    pub fn tools_told(&self) -> Vec<ToolSpec> {
        let mut told = vec![
            ToolSpec {
                name: "hang_up".to_owned(),
                description: "End the call after what you say now. Say goodbye in the same answer."
                    .to_owned(),
                parameters: json!({"type": "object", "properties": {}}),
            },
            ToolSpec {
                name: "press_keys".to_owned(),
                description: "Press telephone keys, for a machine at the other end.".to_owned(),
                parameters: json!({
                    "type": "object",
                    "properties": {"keys": {"type": "string", "description": "of 0-9, * and #"}},
                    "required": ["keys"],
                }),
            },
        ];
        if !self.transfers.is_empty() {
            let names: Vec<&str> = self
                .transfers
                .iter()
                .map(|(name, _)| name.as_str())
                .collect();
            told.push(ToolSpec {
                name: "transfer".to_owned(),
                description: "Hand the caller over to a person. Say so in the same answer."
                    .to_owned(),
                parameters: json!({
                    "type": "object",
                    "properties": {"to": {"type": "string", "enum": names}},
                    "required": ["to"],
                }),
            });
        }
        told.extend(self.tools.iter().cloned());
        told
    }

    /// What a call of the model's asks for.
    pub(crate) fn asked(&self, call: &ToolCall) -> Asked {
        let argument = |name: &str| call.arguments.get(name).and_then(|value| value.as_str());
        match call.name.as_str() {
            "hang_up" => Asked::HangUp,
            "press_keys" => keys(argument("keys").unwrap_or_default()),
            "transfer" => self.transfer(argument("to").unwrap_or_default()),
            name if self.tools.iter().any(|tool| tool.name == name) => Asked::Other,
            _ => Asked::Wrong("error: there is no such function".to_owned()),
        }
    }

    fn transfer(&self, to: &str) -> Asked {
        let found = self
            .transfers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(to));
        match found {
            Some((_, target)) => Asked::Transfer(target.clone()),
            None => {
                let names: Vec<&str> = self.transfers.iter().map(|(n, _)| n.as_str()).collect();
                Asked::Wrong(format!("error: `to` is one of: {}", names.join(", ")))
            }
        }
    }
}

fn keys(text: &str) -> Asked {
    let keys: Option<Vec<Digit>> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(Digit::from_char)
        .collect();
    match keys {
        Some(keys) if (1..=KEYS_MAX).contains(&keys.len()) => Asked::Press(keys),
        _ => Asked::Wrong(format!("error: `keys` is 1 to {KEYS_MAX} of 0-9, * and #")),
    }
}
