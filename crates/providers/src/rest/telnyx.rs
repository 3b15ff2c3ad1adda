//! Telnyx's Call Control, version 2.

use super::{Ask, Request};
use crate::form::escaped;
use crate::secret::Secret;
use serde_json::{Value, json};

/// An account at Telnyx.
#[derive(Clone, Debug)]
pub struct TelnyxAccount {
    /// `https://api.telnyx.com`.
    pub base_url: String,
    /// The API key.
    pub api_key: Secret,
    /// The Call Control application that calls are placed through.
    pub connection_id: Option<String>,
}

impl TelnyxAccount {
    /// A command that comes again with the same `command_id` is done once, so all of them may be
    /// repeated.
    pub(super) fn request(&self, ask: &Ask, command_id: &str) -> Request {
        let action = |call: &str, verb: &str| format!("/{}/actions/{verb}", escaped(call));
        let (path, mut body) = match ask {
            Ask::Place(place) => {
                let body = json!({
                    "connection_id": self.connection_id,
                    "to": place.to,
                    "from": place.from,
                    "webhook_url": place.status_url,
                    "stream_url": place.stream_url,
                    "stream_track": "inbound_track",
                    // Without it Telnyx would expect MP3 files from us.
                    "stream_bidirectional_mode": "rtp",
                });
                (String::new(), body)
            }
            Ask::HangUp { call } => (action(call, "hangup"), json!({})),
            Ask::Transfer { call, to } => (action(call, "transfer"), json!({"to": to})),
            Ask::PressKeys { call, digits, .. } => {
                (action(call, "send_dtmf"), json!({"digits": digits}))
            }
        };
        body["command_id"] = command_id.into();
        Request {
            url: format!("{}/v2/calls{path}", self.base_url),
            authorization: Secret::new(format!("Bearer {}", self.api_key.reveal())),
            content_type: "application/json",
            body: body.to_string(),
            is_repeatable: true,
        }
    }
}

pub fn call(answer: &Value) -> Option<&str> {
    answer["data"]["call_control_id"].as_str()
}

/// The code and words of the first error.
pub fn error(answer: &Value) -> (Option<String>, &str) {
    let first = &answer["errors"][0];
    let code = first["code"].as_str().map(str::to_owned);
    let code = code.or_else(|| first["code"].as_u64().map(|code| code.to_string()));
    let words = first["detail"].as_str().or(first["title"].as_str());
    (code, words.unwrap_or_default())
}
