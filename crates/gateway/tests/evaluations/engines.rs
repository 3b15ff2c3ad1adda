//! Engines of a voice agent that follow a script. A caller's utterance is one of two recordings, known
//! by the rhythm of its loudness; an answer is a tone, known by its pitch. So what is heard at either
//! end is what was on the line, and no model is needed.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use tokio::sync::mpsc::Sender;
use trunkline::settings::AppEntry;
use trunkline_agent::engines::{Delta, EngineError, Llm, Question, Speech, Stt, Tts, Webhook};
use trunkline_agent::{Agent, Engines, Message, Settings};
use trunkline_audio::wav;
use trunkline_call::routes::Routes;
use trunkline_call::{App, BoxFuture, Call, CallEvent, queue};

use crate::support::{InProcess, in_process, sound};

/// What a caller can say: the start of a recording, and its words.
pub const UTTERANCES: [(&str, usize, &str); 2] = [
    ("slt", 2_000, "When do you open?"),
    ("rms", 1_500, "Stop, that is enough."),
];
/// What an agent can say, for how many seconds, at 500 Hz and each 150 Hz more than the one before.
pub const ANSWERS: [(&str, usize); 6] = [
    ("Good day.", 1),
    ("We open at nine.", 4),
    ("I will connect you.", 4),
    ("All right.", 1),
    ("You pressed forty two.", 1),
    ("Are you still there?", 1),
];
const LOWEST_HZ: f64 = 500.0;
const STEP_HZ: f64 = 150.0;

/// What is wrong with an agent.
#[derive(Clone, Copy, Default)]
pub struct Defects {
    /// It speaks on when the caller does.
    pub deaf_while_speaking: bool,
    /// It thinks for so much longer.
    pub slow: Duration,
    /// Keys do not reach it.
    pub drops_keys: bool,
    /// It mistakes a question for another.
    pub confused: bool,
}

/// A gateway in this process whose calls to `agent` are taken by such an agent.
pub fn agent(defects: Defects) -> InProcess {
    let settings = Settings {
        greeting: "Good day.".to_owned(),
        barge_in: !defects.deaf_while_speaking,
        ..Settings::default()
    };
    let engines = Engines {
        stt: Arc::new(Rhythm),
        llm: Arc::new(Thinks(defects)),
        tts: Arc::new(Tones),
        tools: Arc::new(Webhook::default()),
    };
    let agent = Agent::new(settings, engines);
    let app: Arc<dyn App> = match defects.drops_keys {
        true => Arc::new(Keyless(agent)),
        false => Arc::new(agent),
    };
    let mut settings = in_process::settings();
    settings.routes = Routes::from(vec![in_process::rule_to("agent")]);
    settings
        .apps
        .insert("agent".to_owned(), AppEntry::Rust(app));
    InProcess::start(settings)
}

/// What a caller says, at 16 kHz.
pub fn utterance(number: usize) -> Vec<i16> {
    let (name, ms, _) = UTTERANCES[number];
    let path = format!(
        "{}/../../fixtures/speech/{name}.wav",
        env!("CARGO_MANIFEST_DIR")
    );
    let file = std::fs::read(path).expect("the fixture");
    let mut samples = wav::read(&file).expect("a WAV file").into_mono();
    samples.truncate(ms * 16);
    samples
}

/// A server that speaks for callers and hears the words of an agent: the URL up to `/v1`.
pub fn server() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("a bound address");
    // It ends with the process of the test.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            let hear = |body: Bytes| async move { Json(json!({"text": tone_in(&body)})) };
            let router = Router::new()
                .route("/v1/audio/transcriptions", post(hear))
                .route(
                    "/v1/audio/speech",
                    post(|text: String| async move { spoken(&text) }),
                );
            axum::serve(listener, router).await.expect("it serves");
        });
    });
    format!("http://{address}/v1")
}

/// What a caller says whose text stands in this, as a WAV file.
fn spoken(body: &str) -> Vec<u8> {
    let number = UTTERANCES
        .iter()
        .position(|(_, _, text)| body.contains(text));
    sound::wav(
        16_000,
        &utterance(number.expect("an utterance of these tests")),
    )
}

/// The words of the tone in the WAV file in a form.
fn tone_in(body: &[u8]) -> &'static str {
    let at = body
        .windows(4)
        .position(|four| four == b"RIFF")
        .expect("a WAV file");
    let samples = wav::read(&body[at..]).expect("a WAV file").into_mono();
    let frames = |number: usize| {
        let hz = LOWEST_HZ + STEP_HZ * number as f64;
        sound::frames_of_tone(hz, 16_000, &samples)
    };
    let most = (0..ANSWERS.len()).max_by_key(|number| frames(*number));
    match most {
        Some(number) if frames(number) > 10 => ANSWERS[number].0,
        _ => "",
    }
}

struct Tones;

impl Tts for Tones {
    fn speak(
        &self,
        speech: Speech,
        to: Sender<Vec<i16>>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let number = ANSWERS.iter().position(|(text, _)| *text == speech.text);
            // What nobody waits for in these tests is as good as silence.
            let samples = number.map_or(vec![0; 1_600], |number| {
                let hz = LOWEST_HZ + STEP_HZ * number as f64;
                sound::tone(hz, 16_000, ANSWERS[number].1 * 16_000)
            });
            to.send(samples).await.map_err(|_| EngineError::Unwanted)
        })
    }
}

struct Rhythm;

impl Stt for Rhythm {
    fn transcribe(&self, samples: Vec<i16>) -> BoxFuture<'_, Result<String, EngineError>> {
        let likeness =
            |number: &usize| likeness(&loudness(&samples), &loudness(&utterance(*number)));
        let most = (0..UTTERANCES.len()).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let text = most.map_or("", |number| UTTERANCES[number].2).to_owned();
        Box::pin(async { Ok(text) })
    }
}

/// The loudness of each 20 ms.
fn loudness(samples: &[i16]) -> Vec<f64> {
    let power = |frame: &[i16]| frame.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
    samples
        .chunks(320)
        .map(|frame| power(frame).sqrt())
        .collect()
}

/// How alike two rhythms are where they lie best, 0 to 1.
fn likeness(heard: &[f64], said: &[f64]) -> f64 {
    let at = |lag: isize| {
        let pairs = said.iter().enumerate().map(|(place, said)| {
            let place = usize::try_from(place as isize + lag).ok();
            (
                place
                    .and_then(|place| heard.get(place))
                    .copied()
                    .unwrap_or(0.0),
                *said,
            )
        });
        pairs.map(|(a, b)| a * b).sum::<f64>()
    };
    let norm = |side: &[f64]| side.iter().map(|v| v * v).sum::<f64>().sqrt();
    let best = (-50..50).map(at).fold(0.0, f64::max);
    best / (norm(heard) * norm(said)).max(1.0)
}

struct Thinks(Defects);

impl Llm for Thinks {
    fn reply(
        &self,
        question: Question,
        to: Sender<Delta>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        let Defects { slow, confused, .. } = self.0;
        Box::pin(async move {
            tokio::time::sleep(slow).await;
            let asked = match question.messages.last() {
                Some(Message::User(words)) => words.as_str(),
                _ => "",
            };
            let answer = match asked {
                "When do you open?" if confused => ANSWERS[2].0,
                "When do you open?" => ANSWERS[1].0,
                "[keys pressed: 42#]" => ANSWERS[4].0,
                _ => ANSWERS[3].0,
            };
            let words = Delta::Words(answer.to_owned());
            to.send(words).await.map_err(|_| EngineError::Unwanted)
        })
    }
}

/// Keeps keys from an application.
struct Keyless<A>(A);

impl<A: App> App for Keyless<A> {
    fn run(&self, mut call: Call) -> BoxFuture<'static, ()> {
        let woken = Arc::new(tokio::sync::Notify::new());
        let wake = Arc::clone(&woken);
        let (inner, peer) = queue(call.info().clone(), Arc::new(move || wake.notify_one()));
        let app = self.0.run(inner);
        Box::pin(async move {
            let pass = async {
                loop {
                    tokio::select! {
                        event = call.event() => match event {
                            None => return,
                            Some(CallEvent::Dtmf { .. }) => {}
                            Some(event) => drop(peer.push(&event)),
                        },
                        () = woken.notified() => {}
                    }
                    while let Some(command) = peer.pop() {
                        let _ = call.command(command);
                    }
                    peer.note_queued(call.queued());
                }
            };
            tokio::join!(app, pass);
        })
    }
}
