//! Speech to speech as OpenAI and Google spell it, against servers that follow a script.

mod support;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::server::{Does, Scripted, sends, status};
use support::socket_at;
use support::websocket::{Came, Sockets, Step, says};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use trunkline_agent::conversation::realtime::{Ask, Event};
use trunkline_agent::engines::{Brief, EngineError, GeminiLive, OpenAiRealtime, Realtime};
use trunkline_agent::{Settings, ToolCall};

fn openai(port: u16) -> Arc<dyn Realtime> {
    Arc::new(OpenAiRealtime {
        server: socket_at(port).with_key("sk-1").expect("a key"),
        model: "gpt-realtime".to_owned(),
        voice: Some("marin".to_owned()),
    })
}

fn gemini(port: u16) -> Arc<dyn Realtime> {
    Arc::new(GeminiLive {
        server: socket_at(port).with_google_key("g-1").expect("a key"),
        model: "gemini-live".to_owned(),
        voice: Some("Kore".to_owned()),
    })
}

/// A session as the conversation holds it.
struct Session {
    asks: Sender<Ask>,
    events: Receiver<Event>,
    ended: JoinHandle<Result<(), EngineError>>,
}

impl Session {
    fn open(engine: Arc<dyn Realtime>) -> Self {
        let (asks, to_do) = channel(64);
        let (happens, events) = channel(64);
        let brief = Brief {
            prompt: "Be brief.".to_owned(),
            tools: Settings::default().tools_told().into(),
            model: None,
            voice: None,
            end_of_turn: Duration::from_millis(500),
        };
        let ended = tokio::spawn(async move { engine.converse(brief, to_do, happens).await });
        Self {
            asks,
            events,
            ended,
        }
    }

    async fn ask(&self, ask: Ask) {
        self.asks.send(ask).await.expect("it listens");
    }

    async fn next(&mut self) -> Event {
        let next = tokio::time::timeout(Duration::from_secs(20), self.events.recv()).await;
        next.expect("in time").expect("an event")
    }

    async fn error(self) -> String {
        let ended = tokio::time::timeout(Duration::from_secs(20), self.ended).await;
        let ended = ended.expect("in time").expect("no panic");
        ended.expect_err("it did not end well").to_string()
    }
}

/// So many samples of a tone that is none, as a server sends them.
fn pcm(samples: usize) -> String {
    STANDARD.encode(1_200_i16.to_le_bytes().repeat(samples))
}

fn sound(event: Event) -> (String, usize) {
    match event {
        Event::Sound { item, samples } => (item, samples.len()),
        other => panic!("no sound: {other:?}"),
    }
}

fn price() -> ToolCall {
    ToolCall {
        id: "c1".to_owned(),
        name: "price".to_owned(),
        arguments: json!({"of": "tea"}),
    }
}

fn message(came: &[String], kind: &str) -> Value {
    let found = came.iter().find(|text| text.contains(kind));
    serde_json::from_str(found.expect(kind)).expect("JSON")
}

#[tokio::test]
async fn openai_is_told_and_heard_as_its_reference_says() {
    let server = Sockets::open(openai_script());
    let mut session = Session::open(openai(server.port));
    assert_eq!(session.next().await, Event::Ready);
    session.ask(Ask::Sound(vec![700; 320])).await;
    assert_eq!(session.next().await, Event::Interrupted);
    let asked = "When do you open?".to_owned();
    assert_eq!(session.next().await, Event::CallerSaid(asked));
    let (item, samples) = sound(session.next().await);
    assert_eq!(item, "a1");
    assert!(
        (1_560..=1_600).contains(&samples),
        "100 ms at 16 kHz: {samples}"
    );
    assert_eq!(session.next().await, Event::Said("At nine.".to_owned()));
    assert_eq!(session.next().await, Event::Calls(vec![price()]));
    assert_eq!(session.next().await, Event::Done);
    session
        .ask(Ask::Results(vec![(price(), "2 EUR".to_owned())]))
        .await;
    let item = "a1".to_owned();
    session.ask(Ask::Heard { item, ms: 40 }).await;
    drop(session.asks);
    let came = server
        .wait_until("it takes its leave", |came| came.left == 1)
        .await;
    openai_was_told(&came);
}

fn openai_script() -> Vec<Vec<Step>> {
    vec![vec![
        says(json!({"type": "session.created", "session": {}})),
        Step::Hears("session.update"),
        says(json!({"type": "session.updated", "session": {}})),
        Step::Hears("input_audio_buffer.append"),
        says(
            json!({"type": "input_audio_buffer.speech_started", "audio_start_ms": 0, "item_id": "u1"}),
        ),
        says(json!({"type": "input_audio_buffer.speech_stopped", "item_id": "u1"})),
        says(json!({"type": "response.created", "response": {"id": "r1"}})),
        says(
            json!({"type": "conversation.item.input_audio_transcription.completed", "item_id": "u1", "transcript": "When do you open?\n"}),
        ),
        says(json!({"type": "response.output_audio.delta", "item_id": "a1", "delta": pcm(2_400)})),
        says(
            json!({"type": "response.output_audio_transcript.done", "item_id": "a1", "transcript": "At nine."}),
        ),
        says(
            json!({"type": "response.done", "response": {"status": "completed", "output": [
                {"type": "message", "id": "a1"},
                {"type": "function_call", "call_id": "c1", "name": "price", "arguments": "{\"of\":\"tea\"}"},
            ]}}),
        ),
        Step::Hears("truncate"),
        Step::Stays,
    ]]
}

fn openai_was_told(came: &Came) {
    let key = Some("Bearer sk-1".to_owned());
    assert_eq!(
        came.opened,
        [("/v1/realtime?model=gpt-realtime".to_owned(), key)]
    );
    let update = message(&came.texts, "session.update");
    let told = &update["session"];
    assert_eq!(
        (&told["type"], &told["instructions"]),
        (&json!("realtime"), &json!("Be brief."))
    );
    let format = json!({"type": "audio/pcm", "rate": 24_000});
    assert_eq!(told["audio"]["input"]["format"], format);
    assert_eq!(
        told["audio"]["output"],
        json!({"format": format, "voice": "marin"})
    );
    assert_eq!(
        told["audio"]["input"]["turn_detection"]["silence_duration_ms"],
        500
    );
    assert_eq!(
        (&told["tools"][0]["type"], &told["tools"][0]["name"]),
        (&json!("function"), &json!("hang_up"))
    );
    let append = message(&came.texts, "input_audio_buffer.append");
    let bytes = STANDARD
        .decode(append["audio"].as_str().expect("sound"))
        .expect("Base64");
    assert!(
        (900..=960).contains(&bytes.len()),
        "20 ms at 24 kHz: {}",
        bytes.len()
    );
    let result = json!({"type": "function_call_output", "call_id": "c1", "output": "2 EUR"});
    assert_eq!(message(&came.texts, "function_call_output")["item"], result);
    assert_eq!(
        message(&came.texts, "response.create")["type"],
        "response.create"
    );
    let truncate = json!({"type": "conversation.item.truncate", "item_id": "a1", "content_index": 0, "audio_end_ms": 40});
    assert_eq!(message(&came.texts, "truncate"), truncate);
}

#[tokio::test]
async fn openai_is_asked_for_one_answer_at_a_time() {
    let done = |status: &str| json!({"type": "response.done", "response": {"status": status, "output": []}});
    let server = Sockets::open(vec![vec![
        says(json!({"type": "session.updated"})),
        Step::Hears("Good day."),
        says(json!({"type": "response.created"})),
        says(json!({"type": "response.output_audio.delta", "item_id": "a1", "delta": pcm(240)})),
        Step::Hears("response.cancel"),
        says(done("cancelled")),
        Step::Hears("response.create"),
        says(
            json!({"type": "error", "error": {"type": "invalid_request_error", "code": "response_cancel_not_active", "message": "late"}}),
        ),
        says(json!({"type": "response.created"})),
        says(
            json!({"type": "response.done", "response": {"status": "failed", "status_details": {"error": {"message": "slow\u{7} down"}}}}),
        ),
        Step::Hears("response.create"),
        says(json!({"type": "error", "error": {"event_id": "create", "message": "no credit"}})),
        Step::Hears("response.create"),
        says(json!({"type": "response.created"})),
        says(done("completed")),
        Step::Stays,
    ]]);
    let mut session = Session::open(openai(server.port));
    assert_eq!(session.next().await, Event::Ready);
    session.ask(Ask::Say("Good day.".to_owned())).await;
    sound(session.next().await);
    session.ask(Ask::Did("[keys pressed: 1#]".to_owned())).await;
    assert_eq!(session.next().await, Event::Done);
    assert_eq!(
        session.next().await,
        Event::NoAnswer("slow down".to_owned())
    );
    session.ask(Ask::Say("Hm.".to_owned())).await;
    assert_eq!(
        session.next().await,
        Event::NoAnswer("no credit".to_owned())
    );
    session.ask(Ask::Say("Hm.".to_owned())).await;
    let silent = Event::NoAnswer("no sound in the answer".to_owned());
    assert_eq!(session.next().await, silent);
    let came = server.came();
    let content = json!([{"type": "input_text", "text": "[keys pressed: 1#]"}]);
    let item = &message(&came.texts, "input_text")["item"];
    assert_eq!(
        (&item["role"], &item["content"]),
        (&json!("user"), &content)
    );
}

#[tokio::test]
async fn gemini_is_told_and_heard_as_its_reference_says() {
    let server = Sockets::open(gemini_script());
    let mut session = Session::open(gemini(server.port));
    assert_eq!(session.next().await, Event::Ready);
    session.ask(Ask::Sound(vec![700; 320])).await;
    assert_eq!(session.next().await, Event::Hears);
    assert_eq!(session.next().await, Event::Calls(vec![price()]));
    session
        .ask(Ask::Results(vec![(price(), "2 EUR".to_owned())]))
        .await;
    let (first, samples) = sound(session.next().await);
    assert!(
        (1_560..=1_600).contains(&samples),
        "100 ms at 16 kHz: {samples}"
    );
    assert_eq!(session.next().await, Event::Done);
    assert_eq!(
        session.next().await,
        Event::CallerSaid("The price?".to_owned())
    );
    assert_eq!(session.next().await, Event::Said("Two euros.".to_owned()));
    assert_eq!(session.next().await, Event::Done);
    let (second, _) = sound(session.next().await);
    assert_eq!(session.next().await, Event::Interrupted);
    assert_eq!(session.next().await, Event::Done);
    let (third, _) = sound(session.next().await);
    assert!(
        first != second && second != third,
        "each answer has a name of its own"
    );
    assert_eq!(
        session.next().await,
        Event::CallsVoid(vec!["c2".to_owned()])
    );
    session.ask(Ask::Say("Good day.".to_owned())).await;
    session.ask(Ask::Did("[keys pressed: 1#]".to_owned())).await;
    let came = server
        .wait_until("all is told", |came| {
            came.texts.iter().any(|text| text.contains("keys pressed"))
        })
        .await;
    gemini_was_told(&came);
}

fn gemini_script() -> Vec<Vec<Step>> {
    let content = |content: Value| json!({"serverContent": content}).to_string();
    let part = json!({"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": pcm(2_400)}});
    vec![vec![
        Step::Hears("setup"),
        // Its JSON comes in messages that are no text.
        Step::SaysInBytes(r#"{"setupComplete": {}}"#.to_owned()),
        Step::Hears("realtimeInput"),
        Step::SaysInBytes(content(json!({"inputTranscription": {"text": "The price?"}}))),
        Step::SaysInBytes(json!({"toolCall": {"functionCalls": [{"id": "c1", "name": "price", "args": {"of": "tea"}}]}}).to_string()),
        Step::Hears("toolResponse"),
        Step::SaysInBytes(content(json!({"modelTurn": {"parts": [part]}, "outputTranscription": {"text": "Two euros."}}))),
        Step::SaysInBytes(content(json!({"generationComplete": true}))),
        Step::SaysInBytes(content(json!({"turnComplete": true}))),
        Step::SaysInBytes(content(json!({"modelTurn": {"parts": [part]}}))),
        Step::SaysInBytes(content(json!({"interrupted": true}))),
        Step::SaysInBytes(content(json!({"turnComplete": true}))),
        Step::SaysInBytes(content(json!({"modelTurn": {"parts": [part, {"text": "thought"}]}}))),
        Step::SaysInBytes(json!({"toolCallCancellation": {"ids": ["c2"]}}).to_string()),
        Step::SaysInBytes(json!({"goAway": {"timeLeft": "10s"}}).to_string()),
        Step::Stays,
    ]]
}

fn gemini_was_told(came: &Came) {
    let (path, key) = &came.opened[0];
    assert!(
        path.ends_with("v1beta.GenerativeService.BidiGenerateContent"),
        "{path}"
    );
    assert_eq!(key.as_deref(), Some("g-1"), "in no URL, which logs show");
    let setup = &message(&came.texts, "setup")["setup"];
    assert_eq!(setup["model"], "models/gemini-live");
    assert_eq!(setup["systemInstruction"]["parts"][0]["text"], "Be brief.");
    let voice = json!({"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}});
    assert_eq!(
        setup["generationConfig"],
        json!({"responseModalities": ["AUDIO"], "speechConfig": voice})
    );
    let functions = &setup["tools"][0]["functionDeclarations"];
    assert!(
        functions[0].get("parameters").is_none(),
        "an empty object is refused: {functions}"
    );
    assert_eq!(functions[1]["parameters"]["required"], json!(["keys"]));
    let audio = &message(&came.texts, "{\"realtimeInput\":")["realtimeInput"]["audio"];
    assert_eq!(audio["mimeType"], "audio/pcm;rate=16000");
    assert_eq!(
        STANDARD
            .decode(audio["data"].as_str().expect("sound"))
            .expect("Base64")
            .len(),
        640
    );
    let response = json!({"id": "c1", "name": "price", "response": {"result": "2 EUR"}});
    assert_eq!(
        message(&came.texts, "toolResponse")["toolResponse"]["functionResponses"],
        json!([response])
    );
    assert_eq!(
        message(&came.texts, "keys pressed"),
        json!({"realtimeInput": {"text": "[keys pressed: 1#]"}})
    );
}

#[tokio::test]
async fn a_session_that_breaks_says_why() {
    for engine in [openai, gemini] {
        for (script, told) in [
            (
                vec![Step::Closes(1008, "API key not valid")],
                "API key not valid",
            ),
            (vec![Step::Says("<html>".to_owned())], "no JSON"),
            (vec![], ""),
        ] {
            let server = Sockets::open(vec![script]);
            let error = Session::open(engine(server.port)).error().await;
            assert!(error.contains(told), "{told}: {error}");
        }
    }
    let refused = says(json!({"type": "error", "error": {"message": "no such model"}}));
    let server = Sockets::open(vec![vec![refused, Step::Stays]]);
    let error = Session::open(openai(server.port)).error().await;
    assert!(error.contains("no such model"), "{error}");
}

#[tokio::test]
async fn a_server_that_does_not_open_says_why() {
    for engine in [openai, gemini] {
        for (script, told) in [
            (
                vec![status(401, "{\"error\": \"no\u{7} key\"}")],
                "401: {\"error\": \"no  key\"}",
            ),
            (vec![status(429, "slow down")], "429"),
            (vec![status(500, "oops")], "500"),
            (vec![sends("\u{1}garbage\r\n\r\n")], ""),
            (vec![Does::Stays], "in time"),
        ] {
            let server = Scripted::http(vec![script]).await;
            let error = Session::open(engine(server.port)).error().await;
            assert!(error.contains(told), "{told}: {error}");
            assert!(!error.contains("sk-1") && !error.contains("g-1"), "{error}");
        }
    }
}
