//! From JSON to the vocabulary. Every field of an application is checked here, so what leaves
//! this file is within its limits.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use crate::{CallCommand, Digit, HangupCause, Headers, Mark, Target, TransferMode};

/// The most digits in one request.
pub const DIGITS_MAX: usize = 64;
/// How long a key is pressed where nobody says, in ms.
pub const DIGIT_MS: u32 = 160;
/// The shortest press that receivers must notice (ITU-T Q.24), in ms.
pub const DIGIT_MS_MIN: u32 = 40;
/// The longest press that RFC 4733's 16 bit duration can tell at 8 kHz, in ms.
pub const DIGIT_MS_MAX: u32 = 8_000;

/// What is wrong with a request.
#[derive(Debug, Error)]
pub enum BadCommand {
    /// Not JSON, or a field is missing or of the wrong type.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// Something that is not a key of a telephone.
    #[error("digits: {0:?} is no key; write 0-9, *, #, A-D")]
    Digit(char),
    /// None, or too many.
    #[error("digits: {0} of them; write 1 to {DIGITS_MAX}")]
    DigitCount(usize),
    /// A press too short or too long.
    #[error("durationMs: {0} is not between {DIGIT_MS_MIN} and {DIGIT_MS_MAX}")]
    DigitLength(u32),
    /// No URI or number.
    #[error(
        "target: empty, longer than {} bytes, or with spaces in it",
        Target::BYTES_MAX
    )]
    Target,
    /// A header that may not be sent.
    #[error(
        "headers: {0:?} is no header name or one that SIP itself works by, or its value is too long or \
         has control characters"
    )]
    Header(String),
    /// A mark's name is too long, or one the gateway keeps for itself.
    #[error(
        "data.name: longer than {} bytes, or begins with a control character",
        Mark::NAME_BYTES_MAX
    )]
    Mark,
    /// No reason to hang up for.
    #[error("cause: {0:?} is unknown; write normal, rejected, busy, not_found or error")]
    Cause(String),
    /// No way to transfer.
    #[error("mode: {0:?} is unknown; write refer or bridge")]
    Mode(String),
}

/// The commands that a JSON object asks for by its `type`, in their order; `None` for a type
/// that asks nothing of a call.
pub fn commands(kind: &str, object: &str) -> Result<Option<Vec<CallCommand<'static>>>, BadCommand> {
    let command = match kind {
        "ring" => CallCommand::Ring,
        "answer" => CallCommand::Answer,
        "clear" => CallCommand::Clear,
        "pause" => CallCommand::Pause,
        "continue" => CallCommand::Continue,
        "hold" => CallCommand::Hold,
        "resume" => CallCommand::Resume,
        "mark" => serde_json::from_str::<MarkRequest>(object)?.command()?,
        "transfer" => serde_json::from_str::<TransferRequest>(object)?.command()?,
        "hangup" => serde_json::from_str::<HangupRequest>(object)?.command()?,
        "sendDtmf" => {
            return serde_json::from_str::<DigitsRequest>(object)?
                .commands()
                .map(Some);
        }
        _ => return Ok(None),
    };
    Ok(Some(vec![command]))
}

/// `{"type":"mark","data":{"name":…}}`
#[derive(Debug, Deserialize)]
pub struct MarkRequest<'a> {
    /// As jambonz nests it.
    #[serde(borrow)]
    pub data: MarkName<'a>,
}

/// The inside of a [`MarkRequest`].
#[derive(Debug, Deserialize)]
pub struct MarkName<'a> {
    /// The application's name for the place.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
}

impl MarkRequest<'_> {
    /// The command. Names that begin with a control character are the gateway's own.
    pub fn command(&self) -> Result<CallCommand<'static>, BadCommand> {
        let own = self.data.name.starts_with(char::is_control);
        let mark = Mark::new(&self.data.name)
            .filter(|_| !own)
            .ok_or(BadCommand::Mark)?;
        Ok(CallCommand::Mark(mark))
    }
}

/// Keys to press: `{"digits":"12#","durationMs":160}`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DigitsRequest {
    /// `0-9`, `*`, `#`, `A-D`.
    pub digits: String,
    /// How long each is pressed, in ms.
    pub duration_ms: Option<u32>,
}

impl DigitsRequest {
    /// One command a key.
    pub fn commands(&self) -> Result<Vec<CallCommand<'static>>, BadCommand> {
        let count = self.digits.chars().count();
        if !(1..=DIGITS_MAX).contains(&count) {
            return Err(BadCommand::DigitCount(count));
        }
        let duration_ms = self.duration_ms.unwrap_or(DIGIT_MS);
        if !(DIGIT_MS_MIN..=DIGIT_MS_MAX).contains(&duration_ms) {
            return Err(BadCommand::DigitLength(duration_ms));
        }
        let press = |key| {
            let digit = Digit::from_char(key).ok_or(BadCommand::Digit(key))?;
            Ok(CallCommand::SendDtmf { digit, duration_ms })
        };
        self.digits.chars().map(press).collect()
    }
}

/// Where to move a call: `{"target":"sip:…","headers":{},"mode":"refer"}`
#[derive(Debug, Deserialize)]
pub struct TransferRequest {
    /// A URI or number.
    pub target: String,
    /// Headers to send along.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// `refer`, which is the default, or `bridge`.
    pub mode: Option<String>,
}

impl TransferRequest {
    /// The command.
    pub fn command(&self) -> Result<CallCommand<'static>, BadCommand> {
        let target = Target::new(&self.target).ok_or(BadCommand::Target)?;
        let mut headers = Headers::default();
        for (name, value) in &self.headers {
            if !headers.push_asked(name, value) {
                return Err(BadCommand::Header(name.clone()));
            }
        }
        let mode = match self.mode.as_deref() {
            None | Some("refer") => TransferMode::Refer,
            Some("bridge") => TransferMode::Bridge,
            Some(other) => return Err(BadCommand::Mode(other.to_owned())),
        };
        Ok(CallCommand::Transfer {
            target,
            headers,
            mode,
        })
    }
}

/// Why to hang up: `{"cause":"normal"}`
#[derive(Debug, Deserialize)]
pub struct HangupRequest {
    /// One of [`HangupCause`]'s words; `normal` where absent.
    pub cause: Option<String>,
}

impl HangupRequest {
    /// The command.
    pub fn command(&self) -> Result<CallCommand<'static>, BadCommand> {
        let cause = match &self.cause {
            None => HangupCause::Normal,
            Some(word) => {
                HangupCause::from_word(word).ok_or_else(|| BadCommand::Cause(word.clone()))?
            }
        };
        Ok(CallCommand::Hangup(cause))
    }
}
