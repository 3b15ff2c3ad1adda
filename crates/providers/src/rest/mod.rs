//! What is asked of a provider over its REST interface: requests to send, and what the answers to
//! them mean. Nothing is sent here.

mod telnyx;
mod twilio;

pub use telnyx::TelnyxAccount;
pub use twilio::TwilioAccount;

use crate::secret::Secret;
use serde_json::Value;

/// The most bytes of a provider's words that are kept.
const WORDS_BYTES_MAX: usize = 200;

/// Something asked about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Place a call and connect it to a media stream.
    Place(Place),
    /// End a call.
    HangUp {
        /// The provider's name for it.
        call: String,
    },
    /// Connect the caller with somebody else, without us.
    Transfer {
        /// The provider's name for the call.
        call: String,
        /// A number or a SIP URI.
        to: String,
    },
    /// Press keys on a call.
    PressKeys {
        /// The provider's name for the call.
        call: String,
        /// `0-9`, `*`, `#`, `A-D`.
        digits: String,
        /// Where the provider asks what comes next, if to press keys ends the stream: at Twilio.
        then_url: String,
    },
}

/// A call to be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whom to call.
    pub to: String,
    /// One of our numbers at the provider.
    pub from: String,
    /// Where the provider asks what to do once the call is answered: our answer webhook.
    pub answer_url: String,
    /// Where it opens the media stream, if it is told so at once.
    pub stream_url: String,
    /// Where it tells how the call goes.
    pub status_url: String,
}

/// An account at a provider.
#[derive(Clone, Debug)]
pub enum Account {
    /// Twilio, or one that copies its interface.
    Twilio(TwilioAccount),
    /// Telnyx.
    Telnyx(TelnyxAccount),
}

/// An HTTP request: always a POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The whole URL.
    pub url: String,
    /// The value of `Authorization`.
    pub authorization: Secret,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// Whether to send it twice does no more than to send it once.
    pub is_repeatable: bool,
}

/// What a provider did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The call is on its way, and this is the provider's name for it.
    Placed(String),
    /// It was done.
    Done,
    /// The call was over before.
    Gone,
}

/// What a provider did not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// It will not, however often it is asked.
    #[error("the provider refuses ({status}{}): {words}", code_words(.code.as_ref()))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The provider's own code.
        code: Option<String>,
        /// The provider's own words, cut short and without control characters.
        words: String,
    },
    /// Not now.
    #[error("the provider cannot do it now ({status})")]
    Later {
        /// The HTTP status.
        status: u16,
    },
    /// What it answered means nothing.
    #[error("the provider's answer ({status}) does not say which call it made")]
    Nonsense {
        /// The HTTP status.
        status: u16,
    },
}

fn code_words(code: Option<&String>) -> String {
    code.map(|code| format!(", code {code}"))
        .unwrap_or_default()
}

impl Account {
    /// The request for something asked. `command_id` is the same for the same thing asked again.
    pub fn request(&self, ask: &Ask, command_id: &str) -> Request {
        match self {
            Self::Twilio(account) => account.request(ask),
            Self::Telnyx(account) => account.request(ask, command_id),
        }
    }

    /// What an answer to something asked means.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn read(&self, ask: &Ask, status: u16, body: &[u8]) -> Result<Done, Failed> {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        match status {
            200..=299 => {
                if !matches!(ask, Ask::Place(_)) {
                    return Ok(Done::Done);
                }
                let call = match self {
                    Self::Twilio(_) => twilio::call(&body),
                    Self::Telnyx(_) => telnyx::call(&body),
                };
                call.map(|call| Done::Placed(call.to_owned()))
                    .ok_or(Failed::Nonsense { status })
            }
            408 | 429 | 500..=599 => Err(Failed::Later { status }),
            _ => {
                let (code, words) = match self {
                    Self::Twilio(_) => twilio::error(&body),
                    Self::Telnyx(_) => telnyx::error(&body),
                };
                let is_gone = match self {
                    Self::Twilio(_) => status == 404 && code.as_deref() == Some("20404"),
                    Self::Telnyx(_) => code.as_deref() == Some("90018"),
                };
                if is_gone && !matches!(ask, Ask::Place(_)) {
                    return Ok(Done::Gone);
                }
                Err(Failed::Refused {
                    status,
                    code: code.as_deref().map(printable),
                    words: printable(words),
                })
            }
        }
    }
}

/// Words of somebody else, for a log.
fn printable(words: &str) -> String {
    let end = words.floor_char_boundary(WORDS_BYTES_MAX);
    let words = words.get(..end).unwrap_or_default();
    words.chars().filter(|c| !c.is_control()).collect()
}
