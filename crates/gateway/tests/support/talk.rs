//! Talks between a caller and an application that go alike whatever is between them.

use serde_json::{Value, json};
use trunkline_phone::softphone::{Script, Settings};

use super::lobby::Closed;
use super::{Caller, Gateway, Lobby, Session, Steady, says, sound};

/// A call whose application says a second of a tone and hears the caller's. What the application was
/// told is in its session, from `start` to `stop`.
pub fn both_hear_each_other(gateway: &Gateway, lobby: &Lobby, to: &str) -> Session {
    let caller = Caller::follow(&gateway.uri(to), Settings::default(), says(440.0));
    let mut session = lobby.accept();
    assert_eq!(session.wait_for("start")["to"], to);
    session.wait_for("answered");
    assert!(session.heard.is_empty(), "sound flows from answer on");
    session.say(&sound::tone(1_000.0, 16_000, 16_000));
    session.send(&json!({"type": "mark", "data": {"name": "said"}}));
    session.until("the caller is heard", |session| {
        (sound::frames_of_tone(440.0, 16_000, &session.heard) >= 100).then_some(())
    });
    assert_eq!(session.wait_for("mark")["atMs"], 1_000);
    let report = caller.hang_up();
    let stop = session.wait_for("stop");
    assert_eq!(
        (&stop["by"], &stop["playedMs"]),
        (&json!("remote"), &json!(1_000))
    );
    assert_eq!(session.wait_closed(), Closed::Frame(1_000));
    let last = session.events.last().expect("messages");
    assert_eq!(last["type"], "stop", "stop is last");
    let heard = sound::frames_of_tone(1_000.0, 16_000, report.heard.samples());
    assert!((49..=50).contains(&heard), "{heard} frames of 50");
    assert_eq!(report.heard.figures().lost, 0);
    session
}

/// A call whose application does not read for eight seconds and hangs up after that; its record. The
/// oldest sound was dropped for the latest, and no event.
pub fn does_not_read(
    gateway: &Gateway,
    lobby: &Lobby,
    steady: &Steady,
    to: &str,
    rate_hz: u32,
) -> Value {
    // Low first, high later: what is left tells what was dropped.
    let (low, high) = (300.0, 1_500.0);
    let tone = |hz, seconds: usize| sound::tone(hz, 16_000, 16_000 * seconds);
    let said = [tone(low, 4), tone(high, 60)].concat();
    let script = Script::new().play(std::time::Duration::ZERO, &said);
    let caller = Caller::follow(&gateway.uri(to), Settings::default(), script);
    let mut session = lobby.accept();
    session.wait_for("answered");
    caller.wait_answered();
    let before = sound::frames_of_tone(low, rate_hz, &session.heard);
    // The steady call's clock says how long nobody reads.
    steady.wait_frames(8 * 50);
    session.until("the latest sound is heard", |session| {
        (sound::frames_of_tone(high, rate_hz, &session.heard) >= 50).then_some(())
    });
    let heard = sound::frames_of_tone(low, rate_hz, &session.heard);
    assert!(heard > before && heard < 200, "{heard} of 200 frames");
    session.send(&json!({"type": "hangup"}));
    let stop = session.wait_for("stop");
    assert_eq!(stop["by"], "app", "events are never dropped");
    caller.report();
    let record = gateway.wait_for_record("to", to);
    let dropped = record["application"]["framesDropped"].as_u64();
    assert!(dropped >= Some(50), "{record}");
    assert_eq!(record["media"]["packetsLost"], 0, "{record}");
    record
}
