//! What comes before a call.

use trunkline_audio::FRAME_SAMPLES;
use trunkline_call::CallEvent;
use trunkline_legs::stream::{GREETING_MESSAGES_MAX, Greeting, Refusal, Settings, StreamLeg};
use trunkline_legs::{Leg, Output};
use trunkline_streams::Frame;
use trunkline_streams::dialect::stream;

use crate::rig::Rig;

const CONNECTED: &str = r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#;
const START: &str = r#"{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"from_number":"+15125550100"}},"streamSid":"MZ1"}"#;
const MEDIA: &str = r#"{"event":"media","media":{"payload":"gICAgA=="}}"#;

fn hear(greeting: &mut Greeting, text: &str) -> Result<bool, Refusal> {
    let greeted = greeting.hear(Frame::Text(text))?;
    Ok(greeted.is_some())
}

#[test]
fn a_stream_shows_by_its_start_what_it_speaks() {
    let mut greeting = Greeting::new(None);
    assert_eq!(hear(&mut greeting, CONNECTED), Ok(false));
    let greeted = greeting.hear(Frame::Text(START)).unwrap().unwrap();
    assert_eq!(greeted.dialect.name, "twilio");
    assert_eq!(
        (greeted.start.call_id.as_str(), greeted.start.from.as_str()),
        ("CA1", "+15125550100")
    );
}

#[test]
fn a_stream_whose_path_names_its_dialect_need_not_greet() {
    let mut greeting = Greeting::new(stream("twilio"));
    assert_eq!(hear(&mut greeting, START), Ok(true));
}

#[test]
fn what_nobody_speaks_is_refused_with_what_was_seen() {
    let mut greeting = Greeting::new(None);
    assert_eq!(hear(&mut greeting, CONNECTED), Ok(false));
    let refusal = hear(&mut greeting, r#"{"hello":"world"}"#).unwrap_err();
    assert!(refusal.to_string().contains("hello"), "{refusal}");
}

#[test]
fn media_before_start_is_refused() {
    let mut greeting = Greeting::new(stream("twilio"));
    assert_eq!(hear(&mut greeting, MEDIA), Err(Refusal::NotStarted));
}

#[test]
fn a_message_that_breaks_the_dialect_is_refused() {
    let mut greeting = Greeting::new(stream("twilio"));
    let refusal = hear(&mut greeting, "{").unwrap_err();
    assert!(refusal.to_string().contains("twilio"), "{refusal}");
}

#[test]
fn one_that_only_greets_is_not_listened_to_for_ever() {
    let mut greeting = Greeting::new(stream("twilio"));
    for _ in 1..GREETING_MESSAGES_MAX {
        assert_eq!(hear(&mut greeting, CONNECTED), Ok(false));
    }
    assert_eq!(hear(&mut greeting, CONNECTED), Err(Refusal::TooMuch));
}

#[test]
fn sound_that_begins_a_stream_is_heard() {
    for name in ["jambonz", "mod_audio_stream"] {
        let dialect = stream(name).expect("a dialect of this build");
        let mut greeting = Greeting::new(Some(dialect));
        let sound = [7, 0].repeat(2 * FRAME_SAMPLES);
        let greeted = greeting.hear(Frame::Binary(&sound)).expect("a stream");
        let greeted = greeted.expect("it begins");
        let mut leg =
            StreamLeg::new(greeted, Settings::default(), Rig::new().now).expect("a format we have");
        let mut frames = 0;
        loop {
            match leg.poll_output() {
                Output::Event(CallEvent::Audio { .. }) => frames += 1,
                Output::Timeout(_) => break,
                _ => {}
            }
        }
        assert!(frames >= 1, "{name}: {frames}");
    }
}
