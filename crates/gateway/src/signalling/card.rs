//! What the gateway knows of a call that lives.

use super::streams::AtProvider;
use crate::control::CallView;
use crate::shard::CallKey;
use std::time::Instant;
use trunkline_call::record::{CallRecord, rfc3339};
use trunkline_call::{CallEvent, CallInfo};
use trunkline_legs::DialPurpose;
use trunkline_sip::endpoint::OwnerId;

/// Where a call stands, as far as an onlooker is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not answered.
    Ringing,
    /// Answered.
    Up,
    /// Answered, and on hold by either side.
    Held,
    /// Ended; its last messages are under way.
    Ending,
}

impl Phase {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Up => "up",
            Self::Held => "held",
            Self::Ending => "ending",
        }
    }
}

/// A live call.
#[derive(Debug)]
pub struct Card {
    /// Its name on its shard.
    pub key: CallKey,
    /// By which way it came or went.
    pub way: Way,
    /// Which shard has it.
    pub shard: usize,
    /// What its application was told.
    pub info: CallInfo,
    /// Where it stands.
    pub phase: Phase,
    /// When it began.
    pub began: Instant,
    /// When it was answered.
    pub answered: Option<Instant>,
    /// Whether it waits for an application to come to it.
    pub waits: bool,
    /// The number of the document it follows in place of its application.
    pub document: Option<u64>,
    /// Keys that its provider is to press, and whether it is being asked to.
    pub keys: Keys,
    /// Whether it is joined with another.
    pub joined: bool,
    /// The call it was placed for.
    pub placed_for: Option<PlacedFor>,
    /// What is kept of it afterwards, as far as it is known.
    pub record: CallRecord,
}

/// Keys on their way to a provider, which is asked for one handful after the other.
#[derive(Debug, Default)]
pub struct Keys {
    /// Those that wait.
    pub waiting: String,
    /// Whether some are being pressed.
    pub under_way: bool,
}

/// The way of a call, and its name there.
#[derive(Clone, Debug)]
pub enum Way {
    /// SIP and RTP.
    Sip {
        /// Its name at the endpoint.
        owner: OwnerId,
        /// Its RTP port.
        rtp_port: u16,
    },
    /// A provider's media stream.
    Stream(AtProvider),
}

/// What an additional leg is for.
#[derive(Clone, Copy, Debug)]
pub struct PlacedFor {
    /// The call that asked for it.
    pub key: CallKey,
    /// What becomes of the two.
    pub purpose: DialPurpose,
}

impl Card {
    /// A call that begins now.
    pub fn new(key: CallKey, way: Way, shard: usize, info: CallInfo, record: CallRecord) -> Self {
        Self {
            key,
            way,
            shard,
            info,
            phase: Phase::Ringing,
            began: Instant::now(),
            answered: None,
            waits: false,
            document: None,
            keys: Keys::default(),
            joined: false,
            placed_for: None,
            record,
        }
    }

    /// Notes what happened.
    pub fn note(&mut self, event: &CallEvent, now: Instant) {
        match event {
            CallEvent::Answered => {
                self.answered = Some(now);
                self.phase = Phase::Up;
                self.record.answered_after = Some(now.saturating_duration_since(self.began));
            }
            CallEvent::Held if self.phase == Phase::Up => self.phase = Phase::Held,
            CallEvent::Resumed if self.phase == Phase::Held => self.phase = Phase::Up,
            CallEvent::Ended(reason) => {
                self.phase = Phase::Ending;
                self.record.end = reason.clone();
                self.record.lasted = now.saturating_duration_since(self.began);
            }
            _ => {}
        }
    }

    /// The call as the interface shows it.
    pub fn view(&self, now: Instant) -> CallView {
        CallView {
            id: self.info.id.to_string(),
            direction: self.info.direction.word(),
            state: self.phase.word(),
            from: self.info.from.clone(),
            to: self.info.to.clone(),
            app: self.record.app.clone(),
            started: rfc3339(self.record.started),
            answered_s: self.answered.map(|at| {
                let seconds = now.saturating_duration_since(at).as_secs_f64();
                (seconds * 10.0).round() / 10.0
            }),
        }
    }
}
