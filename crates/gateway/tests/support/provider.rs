//! The provider's end of a Twilio media stream, spoken message by message.

use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use trunkline_audio::g711::ulaw;
use tungstenite::{Error, Message, WebSocket};

use super::{is_pause, turning};

/// How long it waits for a message before it looks at its deadline.
const TURN: Duration = Duration::from_millis(5);

/// A provider with one stream.
pub struct Provider {
    socket: WebSocket<TcpStream>,
    sid: String,
    /// What was said to it, 8 kHz.
    pub heard: Vec<i16>,
    /// Every message but media, in its order.
    pub told: Vec<Value>,
    /// The code and the words it was closed with; 1006 without a close frame.
    pub closed: Option<(u16, String)>,
}

impl Provider {
    /// Opens a stream; the status and the answer where it is refused.
    pub fn open(http_port: u16, path: &str) -> Result<Self, (u16, String)> {
        Self::open_with(http_port, path, &[])
    }

    /// As [`Provider::open`], with further headers.
    pub fn open_with(
        http_port: u16,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, (u16, String)> {
        use tungstenite::client::IntoClientRequest as _;
        let url = format!("ws://127.0.0.1:{http_port}{path}");
        let mut request = url.into_client_request().expect("a URL");
        for (name, value) in headers {
            request
                .headers_mut()
                .insert(*name, value.parse().expect("a value"));
        }
        let stream = TcpStream::connect(("127.0.0.1", http_port)).expect("the gateway's HTTP");
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => {
                let stream = socket.get_ref();
                stream.set_read_timeout(Some(TURN)).expect("a timeout");
                Ok(Self {
                    socket,
                    sid: "MZ0123456789abcdef0123456789abcdef".to_owned(),
                    heard: Vec::new(),
                    told: Vec::new(),
                    closed: None,
                })
            }
            Err(tungstenite::HandshakeError::Failure(Error::Http(answer))) => {
                let words = answer.body().clone().unwrap_or_default();
                let words = String::from_utf8_lossy(&words).into_owned();
                Err((answer.status().as_u16(), words))
            }
            Err(error) => panic!("no WebSocket handshake: {error}"),
        }
    }

    /// A stream that has begun.
    pub fn call(http_port: u16, from: &str, to: &str) -> Self {
        let mut provider = Self::open(http_port, "/sip/media-stream").expect("a stream");
        provider.connected();
        provider.start(from, to);
        provider
    }

    /// Greets.
    pub fn connected(&mut self) {
        self.send(&json!({"event": "connected", "protocol": "Call", "version": "1.0.0"}));
    }

    /// Says whose call it is.
    pub fn start(&mut self, from: &str, to: &str) {
        let parameters = json!({"from_number": from, "to_number": to, "plan": "gold"});
        self.start_with("CA0123456789abcdef0123456789abcdef", &parameters);
    }

    /// Says which call it is, with these parameters.
    pub fn start_with(&mut self, call: &str, parameters: &Value) {
        self.start_at(8_000, call, parameters);
    }

    /// The same with audio at this rate.
    pub fn start_at(&mut self, rate_hz: u32, call: &str, parameters: &Value) {
        let sid = self.sid.clone();
        self.send(
            &json!({"event": "start", "sequenceNumber": "1", "streamSid": sid, "start": {
                "accountSid": "AC0123456789abcdef0123456789abcdef",
                "streamSid": sid,
                "callSid": call,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": rate_hz, "channels": 1},
                "customParameters": parameters,
            }}),
        );
    }

    /// The caller speaks: 8 kHz, 20 ms a message, all at once.
    pub fn say(&mut self, samples: &[i16]) {
        for (chunk, frame) in samples.chunks(160).enumerate() {
            let mut codes = vec![0; frame.len()];
            ulaw::encode_slice(frame, &mut codes);
            let chunk = (chunk + 1).to_string();
            self.event(json!({"event": "media", "media": {
                "track": "inbound", "chunk": chunk, "timestamp": "5",
                "payload": STANDARD.encode(codes),
            }}));
        }
    }

    /// Says so many frames of a tone, each once an answer to the one before was heard.
    pub fn converse(&mut self, hz: f64, frames: usize) {
        // A whole number of periods follows itself.
        let second = super::sound::tone(hz, 8_000, 8_000);
        for frame in second.chunks(160).cycle().take(frames) {
            let enough = self.heard.len() + 160;
            self.say(frame);
            self.listen(enough);
        }
    }

    /// The caller presses a key.
    pub fn press(&mut self, digit: &str) {
        let dtmf = json!({"track": "inbound_track", "digit": digit});
        self.event(json!({"event": "dtmf", "dtmf": dtmf}));
    }

    /// The caller hangs up.
    pub fn stop(&mut self) {
        self.event(
            json!({"event": "stop", "stop": {"callSid": "CA0123456789abcdef0123456789abcdef"}}),
        );
    }

    /// Closes in order.
    pub fn close(&mut self) {
        let _ = self.socket.close(None);
        let _ = self.socket.flush();
    }

    fn event(&mut self, mut event: Value) {
        event["streamSid"] = json!(self.sid);
        event["sequenceNumber"] = json!("2");
        self.send(&event);
    }

    /// Sends one JSON object.
    pub fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string());
    }

    /// Sends any text.
    pub fn send_text(&mut self, text: &str) {
        // One that was closed meanwhile finds that out when it reads.
        let _ = self.socket.send(Message::text(text));
    }

    /// Waits for a message with this event that was not given before.
    pub fn wait_for(&mut self, event: &str) -> Value {
        self.until(&format!("the provider is told {event}"), |provider| {
            let at = provider
                .told
                .iter()
                .position(|told| told["event"] == event)?;
            Some(provider.told.remove(at))
        })
    }

    /// Waits until so many samples were said to it.
    pub fn listen(&mut self, samples: usize) {
        self.until(&format!("{samples} samples are said"), |provider| {
            (provider.heard.len() >= samples).then_some(())
        });
    }

    /// Waits until it is closed; the code and the words.
    pub fn wait_closed(&mut self) -> (u16, String) {
        self.until("the stream is closed", |provider| provider.closed.clone())
    }

    /// Takes messages until `look` finds something, and panics with `what` if it never does.
    pub fn until<T>(&mut self, what: &str, look: impl FnMut(&mut Self) -> Option<T>) -> T {
        turning(self, what, look, Self::turn, |provider| {
            format!("{:?}; closed: {:?}", provider.told, provider.closed)
        })
    }

    fn turn(&mut self) {
        if self.closed.is_some() {
            std::thread::sleep(TURN);
            return;
        }
        match self.socket.read() {
            Ok(Message::Text(text)) => self.take(&text),
            Ok(Message::Close(frame)) => {
                let frame = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                self.closed = Some(frame.unwrap_or((1005, String::new())));
                let _ = self.socket.flush();
            }
            Ok(_) => {}
            Err(Error::Io(error)) if is_pause(&error) => {}
            Err(_) => self.closed = Some((1006, String::new())),
        }
    }

    fn take(&mut self, text: &str) {
        let message: Value = serde_json::from_str(text).expect("the gateway sends JSON");
        assert_eq!(message["streamSid"], json!(self.sid), "{message}");
        if message["event"] != "media" {
            if message["event"] == "mark" {
                // What came before it was played: this provider plays at once.
                self.event(json!({"event": "mark", "mark": message["mark"]}));
            }
            self.told.push(message);
            return;
        }
        let payload = message["media"]["payload"].as_str().expect("a payload");
        let codes = STANDARD.decode(payload).expect("base64");
        self.heard.extend(codes.into_iter().map(ulaw::decode));
    }
}
