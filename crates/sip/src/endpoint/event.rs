//! What users hear from the endpoint.

use super::{OwnerId, Path, TransactionId};
use crate::message::{Message, Method};
use crate::registrar::Change;
use crate::registration::Standing;
use crate::user_agent::Caller;

/// Why a request of ours got no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing came in time; to be taken as 408 (RFC 3261 §8.1.3.1).
    Timeout,
    /// It could not be sent; to be taken as 503 (RFC 3261 §8.1.3.1).
    Transport,
    /// A limit of this endpoint is reached.
    Full,
    /// Another INVITE is under way in this dialog (RFC 3261 §14.1), or there is no dialog yet.
    InProgress,
}

/// What happened. Every event names its owner, and [`Event::Closed`] is the last of each.
#[derive(Debug, Clone)]
pub enum Event {
    /// A new call. Answer `transaction`; a 100 is sent for whoever takes longer than 200 ms.
    Invite {
        /// The owner this call gets.
        owner: OwnerId,
        /// To be given back in [`Action::Respond`](super::Action::Respond).
        transaction: TransactionId,
        /// The INVITE.
        request: Message,
        /// The way it came.
        path: Path,
        /// Who it was shown to be from.
        caller: Caller,
    },
    /// A request within the call's dialog that wants an answer: INVITE, UPDATE, INFO, OPTIONS,
    /// REFER, NOTIFY. Order, glare, method and required extensions have been seen to.
    Request {
        /// Whose call.
        owner: OwnerId,
        /// To be given back in [`Action::Respond`](super::Action::Respond).
        transaction: TransactionId,
        /// The request.
        request: Message,
    },
    /// The ACK of our 2xx to an INVITE; it may carry the answer to an offer in that 2xx.
    Acknowledged {
        /// Whose call.
        owner: OwnerId,
        /// The ACK.
        request: Message,
    },
    /// Our 2xx was never acknowledged. The endpoint sends BYE.
    NeverAcknowledged {
        /// Whose call.
        owner: OwnerId,
    },
    /// The peer gave up an INVITE before our final answer; 487 has been sent.
    Cancelled {
        /// Whose call.
        owner: OwnerId,
        /// The INVITE that is no more: that of the call, or a re-INVITE, and the call goes on.
        transaction: TransactionId,
        /// The CANCEL, for its Reason header.
        request: Message,
    },
    /// The peer ended the call; 200 has been sent.
    Bye {
        /// Whose call.
        owner: OwnerId,
        /// The BYE, for its Reason header.
        request: Message,
    },
    /// A response to a request of ours: each provisional one but 100, one final one. A 2xx to an
    /// INVITE wants [`Action::Ack`](super::Action::Ack). Challenges that credentials answer are
    /// not shown.
    Response {
        /// Who asked.
        owner: OwnerId,
        /// The method that was sent.
        method: Method,
        /// The response.
        response: Message,
    },
    /// A request of ours failed without a response.
    Failed {
        /// Who asked.
        owner: OwnerId,
        /// The method that was asked for.
        method: Method,
        /// Why.
        why: Failure,
    },
    /// The wait after a 491 is over: the re-INVITE or UPDATE may be tried again if it is still
    /// wanted (RFC 3261 §14.1).
    GlareOver {
        /// Whose call.
        owner: OwnerId,
    },
    /// How a registration of ours stands.
    Registration {
        /// Whose.
        owner: OwnerId,
        /// How it stands.
        standing: Standing,
    },
    /// A device came to the registrar or went.
    Binding(Change),
    /// Nothing of this owner is left; nothing more will come.
    Closed {
        /// The owner that is free.
        owner: OwnerId,
    },
}

impl Event {
    /// Who the event is for; `None` for [`Event::Binding`], which is the registrar's own.
    #[must_use]
    pub fn owner(&self) -> Option<OwnerId> {
        match self {
            Self::Invite { owner, .. }
            | Self::Request { owner, .. }
            | Self::Acknowledged { owner, .. }
            | Self::NeverAcknowledged { owner }
            | Self::Cancelled { owner, .. }
            | Self::Bye { owner, .. }
            | Self::Response { owner, .. }
            | Self::Failed { owner, .. }
            | Self::GlareOver { owner }
            | Self::Registration { owner, .. }
            | Self::Closed { owner } => Some(*owner),
            Self::Binding(_) => None,
        }
    }
}
