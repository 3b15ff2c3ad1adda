//! Figures of a leg for its record.

use std::time::Instant;

use super::SipLeg;
use crate::{Description, KeyWay, Stats};

/// When things happened.
#[derive(Debug)]
pub(super) struct Times {
    started: Instant,
    pub(super) answered: Option<Instant>,
    pub(super) ended: Option<Instant>,
}

impl Times {
    pub(super) fn new(started: Instant) -> Self {
        Self {
            started,
            answered: None,
            ended: None,
        }
    }
}

impl SipLeg {
    pub(super) fn current_stats(&self) -> Stats {
        let Times {
            started,
            answered,
            ended,
        } = self.times;
        Stats {
            started,
            answered,
            ended,
            media: self.media.statistics(),
        }
    }

    pub(super) fn current_description(&self) -> Description {
        let agreed = self.negotiation.agreed();
        let by_rtp = agreed.is_some_and(|agreed| agreed.dtmf.is_some());
        Description {
            local: Some(self.settings.media),
            remote: agreed.map(|agreed| agreed.remote),
            codec: agreed.map(|agreed| agreed.codec),
            format: None,
            ptime_ms: agreed.map(|agreed| agreed.ptime_ms),
            keys: agreed.map(|_| if by_rtp { KeyWay::Rtp } else { KeyWay::Info }),
            rtcp_mux: agreed.is_some_and(|agreed| agreed.rtcp_mux),
            held: self.hold.is_held(),
        }
    }
}
