//! What came of a call.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use trunkline_audio::{SAMPLE_RATE_HZ, wav};
use trunkline_call::{CommandKind, Digit, EndReason, Why};
use trunkline_legs::Description;
use trunkline_media::session::Statistics;

use crate::alignment::{align, likeness};
use crate::ladder::Ladder;
use crate::tape::Tape;

/// The longest round trip that is looked for.
const ROUND_TRIP_MAX: Duration = Duration::from_millis(600);
/// By how much a jitter buffer may change the delay in mid-call.
const WANDER_MAX: Duration = Duration::from_millis(60);
/// What is less like what was said than this is another sound.
const LIKENESS_MIN: f64 = 0.5;

/// A call that is over.
pub struct Report {
    /// Every message, and the audio as one rung each way.
    pub ladder: Ladder,
    /// What went out.
    pub sent: Tape,
    /// What came in.
    pub heard: Tape,
    /// Why it ended.
    pub end: EndReason,
    /// From the INVITE to the first sign of ringing.
    pub rang_after: Option<Duration>,
    /// From the INVITE to the answer.
    pub answered_after: Option<Duration>,
    /// From answer to end.
    pub lasted: Duration,
    /// What was agreed.
    pub description: Option<Description>,
    /// What the session counted; `None` where the call was never answered.
    pub media: Option<Statistics>,
    /// Keys the far end pressed.
    pub keys: Vec<Digit>,
    /// What of the script was not carried out.
    pub refused: Vec<(CommandKind, Why)>,
    /// The address that said that nobody listens there.
    pub unreachable: Option<SocketAddr>,
}

/// What was said, found in what was heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoundTrip {
    /// From a sample's packet on the wire to the same sample's packet back.
    pub delay: Duration,
    /// How like the two are, up to 1 ([`likeness`]).
    pub likeness: f64,
}

impl Report {
    /// The delay and likeness of an echo. `None` where what was said did not come back.
    pub fn round_trip(&self) -> Option<RoundTrip> {
        let offset = self.heard_after_sent()?;
        let most = samples_in(ROUND_TRIP_MAX);
        let (sent, heard) = (self.sent.samples(), self.heard.samples());
        let found = align(sent, heard, (-offset, most - offset))?;
        let late = u32::try_from(found.lag + offset).ok()?;
        let likeness = likeness(sent, heard, found.lag, samples_in(WANDER_MAX));
        let delay = Duration::from_secs_f64(f64::from(late) / f64::from(SAMPLE_RATE_HZ));
        (likeness >= LIKENESS_MIN).then_some(RoundTrip { delay, likeness })
    }

    /// Both sides as a WAV file, sample by sample as they were on the wire here: left is what was
    /// sent, right what was heard.
    pub fn stereo(&self) -> Vec<u8> {
        let (sent, heard) = self.sides();
        wav::write_stereo(SAMPLE_RATE_HZ, &sent, &heard)
    }

    /// What was sent and what was heard, on one time line.
    pub fn sides(&self) -> (Vec<i16>, Vec<i16>) {
        let offset = self.heard_after_sent().unwrap_or(0);
        let sent = shifted(self.sent.samples(), -offset);
        let heard = shifted(self.heard.samples(), offset);
        (sent, heard)
    }

    /// Which sample of that time line was on the wire at this time; 0 where it was before the first.
    pub fn position(&self, at: Instant) -> u64 {
        let origins = [self.sent.origin(), self.heard.origin()];
        let begun = origins.into_iter().flatten().min();
        let since = begun.map(|begun| at.saturating_duration_since(begun));
        u64::try_from(samples_in(since.unwrap_or_default())).unwrap_or(0)
    }

    /// By how many samples the tape of what was heard begins after the other.
    fn heard_after_sent(&self) -> Option<i64> {
        let (sent, heard) = (self.sent.origin()?, self.heard.origin()?);
        let later = samples_in(heard.saturating_duration_since(sent));
        let earlier = samples_in(sent.saturating_duration_since(heard));
        Some(later - earlier)
    }
}

/// The samples after so many of silence, if any.
fn shifted(samples: &[i16], by: i64) -> Vec<i16> {
    let silence = usize::try_from(by).unwrap_or(0);
    let silence = std::iter::repeat_n(0, silence);
    silence.chain(samples.iter().copied()).collect()
}

fn samples_in(duration: Duration) -> i64 {
    (duration.as_secs_f64() * f64::from(SAMPLE_RATE_HZ)).round() as i64
}
