//! `<Gather>`: keys that the caller is asked for.

use super::{BadTwiml, Verb, method, verb};
use roxmltree::Node;

/// The most keys that are gathered at once.
pub const KEYS_MAX: u8 = 128;
/// The longest wait for a key: ten minutes.
pub const PATIENCE_S_MAX: u32 = 600;

const VERB: &str = "Gather";

/// Keys that the caller is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gather {
    /// `<Say>`, `<Play>` and `<Pause>`, heard up to the first key.
    pub prompts: Vec<Verb>,
    /// `numDigits`: so many are enough. At most [`KEYS_MAX`], which holds without the attribute too.
    pub keys_max: u8,
    /// `finishOnKey`: the key that ends them and is none of them; `None` where every key counts.
    pub last_key: Option<char>,
    /// `timeout`, in seconds: how long the next key is waited for.
    pub patience_s: u32,
    /// `action`: where they are told; without it, where this document is from.
    pub action: Option<String>,
    /// Whether that is told by GET.
    pub is_get: bool,
    /// `actionOnEmptyResult`: whether it is told too that no key was pressed.
    pub tells_none: bool,
}

pub(super) fn read(node: &Node<'_, '_>) -> Result<Gather, BadTwiml> {
    let bad = |name, remedy| BadTwiml::Attribute(VERB, name, remedy);
    if node.attribute("input").is_some_and(|input| input != "dtmf") {
        return Err(bad("input", "dtmf: no speech is recognised here"));
    }
    let keys_max = match node.attribute("numDigits").map(|text| text.trim().parse()) {
        None => KEYS_MAX,
        Some(Ok(number @ 1..)) => KEYS_MAX.min(u8::try_from(number).unwrap_or(KEYS_MAX)),
        Some(_) => return Err(bad("numDigits", "a whole number from 1")),
    };
    let timeout = node.attribute("timeout").unwrap_or("5").trim().parse();
    let patience_s = timeout.ok().filter(|s| (1..=PATIENCE_S_MAX).contains(s));
    let tells_none = match node.attribute("actionOnEmptyResult") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(bad("actionOnEmptyResult", "true or false")),
    };
    let action = node.attribute("action").map(str::trim);
    Ok(Gather {
        prompts: prompts(node)?,
        keys_max,
        last_key: last_key(node).ok_or(bad("finishOnKey", "one key, or nothing at all"))?,
        patience_s: patience_s.ok_or(bad("timeout", "whole seconds from 1 to 600"))?,
        action: action.filter(|it| !it.is_empty()).map(str::to_owned),
        is_get: method(node, VERB)?,
        tells_none,
    })
}

fn last_key(node: &Node<'_, '_>) -> Option<Option<char>> {
    let mut keys = node.attribute("finishOnKey").unwrap_or("#").chars();
    match (keys.next(), keys.next()) {
        (None, _) => Some(None),
        (Some(key @ ('0'..='9' | '*' | '#')), None) => Some(Some(key)),
        _ => None,
    }
}

fn prompts(node: &Node<'_, '_>) -> Result<Vec<Verb>, BadTwiml> {
    let prompts = node.children().filter(Node::is_element);
    let prompts = prompts.map(|prompt| match prompt.tag_name().name() {
        "Say" | "Play" | "Pause" => match verb(&prompt)? {
            Verb::PressKeys(_) => Err(BadTwiml::NoPrompt),
            heard => Ok(heard),
        },
        _ => Err(BadTwiml::NoPrompt),
    });
    prompts.collect()
}
