//! What callers say, and what the scripted receptionist answers where it understood them.

/// A sentence and the beginning of the answer to it, with the function that is called in it.
pub struct Sentence {
    pub text: &'static str,
    pub answer: &'static str,
    pub function: Option<&'static str>,
}

impl Sentence {
    /// Whether this is the answer to it, with the function that is called in it.
    pub fn is_answered_by(&self, said: &str, function: Option<&str>) -> bool {
        said.starts_with(self.answer) && function == self.function
    }
}

/// Of the opening hours.
pub const HOURS: &str = "We are open from nine to five.";

const HAND_OVER: &str = "One moment, I will connect you.";
const SCRIPTED: &str = "I am a scripted receptionist";

const fn asks(text: &'static str, answer: &'static str) -> Sentence {
    Sentence {
        text,
        answer,
        function: None,
    }
}

const fn does(text: &'static str, answer: &'static str, function: &'static str) -> Sentence {
    Sentence {
        text,
        answer,
        function: Some(function),
    }
}

/// Fourteen callers: every intent of the script, in sentences of one to four seconds.
pub const SENTENCES: [Sentence; 14] = [
    asks(
        "Hello, could you tell me what time it is, please?",
        "It is half past two.",
    ),
    asks("When do you open tomorrow morning?", HOURS),
    asks("What are your opening hours on the weekend?", HOURS),
    asks("Are you closed on Sundays and on public holidays?", HOURS),
    does(
        "I would like to speak to a human being, please.",
        HAND_OVER,
        "transfer",
    ),
    does(
        "Please transfer me to the sales department.",
        HAND_OVER,
        "transfer",
    ),
    does(
        "Can I talk to someone about my last bill?",
        HAND_OVER,
        "transfer",
    ),
    asks("My name is Peter Hughes.", "Nice to meet you"),
    asks("What is my name?", "You have not told me your name."),
    asks("Are you a robot or a real receptionist?", SCRIPTED),
    asks("Thanks a lot, you were very kind.", "You are welcome."),
    does(
        "No, that is all for today. Goodbye.",
        "Thank you for calling.",
        "hang_up",
    ),
    asks("Good morning, can you hear me?", "Hello."),
    asks("Sorry, could you say that again?", "I said nothing yet."),
];
