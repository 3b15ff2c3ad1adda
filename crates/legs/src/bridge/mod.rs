//! Two legs joined: what one says, the other hears.

use trunkline_call::{CallCommand, CallEvent, EndReason, HangupCause, SAMPLE_RATE_HZ};

#[cfg(test)]
mod tests;

/// One of the two legs of a [`Bridge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The leg that was there first.
    Caller,
    /// The leg that was placed for it.
    Callee,
}

impl Side {
    /// The one across.
    pub const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::Caller => 0,
            Self::Callee => 1,
        }
    }
}

/// How a bridged call came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BridgeEnd {
    /// Whose end came first.
    pub first: Side,
    /// Why that leg ended.
    pub reason: EndReason,
}

/// Joins two answered legs at 16 kHz: audio and keys of each go to the other, and when one ends
/// the other is hung up.
///
/// It stands where the applications of both legs stood: give it their events, and pass the
/// command it answers with to the other leg. It holds nothing but which legs still live, so a
/// frame crosses without a copy and without an allocation; the playout of the far leg keeps the
/// pace. Both legs must be driven by one clock, as the legs of one media shard are. What an
/// application left behind is not the bridge's: give a leg `Clear` and `Continue` before it is
/// joined.
#[derive(Debug, Default)]
pub struct Bridge {
    ended: [bool; 2],
    /// Sides that are on hold, and so are not to hear the other.
    held: [bool; 2],
    first_end: Option<BridgeEnd>,
    /// Samples that went to each leg, by [`Side::index`].
    carried: [u64; 2],
}

impl Bridge {
    /// A bridge of two legs that are both up.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the *other* leg is to do about an event of the leg on this side.
    pub fn on_event<'a>(&mut self, side: Side, event: &'a CallEvent) -> Option<CallCommand<'a>> {
        if let CallEvent::Ended(reason) = event {
            return self.on_ended(side, reason);
        }
        if self.first_end.is_some() {
            return None;
        }
        match event {
            // It would wait there, and delay all that is said after the hold.
            CallEvent::Audio { .. } if self.held[side.other().index()] => None,
            CallEvent::Audio { frame, .. } => {
                self.carried[side.other().index()] += frame.samples().len() as u64;
                Some(CallCommand::Play(frame.samples().into()))
            }
            CallEvent::Dtmf { digit, duration_ms } => Some(CallCommand::SendDtmf {
                digit: *digit,
                duration_ms: *duration_ms,
            }),
            // One side's hold is not passed on: it hears and says nothing, which the other hears
            // as silence.
            CallEvent::Held | CallEvent::Resumed => {
                self.held[side.index()] = matches!(event, CallEvent::Held);
                None
            }
            // Playout, queue and refusals concern nobody across.
            _ => None,
        }
    }

    fn on_ended(&mut self, side: Side, reason: &EndReason) -> Option<CallCommand<'static>> {
        self.ended[side.index()] = true;
        if self.first_end.is_none() {
            self.first_end = Some(BridgeEnd {
                first: side,
                reason: reason.clone(),
            });
        }
        let other_lives = !self.ended[side.other().index()];
        other_lives.then_some(CallCommand::Hangup(HangupCause::Normal))
    }

    /// Milliseconds of audio passed on to the leg of this side.
    pub fn carried_ms(&self, to: Side) -> u64 {
        self.carried[to.index()] * 1000 / u64::from(SAMPLE_RATE_HZ)
    }

    /// Which leg ended first and why; `None` while both live.
    pub fn first_end(&self) -> Option<&BridgeEnd> {
        self.first_end.as_ref()
    }

    /// Whether both legs have ended, so that nothing is left to join.
    pub fn is_over(&self) -> bool {
        self.ended == [true, true]
    }
}
