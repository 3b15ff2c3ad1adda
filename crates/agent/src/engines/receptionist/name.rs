//! A caller's name.

use super::intents::{Intent, intents};
use super::words::plain;
use crate::history::Message;

/// The longest name that is believed, in words.
const NAME_WORDS_MAX: usize = 3;
/// After which words a name comes.
const STARTS: [&str; 4] = ["name is", "name's", "this is", "am called"];
/// Words that are in no name.
const NOT_NAMES: [&str; 3] = ["and", "i", "calling"];

/// The name that the caller gave in this message.
pub(super) fn given(message: &Message) -> Option<String> {
    match message {
        Message::User(said) if intents(said).any(|intent| intent == Intent::GiveName) => name(said),
        _ => None,
    }
}

/// The name after "my name is", as it is written.
pub(super) fn name(said: &str) -> Option<String> {
    let words: Vec<&str> = said.split_whitespace().collect();
    let small: Vec<String> = words.iter().map(|w| plain(w).trim().to_owned()).collect();
    let after = STARTS.iter().find_map(|start| {
        let start: Vec<&str> = start.split(' ').collect();
        let at = small
            .windows(start.len())
            .position(|window| window == start)?;
        Some(at + start.len())
    })?;
    let mut name = Vec::new();
    for word in words.iter().skip(after).take(NAME_WORDS_MAX) {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        if bare.is_empty() || NOT_NAMES.contains(&bare.to_lowercase().as_str()) {
            break;
        }
        name.push(bare);
        if bare.len() < word.len() {
            // A comma or a full stop ends a name.
            break;
        }
    }
    (!name.is_empty()).then(|| name.join(" "))
}
