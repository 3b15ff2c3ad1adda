//! A program that controls Asterisk over ARI hands us its caller by externalMedia, in both of its ways.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::WebSocket;

use crate::asterisk::{Asterisk, with_asterisk};
use crate::support::{Gateway, eventually, free_port, post};

/// What ARI and its channels are made of; each needs those before it.
const MODULES: [&str; 13] = [
    "res_websocket_client.so",
    "res_stasis.so",
    "res_stasis_answer.so",
    "res_stasis_recording.so",
    "res_stasis_playback.so",
    "res_stasis_snoop.so",
    "res_ari.so",
    "res_ari_model.so",
    "res_ari_events.so",
    "res_ari_channels.so",
    "res_ari_bridges.so",
    "app_stasis.so",
    "chan_audiosocket.so",
];

/// Who asks, as the guide's file has it.
const KEY: &str = "api_key=tests:tests";
/// How long a look for an event waits.
const TURN: Duration = Duration::from_millis(5);

/// A Stasis application, connected to ARI.
struct Ari {
    http_port: u16,
    events: WebSocket<TcpStream>,
}

impl Ari {
    fn connect(asterisk: &mut Asterisk) -> Self {
        asterisk.load(&MODULES);
        let http_port = asterisk.http_port;
        let url = format!("ws://127.0.0.1:{http_port}/ari/events?app=gateway&{KEY}");
        let events = eventually("ARI takes the application", || {
            let stream = TcpStream::connect(("127.0.0.1", http_port)).ok()?;
            Some(tungstenite::client(&url, stream).ok()?.0)
        });
        let stream = events.get_ref();
        stream.set_read_timeout(Some(TURN)).expect("a time");
        Self { http_port, events }
    }

    /// What ARI answers to a request.
    fn ask(&self, path: &str, query: &str) -> Value {
        let path = format!("/ari/{path}?{KEY}&{query}");
        let (status, body) = post(self.http_port, &path, &json!({})).expect("ARI answers");
        assert!((200..300).contains(&status), "{path}: {status} {body}");
        serde_json::from_str(&body).unwrap_or_default()
    }

    /// The next channel that begins in the application.
    fn next_channel(&mut self) -> String {
        eventually("a channel is in Stasis", || {
            let message = self.events.read().ok()?;
            let event: Value = serde_json::from_str(message.to_text().ok()?).ok()?;
            let id = event["channel"]["id"].as_str()?.to_owned();
            (event["type"] == "StasisStart").then_some(id)
        })
    }

    /// Joins a caller with a channel of externalMedia that leads to the gateway.
    fn hand_over(&mut self, caller: &str, media: &str) {
        let query = format!("app=gateway&{media}");
        self.ask("channels/externalMedia", &query);
        let external = self.next_channel();
        let bridge = self.ask("bridges", "type=mixing");
        let bridge = bridge["id"].as_str().expect("a bridge has an id");
        let both = format!("channel={caller},{external}");
        self.ask(&format!("bridges/{bridge}/addChannel"), &both);
    }
}

/// The scene `streamed` speaks a tone into a channel that is in Stasis, and hears it back.
fn the_tone_comes_back(asterisk: &mut Asterisk, gateway: &Gateway, media: &str) {
    let mut ari = Ari::connect(asterisk);
    asterisk.call_stasis("Local/streamed@called/n", "gateway");
    let caller = ari.next_channel();
    ari.hand_over(&caller, media);
    asterisk.wait_for_tone("streamed", 100);
    let counts = || {
        let calls = gateway.records();
        let media = &calls.first()?["media"];
        Some((media["codec"].clone(), media["packetsReceived"].as_u64()?))
    };
    // The caller has hung up; what remains in the bridge is the program's to end.
    asterisk.stop();
    let (codec, received) = eventually("the gateway keeps a record", counts);
    assert_eq!(codec, "L16");
    assert!(received >= 150, "{received} messages");
}

#[test]
fn a_program_hands_its_caller_over_by_external_media_on_a_websocket() {
    with_asterisk("hands over by ARI on a WebSocket", |mut asterisk| {
        let gateway = Gateway::start("asterisk-ari-websocket-gateway", "");
        asterisk.stream_to(gateway.http_port);
        let media = "external_host=trunkline&transport=websocket&encapsulation=none\
                     &connection_type=client&format=slin16";
        the_tone_comes_back(&mut asterisk, &gateway, media);
    });
}

#[test]
fn a_program_hands_its_caller_over_by_external_media_on_audiosocket() {
    with_asterisk("hands over by ARI on AudioSocket", |mut asterisk| {
        let port = free_port();
        let listening = format!("streams: {{audiosocket: \"127.0.0.1:{port}\"}}\n");
        let gateway = Gateway::start("asterisk-ari-audiosocket-gateway", &listening);
        let media = format!(
            "external_host=127.0.0.1:{port}&transport=tcp&encapsulation=audiosocket\
             &format=slin16&data=40325ec2-5efd-4bd3-805f-53576e581d13"
        );
        the_tone_comes_back(&mut asterisk, &gateway, &media);
    });
}
