//! Asking again: with credentials, by another transport, or at another place.

use super::ask::Ask;
use super::call::Cancel;
use super::client::Purpose;
use super::{Endpoint, Failure, OwnerId, TransactionId};
use crate::digest::DigestClient;
use crate::message::Message;
use std::time::Instant;

/// Challenges one request answers: the first, and one more for a nonce gone stale.
const CHALLENGES_MAX: u8 = 2;

impl Endpoint {
    /// Asks again with credentials, if there are some and this challenge is no refusal of them.
    pub(super) fn retry_with_credentials(
        &mut self,
        now: Instant,
        id: TransactionId,
        challenge: &Message,
    ) -> bool {
        let Some(entry) = self.clients.get(&id) else {
            return false;
        };
        let (owner, purpose, challenges) = (entry.owner, entry.purpose, entry.challenges);
        let (path, draft, elsewhere) = (entry.path, entry.draft.clone(), entry.elsewhere.clone());
        let Some(mut draft) = draft.filter(|_| challenges < CHALLENGES_MAX) else {
            return false;
        };
        let wanted = self.is_wanted(owner);
        let Some(digest) = self.digest_of(owner, purpose).filter(|_| wanted) else {
            return false;
        };
        if digest.take_challenge(challenge, challenges > 0).is_err() {
            return false;
        }
        draft.cseq += 1;
        let ask = Ask {
            owner,
            draft,
            path,
            purpose,
            challenges: challenges + 1,
            may_move: true,
            elsewhere,
        };
        self.supersede(now, id, ask);
        true
    }

    /// Whether nobody has asked meanwhile that the call be cancelled.
    fn is_wanted(&self, owner: OwnerId) -> bool {
        let call = self.calls.get(&owner);
        call.is_none_or(|call| call.cancel == Cancel::No)
    }

    /// Asks at the next place, if there is one (RFC 3263 §4.3): the same request, in a transaction
    /// of its own.
    pub(super) fn ask_elsewhere(&mut self, now: Instant, id: TransactionId) -> bool {
        let Some(entry) = self.clients.get(&id) else {
            return false;
        };
        let (owner, purpose, challenges) = (entry.owner, entry.purpose, entry.challenges);
        let (Some(draft), [path, elsewhere @ ..]) = (entry.draft.clone(), &*entry.elsewhere) else {
            return false;
        };
        if !self.is_wanted(owner) {
            return false;
        }
        let ask = Ask {
            owner,
            draft,
            path: *path,
            purpose,
            challenges,
            may_move: true,
            elsewhere: elsewhere.to_vec(),
        };
        if let Some(call) = self.calls.get_mut(&owner) {
            // What rang at the place before rings no more.
            call.dialogs.clear();
        }
        self.supersede(now, id, ask);
        true
    }

    /// Asks again in place of `old`, which delivers nothing more.
    fn supersede(&mut self, now: Instant, old: TransactionId, ask: Ask) {
        let (owner, cseq) = (ask.owner, ask.draft.cseq);
        let next = self.ask(now, ask);
        if let Some(call) = self.calls.get_mut(&owner) {
            for slot in [&mut call.ours, &mut call.our_update] {
                if *slot == Some(old) {
                    *slot = Some(next);
                }
            }
            if let Some(dialog) = call.dialogs.first_mut() {
                dialog.local_cseq = dialog.local_cseq.max(cseq);
            }
        }
        self.release(old);
    }

    /// The credentials for the requests of an owner.
    pub(super) fn digest_of(
        &mut self,
        owner: OwnerId,
        purpose: Purpose,
    ) -> Option<&mut DigestClient> {
        match purpose {
            Purpose::Errand => self.errands.get_mut(&owner)?.digest.as_deref_mut(),
            Purpose::Register => self.registrations.get_mut(&owner)?.digest.as_deref_mut(),
            _ => self.calls.get_mut(&owner)?.digest.as_deref_mut(),
        }
    }

    /// A request could not be sent. One that went by TCP for its size goes by UDP after all.
    pub(super) fn transmit_failed(&mut self, now: Instant, id: TransactionId) {
        let entry = self
            .clients
            .get(&id)
            .filter(|entry| entry.machine.unanswered());
        let Some(entry) = entry else { return };
        let (owner, purpose, challenges) = (entry.owner, entry.purpose, entry.challenges);
        let elsewhere = entry.elsewhere.clone();
        match (entry.draft.clone(), entry.fallback) {
            (Some(draft), Some(path)) => {
                let ask = Ask {
                    owner,
                    draft,
                    path,
                    purpose,
                    challenges,
                    may_move: false,
                    elsewhere,
                };
                self.supersede(now, id, ask);
            }
            _ => self.client_failed(now, id, Failure::Transport),
        }
        self.close_client(id);
    }
}
