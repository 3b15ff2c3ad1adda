//! An application that was written for Twilio hands its call a document, and the caller hears what
//! that says.

use std::time::Duration;

use serde_json::{Value, json};
use trunkline_audio::g711::{alaw, ulaw};
use trunkline_call::{CallEvent, Digit, EndReason};
use trunkline_phone::softphone::{Script, Settings};
use trunkline_providers::signature::twilio::{Headers, Keys, SIGNATURE_HEADER, Signed, verify};
use trunkline_providers::{Form, Secret};
use trunkline_sip::Message;
use trunkline_sip::endpoint::Transport;

use crate::support::lobby::Closed;
use crate::support::{Callee, Caller, Gateway, Lobby, RawSip, Session, Web, says, sound};

const SECOND: usize = 16_000;

/// A gateway that gives its calls to the lobby's application by Twilio's protocol, and lets documents
/// lead to this web server.
fn gateway(name: &str, lobby: &Lobby, web: &Web, more: &str) -> Gateway {
    let apps = format!(
        "routes: [{{to: \"*\", app: bot}}]\n\
         apps: {{bot: {{type: websocket, url: \"{}\", protocol: twilio}}}}\n\
         fetch: {{allow: [\"{}\"]}}\n{more}",
        lobby.url(),
        web.origin()
    );
    Gateway::start(name, &apps)
}

/// A caller, and the application that has the call, after its `start`.
fn call(gateway: &Gateway, lobby: &Lobby) -> (Caller, Session, String) {
    let caller = Caller::dial(&gateway.uri("100"));
    let mut session = lobby.accept();
    let start = started(&mut session);
    caller.wait_answered();
    let call = start["start"]["callSid"].as_str().expect("a call");
    (caller, session, call.to_owned())
}

fn started(session: &mut Session) -> Value {
    session.until("the application is told start", |session| {
        let mut events = session.events.iter();
        events.find(|message| message["event"] == "start").cloned()
    })
}

fn update(gateway: &Gateway, call: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let path = format!("/2010-04-01/Accounts/AC0/Calls/{call}.json");
    let kind = "application/x-www-form-urlencoded";
    let form: Form = form.iter().copied().collect();
    let (status, body) = gateway.post_bytes(&path, kind, form.encoded().as_bytes());
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

/// Hands a call this document, which must be taken.
fn follow(gateway: &Gateway, call: &str, verbs: &str) {
    let document = format!("<Response>{verbs}</Response>");
    let (status, told) = update(gateway, call, &[("Twiml", &document)]);
    assert_eq!(
        (status, &told["status"]),
        (200, &json!("in-progress")),
        "{told}"
    );
}

fn frames(hz: f64, samples: &[i16]) -> usize {
    sound::frames_of_tone(hz, 16_000, samples)
}

/// The first 20 ms piece that is this tone.
fn begins(hz: f64, samples: &[i16]) -> usize {
    let mut pieces = samples.chunks_exact(320);
    let found = pieces.position(|piece| sound::share_at(hz, 16_000, piece) > 0.8);
    found.unwrap_or_else(|| panic!("{hz} Hz was never heard"))
}

#[test]
fn sounds_and_pauses_are_heard_in_their_order_and_the_end_hangs_up() {
    let (lobby, web) = (Lobby::open(), Web::open());
    let tone = |hz, samples| sound::tone(hz, 8_000, samples);
    web.put("/linear.wav", &sound::wav(8_000, &tone(500.0, 4_000)));
    let coded: Vec<u8> = tone(900.0, 4_000).into_iter().map(ulaw::encode).collect();
    web.put("/ulaw.wav", &sound::coded_wav(7, 8, 8_000, &coded));
    let coded: Vec<u8> = tone(1_300.0, 4_000).into_iter().map(alaw::encode).collect();
    web.put("/alaw.wav", &sound::coded_wav(6, 8, 8_000, &coded));
    web.lead("/moved.wav", "/alaw.wav");
    let gateway = gateway("document-sounds", &lobby, &web, "");
    let (caller, mut session, call) = call(&gateway, &lobby);
    let at = web.origin();
    let verbs = format!(
        "<Play loop=\"2\">{at}/linear.wav</Play><Pause length=\"1\"/><Play>{at}/ulaw.wav</Play>\
         <Play>{at}/gone.wav</Play><Play>{at}/moved.wav</Play>"
    );
    follow(&gateway, &call, &verbs);
    // Its application has no call any more.
    assert_eq!(session.wait_closed(), Closed::Frame(1_000));
    assert_eq!(session.events.last().expect("messages")["event"], "stop");
    let report = caller.report();
    assert_eq!(report.end, EndReason::Remote);
    let heard = report.heard.samples();
    let counts = [500.0, 900.0, 1_300.0].map(|hz| frames(hz, heard));
    assert!((46..=50).contains(&counts[0]), "{counts:?}");
    assert!(
        counts[1..].iter().all(|count| (22..=25).contains(count)),
        "{counts:?}"
    );
    let [first, second, third] = [500.0, 900.0, 1_300.0].map(|hz| begins(hz, heard));
    assert!(
        first + 50 + 50 <= second + 2,
        "a second of sound, a second without"
    );
    assert!(second + 25 <= third + 1);
    let record = gateway.only_record();
    assert_eq!(record["end"]["by"], "app", "{record}");
    assert!(
        record.to_string().contains("gone.wav answers 404"),
        "{record}"
    );
}

/// The same with another application that documents may connect; its URL.
fn gateway_with_stream(name: &str, lobby: &Lobby, web: &Web, other: &Lobby) -> (Gateway, String) {
    let stream = format!("ws://{}/media", other.address());
    let more = format!(
        "routes: [{{to: \"*\", app: bot}}]\ndial: {{allow: [\"sip:*\"]}}\n\
         apps:\n  bot: {{type: websocket, url: \"{}\", protocol: twilio}}\n  \
         second: {{type: websocket, url: \"{stream}\"}}\n\
         fetch: {{allow: [\"{}\"]}}\n",
        lobby.url(),
        web.origin()
    );
    (Gateway::start(name, &more), stream)
}

#[test]
fn a_stream_has_the_call_until_it_closes_and_then_the_next_verb_runs() {
    let (lobby, web, other) = (Lobby::open(), Web::open(), Lobby::open());
    let half = sound::tone(700.0, 16_000, SECOND / 2);
    web.put("/after.wav", &sound::wav(16_000, &half));
    let (gateway, stream) = gateway_with_stream("document-stream", &lobby, &web, &other);
    let (caller, mut first, call) = call(&gateway, &lobby);
    let verbs = format!(
        "<Connect><Stream url=\"{stream}\"><Parameter name=\"plan\" value=\"gold\"/></Stream>\
         </Connect><Play>{}/after.wav</Play>",
        web.origin()
    );
    follow(&gateway, &call, &verbs);
    let mut second = other.accept();
    let start = started(&mut second);
    assert_eq!(start["start"]["callSid"], json!(call));
    assert_eq!(start["start"]["customParameters"]["plan"], "gold");
    assert_eq!(first.wait_closed(), Closed::Frame(1_000));
    second.until("the new application hears the caller", |session| {
        let mut events = session.events.iter();
        events
            .any(|message| message["event"] == "media")
            .then_some(())
    });
    second.close(Some(1_000));
    let report = caller.report();
    assert_eq!(report.end, EndReason::Remote);
    let count = frames(700.0, report.heard.samples());
    assert!(
        (22..=25).contains(&count),
        "{count} frames after the stream"
    );
}

/// A call that a telephone of this test has picked up, and its application.
fn call_to_a_phone(gateway: &Gateway, lobby: &Lobby) -> (RawSip, Message, String, Session) {
    let phone = RawSip::toward(gateway.sip_port);
    let order = json!({"to": format!("sip:bob@{}", phone.local()), "app": "bot"});
    let (status, placed) = gateway.post("/v1/calls", &order);
    assert_eq!(status, 201, "{placed}");
    let invite = phone.expect("INVITE");
    phone.pick_up(&invite);
    let mut session = lobby.accept();
    let start = started(&mut session);
    let call = start["start"]["callSid"]
        .as_str()
        .expect("a call")
        .to_owned();
    (phone, invite, call, session)
}

#[test]
fn a_document_goes_on_with_whoever_the_far_end_sends_the_call_to() {
    let (lobby, web, other) = (Lobby::open(), Web::open(), Lobby::open());
    let tone = sound::tone(700.0, 16_000, SECOND / 2);
    web.put("/after.wav", &sound::wav(16_000, &tone));
    let (gateway, stream) = gateway_with_stream("document-moved", &lobby, &web, &other);
    let (phone, invite, call, _first) = call_to_a_phone(&gateway, &lobby);
    let verbs = format!(
        "<Connect><Stream url=\"{stream}\"/></Connect><Play>{}/after.wav</Play>",
        web.origin()
    );
    follow(&gateway, &call, &verbs);
    let mut second = other.accept();
    started(&mut second);
    let callee = Callee::wait(Transport::Udp, says(650.0));
    phone.send_to(&invite, &callee.uri("carol"));
    second.close(Some(1_000));
    callee.wait_for_tone(700.0, 22);
    callee.report();
}

#[test]
fn a_sound_that_the_far_end_leaves_behind_is_over_for_whoever_has_the_call_then() {
    let (lobby, web) = (Lobby::open(), Web::open());
    let folder = crate::support::folder("document-left-files");
    let file = |name: &str, hz, seconds| {
        let file = folder.join(name);
        let tone = sound::tone(hz, 16_000, seconds * SECOND);
        std::fs::write(&file, sound::wav(16_000, &tone)).expect("a file");
        json!(file)
    };
    let (long, after) = (file("long.wav", 500.0, 60), file("after.wav", 700.0, 1));
    let more = format!("dial: {{allow: [\"sip:*\"]}}\nprompts: {{long: {long}, after: {after}}}\n");
    let gateway = gateway("document-left", &lobby, &web, &more);
    let (phone, invite, call, _first) = call_to_a_phone(&gateway, &lobby);
    let verbs = "<Play>prompt:long</Play><Play>prompt:after</Play>";
    follow(&gateway, &call, verbs);
    let callee = Callee::wait(Transport::Udp, says(650.0));
    phone.send_to(&invite, &callee.uri("carol"));
    callee.wait_for_tone(700.0, 45);
    callee.report();
}

#[test]
fn documents_lead_to_documents_and_are_told_of_the_call() {
    let (lobby, web) = (Lobby::open(), Web::open());
    let tone = sound::tone(600.0, 16_000, SECOND / 2);
    web.put("/sounds/hello.wav", &sound::wav(16_000, &tone));
    web.put(
        "/first",
        b"<Response><Redirect method=\"GET\">sounds/next?x=1</Redirect><Hangup/></Response>",
    );
    web.put(
        "/sounds/next",
        b"<Response><Play>hello.wav</Play></Response>",
    );
    let gateway = gateway("document-redirect", &lobby, &web, "");
    let (caller, _session, call) = call(&gateway, &lobby);
    let url = format!("{}/first", web.origin());
    let (status, told) = update(&gateway, &call, &[("Url", &url)]);
    assert_eq!(status, 200, "{told}");
    let report = caller.report();
    let count = frames(600.0, report.heard.samples());
    assert!((22..=25).contains(&count), "{count} frames");
    let posted = web.wait_asked("POST /first HTTP/1.1");
    for fact in [
        &format!("CallSid={call}"),
        "CallStatus=in-progress",
        "To=100",
    ] {
        assert!(posted.contains(fact), "{posted}");
    }
    let got = web.wait_asked("GET /sounds/next?x=1&");
    assert!(got.contains(&format!("CallSid={call}")), "{got}");
    web.wait_asked("GET /sounds/hello.wav HTTP/1.1");
    let unsigned = web.header("POST /first ", SIGNATURE_HEADER);
    assert_eq!(unsigned, None, "there is no auth token");
}

/// Whether a request that the server had proves itself to an application with this auth token.
fn is_proven(web: &Web, token: &str, start: &str, signed: Signed<'_>) -> bool {
    let keys = Keys {
        auth_token: Secret::new(token),
        shared_keys: Vec::new(),
    };
    let line = web.wait_asked(start);
    let path = line.split(' ').nth(1).expect("a target");
    let signature = web.header(start, SIGNATURE_HEADER);
    let headers = Headers {
        signature: signature.as_deref(),
        settings: None,
    };
    verify(&keys, &format!("{}{path}", web.origin()), signed, headers).is_ok()
}

#[test]
fn documents_are_asked_for_with_the_signature_of_the_account() {
    let (lobby, web) = (Lobby::open(), Web::open());
    let tone = sound::tone(600.0, 16_000, SECOND / 10);
    web.put("/hello.wav", &sound::wav(16_000, &tone));
    web.put(
        "/next",
        b"<Response><Redirect method=\"GET\">/last</Redirect></Response>",
    );
    web.put("/last", b"<Response><Play>/hello.wav</Play></Response>");
    web.answer(
        "/first",
        "307 Temporary Redirect\r\nLocation: /next?x=1",
        b"",
    );
    let account = "providers: {twilio: {auth_token: \"12345\"}}\n";
    let gateway = gateway("document-signed", &lobby, &web, account);
    let (caller, _session, call) = call(&gateway, &lobby);
    let url = format!("{}/first?plan=a%20b#top", web.origin());
    assert_eq!(update(&gateway, &call, &[("Url", &url)]).0, 200);
    caller.report();
    for start in ["POST /first?plan=a%20b ", "POST /next?x=1 "] {
        let line = web.wait_asked(start);
        let form = line.split_once("HTTP/1.1 ").expect("a body").1;
        let form = Form::parse(form.as_bytes()).expect("a form");
        assert!(
            is_proven(&web, "12345", start, Signed::Form(&form)),
            "{line}"
        );
        assert!(!is_proven(&web, "54321", start, Signed::Form(&form)));
        assert!(!is_proven(&web, "12345", start, Signed::Get));
    }
    assert!(is_proven(&web, "12345", "GET /last?", Signed::Get));
    assert_eq!(web.header("GET /hello.wav ", SIGNATURE_HEADER), None);
}

#[test]
fn a_document_that_leads_inside_or_in_circles_ends_the_call_and_says_why() {
    let (lobby, web, secret) = (Lobby::open(), Web::open(), Web::open());
    web.lead("/inside", &format!("{}/secret", secret.origin()));
    web.put(
        "/circle",
        b"<Response><Redirect>/circle</Redirect></Response>",
    );
    web.lead("/round", "/round");
    web.put("/large", &vec![b' '; 64 * 1024 + 1]);
    let gateway = gateway("document-inside", &lobby, &web, "");
    for (path, word) in [
        ("/inside", "fetch.allow"),
        ("/none", "answers 404"),
        ("/circle", ""),
        ("/round", "leads on more than 5 times"),
        ("/large", "length limit"),
    ] {
        let (caller, _session, call) = call(&gateway, &lobby);
        let url = format!("{}{path}", web.origin());
        assert_eq!(update(&gateway, &call, &[("Url", &url)]).0, 200);
        assert_eq!(caller.report().end, EndReason::Remote);
        let id = call.strip_prefix("CA").expect("an id");
        let record = gateway.wait_for_record("callId", id);
        assert_eq!(record["end"]["reason"], "error", "{record}");
        assert!(record.to_string().contains(word), "{record}");
    }
    assert!(secret.asked().is_empty(), "{:?}", secret.asked());
    let rounds = web.asked().iter().filter(|a| a.contains("/circle")).count();
    assert_eq!(rounds, 10);
}

#[test]
fn what_is_said_comes_from_the_configured_program() {
    let (lobby, web) = (Lobby::open(), Web::open());
    let folder = crate::support::folder("document-speech-program");
    let file = folder.join("voice.wav");
    let tone = sound::tone(800.0, 16_000, SECOND / 2);
    std::fs::write(&file, sound::wav(16_000, &tone)).expect("a file");
    let heard = folder.join("heard");
    // The program notes what it was told, and says the same to everything.
    let program = format!(
        "printf '%s ' \"$SPEECH_LANGUAGE\" > {heard}; cat >> {heard}; cat {file}",
        heard = heard.display(),
        file = file.display()
    );
    let more = format!("speech: {{command: [sh, -c, {}]}}\n", json!(program));
    let gateway = gateway("document-speech", &lobby, &web, &more);
    let (caller, _session, call) = call(&gateway, &lobby);
    follow(
        &gateway,
        &call,
        "<Say language=\"en-GB\">Good &lt;day&gt;; $(ls)</Say>",
    );
    let report = caller.report();
    let count = frames(800.0, report.heard.samples());
    assert!((22..=25).contains(&count), "{count} frames");
    let told = std::fs::read_to_string(heard).expect("what the program was told");
    assert_eq!(told, "en-GB Good <day>; $(ls)\n");
}

#[test]
fn a_prompt_goes_on_until_another_document_comes_and_keys_are_pressed() {
    let (lobby, web) = (Lobby::open(), Web::open());
    let folder = crate::support::folder("document-prompt-file");
    let file = folder.join("music.wav");
    let tone = sound::tone(440.0, 16_000, SECOND / 4);
    std::fs::write(&file, sound::wav(16_000, &tone)).expect("a file");
    let more = format!("prompts: {{music: {}}}\n", json!(file));
    let gateway = gateway("document-prompt", &lobby, &web, &more);
    let (caller, _session, call) = call(&gateway, &lobby);
    follow(&gateway, &call, "<Play loop=\"0\">prompt:music</Play>");
    caller.wait_for_tone(440.0, 50);
    follow(&gateway, &call, "<Play digits=\"4w2\"/>");
    for key in ['4', '2'] {
        caller.wait_for(
            "the key is heard",
            |event| matches!(event, CallEvent::Dtmf { digit, .. } if digit.as_char() == key),
        );
    }
    assert_eq!(caller.report().end, EndReason::Remote);
}

#[test]
fn a_call_that_nobody_takes_goes_on_with_the_next_verb_and_one_that_is_taken_is_joined() {
    let (lobby, web) = (Lobby::open(), Web::open());
    let tone = sound::tone(550.0, 16_000, SECOND / 2);
    web.put("/sorry.wav", &sound::wav(16_000, &tone));
    let gateway = gateway(
        "document-dial",
        &lobby,
        &web,
        "dial: {allow: [\"sip:bob*\"]}\n",
    );
    let verbs = |whom: &str| {
        format!(
            "<Dial><Sip>{whom}</Sip></Dial><Play>{}/sorry.wav</Play>",
            web.origin()
        )
    };
    let (caller, _session, call_sid) = call(&gateway, &lobby);
    follow(&gateway, &call_sid, &verbs("sip:nobody@elsewhere.example"));
    let report = caller.report();
    let count = frames(550.0, report.heard.samples());
    assert!((22..=25).contains(&count), "{count} frames");
    let callee = Callee::wait(Transport::Udp, says(650.0));
    let (caller, _session, call_sid) = call(&gateway, &lobby);
    follow(&gateway, &call_sid, &verbs(&callee.uri("bob")));
    caller.wait_for_tone(650.0, 40);
    let pause = [("Twiml", "<Response><Pause/></Response>")];
    let (status, told) = update(&gateway, &call_sid, &pause);
    assert_eq!((status, &told["code"]), (400, &json!(21220)), "{told}");
    callee.hang_up();
    assert_eq!(frames(550.0, caller.report().heard.samples()), 0);
}

#[test]
fn a_key_that_is_pressed_ends_the_question_and_is_told_to_the_next_document() {
    let (lobby, web) = (Lobby::open(), Web::open());
    let tone = |hz| sound::wav(16_000, &sound::tone(hz, 16_000, SECOND / 2));
    web.put("/ask.wav", &tone(440.0));
    web.put("/picked.wav", &tone(880.0));
    web.put(
        "/menu/first",
        b"<Response><Gather numDigits=\"1\" action=\"picked\"><Play loop=\"0\">/ask.wav</Play>\
          </Gather><Hangup/></Response>",
    );
    web.put(
        "/menu/picked",
        b"<Response><Play>/picked.wav</Play></Response>",
    );
    let gateway = gateway("document-gather", &lobby, &web, "");
    // However long the first document takes, one of these is pressed while it asks.
    let key = Digit::from_char('5').expect("a key");
    let presses = (1..30).map(Duration::from_secs);
    let script = presses.fold(Script::new(), |script, at| script.press(at, &[key]));
    let caller = Caller::follow(&gateway.uri("100"), Settings::default(), script);
    let mut session = lobby.accept();
    let start = started(&mut session);
    let call = start["start"]["callSid"].as_str().expect("a call");
    let url = format!("{}/menu/first", web.origin());
    assert_eq!(update(&gateway, call, &[("Url", &url)]).0, 200);
    let told = web.wait_asked("POST /menu/picked HTTP/1.1");
    assert!(told.contains("Digits=5"), "{told}");
    let report = caller.report();
    assert_eq!(report.end, EndReason::Remote);
    let heard = report.heard.samples();
    let picked = 320 * begins(880.0, heard);
    let count = frames(880.0, heard);
    assert!((22..=25).contains(&count), "{count} frames");
    assert_eq!(frames(440.0, &heard[picked..]), 0, "the question is over");
}
