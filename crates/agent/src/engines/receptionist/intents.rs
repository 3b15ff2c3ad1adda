//! What a caller wants, found by keywords.

use super::words::{has, plain};

/// What a receptionist can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    Repeat,
    AskName,
    GiveName,
    Person,
    Appointment,
    Hours,
    Time,
    Self_,
    Goodbye,
    Thanks,
    Hello,
}

/// The words that give an intent away. The first that fits counts.
const INTENTS: &[(Intent, &[&str])] = &[
    (
        Intent::Repeat,
        &["say that again", "repeat", "pardon", "what did you say"],
    ),
    (
        Intent::AskName,
        &[
            "what is my name",
            "what's my name",
            "what was my name",
            "who am i",
            "my name again",
            "remember my name",
        ],
    ),
    (
        Intent::GiveName,
        &["my name is", "my name's", "this is", "i am called"],
    ),
    (
        Intent::Person,
        &[
            "person",
            "human",
            "somebody",
            "someone",
            "operator",
            "agent",
            "transfer",
            "connect me",
            "speak to",
            "talk to",
            "put me through",
        ],
    ),
    (
        Intent::Appointment,
        &["appointment", "booking", "book", "reservation", "reserve"],
    ),
    (
        Intent::Hours,
        &["hours", "open", "close", "opening", "closing"],
    ),
    (Intent::Time, &["time", "what day", "date", "clock"]),
    (
        Intent::Self_,
        &[
            "who are you",
            "are you a",
            "robot",
            "machine",
            "your name",
            "can you do",
            "help",
        ],
    ),
    (
        Intent::Goodbye,
        &[
            "goodbye",
            "bye",
            "hang up",
            "that is all",
            "that's all",
            "nothing else",
            "no thank",
        ],
    ),
    (Intent::Thanks, &["thank", "thanks"]),
    (
        Intent::Hello,
        &[
            "hello",
            "hi",
            "good morning",
            "good afternoon",
            "good evening",
            "hey",
        ],
    ),
];

/// What is wanted here, if that can be told.
pub(super) fn intent(said: &str) -> Option<Intent> {
    intents(said).next()
}

/// Everything that may be wanted here, what counts most first.
pub(super) fn intents(said: &str) -> impl Iterator<Item = Intent> {
    let said = plain(said);
    let fits = move |(_, words): &&(Intent, &[&str])| words.iter().any(|word| has(&said, word));
    INTENTS.iter().filter(fits).map(|(intent, _)| *intent)
}
