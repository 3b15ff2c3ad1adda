//! What applications speak.

use super::{proven, refused};
use crate::settings::{AppEntry, WebSocketApp};

fn app(keys: &str) -> WebSocketApp {
    let settings = proven(&entry(keys), &[]);
    match settings.apps.get("bot") {
        Some(AppEntry::WebSocket(app)) => app.clone(),
        other => panic!("{other:?}"),
    }
}

fn entry(keys: &str) -> String {
    format!("apps: {{bot: {{type: websocket, role: server, {keys}}}}}")
}

#[test]
fn a_dialect_brings_its_own_rate() {
    for (keys, name, hz) in [
        ("protocol: trunkline", "trunkline", 16_000),
        ("protocol: twilio", "twilio", 8_000),
        ("protocol: signalwire", "twilio", 8_000),
        ("protocol: exotel", "exotel", 8_000),
        ("protocol: exotel, sample_rate: 16000", "exotel", 16_000),
        ("protocol: telnyx", "telnyx", 8_000),
        ("protocol: telnyx, sample_rate: 16000", "telnyx", 16_000),
        ("protocol: pipecat", "pipecat", 16_000),
    ] {
        let app = app(keys);
        assert_eq!(app.dialect.name, name);
        assert_eq!(app.options.sample_rate.hz(), hz, "{keys}");
    }
}

#[test]
fn what_a_dialect_cannot_do_is_refused() {
    for (keys, told) in [
        (
            "protocol: twilio, sample_rate: 16000",
            "twilio carries PCMU at 8000 Hz",
        ),
        (
            "protocol: plivo, sample_rate: 24000",
            "plivo carries PCMU at 8000 Hz or L16 at 16000 Hz",
        ),
        (
            "protocol: twilio, answer: manual",
            "an application cannot say in twilio that it answers",
        ),
        ("protocol: audiosocket", "write one of: trunkline, twilio"),
        ("protocol: smoke", "write one of: trunkline, twilio"),
    ] {
        let all = refused(&entry(keys), &[]);
        assert!(all.contains(told), "{keys}: {all}");
    }
}
