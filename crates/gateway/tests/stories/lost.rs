//! An application is lost in the middle of a call, and the caller is not.

use std::time::Duration;

use serde_json::json;
use trunkline_audio::wav;
use trunkline_call::EndReason;
use trunkline_phone::softphone::{Report, Script, Settings};

use crate::support::{Caller, Events, Gateway, Lobby, Session, eventually, folder, sound};

/// What the caller hears: while the application is away, and where it stays away.
const MUSIC_HZ: f64 = 500.0;
const PROMPT_HZ: f64 = 1_500.0;
/// What the application says when it is back.
const BACK_HZ: f64 = 1_000.0;

/// A gateway that holds the line for so many seconds; `app` says where its application is.
fn gateway(name: &str, app: &str, within: u32) -> Gateway {
    let sounds = folder(&format!("{name}-sounds"));
    let (music, prompt) = (sounds.join("music.wav"), sounds.join("prompt.wav"));
    for (file, hz, samples) in [(&music, MUSIC_HZ, 8_000), (&prompt, PROMPT_HZ, 16_000)] {
        let wav = wav::write_mono(16_000, &sound::tone(hz, 16_000, samples));
        std::fs::write(file, wav).expect("the build folder is writable");
    }
    let more = format!(
        "routes: [{{app: bot}}]
apps:
  bot:
    type: websocket
    {app}
    on_lost: {{within: {within}, music: \"{}\", prompt: \"{}\"}}
",
        music.display(),
        prompt.display()
    );
    Gateway::start(name, &more)
}

fn frames(hz: f64, report: &Report) -> usize {
    sound::frames_of_tone(hz, 16_000, report.heard.samples())
}

/// Lets go of an application without a close frame, once it has its call.
fn lose(mut session: Session) {
    session.wait_for("answered");
    session.listen(5);
    drop(session);
}

#[test]
fn an_application_that_is_lost_comes_back_to_its_call() {
    let lobby = Lobby::open();
    let gateway = gateway("lost-back", &format!("url: \"{}\"", lobby.url()), 30);
    let caller = Caller::dial(&gateway.uri("bot"));
    let mut first = lobby.accept();
    caller.wait_answered();
    let call = first.wait_for("start")["callId"].clone();
    // What it had still to say, and a pause, are forgotten with it.
    first.say(&sound::tone(PROMPT_HZ, 16_000, 60 * 16_000));
    first.send(&json!({"type": "pause"}));
    lose(first);
    // It is not back at once: after three attempts in vain there was more than a second of music.
    for _ in 0..3 {
        drop(lobby.accept_tcp());
    }
    let mut second = lobby.accept();
    let start = second.wait_for("start");
    assert_eq!(
        (&start["callId"], &start["customParameters"]),
        (&call, &json!({"resumed": "1"}))
    );
    second.wait_for("answered");
    let heard = second.heard.len();
    second.listen(10);
    assert!(second.heard.len() > heard, "it hears the caller again");
    second.say(&sound::tone(BACK_HZ, 16_000, 16_000));
    second.send(&json!({"type": "mark", "data": {"name": "said"}}));
    second.wait_for("mark");
    let told: Vec<_> = second
        .events
        .iter()
        .map(|event| event["type"].clone())
        .collect();
    assert!(!told.contains(&json!("cleared")), "{told:?}");
    let report = caller.hang_up();
    assert_eq!(second.wait_for("stop")["by"], "remote");
    assert_eq!(report.heard.figures().lost, 0);
    let (music, back) = (frames(MUSIC_HZ, &report), frames(BACK_HZ, &report));
    assert!(
        music >= 40 && back >= 49,
        "{music} of music, {back} of speech"
    );
    let record = gateway.wait_for_record("to", "bot");
    assert_eq!(record["end"]["by"], "remote", "{record}");
}

#[test]
fn music_is_no_answer_of_the_application() {
    let lobby = Lobby::open();
    let gateway = gateway("lost-turns", &format!("url: \"{}\"", lobby.url()), 30);
    // Asks at once, and the application is lost before it answers.
    let question = sound::tone(300.0, 16_000, 9_600);
    let script = Script::new().play(Duration::from_millis(500), &question);
    let caller = Caller::follow(&gateway.uri("bot"), Settings::default(), script);
    let mut first = lobby.accept();
    first.wait_for("answered");
    first.until("the caller asks", |session| {
        (sound::frames_of_tone(300.0, 16_000, &session.heard) >= 28).then_some(())
    });
    drop(first);
    caller.wait_for_tone(MUSIC_HZ, 20);
    let mut second = lobby.accept();
    second.wait_for("answered");
    second.say(&sound::tone(BACK_HZ, 16_000, 16_000));
    caller.wait_for_tone(BACK_HZ, 20);
    caller.hang_up();
    let record = gateway.wait_for_record("to", "bot");
    assert_eq!(record["turns"]["count"], 0, "{record}");
    assert_eq!(gateway.figure("turn_seconds_count"), 0);
}

#[test]
fn where_it_stays_away_the_caller_is_told_and_the_call_ends() {
    let lobby = Lobby::open();
    let gateway = gateway("lost-gone", &format!("url: \"{}\"", lobby.url()), 1);
    let caller = Caller::dial(&gateway.uri("bot"));
    let session = lobby.accept();
    caller.wait_answered();
    drop(lobby);
    lose(session);
    let report = caller.report();
    assert_eq!(report.end, EndReason::Remote);
    let (music, prompt) = (frames(MUSIC_HZ, &report), frames(PROMPT_HZ, &report));
    assert!(
        music >= 25 && prompt >= 48,
        "{music} of music, {prompt} of the prompt"
    );
    let record = gateway.wait_for_record("to", "bot");
    assert_eq!(
        (&record["end"]["by"], &record["end"]["reason"]),
        (&json!("gateway"), &json!("app_lost"))
    );
    eventually("the log says what is done", || {
        gateway
            .log()
            .contains("application lost; it is dialled again")
            .then_some(())
    });
}

#[test]
fn an_application_that_comes_to_its_calls_may_come_again() {
    let gateway = gateway("lost-server", "role: server", 30);
    let mut events = Events::listen(gateway.http_port);
    let caller = Caller::dial(&gateway.uri("bot"));
    let id = events.wait_for("call.waiting")["call"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    lose(Session::come(gateway.http_port, &id).expect("the call waits"));
    assert_eq!(
        events.wait_for("call.waiting")["call"]["id"],
        *id,
        "it waits once more"
    );
    let mut again = Session::come(gateway.http_port, &id).expect("the call waits");
    assert_eq!(again.wait_for("start")["customParameters"]["resumed"], "1");
    again.listen(5);
    again.send(&json!({"type": "hangup"}));
    assert_eq!(caller.report().end, EndReason::Remote);
}
