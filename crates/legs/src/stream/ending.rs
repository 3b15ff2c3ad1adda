//! The end of a call, whoever brings it.

use std::time::Instant;

use trunkline_call::{CallEvent, EndReason, GatewayReason};
use trunkline_media::timing::SAMPLES_PER_MS;
use trunkline_streams::CloseCode;
use trunkline_streams::stream::{Down, Hangup};

use super::StreamLeg;
use super::commands::Moving;
use crate::Wish;

/// A close that went as it should (RFC 6455 §7.4.1).
const NORMAL: u16 = 1000;
/// We are going away.
const GOING_AWAY: u16 = 1001;
/// A close frame without a code, as [`CloseCode`] tells it.
const NO_STATUS: u16 = 1005;
/// What came is against the rules of the conversation.
const POLICY: u16 = 1008;
/// A defect of ours.
const INTERNAL: u16 = 1011;

impl StreamLeg {
    /// We end the call, and the provider is told by the means its dialect has.
    pub(super) fn end(&mut self, now: Instant, reason: EndReason) {
        if self.is_over() {
            return;
        }
        self.last_words(now);
        match self.manners.hangup {
            Hangup::Close => {}
            Hangup::Message => {
                self.outbox.say(self.codec.as_mut(), &Down::Hangup);
            }
            // A caller who was moved is with somebody else, and is left there.
            Hangup::Rest if self.moving == Moving::Moved => {}
            Hangup::Rest => self.outbox.ask_provider(Wish::HangUp),
        }
        self.outbox.close(close_code(&reason));
        self.over(now, reason);
    }

    /// The provider says that the stream is over.
    pub(super) fn stopped(&mut self, now: Instant) {
        self.last_words(now);
        self.outbox.close(NORMAL);
        self.conclude_transfer();
        self.over(now, EndReason::Remote);
    }

    /// The connection is closed. Without a word of goodbye, the caller may still be there.
    pub(super) fn closed(&mut self, now: Instant, code: CloseCode) {
        if matches!(code, CloseCode::Frame(NORMAL | GOING_AWAY | NO_STATUS)) {
            self.last_words(now);
            self.conclude_transfer();
            self.over(now, EndReason::Remote);
        } else {
            self.end(now, EndReason::Gateway(GatewayReason::StreamLost));
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// What the application said and has not been heard will not be.
    fn last_words(&mut self, now: Instant) {
        let now_us = self.since_answer_us(now);
        // The provider drops what it has, now that the call is over.
        let dropped = self.speech.clear(now_us, true);
        let heard = self.speech.heard(now_us);
        if self.spoke {
            self.tell_dropped(dropped, heard / SAMPLES_PER_MS);
        }
    }

    fn over(&mut self, now: Instant, reason: EndReason) {
        self.ended = Some(now);
        self.outbox.tell(CallEvent::Ended(reason));
        self.outbox.finish();
    }
}

fn close_code(reason: &EndReason) -> u16 {
    match reason {
        EndReason::Gateway(GatewayReason::StreamNonsense) => POLICY,
        EndReason::Gateway(GatewayReason::Shutdown) => GOING_AWAY,
        EndReason::Gateway(GatewayReason::Internal) => INTERNAL,
        _ => NORMAL,
    }
}
