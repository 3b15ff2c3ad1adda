//! What a document is made of, and what it has others do for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use trunkline_call::{Digit, Parameters, Target, TransferMode};

/// One step of a document. Its verbs are read elsewhere; here they have been proven.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The caller hears something, so many times; `None`: until the call ends.
    Play(Sound, Option<u32>),
    /// Keys are pressed.
    Press(VecDeque<Key>),
    /// The caller waits.
    Wait(Duration),
    /// Another document takes the place of this one.
    Go(Page),
    /// An application hears the caller and speaks, until it goes.
    Connect(Stream),
    /// The caller presses keys, which another document is told.
    Gather(Gather),
    /// The call goes elsewhere.
    Move(Target, TransferMode),
    /// The call ends.
    HangUp,
}

/// Something to hear.
#[derive(Clone, Debug, PartialEq)]
pub enum Sound {
    /// Samples that are here: 16 kHz mono.
    Here(Arc<[i16]>),
    /// A WAV file at a URL.
    File(String),
    /// A text to be spoken.
    Speech(Speech),
}

/// A text to be spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Speech {
    /// What is said.
    pub text: String,
    /// In whose voice, where that was said.
    pub voice: Option<String>,
    /// In which language, where that was said.
    pub language: Option<String>,
}

/// What one character of `digits` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A key.
    Digit(Digit),
    /// Half a second without one.
    Pause,
}

/// A document to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where it is.
    pub url: String,
    /// How it is asked for.
    pub method: Method,
    /// The keys that were gathered for it.
    pub keys: Option<String>,
}

/// Keys that a caller is to press.
#[derive(Clone, Debug, PartialEq)]
pub struct Gather {
    /// What the caller hears up to the first key.
    pub prompts: VecDeque<Step>,
    /// So many are enough.
    pub keys_max: usize,
    /// The key that ends them, and is none of them.
    pub last_key: Option<Digit>,
    /// How long the next key is waited for, and the first after the prompts.
    pub patience: Duration,
    /// What is told of them, and takes the place of this document.
    pub then: Page,
    /// Whether that is told of no key at all too. Otherwise the next step has its turn then.
    pub tells_none: bool,
}

/// A method of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The call is told in the query.
    Get,
    /// The call is told in the body.
    #[default]
    Post,
}

/// An application to be connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its WebSocket.
    pub url: String,
    /// What it is told.
    pub parameters: Parameters,
}

/// Which errand of which document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrandId {
    /// The document's name toward whoever does its errands.
    pub document: u64,
    /// Its errands in their order.
    pub errand: u64,
}

/// What the owner of a document is asked to do for it. The answer to [`Self::Stream`] is
/// [`AppInput::Opened`](crate::AppInput::Opened) or [`AppInput::OpenFailed`](crate::AppInput::OpenFailed),
/// to the others [`AppInput::Brought`](crate::AppInput::Brought): one answer to each, within a time.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
    /// Get this sound; never one that is [`Sound::Here`].
    Sound(Sound),
    /// Fetch this document.
    Page(Page),
    /// Connect this application.
    Stream(Stream),
}

/// What came of an errand.
#[derive(Clone, Debug, PartialEq)]
pub enum Brought {
    /// Samples: 16 kHz mono.
    Sound(Arc<[i16]>),
    /// The steps of a document.
    Page(Vec<Step>),
    /// It could not be done. Whoever tried has told why.
    Nothing,
}
