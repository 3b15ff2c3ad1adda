//! What applications speak.

use super::{proven, refused};
use crate::settings::{AppEntry, WebSocketApp};
use trunkline_streams::Codecs;
use trunkline_streams::stream::Encoding;

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
fn each_direction_has_a_codec_of_its_own() {
    let codecs = |keys| app(keys).options.codecs;
    assert_eq!(codecs("protocol: telnyx"), Codecs::default());
    let both = Codecs {
        up: Some(Encoding::G722),
        down: Some(Encoding::Opus),
    };
    let keys = "protocol: telnyx, codec: g722, bidirectional_codec: opus";
    assert_eq!(codecs(keys), both);
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
        (
            "protocol: twilio, codec: pcma",
            "apps.bot.codec: the audio of this protocol is chosen by no codec",
        ),
        (
            "protocol: telnyx, codec: amr-wb",
            "write one of: pcmu, pcma, l16, g722, opus",
        ),
        (
            "protocol: telnyx, sample_rate: 16000, codec: g722",
            "apps.bot.codec: a codec has its own rate",
        ),
        ("protocol: audiosocket", "write one of: trunkline, twilio"),
        ("protocol: smoke", "write one of: trunkline, twilio"),
    ] {
        let all = refused(&entry(keys), &[]);
        assert!(all.contains(told), "{keys}: {all}");
    }
}
