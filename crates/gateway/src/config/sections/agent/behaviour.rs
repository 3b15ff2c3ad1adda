//! How an agent behaves on a call, and what it says without asking its model.

use super::super::calls::named;
use crate::config::field::{Field, Section};
use crate::config::keys;
use std::time::Duration;
use trunkline_agent::{Phrases, Settings};
use trunkline_call::Target;

/// Takes what the file says into the settings; `false` where something of it is wrong.
pub fn behaviour(section: &Section<'_>, settings: &mut Settings) -> bool {
    let text = |key| read(section, key, |field| field.text().map(str::to_owned));
    let seconds = |key, range| {
        let seconds = |field: &Field<'_>| field.number(range);
        read(section, key, seconds).map(|read| read.map(Duration::from_secs))
    };
    let mut well = take(&mut settings.prompt, text("prompt"));
    well &= take(&mut settings.greeting, text("greeting"));
    let barge_in = read(section, "barge_in", |field| field.flag());
    well &= take(&mut settings.barge_in, barge_in);
    let end = read(section, "end_of_turn", |field| field.number(200..=5_000));
    let end = end.map(|read| read.map(Duration::from_millis));
    well &= take(&mut settings.end_of_turn, end);
    well &= take(&mut settings.silence, seconds("silence", 2..=600));
    let prompts = read(section, "silence_prompts", |field| field.number(0..=10));
    well &= take(&mut settings.silence_prompts, prompts);
    well &= take(&mut settings.longest, seconds("longest", 10..=86_400));
    if let Some(field) = section.get("phrases") {
        let phrases = field.section(&keys::AGENT_PHRASES);
        well &= take_phrases(&phrases, &mut settings.phrases);
    }
    for (name, field) in section.get("transfers").iter().flat_map(named) {
        let target = |text: &str| Target::new(text).ok_or("it is no address or number");
        let remedy = "write whom to call, such as sip:sales@pbx.example.com or +15125551234";
        match field.read(target, remedy) {
            Some(target) => settings.transfers.push((name.to_owned(), target)),
            None => well = false,
        }
    }
    well
}

fn take_phrases(section: &Section<'_>, phrases: &mut Phrases) -> bool {
    let places = [
        ("wait", &mut phrases.wait),
        ("sorry", &mut phrases.sorry),
        ("failure", &mut phrases.failure),
        ("silence", &mut phrases.silence),
        ("farewell", &mut phrases.farewell),
        ("hand_over", &mut phrases.hand_over),
        ("not_reached", &mut phrases.not_reached),
    ];
    let mut well = true;
    for (key, place) in places {
        let text = |field: &Field<'_>| field.text().map(str::to_owned);
        well &= take(place, read(section, key, text));
    }
    well
}

/// What the file says of a key: nothing at all, or a value, which may be wrong.
fn read<T>(
    section: &Section<'_>,
    key: &'static str,
    value: impl FnOnce(&Field<'_>) -> Option<T>,
) -> Option<Option<T>> {
    section.get(key).map(|field| value(&field))
}

/// `false` where a value was wrong.
fn take<T>(place: &mut T, read: Option<Option<T>>) -> bool {
    match read {
        None => true,
        Some(None) => false,
        Some(Some(value)) => {
            *place = value;
            true
        }
    }
}
