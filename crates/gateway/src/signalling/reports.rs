//! What shards tell of their calls.

use super::Desk;
use super::card::{Card, PlacedFor, Way};
use crate::shard::{CallKey, Report, ToCall, ToShard, Trouble};
use serde_json::json;
use std::time::Instant;
use trunkline_call::record::CallRecord;
use trunkline_call::{CallCommand, CallEvent, EndReason, GatewayReason, HangupCause};
use trunkline_legs::{DialNews, DialPurpose};
use trunkline_sip::endpoint::Reply;

impl Desk {
    pub(super) fn reported(&mut self, report: Report) {
        match report {
            Report::Signal(key, action) => {
                self.act(action);
                self.note_call_id(key);
            }
            Report::Event(key, event) => self.event(key, &event),
            Report::Dial {
                key,
                purpose,
                target,
                headers,
            } => {
                self.dial_for(PlacedFor { key, purpose }, target, headers);
            }
            Report::Redial(key) => self.redial(key),
            Report::Errand(id, errand) => self.errand(id, errand),
            Report::AtProvider(key, wish) => self.ask_provider(key, wish),
            Report::Finished(key, last) => self.finished(key, *last),
        }
    }

    /// A call of ours has its Call-ID from its first INVITE on.
    fn note_call_id(&mut self, key: CallKey) {
        if let Some(card) = self.cards.get_mut(&key)
            && let Way::Sip { owner, .. } = card.way
            && card.record.sip_call_id.is_empty()
        {
            let call_id = self.endpoint.call_id(owner).unwrap_or_default();
            card.record.sip_call_id = call_id.to_owned();
        }
    }

    fn event(&mut self, key: CallKey, event: &CallEvent) {
        let Some(card) = self.cards.get_mut(&key) else {
            return;
        };
        card.note(event, Instant::now());
        self.control.metrics().happened(event);
        let id = card.info.id;
        let placed_for = card.placed_for;
        self.control.announce("call.event", || {
            json!({"callId": id.to_string(), "event": trunkline_call::json::event(event)})
                .to_string()
        });
        if let Some(placed_for) = placed_for {
            self.news_of_placed(key, placed_for, event);
        }
        if let CallEvent::Ended(_) = event {
            self.give_up_placed_for(key);
        }
    }

    /// Hangs up the legs that were being placed for a call that has ended.
    fn give_up_placed_for(&self, key: CallKey) {
        let waits = |card: &&Card| {
            card.answered.is_none() && card.placed_for.is_some_and(|whose| whose.key == key)
        };
        for card in self.cards.values().filter(waits) {
            self.tell(
                card.key,
                ToCall::Command(CallCommand::Hangup(HangupCause::Normal)),
            );
        }
    }

    /// Tells the call that another was placed for how that one is doing.
    fn news_of_placed(&mut self, key: CallKey, placed_for: PlacedFor, event: &CallEvent) {
        let news = match event {
            CallEvent::Ringing => DialNews::Progress { code: 180 },
            CallEvent::Answered => return self.connect(key, placed_for),
            CallEvent::Ended(reason) if !self.was_answered(key) => failure(reason),
            _ => return,
        };
        self.tell(placed_for.key, ToCall::Dial(news));
    }

    fn was_answered(&self, key: CallKey) -> bool {
        self.cards
            .get(&key)
            .is_some_and(|card| card.answered.is_some())
    }

    /// Brings an additional leg that was answered together with the call it was placed for.
    fn connect(&mut self, key: CallKey, placed_for: PlacedFor) {
        if matches!(placed_for.purpose, DialPurpose::Join) {
            for joined in [key, placed_for.key] {
                if let Some(card) = self.cards.get_mut(&joined) {
                    card.joined = true;
                }
            }
        }
        let Some(card) = self.cards.get(&key) else {
            return;
        };
        let (shard, call) = (card.shard, placed_for.key);
        match placed_for.purpose {
            // The application hears how its transfer went, and is let go after that.
            DialPurpose::Join => {
                self.tell(call, ToCall::Dial(DialNews::Up));
                self.shards[shard].tell(ToShard::Join {
                    caller: call,
                    callee: key,
                });
            }
            // The application has left its old call before that learns that it is over.
            DialPurpose::Replace => {
                self.take_document(call, key);
                self.shards[shard].tell(ToShard::Replace {
                    from: call,
                    to: key,
                });
                self.tell(call, ToCall::Dial(DialNews::Up));
            }
        }
    }

    fn finished(&mut self, key: CallKey, last: crate::shard::Final) {
        let Some(mut card) = self.cards.remove(&key) else {
            return;
        };
        let now = Instant::now();
        self.keys.remove(&card.info.id);
        if let Way::Sip { rtp_port, .. } = card.way {
            self.ports.release(rtp_port, now);
        }
        if let Some(trouble) = &last.trouble {
            let call = card.info.id;
            match trouble {
                Trouble::Panicked => {
                    tracing::error!(%call, "a defect ended this call; please report it");
                }
                Trouble::NoSockets(why) => {
                    tracing::error!(%call, "this call is refused, it has no sockets: {why}");
                }
            }
            let ended = CallEvent::Ended(EndReason::Gateway(GatewayReason::Internal));
            card.note(&ended, now);
            if let Way::Sip { owner, .. } = card.way {
                self.refuse(owner, Reply::new(500));
            }
        }
        self.keep(super::remains::record(card, last));
    }

    /// Keeps what is left of a call.
    pub(super) fn keep(&self, record: CallRecord) {
        self.control
            .announce("call.ended", || record.to_json().to_string());
        self.control.metrics().ended(&record);
        self.records.write(&record);
        self.control.records().push(record);
    }
}

/// What to tell a call whose additional leg did not come up.
fn failure(reason: &EndReason) -> DialNews {
    let (code, text) = match reason {
        EndReason::Upstream { code, text } => (*code, text.clone()),
        EndReason::Gateway(GatewayReason::NoAnswer | GatewayReason::SignallingTimeout) => {
            (408, "Request Timeout".to_owned())
        }
        EndReason::Gateway(_) => (503, "Service Unavailable".to_owned()),
        EndReason::App(_) | EndReason::Remote => (487, "Request Terminated".to_owned()),
    };
    DialNews::Failed { code, text }
}
