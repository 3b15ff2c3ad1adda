//! What is played: who says what, and what is to come of it.

use std::sync::Arc;
use std::time::Duration;

use trunkline_call::Digit;
use trunkline_phone::caller::Step;

/// The first words of the agent.
pub const GREETING: &str = "Hello, this is the front desk of Seaside Dental. How can I help you?";
/// What the receptionist knows of the opening hours.
pub const HOURS: &str = "We are open from nine to five, Monday to Friday.";

/// An answer is over when nothing was heard for so long: sentences are closer together.
const OVER: Duration = Duration::from_millis(900);
/// No answer takes longer; where it does the call ends.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// The caller who interrupts has heard so much: with any voice the answer's second sentence has begun, and
/// is far from its end.
const INTERRUPTED_AFTER: Duration = Duration::from_millis(4_500);

/// What the caller does, and what the answer to it has to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scene {
    /// What the caller does.
    pub act: Act,
    /// Each of these is in the answer.
    pub answer: &'static [&'static str],
}

/// What a caller does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Waits to be greeted.
    Listens,
    /// Says this when the agent has said all.
    Says(&'static str),
    /// Says this into what the agent is saying.
    Interrupts(&'static str),
    /// Presses these keys.
    Presses(&'static str),
    /// Says or presses what no script knows.
    Talks,
}

impl Act {
    /// What is said, if anything is.
    pub fn words(self) -> Option<&'static str> {
        match self {
            Self::Says(words) | Self::Interrupts(words) => Some(words),
            Self::Listens | Self::Presses(_) | Self::Talks => None,
        }
    }
}

/// The whole of it. The last scene ends with the agent's hanging up.
pub const SCENES: &[Scene] = &[
    Scene {
        act: Act::Listens,
        answer: &["front desk", "help you"],
    },
    Scene {
        act: Act::Says("My name is Peter Hughes, and I would like to know when you are open."),
        answer: &["Peter Hughes", "nine to five"],
    },
    Scene {
        act: Act::Says("I need an appointment on Thursday, at ten o'clock."),
        answer: &["Thursday", "ten o'clock", "customer number"],
    },
    Scene {
        act: Act::Presses("4271#"),
        answer: &["Thursday", "ten o'clock", "4, 2, 7, 1"],
    },
    Scene {
        act: Act::Says("What else can you do for me?"),
        answer: &["scripted receptionist", "opening hours"],
    },
    Scene {
        act: Act::Interrupts("Excuse me, what time is it?"),
        answer: &["It is"],
    },
    Scene {
        act: Act::Says("And do you remember my name?"),
        answer: &["your name is Peter Hughes"],
    },
    Scene {
        act: Act::Says("Thank you, that is all, goodbye."),
        answer: &["Thank you for calling", "Goodbye"],
    },
];

/// The steps of a caller who plays these scenes, and of which scene each of them is. `speech` has the
/// sound of every scene whose caller says something.
pub fn steps(scenes: &[Scene], speech: &[Option<Arc<[i16]>>]) -> (Vec<Step>, Vec<usize>) {
    let (mut steps, mut of) = (Vec::new(), Vec::new());
    for (number, scene) in scenes.iter().enumerate() {
        let speech = speech.get(number).cloned().flatten().unwrap_or_default();
        let act = match scene.act {
            Act::Listens | Act::Talks => None,
            Act::Says(_) => Some(Step::Say(speech)),
            Act::Interrupts(_) => Some(Step::Interrupt {
                after: INTERRUPTED_AFTER,
                speech,
                within: ANSWER_MAX,
            }),
            Act::Presses(keys) => Some(Step::Press(digits(keys))),
        };
        let wait = match scenes.get(number + 1).map(|next| next.act) {
            // Who interrupts waits by themselves.
            Some(Act::Interrupts(_)) => None,
            Some(_) => Some(Step::WaitForEnd {
                quiet: OVER,
                within: ANSWER_MAX,
            }),
            None => Some(Step::WaitForHangUp { within: ANSWER_MAX }),
        };
        for step in act.into_iter().chain(wait) {
            steps.push(step);
            of.push(number);
        }
    }
    (steps, of)
}

/// Keys of the script, all of which are keys.
fn digits(keys: &str) -> Vec<Digit> {
    keys.chars().filter_map(Digit::from_char).collect()
}
