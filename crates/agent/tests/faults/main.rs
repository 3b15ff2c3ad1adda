//! Every protocol with every fault that matters, each in a whole call in real time: whatever is
//! broken, the caller hears something sensible within 3 s of their last word.

mod hearing;
mod speaking;
mod speech_to_speech;
#[path = "../support/mod.rs"]
mod support;
mod thinking;
mod well;

use std::any::Any;
use std::sync::Arc;

use support::line;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use trunkline_agent::{Phrases, Settings};
use trunkline_call::App;
use well::{ANSWER, Said};

/// What a server does instead of answering as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It takes what it is sent, and nothing comes.
    SlowFirstByte,
    /// It begins to answer, and nothing more comes.
    Stalls,
    /// It disconnects in mid-sentence.
    BreaksOff,
    /// It disconnects before any answer.
    Disconnects,
    /// 429, or what the protocol has in its place.
    Busy,
    /// 500, or what the protocol has in its place.
    Fails,
    /// What comes is not the protocol.
    Garbage,
}

const FAULTS: [Fault; 7] = [
    Fault::SlowFirstByte,
    Fault::Stalls,
    Fault::BreaksOff,
    Fault::Disconnects,
    Fault::Busy,
    Fault::Fails,
    Fault::Garbage,
];

/// What is spoken with a server, or a program.
#[derive(Clone, Copy, Debug)]
enum Protocol {
    OpenAiTranscriptions,
    Deepgram,
    WyomingTranscripts,
    OpenAiChat,
    OllamaChat,
    /// Asks an Ollama that nobody has configured which models it has.
    OllamaTags,
    /// A function that the language model calls.
    Function,
    OpenAiSpeech,
    WyomingSpeech,
    /// Piper, Flite or another program that speaks.
    Program,
    /// A voice with another one that stands in.
    SpeechWithStandIn,
    OpenAiRealtime,
    GeminiLive,
}

const PROTOCOLS: [Protocol; 13] = [
    Protocol::OpenAiTranscriptions,
    Protocol::Deepgram,
    Protocol::WyomingTranscripts,
    Protocol::OpenAiChat,
    Protocol::OllamaChat,
    Protocol::OllamaTags,
    Protocol::Function,
    Protocol::OpenAiSpeech,
    Protocol::WyomingSpeech,
    Protocol::Program,
    Protocol::SpeechWithStandIn,
    Protocol::OpenAiRealtime,
    Protocol::GeminiLive,
];

impl Protocol {
    /// An agent whose server of this protocol has this fault, or none; all else is as it should be.
    async fn stage(self, fault: Option<Fault>) -> Stage {
        match self {
            Self::OpenAiTranscriptions => hearing::openai(fault).await,
            Self::Deepgram => hearing::deepgram(fault).await,
            Self::WyomingTranscripts => hearing::wyoming(fault).await,
            Self::OpenAiChat => thinking::openai(fault).await,
            Self::OllamaChat => thinking::ollama(fault).await,
            Self::OllamaTags => thinking::ollama_unasked(fault).await,
            Self::Function => thinking::function(fault).await,
            Self::OpenAiSpeech => speaking::openai(fault).await,
            Self::WyomingSpeech => speaking::wyoming(fault).await,
            Self::Program => speaking::program(fault),
            Self::SpeechWithStandIn => speaking::with_stand_in(fault).await,
            Self::OpenAiRealtime => speech_to_speech::openai(fault).await,
            Self::GeminiLive => speech_to_speech::gemini(fault).await,
        }
    }
}

/// An agent before its call.
struct Stage {
    agent: Box<dyn App>,
    /// What a voice in this process was asked to say.
    said: Said,
    /// Servers, for as long as the call lasts.
    servers: Vec<Box<dyn Any + Send + Sync>>,
}

/// The caller's last word, in ms since the answer.
const LAST_WORD: u64 = 1_200;
/// How soon after it something is heard.
const HEARD_WITHIN: usize = 3_000;
/// So much sound is no click: 100 ms.
const SOUND_SAMPLES_MIN: usize = 1_600;
/// Calls at once: each is 50 times a second some work for the test's own end.
const CALLS_AT_ONCE: usize = 24;

/// Calls the agent, says something, and listens; when something was heard after the last word, in ms
/// from there, and which texts were spoken.
async fn call(stage: Stage) -> (Option<usize>, Vec<String>) {
    let until = LAST_WORD + HEARD_WITHIN as u64 + 500;
    let heard = line::call(&*stage.agent, 200..LAST_WORD, until).await;
    drop(stage.servers);
    // Who cannot be had at all is excused before the caller has said anything.
    let from = match heard.hung_up {
        Some(_) => 0,
        None => LAST_WORD as usize,
    };
    let first = heard.first_sound_after(from).map(|first| first - from);
    let sounded = heard.wire.get(from * 16..).unwrap_or_default().iter();
    let is_more_than_a_click = sounded.filter(|sample| **sample != 0).count() >= SOUND_SAMPLES_MIN;
    (first.filter(|_| is_more_than_a_click), stage.said.all())
}

/// An agent that says nothing by itself, so that whatever is heard was a reply.
fn settings() -> Settings {
    Settings {
        greeting: String::new(),
        ..Settings::default()
    }
}

/// What may be said in a call that has such a fault.
fn is_sensible(text: &str) -> bool {
    let phrases = Phrases::default();
    let excuses = [&phrases.wait, &phrases.sorry, &phrases.failure];
    text == ANSWER || excuses.iter().any(|excuse| *excuse == text)
}

#[tokio::test]
async fn whatever_is_broken_the_caller_hears_something_sensible_within_3_s() {
    let places = Arc::new(Semaphore::new(CALLS_AT_ONCE));
    let mut calls = JoinSet::new();
    for protocol in PROTOCOLS {
        for fault in FAULTS {
            let places = Arc::clone(&places);
            calls.spawn(async move {
                let _place = places.acquire().await;
                let stage = protocol.stage(Some(fault)).await;
                (protocol, fault, call(stage).await)
            });
        }
    }
    let mut cells = 0;
    while let Some(done) = calls.join_next().await {
        let (protocol, fault, (heard, said)) = done.expect("no panic");
        assert!(
            heard.is_some_and(|after| after <= HEARD_WITHIN),
            "{protocol:?}, {fault:?}: {heard:?} {said:?}"
        );
        assert!(
            said.iter().all(|text| is_sensible(text)),
            "{protocol:?}, {fault:?}: {said:?}"
        );
        cells += 1;
    }
    assert_eq!(cells, PROTOCOLS.len() * FAULTS.len());
}

/// What tells that the faults of the table are what is heard in it, and nothing else that is wrong.
#[tokio::test]
async fn without_a_fault_the_answer_is_heard() {
    let mut calls = JoinSet::new();
    for protocol in PROTOCOLS {
        calls.spawn(async move {
            let stage = protocol.stage(None).await;
            (protocol, call(stage).await)
        });
    }
    while let Some(done) = calls.join_next().await {
        let (protocol, (heard, said)) = done.expect("no panic");
        assert!(
            heard.is_some_and(|after| after <= HEARD_WITHIN),
            "{protocol:?}: {heard:?}"
        );
        assert!(
            said.iter().all(|text| text == ANSWER),
            "{protocol:?}: {said:?}"
        );
    }
}
