//! A receptionist without a language model. It follows a script, and says so when it is asked: it
//! finds out by keywords what a caller wants, and knows the few things that it was told.

mod appointment;
mod intents;
mod name;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;
use trunkline_call::BoxFuture;

use super::{Delta, EngineError, Llm, Question};
use crate::history::{Message, ToolCall};
use appointment::{Appointment, intent_besides_name};
use intents::{Intent, intent};
use words::{plain, pressed, spelled};

pub use appointment::APPOINTMENT;

/// Says what time it is, in words that can be spoken.
pub type Clock = Arc<dyn Fn() -> String + Send + Sync>;

/// What is said, and the function called after it.
type Answer = (String, Option<ToolCall>);

/// Answers from a script.
#[derive(Clone)]
pub struct Receptionist {
    clock: Clock,
    hours: String,
}

impl Receptionist {
    /// One that knows the time and says this of the opening hours. It makes appointments where the
    /// settings have the function [`APPOINTMENT`], and hands over where they have transfers.
    pub fn new(clock: Clock, hours: impl Into<String>) -> Self {
        Self {
            clock,
            hours: hours.into(),
        }
    }

    fn answer(&self, question: &Question) -> Answer {
        let messages = &question.messages;
        if let Some(Message::Tool { result, .. }) = messages.last() {
            return only(match result.starts_with("error") {
                true => "I am sorry, that did not work. What else can I do for you?",
                false => result,
            });
        }
        let said = messages.iter().rev().find_map(|message| match message {
            Message::User(said) => Some(said.as_str()),
            _ => None,
        });
        let said = said.unwrap_or_default();
        let appointment = Appointment::under_way(messages, &question.tools);
        match intent(said) {
            _ if let Some(keys) = pressed(said) => match appointment {
                Some(appointment) => appointment.next(),
                None => only(format!("You pressed {}.", spelled(keys))),
            },
            Some(Intent::GiveName) => self.greet_by_name(said, question, appointment),
            // Words that fit nothing else may answer what we asked.
            None => match appointment.filter(|_| Appointment::is_told_by(said)) {
                Some(appointment) => appointment.next(),
                None => only(format!("I did not understand that. {}", offers(question))),
            },
            Some(intent) => self.answer_to(intent, said, question, appointment),
        }
    }

    /// A caller who gives a name may say in the same breath what it is about.
    fn greet_by_name(
        &self,
        said: &str,
        question: &Question,
        appointment: Option<Appointment>,
    ) -> Answer {
        let greeting = match name::name(said) {
            Some(name) => format!("Nice to meet you, {name}."),
            None => "Nice to meet you.".to_owned(),
        };
        match intent_besides_name(said) {
            None | Some(Intent::Hello | Intent::Thanks | Intent::AskName) => {
                only(format!("{greeting} What can I do for you?"))
            }
            Some(intent) => {
                let (answer, call) = self.answer_to(intent, said, question, appointment);
                (format!("{greeting} {answer}").trim().to_owned(), call)
            }
        }
    }

    fn answer_to(
        &self,
        intent: Intent,
        said: &str,
        question: &Question,
        appointment: Option<Appointment>,
    ) -> Answer {
        let messages = &question.messages;
        match intent {
            Intent::Repeat => only(last_said(messages).unwrap_or("I said nothing yet.")),
            Intent::AskName => match messages.iter().rev().find_map(name::given) {
                Some(name) => only(format!("You said that your name is {name}.")),
                None => only("You have not told me your name."),
            },
            Intent::GiveName => only("Nice to meet you. What can I do for you?"),
            Intent::Appointment => match appointment {
                Some(appointment) => appointment.next(),
                None => only(format!(
                    "I am sorry, I cannot make appointments. {}",
                    offers(question)
                )),
            },
            Intent::Person => hand_over(said, question),
            Intent::Hours => only(self.hours.as_str()),
            Intent::Time => only(format!("It is {}.", (self.clock)())),
            Intent::Self_ => only(format!(
                "I am a scripted receptionist, not a language model. {}",
                offers(question)
            )),
            Intent::Goodbye => {
                let call = call("hang_up", json!({}));
                ("Thank you for calling. Goodbye.".to_owned(), Some(call))
            }
            Intent::Thanks => only("You are welcome. Is there anything else?"),
            Intent::Hello => only("Hello. What can I do for you?"),
        }
    }
}

impl Llm for Receptionist {
    fn reply(
        &self,
        question: Question,
        answer: Sender<Delta>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let (words, call) = self.answer(&question);
            let words = (!words.is_empty()).then_some(Delta::Words(words));
            let pieces = [words, call.map(Delta::Call)];
            for piece in pieces.into_iter().flatten() {
                let sent = answer.send(piece).await;
                sent.map_err(|_| EngineError::Unwanted)?;
            }
            Ok(())
        })
    }
}

fn only(text: impl Into<String>) -> Answer {
    (text.into(), None)
}

/// What a caller may ask for here.
fn offers(question: &Question) -> String {
    let mut offers = vec!["tell you the time and our opening hours"];
    let has = |name: &str| question.tools.iter().any(|tool| tool.name == name);
    if has(APPOINTMENT) {
        offers.push("make an appointment for you");
    }
    if has("transfer") {
        offers.push("connect you to a person");
    }
    match offers.as_slice() {
        [only] => format!("I can {only}."),
        [all @ .., last] => format!("I can {}, or {last}.", all.join(", ")),
        [] => String::new(),
    }
}

fn last_said(messages: &[Message]) -> Option<&str> {
    messages.iter().rev().find_map(|message| match message {
        Message::Assistant { said, .. } if !said.is_empty() => Some(said.as_str()),
        _ => None,
    })
}

/// To whom the caller named, or else to the first of those whom the settings name.
fn hand_over(said: &str, question: &Question) -> Answer {
    let tool = question.tools.iter().find(|tool| tool.name == "transfer");
    let names = tool.map(|tool| &tool.parameters["properties"]["to"]["enum"]);
    let names: Vec<&str> = names
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let said = plain(said);
    let is_named = |name: &&&str| said.contains(&plain(name));
    let Some(to) = names.iter().find(is_named).or(names.first()) else {
        return only("I am sorry, there is nobody I could connect you to.");
    };
    let call = call("transfer", json!({"to": to}));
    ("One moment, I will connect you.".to_owned(), Some(call))
}

fn call(name: &str, arguments: Value) -> ToolCall {
    ToolCall {
        id: "call-1".to_owned(),
        name: name.to_owned(),
        arguments,
    }
}
