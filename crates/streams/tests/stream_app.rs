//! A call's life as an application sees it that expects a telephony provider.

mod rig;

use rig::{Out, Rig, spoken, texts};
use serde_json::{Value, json};
use trunkline_audio::{AudioFrame, FRAME_SAMPLES, g711};
use trunkline_call::{
    CallCommand, CallEvent, Digit, Direction, EndReason, GatewayReason, HangupCause, Mark,
};
use trunkline_streams::dialect::{STREAMS, dialect};
use trunkline_streams::stream::sound::{Encoder, Hearing};
use trunkline_streams::stream::{Down, Encoding, MediaFormat, Start, StreamCodec, Up};
use trunkline_streams::trunkline::NONSENSE_MAX;
use trunkline_streams::{
    AppInput, CloseCode, Codecs, Frame, MARKS_MAX, SampleRate, StreamDialect, WireOptions,
};

fn connecting(name: &str, direction: Direction) -> (Rig, Vec<Out>) {
    let wire = dialect(name).expect("a dialect of this build");
    Rig::of(wire.wire(rig::info(direction), options(name)))
}

/// What an entry without further keys means.
fn options(name: &str) -> WireOptions {
    let own = trunkline_streams::dialect::stream(name).map(|stream| stream.manners.format.rate);
    WireOptions {
        sample_rate: SampleRate::try_from(own.unwrap_or(16_000)).expect("a rate with a filter"),
        ..WireOptions::default()
    }
}

/// A call that came in and was answered.
fn up(name: &str) -> Rig {
    let (mut rig, _) = connecting(name, Direction::Inbound);
    rig.input(AppInput::Opened);
    rig.event(&CallEvent::Answered);
    rig
}

fn mark(name: &str) -> Mark {
    Mark::new(name).expect("a short name")
}

const MARK: &str = r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"said"}}"#;

fn echoed(sequence: &str) -> Value {
    let id = "ab".repeat(16);
    json!({"event": "mark", "sequenceNumber": sequence, "mark": {"name": "said"}, "streamSid": format!("MZ{id}")})
}

#[test]
fn connected_and_start_come_back_to_back_and_the_call_is_answered() {
    let (mut rig, first) = connecting("twilio", Direction::Inbound);
    assert_eq!(first, [Out::Command(CallCommand::Ring)], "180 at once");
    let outs = rig.input(AppInput::Opened);
    let id = "ab".repeat(16);
    let (stream, call, account) = (
        format!("MZ{id}"),
        format!("CA{id}"),
        format!("AC{}", "0".repeat(32)),
    );
    let connected = json!({"event": "connected", "protocol": "Call", "version": "1.0.0"});
    let start = json!({
        "event": "start", "sequenceNumber": "1", "streamSid": stream,
        "start": {
            "accountSid": account, "streamSid": stream, "callSid": call, "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {
                "plan": "gold", "from_number": "+15125550100", "caller_id": "+15125550100",
                "to_number": "support", "did": "support",
            },
        },
    });
    let answer = Out::Command(CallCommand::Answer);
    assert_eq!(outs, [Out::Text(connected), Out::Text(start), answer]);
}

#[test]
fn the_caller_is_heard_in_messages_of_twenty_milliseconds() {
    let mut rig = up("twilio");
    for number in 1..=50 {
        let told = texts(&rig.heard(1_000));
        assert_eq!(told.len(), 1);
        let media = &told[0]["media"];
        assert_eq!(told[0]["sequenceNumber"], json!((number + 1).to_string()));
        assert_eq!(media["chunk"], json!(number.to_string()));
        assert_eq!(media["timestamp"], json!(((number - 1) * 20).to_string()));
        // 160 bytes are 216 characters.
        assert_eq!(media["payload"].as_str().map(str::len), Some(216));
    }
    assert_eq!(rig.wire.stats().frames_sent, 50);
}

#[test]
fn what_the_application_says_is_played_however_it_is_cut() {
    let mut rig = up("twilio");
    let mut codec = (trunkline_streams::twilio::DIALECT.codec)();
    start(codec.as_mut());
    let mut played = Vec::new();
    for size in [1, 159, 160, 320, 1_100, 16_000] {
        let payload = vec![g711::ulaw::encode(8_000); size];
        played.extend(spoken(&say(&mut rig, codec.as_mut(), &payload)));
    }
    assert_eq!(played.len(), 2 * (1 + 159 + 160 + 320 + 1_100 + 16_000));
    assert!(
        played[200..]
            .iter()
            .all(|sample| sample.abs_diff(7_932) < 100)
    );
    assert_eq!(rig.wire.stats().samples_received, played.len() as u64);
}

fn start(codec: &mut dyn StreamCodec) {
    let start = r#"{"event":"start","start":{"streamSid":"MZ1","callSid":"CA1"}}"#;
    codec.read_up(Frame::Text(start)).expect("a start");
}

fn say(rig: &mut Rig, codec: &mut dyn StreamCodec, payload: &[u8]) -> Vec<Out> {
    let media = Down::Media {
        payload,
        format: None,
        mark: None,
    };
    let message = codec.write_down(&media).expect("a word for audio");
    rig.input(AppInput::Received(message))
}

#[test]
fn marks_are_echoed_when_played_and_when_cleared() {
    let mut rig = up("twilio");
    let asked = Out::Command(CallCommand::Mark(mark("said")));
    assert_eq!(rig.text(MARK), [asked]);
    let played = CallEvent::MarkPlayed {
        mark: mark("said"),
        at_ms: 20,
    };
    assert_eq!(rig.event(&played), [Out::Text(echoed("2"))]);
    rig.text(MARK);
    let clear = r#"{"event":"clear","streamSid":"MZ1"}"#;
    assert_eq!(rig.text(clear), [Out::Command(CallCommand::Clear)]);
    let cleared = CallEvent::Cleared {
        at_ms: 20,
        unplayed: vec![mark("said")],
    };
    assert_eq!(rig.event(&cleared), [Out::Text(echoed("3"))]);
}

#[test]
fn too_many_marks_are_declined() {
    let mut rig = up("twilio");
    for _ in 0..MARKS_MAX {
        assert_eq!(rig.text(MARK).len(), 1);
    }
    assert_eq!(rig.text(MARK), [], "twilio has no word for it");
    let mut rig = up("telnyx");
    let message = r#"{"event":"mark","mark":{"name":"said"}}"#;
    for _ in 0..MARKS_MAX {
        assert_eq!(rig.text(message).len(), 1);
    }
    let told = texts(&rig.text(message));
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["event"], "error");
}

#[test]
fn keys_are_told() {
    let mut rig = up("twilio");
    let told = texts(&rig.event(&CallEvent::Dtmf {
        digit: Digit::from_char('#').unwrap(),
        duration_ms: 100,
    }));
    assert_eq!(
        told[0]["dtmf"],
        json!({"track": "inbound_track", "digit": "#"})
    );
}

#[test]
fn stop_is_last_then_the_socket_is_closed() {
    let mut rig = up("twilio");
    let outs = rig.event(&CallEvent::Ended(EndReason::Remote));
    assert_eq!(texts(&outs)[0]["event"], "stop");
    assert_eq!(outs[1..], [Out::Close(1000)]);
    assert_eq!(rig.due, None);
    assert_eq!(rig.heard(1), []);
}

#[test]
fn the_applications_close_hangs_up_and_anything_else_means_it_was_lost() {
    for code in [1000, 1005] {
        let hangup = Out::Command(CallCommand::Hangup(HangupCause::Normal));
        let outs = up("twilio").input(AppInput::Closed(CloseCode::Frame(code)));
        assert_eq!(outs, [hangup]);
    }
    let lost = [1001, 1006, 1011, 1012, 1013].map(CloseCode::Frame);
    for code in lost.into_iter().chain([CloseCode::Abnormal]) {
        let outs = up("telnyx").input(AppInput::Closed(code));
        assert_eq!(outs, [Out::End(GatewayReason::AppLost)]);
    }
}

#[test]
fn nonsense_is_counted_and_in_the_end_it_ends_the_call() {
    let mut rig = up("twilio");
    rig.text(r#"{"event":"greeting"}"#);
    for _ in 1..NONSENSE_MAX {
        assert_eq!(rig.text("{"), []);
    }
    let outs = rig.text(r#"{"event":"media","media":{"payload":"%"}}"#);
    assert_eq!(outs, [Out::End(GatewayReason::AppNonsense)]);
    let stats = rig.wire.stats();
    assert_eq!((stats.nonsense, stats.unknown), (NONSENSE_MAX, 1));
}

/// What a server of a dialect reads of what we sent it.
struct Server {
    codec: Box<dyn StreamCodec>,
    start: Option<Start>,
    hearing: Option<Hearing>,
    heard: Vec<i16>,
    stopped: bool,
}

impl Server {
    fn new(dialect: &StreamDialect) -> Self {
        Self {
            codec: (dialect.codec)(),
            start: None,
            hearing: None,
            heard: Vec::new(),
            stopped: false,
        }
    }

    fn read(&mut self, dialect: &StreamDialect, outs: &[Out]) {
        for out in outs {
            let text;
            let frame = match out {
                Out::Text(value) => {
                    text = value.to_string();
                    Frame::Text(&text)
                }
                Out::Binary(bytes) => Frame::Binary(bytes),
                _ => continue,
            };
            match self.codec.read_up(frame).expect("a message of the dialect") {
                Up::Start(start) => {
                    let format = start.up.unwrap_or(dialect.manners.format);
                    self.hearing = Some(Hearing::new(format, true).expect("a filter"));
                    self.start = Some(*start);
                }
                Up::Media(media) => {
                    let format = dialect.manners.format;
                    let hearing = self
                        .hearing
                        .get_or_insert_with(|| Hearing::new(format, false).expect("a filter"));
                    hearing.push(&media).expect("a format with a filter");
                    while let Some(frame) = hearing.frame() {
                        self.heard.extend_from_slice(frame);
                    }
                }
                Up::Stop => self.stopped = true,
                _ => {}
            }
        }
    }
}

#[test]
fn every_dialect_carries_a_call_both_ways() {
    for stream in STREAMS.iter().filter(|stream| dialect(stream.name).is_ok()) {
        let name = stream.name;
        let mut server = Server::new(stream);
        let (mut rig, _) = connecting(name, Direction::Inbound);
        server.read(stream, &rig.input(AppInput::Opened));
        server.read(stream, &rig.event(&CallEvent::Answered));
        for _ in 0..50 {
            server.read(stream, &rig.heard(500));
        }
        let frames = server.heard.len() / FRAME_SAMPLES;
        assert!((49..=50).contains(&frames), "{name}: {frames}");
        let format = server.start.as_ref().and_then(|start| start.up);
        let mut encoder = Encoder::new(format.unwrap_or(stream.manners.format)).unwrap();
        let payload = encoder.encode(&[500; FRAME_SAMPLES]).to_vec();
        let media = Down::Media {
            payload: &payload,
            format: format.or(Some(stream.manners.format)),
            mark: None,
        };
        let message = server.codec.write_down(&media).expect("a word for audio");
        let said = spoken(&rig.input(AppInput::Received(message)));
        assert_eq!(said.len(), FRAME_SAMPLES, "{name}");
        if let Some(message) = server.codec.write_down(&Down::Clear) {
            let outs = rig.input(AppInput::Received(message));
            assert_eq!(outs, [Out::Command(CallCommand::Clear)], "{name}");
        }
        let outs = rig.event(&CallEvent::Ended(EndReason::Remote));
        assert_eq!(outs.last(), Some(&Out::Close(1000)), "{name}");
    }
}

#[test]
fn each_direction_has_the_codec_that_was_chosen_for_it() {
    let telnyx = trunkline_streams::telnyx::DIALECT;
    let choices = [None]
        .into_iter()
        .chain(telnyx.manners.codecs.iter().map(|it| Some(*it)));
    for (up, down) in choices
        .clone()
        .flat_map(|up| choices.clone().map(move |down| (up, down)))
    {
        let options = WireOptions {
            codecs: Codecs { up, down },
            ..options("telnyx")
        };
        let wire = dialect("telnyx").expect("a dialect of this build");
        let (mut rig, _) = Rig::of(wire.wire(rig::info(Direction::Inbound), options));
        let mut server = Server::new(&telnyx);
        server.read(&telnyx, &rig.input(AppInput::Opened));
        server.read(&telnyx, &rig.event(&CallEvent::Answered));
        for _ in 0..25 {
            server.read(&telnyx, &rig.tone());
        }
        let heard = server.start.as_ref().and_then(|start| start.up);
        let heard = heard.expect("an announcement").encoding;
        assert_eq!(heard, up.unwrap_or(Encoding::Pcmu));
        assert!(is_loud(&server.heard), "{up:?} as the application hears it");
        let mut encoder = Encoder::new(MediaFormat::usual(down.unwrap_or(Encoding::Pcmu))).unwrap();
        let mut said = Vec::new();
        for number in 0..25 {
            let payload = encoder.encode(&rig::tone_frame(number)).to_vec();
            said.extend(spoken(&say(&mut rig, server.codec.as_mut(), &payload)));
        }
        assert!(is_loud(&said), "{down:?} as the caller hears it");
    }
}

/// Half a second of a tone that is as loud as it was, once a codec has found its way into it. Read in
/// another format it would be silence or noise.
fn is_loud(samples: &[i16]) -> bool {
    let settled = samples
        .get(10 * FRAME_SAMPLES..24 * FRAME_SAMPLES)
        .expect("half a second");
    let power = settled
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum::<f64>();
    let level = (power / settled.len() as f64).sqrt();
    let turns = settled
        .windows(2)
        .filter(|pair| (pair[0] < 0) != (pair[1] < 0))
        .count();
    // A sine of 500 Hz and 8,000 crosses zero a thousand times a second.
    (5_000.0..6_300.0).contains(&level) && turns.abs_diff(280) < 10
}

#[test]
fn every_dialects_own_rate_has_its_filter() {
    for stream in STREAMS {
        let rate = stream.manners.format.rate;
        assert!(SampleRate::try_from(rate).is_ok(), "{}", stream.name);
        for hz in [8_000, 16_000, 24_000, 48_000] {
            let format = stream.format(SampleRate::try_from(hz).unwrap());
            assert!(Encoder::new(format).is_ok(), "{}: {format:?}", stream.name);
        }
    }
}

#[test]
fn only_where_a_dialect_has_the_word_can_an_application_answer() {
    let can = STREAMS.iter().filter(|stream| stream.can_answer());
    let names: Vec<_> = can.map(|stream| stream.name).collect();
    assert_eq!(names, ["chan_websocket"]);
}

#[test]
fn an_application_that_asks_for_16_khz_is_told_of_linear_sound_and_gets_it() {
    for (name, format) in [
        (
            "telnyx",
            json!({"encoding": "L16", "sample_rate": 16_000, "channels": 1}),
        ),
        (
            "plivo",
            json!({"encoding": "audio/x-l16", "sampleRate": 16_000}),
        ),
    ] {
        let options = WireOptions {
            sample_rate: SampleRate::Hz16000,
            ..WireOptions::default()
        };
        let wire = dialect(name).expect("a dialect of this build");
        let (mut rig, _) = Rig::of(wire.wire(rig::info(Direction::Inbound), options));
        let told = texts(&rig.input(AppInput::Opened));
        let start = told.last().expect("a start");
        let body = &start["start"];
        let announced = [&body["media_format"], &body["mediaFormat"]];
        assert!(announced.contains(&&format), "{start}");
        rig.event(&CallEvent::Answered);
        let heard = rig.event(&CallEvent::Audio {
            frame: AudioFrame::from_samples([1_000; FRAME_SAMPLES]),
            at: 0,
            concealed: false,
        });
        let payload = texts(&heard)[0]["media"]["payload"].clone();
        let length = payload.as_str().expect("base64").len();
        assert_eq!(length, (2 * FRAME_SAMPLES).div_ceil(3) * 4);
    }
}
