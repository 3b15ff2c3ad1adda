//! From the vocabulary to JSON.

use serde_json::{Map, Value, json};

use crate::turns::{Interruption, Stages, Turn};
use crate::{CallEvent, CallInfo, EndReason, Headers, Mark, Parameters, Why};

/// RTP clock ticks in a millisecond, in which jambonz counts the length of a key press.
const TICKS_PER_MS: u32 = 8;

/// One event as a JSON object; `None` for audio, which is never spelled in JSON.
pub fn event(event: &CallEvent) -> Option<Value> {
    Some(match event {
        CallEvent::Audio { .. } => return None,
        CallEvent::Ringing => json!({"type": "ringing"}),
        CallEvent::Answered => json!({"type": "answered"}),
        CallEvent::Dtmf { digit, duration_ms } => {
            let key = String::from(digit.as_char());
            json!({
                "type": "dtmf", "digit": key, "durationMs": duration_ms,
                // As jambonz spells it, in the same object.
                "event": "dtmf", "dtmf": key,
                "duration": duration_ms.saturating_mul(TICKS_PER_MS).to_string(),
            })
        }
        CallEvent::MarkPlayed { mark, at_ms } => json!({
            "type": "mark", "data": {"name": mark.name(), "event": "playout"}, "atMs": at_ms,
        }),
        CallEvent::Cleared { at_ms, unplayed } => json!({
            "type": "cleared", "atMs": at_ms,
            "marks": unplayed.iter().map(Mark::name).collect::<Vec<_>>(),
        }),
        CallEvent::Paused { at_ms } => json!({"type": "paused", "atMs": at_ms}),
        CallEvent::QueueHigh { queued_ms } => {
            json!({"type": "queue", "state": "high", "queuedMs": queued_ms})
        }
        CallEvent::QueueLow { queued_ms } => {
            json!({"type": "queue", "state": "low", "queuedMs": queued_ms})
        }
        CallEvent::Held => json!({"type": "held"}),
        CallEvent::Resumed => json!({"type": "resumed"}),
        CallEvent::Transferred(outcome) => json!({
            "type": "transferred", "outcome": {"code": outcome.code, "text": outcome.text},
        }),
        CallEvent::Refused { command, why } => {
            let mut object = json!({
                "type": "refused", "command": command.word(), "why": why.word(),
            });
            if let Why::Failed(code) = why {
                object["code"] = json!(code);
            }
            object
        }
        CallEvent::Turn(answer) => typed("turn", turn(answer)),
        CallEvent::Interrupted(caller) => typed("interrupted", interruption(caller)),
        CallEvent::AppDeaf(deaf) => {
            json!({"type": "app_deaf", "atMs": deaf.at_ms, "silentMs": deaf.silent_ms})
        }
        CallEvent::Ended(reason) => ended(reason),
    })
}

fn typed(name: &str, mut object: Value) -> Value {
    object["type"] = json!(name);
    object
}

/// A turn as a JSON object.
pub fn turn(turn: &Turn) -> Value {
    json!({
        "atMs": turn.at_ms,
        "waitMs": turn.stages.total_ms(),
        "stages": stages(turn.stages.each_ms()),
    })
}

/// An interruption as a JSON object; how long it took to yield is there only where we did.
pub fn interruption(interruption: &Interruption) -> Value {
    let yielded = interruption.yielded;
    let mut object = json!({"atMs": interruption.at_ms, "yielded": yielded.is_some()});
    if let Some(times) = yielded {
        object["yieldMs"] = json!(times.total_ms());
        object["stages"] = stages(times.each_ms());
    }
    object
}

/// The stages of a turn as a JSON object, in ms.
pub fn stages(each_ms: [u32; Stages::NAMES.len()]) -> Value {
    let [packet, jitter_buffer, decode, application, queue, encode] = each_ms;
    json!({
        "packetMs": packet,
        "jitterBufferMs": jitter_buffer,
        "decodeMs": decode,
        "applicationMs": application,
        "queueMs": queue,
        "encodeMs": encode,
    })
}

fn ended(reason: &EndReason) -> Value {
    let mut object = json!({"type": "stop", "by": reason.by(), "reason": reason.reason()});
    if let EndReason::Upstream { code, text } = reason {
        object["code"] = json!(code);
        object["text"] = json!(text);
    }
    object
}

/// What is known of a call before it starts, as a JSON object.
pub fn info(info: &CallInfo) -> Value {
    json!({
        "callId": info.id.to_string(),
        "direction": info.direction.word(),
        "from": info.from,
        "to": info.to,
        "headers": headers(&info.headers),
        "customParameters": parameters(&info.parameters),
        "traceparent": info.traceparent,
    })
}

/// Parameters as a JSON object. Of one name the first value counts.
pub fn parameters(parameters: &Parameters) -> Value {
    let mut object = Map::new();
    for (name, value) in parameters.iter() {
        object.entry(name).or_insert_with(|| Value::from(value));
    }
    Value::Object(object)
}

/// Headers as a JSON object. Values of one name are joined by commas (RFC 3261 §7.3.1).
pub fn headers(headers: &Headers) -> Value {
    let mut object = Map::new();
    for (name, value) in headers.iter() {
        let known = object
            .keys()
            .find(|known| known.eq_ignore_ascii_case(name))
            .cloned();
        match known.and_then(|known| object.get_mut(&known)) {
            Some(Value::String(joined)) => {
                joined.push_str(", ");
                joined.push_str(value);
            }
            _ => {
                object.insert(name.to_owned(), Value::from(value));
            }
        }
    }
    Value::Object(object)
}
