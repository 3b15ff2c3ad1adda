//! How fast callers are answered, measured by the gateway from the audio alone.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trunkline_phone::softphone::{Script, Settings};

use crate::support::{Caller, Events, Gateway, Lobby, Session, sound};

/// How long the application of these tests thinks.
const THINKING: Duration = Duration::from_millis(300);
/// How far a time that is known here may be from what the gateway says of it, in ms: a frame.
const FRAME_MS: i64 = 20;
/// What is heard of a caller at less than this is silence.
const SILENT: u16 = 100;

/// A caller who asks so many times for 600 ms, every three seconds.
fn asks(times: u64) -> Script {
    let question = sound::tone(300.0, 16_000, 9_600);
    (0..times).fold(Script::new(), |script, n| {
        script.play(Duration::from_secs(3 * n), &question)
    })
}

fn answer() -> Vec<i16> {
    sound::tone(500.0, 16_000, 8_000)
}

/// Hears a question to its end; when that was.
fn hear_a_question(session: &mut Session) -> Instant {
    let (mut heard, mut loud_frames, mut last_word) = (session.heard.len(), 0, None);
    session.until("the caller asks", |session| {
        let fresh = session.heard.get(heard..).unwrap_or_default();
        let frames = fresh.chunks_exact(320);
        for frame in frames {
            heard += frame.len();
            if frame.iter().any(|sample| sample.unsigned_abs() > SILENT) {
                (loud_frames, last_word) = (loud_frames + 1, Some(Instant::now()));
            }
        }
        // 600 ms of sound, and more of silence than a frame that was late.
        let silence = last_word.filter(|at| loud_frames >= 28 && at.elapsed() > THINKING / 2);
        silence.and(last_word)
    })
}

/// Answers a question after thinking about it; how long that took by the application's own clock.
fn answer_a_question(session: &mut Session) -> i64 {
    let last_word = hear_a_question(session);
    session.until("the application has thought", |_| {
        (last_word.elapsed() >= THINKING).then_some(())
    });
    let took = last_word.elapsed();
    session.say(&answer());
    took.as_millis() as i64
}

fn stages(turn: &Value) -> i64 {
    let stages = turn["stages"].as_object().expect("stages");
    assert_eq!(stages.len(), 6, "{turn}");
    stages.values().filter_map(Value::as_i64).sum()
}

#[test]
fn an_application_that_thinks_is_timed_within_a_frame() {
    let lobby = Lobby::open();
    let gateway = Gateway::leading_to("turns-thinking", &lobby.url());
    let caller = Caller::follow(&gateway.uri("bot"), Settings::default(), asks(5));
    let mut session = lobby.accept();
    session.wait_for("answered");
    let thought: Vec<i64> = (0..5).map(|_| answer_a_question(&mut session)).collect();
    let turns: Vec<Value> = (0..5).map(|_| session.wait_for("turn")).collect();
    let mut off = Vec::new();
    for (turn, thought_ms) in turns.iter().zip(&thought) {
        assert_eq!(turn["waitMs"], stages(turn), "{turn}");
        let application_ms = turn["stages"]["applicationMs"].as_i64().expect("ms");
        // Its own clock knows nothing of the ways there and back.
        assert!(
            application_ms >= thought_ms - FRAME_MS,
            "{turn}, not {thought_ms}"
        );
        off.push((application_ms - thought_ms).abs());
    }
    // On a loaded machine most of them may have waited for a processor.
    assert!(
        off.iter().min() <= Some(&FRAME_MS),
        "{turns:?}, not {thought:?}"
    );
    caller.hang_up();
    let record = gateway.only_record();
    assert_eq!(record["turns"]["count"], 5, "{record}");
    let told = turns.iter().map(
        |turn| json!({"atMs": turn["atMs"], "waitMs": turn["waitMs"], "stages": turn["stages"]}),
    );
    assert_eq!(record["turns"]["each"], told.collect::<Value>());
    assert_eq!(record["turns"]["appDeaf"], Value::Null);
    assert_eq!(gateway.figure("turn_seconds_count"), 5);
    let application = "turn_stage_seconds_count{stage=\"application\"}";
    assert_eq!(gateway.figure(application), 5);
}

#[test]
fn an_application_that_is_interrupted_is_timed_to_its_last_sound() {
    let lobby = Lobby::open();
    let gateway = Gateway::leading_to("turns-interrupted", &lobby.url());
    let caller = Caller::follow(
        &gateway.uri("bot"),
        Settings::default(),
        Script::new().play(Duration::from_secs(2), &sound::tone(300.0, 16_000, 32_000)),
    );
    let mut session = lobby.accept();
    session.wait_for("answered");
    session.say(&sound::tone(500.0, 16_000, 160_000));
    session.until("the caller interrupts", |session| {
        (sound::frames_of_tone(300.0, 16_000, &session.heard) >= 5).then_some(())
    });
    session.send(&json!({"type": "clear"}));
    let interrupted = session.wait_for("interrupted");
    assert_eq!(interrupted["yielded"], true, "{interrupted}");
    assert_eq!(
        interrupted["yieldMs"],
        stages(&interrupted),
        "{interrupted}"
    );
    let application_ms = interrupted["stages"]["applicationMs"].as_i64();
    assert!(
        application_ms >= Some(60),
        "it listened first: {interrupted}"
    );
    let queue_ms = interrupted["stages"]["queueMs"].as_i64();
    assert!(
        queue_ms <= Some(40),
        "a clear is silence within a frame: {interrupted}"
    );
    caller.hang_up();
    let record = gateway.only_record();
    assert_eq!(record["turns"]["interruptions"]["count"], 1, "{record}");
    assert_eq!(gateway.figure("yield_seconds_count"), 1);
    assert_eq!(gateway.figure("unyielding_total"), 0);
}

#[test]
fn an_application_that_talks_on_is_told_that_it_does_not_yield() {
    let lobby = Lobby::open();
    let gateway = Gateway::leading_to("turns-unyielding", &lobby.url());
    let caller = Caller::follow(
        &gateway.uri("bot"),
        Settings::default(),
        Script::new().play(Duration::from_secs(1), &sound::tone(300.0, 16_000, 32_000)),
    );
    let mut session = lobby.accept();
    session.wait_for("answered");
    session.say(&sound::tone(500.0, 16_000, 160_000));
    let interrupted = session.wait_for("interrupted");
    assert_eq!(interrupted["yielded"], false, "{interrupted}");
    caller.hang_up();
    let record = gateway.only_record();
    assert_eq!(
        record["turns"]["interruptions"]["unyielding"], 1,
        "{record}"
    );
    assert_eq!(gateway.figure("unyielding_total"), 1);
    let why = gateway.ask(&["why", record["callId"].as_str().expect("an id")]);
    assert!(
        why.contains("talked on when the caller interrupted it, 1 of 1"),
        "{why}"
    );
}

#[test]
fn an_application_that_hears_and_says_nothing_is_deaf() {
    let lobby = Lobby::open();
    let more = "limits: {app_deaf: 1}\n";
    let gateway = Gateway::leading_to_with("turns-deaf", &lobby.url(), more);
    let mut events = Events::listen(gateway.http_port);
    let caller = Caller::follow(&gateway.uri("bot"), Settings::default(), asks(1));
    let mut session = lobby.accept();
    session.wait_for("answered");
    let deaf = session.wait_for("app_deaf");
    assert!(deaf["silentMs"].as_i64() >= Some(1_000), "{deaf}");
    let announced = std::iter::from_fn(|| Some(events.wait_for("call.event")))
        .find(|announced| announced["event"]["type"] == "app_deaf");
    assert_eq!(announced.map(|it| it["event"].clone()), Some(deaf.clone()));
    caller.hang_up();
    let record = gateway.only_record();
    assert_eq!(
        record["turns"]["appDeaf"],
        json!({"atMs": deaf["atMs"], "silentMs": deaf["silentMs"]})
    );
    assert_eq!(gateway.figure("app_deaf_total"), 1);
    let why = gateway.ask(&["why", record["callId"].as_str().expect("an id")]);
    assert!(why.contains("The application was deaf"), "{why}");
}

#[test]
fn an_application_that_only_listens_is_not_deaf_where_that_is_said() {
    let lobby = Lobby::open();
    let more = "limits: {app_deaf: 0}\n";
    let gateway = Gateway::leading_to_with("turns-listening", &lobby.url(), more);
    let caller = Caller::follow(&gateway.uri("bot"), Settings::default(), asks(1));
    let mut session = lobby.accept();
    session.wait_for("answered");
    hear_a_question(&mut session);
    session.listen(200);
    caller.hang_up();
    session.wait_for("stop");
    assert!(
        !session
            .events
            .iter()
            .any(|event| event["type"] == "app_deaf")
    );
}
