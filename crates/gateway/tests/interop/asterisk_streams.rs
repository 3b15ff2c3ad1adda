//! Asterisk hands us calls without SIP: by chan_websocket and by AudioSocket.

use serde_json::json;

use crate::asterisk::{Asterisk, Event, with_asterisk};
use crate::support::{Application, Gateway, Manner, eventually, free_port};

/// How a call gets from Asterisk to us: the channel that Asterisk calls, and what it says of it.
struct Way {
    channel: String,
    gateway: Gateway,
}

/// The part of a configuration that opens a port for AudioSocket.
fn listening(port: u16) -> String {
    format!("streams: {{audiosocket: \"127.0.0.1:{port}\"}}\n")
}

impl Way {
    /// By chan_websocket, its media in this format; `more` are further options of the channel.
    fn websocket(asterisk: &mut Asterisk, gateway: Gateway, format: &str, more: &str) -> Self {
        asterisk.stream_to(gateway.http_port);
        let channel = format!("WebSocket/trunkline/c({format}){more}");
        Self { channel, gateway }
    }

    /// By the application AudioSocket at one end of a local channel; the scene is at the other.
    fn audiosocket(gateway: Gateway, port: u16) -> Self {
        let channel = format!("Local/audiosocket-{port}@called");
        Self { channel, gateway }
    }
}

/// Plays the scene `streamed` and checks that its tone came back; Asterisk hangs up.
fn hear_the_tone_echoed(asterisk: &mut Asterisk, way: &Way, codec: &str) {
    asterisk.call(&way.channel, "streamed");
    asterisk.wait_for_tone("streamed", 160);
    let record = way.gateway.only_record();
    assert_eq!(record["end"]["by"], "remote", "{record}");
    let media = &record["media"];
    assert_eq!(media["codec"], codec, "{record}");
    for counter in ["packetsSent", "packetsReceived"] {
        let count = media[counter].as_u64().expect("a count of messages");
        assert!(count >= 180, "{counter}: {record}");
    }
}

/// An application hears the keys of the scene `digits`, and hangs up.
fn press_keys_and_be_hung_up_on(asterisk: &mut Asterisk, way: &Way, application: &Application) {
    asterisk.call(&way.channel, "wait-and-digits");
    let keys = eventually("the application is told four keys", || {
        let events = application.events();
        let keys = events.iter().filter(|event| event["type"] == "dtmf");
        let keys: String = keys.filter_map(|event| event["digit"].as_str()).collect();
        (keys.len() >= 4).then_some(keys)
    });
    assert_eq!(keys, "159#");
    application.send(json!({"type": "hangup"}));
    let gone = |event: &Event| event["Event"] == "UserEvent" && event["UserEvent"] == "Gone";
    asterisk.wait_for("its channel is gone", gone);
    let record = way.gateway.only_record();
    assert_eq!(record["end"]["by"], "app", "{record}");
}

#[test]
fn asterisk_brings_a_call_by_chan_websocket() {
    with_asterisk("brings a call by chan_websocket", |mut asterisk| {
        let gateway = Gateway::start("asterisk-websocket-gateway", "");
        let way = Way::websocket(&mut asterisk, gateway, "slin16", "");
        hear_the_tone_echoed(&mut asterisk, &way, "L16");
    });
}

#[test]
fn asterisk_brings_a_call_by_chan_websocket_in_json_and_mu_law() {
    with_asterisk("brings a call by chan_websocket in JSON", |mut asterisk| {
        let gateway = Gateway::start("asterisk-websocket-json-gateway", "");
        let way = Way::websocket(&mut asterisk, gateway, "ulaw", "f(json)");
        hear_the_tone_echoed(&mut asterisk, &way, "PCMU");
    });
}

#[test]
fn an_application_hears_keys_by_chan_websocket_and_hangs_up() {
    with_asterisk("is hung up on by chan_websocket", |mut asterisk| {
        let application = Application::start(Manner::Tone);
        let gateway = Gateway::start_for("asterisk-websocket-keys-gateway", &application);
        let numbers = "v(from=4930123,to=100)";
        let way = Way::websocket(&mut asterisk, gateway, "slin16", numbers);
        press_keys_and_be_hung_up_on(&mut asterisk, &way, &application);
        let record = way.gateway.only_record();
        assert_eq!(
            (&record["from"], &record["to"]),
            (&json!("4930123"), &json!("100"))
        );
    });
}

#[test]
fn asterisk_brings_a_call_by_audiosocket() {
    with_asterisk("brings a call by AudioSocket", |mut asterisk| {
        let port = free_port();
        let gateway = Gateway::start("asterisk-audiosocket-gateway", &listening(port));
        let way = Way::audiosocket(gateway, port);
        hear_the_tone_echoed(&mut asterisk, &way, "L16");
    });
}

#[test]
fn an_application_hears_keys_by_audiosocket_and_hangs_up() {
    with_asterisk("is hung up on by AudioSocket", |mut asterisk| {
        let application = Application::start(Manner::Tone);
        let port = free_port();
        let url = application.url();
        let name = "asterisk-audiosocket-keys-gateway";
        let gateway = Gateway::leading_to_with(name, &url, &listening(port));
        let way = Way::audiosocket(gateway, port);
        press_keys_and_be_hung_up_on(&mut asterisk, &way, &application);
    });
}
