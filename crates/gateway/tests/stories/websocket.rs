//! Somebody calls an application that the gateway connects to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use trunkline_call::{CallEvent, Digit, EndReason};
use trunkline_media::codec::Codec;
use trunkline_phone::softphone::{Report, Script, Settings};

use crate::support::lobby::Closed;
use crate::support::{Caller, Gateway, Lobby, Session, numbered, sound, talk};

#[test]
fn audio_goes_both_ways_between_start_and_stop() {
    let lobby = Lobby::open();
    let gateway = Gateway::leading_to("websocket-both-ways", &lobby.url());
    let session = talk::both_hear_each_other(&gateway, &lobby, "alice");
    let start = &session.events[0];
    assert_eq!(
        (&start["type"], &start["protocol"]),
        (&json!("start"), &json!("trunkline.v1"))
    );
    assert_eq!(start["from"], "phone");
    assert_eq!(start["media"]["sampleRate"], 16_000);
}

#[test]
fn a_message_holds_twenty_milliseconds_whether_or_not_the_caller_sends() {
    let lobby = Lobby::open();
    let gateway = Gateway::leading_to("websocket-silent-caller", &lobby.url());
    // This caller never sends a packet: nothing is answered, so RTP has nowhere to come from.
    let phone = crate::support::RawSip::toward(gateway.sip_port);
    let invite = phone.invite("mute", "anybody", "");
    phone.send(invite.as_bytes());
    let mut session = lobby.accept();
    assert_eq!(phone.ask(&invite).status(), Some(200));
    session.wait_for("answered");
    session.listen(50);
    assert!(session.heard.iter().all(|&sample| sample == 0));
    session.send(&json!({"type": "hangup"}));
    assert_eq!(session.wait_for("stop")["by"], "app");
}

/// What one application was told, in frames of 20 ms.
struct Told {
    mark: u64,
    paused: u64,
    cleared: u64,
    after: u64,
}

fn frames(event: &Value) -> u64 {
    let ms = event["atMs"].as_u64().expect("a position in ms");
    assert_eq!(ms % 20, 0, "{event}: only whole frames were said");
    ms / 20
}

/// How many frames lie before the mark, and are said in all, of the call of this number.
const SAID: usize = 200;
/// What is said after `clear` begins with this number.
const AFTER: usize = 300;

/// Says 200 numbered frames, pauses, goes on, clears, and says 20 more.
fn speak(session: &mut Session, call: usize) -> Told {
    let marked = 10 + call;
    session.say(&numbered::speech(0..marked));
    session.send(&json!({"type": "mark", "data": {"name": "early"}}));
    session.say(&numbered::speech(marked..SAID));
    session.send(&json!({"type": "mark", "data": {"name": "late"}}));
    let mark = frames(&session.wait_for("mark"));
    assert_eq!(mark, marked as u64);
    session.send(&json!({"type": "pause"}));
    let paused = session.wait_for("paused");
    assert_eq!(paused["marks"], json!(["late"]));
    session.listen(25);
    session.send(&json!({"type": "continue"}));
    session.listen(15 + call);
    session.send(&json!({"type": "clear"}));
    let not_reached = session.wait_for("mark");
    let cleared = session.wait_for("cleared");
    assert_eq!(
        not_reached["data"],
        json!({"name": "late", "event": "cleared"})
    );
    assert_eq!(cleared["marks"], json!(["late"]));
    session.say(&numbered::speech(AFTER..AFTER + 20));
    session.send(&json!({"type": "mark", "data": {"name": "end"}}));
    let after = frames(&session.wait_for("mark"));
    Told {
        mark,
        paused: frames(&paused),
        cleared: frames(&cleared),
        after,
    }
}

/// How long somebody is silent who pauses, in frames: `speak` waits a little longer.
const A_PAUSE: usize = 20;

/// Which numbers were heard, and how many of them before each pause.
fn numbers(samples: &[i16]) -> (Vec<usize>, Vec<u64>) {
    let read = numbered::read(samples);
    let heard = read.iter().flatten().copied().collect();
    let (mut silent, mut count, mut pauses) = (0, 0, Vec::new());
    for number in read {
        if number.is_none() {
            silent += 1;
            continue;
        }
        if silent >= A_PAUSE {
            pauses.push(count);
        }
        silent = 0;
        count += 1;
    }
    (heard, pauses)
}

fn dial(gateway: &Gateway, call: usize) -> Caller {
    let settings = Settings {
        codecs: vec![[Codec::Pcmu, Codec::Pcma, Codec::G722][call % 3]],
        ..Settings::default()
    };
    Caller::follow(&gateway.uri(&call.to_string()), settings, Script::new())
}

/// Talks to whichever call comes, and says which and what it was told.
fn talk(mut session: Session) -> (usize, Told) {
    let start = session.wait_for("start");
    let call = start["to"].as_str().and_then(|to| to.parse().ok());
    let call = call.expect("called by its number");
    session.wait_for("answered");
    let told = speak(&mut session, call);
    session.send(&json!({"type": "hangup"}));
    assert_eq!(session.wait_for("stop")["playedMs"], told.after * 20);
    assert_eq!(session.wait_closed(), Closed::Frame(1_000));
    (call, told)
}

fn is_what_was_heard(call: usize, told: &Told, report: &Report) {
    assert_eq!(report.end, EndReason::Remote);
    let (heard, pauses) = numbers(report.heard.samples());
    let cleared = usize::try_from(told.cleared).expect("a few hundred");
    let expected: Vec<usize> = (0..cleared).chain(AFTER..AFTER + 20).collect();
    assert_eq!(heard, expected, "call {call}: cleared at {cleared}");
    // A machine that stands still makes pauses of its own.
    let paused = pauses.contains(&told.paused);
    assert!(paused, "call {call}: {} in {pauses:?}", told.paused);
    assert_eq!(told.after, told.cleared + 20);
    assert!(told.mark <= told.paused && told.paused < told.cleared);
}

#[test]
fn marks_pauses_and_clears_are_told_to_the_frame_on_twenty_calls() {
    let lobby = Lobby::open();
    let gateway = Gateway::leading_to("websocket-exact", &lobby.url());
    for calls in (0..20).collect::<Vec<_>>().chunks(5) {
        let mut callers: BTreeMap<usize, Caller> = calls
            .iter()
            .map(|&call| (call, dial(&gateway, call)))
            .collect();
        let talks: Vec<_> = calls
            .iter()
            .map(|_| lobby.accept())
            .map(|session| std::thread::spawn(move || talk(session)))
            .collect();
        for talk in talks {
            let (call, told) = talk.join().expect("a call as it should be");
            let caller = callers.remove(&call).expect("each call comes once");
            is_what_was_heard(call, &told, &caller.report());
        }
    }
}

#[test]
fn what_was_heard_by_a_caller_who_hangs_up_is_told_without_being_asked_for() {
    let lobby = Lobby::open();
    let gateway = Gateway::leading_to("websocket-last-words", &lobby.url());
    let caller = Caller::dial(&gateway.uri("alice"));
    let mut session = lobby.accept();
    session.wait_for("answered");
    session.say(&sound::tone(1_000.0, 16_000, 60 * 16_000));
    session.send(&json!({"type": "mark", "data": {"name": "the end"}}));
    caller.wait_for_tone(1_000.0, 50);
    let report = caller.hang_up();
    let cleared = session.wait_for("cleared");
    assert_eq!(cleared["marks"], json!(["the end"]), "{cleared}");
    let stop = session.wait_for("stop");
    assert_eq!(stop["playedMs"], cleared["atMs"], "{stop}");
    let heard = sound::frames_of_tone(1_000.0, 16_000, report.heard.samples()) as u64;
    let played = stop["playedMs"].as_u64().expect("a position") / 20;
    // A packet may be on its way, and others not played yet by a phone that has hung up.
    assert!(
        (heard..=heard + 15).contains(&played),
        "{heard} of {played} frames"
    );
}

#[test]
fn keys_are_pressed_both_ways() {
    let lobby = Lobby::open();
    let gateway = Gateway::leading_to("websocket-keys", &lobby.url());
    let pressed: Vec<Digit> = "159#".chars().filter_map(Digit::from_char).collect();
    let script = Script::new().press(Duration::from_millis(100), &pressed);
    let caller = Caller::follow(&gateway.uri("alice"), Settings::default(), script);
    let mut session = lobby.accept();
    let heard: Vec<Value> = (0..4).map(|_| session.wait_for("dtmf")).collect();
    let digits: Vec<&str> = heard
        .iter()
        .filter_map(|key| key["digit"].as_str())
        .collect();
    assert_eq!(digits, ["1", "5", "9", "#"]);
    for key in &heard {
        assert_eq!(
            (&key["event"], &key["dtmf"]),
            (&json!("dtmf"), &key["digit"])
        );
        let ms = key["durationMs"].as_u64().expect("a duration");
        assert!((80..=140).contains(&ms), "pressed for 100 ms: {key}");
        // As jambonz has it: ticks of the RTP clock, in a string.
        assert_eq!(key["duration"], (ms * 8).to_string());
    }
    session.send(&json!({"type": "sendDtmf", "digits": "*0A", "durationMs": 80}));
    caller.wait_for("the caller hears A", |event| {
        matches!(event, CallEvent::Dtmf { digit, .. } if Digit::from_char('A') == Some(*digit))
    });
    session.close(Some(1_000));
    let report = caller.report();
    let keys: Vec<Option<Digit>> = "*0A".chars().map(Digit::from_char).collect();
    assert_eq!(report.keys.into_iter().map(Some).collect::<Vec<_>>(), keys);
    assert_eq!(report.end, EndReason::Remote);
}

#[test]
fn an_application_hangs_up_by_request_or_by_closing() {
    let lobby = Lobby::open();
    let gateway = Gateway::leading_to("websocket-hangup", &lobby.url());
    let hang_up = |how: &dyn Fn(&mut Session)| {
        let caller = Caller::dial(&gateway.uri("alice"));
        let mut session = lobby.accept();
        let id = session.wait_for("start")["callId"].clone();
        session.wait_for("answered");
        how(&mut session);
        session.wait_closed();
        assert_eq!(caller.report().end, EndReason::Remote);
        let id = id.as_str().expect("a call has an id").to_owned();
        let record = gateway.wait_for_record("callId", &id);
        assert_eq!(record["end"]["by"], "app", "{record}");
    };
    hang_up(&|session| session.send(&json!({"type": "hangup"})));
    hang_up(&|session| session.send(&json!({"type": "disconnect", "cause": "busy"})));
    hang_up(&|session| session.close(Some(1_000)));
    hang_up(&|session| session.close(None));
}

#[test]
fn an_application_that_answers_by_hand_decides_when() {
    let lobby = Lobby::open();
    let more = format!(
        "apps: {{tested: {{type: websocket, url: \"{}\", answer: manual}}}}\n\
         routes: [{{to: \"*\", app: tested}}]\n",
        lobby.url()
    );
    let gateway = Gateway::start("websocket-manual", &more);
    let caller = Caller::dial(&gateway.uri("alice"));
    let mut session = lobby.accept();
    session.wait_for("start");
    caller.wait_for("the caller hears ringing", |event| {
        *event == CallEvent::Ringing
    });
    assert_eq!(gateway.calls()[0]["state"], "ringing");
    session.send(&json!({"type": "answer"}));
    session.wait_for("answered");
    caller.wait_answered();
    assert!(caller.hang_up().answered_after.is_some());
    let caller = Caller::dial(&gateway.uri("bob"));
    let mut session = lobby.accept();
    session.wait_for("start");
    session.send(&json!({"type": "hangup", "cause": "busy"}));
    let end = caller.report().end;
    assert!(
        matches!(end, EndReason::Upstream { code: 486, .. }),
        "{end:?}"
    );
}
