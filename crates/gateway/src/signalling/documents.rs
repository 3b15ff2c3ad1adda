//! Calls that follow a document in place of their application.

use super::{Card, Desk, Inner};
use crate::control::ControlError;
use crate::shard::{CallKey, ToCall};
use crate::twiml::{Done, do_errand};
use std::sync::Arc;
use trunkline_call::{CallId, Why};
use trunkline_streams::Document;
use trunkline_streams::document::{Brought, Errand, ErrandId, Step};

/// What came of an errand.
pub struct Outcome {
    /// Whether a connection was to be opened.
    is_stream: bool,
    done: Result<Done, String>,
}

impl Desk {
    /// Lets a call's application go and has the call follow these steps. Whoever is joined with
    /// another call has no application, and hears that one.
    pub(super) fn follow(&mut self, id: CallId, steps: Vec<Step>) -> Result<(), ControlError> {
        let key = self.live(id)?;
        let number = self.new_key().0;
        let card = self.cards.get_mut(&key).ok_or(ControlError::NoSuchCall)?;
        if card.joined || card.placed_for.is_some() {
            return Err(ControlError::Refused(Why::NotNow));
        }
        card.document = Some(number);
        card.waits = false;
        let document = Document::new(number, card.info.clone(), steps);
        self.tell(key, ToCall::Follow(Box::new(document)));
        Ok(())
    }

    /// Whether a call follows a document.
    pub(super) fn follows(&self, key: CallKey) -> bool {
        let card = self.cards.get(&key);
        card.is_some_and(|card| card.document.is_some())
    }

    /// Lets a call follow the document of another, whose application it takes over.
    pub(super) fn take_document(&mut self, from: CallKey, to: CallKey) {
        let document = self
            .cards
            .get_mut(&from)
            .and_then(|card| card.document.take());
        if let Some(card) = self.cards.get_mut(&to) {
            card.document = document;
        }
    }

    /// Whoever follows a document: it may have moved since it asked for something.
    fn follower(&mut self, document: u64) -> Option<&mut Card> {
        let mut cards = self.cards.values_mut();
        cards.find(|card| card.document == Some(document))
    }

    /// Does something for a document, unless another has taken its place.
    pub(super) fn errand(&mut self, id: ErrandId, errand: Errand) {
        let Some(card) = self.follower(id.document) else {
            return;
        };
        let info = card.info.clone();
        let settings = Arc::clone(&self.settings);
        let news = self.to_inner.clone();
        tokio::spawn(async move {
            let is_stream = matches!(errand, Errand::Stream(_));
            let done = do_errand(errand, &info, settings).await;
            let outcome = Outcome { is_stream, done };
            let _ = news.send(Inner::Errand(id, outcome)).await;
        });
    }

    /// Brings a document what came of its errand.
    pub(super) fn errand_done(&mut self, id: ErrandId, outcome: Outcome) {
        let Some(card) = self.follower(id.document) else {
            return;
        };
        let key = card.key;
        let told = match outcome.done {
            Ok(Done::Brought(brought)) => ToCall::Brought(id, brought),
            Ok(Done::Connected(socket)) => ToCall::Opened(socket),
            Err(why) => {
                tracing::warn!(call = %card.info.id, "the document of a call: {why}");
                card.record.detail = Some(why);
                match outcome.is_stream {
                    true => ToCall::OpenFailed,
                    false => ToCall::Brought(id, Brought::Nothing),
                }
            }
        };
        self.tell(key, told);
    }
}
