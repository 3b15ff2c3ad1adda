//! How far a call has come, and what becomes of it.

use std::time::Instant;

use trunkline_call::{CallCommand, CallEvent, CommandKind, HangupCause, Headers, TransferMode};

use super::ending::{Ending, What};
use super::outbox::Outbox;
use crate::settings::Settings;

/// How far a call has come.
#[derive(Debug, Default)]
pub(super) struct Course {
    answered: Option<Instant>,
    /// What is done once all was said.
    pub ending: Option<Ending>,
    pub on_hold: bool,
    pub transferring: bool,
    /// Nothing that happens changes anything any more.
    pub over: bool,
}

impl Course {
    /// The call was answered: whether that is news.
    pub fn answer(&mut self, now: Instant) -> bool {
        let is_news = self.answered.is_none();
        self.answered.get_or_insert(now);
        is_news
    }

    pub fn is_answered(&self) -> bool {
        self.answered.is_some()
    }

    /// Whether the caller is there to be talked to.
    pub fn is_under_way(&self) -> bool {
        self.is_answered() && !self.on_hold && !self.transferring
    }

    /// Whether nothing that the caller says changes the ending.
    pub fn is_final(&self) -> bool {
        self.ending.as_ref().is_some_and(|ending| ending.is_final)
    }

    /// Whether nothing that the caller says or does changes what comes next.
    pub fn is_leaving(&self) -> bool {
        self.transferring || self.is_final()
    }

    /// When the call is too long; nothing once that is being said.
    pub fn longest(&self, settings: &Settings) -> Option<Instant> {
        let answered = self.answered.filter(|_| !self.is_leaving());
        answered.map(|answered| answered + settings.longest)
    }

    /// Ends the call once all was said, whatever else happens.
    pub fn end_finally(&mut self, cause: HangupCause) {
        self.ending = Some(Ending {
            what: What::HangUp(cause),
            is_final: true,
        });
    }

    /// All was said: does what was to be done then.
    pub fn conclude(&mut self, outbox: &mut Outbox) {
        match self.ending.take().map(|ending| ending.what) {
            Some(What::HangUp(cause)) => {
                outbox.command(CallCommand::Hangup(cause));
                // What else the call tells changes nothing.
                self.over = true;
            }
            Some(What::Transfer(target)) => {
                self.transferring = true;
                outbox.command(CallCommand::Transfer {
                    target,
                    headers: Headers::default(),
                    mode: TransferMode::default(),
                });
            }
            None => {}
        }
    }
}

/// Why the caller could not be handed over, where the call says so.
pub(super) fn not_transferred(event: &CallEvent) -> Option<String> {
    match event {
        CallEvent::Transferred(outcome) if !(200..300).contains(&outcome.code) => {
            Some(format!("{} {}", outcome.code, outcome.text))
        }
        CallEvent::Refused { command, why } if *command == CommandKind::Transfer => {
            Some(why.word().to_owned())
        }
        _ => None,
    }
}
