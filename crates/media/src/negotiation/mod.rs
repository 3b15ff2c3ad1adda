//! Offer and answer (RFC 3264) for the one audio stream of a call: text in, text and [`Agreed`]
//! out.
//!
//! The machine knows no SIP. Its owner carries the texts: an offer of ours in an INVITE, or in
//! the 200 to an INVITE that had none, ends with [`Negotiation::handle_answer`] or, when refused
//! by 488 or 491, with [`Negotiation::handle_refusal`]. An offer of the peer is answered or
//! refused at once by [`Negotiation::handle_offer`]. Whatever fails leaves the agreement before
//! it in force.

mod agreed;
mod answer;
mod capabilities;
mod error;
mod local;
mod remote;

use local::{LocalStream, Section};
use remote::Mapping;

pub use agreed::{Agreed, PayloadTypes};
pub use capabilities::{Change, LocalCapabilities, PTIME_MAX_MS, PTIME_MIN_MS};
pub use error::NegotiationError;

use crate::sdp::{Direction, SessionDescription};

/// The negotiation of one call.
#[derive(Debug)]
pub struct Negotiation {
    stable: LocalStream,
    agreed: Option<Agreed>,
    offer: OfferState,
    /// What we sent last. Versions never run back, not even after a refusal, so that one number
    /// never names two descriptions (RFC 3264 §8).
    sent: Option<SessionDescription>,
    version: u64,
}

/// An answer to the peer's offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The description to send.
    pub text: String,
    /// What holds from now on.
    pub agreed: Agreed,
}

/// Where our last offer stands.
#[derive(Debug, Clone)]
enum OfferState {
    /// None of ours is the last exchange.
    None,
    /// Sent, unanswered.
    Open(Offered),
    /// Answered. Another answer to the same offer may follow: a forked INVITE has several.
    Answered(Offered),
}

/// An offer of ours.
#[derive(Debug, Clone)]
struct Offered {
    /// What holds once it is answered.
    next: LocalStream,
    formats: Vec<Mapping>,
    direction: Direction,
    rtcp_mux: bool,
}

impl Negotiation {
    /// A negotiation before its first offer.
    pub fn new(capabilities: LocalCapabilities) -> Self {
        Self {
            version: capabilities.session_version,
            stable: LocalStream::new(capabilities),
            agreed: None,
            offer: OfferState::None,
            sent: None,
        }
    }

    /// What is agreed, once something is.
    pub fn agreed(&self) -> Option<&Agreed> {
        self.agreed.as_ref()
    }

    /// The description we sent last: what a 200 repeats after a 183 carried it.
    pub fn local_description(&self) -> Option<String> {
        self.sent.as_ref().map(ToString::to_string)
    }

    /// Whether an offer of ours awaits its answer.
    pub const fn has_open_offer(&self) -> bool {
        matches!(self.offer, OfferState::Open(_))
    }

    /// Makes an offer. The same description as the last keeps its version: a session refresh.
    ///
    /// # Errors
    /// [`NegotiationError::Glare`] while an earlier offer is open,
    /// [`NegotiationError::NothingToOffer`] without a codec.
    pub fn offer(&mut self, change: &Change) -> Result<String, NegotiationError> {
        if self.has_open_offer() {
            return Err(NegotiationError::Glare);
        }
        let mut next = self.stable.changed(change);
        if next.capabilities.codecs.is_empty() {
            return Err(NegotiationError::NothingToOffer);
        }
        let formats = next.formats_to_offer(self.agreed.as_ref().map(|agreed| agreed.codec));
        let section = Section {
            protocol: next.protocol(),
            formats: formats.clone(),
            direction: next.wish,
            ptime_ms: next.capabilities.ptime_ms.clamp(PTIME_MIN_MS, PTIME_MAX_MS),
            rtcp_mux: next.capabilities.rtcp_mux,
        };
        next.place(&section);
        let text = self.send(&next);
        let Section {
            direction,
            rtcp_mux,
            ..
        } = section;
        self.offer = OfferState::Open(Offered {
            next,
            formats,
            direction,
            rtcp_mux,
        });
        Ok(text)
    }

    /// Answers the peer's offer.
    ///
    /// # Errors
    /// Why the offer is refused; [`NegotiationError::status`] is the response's code.
    pub fn handle_offer(&mut self, offer: &[u8]) -> Result<Answer, NegotiationError> {
        if self.has_open_offer() {
            return Err(NegotiationError::Glare);
        }
        let offer = SessionDescription::parse(offer)?;
        let mut next = self.stable.clone();
        let agreed = answer::answer(&offer, &mut next, self.agreed.as_ref())?;
        let text = self.send(&next);
        self.stable = next;
        self.offer = OfferState::None;
        self.agreed = Some(agreed.clone());
        Ok(Answer { text, agreed })
    }

    /// Takes the peer's answer to our offer. A later answer to the same offer, as a forked
    /// INVITE gets, replaces the first.
    ///
    /// # Errors
    /// Why the answer is no agreement; the offer is closed as if it had been refused.
    pub fn handle_answer(&mut self, answer: &[u8]) -> Result<Agreed, NegotiationError> {
        let offered = match std::mem::replace(&mut self.offer, OfferState::None) {
            OfferState::None => return Err(NegotiationError::UnexpectedAnswer),
            OfferState::Open(offered) | OfferState::Answered(offered) => offered,
        };
        let answer = SessionDescription::parse(answer)?;
        let agreed = answer::accept(&answer, &offered, self.agreed.as_ref())?;
        self.stable = offered.next.clone();
        self.offer = OfferState::Answered(offered);
        self.agreed = Some(agreed.clone());
        Ok(agreed)
    }

    /// Our offer was refused (488, 491, or any other failure): all is as before it.
    pub fn handle_refusal(&mut self) {
        if self.has_open_offer() {
            self.offer = OfferState::None;
        }
    }

    /// The text of our description, under the next version if it differs from the last sent.
    fn send(&mut self, stream: &LocalStream) -> String {
        let mut description = stream.describe(self.version);
        if self.sent.as_ref().is_some_and(|sent| *sent != description) {
            self.version = self.version.wrapping_add(1);
            description = stream.describe(self.version);
        }
        let text = description.to_string();
        self.sent = Some(description);
        text
    }
}
