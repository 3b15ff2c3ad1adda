//! What both ends of a media stream say, written as in `crates/streams/fixtures`: a line a message,
//! `>` for the provider's end and `<` for the server's, an `x` behind it for bytes in hexadecimal
//! digits; other lines count for nothing. Every dialect reads all of it.
#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use trunkline_audio::{AudioFrame, FRAME_SAMPLES};
use trunkline_call::{
    CallCommand, CallEvent, CallId, CallInfo, Direction, EndReason, Headers, Mark, Parameters,
};
use trunkline_streams::dialect::STREAMS;
use trunkline_streams::stream::sound::Hearing;
use trunkline_streams::stream::{Up, detect};
use trunkline_streams::{
    AppInput, AppOutput, AppWire, Frame, SampleRate, StreamApp, StreamDialect, WireOptions,
};

enum Message {
    Text(String),
    Binary(Vec<u8>),
}

impl Message {
    fn frame(&self) -> Frame<'_> {
        match self {
            Self::Text(text) => Frame::Text(text),
            Self::Binary(bytes) => Frame::Binary(bytes),
        }
    }
}

fuzz_target!(|text: &str| {
    let messages: Vec<(bool, Message)> = text.lines().filter_map(message).collect();
    let ups: Vec<&Message> = messages
        .iter()
        .filter(|(up, _)| *up)
        .map(|(_, m)| m)
        .collect();
    let frames: Vec<Frame<'_>> = ups.iter().map(|message| message.frame()).collect();
    for count in 0..=frames.len().min(3) {
        let _ = detect(&frames[..count]);
    }
    for dialect in STREAMS {
        hear(dialect, &ups);
        let mut call = Call::new(dialect);
        for (_, message) in messages.iter().filter(|(up, _)| !*up) {
            call.input(AppInput::Received(message.frame()));
        }
        call.input(AppInput::Event(&CallEvent::Ended(EndReason::Remote)));
        assert_eq!(call.closed, 1, "a call is closed once, after its stop");
    }
});

fn message(line: &str) -> Option<(bool, Message)> {
    let (sign, content) = line.split_once(' ')?;
    let message = if sign.ends_with('x') {
        let digits: Vec<u8> = content.bytes().filter(u8::is_ascii_hexdigit).collect();
        let bytes = digits
            .chunks(2)
            .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        Message::Binary(bytes.collect())
    } else {
        Message::Text(content.to_owned())
    };
    match sign {
        ">" | ">x" => Some((true, message)),
        "<" | "<x" => Some((false, message)),
        _ => None,
    }
}

/// The server's end: reads, hears, and writes down again what it understood.
fn hear(dialect: &StreamDialect, messages: &[&Message]) {
    let (mut server, mut provider) = ((dialect.codec)(), (dialect.codec)());
    let mut hearing = Hearing::new(dialect.manners.format, dialect.manners.reordered)
        .expect("every dialect's own format has its filter");
    for message in messages {
        let Ok(up) = server.read_up(message.frame()) else {
            continue;
        };
        if let Up::Media(media) = &up {
            let _ = hearing.push(media);
            while hearing.frame().is_some() {}
        }
        provider.write_up(&up);
    }
}

/// The provider's end, with a leg behind it that plays nothing until it is asked to clear.
struct Call {
    wire: StreamApp,
    now: Instant,
    marks: Vec<Mark>,
    closed: u32,
}

impl Call {
    fn new(dialect: &'static StreamDialect) -> Self {
        let info = CallInfo {
            id: CallId::from_bytes([1; 16]),
            direction: Direction::Inbound,
            from: "a".into(),
            to: "b".into(),
            peer: None,
            headers: Headers::default(),
            parameters: Parameters::default(),
            traceparent: String::new(),
        };
        let options = WireOptions {
            sample_rate: SampleRate::Hz8000,
            ..WireOptions::default()
        };
        let mut call = Self {
            wire: StreamApp::new(dialect, info, options),
            now: Instant::now(),
            marks: Vec::new(),
            closed: 0,
        };
        call.input(AppInput::Opened);
        call.input(AppInput::Event(&CallEvent::Answered));
        call
    }

    fn input(&mut self, input: AppInput<'_>) {
        self.take(input);
        self.now += Duration::from_millis(20);
        self.take(AppInput::Event(&CallEvent::Audio {
            frame: AudioFrame::from_samples([1; FRAME_SAMPLES]),
            at: 0,
            concealed: false,
        }));
    }

    fn take(&mut self, input: AppInput<'_>) {
        self.wire.handle_input(self.now, input);
        let mut clears = 0;
        loop {
            match self.wire.poll_output() {
                AppOutput::Timeout(due) => {
                    assert!(
                        due.is_none_or(|due| due > self.now),
                        "a deadline has passed"
                    );
                    break;
                }
                AppOutput::Send(_) => assert_eq!(self.closed, 0, "nothing is said after the close"),
                AppOutput::Close(_) => self.closed += 1,
                AppOutput::Command(CallCommand::Mark(mark)) => self.marks.push(mark),
                AppOutput::Command(CallCommand::Clear) => clears += 1,
                _ => {}
            }
        }
        for _ in 0..clears {
            let unplayed = std::mem::take(&mut self.marks);
            self.take(AppInput::Event(&CallEvent::Cleared {
                at_ms: 20,
                unplayed,
            }));
        }
    }
}
