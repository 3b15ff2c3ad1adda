//! The voice agent over a call, with servers that say what the test wants.

use std::time::Duration;

use serde_json::{Value, json};
use trunkline_audio::wav;
use trunkline_call::{Digit, EndReason};
use trunkline_phone::softphone::{Script, Settings};
use trunkline_sip::endpoint::Transport;

use crate::support::{Callee, Caller, Gateway, Web, eventually, says, sound, trunkline};

const HEARS: &str = "/v1/audio/transcriptions";
const THINKS: &str = "/v1/chat/completions";
const SPEAKS: &str = "/v1/audio/speech";
/// What the voice says at first, and later, in Hz.
const GREETING: f64 = 1_000.0;
const ANSWER: f64 = 600.0;
/// What somebody says to whom the caller is handed over.
const PERSON: f64 = 1_100.0;

fn hears(web: &Web, text: &str) {
    web.put(HEARS, json!({"text": text}).to_string().as_bytes());
}

fn thinks(web: &Web, words: &str, function: Option<&str>) {
    let arguments = r#"{"to": "person"}"#;
    let calls = function.map(|name| {
        let function = json!({"name": name, "arguments": arguments});
        json!([{"index": 0, "id": "1", "function": function}])
    });
    let delta = json!({"content": words, "tool_calls": calls});
    let event = json!({"choices": [{"delta": delta, "finish_reason": "stop"}]});
    web.put(
        THINKS,
        format!("data: {event}\n\ndata: [DONE]\n\n").as_bytes(),
    );
}

fn speaks(web: &Web, hz: f64, seconds: usize) {
    let tone = sound::tone(hz, 24_000, seconds * 24_000);
    let bytes: Vec<u8> = tone
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    web.put(SPEAKS, &bytes);
}

/// A gateway whose every call the agent takes.
fn start(name: &str, web: &Web) -> Gateway {
    hears(web, "When do you open?");
    thinks(web, "We open at nine.", None);
    speaks(web, GREETING, 1);
    let url = format!("url: \"{}/v1\"", web.origin());
    Gateway::start(
        name,
        &format!(
            "dids: {{\"100\": {{app: agent, system_prompt: Be quick., llm_model: large, tts_voice: nova}}}}\n\
             apps:\n  agent:\n    type: agent\n    greeting: Good day.\n\
             \x20   stt: {{type: openai, {url}, key: sk-secret}}\n\
             \x20   llm: {{type: openai, {url}, model: small}}\n\
             \x20   tts: {{type: openai, {url}}}\n"
        ),
    )
}

/// Four seconds of somebody's speech.
fn speech(name: &str) -> Vec<i16> {
    let path = format!(
        "{}/../../fixtures/speech/{name}.wav",
        env!("CARGO_MANIFEST_DIR")
    );
    let file = std::fs::read(path).expect("the fixture");
    let samples = wav::read(&file).expect("a WAV file").into_mono();
    samples[..64_000].to_vec()
}

fn body(request: &str) -> Value {
    let at = request.find('{').expect("a body");
    serde_json::from_str(&request[at..]).expect("a body of JSON")
}

#[test]
fn a_caller_is_greeted_answered_heard_in_between_and_left() {
    let web = Web::open();
    let gateway = start("agent-talks", &web);
    // Asks after the greeting, and speaks into the answer, which goes on for ten seconds.
    let script = Script::new()
        .play(Duration::from_secs(3), &speech("slt"))
        .play(Duration::from_secs(12), &speech("rms"));
    let caller = Caller::follow(&gateway.uri("100"), Settings::default(), script);
    caller.wait_for_tone(GREETING, 40);
    speaks(&web, ANSWER, 10);
    caller.wait_for_tone(ANSWER, 25);
    let asked = body(&web.wait_asked("POST /v1/chat/completions"));
    assert_eq!(asked["model"], "large");
    assert_eq!(asked["messages"][0]["content"], "Be quick.");
    assert_eq!(asked["messages"][1]["content"], "Good day.");
    assert_eq!(asked["messages"][2]["content"], "When do you open?");
    let spoken = web
        .asked()
        .into_iter()
        .find(|asked| asked.contains("We open at nine."));
    assert_eq!(body(&spoken.expect("it was spoken"))["voice"], "nova");
    assert_eq!(
        web.header("POST /v1/audio/transcriptions", "authorization")
            .as_deref(),
        Some("Bearer sk-secret")
    );
    hears(&web, "Thank you, that is all.");
    thinks(&web, "Goodbye.", Some("hang_up"));
    speaks(&web, GREETING, 1);
    // The agent hangs up once its goodbye was heard.
    let report = caller.report();
    assert_eq!(report.end, EndReason::Remote);
    let told = web
        .asked()
        .into_iter()
        .rev()
        .find(|asked| asked.starts_with("POST /v1/chat"));
    let told = body(&told.expect("it was asked again"));
    // Ten seconds for sixteen characters: some were heard, not all.
    let heard = told["messages"][3]["content"]
        .as_str()
        .expect("what was heard");
    assert!(
        "We open at nine.".starts_with(heard) && heard.len() < 16,
        "{heard:?}"
    );
    let file = wav::read(&report.stereo()).expect("both sides").samples;
    let (said, answered): (Vec<i16>, Vec<i16>) = file
        .as_chunks::<2>()
        .0
        .iter()
        .map(|both| (both[0], both[1]))
        .unzip();
    let onset = onset_after(&said, 11_000);
    let silent = sound::frames_that_are(ANSWER, 16_000, &answered)
        .max()
        .expect("an answer");
    let silent = (silent + 1) * 20;
    assert!(
        silent > onset,
        "the answer was over before: {silent}, {onset}"
    );
    assert!(
        silent - onset <= 250,
        "silent {} ms after the onset",
        silent - onset
    );
}

/// When somebody begins to speak after this time, in ms.
fn onset_after(said: &[i16], ms: usize) -> usize {
    let later = &said[ms * 16..];
    let loud = later.iter().position(|sample| sample.unsigned_abs() > 300);
    ms + loud.expect("somebody speaks") / 16
}

#[test]
fn keys_reach_the_model_as_one_entry() {
    let web = Web::open();
    let gateway = start("agent-keys", &web);
    let keys = ['4', '2', '#'].map(|key| Digit::from_char(key).expect("a key"));
    let script = Script::new().press(Duration::from_secs(2), &keys);
    let caller = Caller::follow(&gateway.uri("100"), Settings::default(), script);
    let asked = body(&web.wait_asked("POST /v1/chat/completions"));
    let last = asked["messages"]
        .as_array()
        .and_then(|messages| messages.last());
    assert_eq!(
        last.map(|last| &last["content"]),
        Some(&json!("[keys pressed: 42#]"))
    );
    caller.hang_up();
}

#[test]
fn a_caller_whose_agent_has_no_engine_left_hears_something() {
    let web = Web::open();
    let gateway = start("agent-dead", &web);
    for path in [HEARS, THINKS, SPEAKS] {
        web.answer(path, "500 Internal Server Error", b"out of memory");
    }
    let caller = Caller::dial(&gateway.uri("100"));
    caller.wait_answered();
    // Flite where it is installed, and tones where it is not.
    eventually("the caller hears something", || {
        caller.has_heard_sound().then_some(())
    });
    caller.hang_up();
    let log = gateway.log();
    assert!(!log.contains("sk-secret"), "{log}");
}

#[test]
fn an_ollama_that_answers_here_thinks_and_the_log_says_so() {
    let web = Web::open();
    hears(&web, "When do you open?");
    speaks(&web, ANSWER, 1);
    web.put("/api/version", b"{\"version\": \"0.12.0\"}");
    web.put(
        "/api/tags",
        br#"{"models": [{"name": "llama3.2:3b"}, {"name": "qwen3:4b"}]}"#,
    );
    let line = json!({"message": {"content": "We open at nine."}, "done": true});
    web.put("/api/chat", line.to_string().as_bytes());
    let host = web.origin().replace("http://", "");
    let url = format!("url: \"{}/v1\"", web.origin());
    let gateway = Gateway::start_in(
        "agent-ollama",
        &[("OLLAMA_HOST", &host)],
        &format!(
            "routes: [{{app: agent}}]\napps:\n  agent:\n    type: agent\n\
             \x20   stt: {{type: openai, {url}}}\n    tts: {{type: openai, {url}}}\n"
        ),
    );
    eventually("the log says so before anybody calls", || {
        let log = gateway.log();
        let told = log.contains("Ollama answers: its model thinks");
        (told && log.contains("llama3.2:3b") && log.contains(&host)).then_some(())
    });
    assert_eq!(gateway.get("/health")["ollama"], true);
    let script = Script::new().play(Duration::from_secs(3), &speech("slt"));
    let caller = Caller::follow(&gateway.uri("100"), Settings::default(), script);
    let asked = body(&web.wait_asked("POST /api/chat"));
    assert_eq!(asked["model"], "llama3.2:3b");
    eventually("its answer is spoken", || {
        let asked = web.asked();
        let spoken = asked.iter().find(|asked| asked.contains("at nine"))?;
        spoken.starts_with("POST /v1/audio/speech").then_some(())
    });
    caller.hang_up();
}

#[test]
fn a_silent_caller_is_asked_and_left_in_the_words_of_the_file() {
    let web = Web::open();
    speaks(&web, GREETING, 1);
    let url = format!("url: \"{}/v1\"", web.origin());
    let gateway = Gateway::start(
        "agent-silence",
        &format!(
            "routes: [{{app: agent}}]\napps:\n  agent:\n    type: agent\n    greeting: Guten Tag.\n\
             \x20   stt: {{type: openai, {url}}}\n    tts: {{type: openai, {url}}}\n\
             \x20   silence: 2\n    silence_prompts: 1\n\
             \x20   phrases: {{silence: Sind Sie noch da?, farewell: Auf Wiederhören.}}\n"
        ),
    );
    let caller = Caller::dial(&gateway.uri("100"));
    let report = caller.report();
    assert_eq!(report.end, EndReason::Remote);
    let tones = sound::frames_of_tone(GREETING, 16_000, report.heard.samples());
    assert!(
        tones >= 140,
        "greeting, question and goodbye: {tones} frames"
    );
    let said = web.asked().concat();
    for words in ["Guten Tag.", "Sind Sie noch da?", "Auf Wiederhören."] {
        assert!(said.contains(words), "{said}");
    }
    assert!(!said.contains("Are you still there?"), "{said}");
    let record = gateway.only_record();
    assert_eq!(record["end"]["by"], "app", "{record}");
}

#[test]
fn a_caller_who_asks_for_a_person_is_handed_over() {
    let web = Web::open();
    hears(&web, "May I talk to somebody?");
    thinks(&web, "I will connect you.", Some("transfer"));
    speaks(&web, ANSWER, 1);
    let url = format!("url: \"{}/v1\"", web.origin());
    let person = Callee::wait(Transport::Udp, says(PERSON));
    let gateway = Gateway::start(
        "agent-transfer",
        &format!(
            "dial: {{allow: [\"sip:*\"]}}\n\
             routes: [{{app: agent}}]\napps:\n  agent:\n    type: agent\n\
             \x20   stt: {{type: openai, {url}}}\n    llm: {{type: openai, {url}, model: m}}\n\
             \x20   tts: {{type: openai, {url}}}\n    transfers: {{person: \"{}\"}}\n",
            person.uri("bob")
        ),
    );
    let script = Script::new().play(Duration::from_secs(3), &speech("slt"));
    let caller = Caller::follow(&gateway.uri("100"), Settings::default(), script);
    let asked = body(&web.wait_asked("POST /v1/chat/completions"));
    let tools = asked["tools"].to_string();
    assert!(tools.contains("\"enum\":[\"person\"]"), "{tools}");
    caller.wait_for_tone(PERSON, 25);
    person.hang_up();
    assert_eq!(caller.report().end, EndReason::Remote);
}

#[test]
fn a_caller_whom_a_provider_brings_talks_with_the_agent() {
    let web = Web::open();
    hears(&web, "When do you open?");
    thinks(&web, "We open at nine.", None);
    speaks(&web, ANSWER, 1);
    let url = format!("url: \"{}/v1\"", web.origin());
    let gateway = Gateway::start(
        "agent-stream",
        &format!(
            "routes: [{{provider: twilio, app: agent}}]\napps:\n  agent:\n    type: agent\n\
             \x20   stt: {{type: openai, {url}}}\n    llm: {{type: openai, {url}, model: m}}\n\
             \x20   tts: {{type: openai, {url}}}\n"
        ),
    );
    let question = sound::wav(16_000, &speech("slt"));
    std::fs::write(gateway.folder().join("question.wav"), question).expect("a file");
    let stream = format!(
        "ws://127.0.0.1:{}/sip/twilio/media-stream",
        gateway.http_port
    );
    let play = ["--play", "question.wav", "--duration", "8", "--json"];
    let arguments = [&["simulate", "twilio", "--stream", &stream], &play[..]].concat();
    let output = trunkline(gateway.folder(), &arguments);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["good"], true, "{told}");
    let asked = body(&web.wait_asked("POST /v1/chat/completions"));
    let messages = asked["messages"].as_array().expect("messages");
    let last = messages.last().expect("a message");
    assert_eq!(last["content"], "When do you open?");
}
