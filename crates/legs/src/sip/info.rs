//! Keys: pressed by us, heard from the far end, by RTP and by INFO.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use trunkline_call::{CallEvent, CommandKind, Digit, Why};
use trunkline_sip::endpoint::{Action, Body, DialogRequest, Reply, TransactionId};
use trunkline_sip::{Message, Method};

use super::keys::Way;
use super::{Phase, SipLeg, relay};

/// The most keys that wait for the INFO before them to be answered.
const WAITING_MAX: usize = 64;

/// Keys that go by INFO. One INFO at a time: the far end sees them in the order of their
/// transactions, and one lost would let the next overtake it.
#[derive(Debug, Default)]
pub(super) struct Infos {
    waiting: VecDeque<(Digit, u32)>,
    is_open: bool,
}

impl SipLeg {
    /// `SendDtmf`.
    pub(super) fn press(&mut self, now: Instant, digit: Digit, duration_ms: u32) {
        if !matches!(self.phase, Phase::Up) {
            return self.refuse(CommandKind::SendDtmf, Why::NotNow);
        }
        if self
            .negotiation
            .agreed()
            .is_some_and(|agreed| agreed.dtmf.is_some())
        {
            return self.media.press(now, digit, duration_ms);
        }
        if self.infos.waiting.len() >= WAITING_MAX {
            return self.refuse(CommandKind::SendDtmf, Why::Full);
        }
        self.infos.waiting.push_back((digit, duration_ms));
        self.send_info();
    }

    fn send_info(&mut self) {
        if self.infos.is_open {
            return;
        }
        let Some((digit, duration_ms)) = self.infos.waiting.pop_front() else {
            return;
        };
        self.infos.is_open = true;
        let mut request = DialogRequest::new(Method::Info);
        request.body = Some(Body {
            content_type: relay::DTMF_RELAY.into(),
            bytes: relay::print(digit, duration_ms).into_bytes().into(),
        });
        self.signal(Action::Request {
            owner: self.owner,
            request,
        });
    }

    /// An INFO of ours was answered, or not, with this status.
    pub(super) fn on_info_response(&mut self, code: u16) {
        if code < 200 {
            return;
        }
        self.infos.is_open = false;
        if code >= 300 {
            self.refuse(CommandKind::SendDtmf, Why::Failed(code));
        }
        self.send_info();
    }

    /// An INFO of the far end. One without a body asks for nothing but an answer (RFC 6086 §4.2.2).
    pub(super) fn on_info(&mut self, now: Instant, transaction: TransactionId, request: &Message) {
        let content_type = request.content_type().unwrap_or_default();
        if !request.body().is_empty() && !relay::is_understood(content_type) {
            let reply = Reply::new(415).header("Accept", relay::DTMF_RELAY);
            return self.respond(transaction, reply);
        }
        self.respond(transaction, Reply::new(200));
        if let Some((digit, duration_ms)) = relay::parse(content_type, request.body()) {
            self.on_key(now, Way::Info, digit, duration_ms);
        }
    }

    /// A key of the far end, however it came.
    pub(super) fn on_key(&mut self, now: Instant, way: Way, digit: Digit, duration_ms: u32) {
        let press = Duration::from_millis(duration_ms.into());
        if matches!(self.phase, Phase::Up) && self.keys.is_new(now, way, digit, press) {
            self.tell(CallEvent::Dtmf { digit, duration_ms });
        }
    }
}
