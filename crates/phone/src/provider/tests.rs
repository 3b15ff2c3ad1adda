//! In virtual time: the simulator against servers that say exactly this at exactly that time.

use std::time::{Duration, Instant};

use trunkline_call::{Digit, Parameters};
use trunkline_providers::Provider;
use trunkline_streams::dialect::stream;
use trunkline_streams::stream::{Down, Media, Start, StreamCodec, Up};
use trunkline_streams::{CloseCode, Frame};

use super::webhook::{Credential, Ringing};
use super::*;

/// A simulated call and the server's end of it.
struct Rig {
    simulator: Simulator,
    server: Box<dyn StreamCodec>,
    now: Instant,
    begun: Instant,
    /// When and what the provider said, audio apart.
    said: Vec<(u64, String)>,
    /// Bytes of audio the provider sent.
    audio: Vec<u8>,
    closed: Option<u16>,
}

fn speech() -> Vec<i16> {
    let tone = |n: usize| ((n as f64 / 8.0).sin() * 8_000.0) as i16;
    (0..16_000).map(tone).collect()
}

fn plan(dialect: &str, hang_up_ms: u64) -> Plan {
    let dialect = stream(dialect).expect("a dialect");
    Plan {
        dialect,
        start: Start {
            stream_id: "MZ1".to_owned(),
            call_id: "CA1".to_owned(),
            account_id: Some("AC1".to_owned()),
            from: "+1".to_owned(),
            to: "+2".to_owned(),
            direction: None,
            up: Some(dialect.manners.format),
            down: None,
            parameters: Parameters::default(),
        },
        speech: speech(),
        keys: vec![
            Digit::from_char('1').unwrap(),
            Digit::from_char('#').unwrap(),
        ],
        hang_up: Duration::from_millis(hang_up_ms),
    }
}

impl Rig {
    fn new(dialect: &str, hang_up_ms: u64) -> Self {
        let plan = plan(dialect, hang_up_ms);
        let server = (plan.dialect.codec)();
        let now = Instant::now();
        let mut rig = Self {
            simulator: Simulator::new(plan).unwrap(),
            server,
            now,
            begun: now,
            said: Vec::new(),
            audio: Vec::new(),
            closed: None,
        };
        rig.input(Input::Opened);
        rig
    }

    fn ms(&self) -> u64 {
        (self.now - self.begun).as_millis() as u64
    }

    fn input(&mut self, input: Input<'_>) {
        self.simulator.handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) -> Option<Instant> {
        loop {
            let ms = self.ms();
            match self.simulator.poll_output() {
                Output::Timeout(due) => return due,
                Output::Close(code) => self.closed = Some(code),
                Output::Send(frame) => match self.server.read_up(frame).expect("its dialect") {
                    Up::Media(Media { payload, .. }) => self.audio.extend(payload),
                    up => {
                        let said = match up {
                            Up::Connected => "connected".to_owned(),
                            Up::Start(start) => format!("start {}", start.stream_id),
                            Up::Dtmf { digit, .. } => format!("key {}", digit.as_char()),
                            Up::Mark { name } => format!("mark {name}"),
                            Up::Stop => "stop".to_owned(),
                            other => format!("{other:?}"),
                        };
                        self.said.push((ms, said));
                    }
                },
            }
        }
    }

    /// Lets time pass, deadline by deadline.
    fn until(&mut self, ms: u64) {
        let end = self.begun + Duration::from_millis(ms);
        while let Some(due) = self.drain().filter(|due| *due <= end) {
            self.now = due;
            self.input(Input::Timeout);
        }
        self.now = end;
    }

    fn say(&mut self, down: &Down<'_>) {
        let frame = self.server.write_down(down).expect("words of the dialect");
        self.simulator
            .handle_input(self.now, Input::Received(frame));
        self.drain();
    }

    fn text(&mut self, text: &str) {
        self.input(Input::Received(Frame::Text(text)));
    }

    fn speak(&mut self, payload: &[u8]) {
        self.say(&Down::Media {
            payload,
            format: None,
            mark: None,
        });
    }

    fn mark(&mut self, name: &str) {
        self.say(&Down::Mark { name });
    }

    /// Whatever the provider said with these words, and when.
    fn heard(&self, wanted: &str) -> Vec<(u64, &str)> {
        let said = self.said.iter();
        said.filter(|(_, said)| said.starts_with(wanted))
            .map(|(ms, said)| (*ms, said.as_str()))
            .collect()
    }

    fn report(mut self) -> Report {
        self.until(60_000);
        assert!(self.simulator.is_over());
        self.simulator.into_report()
    }
}

/// Twilio's audio: 20 ms that can be heard.
const LOUD: [u8; 160] = [0x10; 160];

fn has_fault(report: &Report, words: &str) -> bool {
    report.faults().iter().any(|fault| fault.contains(words))
}

#[test]
fn a_call_is_greeting_audio_every_20_ms_keys_stop_and_close() {
    let mut rig = Rig::new("twilio", 1_000);
    rig.until(999);
    assert_eq!(
        rig.said[..2].to_vec(),
        [(0, "connected".into()), (0, "start MZ1".into())]
    );
    assert_eq!(rig.audio.len(), 50 * 160);
    // The first word comes after the pause, and silence before it.
    let silence = rig.audio.iter().take(20 * 160).all(|code| *code == 0xff);
    assert!(silence && rig.audio[20 * 160..].iter().any(|code| *code != 0xff));
    assert_eq!(rig.heard("key"), [(400, "key 1"), (660, "key #")]);
    rig.until(1_000);
    assert_eq!((rig.heard("stop").len(), rig.closed), (1, Some(1_000)));
    rig.input(Input::Closed(CloseCode::Frame(1_000), ""));
    let report = rig.report();
    assert_eq!(
        (report.end, report.lasted.as_millis()),
        (End::Caller, 1_000)
    );
    assert_eq!(report.faults(), ["the server sent no audio"]);
}

#[test]
fn a_mark_is_echoed_when_what_was_before_it_is_played() {
    let mut rig = Rig::new("twilio", 2_000);
    rig.until(100);
    rig.mark("at once");
    rig.speak(&LOUD.repeat(10));
    rig.mark("later");
    rig.until(1_000);
    // 200 ms from the next frame on.
    assert_eq!(
        rig.heard("mark"),
        [(100, "mark at once"), (300, "mark later")]
    );
}

#[test]
fn a_clear_empties_the_queue_and_echoes_marks_as_this_provider_does() {
    for (provider, echoed) in [("twilio", 1), ("telnyx", 1), ("plivo", 0), ("vonage", 0)] {
        let mut rig = Rig::new(provider, 1_000);
        rig.speak(&LOUD.repeat(50));
        rig.mark("m");
        rig.until(100);
        rig.say(&Down::Clear);
        assert_eq!(rig.heard("mark").len(), echoed, "{provider}");
        rig.until(900);
        rig.input(Input::Closed(CloseCode::Frame(1_000), ""));
        let report = rig.report();
        assert_eq!(report.counts.clears, 1);
        let loud = report.heard.iter().filter(|sample| **sample != 0).count();
        assert!(
            loud < 4_000,
            "{provider}: {loud} samples of what was cleared were played"
        );
    }
}

#[test]
fn a_server_that_answers_well_has_no_fault_in_any_dialect() {
    for provider in ["twilio", "telnyx", "plivo", "exotel", "vonage"] {
        let mut rig = Rig::new(provider, 1_000);
        rig.until(300);
        for _ in 0..10 {
            rig.speak(&[0x10; 320]);
        }
        rig.mark("m");
        rig.until(1_000);
        rig.input(Input::Closed(CloseCode::Frame(1_000), ""));
        let report = rig.report();
        assert_eq!(report.faults(), [""; 0], "{provider}");
        assert_eq!(report.first_sound, Some(Duration::from_millis(300)));
        assert_eq!(report.counts.media, 10);
        assert_eq!(report.formats.len(), 1);
    }
}

#[test]
fn messages_that_break_the_dialect_are_named_with_an_example() {
    let mut rig = Rig::new("twilio", 500);
    rig.speak(&LOUD);
    rig.text("{\"event\":\"media\",\"media\":{\"payload\":\"AAAA\"}}");
    rig.text("{\"event\":\"clear\",\"streamSid\":\"MZ2\"}");
    rig.text("{\"event\":\"shout\",\"streamSid\":\"MZ1\"}");
    rig.text("{\"event\":\"shout\",\"streamSid\":\"MZ1\"}");
    rig.text("{\"event\":\"media\",\"streamSid\":\"MZ1\"}");
    rig.text("hello\n");
    rig.input(Input::Received(Frame::Binary(&[0; 320])));
    let riff = b"RIFF....WAVE";
    rig.speak(riff);
    rig.until(500);
    rig.input(Input::Closed(CloseCode::Frame(1_000), ""));
    let report = rig.report();
    for words in [
        "without streamSid: {\"event\":\"media\"",
        "for another stream",
        "does not know (2 times)",
        "media without its body",
        "hello\\n",
        "a binary message, where every message is text: 320 bytes",
        "a WAV header",
    ] {
        assert!(has_fault(&report, words), "{words}: {:?}", report.faults());
    }
    assert_eq!(
        report.counts.clears, 0,
        "what is for another stream is not obeyed"
    );
    assert_eq!(report.faults().len(), 7, "{:?}", report.faults());
}

#[test]
fn each_provider_minds_what_it_minds() {
    let faults = |provider: &str, texts: &[&str]| {
        let mut rig = Rig::new(provider, 500);
        rig.speak(&[0x10; 320]);
        texts.iter().for_each(|text| rig.text(text));
        rig.until(500);
        rig.input(Input::Closed(CloseCode::Frame(1_000), ""));
        rig.report().faults()
    };
    let odd = r#"{"event":"media","stream_sid":"MZ1","media":{"payload":"EBAQEA=="}}"#;
    let exotel = faults("exotel", &[odd, r#"{"event":"clear"}"#]);
    assert!(exotel[0].contains("no multiple of 320 bytes"), "{exotel:?}");
    assert!(exotel[1].contains("without stream_sid"), "{exotel:?}");
    // Telnyx knows the stream by its connection; Plivo only minds a wrong id.
    assert_eq!(faults("telnyx", &[r#"{"event":"clear"}"#]), [""; 0]);
    let wrong = r#"{"event":"clearAudio","streamId":"MZ2"}"#;
    let plivo = faults("plivo", &[r#"{"event":"clearAudio"}"#, wrong]);
    assert_eq!(plivo.len(), 1, "{plivo:?}");
    assert!(plivo[0].contains("for another stream"), "{plivo:?}");
    let vonage = faults("vonage", &[r#"{"action":"clear"}"#, r#"{"action":"sing"}"#]);
    assert_eq!(vonage.len(), 1, "{vonage:?}");
    assert!(vonage[0].contains("does not know"), "{vonage:?}");
}

#[test]
fn a_fault_that_comes_again_is_counted_and_not_kept_again() {
    let mut rig = Rig::new("twilio", 500);
    for _ in 0..100 {
        rig.text("{");
    }
    let report = rig.report();
    assert_eq!(report.broken.len(), 1);
    assert_eq!(report.broken[0].count, 100);
}

#[test]
fn how_a_server_closes_is_judged_by_its_provider() {
    let closed = |provider: &str, code| {
        let mut rig = Rig::new(provider, 1_000);
        rig.speak(&[0x10; 320]);
        rig.until(100);
        rig.input(Input::Closed(code, "why\n"));
        rig.report()
    };
    for fine in [1_000, 1_001, 1_005] {
        let report = closed("twilio", CloseCode::Frame(fine));
        assert_eq!((report.faults().len(), report.end), (0, End::Closed));
    }
    let failed = closed("twilio", CloseCode::Frame(1_011));
    assert!(has_fault(
        &failed,
        "closed with 1011, not with 1000: why\\n"
    ));
    let lost = closed("twilio", CloseCode::Abnormal);
    assert!(has_fault(&lost, "without a close frame"));
    assert_eq!(lost.end, End::Lost);
    let telnyx = closed("telnyx", CloseCode::Frame(1_000));
    assert!(telnyx.faults().is_empty() && telnyx.note().is_some());
    let jambonz = closed("jambonz", CloseCode::Frame(1_000));
    assert!(has_fault(&jambonz, "without its hang-up message"));
}

#[test]
fn a_server_that_leaves_the_close_unanswered_is_waited_for_and_named() {
    let mut rig = Rig::new("twilio", 100);
    rig.speak(&LOUD);
    rig.until(100 + CLOSE_MAX.as_millis() as u64 - 1);
    assert!(!rig.simulator.is_over());
    rig.until(100 + CLOSE_MAX.as_millis() as u64);
    let report = rig.report();
    assert!(has_fault(&report, "did not answer the close frame"));
}

#[test]
fn a_server_that_says_it_hangs_up_ends_the_call() {
    let mut rig = Rig::new("jambonz", 10_000);
    rig.speak(&[0x10; 640]);
    rig.until(200);
    rig.say(&Down::Hangup);
    assert_eq!(rig.closed, Some(1_000));
    rig.input(Input::Closed(CloseCode::Frame(1_000), ""));
    let report = rig.report();
    assert_eq!(report.end, End::Server);
    assert_eq!(report.faults(), [""; 0]);
}

#[test]
fn an_echo_is_found_with_its_delay() {
    let mut rig = Rig::new("twilio", 2_000);
    let mut echoed = 0;
    for ms in (100..2_000).step_by(20) {
        rig.until(ms);
        let piece = rig.audio[echoed..].to_vec();
        echoed = rig.audio.len();
        rig.speak(&piece);
    }
    rig.until(2_000);
    rig.input(Input::Closed(CloseCode::Frame(1_000), ""));
    let trip = rig.report().round_trip().expect("an echo");
    assert!(trip.likeness > 0.9, "{trip:?}");
    let ms = trip.delay.as_millis();
    assert!((100..=160).contains(&ms), "{ms} ms");
}

#[test]
fn webhooks_are_what_our_own_gateway_takes_for_the_providers() {
    let ringing = Ringing {
        call: "c1",
        account: "a1",
        from: "+1",
        to: "+2",
    };
    let key = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";
    for provider in Provider::ALL {
        let secret = match provider {
            Provider::Exotel => "u:p",
            Provider::Telnyx => key,
            _ => "12345",
        };
        let credential = Credential::parse(provider, secret).unwrap();
        let url = "http://127.0.0.1/answer";
        let request = ringing.request(provider, (url, url), Some(&credential), 1_700_000_000);
        assert!(!request.headers.is_empty(), "{provider:?}");
        let query = request.url.split_once('?').map(|(_, query)| query);
        let (kind, carried) = match (&request.body, query) {
            (Some((kind, body)), None) => (*kind, body.as_str()),
            (None, Some(query)) => ("query", query),
            other => panic!("{provider:?}: {other:?}"),
        };
        let is_json = kind == "application/json";
        let fields = trunkline_providers::webhook::fields(is_json, carried.as_bytes()).unwrap();
        let asked = trunkline_providers::webhook::asked(provider, &fields).unwrap();
        assert_eq!((asked.call.as_str(), asked.from.as_str()), ("c1", "+1"));
        assert_eq!(asked.to, "+2");
    }
    assert!(Credential::parse(Provider::Telnyx, "short").is_err());
    assert!(Credential::parse(Provider::Exotel, "no colon").is_err());
}
