//! An application's connection in virtual time: what goes in, and what came out of it.
#![allow(dead_code, reason = "each test file uses a part")]

use std::borrow::Cow;
use std::time::{Duration, Instant};

use serde_json::Value;
use trunkline_call::{
    AudioFrame, CallCommand, CallEvent, CallId, CallInfo, Direction, FRAME_SAMPLES, GatewayReason,
    Headers, Parameters,
};
use trunkline_streams::{AppInput, AppOutput, AppWire, Frame, Trunkline, WireOptions};

/// An output, owned.
#[derive(Clone, Debug, PartialEq)]
pub enum Out {
    Command(CallCommand<'static>),
    Text(Value),
    Binary(Vec<u8>),
    Ping,
    Close(u16),
    Redial,
    End(GatewayReason),
}

pub struct Rig {
    pub wire: Box<dyn AppWire>,
    pub now: Instant,
    pub due: Option<Instant>,
    at: u64,
}

#[expect(
    clippy::disallowed_methods,
    reason = "where virtual time starts does not matter"
)]
pub fn start() -> Instant {
    Instant::now()
}

pub fn info(direction: Direction) -> CallInfo {
    let mut headers = Headers::default();
    assert!(headers.push("X-Team", "red"));
    let mut parameters = Parameters::default();
    assert!(parameters.push("plan", "gold"));
    CallInfo {
        id: CallId::from_bytes([0xAB; 16]),
        direction,
        from: "+15125550100".into(),
        to: "support".into(),
        peer: None,
        headers,
        parameters,
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
    }
}

impl Rig {
    /// A wire whose connection is not open yet, and its first outputs.
    pub fn connecting(direction: Direction, options: WireOptions) -> (Self, Vec<Out>) {
        Self::of(Box::new(Trunkline::new(info(direction), options)))
    }

    /// The same of any wire.
    pub fn of(wire: Box<dyn AppWire>) -> (Self, Vec<Out>) {
        let mut rig = Self {
            wire,
            now: start(),
            due: None,
            at: 0,
        };
        let first = rig.drain();
        (rig, first)
    }

    /// A call that came in, was answered, and told so.
    pub fn up(options: WireOptions) -> Self {
        let (mut rig, _) = Self::connecting(Direction::Inbound, options);
        rig.input(AppInput::Opened);
        rig.event(&CallEvent::Answered);
        rig
    }

    pub fn input(&mut self, input: AppInput<'_>) -> Vec<Out> {
        self.wire.handle_input(self.now, input);
        self.drain()
    }

    pub fn event(&mut self, event: &CallEvent) -> Vec<Out> {
        self.input(AppInput::Event(event))
    }

    pub fn text(&mut self, text: &str) -> Vec<Out> {
        self.input(AppInput::Received(Frame::Text(text)))
    }

    pub fn binary(&mut self, bytes: &[u8]) -> Vec<Out> {
        self.input(AppInput::Received(Frame::Binary(bytes)))
    }

    /// 20 ms of the caller, all samples of this value.
    pub fn heard(&mut self, value: i16) -> Vec<Out> {
        self.hear([value; FRAME_SAMPLES])
    }

    /// The next 20 ms of a caller who is [`tone_frame`].
    pub fn tone(&mut self) -> Vec<Out> {
        self.hear(tone_frame(self.at / FRAME_SAMPLES as u64))
    }

    fn hear(&mut self, samples: [i16; FRAME_SAMPLES]) -> Vec<Out> {
        let frame = AudioFrame::from_samples(samples);
        let event = CallEvent::Audio {
            frame,
            at: self.at,
            concealed: false,
        };
        self.at += FRAME_SAMPLES as u64;
        self.event(&event)
    }

    pub fn pass(&mut self, time: Duration) -> Vec<Out> {
        self.now += time;
        self.input(AppInput::Timeout)
    }

    fn drain(&mut self) -> Vec<Out> {
        let mut outs = Vec::new();
        loop {
            outs.push(match self.wire.poll_output() {
                AppOutput::Timeout(due) => {
                    assert!(
                        due.is_none_or(|due| due > self.now),
                        "a deadline that has passed"
                    );
                    self.due = due;
                    return outs;
                }
                AppOutput::Command(command) => Out::Command(command.into_owned()),
                AppOutput::Send(Frame::Text(text)) => {
                    Out::Text(serde_json::from_str(text).expect("what is sent is JSON"))
                }
                AppOutput::Send(Frame::Binary(bytes)) => Out::Binary(bytes.to_vec()),
                AppOutput::Send(Frame::Ping) => Out::Ping,
                AppOutput::Close(code) => Out::Close(code),
                AppOutput::Redial => Out::Redial,
                AppOutput::Absent(_) => continue,
                AppOutput::Errand(..) => panic!("only documents have errands"),
                AppOutput::End(reason) => Out::End(reason),
            });
        }
    }
}

/// A frame of 500 Hz with peaks of 8,000.
pub fn tone_frame(number: u64) -> [i16; FRAME_SAMPLES] {
    std::array::from_fn(|at| {
        let at = number * FRAME_SAMPLES as u64 + at as u64;
        let turns = at as f64 * 500.0 / 16_000.0;
        ((turns * std::f64::consts::TAU).sin() * 8_000.0) as i16
    })
}

/// All samples that the outputs speak.
pub fn spoken(outs: &[Out]) -> Vec<i16> {
    let mut samples = Vec::new();
    for out in outs {
        if let Out::Command(CallCommand::Play(Cow::Owned(piece))) = out {
            samples.extend_from_slice(piece);
        }
    }
    samples
}

/// All texts among the outputs.
pub fn texts(outs: &[Out]) -> Vec<Value> {
    let text = |out: &Out| match out {
        Out::Text(value) => Some(value.clone()),
        _ => None,
    };
    outs.iter().filter_map(text).collect()
}

pub fn bytes(samples: &[i16]) -> Vec<u8> {
    samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect()
}
