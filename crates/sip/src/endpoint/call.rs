//! What the endpoint knows of a call: its dialogs, and which INVITE is under way.

use super::draft::{Contact, Draft};
use super::{Body, Headers, Path, TransactionId};
use crate::dialog::Dialog;
use crate::digest::DigestClient;
use crate::message::{Message, Method};
use std::time::Duration;

/// Early dialogs one INVITE may make; further branches of a fork are ACKed and ended.
pub(crate) const FORKS_MAX: usize = 16;

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The peer's INVITE waits for our final answer.
    Offered,
    /// Our INVITE waits for its final answer.
    Calling,
    /// A 2xx has passed.
    Up,
    /// Our BYE waits for its answer.
    Ending,
    /// The INVITE usage is over; a transfer's subscription or late answers may hold the rest.
    Over,
}

/// A CANCEL on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cancel {
    No,
    /// Asked for before any response: it must wait for one (RFC 3261 §9.1).
    Wanted(Headers),
    Sent,
}

/// A 2xx to an INVITE that has no ACK yet.
#[derive(Debug)]
pub(crate) struct Unacknowledged {
    pub cseq: u32,
    pub response: Message,
    pub path: Path,
    pub resend_after: Duration,
}

#[derive(Debug)]
pub(crate) struct Call {
    pub stage: Stage,
    pub call_id: String,
    pub local_tag: String,
    /// Our end as header text with its tag: From of our requests.
    pub local: String,
    pub contact_user: Option<String>,
    pub digest: Option<Box<DigestClient>>,
    /// The dialogs, early ones first in the order they came; once one is confirmed, it alone.
    pub dialogs: Vec<Dialog>,
    /// Our INVITE, until its 2xx is acknowledged or it failed.
    pub ours: Option<TransactionId>,
    /// The peer's INVITE, until answered.
    pub theirs: Option<TransactionId>,
    /// Our UPDATE and the peer's, until answered.
    pub our_update: Option<TransactionId>,
    pub their_update: Option<TransactionId>,
    pub unacknowledged: Option<Unacknowledged>,
    pub cancel: Cancel,
    /// A BYE that waits for the ACK (RFC 3261 §15).
    pub held_bye: Option<Headers>,
    /// Transfers asked or being followed whose NOTIFYs have not ended.
    pub subscriptions: u32,
    /// Client transactions that may still deliver something.
    pub pending: u32,
    /// We made the Call-ID, which decides who waits longer after glare (RFC 3261 §14.1).
    pub caller: bool,
}

impl Call {
    pub fn new(caller: bool, call_id: String, local_tag: String, local: String) -> Self {
        Self {
            stage: if caller {
                Stage::Calling
            } else {
                Stage::Offered
            },
            call_id,
            local_tag,
            local,
            contact_user: None,
            digest: None,
            dialogs: Vec::new(),
            ours: None,
            theirs: None,
            our_update: None,
            their_update: None,
            unacknowledged: None,
            cancel: Cancel::No,
            held_bye: None,
            subscriptions: 0,
            pending: 0,
            caller,
        }
    }

    /// The dialog with this remote tag.
    pub fn dialog_mut(&mut self, remote_tag: &str) -> Option<&mut Dialog> {
        self.dialogs
            .iter_mut()
            .find(|dialog| dialog.remote_tag == remote_tag)
    }

    /// A request within a dialog of this call, numbered, and the way it takes.
    pub fn draft(
        &mut self,
        remote_tag: &str,
        method: Method,
        headers: Headers,
        body: Option<Body>,
    ) -> Option<(Draft, Path)> {
        let (call_id, from) = (self.call_id.clone(), self.local.clone());
        let contact = Contact::user(self.contact_user.clone());
        let dialog = self.dialog_mut(remote_tag)?;
        let (uri, routes) = dialog.request_line();
        // ACK and CANCEL take the number of what they belong to.
        let cseq = if method == Method::Ack {
            dialog.local_cseq
        } else {
            dialog.next_cseq()
        };
        let carries_contact = matches!(
            method,
            Method::Invite | Method::Update | Method::Refer | Method::Notify
        );
        let draft = Draft {
            uri: uri.to_string(),
            routes,
            from,
            to: dialog.remote.clone(),
            call_id,
            cseq,
            contact: carries_contact.then_some(contact),
            headers,
            body,
            method,
        };
        Some((draft, dialog.path()))
    }

    /// Whether it was hung up, and the far end does not know or has not said so.
    pub fn is_taking_leave(&self) -> bool {
        let is_cancelled = self.stage == Stage::Calling && self.cancel != Cancel::No;
        self.held_bye.is_some() || self.stage == Stage::Ending || is_cancelled
    }

    /// Whether nothing can happen to this call any more.
    pub fn is_spent(&self) -> bool {
        self.stage == Stage::Over && self.pending == 0 && self.subscriptions == 0
    }
}

/// A request outside any dialog that is no INVITE.
#[derive(Debug)]
pub(crate) struct Errand {
    pub digest: Option<Box<DigestClient>>,
}
