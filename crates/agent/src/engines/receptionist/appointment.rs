//! Appointments, where the settings have a function that makes them: finds out the day, the time and
//! the caller's number, one question after the other, and calls it.

use serde_json::json;

use super::intents::Intent;
use super::name;
use super::words::{has, plain, pressed};
use crate::history::{Message, ToolCall};
use crate::settings::ToolSpec;

/// The function that makes an appointment. It is given `day`, `time` and `number`, and `name` where
/// the caller said it, all of them text; what it answers is said to the caller.
pub const APPOINTMENT: &str = "make_appointment";

const DAYS: [&str; 9] = [
    "today",
    "tomorrow",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];
const HOURS: [&str; 12] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
];

/// What is known of the appointment that the caller asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Appointment {
    day: Option<String>,
    time: Option<String>,
    number: Option<String>,
    name: Option<String>,
}

impl Appointment {
    /// The one that is being made; nothing where none is, or where there is no function for it.
    pub fn under_way(messages: &[Message], tools: &[ToolSpec]) -> Option<Self> {
        tools.iter().find(|tool| tool.name == APPOINTMENT)?;
        let asks = |message: &Message| match message {
            Message::User(said) => intent_besides_name(said) == Some(Intent::Appointment),
            _ => false,
        };
        let asked = messages.iter().rposition(asks)?;
        let since = &messages[asked..];
        let made = |message: &Message| matches!(message, Message::Tool { name, .. } if name == APPOINTMENT);
        if since.iter().any(made) {
            return None;
        }
        let mut appointment = Self {
            name: messages.iter().rev().find_map(name::given),
            ..Self::default()
        };
        for message in since {
            if let Message::User(said) = message {
                appointment.hear(said);
            }
        }
        Some(appointment)
    }

    /// Whether these words tell any of it.
    pub fn is_told_by(said: &str) -> bool {
        let mut told = Self::default();
        told.hear(said);
        told != Self::default()
    }

    fn hear(&mut self, said: &str) {
        let number = pressed(said).map(|keys| keys.trim_end_matches('#').to_owned());
        self.number = number
            .filter(|keys| !keys.is_empty())
            .or(self.number.take());
        let said = plain(said);
        self.day = day(&said).or(self.day.take());
        self.time = time(&said).or(self.time.take());
    }

    /// What is said next, and the function called once all is known.
    pub fn next(self) -> (String, Option<ToolCall>) {
        let (day, time) = match (self.day, self.time) {
            (Some(day), Some(time)) => (day, time),
            (Some(day), None) => return (format!("At what time on {day}?"), None),
            (None, Some(time)) => return (format!("On which day, at {time}?"), None),
            (None, None) => return ("On which day, and at what time?".to_owned(), None),
        };
        let Some(number) = self.number else {
            let ask = "Please enter your customer number on the keys, and then the pound key.";
            return (format!("{day} at {time}. {ask}"), None);
        };
        let call = ToolCall {
            id: "call-1".to_owned(),
            name: APPOINTMENT.to_owned(),
            arguments: json!({"day": day, "time": time, "number": number, "name": self.name}),
        };
        (String::new(), Some(call))
    }
}

/// What is wanted where the caller gives a name and goes on.
pub(super) fn intent_besides_name(said: &str) -> Option<Intent> {
    super::intents::intents(said).find(|intent| *intent != Intent::GiveName)
}

fn day(plain: &str) -> Option<String> {
    let day = DAYS.iter().find(|day| has(plain, day))?;
    let mut letters = day.chars();
    let first = letters.next()?.to_uppercase();
    Some(first.chain(letters).collect())
}

/// The hour after "at", or before "o'clock" and the like, and half of it.
fn time(plain: &str) -> Option<String> {
    let words: Vec<&str> = plain.split_whitespace().collect();
    let (at, hour) = words.iter().enumerate().find_map(|(at, word)| {
        let hour = hour(word)?;
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        let is_led = before.is_some_and(|word| matches!(*word, "at" | "past" | "around" | "about"));
        let after = words.get(at + 1).copied();
        let is_followed = matches!(
            after,
            Some("o'clock" | "am" | "pm" | "a" | "p" | "thirty" | "30")
        );
        (is_led || is_followed).then_some((at, hour))
    })?;
    let is_half_past = at >= 2 && words[at - 2..at] == ["half", "past"];
    let is_thirty = matches!(words.get(at + 1), Some(&("thirty" | "30")));
    Some(match is_half_past || is_thirty {
        true => format!("half past {hour}"),
        false => format!("{hour} o'clock"),
    })
}

fn hour(word: &str) -> Option<&'static str> {
    let by_digits = word.parse::<usize>().ok();
    let by_digits = by_digits.and_then(|number| HOURS.get(number.checked_sub(1)?));
    let by_name = HOURS.iter().find(|hour| **hour == word);
    by_digits.or(by_name).copied()
}
