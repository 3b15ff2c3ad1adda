//! What the application is told.

use serde_json::{Value, json};
use trunkline_call::json as spelling;
use trunkline_call::{CallEvent, CommandKind, Mark};

use super::Trunkline;
use crate::marks::{Meaning, meaning};

/// The name and version in `start`.
const PROTOCOL: &str = "trunkline.v1";
/// How much each binary message to the application holds, in ms.
const PTIME_MS: u32 = 20;

impl Trunkline {
    /// The first message of every call.
    pub(super) fn send_start(&mut self) {
        let rate = self.rate.hz();
        let mut start = spelling::info(&self.line.info);
        start["type"] = json!("start");
        start["protocol"] = json!(PROTOCOL);
        // As jambonz and Twilio call it.
        start["callSid"] = start["callId"].clone();
        start["sampleRate"] = json!(rate);
        start["mixType"] = json!("mono");
        start["media"] = json!({
            "encoding": "pcm_s16le", "sampleRate": rate, "channels": 1, "ptime": PTIME_MS,
        });
        self.line.outbox.text(&start);
    }

    /// Any event but audio.
    pub(super) fn send_event(&mut self, event: &CallEvent) {
        if let CallEvent::MarkPlayed { at_ms, .. }
        | CallEvent::Cleared { at_ms, .. }
        | CallEvent::Paused { at_ms } = event
        {
            self.played_ms = *at_ms;
        }
        match event {
            CallEvent::MarkPlayed { mark, at_ms } => self.send_mark(mark, "playout", *at_ms),
            CallEvent::Cleared { at_ms, unplayed } => self.send_cleared(*at_ms, unplayed),
            CallEvent::Paused { at_ms } => {
                let marks: Vec<&str> = self.marks.names().collect();
                let paused = json!({"type": "paused", "atMs": at_ms, "marks": marks});
                self.line.outbox.text(&paused);
            }
            CallEvent::Ended(_) => self.send_spelled(event, |stop, played_ms| {
                stop["playedMs"] = json!(played_ms);
            }),
            _ => {
                if let CallEvent::Refused {
                    command: CommandKind::Mark,
                    ..
                } = event
                {
                    self.marks.refused();
                }
                self.send_spelled(event, |_, _| {});
            }
        }
    }

    fn send_spelled(&mut self, event: &CallEvent, add: impl FnOnce(&mut Value, u64)) {
        if let Some(mut object) = spelling::event(event) {
            add(&mut object, self.played_ms);
            self.line.outbox.text(&object);
        }
    }

    /// `what` is `playout` or `cleared`.
    fn send_mark(&mut self, mark: &Mark, what: &str, at_ms: u64) {
        if !self.marks.settle(mark) {
            return;
        }
        let message = match meaning(mark) {
            Meaning::Named(name) => {
                json!({"type": "mark", "data": {"name": name, "event": what}, "atMs": at_ms})
            }
            Meaning::Played(id) => {
                json!({"type": "playDone", "data": {"id": id, "event": what}, "atMs": at_ms})
            }
        };
        self.line.outbox.text(&message);
    }

    /// Each mark that will not be reached is told by itself, as jambonz does, and all of them
    /// in one message.
    fn send_cleared(&mut self, at_ms: u64, unplayed: &[Mark]) {
        let mut names = Vec::new();
        for mark in unplayed {
            if let (Meaning::Named(name), true) = (meaning(mark), self.marks.waits(mark)) {
                names.push(name);
            }
            self.send_mark(mark, "cleared", at_ms);
        }
        self.line
            .outbox
            .text(&json!({"type": "cleared", "atMs": at_ms, "marks": names}));
    }

    /// Marks that the application took back.
    pub(super) fn send_forgotten(&mut self) {
        for mark in self.marks.forget() {
            let data = json!({"name": mark.name(), "event": "cleared"});
            self.line
                .outbox
                .text(&json!({"type": "mark", "data": data, "atMs": self.played_ms}));
        }
    }

    /// A request that this side turns down by itself.
    pub(super) fn send_refused(&mut self, command: &str, why: &str) {
        self.line
            .outbox
            .text(&json!({"type": "refused", "command": command, "why": why}));
    }
}
