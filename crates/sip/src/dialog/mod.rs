//! A dialog: RFC 3261 §12. Who the two ends are, how requests between them are numbered, and the
//! way they take.

mod refer;
mod route;

pub(crate) use refer::subscription_ended;
pub use refer::{TransferNotice, notify_transfer, transfer_notice};
pub use route::is_private;

use crate::endpoint::{Path, Transport};
use crate::header::NameAddr;
use crate::message::Message;
use crate::uri::Uri;

/// Record-Route entries a dialog keeps; a message with more is refused long before.
const ROUTES_MAX: usize = 64;

/// One dialog of a call. The Call-ID and our tag are the call's: all forks share them.
#[derive(Debug, Clone)]
pub(crate) struct Dialog {
    /// The tag of the other end.
    pub remote_tag: String,
    /// The other end as header text with its tag: To of our requests.
    pub remote: String,
    /// Where requests are meant to arrive (§12.1, "remote target").
    pub target: Uri,
    /// The proxies between, in the order our requests pass them, as header text.
    pub routes: Vec<String>,
    /// The number of our latest request.
    pub local_cseq: u32,
    /// The number of the peer's latest request.
    pub remote_cseq: Option<u32>,
    /// The way messages of this dialog have come, kept for peers whose Contact cannot be reached.
    pub flow: Path,
    /// The peer's own address is not the one its packets come from (it sits behind a NAT), so
    /// requests take the way its packets came.
    pub behind_nat: bool,
}

/// Where a request within the dialog stands in the peer's numbering (§12.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Next,
    /// Lower than what was seen, or the same number in another transaction: 500.
    Stale,
}

impl Dialog {
    /// The callee's view, from the INVITE (§12.1.1).
    pub fn callee(request: &Message, flow: Path) -> Option<Self> {
        let from = request.from().ok()?;
        let via = request.top_via().ok()?;
        let contacts = request.contacts().ok()?;
        // A peer of RFC 2543 may send no Contact; then From says where it is.
        let target = contacts.list().first().copied().unwrap_or(from).uri();
        let seen_elsewhere = via.host_ip().is_none_or(|host| host != flow.remote.ip());
        Some(Self {
            remote_tag: from.tag().unwrap_or_default().to_owned(),
            remote: from.to_string(),
            target,
            routes: record_routes(request).collect(),
            local_cseq: 0,
            remote_cseq: request.cseq().ok().map(|cseq| cseq.number),
            flow,
            behind_nat: seen_elsewhere,
        })
    }

    /// The caller's view, from a response with a To tag (§12.1.2): early from a provisional one,
    /// confirmed from a 2xx. `request_uri` stands in for a Contact the callee left out.
    pub fn caller(response: &Message, request_uri: &Uri, cseq: u32, flow: Path) -> Option<Self> {
        let to = response.to().ok()?;
        let tag = to.tag()?;
        let contact = response.contacts().ok();
        let target = contact
            .as_ref()
            .and_then(|list| list.list().first().map(NameAddr::uri));
        let mut routes: Vec<_> = record_routes(response).collect();
        routes.reverse();
        Some(Self {
            remote_tag: tag.to_owned(),
            remote: to.to_string(),
            target: target.unwrap_or_else(|| request_uri.clone()),
            routes,
            local_cseq: cseq,
            remote_cseq: None,
            flow,
            behind_nat: false,
        })
    }

    /// The number of our next request.
    pub fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.wrapping_add(1) & i32::MAX as u32;
        self.local_cseq
    }

    /// Notes the number of a request of the peer's; a stale one changes nothing.
    pub fn arrive(&mut self, cseq: u32) -> Order {
        if self.remote_cseq.is_some_and(|last| cseq <= last) {
            return Order::Stale;
        }
        self.remote_cseq = Some(cseq);
        Order::Next
    }

    /// An INVITE or UPDATE, or the 2xx to one, says where the peer is now (§12.2).
    pub fn refresh_target(&mut self, message: &Message) {
        if let Some(contact) = message
            .contacts()
            .ok()
            .and_then(|all| all.list().first().copied())
        {
            self.target = contact.uri();
        }
    }

    /// The way the peer's messages come now. A request over a new connection moves the dialog
    /// there, so that an answer does not look for a connection that is gone.
    pub fn refresh_flow(&mut self, path: Path) {
        let same_peer = path.remote.ip() == self.flow.remote.ip();
        if same_peer && path.transport == self.flow.transport && path.transport != Transport::Udp {
            self.flow = path;
        }
    }
}

fn record_routes(message: &Message) -> impl Iterator<Item = String> {
    message
        .record_routes()
        .unwrap_or_default()
        .into_iter()
        .take(ROUTES_MAX)
        .map(|r| r.to_string())
}
