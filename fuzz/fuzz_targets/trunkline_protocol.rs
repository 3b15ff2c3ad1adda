//! What an application sends over its WebSocket. The first byte chooses rate and way of
//! answering; then each message is a byte of kind, two of length, and its bytes. A leg that
//! plays by the frame stands behind, so that marks and clears find their way back.
#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use trunkline_audio::{AudioFrame, FRAME_SAMPLES};
use trunkline_call::{
    CallCommand, CallEvent, CallId, CallInfo, Direction, EndReason, Headers, Mark, Parameters,
};
use trunkline_streams::{
    AnswerMode, AppInput, AppOutput, AppWire, Frame, SampleRate, Trunkline, WireOptions,
};

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, mut rest)) = bytes.split_first() else {
        return;
    };
    let mut call = Call::new(choice);
    while let Some((&[kind, low, high], tail)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_le_bytes([low, high])).min(tail.len());
        let (message, tail) = tail.split_at(length);
        call.message(kind, message);
        rest = tail;
    }
    call.event(&CallEvent::Ended(EndReason::Remote));
    assert_eq!(call.closed, 1, "a call is closed once, after its stop");
});

struct Call {
    wire: Trunkline,
    now: Instant,
    marks: Vec<Mark>,
    closed: u32,
}

impl Call {
    fn new(choice: u8) -> Self {
        let rates = [
            SampleRate::Hz8000,
            SampleRate::Hz16000,
            SampleRate::Hz24000,
            SampleRate::Hz48000,
        ];
        let answer = if choice & 4 == 0 {
            AnswerMode::WhenOpen
        } else {
            AnswerMode::Manual
        };
        let sample_rate = rates[usize::from(choice & 3)];
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
            sample_rate,
            answer,
            ..WireOptions::default()
        };
        let mut call = Self {
            wire: Trunkline::new(info, options),
            now: Instant::now(),
            marks: Vec::new(),
            closed: 0,
        };
        call.input(AppInput::Opened);
        call.event(&CallEvent::Answered);
        call
    }

    fn message(&mut self, kind: u8, message: &[u8]) {
        match kind % 8 {
            0 | 1 => self.input(AppInput::Received(Frame::Binary(message))),
            2 => {
                self.now += Duration::from_millis(u64::from(kind) * 100);
                self.input(AppInput::Timeout);
                self.input(AppInput::Pong);
            }
            3 => {
                let frame = AudioFrame::from_samples([1; FRAME_SAMPLES]);
                let (at, concealed) = (0, false);
                self.event(&CallEvent::Audio {
                    frame,
                    at,
                    concealed,
                });
            }
            4 if !self.marks.is_empty() => {
                let (mark, at_ms) = (self.marks.remove(0), 20);
                self.event(&CallEvent::MarkPlayed { mark, at_ms });
            }
            _ => {
                if let Ok(text) = std::str::from_utf8(message) {
                    self.input(AppInput::Received(Frame::Text(text)));
                }
            }
        }
    }

    fn event(&mut self, event: &CallEvent) {
        self.input(AppInput::Event(event));
    }

    fn input(&mut self, input: AppInput<'_>) {
        self.wire.handle_input(self.now, input);
        let mut events = Vec::new();
        loop {
            match self.wire.poll_output() {
                AppOutput::Timeout(due) => {
                    assert!(
                        due.is_none_or(|due| due > self.now),
                        "a deadline has passed"
                    );
                    break;
                }
                AppOutput::Send(frame) => {
                    assert_eq!(self.closed, 0, "nothing is said after the close");
                    if let Frame::Text(text) = frame {
                        let read: Result<serde_json::Value, _> = serde_json::from_str(text);
                        assert!(read.is_ok_and(|object| object["type"].is_string()));
                    }
                }
                AppOutput::Close(_) => self.closed += 1,
                AppOutput::Command(CallCommand::Mark(mark)) => self.marks.push(mark),
                AppOutput::Command(CallCommand::Clear) => {
                    let unplayed = std::mem::take(&mut self.marks);
                    events.push(CallEvent::Cleared {
                        at_ms: 20,
                        unplayed,
                    });
                }
                AppOutput::Command(CallCommand::Pause) => {
                    events.push(CallEvent::Paused { at_ms: 20 });
                }
                AppOutput::Command(_)
                | AppOutput::End(_)
                | AppOutput::Absent(_)
                | AppOutput::Errand(..)
                | AppOutput::Redial => {}
            }
        }
        for event in events {
            self.event(&event);
        }
    }
}
