//! A stream leg and the provider at its other end.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use trunkline_audio::g711::ulaw;
use trunkline_call::{CallCommand, CallEvent, Digit};
use trunkline_legs::stream::{ByRest, Greeted, Settings, StreamLeg};
use trunkline_legs::{Input, Leg, Output, Wish};
use trunkline_streams::dialect::StreamDialect;
use trunkline_streams::stream::{Down, Manners, Marks, Media, Start, StreamCodec, Track, Up};
use trunkline_streams::{CloseCode, Frame, twilio};

/// What the leg did besides telling its application.
#[derive(Clone, Debug, PartialEq)]
pub enum Did {
    /// Sent audio: so many samples at 8 kHz.
    Said(usize),
    Mark(String),
    Clear,
    Pinged,
    Hangup,
    Closed(u16),
    Asked(Wish),
    Dialled(String),
    Finished,
}

/// A dialect that spells as Twilio does and behaves as told.
pub fn dialect(change: impl FnOnce(&mut Manners)) -> &'static StreamDialect {
    let mut dialect = twilio::DIALECT;
    change(&mut dialect.manners);
    Box::leak(Box::new(dialect))
}

pub fn start() -> Start {
    Start {
        stream_id: "MZ1".into(),
        call_id: "CA1".into(),
        account_id: None,
        from: "+15125550100".into(),
        to: "+15125550199".into(),
        direction: None,
        up: None,
        down: None,
        parameters: Default::default(),
    }
}

pub struct Rig {
    pub leg: StreamLeg,
    manners: Manners,
    provider: Box<dyn StreamCodec>,
    began: Instant,
    pub now: Instant,
    due: Option<Instant>,
    /// With the milliseconds since answer.
    pub events: Vec<(u64, CallEvent)>,
    pub did: Vec<(u64, Did)>,
    /// Every sample that the provider has played, silence between them left out.
    pub played: Vec<u8>,
    queue: VecDeque<u8>,
    /// Marks, and the samples before each.
    marks: VecDeque<(usize, String)>,
    taken: usize,
    /// Answers to marks that are under way.
    answers: Vec<String>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "where virtual time starts does not matter"
)]
fn beginning() -> Instant {
    Instant::now()
}

impl Rig {
    pub fn new() -> Self {
        Self::of(dialect(|_| ()), start(), Settings::default())
    }

    pub fn with(change: impl FnOnce(&mut Manners)) -> Self {
        Self::of(dialect(change), start(), Settings::default())
    }

    /// A provider that does all that it can over its REST interface.
    pub fn by_rest(change: impl FnOnce(&mut Manners)) -> Self {
        let settings = Settings {
            by_rest: ByRest {
                moves: true,
                presses: true,
            },
            ..Settings::default()
        };
        Self::of(dialect(change), start(), settings)
    }

    pub fn of(dialect: &'static StreamDialect, start: Start, settings: Settings) -> Self {
        let now = beginning();
        let mut provider = (dialect.codec)();
        let mut codec = (dialect.codec)();
        // Both ends know the stream by its start.
        let up = Up::Start(Box::new(start.clone()));
        let frame = provider.write_up(&up).expect("a start");
        codec.read_up(frame).expect("a start");
        let greeted = Greeted {
            dialect,
            codec,
            start,
            sound: None,
        };
        let mut rig = Self {
            leg: StreamLeg::new(greeted, settings, now).expect("a format we have"),
            manners: dialect.manners,
            provider,
            began: now,
            now,
            due: None,
            events: Vec::new(),
            did: Vec::new(),
            played: Vec::new(),
            queue: VecDeque::new(),
            marks: VecDeque::new(),
            taken: 0,
            answers: Vec::new(),
        };
        rig.drain();
        rig
    }

    /// Milliseconds since answer.
    pub fn ms(&self) -> u64 {
        (self.now - self.began).as_millis() as u64
    }

    pub fn command(&mut self, command: CallCommand<'_>) {
        self.input(Input::Command(command));
    }

    pub fn play(&mut self, samples: &[i16]) {
        self.command(CallCommand::Play(samples.into()));
    }

    pub fn input(&mut self, input: Input<'_>) {
        self.leg.handle_input(self.now, input);
        self.drain();
    }

    /// The provider says something.
    pub fn up(&mut self, up: &Up<'_>) {
        let frame = self.provider.write_up(up).expect("words for it");
        self.leg.handle_input(self.now, Input::Received(frame));
        self.drain();
    }

    /// The caller is heard: 8 kHz samples.
    pub fn caller(&mut self, samples: &[i16]) {
        let mut payload = vec![0; samples.len()];
        ulaw::encode_slice(samples, &mut payload);
        self.up(&Up::Media(Media {
            track: Track::Inbound,
            chunk: None,
            timestamp_ms: None,
            format: None,
            payload: &payload,
        }));
    }

    pub fn text(&mut self, text: &str) {
        self.input(Input::Received(Frame::Text(text)));
    }

    pub fn press(&mut self, key: char) {
        self.up(&Up::Dtmf {
            digit: Digit::from_char(key).expect("a key"),
            duration: None,
        });
    }

    pub fn close(&mut self, code: CloseCode) {
        self.input(Input::Closed(code));
    }

    /// The provider loses every mark that it has.
    pub fn forget_marks(&mut self) {
        self.marks.clear();
        self.answers.clear();
    }

    /// Lets time pass: the provider plays, and the leg is woken when it wants to be.
    pub fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now += Duration::from_millis(1);
            self.play_one_ms();
            for name in std::mem::take(&mut self.answers) {
                self.up(&Up::Mark { name: &name });
            }
            if self.due.is_some_and(|due| due <= self.now) {
                self.input(Input::Timeout);
            }
        }
    }

    pub fn told(&self) -> Vec<&CallEvent> {
        let events = self.events.iter().map(|(_, event)| event);
        let told = events.filter(|event| !matches!(event, CallEvent::Audio { .. }));
        told.collect()
    }

    /// What the application heard: when, where, whether it was made up, and the samples.
    pub fn heard(&self) -> Vec<(u64, u64, bool, Vec<i16>)> {
        let heard = self.events.iter().filter_map(|(ms, event)| match event {
            CallEvent::Audio {
                frame,
                at,
                concealed,
            } => Some((*ms, *at, *concealed, frame.samples().to_vec())),
            _ => None,
        });
        heard.collect()
    }

    /// Samples at 8 kHz that were sent.
    pub fn sent(&self) -> usize {
        let sent = self.did.iter().map(|(_, did)| match did {
            Did::Said(samples) => *samples,
            _ => 0,
        });
        sent.sum()
    }

    /// Milliseconds that the provider has and has not played.
    pub fn ahead_ms(&self) -> usize {
        self.queue.len() / 8
    }

    pub fn has_done(&self, what: &Did) -> bool {
        self.did.iter().any(|(_, did)| did == what)
    }

    fn play_one_ms(&mut self) {
        let count = self.queue.len().min(8);
        self.taken += count;
        self.played.extend(self.queue.drain(..count));
        while let Some((position, _)) = self.marks.front() {
            if *position > self.taken {
                break;
            }
            self.answers
                .extend(self.marks.pop_front().map(|(_, name)| name));
        }
    }

    fn drain(&mut self) {
        loop {
            let ms = self.ms();
            let did = match self.leg.poll_output() {
                Output::Timeout(due) => {
                    self.due = due;
                    return;
                }
                Output::Event(event) => {
                    self.events.push((ms, event));
                    continue;
                }
                Output::Send(Frame::Ping) => Did::Pinged,
                Output::Send(frame) => {
                    let down = self
                        .provider
                        .read_down(frame)
                        .expect("words of the dialect");
                    taken(
                        down,
                        &self.manners,
                        &mut self.queue,
                        &mut self.marks,
                        &mut self.answers,
                        self.taken,
                    )
                }
                Output::Close(code) => Did::Closed(code),
                Output::AtProvider(wish) => Did::Asked(wish),
                Output::Dial { target, .. } => Did::Dialled(target.as_str().to_owned()),
                Output::Finished => Did::Finished,
                other => panic!("a stream has no {other:?}"),
            };
            self.did.push((ms, did));
        }
    }
}

/// What a provider does with a message.
fn taken(
    down: Down<'_>,
    manners: &Manners,
    queue: &mut VecDeque<u8>,
    marks: &mut VecDeque<(usize, String)>,
    answers: &mut Vec<String>,
    played: usize,
) -> Did {
    match down {
        Down::Media { payload, .. } => {
            queue.extend(payload);
            Did::Said(payload.len())
        }
        Down::Mark { name } => {
            marks.push_back((played + queue.len(), name.to_owned()));
            Did::Mark(name.to_owned())
        }
        Down::Clear => {
            queue.clear();
            let dropped = marks.drain(..).map(|(_, name)| name);
            if manners.marks == Marks::EchoedWhenCleared {
                answers.extend(dropped);
            }
            Did::Clear
        }
        Down::Hangup => Did::Hangup,
        other => panic!("nobody asked for {other:?}"),
    }
}
