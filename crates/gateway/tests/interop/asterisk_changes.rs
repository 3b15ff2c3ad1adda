//! What changes while a call with Asterisk is up: hold, codec, digits, and where it leads.

use serde_json::{Value, json};

use crate::asterisk::{Asterisk, with_asterisk};
use crate::asterisk_calls::check_media;
use crate::support::{Application, Gateway, Manner, eventually};

#[test]
fn its_hold_and_resume_by_re_invite_keep_audio_both_ways() {
    with_asterisk("holds and resumes", |mut asterisk| {
        let application = Application::start(Manner::Echo);
        let gateway = Gateway::start_for("asterisk-hold-gateway", &application);
        let channel = format!("PJSIP/trunkline-hold/{}", gateway.uri("echo"));
        asterisk.call(&channel, "hold");
        application.wait_for("held");
        application.wait_for("resumed");
        let resumed_at = application.samples().len();
        asterisk.wait_for_scene("Audio");
        // Two seconds of tone are 100 frames.
        asterisk.wait_for_tone("before", 70);
        asterisk.wait_for_tone("after", 70);
        application.wait_for_tone(1000.0, resumed_at, 70);
        check_media(&gateway.only_record(), "PCMU", 180);
    });
}

#[test]
fn our_hold_and_resume_by_re_invite_keep_audio_both_ways() {
    with_asterisk("is held and resumed", |asterisk| {
        let application = Application::start(Manner::Tone);
        let gateway = Gateway::start_for("asterisk-held-gateway", &application);
        let call = gateway.place(&asterisk.uri("echo"));
        application.wait_for_tone(1000.0, 0, 50);
        gateway.tell(&call, "hold", &json!({}));
        asterisk.wait_for("it is held", |event| event["Event"] == "Hold");
        gateway.tell(&call, "resume", &json!({}));
        asterisk.wait_for("it is resumed", |event| event["Event"] == "Unhold");
        let resumed_at = application.samples().len();
        application.wait_for_tone(1000.0, resumed_at, 100);
        gateway.tell(&call, "hangup", &json!({}));
        check_media(&gateway.wait_for_record("callId", &call), "PCMU", 150);
    });
}

#[test]
fn a_codec_change_by_re_invite_keeps_audio_both_ways() {
    with_asterisk("changes the codec", |asterisk| {
        let application = Application::start(Manner::Tone);
        let gateway = Gateway::start_for("asterisk-refresh-gateway", &application);
        let call = gateway.place(&asterisk.uri("refresh"));
        asterisk.wait_for_scene("Refreshed");
        // Asterisk echoes only after the change: what comes back went both ways in the new codec.
        let changed_at = application.samples().len();
        application.wait_for_tone(1000.0, changed_at, 100);
        gateway.tell(&call, "hangup", &json!({}));
        check_media(&gateway.wait_for_record("callId", &call), "PCMA", 100);
        let refused = |event: &Value| event["type"] == "refused";
        let events = application.events();
        assert!(!events.iter().any(refused), "{events:?}");
    });
}

#[test]
fn digits_from_asterisk_reach_the_application() {
    with_asterisk("sends digits", |mut asterisk| {
        let application = Application::start(Manner::Silent);
        let gateway = Gateway::start_for("asterisk-digits-gateway", &application);
        let channel = format!("PJSIP/trunkline/{}", gateway.uri("echo"));
        asterisk.call(&channel, "digits");
        application.wait_for("stop");
        let events = application.events();
        let digits = events.iter().filter(|event| event["type"] == "dtmf");
        let digits: String = digits.filter_map(|event| event["digit"].as_str()).collect();
        assert_eq!(digits, "159#", "{events:?}");
    });
}

#[test]
fn digits_of_the_application_reach_asterisk() {
    with_asterisk("reads digits", |asterisk| {
        let application = Application::start(Manner::Silent);
        let gateway = Gateway::start_for("asterisk-read-gateway", &application);
        let call = gateway.place(&asterisk.uri("dtmf"));
        gateway.wait_until_answered(&call);
        application.wait_for("start");
        application.send(json!({"type": "sendDtmf", "digits": "4711"}));
        let got = asterisk.wait_for_scene("Digits");
        assert_eq!(got["Got"], "4711");
    });
}

/// A caller inside Asterisk, talking through it to our application; the call's id here.
fn be_called_from_inside(
    asterisk: &mut Asterisk,
    gateway: &Gateway,
    application: &Application,
) -> String {
    let dialled = format!("Local/out-echo-{}@called", gateway.sip_port);
    asterisk.call(&dialled, "talk");
    let start = application.wait_for("start");
    application.wait_for_tone(1000.0, 0, 50);
    start["callId"]
        .as_str()
        .expect("a call has an id")
        .to_owned()
}

#[test]
fn our_refer_moves_the_call_inside_asterisk() {
    with_asterisk("is referred elsewhere", |mut asterisk| {
        let application = Application::start(Manner::Echo);
        let gateway = Gateway::start_for("asterisk-refer-gateway", &application);
        let call = be_called_from_inside(&mut asterisk, &gateway, &application);
        let target = asterisk.uri("moved");
        gateway.tell(
            &call,
            "transfer",
            &json!({"target": target, "mode": "refer"}),
        );
        // The caller of ours, and nobody else, arrives at the target.
        let moved = asterisk.wait_for_scene("Moved");
        assert!(moved["Channel"].starts_with("Local/out-echo-"), "{moved:?}");
        let told = application.wait_for("transferred");
        assert_eq!(told["outcome"]["code"], 200, "{told}");
        application.wait_for("stop");
        check_media(&gateway.wait_for_record("callId", &call), "PCMU", 50);
    });
}

#[test]
fn a_bridging_transfer_joins_a_second_call_of_asterisk() {
    with_asterisk("is joined with a second call", |mut asterisk| {
        let application = Application::start(Manner::Silent);
        let gateway = Gateway::start_for("asterisk-bridge-gateway", &application);
        let call = be_called_from_inside(&mut asterisk, &gateway, &application);
        assert_eq!(asterisk.frames_heard("talk"), 0, "nobody echoes yet");
        let target = asterisk.uri("echo");
        gateway.tell(
            &call,
            "transfer",
            &json!({"target": target, "mode": "bridge"}),
        );
        let told = application.wait_for("transferred");
        assert_eq!(told["outcome"]["code"], 200, "{told}");
        // Through us to Asterisk's echo and back, so both legs carry audio both ways.
        asterisk.wait_for_tone("talk", 100);
        gateway.tell(&call, "hangup", &json!({}));
        check_media(&gateway.wait_for_record("callId", &call), "PCMU", 100);
        eventually("both calls are over", || {
            (gateway.records().len() == 2).then_some(())
        });
    });
}
