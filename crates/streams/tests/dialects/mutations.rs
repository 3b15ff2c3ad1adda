//! Messages with something wrong in them.

use serde_json::{Value, json};

use super::Message;

/// Numbers that look random and are the same every time (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }

    pub fn one_of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.roll(things.len())]
    }
}

/// Bytes flipped, cut, doubled or put in.
pub fn damaged(message: &Message, dice: &mut Dice) -> Message {
    let mut bytes = match message {
        Message::Text(text) => text.clone().into_bytes(),
        Message::Binary(bytes) => bytes.clone(),
    };
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(bytes.len());
        match dice.roll(4) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << dice.roll(8),
            1 => bytes.truncate(at),
            2 => bytes.extend_from_within(at..),
            _ => bytes.insert(at, dice.roll(256) as u8),
        }
    }
    match message {
        Message::Text(_) => Message::Text(String::from_utf8_lossy(&bytes).into_owned()),
        Message::Binary(_) => Message::Binary(bytes),
    }
}

/// The same message with another value in one place; still what its dialect is written in.
pub fn altered(message: &Message, dice: &mut Dice) -> Message {
    let parsed = match message {
        Message::Text(text) => serde_json::from_str::<Value>(text).ok(),
        Message::Binary(_) => None,
    };
    let Some(mut value) = parsed else {
        return one_byte(message, dice);
    };
    let mut places = Vec::new();
    leaves(&value, String::new(), &mut places);
    if let Some(leaf) = value.pointer_mut(dice.one_of::<String>(&places)) {
        *leaf = other_value(dice);
    }
    Message::Text(value.to_string())
}

/// Text that is no JSON, and bytes, have no places: one character of it changes.
fn one_byte(message: &Message, dice: &mut Dice) -> Message {
    match message {
        Message::Text(text) => {
            let mut letters: Vec<char> = text.chars().collect();
            let at = dice.roll(letters.len());
            if let Some(letter) = letters.get_mut(at) {
                *letter = *dice.one_of(&['0', '9', ':', ' ', 'a', 'é', '\u{0}']);
            }
            Message::Text(letters.into_iter().collect())
        }
        Message::Binary(bytes) => {
            let mut bytes = bytes.clone();
            let at = dice.roll(bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte = dice.roll(256) as u8;
            }
            Message::Binary(bytes)
        }
    }
}

fn leaves(value: &Value, place: String, places: &mut Vec<String>) {
    let step = |name: &str| format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(entries) => entries
            .iter()
            .for_each(|(name, value)| leaves(value, step(name), places)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(at, value)| leaves(value, step(&at.to_string()), places)),
        _ => {}
    }
    places.push(place);
}

fn other_value(dice: &mut Dice) -> Value {
    let long = "x".repeat(1 + dice.roll(5_000));
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0.5),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("0"),
        json!("18446744073709551616"),
        json!("audio/x-l16;rate=0"),
        json!("\u{0}\r\n\"\\"),
        json!("AAAA"),
        json!("start"),
        json!("media"),
        json!(long),
        json!([[[[]]]]),
        json!({"name": {"name": []}}),
    ];
    dice.one_of(&values).clone()
}
