//! What is said on the stage, and the words for it.

use serde_json::json;

use crate::{Message, Settings};

/// How long a voice says a text, in ms.
pub fn voice_ms(text: &str) -> u64 {
    text.len() as u64 * 60
}

/// A sound that is like nothing else: noise of its own for each text.
pub fn voice(text: &str) -> Vec<i16> {
    let mut state = text
        .bytes()
        .fold(7_u32, |sum, b| sum.wrapping_mul(31) + u32::from(b));
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (((state >> 16) as i32 - 32_768) / 8) as i16 | 1
    };
    (0..voice_ms(text) * 16).map(|_| next()).collect()
}

/// Settings without a greeting.
pub fn silent_start() -> Settings {
    Settings {
        greeting: String::new(),
        ..Settings::default()
    }
}

pub fn user(text: &str) -> Message {
    Message::User(text.to_owned())
}

pub fn assistant(said: &str) -> Message {
    Message::Assistant {
        said: said.to_owned(),
        calls: Vec::new(),
    }
}

/// No arguments.
pub fn nothing() -> serde_json::Value {
    json!({})
}
