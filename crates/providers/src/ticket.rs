//! Tickets of media streams. An answer document carries one in the URL of its stream, so that only
//! the provider that was answered can open it, and only once: some providers sign their webhooks
//! but not the handshake that follows.

use crate::provider::Provider;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::{digest, hmac};
use std::collections::HashMap;

/// How long after the answer a stream may be opened: as long as a `<Dial>` before it may ring.
pub const VALID_S: u64 = 300;
/// The most tickets that are remembered as used; more streams than that in [`VALID_S`] are refused.
pub const USED_MAX: usize = 65_536;

const TIME_BYTES: usize = 8;
const CALL_BYTES: usize = 8;
const PROOF_BYTES: usize = 16;
const TICKET_BYTES: usize = TIME_BYTES + CALL_BYTES + PROOF_BYTES;

/// Why a stream is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// Not one of ours, or another provider's.
    #[error("the stream's URL carries no ticket of this gateway")]
    Unknown,
    /// Too old.
    #[error("the stream's ticket is older than {VALID_S} s")]
    Expired,
    /// A stream was opened with it.
    #[error("the stream's ticket was used before")]
    Used,
    /// [`USED_MAX`] tickets are remembered.
    #[error("more than {USED_MAX} streams were opened within {VALID_S} s")]
    Full,
}

/// Issues tickets and takes them back.
#[derive(Debug)]
pub struct Tickets {
    key: hmac::Key,
    /// Until when each used ticket would have been good, in seconds since 1970.
    used: HashMap<[u8; TICKET_BYTES], u64>,
}

impl Tickets {
    /// An office whose tickets nobody can make who does not know the seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &seed),
            used: HashMap::new(),
        }
    }

    /// A ticket for a call's stream; `now_s` is seconds since 1970. A webhook that comes twice
    /// within a minute gets the same ticket twice.
    pub fn issue(&self, provider: Provider, call: &str, now_s: u64) -> String {
        let until_s = (now_s / 60 + 1) * 60 + VALID_S;
        let call = digest::digest(&digest::SHA256, call.as_bytes());
        let call = call.as_ref().iter().copied().take(CALL_BYTES);
        let mut ticket: Vec<u8> = until_s.to_be_bytes().into_iter().chain(call).collect();
        let proof = hmac::sign(&self.key, &proven(provider, &ticket));
        ticket.extend(proof.as_ref().iter().take(PROOF_BYTES));
        URL_SAFE_NO_PAD.encode(ticket)
    }

    /// Takes a ticket back.
    ///
    /// # Errors
    /// Why it opens no stream.
    pub fn admit(
        &mut self,
        provider: Provider,
        ticket: &str,
        now_s: u64,
    ) -> Result<(), NotAdmitted> {
        let bytes = URL_SAFE_NO_PAD.decode(ticket);
        let bytes = bytes.map_err(|_| NotAdmitted::Unknown)?;
        let ticket: [u8; TICKET_BYTES] = bytes.try_into().map_err(|_| NotAdmitted::Unknown)?;
        let until_s = self.checked(provider, &ticket)?;
        if until_s < now_s {
            return Err(NotAdmitted::Expired);
        }
        if self.used.len() >= USED_MAX {
            self.used.retain(|_, until_s| *until_s >= now_s);
        }
        if self.used.contains_key(&ticket) {
            return Err(NotAdmitted::Used);
        }
        if self.used.len() >= USED_MAX {
            return Err(NotAdmitted::Full);
        }
        self.used.insert(ticket, until_s);
        Ok(())
    }

    /// Until when the ticket is good, once it is proven to be ours.
    fn checked(&self, provider: Provider, ticket: &[u8; TICKET_BYTES]) -> Result<u64, NotAdmitted> {
        let (said, given) = ticket.split_at(TIME_BYTES + CALL_BYTES);
        let proof = hmac::sign(&self.key, &proven(provider, said));
        // A digest of digests: the time to compare two of them says nothing of the proof.
        let digested = |bytes: &[u8]| hmac::sign(&self.key, bytes);
        let proof = proof.as_ref().get(..PROOF_BYTES).unwrap_or_default();
        if digested(proof).as_ref() != digested(given).as_ref() {
            return Err(NotAdmitted::Unknown);
        }
        let time = said.first_chunk().ok_or(NotAdmitted::Unknown)?;
        Ok(u64::from_be_bytes(*time))
    }
}

fn proven(provider: Provider, said: &[u8]) -> Vec<u8> {
    [provider.word().as_bytes(), b"|", said].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: u64 = 1_700_000_000;

    fn tickets() -> Tickets {
        Tickets::new([7; 32])
    }

    #[test]
    fn a_ticket_opens_one_stream_of_its_provider() {
        let mut tickets = tickets();
        let ticket = tickets.issue(Provider::Telnyx, "c1", NOW_S);
        assert!(
            ticket
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        );
        let admit = |tickets: &mut Tickets, provider| tickets.admit(provider, &ticket, NOW_S + 9);
        assert_eq!(
            admit(&mut tickets, Provider::Twilio),
            Err(NotAdmitted::Unknown)
        );
        assert_eq!(admit(&mut tickets, Provider::Telnyx), Ok(()));
        assert_eq!(
            admit(&mut tickets, Provider::Telnyx),
            Err(NotAdmitted::Used)
        );
    }

    #[test]
    fn a_repeated_webhook_gets_the_same_ticket() {
        let tickets = tickets();
        let issue = |call, now_s| tickets.issue(Provider::Twilio, call, now_s);
        let minute = NOW_S / 60 * 60;
        assert_eq!(issue("c1", minute), issue("c1", minute + 59));
        assert_ne!(issue("c1", minute), issue("c2", minute));
    }

    #[test]
    fn an_old_ticket_opens_nothing() {
        let mut tickets = tickets();
        let ticket = tickets.issue(Provider::Plivo, "c1", NOW_S);
        let late = NOW_S + VALID_S + 61;
        assert_eq!(
            tickets.admit(Provider::Plivo, &ticket, late),
            Err(NotAdmitted::Expired)
        );
        assert_eq!(
            tickets.admit(Provider::Plivo, &ticket, NOW_S + VALID_S),
            Ok(())
        );
    }

    #[test]
    fn no_other_text_is_a_ticket() {
        let mut tickets = tickets();
        let ticket = tickets.issue(Provider::Plivo, "c1", NOW_S);
        for at in 0..ticket.len() {
            let mut changed = ticket.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let verdict = tickets.admit(Provider::Plivo, &changed, NOW_S);
            assert_eq!(verdict, Err(NotAdmitted::Unknown), "{changed}");
        }
        let strangers = Tickets::new([8; 32]).issue(Provider::Plivo, "c1", NOW_S);
        for other in ["", "x", &ticket[1..], &strangers] {
            let verdict = tickets.admit(Provider::Plivo, other, NOW_S);
            assert_eq!(verdict, Err(NotAdmitted::Unknown));
        }
    }

    #[test]
    fn used_tickets_are_forgotten_once_they_are_old() {
        let mut tickets = tickets();
        for call in 0..USED_MAX {
            let ticket = tickets.issue(Provider::Twilio, &call.to_string(), NOW_S);
            tickets.admit(Provider::Twilio, &ticket, NOW_S).unwrap();
        }
        let now = tickets.issue(Provider::Twilio, "one more", NOW_S);
        assert_eq!(
            tickets.admit(Provider::Twilio, &now, NOW_S),
            Err(NotAdmitted::Full)
        );
        let later_s = NOW_S + VALID_S + 61;
        let later = tickets.issue(Provider::Twilio, "later", later_s);
        assert_eq!(tickets.admit(Provider::Twilio, &later, later_s), Ok(()));
        assert_eq!(tickets.used.len(), 1);
    }
}
