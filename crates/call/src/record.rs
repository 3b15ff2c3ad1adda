//! What is kept of a call after it: one [`CallRecord`], written as a line of JSON.

mod json;
mod store;
#[cfg(test)]
mod tests;
mod why;

use std::time::{Duration, SystemTime};

use crate::turns::Turns;
use crate::{AppStats, CallId, CallInfo, Direction, EndReason};

pub use json::rfc3339;
pub use store::{RECORDS_MAX, Records};
pub use why::why;

/// What names, addresses and Call-IDs seldom go beyond.
const TEXT_BYTES_USUAL: usize = 64;

/// One call from its first message to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRecord {
    /// Our name for the call.
    pub id: CallId,
    /// Who called whom.
    pub direction: Direction,
    /// The caller, as sent.
    pub from: String,
    /// The called, as sent.
    pub to: String,
    /// The far end's own name for the call (Call-ID, or the provider's), for a search in its logs.
    pub sip_call_id: String,
    /// Where the far end's signalling came from or went to.
    pub peer: String,
    /// The trunk it came or went by.
    pub trunk: Option<String>,
    /// The provider whose media stream it is.
    pub provider: Option<String>,
    /// The user who proved a password.
    pub user: Option<String>,
    /// The application's name.
    pub app: String,
    /// When the first message came or went.
    pub started: SystemTime,
    /// From then to the answer; `None` where it never came.
    pub answered_after: Option<Duration>,
    /// From the first message to the end.
    pub lasted: Duration,
    /// Who ended it, then why.
    pub end: EndReason,
    /// What whoever ended it had to say: the URL that did not open, the codecs that were offered.
    pub detail: Option<String>,
    /// The sound, where there was any.
    pub media: Option<MediaRecord>,
    /// How long the caller waited for an answer, turn by turn.
    pub turns: Turns,
    /// What the application did.
    pub application: AppStats,
}

/// The sound of a call in figures. On a media stream a packet is a message with audio.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MediaRecord {
    /// The codec's name as in SDP: `PCMU`, `G722`, …
    pub codec: &'static str,
    /// Packets sent.
    pub packets_sent: u64,
    /// Packets received and played.
    pub packets_received: u64,
    /// Packets that never came.
    pub packets_lost: u64,
    /// Packets that came too late to be played.
    pub packets_late: u64,
    /// Packets thrown away: not RTP, not from the far end, or not of this call.
    pub packets_rejected: u64,
    /// Sound made up for what was missing.
    pub concealed: Duration,
    /// Mean deviation of the packets' spacing (RFC 3550 §6.4.1), in ms.
    pub jitter_ms: f32,
    /// Estimated mean opinion score of what we heard, 1 to 4.5.
    pub mos: Option<f32>,
    /// What the far end says it lost of ours, in percent.
    pub far_loss_percent: Option<f32>,
    /// Round-trip time by RTCP, in ms.
    pub round_trip_ms: Option<f32>,
}

impl MediaRecord {
    /// Packets lost on the way to us, in percent of those that should have come.
    pub fn loss_percent(&self) -> f32 {
        let expected = self.packets_received + self.packets_lost + self.packets_late;
        if expected == 0 {
            0.0
        } else {
            self.packets_lost as f32 * 100.0 / expected as f32
        }
    }
}

impl CallRecord {
    /// The record of a call that just started; its owner fills in what happens.
    pub fn new(info: &CallInfo, app: &str, started: SystemTime) -> Self {
        Self {
            id: info.id,
            direction: info.direction,
            from: info.from.clone(),
            to: info.to.clone(),
            sip_call_id: String::new(),
            peer: String::new(),
            trunk: None,
            provider: None,
            user: None,
            app: app.to_owned(),
            started,
            answered_after: None,
            lasted: Duration::ZERO,
            end: EndReason::Remote,
            detail: None,
            media: None,
            turns: Turns::default(),
            application: AppStats::default(),
        }
    }

    /// Gives the texts room for longer ones.
    fn make_room(&mut self) {
        let texts = [
            &mut self.from,
            &mut self.to,
            &mut self.sip_call_id,
            &mut self.peer,
            &mut self.app,
        ];
        for text in texts {
            text.reserve(TEXT_BYTES_USUAL.saturating_sub(text.len()));
        }
    }

    /// Becomes another record, whose texts are written where ours were.
    fn overwrite(&mut self, newer: Self) {
        let ours = std::mem::replace(self, newer);
        let texts = [
            (&mut self.from, ours.from),
            (&mut self.to, ours.to),
            (&mut self.sip_call_id, ours.sip_call_id),
            (&mut self.peer, ours.peer),
            (&mut self.app, ours.app),
        ];
        for (text, mut place) in texts {
            place.clone_from(text);
            *text = place;
        }
        let names = [
            (&mut self.trunk, ours.trunk),
            (&mut self.provider, ours.provider),
            (&mut self.user, ours.user),
            (&mut self.detail, ours.detail),
        ];
        for (name, mut place) in names {
            place.clone_from(name);
            *name = place;
        }
    }

    /// How long the two sides could talk.
    pub fn talked(&self) -> Duration {
        self.answered_after
            .map_or(Duration::ZERO, |after| self.lasted.saturating_sub(after))
    }
}
